//! The report for a terminal or a pipe: as wide as asked for, in colour only when asked for, and
//! legible without. Writes no byte that a terminal could take for a command, whatever a bank or an
//! answer holds.

mod answers;
mod charts;
mod page;
mod parts;
mod prose;

pub use prose::{environment, introduction, introduction_text, prose};

use super::model::Report;
use page::Page;

/// The report is never set narrower than this.
pub const WIDTH_MIN: usize = 60;
/// Nor wider: long lines are hard to read.
const WIDTH_MAX: usize = 110;

/// How much of the answers to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// One line a question.
    Summary,
    /// Each question with its options, what is said about them, explanation and sources.
    Full,
}

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextOptions {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether colours may be used.
    pub color: bool,
    /// How much of the answers to show.
    pub detail: Detail,
}

/// The report as text.
#[must_use]
pub fn text(report: &Report, options: &TextOptions) -> String {
    let width = options.width.clamp(WIDTH_MIN, WIDTH_MAX);
    let mut page = Page::new(width, options.color);
    parts::opening(&mut page, report);
    parts::level(&mut page, report);
    parts::profile(&mut page, report);
    parts::specialization(&mut page, report);
    parts::plan(&mut page, report);
    answers::answers(&mut page, report, options.detail);
    parts::evidence(&mut page, report);
    page.finish()
}
