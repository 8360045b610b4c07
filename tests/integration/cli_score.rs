//! Do `gradus score` and `gradus select` keep their contract: names, numbers, refusals?

use std::path::PathBuf;
use std::process::Output;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

const ITEMS: &str = "id,model,a,b,c,d,b1,b2,a1,c1\n\
    i1,2pl,1.2,-0.5,,,,,,\n\
    i2,3pl,1.5,0.4,0.2,,,,,\n\
    i3,grm,0.9,,,,-1,1,,\n\
    i4,nrm,,,,,,,0.8,0.1\n\
    i5,2pl,1.2,-0.5,,,,,,\n";

const RESPONSES: &str = "person,i1,i2,i3,i4\n\
    ann,1,0,2,1\n\
    bob,0,0,NA,\n\
    cid,,,,\n\
    \"dee, d\",1,1,2,1\n";

/// A folder with `items.csv` and `r.csv`.
fn folder(items: &str, responses: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("items.csv"), items).unwrap();
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

fn score(folder: &TempDir, more: &[&str]) -> Output {
    let fixed = ["score", "--items", "items.csv", "--responses", "r.csv"];
    gradus(folder, &[&fixed[..], more].concat())
}

fn object(output: &Output) -> Value {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn scores_have_the_contracts_fields() {
    // Goal: the JSON of `gradus score`. Method: a mixed file with gaps; the numbers of a person
    // without answers are the prior's.
    let folder = folder(ITEMS, RESPONSES);
    let scores = object(&score(&folder, &["--format", "json"]));
    assert_eq!(scores["schema"], "gradus.score/1");
    assert_eq!(scores["method"], "eap");
    assert_eq!(scores["prior"], "normal:0,1");
    assert_eq!(scores["grid"], json!([-6.0, 6.0, 121]));
    assert_eq!(scores["D"], 1.0);
    let persons = scores["persons"].as_array().unwrap();
    let names: Vec<&Value> = persons.iter().map(|person| &person["person"]).collect();
    assert_eq!(names, ["ann", "bob", "cid", "dee, d"]);
    assert_eq!(persons.iter().map(|p| p["n"].as_u64().unwrap()).collect::<Vec<_>>(), [4, 2, 0, 4]);
    let cid = &persons[2];
    assert!(cid["theta"].as_f64().unwrap().abs() < 1e-12);
    assert!((cid["se"].as_f64().unwrap() - 1.0).abs() < 1e-6);
    assert_eq!((&cid["log_likelihood"], &cid["bounded"]), (&json!(0.0), &json!(false)));
    let thetas: Vec<f64> = persons.iter().map(|p| p["theta"].as_f64().unwrap()).collect();
    assert!(thetas[3] > thetas[0] && thetas[0] > thetas[1], "{thetas:?}");
}

#[test]
fn text_is_csv() {
    // Goal: `person,theta,se,n` under both names, ids quoted, unknown cells empty. Method: ML,
    // which has nothing to say of somebody who answered nothing.
    let folder = folder(ITEMS, RESPONSES);
    let plain = text(&score(&folder, &["--method", "ml"]));
    assert_eq!(plain, text(&score(&folder, &["--method", "ml", "--format", "csv"])));
    let lines: Vec<&str> = plain.lines().collect();
    assert_eq!(lines[0], "person,theta,se,n");
    assert_eq!(lines[3], "cid,,,0");
    assert!(lines[4].starts_with("\"dee, d\",6,"), "all best answers: {}", lines[4]);
    let scores = object(&score(&folder, &["--method", "ml", "--format", "json"]));
    assert_eq!(scores["persons"][2]["theta"], Value::Null);
    assert_eq!(scores["persons"][3]["bounded"], true);
}

#[test]
fn every_method_takes_every_option() {
    // Goal: options without use are ignored, never refused. Method: all methods with all options,
    // and a packed file, which scores the same.
    use std::io::Write;
    let folder = folder(ITEMS, RESPONSES);
    let options = ["--grid", "-4,4,33", "--range", "-4,4", "--prior", "normal:0,2", "--D", "1.7"];
    for method in ["eap", "map", "ml", "wl"] {
        let arguments = [&["--format", "json", "--method", method][..], &options].concat();
        let scores = object(&score(&folder, &arguments));
        assert_eq!(scores["method"], method);
        assert_eq!((&scores["D"], &scores["prior"]), (&json!(1.7), &json!("normal:0,2")));
    }
    let plain = text(&score(&folder, &[]));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(RESPONSES.as_bytes()).unwrap();
    std::fs::write(folder.path().join("r.csv.gz"), packed.finish().unwrap()).unwrap();
    let from_packed =
        gradus(&folder, &["score", "--items", "items.csv", "--responses", "r.csv.gz"]);
    assert_eq!(text(&from_packed), plain);
}

#[test]
fn columns_that_are_no_items_are_left_out() {
    // Goal: --group and --ignore name columns that are not scored; a name that the file does not
    // have is a mistake. Method: the same scores with two more columns of text; an unknown name.
    let more = "person,sex,i1,i2,note,i3,i4\n\
        ann,f,1,0,late,2,1\n\
        bob,m,0,0,,NA,\n\
        cid,f,,,,,\n\
        \"dee, d\",m,1,1,\"a, b\",2,1\n";
    let plain = text(&score(&folder(ITEMS, RESPONSES), &[]));
    let folder = folder(ITEMS, more);
    assert_eq!(text(&score(&folder, &["--group", "sex", "--ignore", "note"])), plain);
    assert_eq!(text(&score(&folder, &["--ignore", "note,sex"])), plain);
    let refused = score(&folder, &["--group", "sex"]);
    assert_eq!(refused.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("r.csv:1:18: item `note`"));
    let unknown = score(&folder, &["--group", "sex", "--ignore", "note,age"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("no column `age`"));
}

#[test]
fn the_end_of_a_uniform_prior_counts_wherever_rounding_puts_it() {
    // Goal: a grid's point at the prior's end is inside, though 2.2 and the grid's point differ in
    // the last digit. Method: no answers, so that the mean is that of the points: of -6 to 6 by
    // .2, those from -1 to 2.2 have the mean .6.
    let folder = folder(ITEMS, RESPONSES);
    let options = ["--grid", "-6,6,61", "--prior", "uniform:-1,2.2", "--format", "json"];
    let scores = object(&score(&folder, &options));
    assert!((scores["persons"][2]["theta"].as_f64().unwrap() - 0.6).abs() < 1e-12);
}

#[test]
fn faulty_files_are_refused_with_their_place() {
    // Goal: exit 4, the place on stderr, nothing on stdout. Method: the faults of the contract.
    let cases = [
        (ITEMS, "person,i1\nann,1\nann,0\n", "r.csv:3:1:"),
        (ITEMS, "i1,i1\n1,1\n", "r.csv:1:4:"),
        (ITEMS, "i1,i3\n1,3\n", "r.csv:2:3:"),
        (ITEMS, "i1,zz\n1,1\n", "r.csv:1:4:"),
        (ITEMS, "i1,i2\n1\n", "r.csv:2:2:"),
        ("id,model,a,b\ni1,2pl,1,0\ni1,2pl,1,0\n", "i1\n1\n", "items.csv:3:1:"),
        ("id,model,a,b\ni1,2pl,-1,0\n", "i1\n1\n", "items.csv:2:8:"),
        ("id,model,b,c,d\ni1,4pl,0,0.5,0.5\n", "i1\n1\n", "items.csv:2:10:"),
        ("id,model,a,b1,b2\ni1,grm,1,1,0\n", "i1\n1\n", "items.csv:2:12:"),
    ];
    for (items, responses, place) in cases {
        let folder = folder(items, responses);
        let output = score(&folder, &["--format", "json"]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{place} {errors}");
        assert!(errors.contains(place), "{place} not in {errors}");
        assert!(errors.contains("\n  help: "), "{errors}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn usage_and_missing_files_have_their_exits() {
    // Goal: 2 for what cannot be understood, 3 for what does not exist. Method: one of each.
    let folder = folder(ITEMS, RESPONSES);
    let exit = |arguments: &[&str]| score(&folder, arguments).status.code();
    assert_eq!(exit(&["--format", "html"]), Some(2));
    assert_eq!(exit(&["--method", "mode"]), Some(2));
    assert_eq!(exit(&["--grid", "4,-4,33"]), Some(2));
    assert_eq!(exit(&["--prior", "normal:0,0"]), Some(2));
    assert_eq!(exit(&["--prior", "uniform:8,9"]), Some(2));
    let missing = gradus(&folder, &["score", "--items", "no.csv", "--responses", "r.csv"]);
    assert_eq!(missing.status.code(), Some(3));
}

#[test]
fn threads_change_nothing() {
    // Goal: the same bytes on one and two threads. Method: two thousand persons.
    let row = |i: u32| format!("{},{},{},{}\n", i % 2, i / 2 % 2, i % 3, i / 7 % 2);
    let responses = "i1,i2,i3,i4\n".to_owned() + &(0..2_000).map(row).collect::<String>();
    let folder = folder(ITEMS, &responses);
    let with = |threads: &str, method: &str| {
        let mut command = Command::cargo_bin("gradus").unwrap();
        command.current_dir(folder.path()).env("RAYON_NUM_THREADS", threads);
        command.args(["score", "--items", "items.csv", "--responses", "r.csv", "--method", method]);
        command.output().unwrap().stdout
    };
    for method in ["eap", "wl"] {
        let one = with("1", method);
        assert_eq!(one.iter().filter(|byte| **byte == b'\n').count(), 2_001);
        assert!(one == with("2", method));
    }
}

fn select(folder: &TempDir, more: &[&str]) -> Output {
    gradus(folder, &[&["select", "--items", "items.csv", "--format", "json"], more].concat())
}

#[test]
fn selections_have_the_contracts_fields() {
    // Goal: the JSON of `gradus select` for all criteria. Method: a mixed file without items that
    // lack a difficulty; the item named is the best of the values, the earlier row of equals.
    let items = "id,model,a,b,c\ni1,2pl,1.2,-0.5,\ni2,3pl,1.5,0.4,0.2\ni3,2pl,1.1,0.1,\n\
                 i4,2pl,1.2,-0.5,\n";
    let folder = folder(items, "");
    for criterion in ["mfi", "urry", "mlwi", "mpwi", "kl", "klp", "mei", "mepv", "gdi", "gdip"] {
        let arguments = ["--administered", "i3:1", "--criterion", criterion, "--all"];
        let selection = object(&select(&folder, &arguments));
        assert_eq!(selection["schema"], "gradus.select/1");
        assert_eq!(selection["criterion"], criterion);
        assert!(selection["theta"].as_f64().unwrap() > 0.0);
        let values = selection["values"].as_object().unwrap();
        assert_eq!(values.keys().collect::<Vec<_>>(), ["i1", "i2", "i4"]);
        assert_eq!(values["i1"], values["i4"]);
        let sense = if ["urry", "mepv"].contains(&criterion) { -1.0 } else { 1.0 };
        let of = |id: &str| sense * values[id].as_f64().unwrap();
        let best = if of("i2") > of("i1") { "i2" } else { "i1" };
        assert_eq!(selection["item"], best, "{criterion}");
        assert_eq!(selection["value"], values[best]);
    }
}

#[test]
fn abilities_given_are_used_as_they_are() {
    // Goal: `--theta` is T, and its default the posterior mean. Method: information at T; an empty
    // list, whose mean is the prior's; `values` only on request.
    let folder = folder("id,model,b\ni1,1pl,-1\ni2,1pl,1.5\n", "");
    let at = object(&select(&folder, &["--theta", "-1", "--administered", ""]));
    assert_eq!(
        (&at["item"], &at["value"], &at["theta"]),
        (&json!("i1"), &json!(0.25), &json!(-1.0))
    );
    assert_eq!(at.get("values"), None);
    let mean = object(&select(&folder, &[]));
    assert!(mean["theta"].as_f64().unwrap().abs() < 1e-12);
    let none = object(&select(&folder, &["--administered", "i1:1,i2:0"]));
    assert_eq!((&none["item"], &none["value"]), (&Value::Null, &Value::Null));
}

#[test]
fn reference_criteria_come_through_the_command_line() {
    // Goal: the program, not only the library, reproduces catR. Method: bank A4 with items 6 and
    // 4 answered, catR's grid, T and method; the values and picks of the golden file.
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference/golden_cat.json");
    let golden: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let case = |id: &str| {
        let cases = golden["cases"].as_array().unwrap();
        cases.iter().find(|case| case["id"] == id).unwrap().clone()
    };
    let row = |(index, row): (usize, &Value)| {
        format!("i{},4pl,{},{},{},{}\n", index + 1, row[0], row[1], row[2], row[3])
    };
    let rows: String =
        golden["banks"]["A4"].as_array().unwrap().iter().enumerate().map(row).collect();
    let folder = folder(&format!("id,model,a,b,c,d\n{rows}"), "");
    let expected = case("crit-A4-values");
    for (name, criterion) in [
        ("MFI", "mfi"),
        ("MLWI", "mlwi"),
        ("MPWI", "mpwi"),
        ("KL", "kl"),
        ("KLP", "klp"),
        ("GDI", "gdi"),
        ("GDIP", "gdip"),
        ("EPV", "mepv"),
        ("MEI_observed", "mei"),
    ] {
        let selection = object(&select(
            &folder,
            &[
                "--administered",
                "i6:0,i4:1",
                "--theta",
                "-0.356449398522",
                "--grid",
                "-4,4,33",
                "--criterion",
                criterion,
                "--estimator",
                "map",
                "--all",
            ],
        ));
        let values = expected["expected"][name].as_array().unwrap();
        for (item, value) in expected["inputs"]["remaining"].as_array().unwrap().iter().zip(values)
        {
            let found = selection["values"][format!("i{item}")].as_f64().unwrap();
            assert!((found - value.as_f64().unwrap()).abs() < 5e-6, "{name} of {item}: {found}");
        }
    }
}

#[test]
fn what_cannot_be_selected_is_refused() {
    // Goal: exits 2 and 3. Method: an unknown item, a bad pair, a bad score, a repeated item, a
    // criterion that graded items do not have.
    let folder = folder(ITEMS, "");
    let exit = |arguments: &[&str]| select(&folder, arguments).status.code();
    assert_eq!(exit(&["--administered", "zz:1"]), Some(3));
    assert_eq!(exit(&["--administered", "i1"]), Some(2));
    assert_eq!(exit(&["--administered", "i1:2"]), Some(2));
    assert_eq!(exit(&["--administered", "i1:1,i1:0"]), Some(2));
    assert_eq!(exit(&["--criterion", "urry"]), Some(2));
    assert_eq!(exit(&["--theta", "nan"]), Some(2));
}
