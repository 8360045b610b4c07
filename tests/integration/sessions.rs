//! Does `gradus sessions` list, delete and refuse as the contract says?

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use gradus::store::{AnswerRecord, NewSession, Store};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A database with a finished session "0193ab-1" and an active one "0193ab-2".
fn database() -> (TempDir, String) {
    let directory = tempfile::tempdir().expect("a directory");
    let url = format!("sqlite:{}", directory.path().join("gradus.db").display());
    let store = Store::open(&url).expect("a new database");
    store.put_bank("f00d", "items: []", 1).expect("a bank");
    for (id, started_ms) in [("0193ab-1", 1_000), ("0193ab-2", 2_000)] {
        let new = NewSession {
            session_id: id.to_owned(),
            plan: json!({"length": 30}),
            seed: (1 << 53) - 1,
            engine: 1,
            bank_fingerprint: "f00d".to_owned(),
            started_ms,
        };
        store.create_session(&new).expect("a session");
    }
    let answer = AnswerRecord {
        item_id: "http-001".to_owned(),
        item_version: 1,
        response: json!(["a"]),
        seconds: None,
        flag: None,
    };
    store.record_answer("0193ab-1", 0, 0, &answer, 1_500).expect("an answer");
    store.finish_session("0193ab-1", 1, "length", &json!({"level": "mid"}), 1_600).expect("ends");
    (directory, url)
}

fn gradus(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("gradus").expect("the program");
    command.args(arguments).env("TZ", "UTC");
    command
}

fn run(arguments: &[&str]) -> Output {
    gradus(arguments).output().expect("runs")
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("one JSON object on stdout")
}

#[test]
fn the_list_is_the_contracts_json() {
    // Goal: scripts can rely on the fields. Method: the whole object for a known database.
    let (_directory, url) = database();
    let output = run(&["sessions", "--format", "json", "--database", &url]);
    assert_eq!(output.status.code(), Some(0));
    let both = json!({"plan": {"length": 30}, "seed": 9_007_199_254_740_991u64, "engine": 1,
        "bank_fingerprint": "f00d"});
    let mut active = json!({"id": "0193ab-2", "status": "active", "started_ms": 2000,
        "updated_ms": 2000, "finished_ms": null, "stop_reason": null, "answered": 0,
        "summary": null});
    let mut done = json!({"id": "0193ab-1", "status": "done", "started_ms": 1000,
        "updated_ms": 1600, "finished_ms": 1600, "stop_reason": "length", "answered": 1,
        "summary": {"level": "mid"}});
    for session in [&mut active, &mut done] {
        for (key, value) in both.as_object().expect("an object") {
            session[key] = value.clone();
        }
    }
    assert_eq!(
        json_of(&output),
        json!({"schema": "gradus.sessions/1", "sessions": [active, done]})
    );
}

#[test]
fn the_text_list_is_one_line_a_session() {
    // Goal: people see the newest first. Method: the lines of a known database; then a format
    // that the command does not have.
    let (_directory, url) = database();
    let text = String::from_utf8(run(&["sessions", "--database", &url]).stdout).expect("text");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[1].starts_with("0193ab-2") && lines[1].contains("active"), "{text}");
    assert!(lines[2].starts_with("0193ab-1") && lines[2].ends_with("1  length"), "{text}");
    assert_eq!(run(&["sessions", "--format", "csv", "--database", &url]).status.code(), Some(2));
}

#[test]
fn deleting_needs_a_yes_and_one_session() {
    // Goal: nothing is erased by accident. Method: no terminal and no --yes, an ambiguous prefix,
    // an unknown id; all sessions stay. Then a yes, twice.
    let (_directory, url) = database();
    let delete = |id: &str, rest: &[&str]| {
        let mut arguments = vec!["sessions", "delete", id, "--database", &url];
        arguments.extend(rest);
        run(&arguments)
    };
    let unasked = delete("0193ab-1", &[]);
    assert_eq!(unasked.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unasked.stderr).contains("help: add --yes"));
    assert_eq!(delete("0193ab", &["--yes"]).status.code(), Some(2));
    assert_eq!(delete("0194", &["--yes"]).status.code(), Some(3));
    let count = || {
        let list = json_of(&run(&["sessions", "--format", "json", "--database", &url]));
        list["sessions"].as_array().map(Vec::len)
    };
    assert_eq!(count(), Some(2));
    let deleted = delete("0193ab-2", &["--yes", "--format", "json"]);
    assert_eq!(json_of(&deleted), json!({"schema": "gradus.sessions/1", "deleted": "0193ab-2"}));
    assert_eq!((delete("0193ab-2", &["--yes"]).status.code(), count()), (Some(3), Some(1)));
}

#[test]
fn without_a_database_option_the_data_directory_is_used() {
    // Goal: the first run needs no option, and says so when it has nowhere to write. Method: an
    // empty home directory; then none at all.
    let home = tempfile::tempdir().expect("a directory");
    let at = |home: &Path| {
        let mut command = gradus(&["sessions", "--format", "json"]);
        command.env_remove("XDG_DATA_HOME").env("HOME", home).env("APPDATA", home);
        command.output().expect("runs")
    };
    assert_eq!(json_of(&at(home.path()))["sessions"], json!([]));
    let nowhere = at(Path::new(""));
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("--database sqlite:PATH"));
}

#[test]
fn refusals_have_their_exit_codes() {
    // Goal: scripts can tell refusals apart. Method: a file that is no database (4), a database
    // held by another (5), one of the future (5), an address without a driver (2), and bad ones.
    let (directory, url) = database();
    let notes = directory.path().join("notes.txt");
    std::fs::write(&notes, "no database at all ".repeat(50)).expect("writes");
    let code = |url: &str| run(&["sessions", "--database", url]).status.code();
    assert_eq!(code(&format!("sqlite:{}", notes.display())), Some(4));
    assert_eq!(
        (code("postgres://u:p@h/d"), code("mysql://h"), code("sqlite:")),
        (Some(2), Some(2), Some(2))
    );
    let path = url.trim_start_matches("sqlite:");
    let other = rusqlite::Connection::open(path).expect("opens");
    other
        .execute_batch("INSERT INTO schema_migrations VALUES (9, 'future', 'x')")
        .expect("changes");
    assert_eq!(code(&url), Some(5));
    other.execute_batch("DELETE FROM schema_migrations WHERE version = 9").expect("changes");
    other
        .execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM audit WHERE 0;",
        )
        .expect("locks");
    assert_eq!(code(&url), Some(5));
}
