//! The audit chain of a session: what an entry's hash covers, and how a chain is checked against
//! the rows it speaks of. Pure: reading and writing entries is a driver's work.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::records::canonical_json;
use super::{AnswerRecord, NewSession, SessionRecord, Status, StoredAnswer};

/// What stands before the first entry.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One entry as stored.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub sequence: u32,
    pub at_ms: i64,
    pub kind: String,
    pub payload: Value,
    pub prev_hash: String,
    pub hash: String,
}

impl Entry {
    /// The entry that follows `last` (sequence and hash).
    pub(super) fn after(
        last: Option<(u32, String)>,
        key: (&str, &str),
        at_ms: i64,
        (kind, payload): (&str, Value),
    ) -> Self {
        let (sequence, prev_hash) = last.unwrap_or((0, GENESIS.to_owned()));
        let mut entry = Self {
            sequence: sequence + 1,
            at_ms,
            kind: kind.to_owned(),
            payload,
            prev_hash,
            hash: String::new(),
        };
        entry.hash = entry.digest(key);
        entry
    }

    /// hash = hex(SHA-256(prev_hash ‖ canonical JSON of the entry and whose it is)).
    fn digest(&self, (tenant, session): (&str, &str)) -> String {
        let body = json!({
            "tenant": tenant, "session": session, "sequence": self.sequence,
            "at_ms": self.at_ms, "kind": self.kind, "payload": self.payload,
        });
        let mut hasher = Sha256::new();
        hasher.update(self.prev_hash.as_bytes());
        hasher.update(canonical_json(&body).as_bytes());
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The payload of `created`. The seed is a text: not every reader of JSON has 64-bit integers.
pub(super) fn created(new: &NewSession) -> Value {
    json!({
        "plan": new.plan, "seed": new.seed.to_string(), "engine": new.engine,
        "bank_fingerprint": new.bank_fingerprint,
    })
}

/// The payload of `answer`.
pub(super) fn answered(position: u32, answer: &AnswerRecord) -> Value {
    json!({
        "position": position, "item_id": answer.item_id, "item_version": answer.item_version,
        "response": answer.response, "seconds": answer.seconds, "flag": answer.flag,
    })
}

/// The payload of `finished`.
pub(super) fn finished(reason: &str) -> Value {
    json!({ "reason": reason })
}

/// The payload of `flag`.
pub(super) fn flagged(position: u32, text: &str) -> Value {
    json!({ "position": position, "flag": text })
}

/// The first thing in a session that its audit chain does not bear out.
pub(super) fn problem(
    key: (&str, &str),
    entries: &[Entry],
    session: &SessionRecord,
    answers: &[StoredAnswer],
) -> Option<String> {
    broken_link(key, entries).or_else(|| contradiction(entries, session, answers))
}

fn broken_link(key: (&str, &str), entries: &[Entry]) -> Option<String> {
    let mut prev_hash = GENESIS;
    for (entry, sequence) in entries.iter().zip(1u32..) {
        if entry.sequence != sequence {
            return Some(format!("entry {sequence} is missing"));
        }
        if entry.prev_hash != prev_hash || entry.hash != entry.digest(key) {
            return Some(format!("entry {sequence} was changed"));
        }
        prev_hash = &entry.hash;
    }
    None
}

/// Replays the entries and compares the result with the rows.
fn contradiction(
    entries: &[Entry],
    session: &SessionRecord,
    answers: &[StoredAnswer],
) -> Option<String> {
    let mut expected: BTreeMap<u64, (Value, i64)> = BTreeMap::new();
    let (mut start, mut end) = (None, None);
    for entry in entries {
        let position = entry.payload["position"].as_u64();
        match (entry.kind.as_str(), position) {
            ("created", _) => start = Some(&entry.payload),
            ("finished", _) => end = Some(&entry.payload),
            ("answer", Some(position)) => {
                expected.insert(position, (entry.payload.clone(), entry.at_ms));
            }
            ("flag", Some(position)) => {
                if let Some((payload, _)) = expected.get_mut(&position) {
                    payload["flag"] = entry.payload["flag"].clone();
                }
            }
            _ => {}
        }
    }
    let stored: BTreeMap<u64, (Value, i64)> = answers
        .iter()
        .map(|it| (u64::from(it.position), (answered(it.position, &it.answer), it.answered_ms)))
        .collect();
    let positions = expected.keys().chain(stored.keys());
    if let Some(position) = positions.into_iter().find(|p| expected.get(p) != stored.get(p)) {
        return Some(format!("the answer at position {position} is not the one recorded"));
    }
    session_problem(session, start, end, answers.len())
}

fn session_problem(
    session: &SessionRecord,
    start: Option<&Value>,
    end: Option<&Value>,
    answers: usize,
) -> Option<String> {
    let as_new = NewSession {
        session_id: session.session_id.clone(),
        plan: session.plan.clone(),
        seed: session.seed,
        engine: session.engine,
        bank_fingerprint: session.bank_fingerprint.clone(),
        started_ms: session.started_ms,
    };
    if start != Some(&created(&as_new)) {
        return Some("the session's plan, seed, engine or bank is not the one recorded".to_owned());
    }
    let stored_end = session.stop_reason.as_deref().map(finished);
    let versions = answers + usize::from(end.is_some());
    if end != stored_end.as_ref()
        || end.is_some() != (session.status == Status::Done)
        || session.version as usize != versions
    {
        return Some("the session's end or version is not the one recorded".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_sha256_of_the_previous_one_and_the_entry() {
        // Goal: anyone can recompute a chain. Method: the hash of the documented bytes, which
        // `printf '%s' … | sha256sum` gives too.
        let entry = Entry::after(None, ("local", "s1"), 7, ("finished", finished("length")));
        let body = r#"{"at_ms":7,"kind":"finished","payload":{"reason":"length"},"sequence":1,"session":"s1","tenant":"local"}"#;
        let digest = Sha256::digest(format!("{GENESIS}{body}"));
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((entry.sequence, entry.hash.as_str()), (1, hex.as_str()));
        let next = Entry::after(Some((1, hex.clone())), ("local", "s1"), 8, ("paused", json!({})));
        assert_eq!((next.sequence, &next.prev_hash), (2, &hex));
    }

    #[test]
    fn a_changed_or_missing_entry_breaks_the_chain() {
        // Goal: no edit goes unseen. Method: a chain of three, each edited or left out.
        let key = ("local", "s1");
        let mut chain: Vec<Entry> = Vec::new();
        for at_ms in 0..3 {
            let last = chain.last().map(|it| (it.sequence, it.hash.clone()));
            chain.push(Entry::after(last, key, at_ms, ("paused", json!({}))));
        }
        assert_eq!(broken_link(key, &chain), None);
        assert!(broken_link(("local", "s2"), &chain).is_some());
        for index in 0..3 {
            let mut edited = chain.clone();
            edited[index].at_ms += 1;
            assert_eq!(broken_link(key, &edited), Some(format!("entry {} was changed", index + 1)));
        }
        let mut without = chain.clone();
        without.remove(1);
        assert_eq!(broken_link(key, &without), Some("entry 2 is missing".to_owned()));
    }
}
