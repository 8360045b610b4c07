//! What `gradus simulate` prints: one JSON object, a table by person, or a table for people.

use serde_json::{Map, Value, json};

use super::{Finished, Ran};
use crate::cli::items_csv::ItemTable;
use crate::cli::output::{csv_line, csv_number, finite, print, print_json};
use crate::cli::{CliError, Exit};
use crate::psychometrics::simulation::Summary;

/// The schema's name in JSON.
const SCHEMA: &str = "gradus.simulate/1";

/// The object of the contract; with `--compare` the other rules' objects in `compare`.
pub fn json(items: &ItemTable, finished: &Finished) -> Result<Exit, CliError> {
    let mut object = Map::new();
    object.insert("schema".to_owned(), json!(SCHEMA));
    object.insert("seed".to_owned(), json!(finished.seed));
    object.insert("items".to_owned(), json!(items.items().len()));
    object.extend(figures(&finished.runs[0]));
    if finished.runs.len() > 1 {
        let others: Vec<Value> =
            finished.runs[1..].iter().map(|ran| Value::Object(figures(ran))).collect();
        object.insert("compare".to_owned(), Value::Array(others));
    }
    let wall_s = finished.wall.as_secs_f64();
    let tests = finished.runs.len() * finished.persons.len();
    let run = json!({
        "wall_s": wall_s, "cpu_s": finished.cpu_s, "threads": finished.threads,
        "examinees_per_s": finite(tests as f64 / wall_s),
    });
    object.insert("run".to_owned(), run);
    print_json(&object)
}

/// The figures of one design. What needs the truth is null without it.
fn figures(ran: &Ran) -> Map<String, Value> {
    let Summary { examinees, length, mean_se, precision, exposure, classification } = &ran.summary;
    let precise = precision.as_ref();
    let by_length: Vec<Value> = precise
        .iter()
        .flat_map(|p| &p.by_length)
        .map(|at| json!({"n": at.n, "rmse": at.rmse, "bound_rmse": at.bound_rmse}))
        .collect();
    let classification = classification.map(|c| {
        json!({
            "accuracy": c.accuracy, "far_accuracy": c.far_accuracy,
            "two_level_errors": c.two_level_errors, "kappa": c.kappa, "ece": c.ece,
        })
    });
    let design = &ran.design;
    let object = json!({
        "examinees": examinees, "rule": ran.rule, "criterion": design.criterion.name(),
        "estimator": design.estimator.method().name(), "prior": design.estimator.prior().to_string(),
        "exposure_rule": design.exposure.to_string(),
        "cuts": design.cuts.iter().map(|cut| cut.theta).collect::<Vec<f64>>(),
        "length_min": design.length_min, "length_max": design.length_max,
        "length": {"mean": length.mean, "sd": length.sd, "min": length.min, "max": length.max},
        "bias": precise.map(|p| p.bias), "rmse": precise.map(|p| p.rmse),
        "mean_se": finite(*mean_se), "coverage90": precise.map(|p| p.coverage90),
        "bound_rmse": precise.map(|p| p.bound_rmse), "by_length": by_length,
        "exposure": {
            "max": exposure.max, "overlap": exposure.overlap, "unused_share": exposure.unused_share,
        },
        "classification": classification, "roles": null,
    });
    match object {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// A row a person.
pub fn csv(ran: &Ran, persons: &[String]) -> Result<Exit, CliError> {
    let mut text = csv_line(["person", "truth", "theta", "se", "n", "stopped"]);
    for (person, test) in persons.iter().zip(&ran.tests) {
        let stopped = test.stopped.to_string();
        let (theta, se) = (test.estimate.theta, test.estimate.standard_error);
        text += &csv_line([
            person.as_str(),
            &csv_number(test.truth),
            &theta.to_string(),
            &csv_number(finite(se)),
            &test.items.len().to_string(),
            &stopped,
        ]);
    }
    print(&text)
}

/// A line a rule.
pub fn text(items: &ItemTable, finished: &Finished) -> Result<Exit, CliError> {
    let people = finished.persons.len();
    let mut text = format!(
        "{people} examinees, {} items, seed {}: simulated evidence about the rules, not the items\n\n",
        items.items().len(),
        finished.seed
    );
    let wide = finished.runs.iter().map(|ran| ran.rule.chars().count()).max().unwrap_or(0).max(4);
    text += &format!(
        "{:<wide$}  {:>6}  {:>6}  {:>6}  {:>6}  {:>6}  {:>8}  {:>7}  {:>6}  {:>5}\n",
        "rule", "length", "rmse", "bound", "se", "cover", "most", "overlap", "unused", "right"
    );
    for ran in &finished.runs {
        let Summary { length, mean_se, precision, exposure, classification, .. } = &ran.summary;
        let known =
            |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.3}"));
        let precise = precision.as_ref();
        text += &format!(
            "{:<wide$}  {:>6.1}  {:>6}  {:>6}  {:>6.3}  {:>6}  {:>8.3}  {:>7.3}  {:>6.3}  {:>5}\n",
            ran.rule,
            length.mean,
            known(precise.map(|p| p.rmse)),
            known(precise.map(|p| p.bound_rmse)),
            mean_se,
            known(precise.map(|p| p.coverage90)),
            exposure.max,
            exposure.overlap,
            exposure.unused_share,
            known(classification.as_ref().map(|c| c.accuracy)),
        );
    }
    text += "\nrmse and bound: error of the estimate, and the least possible; most: largest share \
             of people that saw one item\n";
    print(&text)
}
