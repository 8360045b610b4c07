//! Do `gradus calibrate` and `gradus link` give what others published, keep their contract, and say
//! what data cannot bear?

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name)
}

fn published(section: &str) -> Value {
    let text = std::fs::read_to_string(reference("published_tables.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()[section].clone()
}

fn folder(responses: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("r.csv"), responses).unwrap();
    folder
}

fn gradus(folder: &TempDir, arguments: &[&str]) -> Output {
    Command::cargo_bin("gradus")
        .unwrap()
        .current_dir(folder.path())
        .args(arguments)
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    let stderr = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"))
}

fn calibrate(folder: &TempDir, arguments: &[&str]) -> Value {
    let fixed = ["calibrate", "--format", "json", "--responses", "r.csv"];
    json(&gradus(folder, &[&fixed[..], arguments].concat()))
}

/// The people behind a table of patterns whose last number is a frequency.
fn people(patterns: &Value) -> String {
    let mut text = "i1,i2,i3,i4,i5\n".to_owned();
    for pattern in patterns.as_array().unwrap() {
        let numbers: Vec<u64> =
            pattern.as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
        let row: Vec<String> = numbers[..5].iter().map(u64::to_string).collect();
        for _ in 0..numbers[5] {
            writeln!(text, "{}", row.join(",")).unwrap();
        }
    }
    text
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect()
}

fn column(result: &Value, name: &str) -> Vec<f64> {
    result["items"].as_array().unwrap().iter().map(|item| item[name].as_f64().unwrap()).collect()
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (item, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= tolerance, "{what} {item}: {found} for {expected}");
    }
}

#[test]
fn lsat_tables_are_reproduced() {
    // Goal: log-likelihood within 1e-3, parameters within 3e-3, standard errors within 2 %. Method:
    // both LSAT sections against values recomputed at tight tolerance and printed by mirt and ltm.
    for section in ["LSAT6", "LSAT7"] {
        let table = published(section);
        let folder = folder(&people(&table["patterns"]));
        let result = calibrate(&folder, &["--model", "2pl"]);
        let known = &table["recomputed_2PL"];
        let log_likelihood = result["log_likelihood"].as_f64().unwrap();
        assert!((log_likelihood - known["logLik"].as_f64().unwrap()).abs() < 1e-3, "{section}");
        assert_eq!(result["converged"], true);
        assert_close(&column(&result, "a"), &numbers(&known["a"]), 3e-3, section);
        assert_close(&column(&result, "b"), &numbers(&known["b"]), 3e-3, section);
        let errors = column(&result, "se_a");
        for (found, known) in errors.iter().zip(numbers(&known["se_a"])) {
            assert!((found / known - 1.0).abs() < 0.02, "{section}: {found} for {known}");
        }
    }
}

#[test]
fn simulated_sets_are_as_mirt_has_them() {
    // Goal: agreement beyond toy sizes, 2PL and graded. Method: 20 × 2,000 and 40 × 5,000; mirt
    // stopped at its default tolerance, so ours must be at least as likely and close to it.
    let summary = std::fs::read_to_string(reference("sim/mirt_summary.json")).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    let empty = folder("");
    for (name, model, columns) in [
        ("s2pl_20x2000", "2pl", &["a", "b"][..]),
        ("sgrm_40x5000", "grm", &["a", "b1", "b2", "b3", "b4"][..]),
    ] {
        let responses = reference(&format!("sim/{name}_responses.csv.gz"));
        let arguments = ["calibrate", "--format", "json", "--se", "none", "--model", model];
        let responses = ["--responses", responses.to_str().unwrap()];
        let result = json(&gradus(&empty, &[&arguments[..], &responses].concat()));
        let theirs = summary[name]["log_likelihood_mirt_default_tol"].as_f64().unwrap();
        assert!(result["log_likelihood"].as_f64().unwrap() >= theirs - 1e-3, "{name}");
        let known = std::fs::read_to_string(reference(&format!("sim/{name}_mirt_coef.csv")));
        let known = table(&known.unwrap());
        for column_name in columns {
            // mirt's tolerance of 1e-4 a step leaves about 4e-3.
            assert_close(&column(&result, column_name), &known[*column_name], 4e-3, name);
        }
    }
}

/// The numeric columns of a CSV.
fn table(text: &str) -> BTreeMap<String, Vec<f64>> {
    let mut lines = text.lines();
    let names: Vec<String> =
        lines.next().unwrap().split(',').map(|name| name.trim_matches('"').to_owned()).collect();
    let mut columns: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for line in lines {
        for (name, cell) in names.iter().zip(line.split(',')) {
            if let Ok(value) = cell.parse() {
                columns.entry(name.clone()).or_default().push(value);
            }
        }
    }
    columns
}

#[test]
fn priors_anchors_and_groups_do_what_they_say() {
    // Goal: the options change what they name. Method: LSAT7 with a strong prior on b; with its own
    // parameters as anchors (the mean and SD of ability come back as 0 and 1); in two groups.
    let patterns = published("LSAT7")["patterns"].clone();
    let plain = folder(&people(&patterns));
    let free = calibrate(&plain, &["--model", "2pl", "-o", "items.csv"]);
    let strict = calibrate(&plain, &["--model", "2pl", "--priors", "b=normal(0,0.01)"]);
    assert!(column(&strict, "b").iter().all(|b| b.abs() < 0.2));
    assert!(strict["log_likelihood"].as_f64() < free["log_likelihood"].as_f64());
    let anchored = calibrate(&plain, &["--model", "2pl", "--anchors", "items.csv"]);
    assert_close(&column(&anchored, "a"), &column(&free, "a"), 1e-12, "anchors");
    assert!(anchored["latent"]["mean"].as_f64().unwrap().abs() < 5e-3);
    assert!((anchored["latent"]["sd"].as_f64().unwrap() - 1.0).abs() < 5e-3);
    let mut grouped = "person,group,i1,i2,i3,i4,i5\n".to_owned();
    for (person, line) in people(&patterns).lines().skip(1).enumerate() {
        let group = if person % 2 == 0 { "x" } else { "y" };
        writeln!(grouped, "p{person},{group},{line}").unwrap();
    }
    let grouped = folder(&grouped);
    let result = calibrate(&grouped, &["--model", "2pl", "--group", "group"]);
    let groups = result["groups"].as_array().unwrap();
    assert_eq!((&groups[0]["group"], groups[0]["mean"].as_f64()), (&"x".into(), Some(0.0)));
    // Every other person of a sorted table: two samples of the same people.
    assert!(groups[1]["mean"].as_f64().unwrap().abs() < 0.1);
}

#[test]
fn fit_of_lsat7_is_as_published() {
    // Goal: S-X² with its degrees of freedom, LD-X² and M2. Method: mirt's printed values, at the
    // digits they have.
    let table = published("LSAT7");
    let folder = folder(&people(&table["patterns"]));
    let result = calibrate(&folder, &["--model", "2pl", "--se", "none", "--tol", "1e-7", "--fit"]);
    let known = &table["published_2PL"];
    let fit = result["fit"].as_array().unwrap();
    let values = |name: &str| fit.iter().map(|row| row[name].as_f64().unwrap()).collect::<Vec<_>>();
    assert_close(&values("s_x2"), &numbers(&known["S_X2"]), 6e-3, "S-X²");
    assert_close(&values("df"), &numbers(&known["S_X2_df"]), 0.0, "df");
    for pair in result["pairs"].as_array().unwrap() {
        let place = |end: usize| pair["items"][end].as_str().unwrap().trim_start_matches('i');
        let expected = &known["LD_lower"][format!("i{}{}", place(1), place(0))];
        let found = pair["ld_x2"].as_f64().unwrap();
        // The published fit stopped at a wider tolerance; the pairs differ by up to .01.
        assert!((found - expected.as_f64().unwrap()).abs() < 0.015, "{pair} {expected}");
    }
    let m2 = result["model_fit"]["m2"].as_f64().unwrap();
    assert!((m2 - known["M2"][0].as_f64().unwrap()).abs() < 6e-3, "{m2}");
}

#[test]
fn a_moved_item_and_a_wrong_key_are_named() {
    // Goal: --dif and --choices reach their analyses. Method: LSAT7 in two groups of which one has
    // item 2 turned round; options of which the key is not what the able choose.
    let base = people(&published("LSAT7")["patterns"]);
    let (mut grouped, mut choices) = ("group,i1,i2,i3,i4,i5\n".to_owned(), String::new());
    for (row, line) in base.lines().enumerate() {
        let mut cells: Vec<&str> = line.split(',').collect();
        if row == 0 {
            writeln!(choices, "{line}").unwrap();
            continue;
        }
        let named = cells.iter().map(|cell| if *cell == "1" { "yes" } else { "no" });
        writeln!(choices, "{}", named.collect::<Vec<_>>().join(",")).unwrap();
        let focal = row % 2 == 0;
        if focal {
            cells[1] = if cells[1] == "1" { "0" } else { "1" };
        }
        writeln!(grouped, "{},{}", if focal { "f" } else { "r" }, cells.join(",")).unwrap();
    }
    let folder = folder(&grouped);
    std::fs::write(folder.path().join("c.csv"), choices).unwrap();
    let keys = "item,key\ni1,yes\ni2,no\ni3,yes\ni4,yes\ni5,yes\n";
    std::fs::write(folder.path().join("k.csv"), keys).unwrap();
    let result = calibrate(
        &folder,
        &["--model", "2pl", "--group", "group", "--dif", "--choices", "c.csv", "--keys", "k.csv"],
    );
    let dif = result["dif"].as_array().unwrap();
    assert_eq!(dif[1]["class"], "C");
    assert!(dif[1]["lr_p"].as_f64().unwrap() < 1e-6);
    let checks = result["key_check"].as_array().unwrap();
    assert_eq!(checks[1]["suspect"], "yes");
    assert!(checks[0]["suspect"].is_null());
}

#[test]
fn the_result_does_not_depend_on_threads() {
    // Goal: the same bits for one thread and two. Method: one calibration each, run facts aside.
    let folder = folder(&people(&published("LSAT6")["patterns"]));
    let mut results = ["1", "2"].map(|threads| {
        let mut result = calibrate(&folder, &["--model", "2pl", "--threads", threads]);
        result.as_object_mut().unwrap().remove("run");
        result
    });
    let second = results[1].take();
    assert_eq!(results[0], second);
}

#[test]
fn what_data_cannot_bear_is_said_and_the_rest_estimated() {
    // Goal: no silent loss. Method: LSAT7 with an item all right, one never asked, a copy, a person
    // without answers: exit 1, each named, the five others as they are without them.
    let base = people(&published("LSAT7")["patterns"]);
    let alone = calibrate(&folder(&base), &["--model", "2pl"]);
    let mut text = String::new();
    for (row, line) in base.lines().enumerate() {
        let third = line.split(',').nth(2).unwrap();
        match row {
            0 => writeln!(text, "{line},full,never,copy").unwrap(),
            _ => writeln!(text, "{line},1,,{third}").unwrap(),
        }
    }
    writeln!(text, ",,,,,,,").unwrap();
    let folder = folder(&text);
    let arguments = ["calibrate", "--responses", "r.csv", "--model", "2pl", "--format", "json"];
    let output = gradus(&folder, &arguments);
    assert_eq!(output.status.code(), Some(1));
    let result = json(&output);
    let left_out: Vec<&str> = result["left_out"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["why"].as_str().unwrap())
        .collect();
    assert_eq!(left_out, ["constant", "unanswered", "copy"]);
    assert_close(&column(&result, "a"), &column(&alone, "a"), 1e-6, "the rest");
    let said = String::from_utf8(output.stderr).unwrap();
    for part in ["item `full`: everybody scored 1", "`copy` has the same answers as `i3`", "`1001`"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    // Three people separate everything: no numbers are made up for them.
    let three = self::folder("i1,i2,i3\n0,0,1\n0,1,1\n1,1,0\n");
    let output = gradus(&three, &arguments);
    assert!(matches!(output.status.code(), Some(1 | 4)), "{output:?}");
    assert!(!output.stderr.is_empty());
}

#[test]
fn faulty_files_are_refused_with_their_place() {
    // Goal: file, line, column, exit 4, nothing written. Method: one fault each.
    let cases = [
        ("i1,i2\n0,2\n", "r.csv:2:3: score 2 is out of range 0 to 1"),
        ("i1,i2\n0\n", "r.csv:2:2: a row of 1"),
        ("i1,i1\n0,1\n", "r.csv:1:4: item `i1` stands there twice"),
        ("person,i1\na,0\na,1\n", "r.csv:3:1: person `a` stands there twice"),
    ];
    for (text, place) in cases {
        let folder = folder(text);
        let arguments = ["calibrate", "--responses", "r.csv", "--model", "2pl", "-o", "items.csv"];
        let output = gradus(&folder, &arguments);
        assert_eq!(output.status.code(), Some(4), "{text}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(place), "{said}");
        assert!(output.stdout.is_empty() && !folder.path().join("items.csv").exists());
    }
    let folder = folder("i1,i2\n0,1\n");
    let output = gradus(
        &folder,
        &["calibrate", "--responses", "r.csv", "--model", "2pl", "--priors", "b=beta(1,2)"],
    );
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn kolen_and_brennan_are_linked_and_equated() {
    // Goal: the published constants within 1e-4 and the equated scores to three decimals. Method:
    // their 36-item forms with 12 common items, and without item 27 at D = 1.7.
    let known = published("KB_linking");
    let common: Vec<u64> =
        known["common_items_1based"].as_array().unwrap().iter().filter_map(Value::as_u64).collect();
    let folder = folder("");
    for (form, name) in [("x", "form_X_new_abc"), ("y", "form_Y_old_abc")] {
        let mut text = "id,model,a,b,c\n".to_owned();
        for (place, row) in (1_u64..).zip(known[name].as_array().unwrap()) {
            let id = if common.contains(&place) { "c" } else { form };
            let row = numbers(row);
            writeln!(text, "{id}{place},3pl,{},{},{}", row[0], row[1], row[2]).unwrap();
        }
        std::fs::write(folder.path().join(format!("{form}.csv")), text).unwrap();
    }
    let link = |more: &[&str]| {
        let fixed = ["link", "--from", "x.csv", "--to", "y.csv", "--format", "json"];
        json(&gradus(&folder, &[&fixed[..], more].concat()))
    };
    for (method, name) in [("mm", "MM"), ("ms", "MS"), ("hb", "HB"), ("sl", "SL")] {
        let result = link(&["--method", method]);
        let found = [result["A"].as_f64().unwrap(), result["B"].as_f64().unwrap()];
        assert_close(&found, &numbers(&known["published_new_to_old"][name]), 1e-4, method);
        assert!(result["se_A"].as_f64().unwrap() > 0.0);
    }
    let result = link(&["--method", "ms", "--drop", "c27", "--D", "1.7", "--equate"]);
    let scores = result["equating"].as_array().unwrap();
    for row in known["true_score_equating"]["recomputed_7_to_35"].as_array().unwrap() {
        let row = numbers(row);
        let found = &scores[row[0] as usize];
        let found = [found["theta"].as_f64().unwrap(), found["equivalent"].as_f64().unwrap()];
        assert_close(&found, &row[1..], 6e-5, "equated scores");
    }
}
