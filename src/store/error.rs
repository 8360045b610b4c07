//! What can go wrong with the store, in the domain's words, and what to do about it. Texts of the
//! database engine appear only as `detail`; statements and values never do.

use std::io;
use std::path::Path;

use rusqlite::ErrorCode;

/// Why a change of a session was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// Someone else changed the session.
    #[error("it is at version {found}, not {expected}")]
    Version {
        /// The version the caller knew.
        expected: u32,
        /// The version that is stored.
        found: u32,
    },
    /// A different answer stands at this position.
    #[error("a different answer is stored at position {position}")]
    Answer {
        /// The position of the answer.
        position: u32,
    },
    /// An answer would leave a gap before it.
    #[error("position {position} does not follow the last stored answer")]
    Gap {
        /// The position that was given.
        position: u32,
    },
    /// The session is over.
    #[error("it is finished")]
    Finished,
    /// A session with this id exists.
    #[error("it exists already")]
    Exists,
}

/// Everything the store refuses or fails to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database address is not one.
    #[error("the database address `{url}` cannot be used: {reason}")]
    BadUrl {
        /// The address without its password.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The address is valid, but there is no driver for it.
    #[error("PostgreSQL is not available yet: `{url}`")]
    NotAvailable {
        /// The address without its password.
        url: String,
    },
    /// Another process holds the database and did not let go in time.
    #[error("the database {database} is locked by another process")]
    Locked {
        /// The database file.
        database: String,
    },
    /// The database cannot be written.
    #[error("the database {database} is read-only")]
    ReadOnly {
        /// The database file.
        database: String,
    },
    /// There is no room for what was to be stored.
    #[error("the disk is full: {database} cannot grow")]
    DiskFull {
        /// The database file.
        database: String,
    },
    /// The database or a row in it is damaged.
    #[error("the database {database} is damaged: {detail}")]
    Corrupt {
        /// The database file.
        database: String,
        /// What was found.
        detail: String,
    },
    /// The file is something else.
    #[error("{database} is not a Gradus database: {detail}")]
    NotADatabase {
        /// The file.
        database: String,
        /// What was found.
        detail: String,
    },
    /// The database was written by a newer program.
    #[error("the database {database} has schema {found}; this program knows up to {known}")]
    NewerSchema {
        /// The database file.
        database: String,
        /// The schema of the database.
        found: u32,
        /// The newest schema this program knows.
        known: u32,
    },
    /// The operating system refused.
    #[error("cannot {operation} {database}: {detail}")]
    Io {
        /// The database file or directory.
        database: String,
        /// What was tried, as a verb.
        operation: &'static str,
        /// The system's words.
        detail: String,
    },
    /// No such session.
    #[error("there is no session {session}")]
    NotFound {
        /// The id or prefix that was given.
        session: String,
    },
    /// No such answer.
    #[error("session {session} has no answer at position {position}")]
    AnswerNotFound {
        /// The session.
        session: String,
        /// The position that was given.
        position: u32,
    },
    /// A session must refer to a stored bank.
    #[error("the bank {fingerprint} is not stored")]
    BankNotFound {
        /// The fingerprint that was given.
        fingerprint: String,
    },
    /// Several sessions begin with this prefix.
    #[error("several sessions begin with {prefix}: {}", matches.join(", "))]
    Ambiguous {
        /// The prefix that was given.
        prefix: String,
        /// Some of the sessions.
        matches: Vec<String>,
    },
    /// The session is not in the state that the change requires; nothing was changed.
    #[error("session {session} was not changed: {conflict}")]
    Conflict {
        /// The session.
        session: String,
        /// What stands in the way.
        conflict: Conflict,
    },
    /// A value that cannot be stored.
    #[error("{field} cannot be stored: {reason}")]
    InvalidValue {
        /// The field of the record.
        field: &'static str,
        /// Why.
        reason: String,
    },
    /// More writes are waiting than the queue holds.
    #[error("{waiting} writes are waiting; this one was not queued")]
    Overloaded {
        /// The length of the queue.
        waiting: usize,
    },
    /// The writer has ended; whether this change was made is unknown.
    #[error("the writer of {database} has stopped")]
    Stopped {
        /// The database file.
        database: String,
    },
    /// A fault of this program.
    #[error("internal error of the store: {detail}")]
    Internal {
        /// The engine's words.
        detail: String,
    },
}

impl StoreError {
    /// What the user can do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::BadUrl { .. } => "write --database sqlite:PATH",
            Self::NotAvailable { .. } => "use a file for now: --database sqlite:PATH",
            Self::Locked { .. } => "end the other program that uses it, then try again",
            Self::ReadOnly { .. } => {
                "allow writing to the file and its directory, or choose another with --database sqlite:PATH"
            }
            Self::DiskFull { .. } => "free some space; what was acknowledged is safe",
            Self::Corrupt { .. } => {
                "restore a backup, or keep the file aside and start another with --database sqlite:PATH"
            }
            Self::NotADatabase { .. } => "choose another file with --database sqlite:PATH",
            Self::NewerSchema { .. } => "use the newer gradus that wrote it",
            Self::Io { .. } => {
                "check the path and its permissions, or choose --database sqlite:PATH"
            }
            Self::NotFound { .. } => "`gradus sessions` lists them",
            Self::AnswerNotFound { .. } => "only an answered question can be flagged",
            Self::BankNotFound { .. } => "store the bank before the session",
            Self::Ambiguous { .. } => "write more of the id",
            Self::Conflict { .. } => "the session may be open elsewhere; read it again",
            Self::InvalidValue { .. } => "correct the value",
            Self::Overloaded { .. } => "try again in a moment",
            Self::Stopped { .. } => "start the program again; acknowledged answers are safe",
            Self::Internal { .. } => "this is a fault of gradus; please report it",
        }
    }

    /// A failure of the file system before the engine was reached.
    pub(super) fn io(path: &Path, operation: &'static str, error: &io::Error) -> Self {
        let database = path.display().to_string();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { database }
            }
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { database },
            _ => Self::Io { database, operation, detail: error.to_string() },
        }
    }
}

/// What a verb ends with inside a driver: a decision of the domain, or the engine's complaint,
/// which becomes a [`StoreError`] at the driver's edge, where the database's name is known.
#[derive(Debug)]
pub(super) enum Fault {
    /// Refused.
    Store(StoreError),
    /// Failed.
    Engine(rusqlite::Error),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(error)
    }
}

impl Fault {
    /// The error for the caller.
    pub(super) fn at(self, database: &str) -> StoreError {
        match self {
            Self::Store(error) => error,
            Self::Engine(error) => from_engine(&error, database),
        }
    }
}

fn from_engine(error: &rusqlite::Error, database: &str) -> StoreError {
    use rusqlite::Error as E;
    let detail = error.to_string();
    match error {
        E::SqliteFailure(failure, _) | E::SqlInputError { error: failure, .. } => {
            from_code(failure.code, detail, database)
        }
        // A column that does not hold what this program writes there.
        E::FromSqlConversionFailure(..)
        | E::IntegralValueOutOfRange(..)
        | E::InvalidColumnType(..)
        | E::Utf8Error(..) => StoreError::Corrupt { database: database.to_owned(), detail },
        _ => StoreError::Internal { detail },
    }
}

/// Every result code of SQLite (<https://sqlite.org/rescode.html>), primary codes.
fn from_code(code: ErrorCode, detail: String, database: &str) -> StoreError {
    let database = database.to_owned();
    let io = |operation| StoreError::Io {
        database: database.clone(),
        operation,
        detail: detail.clone(),
    };
    match code {
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::FileLockingProtocolFailed => StoreError::Locked { database },
        ErrorCode::ReadOnly => StoreError::ReadOnly { database },
        ErrorCode::DiskFull => StoreError::DiskFull { database },
        ErrorCode::DatabaseCorrupt => StoreError::Corrupt { database, detail },
        ErrorCode::NotADatabase => StoreError::NotADatabase { database, detail },
        ErrorCode::CannotOpen | ErrorCode::PermissionDenied => io("open"),
        ErrorCode::SystemIoFailure | ErrorCode::NoLargeFileSupport => io("read or write"),
        ErrorCode::OutOfMemory => io("find memory for"),
        ErrorCode::OperationAborted | ErrorCode::OperationInterrupted => io("finish the work on"),
        ErrorCode::TooBig => StoreError::InvalidValue { field: "a text", reason: detail },
        // Constraints are checked before they are reached, and statements are fixed: a bug.
        ErrorCode::ConstraintViolation
        | ErrorCode::InternalMalfunction
        | ErrorCode::NotFound
        | ErrorCode::SchemaChanged
        | ErrorCode::TypeMismatch
        | ErrorCode::ApiMisuse
        | ErrorCode::AuthorizationForStatementDenied
        | ErrorCode::ParameterOutOfRange
        | ErrorCode::Unknown => StoreError::Internal { detail },
        _ => StoreError::Internal { detail },
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    fn mapped(code: i32) -> StoreError {
        let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        Fault::from(error).at("x.db")
    }

    #[test]
    fn every_result_code_has_its_error() {
        // Goal: codes a user can act on keep their meaning, also extended ones; the rest say that
        // they are bugs. Method: all primary error codes 1 to 26 and some extended ones.
        let database = || "x.db".to_owned();
        for code in [ffi::SQLITE_BUSY, ffi::SQLITE_BUSY_SNAPSHOT, ffi::SQLITE_LOCKED, 15] {
            assert_eq!(mapped(code), StoreError::Locked { database: database() }, "{code}");
        }
        for code in [ffi::SQLITE_READONLY, ffi::SQLITE_READONLY_DBMOVED] {
            assert_eq!(mapped(code), StoreError::ReadOnly { database: database() }, "{code}");
        }
        assert_eq!(mapped(ffi::SQLITE_FULL), StoreError::DiskFull { database: database() });
        for code in [ffi::SQLITE_CORRUPT, ffi::SQLITE_CORRUPT_INDEX] {
            assert!(matches!(mapped(code), StoreError::Corrupt { .. }), "{code}");
        }
        assert!(matches!(mapped(ffi::SQLITE_NOTADB), StoreError::NotADatabase { .. }));
        for code in [3, 4, 7, 9, 14, 22, ffi::SQLITE_IOERR, ffi::SQLITE_IOERR_FSYNC] {
            assert!(matches!(mapped(code), StoreError::Io { .. }), "{code}");
        }
        assert!(matches!(mapped(ffi::SQLITE_TOOBIG), StoreError::InvalidValue { .. }));
        for code in [1, 2, 12, 16, 17, 19, 20, 21, 23, 24, 25] {
            assert!(matches!(mapped(code), StoreError::Internal { .. }), "{code}");
        }
    }

    #[test]
    fn the_file_system_speaks_the_same_language() {
        // Goal: a full or read-only disk is one error, whoever meets it. Method: by kind.
        let at = |kind: io::ErrorKind| StoreError::io(Path::new("x"), "create", &kind.into());
        assert!(matches!(at(io::ErrorKind::StorageFull), StoreError::DiskFull { .. }));
        assert!(matches!(at(io::ErrorKind::ReadOnlyFilesystem), StoreError::ReadOnly { .. }));
        assert!(matches!(at(io::ErrorKind::PermissionDenied), StoreError::Io { .. }));
    }
}
