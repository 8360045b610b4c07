//! Figures about a bank: how many items of which kind, and how well they keep, explain and prove
//! their keys. Shares are over live items. Never judges: `check` does.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::surface::Surface;
use super::types::{Bank, Item, Topic};
use super::words::{Cognitive, ItemType, Level, Runner, Status};

/// Fewest characters of an explanation that is one.
const EXPLANATION_MIN: usize = 40;

/// Figures about a bank, in the form `gradus.bank-stats/1`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BankStats {
    /// The name of this form.
    pub schema: &'static str,
    /// The bank's fingerprint.
    pub fingerprint: String,
    /// Items of every status.
    pub items: usize,
    /// Items in use.
    pub live: usize,
    /// Each topic, in the bank's order.
    pub topics: Vec<TopicStats>,
    /// How often "always the longest option" is right; over live single-key items with at least
    /// three options, as the two below.
    pub longest_option_accuracy: Option<f64>,
    /// How often a guesser who knows only the surface of the options is right.
    pub surface_guesser_accuracy: Option<f64>,
    /// How often blind guessing is right.
    pub chance: Option<f64>,
    /// The probability of key places as uneven as these by chance.
    pub key_position_p: Option<f64>,
    /// The share with an explanation.
    pub explained_share: Option<f64>,
    /// The share with a reference that has a locator.
    pub referenced_share: Option<f64>,
    /// The share whose answer is proved by running something.
    pub executed_share: Option<f64>,
}

/// Figures about one topic; the counts by kind are over live items.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TopicStats {
    /// The topic.
    pub topic: String,
    /// Items in use.
    pub live: usize,
    /// Items that are tried out.
    pub pretest: usize,
    /// Items that are not reviewed.
    pub draft: usize,
    /// By level.
    pub by_level: BTreeMap<Level, usize>,
    /// By cognitive act.
    pub by_cognitive: BTreeMap<Cognitive, usize>,
    /// By type.
    pub by_type: BTreeMap<ItemType, usize>,
    /// Subtopics with a live item.
    pub subtopics_covered: usize,
    /// Subtopics.
    pub subtopics: usize,
}

impl Bank {
    /// Figures about the bank.
    #[must_use]
    pub fn stats(&self) -> BankStats {
        let live: Vec<&Item> = self.live_items().collect();
        let surface = Surface::of(live.iter().copied());
        let share = |test: fn(&Item) -> bool| {
            let count = live.iter().filter(|item| test(item)).count();
            (!live.is_empty()).then(|| count as f64 / live.len() as f64)
        };
        BankStats {
            schema: "gradus.bank-stats/1",
            fingerprint: self.fingerprint().to_owned(),
            items: self.items.len(),
            live: live.len(),
            topics: self.topics.iter().map(|topic| topic_stats(self, topic)).collect(),
            longest_option_accuracy: surface.map(|surface| surface.longest),
            surface_guesser_accuracy: surface.map(|surface| surface.guesser),
            chance: surface.map(|surface| surface.chance),
            key_position_p: surface.map(|surface| surface.position_p),
            explained_share: share(|item| {
                item.explanation.trim().chars().count() >= EXPLANATION_MIN
            }),
            referenced_share: share(|item| {
                item.references.iter().any(|reference| !reference.locator.trim().is_empty())
            }),
            executed_share: share(|item| {
                item.verify.as_ref().is_some_and(|verify| verify.runner != Runner::None)
            }),
        }
    }
}

fn topic_stats(bank: &Bank, topic: &Topic) -> TopicStats {
    let items: Vec<&Item> = bank.items.iter().filter(|item| item.topic == topic.id).collect();
    let with = |status: Status| items.iter().filter(|item| item.status == status).count();
    let live: Vec<&Item> =
        items.iter().copied().filter(|item| item.status == Status::Live).collect();
    TopicStats {
        topic: topic.id.to_string(),
        live: live.len(),
        pretest: with(Status::Pretest),
        draft: with(Status::Draft),
        by_level: counts(Level::ALL, &live, |item| item.level),
        by_cognitive: counts(Cognitive::ALL, &live, |item| item.cognitive),
        by_type: counts(ItemType::ALL, &live, |item| item.kind),
        subtopics_covered: live.iter().map(|item| &item.subtopic).collect::<BTreeSet<_>>().len(),
        subtopics: topic.subtopics.len(),
    }
}

/// How many items have each value; values without items are there with zero.
fn counts<V: Copy + Ord>(all: &[V], items: &[&Item], value: fn(&Item) -> V) -> BTreeMap<V, usize> {
    let mut counts: BTreeMap<V, usize> = all.iter().map(|value| (*value, 0)).collect();
    for item in items {
        *counts.entry(value(item)).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::super::{fixture, read_checked_bank};

    #[test]
    fn figures_count_live_items_of_each_kind() {
        // Goal: the published form with the right counts. Method: the small bank, whose six items
        // can be counted by hand: five live, one of them with a single key.
        let bank = read_checked_bank(&fixture::shipped()).0.expect("a clean bank");
        let stats = bank.stats();
        assert_eq!((stats.items, stats.live, stats.topics.len()), (6, 5, 17));
        let sql = stats.topics.iter().find(|topic| topic.topic == "sql").expect("the topic");
        assert_eq!((sql.live, sql.draft, sql.subtopics_covered), (2, 1, 1));
        assert_eq!(sql.by_type.values().sum::<usize>(), 2);
        assert_eq!(stats.chance, Some(0.25));
        assert_eq!((stats.explained_share, stats.executed_share), (Some(1.0), Some(0.0)));
        let json = serde_json::to_value(&stats).expect("json");
        assert_eq!(json["topics"][0]["by_level"]["mid"], 1);
    }
}
