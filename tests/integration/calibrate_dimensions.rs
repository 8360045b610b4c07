//! Does `gradus calibrate --model mirt` keep its contract, say what it cannot do, and recover what
//! answers were simulated from?

use std::fmt::Write as _;
use std::process::Output;

use assert_cmd::Command;
use gradus::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};
use serde_json::Value;
use tempfile::TempDir;

/// Simulated answers: correlations r_kl = l_k l_l of one common factor, from .3 to .7.
struct Truth {
    loads: Vec<f64>,
    /// Of each item: dimension, a, b.
    items: Vec<(usize, f64, f64)>,
}

fn logistic(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// Writes `r.csv` and `dims.csv`.
fn simulate(folder: &TempDir, dimensions: usize, size: usize, persons: u64) -> Truth {
    let last = (dimensions.max(2) - 1) as f64;
    let loads: Vec<f64> = (0..dimensions).map(|k| (0.3 + 0.4 * k as f64 / last).sqrt()).collect();
    let mut random = stream(62, 0, Purpose::Answer);
    let items: Vec<(usize, f64, f64)> = (0..dimensions * size)
        .map(|item| {
            let a = 1.2 * (0.3 * standard_normal(&mut random)).exp();
            (item % dimensions, a, standard_normal(&mut random))
        })
        .collect();
    let names: Vec<String> = (0..items.len()).map(|item| format!("i{item}")).collect();
    let mut text = format!("{}\n", names.join(","));
    for person in 1..=persons {
        let mut random = stream(62, person, Purpose::Simulee);
        let common = standard_normal(&mut random);
        let theta: Vec<f64> = loads
            .iter()
            .map(|l| l * common + (1.0 - l * l).sqrt() * standard_normal(&mut random))
            .collect();
        let row: Vec<&str> = items
            .iter()
            .map(|(k, a, b)| {
                let right = uniform(&mut random) < logistic(a * (theta[*k] - b));
                if right { "1" } else { "0" }
            })
            .collect();
        writeln!(text, "{}", row.join(",")).unwrap();
    }
    std::fs::write(folder.path().join("r.csv"), text).unwrap();
    let mut text = "item,dim\n".to_owned();
    for (name, (k, _, _)) in names.iter().zip(&items) {
        writeln!(text, "{name},topic{k}").unwrap();
    }
    std::fs::write(folder.path().join("dims.csv"), text).unwrap();
    Truth { loads, items }
}

fn gradus(folder: &TempDir, arguments: &[&str]) -> Output {
    Command::cargo_bin("gradus")
        .unwrap()
        .current_dir(folder.path())
        .args(arguments)
        .output()
        .unwrap()
}

const MIRT: [&str; 9] = [
    "calibrate",
    "--format",
    "json",
    "--responses",
    "r.csv",
    "--model",
    "mirt",
    "--dims",
    "dims.csv",
];

fn calibrate(folder: &TempDir, more: &[&str]) -> Value {
    let output = gradus(folder, &[&MIRT[..], more].concat());
    let stderr = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"))
}

fn rms(values: &[f64]) -> f64 {
    (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64).sqrt()
}

/// Errors of the correlations, of a and of b.
fn errors(result: &Value, truth: &Truth) -> [Vec<f64>; 3] {
    let mut correlations = Vec::new();
    for (k, left) in truth.loads.iter().enumerate() {
        for (l, right) in truth.loads.iter().enumerate().take(k) {
            correlations.push(result["correlations"][k][l].as_f64().unwrap() - left * right);
        }
    }
    let items = result["items"].as_array().unwrap().iter().zip(&truth.items);
    let of = |name: &str, pick: &dyn Fn(&(usize, f64, f64)) -> f64| {
        items.clone().map(|(item, truth)| item[name].as_f64().unwrap() - pick(truth)).collect()
    };
    [correlations, of("a", &|t| t.1), of("b", &|t| t.2)]
}

#[test]
fn correlations_and_items_are_recovered() {
    // Goal: correlations, a and b near the truth. Method: 3 × 10 items, 1,000 people; under
    // GRADUS_FULL 5 × 20 and 5,000, where the correlations' RMSE is at most .02 (their standard
    // errors are about .014). Each correlation within 4 of its standard errors; the RMSE of a and b
    // over the root mean square of their standard errors: 1, with room for items that share people.
    let full = std::env::var_os("GRADUS_FULL").is_some();
    let (dimensions, size, persons) = if full { (5, 20, 5_000) } else { (3, 10, 1_000) };
    let folder = tempfile::tempdir().unwrap();
    let truth = simulate(&folder, dimensions, size, persons);
    let result = calibrate(&folder, &[]);
    assert_eq!(result["outcome"], "converged");
    assert_eq!(result["log_likelihood_method"], "expectation-propagation");
    assert_eq!(result["se_method"], "cross-product");
    assert_eq!(result["dimensions"][1], "topic1");
    assert_eq!(result["items"][1]["dim"], "topic1");
    let [correlations, a, b] = errors(&result, &truth);
    assert!(!full || rms(&correlations) <= 0.02, "{correlations:?}");
    let mut place = 0;
    for k in 0..dimensions {
        for l in 0..k {
            let error = result["se_correlations"][k][l].as_f64().unwrap();
            assert!((correlations[place] / error).abs() < 4.0, "{k} {l}: {}", correlations[place]);
            place += 1;
        }
    }
    for (name, errors) in [("se_a", a), ("se_b", b)] {
        let items = result["items"].as_array().unwrap();
        let standard: Vec<f64> = items.iter().map(|item| item[name].as_f64().unwrap()).collect();
        let ratio = rms(&errors) / rms(&standard);
        assert!((0.6..1.5).contains(&ratio), "{name}: {ratio}");
    }
    let gradient = result["gradient_norm"].as_f64().unwrap();
    assert!(gradient < 1e-3 * persons as f64, "{gradient}");
}

#[test]
fn threads_and_the_order_of_dimensions_change_nothing() {
    // Goal: the same bits for one thread and two, and the same estimates whichever dimension the
    // file names first. Method: 2 × 4 items, 300 people; the file of dimensions turned round, at a
    // tolerance that leaves 1e-5.
    let folder = tempfile::tempdir().unwrap();
    simulate(&folder, 2, 4, 300);
    let run = |threads: &str| {
        let mut result = calibrate(&folder, &["--threads", threads, "--tol", "1e-7"]);
        result.as_object_mut().unwrap().remove("run");
        result
    };
    let one = run("1");
    assert_eq!(one, run("2"));
    let text = std::fs::read_to_string(folder.path().join("dims.csv")).unwrap();
    let mut lines: Vec<&str> = text.lines().skip(1).collect();
    lines.reverse();
    let turned = format!("item,dim\n{}\n", lines.join("\n"));
    std::fs::write(folder.path().join("dims.csv"), turned).unwrap();
    let other = run("2");
    assert_eq!(other["dimensions"][0], "topic1");
    let close = |path: &dyn Fn(&Value) -> f64| (path(&one) - path(&other)).abs() < 1e-5;
    assert!(close(&|r| r["correlations"][0][1].as_f64().unwrap()));
    assert!(close(&|r| r["items"][0]["a"].as_f64().unwrap()));
}

#[test]
fn parameters_are_written_with_their_topics() {
    // Goal: -o writes a parameter file that other commands read, a topic a dimension; CSV and text
    // name the dimensions. Method: write, score with it, and read the tables.
    let folder = tempfile::tempdir().unwrap();
    simulate(&folder, 2, 4, 300);
    let output = gradus(&folder, &[&MIRT[..], &["-o", "items.csv"]].concat());
    assert_eq!(output.status.code(), Some(0));
    let items = std::fs::read_to_string(folder.path().join("items.csv")).unwrap();
    assert!(items.starts_with("id,model,topic,a,b,c,d,se_a,"), "{items}");
    assert!(items.contains("\ni1,2pl,topic1,"), "{items}");
    let scored = gradus(
        &folder,
        &["score", "--items", "items.csv", "--responses", "r.csv", "--format", "json"],
    );
    assert_eq!(scored.status.code(), Some(0), "{}", String::from_utf8_lossy(&scored.stderr));
    let text = gradus(
        &folder,
        &["calibrate", "--responses", "r.csv", "--model", "mirt", "--dims", "dims.csv"],
    );
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("expectation propagation") && text.contains("topic1 "), "{text}");
}

#[test]
fn what_cannot_be_is_refused_with_its_place() {
    // Goal: exit 2 for options that do not go together, 4 with file, line and column for a faulty
    // table, and nothing on stdout. Method: one of each.
    let folder = tempfile::tempdir().unwrap();
    simulate(&folder, 2, 3, 60);
    let refused = |dims: &str, arguments: &[&str], code: i32, said: &str| {
        std::fs::write(folder.path().join("dims.csv"), dims).unwrap();
        let output = gradus(&folder, arguments);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(stderr.contains(said), "{stderr}");
        assert!(output.stdout.is_empty());
    };
    let whole = "item,dim\ni0,x\ni1,y\ni2,x\ni3,y\ni4,x\ni5,y\n";
    refused(whole, &MIRT[..7], 2, "--model mirt needs --dims");
    refused(whole, &[&MIRT[..], &["--fit"]].concat(), 2, "--fit is for models of one ability");
    let wrong_model = ["calibrate", "--responses", "r.csv", "--model", "2pl", "--dims", "dims.csv"];
    refused(whole, &wrong_model, 2, "--dims is for --model mirt");
    refused("id,dim\n", &MIRT, 4, "dims.csv:1:1: the header is not item,dim");
    refused("item,dim\ni0,x\ni0,y\n", &MIRT, 4, "dims.csv:3:1: item `i0` stands there twice");
    refused("item,dim\ni0,\n", &MIRT, 4, "dims.csv:2:4: item `i0` has no dimension");
    refused("item,dim\ni0,x\ni1,x\n", &MIRT, 4, "dims.csv: item `i2` has no row");
    let lonely = whole.replace("i5,y", "i5,z");
    refused(&lonely, &MIRT, 4, "dimension `z` has 1 item to estimate; it needs two");
}

#[test]
fn a_bifactor_model_says_how_much_is_general() {
    // Goal: --bifactor adds its figures and changes nothing else. Method: 3 × 5 items, 500 people,
    // abilities that correlate by .5 on average: the share of the general factor is about that
    // correlation, here within .2; with and without the option, the rest alike.
    let folder = tempfile::tempdir().unwrap();
    simulate(&folder, 3, 5, 500);
    let plain = calibrate(&folder, &["--se", "none"]);
    let mut result = calibrate(&folder, &["--se", "none", "--bifactor", "--tol", "1e-3"]);
    let found = result["bifactor"].take();
    assert_eq!(found["converged"], true);
    let number = |name: &str| found[name].as_f64().unwrap();
    assert!((number("ecv") - 0.5).abs() < 0.2, "{}", number("ecv"));
    assert!(number("omega_h") > 0.4 && number("omega_h") < number("omega"));
    assert!((number("puc") - (1.0 - 30.0 / 105.0)).abs() < 1e-12);
    assert_eq!(found["dimensions"].as_array().unwrap().len(), 3);
    assert_eq!(found["items"][4]["dim"], "topic1");
    assert!(found["items"][4]["a_general"].as_f64().unwrap() > 0.0);
    // Correlated abilities with one common factor are a special bifactor model, with slopes in
    // proportion within a dimension: its maximum is at least as high, but for the coarser nodes.
    let both = [number("log_likelihood"), plain["log_likelihood"].as_f64().unwrap()];
    assert!(both[0] > both[1] - 0.5, "{both:?}");
}
