//! Which answers of finished sessions say something about the items of a bank: the first one of a
//! person to an item, given with effort, to the version that the bank has. Everything left out is
//! counted. Never estimates anything, and never knows where sessions are kept.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::outcome::is_rapid;
use super::response::Response;
use super::scoring::score;
use super::session::StoredAnswer;
use crate::bank::{Bank, Status};
use crate::psychometrics::cat::Observation;

/// Answers that do not count, by the reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Given faster than the question can be read.
    pub rapid: usize,
    /// The person had answered the item before.
    pub repeated: usize,
    /// The bank has no such item any more.
    pub unknown_item: usize,
    /// The item has another version now.
    pub other_version: usize,
    /// The item is suspended or retired.
    pub withdrawn: usize,
    /// The stored answer does not fit its item.
    pub unreadable: usize,
}

impl LeftOut {
    /// How many there are.
    #[must_use]
    pub fn total(&self) -> usize {
        let Self { rapid, repeated, unknown_item, other_version, withdrawn, unreadable } = self;
        rapid + repeated + unknown_item + other_version + withdrawn + unreadable
    }
}

/// An answer that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted {
    /// Position of the item in the bank.
    pub item: usize,
    /// What the model sees.
    pub seen: Observation,
    /// The option chosen, by its position in the item; only of items with one right option.
    pub option: Option<usize>,
}

/// The answers of people that count for the items of a bank.
#[derive(Debug, Clone)]
pub struct Evidence<'b> {
    pub(super) bank: &'b Bank,
    pub(super) people: Vec<Vec<Counted>>,
    person_of: BTreeMap<String, usize>,
    seen: BTreeSet<(usize, String)>,
    sessions: usize,
    left_out: LeftOut,
}

impl<'b> Evidence<'b> {
    /// No answers yet.
    #[must_use]
    pub fn new(bank: &'b Bank) -> Self {
        Self {
            bank,
            people: Vec::new(),
            person_of: BTreeMap::new(),
            seen: BTreeSet::new(),
            sessions: 0,
            left_out: LeftOut::default(),
        }
    }

    /// Adds a finished session of a person, with the bank that it was asked from. A person's sessions
    /// come in the order in which they took place.
    pub fn add(&mut self, person: &str, session_bank: &Bank, answers: &[StoredAnswer]) {
        self.sessions += 1;
        let next = self.people.len();
        let number = *self.person_of.entry(person.to_owned()).or_insert(next);
        if number == next {
            self.people.push(Vec::new());
        }
        for answer in answers {
            match self.judge(number, session_bank, answer) {
                Ok(counted) => self.people[number].push(counted),
                Err(reason) => *reason(&mut self.left_out) += 1,
            }
        }
    }

    /// What an answer says, or the count of those that say as little.
    fn judge(
        &mut self,
        person: usize,
        session_bank: &Bank,
        answer: &StoredAnswer,
    ) -> Result<Counted, fn(&mut LeftOut) -> &mut usize> {
        let asked = session_bank.item(&answer.item).ok_or(unreadable as fn(&mut _) -> &mut _)?;
        let response = Response::from_json(asked, &answer.response)
            .map_err(|_| unreadable as fn(&mut LeftOut) -> &mut usize)?;
        // Whoever met an item before, however hurried, does not meet it afresh.
        let first = self.seen.insert((person, answer.item.clone()));
        let item = self.bank.items.binary_search_by(|it| it.id.as_str().cmp(answer.item.as_str()));
        let Ok(item) = item else { return Err(|it| &mut it.unknown_item) };
        let present = &self.bank.items[item];
        if present.version != asked.version {
            return Err(|it| &mut it.other_version);
        }
        if matches!(present.status, Status::Suspended | Status::Retired) {
            return Err(|it| &mut it.withdrawn);
        }
        if !first {
            return Err(|it| &mut it.repeated);
        }
        if is_rapid(asked, &response, answer.seconds) {
            return Err(|it| &mut it.rapid);
        }
        let option = match &response {
            Response::Single(id) => present.options.iter().position(|option| option.id == *id),
            _ => None,
        };
        Ok(Counted { item, seen: score(asked, &response).observation, option })
    }

    /// The fingerprint of the bank.
    #[must_use]
    pub fn bank_fingerprint(&self) -> &str {
        self.bank.fingerprint()
    }

    /// The correlation of any two abilities, as the bank has it.
    #[must_use]
    pub fn bank_correlation(&self) -> f64 {
        self.bank.rho
    }

    /// Number of sessions.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.sessions
    }

    /// Number of people.
    #[must_use]
    pub fn people(&self) -> usize {
        self.people.len()
    }

    /// Number of answers that count.
    #[must_use]
    pub fn answers(&self) -> usize {
        self.people.iter().map(Vec::len).sum()
    }

    /// Answers that do not count.
    #[must_use]
    pub fn left_out(&self) -> LeftOut {
        self.left_out
    }
}

fn unreadable(left_out: &mut LeftOut) -> &mut usize {
    &mut left_out.unreadable
}
