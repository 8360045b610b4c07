//! Tests of the usual kind, a few people at a time so that the processor never waits for one of
//! them: items by maximum information, the posterior mean, stop rules that look at the estimate.
//! Never another test than `examinee` would give: where rounding could change a choice, it is made
//! anew from logarithms and from all items.
//!
//! A posterior is carried along by multiplying it with the tabulated likelihood of each answer.
//! That differs from the sum of logarithms in the last digits, and so do informations computed
//! eight at a time. Both are bounded by `near`; an item that comes so near to the best makes the
//! choice unclear.

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::design::{SimulationError, TestDesign};
use super::examinee::DRAWS_PER_PERSON;
use super::exposure::ExposureRule;
use super::results::{Block, FinishedTest, Stopped};
use super::study::{Answers, NOT_ADMINISTERED, response, true_ability};
use crate::psychometrics::estimation::{Answer, Estimate, EstimationError, Method, moments};
use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::numeric::stream::{Purpose, below, stream, uniform};
use crate::psychometrics::numeric::sums::{LANES, fold};
use crate::psychometrics::numeric::vector::{Kernel, at_full_width};
use crate::psychometrics::selection::{Criterion, InformationIndex};
use crate::psychometrics::stopping::{StopReason, StopRule, StopState};

/// People who are served together. While one of them waits for a division, others add.
const COHORT: usize = 16;
/// Items whose likelihoods are kept; those of further items are computed when they are asked.
const KEPT: usize = 16_384;
/// A posterior of less mass is computed anew from logarithms. Weights only fall, so that none can
/// be more than 1/LOST times what it was when the mass was about 1: what underflowed in between
/// is no loss.
const LOST: f64 = 1.0 / ((1_u128 << 100) as f64 * (1_u128 << 100) as f64 * (1_u128 << 100) as f64);
/// A random number this near to a probability is compared with the exact one.
const CLOSE: f64 = 1e-12;
/// Right and wrong answers after which everybody who gave the same ones is still served alike.
const SHARED: usize = 9;
/// The place of nobody in the tree of shared beginnings; the root is 1, and the children of a
/// place are twice that and one more.
const NOWHERE: usize = 0;
/// What is not among the listed items.
const UNLISTED: u32 = u32::MAX;

/// Whether tests of this design can be given here.
pub(super) fn serves(design: &TestDesign) -> bool {
    let exposure = matches!(design.exposure, ExposureRule::None | ExposureRule::Randomesque { .. });
    let looks_further = |rule: &StopRule| {
        matches!(
            rule,
            StopRule::Sprt { .. }
                | StopRule::Glr { .. }
                | StopRule::InformationLeft(_)
                | StopRule::Curtail(_)
        )
    };
    design.criterion == Criterion::MaximumInformation
        && design.estimator.method() == Method::Eap
        && design.content.is_none()
        && exposure
        && !design.stop.as_ref().is_some_and(|rule| rule.mentions(&looks_further))
}

/// What is the same for all tests.
pub(super) struct Cohorts<'b, 'a> {
    items: &'a [ItemModel],
    design: &'b TestDesign,
    index: &'b InformationIndex<'a>,
    answers: &'b Answers<'b>,
    seed: u64,
    /// Points of the grid in blocks, the last filled up with zeros.
    points: Vec<[f64; LANES]>,
    /// The prior's weights on them, the largest 1, filled up likewise.
    prior: Vec<[f64; LANES]>,
    /// Of each listed item that was asked, the likelihoods of all its scores.
    likelihoods: Vec<OnceLock<Box<[[f64; LANES]]>>>,
    kept: AtomicUsize,
    near: f64,
    /// What people have in common after the same first answers; empty where there may be more
    /// to a choice than answers. Filled by who comes first: all would find the same.
    beginnings: Vec<OnceLock<Beginning>>,
}

/// After some answers: the ability, the item to be asked next, the posterior.
struct Beginning {
    theta: f64,
    next: (u32, u32),
    weights: Box<[[f64; LANES]]>,
}

/// A person in the middle of a test.
struct Seat {
    person: usize,
    truth: Option<f64>,
    ability: f64,
    /// The posterior up to a factor.
    weights: Vec<[f64; LANES]>,
    theta: f64,
    /// The place in the tree of beginnings.
    place: usize,
    /// Whether the posterior stands in the tree and not here.
    elsewhere: bool,
    /// Set for the listed items that may not be asked (again), of which there are `refused`.
    bits: Vec<u64>,
    refused: usize,
    /// The item to be asked now: its row and its number among the listed ones.
    next: (u32, u32),
    numbers: Vec<u32>,
    scores: Vec<u16>,
    test: FinishedTest,
}

/// How far apart the two ways can lead to a posterior mean: a product of n factors loses 4e-16 of
/// its weights with each, a sum of n logarithms 4e-16 of its size with each, and a logarithm has
/// a size of about 1 + a; `steepest` stands for a.
pub(super) fn mean_rounding(length: usize, steepest: f64) -> f64 {
    let n = length as f64;
    4e-16 * n * (10.0 + n * (1.0 + steepest))
}

/// How far apart, relative to them, the two ways can lead to two informations; `steepest` bounds
/// |(ln I)′| of the items that are compared.
fn nearness(length: usize, steepest: f64) -> f64 {
    1e-14 + 2.0 * steepest * mean_rounding(length, steepest)
}

impl<'b, 'a> Cohorts<'b, 'a> {
    /// Prepares tests of a design that [`serves`].
    pub fn new(
        items: &'a [ItemModel],
        design: &'b TestDesign,
        index: &'b InformationIndex<'a>,
        (answers, seed): (&'b Answers<'b>, u64),
    ) -> Result<Self, SimulationError> {
        let length = design.length_max.min(items.len());
        let alike = design.stop.is_none()
            && design.exposure == ExposureRule::None
            && matches!(answers, Answers::Simulated { .. });
        let mut beginnings = Vec::new();
        beginnings.resize_with(if alike { 2 << SHARED } else { 0 }, OnceLock::new);
        let mut likelihoods = Vec::new();
        likelihoods.resize_with(index.listed().len(), OnceLock::new);
        Ok(Self {
            items,
            design,
            index,
            answers,
            seed,
            points: in_blocks(design.estimator.grid().points()),
            prior: in_blocks(&design.estimator.posterior(&[])?),
            likelihoods,
            kept: AtomicUsize::new(0),
            near: nearness(length, index.steepest()),
            beginnings,
        })
    }

    /// The tests of some people; `done` is called after each.
    pub fn give(
        &self,
        people: Range<usize>,
        done: &(dyn Fn() + Sync),
    ) -> Result<Block, SimulationError> {
        at_full_width(Giving { cohorts: self, people, done })
    }

    fn seat(&self) -> Seat {
        let prior = self.design.estimator.prior();
        let start = Estimate {
            theta: prior.mean(),
            standard_error: prior.standard_deviation(),
            bounded: false,
        };
        Seat {
            person: 0,
            truth: None,
            ability: 0.0,
            weights: self.prior.clone(),
            theta: start.theta,
            place: NOWHERE,
            elsewhere: false,
            bits: vec![0; self.index.listed().len().div_ceil(64)],
            refused: 0,
            next: (0, UNLISTED),
            numbers: Vec::new(),
            scores: Vec::new(),
            test: FinishedTest {
                truth: None,
                items: Vec::new(),
                rejected: Vec::new(),
                path: Vec::new(),
                estimate: start,
                stopped: Stopped::NoItemsLeft,
            },
        }
    }

    /// Makes a seat ready for a person.
    fn sit(&self, seat: &mut Seat, person: usize) {
        seat.person = person;
        seat.weights.copy_from_slice(&self.prior);
        seat.theta = self.design.estimator.prior().mean();
        seat.place = if self.beginnings.is_empty() { NOWHERE } else { 1 };
        seat.elsewhere = false;
        seat.test.stopped = Stopped::NoItemsLeft;
        seat.test.items.clear();
        seat.test.path.clear();
        seat.scores.clear();
        match self.answers {
            Answers::Simulated { .. } => {
                for number in seat.numbers.iter().filter(|number| **number != UNLISTED) {
                    seat.bits[*number as usize / 64] = 0;
                }
                seat.refused = 0;
                seat.ability = true_ability(self.seed, person);
                seat.truth = Some(seat.ability);
            }
            Answers::Given { .. } => {
                seat.bits.fill(0);
                seat.refused = 0;
                for (number, row) in self.index.listed().iter().enumerate() {
                    if !self.has_answer(person, *row as usize) {
                        seat.bits[number / 64] |= 1 << (number % 64);
                        seat.refused += 1;
                    }
                }
            }
        }
        seat.numbers.clear();
    }

    fn has_answer(&self, person: usize, row: usize) -> bool {
        match self.answers {
            Answers::Simulated { .. } => true,
            Answers::Given { scores } => {
                scores[person * self.items.len() + row] != NOT_ADMINISTERED
            }
        }
    }

    fn may_be_asked(&self, seat: &Seat, row: usize) -> bool {
        !seat.test.items.contains(&(row as u32)) && self.has_answer(seat.person, row)
    }

    fn given<'s>(&'s self, seat: &'s Seat) -> Result<Vec<Answer<'s>>, EstimationError> {
        let pairs = seat.test.items.iter().zip(&seat.scores);
        pairs.map(|(row, s)| Answer::new(&self.items[*row as usize], usize::from(*s))).collect()
    }

    /// Sets the next item; false where none is left.
    #[inline(always)]
    fn choose(&self, seat: &mut Seat) -> Result<bool, SimulationError> {
        if seat.place == NOWHERE {
            return self.choose_alone(seat);
        }
        if let Some(beginning) = self.beginnings[seat.place].get() {
            seat.next = beginning.next;
            return Ok(true);
        }
        let found = self.choose_alone(seat)?;
        if found {
            let weights = seat.weights.as_slice().into();
            let beginning = Beginning { theta: seat.theta, next: seat.next, weights };
            self.beginnings[seat.place].set(beginning).ok();
        }
        Ok(found)
    }

    #[inline(always)]
    fn choose_alone(&self, seat: &mut Seat) -> Result<bool, SimulationError> {
        if let ExposureRule::None = self.design.exposure
            && let Some(pick) = self.index.pick(seat.theta, &seat.bits, seat.refused, self.near)
            && pick.clear
        {
            seat.next = (self.index.listed()[pick.listed as usize], pick.listed);
            return Ok(true);
        }
        self.choose_by_search(seat)
    }

    /// The choice from all items, at the ability of the plain path where rounding could matter.
    #[inline(never)]
    fn choose_by_search(&self, seat: &mut Seat) -> Result<bool, SimulationError> {
        let among = match self.design.exposure {
            ExposureRule::Randomesque { among } => among,
            _ => 1,
        };
        let best = |theta: f64| {
            self.index.best(theta, among.saturating_add(1), |row| self.may_be_asked(seat, row))
        };
        let mut found = best(seat.theta);
        let unclear = found.windows(2).any(|pair| {
            let [(one, value), (other, next)] = [pair[0], pair[1]];
            next >= value * (1.0 - self.near) && self.items[one] != self.items[other]
        });
        if unclear && !seat.scores.is_empty() {
            found = best(self.design.estimator.estimate(&self.given(seat)?)?.theta);
        }
        found.truncate(among);
        let row = match (found.len(), self.design.exposure) {
            (0, _) => return Ok(false),
            (n, ExposureRule::Randomesque { .. }) => {
                let position = seat.person as u64 * DRAWS_PER_PERSON + seat.scores.len() as u64;
                found[below(&mut stream(self.seed, position, Purpose::Selection), n)].0
            }
            _ => found[0].0,
        };
        seat.next = (row as u32, self.index.number(row).unwrap_or(UNLISTED));
        Ok(true)
    }

    /// The scores of up to eight people on their next items.
    #[inline(always)]
    fn answer(&self, seats: &[Seat], at: &[usize]) -> Result<[u16; 8], SimulationError> {
        let (mut scores, mut u, mut abilities, mut places) =
            ([0; 8], [0.0; 8], [0.0; 8], [0_u32; 8]);
        let columns = match self.answers {
            Answers::Simulated { .. } => self.index.logistic_columns(),
            Answers::Given { .. } => None,
        };
        let Some(columns) = columns else {
            for (score, seat) in scores.iter_mut().zip(at) {
                *score = self.score(&seats[*seat])?;
            }
            return Ok(scores);
        };
        let n = at.len().min(8);
        for lane in 0..n {
            let seat = &seats[at[lane]];
            let position = ((seat.person as u64) << 32) | u64::from(seat.next.0);
            u[lane] = uniform(&mut stream(self.seed, position, Purpose::Answer));
            abilities[lane] = seat.ability;
            places[lane] = if seat.next.1 == UNLISTED { 0 } else { seat.next.1 };
        }
        let wrong = columns.eight_wrong(&abilities, &places);
        for lane in 0..n {
            let seat = &seats[at[lane]];
            scores[lane] = match seat.next.1 {
                UNLISTED => self.score(seat)?,
                _ if (u[lane] - wrong[lane]).abs() < CLOSE => self.score(seat)?,
                _ => u16::from(u[lane] >= wrong[lane]),
            };
        }
        Ok(scores)
    }

    /// The score of a person on the next item, one by one.
    #[inline(never)]
    fn score(&self, seat: &Seat) -> Result<u16, SimulationError> {
        let row = seat.next.0 as usize;
        let item = &self.items[row];
        let score = match self.answers {
            Answers::Simulated { .. } => response(self.seed, seat.person, row, item, seat.ability),
            Answers::Given { scores } => usize::from(scores[seat.person * self.items.len() + row]),
        };
        Ok(Answer::new(item, score).map(|answer| answer.category() as u16)?)
    }

    /// Takes in an answer.
    #[inline(always)]
    fn record(&self, seat: &mut Seat, score: u16) -> Result<(), SimulationError> {
        let (row, number) = seat.next;
        seat.test.items.push(row);
        seat.scores.push(score);
        seat.numbers.push(number);
        if number != UNLISTED {
            seat.bits[number as usize / 64] |= 1 << (number % 64);
        }
        seat.refused += 1;
        if seat.place != NOWHERE && self.is_shared(seat, score) {
            seat.test.path.push(seat.theta);
            return Ok(());
        }
        let width = self.points.len();
        let category = usize::from(score) * width..(usize::from(score) + 1) * width;
        let kept = self.likelihoods.get(number as usize).and_then(OnceLock::get);
        let (mass, first) = match kept {
            Some(kept) => multiply(&mut seat.weights, &kept[category], &self.points),
            None => self.multiply_by_new(seat, category),
        };
        seat.theta = first / mass;
        if mass < LOST {
            self.renew(seat)?;
        }
        seat.test.path.push(seat.theta);
        Ok(())
    }

    /// Moves on in the tree of beginnings; whether the posterior is there already.
    #[inline(always)]
    fn is_shared(&self, seat: &mut Seat, score: u16) -> bool {
        let before = seat.place;
        let after = 2 * before + usize::from(score);
        seat.place = if score < 2 && after < self.beginnings.len() { after } else { NOWHERE };
        if seat.place != NOWHERE
            && let Some(beginning) = self.beginnings[seat.place].get()
        {
            (seat.theta, seat.elsewhere) = (beginning.theta, true);
            return true;
        }
        self.fetch(seat, before);
        false
    }

    /// Brings the posterior of a place in the tree to the seat, if it is only there.
    #[inline(always)]
    fn fetch(&self, seat: &mut Seat, place: usize) {
        if seat.elsewhere
            && let Some(beginning) = self.beginnings[place].get()
        {
            seat.weights.copy_from_slice(&beginning.weights);
            seat.elsewhere = false;
        }
    }

    /// The likelihoods of an item that are not kept yet.
    #[inline(never)]
    fn multiply_by_new(&self, seat: &mut Seat, category: Range<usize>) -> (f64, f64) {
        let (row, number) = seat.next;
        let new = self.likelihoods_of(&self.items[row as usize]);
        let sums = multiply(&mut seat.weights, &new[category], &self.points);
        if let Some(place) = self.likelihoods.get(number as usize)
            && self.kept.fetch_add(1, Ordering::Relaxed) < KEPT
        {
            // Another thread may have been faster; its values are the same.
            place.set(new).ok();
        }
        sums
    }

    fn likelihoods_of(&self, item: &ItemModel) -> Box<[[f64; LANES]]> {
        let points = self.design.estimator.grid().points();
        let of = |category: usize| {
            let values = points.iter().map(|theta| item.probability(*theta, category));
            in_blocks(&values.collect::<Vec<f64>>())
        };
        (0..item.categories()).flat_map(of).collect()
    }

    /// Computes a posterior anew.
    #[inline(never)]
    fn renew(&self, seat: &mut Seat) -> Result<(), SimulationError> {
        let weights = self.design.estimator.posterior(&self.given(seat)?)?;
        seat.weights.copy_from_slice(&in_blocks(&weights));
        seat.theta = self.moments(seat).0;
        Ok(())
    }

    fn moments(&self, seat: &Seat) -> (f64, f64) {
        moments(self.points.as_flattened(), seat.weights.as_flattened())
    }

    /// What the stop rule says of somebody, once the test is long enough.
    fn stop(&self, rule: &StopRule, seat: &Seat) -> Option<StopReason> {
        let (design, length) = (self.design, seat.scores.len());
        if length < design.length_min {
            return None;
        }
        let before = match length {
            0 | 1 => design.estimator.prior().mean(),
            _ => seat.test.path[length - 2],
        };
        let (_, se) = self.moments(seat);
        rule.evaluate(&StopState {
            change: Some(seat.theta - before),
            seconds: design.seconds_per_item.map(|seconds| seconds * length as f64),
            ..StopState::classification(length, seat.theta, se, &design.cuts)
        })
    }

    /// Stores a test that is over.
    fn finish(&self, seat: &mut Seat, block: &mut Block) {
        self.fetch(seat, seat.place);
        let prior = self.design.estimator.prior();
        let standard_error = match seat.scores.is_empty() {
            true => prior.standard_deviation(),
            false => self.moments(seat).1,
        };
        seat.test.truth = seat.truth;
        seat.test.estimate = Estimate { theta: seat.theta, standard_error, bounded: false };
        block.push(seat.test.view());
    }
}

/// Multiplies weights by a likelihood; their sum and the sum of their products with the points,
/// in the order of [`fold`]ed blocks.
#[inline(always)]
fn multiply(
    weights: &mut [[f64; LANES]],
    likelihood: &[[f64; LANES]],
    points: &[[f64; LANES]],
) -> (f64, f64) {
    let (mut mass, mut first) = ([0.0; LANES], [0.0; LANES]);
    let n = weights.len();
    let (likelihood, points) = (&likelihood[..n], &points[..n]);
    for block in 0..n {
        for lane in 0..LANES {
            let weight = weights[block][lane] * likelihood[block][lane];
            weights[block][lane] = weight;
            mass[lane] += weight;
            first[lane] += points[block][lane] * weight;
        }
    }
    (fold(mass), fold(first))
}

/// Values in blocks, the last filled up with zeros.
fn in_blocks(values: &[f64]) -> Vec<[f64; LANES]> {
    let mut blocks = vec![[0.0; LANES]; values.len().div_ceil(LANES)];
    blocks.as_flattened_mut()[..values.len()].copy_from_slice(values);
    blocks
}

/// The tests of some people.
struct Giving<'c, 'b, 'a> {
    cohorts: &'c Cohorts<'b, 'a>,
    people: Range<usize>,
    done: &'c (dyn Fn() + Sync),
}

impl Kernel for Giving<'_, '_, '_> {
    type Output = Result<Block, SimulationError>;

    #[inline(always)]
    fn call(self) -> Self::Output {
        let Self { cohorts, people, done } = self;
        let length = cohorts.design.length_max.min(cohorts.items.len());
        let mut block = Block::with_room(people.len(), length);
        let mut seats: Vec<Seat> = (0..COHORT.min(people.len())).map(|_| cohorts.seat()).collect();
        for from in people.clone().step_by(COHORT) {
            let seated = COHORT.min(people.end - from);
            for (seat, person) in seats.iter_mut().zip(from..from + seated) {
                cohorts.sit(seat, person);
            }
            walk(cohorts, &mut seats[..seated])?;
            for seat in &mut seats[..seated] {
                cohorts.finish(seat, &mut block);
                done();
            }
        }
        Ok(block)
    }
}

/// Gives the tests of one cohort, a question at a time.
#[inline(always)]
fn walk(cohorts: &Cohorts<'_, '_>, seats: &mut [Seat]) -> Result<(), SimulationError> {
    let mut sitting: Vec<usize> = (0..seats.len()).collect();
    for _ in 0..cohorts.design.length_max {
        let mut left = 0;
        for at in 0..sitting.len() {
            let seat = sitting[at];
            sitting[left] = seat;
            left += usize::from(cohorts.choose(&mut seats[seat])?);
        }
        sitting.truncate(left);
        for eight in sitting.chunks(8) {
            let scores = cohorts.answer(seats, eight)?;
            for (seat, score) in eight.iter().zip(scores) {
                cohorts.record(&mut seats[*seat], score)?;
            }
        }
        if let Some(rule) = &cohorts.design.stop {
            sitting.retain(|seat| match cohorts.stop(rule, &seats[*seat]) {
                Some(reason) => {
                    seats[*seat].test.stopped = Stopped::Rule(reason);
                    false
                }
                None => true,
            });
        }
        if sitting.is_empty() {
            break;
        }
    }
    sitting.iter().for_each(|seat| seats[*seat].test.stopped = Stopped::Length);
    Ok(())
}
