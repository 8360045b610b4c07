//! The M-step of one item of a test: the coordinates that make its expected answers and the belief
//! about it most probable together, by Fisher scoring that never goes downhill. Sees counts at points
//! of ability, no people.

use super::curve::{CATEGORIES_MAX, COORDINATES, Coordinates, OnlineItem};
use crate::psychometrics::cat::Observation;
use crate::psychometrics::estimation::posterior::{GRID_POINTS, OnGrid, grid};
use crate::psychometrics::numeric::linalg::SymmetricMatrix;

/// Most scoring steps of one M-step.
const STEPS_MAX: usize = 20;
/// A step shorter than this ends it.
const STEP_MIN: f64 = 1e-7;
/// How often a step that goes downhill is halved.
const HALVINGS_MAX: usize = 30;
/// Longest step of a coordinate.
const STEP_LONGEST: f64 = 1.0;

/// Expected numbers of answers of each category at each point of ability.
#[derive(Debug, Clone)]
pub(super) struct Counts {
    rows: [OnGrid; CATEGORIES_MAX],
}

impl Default for Counts {
    fn default() -> Self {
        Self { rows: [[0.0; GRID_POINTS]; CATEGORIES_MAX] }
    }
}

impl Counts {
    /// Adds an answer of somebody with this posterior.
    pub fn add(&mut self, item: &OnlineItem, seen: Observation, posterior: &OnGrid) {
        let mut put = |category: usize, weight: f64| {
            let row = &mut self.rows[category];
            row.iter_mut().zip(posterior).for_each(|(sum, p)| *sum += weight * p);
        };
        match seen {
            Observation::Category(category) => put(category.min(item.categories - 1), 1.0),
            Observation::DontKnow => {
                put(item.categories - 1, item.c);
                put(0, 1.0 - item.c);
            }
        }
    }

    fn total(&self, q: usize) -> f64 {
        self.rows.iter().map(|row| row[q]).sum()
    }
}

/// Objective, gradient and expected curvature at one point, the belief included.
pub(super) struct Local {
    pub objective: f64,
    pub gradient: Coordinates,
    pub curvature: [[f64; COORDINATES]; COORDINATES],
}

impl Local {
    /// The belief about an item alone.
    pub fn of_belief(item: &OnlineItem, x: &Coordinates) -> Self {
        let mut local = Self {
            objective: 0.0,
            gradient: [0.0; COORDINATES],
            curvature: [[0.0; COORDINATES]; COORDINATES],
        };
        for (i, value) in x.iter().enumerate() {
            let prior = item.prior(i);
            let z = (value - prior.mean) / prior.sd;
            local.objective -= 0.5 * z * z;
            local.gradient[i] = -z / prior.sd;
            local.curvature[i][i] = 1.0 / (prior.sd * prior.sd);
        }
        local
    }
}

/// Curvature⁻¹ × gradient over the free coordinates; `None` where the curvature is none.
pub(super) fn newton_step(item: &OnlineItem, local: &Local) -> Option<Coordinates> {
    let n = item.free();
    let mut matrix = SymmetricMatrix::zeros(n);
    for i in 0..n {
        for j in 0..=i {
            matrix.set(i, j, local.curvature[i][j]);
        }
    }
    let solution = matrix.cholesky().ok()?.solve(&local.gradient[..n]);
    let mut step = [0.0; COORDINATES];
    step[..n].copy_from_slice(&solution);
    step.iter().all(|value| value.is_finite()).then_some(step)
}

fn evaluate(item: &OnlineItem, x: &Coordinates, counts: &Counts, mean: f64) -> Local {
    let mut local = Local::of_belief(item, x);
    for (q, theta) in grid().iter().enumerate() {
        let total = counts.total(q);
        if total < 1e-12 {
            continue;
        }
        let log_p = item.log_probabilities(x, theta + mean);
        let found = item.derivatives(x, theta + mean);
        for (k, log_p) in log_p.iter().enumerate().take(item.categories) {
            let count = counts.rows[k][q];
            if count > 0.0 {
                local.objective += count * log_p;
            }
            let score = &found.score[k];
            for i in 0..item.free() {
                local.gradient[i] += count * score[i];
                for j in 0..item.free() {
                    local.curvature[i][j] += total * found.p[k] * score[i] * score[j];
                }
            }
        }
    }
    local
}

/// The item's mode given expected answers; an anchor stays where it is.
pub(super) fn maximize(
    item: &OnlineItem,
    x: &Coordinates,
    counts: &Counts,
    mean: f64,
) -> Coordinates {
    if item.anchor.is_some() {
        return *x;
    }
    let value = |x: &Coordinates| evaluate(item, x, counts, mean);
    climb(item, *x, value)
}

/// Scoring steps from a point, each halved until it does not go downhill.
pub(super) fn climb(
    item: &OnlineItem,
    start: Coordinates,
    value: impl Fn(&Coordinates) -> Local,
) -> Coordinates {
    let (mut at, mut local) = (start, value(&start));
    for _ in 0..STEPS_MAX {
        let Some(step) = newton_step(item, &local) else { break };
        let length = step.iter().fold(0.0, |most: f64, part| most.max(part.abs()));
        if length < STEP_MIN {
            break;
        }
        let mut scale = (STEP_LONGEST / length).min(1.0);
        let mut better = None;
        for _ in 0..HALVINGS_MAX {
            let next: Coordinates = std::array::from_fn(|i| at[i] + scale * step[i]);
            let there = value(&next);
            if there.objective >= local.objective - 1e-12 * (1.0 + local.objective.abs()) {
                better = Some((next, there));
                break;
            }
            scale *= 0.5;
        }
        let Some((next, there)) = better else { break };
        (at, local) = (next, there);
    }
    at
}
