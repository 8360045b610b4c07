//! Items that call on several abilities at once: the compensatory logistic models with a slope
//! for every ability. An item of one ability only is the special case with one slope; nothing
//! here knows how abilities are distributed.

use super::error::{all_finite, finite};
use super::{LogDerivatives, Logistic, ModelError};
use crate::psychometrics::numeric::linalg::SymmetricMatrix;

/// P(right) = c + (d − c) σ(aᵀθ + δ), a the slopes and δ the intercept (McKinley & Reckase, 1983;
/// Reckase, 2009, *Multidimensional Item Response Theory*, eq. 4.5, for d = 1). A surplus of one
/// ability makes up for a lack of another.
///
/// Everything depends on θ through η = aᵀθ + δ alone, so all derivatives are those of a curve of
/// one variable times the slopes.
///
/// ```
/// use gradus::psychometrics::irt::Multidimensional;
/// let item = Multidimensional::new(vec![1.0, 0.5], -0.5, 0.2, 1.0)?;
/// assert!((item.probability(&[0.0, 1.0], 1) - 0.6).abs() < 1e-15);
/// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Multidimensional {
    slopes: Vec<f64>,
    intercept: f64,
    curve: Logistic,
}

impl Multidimensional {
    /// An item from its slopes, one an ability, its intercept and its two asymptotes. Slopes may
    /// be negative or zero.
    ///
    /// # Errors
    /// A number that is not finite, only zero slopes, asymptotes outside [0, 1], c ≥ d.
    pub fn new(
        slopes: Vec<f64>,
        intercept: f64,
        lower: f64,
        upper: f64,
    ) -> Result<Self, ModelError> {
        all_finite("a", &slopes)?;
        let intercept = finite("intercept", intercept)?;
        if slopes.iter().all(|slope| *slope == 0.0) {
            return Err(ModelError::NoSlope);
        }
        Ok(Self { slopes, intercept, curve: Logistic::new(1.0, 0.0, lower, upper)? })
    }

    /// Number of abilities.
    pub fn abilities(&self) -> usize {
        self.slopes.len()
    }

    /// The slopes a, one an ability.
    pub fn slopes(&self) -> &[f64] {
        &self.slopes
    }

    /// The intercept δ.
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// The lower asymptote c.
    pub fn lower(&self) -> f64 {
        self.curve.lower()
    }

    /// The upper asymptote d.
    pub fn upper(&self) -> f64 {
        self.curve.upper()
    }

    /// The multidimensional discrimination √(aᵀa) (Reckase & McKinley, 1991): the slope in the
    /// direction in which the item tells most.
    ///
    /// ```
    /// use gradus::psychometrics::irt::Multidimensional;
    /// let item = Multidimensional::new(vec![3.0, 4.0], 10.0, 0.0, 1.0)?;
    /// assert_eq!((item.discrimination(), item.difficulty()), (5.0, -2.0));
    /// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
    /// ```
    pub fn discrimination(&self) -> f64 {
        self.slopes.iter().fold(0.0, |sum, a| sum + a * a).sqrt()
    }

    /// The multidimensional difficulty −δ/√(aᵀa) (Reckase, 1985): how far the steepest point lies
    /// from the origin in that direction.
    pub fn difficulty(&self) -> f64 {
        -self.intercept / self.discrimination()
    }

    /// η = aᵀθ + δ.
    #[inline]
    pub fn linear(&self, theta: &[f64]) -> f64 {
        debug_assert_eq!(theta.len(), self.slopes.len());
        self.slopes.iter().zip(theta).fold(self.intercept, |sum, (a, t)| sum + a * t)
    }

    /// P(category | θ), 1 being right.
    #[inline]
    pub fn probability(&self, theta: &[f64], category: usize) -> f64 {
        self.curve.probability(self.linear(theta), category)
    }

    /// ln P(category | θ), finite wherever |η| ≤ 700.
    #[inline]
    pub fn log_probability(&self, theta: &[f64], category: usize) -> f64 {
        self.curve.log_probability(self.linear(theta), category)
    }

    /// ln P and its first two derivatives in η: the gradient in θ is ℓ′a, the Hessian ℓ″aaᵀ.
    #[inline]
    pub fn log_derivatives(&self, theta: &[f64], category: usize) -> LogDerivatives {
        self.curve.log_derivatives(self.linear(theta), category)
    }

    /// ∂P/∂θ = P′(η) a of one category.
    ///
    /// ```
    /// use gradus::psychometrics::irt::Multidimensional;
    /// let item = Multidimensional::new(vec![2.0, -1.0], 0.0, 0.0, 1.0)?;
    /// assert_eq!(item.gradient(&[0.0, 0.0], 1), [0.5, -0.25]);
    /// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
    /// ```
    pub fn gradient(&self, theta: &[f64], category: usize) -> Vec<f64> {
        let eta = self.linear(theta);
        let slope = self.curve.probability(eta, category) * self.curve.log_slope(eta, category);
        self.slopes.iter().map(|a| slope * a).collect()
    }

    /// P′(η)²/(PQ), the information about η.
    #[inline]
    pub fn information_factor(&self, theta: &[f64]) -> f64 {
        self.curve.information(self.linear(theta))
    }

    /// Fisher's information matrix P′(η)²/(PQ) aaᵀ, of rank one (Segall, 1996, *Psychometrika*
    /// 61, 331–354, eq. 20; for c = 0, d = 1 it is PQ aaᵀ).
    ///
    /// ```
    /// use gradus::psychometrics::irt::Multidimensional;
    /// let item = Multidimensional::new(vec![2.0, 1.0], 0.0, 0.0, 1.0)?;
    /// assert_eq!(item.information(&[0.0, 0.0]).as_slice(), [1.0, 0.5, 0.5, 0.25]);
    /// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
    /// ```
    pub fn information(&self, theta: &[f64]) -> SymmetricMatrix {
        let mut matrix = SymmetricMatrix::zeros(self.abilities());
        self.add_information(theta, &mut matrix);
        matrix
    }

    /// Adds the information matrix at θ to another one.
    pub fn add_information(&self, theta: &[f64], matrix: &mut SymmetricMatrix) {
        matrix.add_outer(self.information_factor(theta), &self.slopes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psychometrics::irt::ItemModel;
    use crate::psychometrics::numeric::tolerance::{DIFFERENCE, RELATIVE};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn one_slope_is_the_model_of_one_ability(
            a in 0.2f64..3.0, b in -3.0f64..3.0, c in 0.0f64..0.3, theta in -4.0f64..4.0,
        ) {
            // Goal: with one slope and intercept −ab, probability and information are those of
            // the logistic model. Method: random items.
            let single = ItemModel::logistic(a, b, c, 1.0).unwrap();
            let item = Multidimensional::new(vec![a], -a * b, c, 1.0).unwrap();
            let information = item.information(&[theta]).get(0, 0);
            prop_assert!((item.probability(&[theta], 1) - single.probability(theta, 1)).abs() < RELATIVE);
            prop_assert!((information - single.information(theta)).abs() < 1e-11);
        }

        #[test]
        fn gradient_and_information_follow_from_the_probability(
            slopes in proptest::collection::vec(-2.0f64..2.0, 3),
            theta in proptest::collection::vec(-2.0f64..2.0, 3),
            intercept in -2.0f64..2.0, c in 0.0f64..0.3,
        ) {
            // Goal: the gradient is the derivative of P, and I = ∇P∇Pᵀ/(PQ). Method: central
            // differences; the definition of Fisher's information.
            prop_assume!(slopes.iter().any(|a| a.abs() > 0.1));
            let item = Multidimensional::new(slopes, intercept, c, 0.98).unwrap();
            let gradient = item.gradient(&theta, 1);
            let information = item.information(&theta);
            let p = item.probability(&theta, 1);
            for k in 0..3 {
                let (mut up, mut down) = (theta.clone(), theta.clone());
                up[k] += 1e-5;
                down[k] -= 1e-5;
                let difference = (item.probability(&up, 1) - item.probability(&down, 1)) / 2e-5;
                prop_assert!((difference - gradient[k]).abs() < DIFFERENCE);
                for j in 0..3 {
                    let definition = gradient[k] * gradient[j] / (p * (1.0 - p));
                    prop_assert!((information.get(k, j) - definition).abs() < 1e-10);
                }
            }
        }
    }

    #[test]
    fn impossible_items_are_refused() {
        // Goal: no item without a slope or with numbers that are none. Method: one of each.
        assert_eq!(Multidimensional::new(vec![0.0, 0.0], 1.0, 0.0, 1.0), Err(ModelError::NoSlope));
        assert!(Multidimensional::new(vec![1.0, f64::NAN], 1.0, 0.0, 1.0).is_err());
        assert!(Multidimensional::new(vec![1.0], f64::INFINITY, 0.0, 1.0).is_err());
        assert!(Multidimensional::new(vec![1.0], 0.0, 0.5, 0.5).is_err());
    }

    #[test]
    fn far_from_the_item_nothing_overflows() {
        // Goal: finite logarithms and derivatives for |η| = 700. Method: both ends, both answers.
        let item = Multidimensional::new(vec![1.0, 1.0], 0.0, 0.0, 1.0).unwrap();
        for theta in [[350.0, 350.0], [-350.0, -350.0]] {
            for category in 0..2 {
                let log = item.log_derivatives(&theta, category);
                assert!(log.log_probability.is_finite() && log.log_probability >= -700.0 - 1e-9);
                assert!(log.first.is_finite() && log.second.is_finite());
            }
        }
    }
}
