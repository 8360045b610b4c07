//! The M-step of one item: the coordinates that make its expected answers most probable, by
//! Fisher scoring that never goes downhill. Sees counts at nodes, no people.

use super::expectation::Table;
use super::{ItemDesign, Priors, Responses};
use crate::psychometrics::numeric::linalg::SymmetricMatrix;
use crate::psychometrics::numeric::quadrature::Grid;

/// Most Newton steps of one M-step; three are usual.
const STEPS_MAX: usize = 25;
/// A step shorter than this ends it.
const STEP_MIN: f64 = 1e-9;
/// How often a step that goes downhill is halved.
const HALVINGS_MAX: usize = 30;

/// An item's expected counts: a row of nodes for each of its categories.
pub(super) struct ItemCounts<'a> {
    pub table: &'a Table,
    pub first_cell: usize,
    pub categories: usize,
}

impl<'a> ItemCounts<'a> {
    /// An item's rows of a table with a row a cell.
    pub fn of(responses: &Responses, table: &'a Table, item: usize) -> Self {
        let (first_cell, categories) = (responses.first_cell(item), responses.categories(item));
        Self { table, first_cell, categories }
    }
}

/// Objective, gradient and expected curvature at one point.
struct Local {
    objective: f64,
    gradient: Vec<f64>,
    curvature: Vec<f64>,
}

/// Where an item's M-step began and ended.
pub(super) struct Maximum {
    /// The new coordinates.
    pub x: Vec<f64>,
    /// The largest |∂/∂x| of the objective at the old coordinates, over those that are free: the
    /// gradient of the marginal log-posterior there (Fisher's identity).
    pub gradient_at_start: f64,
    /// Whether a coordinate stands at the edge of the box.
    pub clamped: bool,
}

/// Maximises Σ_q Σ_k r_kq ln P_k(θ_q; x) + ln prior(x) from x.
pub(super) fn maximize(
    design: &ItemDesign,
    x: &[f64],
    counts: &ItemCounts<'_>,
    nodes: &Grid,
) -> Maximum {
    let free: Vec<usize> = free_coordinates(design, counts.categories);
    let mut at = x.to_vec();
    let mut local = evaluate(design, &at, counts, nodes);
    let gradient_at_start =
        free.iter().fold(0.0, |most: f64, &i| most.max(local.gradient[i].abs()));
    let mut clamped = false;
    for _ in 0..STEPS_MAX {
        let Some(step) = newton_step(&local, &free, at.len()) else { break };
        let length = step.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
        if length < STEP_MIN {
            break;
        }
        let Some((next, next_local, edge)) = uphill(design, &at, &local, &step, counts, nodes)
        else {
            break;
        };
        (at, local, clamped) = (next, next_local, edge);
        // Scoring converges quadratically: the step after a short one is below the last bit.
        if length < 1e-5 {
            break;
        }
    }
    Maximum { x: at, gradient_at_start, clamped }
}

/// The coordinates that an item's design lets move.
pub(super) fn free_coordinates(design: &ItemDesign, categories: usize) -> Vec<usize> {
    if design.anchored.is_some() {
        return Vec::new();
    }
    let free = design.family.free(categories);
    (0..free.len()).filter(|&index| free[index]).collect()
}

/// The gradient of an item's objective at x, all coordinates.
pub(super) fn gradient(
    design: &ItemDesign,
    x: &[f64],
    counts: &ItemCounts<'_>,
    nodes: &Grid,
) -> Vec<f64> {
    evaluate(design, x, counts, nodes).gradient
}

/// The first of the halved steps that does not go downhill.
fn uphill(
    design: &ItemDesign,
    at: &[f64],
    local: &Local,
    step: &[f64],
    counts: &ItemCounts<'_>,
    nodes: &Grid,
) -> Option<(Vec<f64>, Local, bool)> {
    let longest = step.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    // Far from the maximum the quadratic picture is wrong: no step longer than 2.
    let mut length = if longest > 2.0 { 2.0 / longest } else { 1.0 };
    for _ in 0..HALVINGS_MAX {
        let mut next: Vec<f64> = at.iter().zip(step).map(|(x, s)| x + length * s).collect();
        let clamped = design.family.clamp(&mut next, counts.categories);
        if design.family.is_valid(&next) && slope_allowed(&design.priors, &next) {
            let next_local = evaluate(design, &next, counts, nodes);
            let slack = 1e-12 * local.objective.abs();
            if next_local.objective >= local.objective - slack {
                return Some((next, next_local, clamped));
            }
        }
        length *= 0.5;
    }
    None
}

/// A prior on ln a forbids a ≤ 0.
pub(super) fn slope_allowed(priors: &Priors, x: &[f64]) -> bool {
    priors.log_a.is_none() || x[0] > 0.0
}

fn newton_step(local: &Local, free: &[usize], size: usize) -> Option<Vec<f64>> {
    let n = free.len();
    if n == 0 {
        return None;
    }
    let mut matrix = SymmetricMatrix::zeros(n);
    for (row, &i) in free.iter().enumerate() {
        for (column, &j) in free.iter().enumerate() {
            let value = local.curvature[i * size + j];
            // A trace of the identity keeps a flat direction from throwing the step away.
            matrix.set(row, column, if i == j { value + 1e-9 * (1.0 + value) } else { value });
        }
    }
    let gradient: Vec<f64> = free.iter().map(|&i| local.gradient[i]).collect();
    let solution = matrix.cholesky().ok()?.solve(&gradient);
    let mut step = vec![0.0; size];
    for (&i, value) in free.iter().zip(solution) {
        step[i] = value;
    }
    step.iter().all(|value| value.is_finite()).then_some(step)
}

fn evaluate(design: &ItemDesign, x: &[f64], counts: &ItemCounts<'_>, nodes: &Grid) -> Local {
    let (family, size, categories) = (design.family, x.len(), counts.categories);
    let mut local =
        Local { objective: 0.0, gradient: vec![0.0; size], curvature: vec![0.0; size * size] };
    let rows: Vec<&[f64]> =
        (0..categories).map(|k| counts.table.row(counts.first_cell + k)).collect();
    let (mut p, mut log_p) = (vec![0.0; categories], vec![0.0; categories]);
    let mut score = vec![0.0; categories * size];
    for (q, &theta) in nodes.points().iter().enumerate() {
        let total: f64 = rows.iter().map(|row| row[q]).sum();
        if total < 1e-12 {
            continue;
        }
        family.log_probabilities(x, theta, &mut log_p);
        family.derivatives(x, theta, &mut p, &mut score);
        for k in 0..categories {
            let (count, expected) = (rows[k][q], total * p[k]);
            if count > 0.0 {
                local.objective += count * log_p[k];
            }
            let row = &score[k * size..(k + 1) * size];
            for i in 0..size {
                local.gradient[i] += count * row[i];
                for j in 0..=i {
                    local.curvature[i * size + j] += expected * row[i] * row[j];
                }
            }
        }
    }
    for i in 0..size {
        for j in 0..i {
            local.curvature[j * size + i] = local.curvature[i * size + j];
        }
    }
    local.objective += design.priors.log_density(family, x);
    design.priors.add_derivatives(family, x, &mut local.gradient, &mut local.curvature);
    local
}
