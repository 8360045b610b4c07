//! From finished sessions to a calibration that somebody accepted: the whole way on the command line, with
//! simulated people whose abilities and whose items' true parameters are known.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use gradus::assessment::{ENGINE, Plan, PlanSpec, Response, Session, Step, correct_response};
use gradus::bank::{Bank, Item, Key, SourceFile, read_bank};
use gradus::cli::bank_source::embedded_whole;
use gradus::psychometrics::numeric::special::logistic;
use gradus::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};
use gradus::store::{AnswerRecord, NewSession, Store};
use serde_json::{Value, json};
use tempfile::TempDir;

/// People of the whole test: enough that the most asked items pass the first gates.
const PEOPLE: u64 = 260;

/// The true difficulty and discrimination of an item: about what was judged, as far off as judgements are.
fn truth(seed: u64, at: usize, item: &Item) -> (f64, f64) {
    let mut random = stream(seed, at as u64, Purpose::Bootstrap);
    let b = item.prior.b + 0.9 * standard_normal(&mut random);
    (item.prior.a * (0.3 * standard_normal(&mut random)).exp(), b)
}

/// An answer that is not right.
fn wrong(item: &Item, draw: f64) -> Response {
    match (&item.key, correct_response(item)) {
        (Key::Single { key }, _) => {
            let others: Vec<usize> = (0..item.options.len()).filter(|at| at != key).collect();
            let at = others[(draw * others.len() as f64) as usize];
            Response::Single(item.options[at].id.clone())
        }
        (Key::Numeric { value, tolerance, .. }, _) => {
            Response::Number(value + 10.0 * tolerance + 7.0)
        }
        (_, Some(Response::Multi(ids))) => Response::Multi(
            item.options.iter().map(|it| it.id.clone()).filter(|id| !ids.contains(id)).collect(),
        ),
        (_, Some(Response::Order(mut ids))) => {
            ids.reverse();
            Response::Order(ids)
        }
        _ => Response::Text("no such thing".to_owned()),
    }
}

/// What a person of some ability answers. Every other person says so instead of guessing.
fn answer(bank: &Bank, at: usize, person: u64, theta: f64, seed: u64) -> Response {
    let item = &bank.items[at];
    let (a, b) = truth(seed, at, item);
    let mut random = stream(seed ^ 0x51, person * 100_003 + at as u64, Purpose::Answer);
    let knows = uniform(&mut random) < logistic(a * (theta - b));
    let guesses = uniform(&mut random) < item.prior.c;
    let honest = person.is_multiple_of(2);
    if knows || (guesses && !honest) {
        correct_response(item).unwrap_or(Response::DontKnow)
    } else if honest {
        Response::DontKnow
    } else {
        wrong(item, uniform(&mut random))
    }
}

/// Whole sessions of simulated people in a store, as `gradus take` leaves them.
fn simulate(store: &Store, bank: &Arc<Bank>, spec: &PlanSpec, people: u64, seed: u64) {
    store.put_bank(bank.fingerprint(), &bank.canonical_json(), 1).expect("the bank is kept");
    let plan = Plan::check(spec, bank).expect("a plan");
    for person in 0..people {
        let mut random = stream(seed, person, Purpose::Simulee);
        let shared = standard_normal(&mut random);
        let abilities: Vec<f64> = bank
            .topics
            .iter()
            .map(|_| 0.5f64.sqrt() * (shared + standard_normal(&mut random)))
            .collect();
        let id = format!("00000000-0000-7000-8000-{person:012}");
        let started_ms = 1_000 + person as i64;
        store
            .create_session(&NewSession {
                session_id: id.clone(),
                plan: serde_json::to_value(&plan).expect("a plan"),
                seed: person,
                engine: ENGINE,
                bank_fingerprint: bank.fingerprint().to_owned(),
                started_ms,
            })
            .expect("a session");
        let mut session = Session::start(Arc::clone(bank), plan.clone(), person).expect("starts");
        let mut version = 0;
        while let Step::Ask(asked) = session.step().clone() {
            let item = session.item(&asked).clone();
            let topic = bank.topic_index(&item.topic).expect("a topic");
            let response = answer(bank, asked.item, person, abilities[topic], seed);
            let record = AnswerRecord {
                item_id: item.id.to_string(),
                item_version: item.version,
                response: response.to_json(),
                seconds: None,
                flag: None,
            };
            let position = asked.position as u32;
            store.record_answer(&id, version, position, &record, started_ms).expect("kept");
            version += 1;
            session.answer(response, None);
        }
        store.finish_session(&id, version, "enough", &json!({}), started_ms).expect("the end");
    }
}

/// A copy of the shipped bank in a directory, and a database beside it.
struct Desk {
    directory: TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { directory: tempfile::tempdir().expect("a directory") };
        for SourceFile { path, text } in embedded_whole() {
            let to = desk.banks().join(path);
            std::fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
            std::fs::write(to, text).expect("a file");
        }
        desk
    }

    fn banks(&self) -> PathBuf {
        self.directory.path().join("banks")
    }

    fn database(&self) -> String {
        format!("sqlite:{}", self.directory.path().join("sessions.db").display())
    }

    fn store(&self) -> Store {
        Store::open(&self.database()).expect("a store")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gradus"));
        command
            .args(["--banks", self.banks().to_str().expect("a path")])
            .args(["--database", &self.database()])
            .args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program runs")
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--format", "json"]].concat());
        let talk = String::from_utf8_lossy(&output.stderr);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no JSON: {talk}"))
    }

    /// The report of somebody who knows nothing and says so.
    fn take(&self, arguments: &[&str]) -> Value {
        let mut child = self
            .command(&[&["take", "--plain", "--format", "json"], arguments].concat())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all("?\n".repeat(60).as_bytes()).ok();
        drop(stdin);
        let output = child.wait_with_output().expect("the program ends");
        serde_json::from_slice(&output.stdout).expect("a report")
    }

    /// The same person, whose input ends after some answers and who then goes on.
    fn interrupted(&self, arguments: &[&str], answers: usize) -> Value {
        let mut last = Value::Null;
        for (how, lines) in [(arguments, answers), (&["--resume"][..], 60)] {
            let mut child = self
                .command(&[&["take", "--plain", "--format", "json"], how].concat())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .expect("the program starts");
            let mut stdin = child.stdin.take().expect("a pipe");
            stdin.write_all("?\n".repeat(lines).as_bytes()).ok();
            drop(stdin);
            let output = child.wait_with_output().expect("the program ends");
            last = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        }
        last
    }

    fn fingerprint(&self) -> String {
        let stats = self.json(&["bank", "stats"]);
        stats["fingerprint"].as_str().expect("a fingerprint").to_owned()
    }
}

fn accept(file: &Path) {
    let text = std::fs::read_to_string(file).expect("the proposal");
    let accepted = "\naccepted: true\nreviewed_by: \"tests\"\nreviewed_on: \"2026-11-24\"\n";
    assert!(text.contains("\naccepted: false\n"));
    std::fs::write(file, text.replace("\naccepted: false\n", accepted)).expect("written");
}

#[test]
fn sessions_become_a_proposal_and_only_an_accepted_one_is_used() {
    // Goal: the whole way, and its promises: a proposal changes nothing, is never overwritten, recovers what
    // is true, and once accepted it is the bank; stored sessions stay what they were. Method: 260 simulated
    // people on the shipped bank whose true difficulties lie .9 about the judged ones.
    let desk = Desk::new();
    let bank = Arc::new(read_bank(&embedded_whole()).0.expect("the shipped bank"));
    let (seed, store) = (20_261_123, desk.store());
    simulate(&store, &bank, &PlanSpec::default(), PEOPLE, seed);
    drop(store);
    let early = desk.take(&["--seed", "11", "--quick"]);
    let before = desk.fingerprint();
    assert_eq!(before, bank.fingerprint());

    let found = desk.json(&["calibrate", "--from-sessions", "--date", "2026-11-23"]);
    assert_eq!(found["converged"], true);
    assert_eq!(found["persons"], PEOPLE + 1, "the simulated people and the one at the keyboard");
    let file = desk.banks().join("calibration/2026-11-23.yaml");
    let proposal = std::fs::read_to_string(&file).expect("the proposal");
    recovers(&bank, &found, seed);

    let again = desk.run(&["calibrate", "--from-sessions", "--date", "2026-11-23"]);
    assert_eq!(again.status.code(), Some(5), "{}", String::from_utf8_lossy(&again.stderr));
    assert_eq!(std::fs::read_to_string(&file).expect("still there"), proposal);
    assert_eq!(desk.fingerprint(), before, "a proposal is no part of the bank");
    let check = desk.json(&["bank", "check"]);
    assert_eq!(check["errors"], 0);
    let codes: Vec<&str> = check["diagnostics"]
        .as_array()
        .expect("findings")
        .iter()
        .filter_map(|found| found["code"].as_str())
        .filter(|code| code.starts_with('C'))
        .collect();
    assert_eq!(codes, ["C007"]);

    accept(&file);
    let after = desk.fingerprint();
    assert_ne!(after, before, "an accepted calibration is a part of the bank");
    let items = found["items"].as_array().expect("items");
    let used = items.iter().find(|it| it["status"] != "draft").expect("a provisional item");
    let id = used["id"].as_str().expect("an id");
    let shown = String::from_utf8(desk.run(&["bank", "show", id]).stdout).expect("text");
    assert!(shown.contains("Calibrated: difficulty"), "{shown}");

    stays_what_it_was(&desk, &early);
    let late = desk.take(&["--seed", "12", "--quick"]);
    assert_eq!(late["session"]["bank_fingerprint"], after);
    stays_what_it_was(&desk, &late);
}

/// The report of a session is the same as ever, and replay finds it identical to the bit.
fn stays_what_it_was(desk: &Desk, report: &Value) {
    let id = report["session"]["id"].as_str().expect("an id");
    assert_eq!(desk.json(&["report", id]), *report);
    let replay = desk.json(&["replay", id]);
    assert_eq!((&replay["identical"], &replay["first_difference"]), (&json!(true), &Value::Null));
}

/// Estimates lie about the truth as their standard errors say, and nearer than the judgements.
fn recovers(bank: &Bank, found: &Value, seed: u64) {
    let (mut squares, mut judged, mut inside, mut n) = (0.0, 0.0, 0.0, 0.0);
    for row in found["items"].as_array().expect("items") {
        if row["status"] == "draft" || row.get("spread").is_some_and(|it| !it.is_null()) {
            continue;
        }
        let at = bank.items.iter().position(|it| row["id"] == it.id.as_str()).expect("an item");
        let item = &bank.items[at];
        let b = truth(seed, at, item).1;
        let (estimate, se) =
            (row["b"].as_f64().expect("b"), row["se_b"].as_f64().expect("an error"));
        squares += (estimate - b) * (estimate - b);
        judged += (item.prior.b - b) * (item.prior.b - b);
        inside += f64::from(u8::from((estimate - b).abs() <= 1.645 * se));
        n += 1.0;
    }
    let (rmse, of_judges): (f64, f64) = ((squares / n).sqrt(), (judged / n).sqrt());
    println!(
        "{n} items: RMSE of b {rmse:.3}, of the judged ones {of_judges:.3}, cover {:.3}",
        inside / n
    );
    assert!(n > 50.0, "{n} items");
    // Three Monte-Carlo errors below 90 %; the items' own uncertainty is not in their neighbours' errors.
    let least = 0.9 - 3.0 * (0.09f64 / n).sqrt();
    assert!(inside / n > least, "{} of {n} intervals hold, at least {least}", inside / n);
    assert!(rmse < 0.6 * of_judges, "RMSE {rmse}, judges {of_judges}");
}

/// Puts the first live item of the last two files of a topic on trial; gives their number.
fn with_trials(desk: &Desk) -> usize {
    let mut count = 0;
    for topic in ["http", "sql", "security", "devops", "sysdesign"] {
        let folder = desk.banks().join(topic).join("items");
        let files = std::fs::read_dir(folder).expect("items");
        let mut files: Vec<PathBuf> = files.map(|entry| entry.expect("a file").path()).collect();
        files.sort();
        for path in &files[files.len() - 2..] {
            let text = std::fs::read_to_string(path).expect("text");
            assert!(text.contains("status: live"), "{}", path.display());
            std::fs::write(path, text.replacen("status: live", "status: pretest", 1))
                .expect("written");
            count += 1;
        }
    }
    count
}

#[test]
fn questions_on_trial_count_for_nothing_wherever_one_looks() {
    // Goal: --pretest K asks exactly K questions of the status pretest; path, level and the questions that
    // count are those of the same session without them; store, report, replay and resume agree. Method: ten
    // items on trial; the same seed and person with and without, and interrupted in the middle.
    let desk = Desk::new();
    assert_eq!(with_trials(&desk), 10);
    let plain = desk.take(&["--seed", "3"]);
    let with = desk.take(&["--seed", "3", "--pretest", "4"]);
    let rows = |report: &Value, scored: bool| -> Vec<Value> {
        let items = report["session"]["items"].as_array().expect("items").clone();
        items.into_iter().filter(|row| row["scored"].is_null() == scored).collect()
    };
    assert_eq!((rows(&plain, false).len(), rows(&with, false).len()), (0, 4));
    let essence = |row: &Value| {
        (row["item"].clone(), row["theta"].clone(), row["se"].clone(), row["score"].clone())
    };
    let essences = |report: &Value| rows(report, true).iter().map(essence).collect::<Vec<_>>();
    assert_eq!(essences(&plain), essences(&with));
    for part in ["level", "profile", "specialization", "plan", "quality"] {
        assert_eq!(plain[part], with[part], "{part}");
    }
    let bank = read_bank(&embedded_whole()).0.expect("the shipped bank");
    for row in rows(&with, false) {
        assert!(row["reason"].as_str().is_some_and(|it| it.contains("trial")));
        assert!(bank.item(row["item"].as_str().expect("an id")).is_some());
    }
    stays_what_it_was(&desk, &with);
    let id = with["session"]["id"].as_str().expect("an id");
    let text = String::from_utf8(desk.run(&["report", id]).stdout).expect("text");
    assert_eq!(text.matches("trial question, not scored").count(), 4);
    let page =
        String::from_utf8(desk.run(&["report", id, "--format", "html"]).stdout).expect("text");
    assert_eq!(page.matches("trial question, not scored").count(), 4);
    let kept = desk.store().session(id).expect("the session");
    assert_eq!(kept.plan["pretest"], 4);
    assert_eq!(kept.summary.expect("a summary")["unscored"].as_array().map(Vec::len), Some(4));
    let resumed = desk.interrupted(&["--seed", "3", "--pretest", "4"], 7);
    assert_eq!(essences(&resumed), essences(&with));
    assert_eq!(rows(&resumed, false).len(), 4);
}

#[test]
fn a_bank_without_trials_says_so_and_too_many_are_refused() {
    // Goal: nobody waits for questions that are not there. Method: the shipped bank; more than fit.
    let desk = Desk::new();
    let output = desk.run(&["take", "--plain", "--quick", "--pretest", "2"]);
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(talk.contains("no question of these topics has the status `pretest`"), "{talk}");
    let output = desk.run(&["take", "--plain", "--quick", "--pretest", "40"]);
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
}
