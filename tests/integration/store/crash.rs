//! Processes that die in mid-test. This proves safety against the death of a process; it cannot
//! see a missing sync, which only a power cut would show.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gradus::store::{Recorded, Store};
use rusqlite::Connection;

use super::{answer, new_session, open, scratch};

const DATABASE: &str = "GRADUS_TEST_CRASH";
const ROUNDS: u64 = 30;
const SESSIONS: usize = 4;

/// SplitMix64 (Steele, Lea, Flood 2014): where the child dies is drawn, and the same every run.
fn draw(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) % below
}

/// The child's part: answers in several sessions at once, a line for every acknowledged one.
fn answer_until_killed(path: &str) {
    let store = Store::open(&format!("sqlite:{path}")).expect("opens");
    let take = |id: String| {
        let first = store.session(&id).expect("a session").version;
        for version in first..first + 100_000 {
            let outcome = store.record_answer(&id, version, version, &answer(&id), 2);
            assert_eq!(outcome, Ok(Recorded::Stored));
            // One write a line, so that lines of different threads never mix.
            let line = format!("ack {id} {version}\n");
            std::io::stdout().write_all(line.as_bytes()).expect("speaks");
        }
    };
    std::thread::scope(|scope| {
        (0..SESSIONS).for_each(|index| drop(scope.spawn(move || take(format!("s{index}")))));
    });
}

fn start(path: &Path) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "store::crash::a_killed_process_loses_no_acknowledged_answer"])
        .arg("--nocapture")
        .env(DATABASE, path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child")
}

/// Kills the child after so many acknowledgements and a moment; all that it acknowledged.
fn killed(path: &Path, acks: usize, moment: Duration) -> BTreeMap<String, u32> {
    let mut child = start(path);
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut seen = BTreeMap::new();
    let mut note = |line: String| {
        let mut words = line.split(' ');
        if let (Some("ack"), Some(id), Some(Ok(position))) =
            (words.next(), words.next(), words.next().map(str::parse))
        {
            seen.insert(id.to_owned(), position);
        }
    };
    lines
        .by_ref()
        .map_while(Result::ok)
        .filter(|it| it.starts_with("ack"))
        .take(acks)
        .for_each(&mut note);
    std::thread::sleep(moment);
    child.kill().expect("kills");
    child.wait().expect("ends");
    // What was acknowledged while the blow fell.
    lines.map_while(Result::ok).for_each(&mut note);
    seen
}

#[test]
fn a_killed_process_loses_no_acknowledged_answer() {
    // Goal: acknowledged means stored. Method: a child answers in four sessions at once and is
    // killed (SIGKILL) after a drawn number of acknowledgements, 30 times on one database; each
    // time every acknowledged answer is there, histories have no gaps, the chains and the file
    // are whole.
    if let Ok(path) = std::env::var(DATABASE) {
        return answer_until_killed(&path);
    }
    let (_directory, path) = scratch();
    let store = open(&path).expect("a new database");
    store.put_bank("f00d", "", 1).expect("a bank");
    for index in 0..SESSIONS {
        store.create_session(&new_session(&format!("s{index}"), 1)).expect("a session");
    }
    drop(store);
    let (mut state, mut total) = (20_260_101, 0);
    for round in 0..ROUNDS {
        let acks = 1 + draw(&mut state, 40) as usize;
        let moment = Duration::from_micros(draw(&mut state, 8_000));
        let acknowledged = killed(&path, acks, moment);
        assert!(!acknowledged.is_empty(), "round {round}: the child did nothing");
        let store = open(&path).expect("opens again");
        for (id, last) in acknowledged {
            let answers = store.answers(&id).expect("answers");
            assert!(answers.len() > last as usize, "round {round}: {id} lost answer {last}");
            assert!((0u32..).zip(&answers).all(|(place, it)| it.position == place));
            assert_eq!(store.session(&id).map(|it| it.version as usize), Ok(answers.len()));
            assert_eq!(store.verify_audit(&id).map(|it| it.problem), Ok(None));
        }
        total = store.sessions().expect("a list").iter().map(|it| it.answered).sum();
        let integrity: String = Connection::open(&path)
            .and_then(|it| it.query_row("PRAGMA integrity_check", [], |row| row.get(0)))
            .expect("a check");
        assert_eq!(integrity, "ok", "round {round}");
    }
    assert!(u64::from(total) >= ROUNDS, "{total} answers in all");
}
