//! Reads the fields of a map one by one and reports everything that is wrong with them at its
//! place: a missing field, an unknown one, one that is given twice, a wrong type. Never stops at
//! the first fault, and never takes an unquoted `no` or `3.10` for a text.

use std::ops::Range;

use super::diagnostic::{Diagnostic, Severity, SourceFile, position};
use super::node::{Node, NodeValue, coercion, is_date};
use super::words::Word;

/// Most field names that a help line lists.
const LISTED_MAX: usize = 12;

/// Where the faults of one file are put down.
#[derive(Debug)]
pub(super) struct Sink<'f> {
    file: &'f SourceFile,
    /// The item that is being read.
    pub item: Option<String>,
    found: Vec<Diagnostic>,
}

impl<'f> Sink<'f> {
    pub fn new(file: &'f SourceFile) -> Self {
        Self { file, item: None, found: Vec::new() }
    }

    /// Puts down an error of the file's shape.
    pub fn shape(&mut self, at: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        let help = Some(help.into()).filter(|help| !help.is_empty());
        self.put("Q001", Severity::Error, at, message.into(), help);
    }

    /// Puts down any diagnostic.
    pub fn put(
        &mut self,
        code: &'static str,
        severity: Severity,
        span: Range<usize>,
        message: String,
        help: Option<String>,
    ) {
        let (line, column) = position(&self.file.text, span.start);
        let (file, item) = (self.file.path.clone(), self.item.clone());
        self.found.push(Diagnostic {
            code,
            severity,
            file,
            line,
            column,
            item,
            message,
            help,
            span,
        });
    }

    /// How many errors there are so far.
    pub fn errors(&self) -> usize {
        self.found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count()
    }

    /// Makes warnings of the errors that were put down after the first `errors` ones.
    pub fn soften(&mut self, errors: usize) {
        let found = self.found.iter_mut().filter(|it| it.severity == Severity::Error);
        found.skip(errors).for_each(|it| it.severity = Severity::Warning);
    }

    /// Everything that was put down.
    pub fn into_found(self) -> Vec<Diagnostic> {
        self.found
    }
}

/// The fields of one map while it is being read.
pub(super) struct Fields<'n, 't, 's, 'f> {
    node: &'n Node<'t>,
    map: &'n [(Node<'t>, Node<'t>)],
    known: Vec<&'static str>,
    /// Where faults go; nested maps use it in turn.
    pub sink: &'s mut Sink<'f>,
}

impl<'n, 't, 's, 'f> Fields<'n, 't, 's, 'f> {
    /// Begins to read a map; `what` names it in messages.
    pub fn new(node: &'n Node<'t>, what: &str, sink: &'s mut Sink<'f>) -> Option<Self> {
        let NodeValue::Map(map) = &node.value else {
            let message = format!("{what} must be a map of fields, not {}", node.kind());
            sink.shape(node.span.clone(), message, "");
            return None;
        };
        for (index, (key, _)) in map.iter().enumerate() {
            match key.text() {
                None => sink.shape(key.span.clone(), "a field's name must be a word", ""),
                Some(name) if map[..index].iter().any(|(other, _)| other.text() == Some(name)) => {
                    let help = "keep one of the two";
                    sink.shape(
                        key.span.clone(),
                        format!("the field `{name}` is given twice"),
                        help,
                    );
                }
                Some(_) => {}
            }
        }
        Some(Self { node, map, known: Vec::new(), sink })
    }

    /// A field's value, if something stands there.
    pub fn get(&mut self, name: &'static str) -> Option<&'n Node<'t>> {
        self.known.push(name);
        let (_, value) = self.map.iter().find(|(key, _)| key.text() == Some(name))?;
        (!value.is_null()).then_some(value)
    }

    /// Every field, for maps whose names are data.
    pub fn all(&mut self) -> impl Iterator<Item = (&'n str, &'n Node<'t>)> + use<'n, 't> {
        let map = self.map;
        map.iter().filter_map(|(key, value)| Some((key.text()?, value)))
    }

    /// Reports that a required field is missing.
    pub fn missing(&mut self, name: &str) {
        let at = self.map.first().map_or(self.node.span.clone(), |(key, _)| key.span.clone());
        let help = format!("add `{name}:`");
        self.sink.shape(at, format!("the field `{name}` is missing"), help);
    }

    /// Gets a value that must be there.
    pub fn required(&mut self, name: &'static str) -> Option<&'n Node<'t>> {
        let value = self.get(name);
        if value.is_none() {
            self.missing(name);
        }
        value
    }

    pub fn text(&mut self, name: &'static str) -> Option<String> {
        let node = self.get(name)?;
        text(node, name, self.sink)
    }

    /// A text that must be there; empty when it is not, and then the fault is put down.
    pub fn required_text(&mut self, name: &'static str) -> String {
        let Some(node) = self.required(name) else { return String::new() };
        let text = text(node, name, self.sink).unwrap_or_default();
        if node.text().is_some_and(|text| text.trim().is_empty()) {
            self.sink.shape(node.span.clone(), format!("`{name}` is empty"), "");
        }
        text
    }

    /// A calendar date; it may stand unquoted.
    pub fn date(&mut self, name: &'static str) -> Option<String> {
        let node = self.get(name)?;
        match node.text() {
            Some(text) if is_calendar_day(text) => Some(text.to_owned()),
            _ => {
                let message = format!("`{name}` must be a date, not {}", node.kind());
                self.sink.shape(node.span.clone(), message, "write it as \"2026-11-22\"");
                None
            }
        }
    }

    /// One word of a closed list.
    pub fn word<W: Word>(&mut self, name: &'static str) -> Option<W> {
        let node = self.get(name)?;
        word(node, name, self.sink)
    }

    /// A word that must be there; the first of the list when it is not, and then the fault is
    /// put down, so that nobody comes to use it.
    pub fn required_word<W: Word>(&mut self, name: &'static str) -> W {
        let node = self.required(name);
        node.and_then(|node| word(node, name, self.sink)).unwrap_or(W::values()[0])
    }

    pub fn number(&mut self, name: &'static str) -> Option<f64> {
        let node = self.get(name)?;
        number(node, name, self.sink)
    }

    /// A number that must be there; zero when it is not, and then the fault is put down.
    pub fn required_number(&mut self, name: &'static str) -> f64 {
        let node = self.required(name);
        node.and_then(|node| number(node, name, self.sink)).unwrap_or(0.0)
    }

    /// A whole number, not negative.
    pub fn count(&mut self, name: &'static str) -> Option<u32> {
        let node = self.get(name)?;
        let plain = matches!(node.value, NodeValue::Scalar { plain: true, .. });
        let count = node.text().filter(|_| plain).and_then(|text| text.parse().ok());
        if count.is_none() {
            let message = format!("`{name}` must be a whole number, not {}", shown(node));
            let help = if plain { "" } else { "write the number without quotes" };
            self.sink.shape(node.span.clone(), message, help);
        }
        count
    }

    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        let node = self.get(name)?;
        match &node.value {
            NodeValue::Scalar { text, plain: true } if text == "true" => Some(true),
            NodeValue::Scalar { text, plain: true } if text == "false" => Some(false),
            _ => {
                let message = format!("`{name}` must be true or false, not {}", shown(node));
                self.sink.shape(node.span.clone(), message, "write `true` or `false`");
                None
            }
        }
    }

    /// The entries of a list; none when the field is absent.
    pub fn list(&mut self, name: &'static str) -> &'n [Node<'t>] {
        let Some(node) = self.get(name) else { return &[] };
        match &node.value {
            NodeValue::List(list) => list,
            _ => {
                let message = format!("`{name}` must be a list, not {}", shown(node));
                self.sink.shape(node.span.clone(), message, "write it as [ … ]");
                &[]
            }
        }
    }

    /// A list of texts.
    pub fn texts(&mut self, name: &'static str) -> Vec<String> {
        let list = self.list(name);
        list.iter().filter_map(|node| text(node, name, self.sink)).collect()
    }

    /// Ends the map: every field that nobody asked for is an error.
    pub fn finish(self) {
        for (key, _) in self.map {
            let Some(name) = key.text() else { continue };
            if self.known.contains(&name) {
                continue;
            }
            let help = match nearest(name, &self.known) {
                Some(near) => format!("did you mean `{near}`?"),
                None if self.known.len() > LISTED_MAX => "see docs/BANK-FORMAT.md".to_owned(),
                None => format!("the fields here are {}", self.known.join(", ")),
            };
            self.sink.shape(key.span.clone(), format!("unknown field `{name}`"), help);
        }
    }
}

/// A value that must be a text.
pub(super) fn text(node: &Node<'_>, name: &str, sink: &mut Sink<'_>) -> Option<String> {
    match &node.value {
        NodeValue::Scalar { text, plain: true } => match coercion(text) {
            Some(kind) => {
                let message = format!("`{name}` must be a text, but `{text}` unquoted is {kind}");
                sink.shape(node.span.clone(), message, format!("quote it: \"{text}\""));
                None
            }
            None => Some(text.to_string()),
        },
        NodeValue::Scalar { text, plain: false } => Some(text.to_string()),
        _ => {
            let message = format!("`{name}` must be a text, not {}", node.kind());
            sink.shape(node.span.clone(), message, "");
            None
        }
    }
}

/// A value that must be a finite number.
pub(super) fn number(node: &Node<'_>, name: &str, sink: &mut Sink<'_>) -> Option<f64> {
    let plain = matches!(node.value, NodeValue::Scalar { plain: true, .. });
    let value = node.text().filter(|_| plain).and_then(|text| text.parse::<f64>().ok());
    let value = value.filter(|value| value.is_finite());
    if value.is_none() {
        let help = if plain { "" } else { "write the number without quotes" };
        let message = format!("`{name}` must be a number, not {}", shown(node));
        sink.shape(node.span.clone(), message, help);
    }
    value
}

fn word<W: Word>(node: &Node<'_>, name: &str, sink: &mut Sink<'_>) -> Option<W> {
    let found = node.text().and_then(|text| W::values().iter().find(|value| value.word() == text));
    if found.is_none() {
        let words: Vec<&str> = W::values().iter().map(|value| value.word()).collect();
        let help = match node.text().and_then(|text| nearest(text, &words)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("one of {}", words.join(", ")),
        };
        let message = format!("`{name}` cannot be {}", shown(node));
        sink.shape(node.span.clone(), message, help);
    }
    found.copied()
}

/// A value as it is named in a message.
pub(super) fn shown(node: &Node<'_>) -> String {
    const SHOWN_MAX: usize = 40;
    match node.text() {
        Some(text) if text.chars().count() <= SHOWN_MAX && !text.contains('\n') => {
            format!("`{text}`")
        }
        _ => node.kind().to_owned(),
    }
}

/// Whether a text is a day that the calendar can hold.
fn is_calendar_day(text: &str) -> bool {
    let mut parts = text.split('-').map(|part| part.parse::<u32>().unwrap_or(0));
    let (_, month, day) = (parts.next(), parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    text.len() == "2026-11-22".len()
        && is_date(text)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
}

/// The word of a list that a mistyped one was probably meant to be.
pub(super) fn nearest<'w>(typed: &str, words: &[&'w str]) -> Option<&'w str> {
    let allowed = 1 + typed.chars().count() / 4;
    words
        .iter()
        .map(|word| (edits(typed, word), *word))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// The number of letters to insert, delete or replace to get from one word to another
/// (Levenshtein 1966).
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_word_finds_its_neighbour_and_a_foreign_one_does_not() {
        // Goal: help lines are right or absent. Method: known edit distances.
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(nearest("explenation", &["stem", "explanation"]), Some("explanation"));
        assert_eq!(nearest("colour", &["stem", "explanation"]), None);
    }

    #[test]
    fn a_date_must_be_one_that_a_calendar_holds() {
        // Goal: `checked` dates can be compared as texts. Method: good and bad ones.
        assert!(is_calendar_day("2026-11-22"));
        assert!(!is_calendar_day("2026-13-01"));
        assert!(!is_calendar_day("2026-1-22"));
        assert!(!is_calendar_day("soon"));
    }
}
