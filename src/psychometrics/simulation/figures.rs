//! What a study shows beyond its totals: error and coverage along the ability, lengths, reasons to
//! stop, exposure item by item, levels. Every share and mean carries its Monte-Carlo standard
//! error where it is meant to be compared with something. Counts and divides; never draws.

use serde::Serialize;

use super::by_ability::{AbilityBin, by_ability};
use super::results::{SimulatedTest, Tests};
use super::summary::{Basis, Judged, distance, error_of, exposure_rates};
use crate::psychometrics::stopping::CutScore;

/// Equal bins of a stated probability.
const PROBABILITY_BINS: usize = 10;
/// Ends of the bins of the distance from the nearest cut; the last bin is open.
const DISTANCES: [f64; 8] = [0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.1];
/// Half the width of a 95 % band in standard errors: Φ⁻¹(.975).
pub const Z95: f64 = 1.959_963_984_540_054;

/// All figures of one design.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// Monte-Carlo standard errors of the totals.
    pub standard_errors: StandardErrors,
    /// Along the true ability; empty where the truth is unknown.
    pub by_ability: Vec<AbilityBin>,
    /// How many tests had each length that occurred, shortest first.
    pub lengths: Vec<Count<usize>>,
    /// How many tests ended for each reason, the most frequent first.
    pub stops: Vec<Count<String>>,
    /// The share of tests that gave each item, in the order of the items.
    pub exposure_rates: Vec<f64>,
    /// Levels, where there are cuts and the truth is known.
    pub levels: Option<LevelFigures>,
}

/// Monte-Carlo standard errors; `None` where there is nothing to estimate, or one test only.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StandardErrors {
    /// Of the mean length.
    pub length: Option<f64>,
    /// Of the bias.
    pub bias: Option<f64>,
    /// Of the root mean square error.
    pub rmse: Option<f64>,
    /// Of the share of 90 % intervals that hold the truth.
    pub coverage90: Option<f64>,
    /// Of the share on the right level.
    pub accuracy: Option<f64>,
}

/// How many tests had something in common.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Count<T> {
    /// What.
    pub value: T,
    /// How many.
    pub n: usize,
    /// Their share.
    pub share: f64,
}

/// How well levels are told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LevelFigures {
    /// Number of people by true level (rows) and most probable level (columns).
    pub confusion: Vec<Vec<usize>>,
    /// Accuracy by distance from the nearest cut; bins without people are left out.
    pub by_distance: Vec<DistanceBin>,
    /// Stated probabilities against what came true; bins without any are left out.
    pub reliability: Vec<ReliabilityBin>,
}

/// People whose ability lies so far from the nearest cut.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DistanceBin {
    /// From this distance on.
    pub from: f64,
    /// Below this one; `None` in the last bin.
    pub to: Option<f64>,
    /// How many.
    pub n: usize,
    /// Their mean distance.
    pub distance: f64,
    /// Share on the right level.
    pub accuracy: f64,
    /// Its standard error, √(p(1 − p)/n).
    pub accuracy_se: f64,
}

/// Statements "this is the level", one for each person and level, of about the same probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// From this probability on.
    pub from: f64,
    /// Below this one.
    pub to: f64,
    /// How many.
    pub n: usize,
    /// Mean stated probability.
    pub stated: f64,
    /// Share that came true.
    pub happened: f64,
    /// Standard error of that share if the statements hold, √(p(1 − p)/n) at p = stated.
    pub se: f64,
}

impl Figures {
    /// The figures of some tests.
    pub fn new(basis: &Basis<'_>, tests: &Tests) -> Self {
        let lengths = tests.iter().map(|test| test.items.len());
        let mut lengths = counts(lengths.map(|length| (length, 1)));
        lengths.sort_by_key(|count| count.value);
        let mut stops = counts(tests.stops().map(|(stop, n)| (stop.to_string(), n)));
        stops.sort_by(|a, b| b.n.cmp(&a.n).then_with(|| a.value.cmp(&b.value)));
        let known = tests.iter().all(|test| test.truth.is_some());
        Self {
            standard_errors: standard_errors(basis, tests),
            by_ability: if known { by_ability(basis, tests) } else { Vec::new() },
            lengths,
            stops,
            exposure_rates: exposure_rates(basis.items, tests),
            levels: (known && !basis.cuts.is_empty()).then(|| levels(basis.cuts, tests)),
        }
    }
}

fn counts<T: Ord + Clone>(values: impl Iterator<Item = (T, usize)>) -> Vec<Count<T>> {
    let mut counted = std::collections::BTreeMap::<T, usize>::new();
    let mut total = 0_usize;
    for (value, n) in values {
        *counted.entry(value).or_default() += n;
        total += n;
    }
    let share = |n: usize| n as f64 / total as f64;
    counted.into_iter().map(|(value, n)| Count { value, n, share: share(n) }).collect()
}

/// Mean and standard error of the mean, s/√n with n − 1 in s; the latter `None` below two values.
///
/// ```
/// use gradus::psychometrics::simulation::mean_and_error;
/// // The values 1, 2, 3 have mean 2 and s = 1.
/// let (mean, error) = mean_and_error(&[1.0, 2.0, 3.0]);
/// assert!(mean == 2.0 && (error.unwrap() - 1.0 / 3.0_f64.sqrt()).abs() < 1e-15);
/// assert_eq!(mean_and_error(&[4.0]), (4.0, None));
/// ```
pub fn mean_and_error(values: &[f64]) -> (f64, Option<f64>) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n.max(1.0);
    if values.len() < 2 {
        return (mean, None);
    }
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, Some((squares / (n - 1.0) / n).sqrt()))
}

/// Root mean square and its standard error by the delta method, SE(mean of e²)/(2·RMSE).
///
/// ```
/// use gradus::psychometrics::simulation::root_mean_square;
/// // Squares 1 and 9: mean 5, s/√n = √32/√2 = 4, so 4/(2√5).
/// let (rmse, error) = root_mean_square(&[1.0, -3.0]);
/// assert!((rmse - 5.0_f64.sqrt()).abs() < 1e-15);
/// assert!((error.unwrap() - 2.0 / 5.0_f64.sqrt()).abs() < 1e-15);
/// ```
pub fn root_mean_square(errors: &[f64]) -> (f64, Option<f64>) {
    let squares: Vec<f64> = errors.iter().map(|error| error * error).collect();
    let (mean, error) = mean_and_error(&squares);
    let rmse = mean.sqrt();
    let error = error.map(|error| if rmse > 0.0 { error / (2.0 * rmse) } else { 0.0 });
    (rmse, error)
}

/// √(p(1 − p)/n), the standard error of a share.
pub(super) fn share_error(share: f64, n: usize) -> f64 {
    (share * (1.0 - share) / n.max(1) as f64).max(0.0).sqrt()
}

fn standard_errors(basis: &Basis<'_>, tests: &Tests) -> StandardErrors {
    let lengths: Vec<f64> = tests.iter().map(|test| test.items.len() as f64).collect();
    let known: Vec<(f64, bool)> =
        tests.iter().filter_map(|test| Some(error_of(test, test.truth?))).collect();
    let errors: Vec<f64> = known.iter().map(|(error, _)| *error).collect();
    let share = |hits: usize| {
        (known.len() > 1).then(|| share_error(hits as f64 / known.len() as f64, known.len()))
    };
    let right = |test: &SimulatedTest<'_>| {
        Judged::new(*test, basis.cuts).is_some_and(|judged| judged.actual == judged.decided)
    };
    StandardErrors {
        length: mean_and_error(&lengths).1,
        bias: mean_and_error(&errors).1,
        rmse: root_mean_square(&errors).1,
        coverage90: share(known.iter().filter(|(_, covered)| *covered).count()),
        accuracy: match basis.cuts.is_empty() {
            true => None,
            false => share(tests.iter().filter(right).count()),
        },
    }
}

fn levels(cuts: &[CutScore], tests: &Tests) -> LevelFigures {
    let count = cuts.len() + 1;
    let judged: Vec<(f64, Judged)> = tests
        .iter()
        .filter_map(|test| Some((distance(test.truth?, cuts), Judged::new(test, cuts)?)))
        .collect();
    let mut confusion = vec![vec![0_usize; count]; count];
    for (_, judged) in &judged {
        confusion[judged.actual][judged.decided] += 1;
    }
    let stated: Vec<(f64, bool)> = judged
        .iter()
        .flat_map(|(_, judged)| {
            judged.stated.iter().enumerate().map(|(level, p)| (*p, level == judged.actual))
        })
        .collect();
    let right: Vec<(f64, bool)> =
        judged.iter().map(|(far, judged)| (*far, judged.actual == judged.decided)).collect();
    LevelFigures { confusion, by_distance: by_distance(&right), reliability: reliability(&stated) }
}

fn by_distance(right: &[(f64, bool)]) -> Vec<DistanceBin> {
    let bin = |index: usize| {
        let (from, to) = (DISTANCES[index], DISTANCES.get(index + 1).copied());
        let here: Vec<&(f64, bool)> =
            right.iter().filter(|(far, _)| *far >= from && to.is_none_or(|to| *far < to)).collect();
        let n = here.len();
        let share = |total: f64| total / n as f64;
        let accuracy = share(here.iter().filter(|(_, right)| *right).count() as f64);
        let distance = share(here.iter().map(|(far, _)| far).sum());
        let accuracy_se = share_error(accuracy, n);
        (n > 0).then_some(DistanceBin { from, to, n, distance, accuracy, accuracy_se })
    };
    (0..DISTANCES.len()).filter_map(bin).collect()
}

/// Stated probabilities in ten equal bins against what came true (DeGroot & Fienberg, 1983, *The
/// Statistician* 32, 12–22), the bins of [`crate::psychometrics::stopping::calibration_error`].
fn reliability(stated: &[(f64, bool)]) -> Vec<ReliabilityBin> {
    let of = |p: f64| ((p * PROBABILITY_BINS as f64) as usize).min(PROBABILITY_BINS - 1);
    let bin = |index: usize| {
        let here: Vec<&(f64, bool)> = stated.iter().filter(|(p, _)| of(*p) == index).collect();
        let n = here.len();
        let share = |total: f64| total / n as f64;
        let mean = share(here.iter().map(|(p, _)| p).sum());
        let happened = share(here.iter().filter(|(_, happened)| *happened).count() as f64);
        let end = |index: usize| index as f64 / PROBABILITY_BINS as f64;
        let (from, to, se) = (end(index), end(index + 1), share_error(mean, n));
        (n > 0).then_some(ReliabilityBin { from, to, n, stated: mean, happened, se })
    };
    (0..PROBABILITY_BINS).filter_map(bin).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::psychometrics::estimation::Estimate;
    use crate::psychometrics::simulation::{FinishedTest, LeastVariances, Stopped};

    /// A test with a truth, an estimate, its standard error and the items asked.
    pub(in crate::psychometrics::simulation) fn test(
        (truth, theta, standard_error): (f64, f64, f64),
        items: &[usize],
    ) -> FinishedTest {
        FinishedTest {
            truth: Some(truth),
            items: items.iter().map(|row| *row as u32).collect(),
            rejected: Vec::new(),
            path: vec![theta; items.len()],
            estimate: Estimate { theta, standard_error, bounded: false },
            stopped: if items.len() < 3 { Stopped::NoItemsLeft } else { Stopped::Length },
        }
    }

    #[test]
    fn counts_shares_and_errors_are_those_of_four_people() {
        // Goal: lengths, stops, exposure, confusion, distances and reliability by their
        // definitions. Method: four people and one cut at 0, all by hand.
        let tests = [
            test((-1.0, -0.9, 0.1), &[0, 1, 2]),
            test((-0.05, 0.2, 0.1), &[0, 1, 3]),
            test((0.5, 0.5, 0.1), &[0, 1]),
            test((2.0, 1.0, 0.1), &[0, 2, 3]),
        ];
        let tests: Tests = tests.into_iter().collect();
        let cuts = [CutScore { theta: 0.0, se: 0.0 }];
        let basis = Basis {
            items: 5,
            cuts: &cuts,
            least_variances: vec![vec![1.0, 0.5, 0.25, 0.2]; 4].into_iter().collect(),
            population_sd: 1.0,
        };
        let figures = Figures::new(&basis, &tests);
        let lengths: Vec<(usize, usize)> = figures.lengths.iter().map(|c| (c.value, c.n)).collect();
        assert_eq!(lengths, [(2, 1), (3, 3)]);
        assert_eq!((figures.stops[0].value.as_str(), figures.stops[0].share), ("length", 0.75));
        assert_eq!(figures.stops[1].value, "no items left");
        assert_eq!(figures.exposure_rates, [1.0, 0.75, 0.5, 0.5, 0.0]);
        let levels = figures.levels.unwrap();
        assert_eq!(levels.confusion, [[1, 1], [0, 2]]);
        let near = levels.by_distance[0];
        assert_eq!((near.n, near.accuracy, near.distance), (1, 0.0, 0.05));
        assert_eq!(levels.by_distance.iter().map(|bin| bin.n).collect::<Vec<_>>(), [1, 1, 1, 1]);
        // P(above 0) is Φ(−9), Φ(2) = .97725, Φ(5) and Φ(10), and each has its complement.
        let (low, high) = (levels.reliability[0], levels.reliability[1]);
        assert_eq!((levels.reliability.len(), low.n, high.n), (2, 4, 4));
        assert!((high.stated - (3.0 + 0.977_249_868) / 4.0).abs() < 1e-6, "{high:?}");
        assert_eq!((low.happened, high.happened), (0.25, 0.75));
        // Errors .1, .25, 0, −1: mean −.1625, the third inside ±.1645, the first as well.
        let errors = figures.standard_errors;
        assert!((errors.coverage90.unwrap() - 0.25).abs() < 1e-15);
        assert!((errors.accuracy.unwrap() - (0.75_f64 * 0.25 / 4.0).sqrt()).abs() < 1e-15);
        assert!((errors.length.unwrap() - 0.25).abs() < 1e-15);
    }

    #[test]
    fn what_needs_the_truth_is_left_out_without_it() {
        // Goal: a replay has no errors. Method: one test whose truth is unknown.
        let unknown = FinishedTest { truth: None, ..test((0.0, 0.1, 0.2), &[0]) };
        let tests: Tests = [unknown].into_iter().collect();
        let cuts = [CutScore { theta: 0.0, se: 0.0 }];
        let least_variances = LeastVariances::default();
        let basis = Basis { items: 1, cuts: &cuts, least_variances, population_sd: 1.0 };
        let figures = Figures::new(&basis, &tests);
        assert!(figures.by_ability.is_empty() && figures.levels.is_none());
        assert_eq!(figures.standard_errors.rmse, None);
        assert_eq!(figures.exposure_rates, [1.0]);
    }
}
