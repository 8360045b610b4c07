//! What happens to a person: the plan of a test, the session as a pure state machine, the scoring
//! of a response, and the outcome (level, profile, specialization, learning plan, quality).
//!
//! A session is its bank, plan, seed and responses; all else is derived from these, so resuming
//! is replaying. This room never stores, prints or times anything: ids, times and seeds come in
//! as arguments.

mod evidence;
pub mod outcome;
mod plan;
mod proposal;
mod response;
mod scoring;
mod session;
pub mod study;
mod trial;

pub use evidence::{Evidence, LeftOut};
pub use plan::{Plan, PlanError, PlanSpec};
pub use proposal::{Flag, Former, Proposal, ProposedItem};
pub use response::{PlainInput, Response, ResponseError, letter};
pub use scoring::{Scored, correct_response, score};
pub use session::{Answered, Asked, ReplayError, Session, Step, StopReasonText, StoredAnswer};

/// Raised whenever any choice or number of a session could change.
///
/// A stored session records the engine that made it; `replay` is held to the bit only under the
/// same number.
pub const ENGINE: u32 = 1;
