//! The models in the coordinates in which they are estimated: log-probabilities, their derivatives
//! in the coordinates, and the way back to a, b, c and d. Knows one item at a time and no data.

use super::{NormalPrior, Priors};
use crate::psychometrics::irt::{ItemModel, ModelError};
use crate::psychometrics::numeric::special::{log_logistic, log1m_exp, logistic_pair, logit};

/// A model to be estimated, with its coordinates. z = aθ + d throughout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// σ(θ + d): slope 1. (a, d, logit c, logit upper), d free.
    Rasch,
    /// σ(z): a and d free.
    TwoParameter,
    /// c + (1 − c)σ(z): a, d and logit c free.
    ThreeParameter,
    /// c + (u − c)σ(z): all four free.
    FourParameter,
    /// P(X ≥ k) = σ(aθ + d_k), d_1 > d_2 > …: (a, d_1, …).
    Graded,
    /// P_k ∝ exp(kθ + d_k): slope 1. (a, d_1, …), the d free.
    PartialCredit,
    /// P_k ∝ exp(k aθ + d_k): (a, d_1, …).
    GeneralizedPartialCredit,
    /// P_k ∝ exp(a_k θ + c_k): (a_1, …, c_1, …).
    Nominal,
}

/// An item's parameters as people read them.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    /// The slope; of a nominal item the slopes of categories 1, 2, ….
    pub a: Vec<f64>,
    /// Difficulty, thresholds or steps; of a nominal item the intercepts of categories 1, 2, ….
    pub b: Vec<f64>,
    /// The lower asymptote, 0 where there is none.
    pub c: f64,
    /// The upper asymptote, 1 where there is none.
    pub d: f64,
}

/// Where the algorithm keeps a slope, so that a separated item ends at a number: an estimate at
/// this edge does not exist.
pub const COORDINATE_EDGE: f64 = SLOPE_MAX;
const SLOPE_MAX: f64 = 40.0;
/// Where it keeps an intercept.
const INTERCEPT_MAX: f64 = 200.0;
/// Where it keeps the logit of an asymptote: c = 1e-7 is 0 for every purpose.
const LOGIT_MAX: f64 = 16.0;

impl Family {
    /// Whether the model is for right and wrong only.
    pub fn is_logistic(self) -> bool {
        matches!(
            self,
            Self::Rasch | Self::TwoParameter | Self::ThreeParameter | Self::FourParameter
        )
    }

    /// Number of coordinates of an item with so many categories.
    pub fn size(self, categories: usize) -> usize {
        match self {
            Self::Nominal => 2 * (categories - 1),
            _ if self.is_logistic() => 4,
            _ => categories,
        }
    }

    /// Which coordinates are estimated.
    pub fn free(self, categories: usize) -> Vec<bool> {
        match self {
            Self::Rasch => vec![false, true, false, false],
            Self::TwoParameter => vec![true, true, false, false],
            Self::ThreeParameter => vec![true, true, true, false],
            Self::FourParameter => vec![true; 4],
            Self::PartialCredit => (0..categories).map(|k| k > 0).collect(),
            _ => vec![true; self.size(categories)],
        }
    }

    /// Coordinates to begin from, from the shares of the categories (positive, sum 1).
    pub(super) fn start(self, shares: &[f64], priors: &Priors) -> Vec<f64> {
        let mean = |prior: Option<NormalPrior>, otherwise| prior.map_or(otherwise, |p| p.mean);
        let slope = match self {
            Self::Rasch | Self::PartialCredit => 1.0,
            _ => libm::exp(mean(priors.log_a, 0.0)),
        };
        match self {
            Self::Graded => {
                let above = |k: usize| shares[k..].iter().sum::<f64>();
                let intercepts = (1..shares.len()).map(|k| 1.2 * logit(above(k)));
                std::iter::once(slope).chain(intercepts).collect()
            }
            Self::PartialCredit | Self::GeneralizedPartialCredit => {
                let intercepts = shares[1..].iter().map(|share| libm::log(share / shares[0]));
                std::iter::once(slope).chain(intercepts).collect()
            }
            Self::Nominal => {
                let slopes = (1..shares.len()).map(|k| 0.5 * k as f64);
                let intercepts = shares[1..].iter().map(|share| libm::log(share / shares[0]));
                slopes.chain(intercepts).collect()
            }
            _ => {
                let c = mean(priors.logit_c, -1.5);
                let lower = matches!(self, Self::ThreeParameter | Self::FourParameter);
                let upper = self == Self::FourParameter;
                let floor = if lower { logistic_pair(c).0 } else { 0.0 };
                let known = ((shares[1] - floor) / (1.0 - floor)).clamp(0.03, 0.97);
                let intercept = priors.b.map_or(1.2 * logit(known), |b| {
                    0.5 * (1.2 * logit(known)) - 0.5 * slope * b.mean
                });
                let asymptote = |there: bool, value, none| if there { value } else { none };
                vec![
                    slope,
                    intercept,
                    asymptote(lower, c, f64::NEG_INFINITY),
                    asymptote(upper, mean(priors.logit_d, 4.0), f64::INFINITY),
                ]
            }
        }
    }

    /// Whether coordinates describe an item: finite where free, thresholds in order.
    pub(super) fn is_valid(self, x: &[f64]) -> bool {
        let ordered = self != Self::Graded || x[1..].windows(2).all(|pair| pair[0] > pair[1]);
        ordered && x.iter().all(|value| !value.is_nan())
    }

    /// Whether a coordinate is the logit of an asymptote.
    pub(super) fn is_asymptote(self, index: usize) -> bool {
        self.is_logistic() && index > 1
    }

    /// The largest value of a coordinate that the algorithm works with, either side of 0.
    pub(super) fn edge(self, index: usize, categories: usize) -> f64 {
        match (self, index) {
            (Self::Nominal, _) if index < categories - 1 => SLOPE_MAX,
            (_, 0) => SLOPE_MAX,
            _ if self.is_asymptote(index) => LOGIT_MAX,
            _ => INTERCEPT_MAX,
        }
    }

    /// Takes coordinates back into the box in which the algorithm works; whether a slope or an
    /// intercept had to be. An asymptote at its edge is an estimate: there is none.
    pub(super) fn clamp(self, x: &mut [f64], categories: usize) -> bool {
        let mut clamped = false;
        let free = self.free(categories);
        for (index, value) in x.iter_mut().enumerate().filter(|(index, _)| free[*index]) {
            let most = self.edge(index, categories);
            if value.abs() > most {
                *value = value.clamp(-most, most);
                clamped |= !self.is_asymptote(index);
            }
        }
        clamped
    }

    /// ln P of every category at θ.
    pub(super) fn log_probabilities(self, x: &[f64], theta: f64, out: &mut [f64]) {
        match self {
            Self::Graded => {
                for (k, value) in out.iter_mut().enumerate() {
                    let (upper, lower) = graded_bounds(x, theta, k);
                    *value = log_at(upper) + log_at(-lower) + log1m_exp(graded_gap(x, k));
                }
            }
            Self::Rasch | Self::TwoParameter => {
                let z = x[0] * theta + x[1];
                (out[0], out[1]) = (log_logistic(-z), log_logistic(z));
            }
            Self::ThreeParameter | Self::FourParameter => {
                let (wrong, right) = asymptotic(x, theta);
                (out[0], out[1]) = (libm::log(wrong), libm::log(right));
            }
            _ => {
                predictors(self, x, theta, out);
                let largest = out.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let sum = out.iter().fold(0.0, |sum, z| sum + libm::exp(z - largest));
                let normaliser = largest + libm::log(sum);
                out.iter_mut().for_each(|z| *z -= normaliser);
            }
        }
    }

    /// P of every category, and ∂ln P_k/∂x_j at `score[k · size + j]`.
    pub(super) fn derivatives(self, x: &[f64], theta: f64, p: &mut [f64], score: &mut [f64]) {
        match self {
            Self::Graded => graded_derivatives(x, theta, p, score),
            Self::Nominal | Self::PartialCredit | Self::GeneralizedPartialCredit => {
                categorical_derivatives(self, x, theta, p, score);
            }
            _ => logistic_derivatives(x, theta, p, score),
        }
    }

    /// Parameters as people read them.
    pub fn parameters(self, x: &[f64]) -> Parameters {
        match self {
            Self::Nominal => {
                let (a, c) = x.split_at(x.len() / 2);
                Parameters { a: a.to_vec(), b: c.to_vec(), c: 0.0, d: 1.0 }
            }
            _ => {
                let (c, d) = if self.is_logistic() {
                    (logistic_pair(x[2]).0, logistic_pair(x[3]).0)
                } else {
                    (0.0, 1.0)
                };
                let b = self.difficulties(x).map(|(b, _)| b).collect();
                Parameters { a: vec![x[0]], b, c, d }
            }
        }
    }

    /// Each difficulty b with its gradient in the coordinates, for all but the nominal model.
    pub(super) fn difficulties(self, x: &[f64]) -> impl Iterator<Item = (f64, Vec<f64>)> + '_ {
        let steps = if self.is_logistic() { 1 } else { x.len() - 1 };
        let partial_credit = matches!(self, Self::PartialCredit | Self::GeneralizedPartialCredit);
        (1..=steps).map(move |k| {
            let before = if partial_credit && k > 1 { x[k - 1] } else { 0.0 };
            let b = -(x[k] - before) / x[0];
            let mut gradient = vec![0.0; x.len()];
            gradient[0] = -b / x[0];
            gradient[k] = -1.0 / x[0];
            if partial_credit && k > 1 {
                gradient[k - 1] = 1.0 / x[0];
            }
            (b, gradient)
        })
    }

    /// The coordinates of a model, if it is of this family.
    pub fn coordinates(self, model: &ItemModel) -> Option<Vec<f64>> {
        match (self, model) {
            (_, ItemModel::Logistic(item)) if self.is_logistic() => {
                let intercept = -item.discrimination() * item.difficulty();
                let asymptotes = (logit(item.lower()), logit(item.upper()));
                Some(vec![item.discrimination(), intercept, asymptotes.0, asymptotes.1])
            }
            (Self::Graded, ItemModel::Graded(item)) => {
                let a = item.discrimination();
                Some(std::iter::once(a).chain(item.thresholds().iter().map(|b| -a * b)).collect())
            }
            (
                Self::PartialCredit | Self::GeneralizedPartialCredit,
                ItemModel::GeneralizedPartialCredit(item),
            ) => {
                let intercepts = item.categorical().intercepts()[1..].iter().copied();
                Some(std::iter::once(item.discrimination()).chain(intercepts).collect())
            }
            (Self::Nominal, ItemModel::Nominal(item)) => {
                Some([&item.slopes()[1..], &item.intercepts()[1..]].concat())
            }
            _ => None,
        }
    }

    /// The item that the coordinates describe.
    ///
    /// # Errors
    /// A slope that is not positive, thresholds out of order: nothing that can be administered.
    pub fn model(self, x: &[f64]) -> Result<ItemModel, ModelError> {
        let parameters = self.parameters(x);
        let Parameters { a, b, c, d } = parameters;
        match self {
            Self::Graded => ItemModel::graded(a[0], b),
            Self::PartialCredit | Self::GeneralizedPartialCredit => {
                ItemModel::generalized_partial_credit(a[0], b)
            }
            Self::Nominal => ItemModel::nominal(a, b),
            _ => ItemModel::logistic(a[0], b[0], c, d),
        }
    }
}

impl Priors {
    /// ln of the priors' density at an item's coordinates, constants included.
    pub(super) fn log_density(&self, family: Family, x: &[f64]) -> f64 {
        let mut sum = 0.0;
        if family != Family::Nominal {
            if let (Some(prior), true) = (self.log_a, has_free_slope(family)) {
                sum += prior.log_density(libm::log(x[0]));
            }
            if let Some(prior) = self.b {
                sum += family.difficulties(x).map(|(b, _)| prior.log_density(b)).sum::<f64>();
            }
        }
        for (index, prior) in self.asymptotes(family) {
            sum += prior.log_density(x[index]);
        }
        sum
    }

    fn asymptotes(&self, family: Family) -> impl Iterator<Item = (usize, NormalPrior)> {
        let lower = matches!(family, Family::ThreeParameter | Family::FourParameter);
        let upper = family == Family::FourParameter;
        let c = self.logit_c.filter(|_| lower).map(|prior| (2, prior));
        let d = self.logit_d.filter(|_| upper).map(|prior| (3, prior));
        c.into_iter().chain(d)
    }

    /// Adds the gradient of ln density, and Σ (gradient of a parameter)²/variance to the matrix
    /// whose rows are `size` long: the curvature without the second derivatives of a parameter.
    pub(super) fn add_derivatives(
        &self,
        family: Family,
        x: &[f64],
        gradient: &mut [f64],
        curvature: &mut [f64],
    ) {
        let size = x.len();
        let mut add = |prior: NormalPrior, value: f64, direction: &[f64]| {
            for i in 0..size {
                gradient[i] += prior.slope(value) * direction[i];
                for j in 0..size {
                    curvature[i * size + j] += direction[i] * direction[j] / (prior.sd * prior.sd);
                }
            }
        };
        let unit = |index: usize, length: f64| {
            let mut direction = vec![0.0; size];
            direction[index] = length;
            direction
        };
        if family != Family::Nominal {
            if let (Some(prior), true) = (self.log_a, has_free_slope(family)) {
                add(prior, libm::log(x[0]), &unit(0, 1.0 / x[0]));
            }
            if let Some(prior) = self.b {
                family.difficulties(x).for_each(|(b, direction)| add(prior, b, &direction));
            }
        }
        for (index, prior) in self.asymptotes(family) {
            add(prior, x[index], &unit(index, 1.0));
        }
    }
}

fn has_free_slope(family: Family) -> bool {
    !matches!(family, Family::Rasch | Family::PartialCredit | Family::Nominal)
}

/// P(wrong) and P(right) with asymptotes, each a sum of positive terms.
fn asymptotic(x: &[f64], theta: f64) -> (f64, f64) {
    let (s, rest) = logistic_pair(x[0] * theta + x[1]);
    let ((c, c_rest), (u, u_rest)) = (logistic_pair(x[2]), logistic_pair(x[3]));
    (c_rest * rest + u_rest * s, c * rest + u * s)
}

/// ∂P(right)/∂z = (u − c)s(1 − s), /∂logit c = c(1 − c)(1 − s), /∂logit u = u(1 − u)s.
fn logistic_derivatives(x: &[f64], theta: f64, p: &mut [f64], score: &mut [f64]) {
    let (s, rest) = logistic_pair(x[0] * theta + x[1]);
    let ((c, c_rest), (u, u_rest)) = (logistic_pair(x[2]), logistic_pair(x[3]));
    (p[0], p[1]) = (c_rest * rest + u_rest * s, c * rest + u * s);
    let plain = c == 0.0 && u_rest == 0.0;
    let by_z = (u - c) * s * rest;
    let (right, wrong) = if plain { (rest, -s) } else { (by_z / p[1], -by_z / p[0]) };
    let (by_c, by_u) = (c * c_rest * rest, u * u_rest * s);
    score[..4].copy_from_slice(&[theta * wrong, wrong, -by_c / p[0], -by_u / p[0]]);
    score[4..8].copy_from_slice(&[theta * right, right, by_c / p[1], by_u / p[1]]);
}

/// aθ + d at the boundary below and above a category; ∞ and −∞ beyond the ends.
fn graded_bounds(x: &[f64], theta: f64, k: usize) -> (f64, f64) {
    let z = |index: usize| x[0] * theta + x[index];
    let below = if k == 0 { f64::INFINITY } else { z(k) };
    let above = if k + 1 == x.len() { f64::NEG_INFINITY } else { z(k + 1) };
    (below, above)
}

/// d_{k+1} − d_k, the logarithm of the second factor's complement; −∞ at the ends.
fn graded_gap(x: &[f64], k: usize) -> f64 {
    if k == 0 || k + 1 == x.len() { f64::NEG_INFINITY } else { x[k + 1] - x[k] }
}

fn log_at(z: f64) -> f64 {
    if z == f64::INFINITY { 0.0 } else { log_logistic(z) }
}

/// With s = σ(below), u = σ(above): P = s(1 − u)(1 − e^gap), ∂ln P/∂d_k = (1 − s)/((1 − u)(1 − e^gap)),
/// ∂ln P/∂d_{k+1} = −u/(s(1 − e^gap)); their sum is 1 − s − u, times θ the derivative in a.
fn graded_derivatives(x: &[f64], theta: f64, p: &mut [f64], score: &mut [f64]) {
    let size = x.len();
    score.fill(0.0);
    for k in 0..size {
        let (below, above) = graded_bounds(x, theta, k);
        let ((s, s_rest), (u, u_rest)) = (logistic_pair(below), logistic_pair(above));
        let gap = -libm::expm1(graded_gap(x, k));
        p[k] = s * u_rest * gap;
        let row = &mut score[k * size..(k + 1) * size];
        row[0] = theta * (s_rest - u);
        if k > 0 {
            row[k] = s_rest / (u_rest * gap);
        }
        if k + 1 < size {
            row[k + 1] = -u / (s * gap);
        }
    }
}

/// The predictors of models whose categories compete, category 0 the reference.
fn predictors(family: Family, x: &[f64], theta: f64, out: &mut [f64]) {
    let steps = out.len() - 1;
    out[0] = 0.0;
    for k in 1..=steps {
        out[k] = match family {
            Family::Nominal => x[k - 1] * theta + x[steps + k - 1],
            _ => x[0] * theta * k as f64 + x[k],
        };
    }
}

/// ∂ln P_k/∂z_j = [j = k] − P_j; slopes get θ times that, or Σ_j j θ of it for one slope.
fn categorical_derivatives(
    family: Family,
    x: &[f64],
    theta: f64,
    p: &mut [f64],
    score: &mut [f64],
) {
    let (categories, size) = (p.len(), x.len());
    family.log_probabilities(x, theta, p);
    p.iter_mut().for_each(|value| *value = libm::exp(*value));
    let mean = (1..categories).fold(0.0, |sum, k| sum + k as f64 * p[k]);
    for k in 0..categories {
        let row = &mut score[k * size..(k + 1) * size];
        for j in 1..categories {
            let by_z = f64::from(u8::from(j == k)) - p[j];
            match family {
                Family::Nominal => {
                    row[j - 1] = theta * by_z;
                    row[categories - 2 + j] = by_z;
                }
                _ => row[j] = by_z,
            }
        }
        if family != Family::Nominal {
            row[0] = theta * (k as f64 - mean);
        }
    }
}
