//! The likelihood of an ability, its slope, the information in it and Warm's function. Terms are
//! added in the order of the answers; nothing is cached.

use super::EstimationError;
use crate::psychometrics::irt::ItemModel;

/// A scored answer: an item and the category reached.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    model: &'a ItemModel,
    category: usize,
}

impl<'a> Answer<'a> {
    /// An answer to an item.
    ///
    /// # Errors
    /// A category that the item does not have.
    pub fn new(model: &'a ItemModel, category: usize) -> Result<Self, EstimationError> {
        let categories = model.categories();
        if category < categories {
            Ok(Self { model, category })
        } else {
            Err(EstimationError::Category { category, categories })
        }
    }

    /// The item.
    pub fn model(&self) -> &'a ItemModel {
        self.model
    }

    /// The category reached.
    pub fn category(&self) -> usize {
        self.category
    }
}

/// ℓ(θ) = Σ_j ln P_j(x_j | θ).
pub fn log_likelihood(answers: &[Answer<'_>], theta: f64) -> f64 {
    answers
        .iter()
        .fold(0.0, |sum, answer| sum + answer.model.log_probability(theta, answer.category))
}

/// ℓ′(θ) = Σ_j P′_j/P_j, the score function.
///
/// A three-parameter item, a = .7, b = −2.5, c = .15, answered right, at θ = −3:
/// ```
/// use gradus::psychometrics::estimation::{Answer, log_likelihood_slope};
/// use gradus::psychometrics::irt::ItemModel;
/// let item = ItemModel::logistic(0.7, -2.5, 0.15, 1.0)?;
/// let slope = log_likelihood_slope(&[Answer::new(&item, 1)?], -3.0);
/// assert!((slope - 0.2877805).abs() < 5e-8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn log_likelihood_slope(answers: &[Answer<'_>], theta: f64) -> f64 {
    answers.iter().fold(0.0, |sum, answer| sum + answer.model.log_slope(theta, answer.category))
}

/// I(θ) = Σ_j I_j(θ), the expected information of the items answered.
pub fn information(answers: &[Answer<'_>], theta: f64) -> f64 {
    answers.iter().fold(0.0, |sum, answer| sum + answer.model.information(theta))
}

/// Warm's correction J/(2I) from its two sums; 0 where there is no information at all.
#[inline]
pub fn warm_correction(numerator: f64, information: f64) -> f64 {
    if information > 0.0 { numerator / (2.0 * information) } else { 0.0 }
}

/// Warm's function ℓ′(θ) + J(θ)/(2I(θ)), whose root is the weighted likelihood estimate (Warm,
/// 1989, *Psychometrika* 54, 427–450). With c > 0 this differs from the slope of
/// ℓ + ½ ln I.
pub fn warm_function(answers: &[Answer<'_>], theta: f64) -> f64 {
    let mut numerator = 0.0;
    for answer in answers {
        numerator += answer.model.warm_numerator(theta);
    }
    log_likelihood_slope(answers, theta) + warm_correction(numerator, information(answers, theta))
}
