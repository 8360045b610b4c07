//! How far the answers can be trusted: person fit, rapid responses, effort.
//!
//! These are flags with a base rate, never verdicts. The result is scored on all answers; the
//! effort-moderated one stands beside it, and only when effort is flagged.

use super::level::{LevelOutcome, level};
use super::person_fit::PersonFit;
use crate::assessment::response::Response;
use crate::assessment::session::Session;
use crate::bank::Item;

/// A response faster than this is rapid whatever the question (Wise & Ma 2012, NT10).
const RAPID_MAX_S: f64 = 10.0;
/// A response faster than this share of the expected time is rapid.
const RAPID_SHARE: f64 = 0.10;
/// Effort is low below this share of unhurried responses (Wise & Kong 2005, RTE).
const EFFORT_MIN: f64 = 0.90;

/// Whether the person seems to have tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Nothing says otherwise.
    Ok,
    /// Too many answers came faster than the question can be read.
    Low,
}

/// The quality of a session's answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality {
    /// Person fit; `None` with too few answers to tell.
    pub person_fit: Option<PersonFit>,
    /// Answers faster than the question can be read; only of timed sessions.
    pub rapid_responses: usize,
    /// Effort.
    pub effort: Effort,
    /// The level without the rapid answers, when effort is low.
    pub effort_moderated: Option<LevelOutcome>,
}

/// The quality of a session's answers.
pub(super) fn quality(session: &Session) -> Quality {
    let rapid: Vec<bool> = session
        .counted()
        .map(|answered| {
            is_rapid(session.item(&answered.asked), &answered.response, answered.seconds)
        })
        .collect();
    let rapid_responses = rapid.iter().filter(|rapid| **rapid).count();
    let timed = session.counted().filter(|answered| answered.seconds.is_some()).count();
    let unhurried = timed.saturating_sub(rapid_responses) as f64 / timed.max(1) as f64;
    let effort = if timed > 0 && unhurried < EFFORT_MIN { Effort::Low } else { Effort::Ok };
    let effort_moderated = (effort == Effort::Low).then(|| without(session, &rapid)).flatten();
    let person_fit = super::person_fit::person_fit(session);
    Quality { person_fit, rapid_responses, effort, effort_moderated }
}

/// Faster than a tenth of the expected time, or than ten seconds if that is less. "I don't know"
/// is never rapid, and neither is an answer that nobody timed.
pub fn is_rapid(item: &Item, response: &Response, seconds: Option<f64>) -> bool {
    let threshold = RAPID_MAX_S.min(RAPID_SHARE * f64::from(item.expected_s));
    *response != Response::DontKnow && seconds.is_some_and(|seconds| seconds < threshold)
}

/// The level from the answers that were not rapid.
fn without(session: &Session, rapid: &[bool]) -> Option<LevelOutcome> {
    let mut cat = session.plan().engine(session.bank()).ok()?;
    for (answered, rapid) in session.counted().zip(rapid) {
        if !rapid {
            cat.record(answered.asked.item, answered.scored.observation);
        }
    }
    Some(level(&cat, session.bank(), false))
}
