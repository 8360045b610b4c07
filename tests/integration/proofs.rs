//! Does the engine keep its promises on people whose abilities are known, because they are
//! simulated? Ranks of posterior draws, several correlated topics, levels, roles, and how much is
//! lost when the model is wrong.
//!
//! Small runs by default; `GRADUS_FULL=1` runs the sizes behind the figures in docs/METHODS.md,
//! with three seeds. Bars are the promises plus two Monte-Carlo standard errors of the run's size.

mod levels;
mod precision;
mod ranks;
mod robustness;
mod roles;
mod topics;

use std::sync::Arc;

use gradus::psychometrics::cat::{Cat, Design, Observation, Pool, PoolItem, Quota, Randomesque};
use gradus::psychometrics::estimation::posterior::Gaussian;
use gradus::psychometrics::irt::ItemModel;
use gradus::psychometrics::numeric::linalg::SymmetricMatrix;
use gradus::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};
use gradus::psychometrics::selection::posterior_trace::Objective;
use gradus::psychometrics::stopping::CutScore;
use rayon::prelude::*;

fn is_full() -> bool {
    std::env::var_os("GRADUS_FULL").is_some()
}

/// One seed, or three in full.
fn seeds() -> &'static [u64] {
    if is_full() { &[2026, 2027, 2028] } else { &[2026] }
}

/// People a seed.
fn people(small: usize, full: usize) -> usize {
    if is_full() { full } else { small }
}

/// Two standard errors of a share p among n.
fn slack(p: f64, n: usize) -> f64 {
    2.0 * (p * (1.0 - p) / n as f64).sqrt()
}

/// A seeded pool: a ~ LogN(ln 1.2, .3), b ~ N(0, 1.2²), the same lower asymptote throughout.
fn pool(seed: u64, topics: usize, a_topic: usize, lower: f64) -> Arc<Pool> {
    let mut random = stream(seed, 1, Purpose::Bootstrap);
    let items = (0..topics * a_topic).map(|j| {
        let a = 1.2 * (0.3 * standard_normal(&mut random)).exp();
        let b = 1.2 * standard_normal(&mut random);
        PoolItem {
            topic: j % topics,
            group: j,
            model: ItemModel::logistic(a, b, lower, 1.0).unwrap(),
            lower_asymptote: lower,
            excludes: vec![],
            is_code: false,
            form: 0,
            eligible: true,
        }
    });
    Arc::new(Pool::new(topics, items.collect()).unwrap())
}

/// A test of fixed length that wants to know every topic equally well.
fn fixed_length(topics: usize, length: usize) -> Design {
    Design {
        weights: vec![1.0 / topics as f64; topics],
        objective: Objective { diagonal: vec![1.0; topics], directions: vec![] },
        cuts: vec![],
        length_min: length,
        length_max: length,
        quotas: vec![Quota { min: 0, max: usize::MAX }; topics],
        group_max: usize::MAX,
        code_max: usize::MAX,
        form_shares: vec![],
        stop: format!("length>={length}").parse().unwrap(),
        randomesque: Randomesque { questions: 0, among: 1 },
    }
}

fn cuts(at: &[f64]) -> Vec<CutScore> {
    at.iter().map(|&theta| CutScore { theta, se: 0.0 }).collect()
}

fn population(topics: usize, correlation: f64) -> Gaussian {
    let covariance = SymmetricMatrix::equicorrelated(topics, correlation);
    Gaussian::prior(topics, covariance.as_slice().to_vec())
}

/// The true abilities of a simulee.
fn abilities(seed: u64, person: usize, topics: usize, correlation: f64) -> Vec<f64> {
    let mut random = stream(seed, person as u64, Purpose::Simulee);
    let (shared, own) = (correlation.sqrt(), (1.0 - correlation).sqrt());
    let general = standard_normal(&mut random);
    (0..topics).map(|_| shared * general + own * standard_normal(&mut random)).collect()
}

/// A uniform number of a person and an item, the same in every condition that is compared.
fn chance(seed: u64, person: usize, item: usize) -> f64 {
    let seed = seed ^ (person as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    uniform(&mut stream(seed, item as u64, Purpose::Answer))
}

/// What a simulated test ended with.
struct Finished {
    truth: Vec<f64>,
    cat: Cat,
}

impl Finished {
    fn error(&self, topic: usize) -> f64 {
        self.cat.posterior().mean()[topic] - self.truth[topic]
    }
}

/// How the people of a study are and what the engine believes of them.
struct People {
    seed: u64,
    number: usize,
    /// The correlation of their topics.
    correlation: f64,
    /// The correlation that the engine assumes.
    assumed: f64,
}

/// Tests all people; `answer` gives the score of (person, item, true ability).
fn run(
    pool: &Arc<Pool>,
    design: &Design,
    people: &People,
    answer: impl Fn(usize, usize, f64) -> usize + Sync,
) -> Vec<Finished> {
    let drawn = |person| abilities(people.seed, person, pool.topics(), people.correlation);
    run_with(pool, design, people, drawn, answer)
}

/// The same for people whose abilities are given.
fn run_with(
    pool: &Arc<Pool>,
    design: &Design,
    people: &People,
    truth: impl Fn(usize) -> Vec<f64> + Sync,
    answer: impl Fn(usize, usize, f64) -> usize + Sync,
) -> Vec<Finished> {
    let design = Arc::new(design.clone());
    (0..people.number)
        .into_par_iter()
        .map(|person| {
            let truth = truth(person);
            let prior = population(pool.topics(), people.assumed);
            let mut cat = Cat::new(Arc::clone(pool), Arc::clone(&design), prior).unwrap();
            while let Ok(choice) = cat.next(people.seed) {
                let ability = truth[pool.items()[choice.item].topic];
                let score = answer(person, choice.item, ability);
                cat.record(choice.item, Observation::Category(score));
            }
            Finished { truth, cat }
        })
        .collect()
}

/// People who answer as the model says.
fn honest(pool: &Pool, seed: u64) -> impl Fn(usize, usize, f64) -> usize + Sync + '_ {
    move |person, item, ability| {
        pool.items()[item].model.category_at(ability, chance(seed, person, item))
    }
}

/// Root mean square error over people and topics.
fn rmse(tests: &[Finished]) -> f64 {
    let squares: Vec<f64> = tests
        .iter()
        .flat_map(|test| (0..test.truth.len()).map(|k| test.error(k) * test.error(k)))
        .collect();
    (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
}

/// Share of abilities within 1.645 posterior standard deviations of the mean.
fn coverage90(tests: &[Finished]) -> f64 {
    let inside = tests.iter().flat_map(|test| {
        (0..test.truth.len()).map(|k| {
            let sd = test.cat.posterior().variance(k).sqrt();
            f64::from(u8::from(test.error(k).abs() <= 1.644_853_6 * sd))
        })
    });
    let all: Vec<f64> = inside.collect();
    all.iter().sum::<f64>() / all.len() as f64
}
