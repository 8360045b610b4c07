//! Are long tests calibrated without bias, and sparse ones read and estimated as they should be?
//! Reduced and seeded; GRADUS_FULL=1 runs the stated sizes.

use std::fmt::Write as _;
use std::io::Write as _;

use assert_cmd::Command;
use gradus::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};
use serde_json::Value;
use tempfile::TempDir;

/// Simulated two-parameter answers in `r.csv`.
struct Simulated {
    folder: TempDir,
    /// (a, b) of each item.
    items: Vec<(f64, f64)>,
    /// Standard deviation of the drawn abilities around 0.
    spread: f64,
}

/// Everybody is asked `asked` items, evenly spread over all, from a place of their own.
fn simulate(items: usize, persons: u64, asked: usize) -> Simulated {
    let mut random = stream(81, 0, Purpose::Answer);
    let parameters: Vec<(f64, f64)> = (0..items)
        .map(|_| {
            let a = 1.2 * (0.3 * standard_normal(&mut random)).exp();
            (a, standard_normal(&mut random))
        })
        .collect();
    let names: Vec<String> = (0..items).map(|item| format!("i{item}")).collect();
    let mut text = format!("person,{}\n", names.join(","));
    let mut squares = 0.0;
    for person in 1..=persons {
        let mut random = stream(81, person, Purpose::Simulee);
        let theta = standard_normal(&mut random);
        squares += theta * theta;
        let first = (uniform(&mut random) * items as f64) as usize;
        write!(text, "p{person}").unwrap();
        for (item, (a, b)) in parameters.iter().enumerate() {
            let is_asked = ((item + items - first) % items) * asked % items < asked;
            let right = uniform(&mut random) < 1.0 / (1.0 + (-a * (theta - b)).exp());
            text += if !is_asked {
                ","
            } else if right {
                ",1"
            } else {
                ",0"
            };
        }
        text += "\n";
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("r.csv"), text).unwrap();
    Simulated { folder, items: parameters, spread: (squares / persons as f64).sqrt() }
}

fn calibrate(folder: &TempDir, responses: &str, more: &[&str]) -> Value {
    let fixed = ["calibrate", "--format", "json", "--model", "2pl", "--responses", responses];
    let output = Command::cargo_bin("gradus")
        .unwrap()
        .current_dir(folder.path())
        .args([&fixed[..], more].concat())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let mut result: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"));
    result.as_object_mut().unwrap().remove("run");
    result
}

fn column(result: &Value, name: &str) -> Vec<f64> {
    result["items"].as_array().unwrap().iter().map(|item| item[name].as_f64().unwrap()).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Errors of a on the scale of the drawn abilities, whose spread the estimates take for 1.
fn errors(result: &Value, data: &Simulated) -> Vec<f64> {
    let found = column(result, "a");
    found.iter().zip(&data.items).map(|(a, truth)| a / data.spread - truth.0).collect()
}

#[test]
fn long_tests_have_no_bias() {
    // Goal: slopes of long tests do not drift from their truth. Method: 120 items, 1,000 people:
    // the mean error of a within 4 of its Monte-Carlo errors (its spread over the items by the root of their
    // number); the abilities' drawn spread taken out, which alone moves every a alike by 1/√(2n).
    // GRADUS_FULL: 500 × 20,000, and then also |mean| ≤ .005 and RMSE ≤ .027.
    let full = std::env::var_os("GRADUS_FULL").is_some();
    let (items, persons) = if full { (500, 20_000) } else { (120, 1_000) };
    let data = simulate(items, persons, items);
    let result = calibrate(&data.folder, "r.csv", &["--se", "none"]);
    assert_eq!(result["outcome"], "converged");
    let errors = errors(&result, &data);
    let rmse = mean(&errors.iter().map(|e| e * e).collect::<Vec<_>>()).sqrt();
    let bound = 4.0 * rmse / (items as f64).sqrt();
    assert!(mean(&errors).abs() <= bound, "{} over {bound}", mean(&errors));
    assert!(!full || (mean(&errors).abs() <= 0.005 && rmse <= 0.027), "{rmse}");
}

#[test]
fn sparse_answers_are_read_however_they_are_written() {
    // Goal: a stream of rows with gaps gives the same result whatever stands in the gaps, packed or
    // not, quoted or not, and its estimates err as their standard errors say. Method: 60 items, 1,500
    // people with 15 answers each; 3 √(1/(2 · 60)) around 1 for the root mean square of error over
    // standard error, twice that for what the items share.
    let data = simulate(60, 1_500, 15);
    let result = calibrate(&data.folder, "r.csv", &[]);
    assert_eq!(result["answers"], 1_500 * 15);
    let ratios: Vec<f64> = errors(&result, &data)
        .iter()
        .zip(column(&result, "se_a"))
        .map(|(error, standard)| (error / standard).powi(2))
        .collect();
    let rms = mean(&ratios).sqrt();
    assert!((rms - 1.0).abs() <= 6.0 * (1.0_f64 / 120.0).sqrt(), "{rms}");
    let folder = &data.folder;
    let text = std::fs::read_to_string(folder.path().join("r.csv")).unwrap();
    let spelled: String = text
        .lines()
        .map(|line| {
            let cells: Vec<String> = line
                .split(',')
                .map(|cell| if cell.is_empty() { "NA".to_owned() } else { format!("\"{cell}\"") })
                .collect();
            cells.join(",") + "\r\n"
        })
        .collect();
    std::fs::write(folder.path().join("spelled.csv"), spelled).unwrap();
    assert_eq!(calibrate(folder, "spelled.csv", &[]), result);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    std::fs::write(folder.path().join("packed.csv.gz"), packed.finish().unwrap()).unwrap();
    assert_eq!(calibrate(folder, "packed.csv.gz", &[]), result);
}
