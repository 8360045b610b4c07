//! The main job on the command line: `gradus take` line by line, its report, resuming and replay.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use gradus::assessment::{Plan, PlanSpec, Response, Session, Step, correct_response, letter};
use gradus::bank::{Bank, read_bank};
use gradus::cli::bank_source::embedded;
use serde_json::Value;
use tempfile::TempDir;

/// A home of its own for each test.
struct Home {
    directory: TempDir,
}

impl Home {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a directory") }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gradus"));
        command.args(arguments).env_clear().env("HOME", self.path()).env("TERM", "xterm");
        command
    }

    fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A program that stops reading early closes the pipe; that is its right.
        stdin.write_all(input.as_bytes()).ok();
        drop(stdin);
        child.wait_with_output().expect("the program ends")
    }

    fn json(&self, arguments: &[&str], input: &str) -> Value {
        let output = self.run(arguments, input);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("one JSON object on stdout")
    }
}

fn bank() -> Arc<Bank> {
    Arc::new(read_bank(&embedded()).0.expect("the embedded bank is valid"))
}

/// The line that somebody types to give a response.
fn line(session: &Session, response: &Response) -> String {
    let Step::Ask(asked) = session.step() else { panic!("no question is open") };
    let options = &session.item(asked).options;
    let letter_of = |id: &gradus::bank::OptionId| {
        let place = asked.shown.iter().position(|&at| options[at].id == *id).expect("shown");
        letter(place).to_string()
    };
    match response {
        Response::Single(id) => letter_of(id),
        Response::Multi(ids) | Response::Order(ids) => {
            ids.iter().map(letter_of).collect::<Vec<_>>().join(",")
        }
        Response::Number(value) => value.to_string(),
        Response::Text(text) => text.clone(),
        Response::DontKnow => "?".to_owned(),
    }
}

/// What a person types who is right exactly at the positions that `knows` names, and otherwise
/// does not know; and the ids that are asked.
fn script(spec: &PlanSpec, seed: u64, knows: impl Fn(usize) -> bool) -> (Vec<String>, Vec<String>) {
    let bank = bank();
    let plan = Plan::check(spec, &bank).expect("a plan");
    let mut session = Session::start(bank, plan, seed).expect("a session");
    let (mut lines, mut ids) = (Vec::new(), Vec::new());
    while let Step::Ask(asked) = session.step().clone() {
        let item = session.item(&asked);
        let response = match correct_response(item) {
            Some(response) if knows(asked.position) => response,
            _ => Response::DontKnow,
        };
        ids.push(item.id.to_string());
        lines.push(line(&session, &response));
        session.answer(response, None);
    }
    (lines, ids)
}

/// A report without the facts of its run.
fn without_run_facts(mut report: Value) -> Value {
    let session = report["session"].as_object_mut().expect("a session");
    for name in ["id", "started_ms", "finished_ms"] {
        session.remove(name);
    }
    report
}

#[test]
fn knowing_all_is_senior_and_knowing_nothing_is_junior() {
    // Goal: a person far above every cut is called senior with high probability, one far below
    // junior. Method: all answers right, then "I don't know" throughout, over pipes.
    let home = Home::new();
    let (lines, _) = script(&PlanSpec::default(), 3, |_| true);
    let report = home.json(&["take", "--seed", "3", "--format", "json"], &lines.join("\n"));
    let senior = report["level"]["probabilities"]["senior"].as_f64().expect("a number");
    assert!(senior > 0.9, "senior {senior}");
    assert_eq!(report["level"]["decision"], "senior");
    let report = home.json(&["take", "--seed", "3", "--format", "json"], &"?\n".repeat(40));
    let junior = report["level"]["probabilities"]["junior"].as_f64().expect("a number");
    assert!(junior > 0.9, "junior {junior}");
}

#[test]
fn the_same_seed_and_answers_give_the_same_questions_and_report() {
    // Goal: reproducibility. Method: two sittings with one seed in two homes, and one with
    // another seed.
    let (lines, ids) = script(&PlanSpec::default(), 11, |position| position % 2 == 0);
    let take = |seed: &str, lines: &[String]| {
        let arguments = ["take", "--plain", "--seed", seed, "--format", "json"];
        Home::new().run(&arguments, &lines.join("\n"))
    };
    let json = |output: Output| -> Value {
        serde_json::from_slice(&output.stdout).expect("JSON on stdout")
    };
    let first = without_run_facts(json(take("11", &lines)));
    assert_eq!(first, without_run_facts(json(take("11", &lines))));
    let asked: Vec<&str> = first["session"]["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| item["item"].as_str().expect("an id"))
        .collect();
    assert_eq!(asked, ids);
    let (other, other_ids) = script(&PlanSpec::default(), 12, |position| position % 2 == 0);
    assert_ne!(ids, other_ids, "another seed draws other first questions");
    assert!(take("12", &other).status.success());
}

#[test]
fn the_report_keeps_its_contract() {
    // Goal: names and rules of `gradus.report/1`. Method: one report, field by field.
    let home = Home::new();
    let (lines, _) = script(&PlanSpec::default(), 21, |position| position % 3 != 0);
    let report = home.json(&["take", "--seed", "21", "--format", "json"], &lines.join("\n"));
    assert_eq!(report["schema"], "gradus.report/1");
    let levels = &report["level"]["probabilities"];
    let sum: f64 =
        ["junior", "mid", "senior"].iter().map(|level| levels[level].as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-9);
    assert_eq!(report["level"]["provisional"], true);
    assert_eq!(report["level"]["cuts"].as_array().unwrap().len(), 2);
    assert_eq!(report["profile"].as_array().unwrap().len(), 17);
    assert_eq!(report["plan"].as_array().unwrap().len(), 8);
    assert_eq!(report["specialization"]["ranking"].as_array().unwrap().len(), 6);
    let shares: f64 = report["specialization"]["ranking"]
        .as_array()
        .unwrap()
        .iter()
        .map(|role| role["probability"].as_f64().unwrap())
        .sum();
    assert!((shares - 1.0).abs() < 1e-9);
    let items = report["session"]["items"].as_array().unwrap();
    let last = items.last().unwrap();
    assert_eq!(last["theta"], report["level"]["theta"]);
    assert!(items.iter().all(|item| item["seconds"].is_null()), "nobody was timed");
    let mut topics: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for item in items {
        *topics.entry(item["topic"].as_str().unwrap()).or_default() += 1;
    }
    assert_eq!(topics.len(), 5);
    assert!(topics.values().all(|n| *n >= 2), "{topics:?}");
}

#[test]
fn a_pipe_gets_no_escape_byte() {
    // Goal: `--plain` and any pipe are free of terminal commands. Method: text output, byte by
    // byte, with TERM=xterm.
    let home = Home::new();
    let output = home.run(&["take", "--seed", "5"], &"?\n".repeat(40));
    assert!(output.status.success());
    for stream in [&output.stdout, &output.stderr] {
        assert!(!stream.contains(&0x1b));
    }
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.contains("Question 1 of at most 30"));
    assert!(text.contains("Gradus report"));
}

#[test]
fn the_end_of_input_keeps_the_session_and_resuming_asks_the_next_question() {
    // Goal: nothing is lost, in data mode nothing stands on stdout, exit 75; going on gives the
    // report of an uninterrupted sitting. Method: one sitting in two parts against one in one.
    let (lines, _) = script(&PlanSpec::default(), 31, |position| position % 2 == 1);
    let home = Home::new();
    let arguments = ["take", "--seed", "31", "--format", "json"];
    let output = home.run(&arguments, &(lines[..7].join("\n") + "\n"));
    assert_eq!(output.status.code(), Some(75));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("gradus take --resume"));
    let parts = home.json(&["take", "--resume", "--format", "json"], &lines[7..].join("\n"));
    let whole = Home::new().json(&arguments, &lines.join("\n"));
    assert_eq!(without_run_facts(parts), without_run_facts(whole));
    let again = home.run(&["take", "--resume"], "");
    assert_eq!(again.status.code(), Some(3), "nothing is unfinished any more");
}

#[test]
fn killed_in_mid_test_the_very_next_question_is_asked() {
    // Goal: kill -9 loses no acknowledged answer. Method: answer five questions, wait for the
    // sixth to be shown, kill, resume; the sixth is asked again.
    let (lines, _) = script(&PlanSpec::default(), 41, |_| true);
    let home = Home::new();
    let mut child = home
        .command(&["take", "--plain", "--seed", "41"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut shown = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut wait_for =
        |text: &str| shown.by_ref().map_while(Result::ok).any(|line| line.starts_with(text));
    for (at, line) in lines[..5].iter().enumerate() {
        assert!(wait_for(&format!("Question {} of", at + 1)));
        writeln!(stdin, "{line}").expect("it reads");
    }
    assert!(wait_for("Question 6 of"));
    child.kill().expect("SIGKILL");
    child.wait().expect("it is gone");
    let resumed = home.run(&["take", "--resume"], "");
    let text = String::from_utf8(resumed.stdout).expect("UTF-8");
    assert!(text.starts_with("Question 6 of"), "{text}");
    let rest = home.json(&["take", "--resume", "--format", "json"], &lines[5..].join("\n"));
    assert_eq!(rest["session"]["items"].as_array().unwrap().len(), lines.len());
}

#[test]
fn replay_derives_every_step_again() {
    // Goal: identical for an honest record, exit 1 for a changed one. Method: replay a session,
    // then change one stored response behind the program's back and replay again.
    let home = Home::new();
    let (lines, _) = script(&PlanSpec::default(), 51, |position| position % 2 == 0);
    home.json(&["take", "--seed", "51", "--format", "json"], &lines.join("\n"));
    let replay = home.json(&["replay", "--format", "json"], "");
    assert_eq!(
        (&replay["schema"], &replay["identical"]),
        (&"gradus.replay/1".into(), &true.into())
    );
    assert!(replay["first_difference"].is_null());
    let database = home.path().join(".local/share/gradus/gradus.db");
    let connection = rusqlite::Connection::open(database).expect("a database");
    let changed = connection
        .execute("UPDATE answers SET response = '\"?\"' WHERE position = 2", [])
        .expect("an update");
    assert_eq!(changed, 1);
    drop(connection);
    let output = home.run(&["replay", "--format", "json"], "");
    assert_eq!(output.status.code(), Some(1));
    let replay: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(replay["identical"], false);
}

#[test]
fn unreadable_answers_are_asked_again_three_times() {
    // Goal: a typing mistake costs nothing; nonsense ends with exit 2 and a kept session. Method:
    // two nonsense lines and an answer, then three nonsense lines.
    let home = Home::new();
    let nonsense = "@@@\n@@@\n?\n";
    let output = home.run(&["take", "--topics", "sql", "--seed", "2"], nonsense);
    assert_eq!(output.status.code(), Some(75), "then the input ended");
    // A typed question takes any text, so some lines may count as answers.
    let (_, ids) =
        script(&PlanSpec { topics: Some(vec!["sql".into()]), ..PlanSpec::default() }, 2, |_| false);
    assert!(!ids.is_empty());
    let choice = home.run(&["take", "--resume"], &"@,@,@\n".repeat(60));
    assert!(matches!(choice.status.code(), Some(0 | 2)), "{:?}", choice.status);
}

#[test]
fn a_topic_quiz_has_a_level_and_no_specialization() {
    // Goal: `take --topics sql` is a learner's quiz. Method: its report.
    let home = Home::new();
    let spec = PlanSpec { topics: Some(vec!["sql".to_owned()]), ..PlanSpec::default() };
    let (lines, ids) = script(&spec, 61, |position| position % 2 == 0);
    assert!(ids.iter().all(|id| id.starts_with("sql.")));
    let arguments = ["take", "--topics", "sql", "--seed", "61", "--format", "json"];
    let report = home.json(&arguments, &lines.join("\n"));
    assert!(report["specialization"].is_null());
    assert!((8..=15).contains(&ids.len()));
}

#[test]
fn bad_requests_are_refused_with_their_codes() {
    // Goal: documented exit codes and a help line. Method: one mistake each.
    let home = Home::new();
    for (arguments, code) in [
        (&["take", "--topics", "cobol"][..], 3),
        (&["take", "--length", "3"][..], 2),
        (&["take", "--format", "csv"][..], 2),
        (&["take", "--banks", "/nonexistent-bank"][..], 3),
        (&["take", "--database", "mysql://x"][..], 2),
        (&["report"][..], 3),
        (&["replay", "nope"][..], 3),
        (&["take", "--resume", "nope"][..], 3),
    ] {
        let output = home.run(arguments, "");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains("help:"), "{arguments:?}: {error}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn reports_are_printed_in_every_format() {
    // Goal: text, JSON and HTML of one stored session agree on the level. Method: print all.
    let home = Home::new();
    let (lines, _) = script(&PlanSpec { quick: true, ..PlanSpec::default() }, 71, |p| p % 2 == 0);
    let taken =
        home.json(&["take", "--quick", "--seed", "71", "--format", "json"], &lines.join("\n"));
    let json = home.json(&["report", "--format", "json"], "");
    assert_eq!(taken["level"], json["level"]);
    let page = home.path().join("report.html");
    let path = page.to_str().expect("UTF-8");
    assert!(home.run(&["report", "--format", "html", "-o", path], "").status.success());
    let html = std::fs::read_to_string(&page).expect("a page");
    assert!(html.contains("<svg") && html.contains("role=\"img\"") && !html.contains("<script"));
    let text = home.run(&["report", "--full"], "").stdout;
    let text = String::from_utf8(text).expect("UTF-8");
    assert!(text.contains("Learning plan"));
}

/// The embedded bank as files in a directory.
fn bank_directory() -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for file in embedded() {
        let path = directory.path().join(&file.path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, file.text).expect("a file");
    }
    directory
}

#[test]
fn a_broken_bank_is_refused_with_its_place() {
    // Goal: file, line, column and help on stderr, exit 4, nothing stored. Method: a key that is
    // taken out of one item.
    let home = Home::new();
    let banks = bank_directory();
    let path = banks.path().join("sql/items/sql.query.yaml");
    let text = std::fs::read_to_string(&path).expect("the file");
    std::fs::write(&path, text.replacen("correct: true", "correct: false", 1)).expect("a file");
    let banks = banks.path().to_str().expect("UTF-8");
    let output = home.run(&["take", "--banks", banks], "?\n");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{error}");
    assert!(error.contains("error[Q002]") && error.contains("sql.query.yaml:"), "{error}");
    assert!(error.contains("help:"));
    assert!(output.stdout.is_empty());
    assert!(!home.path().join(".local").exists(), "nothing was stored");
}

#[test]
fn a_resumed_session_keeps_its_own_bank_and_says_so() {
    // Goal: a changed bank does not change a running session. Method: begin with one bank, change
    // the text of every stem, go on.
    let home = Home::new();
    let banks = bank_directory();
    let arguments = ["take", "--seed", "8", "--banks", banks.path().to_str().expect("UTF-8")];
    assert_eq!(home.run(&arguments, "?\n").status.code(), Some(75));
    let path = banks.path().join("levels.yaml");
    let text = std::fs::read_to_string(&path).expect("the file");
    std::fs::write(&path, text.replace("theta: 0.125", "theta: 0.225")).expect("a file");
    let banks = banks.path().to_str().expect("UTF-8");
    let resumed =
        home.run(&["take", "--resume", "--format", "json", "--banks", banks], &"?\n".repeat(40));
    assert!(resumed.status.success());
    let error = String::from_utf8_lossy(&resumed.stderr).into_owned();
    assert!(error.contains("question bank has changed"), "{error}");
    let report: Value = serde_json::from_slice(&resumed.stdout).expect("JSON");
    assert_eq!(report["level"]["cuts"][0]["theta"], 0.125);
    assert!(home.run(&["replay"], "").status.success());
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_with_its_code_and_keeps_the_session() {
    // Goal: Ctrl-C says how to go on and exits 130. Method: SIGINT while a question is open.
    let home = Home::new();
    let mut child = home
        .command(&["take", "--plain", "--seed", "4"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut shown = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    assert!(shown.any(|line| line.expect("text").starts_with("[")), "the question is open");
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.expect("kill runs").success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130));
    assert!(String::from_utf8_lossy(&output.stderr).contains("gradus take --resume"));
    assert_eq!(home.run(&["take", "--resume"], "").status.code(), Some(75), "it is there");
}

#[test]
fn a_database_that_cannot_be_written_is_refused() {
    // Goal: a clear message and exit 5 or 4, nothing on stdout. Method: a file that is no database,
    // and a directory that cannot be made because a file stands in its place.
    let home = Home::new();
    let path = home.path().join("not-a-database");
    std::fs::write(&path, "this is no database at all, but it is long enough to look like one")
        .expect("a file");
    let url = format!("sqlite:{}", path.display());
    let output = home.run(&["take", "--database", &url], "?\n");
    assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stderr));
    let inside = format!("sqlite:{}/gradus.db", path.display());
    let output = home.run(&["take", "--database", &inside], "?\n");
    assert_eq!(output.status.code(), Some(5), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("help:"));
}
