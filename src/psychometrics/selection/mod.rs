//! Which item would tell most. Ranks items by a criterion; never decides which may be asked.

pub mod content;
mod criteria;
mod information_index;
pub mod matrix_rules;
pub mod posterior_trace;
pub mod quotas;
pub mod shadow;

pub use criteria::{Criterion, Rating, SelectionError, Selector};
pub(crate) use information_index::Columns;
pub use information_index::{Effort, InformationIndex};
