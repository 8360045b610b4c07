//! Item response models: the probability of each score of an item at an ability, its derivatives
//! and its information. An item here is only numbers; it knows no text, no key and no estimate of
//! anybody's ability.
//!
//! Every model reduces to one triple a category, ln P, ∂ln P/∂θ and ∂²ln P/∂θ², from which all
//! else follows; each model computes it in a form that loses nothing for |a(θ − b)| ≤ 700.
//!
//! ```
//! use gradus::psychometrics::irt::ItemModel;
//! let item = ItemModel::logistic(1.5, 0.5, 0.2, 1.0)?;
//! assert!((item.probability(0.5, 1) - 0.6).abs() < 1e-15);
//! assert!((item.information(0.5) - 0.375).abs() < 1e-12);
//! # Ok::<(), gradus::psychometrics::irt::ModelError>(())
//! ```

mod error;
mod graded;
mod logistic;
mod multidimensional;
mod partial_credit;

pub use error::ModelError;
pub use graded::Graded;
pub use logistic::Logistic;
pub use multidimensional::Multidimensional;
pub use partial_credit::{Categorical, PartialCredit};

/// The metric constant D for which a normal ogive is nearest to a logistic curve (Camilli, 1994,
/// *J. Educ. Behav. Stat.* 19, 293–295: 1.702 minimises the largest difference). Everything here
/// is in the logistic metric, D = 1; a caller whose slopes are in the normal metric scales them
/// with [`ItemModel::scaled`].
pub const NORMAL_METRIC: f64 = 1.702;

/// ln P and its first two derivatives in θ, for one category of one item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogDerivatives {
    /// ln P(θ).
    pub log_probability: f64,
    /// ∂ ln P/∂θ.
    pub first: f64,
    /// ∂² ln P/∂θ².
    pub second: f64,
}

/// A validated item response model. Scores are 0, 1, …, `categories() − 1`. Large models are boxed:
/// a bank of a million logistic items should not take their room.
#[derive(Debug, Clone, PartialEq)]
pub enum ItemModel {
    /// Right or wrong: the one- to four-parameter logistic models.
    Logistic(Logistic),
    /// Ordered scores by Samejima's graded response model.
    Graded(Graded),
    /// Ordered scores by Muraki's generalized partial credit model (Masters's for a = 1).
    GeneralizedPartialCredit(Box<PartialCredit>),
    /// Unordered categories by Bock's nominal model.
    Nominal(Box<Categorical>),
}

impl ItemModel {
    /// The four-parameter logistic model; c = 0 and d = 1 make it the two-parameter one.
    ///
    /// # Errors
    /// A number that is not finite, a ≤ 0, c or d outside [0, 1], c ≥ d.
    pub fn logistic(a: f64, b: f64, c: f64, d: f64) -> Result<Self, ModelError> {
        Ok(Self::Logistic(Logistic::new(a, b, c, d)?))
    }

    /// The graded response model: P(X ≥ k) = σ(a(θ − b_k)).
    ///
    /// # Errors
    /// A number that is not finite, a ≤ 0, no thresholds, thresholds that do not increase.
    ///
    /// ```
    /// use gradus::psychometrics::irt::ItemModel;
    /// let item = ItemModel::graded(1.2, vec![-1.0, 0.0, 1.5])?;
    /// assert!((item.probability(0.3, 2) - 0.397495).abs() < 5e-7);
    /// assert!((item.information(0.3) - 0.437552).abs() < 5e-7);
    /// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
    /// ```
    pub fn graded(a: f64, thresholds: Vec<f64>) -> Result<Self, ModelError> {
        Ok(Self::Graded(Graded::new(a, thresholds)?))
    }

    /// The generalized partial credit model: P_k ∝ exp Σ_{v≤k} a(θ − b_v).
    ///
    /// # Errors
    /// A number that is not finite, a ≤ 0, no steps.
    ///
    /// ```
    /// use gradus::psychometrics::irt::ItemModel;
    /// let item = ItemModel::generalized_partial_credit(1.2, vec![-1.0, 0.0, 1.5])?;
    /// assert!((item.probability(0.3, 2) - 0.480489).abs() < 5e-7);
    /// assert!((item.information(0.3) - 0.863423).abs() < 5e-7);
    /// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
    /// ```
    pub fn generalized_partial_credit(a: f64, steps: Vec<f64>) -> Result<Self, ModelError> {
        Ok(Self::GeneralizedPartialCredit(Box::new(PartialCredit::new(a, steps)?)))
    }

    /// The nominal model: P_k ∝ exp(a_k θ + c_k), category 0 the reference with a_0 = c_0 = 0.
    /// The lists begin with category 1.
    ///
    /// # Errors
    /// A number that is not finite, no categories, lists of different lengths.
    ///
    /// ```
    /// use gradus::psychometrics::irt::ItemModel;
    /// let item = ItemModel::nominal(vec![1.0, 2.0], vec![0.0, 0.0])?;
    /// assert!((item.probability(0.0, 1) - 1.0 / 3.0).abs() < 1e-15);
    /// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
    /// ```
    pub fn nominal(slopes: Vec<f64>, intercepts: Vec<f64>) -> Result<Self, ModelError> {
        Ok(Self::Nominal(Box::new(Categorical::nominal(slopes, intercepts)?)))
    }

    /// The same item with its discrimination times D, for slopes that were estimated in another
    /// metric. The nominal model has no discrimination and stays as it is.
    ///
    /// # Errors
    /// D is not positive and finite, or the product is not.
    ///
    /// ```
    /// use gradus::psychometrics::irt::{ItemModel, NORMAL_METRIC};
    /// let item = ItemModel::logistic(1.0, 0.0, 0.0, 1.0)?.scaled(NORMAL_METRIC)?;
    /// assert_eq!(item, ItemModel::logistic(1.702, 0.0, 0.0, 1.0)?);
    /// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
    /// ```
    pub fn scaled(&self, metric: f64) -> Result<Self, ModelError> {
        match self {
            Self::Logistic(item) => {
                let a = metric * item.discrimination();
                Self::logistic(a, item.difficulty(), item.lower(), item.upper())
            }
            Self::Graded(item) => {
                Self::graded(metric * item.discrimination(), item.thresholds().to_vec())
            }
            Self::GeneralizedPartialCredit(item) => {
                let a = metric * item.discrimination();
                Self::generalized_partial_credit(a, item.steps().to_vec())
            }
            Self::Nominal(_) => Ok(self.clone()),
        }
    }

    /// The logistic item inside, if it is one.
    pub fn as_logistic(&self) -> Option<&Logistic> {
        match self {
            Self::Logistic(item) => Some(item),
            _ => None,
        }
    }

    /// Whether ln P is concave in θ for every category, so that a likelihood of such items has
    /// at most one maximum: all models but those with a lower or an upper asymptote.
    ///
    /// ```
    /// use gradus::psychometrics::irt::ItemModel;
    /// assert!(ItemModel::logistic(1.0, 0.0, 0.0, 1.0)?.is_log_concave());
    /// assert!(!ItemModel::logistic(1.0, 0.0, 0.2, 1.0)?.is_log_concave());
    /// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
    /// ```
    pub fn is_log_concave(&self) -> bool {
        match self {
            Self::Logistic(item) => item.lower() == 0.0 && item.upper() == 1.0,
            Self::Graded(_) | Self::GeneralizedPartialCredit(_) | Self::Nominal(_) => true,
        }
    }

    /// Number of categories, at least two.
    #[inline]
    pub fn categories(&self) -> usize {
        match self {
            Self::Logistic(_) => 2,
            Self::Graded(item) => item.thresholds().len() + 1,
            Self::GeneralizedPartialCredit(item) => item.categorical().categories(),
            Self::Nominal(item) => item.categories(),
        }
    }

    /// P(X = category | θ).
    #[inline]
    pub fn probability(&self, theta: f64, category: usize) -> f64 {
        debug_assert!(category < self.categories());
        match self {
            Self::Logistic(item) => item.probability(theta, category),
            Self::Graded(item) => item.probability(theta, category),
            Self::GeneralizedPartialCredit(item) => item.categorical().probability(theta, category),
            Self::Nominal(item) => item.probability(theta, category),
        }
    }

    /// ln P(X = category | θ), finite wherever |a(θ − b)| ≤ 700.
    #[inline]
    pub fn log_probability(&self, theta: f64, category: usize) -> f64 {
        debug_assert!(category < self.categories());
        match self {
            Self::Logistic(item) => item.log_probability(theta, category),
            Self::Graded(item) => item.log_probability(theta, category),
            Self::GeneralizedPartialCredit(item) => {
                item.categorical().log_probability(theta, category)
            }
            Self::Nominal(item) => item.log_probability(theta, category),
        }
    }

    /// The probabilities of all categories, into a slice as long as there are categories.
    pub fn probabilities(&self, theta: f64, out: &mut [f64]) {
        debug_assert_eq!(out.len(), self.categories());
        match self {
            Self::Logistic(item) => item.probabilities(theta, out),
            Self::Graded(item) => item.probabilities(theta, out),
            Self::GeneralizedPartialCredit(item) => item.categorical().probabilities(theta, out),
            Self::Nominal(item) => item.probabilities(theta, out),
        }
    }

    /// ln P and its first two derivatives.
    #[inline]
    pub fn log_derivatives(&self, theta: f64, category: usize) -> LogDerivatives {
        debug_assert!(category < self.categories());
        match self {
            Self::Logistic(item) => item.log_derivatives(theta, category),
            Self::Graded(item) => item.log_derivatives(theta, category),
            Self::GeneralizedPartialCredit(item) => {
                item.categorical().log_derivatives(theta, category)
            }
            Self::Nominal(item) => item.log_derivatives(theta, category),
        }
    }

    /// ℓ′ = P′/P alone, the term of a score function.
    #[inline]
    pub fn log_slope(&self, theta: f64, category: usize) -> f64 {
        match self {
            Self::Logistic(item) => item.log_slope(theta, category),
            _ => self.log_derivatives(theta, category).first,
        }
    }

    /// (P, ∂P/∂θ, ∂²P/∂θ²) of one category: P′ = P ℓ′ and P″ = P(ℓ″ + ℓ′²), ℓ = ln P.
    ///
    /// ```
    /// use gradus::psychometrics::irt::ItemModel;
    /// let item = ItemModel::logistic(2.0, 0.0, 0.0, 1.0)?;
    /// assert_eq!(item.derivatives(0.0, 1), (0.5, 0.5, 0.0));
    /// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
    /// ```
    pub fn derivatives(&self, theta: f64, category: usize) -> (f64, f64, f64) {
        let log = self.log_derivatives(theta, category);
        let p = self.probability(theta, category);
        (p, p * log.first, p * (log.second + log.first * log.first))
    }

    /// Expected (Fisher) information I(θ) = Σ_k P′_k²/P_k = E[ℓ′²] = −E[ℓ″].
    ///
    /// ```
    /// use gradus::psychometrics::irt::ItemModel;
    /// let item = ItemModel::logistic(1.5, 0.5, 0.2, 1.0)?;
    /// for (theta, published) in [(-2.0, 0.004252), (0.0, 0.275545), (2.0, 0.152059)] {
    ///     assert!((item.information(theta) - published).abs() < 5e-7);
    /// }
    /// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
    /// ```
    pub fn information(&self, theta: f64) -> f64 {
        match self {
            Self::Logistic(item) => item.information(theta),
            Self::Graded(_) | Self::GeneralizedPartialCredit(_) | Self::Nominal(_) => {
                (0..self.categories()).fold(0.0, |sum, category| {
                    let slope = self.log_derivatives(theta, category).first;
                    sum + self.probability(theta, category) * slope * slope
                })
            }
        }
    }

    /// Observed information −ℓ″(θ) = (P′/P)² − P″/P of one category; it may be negative where
    /// there is a lower asymptote.
    ///
    /// ```
    /// use gradus::psychometrics::irt::ItemModel;
    /// let guessing = ItemModel::logistic(1.5, 0.5, 0.2, 1.0)?;
    /// assert!(guessing.observed_information(-1.5, 1) < 0.0);
    /// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
    /// ```
    pub fn observed_information(&self, theta: f64, category: usize) -> f64 {
        -self.log_derivatives(theta, category).second
    }

    /// J(θ) = Σ_k P′_k P″_k/P_k = E[ℓ′(ℓ″ + ℓ′²)], the numerator of Warm's bias correction
    /// (Warm, 1989, *Psychometrika* 54, 427–450; for more than two categories Samejima, 1998).
    ///
    /// ```
    /// use gradus::psychometrics::irt::ItemModel;
    /// // 2PL: J = a³ P Q (1 − 2P).
    /// let item = ItemModel::logistic(2.0, 0.0, 0.0, 1.0)?;
    /// let p = item.probability(0.4, 1);
    /// let j = item.warm_numerator(0.4);
    /// assert!((j - 8.0 * p * (1.0 - p) * (1.0 - 2.0 * p)).abs() < 1e-14);
    /// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
    /// ```
    pub fn warm_numerator(&self, theta: f64) -> f64 {
        (0..self.categories()).fold(0.0, |sum, category| {
            let log = self.log_derivatives(theta, category);
            let p = self.probability(theta, category);
            sum + p * log.first * (log.second + log.first * log.first)
        })
    }

    /// The category whose cumulative probability first passes `u` of [0, 1): how a simulated
    /// person answers.
    ///
    /// ```
    /// use gradus::psychometrics::irt::ItemModel;
    /// let item = ItemModel::logistic(1.0, 0.0, 0.0, 1.0).unwrap();
    /// assert_eq!((item.category_at(0.0, 0.49), item.category_at(0.0, 0.51)), (0, 1));
    /// ```
    pub fn category_at(&self, theta: f64, u: f64) -> usize {
        let mut passed = 0.0;
        for category in 0..self.categories() {
            passed += self.probability(theta, category);
            if u < passed {
                return category;
            }
        }
        self.categories() - 1
    }

    /// E[X | θ] = Σ_k k P_k, the expected score.
    ///
    /// ```
    /// use gradus::psychometrics::irt::ItemModel;
    /// let item = ItemModel::nominal(vec![1.0, 2.0], vec![0.0, 0.0])?;
    /// assert!((item.expected_score(0.0) - 1.0).abs() < 1e-15);
    /// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
    /// ```
    pub fn expected_score(&self, theta: f64) -> f64 {
        (1..self.categories()).fold(0.0, |sum, k| sum + k as f64 * self.probability(theta, k))
    }
}

#[cfg(test)]
mod tests;
