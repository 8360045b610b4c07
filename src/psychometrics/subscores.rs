//! Is a part of a test worth a score of its own? Only if the part's score predicts the part's
//! true score better than the whole test does. Says nothing about single persons.

use super::numeric::linalg::SymmetricMatrix;

/// How well one part's true score is predicted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SubscoreValue {
    /// PRMSE_s: from the part's own score; its reliability.
    pub by_part: f64,
    /// PRMSE_x: from the score of the whole test.
    pub by_total: f64,
}

impl SubscoreValue {
    /// Whether the part tells more about itself than the whole does.
    pub fn adds_value(&self) -> bool {
        self.by_part > self.by_total
    }
}

/// The proportional reduction of mean squared error for every part of a test (Haberman, 2008,
/// *J. Educ. Behav. Stat.* 33, 204–229): `true_covariance` of the parts' true scores, and the
/// variances of their errors of measurement, which are independent.
///
/// PRMSE_s = τ_kk/(τ_kk + ε_k); PRMSE_x = (Σ_j τ_kj)²/(τ_kk Σ(τ + ε)).
///
/// Four parts of variance 4 and reliability .6 whose true scores correlate .8 are not worth it:
/// ```
/// use gradus::psychometrics::numeric::linalg::SymmetricMatrix;
/// use gradus::psychometrics::subscores::subscore_values;
/// let mut covariance = SymmetricMatrix::zeros(4);
/// for row in 0..4 {
///     for column in 0..=row {
///         covariance.set(row, column, if row == column { 2.4 } else { 1.92 });
///     }
/// }
/// let part = subscore_values(&covariance, &[1.6; 4])[0];
/// assert!((part.by_part - 0.6).abs() < 1e-12 && (part.by_total - 0.71066).abs() < 5e-6);
/// assert!(!part.adds_value());
/// ```
pub fn subscore_values(
    true_covariance: &SymmetricMatrix,
    error_variances: &[f64],
) -> Vec<SubscoreValue> {
    debug_assert_eq!(true_covariance.size(), error_variances.len());
    let observed = true_variance(true_covariance) + error_variances.iter().sum::<f64>();
    error_variances
        .iter()
        .enumerate()
        .map(|(k, error)| {
            let own = true_covariance.get(k, k);
            let with_total: f64 = true_covariance.row(k).iter().sum();
            SubscoreValue {
                by_part: own / (own + error),
                by_total: with_total * with_total / (own * observed),
            }
        })
        .collect()
}

/// The reliability of the whole: the share of its variance that is true.
///
/// ```
/// use gradus::psychometrics::numeric::linalg::SymmetricMatrix;
/// use gradus::psychometrics::subscores::total_reliability;
/// // Two parallel halves of reliability .5: Spearman and Brown's 2/3.
/// let halves = SymmetricMatrix::from_rows(2, vec![1.0; 4])?;
/// assert!((total_reliability(&halves, &[1.0, 1.0]) - 2.0 / 3.0).abs() < 1e-15);
/// # Ok::<(), gradus::psychometrics::numeric::linalg::LinalgError>(())
/// ```
pub fn total_reliability(true_covariance: &SymmetricMatrix, error_variances: &[f64]) -> f64 {
    let true_part = true_variance(true_covariance);
    true_part / (true_part + error_variances.iter().sum::<f64>())
}

fn true_variance(covariance: &SymmetricMatrix) -> f64 {
    covariance.as_slice().iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_is_its_own_thing_is_worth_a_score() {
        // Goal: value is added exactly where the part differs enough from the rest. Method: four
        // parts, reliability .6, correlations from 0 to 1; at 0 the whole predicts a quarter of
        // what the part does, at 1 the longer test always wins.
        let value = |correlation: f64| {
            let covariance = SymmetricMatrix::equicorrelated(4, correlation);
            subscore_values(&covariance, &[2.0 / 3.0; 4])[2]
        };
        let apart = value(0.0);
        assert!((apart.by_part - 0.6).abs() < 1e-12 && (apart.by_total - 0.15).abs() < 1e-12);
        assert!(apart.adds_value() && value(0.3).adds_value());
        assert!(!value(0.8).adds_value() && !value(1.0).adds_value());
    }
}
