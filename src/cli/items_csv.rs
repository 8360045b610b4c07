//! Parameter and response files: `ITEMS.csv` and `R.csv`, plain or gzipped. What cannot be right
//! is refused with file, line and column before anything is computed or written.
//!
//! Reads files and knows no estimates; what it returns is validated.

mod ids;
mod items;
mod parameters;
mod plain_row;
mod responses;
mod source;

pub use csv::StringRecord;
pub use ids::Ids;
pub use items::{Item, ItemTable, read_items};
pub use responses::{
    Column, Columns, MISSING, NotItems, ResponseTable, read_responses, read_responses_to, score_of,
};
pub use source::{Record, Source, Start};
