//! The posterior mean on a grid. Likelihoods are added as logarithms and the largest is taken out
//! before exponentials: products of a hundred probabilities never underflow.

use super::likelihood::{Answer, log_likelihood};
use super::{Estimate, EstimationError, Prior};
use crate::psychometrics::numeric::quadrature::Grid;
use crate::psychometrics::numeric::sums::{blocked_dot, blocked_sum, blocked_sum_by};

/// ln(weight × prior density) at each point of the grid.
pub(super) fn log_prior_weights(grid: &Grid, prior: Prior) -> Result<Vec<f64>, EstimationError> {
    let weights: Vec<f64> = grid
        .points()
        .iter()
        .zip(grid.weights())
        .map(|(&theta, &weight)| libm::log(weight) + prior.log_density(theta))
        .collect();
    if weights.iter().any(|weight| *weight > f64::NEG_INFINITY) {
        Ok(weights)
    } else {
        Err(EstimationError::NoMass { prior, lo: grid.lo(), hi: grid.hi() })
    }
}

/// θ = Σ θ_q w_q f(θ_q)L(θ_q) / Σ w_q f(θ_q)L(θ_q), w the trapezoid weights and f the prior; the
/// standard error is the standard deviation of the same distribution (Bock & Mislevy, 1982).
pub(super) fn estimate(
    answers: &[Answer<'_>],
    grid: &Grid,
    prior: Prior,
) -> Result<Estimate, EstimationError> {
    let mut log_posterior = log_posterior(answers, grid, prior)?;
    Ok(from_log_posterior(grid, &mut log_posterior))
}

/// ln of the posterior at each point of the grid, up to a constant.
pub(super) fn log_posterior(
    answers: &[Answer<'_>],
    grid: &Grid,
    prior: Prior,
) -> Result<Vec<f64>, EstimationError> {
    let mut log_posterior = log_prior_weights(grid, prior)?;
    for (value, &theta) in log_posterior.iter_mut().zip(grid.points()) {
        *value += log_likelihood(answers, theta);
    }
    Ok(log_posterior)
}

/// Mean and standard deviation of the distribution with these log weights on the grid's points.
/// The slice is left with the weights themselves, their largest 1.
pub(super) fn from_log_posterior(grid: &Grid, log_posterior: &mut [f64]) -> Estimate {
    exponentials(log_posterior);
    let (theta, standard_error) = moments(grid.points(), log_posterior);
    Estimate { theta, standard_error, bounded: false }
}

/// From logarithms of weights to the weights, their largest 1.
pub(super) fn exponentials(logarithms: &mut [f64]) {
    let largest = logarithms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for value in logarithms.iter_mut() {
        *value = libm::exp(*value - largest);
    }
}

/// Mean and standard deviation of a distribution with these weights, of any sum, at some points.
pub(crate) fn moments(points: &[f64], weights: &[f64]) -> (f64, f64) {
    let mass = blocked_sum(weights);
    let mean = blocked_dot(points, weights) / mass;
    let squares = blocked_sum_by(points.len(), |q| {
        let deviation = points[q] - mean;
        weights[q] * (deviation * deviation)
    });
    (mean, (squares / mass).sqrt())
}
