//! Bias, error, reported standard error, coverage and length along the true ability, in about a
//! dozen bins with their Monte-Carlo errors. Describes tests that are over; never estimates.

use serde::Serialize;

use super::figures::{Z95, mean_and_error, root_mean_square};
use super::results::Tests;
use super::summary::{Basis, error_of};

/// Bins on each side of the population's mean.
const BINS_A_SIDE: usize = 6;
/// Widths that read well on an axis.
const WIDTHS: [f64; 8] = [0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 1.0];
/// The inner bins reach at least this many standard deviations to each side.
const REACH: f64 = 2.1;
/// What the intervals claim to hold.
const NOMINAL: f64 = 0.9;

/// People of about the same true ability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AbilityBin {
    /// Abilities from here; `None` in the lowest bin.
    pub from: Option<f64>,
    /// Abilities below this; `None` in the highest bin.
    pub to: Option<f64>,
    /// How many people.
    pub n: usize,
    /// Their mean ability.
    pub theta: f64,
    /// Mean error of the estimate.
    pub bias: f64,
    /// Its standard error; `None` for one person.
    pub bias_se: Option<f64>,
    /// Root mean square error.
    pub rmse: f64,
    /// Its standard error.
    pub rmse_se: Option<f64>,
    /// Standard deviation of the errors: the conditional standard error of measurement.
    pub csem: Option<f64>,
    /// Mean standard error as reported.
    pub mean_se: f64,
    /// √ of the mean least variance that tests of these lengths can leave.
    pub bound: f64,
    /// Share of 90 % intervals that hold the truth.
    pub coverage90: f64,
    /// Ends of the interval in which that share lies 19 times in 20 if the intervals keep their
    /// word: .9 ± 1.96 √(.9 · .1/n), at most 1.
    pub coverage_band: [f64; 2],
    /// Mean number of questions.
    pub length: f64,
    /// Its standard error.
    pub length_se: Option<f64>,
}

/// The edges between bins: eleven, equally far apart, symmetric about 0, so that the inner bins
/// reach 2.1 standard deviations of the population to each side.
///
/// ```
/// use gradus::psychometrics::simulation::ability_edges;
/// assert_eq!(ability_edges(1.0), [-2.5, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5]);
/// ```
pub fn ability_edges(population_sd: f64) -> Vec<f64> {
    let inner = (BINS_A_SIDE - 1) as f64;
    let fits = |width: &&f64| **width * inner >= REACH * population_sd;
    let width = WIDTHS.iter().find(fits).copied().unwrap_or(1.0);
    (1 - BINS_A_SIDE as i32..BINS_A_SIDE as i32).map(|step| f64::from(step) * width).collect()
}

/// All tests by their true ability; bins without people are left out.
pub(super) fn by_ability(basis: &Basis<'_>, tests: &Tests) -> Vec<AbilityBin> {
    let edges = ability_edges(basis.population_sd);
    let mut people: Vec<Vec<(usize, f64)>> = vec![Vec::new(); edges.len() + 1];
    for (person, test) in tests.iter().enumerate() {
        if let Some(truth) = test.truth {
            people[edges.partition_point(|edge| *edge <= truth)].push((person, truth));
        }
    }
    let end = |index: Option<usize>| index.and_then(|index| edges.get(index).copied());
    people
        .iter()
        .enumerate()
        .filter(|(_, here)| !here.is_empty())
        .map(|(index, here)| bin(basis, tests, here, (end(index.checked_sub(1)), end(Some(index)))))
        .collect()
}

fn bin(
    basis: &Basis<'_>,
    tests: &Tests,
    people: &[(usize, f64)],
    (from, to): (Option<f64>, Option<f64>),
) -> AbilityBin {
    let n = people.len();
    let mean =
        |value: &dyn Fn(&(usize, f64)) -> f64| people.iter().map(value).sum::<f64>() / n as f64;
    let judged = people.iter().map(|&(person, truth)| error_of(tests.get(person), truth));
    let (errors, covered): (Vec<f64>, Vec<bool>) = judged.unzip();
    let lengths: Vec<f64> = people.iter().map(|(p, _)| tests.get(*p).items.len() as f64).collect();
    let (bias, bias_se) = mean_and_error(&errors);
    let (rmse, rmse_se) = root_mean_square(&errors);
    let (length, length_se) = mean_and_error(&lengths);
    let bound = mean(&|(p, _)| basis.least_variance(*p, tests.get(*p).items.len()));
    let half = Z95 * (NOMINAL * (1.0 - NOMINAL) / n as f64).sqrt();
    AbilityBin {
        from,
        to,
        n,
        theta: mean(&|(_, truth)| *truth),
        bias,
        bias_se,
        rmse,
        rmse_se,
        csem: bias_se.map(|error| error * (n as f64).sqrt()),
        mean_se: mean(&|(p, _)| tests.get(*p).estimate.standard_error),
        bound: bound.sqrt(),
        coverage90: covered.iter().filter(|held| **held).count() as f64 / n as f64,
        coverage_band: [NOMINAL - half, (NOMINAL + half).min(1.0)],
        length,
        length_se,
    }
}

#[cfg(test)]
mod tests {
    use super::super::figures::tests::test;
    use super::*;

    #[test]
    fn bins_hold_what_was_computed_by_hand() {
        // Goal: every figure of a bin. Method: three people in one bin and one in the highest, on
        // edges half a unit apart; one at an edge belongs above it.
        let tests = [
            test((0.0, 0.3, 0.2), &[0, 1, 2]),
            test((0.2, 0.1, 0.2), &[0, 1]),
            test((0.4, 0.8, 0.2), &[0, 1, 2]),
            test((2.6, 2.0, 0.5), &[0, 1]),
        ];
        let tests: Tests = tests.into_iter().collect();
        let least_variances = vec![vec![1.0, 0.5, 0.25, 0.16]; 4].into_iter().collect();
        let basis = Basis { items: 5, cuts: &[], least_variances, population_sd: 1.0 };
        let bins = by_ability(&basis, &tests);
        assert_eq!(bins.len(), 2);
        let bin = bins[0];
        assert_eq!((bin.from, bin.to, bin.n), (Some(0.0), Some(0.5), 3));
        let close = |value: f64, wanted: f64| assert!((value - wanted).abs() < 1e-12, "{value}");
        // Errors .3, −.1, .4: mean .2; deviations .1, −.3, .2, so s² = .07.
        close(bin.theta, 0.2);
        close(bin.bias, 0.2);
        close(bin.csem.unwrap(), 0.07_f64.sqrt());
        close(bin.bias_se.unwrap(), (0.07_f64 / 3.0).sqrt());
        // Squares .09, .01, .16: mean .26/3, sum of their squares .0338.
        let (mean, variance) = (0.26 / 3.0, (0.0338 - 0.26 * 0.26 / 3.0) / 2.0);
        close(bin.rmse, f64::sqrt(mean));
        close(bin.rmse_se.unwrap(), f64::sqrt(variance / 3.0) / (2.0 * f64::sqrt(mean)));
        close(bin.mean_se, 0.2);
        close(bin.bound, (0.57_f64 / 3.0).sqrt());
        // ±.329 holds the first two.
        close(bin.coverage90, 2.0 / 3.0);
        close(bin.coverage_band[0], 0.9 - Z95 * (0.03_f64).sqrt());
        close(bin.coverage_band[1], 1.0);
        close(bin.length, 8.0 / 3.0);
        close(bin.length_se.unwrap(), 1.0 / 3.0);
        assert_eq!((bins[1].from, bins[1].to, bins[1].bias_se), (Some(2.5), None, None));
    }
}
