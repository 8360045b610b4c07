//! Why item parameters were refused. Says which parameter and which value, never where they were
//! written: the reader of a file adds that.

use thiserror::Error;

/// An item model that cannot be.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ModelError {
    /// A parameter is NaN or infinite.
    #[error("parameter {parameter} is {value}, not a finite number")]
    NotFinite {
        /// The parameter's name.
        parameter: String,
        /// The value as given.
        value: f64,
    },
    /// The discrimination is zero or negative.
    #[error("discrimination a is {value}; it must be above 0")]
    Discrimination {
        /// The value as given.
        value: f64,
    },
    /// An asymptote is not a probability.
    #[error("asymptote {parameter} is {value}; it must be from 0 to 1")]
    Asymptote {
        /// `c` or `d`.
        parameter: String,
        /// The value as given.
        value: f64,
    },
    /// The lower asymptote is not below the upper one.
    #[error("lower asymptote c = {lower} is not below the upper asymptote d = {upper}")]
    AsymptoteOrder {
        /// c as given.
        lower: f64,
        /// d as given.
        upper: f64,
    },
    /// Thresholds of a graded item do not increase.
    #[error("thresholds must increase, but b{position} = {value} follows {before}")]
    ThresholdOrder {
        /// The number of the offending threshold, from 1.
        position: usize,
        /// The threshold before it.
        before: f64,
        /// The offending threshold.
        value: f64,
    },
    /// All slopes of a multidimensional item are zero, or there are none.
    #[error("an item needs at least one slope that is not zero")]
    NoSlope,
    /// Fewer than two categories.
    #[error("an item needs at least two categories")]
    TooFewCategories,
    /// Slopes and intercepts of a nominal item do not pair up.
    #[error("{slopes} slopes do not pair with {intercepts} intercepts")]
    Unpaired {
        /// Number of slopes.
        slopes: usize,
        /// Number of intercepts.
        intercepts: usize,
    },
}

/// Refuses numbers that are not finite.
pub(super) fn finite(parameter: &str, value: f64) -> Result<f64, ModelError> {
    if value.is_finite() {
        Ok(value)
    } else {
        Err(ModelError::NotFinite { parameter: parameter.to_owned(), value })
    }
}

/// Refuses numbers of a list that are not finite; they are named `prefix1`, `prefix2`, ….
pub(super) fn all_finite(prefix: &str, values: &[f64]) -> Result<(), ModelError> {
    for (index, value) in values.iter().enumerate() {
        finite(&format!("{prefix}{}", index + 1), *value)?;
    }
    Ok(())
}

/// Refuses discriminations that are not finite and positive.
pub(super) fn discrimination(value: f64) -> Result<f64, ModelError> {
    if finite("a", value)? > 0.0 { Ok(value) } else { Err(ModelError::Discrimination { value }) }
}
