//! Does the engine give the numbers that others published or computed? Every case of
//! `tests/reference` is run; the values that are left out are counted.

mod choices;
mod estimates;
mod models;
mod published;
mod several_abilities;
mod stops;

use std::collections::BTreeMap;

use gradus::psychometrics::estimation::Answer;
use gradus::psychometrics::irt::ItemModel;
use gradus::psychometrics::numeric::quadrature::Grid;
use serde_json::Value;

/// A case that was run.
enum Outcome {
    /// Its kind, and how many of its values the engine has no counterpart for.
    Ran(&'static str, usize),
}

/// One case: its inputs, what is expected, and the differences found.
struct Case<'a> {
    id: &'a str,
    function: &'a str,
    inputs: &'a Value,
    expected: &'a Value,
    banks: &'a Value,
    compared: usize,
    differences: Vec<String>,
}

impl<'a> Case<'a> {
    /// Compares one number.
    fn close(&mut self, what: &str, found: f64, expected: &Value, tolerance: f64) {
        self.compared += 1;
        let expected = number(expected);
        if found.is_nan() || (found - expected).abs() > tolerance {
            let id = self.id;
            self.differences.push(format!("{id} {what}: {found} for {expected} ± {tolerance:e}"));
        }
    }

    /// Compares two things that must be the same.
    fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, found: T, expected: T) {
        self.compared += 1;
        if found != expected {
            let id = self.id;
            self.differences.push(format!("{id} {what}: {found:?} for {expected:?}"));
        }
    }

    fn input(&self, name: &str) -> &'a Value {
        &self.inputs[name]
    }

    /// The items of the case's bank, or of its inline parameters.
    fn items(&self) -> Vec<ItemModel> {
        let metric = self.input("D").as_f64().unwrap_or(1.0);
        let items = match self.input("bank").as_str() {
            Some(name) => bank(&self.banks[name], name),
            None => inline(self.inputs),
        };
        items.iter().map(|item| item.scaled(metric).unwrap()).collect()
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"))
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().filter(|cell| !cell.is_null()).map(number).collect()
}

fn rows(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

/// One-based item numbers as indices.
fn indices(value: &Value) -> Vec<usize> {
    numbers(value).iter().map(|number| *number as usize - 1).collect()
}

fn four(parameters: &[f64]) -> ItemModel {
    let upper = parameters.get(3).copied().unwrap_or(1.0);
    ItemModel::logistic(parameters[0], parameters[1], parameters[2], upper).unwrap()
}

/// A named bank: four-parameter rows, or `P_MODEL` in the conventions of catR.
fn bank(value: &Value, name: &str) -> Vec<ItemModel> {
    let model = |row: &Value| {
        let row = numbers(row);
        match name {
            "P_GRM" => ItemModel::graded(row[0], row[1..].to_vec()),
            "P_PCM" => ItemModel::generalized_partial_credit(1.0, row),
            "P_GPCM" => ItemModel::generalized_partial_credit(row[0], row[1..].to_vec()),
            "P_NRM" => {
                let slopes = row.iter().copied().step_by(2).collect();
                ItemModel::nominal(slopes, row.iter().copied().skip(1).step_by(2).collect())
            }
            "P_MGRM" => {
                ItemModel::graded(row[0], row[2..].iter().map(|shift| row[1] - shift).collect())
            }
            "P_RSM" => {
                let steps = row[1..].iter().map(|step| row[0] + step).collect();
                ItemModel::generalized_partial_credit(1.0, steps)
            }
            _ => Ok(four(&row)),
        }
        .unwrap()
    };
    rows(value).iter().map(model).collect()
}

/// Items written out in a case's inputs, in the several ways the sources write them.
fn inline(inputs: &Value) -> Vec<ItemModel> {
    if let Some(list) = inputs["items_abcd"].as_array().or(inputs["params_a_b_c"].as_array()) {
        return list.iter().map(|row| four(&numbers(row))).collect();
    }
    if let Some(difficulties) = inputs["b"].as_array() {
        return difficulties.iter().map(|b| four(&[1.0, number(b), 0.0])).collect();
    }
    if let Some(list) = inputs["items"].as_array() {
        return list.iter().map(polytomous).collect();
    }
    if inputs["abcd"].is_array() {
        return vec![four(&numbers(&inputs["abcd"]))];
    }
    let parameters = if inputs["params"].is_object() { &inputs["params"] } else { inputs };
    if parameters["thresholds"].is_array() || parameters["category"].is_array() {
        return vec![polytomous(parameters)];
    }
    let of = |name: &str, default: f64| parameters[name].as_f64().unwrap_or(default);
    vec![four(&[of("a", 1.0), of("b", 0.0), of("c", 0.0)])]
}

/// `thresholds` are steps of a partial credit item, `category` thresholds of a graded one.
fn polytomous(parameters: &Value) -> ItemModel {
    let a = parameters["a"].as_f64().unwrap_or(1.0);
    match parameters["thresholds"].as_array() {
        Some(_) => ItemModel::generalized_partial_credit(a, numbers(&parameters["thresholds"])),
        None => ItemModel::graded(a, numbers(&parameters["category"])),
    }
    .unwrap()
}

/// The answers of a case's `x`; `null` was not administered.
fn answers<'a>(items: &'a [ItemModel], scores: &Value) -> Vec<Answer<'a>> {
    items
        .iter()
        .zip(rows(scores))
        .filter_map(|(item, score)| Some(Answer::new(item, score.as_u64()? as usize).unwrap()))
        .collect()
}

/// The grid of catR: 33 points of [−4, 4].
fn catr_grid() -> Grid {
    Grid::trapezoid(-4.0, 4.0, 33).unwrap()
}

fn load(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn run(case: &mut Case<'_>) -> Outcome {
    for family in [models::run, estimates::run, choices::run, stops::run] {
        if let Some(outcome) = family(case) {
            return outcome;
        }
    }
    panic!("no rule for case {} ({})", case.id, case.function)
}

#[test]
fn golden_cases_agree() {
    // Goal: models, estimates, criteria, picks and stop rules equal those of other programs.
    // Method: all committed cases through the public interface; the counts of every kind are
    // asserted, so that a case cannot fall out unseen.
    let file = load(include_str!("../reference/golden_cat.json"));
    let mut ran: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut parts_left_out = 0;
    let mut differences = Vec::new();
    for entry in rows(&file["cases"]) {
        let mut case = Case {
            id: entry["id"].as_str().unwrap(),
            function: entry["function"].as_str().unwrap(),
            inputs: &entry["inputs"],
            expected: &entry["expected"],
            banks: &file["banks"],
            compared: 0,
            differences: Vec::new(),
        };
        let Outcome::Ran(kind, parts) = run(&mut case);
        let count = ran.entry(kind).or_default();
        count.0 += 1;
        count.1 += case.compared;
        assert!(case.compared > 0, "{} compared nothing", case.id);
        parts_left_out += parts;
        differences.append(&mut case.differences);
    }
    let table = |(kind, (cases, values))| format!("{kind}: {cases} cases, {values} values");
    let summary: Vec<String> = ran.clone().into_iter().map(table).collect();
    println!("{}\nparts left out: {parts_left_out}", summary.join("\n"));
    assert!(differences.is_empty(), "{}\n{}", differences.len(), differences.join("\n"));
    assert_eq!(summary, EXPECTED_COUNTS);
    assert_eq!(parts_left_out, 45);
}

const EXPECTED_COUNTS: [&str; 21] = [
    "Warm's J: 1 cases, 24 values",
    "content balance: 2 cases, 21 values",
    "criteria: 7 cases, 180 values",
    "derivatives: 1 cases, 36 values",
    "estimates: 36 cases, 214 values",
    "estimates by hand: 10 cases, 10 values",
    "expected score: 6 cases, 6 values",
    "fifty items: 100 cases, 800 values",
    "information: 21 cases, 472 values",
    "observed information: 1 cases, 12 values",
    "one item: 4 cases, 72 values",
    "overlap: 3 cases, 3 values",
    "picks: 11 cases, 35 values",
    "probability: 20 cases, 867 values",
    "scales: 3 cases, 3 values",
    "score function: 10 cases, 10 values",
    "sequential tests: 16 cases, 28 values",
    "standard error: 7 cases, 7 values",
    "stop rules: 13 cases, 13 values",
    "strata: 1 cases, 1 values",
    "whole tests: 7 cases, 133 values",
];
