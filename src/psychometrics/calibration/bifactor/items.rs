//! One item of the bifactor model: where it begins, its curve on the square of nodes, and its
//! M-step. Sees counts at nodes, no people.

use crate::psychometrics::calibration::CalibrationError;
use crate::psychometrics::numeric::linalg::SymmetricMatrix;
use crate::psychometrics::numeric::quadrature::Grid;
use crate::psychometrics::numeric::special::{log_logistic, logistic_pair, logit};

use super::expectation::padded;

/// A coordinate beyond this is no estimate.
const EDGE: f64 = 40.0;
/// Most Newton steps of an M-step.
const STEPS_MAX: usize = 25;
/// A step shorter than this ends it.
const STEP_MIN: f64 = 1e-7;
/// How often a step is halved.
const HALVINGS_MAX: usize = 30;

/// Where an item's M-step began and ended.
pub(super) struct Maximum {
    pub x: [f64; 3],
    pub gradient_at_start: f64,
}

/// Whether coordinates ran away.
pub(super) fn outside(x: &[f64; 3]) -> bool {
    !x.iter().all(|value| value.abs() < EDGE)
}

/// Where an item begins: a general slope of 1, a specific one of ½, the intercept from its counts.
pub(super) fn start(item: usize, counts: &[f64]) -> Result<[f64; 3], CalibrationError> {
    let [wrong, right] = counts else {
        return Err(CalibrationError::Categories { item, categories: counts.len() });
    };
    if *wrong <= 0.0 || *right <= 0.0 {
        return Err(CalibrationError::Constant { item });
    }
    Ok([1.0, 0.5, 1.2 * logit((right + 0.5) / (wrong + right + 1.0))])
}

/// Writes ln P(wrong) and ln P(right) on the square: a block of padded nodes of the specific
/// factor for each node of the general one.
pub(super) fn log_probabilities(x: &[f64; 3], nodes: &Grid, out: [&mut [f64]; 2]) {
    let width = padded(nodes.len());
    let [wrong, right] = out;
    for (q, general) in nodes.points().iter().enumerate() {
        for (r, specific) in nodes.points().iter().enumerate() {
            let z = x[0] * general + x[1] * specific + x[2];
            wrong[q * width + r] = log_logistic(-z);
            right[q * width + r] = log_logistic(z);
        }
    }
}

/// Objective, gradient and curvature at one point.
struct Local {
    objective: f64,
    gradient: [f64; 3],
    curvature: SymmetricMatrix,
}

/// Σ over the square of r₁ ln P + r₀ ln(1 − P), with its derivatives: Σ (r₁ − nP)(θ_g, θ_s, 1) and
/// Σ nP(1 − P) of their products.
fn evaluate(x: &[f64; 3], counts: [&[f64]; 2], nodes: &Grid) -> Local {
    let width = padded(nodes.len());
    let (mut objective, mut gradient, mut curvature) = (0.0, [0.0; 3], [0.0; 6]);
    for (q, &general) in nodes.points().iter().enumerate() {
        for (r, &specific) in nodes.points().iter().enumerate() {
            let [wrong, right] = counts.map(|counts| counts[q * width + r]);
            let total = wrong + right;
            if total < 1e-10 {
                continue;
            }
            let z = x[0] * general + x[1] * specific + x[2];
            let (p, rest) = logistic_pair(z);
            objective += right * libm::log(p) + wrong * libm::log(rest);
            let slope = right - total * p;
            let weight = total * p * rest;
            let direction = [general, specific, 1.0];
            let mut cell = 0;
            for i in 0..3 {
                gradient[i] += slope * direction[i];
                for j in 0..=i {
                    curvature[cell] += weight * direction[i] * direction[j];
                    cell += 1;
                }
            }
        }
    }
    let mut matrix = SymmetricMatrix::zeros(3);
    let mut cell = 0;
    for i in 0..3 {
        for j in 0..=i {
            matrix.set(i, j, curvature[cell]);
            cell += 1;
        }
    }
    Local { objective, gradient, curvature: matrix }
}

/// Maximises the expected log-likelihood from x by Newton's method (for the logistic model its
/// Hessian is the expected information), halved until it does not go downhill.
pub(super) fn maximize(x: [f64; 3], counts: [&[f64]; 2], nodes: &Grid) -> Maximum {
    let mut at = x;
    let mut local = evaluate(&at, counts, nodes);
    let gradient_at_start = local.gradient.iter().fold(0.0, |most: f64, g| most.max(g.abs()));
    for _ in 0..STEPS_MAX {
        let Ok(factor) = local.curvature.cholesky() else { break };
        let step = factor.solve(&local.gradient);
        let longest = step.iter().fold(0.0, |most: f64, s| most.max(s.abs()));
        if longest.is_nan() || longest < STEP_MIN {
            break;
        }
        // Far from the maximum the quadratic picture is wrong: no step longer than 2.
        let mut length = (2.0 / longest).min(1.0);
        let mut found = None;
        for _ in 0..HALVINGS_MAX {
            let next: [f64; 3] =
                core::array::from_fn(|i| (at[i] + length * step[i]).clamp(-EDGE, EDGE));
            let there = evaluate(&next, counts, nodes);
            if there.objective >= local.objective - 1e-12 * local.objective.abs() {
                found = Some((next, there));
                break;
            }
            length *= 0.5;
        }
        let Some((next, there)) = found else { break };
        (at, local) = (next, there);
        // Newton converges quadratically: what a short step leaves is below the tolerance.
        if longest < 1e-4 {
            break;
        }
    }
    Maximum { x: at, gradient_at_start }
}
