//! Are item parameters recovered, and do intervals hold what they say?

use gradus::psychometrics::simulation::{
    Answers, ExposureRule, NOT_ADMINISTERED, Study, TestDesign, response,
};

use super::*;

/// Errors of slopes, difficulties (thresholds, steps) and lower asymptotes.
#[derive(Default)]
struct Recovery {
    a: Errors,
    b: Errors,
    /// Difficulties of items with |b| ≤ 2.
    b_inner: Errors,
    c: Errors,
}

/// A replication's errors: of all slopes, difficulties and asymptotes.
type Found = [Vec<(f64, f64)>; 4];

fn slope_and_places(item: &ItemModel) -> (f64, Vec<f64>, f64) {
    match item {
        ItemModel::Logistic(item) => (item.discrimination(), vec![item.difficulty()], item.lower()),
        ItemModel::Graded(item) => (item.discrimination(), item.thresholds().to_vec(), 0.0),
        ItemModel::GeneralizedPartialCredit(item) => {
            (item.discrimination(), item.steps().to_vec(), 0.0)
        }
        ItemModel::Nominal(_) => panic!("a nominal item has no difficulty"),
    }
}

/// Errors of the items that `wanted` names.
fn errors_of(
    items: &[ItemModel],
    design: &Design,
    fit: &Fit,
    covariance: &Covariance,
    wanted: impl Fn(usize) -> bool,
) -> Found {
    let mut found: Found = Default::default();
    for (index, item) in items.iter().enumerate().filter(|(index, _)| wanted(*index)) {
        let (family, x) = (design.items[index].family, &fit.items[index]);
        let (estimate, se) = (family.parameters(x), covariance.standard_errors(family, index, x));
        let (a, places, c) = slope_and_places(item);
        found[0].push((estimate.a[0] - a, se.a[0]));
        for ((b, estimate), se) in places.iter().zip(&estimate.b).zip(&se.b) {
            found[1].push((estimate - b, *se));
            if b.abs() <= 2.0 {
                found[2].push((estimate - b, *se));
            }
        }
        found[3].push((estimate.c - c, se.c));
    }
    found
}

impl Recovery {
    fn of(found: Vec<Found>) -> Self {
        let mut recovery = Self::default();
        for [a, b, b_inner, c] in found {
            recovery.a.replications.push(a);
            recovery.b.replications.push(b);
            recovery.b_inner.replications.push(b_inner);
            recovery.c.replications.push(c);
        }
        recovery
    }

    /// Fresh items and people in every replication.
    fn study(
        count: usize,
        persons: usize,
        seed: u64,
        family: Family,
        priors: Priors,
        items: impl Fn(u64) -> Vec<ItemModel> + Sync + Send,
    ) -> Self {
        let one = |replication| {
            let seed = seed_of(seed, replication);
            let items = items(seed);
            let scores = People::standard(seed, persons).answers(&items);
            let responses = Responses::from_matrix(categories(&items), &scores).unwrap();
            let design = design(family, items.len(), priors);
            let fit = estimate(&responses, &design);
            let covariance = calibration::covariance(&responses, &design, &fit).unwrap();
            errors_of(&items, &design, &fit, &covariance, |_| true)
        };
        Self::of(replications(count, one))
    }
}

fn normal(mean: f64, sd: f64) -> Option<NormalPrior> {
    Some(NormalPrior { mean, sd })
}

/// Two Monte-Carlo standard errors.
const SURE: f64 = 2.0;

fn assert_rmse(errors: &Errors, most: f64) {
    let found = errors.rmse();
    assert!(found <= most + SURE * errors.rmse_error(), "{found} for {most}");
}

/// 95 % intervals hold the truth in 93 to 97 %, 90 % intervals in 88 to 92 %.
fn assert_coverage(errors: &Errors) {
    for (z, promised) in [(Z95, 0.95), (Z90, 0.90)] {
        let (found, error) = errors.coverage(z);
        assert!((found - promised).abs() <= 0.02 + SURE * error, "{found} ± {error}");
    }
}

/// No mean error beyond what chance makes of none, plus what maximum likelihood has by itself.
fn assert_unbiased(errors: &Errors, known: f64) {
    let (found, error) = errors.bias();
    assert!(found.abs() <= known + 3.0 * error, "{found} ± {error}");
}

/// The error is what the standard errors say: no estimator without bias does better.
fn assert_efficient(errors: &Errors) {
    let ratio = errors.rmse() / errors.mean_se();
    let error = errors.rmse_error() / errors.mean_se();
    assert!((ratio - 1.0).abs() <= 0.05 + SURE * error, "{ratio} ± {error}");
}

#[test]
fn two_parameter_items_are_recovered_and_their_intervals_hold() {
    // Goal: with 1,000 people and 30 items RMSE of b ≤ .12 and of a ≤ .15, as small as the standard
    // errors say; 95 % intervals hold the truth in 93 to 97 %. Method: fresh items (ln a ~
    // N(ln 1.2, .3²), b ~ N(0, 1)) and people in every replication; bars widen by two Monte-Carlo
    // standard errors. Flatter items (ln a ~ N(0, .3²)) are measured, too: there the standard
    // errors themselves are above .12, so that only the agreement with them is judged.
    for &seed in seeds() {
        for slope in [1.2, 1.0] {
            let study = Recovery::study(
                size(8, 100),
                1_000,
                seed,
                Family::TwoParameter,
                Priors::default(),
                |seed| two_parameter(seed, 30, slope),
            );
            println!("seed {seed}: 2PL, 1,000 × 30, slopes about {slope}");
            study.a.print("a");
            study.b.print("b");
            study.b_inner.print("b, |b| ≤ 2");
            assert_rmse(&study.a, 0.15);
            assert_rmse(&study.b, if slope > 1.0 { 0.12 } else { 0.14 });
            for errors in [&study.a, &study.b] {
                assert_coverage(errors);
                assert_efficient(errors);
                assert_unbiased(errors, 0.02);
            }
        }
    }
}

#[test]
fn few_people_are_enough_with_priors() {
    // Goal: with 250 people and priors ln a ~ N(0, .5²), b ~ N(0, 2²) RMSE of b ≤ .22. Method: as
    // above, 30 items; under a prior intervals hold at least what they say.
    let priors = Priors { log_a: normal(0.0, 0.5), b: normal(0.0, 2.0), ..Priors::default() };
    for &seed in seeds() {
        let family = Family::TwoParameter;
        let study = Recovery::study(size(8, 200), 250, seed, family, priors, |seed| {
            two_parameter(seed, 30, 1.2)
        });
        println!("seed {seed}: 2PL with priors, 250 × 30");
        study.a.print("a");
        study.b.print("b");
        assert_rmse(&study.b, 0.22);
        for errors in [&study.a, &study.b] {
            let (held, error) = errors.coverage(Z95);
            assert!(held >= 0.93 - SURE * error, "{held} ± {error}");
        }
    }
}

#[test]
fn graded_and_partial_credit_items_are_recovered() {
    // Goal: no bias, errors as large as the standard errors say, coverage 93 to 97 %. Method: 20
    // items of four categories about .8 apart, 1,000 people, fresh in every replication.
    let graded: fn(f64, Vec<f64>) -> ItemModel = |a, b| ItemModel::graded(a, b).unwrap();
    let partial: fn(f64, Vec<f64>) -> ItemModel =
        |a, b| ItemModel::generalized_partial_credit(a, b).unwrap();
    for &seed in seeds() {
        for (family, build) in
            [(Family::Graded, graded), (Family::GeneralizedPartialCredit, partial)]
        {
            let study =
                Recovery::study(size(6, 100), 1_000, seed, family, Priors::default(), |seed| {
                    four_categories(seed, 20, build)
                });
            println!("seed {seed}: {family:?}, 1,000 × 20, four categories");
            study.a.print("a");
            study.b.print("b");
            for errors in [&study.a, &study.b] {
                assert_coverage(errors);
                assert_efficient(errors);
                assert_unbiased(errors, 0.02);
            }
        }
    }
}

#[test]
fn guessing_items_are_recovered_with_priors() {
    // Goal: 3PL with ln a ~ N(0, .5²), b ~ N(0, 2²), logit c ~ N(logit .2, .5²): RMSE of a ≤ .25, b
    // ≤ .20 for |b| ≤ 2 and c ≤ .06, with intervals that hold. Method: 30 items with c = .2, 2,000
    // people; all c at the prior's mode is the favourable case, and the spread of the prior is what
    // keeps c where data are mute. Without priors on a and b one item in some thousands, all of
    // whose right answers may be guesses, has no finite estimate.
    let priors = Priors {
        log_a: normal(0.0, 0.5),
        b: normal(0.0, 2.0),
        logit_c: normal((0.2_f64 / 0.8).ln(), 0.5),
        ..Priors::default()
    };
    for &seed in seeds() {
        let family = Family::ThreeParameter;
        let study = Recovery::study(size(4, 60), 2_000, seed, family, priors, |seed| {
            with_floor(seed, 30, 1.2, 0.2)
        });
        println!("seed {seed}: 3PL with priors, 2,000 × 30");
        study.a.print("a");
        study.b.print("b");
        study.b_inner.print("b, |b| ≤ 2");
        study.c.print("c");
        assert_rmse(&study.a, 0.25);
        assert_rmse(&study.b_inner, 0.20);
        assert_rmse(&study.c, 0.06);
        for errors in [&study.a, &study.b] {
            let (held, error) = errors.coverage(Z95);
            assert!(held >= 0.93 - SURE * error, "{held} ± {error}");
        }
    }
}

#[test]
fn a_long_test_has_no_bias_of_its_own() {
    // Goal: many items make the posterior of each person narrow, which a coarse grid would turn
    // into a bias of the slopes; 500 items × 20,000 people: |mean error of a| ≤ .005, RMSE ≤ .027.
    // Method: one sample a seed, full size only in full; 120 × 2,000 otherwise, where errors are
    // √10 times as large. A sample's own SD of ability multiplies all slopes alike (1 ± .005 with
    // 20,000 people), so the bias is judged after dividing by it; both are printed.
    let (items, persons) = if is_full() { (500, 20_000) } else { (120, 2_000) };
    let growth = (20_000.0 / persons as f64).sqrt();
    for &seed in seeds() {
        let people = People::standard(seed_of(seed, 0), persons);
        let models = two_parameter(people.seed, items, 1.0);
        let responses =
            Responses::from_matrix(categories(&models), &people.answers(&models)).unwrap();
        let design = design(Family::TwoParameter, items, Priors::default());
        let fit = estimate(&responses, &design);
        let abilities: Vec<f64> = (0..persons).map(|person| people.ability(person)).collect();
        let mean = abilities.iter().sum::<f64>() / persons as f64;
        let sd = (abilities.iter().map(|theta| (theta - mean).powi(2)).sum::<f64>()
            / persons as f64)
            .sqrt();
        let errors = |scale: f64| -> Vec<f64> {
            let slopes = models.iter().zip(&fit.items);
            slopes.map(|(item, x)| x[0] / scale - slope_and_places(item).0).collect()
        };
        let (plain, (bias, error)) = (errors(1.0), mean_and_error(&errors(sd)));
        let rmse = (plain.iter().map(|e| e * e).sum::<f64>() / items as f64).sqrt();
        println!(
            "seed {seed}: 2PL, {persons} × {items}: mean error of a {:+.4}, on the sample's own scale \
             {bias:+.4} ± {error:.4}; RMSE {rmse:.4}",
            mean_and_error(&plain).0
        );
        assert!(bias.abs() <= 0.005 * growth, "{bias}");
        assert!(rmse <= 0.027 * growth, "{rmse}");
    }
}

/// Answers of adaptive tests of 30 items by maximum information under an exposure rule.
fn adaptive(items: &[ItemModel], persons: usize, seed: u64, rule: &str) -> Vec<u16> {
    let exposure: ExposureRule = rule.parse().unwrap();
    let design = TestDesign { length_max: 30, exposure, ..TestDesign::default() };
    let study = Study::new(items, design).unwrap();
    let tests = study.run(&Answers::Simulated { examinees: persons }, seed, &|| {}).unwrap();
    let mut scores = vec![NOT_ADMINISTERED; persons * items.len()];
    for (person, test) in tests.iter().enumerate() {
        let theta = test.truth.unwrap();
        for row in test.items.iter().map(|row| *row as usize) {
            let score = response(seed, person, row, &items[row], theta);
            scores[person * items.len() + row] = score as u16;
        }
    }
    scores
}

#[test]
fn adaptive_answers_are_calibrated_without_bias() {
    // Goal: items chosen for the people who meet them, and gaps that depend on earlier answers,
    // move no estimate: mean errors of a and b are zero within their Monte-Carlo error, for items
    // with 200 answers or more. Method: 30 of 300 items a person, population N(0, 1); what maximum
    // likelihood itself has at a few hundred answers (about +.02 in a, .01 in b) is allowed for.
    let persons = size(2_000, 10_000);
    for &seed in seeds() {
        for rule in ["eligibility(0.25)", "progressive(0.25)"] {
            let one = |replication| {
                let seed = seed_of(seed, replication);
                let items = two_parameter(seed, 300, 1.2);
                let scores = adaptive(&items, persons, seed, rule);
                let counts: Vec<usize> = (0..items.len())
                    .map(|item| {
                        let column = scores.iter().skip(item).step_by(items.len());
                        column.filter(|score| **score != NOT_ADMINISTERED).count()
                    })
                    .collect();
                // Items that hardly anybody saw would have no estimate of their own.
                let priors = Priors {
                    log_a: normal(1.2_f64.ln(), 0.5),
                    b: normal(0.0, 2.0),
                    ..Priors::default()
                };
                let mut design = design(Family::TwoParameter, items.len(), Priors::default());
                for (item, count) in design.items.iter_mut().zip(&counts) {
                    if *count < 200 {
                        item.priors = priors;
                    }
                }
                let responses = Responses::from_matrix(categories(&items), &scores).unwrap();
                let fit = estimate(&responses, &design);
                let covariance = calibration::covariance(&responses, &design, &fit).unwrap();
                errors_of(&items, &design, &fit, &covariance, |item| counts[item] >= 200)
            };
            let study = Recovery::of(replications(size(2, 4), one));
            let seen: usize = study.a.replications.iter().map(Vec::len).sum();
            println!(
                "seed {seed}: adaptive, 30 of 300, {persons} people, {rule}: {} items with 200 \
                 answers a sample",
                seen / study.a.replications.len()
            );
            study.a.print("a");
            study.b.print("b");
            assert_unbiased(&study.a, 0.02);
            assert_unbiased(&study.b, 0.01);
            assert_coverage(&study.a);
            assert_coverage(&study.b);
        }
    }
}

#[test]
fn anchors_carry_the_scale_to_another_sample() {
    // Goal: new items answered by people of another mean and SD come out on the anchors' scale
    // (fixed-parameter calibration). Method: 20 anchors with their true parameters, 10 new items,
    // people from N(.5, 1.3²): mean, SD, a and b without bias, b within its standard errors.
    for &seed in seeds() {
        let one = |replication| {
            let seed = seed_of(seed, replication);
            let items = two_parameter(seed, 30, 1.2);
            let people = People { seed, number: 1_000, mean: 0.5, sd: 1.3 };
            let responses =
                Responses::from_matrix(categories(&items), &people.answers(&items)).unwrap();
            let family = Family::TwoParameter;
            let mut design = design(family, items.len(), Priors::default());
            for (item, model) in design.items.iter_mut().zip(&items).take(20) {
                item.anchored = family.coordinates(model);
            }
            design.groups = vec![LatentDesign { free_mean: true, free_variance: true }];
            let fit = estimate(&responses, &design);
            let covariance = calibration::covariance(&responses, &design, &fit).unwrap();
            let latent = [fit.latent[0].mean - 0.5, fit.latent[0].sd - 1.3];
            (errors_of(&items, &design, &fit, &covariance, |item| item >= 20), latent)
        };
        let (found, latent): (Vec<Found>, Vec<[f64; 2]>) =
            replications(size(10, 200), one).into_iter().unzip();
        let study = Recovery::of(found);
        println!("seed {seed}: 20 anchors, 10 new items, 1,000 people of N(.5, 1.3²)");
        study.a.print("a");
        study.b.print("b");
        for (name, index) in [("mean", 0), ("SD", 1)] {
            let values: Vec<f64> = latent.iter().map(|errors| errors[index]).collect();
            let (bias, error) = mean_and_error(&values);
            println!("  {name} of ability: mean error {bias:+.4} ± {error:.4}");
            assert!(bias.abs() <= 3.0 * error + 0.005, "{name}: {bias} ± {error}");
        }
        assert_unbiased(&study.a, 0.02);
        assert_unbiased(&study.b, 0.01);
        assert_coverage(&study.b);
        assert_efficient(&study.b);
    }
}
