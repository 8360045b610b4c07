//! What a question is, and what a bank is. Only this room builds these values, after every
//! structural check, so whoever holds one may rely on it: keys point at options that exist,
//! weights sum to one, names are unique. Never reads text and never decides what to ask.

#![expect(
    clippy::manual_non_exhaustive,
    reason = "the private unit keeps other rooms of this crate from building a value; \
              `#[non_exhaustive]` binds only other crates"
)]

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::ids::{ItemId, ObjectiveId, OptionId, RoleId, SubtopicId, TopicId};
use super::words::{
    AuthorKind, Cognitive, ItemType, Level, MultiRule, Normalise, OrderRule, RaterKind, Runner,
    Status, Volatility,
};
use crate::psychometrics::online::Standing;

/// One option of an item.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Choice {
    /// Its stable name within the item.
    pub id: OptionId,
    /// What the person reads (Markdown).
    pub text: String,
    /// Whether it belongs to the key; always false in `order` items, where it means nothing.
    pub correct: bool,
    /// What the person is told about it afterwards.
    pub feedback: String,
    /// The named misconception that it catches.
    pub misconception: Option<String>,
    #[serde(skip)]
    pub(super) _checked: (),
}

/// A compiled pattern that accepts typed answers; equal when the sources are.
#[derive(Debug, Clone)]
pub struct TextPattern(pub(super) regex::Regex);

impl TextPattern {
    /// The pattern as it was typed.
    #[must_use]
    pub fn source(&self) -> &str {
        // The compiled form is anchored: `^(?:source)$`.
        let anchored = self.0.as_str();
        &anchored[ANCHOR_START.len()..anchored.len() - ANCHOR_END.len()]
    }

    /// Whether the whole of an answer matches.
    #[must_use]
    pub fn matches(&self, answer: &str) -> bool {
        self.0.is_match(answer)
    }

    /// Compiles a pattern that must match the whole answer.
    pub(super) fn compile(source: &str) -> Result<Self, regex::Error> {
        // A pattern is data: the bound keeps a hostile one from taking the machine's memory.
        const COMPILED_BYTES_MAX: usize = 1 << 20;
        // The source must be a pattern by itself, or `a)(b` would escape from the anchors.
        regex::RegexBuilder::new(source).size_limit(COMPILED_BYTES_MAX).build()?;
        regex::RegexBuilder::new(&format!("{ANCHOR_START}{source}{ANCHOR_END}"))
            .size_limit(COMPILED_BYTES_MAX)
            .build()
            .map(Self)
    }
}

const ANCHOR_START: &str = "^(?:";
const ANCHOR_END: &str = ")$";

impl PartialEq for TextPattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

/// The key of an item. It points at options by index, so a bank that loads cannot be mis-scored.
#[derive(Debug, Clone, PartialEq)]
pub enum Key {
    /// One right option.
    Single {
        /// Its index in [`Item::options`].
        key: usize,
    },
    /// Several right options.
    Multi {
        /// For each option, whether it is right; at least one is and at least one is not.
        keys: Vec<bool>,
        /// How ticks become a score.
        rule: MultiRule,
    },
    /// A right order of all options.
    Order {
        /// Indices into [`Item::options`], each exactly once.
        order: Vec<usize>,
        /// How an order becomes a score.
        rule: OrderRule,
    },
    /// A number.
    Numeric {
        /// The right value.
        value: f64,
        /// How far an answer may lie from it, both ends included; not negative.
        tolerance: f64,
        /// The unit that the question names.
        unit: Option<String>,
    },
    /// A text.
    Text {
        /// The accepted answers, as typed in the file; empty only when there is a pattern.
        accept: Vec<String>,
        /// A pattern for further answers.
        regex: Option<TextPattern>,
        /// What is done to an answer, and to the accepted ones, before they are compared.
        normalise: Vec<Normalise>,
    },
}

/// Where an item's truth can be looked up.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// The source: an id of [`Bank::references`].
    pub id: String,
    /// The place in the source, precise enough to open it.
    pub locator: String,
    /// The version of the source.
    pub version: Option<String>,
    /// The address of the place.
    pub url: Option<String>,
    /// The date on which the passage was read.
    pub checked: Option<String>,
    pub(super) _checked: (),
}

/// What is believed about an item's parameters before any response (three-parameter logistic,
/// D = 1): from the blueprint's table by level and cognitive act unless the item overrides it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct IrtPrior {
    /// Discrimination.
    pub a: f64,
    /// Standard deviation of log a.
    pub a_sd_log: f64,
    /// Difficulty.
    pub b: f64,
    /// Standard deviation of b.
    pub b_sd: f64,
    /// How many raters b is the mean of; `None` where it is the table's or the author's.
    pub raters: Option<u32>,
    /// Lower asymptote: the chance of a right answer without knowing.
    pub c: f64,
    #[serde(skip)]
    pub(super) _checked: (),
}

/// What people's answers say about an item's parameters, from a calibration that somebody accepted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    /// The day of the calibration.
    pub date: String,
    /// How many answers it rests on.
    pub n: u32,
    /// How far it can be relied on; never a draft.
    pub standing: Standing,
    /// Discrimination.
    pub a: f64,
    /// Its standard error.
    pub se_a: f64,
    /// Difficulty; of an item with partial credit the mean of its steps.
    pub b: f64,
    /// Its standard error.
    pub se_b: f64,
    /// Distance of neighbouring steps of an item with partial credit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spread: Option<f64>,
    /// Lower asymptote.
    pub c: f64,
    #[serde(skip)]
    pub(super) _checked: (),
}

/// What the behaviour asked about depends on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Environment {
    /// The product (`PostgreSQL`).
    pub product: Option<String>,
    /// The programming language.
    pub language: Option<String>,
    /// The version or range of versions.
    pub version: Option<String>,
    /// The mode (`READ COMMITTED`, `strict`).
    pub mode: Option<String>,
    #[serde(skip)]
    pub(super) _checked: (),
}

/// A picture or file that belongs to a question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Media {
    /// Its path beside the item file.
    pub path: String,
    /// What a person who cannot see it reads.
    pub alt: String,
    /// Its SHA-256 in hexadecimal.
    pub sha256: Option<String>,
    #[serde(skip)]
    pub(super) _checked: (),
}

/// How an item's answer is proved by running something.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verify {
    /// What runs it.
    pub runner: Runner,
    /// What is run.
    pub script: String,
    /// What it must print, without white space at the ends.
    pub expect: String,
    #[serde(skip)]
    pub(super) _checked: (),
}

/// Who wrote an item.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Author {
    /// A name.
    pub id: String,
    /// A person or a program.
    pub kind: AuthorKind,
    #[serde(skip)]
    pub(super) _checked: (),
}

/// A warning that the authors have considered and accept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Waiver {
    /// The diagnostic's code.
    pub code: String,
    /// Why it does not apply.
    pub reason: String,
    #[serde(skip)]
    pub(super) _checked: (),
}

/// Why an item was taken out of use for good.
#[derive(Debug, Clone, PartialEq)]
pub struct Retirement {
    /// The reason.
    pub reason: String,
    /// The item that took its place.
    pub replaced_by: Option<ItemId>,
    pub(super) _checked: (),
}

/// A question with its key, its explanation and everything known about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Unique in the bank, never used again.
    pub id: ItemId,
    /// Rises with every change that a person can see.
    pub version: u32,
    /// The topic; one of [`Bank::topics`].
    pub topic: TopicId,
    /// The subtopic; one of the topic's.
    pub subtopic: SubtopicId,
    /// The learning objective that it serves; one of the topic's.
    pub objective: Option<ObjectiveId>,
    /// The level that it is written for.
    pub level: Level,
    /// What it asks the mind to do.
    pub cognitive: Cognitive,
    /// How it is answered; always the kind of [`Item::key`].
    pub kind: ItemType,
    /// A name for authors, never shown to the person.
    pub title: String,
    /// The question (Markdown).
    pub stem: String,
    /// What the behaviour depends on.
    pub environment: Option<Environment>,
    /// The date for which the environment holds.
    pub as_of: Option<String>,
    /// First day of validity.
    pub valid_from: Option<String>,
    /// Last day of validity.
    pub valid_until: Option<String>,
    /// The options in the file's order; empty for numeric, short and code-output.
    pub options: Vec<Choice>,
    /// The key.
    pub key: Key,
    /// Whether options are shown in a random order.
    pub shuffle: bool,
    /// Why they are not.
    pub shuffle_reason: Option<String>,
    /// Why the key is right (Markdown).
    pub explanation: String,
    /// A hint, for practice only.
    pub hint: Option<String>,
    /// Where its truth can be looked up; at least one.
    pub references: Vec<Reference>,
    /// What is believed about its parameters before any response.
    pub prior: IrtPrior,
    /// What responses say about them; takes the place of the belief.
    pub calibration: Option<Calibration>,
    /// Why the difficulty differs from the table.
    pub difficulty_reasons: Option<String>,
    /// The longest time a person is given, in seconds.
    pub time_limit_s: u32,
    /// The time that a person who knows it needs, in seconds.
    pub expected_s: u32,
    /// Free keywords.
    pub tags: Vec<String>,
    /// The programming languages it is for (`any`).
    pub languages: Vec<String>,
    /// The language it is written in.
    pub locale: String,
    /// Items that must never stand in one session with it; symmetric.
    pub enemies: Vec<ItemId>,
    /// The item that it is a clone of.
    pub variant_of: Option<ItemId>,
    /// Pictures.
    pub media: Vec<Media>,
    /// How its answer is proved.
    pub verify: Option<Verify>,
    /// Who wrote it.
    pub author: Author,
    /// The licence of its text.
    pub licence: String,
    /// Where it was imported from.
    pub origin: Option<Value>,
    /// Where it stands in its life.
    pub status: Status,
    /// Why it was retired.
    pub retired: Option<Retirement>,
    /// Accepted warnings.
    pub waivers: Vec<Waiver>,
    /// What an importer could not place, kept as it was.
    pub ext: Option<Value>,
    pub(super) _checked: (),
}

impl Item {
    /// The difficulty that sessions use: calibrated where it is, else believed.
    #[must_use]
    pub fn difficulty(&self) -> f64 {
        self.calibration.as_ref().map_or(self.prior.b, |found| found.b)
    }

    /// How well that difficulty is known, as a standard deviation.
    #[must_use]
    pub fn difficulty_sd(&self) -> f64 {
        self.calibration.as_ref().map_or(self.prior.b_sd, |found| found.se_b)
    }

    /// The lower asymptote that sessions use.
    #[must_use]
    pub fn lower_asymptote(&self) -> f64 {
        self.calibration.as_ref().map_or(self.prior.c, |found| found.c)
    }
}

/// A part of a topic.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Subtopic {
    /// Its name.
    pub id: SubtopicId,
    /// Its title.
    pub name: String,
    /// Its share of the topic; the topic's shares sum to one.
    pub weight: f64,
    /// How soon its facts change.
    pub volatility: Volatility,
    /// How many items the first wave wants.
    pub items_wave: u32,
    /// How many items the full bank wants.
    pub items_full: u32,
    #[serde(skip)]
    pub(super) _checked: (),
}

/// What a person at a level can do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Objective {
    /// Its name.
    pub id: ObjectiveId,
    /// The level.
    pub level: Level,
    /// The subtopic it belongs to.
    pub subtopic: SubtopicId,
    /// What the person can do.
    pub text: String,
    #[serde(skip)]
    pub(super) _checked: (),
}

/// A dimension of what is measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Topic {
    /// Its name.
    pub id: TopicId,
    /// Its title.
    pub name: String,
    /// Its share; the shares of all topics sum to one.
    pub weight: f64,
    /// Its parts.
    pub subtopics: Vec<Subtopic>,
    /// What people at each level can do.
    pub objectives: Vec<Objective>,
    /// One sentence for the person who takes it.
    pub description: Option<String>,
    #[serde(skip)]
    pub(super) _checked: (),
}

/// A boundary between two levels on the ability scale.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cut {
    /// The lower and the upper level.
    pub between: [Level; 2],
    /// Where it lies.
    pub theta: f64,
    /// How well that is known.
    pub se: f64,
    /// How it was set.
    pub origin: String,
    /// When.
    pub as_of: String,
    #[serde(skip)]
    pub(super) _checked: (),
}

/// How the cuts were set by judges.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StandardSetting {
    /// The method (`modified Angoff`).
    pub method: String,
    /// How many judges.
    pub judges: u32,
    /// What they are.
    pub kind: RaterKind,
    /// How many rounds.
    pub rounds: u32,
    /// How many items were rated.
    pub items: u32,
    /// When.
    pub date: String,
    /// Where the ratings stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratings: Option<String>,
    #[serde(skip)]
    pub(super) _checked: (),
}

/// A specialization as a mix of topics.
#[derive(Debug, Clone, PartialEq)]
pub struct Role {
    /// Its name.
    pub id: RoleId,
    /// Its title.
    pub name: String,
    /// Its weight on each topic, aligned with [`Bank::topics`]; they sum to one.
    pub weights: Vec<f64>,
    /// How much more than its share a subtopic counts in it; one where nothing is said.
    pub subtopic_multipliers: BTreeMap<SubtopicId, f64>,
    pub(super) _checked: (),
}

/// A step of the learning path.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PathStep {
    /// Its number, from 1.
    pub step: u8,
    /// What to do.
    pub title: String,
    /// What it covers.
    pub subtopics: Vec<SubtopicId>,
    /// The ability at which it is done; `None` when no test can tell.
    pub bar: Option<f64>,
    #[serde(skip)]
    pub(super) _checked: (),
}

/// A source that items may cite.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReferenceSource {
    /// The topic that may cite it.
    pub topic: TopicId,
    /// Its short name, unique in the topic.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its address or number.
    pub locator: String,
    #[serde(skip)]
    pub(super) _checked: (),
}

/// A count or a number for each level (rows) and cognitive act (columns), in the order of
/// [`Level::ALL`] and [`Cognitive::ALL`].
pub type Cells<T> = [[T; 3]; 3];

/// The shape and the length of one kind of test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TestForm {
    /// Its name (`general`, `topic`, `specialization`).
    pub name: String,
    /// Fewest questions.
    pub length_min: u32,
    /// Most questions.
    pub length_max: u32,
    /// Questions when nothing is asked for.
    pub length_default: u32,
    #[serde(skip)]
    pub(super) _checked: (),
}

/// What the bank is meant to become: how many items of each cell and type, how hard they are
/// believed to be, and when they are due for review.
#[derive(Debug, Clone, PartialEq)]
pub struct Blueprint {
    /// Items a topic in the first wave, by cell.
    pub cells_wave: Cells<u32>,
    /// Items a topic in the full bank, by cell.
    pub cells_full: Cells<u32>,
    /// The share of each item type; they sum to one.
    pub type_mix: BTreeMap<ItemType, f64>,
    /// The difficulty that a level and a cognitive act suggest.
    pub difficulty: Cells<f64>,
    /// The standard deviation of that belief.
    pub difficulty_sd: f64,
    /// The standard deviation of log discrimination.
    pub discrimination_sd_log: f64,
    /// The share of items wanted in each interval of difficulty: lower end, upper end, share.
    pub difficulty_shares: Vec<(f64, f64, f64)>,
    /// Months between reviews.
    pub review_months: BTreeMap<Volatility, u32>,
    /// Kinds of test.
    pub test_forms: Vec<TestForm>,
    pub(super) _checked: (),
}

/// What a level means, in words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LevelText {
    /// The level.
    pub level: Level,
    /// What people at it do.
    pub descriptor: String,
    #[serde(skip)]
    pub(super) _checked: (),
}

/// A whole bank: read, checked, immutable, with a fingerprint.
#[derive(Debug, Clone, PartialEq)]
pub struct Bank {
    /// Every topic of the blueprint in its order, also those without items.
    pub topics: Vec<Topic>,
    /// Every item of every status, sorted by id.
    pub items: Vec<Item>,
    /// The boundaries between the levels, from the lowest up.
    pub cuts: Vec<Cut>,
    /// What the levels mean.
    pub levels: Vec<LevelText>,
    /// How the cuts were set; `None` while they are provisional.
    pub standard_setting: Option<StandardSetting>,
    /// The specializations; empty when the bank names none.
    pub roles: Vec<Role>,
    /// The learning path; empty when the bank has none.
    pub path: Vec<PathStep>,
    /// The sources that items may cite.
    pub references: Vec<ReferenceSource>,
    /// The correlation of any two topics in the population.
    pub rho: f64,
    /// What the bank is meant to become.
    pub blueprint: Blueprint,
    pub(super) fingerprint: String,
    pub(super) _checked: (),
}

impl Bank {
    /// The SHA-256 of the canonical form of everything, in lower-case hexadecimal.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The item of that name.
    #[must_use]
    pub fn item(&self, id: &str) -> Option<&Item> {
        let index = self.items.binary_search_by(|item| item.id.as_str().cmp(id)).ok()?;
        self.items.get(index)
    }

    /// The place of a topic in [`Bank::topics`].
    #[must_use]
    pub fn topic_index(&self, id: &TopicId) -> Option<usize> {
        self.topics.iter().position(|topic| topic.id == *id)
    }

    /// The items that may be asked and scored, by id.
    pub fn live_items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.status == Status::Live)
    }
}
