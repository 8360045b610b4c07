//! Does `gradus bank` check, count, show, try and export as the contract says?

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use gradus::bank::{Bank, Key, Surface, read_checked_bank};
use gradus::cli::bank_source::embedded;
use gradus::psychometrics::numeric::stream::{Purpose, stream, uniform};
use serde_json::Value;

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bank").join(path)
}

fn gradus(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("gradus").expect("the program");
    command.args(arguments).env_remove("NO_COLOR");
    command
}

fn run(arguments: &[&str]) -> Output {
    gradus(arguments).output().expect("runs")
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("one JSON object on stdout")
}

/// The output of `gradus bank check --format json PATH`.
fn check(path: &str) -> (Option<i32>, Value) {
    let path = fixture(path);
    let output = run(&["bank", "check", "--format", "json", &path.to_string_lossy()]);
    (output.status.code(), json_of(&output))
}

#[test]
fn the_embedded_bank_has_no_error() {
    // Goal: the program may trust its own bank without checking it at every start. Method: every
    // check over the embedded files, except the one that asks for today's date: a review that
    // falls due makes work, not a broken program.
    let output = run(&["bank", "check", "--format", "json"]);
    let found = json_of(&output);
    let errors: Vec<&Value> = found["diagnostics"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|found| found["severity"] == "error" && found["code"] != "Q030")
        .collect();
    assert_eq!(errors, Vec::<&Value>::new());
    assert!(found["items"].as_u64().is_some_and(|items| items > 0));
}

#[test]
fn the_guesser_learns_nothing_from_shuffled_keys() {
    // Goal: the guesser's figure on our bank is about the keys, not about its own zeal. Method: twenty
    // copies of the embedded bank whose single keys are drawn anew; within two standard errors of
    // chance in all but a few (95 % of copies would be; 16 of 20 or fewer has p < .02), and their mean
    // within two standard errors of one copy.
    let bank = read_checked_bank(&embedded()).0.expect("the embedded bank is valid");
    let copies = 20;
    let mut shares = Vec::new();
    let (mut chance, mut error) = (0.0, 0.0);
    for copy in 0..copies {
        let mut items = bank.items.clone();
        for (place, item) in items.iter_mut().enumerate() {
            if let Key::Single { key } = &mut item.key {
                let u = uniform(&mut stream(copy, place as u64, Purpose::Shuffle));
                *key = (u * item.options.len() as f64) as usize;
            }
        }
        let surface = Surface::of(items.iter()).expect("single keys");
        (chance, error) = (surface.chance, surface.chance_error());
        shares.push(surface.guesser);
    }
    let near = shares.iter().filter(|share| (*share - chance).abs() <= 2.0 * error).count();
    let mean = shares.iter().sum::<f64>() / copies as f64;
    assert!(near > 16, "{near} of {copies} near {chance} ± {error}: {shares:?}");
    assert!((mean - chance).abs() <= 2.0 * error, "{mean}");
}

#[test]
fn reviews_are_summed_up_as_the_contract_says() {
    // Goal: gradus.bank-reviews/1 over the embedded banks, one item, and one that there is not.
    // Method: fields, counts that fit together, and exit codes.
    let output = run(&["bank", "reviews", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let form = json_of(&output);
    assert_eq!(form["schema"], "gradus.bank-reviews/1");
    let solves = |of: &Value| of["blind_solve"]["tries"].as_u64().expect("a count");
    let topics = form["topics"].as_array().expect("a list");
    assert!(!topics.is_empty());
    assert_eq!(topics.iter().map(solves).sum::<u64>(), solves(&form["all"]));
    for field in ["icc_single", "icc_average", "icc_raters", "icc_items", "cell_correlation"] {
        assert!(form["all"]["difficulty"].get(field).is_some(), "{field}");
    }
    let first = form["items"][0]["item"].as_str().expect("an item").to_owned();
    let one = json_of(&run(&["bank", "reviews", &first, "--format", "json"]));
    assert_eq!(one["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(one["items"][0]["item"], *first);
    let text = run(&["bank", "reviews"]);
    assert!(String::from_utf8_lossy(&text.stdout).contains("blind solvers agree with the key"));
    assert_eq!(run(&["bank", "reviews", "no.such.0001"]).status.code(), Some(3));
}

/// Ratings of a panel: two judges, two rounds, by a rule that the test knows.
fn panel(rows: &[(&str, u32, &str, &str, f64)], bank: &Bank) -> String {
    let mut text = String::from("rater,kind,item,version,round,step,rating\n");
    for (rater, round, step, item, rating) in rows {
        let version = bank.item(item).expect("the item").version;
        text += &format!("{rater},human,{item},{version},{round},{step},{rating}\n");
    }
    text
}

#[test]
fn boundaries_are_computed_from_ratings() {
    // Goal: gradus.bank-angoff/1, faulty files and exit codes. Method: two judges over three items of
    // the embedded bank, who differ in round 1 and agree in round 2; then a bad row, another version,
    // a missing file, no file.
    let bank = read_checked_bank(&embedded()).0.expect("the embedded bank is valid");
    let items: Vec<&str> = bank.live_items().take(3).map(|item| item.id.as_str()).collect();
    let mut rows = Vec::new();
    for (place, &item) in items.iter().enumerate() {
        let p = 0.5 + 0.1 * place as f64;
        rows.push(("a", 1, "angoff:mid", item, p));
        rows.push(("b", 1, "angoff:mid", item, p + 0.06));
        rows.push(("a", 2, "angoff:mid", item, p + 0.03));
        rows.push(("b", 2, "angoff:mid", item, p + 0.03));
    }
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("ratings.csv");
    let path = file.to_string_lossy().into_owned();
    let text = panel(&rows, &bank);
    std::fs::write(&file, &text).expect("written");
    let angoff = |path: &str| run(&["bank", "angoff", "--ratings", path, "--format", "json"]);
    let output = angoff(&path);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let form = json_of(&output);
    assert_eq!(form["schema"], "gradus.bank-angoff/1");
    let rounds = form["rounds"].as_array().expect("a list");
    assert_eq!(rounds.len(), 2);
    let number = |round: usize, field: &str| rounds[round][field].as_f64().expect("a number");
    // Sums 1.8 and 1.98: mean 1.89, standard deviation 0.18/√2, standard error 0.09.
    assert!((number(0, "sum") - 1.89).abs() < 1e-9 && (number(0, "sum_se") - 0.09).abs() < 1e-9);
    assert!((number(0, "theta") - number(1, "theta")).abs() < 1e-9);
    assert!(number(0, "theta_se") > 0.0 && number(1, "theta_se").abs() < 1e-9);
    assert_eq!(rounds[0]["between"], serde_json::json!(["junior", "mid"]));
    assert_eq!(rounds[0]["judges"][0]["rater"], "a");

    std::fs::write(&file, text.replace(",0.5\n", ",50\n")).expect("written");
    let bad = angoff(&path);
    assert_eq!(bad.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&bad.stderr).contains("ratings.csv:2:1"), "{bad:?}");
    let other = text.replace(&format!("{},", items[0]), "no.such.0001,");
    std::fs::write(&file, other).expect("written");
    assert_eq!(angoff(&path).status.code(), Some(4));
    assert_eq!(angoff("no/such.csv").status.code(), Some(3));
    assert_eq!(run(&["bank", "angoff"]).status.code(), Some(2));
}

#[test]
fn a_new_item_is_begun_and_never_written_over_another() {
    // Goal: `bank new` gives an item to write, whole, in a new file. Method: stdout and a file with the
    // same text, which the check finds unwritten; a second time the same file; unknown names; a folder
    // that is not there.
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("new.yaml");
    let path = file.to_string_lossy().into_owned();
    let wish = ["bank", "new", "http", "--type", "code-output", "--level", "senior"];
    let shown = run(&wish);
    assert_eq!(shown.status.code(), Some(0), "{shown:?}");
    let written = gradus(&wish).args(["-o", &path]).output().expect("runs");
    assert_eq!((written.status.code(), written.stdout.len()), (Some(0), 0), "{written:?}");
    let text = std::fs::read_to_string(&file).expect("the file");
    assert_eq!(text, String::from_utf8_lossy(&shown.stdout));
    assert!(text.contains("type: code-output") && text.contains("level: senior"));
    let check = json_of(&run(&["bank", "check", "--format", "json", &path]));
    let found = check["diagnostics"].as_array().expect("a list");
    assert_eq!(found.len(), text.matches("\"TODO").count());
    assert!(found.iter().all(|found| found["code"] == "Q032"));
    std::fs::write(&file, "mine").expect("written");
    let again = gradus(&wish).args(["-o", &path]).output().expect("runs");
    assert_eq!(again.status.code(), Some(5));
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), "mine");
    assert_eq!(std::fs::read_dir(directory.path()).expect("a list").count(), 1, "nothing is left");
    assert_eq!(run(&["bank", "new", "htp"]).status.code(), Some(3));
    assert_eq!(run(&["bank", "new", "http", "--subtopic", "http.no"]).status.code(), Some(3));
    assert_eq!(run(&["bank", "new", "http", "--type", "essay"]).status.code(), Some(2));
    let nowhere = gradus(&wish).args(["-o", "no/such/folder/new.yaml"]).output().expect("runs");
    assert_eq!(nowhere.status.code(), Some(5));
}

#[test]
fn a_prior_from_raters_is_shown_with_its_cell() {
    // Goal: authors see where a difficulty comes from. Method: the small bank with three ratings of an
    // item, in a folder of its own.
    let directory = tempfile::tempdir().expect("a directory");
    for name in ["http/items/http.caching.yaml", "http/items/http.status.yaml"] {
        let to = directory.path().join(name);
        std::fs::create_dir_all(to.parent().expect("a folder")).expect("made");
        std::fs::copy(fixture("whole").join(name), to).expect("copied");
    }
    let banks = directory.path().to_string_lossy().into_owned();
    let show = || {
        let output = run(&["bank", "show", "http.caching.0001", "--banks", &banks]);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(show().contains("Prior: difficulty 0.00 ± 0.90; cell 0.00;"), "{}", show());
    let version = json_of(&run(&["bank", "export", "--banks", &banks, "--format", "json"]));
    let version = &version["items"][0]["version"];
    let mut rows = String::from("rater,kind,item,version,round,step,rating\n");
    for (rater, b) in [("r1", -0.9), ("r2", -0.4), ("r3", 0.1)] {
        rows += &format!("{rater},human,http.caching.0001,{version},1,difficulty,{b}\n");
    }
    std::fs::write(directory.path().join("http/ratings.csv"), rows).expect("written");
    // √(0.81 + 0.25/3) = 0.945
    assert!(show().contains("difficulty -0.40 ± 0.95 from 3 raters; cell 0.00;"), "{}", show());
}

#[test]
fn a_check_has_the_contracts_json_and_exit_codes() {
    // Goal: scripts can rely on fields and codes. Method: a file with one error and one warning of
    // the same rule, a clean one, a path that is missing, a folder without items, an unreadable
    // file, a format that there is not.
    let (code, found) = check("checks/Q008.yaml");
    assert_eq!(code, Some(1));
    assert_eq!(found["schema"], "gradus.bank-check/1");
    assert_eq!((&found["errors"], &found["warnings"]), (&Value::from(1), &Value::from(1)));
    let warning = &found["diagnostics"][0];
    assert_eq!(warning["code"], "Q008");
    assert_eq!(warning["severity"], "warning");
    assert_eq!(warning["item"], "q008.flawed.1");
    assert_eq!(warning["line"], 36);
    assert_eq!(warning["column"], 23);
    assert!(warning["file"].as_str().is_some_and(|file| file.ends_with("Q008.yaml")));
    assert!(warning["help"].is_string() && warning["message"].is_string());

    let (code, found) = check("whole/http");
    assert_eq!((code, &found["errors"]), (Some(0), &Value::from(0)));

    let missing = run(&["bank", "check", "no/such/path"]);
    assert_eq!(missing.status.code(), Some(3));
    let empty = tempfile::tempdir().expect("a directory");
    let empty = run(&["bank", "check", &empty.path().to_string_lossy()]);
    assert_eq!(empty.status.code(), Some(3));

    let (code, found) = check("broken/syntax.yaml");
    assert_eq!(code, Some(1));
    assert_eq!(found["diagnostics"][0]["code"], "Q000");
    assert_eq!(run(&["bank", "check", "--format", "csv"]).status.code(), Some(2));
}

#[test]
fn a_file_that_is_no_text_is_a_finding() {
    // Goal: one bad file hides nothing. Method: a folder with a clean item file and one of bytes.
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::copy(fixture("checks/Q016.yaml"), directory.path().join("good.yaml")).expect("copied");
    std::fs::write(directory.path().join("bad.yaml"), [0xff, 0xfe, 0x00]).expect("written");
    let output = run(&["bank", "check", "--format", "json", &directory.path().to_string_lossy()]);
    assert_eq!(output.status.code(), Some(1));
    let found = json_of(&output);
    assert_eq!(found["diagnostics"][0]["code"], "Q000");
    assert_eq!(found["warnings"], 2);
}

#[test]
fn every_other_command_refuses_a_bank_with_errors() {
    // Goal: nobody is assessed with a broken bank. Method: a bank of one's own with a flawed item
    // under show, stats, export and try.
    let banks = fixture("checks/Q004.yaml");
    let banks = banks.to_string_lossy();
    for arguments in [
        &["bank", "stats"][..],
        &["bank", "export"],
        &["bank", "show", "q004.clean"],
        &["bank", "try", "q004.clean"],
    ] {
        let output = gradus(&["--banks", &banks]).args(arguments).output().expect("runs");
        assert_eq!(output.status.code(), Some(4), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("Q004"), "{arguments:?}");
    }
}

#[test]
fn a_bank_of_ones_own_needs_nothing_but_items() {
    // Goal: a team can use its questions alone. Method: stats of a folder without general files.
    let banks = fixture("whole");
    let output = run(&["bank", "stats", "--format", "json", "--banks", &banks.to_string_lossy()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let stats = json_of(&output);
    assert_eq!(stats["schema"], "gradus.bank-stats/1");
    assert_eq!((&stats["items"], &stats["live"]), (&Value::from(6), &Value::from(5)));
    assert_eq!(stats["topics"].as_array().map(Vec::len), Some(2));
    for field in [
        "fingerprint",
        "longest_option_accuracy",
        "surface_guesser_accuracy",
        "chance",
        "key_position_p",
        "explained_share",
        "referenced_share",
        "executed_share",
    ] {
        assert!(!stats[field].is_null(), "{field}");
    }
    for field in [
        "topic",
        "live",
        "pretest",
        "draft",
        "by_level",
        "by_cognitive",
        "by_type",
        "subtopics_covered",
        "subtopics",
    ] {
        assert!(!stats["topics"][0][field].is_null(), "{field}");
    }
}

#[test]
fn an_export_holds_every_item_whole() {
    // Goal: other programs can read a bank. Method: the six items of the small bank with the names
    // of the item files.
    let banks = fixture("whole");
    let output = run(&["bank", "export", "--format", "json", "--banks", &banks.to_string_lossy()]);
    let bank = json_of(&output);
    assert_eq!(bank["schema"], "gradus.bank/1");
    let items = bank["items"].as_array().expect("a list");
    assert_eq!(items.len(), 6);
    let single = items.iter().find(|item| item["id"] == "http.caching.0001").expect("the item");
    assert_eq!(single["type"], "single");
    assert_eq!(single["options"][1]["correct"], true);
    assert_eq!(single["options"][0]["misconception"], "http.mc.max-age-wins");
    assert_eq!(single["references"][0]["ref"], "rfc9111");
    let numeric = items.iter().find(|item| item["type"] == "numeric").expect("the item");
    assert_eq!(numeric["answer"]["value"], 75.0);
    let order = items.iter().find(|item| item["type"] == "order").expect("the item");
    assert_eq!(order["answer"], serde_json::json!(["b", "d", "c", "a"]));
    assert_eq!(items.iter().filter(|item| item["status"] == "draft").count(), 1);
}

#[test]
fn an_item_is_shown_with_its_key_and_a_missing_one_is_not_found() {
    // Goal: authors see key, feedback and sources. Method: one item of the small bank; then an id
    // that is the beginning of another.
    let banks = fixture("whole");
    let banks = banks.to_string_lossy();
    let shown = run(&["bank", "show", "http.caching.0001", "--banks", &banks]);
    let text = String::from_utf8_lossy(&shown.stdout);
    for part in [
        "Key: b",
        "In a shared cache s-maxage overrides max-age.",
        "§4.2.1",
        "Enemies: http.caching.0002",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let missing = run(&["bank", "show", "http.caching", "--banks", &banks]);
    assert_eq!(missing.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("there is `http.caching.0001`"));
}

#[test]
fn a_tried_item_is_scored_and_explained() {
    // Goal: an author can feel an item as a person does. Method: a right, a wrong, a partly right
    // answer and none; three unreadable lines and no line at all.
    let banks = fixture("whole");
    let banks = banks.to_string_lossy();
    let tried = |id: &str, typed: &str| {
        let output = gradus(&["bank", "try", id, "--banks", &banks])
            .write_stdin(typed)
            .output()
            .expect("runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    for (id, typed, said) in [
        ("http.caching.0001", "b\n", "Right. The key is b."),
        (
            "http.caching.0001",
            "x\na\n",
            "Wrong. The key is b.\n\nIn a shared cache s-maxage overrides",
        ),
        ("http.caching.0002", "75\n", "Right."),
        ("sql.tx.0001", "a\n", "Partly right: 1 of 2."),
        ("http.status.0001", "304 Not Modified\n", "Right."),
        ("http.status.0001", "?\n", "Not answered."),
    ] {
        let (code, text) = tried(id, typed);
        assert_eq!(code, Some(0), "{id} {typed}");
        assert!(text.contains(said), "{said} in {text}");
    }
    assert_eq!(tried("http.caching.0001", "x\ny\nz\n").0, Some(2));
    assert_eq!(tried("http.caching.0001", "").0, Some(2));
}
