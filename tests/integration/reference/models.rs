//! Probabilities, derivatives and information.

use super::{Case, Outcome, answers, number, numbers, rows};
use gradus::psychometrics::estimation::log_likelihood_slope;
use gradus::psychometrics::irt::ItemModel;
use gradus::psychometrics::numeric::quadrature::gauss_hermite_15;

/// Agreement of closed forms with twelve printed digits.
const CLOSED_FORM: f64 = 1e-9;

pub fn run(case: &mut Case<'_>) -> Option<Outcome> {
    let function = case.function;
    if function == "Pi" {
        return Some(probabilities(case));
    }
    if function == "Ii" || function.starts_with("Ii (Fisher") {
        return Some(informations(case));
    }
    if case.id.starts_with("testdesign-") {
        return Some(log_products(case));
    }
    if case.id.starts_with("sbac-") && case.id != "sbac-gh" {
        return Some(one_item_tables(case));
    }
    let outcome = match function {
        "Pi dPi d2Pi d3Pi" => derivatives(case),
        "Ii dIi d2Ii" => information_derivatives(case),
        "OIi (observed information)" => observed(case),
        "Ji (Warm J and derivative)" => warm(case),
        "itemResponseFunction" => {
            let found = case.items()[0].probability(number(case.input("theta")), 1);
            case.close("P", found, case.expected, 0.005);
            Outcome::Ran("probability", 0)
        }
        "fisherInformation" => {
            let found = case.items()[0].information(number(case.input("theta")));
            case.close("I", found, case.expected, 0.005);
            Outcome::Ran("information", 0)
        }
        "test information" => {
            let theta = number(case.input("theta"));
            let found = case.items().iter().map(|item| item.information(theta)).sum();
            case.close("I", found, case.expected, 1e-4);
            Outcome::Ran("information", 0)
        }
        "d lnL / d theta of one 3PL answer" => score_function(case),
        _ if case.id == "sbac-gh" => normal_mean(case),
        _ => return None,
    };
    Some(outcome)
}

fn probabilities(case: &mut Case<'_>) -> Outcome {
    let items = case.items();
    let polytomous = case.id.starts_with("poly-");
    for (theta, row) in numbers(case.input("theta")).into_iter().zip(rows(case.expected)) {
        for (item, cell) in items.iter().zip(rows(row)) {
            if !polytomous {
                case.close("P", item.probability(theta, 1), cell, CLOSED_FORM);
                continue;
            }
            let expected: Vec<_> = rows(cell).iter().filter(|p| !p.is_null()).collect();
            case.same("categories", item.categories(), expected.len());
            for (category, p) in expected.into_iter().enumerate() {
                case.close("P", item.probability(theta, category), p, CLOSED_FORM);
            }
        }
    }
    Outcome::Ran("probability", 0)
}

fn informations(case: &mut Case<'_>) -> Outcome {
    let items = case.items();
    for (theta, row) in numbers(case.input("theta")).into_iter().zip(rows(case.expected)) {
        for (item, cell) in items.iter().zip(rows(row)) {
            case.close("I", item.information(theta), cell, CLOSED_FORM);
        }
    }
    Outcome::Ran("information", 0)
}

fn derivatives(case: &mut Case<'_>) -> Outcome {
    let theta = number(case.input("theta"));
    for (index, item) in case.items().iter().enumerate() {
        let (p, first, second) = item.derivatives(theta, 1);
        for (name, found) in [("Pi", p), ("dPi", first), ("d2Pi", second)] {
            case.close(name, found, &case.expected[name][index], CLOSED_FORM);
        }
    }
    // The third derivative is not computed anywhere.
    Outcome::Ran("derivatives", 1)
}

fn information_derivatives(case: &mut Case<'_>) -> Outcome {
    let theta = number(case.input("theta"));
    for (index, item) in case.items().iter().enumerate() {
        case.close("Ii", item.information(theta), &case.expected["Ii"][index], CLOSED_FORM);
        // The engine has no derivatives of information; differences of its values have them.
        let step = 1e-4;
        let (up, down) = (item.information(theta + step), item.information(theta - step));
        let slope = (up - down) / (2.0 * step);
        case.close("dIi", slope, &case.expected["dIi"][index], 1e-6);
        let curvature = (up - 2.0 * item.information(theta) + down) / (step * step);
        case.close("d2Ii", curvature, &case.expected["d2Ii"][index], 1e-5);
    }
    Outcome::Ran("information", 0)
}

fn observed(case: &mut Case<'_>) -> Outcome {
    let theta = number(case.input("theta"));
    let items = case.items();
    for (index, answer) in answers(&items, case.input("x")).iter().enumerate() {
        let found = answer.model().observed_information(theta, answer.category());
        case.close("OI", found, &case.expected[index], CLOSED_FORM);
    }
    Outcome::Ran("observed information", 0)
}

fn warm(case: &mut Case<'_>) -> Outcome {
    let theta = number(case.input("theta"));
    for (index, item) in case.items().iter().enumerate() {
        case.close("J", item.warm_numerator(theta), &case.expected["Ji"][index], CLOSED_FORM);
        let step = 1e-5;
        let slope =
            (item.warm_numerator(theta + step) - item.warm_numerator(theta - step)) / (2.0 * step);
        case.close("dJ", slope, &case.expected["dJi"][index], 1e-7);
    }
    Outcome::Ran("Warm's J", 0)
}

/// Logarithms of products over abilities (and categories), as these tests assert them.
fn log_products(case: &mut Case<'_>) -> Outcome {
    let item = &case.items()[0];
    let categories = item.categories();
    let theta = numbers(case.input("theta"));
    let (kind, found): (_, f64) = match case.function {
        "calcProb" => {
            let all = |theta| (0..categories).map(move |k| item.log_probability(theta, k));
            ("probability", theta.into_iter().flat_map(all).sum())
        }
        "calcFisher" => ("information", theta.iter().map(|&t| item.information(t).ln()).sum()),
        _ => ("expected score", theta.iter().map(|&t| item.expected_score(t).ln()).sum()),
    };
    let tolerance = 1e-6 * number(case.expected).abs();
    case.close(case.function, found, case.expected, tolerance);
    Outcome::Ran(kind, 0)
}

/// Information, expected score and the derivatives of ln L of one item, by ability.
fn one_item_tables(case: &mut Case<'_>) -> Outcome {
    let given = case.items().remove(0);
    let item = match (case.id, given.as_logistic()) {
        ("sbac-gpc" | "sbac-pcl", Some(two)) => {
            let steps = vec![two.difficulty()];
            ItemModel::generalized_partial_credit(two.discrimination(), steps).unwrap()
        }
        _ => given,
    };
    for (index, theta) in numbers(case.input("theta")).into_iter().enumerate() {
        let expected = case.expected;
        case.close("I", item.information(theta), &expected["information"][index], CLOSED_FORM);
        let score = item.expected_score(theta);
        case.close("E", score, &expected["expected_score"][index], CLOSED_FORM);
        for (category, name) in [(0, "score0"), (1, "score1")] {
            let log = item.log_derivatives(theta, category);
            case.close("ℓ′", log.first, &expected["dlnL_dtheta"][name][index], CLOSED_FORM);
            case.close("ℓ″", log.second, &expected["d2lnL_dtheta2"][name][index], CLOSED_FORM);
        }
    }
    Outcome::Ran("one item", 0)
}

fn score_function(case: &mut Case<'_>) -> Outcome {
    let items = case.items();
    let score = serde_json::json!([case.input("x")]);
    let found = log_likelihood_slope(&answers(&items, &score), number(case.input("theta")));
    case.close("ℓ′", found, case.expected, 1e-6);
    Outcome::Ran("score function", 0)
}

/// E[I(θ)] for a normal θ by the fifteen-point rule.
fn normal_mean(case: &mut Case<'_>) -> Outcome {
    let item = &case.items()[0];
    let (mean, sd) = (number(case.input("mean")), number(case.input("sd")));
    let found: f64 =
        gauss_hermite_15().iter().map(|(x, w)| w * item.information(mean + sd * x)).sum();
    case.close("E[I]", found, case.expected, 1e-9);
    Outcome::Ran("information", 0)
}
