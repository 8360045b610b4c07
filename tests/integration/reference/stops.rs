//! Stop rules and sequential classification.

use super::{Case, Outcome, answers, number, numbers, rows};
use gradus::psychometrics::estimation::log_likelihood;
use gradus::psychometrics::stopping::{CutScore, StopRule, StopState};
use serde_json::Value;

pub fn run(case: &mut Case<'_>) -> Option<Outcome> {
    let outcome = match case.function {
        "checkStopRule length|precision" => length_or_precision(case),
        "checkStopRule classification (CI vs cut)" => {
            let rule = format!("ci({})", 1.0 - number(case.input("alpha")));
            let expected = case.expected["stop"].as_bool().unwrap();
            interval(case, &rule, "cut", expected)
        }
        "termCI" => {
            let rule = format!("ci({})", case.input("conf"));
            let expected = !case.expected.is_null();
            interval(case, &rule, "bounds", expected)
        }
        "termSPRT" => likelihood_ratio(case, "sprt"),
        "termGLR" => likelihood_ratio(case, "glr"),
        _ => return None,
    };
    Some(outcome)
}

fn cuts(value: &Value) -> Vec<CutScore> {
    let list = if value.is_array() { numbers(value) } else { vec![number(value)] };
    list.into_iter().map(|theta| CutScore { theta, se: 0.0 }).collect()
}

/// Each rule by itself, so that all that fired are known.
fn length_or_precision(case: &mut Case<'_>) -> Outcome {
    let length = number(case.input("N")) as usize;
    let state = StopState::classification(
        length,
        number(case.input("theta")),
        number(case.input("se")),
        &[],
    );
    let names = ["length", "precision"];
    let written = |name: &str, threshold: &Value| match name {
        "length" => format!("length>={threshold}"),
        _ => format!("se<{threshold}"),
    };
    let fired: Vec<&str> = names
        .into_iter()
        .zip(rows(case.input("thr")))
        .filter(|(name, threshold)| {
            let rule: StopRule = written(name, threshold).parse().unwrap();
            rule.evaluate(&state).is_some()
        })
        .map(|(name, _)| name)
        .collect();
    let expected: Vec<&str> = match &case.expected["fired"] {
        Value::Null => Vec::new(),
        Value::String(one) => vec![one.as_str()],
        many => rows(many).iter().map(|name| name.as_str().unwrap()).collect(),
    };
    case.same("fired", fired, expected);
    Outcome::Ran("stop rules", 0)
}

fn interval(case: &mut Case<'_>, rule: &str, bounds: &str, expected: bool) -> Outcome {
    let rule: StopRule = rule.parse().unwrap();
    let cuts = cuts(case.input(bounds));
    let (theta, se) = (number(case.input("theta")), number(case.input("se")));
    let state = StopState::classification(9, theta, se, &cuts);
    case.same("stops", rule.evaluate(&state).is_some(), expected);
    Outcome::Ran("stop rules", 0)
}

/// The ratio at every bound where it is a plain difference of log-likelihoods, and the decision.
fn likelihood_ratio(case: &mut Case<'_>, name: &str) -> Outcome {
    let items = case.items();
    let answers = answers(&items, case.input("responses"));
    let cuts = cuts(case.input("bounds"));
    let delta = number(case.input("delta"));
    let at = |theta: f64| log_likelihood(&answers, theta);
    let expected = match &case.expected["logLR"] {
        Value::Array(many) => many.clone(),
        one => vec![one.clone()],
    };
    if name == "sprt" {
        for (cut, ratio) in cuts.iter().zip(&expected) {
            let found = at(cut.theta + delta) - at(cut.theta - delta);
            case.close("log ratio", found, ratio, 1e-9);
        }
    }
    let rule = format!("{name}({delta},{},{})", case.input("alpha"), case.input("beta"));
    let rule: StopRule = rule.parse().unwrap();
    let mut state = StopState::classification(answers.len(), 0.0, 1.0, &cuts);
    state.log_likelihood = Some(&at);
    case.same("stops", rule.evaluate(&state).is_some(), !case.expected["category"].is_null());
    Outcome::Ran("sequential tests", 0)
}
