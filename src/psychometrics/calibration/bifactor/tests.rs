//! The bifactor model against quadrature in all its dimensions, by hand, and against what answers
//! were made from.

use super::*;
use crate::psychometrics::calibration::NOT_ASKED;
use crate::psychometrics::numeric::special::logistic_pair;
use crate::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};

fn settings(nodes: usize, tolerance: f64) -> Settings {
    Settings { nodes: Grid::trapezoid(-6.0, 6.0, nodes).unwrap(), tolerance, ..Settings::default() }
}

/// Answers to items with general slopes around 1.4 and specific ones around .9.
fn simulate(count: usize, size: usize, persons: u64) -> (Vec<BifactorItem>, Dimensions, Responses) {
    let mut random = stream(71, 0, Purpose::Answer);
    let items: Vec<BifactorItem> = (0..count * size)
        .map(|_| BifactorItem {
            general: 1.0 + 0.8 * uniform(&mut random),
            specific: 0.6 + 0.6 * uniform(&mut random),
            intercept: standard_normal(&mut random),
        })
        .collect();
    let of_item: Vec<usize> = (0..items.len()).map(|item| item % count).collect();
    let mut scores = Vec::new();
    for person in 1..=persons {
        let mut random = stream(71, person, Purpose::Simulee);
        let general = standard_normal(&mut random);
        let specific: Vec<f64> = (0..count).map(|_| standard_normal(&mut random)).collect();
        for (item, x) in items.iter().enumerate() {
            let z = x.general * general + x.specific * specific[of_item[item]] + x.intercept;
            let score = u16::from(uniform(&mut random) < logistic_pair(z).0);
            let asked = !(person + item as u64).is_multiple_of(7);
            scores.push(if asked { score } else { NOT_ASKED });
        }
    }
    let responses = Responses::from_matrix(vec![2; items.len()], &scores).unwrap();
    (items, Dimensions::new(of_item).unwrap(), responses)
}

/// ln L by a cube of the same nodes: nothing of dimension reduction.
fn by_cube(
    items: &[BifactorItem],
    dimensions: &Dimensions,
    responses: &Responses,
    nodes: &Grid,
) -> f64 {
    let points = nodes.points();
    let mut weights: Vec<f64> = points.iter().map(|x| libm::exp(-0.5 * x * x)).collect();
    let total: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= total);
    let mut sum = 0.0;
    for pattern in 0..responses.patterns() {
        let mut evidence = 0.0;
        for (q, general) in points.iter().enumerate() {
            for (r, first) in points.iter().enumerate() {
                for (s, second) in points.iter().enumerate() {
                    let mut p = weights[q] * weights[r] * weights[s];
                    for (item, score) in responses.pattern(pattern) {
                        let x = &items[item];
                        let own = if dimensions.of(item) == 0 { first } else { second };
                        let z = x.general * general + x.specific * own + x.intercept;
                        let (right, wrong) = logistic_pair(z);
                        p *= if score == 1 { right } else { wrong };
                    }
                    evidence += p;
                }
            }
        }
        sum += responses.weight(pattern) * libm::log(evidence);
    }
    sum
}

#[test]
fn dimension_reduction_is_exact() {
    // Goal: the log-likelihood is that of quadrature over all three factors, and the estimates are
    // its maximum. Method: 2 × 3 items, 300 people, 13 nodes a factor, a cube by brute force; steps
    // of .02 along a few coordinates lower it.
    let (_, dimensions, responses) = simulate(2, 3, 300);
    let settings = settings(13, 1e-5);
    let found = calibrate_bifactor(&responses, &dimensions, &settings, &mut |_| true).unwrap();
    let cube = |items: &[BifactorItem]| by_cube(items, &dimensions, &responses, &settings.nodes);
    let top = cube(&found.items);
    assert!((found.log_likelihood / top - 1.0).abs() < 1e-12, "{} {top}", found.log_likelihood);
    for step in [-0.02, 0.02] {
        let mut beside = found.items.clone();
        beside[0].general += step;
        assert!(cube(&beside) < top);
        let mut beside = found.items.clone();
        beside[4].intercept += step;
        assert!(cube(&beside) < top);
    }
}

#[test]
fn shares_are_those_computed_by_hand() {
    // Goal: ECV, omega and omega hierarchical by their definitions. Method: nine items of three
    // dimensions, all with loadings .6 and .4: Σλ_g = 5.4, Σλ_s = 1.2, uniquenesses 9 · .48 = 4.32;
    // V = 29.16 + 4.32 + 4.32 = 37.8; pairs within dimensions: 9 of 36.
    let slope = |loading: f64| 1.702 * loading / 0.48_f64.sqrt();
    let item = BifactorItem { general: slope(0.6), specific: slope(0.4), intercept: 0.0 };
    let dimensions = Dimensions::new((0..9).map(|item| item % 3).collect()).unwrap();
    let shares = FactorShares::of(&[item; 9], &dimensions);
    let close = |found: f64, known: f64| assert!((found - known).abs() < 1e-12, "{found} {known}");
    close(shares.loadings[0].0, 0.6);
    close(shares.common_variance, 0.36 / 0.52);
    close(shares.omega, 33.48 / 37.8);
    close(shares.omega_hierarchical, 29.16 / 37.8);
    close(shares.uncontaminated_pairs, 0.75);
    close(shares.specific[1].omega, (3.24 + 1.44) / (3.24 + 1.44 + 1.44));
    close(shares.specific[1].omega_hierarchical, 1.44 / (3.24 + 1.44 + 1.44));
}

#[test]
fn what_was_simulated_is_recovered() {
    // Goal: slopes and shares near the truth. Method: 3 × 6 items, 2,000 people with every seventh
    // answer missing. A slope's standard error is about √(1/(n · .12)) = .065 were the factors known,
    // and two to three times that with six items a factor: RMSE ≤ .2; the shares, means of eighteen
    // items, within .06.
    let (items, dimensions, responses) = simulate(3, 6, 2_000);
    let found =
        calibrate_bifactor(&responses, &dimensions, &settings(21, 1e-3), &mut |_| true).unwrap();
    assert_eq!(found.convergence, Convergence::Converged);
    let rmse = |pick: &dyn Fn(&BifactorItem) -> f64| {
        let errors = found.items.iter().zip(&items).map(|(f, t)| (pick(f) - pick(t)).powi(2));
        (errors.sum::<f64>() / items.len() as f64).sqrt()
    };
    assert!(rmse(&|item| item.general) <= 0.2, "{}", rmse(&|item| item.general));
    assert!(rmse(&|item| item.specific) <= 0.2, "{}", rmse(&|item| item.specific));
    let (found, known) = (found.shares(&dimensions), FactorShares::of(&items, &dimensions));
    assert!((found.common_variance - known.common_variance).abs() <= 0.06, "{found:?}");
    assert!((found.omega_hierarchical - known.omega_hierarchical).abs() <= 0.06, "{found:?}");
}

#[test]
fn what_does_not_fit_is_refused() {
    // Goal: sizes, categories and constant items are checked. Method: one of each.
    let (_, dimensions, _) = simulate(2, 2, 20);
    let run = |categories: Vec<usize>, scores: &[u16]| {
        let responses = Responses::from_matrix(categories, scores).unwrap();
        calibrate_bifactor(&responses, &dimensions, &settings(9, 1e-3), &mut |_| true).unwrap_err()
    };
    let few = CalibrationError::Items { design: 4, responses: 2 };
    assert_eq!(run(vec![2; 2], &[0, 1, 1, 0]), few);
    let three = CalibrationError::Categories { item: 1, categories: 3 };
    assert_eq!(run(vec![2, 3, 2, 2], &[0, 1, 1, 0, 1, 0, 0, 1]), three);
    let same = CalibrationError::Constant { item: 3 };
    assert_eq!(run(vec![2; 4], &[0, 1, 1, 0, 1, 0, 0, 0]), same);
}
