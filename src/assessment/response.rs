//! A person's response to one item: its stored form and its reading from a typed line.
//!
//! Nothing here knows whether a response is right.

use serde_json::Value;

use crate::bank::{Item, Key, OptionId};

/// A response that fits its item: option ids exist, an order names each option once, a number is
/// finite.
#[derive(Debug, Clone, PartialEq)]
pub enum Response {
    /// One chosen option.
    Single(OptionId),
    /// The ticked options, in the order of the item's options.
    Multi(Vec<OptionId>),
    /// All options in the person's order.
    Order(Vec<OptionId>),
    /// A number.
    Number(f64),
    /// A short text or an output, as typed.
    Text(String),
    /// "I don't know".
    DontKnow,
}

/// Why a response could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// Nothing was typed.
    #[error("an empty line is no answer")]
    Empty,
    /// An option that the question does not have.
    #[error("`{found}` is none of the options {options}")]
    UnknownOption {
        /// What was typed.
        found: String,
        /// The letters there are, as `a–d`.
        options: String,
    },
    /// Another number of options than the question wants.
    #[error("this question wants {wanted}, not {found}")]
    Count {
        /// What the question wants.
        wanted: &'static str,
        /// How many were given.
        found: usize,
    },
    /// An option named twice.
    #[error("`{found}` stands there twice")]
    Repeated {
        /// The option.
        found: String,
    },
    /// No number where a number is wanted.
    #[error("`{found}` is not a number")]
    NotANumber {
        /// What was typed.
        found: String,
    },
    /// A stored or posted value of the wrong shape.
    #[error("a response to this question is {wanted}")]
    Shape {
        /// What it should have been.
        wanted: &'static str,
    },
}

/// The letter of the option shown at `place` (0 is `a`).
pub fn letter(place: usize) -> char {
    char::from(b'a' + u8::try_from(place.min(25)).unwrap_or(25))
}

/// One line of the plain interface.
#[derive(Debug, Clone, PartialEq)]
pub enum PlainInput {
    /// An answer.
    Answer(Response),
    /// `!text`: a remark on the question, which stays open.
    Flag(String),
}

impl PlainInput {
    /// Reads a typed line: `b`, `2`, `a,c`, `c,a,b`, a number, a text, `?` or `!remark`.
    ///
    /// `shown` holds the indices of the item's options in the order in which they were shown.
    ///
    /// # Errors
    /// When the line is no answer to this question.
    pub fn parse(item: &Item, shown: &[usize], line: &str) -> Result<Self, ResponseError> {
        let line = line.trim();
        if let Some(remark) = line.strip_prefix('!') {
            return Ok(Self::Flag(remark.trim().to_owned()));
        }
        if line.is_empty() {
            return Err(ResponseError::Empty);
        }
        if line == "?" {
            return Ok(Self::Answer(Response::DontKnow));
        }
        let response = match &item.key {
            Key::Single { .. } | Key::Multi { .. } | Key::Order { .. } => {
                Response::from_options(item, places(item, shown, line)?)?
            }
            Key::Numeric { unit, .. } => Response::Number(parse_number(line, unit.as_deref())?),
            Key::Text { .. } => Response::Text(line.to_owned()),
        };
        Ok(Self::Answer(response))
    }
}

/// Indices into the item's options from letters or numbers separated by commas or spaces; letters
/// may also stand together (`ac`).
fn places(item: &Item, shown: &[usize], line: &str) -> Result<Vec<usize>, ResponseError> {
    let words: Vec<&str> =
        line.split([',', ' ', ';', '>']).map(str::trim).filter(|word| !word.is_empty()).collect();
    let together = words.len() == 1
        && words[0].len() > 1
        && !matches!(item.key, Key::Single { .. })
        && words[0].chars().all(|c| c.is_ascii_alphabetic());
    if together {
        let letters: Vec<String> = words[0].chars().map(String::from).collect();
        return letters.iter().map(|word| place(shown, word)).collect();
    }
    words.into_iter().map(|word| place(shown, word)).collect()
}

fn place(shown: &[usize], word: &str) -> Result<usize, ResponseError> {
    let word = word.trim_end_matches([')', '.']);
    let unknown = || ResponseError::UnknownOption {
        found: word.to_owned(),
        options: format!("a–{}", letter(shown.len().saturating_sub(1))),
    };
    let at = if let Ok(number) = word.parse::<usize>() {
        number.checked_sub(1)
    } else {
        let mut chars = word.chars();
        match (chars.next().map(|c| c.to_ascii_lowercase()), chars.next()) {
            (Some(c @ 'a'..='z'), None) => Some(usize::from(c as u8 - b'a')),
            _ => None,
        }
    };
    at.and_then(|at| shown.get(at).copied()).ok_or_else(unknown)
}

fn parse_number(line: &str, unit: Option<&str>) -> Result<f64, ResponseError> {
    let not_a_number = || ResponseError::NotANumber { found: line.to_owned() };
    let mut text = line.trim();
    if let Some(unit) = unit {
        text = text.strip_suffix(unit).unwrap_or(text).trim_end();
    }
    let text: String = text.chars().filter(|c| !matches!(c, '_' | ' ')).collect();
    // `1,000` groups thousands; `0,5` is a decimal comma.
    let grouped = text
        .split(',')
        .skip(1)
        .all(|part| part.split('.').next().is_some_and(|digits| digits.len() == 3))
        && !text.starts_with("0,");
    let text = if grouped { text.replace(',', "") } else { text.replacen(',', ".", 1) };
    let value: f64 = text.parse().map_err(|_| not_a_number())?;
    if value.is_finite() { Ok(value) } else { Err(not_a_number()) }
}

impl Response {
    /// A response from option indices, checked against the kind of item.
    ///
    /// # Errors
    /// When there are too many or too few, or one stands there twice.
    pub fn from_options(item: &Item, mut chosen: Vec<usize>) -> Result<Self, ResponseError> {
        let id = |&at: &usize| item.options[at].id.clone();
        let repeated =
            chosen.iter().enumerate().find(|(at, option)| chosen[..*at].contains(option));
        if let Some((_, &option)) = repeated {
            return Err(ResponseError::Repeated { found: item.options[option].text.clone() });
        }
        let found = chosen.len();
        match &item.key {
            Key::Single { .. } if found == 1 => Ok(Self::Single(id(&chosen[0]))),
            Key::Single { .. } => Err(ResponseError::Count { wanted: "one option", found }),
            Key::Multi { .. } if found == 0 => {
                Err(ResponseError::Count { wanted: "at least one option", found })
            }
            Key::Multi { .. } => {
                chosen.sort_unstable();
                Ok(Self::Multi(chosen.iter().map(id).collect()))
            }
            Key::Order { .. } if found == item.options.len() => {
                Ok(Self::Order(chosen.iter().map(id).collect()))
            }
            Key::Order { .. } => {
                Err(ResponseError::Count { wanted: "every option exactly once", found })
            }
            Key::Numeric { .. } => Err(ResponseError::Shape { wanted: "a number" }),
            Key::Text { .. } => Err(ResponseError::Shape { wanted: "a text" }),
        }
    }

    /// The form in which a response is stored and posted: a list of option ids, a number, a text,
    /// or `"?"`.
    pub fn to_json(&self) -> Value {
        let list = |ids: &[OptionId]| ids.iter().map(|id| Value::from(id.as_str())).collect();
        match self {
            Self::Single(id) => list(std::slice::from_ref(id)),
            Self::Multi(ids) | Self::Order(ids) => list(ids),
            Self::Number(value) => Value::from(*value),
            Self::Text(text) => Value::from(text.as_str()),
            Self::DontKnow => Value::from("?"),
        }
    }

    /// Reads the stored form back, checked against the item.
    ///
    /// # Errors
    /// When the value has another shape than the item wants, or names unknown options.
    pub fn from_json(item: &Item, value: &Value) -> Result<Self, ResponseError> {
        if value.as_str() == Some("?") {
            return Ok(Self::DontKnow);
        }
        match (&item.key, value) {
            (Key::Numeric { .. }, Value::Number(number)) => number
                .as_f64()
                .filter(|value| value.is_finite())
                .map(Self::Number)
                .ok_or(ResponseError::Shape { wanted: "a finite number" }),
            (Key::Numeric { .. }, _) => Err(ResponseError::Shape { wanted: "a number" }),
            (Key::Text { .. }, Value::String(text)) if !text.trim().is_empty() => {
                Ok(Self::Text(text.clone()))
            }
            (Key::Text { .. }, _) => Err(ResponseError::Shape { wanted: "a text" }),
            (_, Value::Array(ids)) => {
                let chosen: Result<Vec<usize>, ResponseError> =
                    ids.iter().map(|id| option_index(item, id)).collect();
                Self::from_options(item, chosen?)
            }
            _ => Err(ResponseError::Shape { wanted: "a list of option ids" }),
        }
    }
}

fn option_index(item: &Item, id: &Value) -> Result<usize, ResponseError> {
    let id = id.as_str().ok_or(ResponseError::Shape { wanted: "a list of option ids" })?;
    item.options.iter().position(|option| option.id.as_str() == id).ok_or_else(|| {
        let known: Vec<&str> = item.options.iter().map(|option| option.id.as_str()).collect();
        ResponseError::UnknownOption { found: id.to_owned(), options: known.join(", ") }
    })
}
