//! The posterior mode of several abilities when an item may call on more than one of them. Never
//! chooses items, and never reports a spread that it did not get from the answers and the prior.
//!
//! The log-posterior ℓ(θ) − ½(θ − μ)ᵀΣ⁻¹(θ − μ) is climbed by Newton's method: its Hessian is
//! Σ_j ℓ″_j a_j a_jᵀ − Σ⁻¹, and where lower asymptotes make it indefinite, expected information
//! takes the place of observed (Fisher scoring). Steps are halved until the posterior rises.
//! Without asymptotes it has one maximum; with them the one uphill from μ is found.

use thiserror::Error;

use crate::psychometrics::irt::Multidimensional;
use crate::psychometrics::numeric::linalg::{LinalgError, SymmetricMatrix};
use crate::psychometrics::numeric::tolerance::GRADIENT;

/// Most Newton steps. From the prior's mean it takes about six.
const ITERATIONS_MAX: usize = 100;
/// Most halvings of one step.
const HALVINGS_MAX: usize = 40;

/// A scored answer to an item of several abilities.
#[derive(Debug, Clone, Copy)]
pub struct MultidimensionalAnswer<'a> {
    item: &'a Multidimensional,
    category: usize,
}

/// Why abilities could not be estimated.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum MultivariateError {
    /// A score other than 0 and 1.
    #[error("score {category} of an item that is right (1) or wrong (0)")]
    Category {
        /// The score as given.
        category: usize,
    },
    /// An item, a mean or a starting point has another number of abilities than the prior.
    #[error("{what} has {found} abilities, the prior {expected}")]
    Abilities {
        /// What does not fit.
        what: &'static str,
        /// Its number of abilities.
        found: usize,
        /// The prior's.
        expected: usize,
    },
    /// The prior's covariance is no covariance.
    #[error("the prior's covariance: {0}")]
    Covariance(#[from] LinalgError),
}

impl<'a> MultidimensionalAnswer<'a> {
    /// An answer to an item, right (1) or wrong (0).
    ///
    /// # Errors
    /// Another score.
    pub fn new(item: &'a Multidimensional, category: usize) -> Result<Self, MultivariateError> {
        if category < 2 {
            Ok(Self { item, category })
        } else {
            Err(MultivariateError::Category { category })
        }
    }

    /// The item.
    pub fn item(&self) -> &'a Multidimensional {
        self.item
    }

    /// 1 for right, 0 for wrong.
    pub fn category(&self) -> usize {
        self.category
    }
}

/// A normal prior N(μ, Σ) of several abilities.
#[derive(Debug, Clone, PartialEq)]
pub struct MultivariatePrior {
    mean: Vec<f64>,
    precision: SymmetricMatrix,
}

impl MultivariatePrior {
    /// The prior with mean μ and covariance Σ.
    ///
    /// # Errors
    /// Σ is not positive definite or has another size than μ.
    pub fn new(mean: Vec<f64>, covariance: &SymmetricMatrix) -> Result<Self, MultivariateError> {
        if mean.len() != covariance.size() {
            let (found, expected) = (mean.len(), covariance.size());
            return Err(MultivariateError::Abilities { what: "the mean", found, expected });
        }
        Ok(Self { mean, precision: covariance.inverse()? })
    }

    /// Number of abilities.
    pub fn abilities(&self) -> usize {
        self.mean.len()
    }

    /// The mean μ.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The precision Σ⁻¹: the information that the prior is worth.
    pub fn precision(&self) -> &SymmetricMatrix {
        &self.precision
    }

    /// θ − μ.
    fn centred(&self, theta: &[f64]) -> Vec<f64> {
        theta.iter().zip(&self.mean).map(|(t, m)| t - m).collect()
    }
}

/// How the search for the mode ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ascent {
    /// No slope of the log-posterior is above [`GRADIENT`].
    Converged {
        /// Newton steps made.
        iterations: usize,
    },
    /// No step rises any more, or the steps ran out.
    Stalled {
        /// The largest slope left.
        gradient: f64,
    },
}

/// The posterior mode of several abilities.
#[derive(Debug, Clone, PartialEq)]
pub struct MultivariateEstimate {
    /// The mode.
    pub theta: Vec<f64>,
    /// (I(θ) + Σ⁻¹)⁻¹ with expected information at the mode.
    pub covariance: SymmetricMatrix,
    /// The inverse of the negative Hessian at the mode: observed information in the place of
    /// expected, as mirtCAT reports it. The two differ where there are asymptotes. `None` where
    /// the Hessian is not negative definite: the point is then no strict maximum.
    pub observed_covariance: Option<SymmetricMatrix>,
    /// How the search ended.
    pub ascent: Ascent,
}

impl MultivariateEstimate {
    /// The standard error of ability k: the root of the k-th diagonal cell of the covariance.
    pub fn standard_error(&self, k: usize) -> f64 {
        self.covariance.get(k, k).sqrt()
    }
}

/// Σ_j I_j(θ), the expected information matrix of some items, without any prior.
pub fn information_matrix<'a>(
    items: impl IntoIterator<Item = &'a Multidimensional>,
    theta: &[f64],
) -> SymmetricMatrix {
    let mut matrix = SymmetricMatrix::zeros(theta.len());
    for item in items {
        item.add_information(theta, &mut matrix);
    }
    matrix
}

/// The mode of prior × likelihood (Segall, 1996, *Psychometrika* 61, 331–354, eq. 12 and 24).
///
/// Without answers it is the prior itself:
/// ```
/// use gradus::psychometrics::estimation::multivariate::{MultivariatePrior, posterior_mode};
/// use gradus::psychometrics::numeric::linalg::SymmetricMatrix;
/// let prior = MultivariatePrior::new(vec![0.0; 2], &SymmetricMatrix::equicorrelated(2, 0.5))?;
/// let nothing = posterior_mode(&[], &prior)?;
/// assert_eq!(nothing.theta, [0.0, 0.0]);
/// assert!((nothing.standard_error(1) - 1.0).abs() < 1e-12);
/// # Ok::<(), gradus::psychometrics::estimation::multivariate::MultivariateError>(())
/// ```
///
/// # Errors
/// An item with another number of abilities than the prior, or an information matrix that cannot
/// be inverted.
pub fn posterior_mode(
    answers: &[MultidimensionalAnswer<'_>],
    prior: &MultivariatePrior,
) -> Result<MultivariateEstimate, MultivariateError> {
    for answer in answers {
        let (found, expected) = (answer.item.abilities(), prior.abilities());
        if found != expected {
            return Err(MultivariateError::Abilities { what: "an item", found, expected });
        }
    }
    let mut theta = prior.mean.clone();
    let mut ascent = Ascent::Stalled { gradient: f64::INFINITY };
    for iterations in 0..=ITERATIONS_MAX {
        let slopes = gradient(answers, prior, &theta);
        let steepest = slopes.iter().fold(0.0f64, |most, slope| most.max(slope.abs()));
        if steepest <= GRADIENT {
            ascent = Ascent::Converged { iterations };
            break;
        }
        ascent = Ascent::Stalled { gradient: steepest };
        let step = newton_step(answers, prior, &theta, &slopes)?;
        match uphill(answers, prior, &theta, &step) {
            Some(next) => theta = next,
            None => break,
        }
    }
    let mut information = information_matrix(answers.iter().map(|answer| answer.item), &theta);
    add(&mut information, &prior.precision);
    Ok(MultivariateEstimate {
        covariance: information.inverse()?,
        observed_covariance: observed_precision(answers, prior, &theta).inverse().ok(),
        theta,
        ascent,
    })
}

/// The log-posterior up to a constant.
fn objective(
    answers: &[MultidimensionalAnswer<'_>],
    prior: &MultivariatePrior,
    theta: &[f64],
) -> f64 {
    answers.iter().fold(-0.5 * prior.precision.quadratic_form(&prior.centred(theta)), |sum, a| {
        sum + a.item.log_probability(theta, a.category)
    })
}

/// Σ_j ℓ′_j a_j − Σ⁻¹(θ − μ).
fn gradient(
    answers: &[MultidimensionalAnswer<'_>],
    prior: &MultivariatePrior,
    theta: &[f64],
) -> Vec<f64> {
    let mut slopes: Vec<f64> =
        prior.precision.multiply(&prior.centred(theta)).iter().map(|pull| -pull).collect();
    for answer in answers {
        let first = answer.item.log_derivatives(theta, answer.category).first;
        for (slope, a) in slopes.iter_mut().zip(answer.item.slopes()) {
            *slope += first * a;
        }
    }
    slopes
}

/// The negative Hessian of the log-posterior, Σ⁻¹ − Σ_j ℓ″_j a_j a_jᵀ.
fn observed_precision(
    answers: &[MultidimensionalAnswer<'_>],
    prior: &MultivariatePrior,
    theta: &[f64],
) -> SymmetricMatrix {
    let mut precision = prior.precision.clone();
    for answer in answers {
        let second = answer.item.log_derivatives(theta, answer.category).second;
        precision.add_outer(-second, answer.item.slopes());
    }
    precision
}

/// H⁻¹∇ with the negative Hessian H of the log-posterior where that is positive definite, else
/// with expected information, which always is.
fn newton_step(
    answers: &[MultidimensionalAnswer<'_>],
    prior: &MultivariatePrior,
    theta: &[f64],
    slopes: &[f64],
) -> Result<Vec<f64>, MultivariateError> {
    if let Ok(factor) = observed_precision(answers, prior, theta).cholesky() {
        return Ok(factor.solve(slopes));
    }
    let mut expected = prior.precision.clone();
    for answer in answers {
        answer.item.add_information(theta, &mut expected);
    }
    Ok(expected.cholesky()?.solve(slopes))
}

/// θ + step, the step halved until the log-posterior does not fall; `None` when no step helps.
fn uphill(
    answers: &[MultidimensionalAnswer<'_>],
    prior: &MultivariatePrior,
    theta: &[f64],
    step: &[f64],
) -> Option<Vec<f64>> {
    let here = objective(answers, prior, theta);
    let mut scale = 1.0;
    for _ in 0..HALVINGS_MAX {
        let next: Vec<f64> = theta.iter().zip(step).map(|(t, s)| t + scale * s).collect();
        // Near the maximum a good step may change the last bits of the objective either way.
        if objective(answers, prior, &next) >= here - 1e-12 * (1.0 + here.abs()) {
            return Some(next);
        }
        scale *= 0.5;
    }
    None
}

/// Adds one matrix to another.
fn add(matrix: &mut SymmetricMatrix, other: &SymmetricMatrix) {
    for row in 0..matrix.size() {
        for column in 0..=row {
            matrix.set(row, column, matrix.get(row, column) + other.get(row, column));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psychometrics::estimation::{Answer, Estimator, Method};
    use crate::psychometrics::irt::ItemModel;
    use crate::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};

    #[test]
    fn one_ability_gives_the_mode_of_one_ability() {
        // Goal: with one ability the mode and its error are those of the estimator of one
        // ability. Method: seeded two-parameter answers, both ways.
        let mut random = stream(7, 0, Purpose::Simulee);
        let parameters: Vec<(f64, f64)> =
            (0..15).map(|_| (0.6 + uniform(&mut random), standard_normal(&mut random))).collect();
        let scores: Vec<usize> = (0..15).map(|_| usize::from(uniform(&mut random) < 0.5)).collect();
        let single: Vec<ItemModel> =
            parameters.iter().map(|&(a, b)| ItemModel::logistic(a, b, 0.0, 1.0).unwrap()).collect();
        let many: Vec<Multidimensional> = parameters
            .iter()
            .map(|&(a, b)| Multidimensional::new(vec![a], -a * b, 0.0, 1.0).unwrap())
            .collect();
        let answers: Vec<Answer<'_>> =
            single.iter().zip(&scores).map(|(i, &x)| Answer::new(i, x).unwrap()).collect();
        let expected = Estimator::new(Method::Map).estimate(&answers).unwrap();
        let answers: Vec<MultidimensionalAnswer<'_>> = many
            .iter()
            .zip(&scores)
            .map(|(i, &x)| MultidimensionalAnswer::new(i, x).unwrap())
            .collect();
        let prior = MultivariatePrior::new(vec![0.0], &SymmetricMatrix::identity(1)).unwrap();
        let found = posterior_mode(&answers, &prior).unwrap();
        assert!(matches!(found.ascent, Ascent::Converged { iterations } if iterations < 12));
        assert!((found.theta[0] - expected.theta).abs() < 1e-8);
        assert!((found.standard_error(0) - expected.standard_error).abs() < 1e-8);
    }

    #[test]
    fn the_mode_is_a_maximum_also_with_guessing() {
        // Goal: no neighbour of the mode has a higher posterior, and the search converges, for
        // items with lower asymptotes and odd answers. Method: 40 seeded persons, 12 items of
        // three abilities; steps of .01 along each axis.
        let covariance = SymmetricMatrix::equicorrelated(3, 0.5);
        let prior = MultivariatePrior::new(vec![0.2, 0.0, -0.3], &covariance).unwrap();
        for person in 0..40 {
            let mut random = stream(8, person, Purpose::Simulee);
            let items: Vec<Multidimensional> = (0..12)
                .map(|_| {
                    let slopes = (0..3).map(|_| 2.0 * uniform(&mut random)).collect();
                    let intercept = 2.0 * standard_normal(&mut random);
                    Multidimensional::new(slopes, intercept, 0.25, 1.0).unwrap()
                })
                .collect();
            let answers: Vec<MultidimensionalAnswer<'_>> = items
                .iter()
                .map(|item| {
                    let score = usize::from(uniform(&mut random) < 0.5);
                    MultidimensionalAnswer::new(item, score).unwrap()
                })
                .collect();
            let found = posterior_mode(&answers, &prior).unwrap();
            assert!(matches!(found.ascent, Ascent::Converged { .. }), "person {person}");
            let top = objective(&answers, &prior, &found.theta);
            for k in 0..3 {
                for step in [-0.01, 0.01] {
                    let mut beside = found.theta.clone();
                    beside[k] += step;
                    assert!(objective(&answers, &prior, &beside) < top, "person {person}");
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        // Goal: sizes and scores are checked. Method: one of each fault.
        let item = Multidimensional::new(vec![1.0, 1.0], 0.0, 0.0, 1.0).unwrap();
        assert!(MultidimensionalAnswer::new(&item, 2).is_err());
        let unit = SymmetricMatrix::identity(3);
        assert!(MultivariatePrior::new(vec![0.0; 2], &unit).is_err());
        let prior = MultivariatePrior::new(vec![0.0; 3], &unit).unwrap();
        let answer = MultidimensionalAnswer::new(&item, 1).unwrap();
        let refused = MultivariateError::Abilities { what: "an item", found: 2, expected: 3 };
        assert_eq!(posterior_mode(&[answer], &prior), Err(refused));
        let flat = SymmetricMatrix::equicorrelated(2, 1.0);
        assert!(matches!(
            MultivariatePrior::new(vec![0.0; 2], &flat),
            Err(MultivariateError::Covariance(_))
        ));
    }
}
