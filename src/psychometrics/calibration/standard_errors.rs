//! Standard errors from the observed information of the marginal posterior, by Oakes's identity
//! with both terms exact: −I = ∂²Q/∂ξ² + ∂²Q/∂ξ∂ξ′ (Oakes, 1999, *J. R. Stat. Soc. B* 61,
//! 479–482). Never reports an error of a parameter that the data do not identify.

use std::collections::BTreeSet;

use nalgebra::DMatrix;

use super::algorithm::cell_table;
use super::expectation::{Table, Tables};
use super::maximization::{ItemCounts, estimated_coordinates, gradient};
use super::{CalibrationError, Design, Family, Fit, LatentShape, Responses, SD_MIN};

/// Step of the central differences of an item's own gradient.
const DIFFERENCE: f64 = 1e-5;

/// A pivot of the information, scaled to a diagonal of 1, below which the data do not tell a
/// coordinate from those before it. The differences above leave some 1e-10 of noise.
const PIVOT_MIN: f64 = 1e-8;
/// A share in a flat direction that makes a coordinate part of it.
const PART_MIN: f64 = 0.01;

/// The covariance of all free coordinates, item after item, then each group's mean and ln sd.
#[derive(Debug, Clone, PartialEq)]
pub struct Covariance {
    matrix: DMatrix<f64>,
    /// Items with a coordinate that can move along with others without a change of the likelihood.
    unidentified: Vec<usize>,
    /// Of each item, where its free coordinates begin, and which they are.
    items: Vec<(usize, Vec<usize>)>,
    sizes: Vec<usize>,
}

/// Standard errors of an item's parameters, as [`Parameters`](super::Parameters) names them.
#[derive(Debug, Clone, PartialEq)]
pub struct StandardErrors {
    /// Of the slope or slopes; 0 where fixed.
    pub a: Vec<f64>,
    /// Of difficulties, thresholds, steps, or a nominal item's intercepts.
    pub b: Vec<f64>,
    /// Of the intercepts d of z = aθ + d; empty for the nominal model.
    pub intercepts: Vec<f64>,
    /// Of the lower asymptote; 0 where there is none.
    pub c: f64,
    /// Of the upper asymptote; 0 where there is none.
    pub d: f64,
}

/// The inverse of the observed information at a fit. Where some coordinates can move together
/// without a change of the likelihood, their items are named by [`Covariance::unidentified`], and
/// the inverse is that of the others.
///
/// # Errors
/// Information in which nothing is identified.
pub fn covariance(
    responses: &Responses,
    design: &Design,
    fit: &Fit,
) -> Result<Covariance, CalibrationError> {
    let (information, items) = information(responses, design, fit);
    let n = information.nrows();
    let (matrix, mut flat) = inverse(&information).ok_or(CalibrationError::SingularInformation)?;
    // Where answers have fewer shares than there are parameters, a ridge fits them exactly; its
    // curvature can hide the flat direction from the pivots.
    if possible_shares(responses) < n {
        flat = (0..n).collect();
    }
    let is_flat = |(start, free): &(usize, Vec<usize>)| {
        (*start..start + free.len()).any(|index| flat.contains(&index))
    };
    let unidentified = (0..items.len()).filter(|&item| is_flat(&items[item])).collect();
    let sizes = fit.items.iter().map(Vec::len).collect();
    Ok(Covariance { matrix, unidentified, items, sizes })
}

/// Of each item, where its estimated coordinates begin, and which they are.
pub(super) type Places = Vec<(usize, Vec<usize>)>;

/// The observed information of the marginal posterior in all estimated coordinates.
pub(super) fn information(
    responses: &Responses,
    design: &Design,
    fit: &Fit,
) -> (DMatrix<f64>, Places) {
    let work = Work::new(responses, design, fit);
    let mut hessian = DMatrix::zeros(work.total, work.total);
    work.add_complete(&mut hessian);
    work.add_missing(&mut hessian);
    (-0.5 * (&hessian + hessian.transpose()), work.items)
}

/// How many shares of patterns of answers can be told apart, at most: Π categories − 1 a group.
fn possible_shares(responses: &Responses) -> usize {
    let patterns = (0..responses.items())
        .fold(1_usize, |product, item| product.saturating_mul(responses.categories(item)));
    (patterns - 1).saturating_mul(responses.group_count())
}

/// The inverse, and the coordinates that take part in flat directions; the rows and columns of one
/// coordinate of each such direction are 0. `None` when no coordinate is left.
fn inverse(information: &DMatrix<f64>) -> Option<(DMatrix<f64>, BTreeSet<usize>)> {
    let n = information.nrows();
    let scale: Vec<f64> =
        (0..n).map(|i| information[(i, i)].max(f64::MIN_POSITIVE).sqrt()).collect();
    let scaled = DMatrix::from_fn(n, n, |i, j| information[(i, j)] / (scale[i] * scale[j]));
    let (kept, flat) = identified(&scaled);
    let chosen = DMatrix::from_fn(kept.len(), kept.len(), |i, j| scaled[(kept[i], kept[j])]);
    let inverse = chosen.cholesky().filter(|_| n == 0 || !kept.is_empty())?.inverse();
    let mut matrix = DMatrix::zeros(n, n);
    for (row, &i) in kept.iter().enumerate() {
        for (column, &j) in kept.iter().enumerate() {
            matrix[(i, j)] = inverse[(row, column)] / (scale[i] * scale[j]);
        }
    }
    matrix.iter().all(|value| value.is_finite()).then_some((matrix, flat))
}

/// Cholesky's pivots, coordinate by coordinate: those that the ones before do not determine, and
/// all that take part where one is determined.
fn identified(scaled: &DMatrix<f64>) -> (Vec<usize>, BTreeSet<usize>) {
    let n = scaled.nrows();
    if let Some(factor) = scaled.clone().cholesky() {
        let factor = factor.unpack();
        if (0..n).all(|i| factor[(i, i)] * factor[(i, i)] > PIVOT_MIN) {
            return ((0..n).collect(), BTreeSet::new());
        }
    }
    let (mut kept, mut flat) = (Vec::new(), BTreeSet::new());
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for index in 0..n {
        let mut row: Vec<f64> = Vec::with_capacity(kept.len() + 1);
        for (before, &other) in kept.iter().enumerate() {
            let known: f64 = row.iter().zip(&rows[before]).map(|(x, y)| x * y).sum();
            row.push((scaled[(index, other)] - known) / rows[before][before]);
        }
        let pivot = scaled[(index, index)] - row.iter().map(|x| x * x).sum::<f64>();
        if pivot > PIVOT_MIN {
            row.push(pivot.sqrt());
            rows.push(row);
            kept.push(index);
            continue;
        }
        flat.insert(index);
        // The flat direction: what the coordinates before must do when this one moves.
        for place in (0..kept.len()).rev() {
            let share = row[place] / rows[place][place];
            for before in 0..place {
                row[before] -= share * rows[place][before];
            }
            if share.abs() > PART_MIN {
                flat.insert(kept[place]);
            }
        }
    }
    (kept, flat)
}

impl Covariance {
    /// From the matrix, each item's first place and free coordinates, and its number of coordinates.
    pub(super) fn from_parts(
        matrix: DMatrix<f64>,
        items: Vec<(usize, Vec<usize>)>,
        sizes: Vec<usize>,
    ) -> Self {
        Self { matrix, unidentified: Vec::new(), items, sizes }
    }

    /// Items whose parameters other values fit as well; their standard errors are 0.
    pub fn unidentified(&self) -> &[usize] {
        &self.unidentified
    }

    /// The variance along a direction in an item's coordinates.
    fn variance(&self, item: usize, direction: &[f64]) -> f64 {
        let (start, free) = &self.items[item];
        if self.unidentified.contains(&item) {
            return 0.0;
        }
        let mut sum = 0.0;
        for (row, &i) in free.iter().enumerate() {
            for (column, &j) in free.iter().enumerate() {
                sum += direction[i] * direction[j] * self.matrix[(start + row, start + column)];
            }
        }
        sum
    }

    /// Gradients in the coordinates of an item's parameters, as [`Parameters`](super::Parameters)
    /// names them: a, b, and of logistic items c and d.
    fn directions(family: Family, x: &[f64]) -> Vec<Vec<f64>> {
        let unit = |index: usize, length: f64| {
            let mut direction = vec![0.0; x.len()];
            direction[index] = length;
            direction
        };
        if family == Family::Nominal {
            return (0..x.len()).map(|index| unit(index, 1.0)).collect();
        }
        let mut all = vec![unit(0, 1.0)];
        all.extend(family.difficulties(x).map(|(_, direction)| direction));
        if family.is_logistic() {
            let parameters = family.parameters(x);
            all.push(unit(2, parameters.c * (1.0 - parameters.c)));
            all.push(unit(3, parameters.d * (1.0 - parameters.d)));
        }
        all
    }

    /// The covariance of all items' parameters by the delta method: item after item a, then b (or
    /// every threshold or step), then c and d of logistic items; of nominal items the slopes, then
    /// the intercepts. Rows of what was not estimated, or is not identified, are 0.
    pub fn of_parameters(&self, design: &Design, fit: &Fit) -> DMatrix<f64> {
        let mut jacobian: Vec<(usize, Vec<f64>)> = Vec::new();
        for (item, x) in fit.items.iter().enumerate() {
            for direction in Self::directions(design.items[item].family, x) {
                jacobian.push((item, direction));
            }
        }
        let covariance = |i: usize, j: usize| {
            let ((item, left), (other, right)) = (&jacobian[i], &jacobian[j]);
            if self.unidentified.contains(item) || self.unidentified.contains(other) {
                return 0.0;
            }
            let ((start, free), (other_start, other_free)) =
                (&self.items[*item], &self.items[*other]);
            let mut sum = 0.0;
            for (row, &k) in free.iter().enumerate() {
                for (column, &l) in other_free.iter().enumerate() {
                    sum += left[k] * right[l] * self.matrix[(start + row, other_start + column)];
                }
            }
            sum
        };
        DMatrix::from_fn(jacobian.len(), jacobian.len(), covariance)
    }

    /// Standard errors of an item's parameters by the delta method.
    pub fn standard_errors(&self, family: Family, item: usize, x: &[f64]) -> StandardErrors {
        let size = self.sizes[item];
        let along = |direction: &[f64]| self.variance(item, direction).max(0.0).sqrt();
        let unit = |index: usize, length: f64| {
            let mut direction = vec![0.0; size];
            direction[index] = length;
            along(&direction)
        };
        if family == Family::Nominal {
            let half = size / 2;
            let a = (0..half).map(|k| unit(k, 1.0)).collect();
            let b = (half..size).map(|k| unit(k, 1.0)).collect();
            return StandardErrors { a, b, intercepts: Vec::new(), c: 0.0, d: 0.0 };
        }
        let b = family.difficulties(x).map(|(_, direction)| along(&direction)).collect();
        let steps = if family.is_logistic() { 1 } else { size - 1 };
        let asymptote = |index: usize, value: f64| {
            if family.is_logistic() { unit(index, value * (1.0 - value)) } else { 0.0 }
        };
        let parameters = family.parameters(x);
        StandardErrors {
            a: vec![unit(0, 1.0)],
            b,
            intercepts: (1..=steps).map(|k| unit(k, 1.0)).collect(),
            c: asymptote(2, parameters.c),
            d: asymptote(3, parameters.d),
        }
    }

    /// The covariance matrix of all free coordinates.
    pub fn matrix(&self) -> &DMatrix<f64> {
        &self.matrix
    }
}

/// A free coordinate's ∂ln P(answer)/∂x at the nodes, a row a category; or a group's ∂ln w/∂x.
struct Work<'a> {
    responses: &'a Responses,
    design: &'a Design,
    fit: &'a Fit,
    tables: Tables<'a>,
    counts: Table,
    mass: Table,
    items: Vec<(usize, Vec<usize>)>,
    /// Of each group: (number of the free parameter, its score at the nodes).
    groups: Vec<Vec<(usize, Vec<f64>)>>,
    total: usize,
}

impl<'a> Work<'a> {
    fn new(responses: &'a Responses, design: &'a Design, fit: &'a Fit) -> Self {
        let nodes = &design.settings.nodes;
        let cells = cell_table(responses, design, &fit.items);
        let tables = Tables::new(responses, &cells, &fit.latent, nodes);
        let expected = tables.expectation();
        let mut total = 0;
        let items = (0..responses.items())
            .map(|item| {
                let (x, categories) = (&fit.items[item], responses.categories(item));
                let free = estimated_coordinates(&design.items[item], x, categories);
                let start = total;
                total += free.len();
                (start, free)
            })
            .collect();
        let mut groups = Vec::new();
        for (latent, freedom) in fit.latent.iter().zip(&design.groups) {
            let mut scores = Vec::new();
            if design.shape == LatentShape::Normal {
                let [by_mean, by_log_sd] = latent.normal_scores(nodes);
                // An SD at its least value is no estimate, as an asymptote at its edge is none.
                let free_sd = freedom.free_variance && latent.sd > SD_MIN;
                for (free, score) in [(freedom.free_mean, by_mean), (free_sd, by_log_sd)] {
                    if free {
                        scores.push((total, score));
                        total += 1;
                    }
                }
            }
            groups.push(scores);
        }
        let (counts, mass) = (expected.counts, expected.mass);
        Self { responses, design, fit, tables, counts, mass, items, groups, total }
    }

    /// ∂²Q/∂ξ² at fixed counts: blocks of the items, by differences of their exact gradients, and
    /// of the groups.
    fn add_complete(&self, hessian: &mut DMatrix<f64>) {
        let nodes = &self.design.settings.nodes;
        for (item, (start, free)) in self.items.iter().enumerate() {
            let counts = ItemCounts::of(self.responses, &self.counts, item);
            for (column, &j) in free.iter().enumerate() {
                let at = |sign: f64| {
                    let mut x = self.fit.items[item].clone();
                    x[j] += sign * DIFFERENCE;
                    gradient(&self.design.items[item], &x, &counts, nodes)
                };
                let (up, down) = (at(1.0), at(-1.0));
                for (row, &i) in free.iter().enumerate() {
                    hessian[(start + row, start + column)] +=
                        (up[i] - down[i]) / (2.0 * DIFFERENCE);
                }
            }
        }
        for (group, scores) in self.groups.iter().enumerate() {
            self.add_complete_latent(group, scores, hessian);
        }
    }

    /// ∂² Σ m_q ln w_q of normal weights, by differences of the scores.
    fn add_complete_latent(
        &self,
        group: usize,
        scores: &[(usize, Vec<f64>)],
        hessian: &mut DMatrix<f64>,
    ) {
        let nodes = &self.design.settings.nodes;
        let (latent, freedom) = (&self.fit.latent[group], &self.design.groups[group]);
        let which: Vec<usize> = [freedom.free_mean, freedom.free_variance && latent.sd > SD_MIN]
            .iter()
            .enumerate()
            .filter_map(|(index, free)| free.then_some(index))
            .collect();
        for (column, &moved) in which.iter().enumerate() {
            let at = |sign: f64| {
                let step = sign * DIFFERENCE;
                let (mean, sd) = match moved {
                    0 => (latent.mean + step, latent.sd),
                    _ => (latent.mean, latent.sd * libm::exp(step)),
                };
                super::Latent::normal(nodes, mean, sd).normal_scores(nodes)
            };
            let (up, down) = (at(1.0), at(-1.0));
            for (row, &i) in which.iter().enumerate() {
                let slope = |q: usize| (up[i][q] - down[i][q]) / (2.0 * DIFFERENCE);
                let sum: f64 =
                    self.mass.row(group).iter().enumerate().map(|(q, m)| m * slope(q)).sum();
                hessian[(scores[row].0, scores[column].0)] += sum;
            }
        }
    }

    /// ∂²Q/∂ξ∂ξ′: a coordinate ξ′ shifts each posterior by h_q(s_q − E[s]), s its score; the
    /// shifted counts meet every coordinate's score.
    fn add_missing(&self, hessian: &mut DMatrix<f64>) {
        let posteriors = self.tables.posteriors();
        let answers = self.answers_by_item();
        let scores: Vec<Vec<Vec<f64>>> =
            (0..self.responses.items()).map(|item| self.item_scores(item)).collect();
        let patterns = self.responses.patterns();
        let mut shifted = Table::zeros(patterns, self.design.settings.nodes.len());
        for (item, (start, free)) in self.items.iter().enumerate() {
            for column in 0..free.len() {
                shifted.clear();
                for &(pattern, category) in &answers[item] {
                    let score = &scores[item][category as usize * free.len() + column];
                    self.shift(pattern as usize, score, &posteriors, &mut shifted);
                }
                self.meet(start + column, &shifted, &scores, hessian);
            }
        }
        for (group, latent_scores) in self.groups.iter().enumerate() {
            for (column, score) in latent_scores {
                shifted.clear();
                for pattern in (0..patterns).filter(|&p| self.responses.group(p) == group) {
                    self.shift(pattern, score, &posteriors, &mut shifted);
                }
                self.meet(*column, &shifted, &scores, hessian);
            }
        }
    }

    fn shift(&self, pattern: usize, score: &[f64], posteriors: &Table, shifted: &mut Table) {
        let posterior = posteriors.row(pattern);
        let mean: f64 = posterior.iter().zip(score).map(|(h, s)| h * s).sum();
        let weight = self.responses.weight(pattern);
        let row = shifted.row_mut(pattern);
        for (value, (h, s)) in row.iter_mut().zip(posterior.iter().zip(score)) {
            *value = weight * h * (s - mean);
        }
    }

    fn meet(
        &self,
        column: usize,
        shifted: &Table,
        scores: &[Vec<Vec<f64>>],
        hessian: &mut DMatrix<f64>,
    ) {
        let (counts, mass) = self.tables.counts_of(shifted);
        let dot = |left: &[f64], right: &[f64]| -> f64 {
            left.iter().zip(right).map(|(l, r)| l * r).sum()
        };
        for (item, (start, free)) in self.items.iter().enumerate() {
            for category in 0..self.responses.categories(item) {
                let change = counts.row(self.responses.first_cell(item) + category);
                for row in 0..free.len() {
                    let score = &scores[item][category * free.len() + row];
                    hessian[(start + row, column)] += dot(change, score);
                }
            }
        }
        for (group, latent_scores) in self.groups.iter().enumerate() {
            for (row, score) in latent_scores {
                hessian[(*row, column)] += dot(mass.row(group), score);
            }
        }
    }

    /// (pattern, category) of everybody who answered an item.
    fn answers_by_item(&self) -> Vec<Vec<(u32, u16)>> {
        let mut answers = vec![Vec::new(); self.responses.items()];
        for pattern in 0..self.responses.patterns() {
            for (item, category) in self.responses.pattern(pattern) {
                answers[item].push((pattern as u32, category as u16));
            }
        }
        answers
    }

    /// The scores of an item's free coordinates at the nodes: at `category · free + coordinate`.
    fn item_scores(&self, item: usize) -> Vec<Vec<f64>> {
        let (family, x) = (self.design.items[item].family, &self.fit.items[item]);
        let (categories, free) = (self.responses.categories(item), &self.items[item].1);
        let nodes = self.design.settings.nodes.points();
        let mut rows = vec![vec![0.0; nodes.len()]; categories * free.len()];
        let (mut p, mut score) = (vec![0.0; categories], vec![0.0; categories * x.len()]);
        for (q, &theta) in nodes.iter().enumerate() {
            family.derivatives(x, theta, &mut p, &mut score);
            for category in 0..categories {
                for (index, &i) in free.iter().enumerate() {
                    rows[category * free.len() + index][q] = score[category * x.len() + i];
                }
            }
        }
        rows
    }
}
