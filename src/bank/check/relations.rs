//! Rules about pairs of items: near-duplicates, enemies, variants; and words that an item's key
//! shares with its stem alone, which needs to know how rare a word is in the whole bank.

use std::collections::{BTreeMap, BTreeSet};

use super::super::ids::ItemId;
use super::super::node::Step;
use super::super::types::{Bank, Item, Key};
use super::super::words::Status;
use super::text::{anatomy, content_words, jaccard, shingles};
use super::{Report, option_path};

/// Likeness of stems and of options from which two items ask the same.
const STEM_ALIKE: f64 = 0.8;
const OPTIONS_ALIKE: f64 = 0.6;
/// Largest family of variants.
const VARIANTS_MAX: usize = 6;
/// A word is rare when at most this share of the stems hold it (and at least one may).
const RARE_SHARE: f64 = 0.02;
/// Shortest word that can give a key away.
const CLANG_LETTERS: usize = 5;

/// What the whole bank says about each item.
pub(super) struct Relations<'b> {
    bank: &'b Bank,
    around: Option<&'b Bank>,
    stem_words: Vec<BTreeSet<String>>,
    frequency: BTreeMap<String, usize>,
    duplicates: BTreeMap<usize, Vec<usize>>,
    families: BTreeMap<&'b ItemId, usize>,
}

impl<'b> Relations<'b> {
    pub fn new(bank: &'b Bank, around: Option<&'b Bank>) -> Self {
        let stem_words: Vec<BTreeSet<String>> = bank
            .items
            .iter()
            .map(|item| content_words(&anatomy(&item.stem).prose, CLANG_LETTERS))
            .collect();
        let mut frequency = BTreeMap::new();
        for word in stem_words.iter().flatten() {
            *frequency.entry(word.clone()).or_insert(0) += 1;
        }
        let mut families = BTreeMap::new();
        for parent in bank.items.iter().filter_map(|item| item.variant_of.as_ref()) {
            *families.entry(parent).or_insert(1) += 1;
        }
        Self { bank, around, stem_words, frequency, duplicates: duplicates(bank), families }
    }

    pub fn check(&self, index: usize, report: &mut Report<'_, '_, '_>) {
        let item = &self.bank.items[index];
        self.relatives(item, report);
        self.near(index, report);
        self.clang(index, item, report);
    }

    fn exists(&self, id: &ItemId) -> bool {
        let known = |bank: &Bank| bank.item(id.as_str()).is_some();
        known(self.bank) || self.around.is_some_and(known)
    }

    /// Q023: enemies are enemies of each other, and relatives exist.
    fn relatives(&self, item: &Item, report: &mut Report<'_, '_, '_>) {
        for (index, enemy) in item.enemies.iter().enumerate() {
            let path = [Step::Field("enemies"), Step::Index(index)];
            if *enemy == item.id {
                report.error("Q023", &path, "the item is its own enemy", "drop the name");
            } else if !self.exists(enemy) {
                let message = format!("the enemy `{enemy}` does not exist");
                report.error("Q023", &path, message, "correct the id, or drop it");
            } else if self
                .bank
                .item(enemy.as_str())
                .is_some_and(|other| !other.enemies.contains(&item.id))
            {
                let message = format!("`{enemy}` does not name `{}` as its enemy", item.id);
                report.error("Q023", &path, message, "enemies name each other");
            }
        }
        let Some(parent) = &item.variant_of else { return };
        let path = [Step::Field("variant_of")];
        if *parent == item.id || !self.exists(parent) {
            let message = format!("`{parent}` is no item to vary");
            report.error("Q023", &path, message, "name another item that exists, or drop it");
        } else if self.families.get(parent).is_some_and(|size| *size > VARIANTS_MAX) {
            let message = format!("the family of `{parent}` has more than {VARIANTS_MAX} items");
            report.error("Q023", &path, message, "found a second family, or retire some");
        }
    }

    /// Q022: an item that asks what another one asks.
    fn near(&self, index: usize, report: &mut Report<'_, '_, '_>) {
        for other in self.duplicates.get(&index).into_iter().flatten() {
            let other = &self.bank.items[*other];
            let message = format!("the item asks what `{}` asks", other.id);
            let help = "drop one, or declare them `enemies` or `variant_of`";
            report.error("Q022", &[Step::Field("stem")], message, help);
        }
    }

    /// Q011: a rare word of the stem stands in the key and in no other option.
    fn clang(&self, index: usize, item: &Item, report: &mut Report<'_, '_, '_>) {
        let Key::Single { key } = item.key else { return };
        let rare_max = ((self.bank.items.len() as f64 * RARE_SHARE) as usize).max(1);
        let sets: Vec<BTreeSet<String>> =
            item.options.iter().map(|option| content_words(&option.text, CLANG_LETTERS)).collect();
        let alone = sets[key].iter().find(|word| {
            let rare = self.frequency.get(*word).is_some_and(|count| *count <= rare_max);
            let elsewhere =
                sets.iter().enumerate().any(|(other, set)| other != key && set.contains(*word));
            self.stem_words[index].contains(*word) && rare && !elsewhere
        });
        if let Some(word) = alone {
            let message = format!("`{word}` stands in the stem and in the key alone");
            let help = "use it in a wrong option too, or say it otherwise";
            report.warn("Q011", &option_path(key), message, help);
        }
    }
}

/// For each item, the earlier ones of its topic that ask the same and are not declared kin.
fn duplicates(bank: &Bank) -> BTreeMap<usize, Vec<usize>> {
    let mut by_topic: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, item) in
        bank.items.iter().enumerate().filter(|(_, item)| item.status != Status::Retired)
    {
        by_topic.entry(item.topic.as_str()).or_default().push(index);
    }
    let stems: Vec<BTreeSet<String>> = bank.items.iter().map(|item| shingles(&item.stem)).collect();
    let mut found: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for members in by_topic.values() {
        for (at, &right) in members.iter().enumerate() {
            for &left in &members[..at] {
                if alike(bank, &stems, left, right) {
                    found.entry(right).or_default().push(left);
                }
            }
        }
    }
    found
}

fn alike(bank: &Bank, stems: &[BTreeSet<String>], left: usize, right: usize) -> bool {
    let (small, large) =
        (stems[left].len().min(stems[right].len()), stems[left].len().max(stems[right].len()));
    // |A ∩ B| ≤ |A|, so sets of too different size cannot be alike; most pairs end here.
    if (small as f64) < STEM_ALIKE * large as f64
        || jaccard(&stems[left], &stems[right]) < STEM_ALIKE
    {
        return false;
    }
    let (left, right) = (&bank.items[left], &bank.items[right]);
    let kin = left.enemies.contains(&right.id)
        || right.enemies.contains(&left.id)
        || left.variant_of.as_ref() == Some(&right.id)
        || right.variant_of.as_ref() == Some(&left.id)
        || (left.variant_of.is_some() && left.variant_of == right.variant_of);
    !kin && jaccard(&answers(left), &answers(right)) >= OPTIONS_ALIKE
}

/// What an item offers or accepts, as words.
fn answers(item: &Item) -> BTreeSet<String> {
    let text = match &item.key {
        Key::Numeric { value, .. } => value.to_string(),
        Key::Text { accept, .. } => accept.join(" "),
        Key::Single { .. } | Key::Multi { .. } | Key::Order { .. } => {
            item.options.iter().map(|option| option.text.as_str()).collect::<Vec<_>>().join(" ")
        }
    };
    super::text::words(&text).into_iter().collect()
}
