//! What the store keeps, as the caller sees it. Plain values: ids, times and seeds come from the
//! caller, JSON is carried as JSON, and nothing here knows a database.

use serde_json::Value;

use super::StoreError;

/// A session at its start.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSession {
    /// The session's id, made by the caller (UUIDv7 text).
    pub session_id: String,
    /// The plan.
    pub plan: Value,
    /// The seed of every random draw.
    pub seed: u64,
    /// The engine number under which it runs.
    pub engine: u32,
    /// The bank it asks from, stored before.
    pub bank_fingerprint: String,
    /// When it started.
    pub started_ms: i64,
}

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Under way (or its process ended without a word).
    Active,
    /// Put aside; the next answer makes it active again.
    Paused,
    /// Over.
    Done,
}

impl Status {
    /// The word in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Done => "done",
        }
    }

    /// The status with this word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Active, Self::Paused, Self::Done].into_iter().find(|it| it.as_str() == word)
    }
}

/// A stored session.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionRecord {
    /// The session's id.
    pub session_id: String,
    /// How many changes its history holds: its answers, and its end. A change names the version
    /// it was decided on.
    pub version: u32,
    /// The plan.
    pub plan: Value,
    /// The seed.
    pub seed: u64,
    /// The engine number under which it ran.
    pub engine: u32,
    /// The bank it asks from.
    pub bank_fingerprint: String,
    /// Where it stands.
    pub status: Status,
    /// When it started.
    pub started_ms: i64,
    /// When it was last changed.
    pub updated_ms: i64,
    /// When it was finished.
    pub finished_ms: Option<i64>,
    /// Why it was finished.
    pub stop_reason: Option<String>,
    /// A cache for lists, written at the end.
    pub summary: Option<Value>,
    /// How many answers are stored.
    pub answered: u32,
}

/// An answer as given.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerRecord {
    /// The item that was asked.
    pub item_id: String,
    /// Its version in the session's bank.
    pub item_version: u32,
    /// The response.
    pub response: Value,
    /// How long a person took; `None` unless a person was timed.
    pub seconds: Option<f64>,
    /// What the person said about the question when flagging it; may be an empty text.
    pub flag: Option<String>,
}

impl AnswerRecord {
    /// Refuses what no engine could give back as it was.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        match self.seconds {
            Some(s) if !s.is_finite() || s < 0.0 => Err(StoreError::InvalidValue {
                field: "seconds",
                reason: format!("{s} is not a time"),
            }),
            _ => Ok(()),
        }
    }

    /// Whether a repeated answer is the same one. Seconds and flag do not count: the second click
    /// of a double click has another time.
    pub(super) fn repeats(&self, other: &Self) -> bool {
        self.item_id == other.item_id
            && self.item_version == other.item_version
            && self.response == other.response
    }
}

/// A stored answer.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredAnswer {
    /// Its place in the session.
    pub position: u32,
    /// The answer.
    pub answer: AnswerRecord,
    /// When it was stored.
    pub answered_ms: i64,
}

/// How a write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It is stored, durably. An answer and an end raise the session's version by one.
    Stored,
    /// It had been stored before, equal; nothing was changed.
    AlreadyStored,
}

/// Which sessions [`super::Store::latest_session`] looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionFilter {
    /// All.
    Any,
    /// Active and paused ones.
    Unfinished,
    /// Those that are done.
    Finished,
}

impl SessionFilter {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Unfinished => "unfinished",
            Self::Finished => "finished",
        }
    }
}

/// The result of checking a session's audit chain against its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditCheck {
    /// How many entries the chain has.
    pub entries: u32,
    /// The hash of the last entry: who keeps it elsewhere can prove that nothing was cut off.
    pub head: String,
    /// The first thing that does not fit; `None`: all is as it was recorded.
    pub problem: Option<String>,
}

/// JSON with sorted keys and no spaces: equal values have equal bytes. Said here and not left to
/// `serde_json`, whose maps keep the order of insertion when any crate in the build asks for it.
pub(super) fn canonical_json(value: &Value) -> String {
    let mut out = String::new();
    write_canonical(value, &mut out);
    out
}

fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                out.push(if index == 0 { '[' } else { ',' });
                write_canonical(value, out);
            }
            out.push_str(if values.is_empty() { "[]" } else { "]" });
        }
        Value::Object(map) => {
            let mut pairs: Vec<_> = map.iter().collect();
            pairs.sort_by_key(|(key, _)| *key);
            for (index, (key, value)) in pairs.iter().enumerate() {
                out.push(if index == 0 { '{' } else { ',' });
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write_canonical(value, out);
            }
            out.push_str(if pairs.is_empty() { "{}" } else { "}" });
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn canonical_json_is_sorted_and_parses_back() {
        // Goal: equal values, equal bytes. Method: nested values, empty ones, escapes.
        let value = json!({"z": [1, 2.5, []], "a": {"y": null, "b": "q\"\n"}, "é": {}});
        let text = canonical_json(&value);
        assert_eq!(text, r#"{"a":{"b":"q\"\n","y":null},"z":[1,2.5,[]],"é":{}}"#);
        assert_eq!(serde_json::from_str::<Value>(&text).ok(), Some(value));
    }

    #[test]
    fn only_real_times_are_stored() {
        // Goal: no NaN reaches a column. Method: the values at the edge.
        let with = |seconds| AnswerRecord {
            item_id: "a".into(),
            item_version: 1,
            response: json!(["b"]),
            seconds,
            flag: None,
        };
        for good in [None, Some(0.0), Some(12.5)] {
            assert_eq!(with(good).check(), Ok(()));
        }
        for bad in [f64::NAN, f64::INFINITY, -0.1] {
            assert!(matches!(with(Some(bad)).check(), Err(StoreError::InvalidValue { .. })));
        }
    }

    #[test]
    fn status_words_round_trip() {
        // Goal: what is written can be read. Method: all words, and one that is none.
        for status in [Status::Active, Status::Paused, Status::Done] {
            assert_eq!(Status::parse(status.as_str()), Some(status));
        }
        assert_eq!(Status::parse("over"), None);
    }
}
