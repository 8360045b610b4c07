//! The general level: probabilities of junior, mid and senior, the decision they allow, and how
//! many more questions would settle it.

use crate::bank::{Bank, Level};
use crate::psychometrics::cat::{Cat, questions_until};
use crate::psychometrics::stopping::level_probabilities;

/// A level is decided when it is at least this probable.
pub const DECISION_PROBABILITY: f64 = 0.80;

/// What is said about the general level `C = wᵀθ`.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelOutcome {
    /// Posterior mean of the general level.
    pub theta: f64,
    /// Posterior standard deviation.
    pub se: f64,
    /// Probability of each level, in the order of [`Level::ALL`].
    pub probabilities: Vec<f64>,
    /// The decision.
    pub decision: Decision,
    /// Further questions after which a decision is to be expected; `None` when decided, or when
    /// no number of questions up to 40 would do.
    pub more_questions: Option<usize>,
    /// The boundaries used.
    pub cuts: Vec<CutUsed>,
    /// Whether items behind the result still rest on judged difficulties.
    pub provisional: bool,
}

/// What the probabilities allow to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// This level has at least [`DECISION_PROBABILITY`].
    Decided(Level),
    /// None has; these neighbours are the most probable.
    Between(Level, Level),
}

/// A boundary and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct CutUsed {
    /// Lower and upper level.
    pub between: [Level; 2],
    /// Where it lies.
    pub theta: f64,
    /// Its standard error.
    pub se: f64,
    /// How it was set.
    pub origin: String,
    /// When.
    pub as_of: String,
}

/// The level that an engine's state supports. `forecast` asks for `more_questions`, which costs a
/// look-ahead.
pub(super) fn level(cat: &Cat, bank: &Bank, forecast: bool) -> LevelOutcome {
    let (theta, se) = cat.general_level();
    let probabilities = level_probabilities(theta, se, &cat.design().cuts);
    let decision = decide(&probabilities);
    let more_questions = match decision {
        Decision::Between(..) if forecast => questions_until(cat, DECISION_PROBABILITY),
        _ => None,
    };
    let cuts = bank
        .cuts
        .iter()
        .map(|cut| CutUsed {
            between: cut.between,
            theta: cut.theta,
            se: cut.se,
            origin: cut.origin.clone(),
            as_of: cut.as_of.clone(),
        })
        .collect();
    // Every item in use today has a judged difficulty; calibration files will change that.
    LevelOutcome { theta, se, probabilities, decision, more_questions, cuts, provisional: true }
}

fn decide(probabilities: &[f64]) -> Decision {
    let levels = Level::ALL;
    let most = (0..probabilities.len())
        .max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]).then(b.cmp(&a)))
        .unwrap_or(0);
    if probabilities[most] >= DECISION_PROBABILITY {
        return Decision::Decided(levels[most]);
    }
    // The more probable neighbour of the most probable level: "between" names two that touch.
    let below = most.checked_sub(1).map_or(-1.0, |at| probabilities[at]);
    let above = probabilities.get(most + 1).copied().unwrap_or(-1.0);
    let lower = if above > below { most } else { most.saturating_sub(1) };
    Decision::Between(levels[lower], levels[(lower + 1).min(levels.len() - 1)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_decided_from_eighty_percent() {
        // Goal: the rule of the report; method: values on both sides of it.
        assert_eq!(decide(&[0.1, 0.8, 0.1]), Decision::Decided(Level::Mid));
        assert_eq!(decide(&[0.1, 0.79, 0.11]), Decision::Between(Level::Mid, Level::Senior));
        assert_eq!(decide(&[0.5, 0.45, 0.05]), Decision::Between(Level::Junior, Level::Mid));
        assert_eq!(decide(&[0.02, 0.4, 0.58]), Decision::Between(Level::Mid, Level::Senior));
    }
}
