//! The estimation: an EM algorithm over items whose E-step is the engine's own posterior of a
//! person's abilities, one site a topic. Items keep their judged beliefs as priors; anchors stay; the
//! correlation of abilities is given. Never decides which answers count.

use rayon::prelude::*;

use super::beside::{AnswerBeside, beside};
use super::curve::{CATEGORIES_MAX, COORDINATES, Coordinates, OnlineItem};
use super::maximize::{Counts, maximize};
use crate::psychometrics::cat::Observation;
use crate::psychometrics::estimation::posterior::{
    GRID_POINTS, Gaussian, OnGrid, TopicPosterior, grid,
};

/// No coordinate moves more than this in a step: converged.
pub const TOLERANCE: f64 = 1e-3;
/// Most EM steps.
pub const STEPS_MAX: usize = 500;
/// Fewest anchors with which the mean of ability is estimated.
pub const ANCHORS_MIN: usize = 3;
/// People whose posteriors are held at the same time.
const BLOCK: usize = 1024;

/// The answers of one person: item and what was seen of it, each item once.
pub type Person = Vec<(usize, Observation)>;

/// What is estimated from what.
#[derive(Debug, Clone)]
pub struct Study {
    /// The items.
    pub items: Vec<OnlineItem>,
    /// The people.
    pub people: Vec<Person>,
    /// Covariance of abilities, row-major; its mean is 0, or free where there are anchors.
    pub population: Gaussian,
}

/// A step of the algorithm, for who watches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OnlineProgress {
    /// Number of the step, from 1.
    pub step: usize,
    /// The largest move of a coordinate.
    pub moved: f64,
    /// Σ ln P(answer) at the posteriors' means of ability-integrated curves: ln of how probable each
    /// answer was, given all answers of the person.
    pub fit: f64,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnlineEnd {
    /// No coordinate moved by more than [`TOLERANCE`].
    Converged,
    /// The steps ran out.
    StepLimit,
    /// Who watched said stop.
    Interrupted,
}

/// The estimates.
#[derive(Debug, Clone)]
pub struct Estimates {
    /// Of each item (ln a, b, distance of steps): the mode.
    pub items: Vec<Coordinates>,
    /// The mean of every ability; 0 without anchors.
    pub mean: f64,
    /// Whether the mean was estimated.
    pub mean_is_free: bool,
    /// Steps made.
    pub steps: usize,
    /// How it ended.
    pub end: OnlineEnd,
    /// Every answer beside what the others of its person say, by item.
    pub answers: Vec<Vec<AnswerBeside>>,
}

/// Estimates items from tests. The result does not depend on the number of threads. `watch` is called
/// after each step; `false` stops.
///
/// The mode of Π_i ∫ Π_j P(x_ij | θ; ξ_j) N(θ; μ1, Σ) dθ × Π_j prior(ξ_j): marginal maximum a posteriori
/// (Bock & Aitkin, 1981, *Psychometrika* 46, 443–459, with the priors of Mislevy, 1986, *Psychometrika* 51,
/// 177–195). The integral over many abilities is the engine's expectation propagation. "I don't know" is the
/// share c of a right answer and 1 − c of a wrong one, as in scoring: an honest person's answer then has the
/// expectation P that the model has.
pub fn estimate(study: &Study, watch: &mut dyn FnMut(OnlineProgress) -> bool) -> Estimates {
    let mut items: Vec<Coordinates> = study.items.iter().map(OnlineItem::start).collect();
    let mut counted = vec![false; items.len()];
    study.people.iter().flatten().for_each(|(item, _)| counted[*item] = true);
    let anchors = study.items.iter().zip(counted);
    let anchors = anchors.filter(|(item, counted)| item.anchor.is_some() && *counted).count();
    let mean_is_free = anchors >= ANCHORS_MIN;
    let (mut mean, mut steps, mut end) = (0.0, 0, OnlineEnd::StepLimit);
    while steps < STEPS_MAX {
        steps += 1;
        let expected = expect(study, &items, mean);
        let next: Vec<Coordinates> = study
            .items
            .par_iter()
            .zip(&expected.counts)
            .zip(&items)
            .map(|((item, counts), x)| maximize(item, x, counts, mean))
            .collect();
        let mut moved = largest_move(&items, &next);
        items = next;
        if mean_is_free {
            moved = moved.max(expected.shift.abs());
            mean += expected.shift;
        }
        if !watch(OnlineProgress { step: steps, moved, fit: expected.fit }) {
            end = OnlineEnd::Interrupted;
            break;
        }
        if moved <= TOLERANCE {
            end = OnlineEnd::Converged;
            break;
        }
    }
    let answers = beside(study, &items, mean);
    Estimates { items, mean, mean_is_free, steps, end, answers }
}

fn largest_move(before: &[Coordinates], after: &[Coordinates]) -> f64 {
    let pairs = before.iter().flatten().zip(after.iter().flatten());
    pairs.map(|(left, right)| (left - right).abs()).fold(0.0, f64::max)
}

/// What an E-step gives.
struct Expected {
    counts: Vec<Counts>,
    /// How far the mean ability lies from the mean that was assumed.
    shift: f64,
    fit: f64,
}

/// ln P of every category of every item on the grid, moved by the mean of ability.
pub(super) struct Tables {
    rows: Vec<[OnGrid; CATEGORIES_MAX]>,
}

impl Tables {
    pub fn new(items: &[OnlineItem], x: &[Coordinates], mean: f64) -> Self {
        let theta = grid();
        let row = |(item, x): (&OnlineItem, &Coordinates)| {
            let mut row = [[0.0; GRID_POINTS]; CATEGORIES_MAX];
            for (q, theta) in theta.iter().enumerate() {
                let values = item.log_probabilities(x, theta + mean);
                for (category, value) in row.iter_mut().zip(values) {
                    category[q] = value;
                }
            }
            row
        };
        Self { rows: items.par_iter().zip(x).map(row).collect() }
    }

    /// ln of what an observation's likelihood is at every point.
    pub fn log_likelihood(&self, item: &OnlineItem, at: usize, seen: Observation) -> OnGrid {
        let row = &self.rows[at];
        match seen {
            Observation::Category(category) => row[category.min(item.categories - 1)],
            Observation::DontKnow => {
                let top = item.categories - 1;
                std::array::from_fn(|q| item.c * row[top][q] + (1.0 - item.c) * row[0][q])
            }
        }
    }
}

/// The posterior of one person.
pub(super) fn posterior(study: &Study, tables: &Tables, person: &Person) -> TopicPosterior {
    let mut sums: std::collections::BTreeMap<usize, OnGrid> = std::collections::BTreeMap::new();
    for &(at, seen) in person {
        let item = &study.items[at];
        let sum = sums.entry(item.topic).or_insert([0.0; GRID_POINTS]);
        let values = tables.log_likelihood(item, at, seen);
        sum.iter_mut().zip(values).for_each(|(total, value)| *total += value);
    }
    let mut posterior = TopicPosterior::new(study.population.clone());
    posterior.set_topics(sums);
    posterior
}

/// The posteriors of the topics that a person answered on, on the grid.
type Marginals = Vec<(usize, OnGrid)>;

fn marginals(study: &Study, tables: &Tables, person: &Person) -> (Marginals, f64) {
    let posterior = posterior(study, tables, person);
    let mut topics: Vec<usize> = person.iter().map(|(at, _)| study.items[*at].topic).collect();
    topics.sort_unstable();
    topics.dedup();
    let marginals = topics.into_iter().map(|k| (k, posterior.marginal_on_grid(k))).collect();
    // With one mean for all abilities the best one is the average weighted by Σ⁻¹1.
    let means = posterior.gaussian().mean();
    (marginals, means.iter().sum::<f64>() / means.len().max(1) as f64)
}

fn expect(study: &Study, items: &[Coordinates], mean: f64) -> Expected {
    let tables = Tables::new(&study.items, items, mean);
    let mut counts = vec![Counts::default(); items.len()];
    let (mut shift, mut fit) = (0.0, 0.0);
    for block in study.people.chunks(BLOCK) {
        let found: Vec<(Marginals, f64)> =
            block.par_iter().map(|person| marginals(study, &tables, person)).collect();
        for (person, (marginals, person_mean)) in block.iter().zip(&found) {
            shift += person_mean;
            for &(at, seen) in person {
                let item = &study.items[at];
                let Some((_, weights)) = marginals.iter().find(|(k, _)| *k == item.topic) else {
                    continue;
                };
                counts[at].add(item, seen, weights);
                let values = tables.log_likelihood(item, at, seen);
                let mean_p =
                    weights.iter().zip(values).fold(0.0, |sum, (w, l)| sum + w * libm::exp(l));
                fit += libm::log(mean_p);
            }
        }
    }
    Expected { counts, shift: shift / study.people.len().max(1) as f64, fit }
}

/// Standard errors of the free coordinates, or of beliefs where the answers say nothing.
pub(super) fn errors_of(covariance: &[[f64; COORDINATES]; COORDINATES]) -> Coordinates {
    std::array::from_fn(|i| covariance[i][i].max(0.0).sqrt())
}
