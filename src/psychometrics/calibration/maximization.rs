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
/// The longest step of one coordinate: far from the maximum the quadratic picture is wrong.
const REACH: f64 = 2.0;
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
    /// Whether a slope or an intercept stands at the edge of the box.
    pub at_edge: bool,
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
    let gradient_at_start = unpressed(design, &free, &at, &local, counts.categories)
        .fold(0.0, |most: f64, i| most.max(local.gradient[i].abs()));
    for _ in 0..STEPS_MAX {
        let moving: Vec<usize> = unpressed(design, &free, &at, &local, counts.categories).collect();
        let Some(step) = newton_step(design, &local, &moving, at.len()) else { break };
        let length = step.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
        if length < STEP_MIN {
            break;
        }
        let Some((next, next_local)) = uphill(design, &at, &local, &step, counts, nodes) else {
            break;
        };
        (at, local) = (next, next_local);
        // Scoring converges quadratically: the step after a short one is below the last bit.
        if length < 1e-5 {
            break;
        }
    }
    let edge = |i: &usize| {
        let most = design.family.edge(*i, counts.categories);
        at[*i].abs() >= most && !design.family.is_asymptote(*i)
    };
    Maximum { at_edge: free.iter().any(edge), x: at, gradient_at_start }
}

/// The free coordinates less those at the edge of the box whose gradient points out of it: these
/// stay, or their long steps would shorten everything else's.
fn unpressed(
    design: &ItemDesign,
    free: &[usize],
    at: &[f64],
    local: &Local,
    categories: usize,
) -> impl Iterator<Item = usize> {
    free.iter().copied().filter(move |&i| {
        let inside = at[i].abs() < design.family.edge(i, categories);
        inside || local.gradient[i] * at[i] < 0.0
    })
}

/// The coordinates that are estimated: free, and no asymptote at its edge.
pub(super) fn estimated_coordinates(
    design: &ItemDesign,
    x: &[f64],
    categories: usize,
) -> Vec<usize> {
    let family = design.family;
    let inside = |i: &usize| !family.is_asymptote(*i) || x[*i].abs() < family.edge(*i, categories);
    free_coordinates(design, categories).into_iter().filter(inside).collect()
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
) -> Option<(Vec<f64>, Local)> {
    let longest = step.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    let mut length = if longest > REACH { REACH / longest } else { 1.0 };
    for _ in 0..HALVINGS_MAX {
        let mut next: Vec<f64> = at.iter().zip(step).map(|(x, s)| x + length * s).collect();
        design.family.clamp(&mut next, counts.categories);
        if design.family.is_valid(&next) && slope_allowed(&design.priors, &next) {
            let next_local = evaluate(design, &next, counts, nodes);
            let slack = 1e-12 * local.objective.abs();
            if next_local.objective >= local.objective - slack {
                return Some((next, next_local));
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

/// The scoring step of the coordinates that move. A step of an asymptote's logit is capped, and
/// the others follow it: its curvature vanishes as the asymptote does, and a scaled-down step
/// would stop them, too.
fn newton_step(
    design: &ItemDesign,
    local: &Local,
    moving: &[usize],
    size: usize,
) -> Option<Vec<f64>> {
    let mut moving = moving.to_vec();
    let mut gradient = local.gradient.clone();
    let mut step = vec![0.0; size];
    while !moving.is_empty() {
        let solution = solve(local, &gradient, &moving)?;
        let too_long = |place: &usize| {
            design.family.is_asymptote(moving[*place]) && solution[*place].abs() > REACH
        };
        let Some(place) = (0..moving.len()).find(too_long) else {
            for (&i, value) in moving.iter().zip(solution) {
                step[i] = value;
            }
            break;
        };
        let capped = moving.remove(place);
        step[capped] = solution[place].clamp(-REACH, REACH);
        for &i in &moving {
            gradient[i] -= local.curvature[i * size + capped] * step[capped];
        }
    }
    let any = step.iter().any(|value| *value != 0.0);
    (any && step.iter().all(|value| value.is_finite())).then_some(step)
}

/// curvature · step = gradient over some coordinates.
fn solve(local: &Local, gradient: &[f64], moving: &[usize]) -> Option<Vec<f64>> {
    let size = gradient.len();
    let mut matrix = SymmetricMatrix::zeros(moving.len());
    for (row, &i) in moving.iter().enumerate() {
        for (column, &j) in moving.iter().enumerate() {
            let value = local.curvature[i * size + j];
            // A trace of the identity keeps a flat direction from throwing the step away.
            matrix.set(row, column, if i == j { value + 1e-9 * (1.0 + value) } else { value });
        }
    }
    let gradient: Vec<f64> = moving.iter().map(|&i| gradient[i]).collect();
    Some(matrix.cholesky().ok()?.solve(&gradient))
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
