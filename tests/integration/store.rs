//! Does the store keep what it acknowledged, and say clearly what it cannot do? One contract
//! suite for every driver; then what only a file can suffer; then processes that die.

mod contract;
mod crash;
mod failures;

use std::path::PathBuf;

use gradus::store::{AnswerRecord, DatabaseUrl, NewSession, Settings, Store, StoreError};
use serde_json::json;
use tempfile::TempDir;

/// A store of its own for each test.
struct Fixture {
    store: Store,
    _directory: TempDir,
}

fn sqlite() -> Fixture {
    let (directory, path) = scratch();
    let store = open(&path).expect("a new database");
    Fixture { store, _directory: directory }
}

fn scratch() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("gradus.db");
    (directory, path)
}

/// Opens with a short wait, since tests lock databases on purpose.
fn open(path: &std::path::Path) -> Result<Store, StoreError> {
    let settings = Settings { busy_timeout_ms: 100, ..Settings::default() };
    Store::open_with(&DatabaseUrl::file(path), settings)
}

fn new_session(id: &str, started_ms: i64) -> NewSession {
    NewSession {
        session_id: id.to_owned(),
        plan: json!({"topics": ["http", "sql"], "length": 30, "share": 0.1}),
        seed: u64::MAX - 1,
        engine: 3,
        bank_fingerprint: "f00d".to_owned(),
        started_ms,
    }
}

/// A store that holds a bank and one session, "s1".
fn begun(store: &Store) {
    store.put_bank("f00d", "items: []", 1).expect("a bank");
    store.create_session(&new_session("s1", 10)).expect("a session");
}

fn answer(response: &str) -> AnswerRecord {
    AnswerRecord {
        item_id: "http-001".to_owned(),
        item_version: 2,
        response: json!([response]),
        seconds: Some(12.625),
        flag: None,
    }
}

/// Runs a suite's cases as tests of one driver: `contract!(name, make_a_fixture)`.
macro_rules! contract {
    ($driver:ident, $fixture:path, [$($case:ident),* $(,)?]) => {
        mod $driver {
            $(#[test] fn $case() { super::contract::$case(&$fixture().store); })*
        }
    };
}

contract!(
    over_sqlite,
    super::sqlite,
    [
        banks_are_kept_whole_and_once,
        a_session_reads_back_as_it_was_written,
        sessions_are_listed_newest_first,
        ids_resolve_by_unique_prefix,
        an_answer_is_compare_and_set,
        positions_have_no_gaps,
        a_hundred_equal_posts_store_one_answer,
        threads_do_not_disturb_each_other,
        one_of_two_rivals_wins,
        an_end_is_final,
        pausing_keeps_the_version,
        flags_may_come_later,
        deleting_takes_only_that_session,
        the_audit_fits_what_happened,
        what_is_missing_is_named,
    ]
);
