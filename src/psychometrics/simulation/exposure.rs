//! Exposure control: how often an item may be seen by how many people. Knows rates and counts,
//! never what an item measures.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A rule that spreads items over people.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ExposureRule {
    /// The best item, always.
    None,
    /// One of the best few with equal chance, at every step (Kingsbury & Zara, 1989, *Appl. Meas.
    /// Educ.* 2, 359–375).
    Randomesque {
        /// How many.
        among: usize,
    },
    /// Before each test an item is eligible with probability min(1, r_max·ε/α), ε and α the faded
    /// counts of tests in which it was eligible and administered (van der Linden & Veldkamp,
    /// 2004, *J. Educ. Behav. Stat.* 29, 273–291).
    Eligibility {
        /// Largest share of people that may see an item.
        rate_max: f64,
    },
    /// Value (1 − s/n)·u·max + (s/n)·value, u uniform: chance first, information later (Revuelta
    /// & Ponsoda, 1998, *J. Educ. Meas.* 35, 311–327), and no item above its share at any time.
    Progressive {
        /// Largest share of people that may see an item.
        rate_max: f64,
    },
    /// A chosen item is administered with a probability found by simulating beforehand (Sympson
    /// & Hetter, 1985).
    SympsonHetter {
        /// Largest share of people that may see an item.
        rate_max: f64,
    },
}

/// An exposure rule that cannot be read.
#[derive(Debug, Clone, PartialEq, Error)]
#[error(
    "`{text}` is not an exposure rule; write none, randomesque(K), eligibility(R), \
     progressive(R) or sympson-hetter(R) with K at least 1 and R above 0 and at most 1"
)]
pub struct ExposureRuleError {
    /// The rule as given.
    pub text: String,
}

impl ExposureRule {
    /// The largest share that the rule allows, if it has one.
    pub fn rate_max(&self) -> Option<f64> {
        match *self {
            Self::None | Self::Randomesque { .. } => None,
            Self::Eligibility { rate_max }
            | Self::Progressive { rate_max }
            | Self::SympsonHetter { rate_max } => Some(rate_max),
        }
    }

    /// Whether a test depends on the tests before it.
    pub(super) fn remembers(&self) -> bool {
        matches!(self, Self::Eligibility { .. } | Self::Progressive { .. })
    }
}

impl fmt::Display for ExposureRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Randomesque { among } => write!(f, "randomesque({among})"),
            Self::Eligibility { rate_max } => write!(f, "eligibility({rate_max})"),
            Self::Progressive { rate_max } => write!(f, "progressive({rate_max})"),
            Self::SympsonHetter { rate_max } => write!(f, "sympson-hetter({rate_max})"),
        }
    }
}

impl FromStr for ExposureRule {
    type Err = ExposureRuleError;

    /// Reads a rule such as `eligibility(0.2)`.
    ///
    /// ```
    /// use gradus::psychometrics::simulation::ExposureRule;
    /// let rule: ExposureRule = "randomesque(5)".parse()?;
    /// assert_eq!(rule, ExposureRule::Randomesque { among: 5 });
    /// assert!("eligibility(1.5)".parse::<ExposureRule>().is_err());
    /// # Ok::<(), gradus::psychometrics::simulation::ExposureRuleError>(())
    /// ```
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || ExposureRuleError { text: text.to_owned() };
        let text = text.trim();
        if text == "none" {
            return Ok(Self::None);
        }
        let (name, rest) = text.split_once('(').ok_or_else(refused)?;
        let argument = rest.strip_suffix(')').ok_or_else(refused)?.trim();
        if name.trim() == "randomesque" {
            let among = argument.parse().ok().filter(|among| *among >= 1).ok_or_else(refused)?;
            return Ok(Self::Randomesque { among });
        }
        let rate_max: f64 = argument.parse().map_err(|_| refused())?;
        if !(rate_max > 0.0 && rate_max <= 1.0) {
            return Err(refused());
        }
        match name.trim() {
            "eligibility" => Ok(Self::Eligibility { rate_max }),
            "progressive" => Ok(Self::Progressive { rate_max }),
            "sympson-hetter" => Ok(Self::SympsonHetter { rate_max }),
            _ => Err(refused()),
        }
    }
}

/// How fast old tests are forgotten by the eligibility rule, a test.
const FADING: f64 = 0.999;

/// Counts over the tests so far.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Memory {
    tests: usize,
    administered: Vec<usize>,
    administered_faded: Vec<f64>,
    eligible_faded: Vec<f64>,
}

impl Memory {
    pub fn new(items: usize) -> Self {
        Self {
            tests: 0,
            administered: vec![0; items],
            administered_faded: vec![0.0; items],
            eligible_faded: vec![0.0; items],
        }
    }

    /// P(eligible) ← min(1, r_max·ε/α), and 1 while the item was never administered.
    pub fn eligibility(&self, item: usize, rate_max: f64) -> f64 {
        let administered = self.administered_faded[item];
        if administered == 0.0 {
            return 1.0;
        }
        (rate_max * self.eligible_faded[item] / administered).min(1.0)
    }

    /// Whether one more administration keeps the item within its share of the tests, this one
    /// included; the first tests must be allowed one.
    pub fn within_share(&self, item: usize, rate_max: f64) -> bool {
        let allowed = (rate_max * (self.tests + 1) as f64).ceil();
        (self.administered[item] + 1) as f64 <= allowed
    }

    /// Takes in a test: the items that were eligible and those administered.
    pub fn remember(&mut self, eligible: &[bool], items: &[u32]) {
        self.tests += 1;
        for value in self.administered_faded.iter_mut().chain(&mut self.eligible_faded) {
            *value *= FADING;
        }
        for (count, eligible) in self.eligible_faded.iter_mut().zip(eligible) {
            *count += f64::from(u8::from(*eligible));
        }
        for item in items.iter().map(|item| *item as usize) {
            self.administered[item] += 1;
            self.administered_faded[item] += 1.0;
        }
    }
}

/// The next administration probabilities of Sympson and Hetter from the share of tests in which
/// each item was chosen: r_max over that share where it is larger, else 1. The `length` items with
/// the largest probabilities get 1, so that a test can always be filled.
pub(super) fn sympson_hetter_step(chosen_share: &[f64], rate_max: f64, length: usize) -> Vec<f64> {
    let probability = |share: &f64| if *share > rate_max { rate_max / share } else { 1.0 };
    let mut probabilities: Vec<f64> = chosen_share.iter().map(probability).collect();
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]).then(a.cmp(&b)));
    for &item in order.iter().take(length) {
        probabilities[item] = 1.0;
    }
    probabilities
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_back() {
        // Goal: every rule prints as it is read. Method: one of each, and what is none.
        for text in [
            "none",
            "randomesque(5)",
            "eligibility(0.2)",
            "progressive(0.25)",
            "sympson-hetter(0.2)",
        ] {
            assert_eq!(text.parse::<ExposureRule>().unwrap().to_string(), text);
        }
        for text in
            ["", "randomesque", "randomesque(0)", "eligibility(0)", "restricted(0.2)", "none("]
        {
            assert!(text.parse::<ExposureRule>().is_err(), "{text}");
        }
    }

    #[test]
    fn eligibility_holds_an_item_at_its_rate() {
        // Goal: the rule's fixed point is r_max. Method: an item administered whenever eligible,
        // over 4,000 tests with the expected counts in place of draws.
        let mut memory = Memory::new(1);
        let (mut seen, mut tests) = (0.0, 0.0);
        let mut debt = 0.0;
        for _ in 0..4_000 {
            debt += memory.eligibility(0, 0.2);
            let eligible = debt >= 1.0;
            debt -= f64::from(u8::from(eligible));
            memory.remember(&[eligible], if eligible { &[0] } else { &[] });
            seen += f64::from(u8::from(eligible));
            tests += 1.0;
        }
        assert!((seen / tests - 0.2_f64).abs() < 0.01, "{}", seen / tests);
    }

    #[test]
    fn shares_are_never_exceeded() {
        // Goal: the restriction holds after every test, up to the one that starts a share.
        // Method: an item given whenever it is allowed.
        let mut memory = Memory::new(1);
        let mut seen = 0_u32;
        for test in 1..=1_000_u32 {
            let allowed = memory.within_share(0, 0.25);
            memory.remember(&[allowed], if allowed { &[0] } else { &[] });
            seen += u32::from(allowed);
            assert!(f64::from(seen) <= (0.25 * f64::from(test)).ceil());
        }
        assert_eq!(seen, 250);
    }

    #[test]
    fn sympson_hetter_follows_the_published_step() {
        // Goal: K = 1 or r/P(S), and enough items with 1. Method: four shares by hand.
        let step = sympson_hetter_step(&[0.8, 0.1, 0.4, 0.5], 0.2, 2);
        assert_eq!(step, [0.25, 1.0, 1.0, 0.4]);
    }
}
