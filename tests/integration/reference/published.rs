//! Published tables and their recomputations.

use super::{load, number, numbers, rows};
use gradus::psychometrics::estimation::{Answer, Estimator, Method};
use gradus::psychometrics::irt::ItemModel;
use gradus::psychometrics::numeric::quadrature::Grid;
use gradus::psychometrics::stopping::{CutScore, level_probabilities};
use serde_json::Value;

fn tables() -> Value {
    load(include_str!("../../reference/published_tables.json"))
}

fn close(what: &str, found: f64, expected: &Value, tolerance: f64) {
    let expected = number(expected);
    assert!((found - expected).abs() <= tolerance, "{what}: {found} for {expected}");
}

fn answers<'a>(items: &'a [ItemModel], pattern: &str) -> Vec<Answer<'a>> {
    let score = |digit: u8| usize::from(digit - b'0');
    items.iter().zip(pattern.bytes()).map(|(i, x)| Answer::new(i, score(x)).unwrap()).collect()
}

#[test]
fn ten_item_patterns_are_scored_as_recomputed() {
    // Goal: ML, WL, MAP, EAP and two standard errors of five response patterns. Method: the six
    // decimals of an independent computation.
    let golden = &tables()["scoring_golden"]["scores10"];
    let (slopes, difficulties) = (numbers(&golden["a"]), numbers(&golden["b"]));
    let items: Vec<ItemModel> = slopes
        .iter()
        .zip(&difficulties)
        .map(|(&a, &b)| ItemModel::logistic(a, b, 0.0, 1.0).unwrap())
        .collect();
    let mut compared = 0;
    for (pattern, expected) in golden["patterns"].as_object().unwrap() {
        let answers = answers(&items, pattern);
        let of = |method| Estimator::new(method).estimate(&answers).unwrap();
        let eap = of(Method::Eap);
        let ml = of(Method::MaximumLikelihood);
        assert_eq!(ml.bounded, expected["MLE"].is_null(), "{pattern}");
        for (name, found) in [
            ("MLE", ml.theta),
            ("SE_MLE", ml.standard_error),
            ("WLE", of(Method::WeightedLikelihood).theta),
            ("MAP", of(Method::Map).theta),
            ("EAP", eap.theta),
            ("PSD", eap.standard_error),
        ] {
            if !expected[name].is_null() {
                close(&format!("{pattern} {name}"), found, &expected[name], 1e-6);
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 28);
}

#[test]
fn formulas_have_their_published_values() {
    // Goal: information of a three-parameter item and its maximum, two ordered models, levels of
    // a role. Method: six printed decimals.
    let golden = &tables()["scoring_golden"];
    let (table, ordered, role) = (&golden["info3PL"], &golden["poly"], &golden["role"]);
    let item = ItemModel::logistic(1.5, 0.5, 0.2, 1.0).unwrap();
    for (index, theta) in numbers(&table["theta"]).into_iter().enumerate() {
        close("P", item.probability(theta, 1), &table["P"][index], 5.1e-7);
        close("I", item.information(theta), &table["I"][index], 5.1e-7);
    }
    let peak = item.as_logistic().unwrap().theta_max_information();
    close("θ max", peak, &table["theta_max"], 5.1e-7);
    let (a, steps, theta) =
        (number(&ordered["a"]), numbers(&ordered["b"]), number(&ordered["theta"]));
    for (name, item) in [
        ("GPCM", ItemModel::generalized_partial_credit(a, steps.clone()).unwrap()),
        ("GRM", ItemModel::graded(a, steps).unwrap()),
    ] {
        for category in 0..4 {
            close(name, item.probability(theta, category), &ordered[name][category], 5.1e-7);
        }
        close(name, item.information(theta), &ordered[format!("{name}_info")], 5.1e-7);
    }
    let cuts: Vec<CutScore> =
        numbers(&role["cuts"]).iter().map(|&theta| CutScore { theta, se: 0.0 }).collect();
    let levels = level_probabilities(number(&role["mean"]), number(&role["sd"]), &cuts);
    for (found, expected) in levels.iter().zip(rows(&role["P_levels"])) {
        close("P(level)", *found, expected, 1e-4);
    }
}

#[test]
fn law_school_patterns_are_scored_as_published() {
    // Goal: EAP, posterior deviation, MAP and its error for the thirty patterns of LSAT section
    // 6. Method: a recomputation with the fitted parameters (four decimals), and the modes that
    // the R package ltm printed for its own fit (three decimals, fitted with 21 nodes).
    let table = &tables()["LSAT6"];
    let fit = &table["recomputed_2PL"];
    let items: Vec<ItemModel> = numbers(&fit["a"])
        .iter()
        .zip(numbers(&fit["d"]))
        .map(|(&a, d)| ItemModel::logistic(a, -d / a, 0.0, 1.0).unwrap())
        .collect();
    let grid = Grid::trapezoid(-6.0, 6.0, 61).unwrap();
    let scored = |pattern: &str| {
        let answers = answers(&items, pattern);
        let eap = Estimator::new(Method::Eap).with_grid(grid.clone()).estimate(&answers).unwrap();
        (eap, Estimator::new(Method::Map).estimate(&answers).unwrap())
    };
    let recomputed = rows(&table["recomputed_scores"]["rows"]);
    for row in recomputed {
        let pattern: String = rows(row)[..5].iter().map(Value::to_string).collect();
        let (eap, map) = scored(&pattern);
        close(&pattern, eap.theta, &row[7], 1e-4);
        close(&pattern, eap.standard_error, &row[8], 1e-4);
        close(&pattern, map.theta, &row[9], 1e-4);
        close(&pattern, map.standard_error, &row[10], 1e-4);
    }
    let published = rows(&table["published_scores"]["rows"]);
    for row in published {
        let pattern = row[0].as_str().unwrap();
        close(pattern, scored(pattern).1.theta, &row[3], 1.5e-3);
        close(pattern, scored(pattern).1.standard_error, &row[4], 1e-3);
    }
    assert_eq!((recomputed.len(), published.len()), (30, 30));
}
