//! The figures of a study: length, precision against truth and against the best that any
//! selection could reach, exposure, classification. Sums run over fixed chunks in order.

use rayon::prelude::*;

use super::examinee::SimulatedTest;
use super::study::Study;
use crate::psychometrics::estimation::Prior;
use crate::psychometrics::stopping::{calibration_error, level_probabilities};

/// Half the width of a 90 % interval, in standard errors: Φ⁻¹(.95).
const Z90: f64 = 1.644_853_626_951_472_2;
/// Distance from every cut beyond which a person is plainly on one side.
const FAR: f64 = 0.3;
/// People whose sums are added before they join the others.
const CHUNK: usize = 256;

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
    pub(super) fn new(study: &Study<'_>, tests: &[SimulatedTest]) -> Self {
        let count = tests.len().max(1) as f64;
        let mean_se = sum(tests, |test| test.estimate.standard_error) / count;
        let known: Option<Vec<(&SimulatedTest, f64)>> =
            tests.iter().map(|test| Some((test, test.truth?))).collect();
        let known = known.filter(|list| !list.is_empty());
        Self {
            examinees: tests.len(),
            length: length(tests),
            mean_se,
            precision: known.as_deref().map(|known| precision(study, known)),
            exposure: exposure(study, tests),
            classification: known
                .filter(|_| !study.design().cuts.is_empty())
                .map(|known| classification(study, &known)),
        }
    }
}

/// Σ over fixed chunks in order.
fn sum<T>(list: &[T], value: impl Fn(&T) -> f64) -> f64 {
    list.chunks(CHUNK).map(|chunk| chunk.iter().map(&value).sum::<f64>()).sum()
}

fn length(tests: &[SimulatedTest]) -> Length {
    let lengths = || tests.iter().map(|test| test.items.len());
    let count = tests.len().max(1) as f64;
    let mean = sum(tests, |test| test.items.len() as f64) / count;
    let squares = sum(tests, |test| {
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

fn precision(study: &Study<'_>, known: &[(&SimulatedTest, f64)]) -> Precision {
    let count = known.len() as f64;
    let error = |(test, truth): &(&SimulatedTest, f64)| test.estimate.theta - truth;
    let covered = |pair: &(&SimulatedTest, f64)| {
        f64::from(u8::from(error(pair).abs() <= Z90 * pair.0.estimate.standard_error))
    };
    let longest = known.iter().map(|(test, _)| test.items.len()).max().unwrap_or(0);
    let chunks: Vec<ChunkSums> =
        known.par_chunks(CHUNK).map(|chunk| chunk_sums(study, chunk, longest)).collect();
    let root = |total: f64| (total / count).sqrt();
    let at = |index: usize| AtLength {
        n: index + 1,
        rmse: root(chunks.iter().map(|chunk| chunk.squares[index]).sum()),
        bound_rmse: root(chunks.iter().map(|chunk| chunk.bounds[index]).sum()),
    };
    Precision {
        bias: sum(known, error) / count,
        rmse: root(sum(known, |pair| error(pair) * error(pair))),
        coverage90: sum(known, covered) / count,
        bound_rmse: root(chunks.iter().map(|chunk| chunk.final_bound).sum()),
        by_length: (0..longest).map(at).collect(),
    }
}

fn chunk_sums(study: &Study<'_>, chunk: &[(&SimulatedTest, f64)], longest: usize) -> ChunkSums {
    let mut sums =
        ChunkSums { squares: vec![0.0; longest], bounds: vec![0.0; longest], final_bound: 0.0 };
    for (test, truth) in chunk {
        let bounds = bounds(study, *truth, longest);
        let last = test.items.len();
        for index in 0..longest {
            let theta = test.path.get(index.min(last.max(1) - 1)).copied();
            let error = theta.unwrap_or(test.estimate.theta) - truth;
            sums.squares[index] += error * error;
            sums.bounds[index] += bounds[index.min(bounds.len() - 1)];
        }
        sums.final_bound += match last {
            0 => 1.0 / prior_information(study),
            n => bounds[n.min(bounds.len()) - 1],
        };
    }
    sums
}

/// 1/(1/S² + Σ of the n largest informations at an ability) for n = 1, 2, …, S the prior's
/// standard deviation where it is normal.
fn bounds(study: &Study<'_>, truth: f64, longest: usize) -> Vec<f64> {
    let mut informations: Vec<f64> =
        study.items().iter().map(|item| item.information(truth)).collect();
    let falling = |a: &f64, b: &f64| b.total_cmp(a);
    if longest < informations.len() {
        informations.select_nth_unstable_by(longest, falling);
        informations.truncate(longest);
    }
    informations.sort_by(falling);
    let mut total = prior_information(study);
    informations
        .iter()
        .map(|information| {
            total += information;
            1.0 / total
        })
        .collect()
}

/// 1/S² of a normal prior. People are drawn from N(0, 1) whatever a uniform prior believes.
fn prior_information(study: &Study<'_>) -> f64 {
    match study.design().estimator.prior() {
        prior @ Prior::Normal { .. } => prior.information(),
        Prior::Uniform { .. } => 1.0,
    }
}

fn exposure(study: &Study<'_>, tests: &[SimulatedTest]) -> Exposure {
    let mut counts = vec![0_usize; study.items().len()];
    for row in tests.iter().flat_map(|test| &test.items) {
        counts[*row] += 1;
    }
    let people = tests.len().max(1) as f64;
    let rates: Vec<f64> = counts.iter().map(|count| *count as f64 / people).collect();
    let unused = counts.iter().filter(|count| **count == 0).count();
    Exposure {
        max: rates.iter().copied().fold(0.0, f64::max),
        overlap: overlap_of_rates(&rates, tests.len()),
        unused_share: unused as f64 / counts.len() as f64,
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

fn classification(study: &Study<'_>, known: &[(&SimulatedTest, f64)]) -> Classification {
    let cuts = &study.design().cuts;
    let levels = cuts.len() + 1;
    let mut table = vec![vec![0_usize; levels]; levels];
    let (mut far, mut far_right) = (0_usize, 0_usize);
    let mut stated = Vec::with_capacity(known.len() * levels);
    for (test, truth) in known {
        let actual = cuts.iter().filter(|cut| *truth > cut.theta).count();
        let estimate = &test.estimate;
        let probabilities = level_probabilities(estimate.theta, estimate.standard_error, cuts);
        let decided = most_probable(&probabilities);
        table[actual][decided] += 1;
        if cuts.iter().all(|cut| (truth - cut.theta).abs() > FAR) {
            far += 1;
            far_right += usize::from(decided == actual);
        }
        stated.extend(probabilities.iter().enumerate().map(|(level, p)| (*p, level == actual)));
    }
    let people = known.len() as f64;
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
