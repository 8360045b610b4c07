//! Sessions persist here: [`Store`] is the front door, in the domain's verbs.
//!
//! A session is its plan, its seed and its responses; the store keeps exactly those, the bank
//! they were asked from, and an audit chain of what happened. One answer is one durable write: a
//! compare-and-set on the session's version in one short transaction, acknowledged after commit.
//! The store never makes an id, reads a clock or draws a number: all of these are arguments. It
//! never decides what to ask, and never reads a bank's content.

mod audit;
mod error;
mod pack;
mod records;
mod sql;
mod sqlite;
mod url;

use serde_json::Value;

pub use error::{Conflict, StoreError};
pub use records::{
    AnswerRecord, AuditCheck, NewSession, Recorded, SessionFilter, SessionRecord, Status,
    StoredAnswer,
};
pub use url::DatabaseUrl;

/// The tenant of a database that one person or team uses by itself.
const TENANT: &str = "local";

/// Limits of a store; the defaults suit every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long to wait for another process before [`StoreError::Locked`].
    pub busy_timeout_ms: u32,
    /// How many writes may wait before [`StoreError::Overloaded`].
    pub queue_length: usize,
    /// The largest size of the database in its pages of 4 KiB; `None`: as the disk allows.
    pub page_count_max: Option<u32>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { busy_timeout_ms: 5_000, queue_length: 1_024, page_count_max: None }
    }
}

/// An open database. Any number of threads may share one; dropping it waits for queued writes.
#[derive(Debug)]
pub struct Store {
    driver: sqlite::Sqlite,
}

impl Store {
    /// Opens the database at `sqlite:PATH`; makes its directory, the file and the tables where
    /// they are missing.
    ///
    /// # Errors
    /// What is wrong with the address, the file, or who holds it; see [`StoreError`].
    pub fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_with(&DatabaseUrl::parse(url)?, Settings::default())
    }

    /// [`Store::open`] for a parsed address and other limits.
    ///
    /// # Errors
    /// As for [`Store::open`].
    pub fn open_with(url: &DatabaseUrl, settings: Settings) -> Result<Self, StoreError> {
        match url {
            DatabaseUrl::Sqlite { path } => {
                Ok(Self { driver: sqlite::Sqlite::open(path, settings)? })
            }
            DatabaseUrl::Postgres { .. } => Err(StoreError::NotAvailable { url: url.to_string() }),
        }
    }

    /// Keeps a bank, whole and compressed, once per fingerprint.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_bank(
        &self,
        fingerprint: &str,
        content: &str,
        now_ms: i64,
    ) -> Result<Recorded, StoreError> {
        self.driver.put_bank(fingerprint, content, now_ms)
    }

    /// The content that was kept under a fingerprint.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it is no longer what was kept.
    pub fn bank(&self, fingerprint: &str) -> Result<Option<String>, StoreError> {
        self.driver.bank(fingerprint)
    }

    /// Begins a session at version 0. Its bank must be stored.
    ///
    /// # Errors
    /// [`StoreError::BankNotFound`]; [`Conflict::Exists`] when the id is taken.
    pub fn create_session(&self, new: &NewSession) -> Result<(), StoreError> {
        self.driver.create_session(new)
    }

    /// The session with exactly this id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub fn session(&self, session_id: &str) -> Result<SessionRecord, StoreError> {
        self.driver.session(session_id)
    }

    /// All sessions, the one that started last first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn sessions(&self) -> Result<Vec<SessionRecord>, StoreError> {
        self.driver.sessions()
    }

    /// The first session of that list that the filter lets through.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn latest_session(
        &self,
        filter: SessionFilter,
    ) -> Result<Option<SessionRecord>, StoreError> {
        self.driver.latest_session(filter)
    }

    /// The whole id of the one session whose id begins with `prefix`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Ambiguous`].
    pub fn resolve_id(&self, prefix: &str) -> Result<String, StoreError> {
        self.driver.resolve_id(prefix)
    }

    /// A session's answers in order.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub fn answers(&self, session_id: &str) -> Result<Vec<StoredAnswer>, StoreError> {
        self.driver.answers(session_id)
    }

    /// Stores an answer if the session is at `expected_version`; durable when this returns.
    /// The first answer's position begins the count, each later one must follow the last.
    /// An answer equal to the stored one at its position (item and response) gives
    /// [`Recorded::AlreadyStored`] at any version.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] with its reason, nothing stored.
    pub fn record_answer(
        &self,
        session_id: &str,
        expected_version: u32,
        position: u32,
        answer: &AnswerRecord,
        now_ms: i64,
    ) -> Result<Recorded, StoreError> {
        answer.check()?;
        self.driver.record_answer(session_id, expected_version, position, answer, now_ms)
    }

    /// Ends a session if it is at `expected_version`. `summary` is a cache for lists. Ending it
    /// again for the same reason gives [`Recorded::AlreadyStored`].
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] with its reason.
    pub fn finish_session(
        &self,
        session_id: &str,
        expected_version: u32,
        reason: &str,
        summary: &Value,
        now_ms: i64,
    ) -> Result<Recorded, StoreError> {
        self.driver.finish_session(session_id, expected_version, reason, summary, now_ms)
    }

    /// Marks an active session at `expected_version` as paused; the version stays, and the next
    /// answer makes it active again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] with its reason.
    pub fn pause_session(
        &self,
        session_id: &str,
        expected_version: u32,
        now_ms: i64,
    ) -> Result<Recorded, StoreError> {
        self.driver.pause_session(session_id, expected_version, now_ms)
    }

    /// Flags the question of a stored answer, in a finished session too; a later flag replaces an
    /// earlier one. The session's version stays.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::AnswerNotFound`].
    pub fn flag_answer(
        &self,
        session_id: &str,
        position: u32,
        text: &str,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.driver.flag_answer(session_id, position, text, now_ms)
    }

    /// Erases a session with its answers and its audit; the bytes are overwritten.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub fn delete_session(&self, session_id: &str) -> Result<(), StoreError> {
        self.driver.delete_session(session_id)
    }

    /// Recomputes a session's audit chain and compares it with the session and its answers.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]. A chain that does not fit is a result, not an error.
    pub fn verify_audit(&self, session_id: &str) -> Result<AuditCheck, StoreError> {
        self.driver.verify_audit(session_id)
    }
}
