//! Three levels: how many questions until the level is right?

use gradus::psychometrics::cat::Design;
use gradus::psychometrics::stopping::{calibration_error, level_probabilities};

use gradus::psychometrics::numeric::special::normal_quantile;

use super::{
    Finished, People, cuts, fixed_length, honest, is_full, people, pool, run_with, seeds, slack,
};

const CUTS: [f64; 2] = [-0.5, 0.8];
/// Banks a seed: which 300 items a bank has moves the accuracy by a standard deviation of .008, as
/// much as 2,000 people do.
const BANKS: usize = 10;

/// What came out of one rule.
struct Outcome {
    length: f64,
    accuracy: f64,
    far: f64,
    far_people: usize,
    calibration: f64,
}

fn design(stop: &str) -> Design {
    Design {
        cuts: cuts(&CUTS),
        length_min: 5,
        length_max: 40,
        stop: stop.parse().unwrap(),
        ..fixed_length(1, 40)
    }
}

fn outcome(tests: &[Finished]) -> Outcome {
    let n = tests.len() as f64;
    let (mut right, mut far, mut far_right, mut length) = (0.0, 0usize, 0.0, 0.0);
    let mut stated = Vec::new();
    for test in tests {
        let (mean, sd) = test.cat.general_level();
        let levels = level_probabilities(mean, sd, &cuts(&CUTS));
        let truth = CUTS.iter().filter(|cut| test.truth[0] > **cut).count();
        let said = (0..levels.len()).max_by(|&a, &b| levels[a].total_cmp(&levels[b])).unwrap();
        let hit = f64::from(u8::from(said == truth));
        right += hit;
        length += test.cat.asked().len() as f64;
        if CUTS.iter().all(|cut| (test.truth[0] - cut).abs() > 0.3) {
            far += 1;
            far_right += hit;
        }
        stated.extend(levels.into_iter().enumerate().map(|(level, p)| (p, level == truth)));
    }
    Outcome {
        length: length / n,
        accuracy: right / n,
        far: far_right / far as f64,
        far_people: far,
        calibration: calibration_error(stated),
    }
}

/// People at the quantiles of N(0, 1), so that luck decides neither how many stand near a cut nor
/// how good the banks are; each bank has every tenth of them.
fn tests_of(rule: &str, seed: u64, number: usize) -> Vec<Finished> {
    let of_bank = |bank: usize| {
        let bank_seed = seed * 1_000 + bank as u64;
        let pool = pool(bank_seed, 1, 300, 0.0);
        let number = number / BANKS;
        let people = People { seed: bank_seed, number, correlation: 0.0, assumed: 0.0 };
        let at = |person: usize| {
            let place = (person * BANKS + bank) as f64 + 0.5;
            vec![normal_quantile(place / (number * BANKS) as f64)]
        };
        run_with(&pool, &design(rule), &people, at, honest(&pool, bank_seed))
    };
    (0..BANKS).flat_map(of_bank).collect()
}

#[test]
fn stop_rules_keep_what_the_table_says() {
    // Goal: with cuts -.5 and .8 and at least 5 questions, the zone rule (.3, .025) puts at least
    // 88 % on the right level in at most 12 questions, the posterior rule (.90) 88.5 % in 16; far
    // from a cut (.3) 96 %; the stated probabilities hold. Method: ten banks of 300 two-parameter
    // items, people at the quantiles of N(0, 1); two standard errors of the run's size (a length's
    // spread is below 10).
    let number = people(400, 2_000);
    // What a perfect engine shows in 95 of 100 runs, rounded up.
    let calibration_bar = if is_full() { 0.025 } else { 0.045 };
    let promises = [("zone(0.3,0.025)", 12.0, 0.88), ("posterior>=0.9", 16.0, 0.885)];
    for (rule, most, promised) in promises {
        let mut all = Vec::new();
        for &seed in seeds() {
            let tests = tests_of(rule, seed, number);
            let found = outcome(&tests);
            println!(
                "{rule}, seed {seed}, {number} people: {:.1} questions, right {:.3}, far from a \
                 cut {:.3}, calibration error {:.3}",
                found.length, found.accuracy, found.far, found.calibration
            );
            assert!(found.calibration <= calibration_bar, "{}", found.calibration);
            all.extend(tests);
        }
        let found = outcome(&all);
        let n = all.len();
        println!("{rule}, all: {:.2} questions, right {:.4}", found.length, found.accuracy);
        assert!(found.length <= most + 2.0 * 10.0 / (n as f64).sqrt(), "{}", found.length);
        assert!(found.accuracy >= promised - slack(promised, n), "{}", found.accuracy);
        assert!(found.far >= 0.96 - slack(0.96, found.far_people), "{}", found.far);
    }
}
