//! Two designs on the same people with the same answers (common random numbers): differences
//! person by person, whose errors are far smaller than those of two studies apart.

use serde::Serialize;

use super::figures::mean_and_error;
use super::results::{SimulatedTest, Tests};
use super::summary::{Judged, error_of};
use crate::psychometrics::stopping::CutScore;

/// A difference, the other design less the first, with its standard error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Paired {
    /// The difference.
    pub difference: f64,
    /// Its standard error over people; `None` for one person.
    pub se: Option<f64>,
}

/// Differences between two designs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// In the mean length.
    pub length: Paired,
    /// In the root mean square error, where the truth is known.
    pub rmse: Option<Paired>,
    /// In the share on the right level, where there are cuts and the truth is known.
    pub accuracy: Option<Paired>,
}

impl Difference {
    /// The other design less the first; both gave their tests to the same people in the same
    /// order.
    ///
    /// The difference of two root mean squares has, by the delta method, the standard error of the
    /// mean of e₂²/(2·RMSE₂) − e₁²/(2·RMSE₁) over people.
    pub fn new(first: &Tests, other: &Tests, cuts: &[CutScore]) -> Self {
        let pairs = || first.iter().zip(other.iter());
        let length = |test: SimulatedTest<'_>| test.items.len() as f64;
        let right = |test: SimulatedTest<'_>| {
            let judged = Judged::new(test, cuts)?;
            Some(f64::from(u8::from(judged.actual == judged.decided)))
        };
        let rights: Option<Vec<f64>> = pairs().map(|(a, b)| Some(right(b)? - right(a)?)).collect();
        let errors: Option<Vec<(f64, f64)>> = pairs()
            .map(|(a, b)| Some((error_of(a, a.truth?).0, error_of(b, b.truth?).0)))
            .collect();
        Self {
            length: paired(&pairs().map(|(a, b)| length(b) - length(a)).collect::<Vec<_>>()),
            rmse: errors.map(|errors| root_mean_squares(&errors)),
            accuracy: rights.filter(|_| !cuts.is_empty()).map(|rights| paired(&rights)),
        }
    }
}

fn paired(differences: &[f64]) -> Paired {
    let (difference, se) = mean_and_error(differences);
    Paired { difference, se }
}

fn root_mean_squares(errors: &[(f64, f64)]) -> Paired {
    let n = errors.len().max(1) as f64;
    let root = |side: &dyn Fn(&(f64, f64)) -> f64| {
        (errors.iter().map(|pair| side(pair) * side(pair)).sum::<f64>() / n).sqrt()
    };
    let (first, other) = (root(&|pair| pair.0), root(&|pair| pair.1));
    let influence =
        |error: f64, rmse: f64| if rmse > 0.0 { error * error / (2.0 * rmse) } else { 0.0 };
    let terms: Vec<f64> =
        errors.iter().map(|(a, b)| influence(*b, other) - influence(*a, first)).collect();
    Paired { difference: other - first, se: mean_and_error(&terms).1 }
}

#[cfg(test)]
mod tests {
    use super::super::figures::tests::test;
    use super::*;

    #[test]
    fn differences_are_taken_person_by_person() {
        // Goal: means and errors of paired differences. Method: two people, by hand.
        let first = [test((0.0, 0.3, 0.1), &[0, 1, 2]), test((1.0, 0.6, 0.1), &[0, 1, 2])];
        let other = [test((0.0, 0.6, 0.1), &[0, 1]), test((1.0, 0.2, 0.1), &[0, 1])];
        let [first, other]: [Tests; 2] = [first, other].map(|tests| tests.into_iter().collect());
        let cuts = [CutScore { theta: 0.5, se: 0.0 }];
        let found = Difference::new(&first, &other, &cuts);
        assert_eq!((found.length.difference, found.length.se), (-1.0, Some(0.0)));
        // First: .3, −.4, both right. Other: .6, −.8, both wrong.
        let accuracy = found.accuracy.unwrap();
        assert_eq!((accuracy.difference, accuracy.se), (-1.0, Some(0.0)));
        let rmse = found.rmse.unwrap();
        let (a, b) = (0.125_f64.sqrt(), 0.5_f64.sqrt());
        assert!((rmse.difference - (b - a)).abs() < 1e-12);
        let terms = [0.36 / (2.0 * b) - 0.09 / (2.0 * a), 0.64 / (2.0 * b) - 0.16 / (2.0 * a)];
        assert!((rmse.se.unwrap() - (terms[1] - terms[0]).abs() / 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_design_does_not_differ_from_itself() {
        // Goal: no difference, no error. Method: the same tests twice.
        let tests = [test((0.0, 0.3, 0.1), &[0]), test((1.0, 0.6, 0.1), &[0, 1])];
        let tests: Tests = tests.into_iter().collect();
        let found = Difference::new(&tests, &tests, &[]);
        assert_eq!(found.rmse, Some(Paired { difference: 0.0, se: Some(0.0) }));
        assert_eq!(found.accuracy, None);
    }
}
