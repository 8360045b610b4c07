//! The SQLite driver: one connection that writes, on a thread of its own, and connections that
//! only read. It binds the verbs to the one list of statements and holds no rule of its own.

mod connect;
mod reads;
mod writer;
mod writes;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;
use serde_json::Value;

use super::error::Fault;
use super::{
    AnswerRecord, AuditCheck, NewSession, Recorded, SessionFilter, SessionRecord, Settings,
    StoreError, StoredAnswer, pack,
};
use writer::Writer;

/// Readers kept for the next read; more may exist for a moment.
const IDLE_READERS_MAX: usize = 8;

/// An open SQLite database.
#[derive(Debug)]
pub(super) struct Sqlite {
    path: PathBuf,
    name: String,
    settings: Settings,
    // Fields drop in this order: the readers close first, so that the writer, the only one that
    // may checkpoint, is the last and leaves one tidy file.
    readers: Mutex<Vec<Connection>>,
    writer: Writer,
}

impl Sqlite {
    pub(super) fn open(path: &Path, settings: Settings) -> Result<Self, StoreError> {
        let name = path.display().to_string();
        let connection = connect::writer(path, settings)?;
        let writer = Writer::start(connection, name.clone(), settings.queue_length)?;
        let readers = Mutex::new(Vec::new());
        Ok(Self { path: path.to_owned(), name, settings, readers, writer })
    }

    /// Runs a verb in one read transaction, so that its statements see one state.
    fn read<T>(&self, verb: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, StoreError> {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut reader = match idle {
            Some(reader) => reader,
            None => connect::reader(&self.path, self.settings).map_err(|e| e.at(&self.name))?,
        };
        let result = reader
            .transaction()
            .map_err(Fault::from)
            .and_then(|transaction| verb(&transaction))
            .map_err(|fault| fault.at(&self.name));
        let mut idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_READERS_MAX {
            idle.push(reader);
        }
        result
    }

    pub(super) fn put_bank(
        &self,
        fingerprint: &str,
        content: &str,
        now_ms: i64,
    ) -> Result<Recorded, StoreError> {
        // Packing takes far longer than looking.
        if self.read(|db| reads::bank_exists(db, fingerprint))? {
            return Ok(Recorded::AlreadyStored);
        }
        let (fingerprint, packed) = (fingerprint.to_owned(), pack::pack(content));
        self.writer.submit(move |db| writes::put_bank(db, &fingerprint, &packed, now_ms))
    }

    pub(super) fn bank(&self, fingerprint: &str) -> Result<Option<String>, StoreError> {
        let Some(packed) = self.read(|db| reads::packed_bank(db, fingerprint))? else {
            return Ok(None);
        };
        let content = pack::unpack(&packed).map_err(|reason| StoreError::Corrupt {
            database: self.name.clone(),
            detail: format!("bank {fingerprint}: {reason}"),
        })?;
        Ok(Some(content))
    }

    pub(super) fn create_session(&self, new: &NewSession) -> Result<(), StoreError> {
        let new = new.clone();
        self.writer.submit(move |db| writes::create_session(db, &new))
    }

    pub(super) fn session(&self, session_id: &str) -> Result<SessionRecord, StoreError> {
        self.read(|db| reads::session(db, session_id))
    }

    pub(super) fn sessions(&self) -> Result<Vec<SessionRecord>, StoreError> {
        self.read(reads::sessions)
    }

    pub(super) fn latest_session(
        &self,
        filter: SessionFilter,
    ) -> Result<Option<SessionRecord>, StoreError> {
        self.read(|db| reads::latest_session(db, filter))
    }

    pub(super) fn resolve_id(&self, prefix: &str) -> Result<String, StoreError> {
        self.read(|db| reads::resolve_id(db, prefix))
    }

    pub(super) fn answers(&self, session_id: &str) -> Result<Vec<StoredAnswer>, StoreError> {
        self.read(|db| {
            reads::session(db, session_id)?;
            reads::answers(db, session_id)
        })
    }

    pub(super) fn record_answer(
        &self,
        session_id: &str,
        expected: u32,
        position: u32,
        answer: &AnswerRecord,
        now_ms: i64,
    ) -> Result<Recorded, StoreError> {
        let id = session_id.to_owned();
        let stored = StoredAnswer { position, answer: answer.clone(), answered_ms: now_ms };
        self.writer.submit(move |db| writes::record_answer(db, &id, expected, &stored))
    }

    pub(super) fn finish_session(
        &self,
        session_id: &str,
        expected: u32,
        reason: &str,
        summary: &Value,
        now_ms: i64,
    ) -> Result<Recorded, StoreError> {
        let (id, reason, summary) = (session_id.to_owned(), reason.to_owned(), summary.clone());
        self.writer.submit(move |db| {
            writes::finish_session(db, &id, expected, (&reason, &summary), now_ms)
        })
    }

    pub(super) fn pause_session(
        &self,
        session_id: &str,
        expected: u32,
        now_ms: i64,
    ) -> Result<Recorded, StoreError> {
        let id = session_id.to_owned();
        self.writer.submit(move |db| writes::pause_session(db, &id, expected, now_ms))
    }

    pub(super) fn flag_answer(
        &self,
        session_id: &str,
        position: u32,
        text: &str,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let (id, text) = (session_id.to_owned(), text.to_owned());
        self.writer.submit(move |db| writes::flag_answer(db, &id, position, &text, now_ms))
    }

    pub(super) fn delete_session(&self, session_id: &str) -> Result<(), StoreError> {
        let id = session_id.to_owned();
        self.writer.submit(move |db| writes::delete_session(db, &id))?;
        self.writer.scrub()
    }

    pub(super) fn verify_audit(&self, session_id: &str) -> Result<AuditCheck, StoreError> {
        self.read(|db| reads::verify_audit(db, session_id))
    }
}
