//! Scales for showing abilities to people: how a θ becomes a number from, say, 0 to 100. Only a
//! way of writing; nothing is estimated on such a scale.

use super::numeric::special::{logistic, logit};

/// A linear scale: [`theta_lo`, `theta_hi`] of θ becomes [`lo`, `hi`], and what lies outside is
/// shown at the end.
///
/// [`theta_lo`]: Self::theta_lo
/// [`theta_hi`]: Self::theta_hi
/// [`lo`]: Self::lo
/// [`hi`]: Self::hi
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearScale {
    /// The θ that is shown as `lo`.
    pub theta_lo: f64,
    /// The θ that is shown as `hi`.
    pub theta_hi: f64,
    /// The lowest number shown.
    pub lo: f64,
    /// The highest number shown.
    pub hi: f64,
}

impl LinearScale {
    /// The number for an ability.
    ///
    /// ```
    /// use gradus::psychometrics::scale::LinearScale;
    /// let percent = LinearScale { theta_lo: -4.0, theta_hi: 4.0, lo: 0.0, hi: 100.0 };
    /// assert_eq!([0.0, 2.0, 7.0].map(|theta| percent.show(theta)), [50.0, 75.0, 100.0]);
    /// ```
    pub fn show(&self, theta: f64) -> f64 {
        let share = (theta - self.theta_lo) / (self.theta_hi - self.theta_lo);
        self.lo + share.clamp(0.0, 1.0) * (self.hi - self.lo)
    }
}

/// A logistic scale, on which every θ has a place strictly between the ends: lo + (hi − lo) σ(θ).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogisticScale {
    /// The number towards which low abilities tend.
    pub lo: f64,
    /// The number towards which high abilities tend.
    pub hi: f64,
}

impl LogisticScale {
    /// The number for an ability.
    ///
    /// ```
    /// use gradus::psychometrics::scale::LogisticScale;
    /// let levels = LogisticScale { lo: 1.0, hi: 16.0 };
    /// assert!((levels.show(-0.6) - 6.31516).abs() < 5e-6);
    /// assert!((levels.theta(levels.show(-0.6)) + 0.6).abs() < 1e-12);
    /// ```
    pub fn show(&self, theta: f64) -> f64 {
        self.lo + (self.hi - self.lo) * logistic(theta)
    }

    /// The ability behind a number; infinite at the ends.
    pub fn theta(&self, shown: f64) -> f64 {
        logit((shown - self.lo) / (self.hi - self.lo))
    }

    /// How far from the middle of the scale, in θ, a given share of its width lies: the logit of
    /// ½ + share.
    ///
    /// ```
    /// use gradus::psychometrics::scale::LogisticScale;
    /// assert!((LogisticScale::half_width(0.05) - 0.20067).abs() < 5e-6);
    /// ```
    pub fn half_width(share: f64) -> f64 {
        logit(0.5 + share)
    }
}
