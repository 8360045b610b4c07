//! Q032: what `gradus bank new` left for the author to write. An item with such a text is judged for
//! nothing else, so that a check of a new item lists what is left and no more.

use super::super::node::Step;
use super::super::types::{Item, Key};
use super::Report;

/// How a text begins that is still to be written.
const MARK: &str = "TODO";

/// Reports every text that is to be written; says whether there is one.
pub(super) fn check(item: &Item, report: &mut Report<'_, '_, '_>) -> bool {
    let mut any = false;
    let mut look = |path: &[Step], text: &str| {
        if text.trim_start().starts_with(MARK) {
            any = true;
            let what = text.trim_start().trim_start_matches(MARK).trim_start_matches(':').trim();
            let what = if what.is_empty() { "this" } else { what };
            let message = format!("still to be written: {what}");
            report.error("Q032", path, message, "see docs/AUTHORING.md");
        }
    };
    look(&[Step::Field("title")], &item.title);
    look(&[Step::Field("stem")], &item.stem);
    if let Some(environment) = &item.environment {
        for (field, text) in [
            ("product", &environment.product),
            ("language", &environment.language),
            ("version", &environment.version),
            ("mode", &environment.mode),
        ] {
            let path = [Step::Field("environment"), Step::Field(field)];
            look(&path, text.as_deref().unwrap_or_default());
        }
    }
    for (index, option) in item.options.iter().enumerate() {
        let path = |field| [Step::Field("options"), Step::Index(index), Step::Field(field)];
        look(&path("text"), &option.text);
        look(&path("feedback"), &option.feedback);
        look(&path("misconception"), option.misconception.as_deref().unwrap_or_default());
    }
    match &item.key {
        Key::Numeric { unit, .. } => {
            let path = [Step::Field("answer"), Step::Field("unit")];
            look(&path, unit.as_deref().unwrap_or_default());
        }
        Key::Text { accept, .. } => {
            for (index, text) in accept.iter().enumerate() {
                let path = [Step::Field("answer"), Step::Field("accept"), Step::Index(index)];
                look(&path, text);
            }
        }
        Key::Single { .. } | Key::Multi { .. } | Key::Order { .. } => {}
    }
    look(&[Step::Field("explanation")], &item.explanation);
    for (index, reference) in item.references.iter().enumerate() {
        let path = |field| [Step::Field("references"), Step::Index(index), Step::Field(field)];
        look(&path("ref"), &reference.id);
        look(&path("locator"), &reference.locator);
    }
    if let Some(verify) = &item.verify {
        look(&[Step::Field("verify"), Step::Field("script")], &verify.script);
        look(&[Step::Field("verify"), Step::Field("expect")], &verify.expect);
    }
    look(&[Step::Field("author"), Step::Field("id")], &item.author.id);
    any
}
