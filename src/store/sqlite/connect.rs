//! Opening a SQLite file: directory, file, pragmas and migrations. The only place with statements
//! that just SQLite understands. A file that is not ours is never written to.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior};
use sha2::{Digest, Sha256};

use crate::store::error::Fault;
use crate::store::{Settings, StoreError, sql};

/// One attempt at opening waits this long, and as long again before the next. SQLite's own waiting
/// is not enough: it gives up at once where two processes switch a new file to the write-ahead log.
const PATIENCE_MS: u32 = 20;

/// Every migration: name and text; its number is its place, from 1.
const MIGRATIONS: [(&str, &str); 1] = [("initial", include_str!("../migrations/0001_initial.sql"))];

/// Prepared statements kept by a connection: room for the whole list.
const STATEMENTS_KEPT: usize = 32;

/// The connection that writes: a current schema in a file that is ours.
pub(super) fn writer(path: &Path, settings: Settings) -> Result<Connection, StoreError> {
    make_directory(path)?;
    make_file(path)?;
    let name = path.display().to_string();
    let attempts = 1 + settings.busy_timeout_ms / (2 * PATIENCE_MS);
    for _ in 1..attempts {
        match open_writer(path, settings, &name).map_err(|fault| fault.at(&name)) {
            Err(StoreError::Locked { .. }) => sleep(Duration::from_millis(PATIENCE_MS.into())),
            result => return result,
        }
    }
    open_writer(path, settings, &name).map_err(|fault| fault.at(&name))
}

/// A connection that cannot write, and so cannot checkpoint either.
pub(super) fn reader(path: &Path, settings: Settings) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_millis(settings.busy_timeout_ms.into()))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.execute_batch("PRAGMA trusted_schema = OFF;")?;
    Ok(connection)
}

fn open_writer(path: &Path, settings: Settings, name: &str) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_millis(PATIENCE_MS.into()))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // Before anything is read: reading would leave a log that is as read-only as the file.
    if connection.is_readonly("main")? {
        return Err(StoreError::ReadOnly { database: name.to_owned() }.into());
    }
    let found = schema(&connection, name)?;
    // secure_delete overwrites what is deleted with zeros; FULL syncs the log on every commit.
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; \
         PRAGMA trusted_schema = OFF;",
    )?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        let detail = format!("its file system does not allow a write-ahead log ({mode})");
        return Err(StoreError::Io { database: name.to_owned(), operation: "open", detail }.into());
    }
    if let Some(pages) = settings.page_count_max {
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
    }
    if (found as usize) < MIGRATIONS.len() {
        migrate(&mut connection, name)?;
    }
    connection.busy_timeout(Duration::from_millis(settings.busy_timeout_ms.into()))?;
    Ok(connection)
}

/// Makes the directory, private to its owner as the XDG rules ask.
fn make_directory(path: &Path) -> Result<(), StoreError> {
    let Some(directory) = path.parent().filter(|it| !it.as_os_str().is_empty()) else {
        return Ok(());
    };
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(directory)
        .map_err(|error| StoreError::io(directory, "make the directory", &error))
}

/// Makes an empty file, which SQLite takes as a new database; its log gets the same permissions.
fn make_file(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::io(path, "create", &error)),
    }
}

/// The schema's version, 0 for an empty file; refuses a file of another program or of a newer one.
fn schema(connection: &Connection, name: &str) -> Result<u32, Fault> {
    let tables = "SELECT CAST(COUNT(*) AS BIGINT), \
                  COALESCE(SUM(name = 'schema_migrations'), 0) FROM sqlite_master";
    let (all, ours): (u32, u32) =
        connection.query_row(tables, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if all == 0 {
        return Ok(0);
    }
    if ours == 0 {
        let detail = "it holds the tables of another program".to_owned();
        return Err(StoreError::NotADatabase { database: name.to_owned(), detail }.into());
    }
    let mut statement = connection.prepare(sql::SELECT_MIGRATIONS)?;
    let mut rows = statement.query([])?;
    let mut found = 0;
    while let Some(row) = rows.next()? {
        found = row.get(0)?;
        let known = MIGRATIONS.len() as u32;
        if found > known {
            return Err(StoreError::NewerSchema { database: name.to_owned(), found, known }.into());
        }
        let (_, text) = MIGRATIONS[(found.max(1) - 1) as usize];
        if row.get::<_, String>(1)? != checksum(text) {
            let detail = format!("its schema {found} is not the one this program knows");
            return Err(StoreError::Corrupt { database: name.to_owned(), detail }.into());
        }
    }
    Ok(found)
}

/// Brings the schema up to date in one transaction. Two processes may come here at once: the
/// second waits for the first, looks again and finds nothing to do.
fn migrate(connection: &mut Connection, name: &str) -> Result<(), Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = schema(&transaction, name)?;
    transaction.execute_batch(sql::CREATE_MIGRATIONS)?;
    for (version, (title, text)) in (1u32..).zip(MIGRATIONS).skip(found as usize) {
        transaction.execute_batch(text)?;
        transaction.execute(sql::INSERT_MIGRATION, (version, title, checksum(text)))?;
    }
    transaction.commit()?;
    Ok(())
}

/// SHA-256 of a migration's text, the same for every convention of line ends.
fn checksum(text: &str) -> String {
    let digest = Sha256::digest(text.replace('\r', ""));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Moves the write-ahead log into the database and empties it, as far as readers allow.
pub(super) fn checkpoint(connection: &Connection) -> Result<(), Fault> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).optional()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_fits_the_schema_and_the_types_are_portable() {
        // Goal: no statement fails at run time for its text; no type that one engine lacks.
        // Method: migrate an empty database, prepare all; then read the types of all columns.
        let mut connection = Connection::open_in_memory().expect("a database");
        migrate(&mut connection, "memory").expect("migrates");
        for sql in sql::ALL {
            assert!(connection.prepare(sql).is_ok(), "{sql}");
        }
        let mut statement = connection
            .prepare(
                "SELECT m.name, c.name, c.type, c.cid FROM sqlite_master m \
                 JOIN pragma_table_info(m.name) c WHERE m.type = 'table'",
            )
            .expect("prepares");
        let columns: Vec<(String, String, String, i64)> = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .and_then(Iterator::collect)
            .expect("columns");
        assert!(columns.len() > 30);
        for (table, column, kind, place) in columns {
            assert!(["TEXT", "BIGINT", "DOUBLE PRECISION"].contains(&kind.as_str()), "{column}");
            assert!(!column.ends_with("_ms") || kind == "BIGINT", "{column}");
            let first = place == 0 && table != "schema_migrations";
            assert!(!first || column == "tenant_id", "{table}");
        }
    }

    #[test]
    fn released_migrations_are_never_edited() {
        // Goal: a database in the field keeps its schema. Method: the checksum of each, pinned.
        assert_eq!(
            checksum(MIGRATIONS[0].1),
            "3f61da69c15b48b7d850f6e61e78df39e4f482327e1bed2be5867e1704a1dedd"
        );
    }
}
