//! Does calibration keep its promises on answers whose truth is known, because they are simulated?
//! Recovery and coverage of item parameters, adaptive data, anchors; false alarms and power of the
//! analyses of items; drift; errors of linking.
//!
//! Small runs by default; `GRADUS_FULL=1` runs the sizes behind the figures in docs/METHODS.md,
//! with three seeds. Bars are the promises plus Monte-Carlo standard errors of the run, which are
//! taken between replications: errors within one share its sample of people.

mod differential;
mod drift;
mod fit;
mod linking;
mod recovery;

use gradus::psychometrics::calibration::{
    self, Convergence, Covariance, Design, Family, Fit, ItemDesign, LatentDesign, LatentShape,
    NormalPrior, Priors, Responses, Settings,
};
use gradus::psychometrics::irt::ItemModel;
use gradus::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};
use rayon::prelude::*;

fn is_full() -> bool {
    std::env::var_os("GRADUS_FULL").is_some()
}

/// One seed, or three in full.
fn seeds() -> &'static [u64] {
    if is_full() { &[2026, 2027, 2028] } else { &[2026] }
}

/// Replications a seed, or people.
fn size(small: usize, full: usize) -> usize {
    if is_full() { full } else { small }
}

/// Results of all replications, in their order.
fn replications<T: Send>(count: usize, one: impl Fn(u64) -> T + Sync + Send) -> Vec<T> {
    (0..count as u64).into_par_iter().map(one).collect()
}

/// Two-parameter items: ln a ~ N(ln `slope`, .3²), b ~ N(0, 1).
fn two_parameter(seed: u64, count: usize, slope: f64) -> Vec<ItemModel> {
    with_floor(seed, count, slope, 0.0)
}

/// The same with a lower asymptote.
fn with_floor(seed: u64, count: usize, slope: f64, floor: f64) -> Vec<ItemModel> {
    let mut random = stream(seed, 1, Purpose::Bootstrap);
    let item = |_| {
        let a = slope * (0.3 * standard_normal(&mut random)).exp();
        ItemModel::logistic(a, standard_normal(&mut random), floor, 1.0).unwrap()
    };
    (0..count).map(item).collect()
}

/// Places of four categories about a centre ~ N(0, .7²), .8 apart give or take .2.
fn four_categories(
    seed: u64,
    count: usize,
    build: impl Fn(f64, Vec<f64>) -> ItemModel,
) -> Vec<ItemModel> {
    let mut random = stream(seed, 3, Purpose::Bootstrap);
    let item = |_| {
        let a = 1.2 * (0.3 * standard_normal(&mut random)).exp();
        let centre = 0.7 * standard_normal(&mut random);
        let mut jitter = |place: f64| centre + place + 0.2 * (uniform(&mut random) - 0.5);
        let places = vec![jitter(-0.8), jitter(0.0), jitter(0.8)];
        build(a, places)
    };
    (0..count).map(item).collect()
}

/// Items of slope 1, b ~ N(0, 1).
fn rasch(seed: u64, count: usize) -> Vec<ItemModel> {
    let mut random = stream(seed, 2, Purpose::Bootstrap);
    let item = |_| ItemModel::logistic(1.0, standard_normal(&mut random), 0.0, 1.0).unwrap();
    (0..count).map(item).collect()
}

/// A replication's own seed.
fn seed_of(seed: u64, replication: u64) -> u64 {
    seed.wrapping_mul(100_003).wrapping_add(replication)
}

/// People with abilities N(mean, sd²).
#[derive(Clone, Copy)]
struct People {
    seed: u64,
    number: usize,
    mean: f64,
    sd: f64,
}

impl People {
    fn standard(seed: u64, number: usize) -> Self {
        Self { seed, number, mean: 0.0, sd: 1.0 }
    }

    fn ability(&self, person: usize) -> f64 {
        let mut random = stream(self.seed, person as u64, Purpose::Simulee);
        self.mean + self.sd * standard_normal(&mut random)
    }

    /// Their answers to all items, row after row.
    fn answers(&self, items: &[ItemModel]) -> Vec<u16> {
        let mut scores = Vec::with_capacity(self.number * items.len());
        for person in 0..self.number {
            let theta = self.ability(person);
            let mut random = stream(self.seed, person as u64, Purpose::Answer);
            scores.extend(
                items.iter().map(|item| item.category_at(theta, uniform(&mut random)) as u16),
            );
        }
        scores
    }
}

fn categories(items: &[ItemModel]) -> Vec<usize> {
    items.iter().map(ItemModel::categories).collect()
}

/// A design for one group that is N(0, 1), but for slopes of 1, which free its variance.
fn design(family: Family, items: usize, priors: Priors) -> Design {
    let item = ItemDesign { family, priors, anchored: None, start: None };
    let free_variance = matches!(family, Family::Rasch | Family::PartialCredit);
    Design {
        items: vec![item; items],
        groups: vec![LatentDesign { free_mean: false, free_variance }],
        shape: LatentShape::Normal,
        settings: Settings::default(),
    }
}

fn estimate(responses: &Responses, design: &Design) -> Fit {
    let fit = calibration::calibrate(responses, design, &mut |_| true).unwrap();
    assert_eq!(fit.convergence, Convergence::Converged);
    fit
}

/// Errors of one kind of parameter with their standard errors, replication by replication.
#[derive(Default)]
struct Errors {
    replications: Vec<Vec<(f64, f64)>>,
}

impl Errors {
    /// The mean over replications of a mean within, and its Monte-Carlo standard error.
    fn mean_of(&self, value: impl Fn(f64, f64) -> f64) -> (f64, f64) {
        let means = self.replications.iter().filter(|errors| !errors.is_empty()).map(|errors| {
            errors.iter().map(|(error, se)| value(*error, *se)).sum::<f64>() / errors.len() as f64
        });
        mean_and_error(&means.collect::<Vec<_>>())
    }

    fn bias(&self) -> (f64, f64) {
        self.mean_of(|error, _| error)
    }

    fn rmse(&self) -> f64 {
        self.mean_of(|error, _| error * error).0.sqrt()
    }

    /// The Monte-Carlo standard error of the RMSE, by the delta method.
    fn rmse_error(&self) -> f64 {
        self.mean_of(|error, _| error * error).1 / (2.0 * self.rmse())
    }

    /// Share of intervals of ± z standard errors that hold the truth.
    fn coverage(&self, z: f64) -> (f64, f64) {
        self.mean_of(|error, se| f64::from(u8::from(error.abs() <= z * se)))
    }

    /// The mean squared standard error, as a standard deviation.
    fn mean_se(&self) -> f64 {
        self.mean_of(|_, se| se * se).0.sqrt()
    }

    fn print(&self, name: &str) {
        let (bias, bias_error) = self.bias();
        println!(
            "  {name}: mean error {bias:+.4} ± {bias_error:.4}, RMSE {:.4} ± {:.4}, mean SE {:.4}, \
             95 % intervals hold {:.3} ± {:.3}, 90 % {:.3}",
            self.rmse(),
            self.rmse_error(),
            self.mean_se(),
            self.coverage(Z95).0,
            self.coverage(Z95).1,
            self.coverage(Z90).0,
        );
    }
}

const Z95: f64 = 1.959_964;
const Z90: f64 = 1.644_854;

/// The mean and its standard error.
fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// The standard error of a share p of n independent cases.
fn share_error(p: f64, n: usize) -> f64 {
    (p * (1.0 - p) / n as f64).sqrt()
}

/// Mean and Monte-Carlo standard error of each figure over replications.
fn columns<const N: usize>(rows: &[[f64; N]]) -> [(f64, f64); N] {
    std::array::from_fn(|column| {
        mean_and_error(&rows.iter().map(|row| row[column]).collect::<Vec<_>>())
    })
}
