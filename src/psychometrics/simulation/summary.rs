//! The figures of a study: length, precision against truth and against the best that any
//! selection could reach, exposure, classification. Sums run over fixed chunks in order.

use std::ops::Range;

use rayon::prelude::*;

use super::bound::LeastVariances;
use super::results::{SimulatedTest, Tests};
use crate::psychometrics::stopping::{CutScore, calibration_error, level_probabilities};

/// Half the width of a 90 % interval, in standard errors: Φ⁻¹(.95).
pub(super) const Z90: f64 = 1.644_853_626_951_472_2;
/// Distance from every cut beyond which a person is plainly on one side.
pub const FAR: f64 = 0.3;
/// People whose sums are added before they join the others.
const CHUNK: usize = 256;

/// What the figures of a study rest on besides its tests.
#[derive(Debug, Clone, PartialEq)]
pub struct Basis<'a> {
    /// How many items could have been asked.
    pub items: usize,
    /// Boundaries of the levels, ascending; none where levels are not asked about.
    pub cuts: &'a [CutScore],
    /// What so many answers can leave each person with. Empty where the truth is unknown.
    pub least_variances: LeastVariances,
    /// Standard deviation of the true abilities.
    pub population_sd: f64,
}

impl Basis<'_> {
    /// The least variance that so many answers can leave a person with.
    pub fn least_variance(&self, person: usize, answers: usize) -> f64 {
        self.least_variances.at(person, answers)
    }
}

/// The greatest number of answers in any of the tests.
pub fn longest<'t>(tests: impl IntoIterator<Item = SimulatedTest<'t>>) -> usize {
    tests.into_iter().map(|test| test.items.len()).max().unwrap_or(0)
}

/// Lengths of tests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Length {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
    /// Shortest.
    pub min: usize,
    /// Longest.
    pub max: usize,
}

/// Estimates against true abilities.
#[derive(Debug, Clone, PartialEq)]
pub struct Precision {
    /// Mean error.
    pub bias: f64,
    /// Root mean square error.
    pub rmse: f64,
    /// Share of 90 % intervals that hold the truth.
    pub coverage90: f64,
    /// √E[1/(1/S² + Σ of the n largest informations at the truth)]: no selection can do better.
    pub bound_rmse: f64,
    /// The same after 1, 2, … answers; who stopped earlier keeps the last estimate.
    pub by_length: Vec<AtLength>,
}

/// Precision after so many answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AtLength {
    /// Number of answers.
    pub n: usize,
    /// Root mean square error.
    pub rmse: f64,
    /// Its lower bound.
    pub bound_rmse: f64,
}

/// How items were spread over people.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exposure {
    /// Largest share of people that saw one item.
    pub max: f64,
    /// Mean share of items that two people have in common.
    pub overlap: f64,
    /// Share of items that nobody saw.
    pub unused_share: f64,
}

/// Levels against true levels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Classification {
    /// Share whose most probable level is the true one.
    pub accuracy: f64,
    /// The same of those farther than .3 from every cut.
    pub far_accuracy: Option<f64>,
    /// Share two levels or more off.
    pub two_level_errors: f64,
    /// Cohen's kappa.
    pub kappa: Option<f64>,
    /// Calibration error of the stated probabilities, pooled over levels, ten bins.
    pub ece: f64,
}

/// All figures of a study.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Number of tests.
    pub examinees: usize,
    /// Lengths.
    pub length: Length,
    /// Mean standard error.
    pub mean_se: f64,
    /// Against the truth, where it is known.
    pub precision: Option<Precision>,
    /// Exposure.
    pub exposure: Exposure,
    /// Classification, where there are cuts and the truth is known.
    pub classification: Option<Classification>,
}

impl Summary {
    /// The figures of some tests.
    pub fn new(basis: &Basis<'_>, tests: &Tests) -> Self {
        let count = tests.len().max(1) as f64;
        let mean_se = sum(tests, |_, test| test.estimate.standard_error) / count;
        let truths: Option<Vec<f64>> = tests.iter().map(|test| test.truth).collect();
        let truths = truths.filter(|list| !list.is_empty());
        Self {
            examinees: tests.len(),
            length: length(tests),
            mean_se,
            precision: truths.as_deref().map(|truths| precision(basis, tests, truths)),
            exposure: exposure(basis, tests),
            classification: truths
                .filter(|_| !basis.cuts.is_empty())
                .map(|_| classification(basis.cuts, tests)),
        }
    }
}

/// Σ over fixed chunks of people in order.
fn sum(tests: &Tests, value: impl Fn(usize, SimulatedTest<'_>) -> f64 + Sync) -> f64 {
    chunks(tests, |people| people.map(|person| value(person, tests.get(person))).sum::<f64>())
        .iter()
        .sum()
}

/// Something of each chunk of people, in order.
fn chunks<T: Send>(tests: &Tests, each: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    (0..tests.len().div_ceil(CHUNK))
        .into_par_iter()
        .map(|chunk| each(chunk * CHUNK..tests.len().min((chunk + 1) * CHUNK)))
        .collect()
}

fn length(tests: &Tests) -> Length {
    let lengths = || tests.iter().map(|test| test.items.len());
    let count = tests.len().max(1) as f64;
    let mean = sum(tests, |_, test| test.items.len() as f64) / count;
    let squares = sum(tests, |_, test| {
        let deviation = test.items.len() as f64 - mean;
        deviation * deviation
    });
    Length {
        mean,
        sd: (squares / count).sqrt(),
        min: lengths().min().unwrap_or(0),
        max: lengths().max().unwrap_or(0),
    }
}

/// Squared errors and bounds of one chunk of people, by number of answers.
struct ChunkSums {
    squares: Vec<f64>,
    bounds: Vec<f64>,
    final_bound: f64,
}

/// The error of a test, and whether its 90 % interval holds the truth.
pub(super) fn error_of(test: SimulatedTest<'_>, truth: f64) -> (f64, bool) {
    let error = test.estimate.theta - truth;
    (error, error.abs() <= Z90 * test.estimate.standard_error)
}

fn precision(basis: &Basis<'_>, tests: &Tests, truths: &[f64]) -> Precision {
    let count = tests.len() as f64;
    let error = |person: usize, test: SimulatedTest<'_>| error_of(test, truths[person]).0;
    let covered = |person: usize, test: SimulatedTest<'_>| {
        f64::from(u8::from(error_of(test, truths[person]).1))
    };
    let longest = longest(tests.iter());
    let chunks = chunks(tests, |people| chunk_sums(basis, (tests, truths), people, longest));
    let root = |total: f64| (total / count).sqrt();
    let at = |index: usize| AtLength {
        n: index + 1,
        rmse: root(chunks.iter().map(|chunk| chunk.squares[index]).sum()),
        bound_rmse: root(chunks.iter().map(|chunk| chunk.bounds[index]).sum()),
    };
    Precision {
        bias: sum(tests, error) / count,
        rmse: root(sum(tests, |person, test| error(person, test) * error(person, test))),
        coverage90: sum(tests, covered) / count,
        bound_rmse: root(chunks.iter().map(|chunk| chunk.final_bound).sum()),
        by_length: (0..longest).map(at).collect(),
    }
}

fn chunk_sums(
    basis: &Basis<'_>,
    (tests, truths): (&Tests, &[f64]),
    people: Range<usize>,
    longest: usize,
) -> ChunkSums {
    let mut sums =
        ChunkSums { squares: vec![0.0; longest], bounds: vec![0.0; longest], final_bound: 0.0 };
    for person in people {
        let (test, truth) = (tests.get(person), truths[person]);
        let last = test.items.len();
        for index in 0..longest {
            let theta = test.path.get(index.min(last.max(1) - 1)).copied();
            let error = theta.unwrap_or(test.estimate.theta) - truth;
            sums.squares[index] += error * error;
            sums.bounds[index] += basis.least_variance(person, index + 1);
        }
        sums.final_bound += basis.least_variance(person, last);
    }
    sums
}

/// The share of tests that gave each item.
pub(super) fn exposure_rates(items: usize, tests: &Tests) -> Vec<f64> {
    let people = tests.len().max(1) as f64;
    tests.counts(items).iter().map(|count| f64::from(*count) / people).collect()
}

fn exposure(basis: &Basis<'_>, tests: &Tests) -> Exposure {
    let rates = exposure_rates(basis.items, tests);
    let unused = rates.iter().filter(|rate| **rate == 0.0).count();
    Exposure {
        max: rates.iter().copied().fold(0.0, f64::max),
        overlap: overlap_of_rates(&rates, tests.len()),
        unused_share: unused as f64 / rates.len().max(1) as f64,
    }
}

/// The mean share of items that two people have in common, from exposure rates:
/// T̄ = N/(n(N − 1))·Σr² − 1/(N − 1), n = Σr the mean length (Chen, Ankenmann & Spray, 2003,
/// *J. Educ. Meas.* 40, 129–145, before the limit of large N). 0 for fewer than two people.
///
/// With many people and equal rates n/J it is n/J:
/// ```
/// use gradus::psychometrics::simulation::overlap_of_rates;
/// assert!((overlap_of_rates(&[0.5; 10], 1_000_000) - 0.5).abs() < 1e-5);
/// // Everybody saw the same two of four items.
/// assert!((overlap_of_rates(&[1.0, 1.0, 0.0, 0.0], 50) - 1.0).abs() < 1e-12);
/// ```
pub fn overlap_of_rates(rates: &[f64], people: usize) -> f64 {
    let length: f64 = rates.iter().sum();
    if people < 2 || length == 0.0 {
        return 0.0;
    }
    let n = people as f64;
    let squares: f64 = rates.iter().map(|rate| rate * rate).sum();
    n / (length * (n - 1.0)) * squares - 1.0 / (n - 1.0)
}

/// What a test says about the level of a person whose level is known.
pub(super) struct Judged {
    /// The true level.
    pub actual: usize,
    /// The most probable one.
    pub decided: usize,
    /// The probabilities of all.
    pub stated: Vec<f64>,
}

impl Judged {
    /// `None` where the truth is unknown.
    pub fn new(test: SimulatedTest<'_>, cuts: &[CutScore]) -> Option<Self> {
        let truth = test.truth?;
        let estimate = &test.estimate;
        let stated = level_probabilities(estimate.theta, estimate.standard_error, cuts);
        let actual = cuts.iter().filter(|cut| truth > cut.theta).count();
        Some(Self { actual, decided: most_probable(&stated), stated })
    }
}

/// Distance from the nearest cut; infinite without cuts.
pub(super) fn distance(truth: f64, cuts: &[CutScore]) -> f64 {
    cuts.iter().map(|cut| (truth - cut.theta).abs()).fold(f64::INFINITY, f64::min)
}

fn classification(cuts: &[CutScore], tests: &Tests) -> Classification {
    let levels = cuts.len() + 1;
    let mut table = vec![vec![0_usize; levels]; levels];
    let (mut far, mut far_right, mut people) = (0_usize, 0_usize, 0_usize);
    let mut stated = Vec::with_capacity(tests.len() * levels);
    for test in tests.iter() {
        let (Some(judged), Some(truth)) = (Judged::new(test, cuts), test.truth) else { continue };
        people += 1;
        table[judged.actual][judged.decided] += 1;
        if distance(truth, cuts) > FAR {
            far += 1;
            far_right += usize::from(judged.decided == judged.actual);
        }
        let levels = judged.stated.iter().enumerate();
        stated.extend(levels.map(|(level, p)| (*p, level == judged.actual)));
    }
    let people = people as f64;
    let share = |wanted: &dyn Fn(usize, usize) -> bool| {
        let cells = (0..levels).flat_map(|row| (0..levels).map(move |column| (row, column)));
        let counted = cells.filter(|&(row, column)| wanted(row, column));
        counted.map(|(row, column)| table[row][column]).sum::<usize>() as f64 / people
    };
    let accuracy = share(&|row, column| row == column);
    let by_chance: f64 =
        (0..levels).map(|level| share(&|row, _| row == level) * share(&|_, c| c == level)).sum();
    Classification {
        accuracy,
        far_accuracy: (far > 0).then(|| far_right as f64 / far as f64),
        two_level_errors: share(&|row, column| row.abs_diff(column) >= 2),
        kappa: (by_chance < 1.0).then(|| (accuracy - by_chance) / (1.0 - by_chance)),
        ece: calibration_error(stated),
    }
}

/// The largest probability's level, the lower one of equals.
fn most_probable(levels: &[f64]) -> usize {
    (1..levels.len()).fold(0, |best, level| if levels[level] > levels[best] { level } else { best })
}
