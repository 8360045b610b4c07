//! Does `gradus simulate` keep its contract: names, files, replay, determinism, refusals?

use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// A folder with a bank of 60 items: slopes .8 to 1.7, difficulties −2 to 2.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let row = |i: u32| {
        let (a, b) = (0.8 + 0.1 * f64::from(i % 10), -2.0 + 4.0 * f64::from(i * 7 % 60) / 59.0);
        format!("i{i},2pl,{a:.2},{b:.4}\n")
    };
    let items = "id,model,a,b\n".to_owned() + &(0..60).map(row).collect::<String>();
    std::fs::write(folder.path().join("items.csv"), items).unwrap();
    folder
}

fn simulate(folder: &TempDir, more: &[&str]) -> Output {
    let mut command = Command::cargo_bin("gradus").unwrap();
    command.current_dir(folder.path()).args(["simulate", "--items", "items.csv"]).args(more);
    command.output().unwrap()
}

fn object(output: &Output) -> Value {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn json(folder: &TempDir, more: &[&str]) -> Value {
    object(&simulate(folder, &[&["--format", "json"], more].concat()))
}

fn read(folder: &TempDir, name: &str) -> String {
    std::fs::read_to_string(folder.path().join(name)).unwrap()
}

#[test]
fn the_report_has_the_contracts_fields() {
    // Goal: the JSON of `gradus simulate`. Method: a study with a stop rule and cuts; the fields,
    // and figures that must lie where they lie.
    let folder = folder();
    let report = json(
        &folder,
        &[
            "--examinees",
            "400",
            "--length",
            "15",
            "--min",
            "5",
            "--stop",
            "zone(0.3,0.025)",
            "--cuts",
            "-0.25,1.2",
            "--seed",
            "3",
        ],
    );
    assert_eq!(report["schema"], "gradus.simulate/1");
    for (name, value) in [("examinees", 400), ("seed", 3), ("items", 60)] {
        assert_eq!(report[name], value, "{name}");
    }
    assert_eq!(report["rule"], "zone(0.3,0.025) or length>=15");
    assert_eq!(report["estimator"], "eap");
    let number = |path: &str| report.pointer(path).and_then(Value::as_f64).expect(path);
    assert_eq!((number("/length/min"), number("/length/max")), (5.0, 15.0));
    assert!(number("/length/mean") > 5.0 && number("/length/sd") > 0.0);
    assert!(number("/bias").abs() < 0.1);
    assert!(number("/rmse") > 0.9 * number("/bound_rmse") && number("/rmse") < 0.6);
    assert!((number("/mean_se") / number("/rmse") - 1.0).abs() < 0.15);
    assert!((number("/coverage90") - 0.9).abs() < 0.06);
    assert_eq!(report["by_length"].as_array().unwrap().len(), 15);
    assert_eq!(report["by_length"][14]["n"], 15);
    assert!(number("/by_length/4/bound_rmse") > number("/by_length/14/bound_rmse"));
    assert!(number("/exposure/max") <= 1.0 && number("/exposure/overlap") > 0.0);
    assert!(number("/exposure/unused_share") < 1.0);
    assert!(number("/classification/accuracy") > 0.7 && number("/classification/kappa") > 0.4);
    assert!(number("/classification/far_accuracy") > number("/classification/accuracy"));
    assert!(number("/classification/two_level_errors") < 0.02);
    assert!(number("/classification/ece") < 0.06);
    assert_eq!(report["roles"], Value::Null);
    assert!(number("/run/wall_s") > 0.0 && number("/run/threads") >= 1.0);
    assert!(number("/run/examinees_per_s") > 0.0);
}

#[test]
fn a_replay_gives_the_same_tests() {
    // Goal: other programs can be run on the same answers, and ours repeats itself on them.
    // Method: write matrix, truth and picks; replay the matrix; the picks are equal, and what
    // needs the truth is null.
    let folder = folder();
    let first = json(
        &folder,
        &[
            "--examinees",
            "50",
            "--length",
            "8",
            "--seed",
            "11",
            "--exposure",
            "randomesque(3)",
            "--responses",
            "r.csv",
            "--truth",
            "t.csv",
            "--picks",
            "p.csv",
        ],
    );
    let (responses, truth, picks) =
        (read(&folder, "r.csv"), read(&folder, "t.csv"), read(&folder, "p.csv"));
    assert!(responses.starts_with("person,i0,i1,") && responses.lines().count() == 51);
    assert!(responses.lines().skip(1).all(|line| line.split(',').count() == 61));
    assert!(truth.starts_with("person,theta\n1,") && truth.lines().count() == 51);
    assert!(picks.lines().count() == 50 && picks.lines().all(|line| line.split(',').count() == 8));
    let again = json(
        &folder,
        &[
            "--replay",
            "r.csv",
            "--length",
            "8",
            "--seed",
            "11",
            "--exposure",
            "randomesque(3)",
            "--picks",
            "q.csv",
        ],
    );
    assert_eq!(picks, read(&folder, "q.csv"));
    assert_eq!((&again["examinees"], &again["length"]), (&first["examinees"], &first["length"]));
    assert_eq!((&again["rmse"], &again["bias"]), (&Value::Null, &Value::Null));
    assert_eq!(again["mean_se"], first["mean_se"]);
}

#[test]
fn replayed_scores_are_those_of_gradus_score() {
    // Goal: one estimator in the whole program. Method: replay whole rows to their end and score
    // the same file.
    let folder = folder();
    json(&folder, &["--examinees", "20", "--responses", "r.csv"]);
    let by_person = simulate(
        &folder,
        &["--replay", "r.csv", "--length", "60", "--grid", "-6,6,121", "--format", "csv"],
    );
    let mut score = Command::cargo_bin("gradus").unwrap();
    score.current_dir(folder.path());
    let scored = score.args(["score", "--items", "items.csv", "--responses", "r.csv"]).output();
    let column = |text: &[u8], column: usize| -> Vec<f64> {
        let text = String::from_utf8(text.to_vec()).unwrap();
        let cell = |line: &str| line.split(',').nth(column).unwrap().parse().unwrap();
        text.lines().skip(1).map(cell).collect()
    };
    let (replayed, scored) = (column(&by_person.stdout, 2), column(&scored.unwrap().stdout, 1));
    assert_eq!(replayed.len(), 20);
    for (one, other) in replayed.iter().zip(&scored) {
        assert!((one - other).abs() < 1e-12, "{one} {other}");
    }
}

#[test]
fn threads_and_repetition_change_nothing() {
    // Goal: all but `run` is the same on any number of threads. Method: one and two threads, each
    // exposure rule, three rules compared in one run.
    let folder = folder();
    let compare = "eligibility(0.4);progressive(0.4);sympson-hetter(0.4);mpwi;se<0.5";
    let with = |threads: &str| {
        let mut report = json(
            &folder,
            &["--examinees", "60", "--length", "6", "--threads", threads, "--compare", compare],
        );
        assert_eq!(report["run"]["threads"].to_string(), threads);
        report.as_object_mut().unwrap().remove("run");
        report
    };
    let report = with("1");
    assert_eq!(report, with("2"));
    let rules = report["compare"].as_array().unwrap();
    let names: Vec<&str> = rules.iter().map(|rule| rule["rule"].as_str().unwrap()).collect();
    assert_eq!(names.join(";"), compare);
    assert_eq!(rules[0]["exposure_rule"], "eligibility(0.4)");
    assert_eq!(rules[3]["criterion"], "mpwi");
}

#[test]
fn rows_and_text_are_for_people() {
    // Goal: a row a person with the reason to stop; a line a rule. Method: both formats.
    let folder = folder();
    let arguments = ["--examinees", "5", "--stop", "se<0.5", "--length", "20", "--seed", "2"];
    let csv = simulate(&folder, &[&arguments[..], &["--format", "csv"]].concat());
    let csv = String::from_utf8(csv.stdout).unwrap();
    assert!(csv.starts_with("person,truth,theta,se,n,stopped\n1,"));
    assert!(csv.lines().skip(1).all(|line| line.ends_with(",se<0.5")), "{csv}");
    let text = simulate(&folder, &[&arguments[..], &["--compare", "se<0.6"]].concat());
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("\nse<0.5 or length>=20 ") && text.contains("\nse<0.6 "), "{text}");
}

#[test]
fn what_cannot_be_simulated_is_refused() {
    // Goal: exits 2, 3 and 4 with nothing on stdout. Method: one of each fault.
    let folder = folder();
    std::fs::write(folder.path().join("bad.csv"), "i0,zz\n1,1\n").unwrap();
    let exit = |arguments: &[&str]| {
        let output = simulate(&folder, arguments);
        assert!(output.stdout.is_empty(), "{arguments:?}");
        output.status.code()
    };
    assert_eq!(exit(&["--stop", "zone(0.3"]), Some(2));
    assert_eq!(exit(&["--stop", "zone(0.3,0.02)"]), Some(2), "no cuts");
    assert_eq!(exit(&["--cuts", "1,0"]), Some(2));
    assert_eq!(exit(&["--exposure", "eligibility(0.2)"]), Some(2), "30 of 60 items");
    assert_eq!(exit(&["--length", "0"]), Some(2));
    assert_eq!(exit(&["-o", "study.txt"]), Some(2));
    assert_eq!(exit(&["--replay", "bad.csv", "--examinees", "3"]), Some(2));
    assert_eq!(exit(&["--replay", "bad.csv"]), Some(4));
    assert_eq!(exit(&["--replay", "none.csv"]), Some(3));
}
