//! What estimates must satisfy whatever the answers.

use proptest::prelude::*;

use super::*;
use crate::psychometrics::irt::ItemModel;

fn logistic(a: f64, b: f64, c: f64) -> ItemModel {
    ItemModel::logistic(a, b, c, 1.0).unwrap()
}

/// Twelve items of all models and a score for each.
fn any_answers() -> impl Strategy<Value = Vec<(ItemModel, usize)>> {
    let item =
        prop_oneof![
        (0.3f64..2.5, -2.5f64..2.5).prop_map(|(a, b)| logistic(a, b, 0.0)),
        (0.5f64..3.0, -2.5f64..2.5, 0.1f64..0.3).prop_map(|(a, b, c)| logistic(a, b, c)),
        (0.5f64..2.0, -2.0f64..0.5, 0.2f64..1.5)
            .prop_map(|(a, b, gap)| ItemModel::graded(a, vec![b, b + gap]).unwrap()),
        (0.5f64..1.5, -2.0f64..2.0, -2.0f64..2.0)
            .prop_map(|(a, b, c)| ItemModel::generalized_partial_credit(a, vec![b, c]).unwrap()),
    ];
    let scored = item.prop_flat_map(|item| {
        let categories = item.categories();
        (Just(item), 0..categories)
    });
    proptest::collection::vec(scored, 2..14)
}

fn answers(scored: &[(ItemModel, usize)]) -> Vec<Answer<'_>> {
    scored.iter().map(|(item, category)| Answer::new(item, *category).unwrap()).collect()
}

const METHODS: [Method; 4] =
    [Method::Eap, Method::Map, Method::MaximumLikelihood, Method::WeightedLikelihood];

proptest! {
    #[test]
    fn interior_estimates_are_the_highest_maxima(scored in any_answers()) {
        // Goal: ML and MAP find the highest interior maximum. Method: no point of a grid five
        // times finer that is a local maximum inside is higher, by more than the grid can tell.
        let answers = answers(&scored);
        for method in [Method::Map, Method::MaximumLikelihood] {
            let estimate = Estimator::new(method).estimate(&answers).unwrap();
            let objective = |theta: f64| match method {
                Method::Map => map::objective(&answers, Prior::standard(), theta),
                _ => log_likelihood(&answers, theta),
            };
            let grid: Vec<f64> = (0..=1200).map(|i| -6.0 + 0.01 * f64::from(i)).collect();
            let values: Vec<f64> = grid.iter().map(|&theta| objective(theta)).collect();
            let best_inside = (1..1200)
                .filter(|&i| values[i] > values[i - 1] && values[i] > values[i + 1])
                .max_by(|&i, &j| values[i].total_cmp(&values[j]));
            if let Some(best) = best_inside {
                prop_assert!(!estimate.bounded);
                prop_assert!(objective(estimate.theta) >= values[best] - 1e-12);
                prop_assert!((estimate.theta - grid[best]).abs() <= 0.0101
                    || objective(estimate.theta) - values[best] < 1e-4);
            }
            if estimate.bounded {
                prop_assert!(estimate.theta.abs() == 6.0);
            }
        }
    }

    #[test]
    fn order_of_answers_does_not_matter(scored in any_answers()) {
        // Goal: estimates depend on the set of answers only. Method: the reversed list.
        let forward = answers(&scored);
        let backward: Vec<Answer<'_>> = forward.iter().rev().copied().collect();
        for method in METHODS {
            let estimator = Estimator::new(method);
            let (one, other) = (estimator.estimate(&forward), estimator.estimate(&backward));
            let (one, other) = (one.unwrap(), other.unwrap());
            prop_assert!((one.theta - other.theta).abs() < 1e-8);
            prop_assert!((one.standard_error - other.standard_error).abs() < 1e-6 * one.standard_error);
        }
    }

    #[test]
    fn tables_change_nothing(scored in any_answers()) {
        // Goal: the estimates for many persons are those for one, bit for bit. Method: both.
        let items: Vec<ItemModel> = scored.iter().map(|(item, _)| item.clone()).collect();
        let scores: Vec<(usize, usize)> =
            scored.iter().enumerate().map(|(item, (_, category))| (item, *category)).collect();
        for method in METHODS {
            let estimator = Estimator::new(method);
            let single = estimator.estimate(&answers(&scored)).unwrap();
            let (bulk, value) = Tabulated::new(estimator, &items).unwrap().estimate(&scores).unwrap();
            prop_assert_eq!(single, bulk);
            prop_assert_eq!(value, log_likelihood(&answers(&scored), bulk.theta));
        }
    }
}

#[test]
fn an_interior_maximum_wins_over_a_higher_bound() {
    // Goal: the rule for several maxima. Method: three-parameter answers whose likelihood has an
    // interior maximum and rises above it towards −∞, where guessing explains everything.
    let items = [logistic(2.5, 1.0, 0.25), logistic(2.5, 1.0, 0.25), logistic(0.4, -15.0, 0.25)];
    let answers = [
        Answer::new(&items[0], 1).unwrap(),
        Answer::new(&items[1], 1).unwrap(),
        Answer::new(&items[2], 0).unwrap(),
    ];
    let estimate = Estimator::new(Method::MaximumLikelihood).estimate(&answers).unwrap();
    let at = |theta| log_likelihood(&answers, theta);
    assert!(!estimate.bounded && estimate.theta > 0.0, "{estimate:?}");
    assert!(at(-6.0) > at(estimate.theta), "the example must have a higher bound");
}

#[test]
fn extreme_patterns_end_at_the_bounds() {
    // Goal: no maximum, no invention. Method: all right and all wrong, with the documented error.
    let items: Vec<ItemModel> = (0..5).map(|i| logistic(1.0, f64::from(i) - 2.0, 0.0)).collect();
    for (category, bound) in [(0, -6.0), (1, 6.0)] {
        let answers: Vec<Answer<'_>> =
            items.iter().map(|item| Answer::new(item, category).unwrap()).collect();
        let ml = Estimator::new(Method::MaximumLikelihood).estimate(&answers).unwrap();
        assert_eq!((ml.theta, ml.bounded), (bound, true));
        assert!((ml.standard_error - 1.0 / information(&answers, bound).sqrt()).abs() < 1e-12);
        let wl = Estimator::new(Method::WeightedLikelihood).estimate(&answers).unwrap();
        assert!(!wl.bounded && wl.theta.abs() < 6.0, "Warm's estimate is finite: {wl:?}");
    }
    // A slope so steep that the score function underflows is no maximum either.
    let steep = logistic(400.0, 0.0, 0.0);
    let answers = [Answer::new(&steep, 1).unwrap()];
    for method in [Method::MaximumLikelihood, Method::Map] {
        let uniform = Prior::uniform(-6.0, 6.0).unwrap();
        let estimator = Estimator::new(method).with_prior(uniform);
        assert!(estimator.estimate(&answers).unwrap().bounded);
    }
}

#[test]
fn two_maxima_closer_than_the_scan_are_both_seen() {
    // Goal: a dip between two scan points is found. Method: slopes with a known dip of width
    // .004 halfway between two points of the scan.
    let search = Search::new(Range::scoring());
    let centre = 0.525;
    let slope = |theta: f64| (theta - centre) * (theta - centre) - 4e-6;
    let maxima = search.maxima(&search.slopes(slope), slope);
    assert_eq!(maxima.len(), 1);
    assert!((maxima[0] - (centre - 0.002)).abs() < 1e-9);
}

#[test]
fn without_answers_only_priors_speak() {
    // Goal: the prior is returned, or an error where there is none. Method: no answers.
    let prior = Prior::normal(0.3, 0.5).unwrap();
    for method in [Method::Eap, Method::Map] {
        let estimate = Estimator::new(method).with_prior(prior).estimate(&[]).unwrap();
        assert!(
            (estimate.theta - 0.3).abs() < 1e-9 && (estimate.standard_error - 0.5).abs() < 1e-7
        );
    }
    let none = Estimator::new(Method::MaximumLikelihood).estimate(&[]);
    assert_eq!(none, Err(EstimationError::NoAnswers { method: Method::MaximumLikelihood }));
}

#[test]
fn impossible_requests_are_refused() {
    // Goal: errors carry what was wrong. Method: one of each.
    let item = logistic(1.0, 0.0, 0.0);
    let refused = Answer::new(&item, 2).unwrap_err();
    assert_eq!(refused, EstimationError::Category { category: 2, categories: 2 });
    assert!(Range::new(1.0, 1.0).is_err());
    assert!("mode".parse::<Method>().is_err());
    let far = Prior::uniform(7.0, 8.0).unwrap();
    for method in [Method::Eap, Method::Map] {
        let result = Estimator::new(method).with_prior(far).estimate(&[]);
        assert!(matches!(result, Err(EstimationError::NoMass { .. })), "{result:?}");
    }
}
