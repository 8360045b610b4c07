//! Standard errors of a multidimensional calibration: the inverse of Σ_i s_i s_iᵀ, s_i the gradient
//! of person i's log-evidence (the empirical information: Louis, 1982, *J. R. Stat. Soc. B* 44,
//! 226–233, with one person's term for the sum), and the priors' curvature. Never reports an error
//! where that matrix has no inverse.

use nalgebra::DMatrix;

use super::propagation::{Person, Propagation, Sites};
use super::{DimensionalErrors, DimensionalFit, Part, Parts, correlations};
use crate::psychometrics::calibration::expectation::Table;
use crate::psychometrics::calibration::maximization::free_coordinates;
use crate::psychometrics::calibration::{CalibrationError, Covariance};
use crate::psychometrics::numeric::linalg::SymmetricMatrix;

/// People whose gradients are multiplied at one time.
const PEOPLE_AT_ONCE: usize = 256;
/// Sites settle to this before a gradient is taken.
const SETTLE: f64 = 1e-7;

/// Where the free coordinates stand in a gradient.
struct Layout {
    /// Of each dimension, of each item: its first place and its free coordinates.
    items: Vec<Vec<(usize, Vec<usize>)>>,
    correlations: usize,
    total: usize,
}

impl Layout {
    fn new(parts: &Parts) -> Self {
        let mut total = 0;
        let mut of_item = |part: &Part, item: usize| {
            let free = free_coordinates(&part.design.items[item], part.responses.categories(item));
            let start = total;
            total += free.len();
            (start, free)
        };
        let items = parts
            .parts
            .iter()
            .map(|part| (0..part.items.len()).map(|item| of_item(part, item)).collect())
            .collect();
        let k = parts.count();
        Self { items, correlations: total, total: total + k * (k - 1) / 2 }
    }
}

pub(super) fn errors(
    parts: &Parts,
    fit: &DimensionalFit,
) -> Result<DimensionalErrors, CalibrationError> {
    let layout = Layout::new(parts);
    let items: Vec<Vec<Vec<f64>>> = parts
        .parts
        .iter()
        .map(|part| part.items.iter().map(|&item| fit.fit.items[item].clone()).collect())
        .collect();
    let mut information = cross_products(parts, fit, &layout, &items)?;
    add_priors(parts, &layout, &items, &mut information);
    let factor = information.cholesky().ok_or(CalibrationError::SingularInformation)?;
    let matrix = factor.inverse();
    if !(0..layout.total).all(|i| matrix[(i, i)].is_finite() && matrix[(i, i)] > 0.0) {
        return Err(CalibrationError::SingularInformation);
    }
    let mut of_correlations = SymmetricMatrix::zeros(parts.count());
    let mut place = layout.correlations;
    correlations::for_each_pair(parts.count(), |row, column| {
        of_correlations.set(row, column, matrix[(place, place)].sqrt());
        place += 1;
    });
    let mut starts = vec![(0, Vec::new()); fit.fit.items.len()];
    for (part, places) in parts.parts.iter().zip(layout.items) {
        for (&item, place) in part.items.iter().zip(places) {
            starts[item] = place;
        }
    }
    let sizes = fit.fit.items.iter().map(Vec::len).collect();
    let covariance = Covariance::from_parts(matrix, starts, sizes);
    Ok(DimensionalErrors { covariance, correlations: of_correlations })
}

fn cross_products(
    parts: &Parts,
    fit: &DimensionalFit,
    layout: &Layout,
    items: &[Vec<Vec<f64>>],
) -> Result<DMatrix<f64>, CalibrationError> {
    let inverse = fit.correlations.inverse().map_err(|_| CalibrationError::SingularInformation)?;
    let tables = parts.tables(items);
    let scores: Vec<Vec<Table>> = parts
        .parts
        .iter()
        .zip(items)
        .map(|(part, items)| (0..items.len()).map(|i| score_table(part, i, &items[i])).collect())
        .collect();
    let mut information = DMatrix::zeros(layout.total, layout.total);
    let mut block = DMatrix::zeros(layout.total, PEOPLE_AT_ONCE);
    let mut filled = 0;
    let mut sites = Sites::new(parts.weights.len(), parts.count());
    Propagation::new(parts, &tables, &fit.correlations).for_each(
        &mut sites,
        SETTLE,
        &mut |pattern, person| {
            let mut column = block.column_mut(filled);
            column.fill(0.0);
            let root = parts.weights[pattern].sqrt();
            let mut add = |place: usize, value: f64| column[place] = root * value;
            add_items(parts, layout, &scores, pattern, person, &mut add);
            add_correlations(layout, &inverse, person, &mut add);
            filled += 1;
            if filled == PEOPLE_AT_ONCE {
                information += &block * block.transpose();
                filled = 0;
            }
        },
    );
    let rest = block.columns(0, filled);
    information += rest * rest.transpose();
    Ok(information)
}

/// E[∂ ln P(answer)/∂x] of every answer.
fn add_items(
    parts: &Parts,
    layout: &Layout,
    scores: &[Vec<Table>],
    pattern: usize,
    person: &Person,
    add: &mut dyn FnMut(usize, f64),
) {
    for &dimension in person.answered() {
        let part = &parts.parts[dimension];
        let (marginal, total) = person.marginal(dimension);
        for (item, category) in part.responses.pattern(part.responses.pattern_of(pattern)) {
            let (start, free) = &layout.items[dimension][item];
            for offset in 0..free.len() {
                let row = scores[dimension][item].row(category * free.len() + offset);
                let sum: f64 = row.iter().zip(marginal).map(|(s, h)| s * h).sum();
                add(start + offset, sum / total);
            }
        }
    }
}

/// (P E[θθᵀ] P − P)_kl, P the inverse of the correlations.
fn add_correlations(
    layout: &Layout,
    inverse: &SymmetricMatrix,
    person: &Person,
    add: &mut dyn FnMut(usize, f64),
) {
    let size = inverse.size();
    let mut moments = SymmetricMatrix::zeros(size);
    for row in 0..size {
        for column in 0..=row {
            moments.set(row, column, person.moment(row, column));
        }
    }
    for (offset, value) in correlations::gradient(inverse, &moments, 1.0).into_iter().enumerate() {
        add(layout.correlations + offset, value);
    }
}

/// An item's ∂ ln P_k/∂x at the nodes: row `category · free + coordinate`.
fn score_table(part: &Part, item: usize, x: &[f64]) -> Table {
    let design = &part.design.items[item];
    let categories = part.responses.categories(item);
    let free = free_coordinates(design, categories);
    let nodes = part.design.settings.nodes.points();
    let mut table = Table::zeros(categories * free.len(), nodes.len());
    let (mut p, mut score) = (vec![0.0; categories], vec![0.0; categories * x.len()]);
    for (q, &theta) in nodes.iter().enumerate() {
        design.family.derivatives(x, theta, &mut p, &mut score);
        for category in 0..categories {
            for (offset, &index) in free.iter().enumerate() {
                table.row_mut(category * free.len() + offset)[q] =
                    score[category * x.len() + index];
            }
        }
    }
    table
}

fn add_priors(
    parts: &Parts,
    layout: &Layout,
    items: &[Vec<Vec<f64>>],
    information: &mut DMatrix<f64>,
) {
    for (dimension, item) in parts.places() {
        let design = &parts.parts[dimension].design.items[item];
        let x = &items[dimension][item];
        let size = x.len();
        let (mut gradient, mut curvature) = (vec![0.0; size], vec![0.0; size * size]);
        design.priors.add_derivatives(design.family, x, &mut gradient, &mut curvature);
        let (start, free) = &layout.items[dimension][item];
        for (row, &i) in free.iter().enumerate() {
            for (column, &j) in free.iter().enumerate() {
                information[(start + row, start + column)] += curvature[i * size + j];
            }
        }
    }
}
