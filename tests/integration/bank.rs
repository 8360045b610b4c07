//! Does `gradus bank` check, count, show, try and export as the contract says?

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
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
