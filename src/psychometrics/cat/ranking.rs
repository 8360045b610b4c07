//! Candidates by what their answers are expected to tell, best first. Gains to four digits are
//! computed for all, many at a time; to the last bit only for those that can be among the best.
//! The result is that of computing all and sorting, bit for bit: nothing is decided by the four
//! digits. Never says which items are candidates.

use super::design::{Pool, PoolItem};
use super::state::Cat;
use crate::psychometrics::estimation::posterior::Gaussian;
use crate::psychometrics::numeric::vector::{Kernel, at_full_width};
use crate::psychometrics::selection::posterior_trace::{
    NearRule, Objective, expected_gain, near_gain,
};

/// Near gains are within 1e-4 of the exact ones; a candidate this far below cannot be as good.
const MARGIN: f64 = 1e-3;
/// Gains below 1e-5 are not near; where the best are near that, all are computed to the last bit.
const NEAR_FROM: f64 = 1e-4;

/// Candidates and what is needed to rank them.
pub(super) struct Ranking<'a> {
    pool: &'a Pool,
    posterior: &'a Gaussian,
    worth: Vec<f64>,
    candidates: Vec<usize>,
    near: Vec<Near>,
}

/// A candidate's gain to four digits, and times its topic's worth.
#[derive(Debug, Clone, Copy)]
struct Near {
    gain: f64,
    value: f64,
}

impl<'a> Ranking<'a> {
    /// Candidates in ascending order, for a test's objective and posterior.
    pub(super) fn new(cat: &'a Cat, candidates: Vec<usize>) -> Self {
        Self::under(cat.pool(), &cat.design().objective, cat.posterior(), candidates)
    }

    /// Candidates for any objective and posterior.
    pub(super) fn under(
        pool: &'a Pool,
        objective: &Objective,
        posterior: &'a Gaussian,
        candidates: Vec<usize>,
    ) -> Self {
        let topics = 0..posterior.len();
        let worth: Vec<f64> = topics.map(|k| objective.value_of_topic(posterior, k)).collect();
        let near = at_full_width(AllNear {
            items: pool.items(),
            candidates: &candidates,
            posterior,
            worth: &worth,
        });
        Self { pool, posterior, worth, candidates, near }
    }

    pub(super) fn len(&self) -> usize {
        self.candidates.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.candidates.is_empty()
    }

    /// The best so many with their value, best first; ties go to the earlier candidate.
    pub(super) fn best(&self, wanted: usize) -> Vec<(usize, f64)> {
        let mut best: Vec<(usize, f64)> =
            self.possible(wanted).map(|(at, value, _)| (self.candidates[at], value)).collect();
        best.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        best.truncate(wanted);
        best
    }

    /// The place among the candidates of the one with the greatest value, the first of equals, and
    /// its gain.
    pub(super) fn first(&self) -> Option<(usize, f64)> {
        let mut best: Option<(usize, f64, f64)> = None;
        for (at, value, gain) in self.possible(1) {
            if best.is_none_or(|(_, most, _)| value > most) {
                best = Some((at, value, gain));
            }
        }
        best.map(|(at, _, gain)| (at, gain))
    }

    /// All that can be among the best so many: place, exact value, exact gain.
    fn possible(&self, wanted: usize) -> impl Iterator<Item = (usize, f64, f64)> {
        let bar = self.bar(wanted);
        // What is too small to be near may be as large as that; and a value that is no number is
        // not below the bar. Both are computed.
        let near =
            self.near.iter().zip(&self.candidates).enumerate().filter(move |(_, (near, j))| {
                let worth = self.worth[self.pool.items()[**j].topic];
                let is_below = near.value < bar && worth * NEAR_FROM < bar;
                !is_below
            });
        near.map(|(at, (_, j))| {
            let item = &self.pool.items()[*j];
            let k = item.topic;
            let (mean, variance) = (self.posterior.mean()[k], self.posterior.variance(k));
            let gain = expected_gain(&item.model, mean, variance);
            (at, self.worth[k] * gain, gain)
        })
    }

    /// Near values below this cannot be among the best so many; −∞ where all may be.
    fn bar(&self, wanted: usize) -> f64 {
        if wanted == 0 || wanted >= self.near.len() {
            return f64::NEG_INFINITY;
        }
        let mut order: Vec<Near> = self.near.clone();
        let (_, last, _) =
            order.select_nth_unstable_by(wanted - 1, |a, b| b.value.total_cmp(&a.value));
        let last = *last;
        let among_best = self.near.iter().filter(|near| near.value >= last.value);
        let are_near =
            among_best.fold(last.value.is_finite(), |all, near| all && near.gain >= NEAR_FROM);
        if are_near { last.value * (1.0 - MARGIN) } else { f64::NEG_INFINITY }
    }
}

/// Near gains and values of all candidates.
struct AllNear<'a> {
    items: &'a [PoolItem],
    candidates: &'a [usize],
    posterior: &'a Gaussian,
    worth: &'a [f64],
}

impl Kernel for AllNear<'_> {
    type Output = Vec<Near>;

    #[inline(always)]
    fn call(self) -> Vec<Near> {
        let rule = NearRule::new();
        let (mean, topics) = (self.posterior.mean(), self.posterior.len());
        let mut spread = Vec::with_capacity(topics);
        for k in 0..topics {
            spread.push(self.posterior.variance(k).max(0.0).sqrt());
        }
        let mut near = Vec::with_capacity(self.candidates.len());
        for &j in self.candidates {
            let item = &self.items[j];
            let k = item.topic;
            let gain = match near_gain(&rule, &item.model, mean[k], spread[k]) {
                Some(gain) => gain,
                None => expected_gain(&item.model, mean[k], self.posterior.variance(k)),
            };
            near.push(Near { gain, value: self.worth[k] * gain });
        }
        near
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psychometrics::irt::ItemModel;
    use crate::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};

    /// Items of three topics, every sixth a copy of the one before.
    fn pool(random: &mut impl rand::Rng, items: usize) -> Pool {
        let mut models: Vec<ItemModel> = Vec::new();
        for j in 0..items {
            let (a, b) = (0.5 + uniform(random), 1.5 * standard_normal(random));
            let model = match (j % 6, models.last()) {
                (5, Some(before)) => Ok(before.clone()),
                (3, _) => ItemModel::generalized_partial_credit(a, vec![b - 0.3, b, b + 0.4]),
                (4, _) => ItemModel::graded(a, vec![b, b + 1.0]),
                _ => ItemModel::logistic(a, b, 0.2, 1.0),
            };
            models.push(model.unwrap());
        }
        let item = |(j, model)| PoolItem {
            topic: j / 2 % 3,
            group: 0,
            model,
            lower_asymptote: 0.2,
            excludes: Vec::new(),
            is_code: false,
            form: 0,
            eligible: true,
        };
        Pool::new(3, models.into_iter().enumerate().map(item).collect()).unwrap()
    }

    #[test]
    fn the_best_are_those_of_computing_all() {
        // Goal: screening changes no choice and no bit. Method: seeded pools with ties, posteriors
        // near and far, topics without worth; the best 1, 2, 3, 10 and all against sorting exact
        // values, and the first against a walk.
        let mut random = stream(43, 0, Purpose::Simulee);
        for case in 0..60 {
            let pool = pool(&mut random, 70);
            let rho = 0.7 * uniform(&mut random);
            let cells = (0..9).map(|at| if at % 4 == 0 { 1.0 } else { rho }).collect();
            let mut posterior = Gaussian::prior(3, cells);
            posterior.absorb(0, 3.0 * uniform(&mut random), 4.0 * standard_normal(&mut random));
            let far = if case % 10 == 9 { 400.0 } else { 2.0 };
            posterior.absorb(2, 1.0, far * standard_normal(&mut random));
            let weights: Vec<f64> =
                (0..3).map(|k| if case % 4 == k { 0.0 } else { uniform(&mut random) }).collect();
            let objective = Objective::profile_and_level(&weights);
            let candidates: Vec<usize> = (0..70).filter(|j| (j + case) % 7 != 0).collect();
            let ranking = Ranking::under(&pool, &objective, &posterior, candidates.clone());
            let mut expected: Vec<(usize, f64)> = candidates
                .iter()
                .map(|&j| {
                    let (item, mean) = (&pool.items()[j], posterior.mean());
                    let k = item.topic;
                    let gain = expected_gain(&item.model, mean[k], posterior.variance(k));
                    (j, objective.value_of_topic(&posterior, k) * gain)
                })
                .collect();
            expected.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            for wanted in [1, 2, 3, 10, 70] {
                let kept = wanted.min(expected.len());
                assert_eq!(ranking.best(wanted), expected[..kept], "case {case}");
            }
            let (at, gain) = ranking.first().unwrap();
            assert_eq!(candidates[at], expected[0].0);
            let item = &pool.items()[candidates[at]];
            let (mean, variance) = (posterior.mean()[item.topic], posterior.variance(item.topic));
            assert_eq!(gain, expected_gain(&item.model, mean, variance));
        }
    }
}
