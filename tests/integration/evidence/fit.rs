//! Do the statistics of fit keep their rate of false alarms when the model is right, and see what
//! is wrong when it is not?

use gradus::psychometrics::item_analysis::{
    Parameter, Scores, limited_information, pair_fit, residual_fit, summed_score_fit,
};

use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::*;

const PERSONS: usize = 1_000;

/// What the analyses say of one sample.
struct Analysed {
    /// S-X² p-values, one an item; 1 without degrees of freedom.
    s_x2: Vec<f64>,
    /// M2's (or C2's) p-value.
    m2: f64,
    rmsea: f64,
    /// Infit and outfit.
    mean_squares: Vec<(f64, f64)>,
    pairs: Vec<Pair>,
}

struct Pair {
    items: (usize, usize),
    q3: f64,
    ld_x2: f64,
    /// LD-X²'s p-value by the degrees of freedom of a table with given margins.
    ld_p: f64,
}

fn analyse(items: &[ItemModel], scores: &[u16], family: Family, priors: Priors) -> Analysed {
    let responses = Responses::from_matrix(categories(items), scores).unwrap();
    let design = design(family, items.len(), priors);
    let fit = estimate(&responses, &design);
    let fitted: Vec<ItemModel> = fit.items.iter().filter_map(|x| family.model(x).ok()).collect();
    assert_eq!(fitted.len(), items.len(), "a slope is not positive");
    let scores = Scores { values: scores, items: items.len() };
    let points = design.settings.nodes.points();
    let weights = &fit.latent[0].weights;
    let free = |item: &ItemModel| family.free(item.categories()).iter().filter(|f| **f).count();
    let counts: Vec<usize> = items.iter().map(free).collect();
    let parameters: Vec<Parameter> = calibration::derivatives(&responses, &design, &fit)
        .into_iter()
        .map(|derivative| Parameter { item: derivative.item, derivative: derivative.values })
        .collect();
    let model = limited_information(scores, &fitted, &parameters, points, weights).unwrap();
    let abilities: Vec<f64> =
        calibration::abilities(&responses, &design, &fit).iter().map(|a| a.mean).collect();
    let (squares, q3) = residual_fit(scores, &fitted, &abilities);
    let pairs = pair_fit(scores, &fitted, points, weights);
    Analysed {
        s_x2: summed_score_fit(scores, &fitted, &counts, points, weights)
            .iter()
            .map(|fit| fit.p.unwrap_or(1.0))
            .collect(),
        m2: model.p,
        rmsea: model.rmsea,
        mean_squares: squares.iter().map(|fit| (fit.infit, fit.outfit)).collect(),
        pairs: q3
            .iter()
            .zip(&pairs)
            .map(|(&(left, right, q3), pair)| {
                assert_eq!((left, right), (pair.left, pair.right));
                let free = |item: usize| items[item].categories() - 1;
                let law = ChiSquared::new((free(left) * free(right)) as f64).unwrap();
                Pair { items: (left, right), q3, ld_x2: pair.ld_x2, ld_p: law.sf(pair.ld_x2) }
            })
            .collect(),
    }
}

fn share(values: impl Iterator<Item = bool>) -> f64 {
    let values: Vec<bool> = values.collect();
    values.iter().filter(|value| **value).count() as f64 / values.len() as f64
}

/// A rate of .03 to .07, with two Monte-Carlo standard errors.
fn assert_rate(name: &str, found: (f64, f64), error_at_five: f64) {
    let error = found.1.max(error_at_five);
    assert!((found.0 - 0.05).abs() <= 0.02 + 2.0 * error, "{name}: {} ± {error}", found.0);
}

#[test]
fn statistics_of_fit_keep_their_level_under_the_right_model() {
    // Goal: S-X² and M2 reject 3 to 7 % at .05 when the model is right; Q3 is about −1/(n − 1) and
    // LD-X² against χ² of its
    // table rejects at most 5 % (its margins are fitted); mean squares, at posterior means, lie below 1. Method: 20 items, 1,000
    // people; four models; two Monte-Carlo standard errors between replications.
    let graded: fn(f64, Vec<f64>) -> ItemModel = |a, b| ItemModel::graded(a, b).unwrap();
    let partial: fn(f64, Vec<f64>) -> ItemModel =
        |a, b| ItemModel::generalized_partial_credit(a, b).unwrap();
    type Make = Box<dyn Fn(u64) -> Vec<ItemModel> + Sync + Send>;
    let floor = Priors {
        log_a: Some(NormalPrior { mean: 0.0, sd: 0.5 }),
        b: Some(NormalPrior { mean: 0.0, sd: 2.0 }),
        logit_c: Some(NormalPrior { mean: (0.2_f64 / 0.8).ln(), sd: 0.5 }),
        ..Priors::default()
    };
    let none = Priors::default();
    let models: [(Family, Priors, Make); 5] = [
        (Family::Rasch, none, Box::new(|seed| rasch(seed, 20))),
        (Family::TwoParameter, none, Box::new(|seed| two_parameter(seed, 20, 1.2))),
        (Family::ThreeParameter, floor, Box::new(|seed| with_floor(seed, 20, 1.2, 0.2))),
        (Family::Graded, none, Box::new(move |seed| four_categories(seed, 12, graded))),
        (
            Family::GeneralizedPartialCredit,
            none,
            Box::new(move |seed| four_categories(seed, 12, partial)),
        ),
    ];
    for &seed in seeds() {
        for (family, priors, items) in &models {
            let count = size(8, 150);
            let rows = replications(count, |replication| {
                let seed = seed_of(seed, replication);
                let items = items(seed);
                let scores = People::standard(seed, PERSONS).answers(&items);
                let found = analyse(&items, &scores, *family, *priors);
                let pairs = found.pairs.len() as f64;
                let squares = found.mean_squares.len() as f64;
                [
                    share(found.s_x2.iter().map(|p| *p < 0.05)),
                    f64::from(u8::from(found.m2 < 0.05)),
                    found.rmsea,
                    found.pairs.iter().map(|pair| pair.q3).sum::<f64>() / pairs,
                    share(found.pairs.iter().map(|pair| pair.q3.abs() > 0.2)),
                    share(found.pairs.iter().map(|pair| pair.ld_p < 0.05)),
                    found.mean_squares.iter().map(|fit| fit.0).sum::<f64>() / squares,
                    found.mean_squares.iter().map(|fit| fit.1).sum::<f64>() / squares,
                ]
            });
            let found = columns(&rows);
            println!(
                "seed {seed}: {family:?}: S-X² {:.3} ± {:.3}, M2 {:.3} ± {:.3}, RMSEA {:.4}, Q3 \
                 {:+.4}, |Q3| > .2 {:.4}, LD-X² p < .05 {:.4}, infit {:.3}, outfit {:.3}",
                found[0].0,
                found[0].1,
                found[1].0,
                found[1].1,
                found[2].0,
                found[3].0,
                found[4].0,
                found[5].0,
                found[6].0,
                found[7].0
            );
            assert_rate("S-X²", found[0], 0.0);
            assert_rate("M2", found[1], share_error(0.05, count));
            let expected = -1.0 / (items(seed).len() - 1) as f64;
            assert!((found[3].0 / expected - 1.0).abs() <= 0.5, "Q3 {}", found[3].0);
            assert!(found[5].0 <= 0.05 + 2.0 * found[5].1, "LD-X² {}", found[5].0);
            assert!((0.88..=1.0).contains(&found[6].0) && (0.82..=1.0).contains(&found[7].0));
        }
    }
}

#[test]
fn violations_are_seen_where_they_are() {
    // Goal: an item that people guess right in a third of the cases does not fit a two-parameter
    // model, and S-X² says so more often than of the others; two items of which the second often
    // repeats the first's answer are the pair with the largest Q3 and LD-X². Method: 20 items,
    // 1,000 people, power and rates over replications.
    for &seed in seeds() {
        let count = size(8, 100);
        let rows = replications(count, |replication| {
            let seed = seed_of(seed, replication);
            let mut items = two_parameter(seed, 20, 1.2);
            items[3] = ItemModel::logistic(2.0, 1.2, 0.33, 1.0).unwrap();
            let mut scores = People::standard(seed, PERSONS).answers(&items);
            let mut random = stream(seed, 5, Purpose::Bootstrap);
            for row in scores.chunks_mut(items.len()) {
                if uniform(&mut random) < 0.25 {
                    row[11] = row[10];
                }
            }
            let found = analyse(&items, &scores, Family::TwoParameter, Priors::default());
            let pair = found.pairs.iter().find(|pair| pair.items == (10, 11)).unwrap();
            let most =
                |of: fn(&Pair) -> f64| found.pairs.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
            let others = (0..20).filter(|item| ![3, 10, 11].contains(item));
            [
                f64::from(u8::from(found.s_x2[3] < 0.05)),
                share(others.map(|item| found.s_x2[item] < 0.05)),
                f64::from(u8::from(pair.q3 == most(|pair| pair.q3))),
                f64::from(u8::from(pair.ld_x2 == most(|pair| pair.ld_x2))),
                f64::from(u8::from(pair.q3 > 0.2)),
                f64::from(u8::from(found.m2 < 0.05)),
                pair.q3,
            ]
        });
        let found = columns(&rows);
        println!(
            "seed {seed}: guessing item: S-X² power {:.3}, others {:.3}; dependent pair: largest Q3 \
             {:.3}, largest LD-X² {:.3}, Q3 > .2 {:.3} (mean {:.3}); M2 power {:.3}",
            found[0].0, found[1].0, found[2].0, found[3].0, found[4].0, found[6].0, found[5].0
        );
        let at_least = |index: usize, least: f64| {
            let error = share_error(least, count);
            assert!(found[index].0 >= least - 2.0 * error, "{index}: {}", found[index].0);
        };
        at_least(0, 0.4);
        at_least(2, 0.95);
        at_least(3, 0.8);
        at_least(5, 0.6);
        assert_rate("S-X² of the others", found[1], 0.0);
    }
}
