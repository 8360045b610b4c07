//! Calibrations of small data against published tables.

use super::*;
use crate::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};

/// Right and wrong answers of LSAT section 6: patterns of five items and their frequencies
/// (Bock & Lieberman, 1970, *Psychometrika* 35, 179–197, table 1).
const LSAT6: [(&str, usize); 30] = [
    ("00000", 3),
    ("00001", 6),
    ("00010", 2),
    ("00011", 11),
    ("00100", 1),
    ("00101", 1),
    ("00110", 3),
    ("00111", 4),
    ("01000", 1),
    ("01001", 8),
    ("01011", 16),
    ("01101", 3),
    ("01110", 2),
    ("01111", 15),
    ("10000", 10),
    ("10001", 29),
    ("10010", 14),
    ("10011", 81),
    ("10100", 3),
    ("10101", 28),
    ("10110", 15),
    ("10111", 80),
    ("11000", 16),
    ("11001", 56),
    ("11010", 21),
    ("11011", 173),
    ("11100", 11),
    ("11101", 61),
    ("11110", 28),
    ("11111", 298),
];

fn lsat6() -> Responses {
    let mut builder = ResponsesBuilder::new(vec![2; 5]);
    for (pattern, count) in LSAT6 {
        let scores: Vec<u16> = pattern.bytes().map(|byte| u16::from(byte - b'0')).collect();
        for _ in 0..count {
            builder.push(&scores, 0).unwrap();
        }
    }
    builder.build().unwrap()
}

fn design(items: usize, family: Family, free_variance: bool) -> Design {
    let item = ItemDesign { family, priors: Priors::default(), anchored: None, start: None };
    Design {
        items: vec![item; items],
        groups: vec![LatentDesign { free_mean: false, free_variance }],
        shape: LatentShape::Normal,
        settings: Settings { tolerance: 1e-6, ..Settings::default() },
    }
}

fn fit(responses: &Responses, design: &Design) -> Fit {
    calibrate(responses, design, &mut |_| true).unwrap()
}

#[test]
fn lsat6_two_parameter_is_as_published() {
    // Goal: log-likelihood, parameters and standard errors of the 2PL. Method: the table that R's
    // ltm and mirt agree on (Rizopoulos, 2006, J. Stat. Softw. 17(5)): −2466.653.
    let (responses, design) = (lsat6(), design(5, Family::TwoParameter, false));
    let fit = fit(&responses, &design);
    assert_eq!(fit.convergence, Convergence::Converged);
    assert!((fit.log_likelihood + 2466.653).abs() < 1e-3, "{}", fit.log_likelihood);
    let covariance = covariance(&responses, &design, &fit).unwrap();
    let published = [
        (0.8254, -3.3597, 0.2581),
        (0.7229, -1.3696, 0.1867),
        (0.8905, -0.2799, 0.2326),
        (0.6886, -1.8659, 0.1852),
        (0.6575, -3.1236, 0.2100),
    ];
    for (item, (a, b, se)) in published.into_iter().enumerate() {
        let parameters = Family::TwoParameter.parameters(&fit.items[item]);
        assert!((parameters.a[0] - a).abs() < 1e-3, "item {item}: a {:?}", parameters.a);
        assert!((parameters.b[0] - b).abs() < 3e-3, "item {item}: b {:?}", parameters.b);
        let errors = covariance.standard_errors(Family::TwoParameter, item, &fit.items[item]);
        assert!((errors.a[0] / se - 1.0).abs() < 0.02, "item {item}: {:?}", errors.a);
    }
}

#[test]
fn lsat6_rasch_has_the_published_variance() {
    // Goal: a free latent variance. Method: mirt's published Rasch fit, variance .57.
    let (responses, design) = (lsat6(), design(5, Family::Rasch, true));
    let fit = fit(&responses, &design);
    assert!((fit.latent[0].sd.powi(2) - 0.57).abs() < 5e-3, "{}", fit.latent[0].sd);
}

#[test]
fn packing_changes_nothing() {
    // Goal: tuples and single cells give the same fit. Method: the same answers with and without
    // most of them missing in a second form that keeps cells single.
    let mut random = stream(7, 0, Purpose::Simulee);
    let mut matrix = Vec::new();
    for _ in 0..400 {
        let theta = standard_normal(&mut random);
        for item in 0..9 {
            let z = theta - (f64::from(item) - 4.0) / 3.0;
            matrix.push(u16::from(uniform(&mut random) < 1.0 / (1.0 + libm::exp(-z))));
        }
    }
    let packed = Responses::from_matrix(vec![2; 9], &matrix).unwrap();
    assert!(packed.row_count() > packed.cell_count());
    for pattern in 0..packed.patterns() {
        assert_eq!(packed.pattern(pattern).count(), 9);
    }
    let design = design(9, Family::TwoParameter, false);
    let whole = fit(&packed, &design);
    let plain = Design {
        settings: Settings { accelerate: false, tolerance: 1e-8, ..design.settings.clone() },
        ..design
    };
    let slow = fit(&packed, &plain);
    for (x, y) in whole.items.iter().flatten().zip(slow.items.iter().flatten()) {
        assert!((x - y).abs() < 1e-4 || x == y, "{x} {y}");
    }
    assert!(whole.iterations < slow.iterations);
}
