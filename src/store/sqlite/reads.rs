//! The verbs that only read, each a statement of the list and the shape of its rows.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::Value;

use crate::store::audit::{self, Entry};
use crate::store::error::Fault;
use crate::store::{
    AnswerRecord, AuditCheck, SessionFilter, SessionRecord, Status, StoreError, StoredAnswer,
    TENANT, sql,
};

pub(super) fn bank_exists(db: &Connection, fingerprint: &str) -> Result<bool, Fault> {
    let mut statement = db.prepare_cached(sql::BANK_EXISTS)?;
    let count: u32 = statement.query_row((TENANT, fingerprint), |row| row.get(0))?;
    Ok(count > 0)
}

pub(super) fn packed_bank(db: &Connection, fingerprint: &str) -> Result<Option<String>, Fault> {
    let mut statement = db.prepare_cached(sql::SELECT_BANK)?;
    Ok(statement.query_row((TENANT, fingerprint), |row| row.get(0)).optional()?)
}

pub(super) fn session(db: &Connection, session_id: &str) -> Result<SessionRecord, Fault> {
    let mut statement = db.prepare_cached(sql::SELECT_SESSION)?;
    let found = statement.query_row((TENANT, session_id), session_row).optional()?;
    Ok(found.ok_or_else(|| StoreError::NotFound { session: session_id.to_owned() })?)
}

pub(super) fn sessions(db: &Connection) -> Result<Vec<SessionRecord>, Fault> {
    let mut statement = db.prepare_cached(sql::SELECT_SESSIONS)?;
    let rows = statement.query_map([TENANT], session_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn latest_session(
    db: &Connection,
    filter: SessionFilter,
) -> Result<Option<SessionRecord>, Fault> {
    let mut statement = db.prepare_cached(sql::SELECT_LATEST_SESSION)?;
    Ok(statement.query_row((TENANT, filter.as_str()), session_row).optional()?)
}

pub(super) fn resolve_id(db: &Connection, prefix: &str) -> Result<String, Fault> {
    let mut statement = db.prepare_cached(sql::RESOLVE_ID)?;
    let rows = statement.query_map((TENANT, prefix), |row| row.get(0))?;
    let matches: Vec<String> = rows.collect::<Result<_, _>>()?;
    match matches.as_slice() {
        // A whole id wins over longer ones; the rows are in order, so it is the first.
        [id] => Ok(id.clone()),
        [id, ..] if id == prefix => Ok(id.clone()),
        [] => Err(StoreError::NotFound { session: prefix.to_owned() }.into()),
        _ => Err(StoreError::Ambiguous { prefix: prefix.to_owned(), matches }.into()),
    }
}

pub(super) fn answers(db: &Connection, session_id: &str) -> Result<Vec<StoredAnswer>, Fault> {
    let mut statement = db.prepare_cached(sql::SELECT_ANSWERS)?;
    let rows = statement.query_map((TENANT, session_id), answer_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn answer(
    db: &Connection,
    session_id: &str,
    position: u32,
) -> Result<Option<StoredAnswer>, Fault> {
    let mut statement = db.prepare_cached(sql::SELECT_ANSWER)?;
    Ok(statement.query_row((TENANT, session_id, position), answer_row).optional()?)
}

pub(super) fn last_audit(
    db: &Connection,
    session_id: &str,
) -> Result<Option<(u32, String)>, Fault> {
    let mut statement = db.prepare_cached(sql::SELECT_LAST_AUDIT)?;
    let last = statement.query_row((TENANT, session_id), |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(last.optional()?)
}

pub(super) fn verify_audit(db: &Connection, session_id: &str) -> Result<AuditCheck, Fault> {
    let record = session(db, session_id)?;
    let mut statement = db.prepare_cached(sql::SELECT_AUDIT)?;
    let rows = statement.query_map((TENANT, session_id), entry_row)?;
    let entries: Vec<Entry> = rows.collect::<Result<_, _>>()?;
    let answers = answers(db, session_id)?;
    Ok(AuditCheck {
        entries: entries.len() as u32,
        head: entries.last().map_or(audit::GENESIS, |entry| &entry.hash).to_owned(),
        problem: audit::problem((TENANT, session_id), &entries, &record, &answers),
    })
}

fn session_row(row: &Row<'_>) -> rusqlite::Result<SessionRecord> {
    Ok(SessionRecord {
        session_id: row.get(0)?,
        version: row.get(1)?,
        plan: json(row, 2)?,
        seed: parsed(row, 3, |text| text.parse().ok())?,
        engine: row.get(4)?,
        bank_fingerprint: row.get(5)?,
        status: parsed(row, 6, Status::parse)?,
        started_ms: row.get(7)?,
        updated_ms: row.get(8)?,
        finished_ms: row.get(9)?,
        stop_reason: row.get(10)?,
        summary: if row.get_ref(11)?.data_type() == Type::Null {
            None
        } else {
            Some(json(row, 11)?)
        },
        answered: row.get(12)?,
    })
}

fn answer_row(row: &Row<'_>) -> rusqlite::Result<StoredAnswer> {
    let flagged: bool = row.get(5)?;
    let text: Option<String> = row.get(6)?;
    Ok(StoredAnswer {
        position: row.get(0)?,
        answer: AnswerRecord {
            item_id: row.get(1)?,
            item_version: row.get(2)?,
            response: json(row, 3)?,
            seconds: row.get(4)?,
            flag: if flagged { Some(text.unwrap_or_default()) } else { None },
        },
        answered_ms: row.get(7)?,
    })
}

fn entry_row(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        sequence: row.get(0)?,
        at_ms: row.get(1)?,
        kind: row.get(2)?,
        payload: json(row, 3)?,
        prev_hash: row.get(4)?,
        hash: row.get(5)?,
    })
}

fn json(row: &Row<'_>, column: usize) -> rusqlite::Result<Value> {
    parsed(row, column, |text| serde_json::from_str(text).ok())
}

/// A text column that must hold a certain form; otherwise the row is damaged.
fn parsed<T>(
    row: &Row<'_>,
    column: usize,
    parse: impl FnOnce(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    parse(&text).ok_or_else(|| {
        let name = row.as_ref().column_name(column).unwrap_or("a column").to_owned();
        rusqlite::Error::InvalidColumnType(column, name, Type::Text)
    })
}
