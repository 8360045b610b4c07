//! How far an item's parameters can be relied on, by the number of answers and the standard error
//! of its difficulty. A rule on two numbers; never looks at the answers themselves.

/// Fewest answers of a provisional item.
pub const ANSWERS_PROVISIONAL: u32 = 30;
/// Fewest answers of a calibrated item.
pub const ANSWERS_CALIBRATED: u32 = 100;
/// Largest standard error of the difficulty of a calibrated item.
pub const ERROR_CALIBRATED: f64 = 0.25;
/// Fewest answers of an anchor.
pub const ANSWERS_ANCHOR: u32 = 400;
/// Largest standard error of the difficulty of an anchor.
pub const ERROR_ANCHOR: f64 = 0.15;

/// How far an item's parameters can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Too few answers: what was judged before them holds.
    Draft,
    /// Its parameters hold, with what is not known of them in the slope.
    Provisional,
    /// Its parameters are known about as well as they matter.
    Calibrated,
    /// Known so well that it holds the scale when others are estimated.
    Anchor,
}

impl Standing {
    /// Every standing, the weakest first.
    pub const ALL: &'static [Self] =
        &[Self::Draft, Self::Provisional, Self::Calibrated, Self::Anchor];

    /// The standing of an item with `answers` answers whose difficulty has the posterior standard
    /// error `error`.
    ///
    /// ```
    /// use gradus::psychometrics::online::Standing;
    /// assert_eq!(Standing::of(29, 0.1), Standing::Draft);
    /// assert_eq!(Standing::of(150, 0.3), Standing::Provisional);
    /// assert_eq!(Standing::of(150, 0.2), Standing::Calibrated);
    /// assert_eq!(Standing::of(400, 0.15), Standing::Anchor);
    /// ```
    #[must_use]
    pub fn of(answers: u32, error: f64) -> Self {
        if answers < ANSWERS_PROVISIONAL {
            Self::Draft
        } else if answers >= ANSWERS_ANCHOR && error <= ERROR_ANCHOR {
            Self::Anchor
        } else if answers >= ANSWERS_CALIBRATED && error <= ERROR_CALIBRATED {
            Self::Calibrated
        } else {
            Self::Provisional
        }
    }

    /// The word in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Provisional => "provisional",
            Self::Calibrated => "calibrated",
            Self::Anchor => "anchor",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_gate_opens_at_its_numbers_and_not_before() {
        // Goal: the boundaries 30, 100 with .25, 400 with .15 are exact, and many answers without
        // precision are no more than provisional. Method: the values on both sides of each.
        for (answers, error, standing) in [
            (0, 0.01, Standing::Draft),
            (29, 0.01, Standing::Draft),
            (30, 0.9, Standing::Provisional),
            (99, 0.01, Standing::Provisional),
            (100, 0.25, Standing::Calibrated),
            (100, 0.2501, Standing::Provisional),
            (399, 0.05, Standing::Calibrated),
            (400, 0.1501, Standing::Calibrated),
            (400, 0.15, Standing::Anchor),
            (9_000, 0.4, Standing::Provisional),
            (9_000, f64::NAN, Standing::Provisional),
        ] {
            assert_eq!(Standing::of(answers, error), standing, "{answers} {error}");
        }
        assert!(Standing::ALL.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
