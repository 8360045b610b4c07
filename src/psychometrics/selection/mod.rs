//! Which item would tell most. Ranks items by a criterion; never decides which may be asked.

pub mod posterior_trace;
