//! Which item would tell most. Ranks items by a criterion; never decides which may be asked.

mod criteria;
mod information_index;
pub mod posterior_trace;

pub use criteria::{Criterion, Rating, SelectionError, Selector};
pub use information_index::InformationIndex;
