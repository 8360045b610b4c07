//! Do the proofs of items hold, and does `gradus bank verify` find those that do not? Runners that
//! are not installed are named and skipped.

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

fn proofs() -> String {
    let path: PathBuf =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bank/proofs/proofs.yaml");
    path.to_string_lossy().into_owned()
}

fn verify(arguments: &[&str], path: Option<&Path>) -> Output {
    let mut command = Command::cargo_bin("gradus").expect("the program");
    if let Some(path) = path {
        command.env("PATH", path);
    }
    command.args(["bank", "verify"]).args(arguments).output().expect("runs")
}

fn form(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("one JSON object on stdout")
}

fn items(form: &Value) -> &[Value] {
    form["items"].as_array().expect("a list")
}

/// Says which items were not run, and why: a test that skips must not look like one that passes.
fn say_skipped(form: &Value) {
    for item in items(form).iter().filter(|item| item["status"] == "skipped") {
        println!("skipped: {} ({})", item["item"], item["skipped"]);
    }
}

#[test]
fn every_proof_of_the_embedded_banks_holds() {
    // Goal: what can be executed was executed and agrees with its key. Method: every proof of the
    // shipped banks; those whose runner is missing are named.
    let output = verify(&["--format", "json"], None);
    let form = form(&output);
    assert_eq!(form["schema"], "gradus.bank-verify/1");
    say_skipped(&form);
    let failed: Vec<&Value> =
        items(&form).iter().filter(|item| item["status"] == "failed").collect();
    assert_eq!(failed, Vec::<&Value>::new());
    assert_eq!(output.status.code(), Some(0));
    let counts = ["passed", "failed", "skipped"].map(|name| form[name].as_u64().expect("a number"));
    assert_eq!(counts.iter().sum::<u64>() as usize, items(&form).len());
    assert!(items(&form).len() >= 40, "{counts:?}");
}

#[test]
fn each_way_to_be_wrong_has_its_code() {
    // Goal: V001 to V005 where they belong and nowhere else. Method: three good proofs and one for
    // each fault, as a file of drafts.
    let path = proofs();
    let output = verify(&["--format", "json", &path], None);
    let form = form(&output);
    if items(&form).iter().any(|item| item["status"] == "skipped") {
        return say_skipped(&form);
    }
    assert_eq!(output.status.code(), Some(1));
    let found: Vec<(&str, Vec<&str>, Option<&str>)> = items(&form)
        .iter()
        .map(|item| {
            let codes = item["findings"].as_array().expect("a list").iter();
            let codes = codes.filter_map(|found| found["code"].as_str()).collect();
            (item["item"].as_str().unwrap_or_default(), codes, item["agreement"].as_str())
        })
        .collect();
    let wanted = [
        ("proof.bad.1", vec!["V001"], Some("key")),
        ("proof.bad.2", vec!["V002"], Some("key")),
        ("proof.bad.3", vec!["V003"], Some("key")),
        ("proof.bad.4", vec!["V004"], Some("contradicted")),
        ("proof.bad.5", vec!["V005"], None),
        ("proof.good.1", vec![], Some("key")),
        ("proof.good.2", vec![], Some("key")),
        ("proof.good.3", vec![], Some("expect-only")),
    ];
    assert_eq!(found, wanted);
}

#[test]
fn a_missing_runner_is_named_and_never_passes() {
    // Goal: nothing counts as proved that was not run. Method: the same file with a search path that
    // holds nothing.
    let nothing = tempfile::tempdir().expect("a directory");
    let path = proofs();
    let form = form(&verify(&["--format", "json", &path], Some(nothing.path())));
    assert_eq!(form["passed"], 0);
    for item in items(&form).iter().filter(|item| item["status"] == "skipped") {
        assert_eq!(item["skipped"], "python3 is not installed");
    }
    let text = verify(&[&path], Some(nothing.path()));
    let text = String::from_utf8_lossy(&text.stdout);
    assert!(text.contains("skipped 8: python3 is not installed"), "{text}");
}

/// The worked example of the guide for authors, as a file of its own.
fn worked_example(directory: &Path) -> PathBuf {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/AUTHORING.md");
    let guide = std::fs::read_to_string(guide).expect("the guide");
    let begin = guide.find("schema: gradus.items/1").expect("an example");
    let end = guide[begin..].find("\n```\n\n").expect("its end") + begin;
    let path = directory.join("example.yaml");
    std::fs::write(&path, &guide[begin..=end]).expect("written");
    path
}

#[test]
fn the_guides_worked_example_passes_every_check_and_its_proof() {
    // Goal: whoever follows the guide ends with a clean item. Method: its example under `check`, which
    // finds nothing at all, and under `verify`, which agrees with the key.
    let directory = tempfile::tempdir().expect("a directory");
    let path = worked_example(directory.path());
    let path = path.to_string_lossy();
    let check = Command::cargo_bin("gradus")
        .expect("the program")
        .args(["bank", "check", "--format", "json", &path])
        .output()
        .expect("runs");
    let found = form(&check);
    assert_eq!((&found["items"], &found["diagnostics"]), (&1.into(), &serde_json::json!([])));
    let form = form(&verify(&["--format", "json", &path], None));
    if form["skipped"] != 0 {
        return say_skipped(&form);
    }
    let item = &items(&form)[0];
    assert_eq!((&item["status"], &item["agreement"]), (&"passed".into(), &"key".into()));
    assert_eq!(item["findings"], serde_json::json!([]));
}

#[test]
fn items_and_paths_that_do_not_exist_are_not_found() {
    // Goal: the documented exit codes. Method: an unknown id, a missing file, a broken file, a format
    // that there is not.
    assert_eq!(verify(&["no.such.0001"], None).status.code(), Some(3));
    assert_eq!(verify(&["no/such/file.yaml"], None).status.code(), Some(3));
    let broken = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bank/broken");
    assert_eq!(verify(&[&broken.to_string_lossy()], None).status.code(), Some(4));
    assert_eq!(verify(&["--format", "csv"], None).status.code(), Some(2));
}
