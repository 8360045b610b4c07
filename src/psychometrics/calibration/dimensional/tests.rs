//! Several abilities against exact quadrature and against what answers were made from.

use super::*;
use crate::psychometrics::calibration::{Family, ItemDesign, NOT_ASKED, Priors};
use crate::psychometrics::numeric::special::logistic_pair;
use crate::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};

/// Simulated answers with their truth: each item's (a, d), its dimension, and one correlation.
struct Simulated {
    items: Vec<(f64, f64)>,
    dimensions: Dimensions,
    rho: f64,
    responses: Responses,
}

/// `size` items a dimension; each answer is missing with a probability, and every tenth person
/// sees nothing of the last dimension.
fn simulate(dimensions: usize, size: usize, persons: u64, rho: f64, missing: f64) -> Simulated {
    let of_item: Vec<usize> = (0..dimensions * size).map(|item| item % dimensions).collect();
    let mut random = stream(61, 0, Purpose::Answer);
    let items: Vec<(f64, f64)> = of_item
        .iter()
        .map(|_| {
            let a = 1.2 * libm::exp(0.3 * standard_normal(&mut random));
            (a, -a * standard_normal(&mut random))
        })
        .collect();
    let mut scores = Vec::new();
    for person in 0..persons {
        let mut random = stream(61, person + 1, Purpose::Simulee);
        let common = rho.sqrt() * standard_normal(&mut random);
        let theta: Vec<f64> = (0..dimensions)
            .map(|_| common + (1.0 - rho).sqrt() * standard_normal(&mut random))
            .collect();
        for (&(a, d), &dimension) in items.iter().zip(&of_item) {
            let p = logistic_pair(a * theta[dimension] + d).0;
            let score = u16::from(uniform(&mut random) < p);
            let unseen = person % 10 == 0 && dimension + 1 == dimensions;
            let asked = uniform(&mut random) >= missing && !unseen;
            scores.push(if asked { score } else { NOT_ASKED });
        }
    }
    let responses = Responses::from_matrix(vec![2; items.len()], &scores).unwrap();
    let dimensions = Dimensions::new(of_item).unwrap();
    Simulated { items, dimensions, rho, responses }
}

fn design(items: usize) -> Design {
    let family = Family::TwoParameter;
    let item = ItemDesign { family, priors: Priors::default(), anchored: None, start: None };
    Design {
        items: vec![item; items],
        groups: vec![LatentDesign { free_mean: false, free_variance: false }],
        shape: LatentShape::Normal,
        settings: Settings { tolerance: 1e-6, ..Settings::default() },
    }
}

fn fit(data: &Simulated, design: &Design) -> DimensionalFit {
    calibrate_dimensions(&data.responses, design, &data.dimensions, &mut |_| true).unwrap()
}

/// ln L of two abilities and its gradient in (a, d of every item, ρ), by quadrature on a square of
/// nodes of [−6, 6]: nothing of the code under test.
fn exact(data: &Simulated, items: &[Vec<f64>], rho: f64) -> (f64, Vec<f64>) {
    const NODES: usize = 49;
    let nodes: Vec<f64> = (0..NODES).map(|q| -6.0 + 12.0 * q as f64 / (NODES - 1) as f64).collect();
    let quadratic = |x: f64, y: f64| (x * x + y * y - 2.0 * rho * x * y) / (1.0 - rho * rho);
    let weight = |x: f64, y: f64| libm::exp(-0.5 * quadratic(x, y));
    let prior: Vec<f64> =
        nodes.iter().flat_map(|&x| nodes.iter().map(move |&y| weight(x, y))).collect();
    let total: f64 = prior.iter().sum();
    let p: Vec<Vec<f64>> = items
        .iter()
        .map(|x| nodes.iter().map(|t| logistic_pair(x[0] * t + x[1]).0).collect())
        .collect();
    let (mut sum, mut gradient) = (0.0, vec![0.0; 2 * items.len() + 1]);
    for pattern in 0..data.responses.patterns() {
        let people = data.responses.weight(pattern);
        let mut along = [vec![1.0; NODES], vec![1.0; NODES]];
        for (item, score) in data.responses.pattern(pattern) {
            for (value, p) in along[data.dimensions.of(item)].iter_mut().zip(&p[item]) {
                *value *= if score == 1 { *p } else { 1.0 - p };
            }
        }
        let mut marginals = [vec![0.0; NODES], vec![0.0; NODES]];
        let (mut evidence, mut by_rho) = (0.0, 0.0);
        for (i, &x) in nodes.iter().enumerate() {
            for (j, &y) in nodes.iter().enumerate() {
                let h = prior[i * NODES + j] / total * along[0][i] * along[1][j];
                evidence += h;
                marginals[0][i] += h;
                marginals[1][j] += h;
                let r = 1.0 - rho * rho;
                by_rho += h * (rho / r + x * y / r - rho * quadratic(x, y) / r);
            }
        }
        sum += people * libm::log(evidence);
        gradient[2 * items.len()] += people * by_rho / evidence;
        for (item, score) in data.responses.pattern(pattern) {
            for (q, h) in marginals[data.dimensions.of(item)].iter().enumerate() {
                let rest = score as f64 - p[item][q];
                gradient[2 * item] += people * h / evidence * rest * nodes[q];
                gradient[2 * item + 1] += people * h / evidence * rest;
            }
        }
    }
    (sum, gradient)
}

#[test]
fn two_abilities_agree_with_exact_quadrature() {
    // Goal: log-likelihood and estimates of expectation propagation are those of quadrature in two
    // dimensions. Method: 2 × 5 items, 600 people, a fifth of the answers missing; the log-likelihood
    // at the estimates, and the exact maximum that scoring steps with the exact gradient reach from
    // there. Bars: 1e-3 a person, and .05 of a standard error.
    let data = simulate(2, 5, 600, 0.5, 0.2);
    let design = design(10);
    let found = fit(&data, &design);
    assert_eq!(found.fit.convergence, Convergence::Converged);
    assert_eq!(found.unsettled, 0.0);
    let (mut items, mut rho) = (found.fit.items.clone(), found.correlations.get(1, 0));
    let (log_likelihood, mut gradient) = exact(&data, &items, rho);
    let off = (found.fit.log_likelihood - log_likelihood).abs();
    assert!(off <= 1e-3 * 600.0, "{} for {log_likelihood}", found.fit.log_likelihood);
    let errors = dimensional_errors(&data.responses, &design, &data.dimensions, &found).unwrap();
    // The covariance stands dimension by dimension.
    let order: Vec<usize> = (0..2).flat_map(|d| data.dimensions.items(d)).collect();
    let covariance = errors.covariance.matrix();
    for _ in 0..12 {
        let mut slopes: Vec<f64> =
            order.iter().flat_map(|&item| [gradient[2 * item], gradient[2 * item + 1]]).collect();
        slopes.push(gradient[20]);
        let step = covariance * nalgebra::DVector::from_vec(slopes);
        for (place, &item) in order.iter().enumerate() {
            items[item][0] += step[2 * place];
            items[item][1] += step[2 * place + 1];
        }
        rho += step[20];
        gradient = exact(&data, &items, rho).1;
    }
    assert!(gradient.iter().all(|slope| slope.abs() < 0.02), "{gradient:?}");
    for (item, (exact, found)) in items.iter().zip(&found.fit.items).enumerate() {
        let place = order.iter().position(|&other| other == item).unwrap();
        for coordinate in 0..2 {
            let index = 2 * place + coordinate;
            let error = covariance[(index, index)].sqrt();
            let away = (exact[coordinate] - found[coordinate]) / error;
            assert!(away.abs() <= 0.05, "item {item} coordinate {coordinate}: {away} SE");
        }
    }
    let away = (rho - found.correlations.get(1, 0)) / errors.correlations.get(1, 0);
    assert!(away.abs() <= 0.05, "correlation: {away} SE");
}

#[test]
fn one_dimension_is_the_calibration_of_one_ability() {
    // Goal: with a single dimension the propagation is exact, so everything is as without it.
    // Method: 8 items, 400 people, both ways; the bars are the tolerance of either search.
    let data = simulate(1, 8, 400, 0.0, 0.1);
    let design = design(8);
    let found = fit(&data, &design);
    let known = calibrate(&data.responses, &design, &mut |_| true).unwrap();
    let off = (found.fit.log_likelihood - known.log_likelihood).abs();
    assert!(off < 1e-6 * known.log_likelihood.abs(), "{off}");
    for (found, known) in found.fit.items.iter().zip(&known.items) {
        assert!((found[0] - known[0]).abs() < 1e-4 && (found[1] - known[1]).abs() < 1e-4);
    }
}

#[test]
fn what_was_simulated_is_recovered_within_its_errors() {
    // Goal: estimates err as much as their standard errors say. Method: 3 × 8 items, 1,500 people:
    // the root mean square of the 48 item coordinates' and the 3 correlations' errors over their
    // standard errors; 1 ± 3 √(1/(2·51)) would hold for independent ones, and items of a dimension
    // share their people, so twice that.
    let data = simulate(3, 8, 1_500, 0.5, 0.1);
    let design = design(24);
    let found = fit(&data, &design);
    let errors = dimensional_errors(&data.responses, &design, &data.dimensions, &found).unwrap();
    let mut squares = Vec::new();
    for (item, (x, &(a, d))) in found.fit.items.iter().zip(&data.items).enumerate() {
        let errors = errors.covariance.standard_errors(Family::TwoParameter, item, x);
        squares.push(((x[0] - a) / errors.a[0]).powi(2));
        squares.push(((x[1] - d) / errors.intercepts[0]).powi(2));
    }
    correlations::for_each_pair(3, |row, column| {
        let error = errors.correlations.get(row, column);
        squares.push(((found.correlations.get(row, column) - data.rho) / error).powi(2));
    });
    let n = squares.len() as f64;
    let rms = (squares.iter().sum::<f64>() / n).sqrt();
    assert!((rms - 1.0).abs() < 6.0 * (0.5 / n).sqrt(), "{rms}");
    for pair in &squares[48..] {
        assert!(*pair < 16.0, "a correlation is {} errors off", pair.sqrt());
    }
}

#[test]
fn standard_errors_are_those_of_the_observed_information() {
    // Goal: the cross-product's errors agree with the observed information's where there is one
    // ability and both exist. Method: 8 items, 4,000 people; two estimates of one information differ
    // by about √(2/n) a cell times what the inverse makes of it: 10 %.
    let data = simulate(1, 8, 4_000, 0.0, 0.0);
    let design = design(8);
    let found = fit(&data, &design);
    let errors = dimensional_errors(&data.responses, &design, &data.dimensions, &found).unwrap();
    let known = crate::psychometrics::calibration::covariance(&data.responses, &design, &found.fit);
    let known = known.unwrap();
    for (item, x) in found.fit.items.iter().enumerate() {
        let ours = errors.covariance.standard_errors(Family::TwoParameter, item, x);
        let theirs = known.standard_errors(Family::TwoParameter, item, x);
        assert!((ours.a[0] / theirs.a[0] - 1.0).abs() < 0.1, "item {item}");
        assert!((ours.b[0] / theirs.b[0] - 1.0).abs() < 0.1, "item {item}");
    }
}
