//! The learning plan: the eight steps of the path, which are done, which is next, and what was
//! missed on the way.

use super::{ASKED_FROM, DECISION_PROBABILITY};
use crate::assessment::session::{Answered, Session};
use crate::bank::{ObjectiveId, PathStep, Reference, SubtopicId};
use crate::psychometrics::numeric::special::normal_cdf;

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepStatus {
    /// The ability behind it is above its bar with probability .80 or more.
    Done,
    /// The first measured step that is not done.
    Next,
    /// Not done, and others come first.
    Later,
    /// Too few of its subtopics lie in topics that were asked about.
    NotMeasured,
}

/// An objective that answers missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objectives {
    /// Its name.
    pub id: ObjectiveId,
    /// What a person can do who reached it.
    pub text: String,
}

/// One step of the path.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanStep {
    /// Its number, from 1.
    pub step: u8,
    /// What to do.
    pub title: String,
    /// How it stands.
    pub status: StepStatus,
    /// Share of its subtopics in topics with at least three answered items.
    pub share_measured: f64,
    /// Its subtopics.
    pub subtopics: Vec<SubtopicId>,
    /// Objectives of its subtopics that answers missed.
    pub objectives_missed: Vec<Objectives>,
    /// Where to read about what was missed.
    pub references: Vec<Reference>,
}

/// All steps of the bank's path.
pub(super) fn learning_plan(session: &Session) -> Vec<PlanStep> {
    let answered = session.cat().answered_by_topic();
    let mut next_is_taken = false;
    let mut steps = Vec::new();
    for step in &session.bank().path {
        let topics = topics_of(session, step);
        let measured = topics.iter().filter(|&&k| answered[k] >= ASKED_FROM).count();
        let share_measured = measured as f64 / topics.len().max(1) as f64;
        let status = match step.bar {
            // No test can tell: it comes after everything that was measured.
            None if share_measured >= 0.5 => StepStatus::Later,
            _ if share_measured < 0.5 => StepStatus::NotMeasured,
            Some(bar) if probability_above(session, &topics, bar) >= DECISION_PROBABILITY => {
                StepStatus::Done
            }
            _ if !next_is_taken => {
                next_is_taken = true;
                StepStatus::Next
            }
            _ => StepStatus::Later,
        };
        let (objectives_missed, references) = missed(session, step);
        steps.push(PlanStep {
            step: step.step,
            title: step.title.clone(),
            status,
            share_measured,
            subtopics: step.subtopics.clone(),
            objectives_missed,
            references,
        });
    }
    steps
}

/// The topic of each subtopic of a step, as positions in the bank.
fn topics_of(session: &Session, step: &PathStep) -> Vec<usize> {
    let topic_of = |id: &SubtopicId| {
        session
            .bank()
            .topics
            .iter()
            .position(|topic| topic.subtopics.iter().any(|subtopic| subtopic.id == *id))
    };
    step.subtopics.iter().filter_map(topic_of).collect()
}

/// `P(mean of θ over the step's subtopics > bar)`, one share a subtopic.
fn probability_above(session: &Session, topics: &[usize], bar: f64) -> f64 {
    let mut weights = vec![0.0; session.bank().topics.len()];
    for &k in topics {
        weights[k] += 1.0 / topics.len() as f64;
    }
    let (mean, sd) = session.cat().posterior().combination(&weights);
    normal_cdf((mean - bar) / sd.max(f64::MIN_POSITIVE))
}

fn missed(session: &Session, step: &PathStep) -> (Vec<Objectives>, Vec<Reference>) {
    let mut objectives: Vec<Objectives> = Vec::new();
    let mut references: Vec<Reference> = Vec::new();
    let wrong = |answered: &&Answered| !answered.scored.is_right();
    for answered in session.counted().filter(wrong) {
        let item = session.item(&answered.asked);
        if !step.subtopics.contains(&item.subtopic) {
            continue;
        }
        let topics = session.bank().topics.iter();
        let objective = item.objective.as_ref().and_then(|id| {
            topics.flat_map(|topic| &topic.objectives).find(|objective| objective.id == *id)
        });
        if let Some(objective) = objective {
            let new = Objectives { id: objective.id.clone(), text: objective.text.clone() };
            if !objectives.contains(&new) {
                objectives.push(new);
            }
        }
        for reference in &item.references {
            let same =
                |known: &Reference| known.id == reference.id && known.locator == reference.locator;
            if !references.iter().any(same) {
                references.push(reference.clone());
            }
        }
    }
    (objectives, references)
}
