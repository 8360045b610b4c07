//! Judges what structure cannot: whether an item gives its key away, can be understood, taught
//! and looked up. Never changes an item and never asks whether its key is true.

use super::diagnostic::Severity;
use super::fields::Sink;
use super::read::{CheckOptions, Draft};

/// Runs every check over a draft.
pub(super) fn run(draft: &Draft<'_, '_>, sinks: &mut [Sink<'_>], _options: &CheckOptions<'_>) {
    for (item, (file, node)) in draft.bank.items.iter().zip(&draft.sites) {
        let sink = &mut sinks[*file];
        if item.explanation.trim().is_empty() {
            sink.item = Some(item.id.to_string());
            sink.put("Q004", Severity::Error, node.span.clone(), "no explanation".to_owned(), None);
        }
    }
}
