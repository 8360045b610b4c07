//! The verbs that change something. Each runs inside one transaction of the writer: it either
//! does all of its work or gives an error, and then none of it stands.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::reads;
use crate::store::audit::{self, Entry};
use crate::store::error::Fault;
use crate::store::records::canonical_json;
use crate::store::{
    AnswerRecord, Conflict, NewSession, Recorded, SessionRecord, Status, StoreError, StoredAnswer,
    TENANT, sql,
};

pub(super) fn put_bank(
    db: &Connection,
    fingerprint: &str,
    packed: &str,
    now_ms: i64,
) -> Result<Recorded, Fault> {
    let stored =
        db.prepare_cached(sql::INSERT_BANK)?.execute((TENANT, fingerprint, packed, now_ms))?;
    Ok(if stored == 1 { Recorded::Stored } else { Recorded::AlreadyStored })
}

pub(super) fn create_session(db: &Connection, new: &NewSession) -> Result<(), Fault> {
    let bank = &new.bank_fingerprint;
    if !reads::bank_exists(db, bank)? {
        return Err(StoreError::BankNotFound { fingerprint: bank.clone() }.into());
    }
    let id = &new.session_id;
    let plan = canonical_json(&new.plan);
    let seed = new.seed.to_string();
    let created = db.prepare_cached(sql::INSERT_SESSION)?.execute((
        TENANT,
        id,
        plan,
        seed,
        new.engine,
        bank,
        new.started_ms,
    ))?;
    if created == 0 {
        return Err(conflict(id, Conflict::Exists));
    }
    append_audit(db, id, new.started_ms, ("created", audit::created(new)))
}

pub(super) fn record_answer(
    db: &Connection,
    id: &str,
    expected: u32,
    stored: &StoredAnswer,
) -> Result<Recorded, Fault> {
    let StoredAnswer { position, answer, answered_ms } = stored;
    let accepted = db.prepare_cached(sql::ACCEPT_ANSWER)?.execute((
        TENANT,
        id,
        expected,
        position,
        answered_ms,
    ))?;
    if accepted == 0 {
        return repeated_answer(db, id, expected, (*position, answer));
    }
    db.prepare_cached(sql::INSERT_ANSWER)?.execute((
        TENANT,
        id,
        position,
        &answer.item_id,
        answer.item_version,
        canonical_json(&answer.response),
        answer.seconds,
        answer.flag.is_some(),
        &answer.flag,
        answered_ms,
    ))?;
    append_audit(db, id, *answered_ms, ("answer", audit::answered(*position, answer)))?;
    Ok(Recorded::Stored)
}

/// Why an answer was not accepted, or that it stands already.
fn repeated_answer(
    db: &Connection,
    id: &str,
    expected: u32,
    (position, answer): (u32, &AnswerRecord),
) -> Result<Recorded, Fault> {
    let session = reads::session(db, id)?;
    match reads::answer(db, id, position)? {
        Some(found) if found.answer.repeats(answer) => Ok(Recorded::AlreadyStored),
        Some(_) => Err(conflict(id, Conflict::Answer { position })),
        None => Err(refused(&session, expected, Conflict::Gap { position })),
    }
}

pub(super) fn finish_session(
    db: &Connection,
    id: &str,
    expected: u32,
    (reason, summary): (&str, &Value),
    now_ms: i64,
) -> Result<Recorded, Fault> {
    let summary = canonical_json(summary);
    let finished = db
        .prepare_cached(sql::FINISH_SESSION)?
        .execute((TENANT, id, expected, now_ms, reason, summary))?;
    if finished == 1 {
        append_audit(db, id, now_ms, ("finished", audit::finished(reason)))?;
        return Ok(Recorded::Stored);
    }
    let session = reads::session(db, id)?;
    if session.status == Status::Done && session.stop_reason.as_deref() == Some(reason) {
        return Ok(Recorded::AlreadyStored);
    }
    Err(refused(&session, expected, Conflict::Finished))
}

pub(super) fn pause_session(
    db: &Connection,
    id: &str,
    expected: u32,
    now_ms: i64,
) -> Result<Recorded, Fault> {
    let paused = db.prepare_cached(sql::PAUSE_SESSION)?.execute((TENANT, id, expected, now_ms))?;
    if paused == 1 {
        append_audit(db, id, now_ms, ("paused", json!({})))?;
        return Ok(Recorded::Stored);
    }
    let session = reads::session(db, id)?;
    if session.status == Status::Paused && session.version == expected {
        return Ok(Recorded::AlreadyStored);
    }
    Err(refused(&session, expected, Conflict::Finished))
}

pub(super) fn flag_answer(
    db: &Connection,
    id: &str,
    position: u32,
    text: &str,
    now_ms: i64,
) -> Result<(), Fault> {
    if db.prepare_cached(sql::TOUCH_SESSION)?.execute((TENANT, id, now_ms))? == 0 {
        return Err(StoreError::NotFound { session: id.to_owned() }.into());
    }
    if db.prepare_cached(sql::FLAG_ANSWER)?.execute((TENANT, id, position, text))? == 0 {
        return Err(StoreError::AnswerNotFound { session: id.to_owned(), position }.into());
    }
    append_audit(db, id, now_ms, ("flag", audit::flagged(position, text)))
}

pub(super) fn delete_session(db: &Connection, id: &str) -> Result<(), Fault> {
    db.prepare_cached(sql::DELETE_ANSWERS)?.execute((TENANT, id))?;
    db.prepare_cached(sql::DELETE_AUDIT)?.execute((TENANT, id))?;
    match db.prepare_cached(sql::DELETE_SESSION)?.execute((TENANT, id))? {
        0 => Err(StoreError::NotFound { session: id.to_owned() }.into()),
        _ => Ok(()),
    }
}

fn append_audit(db: &Connection, id: &str, at_ms: i64, event: (&str, Value)) -> Result<(), Fault> {
    let entry = Entry::after(reads::last_audit(db, id)?, (TENANT, id), at_ms, event);
    db.prepare_cached(sql::INSERT_AUDIT)?.execute((
        TENANT,
        id,
        entry.sequence,
        entry.at_ms,
        entry.kind,
        canonical_json(&entry.payload),
        entry.prev_hash,
        entry.hash,
    ))?;
    Ok(())
}

/// Why a compare-and-set changed nothing: the end, another version, or else what is left.
fn refused(session: &SessionRecord, expected: u32, otherwise: Conflict) -> Fault {
    let found = session.version;
    let reason = match session.status {
        Status::Done => Conflict::Finished,
        _ if found != expected => Conflict::Version { expected, found },
        _ => otherwise,
    };
    conflict(&session.session_id, reason)
}

fn conflict(id: &str, conflict: Conflict) -> Fault {
    StoreError::Conflict { session: id.to_owned(), conflict }.into()
}
