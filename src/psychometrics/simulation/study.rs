//! Many tests with one design: people drawn or given, in parallel where tests do not depend on
//! each other. The result is the same on any number of threads.

use std::ops::Range;
use std::sync::OnceLock;

use rayon::prelude::*;

use super::bound::least_variances_in;
use super::cohort::{self, Cohorts};
use super::design::{SimulationError, TestDesign};
use super::examinee::{Bench, Sitting, administer};
use super::exposure::{ExposureRule, Memory, sympson_hetter_step};
use super::results::{BLOCK, Block, FinishedTest, Tests};
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

/// The index lists so many more items at an ability than a test asks.
const SPARE: usize = 34;
/// The most items listed at an ability.
const DEPTH_MAX: usize = 512;
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
    index: OnceLock<InformationIndex<'a>>,
}

impl<'a> Study<'a> {
    /// A study of a design.
    ///
    /// # Errors
    /// A design that cannot work with so many items.
    pub fn new(items: &'a [ItemModel], design: TestDesign) -> Result<Self, SimulationError> {
        design.check(items.len())?;
        Ok(Self { items, design, index: OnceLock::new() })
    }

    /// The items.
    pub fn items(&self) -> &'a [ItemModel] {
        self.items
    }

    /// The items by information, found when they are first needed.
    fn index(&self) -> &InformationIndex<'a> {
        let build = || {
            let depth = self.design.length_max.saturating_add(SPARE).min(DEPTH_MAX);
            InformationIndex::with_depth(self.items, depth)
        };
        self.index.get_or_init(build)
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
    ) -> Result<Tests, SimulationError> {
        let width = self.items.len();
        let people = match answers {
            Answers::Simulated { examinees } => *examinees,
            Answers::Given { scores } if scores.len().is_multiple_of(width) => scores.len() / width,
            Answers::Given { scores } => {
                return Err(SimulationError::Shape { cells: scores.len(), items: width });
            }
        };
        if cohort::serves(&self.design) {
            self.in_cohorts(answers, people, seed, done)
        } else {
            self.one_by_one(answers, people, seed, done)
        }
    }

    /// The tests of a design that cohorts serve.
    fn in_cohorts(
        &self,
        answers: &Answers<'_>,
        people: usize,
        seed: u64,
        done: &(dyn Fn() + Sync),
    ) -> Result<Tests, SimulationError> {
        let cohorts = Cohorts::new(self.items, &self.design, self.index(), (answers, seed))?;
        in_blocks(people, |people| cohorts.give(people, done))
    }

    /// The tests of any design.
    fn one_by_one(
        &self,
        answers: &Answers<'_>,
        people: usize,
        seed: u64,
        done: &(dyn Fn() + Sync),
    ) -> Result<Tests, SimulationError> {
        let bench = self.bench()?;
        let administration = match self.design.exposure {
            ExposureRule::SympsonHetter { rate_max } => self.pilot(&bench, rate_max, seed)?,
            _ => Vec::new(),
        };
        if self.design.exposure.remembers() {
            return self.one_after_another(&bench, answers, people, seed, done);
        }
        in_blocks(people, |people| {
            let mut tests = Block::with_room(people.len(), 0);
            for person in people {
                tests.push(self.give(&bench, answers, person, seed, &administration)?.view());
                done();
            }
            Ok(tests)
        })
    }

    /// What the figures of this study's tests rest on.
    pub fn basis(&self, tests: &Tests) -> Basis<'_> {
        let longest = longest(tests.iter());
        let prior = match self.design.estimator.prior() {
            prior @ Prior::Normal { .. } => prior.information(),
            // People are drawn from N(0, 1) whatever a uniform prior believes.
            Prior::Uniform { .. } => 1.0,
        };
        let known: Option<Vec<f64>> = tests.iter().map(|test| test.truth).collect();
        let known = known.filter(|known| !known.is_empty());
        let least = |known: Vec<f64>| least_variances_in(self.index(), prior, &known, longest);
        Basis {
            items: self.items.len(),
            cuts: &self.design.cuts,
            least_variances: known.map(least).unwrap_or_default(),
            population_sd: 1.0,
        }
    }

    /// The study's figures.
    pub fn summarise(&self, tests: &Tests) -> Summary {
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
        let index = plain.then(|| self.index());
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
    ) -> Result<FinishedTest, SimulationError> {
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
    ) -> Result<FinishedTest, SimulationError> {
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
    ) -> Result<Tests, SimulationError> {
        let mut memory = Memory::new(self.items.len());
        let mut tests = Tests::default();
        for person in 0..people {
            let answered = self.available(answers, person);
            let eligible = self.eligible(&memory, &answered, person, seed);
            let sitting = (eligible.clone(), &[][..], Some(&memory));
            let test = self.sit(bench, answers, person, seed, sitting)?;
            memory.remember(&eligible, &test.items);
            tests.push(test.view());
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
            let tests: Vec<FinishedTest> = (0..PILOT_EXAMINEES)
                .into_par_iter()
                .map(|person| self.give(bench, &people, person, seed, &administration))
                .collect::<Result<_, _>>()?;
            let mut chosen = vec![0_u32; self.items.len()];
            for row in tests.iter().flat_map(|test| test.items.iter().chain(&test.rejected)) {
                chosen[*row as usize] += 1;
            }
            let share: Vec<f64> =
                chosen.iter().map(|n| f64::from(*n) / PILOT_EXAMINEES as f64).collect();
            administration = sympson_hetter_step(&share, rate_max, self.design.length_max);
        }
        Ok(administration)
    }
}

/// Tests in blocks of people, in parallel where there are threads.
fn in_blocks(
    people: usize,
    block: impl Fn(Range<usize>) -> Result<Block, SimulationError> + Sync,
) -> Result<Tests, SimulationError> {
    let blocks = (0..people.div_ceil(BLOCK))
        .into_par_iter()
        .map(|number| block(number * BLOCK..people.min((number + 1) * BLOCK)));
    Ok(Tests::of_blocks(blocks.collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests;
