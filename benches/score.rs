//! How long does it take to score everybody? Estimates alone, from a matrix in memory to the list of
//! abilities; files are read and written by `gradus score`, which `benches/peers/run` times whole.

use std::hint::black_box;

use criterion::{Criterion, Throughput};

use gradus::psychometrics::estimation::{BulkMeans, Estimator, Method, Tabulated};
use gradus::psychometrics::irt::ItemModel;
use gradus::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};

const PERSONS: usize = 10_000;
/// The other methods search for a maximum and take longer; fewer people tell as much.
const PERSONS_OF_SEARCHES: usize = 500;

/// Items, every fourth with four scores if so wanted, and a seeded answer of everybody to each; one
/// answer in `one_in` is missing.
fn seeded(
    items: usize,
    persons: usize,
    graded: bool,
    one_in: Option<u32>,
) -> (Vec<ItemModel>, Vec<u16>) {
    let mut random = stream(1, 0, Purpose::Simulee);
    let models: Vec<ItemModel> = (0..items)
        .map(|item| {
            let a = (0.3 * standard_normal(&mut random)).exp();
            let b = standard_normal(&mut random);
            if graded && item % 4 == 0 {
                ItemModel::graded(a, vec![b - 0.8, b, b + 0.8]).expect("an item")
            } else {
                ItemModel::logistic(a, b, 0.0, 1.0).expect("an item")
            }
        })
        .collect();
    let mut scores = Vec::with_capacity(items * persons);
    for _ in 0..persons {
        let theta = standard_normal(&mut random);
        for model in &models {
            let score = model.category_at(theta, uniform(&mut random)) as u16;
            let is_gap = one_in.is_some_and(|n| uniform(&mut random) < 1.0 / f64::from(n));
            scores.push(if is_gap { u16::MAX } else { score });
        }
    }
    (models, scores)
}

/// EAP on 121 points; tables are made anew each time, as for every file.
fn posterior_means(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("how_long_to_score_10000_persons_by_eap");
    group.throughput(Throughput::Elements(PERSONS as u64)).sample_size(20);
    let estimator = Estimator::new(Method::Eap);
    for (name, items, graded, one_in) in [
        ("100_right_or_wrong", 100, false, None),
        ("100_every_fourth_graded", 100, true, None),
        ("100_with_one_answer_in_ten_missing", 100, false, Some(10)),
        ("1000_right_or_wrong", 1_000, false, None),
    ] {
        let (models, scores) = seeded(items, PERSONS, graded, one_in);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let means = BulkMeans::new(&estimator, &models, &scores).expect("a prior");
                black_box(means.estimates(0..means.persons()))
            });
        });
    }
    group.finish();
}

/// The methods that search for a maximum, for one person after the other.
fn searches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("how_long_to_score_500_persons_by_a_search");
    group.throughput(Throughput::Elements(PERSONS_OF_SEARCHES as u64)).sample_size(10);
    let (models, scores) = seeded(100, PERSONS_OF_SEARCHES, false, None);
    let persons: Vec<Vec<(usize, usize)>> = scores
        .chunks(models.len())
        .map(|row| row.iter().map(|score| usize::from(*score)).enumerate().collect())
        .collect();
    for method in [Method::MaximumLikelihood, Method::Map, Method::WeightedLikelihood] {
        let tables = Tabulated::new(Estimator::new(method), &models).expect("a prior");
        group.bench_function(method.name(), |bencher| {
            bencher.iter(|| {
                for scores in &persons {
                    black_box(tables.ability(scores).expect("answers"));
                }
            });
        });
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    posterior_means(&mut criterion);
    searches(&mut criterion);
    criterion.final_summary();
}
