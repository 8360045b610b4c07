//! One adaptive test: choose, answer, estimate, stop. The same function serves simulated and
//! given answers; it never looks at other tests but through the exposure rule's state.

use super::design::{SimulationError, TestDesign};
use super::exposure::{ExposureRule, Memory};
use super::results::{FinishedTest, Stopped};
use crate::psychometrics::estimation::{Answer, Estimate, Tabulated, log_likelihood};
use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::numeric::stream::{Purpose, below, stream, uniform};
use crate::psychometrics::selection::posterior_trace::expected_gain;
use crate::psychometrics::selection::quotas::Priorities;
use crate::psychometrics::selection::{Criterion, InformationIndex, Rating, Selector};
use crate::psychometrics::stopping::{StopReason, StopState, probability_unchanged};

/// What is the same for all tests of a study.
pub(super) struct Bench<'a> {
    pub design: &'a TestDesign,
    pub selector: Selector,
    pub tables: Tabulated<'a>,
    pub index: Option<&'a InformationIndex<'a>>,
}

/// What is particular to one test.
pub(super) struct Sitting<'s> {
    pub seed: u64,
    pub person: u64,
    pub truth: Option<f64>,
    /// Items that may be asked at all.
    pub available: Vec<bool>,
    /// The score of an item, if it has one.
    pub answer: &'s dyn Fn(usize) -> usize,
    /// Administration probabilities of Sympson and Hetter; empty under other rules.
    pub administration: &'s [f64],
    pub memory: Option<&'s Memory>,
}

/// A running test.
struct Running<'b, 'a, 's> {
    bench: &'b Bench<'a>,
    sitting: Sitting<'s>,
    scores: Vec<(usize, usize)>,
    sums: Vec<f64>,
    test: FinishedTest,
    /// The items asked, as content rules want them.
    asked: Vec<usize>,
}

/// The largest number of draws a test may need for one purpose.
pub(super) const DRAWS_PER_PERSON: u64 = 1 << 20;

/// Gives one test.
pub(super) fn administer(
    bench: &Bench<'_>,
    sitting: Sitting<'_>,
) -> Result<FinishedTest, SimulationError> {
    let prior = bench.design.estimator.prior();
    let start = Estimate {
        theta: prior.mean(),
        standard_error: prior.standard_deviation(),
        bounded: false,
    };
    let test = FinishedTest {
        truth: sitting.truth,
        items: Vec::new(),
        rejected: Vec::new(),
        path: Vec::new(),
        estimate: start,
        stopped: Stopped::NoItemsLeft,
    };
    let sums = bench.tables.no_sums();
    let asked = Vec::new();
    let mut running = Running { bench, sitting, scores: Vec::new(), sums, test, asked };
    running.test.stopped = loop {
        if running.scores.len() >= bench.design.length_max {
            break Stopped::Length;
        }
        let Some(item) = running.choose()? else { break Stopped::NoItemsLeft };
        running.record(item)?;
        if let Some(reason) = running.stop()? {
            break Stopped::Rule(reason);
        }
    };
    Ok(running.test)
}

impl Running<'_, '_, '_> {
    fn answers(&self) -> Result<Vec<Answer<'_>>, SimulationError> {
        let models = self.bench.tables.items();
        let answer = |&(item, score): &(usize, usize)| Answer::new(&models[item], score);
        Ok(self.scores.iter().map(answer).collect::<Result<_, _>>()?)
    }

    fn record(&mut self, item: usize) -> Result<(), SimulationError> {
        let score = (self.sitting.answer)(item);
        // Checks the score against the item, which tables do not.
        Answer::new(&self.bench.tables.items()[item], score)?;
        self.sitting.available[item] = false;
        self.scores.push((item, score));
        self.bench.tables.add_to(&mut self.sums, item, score);
        self.test.estimate = self.bench.tables.estimate_from(&self.sums, &self.scores)?;
        self.test.items.push(item as u32);
        self.asked.push(item);
        self.test.path.push(self.test.estimate.theta);
        Ok(())
    }

    /// What the stop rule says, once the test is long enough and every area's minimum is met.
    fn stop(&self) -> Result<Option<StopReason>, SimulationError> {
        let design = self.bench.design;
        let length = self.scores.len();
        let covered = design.content.as_ref().is_none_or(|plan| plan.is_covered(&self.asked));
        let asked = length >= design.length_min && covered;
        let Some(rule) = design.stop.as_ref().filter(|_| asked) else {
            return Ok(None);
        };
        let answers = self.answers()?;
        let at = |theta: f64| log_likelihood(&answers, theta);
        let before = match length {
            0 | 1 => design.estimator.prior().mean(),
            _ => self.test.path[length - 2],
        };
        let state = StopState {
            length,
            theta: self.test.estimate.theta,
            se: self.test.estimate.standard_error,
            cuts: &design.cuts,
            log_likelihood: Some(&at),
            change: Some(self.test.estimate.theta - before),
            information_left: Some(&|| self.information_left()),
            seconds: design.seconds_per_item.map(|seconds| seconds * length as f64),
            unchanged: Some(&|| self.unchanged()),
        };
        Ok(rule.evaluate(&state))
    }

    /// The largest information at the estimate of an item that may still be asked.
    fn information_left(&self) -> f64 {
        let theta = self.test.estimate.theta;
        self.left().map(|(_, model)| model.information(theta)).fold(0.0, f64::max)
    }

    /// The probability that the level at the greatest length is today's: the items that promise
    /// most now are taken one by one, and the variance shrinks by the exact expected gain of each.
    fn unchanged(&self) -> f64 {
        let (design, estimate) = (self.bench.design, &self.test.estimate);
        let (mean, now) = (estimate.theta, estimate.standard_error);
        if !now.is_finite() {
            return 0.0;
        }
        let mut left: Vec<(f64, &ItemModel)> =
            self.left().map(|(_, model)| (expected_gain(model, mean, now * now), model)).collect();
        // The sort is stable: of equals the earlier row comes first.
        left.sort_by(|a, b| b.0.total_cmp(&a.0));
        let questions = design.length_max - self.scores.len();
        let shrink = |variance: f64, (_, model): &(f64, &ItemModel)| {
            (variance - variance * variance * expected_gain(model, mean, variance)).max(0.0)
        };
        let then = left.iter().take(questions).fold(now * now, shrink).sqrt();
        probability_unchanged(mean, now, then, &design.cuts)
    }

    /// Items that may still be asked.
    fn left(&self) -> impl Iterator<Item = (usize, &ItemModel)> {
        let items = self.bench.tables.items().iter().enumerate();
        items.filter(|(row, _)| self.sitting.available[*row])
    }

    /// What content says of each item now.
    fn priorities(&self) -> Option<Priorities<'_>> {
        let available = |row: usize| self.sitting.available[row];
        let plan = self.bench.design.content.as_ref()?;
        Some(plan.priorities(&self.asked, &available))
    }

    /// The next item by criterion, content and exposure rule.
    fn choose(&mut self) -> Result<Option<usize>, SimulationError> {
        match self.bench.design.exposure {
            ExposureRule::None | ExposureRule::Eligibility { .. } => {
                Ok(self.ranked(1)?.first().copied())
            }
            ExposureRule::Randomesque { among } => {
                let best = self.ranked(among)?;
                if best.is_empty() {
                    return Ok(None);
                }
                let mut random = stream(self.sitting.seed, self.position(), Purpose::Selection);
                Ok(Some(best[below(&mut random, best.len())]))
            }
            ExposureRule::Progressive { rate_max } => self.progressive(rate_max),
            ExposureRule::SympsonHetter { .. } => self.sympson_hetter(),
        }
    }

    /// The number of this draw among all draws of the study.
    fn position(&self) -> u64 {
        let draw = self.scores.len() + self.test.rejected.len();
        self.sitting.person * DRAWS_PER_PERSON + draw as u64
    }

    /// The best available items, best first, the earlier row of equals first.
    fn ranked(&self, count: usize) -> Result<Vec<usize>, SimulationError> {
        if let Some(index) = &self.bench.index {
            let priorities = self.priorities();
            let available = |row: usize| {
                self.sitting.available[row]
                    && priorities.as_ref().is_none_or(|content| content.of(row) > 0.0)
            };
            let best = index.best(self.test.estimate.theta, count, available);
            return Ok(best.into_iter().map(|(row, _)| row).collect());
        }
        let smallest_wins = self.bench.design.criterion.smallest_wins();
        let mut values = self.values()?;
        values.sort_by(|a, b| {
            let order = if smallest_wins { a.1.total_cmp(&b.1) } else { b.1.total_cmp(&a.1) };
            order.then(a.0.cmp(&b.0))
        });
        Ok(values.into_iter().take(count).map(|(row, _)| row).collect())
    }

    /// The values of all available items that content lets through, in their order; under the
    /// priority index times their priority.
    fn values(&self) -> Result<Vec<(usize, f64)>, SimulationError> {
        let answers = match self.bench.design.criterion {
            Criterion::MaximumInformation | Criterion::Urry => Vec::new(),
            _ => self.answers()?,
        };
        let rating: Rating<'_> = self.bench.selector.at(&answers, self.test.estimate.theta)?;
        let priorities = self.priorities();
        self.left()
            .map(|(row, model)| (row, model, priorities.as_ref().map_or(1.0, |p| p.of(row))))
            .filter(|(_, _, priority)| *priority > 0.0)
            .map(|(row, model, priority)| Ok((row, rating.value(model)? * priority)))
            .collect()
    }

    /// Weighs chance against value by how much of the test is over. Items above their share are
    /// left out while others remain.
    fn progressive(&self, rate_max: f64) -> Result<Option<usize>, SimulationError> {
        let values = self.values()?;
        let within = |row: usize| self.sitting.memory.is_none_or(|m| m.within_share(row, rate_max));
        let restricted = values.iter().any(|(row, _)| within(*row));
        let largest = values.iter().map(|(_, value)| *value).fold(0.0, f64::max);
        let over = self.scores.len() as f64 / self.bench.design.length_max as f64;
        let mut random = stream(self.sitting.seed, self.position(), Purpose::Exposure);
        let mut best: Option<(usize, f64)> = None;
        for (row, value) in values {
            // One draw an item, wanted or not: what is left out shifts no other draw.
            let chance = uniform(&mut random) * largest;
            let mixed = (1.0 - over) * chance + over * value;
            if (within(row) || !restricted) && best.is_none_or(|(_, held)| mixed > held) {
                best = Some((row, mixed));
            }
        }
        Ok(best.map(|(row, _)| row))
    }

    /// Offers the best item to chance until one is administered; if all were refused, the first
    /// refused one is given after all.
    fn sympson_hetter(&mut self) -> Result<Option<usize>, SimulationError> {
        let mut refused_now: Option<usize> = None;
        while let Some(item) = self.ranked(1)?.first().copied() {
            let mut random = stream(self.sitting.seed, self.position(), Purpose::Exposure);
            if uniform(&mut random) < self.sitting.administration[item] {
                return Ok(Some(item));
            }
            self.sitting.available[item] = false;
            self.test.rejected.push(item as u32);
            refused_now.get_or_insert(item);
        }
        if let Some(item) = refused_now {
            self.test.rejected.retain(|other| *other != item as u32);
        }
        Ok(refused_now)
    }
}
