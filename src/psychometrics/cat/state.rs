//! The state of one adaptive test: what was answered and what follows for the abilities.

use std::sync::Arc;

use super::choose::{self, Choice};
use super::design::{Design, DesignError, Pool};
use super::forecast;
use crate::psychometrics::estimation::posterior::{
    GRID_POINTS, Gaussian, OnGrid, TopicPosterior, grid,
};
use crate::psychometrics::stopping::{StopReason, StopState};

/// What was seen of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observation {
    /// A score category, from 0.
    Category(usize),
    /// The person said that they do not know.
    ///
    /// On an item with lower asymptote `c` the likelihood is `P^c (1 − P)^(1−c)`: its expected
    /// log-score is that of blind guessing, so neither guessing nor honesty pays.
    DontKnow,
}

/// Why a test ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Stop {
    /// The stop rule held.
    Rule(StopReason),
    /// The greatest length was reached.
    LengthReached,
    /// No item may be asked any more.
    NoItemsLeft,
}

/// One running test.
#[derive(Debug, Clone)]
pub struct Cat {
    pool: Arc<Pool>,
    design: Arc<Design>,
    posterior: TopicPosterior,
    asked: Vec<(usize, Observation)>,
    /// Items that were asked without counting.
    kept_apart: Vec<usize>,
    log_likelihoods: Vec<(usize, OnGrid)>,
    /// The general level before the last answer.
    level_before: Option<f64>,
    seconds: Option<f64>,
}

impl Cat {
    /// A test before its first question.
    ///
    /// # Errors
    /// When the design does not fit the pool or the prior has another number of abilities.
    pub fn new(pool: Arc<Pool>, design: Arc<Design>, prior: Gaussian) -> Result<Self, DesignError> {
        design.check(pool.topics())?;
        if prior.len() != pool.topics() {
            let (found, expected) = (prior.len(), pool.topics());
            return Err(DesignError::Shape { what: "prior abilities", found, expected });
        }
        let posterior = TopicPosterior::new(prior);
        Ok(Self {
            pool,
            design,
            posterior,
            asked: Vec::new(),
            kept_apart: Vec::new(),
            log_likelihoods: Vec::new(),
            level_before: None,
            seconds: None,
        })
    }

    /// The item pool.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The rules of this test.
    pub fn design(&self) -> &Design {
        &self.design
    }

    /// Items answered so far, in the order of asking.
    pub fn asked(&self) -> &[(usize, Observation)] {
        &self.asked
    }

    /// Items that were asked without counting.
    pub fn kept_apart(&self) -> &[usize] {
        &self.kept_apart
    }

    /// Notes an item that was asked without counting: it changes nothing but that neither it nor what it
    /// excludes is asked any more.
    pub fn keep_apart(&mut self, item: usize) {
        self.kept_apart.push(item);
    }

    /// The Gaussian posterior over all abilities.
    pub fn posterior(&self) -> &Gaussian {
        self.posterior.gaussian()
    }

    /// The posterior with its topic likelihoods, for what needs more than two moments.
    pub fn topic_posterior(&self) -> &TopicPosterior {
        &self.posterior
    }

    /// Mean and standard deviation of the general level `C = wᵀθ`.
    pub fn general_level(&self) -> (f64, f64) {
        self.posterior().combination(&self.design.weights)
    }

    /// Number of questions answered on each topic.
    pub fn answered_by_topic(&self) -> Vec<usize> {
        let mut counts = vec![0; self.pool.topics()];
        for (item, _) in &self.asked {
            counts[self.pool.items()[*item].topic] += 1;
        }
        counts
    }

    /// Takes in one answer.
    ///
    /// # Panics
    /// When `item` is not in the pool or the category not one of the item's; the caller scored
    /// the response against that very item.
    pub fn record(&mut self, item: usize, observation: Observation) {
        self.level_before = Some(self.general_level().0);
        let topic = self.pool.items()[item].topic;
        let log_likelihood = self.log_likelihood(item, observation);
        self.asked.push((item, observation));
        let at = self.log_likelihoods.partition_point(|(other, _)| *other < item);
        self.log_likelihoods.insert(at, (item, log_likelihood));
        let mut sum: OnGrid = [0.0; GRID_POINTS];
        for (other, values) in &self.log_likelihoods {
            if self.pool.items()[*other].topic == topic {
                sum.iter_mut().zip(values).for_each(|(total, value)| *total += value);
            }
        }
        self.posterior.set_topic(topic, sum);
    }

    /// Adds to the time of testing; an answer that nobody timed adds nothing.
    pub fn spend(&mut self, seconds: Option<f64>) {
        if let Some(seconds) = seconds {
            *self.seconds.get_or_insert(0.0) += seconds;
        }
    }

    /// ln of the likelihood of all answers at a general level, up to a constant: by Bayes' rule
    /// posterior over prior, both normal. The topics' departures from the level are averaged out.
    fn log_likelihood_of_level(&self, level: f64) -> f64 {
        let log_density = |(mean, sd): (f64, f64)| {
            let z = (level - mean) / sd;
            -0.5 * z * z
        };
        let prior = self.posterior.prior().combination(&self.design.weights);
        log_density(self.general_level()) - log_density(prior)
    }

    /// The largest information that a question left has at the mean of its topic.
    fn information_left(&self) -> f64 {
        let mean = self.posterior().mean();
        let information = |j: usize| {
            let item = &self.pool.items()[j];
            item.model.information(mean[item.topic])
        };
        choose::free_candidates(self).into_iter().map(information).fold(0.0, f64::max)
    }

    /// The stop rule's view of this test, and what it says.
    pub fn stop(&self) -> Option<Stop> {
        if self.asked.len() >= self.design.length_max {
            return Some(Stop::LengthReached);
        }
        let answered = self.answered_by_topic();
        let covered = self.design.quotas.iter().zip(&answered).all(|(q, n)| *n >= q.min);
        if self.asked.len() < self.design.length_min || !covered {
            return None;
        }
        let (mean, sd) = self.general_level();
        let mut state = StopState::classification(self.asked.len(), mean, sd, &self.design.cuts);
        let log_likelihood = |level: f64| self.log_likelihood_of_level(level);
        let information_left = || self.information_left();
        let unchanged = || forecast::probability_unchanged_at_end(self);
        state.log_likelihood = Some(&log_likelihood);
        state.change = self.level_before.map(|before| mean - before);
        state.information_left = Some(&information_left);
        state.seconds = self.seconds;
        state.unchanged = Some(&unchanged);
        self.design.stop.evaluate(&state).map(Stop::Rule)
    }

    /// The next question, or why there is none.
    ///
    /// # Errors
    /// The reason to stop, when the test is over.
    pub fn next(&self, seed: u64) -> Result<Choice, Stop> {
        match self.stop() {
            Some(stop) => Err(stop),
            None => choose::choose(self, seed).ok_or(Stop::NoItemsLeft),
        }
    }

    fn log_likelihood(&self, item: usize, observation: Observation) -> OnGrid {
        let item = &self.pool.items()[item];
        let theta = grid();
        match observation {
            Observation::Category(category) => {
                std::array::from_fn(|q| item.model.log_probability(theta[q], category))
            }
            Observation::DontKnow => {
                let c = item.lower_asymptote;
                let top = item.model.categories() - 1;
                std::array::from_fn(|q| {
                    let right = item.model.log_probability(theta[q], top);
                    let wrong = item.model.log_probability(theta[q], 0);
                    c * right + (1.0 - c) * wrong
                })
            }
        }
    }
}
