//! One ability: how near does an adaptive test come to the least possible error, and what does
//! exposure control cost?

use gradus::psychometrics::irt::ItemModel;
use gradus::psychometrics::simulation::{Answers, Precision, Study, Summary, TestDesign};

use super::{people, pool, seeds};

const ITEMS: usize = 500;

/// Items of one seed: a ~ LogN(ln 1.2, .3), b ~ N(0, 1.2²), the same lower asymptote.
fn bank(seed: u64, lower: f64) -> Vec<ItemModel> {
    pool(seed, 1, ITEMS, lower).items().iter().map(|item| item.model.clone()).collect()
}

fn simulate(items: &[ItemModel], seed: u64, examinees: usize, design: TestDesign) -> Summary {
    let study = Study::new(items, design).unwrap();
    let tests = study.run(&Answers::Simulated { examinees }, seed, &|| {}).unwrap();
    study.summarise(&tests)
}

fn precision(summary: &Summary) -> &Precision {
    summary.precision.as_ref().unwrap()
}

#[test]
fn twenty_items_come_near_the_bound() {
    // Goal: after 20 of 500 items the RMSE is at most .265 without guessing and .33 with a floor of
    // .2, and at most 1.08 times the least possible from 15 items (floor: from 20); standard errors
    // are right within 3 % and 90 % intervals hold for 88 to 92 %. Method: maximum information and
    // posterior means; two Monte-Carlo standard errors of the run's size (an RMSE's is its
    // 1/√(2N)th part).
    let examinees = people(500, 2_000);
    let noise = 2.0 / (2.0 * examinees as f64).sqrt();
    for (lower, most, from) in [(0.0, 0.265, 15), (0.2, 0.33, 20)] {
        for &seed in seeds() {
            let items = bank(seed, lower);
            let design = TestDesign { length_max: 30, ..TestDesign::default() };
            let summary = simulate(&items, seed, examinees, design);
            let precise = precision(&summary);
            let at = |n: usize| &precise.by_length[n - 1];
            let ratio = |n: usize| at(n).rmse / at(n).bound_rmse;
            let worst = (from..=30).map(ratio).fold(0.0, f64::max);
            println!(
                "floor {lower}, seed {seed}, {examinees} people: RMSE at 20 {:.4} (bound {:.4}), \
                 largest ratio from {from} items {worst:.3}; mean SE / RMSE {:.3}, 90 % interval \
                 covers {:.3}",
                at(20).rmse,
                at(20).bound_rmse,
                summary.mean_se / precise.rmse,
                precise.coverage90
            );
            assert!(at(20).rmse <= most * (1.0 + noise), "{}", at(20).rmse);
            assert!(worst <= 1.08 * (1.0 + noise), "{worst}");
            assert!((summary.mean_se / precise.rmse - 1.0).abs() <= 0.03 + noise);
            let spread = 2.0 * (0.9f64 * 0.1 / examinees as f64).sqrt();
            let covered = precise.coverage90;
            assert!(covered >= 0.88 - spread && covered <= 0.92 + spread, "{covered}");
        }
    }
}

/// Banks a seed: the cost of a rule differs between banks by a standard deviation of 2 %.
const BANKS: u64 = 10;

#[test]
fn eligibility_holds_its_rate_and_costs_little() {
    // Goal: with eligibility(0.2) no item is seen by more than 24 % of the people but for Monte-Carlo
    // error, and the RMSE of 20 items grows by at most 10 %. Method: ten banks, the same people and
    // answers with and without the rule, squared errors pooled over the banks. Items that are chosen
    // whenever they are eligible have shares that scatter around .2 by √(.16/N), and the largest of
    // a thousand lies up to 3.5 times that above; the growth over ten banks has a Monte-Carlo error
    // of 1.2 % with 500 people each, of .9 % (mostly the banks') with 2,000.
    let examinees = people(500, 2_000);
    let slack = 2.0 * if examinees > 500 { 0.009 } else { 0.012 };
    let highest = f64::max(0.24, 0.2 + 3.5 * (0.16 / examinees as f64).sqrt());
    for &seed in seeds() {
        let (mut held, mut free, mut most) = (0.0, 0.0, 0.0_f64);
        for bank_seed in (0..BANKS).map(|bank| seed * 1_000 + bank) {
            let items = bank(bank_seed, 0.0);
            let of = |rule: &str| {
                let exposure = rule.parse().unwrap();
                let design = TestDesign { length_max: 20, exposure, ..TestDesign::default() };
                simulate(&items, bank_seed, examinees, design)
            };
            let (with, without) = (of("eligibility(0.2)"), of("none"));
            held += precision(&with).rmse * precision(&with).rmse;
            free += precision(&without).rmse * precision(&without).rmse;
            most = most.max(with.exposure.max);
        }
        let growth = (held / free).sqrt() - 1.0;
        println!(
            "seed {seed}, {examinees} people for each of {BANKS} banks: largest rate {most:.3}; RMSE \
             {:.4} for {:.4}, growth {:+.1} %",
            (held / BANKS as f64).sqrt(),
            (free / BANKS as f64).sqrt(),
            100.0 * growth
        );
        assert!(most <= highest, "{most}");
        assert!(growth <= 0.10 + slack, "{growth}");
    }
}
