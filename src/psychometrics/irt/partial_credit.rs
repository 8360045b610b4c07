//! Models whose categories compete: the nominal model and, as its ordered special case, the
//! (generalized) partial credit model. Probabilities are ratios of exponentials whose largest is
//! taken out first; nothing overflows.

use super::error::{all_finite, discrimination};
use super::{LogDerivatives, ModelError};

/// P_k ∝ exp(a_k θ + c_k) with a_0 = c_0 = 0 (Bock, 1972, *Psychometrika* 37, 29–51).
#[derive(Debug, Clone, PartialEq)]
pub struct Categorical {
    /// a_k of every category, the reference included.
    slopes: Vec<f64>,
    /// c_k of every category, the reference included.
    intercepts: Vec<f64>,
}

impl Categorical {
    /// A nominal item from the slopes and intercepts of categories 1, 2, ….
    ///
    /// # Errors
    /// A number that is not finite, no categories, lists of different lengths.
    pub fn nominal(slopes: Vec<f64>, intercepts: Vec<f64>) -> Result<Self, ModelError> {
        if slopes.len() != intercepts.len() {
            let (slopes, intercepts) = (slopes.len(), intercepts.len());
            return Err(ModelError::Unpaired { slopes, intercepts });
        }
        if slopes.is_empty() {
            return Err(ModelError::TooFewCategories);
        }
        all_finite("a", &slopes)?;
        all_finite("c", &intercepts)?;
        let with_reference = |values: Vec<f64>| std::iter::once(0.0).chain(values).collect();
        Ok(Self { slopes: with_reference(slopes), intercepts: with_reference(intercepts) })
    }

    /// Number of categories, the reference included.
    #[inline]
    pub fn categories(&self) -> usize {
        self.slopes.len()
    }

    /// The slopes a_0 = 0, a_1, ….
    pub fn slopes(&self) -> &[f64] {
        &self.slopes
    }

    /// The intercepts c_0 = 0, c_1, ….
    pub fn intercepts(&self) -> &[f64] {
        &self.intercepts
    }

    #[inline]
    fn predictor(&self, theta: f64, category: usize) -> f64 {
        self.slopes[category] * theta + self.intercepts[category]
    }

    /// The largest predictor and Σ_k e^(predictor − largest).
    #[inline]
    fn normaliser(&self, theta: f64) -> (f64, f64) {
        let largest = (0..self.categories())
            .fold(f64::NEG_INFINITY, |largest, k| largest.max(self.predictor(theta, k)));
        let sum = (0..self.categories())
            .fold(0.0, |sum, k| sum + libm::exp(self.predictor(theta, k) - largest));
        (largest, sum)
    }

    /// P_k(θ).
    #[inline]
    pub fn probability(&self, theta: f64, category: usize) -> f64 {
        let (largest, sum) = self.normaliser(theta);
        libm::exp(self.predictor(theta, category) - largest) / sum
    }

    pub(super) fn probabilities(&self, theta: f64, out: &mut [f64]) {
        let (largest, sum) = self.normaliser(theta);
        for (category, value) in out.iter_mut().enumerate() {
            *value = libm::exp(self.predictor(theta, category) - largest) / sum;
        }
    }

    /// ln P_k(θ).
    #[inline]
    pub fn log_probability(&self, theta: f64, category: usize) -> f64 {
        let (largest, sum) = self.normaliser(theta);
        (self.predictor(theta, category) - largest) - libm::log(sum)
    }

    /// ln P and its derivatives: ℓ′ = a_k − E(a) and ℓ″ = −Var(a), the same for every category.
    #[inline]
    pub fn log_derivatives(&self, theta: f64, category: usize) -> LogDerivatives {
        let (largest, sum) = self.normaliser(theta);
        let weight = |k: usize| libm::exp(self.predictor(theta, k) - largest) / sum;
        // Slopes are measured from this category's: where it is nearly certain, E[a] − a_k is
        // a sum of tiny terms that a difference of two large numbers would lose.
        let from_here = |k: usize| self.slopes[k] - self.slopes[category];
        let mean = (0..self.categories()).fold(0.0, |mean, k| mean + weight(k) * from_here(k));
        let variance = (0..self.categories()).fold(0.0, |variance, k| {
            let deviation = from_here(k) - mean;
            variance + weight(k) * deviation * deviation
        });
        LogDerivatives {
            log_probability: self.log_probability(theta, category),
            first: -mean,
            second: -variance,
        }
    }
}

/// P_k ∝ exp Σ_{v≤k} a(θ − b_v) (Muraki, 1992, *Appl. Psychol. Meas.* 16, 159–176; Masters, 1982,
/// for a = 1). The steps need not be in order.
#[derive(Debug, Clone, PartialEq)]
pub struct PartialCredit {
    a: f64,
    steps: Vec<f64>,
    categorical: Categorical,
}

impl PartialCredit {
    /// An item from its discrimination and its step difficulties.
    ///
    /// # Errors
    /// A number that is not finite, a ≤ 0, no steps.
    pub fn new(a: f64, steps: Vec<f64>) -> Result<Self, ModelError> {
        let a = discrimination(a)?;
        all_finite("b", &steps)?;
        let slopes = (1..=steps.len()).map(|k| a * k as f64).collect();
        let mut intercept = 0.0;
        let intercepts = steps
            .iter()
            .map(|step| {
                intercept -= a * step;
                intercept
            })
            .collect();
        let categorical = Categorical::nominal(slopes, intercepts)?;
        Ok(Self { a, steps, categorical })
    }

    /// The discrimination a > 0.
    pub fn discrimination(&self) -> f64 {
        self.a
    }

    /// The step difficulties b_1, ….
    pub fn steps(&self) -> &[f64] {
        &self.steps
    }

    /// The same item as slopes ak and intercepts −a Σ_{v≤k} b_v.
    #[inline]
    pub fn categorical(&self) -> &Categorical {
        &self.categorical
    }
}
