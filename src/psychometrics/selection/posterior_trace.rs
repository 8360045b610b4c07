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
use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::numeric::quadrature::gauss_hermite_15;

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
