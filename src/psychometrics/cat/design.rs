//! What a test may draw on and the rules it keeps: the item pool and the design, both checked
//! once so that the engine can trust them.

use std::collections::{BTreeMap, BTreeSet};

use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::selection::posterior_trace::Objective;
use crate::psychometrics::stopping::{CutScore, StopRule};

/// One item as the engine sees it.
#[derive(Debug, Clone)]
pub struct PoolItem {
    /// The ability it measures.
    pub topic: usize,
    /// Its subtopic, for spreading questions; any numbering that is unique over the pool.
    pub group: usize,
    /// The response model, the uncertainty of its parameters already in its discrimination.
    pub model: ItemModel,
    /// Probability that somebody who knows nothing answers it right; what "I don't know" forgoes.
    pub lower_asymptote: f64,
    /// Items (by pool position) that must not be asked in the same test.
    pub excludes: Vec<usize>,
    /// Whether answering means reading code, of which a test takes a limited share.
    pub is_code: bool,
    /// The form of its answer, a place in the design's shares. Where little can be guessed a
    /// question tells most, but a test of nothing else would tire people.
    pub form: usize,
    /// Whether it may be asked at all.
    pub eligible: bool,
}

/// Items in the order of their ids, over `topics` abilities.
#[derive(Debug, Clone)]
pub struct Pool {
    topics: usize,
    items: Vec<PoolItem>,
    /// Of each item those that it excludes or is excluded by.
    conflicts: Vec<Vec<usize>>,
    /// Of each topic its items, those first that exclude fewest others.
    by_topic: Vec<Vec<usize>>,
    /// Of each item the number of its group among those that there are.
    group_numbers: Vec<usize>,
    groups: usize,
}

/// Fewest and most items of one topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// At least so many before the test may stop.
    pub min: usize,
    /// Never more than so many.
    pub max: usize,
}

/// Choice at random among the best few items, for the first questions of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Randomesque {
    /// How many questions are drawn so.
    pub questions: usize,
    /// Among how many of the best.
    pub among: usize,
}

/// The rules of one test.
#[derive(Debug, Clone)]
pub struct Design {
    /// Weight of each ability in the general level; they sum to 1.
    pub weights: Vec<f64>,
    /// What selection is to estimate.
    pub objective: Objective,
    /// Boundaries of the levels, ascending.
    pub cuts: Vec<CutScore>,
    /// Fewest questions before the stop rule is asked.
    pub length_min: usize,
    /// Most questions.
    pub length_max: usize,
    /// Quota of each ability; abilities that are not in the plan have a maximum of 0.
    pub quotas: Vec<Quota>,
    /// Most questions of one subtopic while others are still available.
    pub group_max: usize,
    /// Most questions that show code.
    pub code_max: usize,
    /// Of each form of answer, at most this share of a test; forms beyond the list are free.
    pub form_shares: Vec<f64>,
    /// When to stop between the two lengths.
    pub stop: StopRule,
    /// Random choice for the first questions.
    pub randomesque: Randomesque,
}

/// Why a pool or a design was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DesignError {
    /// An item names an ability that does not exist.
    #[error("item {item} measures topic {topic}, but there are {topics} topics")]
    UnknownTopic {
        /// Pool position.
        item: usize,
        /// The topic it names.
        topic: usize,
        /// Number of topics.
        topics: usize,
    },
    /// An exclusion names an item outside the pool.
    #[error("item {item} excludes item {other}, but there are {items} items")]
    UnknownExclusion {
        /// Pool position.
        item: usize,
        /// What it excludes.
        other: usize,
        /// Number of items.
        items: usize,
    },
    /// A vector of the design has the wrong length.
    #[error("the design has {found} {what} for {expected} topics")]
    Shape {
        /// Which vector.
        what: &'static str,
        /// Its length.
        found: usize,
        /// Number of topics.
        expected: usize,
    },
    /// Weights are negative or do not sum to one.
    #[error("topic weights must be non-negative and sum to 1, but sum to {sum}")]
    Weights {
        /// Their sum.
        sum: f64,
    },
    /// The quotas cannot be met within the length.
    #[error("the quotas ask for at least {needed} questions, but the test has at most {length}")]
    TooShort {
        /// Sum of the minima.
        needed: usize,
        /// Greatest length.
        length: usize,
    },
}

impl Pool {
    /// Checks the items against each other.
    ///
    /// # Errors
    /// When an item names a topic or an item that does not exist.
    pub fn new(topics: usize, items: Vec<PoolItem>) -> Result<Self, DesignError> {
        for (position, item) in items.iter().enumerate() {
            if item.topic >= topics {
                let topic = item.topic;
                return Err(DesignError::UnknownTopic { item: position, topic, topics });
            }
            if let Some(&other) = item.excludes.iter().find(|&&other| other >= items.len()) {
                let items = items.len();
                return Err(DesignError::UnknownExclusion { item: position, other, items });
            }
        }
        let by_topic = fewest_enemies_first(topics, &items);
        let groups: BTreeSet<usize> = items.iter().map(|item| item.group).collect();
        let numbers: BTreeMap<usize, usize> = groups.into_iter().zip(0..).collect();
        let group_numbers = items.iter().map(|item| numbers[&item.group]).collect();
        let conflicts = conflicts(&items);
        Ok(Self { topics, items, conflicts, by_topic, group_numbers, groups: numbers.len() })
    }

    /// Number of abilities.
    pub fn topics(&self) -> usize {
        self.topics
    }

    /// The items, in the order of their ids.
    pub fn items(&self) -> &[PoolItem] {
        &self.items
    }

    /// The items that cannot stand in one test with this one.
    pub(super) fn conflicts(&self, item: usize) -> &[usize] {
        &self.conflicts[item]
    }

    /// A topic's items, those first that exclude fewest others: an order that stays the same
    /// throughout a test.
    pub(super) fn of_topic(&self, topic: usize) -> &[usize] {
        &self.by_topic[topic]
    }

    /// The number of an item's group, below [`Self::groups`].
    pub(super) fn group_number(&self, item: usize) -> usize {
        self.group_numbers[item]
    }

    /// How many groups there are.
    pub(super) fn groups(&self) -> usize {
        self.groups
    }
}

fn conflicts(items: &[PoolItem]) -> Vec<Vec<usize>> {
    let mut conflicts = vec![Vec::new(); items.len()];
    for (item, excludes) in items.iter().map(|item| &item.excludes).enumerate() {
        for &other in excludes {
            conflicts[item].push(other);
            conflicts[other].push(item);
        }
    }
    for list in &mut conflicts {
        list.sort_unstable();
        list.dedup();
    }
    conflicts
}

fn fewest_enemies_first(topics: usize, items: &[PoolItem]) -> Vec<Vec<usize>> {
    let mut enemies = vec![0_usize; items.len()];
    for (j, item) in items.iter().enumerate() {
        for &other in &item.excludes {
            enemies[j] += 1;
            enemies[other] += 1;
        }
    }
    let mut by_topic = vec![Vec::new(); topics];
    for (j, item) in items.iter().enumerate() {
        by_topic[item.topic].push(j);
    }
    for list in &mut by_topic {
        list.sort_by_key(|&j| (enemies[j], j));
    }
    by_topic
}

impl Design {
    /// Checks the design against the number of topics.
    ///
    /// # Errors
    /// When a vector has the wrong length, the weights are not a distribution, or the quotas do
    /// not fit into the length.
    pub fn check(&self, topics: usize) -> Result<(), DesignError> {
        let shapes = [
            ("weights", self.weights.len()),
            ("quotas", self.quotas.len()),
            ("objective weights", self.objective.diagonal.len()),
        ];
        if let Some(&(what, found)) = shapes.iter().find(|(_, found)| *found != topics) {
            return Err(DesignError::Shape { what, found, expected: topics });
        }
        let sum: f64 = self.weights.iter().sum();
        if self.weights.iter().any(|w| w.is_nan() || *w < 0.0) || (sum - 1.0).abs() > 1e-9 {
            return Err(DesignError::Weights { sum });
        }
        let needed = self.quotas.iter().map(|q| q.min).sum();
        if needed > self.length_max {
            return Err(DesignError::TooShort { needed, length: self.length_max });
        }
        Ok(())
    }
}
