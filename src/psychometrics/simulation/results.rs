//! The tests of a study, in flat arrays: a million tests need no million lists. Stores what
//! happened; computes nothing.

use std::fmt;

use crate::psychometrics::estimation::Estimate;
use crate::psychometrics::stopping::StopReason;

/// Why a test ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Stopped {
    /// The stop rule held.
    Rule(StopReason),
    /// The greatest length was reached.
    Length,
    /// There was no item left to ask.
    NoItemsLeft,
}

impl fmt::Display for Stopped {
    /// The elementary rules that held, or `length`, or `no items left`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(reason) => {
                let rules: Vec<String> = reason.rules.iter().map(ToString::to_string).collect();
                f.write_str(&rules.join(" and "))
            }
            Self::Length => f.write_str("length"),
            Self::NoItemsLeft => f.write_str("no items left"),
        }
    }
}

/// One finished test, where it stands among others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimulatedTest<'t> {
    /// The true ability, where it is known.
    pub truth: Option<f64>,
    /// The items in the order of asking, by row.
    pub items: &'t [u32],
    /// Items chosen and not administered by the exposure rule.
    pub rejected: &'t [u32],
    /// The ability after each answer.
    pub path: &'t [f64],
    /// The last estimate; without answers the start.
    pub estimate: Estimate,
    /// Why it ended.
    pub stopped: &'t Stopped,
}

/// One finished test by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct FinishedTest {
    /// The true ability, where it is known.
    pub truth: Option<f64>,
    /// The items in the order of asking, by row.
    pub items: Vec<u32>,
    /// Items chosen and not administered by the exposure rule.
    pub rejected: Vec<u32>,
    /// The ability after each answer.
    pub path: Vec<f64>,
    /// The last estimate; without answers the start.
    pub estimate: Estimate,
    /// Why it ended.
    pub stopped: Stopped,
}

impl FinishedTest {
    /// The same, borrowed.
    pub fn view(&self) -> SimulatedTest<'_> {
        SimulatedTest {
            truth: self.truth,
            items: &self.items,
            rejected: &self.rejected,
            path: &self.path,
            estimate: self.estimate,
            stopped: &self.stopped,
        }
    }
}

/// Tests that are stored together.
pub(super) const BLOCK: usize = 1_024;

/// Many tests in the order of the people.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tests {
    /// All full but the last.
    blocks: Vec<Block>,
    length: usize,
}

/// Up to [`BLOCK`] tests.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Block {
    tests: Vec<Entry>,
    items: Vec<u32>,
    path: Vec<f64>,
    rejected: Vec<u32>,
    /// Each reason once.
    stops: Vec<Stopped>,
}

/// What is single in a test, and where its lists end.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Entry {
    truth: Option<f64>,
    estimate: Estimate,
    items_end: u32,
    rejected_end: u32,
    stop: u32,
}

impl Block {
    /// An empty block with room for tests of some length.
    pub fn with_room(tests: usize, length: usize) -> Self {
        Self {
            tests: Vec::with_capacity(tests),
            items: Vec::with_capacity(tests * length),
            path: Vec::with_capacity(tests * length),
            ..Self::default()
        }
    }

    /// Adds a test.
    pub fn push(&mut self, test: SimulatedTest<'_>) {
        let stop = match self.stops.iter().position(|stop| stop == test.stopped) {
            Some(stop) => stop,
            None => {
                self.stops.push(test.stopped.clone());
                self.stops.len() - 1
            }
        };
        self.items.extend_from_slice(test.items);
        self.path.extend_from_slice(test.path);
        self.rejected.extend_from_slice(test.rejected);
        self.tests.push(Entry {
            truth: test.truth,
            estimate: test.estimate,
            items_end: self.items.len() as u32,
            rejected_end: self.rejected.len() as u32,
            stop: stop as u32,
        });
    }

    /// Number of tests.
    pub fn len(&self) -> usize {
        self.tests.len()
    }

    fn get(&self, at: usize) -> SimulatedTest<'_> {
        let entry = &self.tests[at];
        let before = at.checked_sub(1).map(|before| &self.tests[before]);
        let (from, rejected_from) =
            before.map_or((0, 0), |it| (it.items_end as usize, it.rejected_end as usize));
        let asked = from..entry.items_end as usize;
        SimulatedTest {
            truth: entry.truth,
            items: &self.items[asked.clone()],
            path: &self.path[asked],
            rejected: &self.rejected[rejected_from..entry.rejected_end as usize],
            estimate: entry.estimate,
            stopped: &self.stops[entry.stop as usize],
        }
    }
}

impl Tests {
    /// The tests of blocks that are all full but the last.
    pub(super) fn of_blocks(blocks: Vec<Block>) -> Self {
        let length = blocks.iter().map(Block::len).sum();
        debug_assert!(blocks.iter().rev().skip(1).all(|block| block.len() == BLOCK));
        Self { blocks, length }
    }

    /// Adds a test.
    pub fn push(&mut self, test: SimulatedTest<'_>) {
        match self.blocks.last_mut().filter(|block| block.len() < BLOCK) {
            Some(block) => block.push(test),
            None => {
                let mut block = Block::default();
                block.push(test);
                self.blocks.push(block);
            }
        }
        self.length += 1;
    }

    /// Number of tests.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The test of a person.
    ///
    /// # Panics
    /// When there is no such test.
    pub fn get(&self, person: usize) -> SimulatedTest<'_> {
        self.blocks[person / BLOCK].get(person % BLOCK)
    }

    /// All tests in the order of the people.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = SimulatedTest<'_>> + Clone {
        (0..self.length).map(|person| self.get(person))
    }

    /// How many tests gave each item; `items` is their number.
    pub(super) fn counts(&self, items: usize) -> Vec<u32> {
        let mut counts = vec![0_u32; items];
        for row in self.blocks.iter().flat_map(|block| &block.items) {
            counts[*row as usize] += 1;
        }
        counts
    }

    /// The reasons that ended tests with the number of tests; a reason may come several times.
    pub(super) fn stops(&self) -> impl Iterator<Item = (&Stopped, usize)> {
        self.blocks.iter().flat_map(|block| {
            let mut counts = vec![0; block.stops.len()];
            block.tests.iter().for_each(|test| counts[test.stop as usize] += 1);
            block.stops.iter().zip(counts)
        })
    }
}

impl FromIterator<FinishedTest> for Tests {
    fn from_iter<T: IntoIterator<Item = FinishedTest>>(tests: T) -> Self {
        let mut all = Self::default();
        tests.into_iter().for_each(|test| all.push(test.view()));
        all
    }
}

impl<'t> FromIterator<SimulatedTest<'t>> for Tests {
    fn from_iter<T: IntoIterator<Item = SimulatedTest<'t>>>(tests: T) -> Self {
        let mut all = Self::default();
        tests.into_iter().for_each(|test| all.push(test));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_come_back_as_they_were_stored() {
        // Goal: no test loses or borrows an answer, also where blocks meet. Method: tests of
        // every length from 0 to 4 and three reasons, more than two blocks of them.
        let one = |person: usize| FinishedTest {
            truth: (!person.is_multiple_of(3)).then_some(person as f64),
            items: (0..person as u32 % 5).map(|step| person as u32 + step).collect(),
            rejected: vec![7; person % 2],
            path: (0..person % 5).map(|step| (person * step) as f64).collect(),
            estimate: Estimate { theta: person as f64, standard_error: 0.5, bounded: false },
            stopped: match person % 4 {
                0 => Stopped::NoItemsLeft,
                1 => Stopped::Rule(StopReason { rules: Vec::new() }),
                _ => Stopped::Length,
            },
        };
        let n = 2 * BLOCK + 17;
        let all: Tests = (0..n).map(one).collect();
        assert_eq!((all.len(), all.iter().len(), all.is_empty()), (n, n, false));
        for (person, test) in all.iter().enumerate() {
            assert_eq!(test, one(person).view());
        }
        let lengths: u32 = all.counts(n + 5).iter().sum();
        assert_eq!(lengths as usize, (0..n).map(|person| person % 5).sum::<usize>());
        let stopped = |wanted: &Stopped| -> usize {
            all.stops().filter(|(stop, _)| *stop == wanted).map(|(_, n)| n).sum()
        };
        assert_eq!(stopped(&Stopped::NoItemsLeft), n.div_ceil(4));
        assert_eq!(all.stops().map(|(_, n)| n).sum::<usize>(), n);
    }
}
