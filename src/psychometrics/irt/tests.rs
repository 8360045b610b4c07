//! Properties that every item model keeps.

use proptest::prelude::*;

use super::*;
use crate::psychometrics::numeric::tolerance::{DIFFERENCE, PROBABILITY_SUM, RELATIVE};

fn any_logistic() -> impl Strategy<Value = ItemModel> {
    (
        0.2f64..3.0,
        -3.0f64..3.0,
        prop_oneof![Just(0.0), 0.01f64..0.4],
        prop_oneof![Just(1.0), 0.8f64..0.999],
    )
        .prop_map(|(a, b, c, d)| ItemModel::logistic(a, b, c, d).unwrap())
}

/// Any item model with slopes from .2 to 3 and up to five categories.
fn any_item() -> impl Strategy<Value = ItemModel> {
    let steps = || proptest::collection::vec(-2.5f64..2.5, 1..5);
    prop_oneof![
        any_logistic(),
        (0.2f64..3.0, -3.0f64..1.0, proptest::collection::vec(0.05f64..1.5, 0..4)).prop_map(
            |(a, first, gaps)| {
                let mut thresholds = vec![first];
                for gap in gaps {
                    thresholds.push(thresholds[thresholds.len() - 1] + gap);
                }
                ItemModel::graded(a, thresholds).unwrap()
            }
        ),
        (0.2f64..2.0, steps())
            .prop_map(|(a, b)| ItemModel::generalized_partial_credit(a, b).unwrap()),
        steps().prop_map(|c| ItemModel::nominal(c.iter().map(|x| 0.7 * x).collect(), c).unwrap()),
    ]
}

proptest! {
    #[test]
    fn probabilities_sum_to_one_and_agree(item in any_item(), theta in -8.0f64..8.0) {
        // Goal: the ways to ask for a probability give one distribution. Method: random items of
        // every model: the sum, the slice, the exponential of the logarithm.
        let mut all = vec![0.0; item.categories()];
        item.probabilities(theta, &mut all);
        prop_assert!((all.iter().sum::<f64>() - 1.0).abs() < PROBABILITY_SUM);
        for (category, p) in all.iter().enumerate() {
            prop_assert!(*p > 0.0);
            prop_assert_eq!(*p, item.probability(theta, category));
            let log = item.log_probability(theta, category);
            prop_assert!((libm::exp(log) / p - 1.0).abs() < 100.0 * RELATIVE);
            let derivatives = item.log_derivatives(theta, category);
            prop_assert_eq!(log, derivatives.log_probability);
            prop_assert_eq!(item.log_slope(theta, category), derivatives.first);
        }
    }

    #[test]
    fn derivatives_are_the_slopes(item in any_item(), theta in -5.0f64..5.0) {
        // Goal: P′ and P″ are right in every model. Method: central differences of P and of P′.
        let h = 1e-5;
        for category in 0..item.categories() {
            let (_, first, second) = item.derivatives(theta, category);
            let (p_up, first_up, _) = item.derivatives(theta + h, category);
            let (p_down, first_down, _) = item.derivatives(theta - h, category);
            prop_assert!((first - (p_up - p_down) / (2.0 * h)).abs() < DIFFERENCE);
            prop_assert!((second - (first_up - first_down) / (2.0 * h)).abs() < DIFFERENCE);
        }
    }

    #[test]
    fn information_is_minus_the_expected_second_derivative(
        item in any_item(), theta in -5.0f64..5.0,
    ) {
        // Goal: I = E[ℓ′²] = −E[ℓ″], E[ℓ′] = 0. Method: sums over the categories.
        let mut score = 0.0;
        let mut curvature = 0.0;
        for category in 0..item.categories() {
            let p = item.probability(theta, category);
            score += p * item.log_derivatives(theta, category).first;
            curvature += p * item.observed_information(theta, category);
        }
        let information = item.information(theta);
        prop_assert!(score.abs() < 1e-11);
        prop_assert!((information - curvature).abs() < 1e-11 * (1.0 + information));
    }

    #[test]
    fn characteristic_curves_rise(item in any_logistic(), theta in -8.0f64..8.0) {
        // Goal: more ability never lowers the chance of success. Method: two neighbouring points
        // and the two asymptotes.
        let here = item.probability(theta, 1);
        let higher = item.probability(theta + 0.01, 1);
        let inner = item.as_logistic().unwrap();
        prop_assert!(here <= higher && here >= inner.lower() && higher <= inner.upper());
    }

    #[test]
    fn expected_scores_of_ordered_items_rise(
        a in 0.2f64..3.0, b in -2.0f64..2.0, gap in 0.1f64..2.0, theta in -6.0f64..6.0,
    ) {
        // Goal: the expected score of graded and partial credit items rises with ability.
        // Method: two neighbouring points.
        for item in [
            ItemModel::graded(a, vec![b, b + gap]).unwrap(),
            ItemModel::generalized_partial_credit(a, vec![b + gap, b]).unwrap(),
        ] {
            prop_assert!(item.expected_score(theta) < item.expected_score(theta + 0.01));
        }
    }

    #[test]
    fn information_peaks_where_it_says(item in any_logistic()) {
        // Goal: the closed form of the maximum is right for two to four parameters. Method:
        // information on both sides, near and far, is lower.
        let inner = item.as_logistic().unwrap();
        let peak = inner.theta_max_information();
        for step in [1e-3, 0.1, 1.0] {
            prop_assert!(item.information(peak) >= item.information(peak + step / inner.discrimination()));
            prop_assert!(item.information(peak) >= item.information(peak - step / inner.discrimination()));
        }
    }

    #[test]
    fn extreme_logits_stay_finite(z in prop_oneof![600.0f64..700.0, -700.0f64..-600.0]) {
        // Goal: |a(θ − b)| ≤ 700 is safe in every model. Method: everything is finite there, and
        // the relative slope of the unlikely category is the limit ±a without an asymptote.
        let items = [
            ItemModel::logistic(1.0, 0.0, 0.0, 1.0).unwrap(),
            ItemModel::logistic(1.0, 0.0, 0.2, 0.95).unwrap(),
            ItemModel::graded(1.0, vec![0.0, 1e-3]).unwrap(),
            ItemModel::generalized_partial_credit(1.0, vec![0.0]).unwrap(),
            ItemModel::nominal(vec![1.0], vec![0.0]).unwrap(),
        ];
        for item in &items {
            for category in 0..item.categories() {
                let log = item.log_derivatives(z, category);
                prop_assert!(log.log_probability.is_finite());
                prop_assert!(log.first.is_finite() && log.second.is_finite());
            }
            prop_assert!(item.information(z).is_finite() && item.information(z) >= 0.0);
            prop_assert!(item.warm_numerator(z).is_finite());
        }
        let unlikely = usize::from(z < 0.0);
        let slope = items[0].log_derivatives(z, unlikely).first;
        prop_assert_eq!(slope, if z < 0.0 { 1.0 } else { -1.0 });
        prop_assert_eq!(items[0].log_probability(z, unlikely), -z.abs());
    }

    #[test]
    fn special_cases_meet(a in 0.3f64..2.5, b in -2.0f64..2.0, theta in -4.0f64..4.0) {
        // Goal: with two categories all models are the two-parameter logistic one. Method:
        // probabilities and information of the four ways to write it.
        let items = [
            ItemModel::logistic(a, b, 0.0, 1.0).unwrap(),
            ItemModel::graded(a, vec![b]).unwrap(),
            ItemModel::generalized_partial_credit(a, vec![b]).unwrap(),
            ItemModel::nominal(vec![a], vec![-a * b]).unwrap(),
        ];
        for item in &items[1..] {
            let difference = item.probability(theta, 1) - items[0].probability(theta, 1);
            prop_assert!(difference.abs() < PROBABILITY_SUM);
            prop_assert!((item.information(theta) - items[0].information(theta)).abs() < 1e-11);
            prop_assert!((item.warm_numerator(theta) - items[0].warm_numerator(theta)).abs() < 1e-11);
        }
    }
}

#[test]
fn impossible_items_are_refused() {
    // Goal: every rule for parameters is enforced with its payload. Method: one item a rule.
    let refused = |result: Result<ItemModel, ModelError>| result.unwrap_err();
    assert_eq!(
        refused(ItemModel::logistic(0.0, 0.0, 0.0, 1.0)),
        ModelError::Discrimination { value: 0.0 }
    );
    assert_eq!(
        refused(ItemModel::logistic(1.0, 0.0, 0.6, 0.5)),
        ModelError::AsymptoteOrder { lower: 0.6, upper: 0.5 }
    );
    let asymptote = ModelError::Asymptote { parameter: "c".to_owned(), value: -0.1 };
    assert_eq!(refused(ItemModel::logistic(1.0, 0.0, -0.1, 1.0)), asymptote);
    assert!(matches!(
        refused(ItemModel::logistic(1.0, f64::NAN, 0.0, 1.0)),
        ModelError::NotFinite { parameter, .. } if parameter == "b"
    ));
    assert_eq!(
        refused(ItemModel::graded(1.0, vec![0.0, 1.0, 1.0])),
        ModelError::ThresholdOrder { position: 3, before: 1.0, value: 1.0 }
    );
    assert_eq!(refused(ItemModel::graded(1.0, vec![])), ModelError::TooFewCategories);
    let unpaired = ModelError::Unpaired { slopes: 2, intercepts: 1 };
    assert_eq!(refused(ItemModel::nominal(vec![1.0, 2.0], vec![0.0])), unpaired);
    assert!(ItemModel::generalized_partial_credit(1.0, vec![f64::INFINITY]).is_err());
    assert!(ItemModel::logistic(1.0, 0.0, 0.0, 1.0).unwrap().scaled(-1.0).is_err());
}
