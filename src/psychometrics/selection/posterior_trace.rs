//! Choosing among items of many correlated topics: how much would the answer shrink what we care
//! about?
//!
//! For a Gaussian posterior an observation of topic `k` moves the posterior mean along the column
//! `Σe_k`, so the expected fall of the weighted variance `tr(WΣ)` by item `j` is
//! `ΔJ_j = (Σe_k)ᵀ W (Σe_k) · g_j` with `g_j = Σ_x E[P′_x]² / E[P_x]`, expectations over
//! `θ_k ~ N(m_k, Σ_kk)`. For two categories `g_j = E[P′]² / (P̄(1 − P̄))`. This is weighted
//! A-optimality (Segall 1996; van der Linden 1999; Mulder & van der Linden 2009) with the exact
//! predictive expectation in place of the information at a point.
//!
//! This module ranks; it never decides which items may be asked.

use crate::psychometrics::estimation::posterior::Gaussian;
use crate::psychometrics::irt::{Categorical, ItemModel, Logistic};
use crate::psychometrics::numeric::quadrature::gauss_hermite_15;
use crate::psychometrics::numeric::vector::rough_exponential;

/// What the test is to estimate: `W = diag(d) + Σ_r s_r u_r u_rᵀ`.
#[derive(Debug, Clone, PartialEq)]
pub struct Objective {
    /// Weight of each topic's own variance.
    pub diagonal: Vec<f64>,
    /// Directions whose variance matters as such (the general level, a role's contrast).
    pub directions: Vec<Direction>,
}

/// One direction of an [`Objective`].
#[derive(Debug, Clone, PartialEq)]
pub struct Direction {
    /// Weight of the direction's variance.
    pub weight: f64,
    /// The direction, one coefficient a topic.
    pub vector: Vec<f64>,
}

impl Objective {
    /// The default: every topic by its weight in the plan, and their weighted sum, the general
    /// level, as one more thing worth knowing.
    pub fn profile_and_level(weights: &[f64]) -> Self {
        Self {
            diagonal: weights.to_vec(),
            directions: vec![Direction { weight: 1.0, vector: weights.to_vec() }],
        }
    }

    /// `(Σe_k)ᵀ W (Σe_k)`: what one unit of gain on topic `k` is worth.
    pub fn value_of_topic(&self, posterior: &Gaussian, k: usize) -> f64 {
        let column = posterior.column(k);
        let own: f64 = self.diagonal.iter().zip(column).map(|(w, c)| w * c * c).sum();
        let along: f64 = self
            .directions
            .iter()
            .map(|d| {
                let projection: f64 = d.vector.iter().zip(column).map(|(u, c)| u * c).sum();
                d.weight * projection * projection
            })
            .sum();
        own + along
    }
}

/// `g = Σ_x E[P′_x]² / E[P_x]` of an item whose ability is `N(mean, variance)`.
///
/// The variance of the posterior mean of `θ_k` over the item's possible answers is
/// `variance² · g`; its largest value `1/variance` would be perfect knowledge.
///
/// With no spread in the ability this is the expected information:
/// ```
/// use gradus::psychometrics::{irt::ItemModel, selection::posterior_trace::expected_gain};
/// let item = ItemModel::logistic(1.0, 0.0, 0.0, 1.0).unwrap();
/// assert!((expected_gain(&item, 0.0, 1e-12) - 0.25).abs() < 1e-6);
/// ```
pub fn expected_gain(model: &ItemModel, mean: f64, variance: f64) -> f64 {
    let sd = variance.max(0.0).sqrt();
    let mut gain = 0.0;
    for category in 0..model.categories() {
        let (mut probability, mut slope) = (0.0, 0.0);
        for (node, weight) in gauss_hermite_15() {
            let (p, dp, _) = model.derivatives(mean + sd * node, category);
            probability += weight * p;
            slope += weight * dp;
        }
        if probability > f64::MIN_POSITIVE {
            gain += slope * slope / probability;
        }
    }
    gain
}

/// Items with more categories have no [`near_gain`].
const NEAR_CATEGORIES_MAX: usize = 8;
/// The quadrature's points, filled up with one of weight 0.
const NEAR_NODES: usize = 16;

/// The quadrature of [`near_gain`], laid out for vectors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NearRule {
    nodes: [f32; NEAR_NODES],
    weights: [f32; NEAR_NODES],
}

impl NearRule {
    pub(crate) fn new() -> Self {
        let (mut nodes, mut weights) = ([0.0; NEAR_NODES], [0.0; NEAR_NODES]);
        for (at, (node, weight)) in gauss_hermite_15().iter().enumerate() {
            (nodes[at], weights[at]) = (*node as f32, *weight as f32);
        }
        Self { nodes, weights }
    }
}

/// [`expected_gain`] to four digits at least, where it is not below 1e-5; `None` for models that it
/// is not worth while for. In single precision and with other sums it takes a hundredth of the time:
/// enough to say which items cannot be the best, not to say which is.
#[inline(always)]
pub(crate) fn near_gain(rule: &NearRule, model: &ItemModel, mean: f64, sd: f64) -> Option<f64> {
    let near = match model {
        ItemModel::Logistic(item) => near_gain_of_two(rule, item, mean, sd),
        ItemModel::GeneralizedPartialCredit(item) => {
            near_gain_of_many(rule, item.categorical(), mean, sd)?
        }
        ItemModel::Nominal(item) => near_gain_of_many(rule, item, mean, sd)?,
        ItemModel::Graded(_) => return None,
    };
    Some(f64::from(near))
}

/// With P = c + (d − c)σ both expectations follow from those of σ and of σ(1 − σ).
#[inline(always)]
fn near_gain_of_two(rule: &NearRule, item: &Logistic, mean: f64, sd: f64) -> f32 {
    let a = item.discrimination();
    let centre = (a * (mean - item.difficulty())) as f32;
    let spread = (a * sd) as f32;
    let (mut above, mut below, mut slopes) =
        ([0.0; NEAR_NODES], [0.0; NEAR_NODES], [0.0; NEAR_NODES]);
    for node in 0..NEAR_NODES {
        let z = centre + spread * rule.nodes[node];
        let small = rough_exponential(-z.abs());
        let large_part = 1.0 / (1.0 + small);
        let small_part = small * large_part;
        let (s, t) = if z >= 0.0 { (large_part, small_part) } else { (small_part, large_part) };
        above[node] = rule.weights[node] * s;
        below[node] = rule.weights[node] * t;
        slopes[node] = rule.weights[node] * (large_part * small_part);
    }
    let span = (item.upper() - item.lower()) as f32;
    let slope = a as f32 * span * sum(&slopes);
    let right = item.lower() as f32 + span * sum(&above);
    let wrong = (1.0 - item.upper()) as f32 + span * sum(&below);
    slope * slope / right + slope * slope / wrong
}

/// P′_k = P_k Σ_j P_j (a_k − a_j) for categories that compete.
#[inline(always)]
fn near_gain_of_many(rule: &NearRule, item: &Categorical, mean: f64, sd: f64) -> Option<f32> {
    let (slopes, intercepts) = (item.slopes(), item.intercepts());
    let categories = slopes.len();
    if categories > NEAR_CATEGORIES_MAX {
        return None;
    }
    let mut values = [[0.0; NEAR_NODES]; NEAR_CATEGORIES_MAX];
    let mut largest = [f32::NEG_INFINITY; NEAR_NODES];
    for k in 0..categories {
        let centre = (slopes[k] * mean + intercepts[k]) as f32;
        let spread = (slopes[k] * sd) as f32;
        for node in 0..NEAR_NODES {
            let value = centre + spread * rule.nodes[node];
            values[k][node] = value;
            largest[node] = if value > largest[node] { value } else { largest[node] };
        }
    }
    let mut total = [0.0; NEAR_NODES];
    for of_category in &mut values[..categories] {
        for node in 0..NEAR_NODES {
            of_category[node] = rough_exponential(of_category[node] - largest[node]);
            total[node] += of_category[node];
        }
    }
    let mut inverse = [0.0; NEAR_NODES];
    for node in 0..NEAR_NODES {
        inverse[node] = 1.0 / total[node];
    }
    let mut gain = 0.0;
    for k in 0..categories {
        let (mut probabilities, mut changes) = ([0.0; NEAR_NODES], [0.0; NEAR_NODES]);
        for j in 0..categories {
            let apart = (slopes[k] - slopes[j]) as f32;
            for node in 0..NEAR_NODES {
                changes[node] += apart * values[j][node];
            }
        }
        for node in 0..NEAR_NODES {
            probabilities[node] = rule.weights[node] * (values[k][node] * inverse[node]);
            changes[node] *= probabilities[node] * inverse[node];
        }
        let (probability, slope) = (sum(&probabilities), sum(&changes));
        if probability > f32::MIN_POSITIVE {
            gain += slope * slope / probability;
        }
    }
    Some(gain)
}

#[inline(always)]
fn sum(values: &[f32; NEAR_NODES]) -> f32 {
    let mut lanes = [0.0; 8];
    for block in values.as_chunks::<8>().0 {
        for lane in 0..8 {
            lanes[lane] += block[lane];
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};

    #[test]
    fn near_gains_are_near() {
        // Goal: four digits wherever the gain is not below 1e-5, so that screening by them loses
        // nothing. Method: 20,000 seeded items of all kinds, abilities far and near, spreads from
        // none to wide, against the exact gain.
        let rule = NearRule::new();
        let mut random = stream(41, 0, Purpose::Simulee);
        let mut compared = 0;
        for case in 0..20_000 {
            let a = libm::exp(0.7 * standard_normal(&mut random));
            let b = 2.0 * standard_normal(&mut random);
            let steps =
                |n: usize| (0..n).map(|v| b + 0.8 * v as f64 - 0.3 * (v * v) as f64).collect();
            let model = match case % 6 {
                0 => ItemModel::logistic(a, b, 0.0, 1.0),
                1 => ItemModel::logistic(a, b, 0.25, 1.0),
                2 => ItemModel::logistic(a, b, 0.15, 0.95),
                3 => ItemModel::generalized_partial_credit(a, steps(3)),
                4 => ItemModel::generalized_partial_credit(a, steps(7)),
                _ => ItemModel::nominal(vec![a, -a, 2.0 * a], vec![b, 0.1, -b]),
            }
            .unwrap();
            let mean = 2.5 * standard_normal(&mut random);
            let sd = uniform(&mut random) * if case % 7 == 0 { 0.0 } else { 1.5 };
            let near = near_gain(&rule, &model, mean, sd).unwrap();
            let exact = expected_gain(&model, mean, sd * sd);
            if exact >= 1e-5 {
                assert!((near / exact - 1.0).abs() < 1e-4, "{model:?} {mean} {sd}: {near} {exact}");
                compared += 1;
            } else {
                assert!(near < 2e-5, "{model:?} {mean} {sd}: {near} {exact}");
            }
        }
        assert!(compared > 16_000, "{compared}");
    }
}
