//! How long does a calibration take? From answers in memory to parameters, without standard errors;
//! packing the answers is part of it, reading a file is not.

use std::hint::black_box;

use criterion::Criterion;

use gradus::psychometrics::calibration::{
    Convergence, Design, Family, ItemDesign, LatentDesign, LatentShape, NormalPrior, Priors,
    Responses, Settings, calibrate,
};
use gradus::psychometrics::irt::ItemModel;
use gradus::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};

/// What is calibrated.
struct Case {
    name: &'static str,
    family: Family,
    items: usize,
    persons: usize,
}

fn answers(case: &Case) -> (Vec<usize>, Vec<u16>) {
    let mut random = stream(1, 0, Purpose::Simulee);
    let models: Vec<ItemModel> = (0..case.items)
        .map(|_| {
            let a = (0.3 * standard_normal(&mut random)).exp();
            let b = standard_normal(&mut random);
            match case.family {
                Family::Graded => ItemModel::graded(a, vec![b - 1.0, b, b + 1.0]),
                Family::ThreeParameter => {
                    ItemModel::logistic(a, b, 0.1 + 0.15 * uniform(&mut random), 1.0)
                }
                _ => ItemModel::logistic(a, b, 0.0, 1.0),
            }
            .expect("an item")
        })
        .collect();
    let mut scores = Vec::with_capacity(case.items * case.persons);
    for _ in 0..case.persons {
        let theta = standard_normal(&mut random);
        scores.extend(models.iter().map(|m| m.category_at(theta, uniform(&mut random)) as u16));
    }
    (models.iter().map(ItemModel::categories).collect(), scores)
}

fn design(case: &Case) -> Design {
    let logit_c = NormalPrior { mean: -1.386_294, sd: 0.5 };
    let priors = match case.family {
        Family::ThreeParameter => Priors { logit_c: Some(logit_c), ..Priors::default() },
        _ => Priors::default(),
    };
    let item = ItemDesign { family: case.family, priors, anchored: None, start: None };
    Design {
        items: vec![item; case.items],
        groups: vec![LatentDesign { free_mean: false, free_variance: false }],
        shape: LatentShape::Normal,
        settings: Settings::default(),
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let mut group = criterion.benchmark_group("how_long_does_a_calibration_take");
    for case in [
        Case {
            name: "2pl_100_items_10000_persons",
            family: Family::TwoParameter,
            items: 100,
            persons: 10_000,
        },
        Case {
            name: "graded_40_items_5000_persons",
            family: Family::Graded,
            items: 40,
            persons: 5_000,
        },
        Case {
            name: "3pl_60_items_5000_persons",
            family: Family::ThreeParameter,
            items: 60,
            persons: 5_000,
        },
    ] {
        let (categories, scores) = answers(&case);
        let design = design(&case);
        group.bench_function(case.name, |bencher| {
            bencher.iter(|| {
                let responses =
                    Responses::from_matrix(categories.clone(), &scores).expect("answers");
                let fit = calibrate(&responses, &design, &mut |_| true).expect("a calibration");
                assert_eq!(fit.convergence, Convergence::Converged);
                black_box(fit)
            });
        });
    }
    group.finish();
    criterion.final_summary();
}
