//! What only a database file can suffer: locks, permissions, full disks, damage, other programs.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;

use gradus::store::{DatabaseUrl, Settings, Store, StoreError};
use rusqlite::Connection;
use serde_json::json;

use super::{answer, begun, new_session, open, scratch};

const HOLD: &str = "GRADUS_TEST_HOLD";

fn name(path: &Path) -> String {
    path.display().to_string()
}

/// A stopped store's file, opened by hand.
fn tamper(path: &Path, sql: &str) {
    let connection = Connection::open(path).expect("opens");
    connection.execute_batch(sql).expect("runs");
}

fn written(path: &Path) {
    let store = open(path).expect("a new database");
    begun(&store);
    store.record_answer("s1", 0, 0, &answer("a"), 20).expect("an answer");
}

/// Starts this test binary again, as a process that runs `sql` on the database and holds on.
fn holder(path: &Path, sql: &str) -> Child {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "store::failures::a_locked_database_is_said_to_be_locked", "--nocapture"])
        .env(HOLD, format!("{sql}\n{}", path.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let lines = BufReader::new(child.stdout.as_mut().expect("its output")).lines();
    let held = lines.map_while(Result::ok).any(|line| line.contains("held"));
    assert!(held, "the child did not get its lock");
    child
}

/// The child's part: hold the lock until the parent lets go.
fn hold(request: &str) {
    let (sql, path) = request.split_once('\n').expect("a request");
    let connection = Connection::open(path).expect("opens");
    connection.execute_batch(sql).expect("locks");
    let mut out = std::io::stdout();
    writeln!(out, "\nheld").and_then(|()| out.flush()).expect("speaks");
    let _ = std::io::stdin().read_line(&mut String::new());
}

fn release(mut child: Child) {
    drop(child.stdin.take());
    assert!(child.wait().expect("ends").success());
}

#[test]
fn a_locked_database_is_said_to_be_locked() {
    // Goal: a lock of another process is named, and is no damage. Method: a child process holds
    // first the whole file, then only its writes; after it ends all works again.
    if let Ok(request) = std::env::var(HOLD) {
        return hold(&request);
    }
    let (_directory, path) = scratch();
    written(&path);
    let locked = || StoreError::Locked { database: name(&path) };
    let whole = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM audit WHERE 0;";
    let child = holder(&path, whole);
    assert_eq!(open(&path).err(), Some(locked()));
    release(child);
    let child = holder(&path, "BEGIN IMMEDIATE;");
    let store = open(&path).expect("reading is possible");
    assert_eq!(store.answers("s1").map(|it| it.len()), Ok(1));
    assert_eq!(store.record_answer("s1", 1, 1, &answer("b"), 21), Err(locked()));
    release(child);
    assert!(store.record_answer("s1", 1, 1, &answer("b"), 21).is_ok());
}

#[test]
fn a_read_only_file_is_said_to_be_read_only() {
    // Goal: a clear refusal before any answer is given. Method: take the permission away, and
    // for those whom permissions do not bind (root) the file format's own mark too.
    let (_directory, path) = scratch();
    written(&path);
    let mut bytes = fs::read(&path).expect("reads");
    // https://sqlite.org/fileformat.html 1.3.2: a write version above 2 means read-only.
    bytes[18] = 3;
    fs::write(&path, bytes).expect("writes");
    let mut permissions = fs::metadata(&path).expect("is there").permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).expect("changes");
    let refused = open(&path).and_then(|store| store.record_answer("s1", 1, 1, &answer("b"), 21));
    assert_eq!(refused, Err(StoreError::ReadOnly { database: name(&path) }));
}

#[test]
fn a_full_disk_keeps_what_was_acknowledged() {
    // Goal: no answer is acknowledged that is not there, and what was is. Method: a database that
    // may not grow, filled from four threads until it refuses; opened again with room.
    let (_directory, path) = scratch();
    let settings = Settings { page_count_max: Some(40), ..Settings::default() };
    let store = Store::open_with(&DatabaseUrl::file(&path), settings).expect("a small database");
    store.put_bank("f00d", "", 1).expect("a bank");
    let long = "x".repeat(900);
    let fill = |id: &str| {
        store.create_session(&new_session(id, 1)).expect("a session");
        let full = |version| store.record_answer(id, version, version, &answer(&long), 2).err();
        (0..1_000).find_map(|version| full(version).map(|error| (version, error)))
    };
    let ids = ["a", "b", "c", "d"];
    let ends: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = ids.map(|id| scope.spawn(move || fill(id))).into();
        threads.into_iter().map(|it| it.join().expect("a thread").expect("it fills up")).collect()
    });
    assert!(store.session("a").is_ok(), "a full disk does not hinder reading");
    drop(store);
    let store = open(&path).expect("opens again");
    for (id, (acknowledged, error)) in ids.iter().zip(ends) {
        assert_eq!(error, StoreError::DiskFull { database: name(&path) });
        assert_eq!(
            store.session(id).map(|it| (it.version, it.answered)),
            Ok((acknowledged, acknowledged))
        );
        assert_eq!(store.verify_audit(id).map(|it| it.problem), Ok(None));
        assert!(store.record_answer(id, acknowledged, acknowledged, &answer(&long), 3).is_ok());
    }
}

#[test]
fn a_missing_directory_is_made_and_private() {
    // Goal: the first run needs no preparation, and nobody else reads the answers. Method: a path
    // three directories deep; then one that leads through a file.
    let (directory, path) = scratch();
    let deep = directory.path().join("a/b/c/gradus.db");
    written(&deep);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).expect("is there").permissions().mode() & 0o777;
        assert_eq!((mode(&deep), mode(&directory.path().join("a/b"))), (0o600, 0o700));
    }
    fs::write(&path, "a file").expect("writes");
    let through = open(&path.join("x/gradus.db"));
    assert!(matches!(through, Err(StoreError::Io { .. })), "{through:?}");
    let itself = open(directory.path());
    assert!(matches!(itself, Err(StoreError::Io { .. })), "{itself:?}");
}

#[test]
fn what_is_not_our_database_is_left_alone() {
    // Goal: no other program's file is touched. Method: a text and another program's database;
    // refused, and byte for byte the same.
    let (directory, text) = scratch();
    fs::write(&text, "just some notes, longer than a header ".repeat(40)).expect("writes");
    let foreign = directory.path().join("other.db");
    tamper(&foreign, "CREATE TABLE bookmarks (url TEXT)");
    for path in [text, foreign] {
        let before = fs::read(&path).expect("reads");
        let refused = open(&path);
        assert!(matches!(refused, Err(StoreError::NotADatabase { .. })), "{refused:?}");
        assert_eq!(fs::read(&path).expect("reads"), before);
    }
}

#[test]
fn a_newer_schema_is_refused() {
    // Goal: an old program never writes into a newer database. Method: a migration of the future.
    let (_directory, path) = scratch();
    written(&path);
    tamper(&path, "INSERT INTO schema_migrations VALUES (7, 'future', 'x')");
    let newer = StoreError::NewerSchema { database: name(&path), found: 7, known: 1 };
    assert_eq!(open(&path).err(), Some(newer));
}

#[test]
fn damage_is_found() {
    // Goal: a damaged row or page is an error that names itself, never a wrong answer. Method:
    // each kind of damage on a copy of its own.
    type Found = fn(&Store) -> bool;
    let damages: [(&str, Found); 4] = [
        ("UPDATE banks SET content = 'AAAA'", |it| is_corrupt(it.bank("f00d"))),
        ("UPDATE sessions SET plan = '{'", |it| is_corrupt(it.session("s1"))),
        ("UPDATE sessions SET seed = '-1'", |it| is_corrupt(it.sessions())),
        ("UPDATE answers SET response = ''", |it| is_corrupt(it.answers("s1"))),
    ];
    for (sql, found) in damages {
        let (_directory, path) = scratch();
        written(&path);
        tamper(&path, sql);
        assert!(found(&open(&path).expect("opens")), "{sql}");
    }
    let (_directory, path) = scratch();
    written(&path);
    tamper(&path, "UPDATE schema_migrations SET checksum = 'x'");
    assert!(is_corrupt(open(&path)));
    let (_directory, path) = scratch();
    written(&path);
    let bytes = fs::read(&path).expect("reads");
    let mut damaged = bytes.clone();
    damaged[4096..].fill(0xA5);
    fs::write(&path, damaged).expect("writes");
    assert!(is_corrupt(open(&path).and_then(|store| store.sessions())));
}

fn is_corrupt<T>(result: Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Corrupt { .. }))
}

#[test]
fn the_audit_finds_what_was_edited_by_hand() {
    // Goal: no edit of a session goes unseen. Method: each table edited behind the store's back.
    for sql in [
        "UPDATE answers SET response = '[\"z\"]'",
        "UPDATE answers SET seconds = 1",
        "UPDATE answers SET flagged = 1",
        "UPDATE answers SET answered_ms = 21",
        "DELETE FROM answers",
        "UPDATE sessions SET seed = '7'",
        "UPDATE sessions SET plan = '{}'",
        "UPDATE sessions SET version = 2",
        "UPDATE sessions SET status = 'done'",
        "UPDATE sessions SET stop_reason = 'time'",
        "UPDATE audit SET at_ms = 0 WHERE sequence = 1",
        "UPDATE audit SET payload = '{}' WHERE sequence = 2",
        "DELETE FROM audit WHERE sequence = 1",
        "DELETE FROM audit WHERE sequence = 2",
        "DELETE FROM audit",
    ] {
        let (_directory, path) = scratch();
        written(&path);
        assert_eq!(open(&path).and_then(|it| it.verify_audit("s1")).map(|it| it.problem), Ok(None));
        tamper(&path, sql);
        let check = open(&path).and_then(|it| it.verify_audit("s1")).expect("readable");
        assert!(check.problem.is_some(), "{sql}");
    }
}

#[test]
fn a_deleted_session_is_in_no_file() {
    // Goal: erased means erased. Method: a telling word in plan, answer and summary; after the
    // deletion it is in no file of the database, while the store is still open.
    let (directory, path) = scratch();
    let store = open(&path).expect("a new database");
    begun(&store);
    let mut new = new_session("s2", 11);
    new.plan = json!({"note": "XYLOPHONE"});
    store.create_session(&new).expect("a session");
    for version in 0..40 {
        let telling = answer(&"XYLOPHONE".repeat(20));
        store.record_answer("s2", version, version, &telling, 20).expect("an answer");
    }
    store.finish_session("s2", 40, "length", &json!("XYLOPHONE"), 30).expect("an end");
    let found = || {
        let files = fs::read_dir(directory.path()).expect("a directory").flatten();
        let told = |file: &fs::DirEntry| {
            let bytes = fs::read(file.path()).expect("reads");
            bytes.windows(9).any(|window| window == b"XYLOPHONE")
        };
        files.filter(told).count()
    };
    assert!(found() > 0);
    store.delete_session("s2").expect("a deletion");
    assert_eq!(found(), 0);
}

#[test]
fn first_openers_do_not_collide() {
    // Goal: two programs may meet on a new database. Method: 8 threads open the same new file at
    // the same moment, 25 times over; every one of them opens it and finds the same schema.
    for _ in 0..25 {
        let (_directory, path) = scratch();
        let (url, start) = (DatabaseUrl::file(&path), Barrier::new(8));
        std::thread::scope(|scope| {
            let opened = || {
                start.wait();
                Store::open_with(&url, Settings::default()).map(|it| it.sessions())
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(opened)).collect();
            for thread in threads {
                assert_eq!(thread.join().expect("a thread"), Ok(Ok(vec![])));
            }
        });
    }
}

#[test]
fn postgres_is_refused_clearly() {
    // Goal: a promise is not kept silently by another database. Method: open, read the message.
    let error = Store::open("postgres://ann:s3cret@db/gradus").expect_err("no driver");
    assert!(matches!(error, StoreError::NotAvailable { .. }));
    let text = format!("{error} {error:?} {}", error.help());
    assert!(text.contains("not available yet") && !text.contains("s3cret"), "{text}");
}
