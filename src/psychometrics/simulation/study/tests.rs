//! What a study must satisfy whatever its rules.

use super::*;
use crate::psychometrics::estimation::{Answer, Estimator, Method};
use crate::psychometrics::numeric::quadrature::Grid;
use crate::psychometrics::numeric::tolerance::RELATIVE;
use crate::psychometrics::simulation::Stopped;
use crate::psychometrics::stopping::CutScore;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

/// A bank with slopes around 1.2 and difficulties around 0.
fn bank(items: usize, lower: f64) -> Vec<ItemModel> {
    let mut random = stream(20, 0, Purpose::Bootstrap);
    let mut draw = || {
        let a = 1.2 * libm::exp(0.3 * standard_normal(&mut random));
        ItemModel::logistic(a, 1.2 * standard_normal(&mut random), lower, 1.0).unwrap()
    };
    (0..items).map(|_| draw()).collect()
}

fn run(items: &[ItemModel], design: TestDesign, examinees: usize) -> (Tests, Summary) {
    let study = Study::new(items, design).unwrap();
    let tests = study.run(&Answers::Simulated { examinees }, 5, &|| {}).unwrap();
    let summary = study.summarise(&tests);
    (tests, summary)
}

fn with(exposure: &str, length_max: usize) -> TestDesign {
    TestDesign { length_max, exposure: exposure.parse().unwrap(), ..TestDesign::default() }
}

#[test]
fn every_pick_is_the_most_informative_item_left() {
    // Goal: without other rules each step is plain MFI on the posterior mean. Method: a walk
    // along every test with a full search and a fresh estimate.
    let items = bank(60, 0.2);
    let (tests, _) = run(&items, with("none", 8), 40);
    let estimator = Estimator::new(Method::Eap).with_grid(Grid::session());
    for (person, test) in tests.iter().enumerate() {
        let mut theta = 0.0;
        let mut answers: Vec<Answer<'_>> = Vec::new();
        for (step, row) in test.items.iter().enumerate() {
            let left = (0..items.len()).filter(|row| !test.items[..step].contains(&(*row as u32)));
            let best = left.fold((0, -1.0), |best, row| {
                let value = items[row].information(theta);
                if value > best.1 { (row, value) } else { best }
            });
            let row = *row as usize;
            assert_eq!(row, best.0);
            let score = response(5, person, row, &items[row], test.truth.unwrap());
            answers.push(Answer::new(&items[row], score).unwrap());
            theta = estimator.estimate(&answers).unwrap().theta;
            assert!((theta - test.path[step]).abs() <= RELATIVE);
        }
    }
}

#[test]
fn a_replay_of_the_matrix_is_the_same_study() {
    // Goal: answers given as a matrix lead to the same tests. Method: the whole matrix of the
    // simulated people, then both runs under each rule.
    let items = bank(80, 0.0);
    for rule in ["none", "randomesque(4)", "eligibility(0.4)", "progressive(0.4)"] {
        let study = Study::new(&items, with(rule, 10)).unwrap();
        let simulated = study.run(&Answers::Simulated { examinees: 30 }, 9, &|| {}).unwrap();
        let cell = |person: usize, row: usize| {
            response(9, person, row, &items[row], true_ability(9, person)) as u16
        };
        let scores: Vec<u16> =
            (0..30).flat_map(|person| (0..80).map(move |row| cell(person, row))).collect();
        let replayed = study.run(&Answers::Given { scores: &scores }, 9, &|| {}).unwrap();
        for (one, other) in simulated.iter().zip(replayed.iter()) {
            assert_eq!((&one.items, &one.path), (&other.items, &other.path), "{rule}");
            assert_eq!(other.truth, None);
        }
        assert_eq!(study.summarise(&replayed).precision, None);
    }
}

#[test]
fn threads_change_nothing() {
    // Goal: the same tests and figures on one and two threads. Method: both pools, each rule.
    let items = bank(60, 0.2);
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    for rule in ["none", "randomesque(3)", "eligibility(0.4)", "sympson-hetter(0.4)"] {
        let one = pool(1).install(|| run(&items, with(rule, 6), 120));
        let two = pool(2).install(|| run(&items, with(rule, 6), 120));
        assert_eq!(one, two, "{rule}");
    }
}

#[test]
fn exposure_rules_hold_their_rates() {
    // Goal: largest rate ≤ r_max + .04, progressive uses nearly all items. Method: 900 people,
    // 10 of 100 items.
    let items = bank(100, 0.0);
    let figures = |rule: &str| run(&items, with(rule, 10), 900).1.exposure;
    let free = figures("none");
    assert!(free.max > 0.9 && free.unused_share > 0.3, "{free:?}");
    assert!(figures("randomesque(5)").max < free.max);
    for rule in ["eligibility(0.25)", "sympson-hetter(0.25)", "progressive(0.25)"] {
        let held = figures(rule);
        assert!(held.max <= 0.29 && held.overlap < free.overlap, "{rule}: {held:?}");
    }
    assert!(figures("progressive(0.25)").unused_share <= 0.05);
}

#[test]
fn stop_rules_are_asked_after_the_minimum() {
    // Goal: `--min`, the rule and the maximum interplay. Method: a rule that always holds, one
    // that never does, one on levels.
    let items = bank(60, 0.0);
    let design = |stop: &str| TestDesign {
        length_min: 4,
        length_max: 12,
        stop: Some(stop.parse().unwrap()),
        cuts: vec![CutScore { theta: 0.0, se: 0.0 }],
        ..TestDesign::default()
    };
    let lengths = |stop: &str| run(&items, design(stop), 200).1.length;
    assert_eq!((lengths("se<9").min, lengths("se<9").max), (4, 4));
    assert_eq!(lengths("se<0").min, 12);
    let zone = lengths("zone(0.3,0.025)");
    assert!(zone.min == 4 && zone.max == 12 && zone.mean > 4.0 && zone.mean < 12.0, "{zone:?}");
    let sprt = lengths("sprt(0.3,0.1,0.1)");
    assert!(sprt.mean > 4.0, "{sprt:?}");
}

#[test]
fn a_bank_that_runs_out_ends_the_test() {
    // Goal: no item twice, no endless test. Method: more questions than items, and a person with
    // two given answers only.
    let items = bank(5, 0.0);
    let (tests, summary) = run(&items, with("none", 30), 10);
    assert_eq!(summary.length.max, 5);
    assert!(tests.iter().all(|test| *test.stopped == Stopped::NoItemsLeft));
    let study = Study::new(&items, with("none", 30)).unwrap();
    let scores = [NOT_ADMINISTERED, 1, NOT_ADMINISTERED, 0, NOT_ADMINISTERED];
    let tests = study.run(&Answers::Given { scores: &scores }, 1, &|| {}).unwrap();
    let mut asked = tests.get(0).items.to_vec();
    asked.sort_unstable();
    assert_eq!(asked, [1, 3]);
}

#[test]
fn impossible_studies_are_refused() {
    // Goal: errors before any test. Method: one of each.
    let items = bank(20, 0.0);
    let refused = |design: TestDesign| Study::new(&items, design).unwrap_err();
    let no_cuts =
        TestDesign { stop: Some("zone(0.3,0.02)".parse().unwrap()), ..TestDesign::default() };
    assert!(matches!(refused(no_cuts), SimulationError::NoCuts { .. }));
    let long = TestDesign { length_min: 40, ..TestDesign::default() };
    assert_eq!(refused(long), SimulationError::Length { min: 40, max: 30 });
    assert!(matches!(refused(with("eligibility(0.2)", 10)), SimulationError::RateTooSmall { .. }));
    let mixed = TestDesign { criterion: Criterion::Urry, ..with("progressive(0.9)", 5) };
    assert_eq!(refused(mixed), SimulationError::Progressive { criterion: Criterion::Urry });
    assert!(matches!(Study::new(&[], TestDesign::default()), Err(SimulationError::NoItems)));
    let study = Study::new(&items, TestDesign::default()).unwrap();
    let ragged = study.run(&Answers::Given { scores: &[0; 21] }, 1, &|| {});
    assert_eq!(ragged, Err(SimulationError::Shape { cells: 21, items: 20 }));
}

#[test]
fn figures_are_what_their_names_say() {
    // Goal: errors, bounds and classification by their definitions. Method: recomputed from the
    // tests with plain sums.
    let items = bank(50, 0.0);
    let cuts = [-0.25, 1.2].map(|theta| CutScore { theta, se: 0.0 }).to_vec();
    let design = TestDesign { cuts, ..with("none", 12) };
    let (tests, summary) = run(&items, design, 300);
    let precision = summary.precision.unwrap();
    let errors: Vec<f64> = tests.iter().map(|t| t.estimate.theta - t.truth.unwrap()).collect();
    let mean_square = errors.iter().map(|e| e * e).sum::<f64>() / 300.0;
    assert!((precision.rmse - mean_square.sqrt()).abs() < 1e-12);
    assert!((precision.bias - errors.iter().sum::<f64>() / 300.0).abs() < 1e-12);
    assert_eq!(precision.by_length.len(), 12);
    let last = precision.by_length[11];
    assert!((last.rmse - precision.rmse).abs() < 1e-12);
    assert!((last.bound_rmse - precision.bound_rmse).abs() < 1e-12);
    for pair in precision.by_length.windows(2) {
        assert!(pair[1].bound_rmse < pair[0].bound_rmse);
        // Sampling moves the error of 300 people by 4 %; two and a half such steps are allowed.
        assert!(pair[0].rmse > 0.9 * pair[0].bound_rmse);
    }
    let found = summary.classification.unwrap();
    let level = |theta: f64| usize::from(theta > -0.25) + usize::from(theta > 1.2);
    let two_off = tests
        .iter()
        .filter(|t| {
            let (truth, estimate) = (level(t.truth.unwrap()), level(t.estimate.theta));
            truth.abs_diff(estimate) == 2
        })
        .count();
    assert!(found.two_level_errors <= (two_off + 1) as f64 / 300.0);
    assert!(found.accuracy > 0.7 && found.far_accuracy.unwrap() > found.accuracy);
    assert!(found.kappa.unwrap() < found.accuracy && found.ece < 0.06, "{found:?}");
}

#[test]
fn precision_reaches_its_targets() {
    // Goal: 20 items of 500: RMSE ≤ .265 without guessing and ≤ .33 with c = .2, at most 8 % above
    // the bound, honest standard errors. Method: 1,500 people; sampling moves an RMSE by 2 %.
    for (lower, most) in [(0.0, 0.265), (0.2, 0.33)] {
        let items = bank(500, lower);
        let (_, summary) = run(&items, with("none", 20), 1_500);
        let precision = summary.precision.unwrap();
        assert!(precision.rmse <= most, "c = {lower}: {}", precision.rmse);
        assert!(precision.rmse / precision.bound_rmse <= 1.08 * 1.02, "{precision:?}");
        assert!((summary.mean_se / precision.rmse - 1.0).abs() <= 0.05);
        assert!((0.88..=0.92).contains(&precision.coverage90), "{}", precision.coverage90);
        assert!(precision.bias.abs() <= 0.03);
    }
}

fn any_item() -> impl Strategy<Value = ItemModel> {
    prop_oneof![
        4 => (0.3f64..2.5, -3.0f64..3.0)
            .prop_map(|(a, b)| ItemModel::logistic(a, b, 0.0, 1.0).unwrap()),
        2 => (0.3f64..2.5, -3.0f64..3.0, 0.0f64..0.3, 0.9f64..1.0)
            .prop_map(|(a, b, c, d)| ItemModel::logistic(a, b, c, d).unwrap()),
        1 => (0.3f64..2.0, -2.0f64..1.0, 0.1f64..2.0)
            .prop_map(|(a, b, gap)| ItemModel::graded(a, vec![b, b + gap]).unwrap()),
        1 => (0.3f64..2.0, -2.0f64..2.0, -2.0f64..2.0)
            .prop_map(|(a, b, c)| ItemModel::generalized_partial_credit(a, vec![b, c]).unwrap()),
    ]
}

/// The same items in the same order, and abilities up to the stated precision.
fn same_tests(one: &Tests, other: &Tests) -> Result<(), TestCaseError> {
    prop_assert_eq!(one.len(), other.len());
    let near = |a: f64, b: f64| (a - b).abs() <= RELATIVE * a.abs().max(1.0);
    for (a, b) in one.iter().zip(other.iter()) {
        prop_assert_eq!((a.truth, a.items, a.stopped), (b.truth, b.items, b.stopped));
        prop_assert!(a.path.iter().zip(b.path).all(|(a, b)| near(*a, *b)));
        let (a, b) = (a.estimate, b.estimate);
        prop_assert!(near(a.theta, b.theta), "{} {}", a.theta, b.theta);
        prop_assert!((a.standard_error / b.standard_error - 1.0).abs() <= RELATIVE);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn cohorts_give_the_tests_of_the_plain_path(
        items in proptest::collection::vec(any_item(), 1..150),
        copies in proptest::collection::vec((0usize..150, 0usize..150), 0..40),
        plain in 0u8..3,
        length_max in 1usize..60,
        rule in 0usize..6,
        among in 0usize..4,
        grid in prop_oneof![Just((-6.0, 6.0, 61)), Just((-4.0, 4.0, 33)), Just((-9.0, 9.0, 40))],
        uniform_prior in proptest::bool::ANY,
        seed in 0u64..1_000,
        holes in 0usize..3,
    ) {
        // Goal: the fast path and the general one give the same tests: items, order, reasons, and
        // abilities to 1e-12. Method: banks of all models with copies of items, random designs,
        // simulated people, and the same people replayed from a matrix with holes.
        let mut items = items;
        if plain == 0 {
            items.iter_mut().enumerate().for_each(|(row, item)| if item.as_logistic().is_none() {
                *item = ItemModel::logistic(1.0, row as f64 / 50.0 - 1.5, 0.0, 1.0).unwrap();
            });
        }
        for (from, to) in copies {
            let n = items.len();
            items[to % n] = items[from % n].clone();
        }
        let stops = ["se<0.35", "posterior>=0.9", "zone(0.3,0.05) or se<0.3", "change<0.02", "ci(0.9)"];
        let prior = if uniform_prior { "uniform:-3,3" } else { "normal:0.2,1.1" };
        let design = TestDesign {
            length_min: length_max.min(3),
            length_max,
            stop: stops.get(rule).map(|rule| rule.parse().unwrap()),
            exposure: match among {
                0 | 1 => ExposureRule::None,
                _ => ExposureRule::Randomesque { among },
            },
            cuts: vec![CutScore { theta: -0.2, se: 0.1 }, CutScore { theta: 1.0, se: 0.0 }],
            estimator: Estimator::new(Method::Eap)
                .with_grid(Grid::trapezoid(grid.0, grid.1, grid.2).unwrap())
                .with_prior(prior.parse().unwrap()),
            ..TestDesign::default()
        };
        prop_assert!(cohort::serves(&design));
        let study = Study::new(&items, design).unwrap();
        let (people, width) = (37, items.len());
        let answers = Answers::Simulated { examinees: people };
        let simulated = study.in_cohorts(&answers, people, seed, &|| {}).unwrap();
        same_tests(&simulated, &study.one_by_one(&answers, people, seed, &|| {}).unwrap())?;
        let scores: Vec<u16> = (0..people * width)
            .map(|cell| {
                let (person, row) = (cell / width, cell % width);
                let ability = true_ability(seed, person);
                match (cell * 7) % 5 < holes {
                    true => NOT_ADMINISTERED,
                    false => response(seed, person, row, &items[row], ability) as u16,
                }
            })
            .collect();
        let answers = Answers::Given { scores: &scores };
        let replayed = study.in_cohorts(&answers, people, seed, &|| {}).unwrap();
        same_tests(&replayed, &study.one_by_one(&answers, people, seed, &|| {}).unwrap())?;
    }
}

#[test]
fn long_and_strange_tests_keep_their_precision() {
    // Goal: no posterior underflows and no choice goes astray. Method: 600 questions, and people
    // whose given answers contradict each other on steep items; abilities within the stated
    // rounding.
    let steep: Vec<ItemModel> = (0..700)
        .map(|row| {
            let b = f64::from(row % 101) / 20.0 - 2.5;
            ItemModel::logistic(if row % 2 == 0 { 25.0 } else { 1.3 }, b, 0.0, 1.0).unwrap()
        })
        .collect();
    let study = Study::new(&steep, with("none", 600)).unwrap();
    let scores: Vec<u16> = (0..3 * 700).map(|cell| u16::from(cell % 3 == 0)).collect();
    let answers = Answers::Given { scores: &scores };
    let fast = study.in_cohorts(&answers, 3, 1, &|| {}).unwrap();
    let plain = study.one_by_one(&answers, 3, 1, &|| {}).unwrap();
    for (fast, plain) in fast.iter().zip(plain.iter()) {
        assert_eq!(fast.items, plain.items);
        let apart = (fast.estimate.theta - plain.estimate.theta).abs();
        assert!(apart <= cohort::mean_rounding(600, 25.0), "{apart}");
    }
}

#[test]
fn shared_beginnings_change_nothing() {
    // Goal: who answers like somebody before gets the same test, however long it is. Method: 400
    // people, tests that end inside, at and behind the shared part, items of two and three scores.
    let mut items = bank(80, 0.0);
    for row in (0..80).step_by(9) {
        items[row] = ItemModel::graded(1.9, vec![row as f64 / 40.0 - 1.2, 1.0]).unwrap();
    }
    for length_max in [1, 4, 9, 10, 11, 16] {
        let study = Study::new(&items, with("none", length_max)).unwrap();
        let answers = Answers::Simulated { examinees: 400 };
        let shared = study.in_cohorts(&answers, 400, 3, &|| {}).unwrap();
        let plain = study.one_by_one(&answers, 400, 3, &|| {}).unwrap();
        same_tests(&shared, &plain).unwrap();
    }
}
