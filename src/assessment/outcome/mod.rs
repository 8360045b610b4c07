//! What follows from a session: level, profile, specialization, learning plan and the quality of
//! the answers. Every number here is derived from the session alone; nothing is printed.

mod learning_plan;
mod level;
mod person_fit;
mod profile;
mod quality;
mod specialization;

pub use learning_plan::{Objectives, PlanStep, StepStatus};
pub use level::{CutUsed, DECISION_PROBABILITY, Decision, LevelOutcome};
pub use person_fit::PersonFit;
pub use profile::{TopicOutcome, Z90};
pub use quality::{Effort, Quality, is_rapid};
pub use specialization::{RoleOutcome, Specialization, SpecializationStatus, WouldChange};
pub(crate) use specialization::{relative_fit, role_probabilities};

use super::session::Session;

/// Everything that is said about a person after (or in the middle of) a session.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The general level.
    pub level: LevelOutcome,
    /// Each topic of the bank.
    pub profile: Vec<TopicOutcome>,
    /// Which specialization the pattern fits; `None` when the bank has no roles or the test was
    /// about one topic.
    pub specialization: Option<Specialization>,
    /// The steps of the learning path.
    pub plan: Vec<PlanStep>,
    /// How far the answers can be trusted.
    pub quality: Quality,
}

impl Outcome {
    /// The general level alone, without what costs a simulation.
    pub fn level_of(session: &Session) -> LevelOutcome {
        level::level(session.cat(), session.bank(), false)
    }

    /// Derives the outcome of a session.
    pub fn of(session: &Session) -> Self {
        let profile = profile::profile(session);
        Self {
            level: level::level(session.cat(), session.bank(), true),
            specialization: specialization::specialization(session),
            plan: learning_plan::learning_plan(session),
            quality: quality::quality(session),
            profile,
        }
    }
}

/// A topic counts as asked about from this many answered items.
pub(crate) const ASKED_FROM: usize = 3;
