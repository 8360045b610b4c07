//! Fit of a whole model, and of pairs of items, by the margins of one and two items: LD-X² and the
//! limited-information statistic M2 (C2 for ordered scores). Needs curves and the distribution of
//! ability; never estimates either.

use nalgebra::{DMatrix, DVector};
use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::{NOT_ASKED, Scores};
use crate::psychometrics::irt::ItemModel;

/// The dependence of one pair of items that the model leaves unexplained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairFit {
    /// The earlier item.
    pub left: usize,
    /// The later item.
    pub right: usize,
    /// Pearson's chi-square of the pair's table against the model's (Chen & Thissen, 1997).
    pub ld_x2: f64,
}

/// M2 or C2 of a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LimitedInformation {
    /// The statistic.
    pub m2: f64,
    /// Its degrees of freedom.
    pub df: usize,
    /// Its p-value.
    pub p: f64,
    /// √max(0, (M2 − df)/((N − 1) df)).
    pub rmsea: f64,
}

/// LD-X² of every pair: Σ (O − E)²/E over the table of two items, E = N Σ_q w_q P_i P_j (Chen &
/// Thissen, 1997, *J. Educ. Behav. Stat.* 22, 265–289). Each pair counts the people who answered
/// both.
pub fn pair_fit(
    scores: Scores<'_>,
    items: &[ItemModel],
    points: &[f64],
    weights: &[f64],
) -> Vec<PairFit> {
    let curves: Vec<Vec<Vec<f64>>> = items.iter().map(|item| curves(item, points)).collect();
    let mut pairs = Vec::new();
    for right in 1..items.len() {
        for left in 0..right {
            let (rows, columns) = (items[left].categories(), items[right].categories());
            let mut observed = vec![0.0; rows * columns];
            let mut n = 0.0;
            for person in 0..scores.persons() {
                let (x, y) = (scores.row(person)[left], scores.row(person)[right]);
                if x != NOT_ASKED && y != NOT_ASKED {
                    observed[usize::from(x) * columns + usize::from(y)] += 1.0;
                    n += 1.0;
                }
            }
            let mut ld_x2 = 0.0;
            for x in 0..rows {
                for y in 0..columns {
                    let joint = (0..points.len())
                        .map(|q| weights[q] * curves[left][x][q] * curves[right][y][q])
                        .sum::<f64>();
                    let expected = n * joint;
                    if expected > 0.0 {
                        let difference = observed[x * columns + y] - expected;
                        ld_x2 += difference * difference / expected;
                    }
                }
            }
            pairs.push(PairFit { left, right, ld_x2 });
        }
    }
    pairs
}

fn curves(item: &ItemModel, points: &[f64]) -> Vec<Vec<f64>> {
    (0..item.categories())
        .map(|k| points.iter().map(|theta| item.probability(*theta, k)).collect())
        .collect()
}

/// A statistic of a person's answers: the indicator of a category, or the product of two scores.
#[derive(Clone, Copy)]
enum Moment {
    Category(usize, usize),
    Product(usize, usize),
}

impl Moment {
    /// Its value for a person who answered everything.
    fn value(self, row: &[u16]) -> f64 {
        match self {
            Self::Category(item, k) => f64::from(u8::from(usize::from(row[item]) == k)),
            Self::Product(i, j) => f64::from(row[i]) * f64::from(row[j]),
        }
    }

    /// Its factors, an item and the function of the item's score each.
    fn factors(self) -> Vec<(usize, Factor)> {
        match self {
            Self::Category(item, k) => vec![(item, Factor::Indicator(k))],
            Self::Product(i, j) => vec![(i, Factor::Score), (j, Factor::Score)],
        }
    }
}

#[derive(Clone, Copy)]
enum Factor {
    Indicator(usize),
    Score,
}

impl Factor {
    fn of(self, category: usize) -> f64 {
        match self {
            Self::Indicator(k) => f64::from(u8::from(category == k)),
            Self::Score => category as f64,
        }
    }
}

/// Expectations given ability, at the nodes.
struct Conditional<'a> {
    curves: Vec<Vec<Vec<f64>>>,
    weights: &'a [f64],
}

impl Conditional<'_> {
    /// E[Π factors], items independent given ability; factors of one item are multiplied first.
    fn expectation(&self, factors: &[(usize, Factor)]) -> f64 {
        let mut product = self.weights.to_vec();
        let mut done: Vec<usize> = Vec::new();
        for &(item, _) in factors {
            if done.contains(&item) {
                continue;
            }
            done.push(item);
            for (q, value) in product.iter_mut().enumerate() {
                let mean: f64 = self.curves[item]
                    .iter()
                    .enumerate()
                    .map(|(category, curve)| {
                        let own = factors.iter().filter(|(other, _)| *other == item);
                        curve[q] * own.map(|(_, factor)| factor.of(category)).product::<f64>()
                    })
                    .sum();
                *value *= mean;
            }
        }
        product.iter().sum()
    }
}

/// An estimated parameter, and how it moves the curves or the distribution of ability.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The item whose curves it moves; `None` for one of the distribution of ability.
    pub item: Option<usize>,
    /// ∂P_k(θ_q)/∂parameter at `k · nodes + q`; for ability ∂w_q/∂parameter at `q`.
    pub derivative: Vec<f64>,
}

/// M2 (Maydeu-Olivares & Joe, 2006, *Psychometrika* 71, 713–732) over the margins of single items
/// and the products of pairs; with more than two categories that is C2 (Cai & Monroe, 2014, CRESST
/// report 839). M2 = N e′(Ξ⁻¹ − Ξ⁻¹Δ(Δ′Ξ⁻¹Δ)⁻¹Δ′Ξ⁻¹)e, e the residual moments, Ξ their covariance
/// under the model, Δ their derivatives. Only people who answered everything count. `None` when no
/// degrees of freedom are left, or a matrix is singular.
pub fn limited_information(
    scores: Scores<'_>,
    items: &[ItemModel],
    parameters: &[Parameter],
    points: &[f64],
    weights: &[f64],
) -> Option<LimitedInformation> {
    let mut moments = Vec::new();
    for (item, model) in items.iter().enumerate() {
        moments.extend((1..model.categories()).map(|k| Moment::Category(item, k)));
    }
    for j in 1..items.len() {
        moments.extend((0..j).map(|i| Moment::Product(i, j)));
    }
    let (size, df) = (moments.len(), moments.len().checked_sub(parameters.len())?);
    let people = scores.complete().count();
    if df == 0 || people < 2 {
        return None;
    }
    let n = people as f64;
    let model = Conditional { curves: items.iter().map(|i| curves(i, points)).collect(), weights };
    let expected: Vec<f64> = moments.iter().map(|m| model.expectation(&m.factors())).collect();
    let mut residual = DVector::zeros(size);
    for row in scores.complete() {
        for (index, moment) in moments.iter().enumerate() {
            residual[index] += moment.value(row) / n;
        }
    }
    for index in 0..size {
        residual[index] -= expected[index];
    }
    let mut covariance = DMatrix::zeros(size, size);
    for i in 0..size {
        for j in 0..=i {
            let factors = [moments[i].factors(), moments[j].factors()].concat();
            let value = model.expectation(&factors) - expected[i] * expected[j];
            covariance[(i, j)] = value;
            covariance[(j, i)] = value;
        }
    }
    let delta = derivatives(&moments, &model, parameters);
    let factor = covariance.cholesky()?;
    let solved_residual = factor.solve(&residual);
    let solved_delta = factor.solve(&delta);
    let projected = delta.transpose() * &solved_residual;
    let inner = (delta.transpose() * solved_delta).cholesky()?;
    let m2 = n * (residual.dot(&solved_residual) - projected.dot(&inner.solve(&projected)));
    let degrees = df as f64;
    let p = ChiSquared::new(degrees).ok()?.sf(m2.max(0.0));
    let rmsea = ((m2 - degrees) / ((n - 1.0) * degrees)).max(0.0).sqrt();
    Some(LimitedInformation { m2, df, p, rmsea })
}

fn derivatives(
    moments: &[Moment],
    model: &Conditional<'_>,
    parameters: &[Parameter],
) -> DMatrix<f64> {
    let nodes = model.weights.len();
    let mut delta = DMatrix::zeros(moments.len(), parameters.len());
    for (column, parameter) in parameters.iter().enumerate() {
        let Some(item) = parameter.item else {
            let moved =
                Conditional { curves: model.curves.clone(), weights: &parameter.derivative };
            for (row, moment) in moments.iter().enumerate() {
                delta[(row, column)] = moved.expectation(&moment.factors());
            }
            continue;
        };
        // A moment is linear in the curves of each item, so that the derivative is the moment
        // with the item's curves replaced by their derivatives.
        let mut curves = model.curves.clone();
        curves[item] = parameter.derivative.chunks(nodes).map(<[f64]>::to_vec).collect();
        let moved = Conditional { curves, weights: model.weights };
        for (row, moment) in moments.iter().enumerate() {
            let factors = moment.factors();
            if factors.iter().any(|(other, _)| *other == item) {
                delta[(row, column)] = moved.expectation(&factors);
            }
        }
    }
    delta
}
