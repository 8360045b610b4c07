//! The report for programs: one JSON object, `gradus.report/1`. Never leaves out a field and never
//! writes a number that is not finite: unknown values are `null`.

use super::model::Report;

/// The report as indented JSON, ending in a line feed.
#[must_use]
pub fn json(report: &Report) -> String {
    // Every map in the model has text keys, so serialising it cannot fail; an empty object would
    // be what a reader sees if that ever changed.
    let mut text = serde_json::to_string_pretty(report).unwrap_or_else(|_| "{}".to_owned());
    text.push('\n');
    text
}
