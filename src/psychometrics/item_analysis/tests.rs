//! Laws of the item analyses; published values are held by the calibration's integration tests.

use super::*;
use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};

/// Answers of simulated people to twelve 2PL items; the last is harder for the focal half by `shift`.
fn simulated(persons: usize, shift: f64, seed: u64) -> (Vec<u16>, Vec<bool>) {
    let mut random = stream(seed, 0, Purpose::Simulee);
    let (mut scores, mut focal) = (Vec::new(), Vec::new());
    for person in 0..persons {
        let theta = standard_normal(&mut random);
        focal.push(person % 2 == 1);
        for item in 0..12 {
            let moved = if item == 11 && focal[person] { shift } else { 0.0 };
            let b = (f64::from(item) - 5.5) / 4.0 * f64::from(u8::from(item < 11)) + moved;
            let model = ItemModel::logistic(1.2, b, 0.0, 1.0).unwrap();
            scores.push(u16::from(uniform(&mut random) < model.probability(theta, 1)));
        }
    }
    (scores, focal)
}

#[test]
fn a_shifted_item_is_found_and_the_others_are_not() {
    // Goal: DIF of one logit is class C there and nowhere else. Method: 2,000 people, one seed;
    // Δ of a logit is about 2.35, its SE about .25, so C is certain and a false C has p < 1e-4.
    let (scores, focal) = simulated(2_000, 1.0, 11);
    let found = screen(Scores { values: &scores, items: 12 }, &focal, true);
    assert_eq!(found[11].class, Some(EtsClass::C));
    assert!(found[11].lr_p.unwrap() < 1e-6);
    assert!(found[..11].iter().all(|item| item.class != Some(EtsClass::C)));
}

#[test]
fn without_shift_p_values_are_uniform_enough() {
    // Goal: the rate of false alarms of χ² at .05. Method: 40 data sets × 12 items of 600 people;
    // the rate's SE is √(.05 · .95/480) = .01; the correction makes it conservative: .03 to .07
    // within three of them, .00 to .08.
    let mut alarms = 0;
    for seed in 0..40 {
        let (scores, focal) = simulated(600, 0.0, seed);
        let found = screen(Scores { values: &scores, items: 12 }, &focal, false);
        alarms += found.iter().filter(|item| item.mantel_haenszel.unwrap().p < 0.05).count();
    }
    let rate = alarms as f64 / 480.0;
    assert!((0.01..=0.08).contains(&rate), "{rate}");
}

#[test]
fn a_wrong_key_is_suspected_by_the_better_option() {
    // Goal: a miskeyed item whose key still correlates positively is found. Method: one of ten
    // items keyed to option 1 though the able choose option 2; the key's own r is near zero.
    let mut random = stream(3, 0, Purpose::Simulee);
    let mut choices = Vec::new();
    for _ in 0..600 {
        let theta = standard_normal(&mut random);
        for item in 0..10 {
            let model = ItemModel::logistic(1.3, 0.2 * f64::from(item) - 1.0, 0.0, 1.0).unwrap();
            let knows = uniform(&mut random) < model.probability(theta, 1);
            let guess = (uniform(&mut random) * 4.0) as usize % 4;
            let right = if item == 9 { 2 } else { 1 };
            choices.push(Some(if knows { right } else { guess }));
        }
    }
    let found = key_check(&choices, &[1; 10]);
    assert_eq!(found[9].finding, KeyFinding::BetterOption(2));
    assert!(found[..9].iter().all(|item| item.finding == KeyFinding::None));
    assert!((found[0].options.iter().map(|o| o.share).sum::<f64>() - 1.0).abs() < 1e-12);
}

#[test]
fn adjusted_values_keep_their_order_and_never_shrink() {
    // Goal: the laws of the adjustment. Method: p ≤ adjusted ≤ 1 and the order of p is kept.
    let p = [0.001, 0.2, 0.03, 0.9, 0.04, 0.04];
    let adjusted = benjamini_hochberg(&p);
    for i in 0..p.len() {
        assert!(adjusted[i] >= p[i] && adjusted[i] <= 1.0);
        for j in 0..p.len() {
            assert!(p[i] > p[j] || adjusted[i] <= adjusted[j]);
        }
    }
}
