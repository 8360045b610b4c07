//! Is drift seen, and how often is it seen where there is none?

use gradus::psychometrics::item_analysis::{Cusum, Direction, WatchedAnswer, batch_residual};
use gradus::psychometrics::linking::{CommonItem, LinkingMethod, without_drift};

use super::*;

/// Batches until the first alarm that `counts`, of values with a mean.
fn run_length(
    mut sum: Cusum,
    seed: u64,
    mean: f64,
    counts: impl Fn(Option<Direction>) -> bool,
) -> f64 {
    let mut random = stream(seed, 7, Purpose::Bootstrap);
    let mut batches = 0.0;
    loop {
        batches += 1.0;
        if counts(sum.push(mean + standard_normal(&mut random))) {
            return batches;
        }
    }
}

#[test]
fn cumulative_sums_rarely_cry_wolf_and_see_a_shift_soon() {
    // Goal: without a shift one side alarms once in about 10,000 batches, both together in about
    // 5,000; a shift of one standard error is seen within 15 batches by k = .5, half of one within
    // 60 by k = .25. Method: run lengths of standard normal values; a mean of n nearly exponential
    // run lengths has the relative error 1/√n, and three of them are allowed beyond a tenth.
    let count = size(60, 1_000);
    for &seed in seeds() {
        for (name, sum, shift, most) in
            [("k = .25", Cusum::patient(), 0.5, 60.0), ("k = .5", Cusum::quick(), 1.0, 20.0)]
        {
            let mean_run = |mean: f64, counts: fn(Option<Direction>) -> bool| {
                let runs = replications(count, |replication| {
                    run_length(sum, seed_of(seed, replication), mean, counts)
                });
                mean_and_error(&runs)
            };
            let one = mean_run(0.0, |alarm| alarm == Some(Direction::Easier));
            let both = mean_run(0.0, |alarm| alarm.is_some());
            let seen = mean_run(shift, |alarm| alarm == Some(Direction::Easier));
            println!(
                "seed {seed}: {name}: one side {:.0} ± {:.0}, both {:.0} ± {:.0}; shift {shift}: \
                 {:.1} batches",
                one.0, one.1, both.0, both.1, seen.0
            );
            assert!((one.0 / 10_000.0 - 1.0).abs() <= 0.1 + 3.0 * one.1 / 10_000.0, "{one:?}");
            assert!((both.0 / 5_000.0 - 1.0).abs() <= 0.1 + 3.0 * both.1 / 5_000.0, "{both:?}");
            assert!(seen.0 <= most, "{seen:?}");
        }
    }
}

#[test]
fn a_leaked_item_is_seen_in_batches_of_twenty() {
    // Goal: residuals of an item whose parameters hold are standard normal though abilities are
    // only known to ± .4; one that became .8 easier alarms. Method: batches of 20 people whose
    // posterior N(m, .4²) is right by construction (θ = m + .4 z).
    let item = ItemModel::logistic(1.2, 0.2, 0.0, 1.0).unwrap();
    let leaked = ItemModel::logistic(1.2, -0.6, 0.0, 1.0).unwrap();
    for &seed in seeds() {
        let residuals = |truth: &ItemModel, batches: usize| -> Vec<f64> {
            let mut random = stream(seed, 8, Purpose::Bootstrap);
            let mut batch = |_| {
                let answers: Vec<WatchedAnswer> = (0..20)
                    .map(|_| {
                        let mean = 0.9 * standard_normal(&mut random);
                        let theta = mean + 0.4 * standard_normal(&mut random);
                        let score = truth.category_at(theta, uniform(&mut random));
                        WatchedAnswer { mean, sd: 0.4, score }
                    })
                    .collect();
                batch_residual(&item, &answers).unwrap()
            };
            (0..batches).map(&mut batch).collect()
        };
        let sound = residuals(&item, size(500, 5_000));
        let (mean, error) = mean_and_error(&sound);
        let n = sound.len() as f64;
        let variance = error * error * n;
        println!("seed {seed}: residuals: mean {mean:+.3} ± {error:.3}, variance {variance:.3}");
        assert!(mean.abs() <= 3.0 * error);
        assert!((variance - 1.0).abs() <= 3.0 * (2.0 / n).sqrt());
        let mut sum = Cusum::quick();
        let seen = residuals(&leaked, 40).iter().position(|z| sum.push(*z).is_some());
        println!("  .8 easier: seen after {:?} batches", seen.map(|index| index + 1));
        assert!(seen.is_some_and(|batch| batch < 20));
    }
}

#[test]
fn drifted_common_items_are_dropped_and_the_line_is_freed_of_them() {
    // Goal: of 20 common items three that became .6 easier are dropped in 85 % and more, others
    // rarely, and the line without them has a tenth of the bias of the one over all. Method: both
    // calibrations' difficulties with an error of .08, A = 1, B = 0, mean/sigma.
    let count = size(100, 1_000);
    for &seed in seeds() {
        let rows = replications(count, |replication| {
            let seed = seed_of(seed, replication);
            let truth = two_parameter(seed, 20, 1.2);
            let mut random = stream(seed, 9, Purpose::Bootstrap);
            let items: Vec<CommonItem> = truth
                .iter()
                .enumerate()
                .map(|(index, item)| {
                    let item = item.as_logistic().unwrap();
                    let mut with_error = |shift: f64| {
                        let b = item.difficulty() + shift + 0.08 * standard_normal(&mut random);
                        ItemModel::logistic(item.discrimination(), b, 0.0, 1.0).unwrap()
                    };
                    let shift = if index < 3 { -0.6 } else { 0.0 };
                    let (new, old) = (with_error(shift), with_error(0.0));
                    CommonItem { new, old, se_new: Some(0.08), se_old: Some(0.08) }
                })
                .collect();
            let found = without_drift(LinkingMethod::MeanSigma, &items).unwrap();
            let share = |range: std::ops::Range<usize>| {
                let dropped = range.clone().filter(|&item| found.items[item].dropped).count();
                dropped as f64 / range.len() as f64
            };
            let unpurified: f64 = items
                .iter()
                .map(|item| {
                    item.old.as_logistic().unwrap().difficulty()
                        - item.new.as_logistic().unwrap().difficulty()
                })
                .sum::<f64>()
                / 20.0;
            [share(0..3), share(3..20), found.line.b, unpurified]
        });
        let [seen, false_drops, b, unpurified] = columns(&rows);
        println!(
            "seed {seed}: drifted items dropped {:.3}, others {:.3}; B {:+.4} ± {:.4}, over all \
             items {:+.4}",
            seen.0, false_drops.0, b.0, b.1, unpurified.0
        );
        assert!(seen.0 >= 0.85 - 2.0 * seen.1, "{seen:?}");
        assert!(false_drops.0 <= 0.05 + 2.0 * false_drops.1, "{false_drops:?}");
        assert!(b.0.abs() <= 0.02 + 3.0 * b.1 && unpurified.0 > 0.05);
    }
}

#[test]
fn anchors_that_hold_are_left_alone_and_one_that_moved_is_seen() {
    // Goal: the score test of an anchor's difficulty rejects 3 to 7 % at .05 where all hold, and
    // has power ≥ .8 against a shift of .5, which its one step estimates within .1. Method: 15
    // anchors, 10 new items, 1,000 people of N(.3, 1.1²), with and without a moved anchor.
    for &seed in seeds() {
        let count = size(20, 200);
        let rows = replications(count, |replication| {
            let seed = seed_of(seed, replication);
            let items = two_parameter(seed, 25, 1.2);
            let mut moved = items.clone();
            let fourth = items[4].as_logistic().unwrap();
            moved[4] =
                ItemModel::logistic(fourth.discrimination(), fourth.difficulty() + 0.5, 0.0, 1.0)
                    .unwrap();
            let tested = |truth: &[ItemModel]| {
                let people = People { seed, number: 1_000, mean: 0.3, sd: 1.1 };
                let responses =
                    Responses::from_matrix(categories(truth), &people.answers(truth)).unwrap();
                let family = Family::TwoParameter;
                let mut design = design(family, items.len(), Priors::default());
                for (item, model) in design.items.iter_mut().zip(&items).take(15) {
                    item.anchored = family.coordinates(model);
                }
                design.groups = vec![LatentDesign { free_mean: true, free_variance: true }];
                let fit = estimate(&responses, &design);
                calibration::anchor_drift(&responses, &design, &fit).unwrap()
            };
            let sound = tested(&items);
            let rejected = sound.iter().filter(|drift| (drift.shift / drift.se).abs() > Z95);
            let alarms = rejected.count() as f64 / sound.len() as f64;
            let drift = tested(&moved)[4];
            [alarms, f64::from(u8::from((drift.shift / drift.se).abs() > Z95)), drift.shift]
        });
        let [alarms, power, shift] = columns(&rows);
        println!(
            "seed {seed}: anchors: false alarms {:.3} ± {:.3}, power {:.3}, shift {:+.3} ± {:.3}",
            alarms.0, alarms.1, power.0, shift.0, shift.1
        );
        assert!((alarms.0 - 0.05).abs() <= 0.02 + 2.0 * alarms.1, "{alarms:?}");
        assert!(power.0 >= 0.8 - 2.0 * share_error(0.8, count), "{power:?}");
        assert!((shift.0 - 0.5).abs() <= 0.1 + 2.0 * shift.1, "{shift:?}");
    }
}
