//! Published tables and their recomputations.

use super::{load, number, numbers, rows};
use gradus::psychometrics::classification::{
    ClassificationQuality, Population, lee, rudner, score_distribution,
};
use gradus::psychometrics::estimation::multivariate::{
    MultidimensionalAnswer, MultivariatePrior, posterior_mode,
};
use gradus::psychometrics::estimation::posterior::{GRID_POINTS, Gaussian, TopicPosterior, grid};
use gradus::psychometrics::estimation::{Answer, Estimator, Method};
use gradus::psychometrics::irt::{ItemModel, Multidimensional};
use gradus::psychometrics::numeric::linalg::SymmetricMatrix;
use gradus::psychometrics::numeric::quadrature::Grid;
use gradus::psychometrics::person_fit::{EstimatedBy, lz, lz_star};
use gradus::psychometrics::stopping::{CutScore, level_probabilities};
use gradus::psychometrics::subscores::{subscore_values, total_reliability};
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

#[test]
fn person_fit_is_that_published() {
    // Goal: l_z and l_z* at the ML, WL and MAP estimates of five patterns, from the likeliest to
    // the most unlikely. Method: the six decimals of an independent computation.
    let golden = &tables()["scoring_golden"]["scores10"];
    let items: Vec<ItemModel> = numbers(&golden["a"])
        .iter()
        .zip(numbers(&golden["b"]))
        .map(|(&a, b)| ItemModel::logistic(a, b, 0.0, 1.0).unwrap())
        .collect();
    let mut compared = 0;
    for (pattern, expected) in golden["patterns"].as_object().unwrap() {
        let answers = answers(&items, pattern);
        for (name, method, by) in [
            ("MLE", Method::MaximumLikelihood, EstimatedBy::MaximumLikelihood),
            ("WLE", Method::WeightedLikelihood, EstimatedBy::WeightedLikelihood),
            ("MAP", Method::Map, EstimatedBy::PosteriorMode { mean: 0.0, sd: 1.0 }),
        ] {
            let theta = Estimator::new(method).estimate(&answers).unwrap().theta;
            let found = [("lz", lz(&answers, theta)), ("lzstar", lz_star(&answers, theta, by))];
            for (statistic, value) in found {
                let published = &expected[format!("{statistic}_{name}")];
                if !published.is_null() {
                    let what = format!("{pattern} {statistic} {name}");
                    close(&what, value.unwrap(), published, 2e-6);
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(compared, 28);
}

#[test]
fn classification_indices_are_those_recomputed() {
    // Goal: Rudner's and Lee's accuracy and consistency, one score distribution, and the limits
    // that a constant standard error sets to three levels. Method: four Rasch items on forty
    // points, ten digits; the limits on a fine grid of their own, cuts -.5 and .8, three digits.
    let golden = &tables()["classification_indices"];
    let items = [-2.0, 1.0, 0.0, 1.0].map(|b| ItemModel::logistic(1.0, b, 0.0, 1.0).unwrap());
    let error = |theta| 1.0 / items.iter().map(|item| item.information(theta)).sum::<f64>().sqrt();
    let population = Population::standard_normal(-4.0, 4.0, 40).unwrap();
    let check = |what: &str, found: ClassificationQuality, expected: &Value| {
        close(&format!("{what} accuracy"), found.accuracy, &expected[0], 1e-8);
        close(&format!("{what} consistency"), found.consistency, &expected[1], 1e-8);
    };
    for (name, cuts) in
        [("cut -0.5", vec![-0.5]), ("cut 1.5", vec![1.5]), ("both", vec![-0.5, 1.5])]
    {
        let found = rudner(&population, error, &cuts);
        check(name, found, &golden["Rudner_acc_cons"][name]);
    }
    for (name, cuts) in
        [("cut 1", vec![1.0]), ("cut 2", vec![2.0]), ("cut 3", vec![3.0]), ("1,3", vec![1.0, 3.0])]
    {
        check(name, lee(&population, &items, &cuts), &golden["Lee_acc_cons"][name]);
    }
    for (found, expected) in
        score_distribution(&items, 0.0).iter().zip(rows(&golden["LordWingersky_theta0"]))
    {
        close("Lord and Wingersky", *found, expected, 1e-12);
    }
    let fine = Population::standard_normal(-6.0, 6.0, 4_001).unwrap();
    for (name, expected) in golden["rudner_limit_3levels"].as_object().unwrap() {
        let se: f64 = name.trim_start_matches("rudner_limit_se").parse().unwrap();
        let found = rudner(&fine, |_| se, &[-0.5, 0.8]);
        close(name, found.accuracy, expected, 1e-3);
    }
}

#[test]
fn three_abilities_are_scored_as_recomputed() {
    // Goal: mean and covariance of the posterior of three topics by expectation propagation, its
    // mode and the covariance there, and a role's composite score. Method: direct integration
    // elsewhere, five decimals; expectation propagation may be .003 off, the mode 1e-6.
    let golden = &tables()["scoring_golden"];
    let (example, role) = (&golden["mirt3d"], &golden["role"]);
    let covariance = SymmetricMatrix::equicorrelated(3, number(&example["rho"]));
    let mut topics = [[0.0; GRID_POINTS]; 3];
    let mut items = Vec::new();
    for row in rows(&example["items_dim_a_b_x"]) {
        let (topic, a) = (number(&row[0]) as usize, number(&row[1]));
        let (b, x) = (number(&row[2]), number(&row[3]) as usize);
        let model = ItemModel::logistic(a, b, 0.0, 1.0).unwrap();
        for (total, theta) in topics[topic].iter_mut().zip(grid()) {
            *total += model.log_probability(theta, x);
        }
        let mut slopes = vec![0.0; 3];
        slopes[topic] = a;
        items.push((Multidimensional::new(slopes, -a * b, 0.0, 1.0).unwrap(), x));
    }
    let mut posterior = TopicPosterior::new(Gaussian::prior(3, covariance.as_slice().to_vec()));
    posterior.set_topics(topics.into_iter().enumerate());
    let answers: Vec<MultidimensionalAnswer<'_>> =
        items.iter().map(|(i, x)| MultidimensionalAnswer::new(i, *x).unwrap()).collect();
    let prior = MultivariatePrior::new(vec![0.0; 3], &covariance).unwrap();
    let mode = posterior_mode(&answers, &prior).unwrap();
    for k in 0..3 {
        close("mean", posterior.gaussian().mean()[k], &example["post_mean"][k], 3e-3);
        close("mode", mode.theta[k], &example["MAP"][k], 1e-6);
        for j in 0..3 {
            let cell = posterior.gaussian().column(k)[j];
            close("covariance", cell, &example["post_cov"][k][j], 3e-3);
            close("at the mode", mode.covariance.get(k, j), &example["MAP_cov"][k][j], 1e-6);
        }
    }
    let (mean, sd) = posterior.gaussian().combination(&numbers(&role["w"]));
    close("role", mean, &role["mean"], 2e-3);
    close("spread of the role", sd, &role["sd"], 2e-3);
}

#[test]
fn subscores_without_value_of_their_own_are_seen() {
    // Goal: Haberman's proportional reductions of mean squared error. Method: the recomputed
    // example of four parts of variance 4, reliability .6, true correlations .8.
    let golden = &tables()["scoring_golden"]["PRMSE"];
    let (own, shared) = (4.0 * 0.6, 4.0 * 0.6 * 0.8);
    let mut covariance = SymmetricMatrix::zeros(4);
    for row in 0..4 {
        for column in 0..=row {
            covariance.set(row, column, if row == column { own } else { shared });
        }
    }
    let errors = [4.0 * 0.4; 4];
    close("reliability", total_reliability(&covariance, &errors), &golden["rel_total"], 5e-6);
    for part in subscore_values(&covariance, &errors) {
        close("PRMSE_s", part.by_part, &golden["PRMSE_s"], 5e-6);
        close("PRMSE_x", part.by_total, &golden["PRMSE_x"], 5e-6);
        assert!(!part.adds_value());
    }
}
