//! Criteria, next items, starting items and whole adaptive tests with fixed answers.

use super::{Case, Outcome, catr_grid, indices, number, numbers, rows};
use gradus::psychometrics::estimation::by_hand::dodd_step;
use gradus::psychometrics::estimation::{Answer, Estimator, Method, Range};
use gradus::psychometrics::irt::ItemModel;
use gradus::psychometrics::selection::content::{
    areas_due, expected_overlap, strata_by_discrimination,
};
use gradus::psychometrics::selection::{Criterion, Selector};
use gradus::psychometrics::stopping::{CutScore, StopRule, StopState};
use serde_json::Value;

/// Values of criteria on the same grid.
const VALUE: f64 = 1e-9;
/// Values that pass through a root of catR.
const ROOT_VALUE: f64 = 5e-6;

pub fn run(case: &mut Case<'_>) -> Option<Outcome> {
    let outcome = match case.function {
        "criterion value of every remaining item" => values(case),
        "criterion values, items 1 (score 2) and 2 (score 1) given" => values(case),
        "nextItem under each criterion" => next_items(case),
        "startItems" => starts(case),
        "randomCAT with fixed responses" => whole_test(case),
        "nextItem with content balancing (Kingsbury-Zara)" => balanced_item(case),
        "randomCAT with content balancing, fixed responses" => balanced_test(case),
        "aStratified" => strata(case),
        "checkStopRule minInfo" => greatest_information(case),
        _ if case.function.contains("overlap_rate") => overlap(case),
        _ if case.function.starts_with("dodd") => dodd(case),
        _ => return None,
    };
    Some(outcome)
}

/// The engine's criterion for a name of catR. MEPV is called EPV among the values.
fn criterion(name: &str) -> Option<Criterion> {
    let name = match name {
        "bOpt" => "urry".to_owned(),
        "EPV" => "mepv".to_owned(),
        "MEI_observed" => "mei".to_owned(),
        other => other.to_lowercase(),
    };
    name.parse().ok()
}

/// Selectors integrate on catR's grid and re-estimate, where they must, by the posterior mode.
fn selector(criterion: Criterion) -> Selector {
    Selector::new(criterion).with_grid(catr_grid()).with_method(Method::Map)
}

fn given<'a>(case: &Case<'_>, items: &'a [ItemModel]) -> Vec<Answer<'a>> {
    let scores = numbers(case.input("x"));
    indices(case.input("administered"))
        .into_iter()
        .zip(scores)
        .map(|(item, score)| Answer::new(&items[item], score as usize).unwrap())
        .collect()
}

fn values(case: &mut Case<'_>) -> Outcome {
    let items = case.items();
    let answers = given(case, &items);
    let theta = case.input("theta").as_f64().or(case.input("theta_BM").as_f64()).unwrap();
    let remaining = indices(case.input("remaining"));
    let mut left_out = 0;
    for (name, expected) in case.expected.as_object().unwrap() {
        let Some(criterion) = criterion(name) else {
            left_out += 1;
            continue;
        };
        let selector = selector(criterion);
        let rating = selector.at(&answers, theta).unwrap();
        let tolerance =
            if criterion == Criterion::ExpectedInformation { ROOT_VALUE } else { VALUE };
        for (item, value) in remaining.iter().zip(rows(expected)) {
            case.close(name, rating.value(&items[*item]).unwrap(), value, tolerance);
        }
    }
    Outcome::Ran("criteria", left_out)
}

/// The item whose information peaks nearest to θ (Barrada, Mazuela & Olea, 2006), of those left.
fn nearest_peak(items: &[ItemModel], used: &[usize], theta: f64) -> (usize, f64) {
    let distance =
        |item: &ItemModel| (item.as_logistic().unwrap().theta_max_information() - theta).abs();
    let left = (0..items.len()).filter(|index| !used.contains(index));
    left.map(|index| (index, distance(&items[index]))).min_by(|a, b| a.1.total_cmp(&b.1)).unwrap()
}

fn pick(
    name: &str,
    items: &[ItemModel],
    used: &[usize],
    answers: &[Answer<'_>],
    theta: f64,
) -> (usize, f64) {
    let Some(criterion) = criterion(name) else {
        assert_eq!(name, "thOpt");
        return nearest_peak(items, used, theta);
    };
    let left = items.iter().enumerate().filter(|(index, _)| !used.contains(index));
    selector(criterion).at(answers, theta).unwrap().best(left).unwrap().unwrap()
}

fn next_items(case: &mut Case<'_>) -> Outcome {
    let items = case.items();
    let answers = given(case, &items);
    let used = indices(case.input("administered"));
    let theta = number(case.input("theta"));
    for (name, expected) in case.expected.as_object().unwrap() {
        let (item, value) = pick(name, &items, &used, &answers, theta);
        case.same(name, item + 1, number(&expected["item"]) as usize);
        case.close(name, value, &expected["info"], ROOT_VALUE);
    }
    Outcome::Ran("picks", 0)
}

fn starts(case: &mut Case<'_>) -> Outcome {
    let items = case.items();
    let name = case.input("startSelect").as_str().unwrap();
    let list = |value: &Value| match value {
        Value::Array(_) => numbers(value),
        one => vec![number(one)],
    };
    let mut used = Vec::new();
    for theta in list(case.input("theta")) {
        used.push(pick(name, &items, &used, &[], theta).0);
    }
    let expected: Vec<usize> =
        list(&case.expected["items"]).iter().map(|i| *i as usize - 1).collect();
    case.same(name, used, expected);
    Outcome::Ran("picks", 0)
}

/// catR's stop rules of a run as ours: `se<X or length>=N`, `ci(1−α) or length>=N`.
fn stop_rule(case: &Case<'_>) -> (StopRule, Vec<CutScore>) {
    let stop = case.input("stop");
    let list = |value: &Value| match value {
        Value::Array(many) => many.clone(),
        one => vec![one.clone()],
    };
    let mut cuts = Vec::new();
    let parts: Vec<String> = list(&stop["rule"])
        .iter()
        .zip(list(&stop["thr"]))
        .map(|(rule, threshold)| match rule.as_str().unwrap() {
            "length" => format!("length>={threshold}"),
            "precision" => format!("se<{threshold}"),
            _ => {
                cuts.push(CutScore { theta: number(&threshold), se: 0.0 });
                format!("ci({})", 1.0 - number(&stop["alpha"]))
            }
        })
        .collect();
    (parts.join(" or ").parse().unwrap(), cuts)
}

fn catr_estimator(name: &Value) -> Estimator {
    let method = match name.as_str().unwrap() {
        "BM" => Method::Map,
        "EAP" => Method::Eap,
        "WL" => Method::WeightedLikelihood,
        other => panic!("{other}"),
    };
    let range = Range::new(-4.0, 4.0).unwrap();
    Estimator::new(method).with_grid(catr_grid()).with_range(range)
}

fn whole_test(case: &mut Case<'_>) -> Outcome {
    let items = case.items();
    let scores = numbers(case.input("responses"));
    let criterion = case.input("test")["itemSelect"].as_str().unwrap().to_owned();
    let provisional = catr_estimator(&case.input("test")["method"]);
    let (rule, cuts) = stop_rule(case);
    let mut used = vec![pick("MFI", &items, &[], &[], 0.0).0];
    let mut path = Vec::new();
    let answers = loop {
        let answer = |index: &usize| Answer::new(&items[*index], scores[*index] as usize).unwrap();
        let answers: Vec<Answer<'_>> = used.iter().map(answer).collect();
        let now = provisional.estimate(&answers).unwrap();
        path.push(now);
        let state = StopState::classification(used.len(), now.theta, now.standard_error, &cuts);
        if rule.evaluate(&state).is_some() {
            break answers;
        }
        let next = pick(&criterion, &items, &used, &answers, now.theta).0;
        used.push(next);
    };
    let expected = case.expected;
    let ids: Vec<usize> = used.iter().map(|item| item + 1).collect();
    case.same("items", ids, numbers(&expected["items"]).iter().map(|i| *i as usize).collect());
    for (index, now) in path.iter().enumerate() {
        case.close("θ", now.theta, &expected["thetaProv"][index], 1e-4);
        case.close("SE", now.standard_error, &expected["seProv"][index], 1e-4);
    }
    let end = catr_estimator(&case.input("final")["method"]).estimate(&answers).unwrap();
    case.close("final θ", end.theta, &expected["thFinal"], 1e-4);
    case.close("final SE", end.standard_error, &expected["seFinal"], 1e-4);
    Outcome::Ran("whole tests", 0)
}

/// The greatest information of the items left, and the stop rule on it.
fn greatest_information(case: &mut Case<'_>) -> Outcome {
    let items = case.items();
    let (_, value) = pick("MFI", &items, &[], &[], number(case.input("theta")));
    for expected in rows(case.expected) {
        case.close("largest I", value, &expected["maxInfo"], 1e-9);
        let rule: StopRule = format!("info<{}", expected["thr"]).parse().unwrap();
        let left = || value;
        let mut state = StopState::classification(9, number(case.input("theta")), 0.3, &[]);
        state.information_left = Some(&left);
        let stops = rule.evaluate(&state).is_some();
        case.same("stops", Some(stops), expected["stop"].as_bool());
    }
    Outcome::Ran("picks", 0)
}

/// The areas of the items and the targets, as numbers of one order.
struct Areas {
    of_item: Vec<usize>,
    targets: Vec<f64>,
}

impl Areas {
    /// The file writes the targets in the order sql, http, sec.
    fn of(case: &Case<'_>) -> Self {
        let order = ["sql", "http", "sec"];
        let number_of = |name: &Value| order.iter().position(|area| name == area).unwrap();
        let of_item = rows(case.input("group")).iter().map(number_of).collect();
        Self { of_item, targets: numbers(case.input("target")) }
    }

    fn counts(&self, used: &[usize]) -> Vec<usize> {
        let count = |area| used.iter().filter(|item| self.of_item[**item] == area).count();
        (0..self.targets.len()).map(count).collect()
    }

    /// The most informative unused item of an area.
    fn best(&self, area: usize, items: &[ItemModel], used: &[usize], theta: f64) -> usize {
        let elsewhere = (0..items.len()).filter(|item| self.of_item[*item] != area);
        let shut: Vec<usize> = used.iter().copied().chain(elsewhere).collect();
        pick("MFI", items, &shut, &[], theta).0
    }
}

fn balanced_item(case: &mut Case<'_>) -> Outcome {
    let (items, areas) = (case.items(), Areas::of(case));
    let used = indices(case.input("administered"));
    let due = areas_due(&areas.targets, &areas.counts(&used));
    case.same("areas due", due.len(), 1);
    let item = areas.best(due[0], &items, &used, number(case.input("theta")));
    case.same("item", item + 1, number(&case.expected["item"]) as usize);
    Outcome::Ran("content balance", 0)
}

/// Where several areas have not been asked at all catR draws among them: there the published
/// item's area must be among those due, elsewhere it is the one due.
fn balanced_test(case: &mut Case<'_>) -> Outcome {
    let (items, areas) = (case.items(), Areas::of(case));
    let scores = numbers(case.input("responses"));
    let expected = indices(&case.expected["items"]);
    let mut used = vec![pick("MFI", &items, &[], &[], 0.0).0];
    let mut theta = Vec::new();
    while used.len() <= expected.len() {
        let answer = |index: &usize| Answer::new(&items[*index], scores[*index] as usize).unwrap();
        let answers: Vec<Answer<'_>> = used.iter().map(answer).collect();
        let now = catr_estimator(&Value::from("EAP")).estimate(&answers).unwrap();
        theta.push(now);
        let Some(&next) = expected.get(used.len()) else { break };
        let due = areas_due(&areas.targets, &areas.counts(&used));
        case.same("area due", due.contains(&areas.of_item[next]), true);
        let area = if due.len() > 1 { areas.of_item[next] } else { due[0] };
        used.push(areas.best(area, &items, &used, now.theta));
    }
    case.same("items", used, expected);
    for (index, now) in theta.iter().enumerate() {
        case.close("θ", now.theta, &case.expected["thetaProv"][index], 1e-4);
    }
    let last = theta[theta.len() - 1];
    case.close("final SE", last.standard_error, &case.expected["seFinal"], 1e-4);
    Outcome::Ran("content balance", 0)
}

fn strata(case: &mut Case<'_>) -> Outcome {
    let slopes: Vec<f64> =
        case.items().iter().map(|item| item.as_logistic().unwrap().discrimination()).collect();
    let found = strata_by_discrimination(&slopes, number(case.input("K")) as usize);
    let names: Vec<String> = found.iter().map(|stratum| format!("Group{}", stratum + 1)).collect();
    let expected: Vec<String> =
        rows(case.expected).iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    case.same("strata", names, expected);
    Outcome::Ran("strata", 0)
}

fn overlap(case: &mut Case<'_>) -> Outcome {
    let length = number(case.input("test_size")) as usize;
    let found = expected_overlap(&numbers(case.input("rates")), length);
    case.close("overlap", found, case.expected, VALUE);
    Outcome::Ran("overlap", 0)
}

fn dodd(case: &mut Case<'_>) -> Outcome {
    let of = |name: &str| number(case.input(name));
    let right = case.input("correct").as_bool().unwrap();
    let found = dodd_step(of("theta"), (of("bmin"), of("bmax")), right);
    case.close("step", found, case.expected, VALUE);
    Outcome::Ran("estimates by hand", 0)
}
