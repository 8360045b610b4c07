//! The adaptive engine on numbers: which item next, what an answer changes, when to stop.
//!
//! A test is a [`Pool`] of items, a [`Design`] (lengths, quotas, stop rule, what to estimate) and
//! the answers so far; the state is a pure function of these and a seed. The engine knows no
//! text, no people and no clock. Items are numbered in the order of their ids, and likelihoods are
//! added in that order, so the posterior does not depend on when an item was asked.

mod choose;
mod design;
mod forecast;
mod ranking;
mod state;

pub use choose::{Choice, Why};
pub use design::{Design, DesignError, Pool, PoolItem, Quota, Randomesque};
pub use forecast::{MORE_QUESTIONS_MAX, questions_until};
pub use state::{Cat, Observation, Stop};
