//! Many tests with one design: people drawn or given, in parallel where tests do not depend on
//! each other. The result is the same on any number of threads.

use rayon::prelude::*;

use super::bound::least_variances;
use super::design::{SimulationError, TestDesign};
use super::examinee::{Bench, SimulatedTest, Sitting, administer};
use super::exposure::{ExposureRule, Memory, sympson_hetter_step};
use super::summary::{Basis, Summary, longest};
use crate::psychometrics::estimation::{Prior, Tabulated};
use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};
use crate::psychometrics::selection::{Criterion, InformationIndex, Selector};

/// A cell of given answers that holds none: the item cannot be asked of that person.
pub const NOT_ADMINISTERED: u16 = u16::MAX;

/// Where answers come from.
#[derive(Debug, Clone, Copy)]
pub enum Answers<'a> {
    /// So many people with abilities from N(0, 1), answering as the models say.
    Simulated {
        /// How many.
        examinees: usize,
    },
    /// A matrix of scores, row after row of all items, [`NOT_ADMINISTERED`] where there is none.
    Given {
        /// The scores.
        scores: &'a [u16],
    },
}

/// Tests before the study that find Sympson and Hetter's probabilities.
const PILOT_EXAMINEES: usize = 1_000;
/// Rounds of such tests; the largest rate settles within some ten.
const PILOT_ROUNDS: u64 = 12;
/// Pilot people are other people than the study's.
const PILOT_SEED: u64 = 0x5048_5f50_494c_4f54;

/// The true ability of a simulated person: a pure function of seed and number.
///
/// ```
/// use gradus::psychometrics::simulation::true_ability;
/// assert_eq!(true_ability(7, 3), true_ability(7, 3));
/// assert_ne!(true_ability(7, 3), true_ability(7, 4));
/// ```
pub fn true_ability(seed: u64, person: usize) -> f64 {
    standard_normal(&mut stream(seed, person as u64, Purpose::Simulee))
}

/// The answer of a simulated person to an item: a pure function of seed, person and item, asked
/// or not, so that the whole matrix is known and any other program can be given the same answers.
pub fn response(seed: u64, person: usize, row: usize, item: &ItemModel, ability: f64) -> usize {
    let position = ((person as u64) << 32) | row as u64;
    item.category_at(ability, uniform(&mut stream(seed, position, Purpose::Answer)))
}

/// A design on a list of items.
#[derive(Debug, Clone)]
pub struct Study<'a> {
    items: &'a [ItemModel],
    design: TestDesign,
}

impl<'a> Study<'a> {
    /// A study of a design.
    ///
    /// # Errors
    /// A design that cannot work with so many items.
    pub fn new(items: &'a [ItemModel], design: TestDesign) -> Result<Self, SimulationError> {
        design.check(items.len())?;
        Ok(Self { items, design })
    }

    /// The items.
    pub fn items(&self) -> &'a [ItemModel] {
        self.items
    }

    /// The design.
    pub fn design(&self) -> &TestDesign {
        &self.design
    }

    /// Gives all tests, in the order of the people. `done` is called after each; it must not
    /// change anything.
    ///
    /// # Errors
    /// A matrix of another width; a criterion that an item does not have; a prior without mass.
    pub fn run(
        &self,
        answers: &Answers<'_>,
        seed: u64,
        done: &(dyn Fn() + Sync),
    ) -> Result<Vec<SimulatedTest>, SimulationError> {
        let width = self.items.len();
        let people = match answers {
            Answers::Simulated { examinees } => *examinees,
            Answers::Given { scores } if scores.len().is_multiple_of(width) => scores.len() / width,
            Answers::Given { scores } => {
                return Err(SimulationError::Shape { cells: scores.len(), items: width });
            }
        };
        let bench = self.bench()?;
        let administration = match self.design.exposure {
            ExposureRule::SympsonHetter { rate_max } => self.pilot(&bench, rate_max, seed)?,
            _ => Vec::new(),
        };
        if self.design.exposure.remembers() {
            return self.one_after_another(&bench, answers, people, seed, done);
        }
        let one = |person| {
            let test = self.give(&bench, answers, person, seed, &administration);
            done();
            test
        };
        (0..people).into_par_iter().map(one).collect()
    }

    /// What the figures of this study's tests rest on.
    pub fn basis(&self, tests: &[SimulatedTest]) -> Basis<'_> {
        let longest = longest(tests);
        let prior = match self.design.estimator.prior() {
            prior @ Prior::Normal { .. } => prior.information(),
            // People are drawn from N(0, 1) whatever a uniform prior believes.
            Prior::Uniform { .. } => 1.0,
        };
        let bound = |truth: f64| least_variances(self.items, prior, truth, longest);
        let known: Option<Vec<f64>> = tests.iter().map(|test| test.truth).collect();
        let known = known.unwrap_or_default();
        Basis {
            items: self.items.len(),
            cuts: &self.design.cuts,
            least_variances: known.into_par_iter().map(bound).collect(),
            population_sd: 1.0,
        }
    }

    /// The study's figures.
    pub fn summarise(&self, tests: &[SimulatedTest]) -> Summary {
        Summary::new(&self.basis(tests), tests)
    }

    fn bench(&self) -> Result<Bench<'_>, SimulationError> {
        let design = &self.design;
        let selector = Selector::new(design.criterion)
            .with_prior(design.estimator.prior())
            .with_grid(design.estimator.grid().clone())
            .with_method(design.estimator.method());
        let tables = Tabulated::new(design.estimator.clone(), self.items)?;
        let plain = design.criterion == Criterion::MaximumInformation
            && !matches!(design.exposure, ExposureRule::Progressive { .. })
            && !design.uses_priority_index();
        let index = plain.then(|| InformationIndex::new(self.items));
        Ok(Bench { design, selector, tables, index })
    }

    /// A person's test under rules without memory.
    fn give(
        &self,
        bench: &Bench<'_>,
        answers: &Answers<'_>,
        person: usize,
        seed: u64,
        administration: &[f64],
    ) -> Result<SimulatedTest, SimulationError> {
        let available = self.available(answers, person);
        self.sit(bench, answers, person, seed, (available, administration, None))
    }

    /// The items that a person has answers to.
    fn available(&self, answers: &Answers<'_>, person: usize) -> Vec<bool> {
        let width = self.items.len();
        match answers {
            Answers::Simulated { .. } => vec![true; width],
            Answers::Given { scores } => {
                let row = &scores[person * width..(person + 1) * width];
                row.iter().map(|score| *score != NOT_ADMINISTERED).collect()
            }
        }
    }

    fn sit(
        &self,
        bench: &Bench<'_>,
        answers: &Answers<'_>,
        person: usize,
        seed: u64,
        (available, administration, memory): (Vec<bool>, &[f64], Option<&Memory>),
    ) -> Result<SimulatedTest, SimulationError> {
        let width = self.items.len();
        let (truth, ability) = match answers {
            Answers::Simulated { .. } => {
                let ability = true_ability(seed, person);
                (Some(ability), ability)
            }
            Answers::Given { .. } => (None, 0.0),
        };
        let answer = |row: usize| match answers {
            Answers::Simulated { .. } => response(seed, person, row, &self.items[row], ability),
            Answers::Given { scores } => usize::from(scores[person * width + row]),
        };
        let person = person as u64;
        let sitting =
            Sitting { seed, person, truth, available, answer: &answer, administration, memory };
        administer(bench, sitting)
    }

    /// Tests whose exposure rule depends on the tests before: one after another.
    fn one_after_another(
        &self,
        bench: &Bench<'_>,
        answers: &Answers<'_>,
        people: usize,
        seed: u64,
        done: &(dyn Fn() + Sync),
    ) -> Result<Vec<SimulatedTest>, SimulationError> {
        let mut memory = Memory::new(self.items.len());
        let mut tests = Vec::with_capacity(people);
        for person in 0..people {
            let answered = self.available(answers, person);
            let eligible = self.eligible(&memory, &answered, person, seed);
            let sitting = (eligible.clone(), &[][..], Some(&memory));
            let test = self.sit(bench, answers, person, seed, sitting)?;
            memory.remember(&eligible, &test.items);
            tests.push(test);
            done();
        }
        Ok(tests)
    }

    /// Draws the eligible items of a test. Where too few are left to fill it, all are.
    fn eligible(&self, memory: &Memory, answered: &[bool], person: usize, seed: u64) -> Vec<bool> {
        let ExposureRule::Eligibility { rate_max } = self.design.exposure else {
            return answered.to_vec();
        };
        let mut random = stream(seed, person as u64, Purpose::Exposure);
        let drawn: Vec<bool> = answered
            .iter()
            .enumerate()
            .map(|(row, answered)| {
                // A draw for every item, so that one item's fate shifts no other's.
                let within = uniform(&mut random) < memory.eligibility(row, rate_max);
                *answered && within
            })
            .collect();
        if self.fills_a_test(&drawn) { drawn } else { answered.to_vec() }
    }

    /// Whether these items are enough for the length and for every area's minimum.
    fn fills_a_test(&self, eligible: &[bool]) -> bool {
        let rows: Vec<usize> = (0..eligible.len()).filter(|row| eligible[*row]).collect();
        let covered = self.design.content.as_ref().is_none_or(|plan| plan.is_covered(&rows));
        covered && rows.len() >= self.design.length_max
    }

    /// Administration probabilities from rounds of simulated tests (Sympson & Hetter, 1985).
    fn pilot(
        &self,
        bench: &Bench<'_>,
        rate_max: f64,
        seed: u64,
    ) -> Result<Vec<f64>, SimulationError> {
        let mut administration = vec![1.0; self.items.len()];
        let people = Answers::Simulated { examinees: PILOT_EXAMINEES };
        for round in 0..PILOT_ROUNDS {
            let seed = seed ^ PILOT_SEED.wrapping_add(round);
            let tests: Vec<SimulatedTest> = (0..PILOT_EXAMINEES)
                .into_par_iter()
                .map(|person| self.give(bench, &people, person, seed, &administration))
                .collect::<Result<_, _>>()?;
            let mut chosen = vec![0_u32; self.items.len()];
            for row in tests.iter().flat_map(|test| test.items.iter().chain(&test.rejected)) {
                chosen[*row] += 1;
            }
            let share: Vec<f64> =
                chosen.iter().map(|n| f64::from(*n) / PILOT_EXAMINEES as f64).collect();
            administration = sympson_hetter_step(&share, rate_max, self.design.length_max);
        }
        Ok(administration)
    }
}

#[cfg(test)]
mod tests;
