//! `gradus sessions`: lists past and paused sessions, and deletes one. Reads and erases only;
//! never changes a session.

use std::io::{self, BufRead, IsTerminal, Write};

use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::data_dir::open_store;
use super::{CliError, Exit, Format, Global};
use crate::store::{SessionRecord, Store};

/// The schema's name in JSON.
const SCHEMA: &str = "gradus.sessions/1";

/// List past and paused sessions, or delete one
#[derive(Debug, Args)]
pub struct SessionsArgs {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Erase a session with its answers
    Delete {
        /// The session's id or its first letters
        id: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// Runs `gradus sessions`.
///
/// # Errors
/// The store's errors; exit 2 for a format it does not have, or when it may not ask.
pub fn run(global: &Global, args: &SessionsArgs) -> Result<Exit, CliError> {
    let as_json = match global.format {
        None | Some(Format::Text) => false,
        Some(Format::Json) => true,
        Some(_) => {
            return Err(CliError::new(Exit::Usage, "`gradus sessions` has no such format")
                .help("use --format text or --format json"));
        }
    };
    let store = open_store(global)?;
    match &args.action {
        None => list(&store, as_json),
        Some(Action::Delete { id, yes }) => delete(&store, id, *yes, as_json),
    }
}

fn list(store: &Store, as_json: bool) -> Result<Exit, CliError> {
    let sessions = store.sessions()?;
    if as_json {
        let sessions: Vec<Value> = sessions.iter().map(session_json).collect();
        return print(&format!("{}\n", json!({ "schema": SCHEMA, "sessions": sessions })));
    }
    if sessions.is_empty() {
        eprintln!("No sessions yet.");
        return Ok(Exit::Done);
    }
    let rows: String = sessions.iter().map(|it| row(it, &TimeZone::system())).collect();
    print(&format!(
        "{:<36}  {:<6}  {:<16}  {:>7}  REASON\n{rows}",
        "ID", "STATUS", "STARTED", "ANSWERS"
    ))
}

fn session_json(session: &SessionRecord) -> Value {
    json!({
        "id": session.session_id, "status": session.status.as_str(),
        "started_ms": session.started_ms, "updated_ms": session.updated_ms,
        "finished_ms": session.finished_ms, "stop_reason": session.stop_reason,
        "answered": session.answered, "plan": session.plan, "seed": session.seed,
        "engine": session.engine, "bank_fingerprint": session.bank_fingerprint,
        "summary": session.summary,
    })
}

fn row(session: &SessionRecord, zone: &TimeZone) -> String {
    let started = Timestamp::from_millisecond(session.started_ms).map_or_else(
        |_| session.started_ms.to_string(),
        |at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string(),
    );
    let line = format!(
        "{:<36}  {:<6}  {started:<16}  {:>7}  {}",
        session.session_id,
        session.status.as_str(),
        session.answered,
        session.stop_reason.as_deref().unwrap_or_default(),
    );
    format!("{}\n", line.trim_end())
}

fn delete(store: &Store, prefix: &str, yes: bool, as_json: bool) -> Result<Exit, CliError> {
    let id = store.resolve_id(prefix)?;
    if !yes && !confirmed(&id)? {
        eprintln!("Nothing was deleted.");
        return Ok(Exit::No);
    }
    store.delete_session(&id)?;
    if as_json {
        return print(&format!("{}\n", json!({ "schema": SCHEMA, "deleted": id })));
    }
    eprintln!("Deleted session {id}.");
    Ok(Exit::Done)
}

/// Asks on the terminal; without one nobody can have meant it unless they said `--yes`.
fn confirmed(id: &str) -> Result<bool, CliError> {
    if !io::stdin().is_terminal() {
        return Err(CliError::new(Exit::Usage, format!("deleting session {id} needs a yes"))
            .help("add --yes"));
    }
    eprint!("Delete session {id} with its answers, for good? [y/N] ");
    let mut reply = String::new();
    // A terminal that cannot be read has not said yes.
    let read = io::stdin().lock().read_line(&mut reply);
    Ok(read.is_ok() && is_yes(&reply))
}

fn is_yes(reply: &str) -> bool {
    matches!(reply.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// Data goes to stdout; a reader that has gone away is no failure.
fn print(text: &str) -> Result<Exit, CliError> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CliError::new(Exit::Refused, format!("cannot write to stdout: {error}")))
        }
        _ => Ok(Exit::Done),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Status;

    #[test]
    fn a_row_reads_well_and_ends_cleanly() {
        // Goal: one line a session, no blanks at its end. Method: a finished one and an active one.
        let mut session = SessionRecord {
            session_id: "0193ab".to_owned(),
            version: 3,
            plan: json!({}),
            seed: 1,
            engine: 1,
            bank_fingerprint: "f00d".to_owned(),
            status: Status::Done,
            started_ms: 1_767_225_600_000,
            updated_ms: 0,
            finished_ms: Some(1),
            stop_reason: Some("length".to_owned()),
            summary: None,
            answered: 2,
        };
        let done = format!("{:<36}  done    2026-01-01 00:00        2  length\n", "0193ab");
        assert_eq!(row(&session, &TimeZone::UTC), done);
        session.stop_reason = None;
        session.status = Status::Active;
        assert!(row(&session, &TimeZone::UTC).ends_with("2026-01-01 00:00        2\n"));
    }

    #[test]
    fn only_a_yes_is_a_yes() {
        // Goal: nothing is erased by accident. Method: replies people type.
        assert!(["y\n", "YES\r\n", " yes "].iter().all(|reply| is_yes(reply)));
        assert!(!["", "\n", "n", "ye", "yess", "no"].iter().any(|reply| is_yes(reply)));
    }
}
