//! Is a pattern of answers one that somebody of this ability would give? Two numbers that are
//! near N(0, 1) when it is, and far below zero when it is not. Nothing here judges a person: a
//! flag, its base rate and what may have caused it are the caller's business.

use super::estimation::{Answer, warm_correction};
use super::irt::ItemModel;
use super::numeric::special::x_log_x;

/// How the ability was estimated; the correction of [`lz_star`] depends on it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum EstimatedBy {
    /// Maximum likelihood.
    MaximumLikelihood,
    /// Warm's weighted likelihood.
    WeightedLikelihood,
    /// The mode of the posterior under a normal prior.
    PosteriorMode {
        /// The prior's mean.
        mean: f64,
        /// The prior's standard deviation.
        sd: f64,
    },
}

/// What one answer adds to the two statistics.
struct Terms {
    /// ln P(x) − E ln P.
    residual: f64,
    /// Var ln P.
    variance: f64,
    /// Cov(ln P, ℓ′) = Σ_k P′_k ln P_k, as E ℓ′ = 0.
    covariance: f64,
    /// Var ℓ′ = I(θ).
    information: f64,
}

/// l_z = (l − E l)/√Var l, the standardised log-likelihood at θ (Drasgow, Levine & Williams,
/// 1985, *Br. J. Math. Stat. Psychol.* 38, 67–86, eq. 6–8), for items with any number of
/// categories. `None` where the answers cannot vary. At an estimate of θ from the same answers its
/// spread is below 1: see [`lz_star`].
///
/// Two items of difficulty ∓1 at θ = 0, the easy one right and the hard one wrong: the likeliest
/// pattern, √(2Q/P) above its expectation:
/// ```
/// use gradus::psychometrics::{estimation::Answer, irt::ItemModel, person_fit::lz};
/// let items = [-1.0, 1.0].map(|b| ItemModel::logistic(1.0, b, 0.0, 1.0).unwrap());
/// let answers = [Answer::new(&items[0], 1)?, Answer::new(&items[1], 0)?];
/// let (p, q) = (0.7310585786300049f64, 0.2689414213699951f64);
/// assert!((lz(&answers, 0.0).unwrap() - (2.0 * q / p).sqrt()).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn lz(answers: &[Answer<'_>], theta: f64) -> Option<f64> {
    let (mut residual, mut variance) = (0.0, 0.0);
    for answer in answers {
        let term = terms(answer.model(), answer.category(), theta);
        residual += term.residual;
        variance += term.variance;
    }
    (variance > 0.0).then(|| residual / variance.sqrt())
}

/// l_z*, l_z corrected for the estimation of θ from the same answers (Snijders, 2001,
/// *Psychometrika* 66, 331–342; Magis, Raîche & Béland, 2012, *J. Educ. Behav. Stat.* 37, 57–81;
/// for more than two categories Sinharay, 2016, *Psychometrika* 81, 992–1013):
///
/// l_z* = (Σ(ln P_x − E ln P) + c r₀)/√Σ Var(ln P − c ℓ′), c = Σ Cov(ln P, ℓ′)/Σ I,
///
/// where the estimate solves Σℓ′ + r₀ = 0: r₀ = 0 for maximum likelihood, J/(2I) for Warm's
/// estimate, −(θ − μ)/σ² for the posterior mode. `None` where the answers cannot vary in any other
/// direction than θ itself.
///
/// *Limits.* Asymptotic in the number of answers; in adaptive tests its distribution is narrower
/// and skewed. A prior that decides the estimate leaves no asymptotic claim at all.
///
/// ```
/// use gradus::psychometrics::estimation::{Answer, Estimator, Method};
/// use gradus::psychometrics::irt::ItemModel;
/// use gradus::psychometrics::person_fit::{EstimatedBy, lz_star};
/// let items = [(1.0, -2.0), (1.2, -1.5), (0.8, -1.0), (1.5, -0.5), (1.1, -0.25), (0.9, 0.0),
///     (1.3, 0.5), (1.0, 1.0), (1.4, 1.5), (0.7, 2.0)]
///     .map(|(a, b)| ItemModel::logistic(a, b, 0.0, 1.0).unwrap());
/// // The five easiest wrong, the five hardest right: the published value is −5.956646.
/// let answers: Vec<Answer<'_>> = items.iter().enumerate()
///     .map(|(j, item)| Answer::new(item, usize::from(j >= 5)).unwrap())
///     .collect();
/// let theta = Estimator::new(Method::Map).estimate(&answers)?.theta;
/// let by = EstimatedBy::PosteriorMode { mean: 0.0, sd: 1.0 };
/// assert!((lz_star(&answers, theta, by).unwrap() + 5.956646).abs() < 5e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn lz_star(answers: &[Answer<'_>], theta: f64, by: EstimatedBy) -> Option<f64> {
    let terms: Vec<Terms> =
        answers.iter().map(|answer| terms(answer.model(), answer.category(), theta)).collect();
    let total = |part: fn(&Terms) -> f64| terms.iter().fold(0.0, |sum, term| sum + part(term));
    let information = total(|term| term.information);
    if information <= 0.0 {
        return None;
    }
    let c = total(|term| term.covariance) / information;
    // Var(ln P − cℓ′) = Var ln P − 2c Cov + c²I, summed: the middle terms are 2c·cI.
    let variance = total(|term| term.variance) - c * c * information;
    // Rounding alone may leave a trace where all answers carry the same weight.
    let noise = 1e-12 * total(|term| term.variance);
    let residual = total(|term| term.residual) + c * offset(answers, theta, by, information);
    (variance > noise).then(|| residual / variance.sqrt())
}

/// r₀ of the estimating equation Σℓ′ + r₀ = 0.
fn offset(answers: &[Answer<'_>], theta: f64, by: EstimatedBy, information: f64) -> f64 {
    match by {
        EstimatedBy::MaximumLikelihood => 0.0,
        EstimatedBy::WeightedLikelihood => {
            let numerator =
                answers.iter().fold(0.0, |sum, answer| sum + answer.model().warm_numerator(theta));
            warm_correction(numerator, information)
        }
        EstimatedBy::PosteriorMode { mean, sd } => -(theta - mean) / (sd * sd),
    }
}

fn terms(model: &ItemModel, category: usize, theta: f64) -> Terms {
    let (mut expected, mut square, mut covariance) = (0.0, 0.0, 0.0);
    for k in 0..model.categories() {
        let p = model.probability(theta, k);
        let log = model.log_derivatives(theta, k);
        let p_log_p = x_log_x(p);
        expected += p_log_p;
        square += p_log_p * log.log_probability;
        covariance += p_log_p * log.first;
    }
    Terms {
        residual: model.log_probability(theta, category) - expected,
        variance: (square - expected * expected).max(0.0),
        covariance,
        information: model.information(theta),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psychometrics::estimation::{Estimator, Method};
    use crate::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};

    /// A seeded test of mixed models, and one person's answers to it.
    fn person(number: u64, items: &[ItemModel]) -> Vec<usize> {
        let mut random = stream(5, number, Purpose::Answer);
        let theta = 0.8 * standard_normal(&mut random);
        items.iter().map(|item| item.category_at(theta, uniform(&mut random))).collect()
    }

    fn mixed_test() -> Vec<ItemModel> {
        let mut random = stream(4, 0, Purpose::Simulee);
        (0..60)
            .map(|j| {
                let (a, b) = (0.7 + uniform(&mut random), 1.2 * standard_normal(&mut random));
                if j % 3 == 0 {
                    ItemModel::graded(a, vec![b - 0.7, b + 0.7]).unwrap()
                } else {
                    ItemModel::logistic(a, b, 0.1 * (j % 2) as f64, 1.0).unwrap()
                }
            })
            .collect()
    }

    #[test]
    fn the_corrected_statistic_is_near_standard_normal() {
        // Goal: over honest people, l_z* at the estimate has mean near 0 and spread near 1, and
        // its spread is closer to 1 than that of l_z. Method: 1,500 simulees, 60 mixed items;
        // Monte-Carlo error of a spread of 1 is 1/√3000 = .018.
        let items = mixed_test();
        let estimator = Estimator::new(Method::WeightedLikelihood);
        let n = 1_500;
        let mut sums = [[0.0f64; 2]; 2];
        for number in 0..n {
            let scores = person(number, &items);
            let answers: Vec<Answer<'_>> =
                items.iter().zip(scores).map(|(i, x)| Answer::new(i, x).unwrap()).collect();
            let theta = estimator.estimate(&answers).unwrap().theta;
            let plain = lz(&answers, theta).unwrap();
            let corrected = lz_star(&answers, theta, EstimatedBy::WeightedLikelihood).unwrap();
            for (sum, value) in sums.iter_mut().zip([plain, corrected]) {
                sum[0] += value;
                sum[1] += value * value;
            }
        }
        let [plain, corrected] = sums.map(|[first, second]| {
            let mean = first / n as f64;
            (mean, (second / n as f64 - mean * mean).sqrt())
        });
        println!("l_z {plain:.3?}, l_z* {corrected:.3?}");
        assert!(corrected.0.abs() < 0.1 && (corrected.1 - 1.0).abs() < 0.06, "{corrected:?}");
        assert!(plain.1 < corrected.1, "{plain:?} {corrected:?}");
    }

    #[test]
    fn answers_that_cannot_misfit_have_no_statistic() {
        // Goal: no number where every pattern of the same score is as likely. Method: no answers;
        // two equal items, whose log-likelihood depends on the score alone.
        assert_eq!(lz(&[], 0.0), None);
        assert_eq!(lz_star(&[], 0.0, EstimatedBy::MaximumLikelihood), None);
        let item = ItemModel::logistic(1.0, 0.5, 0.0, 1.0).unwrap();
        let answers = [Answer::new(&item, 1).unwrap(), Answer::new(&item, 0).unwrap()];
        assert_eq!(lz_star(&answers, 0.5 + 0.3, EstimatedBy::MaximumLikelihood), None);
    }
}
