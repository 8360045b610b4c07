//! Samejima's graded response model. Never subtracts two nearly equal probabilities.

use super::error::{all_finite, discrimination};
use super::{LogDerivatives, ModelError};
use crate::psychometrics::numeric::special::{log_logistic, log1m_exp, logistic_pair};

/// P(X ≥ k) = σ(a(θ − b_k)), k = 1 … m, b_1 < … < b_m (Samejima, 1969, *Psychometrika Monograph*
/// 17).
#[derive(Debug, Clone, PartialEq)]
pub struct Graded {
    a: f64,
    thresholds: Vec<f64>,
}

impl Graded {
    /// An item from its discrimination and its increasing thresholds.
    ///
    /// # Errors
    /// A number that is not finite, a ≤ 0, no thresholds, thresholds that do not increase.
    pub fn new(a: f64, thresholds: Vec<f64>) -> Result<Self, ModelError> {
        let a = discrimination(a)?;
        if thresholds.is_empty() {
            return Err(ModelError::TooFewCategories);
        }
        all_finite("b", &thresholds)?;
        for (index, pair) in thresholds.windows(2).enumerate() {
            if pair[0] >= pair[1] {
                let (before, value) = (pair[0], pair[1]);
                return Err(ModelError::ThresholdOrder { position: index + 2, before, value });
            }
        }
        Ok(Self { a, thresholds })
    }

    /// The discrimination a > 0.
    pub fn discrimination(&self) -> f64 {
        self.a
    }

    /// The thresholds b_1 < … < b_m.
    pub fn thresholds(&self) -> &[f64] {
        &self.thresholds
    }

    /// a(θ − b) at the lower and the upper threshold of a category; ±∞ beyond the ends.
    #[inline]
    fn bounds(&self, theta: f64, category: usize) -> (f64, f64) {
        let logit = |threshold: &f64| self.a * (theta - threshold);
        let below = category.checked_sub(1).and_then(|k| self.thresholds.get(k));
        let above = self.thresholds.get(category);
        (below.map_or(f64::INFINITY, logit), above.map_or(f64::NEG_INFINITY, logit))
    }

    /// P_k = σ(x) − σ(y) = σ(x)(1 − σ(y))(1 − e^(y−x)): a product, since the difference cancels
    /// in the tails; x − y = a(b_{k+1} − b_k) does not depend on θ.
    #[inline]
    pub fn probability(&self, theta: f64, category: usize) -> f64 {
        let (x, y) = self.bounds(theta, category);
        logistic_pair(x).0 * logistic_pair(y).1 * self.gap(category)
    }

    /// 1 − e^−(a(b_{k+1} − b_k)), and 1 for the first and last category.
    #[inline]
    fn gap(&self, category: usize) -> f64 {
        -libm::expm1(self.log_gap(category))
    }

    #[inline]
    fn log_gap(&self, category: usize) -> f64 {
        match (category.checked_sub(1), self.thresholds.get(category)) {
            (Some(below), Some(above)) => -self.a * (above - self.thresholds[below]),
            _ => f64::NEG_INFINITY,
        }
    }

    pub(super) fn probabilities(&self, theta: f64, out: &mut [f64]) {
        for (category, value) in out.iter_mut().enumerate() {
            *value = self.probability(theta, category);
        }
    }

    /// ln P_k, finite where P_k underflows.
    #[inline]
    pub fn log_probability(&self, theta: f64, category: usize) -> f64 {
        let (x, y) = self.bounds(theta, category);
        log_at(x) + log_at(-y) + log1m_exp(self.log_gap(category))
    }

    /// ln P and its derivatives: with s = σ(x), u = σ(y) at the two thresholds,
    /// ℓ′ = a((1 − s) − u) and ℓ″ = −a²(s(1 − s) + u(1 − u)).
    #[inline]
    pub fn log_derivatives(&self, theta: f64, category: usize) -> LogDerivatives {
        let (x, y) = self.bounds(theta, category);
        let ((s, s_rest), (u, u_rest)) = (logistic_pair(x), logistic_pair(y));
        LogDerivatives {
            log_probability: self.log_probability(theta, category),
            first: self.a * (s_rest - u),
            second: -self.a * self.a * (s * s_rest + u * u_rest),
        }
    }
}

/// ln σ(x), also at ∞.
#[inline]
fn log_at(x: f64) -> f64 {
    if x == f64::INFINITY { 0.0 } else { log_logistic(x) }
}
