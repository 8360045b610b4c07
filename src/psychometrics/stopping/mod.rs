//! When a test may end: rules over what is known of an ability so far, and the levels that follow
//! from it. A rule never looks at items and never chooses any; the reason is always reported.

mod calibration;
mod curtailment;
pub mod levels;
mod rule;

pub use calibration::calibration_error;
pub use curtailment::probability_unchanged;
pub use levels::{CutScore, level_probabilities, probability_above};
pub use rule::{StopReason, StopRule, StopRuleError, StopState};
