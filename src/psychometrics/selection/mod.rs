//! Which item would tell most. Ranks items by a criterion; never decides which may be asked.

mod criteria;
pub mod posterior_trace;

pub use criteria::{Criterion, Rating, SelectionError, Selector};
