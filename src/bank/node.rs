//! A tree of values that know where they stand in their text: what YAML and JSON are read into
//! before anything is understood. Never interprets a value beyond the three YAML shapes.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value;

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node<'t> {
    /// Where it stands, in bytes of the text.
    pub span: Range<usize>,
    /// What it is.
    pub value: NodeValue<'t>,
}

/// The three shapes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum NodeValue<'t> {
    /// A text; `plain` when it stood there without quotes, so that it may be a number or null.
    Scalar { text: Cow<'t, str>, plain: bool },
    /// A list.
    List(Vec<Node<'t>>),
    /// Fields in their order, repeated ones included.
    Map(Vec<(Node<'t>, Node<'t>)>),
}

/// One step from a node to a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The value of a field.
    Field(&'static str),
    /// An entry of a list.
    Index(usize),
}

impl<'t> Node<'t> {
    /// How many nodes it consists of.
    pub fn size(&self) -> usize {
        1 + match &self.value {
            NodeValue::Scalar { .. } => 0,
            NodeValue::List(list) => list.iter().map(Node::size).sum(),
            NodeValue::Map(map) => map.iter().map(|(key, value)| key.size() + value.size()).sum(),
        }
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            NodeValue::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether nothing stands there: an empty field, `null` or `~`.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, NodeValue::Scalar { text, plain: true }
            if matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// A field of a map.
    pub fn field(&self, name: &str) -> Option<&Node<'t>> {
        match &self.value {
            NodeValue::Map(map) => {
                map.iter().find(|(key, _)| key.text() == Some(name)).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// What the value is, in an author's words.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            NodeValue::Scalar { plain: false, .. } => "a text",
            NodeValue::Scalar { .. } if self.is_null() => "nothing",
            NodeValue::Scalar { text, .. } => coercion(text).unwrap_or("a text"),
            NodeValue::List(_) => "a list",
            NodeValue::Map(_) => "a map of fields",
        }
    }

    /// The place of the part that a path leads to, or of the last part that exists on it.
    pub fn locate(&self, path: &[Step]) -> Range<usize> {
        let mut node = self;
        for step in path {
            let next = match (step, &node.value) {
                (Step::Field(name), _) => node.field(name),
                (Step::Index(index), NodeValue::List(list)) => list.get(*index),
                (Step::Index(_), _) => None,
            };
            match next {
                Some(part) => node = part,
                None => break,
            }
        }
        node.span.clone()
    }

    /// The value as JSON, for the two fields that are kept as they are. Keys come in their
    /// alphabetical order, so that the canonical form does not depend on how they were typed.
    pub fn to_json(&self) -> Value {
        match &self.value {
            _ if self.is_null() => Value::Null,
            NodeValue::Scalar { text, plain: true } => match text.as_ref() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                text => json_number(text).unwrap_or_else(|| Value::String(text.to_owned())),
            },
            NodeValue::Scalar { text, plain: false } => Value::String(text.to_string()),
            NodeValue::List(list) => Value::Array(list.iter().map(Node::to_json).collect()),
            NodeValue::Map(map) => {
                let mut pairs: Vec<_> = map
                    .iter()
                    .map(|(key, value)| {
                        (key.text().unwrap_or_default().to_owned(), value.to_json())
                    })
                    .collect();
                pairs.sort_by(|left, right| left.0.cmp(&right.0));
                Value::Object(pairs.into_iter().collect())
            }
        }
    }

    /// A tree without places, from JSON.
    pub fn from_json(value: &'t Value) -> Self {
        let value = match value {
            Value::Null => NodeValue::Scalar { text: Cow::Borrowed("null"), plain: true },
            Value::Bool(flag) => NodeValue::Scalar {
                text: Cow::Borrowed(if *flag { "true" } else { "false" }),
                plain: true,
            },
            Value::Number(number) => {
                NodeValue::Scalar { text: Cow::Owned(number.to_string()), plain: true }
            }
            Value::String(text) => NodeValue::Scalar { text: Cow::Borrowed(text), plain: false },
            Value::Array(list) => NodeValue::List(list.iter().map(Node::from_json).collect()),
            Value::Object(map) => NodeValue::Map(
                map.iter()
                    .map(|(key, value)| {
                        let text = NodeValue::Scalar { text: Cow::Borrowed(key), plain: false };
                        (Node { span: 0..0, value: text }, Node::from_json(value))
                    })
                    .collect(),
            ),
        };
        Self { span: 0..0, value }
    }
}

/// A number as JSON writes it; YAML's other spellings stay texts.
fn json_number(text: &str) -> Option<Value> {
    let begins = text.trim_start_matches('-').starts_with(|first: char| first.is_ascii_digit());
    begins
        .then(|| serde_json::from_str::<serde_json::Number>(text).ok())
        .flatten()
        .map(Value::Number)
}

/// What some YAML reader would take an unquoted text for, when not for a text. Both versions of
/// YAML are meant: `no` and `12:30` are texts in 1.2, but not in the tools that authors use.
///
/// The types: YAML 1.1 language-independent types (2005): bool, null, int, float, timestamp;
/// YAML 1.2.2 (2021), section 10.3.2, core schema.
pub(super) fn coercion(text: &str) -> Option<&'static str> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some("nothing"),
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" | "yes" | "Yes" | "YES" | "no"
        | "No" | "NO" | "on" | "On" | "ON" | "off" | "Off" | "OFF" => return Some("a truth value"),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "-.inf" | "-.Inf" | "-.INF" | ".nan" | ".NaN"
        | ".NAN" => return Some("a number"),
        _ => {}
    }
    let first = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !first.starts_with(|digit: char| digit.is_ascii_digit() || digit == '.') {
        return None;
    }
    if is_number(first) {
        Some("a number")
    } else if is_time(first) {
        Some("a time")
    } else if is_date(text) {
        Some("a date")
    } else {
        None
    }
}

/// Whether an unsigned text is a YAML integer or float: `17`, `1_000`, `0o17`, `0x1F`, `3.10`,
/// `.5`, `1e3`.
fn is_number(text: &str) -> bool {
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            return !digits.is_empty()
                && digits.chars().all(|digit| digit == '_' || digit.is_digit(radix));
        }
    }
    let has_digit = text.contains(|digit: char| digit.is_ascii_digit());
    has_digit && text.replace('_', "").parse::<f64>().is_ok()
}

/// Whether a text is a number in base sixty: `12:30`, `190:20:30.15`.
fn is_time(text: &str) -> bool {
    let mut parts = text.split(':');
    let head = parts.next().is_some_and(|part| is_digits(part) && !part.is_empty());
    let tail: Vec<&str> = parts.collect();
    let sixty = |part: &str| {
        let whole = part.split('.').next().unwrap_or_default();
        (1..=2).contains(&whole.len()) && part.chars().all(|c| c.is_ascii_digit() || c == '.')
    };
    head && !tail.is_empty() && tail.iter().all(|part| sixty(part))
}

/// Whether a text is a calendar date: `2026-11-22`, with or without a time after it.
pub(super) fn is_date(text: &str) -> bool {
    let day = text.split(['T', 't', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = day.split('-').collect();
    match parts.as_slice() {
        [year, month, date] => {
            year.len() == 4
                && (1..=2).contains(&month.len())
                && (1..=2).contains(&date.len())
                && [year, month, date].iter().all(|part| is_digits(part))
        }
        _ => false,
    }
}

fn is_digits(text: &str) -> bool {
    text.chars().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unquoted_texts_that_other_tools_read_as_something_else_are_recognised() {
        // Goal: the YAML hazards are caught and ordinary words are not. Method: a table of both.
        for (text, kind) in [
            ("no", "a truth value"),
            ("On", "a truth value"),
            ("3.10", "a number"),
            ("0o17", "a number"),
            ("0x1F", "a number"),
            ("1_000", "a number"),
            ("-5", "a number"),
            ("007", "a number"),
            ("1e3", "a number"),
            (".inf", "a number"),
            ("12:30", "a time"),
            ("12:30:45", "a time"),
            ("2026-11-22", "a date"),
            ("null", "nothing"),
            ("~", "nothing"),
        ] {
            assert_eq!(coercion(text), Some(kind), "{text}");
        }
        for text in
            ["none", "http", "v1.2.3", "1.2.3", "10.0.0.0/8", "-", "...", "a", "443/tcp", "::1"]
        {
            assert_eq!(coercion(text), None, "{text}");
        }
    }
}
