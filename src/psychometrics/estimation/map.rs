//! The posterior mode (maximum a posteriori, Bayes modal). Never reports the prior's spread as a
//! measurement: without answers the estimate is the prior's mode with the prior's own error.

use super::likelihood::{Answer, information, log_likelihood, log_likelihood_slope};
use super::maximum_likelihood::{Search, concave_maximum, higher_bound, highest, is_concave};
use super::{Estimate, EstimationError, Prior, Range};

/// The mode of prior × likelihood on the range; a uniform prior's ends narrow the range. The
/// standard error is 1/√(I(θ) + 1/S²), S the standard deviation of a normal prior (Samejima,
/// 1969; for the form with expected information see Magis & Raîche, 2012, *J. Stat. Softw.* 48(8)).
pub(super) fn estimate(
    answers: &[Answer<'_>],
    range: Range,
    prior: Prior,
) -> Result<Estimate, EstimationError> {
    let range = support(range, prior)?;
    if answers.is_empty() && matches!(prior, Prior::Uniform { .. }) {
        return Err(EstimationError::NoAnswers { method: super::Method::Map });
    }
    let slope = |theta| log_likelihood_slope(answers, theta) + prior.log_density_slope(theta);
    if is_concave(answers) {
        return Ok(finish(answers, range, prior, concave_maximum(range, slope)));
    }
    let search = Search::new(range);
    let maxima = search.maxima(&search.slopes(slope), slope);
    let best = highest(&maxima, |theta| objective(answers, prior, theta));
    Ok(finish(answers, range, prior, best))
}

/// ln of prior × likelihood.
pub(super) fn objective(answers: &[Answer<'_>], prior: Prior, theta: f64) -> f64 {
    log_likelihood(answers, theta) + prior.log_density(theta)
}

/// The part of the range on which the prior has mass.
pub(super) fn support(range: Range, prior: Prior) -> Result<Range, EstimationError> {
    match prior {
        Prior::Normal { .. } => Ok(range),
        Prior::Uniform { lo, hi } => Range::new(range.lo.max(lo), range.hi.min(hi))
            .map_err(|_| EstimationError::NoMass { prior, lo: range.lo, hi: range.hi }),
    }
}

pub(super) fn finish(
    answers: &[Answer<'_>],
    range: Range,
    prior: Prior,
    interior: Option<f64>,
) -> Estimate {
    let bound = || higher_bound(range, |theta| objective(answers, prior, theta));
    let theta = interior.unwrap_or_else(bound);
    let standard_error = 1.0 / (information(answers, theta) + prior.information()).sqrt();
    Estimate { theta, standard_error, bounded: interior.is_none() }
}
