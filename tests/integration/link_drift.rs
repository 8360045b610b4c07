//! `gradus link --drift`, errors of linking from sampling, `gradus calibrate --anchors --drift`:
//! do the commands give what the library computes, and say what is missing?

use std::fmt::Write as _;
use std::process::Output;

use assert_cmd::Command;
use gradus::psychometrics::irt::ItemModel;
use gradus::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};
use serde_json::Value;
use tempfile::TempDir;

const ITEMS: usize = 12;

fn gradus(folder: &TempDir, arguments: &[&str]) -> Output {
    Command::cargo_bin("gradus")
        .unwrap()
        .current_dir(folder.path())
        .args(arguments)
        .output()
        .unwrap()
}

fn json(folder: &TempDir, arguments: &[&str]) -> Value {
    let output = gradus(folder, &[arguments, &["--format", "json"]].concat());
    let stderr = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"))
}

/// Answers of 800 people of N(mean, 1) to twelve items, the third `moved` harder.
fn answers(seed: u64, mean: f64, moved: f64) -> String {
    let item = |index: usize| {
        let b = 0.3 * index as f64 - 1.6 + if index == 2 { moved } else { 0.0 };
        ItemModel::logistic(1.3, b, 0.0, 1.0).unwrap()
    };
    let items: Vec<ItemModel> = (0..ITEMS).map(item).collect();
    let header: Vec<String> = (1..=ITEMS).map(|item| format!("i{item}")).collect();
    let mut text = header.join(",") + "\n";
    let mut random = stream(seed, 0, Purpose::Simulee);
    for _ in 0..800 {
        let theta = mean + standard_normal(&mut random);
        let row: Vec<String> = items
            .iter()
            .map(|item| item.category_at(theta, uniform(&mut random)).to_string())
            .collect();
        writeln!(text, "{}", row.join(",")).unwrap();
    }
    text
}

/// `old.csv` and `new.csv` with their covariances, calibrated from two samples; in the new one the
/// third item is one logit harder.
fn calibrated() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, seed, mean, moved) in [("old", 5, 0.0, 0.0), ("new", 6, 0.4, 1.0)] {
        let (responses, items) = (format!("{name}_r.csv"), format!("{name}.csv"));
        std::fs::write(folder.path().join(&responses), answers(seed, mean, moved)).unwrap();
        let covariance = format!("{name}_cov.csv");
        let fixed = ["calibrate", "--model", "2pl", "--responses", &responses];
        let files = ["-o", &items, "--covariance", &covariance];
        assert_eq!(gradus(&folder, &[&fixed[..], &files].concat()).status.code(), Some(0));
    }
    folder
}

const LINK: [&str; 5] = ["link", "--from", "new.csv", "--to", "old.csv"];
const COVARIANCES: [&str; 4] =
    ["--from-covariance", "new_cov.csv", "--to-covariance", "old_cov.csv"];

#[test]
fn a_moved_item_is_flagged_and_left_out_of_the_line() {
    // Goal: --drift names the one item that became a logit harder, links without it, and is nearer
    // to the truth, A = 1 and B = .4, than the line over all. Method: two samples of 800 people,
    // whose B has a standard error of some .06; --drop of the same item gives the same line.
    let folder = calibrated();
    let result = json(&folder, &[&LINK[..], &["--drift"]].concat());
    assert_eq!(result["dropped"], serde_json::json!(["i3"]));
    let rows = result["drift"].as_array().unwrap();
    assert_eq!(rows.len(), ITEMS);
    assert_eq!(rows[2]["flag"], true);
    assert!((rows[2]["d"].as_f64().unwrap() - 1.0).abs() < 0.4, "{}", rows[2]);
    assert!(rows[2]["z"].as_f64().unwrap() > 2.7 && rows[2]["p"].as_f64().unwrap() < 1e-3);
    let b = result["B"].as_f64().unwrap();
    assert!((b - 0.4).abs() < 0.2, "{b}");
    assert!(result["all_items"]["B"].as_f64().unwrap() < b);
    let dropped = json(&folder, &[&LINK[..], &["--drop", "i3"]].concat());
    assert_eq!((&dropped["A"], &dropped["B"]), (&result["A"], &result["B"]));
    let text = gradus(&folder, &[&LINK[..], &["--drift"]].concat());
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("left out of the line: i3"), "{text}");
}

#[test]
fn errors_from_sampling_stand_beside_the_jackknife() {
    // Goal: covariances give `se_method` sampling and errors of equated scores; standard errors
    // alone are shown and not taken; files without them leave the jackknife. Method: the same pair
    // of files with less and less known; the error of B is at least that of two means of 800
    // abilities, √(2/800) = .05.
    let folder = calibrated();
    let whole = json(&folder, &[&LINK[..], &COVARIANCES, &["--equate"]].concat());
    assert_eq!(whole["se_method"], "sampling");
    assert_eq!(whole["se_B"], whole["sampling"]["B"]);
    let b = whole["se_B"].as_f64().unwrap();
    assert!((0.045..0.1).contains(&b), "{b}");
    assert!(whole["equating"][6]["se"].as_f64().unwrap() > 0.0);
    let alone = json(&folder, &LINK);
    assert_eq!(alone["se_method"], "jackknife");
    assert_eq!(alone["sampling"]["covariances"], false);
    assert!(alone["sampling"]["B"].as_f64().unwrap() < b);
    for name in ["new.csv", "old.csv"] {
        let path = folder.path().join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        // id, model, a, b, c, d without the columns of errors.
        let plain: Vec<String> = text
            .lines()
            .map(|line| line.split(',').take(6).collect::<Vec<_>>().join(","))
            .collect();
        std::fs::write(&path, plain.join("\n") + "\n").unwrap();
    }
    let bare = json(&folder, &LINK);
    assert!(bare["sampling"].is_null() && bare["jackknife"]["A"].as_f64().unwrap() > 0.0);
    assert_eq!(bare["A"], alone["A"]);
}

#[test]
fn faulty_covariances_are_refused_with_their_place() {
    // Goal: file, line, column and help, exit 4; one file without the other is exit 2; no errors to
    // write is exit 4 and writes nothing. Method: one fault each.
    let folder = calibrated();
    let path = folder.path().join("new_cov.csv");
    let sound = std::fs::read_to_string(&path).unwrap();
    let first = sound.lines().nth(1).unwrap().split(',').nth(1).unwrap().to_owned();
    for (text, place) in [
        (sound.replacen(&first, "x", 1), "new_cov.csv:2:6: `x` is not a number"),
        (sound.replacen("\ni1:a", "\ni1:z", 1), "new_cov.csv:2:1: row `i1:z`"),
        (sound.lines().take(3).collect::<Vec<_>>().join("\n"), "2 rows of covariances"),
    ] {
        std::fs::write(&path, text).unwrap();
        let output = gradus(&folder, &[&LINK[..], &COVARIANCES].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(4), "{said}");
        assert!(said.contains(place) && said.contains("help: "), "{said}");
    }
    let one = gradus(&folder, &[&LINK[..], &COVARIANCES[..2]].concat());
    assert_eq!(one.status.code(), Some(2));
    let none = ["calibrate", "--model", "2pl", "--responses", "old_r.csv", "--se", "none"];
    let output = gradus(&folder, &[&none[..], &["--covariance", "none.csv"]].concat());
    assert_eq!(output.status.code(), Some(4));
    assert!(output.stdout.is_empty() && !folder.path().join("none.csv").exists());
}

#[test]
fn an_anchor_that_moved_is_flagged_and_contradicting_ones_are_said() {
    // Goal: --anchors --drift flags the moved anchor with about its shift and no other; anchors of
    // which half moved one way and half the other are flagged, the fit still converges. Method: the
    // old file's items as anchors for the new sample; and with difficulties shifted by ±1.5.
    let folder = calibrated();
    let fixed = ["calibrate", "--model", "2pl", "--responses", "new_r.csv", "--drift"];
    let result = json(&folder, &[&fixed[..], &["--anchors", "old.csv"]].concat());
    let rows = result["anchor_drift"].as_array().unwrap();
    assert_eq!(rows.len(), ITEMS);
    let flagged: Vec<&Value> = rows.iter().filter(|row| row["flag"] == true).collect();
    assert!(flagged.iter().any(|row| row["item"] == "i3"), "{rows:?}");
    assert!(flagged.len() <= 3, "{flagged:?}");
    assert!((rows[2]["shift"].as_f64().unwrap() - 1.0).abs() < 0.4, "{}", rows[2]);
    let mut text = "id,model,a,b\n".to_owned();
    for item in 0..ITEMS {
        let b = 0.3 * item as f64 - 1.6 + if item % 2 == 0 { 1.5 } else { -1.5 };
        writeln!(text, "i{},2pl,1.3,{b}", item + 1).unwrap();
    }
    std::fs::write(folder.path().join("against.csv"), text).unwrap();
    let result = json(&folder, &[&fixed[..], &["--anchors", "against.csv"]].concat());
    assert_eq!(result["converged"], true);
    let rows = result["anchor_drift"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["flag"] == true), "{rows:?}");
    let alone = gradus(&folder, &fixed);
    assert_eq!(alone.status.code(), Some(2), "--drift needs --anchors");
}
