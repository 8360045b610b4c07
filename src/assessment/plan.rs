//! The plan of a test: which topics, how long, when to stop. What was typed (`PlanSpec`) is
//! checked against the bank once and becomes a [`Plan`]; a plan and a bank give the engine's pool,
//! design and prior.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::bank::{Bank, Item, Key, Status, TopicId};
use crate::psychometrics::cat::{Cat, Design, DesignError, Pool, PoolItem, Quota, Randomesque};
use crate::psychometrics::estimation::posterior::Gaussian;
use crate::psychometrics::irt::{ItemModel, ModelError};
use crate::psychometrics::numeric::special::mackay_kappa;
use crate::psychometrics::selection::posterior_trace::Objective;
use crate::psychometrics::stopping::{CutScore, StopRule, StopRuleError};

use super::scoring::max_score;

/// Most questions of a general test unless the plan says otherwise.
pub const LENGTH_GENERAL: usize = 30;
/// Most questions of a quick test, and of a test of one topic.
pub const LENGTH_SHORT: usize = 15;
/// When a test may end before its greatest length.
pub const STOP_DEFAULT: &str = "zone(0.3,0.025) or posterior>=0.9";

const MINIMUM_GENERAL: usize = 12;
const MINIMUM_ONE_TOPIC: usize = 8;
const PER_TOPIC_MIN: usize = 2;
/// No topic gets more than this multiple of its share of the questions.
const SHARE_MAX: f64 = 1.6;
/// Questions that show code are at most this share of a test.
const CODE_SHARE_MAX: f64 = 0.4;
/// Most of a test by the form of the answer: one option, several options, an order, typed. The
/// last three are hard to guess and would crowd out the first.
const FORM_SHARES: [f64; 4] = [1.0, 0.2, 0.14, 0.3];
/// Standard deviation of a difficulty step of partial-credit items, before data.
pub(super) const STEP_SPREAD: f64 = 0.6;
/// Discrimination prior of partial-credit items relative to the item's own: several ticks of one
/// question hang together.
const PARTIAL_CREDIT_SLOPE: f64 = 0.75;

/// A plan as asked for; every field may be left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanSpec {
    /// The topics; `None` for all that have questions.
    #[serde(default)]
    pub topics: Option<Vec<String>>,
    /// Most questions.
    #[serde(default)]
    pub length: Option<usize>,
    /// A short test.
    #[serde(default)]
    pub quick: bool,
    /// The stop rule.
    #[serde(default)]
    pub stop: Option<String>,
    /// Questions on trial, which do not count; none when left out.
    #[serde(default)]
    pub pretest: Option<usize>,
}

/// A checked plan. Its serialised form is what a session stores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The topics, in the bank's order.
    pub topics: Vec<String>,
    /// Most questions.
    pub length: usize,
    /// Fewest questions before the stop rule is asked.
    pub minimum: usize,
    /// Questions that each topic gets at least.
    pub per_topic_minimum: usize,
    /// The stop rule.
    pub stop: String,
    /// Questions on trial beside these: they count for nothing, and the person is not told which they are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pretest: usize,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// Why a plan was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// A topic that the bank does not have.
    #[error("there is no topic `{topic}`; the topics are {known}")]
    UnknownTopic {
        /// The name given.
        topic: String,
        /// The names there are.
        known: String,
    },
    /// A topic without questions.
    #[error("topic `{topic}` has no live questions yet; those that have: {known}")]
    NoQuestions {
        /// The topic.
        topic: String,
        /// Topics that have questions.
        known: String,
    },
    /// The bank has no live question at all.
    #[error("the bank has no live questions")]
    EmptyBank,
    /// Too few questions for the topics chosen.
    #[error("{topics} topics need at least {needed} questions, but the length is {length}")]
    TooShort {
        /// Number of topics.
        topics: usize,
        /// Fewest questions.
        needed: usize,
        /// Length asked for.
        length: usize,
    },
    /// More questions on trial than a test can hide.
    #[error(
        "{asked} questions on trial in a test of at least {most}; at most {most} can be placed"
    )]
    TooManyTrials {
        /// Number asked for.
        asked: usize,
        /// Fewest questions that count.
        most: usize,
    },
    /// A stop rule that cannot be read.
    #[error("the stop rule cannot be read: {0}")]
    Stop(#[from] StopRuleError),
    /// A plan and a bank that do not fit.
    #[error("the plan does not fit the bank: {0}")]
    Design(#[from] DesignError),
    /// An item whose parameters are no model.
    #[error("item {item} has parameters that are no model: {source}")]
    Model {
        /// The item.
        item: String,
        /// What is wrong.
        source: ModelError,
    },
}

impl Plan {
    /// Checks a plan against a bank and fills in what it leaves out.
    ///
    /// # Errors
    /// When it names topics without questions, is too short, or its stop rule cannot be read.
    pub fn check(spec: &PlanSpec, bank: &Bank) -> Result<Self, PlanError> {
        let with_questions = topics_with_questions(bank);
        let topics = chosen_topics(spec, bank, &with_questions)?;
        if topics.is_empty() {
            return Err(PlanError::EmptyBank);
        }
        let one_topic = topics.len() == 1;
        let default_length = if spec.quick || one_topic { LENGTH_SHORT } else { LENGTH_GENERAL };
        let length = spec.length.unwrap_or(default_length);
        let per_topic_minimum = if one_topic { 1 } else { PER_TOPIC_MIN };
        let needed = topics.len() * per_topic_minimum;
        if length < needed {
            return Err(PlanError::TooShort { topics: topics.len(), needed, length });
        }
        let stop = spec.stop.clone().unwrap_or_else(|| STOP_DEFAULT.to_owned());
        let _: StopRule = stop.parse()?;
        let minimum = if one_topic { MINIMUM_ONE_TOPIC } else { MINIMUM_GENERAL };
        let minimum = minimum.max(needed).min(length);
        let asked = spec.pretest.unwrap_or(0);
        if asked > minimum {
            return Err(PlanError::TooManyTrials { asked, most: minimum });
        }
        let mut plan = Self { topics, length, minimum, per_topic_minimum, stop, pretest: asked };
        plan.pretest = asked.min(super::trial::items_on_trial(bank, &plan).count());
        Ok(plan)
    }

    /// Fewest questions that a person is asked, those on trial included.
    pub fn questions_min(&self) -> usize {
        self.minimum + self.pretest
    }

    /// Most questions that a person is asked, those on trial included.
    pub fn questions_max(&self) -> usize {
        self.length + self.pretest
    }

    /// Weight of every topic of the bank in the general level; they sum to 1.
    pub fn weights(&self, bank: &Bank) -> Vec<f64> {
        let raw: Vec<f64> = bank
            .topics
            .iter()
            .map(|topic| if self.has(&topic.id) { topic.weight } else { 0.0 })
            .collect();
        let total: f64 = raw.iter().sum();
        raw.iter().map(|weight| weight / total).collect()
    }

    /// Whether the plan asks about a topic.
    pub fn has(&self, topic: &TopicId) -> bool {
        self.topics.iter().any(|name| name == topic.as_str())
    }

    /// Whether this is a test of one topic.
    pub fn is_one_topic(&self) -> bool {
        self.topics.len() == 1
    }

    /// The engine at the start of this plan, pool positions being positions in `bank.items`.
    ///
    /// # Errors
    /// When plan and bank do not fit (a plan stored with another bank).
    pub fn engine(&self, bank: &Bank) -> Result<Cat, PlanError> {
        let (pool, design) = (self.pool(bank)?, self.design(bank)?);
        let prior = population(bank.topics.len(), bank.rho);
        Ok(Cat::new(Arc::new(pool), Arc::new(design), prior)?)
    }

    pub(super) fn design(&self, bank: &Bank) -> Result<Design, PlanError> {
        let weights = self.weights(bank);
        let quotas = bank.topics.iter().zip(&weights).map(|(topic, weight)| {
            if !self.has(&topic.id) {
                return Quota { min: 0, max: 0 };
            }
            let live = live_of_topic(bank, &topic.id);
            let share = (SHARE_MAX * weight * self.length as f64) as usize;
            let max = if self.is_one_topic() { self.length } else { share };
            let min = self.per_topic_minimum.min(live);
            Quota { min, max: max.max(min) }
        });
        Ok(Design {
            objective: Objective::profile_and_level(&weights),
            quotas: quotas.collect(),
            cuts: bank.cuts.iter().map(|c| CutScore { theta: c.theta, se: c.se }).collect(),
            length_min: self.minimum,
            length_max: self.length,
            group_max: self.group_max(bank),
            code_max: (CODE_SHARE_MAX * self.length as f64) as usize,
            form_shares: FORM_SHARES.to_vec(),
            stop: self.stop.parse()?,
            randomesque: Randomesque { questions: 3, among: 3 },
            weights,
        })
    }

    /// The bank's items as the engine sees them, at the same positions.
    pub(super) fn pool(&self, bank: &Bank) -> Result<Pool, PlanError> {
        let groups: Vec<&str> = bank
            .topics
            .iter()
            .flat_map(|topic| topic.subtopics.iter().map(|subtopic| subtopic.id.as_str()))
            .collect();
        let group = |item: &Item| groups.iter().position(|id| *id == item.subtopic.as_str());
        let items: Result<Vec<PoolItem>, PlanError> = bank
            .items
            .iter()
            .map(|item| {
                Ok(PoolItem {
                    // A bank that loads names no topic or subtopic that it does not have.
                    topic: bank.topic_index(&item.topic).unwrap_or(usize::MAX),
                    group: group(item).unwrap_or(groups.len()),
                    model: response_model(item, item.difficulty(), item.difficulty_sd())?,
                    lower_asymptote: item.lower_asymptote(),
                    excludes: exclusions(bank, item),
                    is_code: shows_code(item),
                    form: form(&item.key),
                    eligible: item.status == Status::Live && self.has(&item.topic),
                })
            })
            .collect();
        Ok(Pool::new(bank.topics.len(), items?)?)
    }

    /// Most questions of one subtopic: twice an even spread, at least 2.
    fn group_max(&self, bank: &Bank) -> usize {
        let subtopics: usize = bank
            .topics
            .iter()
            .filter(|topic| self.has(&topic.id))
            .map(|topic| topic.subtopics.len())
            .sum();
        (2 * self.length).div_ceil(subtopics.max(1)).max(2)
    }
}

/// The place of a key's form of answer among [`FORM_SHARES`].
fn form(key: &Key) -> usize {
    match key {
        Key::Single { .. } => 0,
        Key::Multi { .. } => 1,
        Key::Order { .. } => 2,
        Key::Numeric { .. } | Key::Text { .. } => 3,
    }
}

/// `N(0, Σ)` with unit variances and one correlation between any two topics.
pub(super) fn population(k: usize, rho: f64) -> Gaussian {
    let cell = |at: usize| if at.is_multiple_of(k + 1) { 1.0 } else { rho };
    Gaussian::prior(k, (0..k * k).map(cell).collect())
}

fn live_of_topic(bank: &Bank, topic: &TopicId) -> usize {
    bank.live_items().filter(|item| item.topic == *topic).count()
}

fn topics_with_questions(bank: &Bank) -> Vec<&TopicId> {
    bank.topics.iter().map(|topic| &topic.id).filter(|id| live_of_topic(bank, id) > 0).collect()
}

fn chosen_topics(
    spec: &PlanSpec,
    bank: &Bank,
    with_questions: &[&TopicId],
) -> Result<Vec<String>, PlanError> {
    let names = |ids: &[&TopicId]| {
        ids.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>().join(", ")
    };
    let Some(asked) = &spec.topics else {
        return Ok(with_questions.iter().map(|id| id.as_str().to_owned()).collect());
    };
    for topic in asked {
        let all: Vec<&TopicId> = bank.topics.iter().map(|topic| &topic.id).collect();
        if !all.iter().any(|id| id.as_str() == topic) {
            return Err(PlanError::UnknownTopic { topic: topic.clone(), known: names(&all) });
        }
        if !with_questions.iter().any(|id| id.as_str() == topic) {
            let known = names(with_questions);
            return Err(PlanError::NoQuestions { topic: topic.clone(), known });
        }
    }
    let chosen = |topic: &&crate::bank::Topic| asked.iter().any(|name| name == topic.id.as_str());
    Ok(bank.topics.iter().filter(chosen).map(|topic| topic.id.as_str().to_owned()).collect())
}

/// The item's model with the uncertainty of its difficulty in its slope.
///
/// A judged difficulty is only known up to `sd`; averaged over it, a logistic curve of slope `a`
/// is close to one of slope `κa`, `κ = (1 + π a² sd²/8)^(−1/2)` (MacKay 1992, *The evidence
/// framework applied to classification networks*, eq. 10). With `sd` 0 this is the item's own
/// model at difficulty `b`.
pub(super) fn response_model(item: &Item, b: f64, sd: f64) -> Result<ItemModel, PlanError> {
    let steps = max_score(item);
    let a = slope(item);
    let a = a * mackay_kappa(a * a * sd * sd);
    let model = if steps == 1 {
        ItemModel::logistic(a, b, item.lower_asymptote(), 1.0)
    } else {
        let middle = (steps as f64 - 1.0) / 2.0;
        let spread = step_spread(item);
        let step = |v: usize| b + spread * (v as f64 - middle);
        ItemModel::generalized_partial_credit(a, (0..steps).map(step).collect())
    };
    model.map_err(|source| PlanError::Model { item: item.id.to_string(), source })
}

/// The slope of an item: calibrated where it is, else believed.
fn slope(item: &Item) -> f64 {
    item.calibration.as_ref().map_or_else(|| believed_slope(item), |found| found.a)
}

/// What is believed of an item's slope before data.
pub(super) fn believed_slope(item: &Item) -> f64 {
    if max_score(item) > 1 { PARTIAL_CREDIT_SLOPE * item.prior.a } else { item.prior.a }
}

/// The distance of neighbouring steps of an item with partial credit.
fn step_spread(item: &Item) -> f64 {
    item.calibration.as_ref().and_then(|found| found.spread).unwrap_or(STEP_SPREAD)
}

/// Enemies, and clones of the same question.
fn exclusions(bank: &Bank, item: &Item) -> Vec<usize> {
    let family = |other: &Item| other.variant_of.clone().unwrap_or_else(|| other.id.clone());
    bank.items
        .iter()
        .enumerate()
        .filter(|(_, other)| {
            other.id != item.id
                && (item.enemies.contains(&other.id) || family(other) == family(item))
        })
        .map(|(position, _)| position)
        .collect()
}

fn shows_code(item: &Item) -> bool {
    item.kind == crate::bank::ItemType::CodeOutput || item.stem.contains("```")
}
