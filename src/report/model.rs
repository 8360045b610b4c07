//! The report as values: what the printers print, owned and complete. The serialised form is
//! `gradus.report/1`; fields that only the printers for people need are not serialised. Nothing
//! is computed here.

use serde::Serialize;
use serde_json::Value;

use crate::assessment::Plan;
use crate::assessment::outcome::{Effort, SpecializationStatus, StepStatus};
use crate::bank::{Cognitive, ItemType, Level, StandardSetting};

/// The name and version of the serialised form.
pub const SCHEMA: &str = "gradus.report/1";

/// What a report says about the run besides the session itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFacts {
    /// The session's name.
    pub session_id: String,
    /// When it began, in milliseconds since the epoch.
    pub started_ms: i64,
    /// When it ended; `None` while it is open.
    pub finished_ms: Option<i64>,
    /// The engine that the session was taken with.
    pub engine: u32,
    /// Remarks for the reader, one sentence each.
    pub notices: Vec<String>,
}

/// Everything that is said about one session.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Always `gradus.report/1`.
    pub schema: &'static str,
    /// What was asked and answered, and how to get there again.
    pub session: SessionPart,
    /// The general level.
    pub level: LevelPart,
    /// Each topic of the bank, in its order.
    pub profile: Vec<TopicPart>,
    /// Which specialization the pattern fits; `None` for tests of one topic and banks without
    /// roles.
    pub specialization: Option<SpecializationPart>,
    /// The steps of the learning path.
    pub plan: Vec<PlanStepPart>,
    /// How far the answers can be trusted.
    pub quality: QualityPart,
    /// Remarks for the reader.
    #[serde(skip)]
    pub notices: Vec<String>,
    /// What the levels mean, in words.
    #[serde(skip)]
    pub descriptors: Vec<(Level, String)>,
}

/// The session behind a report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SessionPart {
    /// Its name.
    pub id: String,
    /// The seed of every random draw.
    pub seed: u64,
    /// The plan.
    pub plan: Plan,
    /// The engine that it was taken with.
    pub engine: u32,
    /// The bank, to the byte.
    pub bank_fingerprint: String,
    /// When it began, in milliseconds since the epoch.
    pub started_ms: i64,
    /// When it ended.
    pub finished_ms: Option<i64>,
    /// Why it ended; `None` while it is open.
    pub stop_reason: Option<String>,
    /// The general level before the first answer.
    pub start: Point,
    /// The answered questions in their order.
    pub items: Vec<ItemPart>,
    /// Titles of the plan's topics.
    #[serde(skip)]
    pub topic_names: Vec<String>,
}

/// An estimate and its standard error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// The estimate.
    pub theta: f64,
    /// Its standard error.
    pub se: f64,
}

fn is_true(flag: &bool) -> bool {
    *flag
}

/// One answered question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemPart {
    /// Its number, from 1.
    pub position: usize,
    /// The item's id.
    pub item: String,
    /// The item's version.
    pub version: u32,
    /// The topic's id.
    pub topic: String,
    /// The subtopic's id.
    pub subtopic: String,
    /// The response in its stored form.
    pub response: Value,
    /// The score reached.
    pub score: usize,
    /// The greatest possible score.
    pub max_score: usize,
    /// False of a question on trial, and only then said.
    #[serde(skip_serializing_if = "is_true")]
    pub scored: bool,
    /// Seconds that a timed person took.
    pub seconds: Option<f64>,
    /// Why this question was asked, as a sentence.
    pub reason: String,
    /// The same in two or three words, for tables.
    #[serde(skip)]
    pub reason_short: String,
    /// The general level after this answer.
    pub theta: f64,
    /// Its standard error.
    pub se: f64,
    /// The question with its key and explanations.
    #[serde(skip)]
    pub detail: AnswerDetail,
}

/// How an answer turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The full score.
    Right,
    /// Some of the score.
    Partly,
    /// Nothing.
    Wrong,
    /// The person said that they do not know.
    DontKnow,
}

/// A question as it was shown, what was answered, and what is right.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerDetail {
    /// Title of the topic.
    pub topic_name: String,
    /// Title of the subtopic.
    pub subtopic_name: String,
    /// The level it is written for.
    pub level: Level,
    /// What it asks the mind to do.
    pub cognitive: Cognitive,
    /// How it is answered.
    pub kind: ItemType,
    /// The question (Markdown).
    pub stem: String,
    /// What the behaviour depends on, as one line.
    pub environment: Option<String>,
    /// The options in the order in which they were shown.
    pub options: Vec<OptionDetail>,
    /// How it turned out.
    pub verdict: Verdict,
    /// The answer given: letters of options, or what was typed.
    pub given: String,
    /// The right answer in the same form.
    pub right: String,
    /// Why it is right (Markdown).
    pub explanation: String,
    /// Where to look it up.
    pub references: Vec<ReferencePart>,
}

/// One option as it was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionDetail {
    /// The letter it was shown with.
    pub letter: char,
    /// Its text (Markdown).
    pub text: String,
    /// What is said about it afterwards (Markdown); may be empty.
    pub feedback: String,
    /// Whether it belongs to the key; false in orders.
    pub correct: bool,
    /// Whether it was chosen; false in orders.
    pub chosen: bool,
    /// Its place in the right order, from 1; `None` where order means nothing.
    pub right_place: Option<usize>,
    /// Its place in the order given.
    pub given_place: Option<usize>,
}

/// A source to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReferencePart {
    /// The source's short name in the bank.
    pub id: String,
    /// The source's title.
    pub title: String,
    /// The place in it.
    pub locator: String,
    /// The version of the source.
    pub version: Option<String>,
    /// The address of the place.
    pub url: Option<String>,
}

/// The general level.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LevelPart {
    /// Posterior mean on the scale of the population.
    pub theta: f64,
    /// Posterior standard deviation.
    pub se: f64,
    /// Lower end of the 90 % interval.
    pub lo90: f64,
    /// Upper end of the 90 % interval.
    pub hi90: f64,
    /// Probability of each level.
    pub probabilities: LevelProbabilities,
    /// The level that is probable enough to be named, or `undecided`.
    pub decision: DecisionWord,
    /// The two neighbours between which it is undecided.
    pub between: Option<[Level; 2]>,
    /// Further questions expected to settle it; `None` when decided, or when none would.
    pub more_questions: Option<usize>,
    /// The boundaries used.
    pub cuts: Vec<CutPart>,
    /// How judges set them; absent while nobody has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard_setting: Option<StandardSetting>,
    /// Whether the difficulties behind it are still judged ones.
    pub provisional: bool,
}

/// Probability of each level; they sum to one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LevelProbabilities {
    /// Of the lowest level.
    pub junior: f64,
    /// Of the middle one.
    pub mid: f64,
    /// Of the highest.
    pub senior: f64,
}

impl LevelProbabilities {
    /// The probability of one level.
    #[must_use]
    pub fn of(&self, level: Level) -> f64 {
        match level {
            Level::Junior => self.junior,
            Level::Mid => self.mid,
            Level::Senior => self.senior,
        }
    }
}

/// A level, or that none can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionWord {
    /// This level is probable enough to be named.
    Level(Level),
    /// None is.
    Undecided,
}

impl DecisionWord {
    /// The word in the report.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Level(level) => level.as_str(),
            Self::Undecided => "undecided",
        }
    }
}

impl Serialize for DecisionWord {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A boundary between two levels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CutPart {
    /// Lower and upper level.
    pub between: [Level; 2],
    /// Where it lies.
    pub theta: f64,
    /// How well that is known.
    pub se: f64,
    /// How it was set.
    pub origin: String,
    /// When.
    pub as_of: String,
}

/// One topic of the profile.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TopicPart {
    /// The topic's id.
    pub topic: String,
    /// Its title.
    pub name: String,
    /// Posterior mean.
    pub mean: f64,
    /// Posterior standard deviation.
    pub sd: f64,
    /// Lower end of the 90 % interval.
    pub lo90: f64,
    /// Upper end of the 90 % interval.
    pub hi90: f64,
    /// Questions of this topic that were answered.
    pub direct_items: usize,
    /// Whether it rests on related topics more than on its own questions.
    pub inferred: bool,
}

/// Which specialization the pattern fits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SpecializationPart {
    /// Whether the first may be named.
    #[serde(serialize_with = "specialization_word")]
    pub status: SpecializationStatus,
    /// Every role, the best-fitting first.
    pub ranking: Vec<RolePart>,
    /// What would change it, as a sentence.
    pub would_change: String,
}

/// How one role fits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RolePart {
    /// The role's id.
    pub role: String,
    /// Its title.
    pub name: String,
    /// Probability that it fits best of all.
    pub probability: f64,
    /// Posterior mean of its fit.
    pub mean: f64,
    /// Posterior standard deviation of its fit.
    pub sd: f64,
    /// Share of its weight on topics that were asked about.
    pub coverage: f64,
    /// Titles of asked topics that count much in it and came out above the person's own level.
    pub strengths: Vec<String>,
}

/// One step of the learning path.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanStepPart {
    /// Its number, from 1.
    pub step: u8,
    /// What to do.
    pub title: String,
    /// How it stands.
    #[serde(serialize_with = "step_word")]
    pub status: StepStatus,
    /// Share of its subtopics in topics that were asked about.
    pub share_measured: f64,
    /// Ids of its subtopics.
    pub subtopics: Vec<String>,
    /// Objectives that answers missed.
    pub objectives_missed: Vec<ObjectivePart>,
    /// Where to read about them.
    pub references: Vec<ReferencePart>,
    /// Titles of its subtopics.
    #[serde(skip)]
    pub subtopic_names: Vec<String>,
}

/// An objective that answers missed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObjectivePart {
    /// Its id.
    pub id: String,
    /// What a person can do who reached it.
    pub text: String,
}

/// How far the answers can be trusted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QualityPart {
    /// How usual the pattern of answers is; `None` with too few to tell.
    pub person_fit: Option<PersonFitPart>,
    /// Answers faster than the question can be read.
    pub rapid_responses: usize,
    /// Whether the person seems to have tried.
    #[serde(serialize_with = "effort_word")]
    pub effort: Effort,
    /// The level without the rapid answers, when effort is low.
    pub effort_moderated: Option<LevelPart>,
}

/// How usual the pattern of right and wrong answers is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PersonFitPart {
    /// The standardised log-likelihood.
    pub lz_star: f64,
    /// Share of people of the same abilities whose pattern is at most as usual.
    pub p: f64,
    /// Whether that is remarkable.
    pub flag: bool,
}

fn specialization_word<S: serde::Serializer>(
    status: &SpecializationStatus,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match status {
        SpecializationStatus::Supported => "supported",
        SpecializationStatus::NotEnoughEvidence => "not-enough-evidence",
    })
}

fn step_word<S: serde::Serializer>(status: &StepStatus, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match status {
        StepStatus::Done => "done",
        StepStatus::Next => "next",
        StepStatus::Later => "later",
        StepStatus::NotMeasured => "not-measured",
    })
}

fn effort_word<S: serde::Serializer>(effort: &Effort, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match effort {
        Effort::Ok => "ok",
        Effort::Low => "low",
    })
}
