//! Simulation-based calibration: is the truth one more draw from the posterior?

use gradus::psychometrics::estimation::posterior::{GRID_POINTS, Gaussian, TopicPosterior, grid};
use gradus::psychometrics::irt::ItemModel;
use gradus::psychometrics::numeric::linalg::SymmetricMatrix;
use gradus::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};
use statrs::distribution::{ChiSquared, ContinuousCDF};

const TOPICS: usize = 3;
const ITEMS_A_TOPIC: usize = 5;
const CORRELATION: f64 = 0.6;
const DRAWS: usize = 63;
const BINS: usize = 16;

/// The posterior of one simulee, and the truth.
fn simulate(seed: u64, person: usize) -> (Vec<f64>, Gaussian) {
    let truth = super::abilities(seed, person, TOPICS, CORRELATION);
    let mut random = stream(seed, person as u64, Purpose::Answer);
    let mut topics = [[0.0; GRID_POINTS]; TOPICS];
    for (likelihood, ability) in topics.iter_mut().zip(&truth) {
        for _ in 0..ITEMS_A_TOPIC {
            let a = 1.2 * (0.3 * standard_normal(&mut random)).exp();
            let item = ItemModel::logistic(a, standard_normal(&mut random), 0.0, 1.0).unwrap();
            let score = item.category_at(*ability, uniform(&mut random));
            for (total, theta) in likelihood.iter_mut().zip(grid()) {
                *total += item.log_probability(theta, score);
            }
        }
    }
    let mut posterior = TopicPosterior::new(super::population(TOPICS, CORRELATION));
    posterior.set_topics(topics.into_iter().enumerate());
    (truth, posterior.gaussian().clone())
}

/// Ranks of each topic and of their mean among draws from the posterior.
fn ranks(seed: u64, person: usize) -> [usize; TOPICS + 1] {
    let (truth, posterior) = simulate(seed, person);
    let factor = SymmetricMatrix::from_rows(TOPICS, posterior.covariance().to_vec())
        .and_then(|covariance| covariance.cholesky())
        .unwrap();
    let mut random = stream(seed, person as u64, Purpose::Roles);
    let with_mean = |theta: &[f64]| -> [f64; TOPICS + 1] {
        std::array::from_fn(|k| {
            theta.get(k).copied().unwrap_or_else(|| theta.iter().sum::<f64>() / TOPICS as f64)
        })
    };
    let truth = with_mean(&truth);
    let mut below = [0; TOPICS + 1];
    for _ in 0..DRAWS {
        let noise: Vec<f64> = (0..TOPICS).map(|_| standard_normal(&mut random)).collect();
        let spread = factor.multiply_lower(&noise);
        let draw: Vec<f64> = posterior.mean().iter().zip(spread).map(|(m, e)| m + e).collect();
        for (count, (drawn, truth)) in below.iter_mut().zip(with_mean(&draw).iter().zip(truth)) {
            *count += usize::from(*drawn < truth);
        }
    }
    below
}

#[test]
fn the_truth_is_one_more_draw_from_the_posterior() {
    // Goal: ranks of the true abilities, and of their mean, among 63 posterior draws are uniform
    // (Talts et al., 2018): chi-square over 16 bins, p > .01 each. Method: simulees of three
    // topics (correlation .6), five two-parameter items each, posterior by expectation
    // propagation; 600 of one seed, 2,000 each of three in full.
    let people = super::people(600, 2_000);
    let distribution = ChiSquared::new((BINS - 1) as f64).unwrap();
    for &seed in super::seeds() {
        let mut bins = [[0usize; BINS]; TOPICS + 1];
        for person in 0..people {
            for (bins, rank) in bins.iter_mut().zip(ranks(seed, person)) {
                bins[rank * BINS / (DRAWS + 1)] += 1;
            }
        }
        let expected = people as f64 / BINS as f64;
        let p = bins.map(|bins| {
            let statistic: f64 = bins
                .iter()
                .map(|&n| (n as f64 - expected) * (n as f64 - expected) / expected)
                .sum();
            distribution.sf(statistic)
        });
        println!("seed {seed}, {people} people: p of three topics and their mean {p:.3?}");
        assert!(p.iter().all(|p| *p > 0.01), "seed {seed}: {p:?}");
    }
}
