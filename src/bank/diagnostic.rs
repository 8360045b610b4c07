//! What is wrong with a bank file and where, as a value and as text in the manner of a compiler:
//! code, file:line:column, the line itself, and what to do. Never decides what is wrong.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level as Severe, Renderer, Snippet};
use serde::Serialize;

/// How grave a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The bank is not used until it is repaired.
    Error,
    /// It needs a repair or a waiver with a reason.
    Warning,
    /// It is worth knowing.
    Info,
}

/// A file of a bank: its name for messages, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The name as it is shown.
    pub path: String,
    /// The whole text.
    pub text: String,
}

impl SourceFile {
    /// A file from its name and its text.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }
}

/// One thing that is wrong, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The stable code (`Q002`).
    pub code: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// The file; empty when it concerns the bank as a whole.
    pub file: String,
    /// The line, from 1; 0 when it concerns no line.
    pub line: usize,
    /// The column in characters, from 1; 0 when it concerns no line.
    pub column: usize,
    /// The item it concerns.
    pub item: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The place in bytes of the file's text.
    #[serde(skip)]
    pub span: Range<usize>,
}

/// Line and column, both from 1, of a byte of a text.
pub(super) fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

/// Diagnostics as text for people, with the lines they speak of.
#[must_use]
pub fn render(diagnostics: &[Diagnostic], files: &[SourceFile], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&render_one(diagnostic, files, &renderer));
        text.push_str("\n\n");
    }
    text
}

fn render_one(diagnostic: &Diagnostic, files: &[SourceFile], renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Severe::ERROR,
        Severity::Warning => Severe::WARNING,
        Severity::Info => Severe::INFO,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code);
    let file = files.iter().find(|file| file.path == diagnostic.file);
    let excerpt = file.map(|file| excerpt(&file.text, &diagnostic.span));
    let mut group = match (&excerpt, file) {
        (Some(excerpt), Some(file)) => title.element(
            Snippet::source(excerpt.lines)
                .line_start(excerpt.first_line)
                .path(file.path.as_str())
                .annotation(AnnotationKind::Primary.span(excerpt.span.clone())),
        ),
        _ => Group::with_title(title),
    };
    if let Some(help) = &diagnostic.help {
        group = group.element(Severe::HELP.message(help.as_str()));
    }
    renderer.render(&[group])
}

/// The part of a text that a diagnostic shows.
struct Excerpt<'t> {
    lines: &'t str,
    first_line: usize,
    span: Range<usize>,
}

/// The nearest place at or before a byte where a letter begins.
fn boundary(text: &str, byte: usize) -> usize {
    let byte = byte.min(text.len());
    (0..=byte).rev().find(|byte| text.is_char_boundary(*byte)).unwrap_or(0)
}

/// The first line of a span: a fault of a whole item is shown where the item begins.
fn excerpt<'t>(text: &'t str, span: &Range<usize>) -> Excerpt<'t> {
    let start = boundary(text, span.start);
    let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
    let end = boundary(text, span.end.clamp(start, line_end));
    Excerpt {
        lines: &text[line_start..line_end],
        first_line: position(text, start).0,
        span: start - line_start..end.max(start) - line_start,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_counts_lines_from_one_and_columns_in_characters() {
        // Goal: editors jump to the right place. Method: offsets around a two-byte letter.
        let text = "a: é\nbc: d\n";
        assert_eq!(position(text, 0), (1, 1));
        assert_eq!(position(text, 5), (1, 5));
        assert_eq!(position(text, 6), (2, 1));
        assert_eq!(position(text, 10), (2, 5));
    }

    /// Everything that a check of one file of the fixtures finds, as an author sees it.
    fn rendered(name: &str, text: &str) -> String {
        let around = super::super::read_checked_bank(&super::super::fixture::general()).0;
        let files = [SourceFile::new(name, text)];
        let options = super::super::CheckOptions { around: around.as_ref(), today: None };
        render(&super::super::check_bank(&files, &options).diagnostics, &files, false)
    }

    #[test]
    fn every_fault_of_a_file_is_shown_at_its_place_in_one_run() {
        // Goal: authors repair a file after one run. Method: a snapshot over five broken items.
        let text = include_str!("../../tests/fixtures/bank/broken/shapes.yaml");
        insta::assert_snapshot!("shapes", rendered("shapes.yaml", text));
    }

    #[test]
    fn an_item_that_is_no_yaml_does_not_hide_the_others() {
        // Goal: one open quote costs one item, not the file. Method: a snapshot over three items,
        // of which the first and the last cannot be read and the second has a fault of its own.
        let text = include_str!("../../tests/fixtures/bank/broken/syntax.yaml");
        insta::assert_snapshot!("syntax", rendered("syntax.yaml", text));
    }

    #[test]
    fn aliases_that_unfold_without_end_are_refused() {
        // Goal: a small file cannot take the machine's memory. Method: ten to the fifth values in
        // five lines; the answer comes at once and names the line.
        let text = include_str!("../../tests/fixtures/bank/broken/bomb.yaml");
        let shown = rendered("bomb.yaml", text);
        assert!(shown.contains("Q000"), "{shown}");
        assert!(shown.contains("aliases that unfold to too much"), "{shown}");
    }

    #[test]
    fn colour_is_added_and_nothing_else() {
        // Goal: the text is the same with and without colour. Method: strip the escapes.
        let text = include_str!("../../tests/fixtures/bank/checks/Q002.yaml");
        let files = [SourceFile::new("Q002.yaml", text)];
        let found =
            super::super::check_bank(&files, &super::super::CheckOptions::default()).diagnostics;
        let coloured = render(&found, &files, true);
        assert!(coloured.contains('\u{1b}'));
        let mut bare = String::new();
        for (index, piece) in coloured.split('\u{1b}').enumerate() {
            bare +=
                if index == 0 { piece } else { piece.split_once('m').map_or("", |(_, rest)| rest) };
        }
        assert_eq!(bare, render(&found, &files, false));
    }
}
