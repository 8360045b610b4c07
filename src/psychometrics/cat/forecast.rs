//! How many more questions would settle the level: a look-ahead on the items that are left.
//!
//! Each further question is taken to be the one of greatest expected gain; the posterior
//! covariance shrinks by its exact expected gain, and where the mean will then lie is a normal
//! variable whose variance is what the covariance lost.

use super::choose::free_candidates;
use super::ranking::Ranking;
use super::state::Cat;
use crate::psychometrics::estimation::posterior::Gaussian;
use crate::psychometrics::numeric::quadrature::gauss_hermite_15;
use crate::psychometrics::selection::posterior_trace::{Direction, Objective};
use crate::psychometrics::stopping::{level_probabilities, probability_unchanged};

/// The forecast looks no farther than this many questions.
pub const MORE_QUESTIONS_MAX: usize = 40;

/// The smallest number of further questions after which the expected probability of the most
/// probable level reaches `confidence`; `None` when no number up to [`MORE_QUESTIONS_MAX`] does,
/// or the items run out before.
pub fn questions_until(cat: &Cat, confidence: f64) -> Option<usize> {
    let weights = &cat.design().weights;
    let objective = general_level(weights);
    let (mean, sd_now) = cat.general_level();
    let mut posterior = cat.posterior().clone();
    let mut left = free_candidates(cat);
    for asked in 0..=MORE_QUESTIONS_MAX {
        let (_, sd) = posterior.combination(weights);
        if expected_decision(cat, mean, sd_now, sd) >= confidence {
            return Some(asked);
        }
        let (at, gain) = best(cat, &objective, &posterior, &left)?;
        let topic = cat.pool().items()[left[at]].topic;
        posterior.shrink(topic, gain);
        left.swap_remove(at);
    }
    None
}

/// The probability that the most probable level at the greatest length is today's.
pub(super) fn probability_unchanged_at_end(cat: &Cat) -> f64 {
    let weights = &cat.design().weights;
    let objective = general_level(weights);
    let (mean, now) = cat.general_level();
    let mut posterior = cat.posterior().clone();
    let mut left = free_candidates(cat);
    for _ in cat.asked().len()..cat.design().length_max {
        let Some((at, gain)) = best(cat, &objective, &posterior, &left) else { break };
        posterior.shrink(cat.pool().items()[left[at]].topic, gain);
        left.swap_remove(at);
    }
    let (_, then) = posterior.combination(weights);
    probability_unchanged(mean, now, then, &cat.design().cuts)
}

/// Nothing matters but the general level.
fn general_level(weights: &[f64]) -> Objective {
    Objective {
        diagonal: vec![0.0; weights.len()],
        directions: vec![Direction { weight: 1.0, vector: weights.to_vec() }],
    }
}

/// `E[max_ℓ P(ℓ)]` when the standard deviation will have fallen from `now` to `then`.
fn expected_decision(cat: &Cat, mean: f64, now: f64, then: f64) -> f64 {
    let wander = (now * now - then * then).max(0.0).sqrt();
    gauss_hermite_15()
        .iter()
        .map(|(node, weight)| {
            let levels = level_probabilities(mean + wander * node, then, &cat.design().cuts);
            weight * levels.iter().copied().fold(0.0, f64::max)
        })
        .sum()
}

fn best(
    cat: &Cat,
    objective: &Objective,
    posterior: &Gaussian,
    left: &[usize],
) -> Option<(usize, f64)> {
    Ranking::under(cat.pool(), objective, posterior, left.to_vec()).first()
}
