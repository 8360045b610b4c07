//! Item parameters from the answers of people who were in the middle of tests: each item's answers
//! beside what all the other answers say about the person's ability. Sparse data, aimed at people's
//! abilities, with a belief about every item to begin from. Never scores a person, and never changes
//! what a session that is under way uses.

mod beside;
mod curve;
mod estimate;
mod maximize;
mod options;
mod standing;
mod streaming;

pub use beside::{
    AnswerBeside, PredictiveFit, free_difficulty, predictive_fit, standard_errors, without,
};
pub use curve::{CATEGORIES_MAX, Coordinates, OnlineItem};
pub use estimate::{
    ANCHORS_MIN, Estimates, OnlineEnd, OnlineProgress, Person, STEPS_MAX, Study, TOLERANCE,
    estimate,
};
pub use options::{OptionStatistics, option_statistics, speaks_against_key};
pub use standing::{
    ANSWERS_ANCHOR, ANSWERS_CALIBRATED, ANSWERS_PROVISIONAL, ERROR_ANCHOR, ERROR_CALIBRATED,
    Standing,
};
pub use streaming::{Believed, ItemBelief};

#[cfg(test)]
mod tests;
