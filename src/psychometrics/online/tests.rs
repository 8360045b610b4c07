//! Known items answered in tests of several topics: do estimates, errors, anchors, fit and keys tell the truth?

use super::*;
use crate::psychometrics::calibration::NormalPrior;
use crate::psychometrics::cat::Observation;
use crate::psychometrics::estimation::posterior::Gaussian;
use crate::psychometrics::numeric::special::logistic;
use crate::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};

const TOPICS: usize = 4;
const ITEMS: usize = 48;
const ASKED: usize = 16;

/// A study and the true (ln a, b) of its items; `mean` is the people's, every other person says "I don't know"
/// instead of guessing. The first item's answers of the able are turned round if `broken`.
fn study(people: u64, mean: f64, broken: bool) -> (Study, Vec<Coordinates>) {
    let mut random = stream(811, 0, Purpose::Bootstrap);
    let (log_a, judged_sd) = (NormalPrior { mean: 0.1, sd: 0.3 }, 0.9);
    let (mut items, mut truth) = (Vec::new(), Vec::new());
    for at in 0..ITEMS {
        let judged = standard_normal(&mut random);
        let b = NormalPrior { mean: judged, sd: judged_sd };
        let a = log_a.mean + log_a.sd * standard_normal(&mut random);
        truth.push([a, judged + judged_sd * standard_normal(&mut random), 0.6]);
        let (topic, c) = (at % TOPICS, 0.2);
        items.push(OnlineItem { topic, categories: 2, c, log_a, b, spread: 0.6, anchor: None });
    }
    let person = |person: u64| -> Person {
        let mut random = stream(812, person, Purpose::Simulee);
        let shared = standard_normal(&mut random);
        let half = 0.5f64.sqrt();
        let abilities: Vec<f64> = (0..TOPICS)
            .map(|_| mean + half * shared + half * standard_normal(&mut random))
            .collect();
        let first = (uniform(&mut random) * ITEMS as f64) as usize;
        (0..ASKED)
            .map(|n| {
                let at = (first + 5 * n) % ITEMS;
                let theta = abilities[items[at].topic];
                let p = logistic(truth[at][0].exp() * (theta - truth[at][1]));
                let knows = uniform(&mut random) < if broken && at == 0 { 1.0 - p } else { p };
                let guesses = uniform(&mut random) < items[at].c;
                let seen = match (knows, guesses, person % 2) {
                    (true, ..) | (false, true, 1) => Observation::Category(1),
                    (false, _, 0) => Observation::DontKnow,
                    _ => Observation::Category(0),
                };
                (at, seen)
            })
            .collect()
    };
    let people = (0..people).map(person).collect();
    let cell = |at: usize| if at.is_multiple_of(TOPICS + 1) { 1.0 } else { 0.5 };
    let population = Gaussian::prior(TOPICS, (0..TOPICS * TOPICS).map(cell).collect());
    (Study { items, people, population }, truth)
}

#[test]
fn estimates_lie_about_the_truth_as_their_errors_say() {
    // Goal: no bias beyond chance, errors of the right size, whoever says "I don't know". Method: 600 people, about
    // 200 answers an item; the standardised errors of b have mean 0 within four Monte-Carlo errors and a mean
    // square within four of 1; b is far nearer to the truth than the judgement's .9.
    let (study, truth) = study(600, 0.0, false);
    let mut steps = 0;
    let found = estimate(&study, &mut |progress| {
        steps = progress.step;
        true
    });
    assert_eq!((found.end, found.steps, found.mean_is_free), (OnlineEnd::Converged, steps, false));
    let (mut sum, mut squares, mut error) = (0.0, 0.0, 0.0);
    for (at, x) in found.items.iter().enumerate() {
        let se = standard_errors(&study.items[at], x, &found.answers[at], found.mean)[1];
        let off = x[1] - truth[at][1];
        sum += off / se;
        squares += off * off / (se * se);
        error += off * off;
    }
    let n = ITEMS as f64;
    let (mean, square, rmse) = (sum / n, squares / n, (error / n).sqrt());
    println!("standardised errors of b: mean {mean:.3}, mean square {square:.3}; RMSE {rmse:.3}");
    assert!(mean.abs() < 4.0 / n.sqrt(), "mean {mean}");
    assert!((square - 1.0).abs() < 4.0 * (2.0 / n).sqrt(), "mean square {square}");
    assert!(rmse < 0.35, "RMSE {rmse}");
}

#[test]
fn anchors_hold_the_scale_when_people_are_better() {
    // Goal: with anchors an abler population moves the mean and not the items. Method: 600 people half a standard
    // deviation above, ten true anchors: the mean is found within four of its Monte-Carlo errors (a person's general
    // ability is known to about .6 beside its own spread of .8), anchors stay; without anchors it stays 0.
    let (mut study, truth) = study(600, 0.5, false);
    assert_eq!(estimate(&study, &mut |progress| progress.step < 3).mean, 0.0);
    for (item, truth) in study.items.iter_mut().zip(&truth).take(10) {
        item.anchor = Some(*truth);
    }
    let found = estimate(&study, &mut |_| true);
    assert!(found.mean_is_free && found.end == OnlineEnd::Converged);
    let error = (0.8f64 * 0.8 + 0.6 * 0.6).sqrt() / 600f64.sqrt();
    println!("mean of ability {:.3} where .5 is true", found.mean);
    // The other items' priors, which are about 0 for nobody in particular, pull a little, too.
    assert!((found.mean - 0.5).abs() < 4.0 * error, "{}", found.mean);
    assert_eq!(found.items[..10], truth[..10]);
}

#[test]
fn a_turned_key_does_not_fit_and_moves_its_free_difficulty() {
    // Goal: an item that the able miss is far from its curve. Method: the first item's answers turned round: its
    // outfit or infit is more than three errors above 1, at most three of the 47 others are as far; and who
    // asks its answers alone finds another difficulty than the truth.
    let (study, truth) = study(600, 0.0, true);
    let found = estimate(&study, &mut |_| true);
    let far = |at: usize| {
        let fit =
            predictive_fit(&study.items[at], &found.items[at], &found.answers[at], found.mean);
        let fit = fit.expect("answers");
        (fit.infit - 1.0 > 3.0 * fit.infit_se) || (fit.outfit - 1.0 > 3.0 * fit.outfit_se)
    };
    assert!(far(0));
    assert!((1..ITEMS).filter(|at| far(*at)).count() <= 3);
    let mut held = study.items[0];
    held.anchor = Some(truth[0]);
    let (b, se) = free_difficulty(&held, &truth[0], &found.answers[0], found.mean);
    assert!((b - truth[0][1]).abs() > 2.58 * se, "{b} ± {se} against {}", truth[0][1]);
}

#[test]
fn options_speak_against_a_wrong_key() {
    // Goal: the key that the able avoid is found, a sound one is not. Method: 500 people whose option follows
    // ability, keyed by the best and by the worst option; few choices of a third do not count.
    let choices: Vec<(usize, f64)> = (0..500)
        .map(|person| {
            let mut random = stream(813, person, Purpose::Answer);
            let theta = standard_normal(&mut random);
            let best = uniform(&mut random) < logistic(theta);
            (if person % 50 == 0 { 2 } else { usize::from(!best) }, theta)
        })
        .collect();
    let options = option_statistics(&choices, 4);
    assert_eq!(speaks_against_key(&options, 0), None);
    assert_eq!(speaks_against_key(&options, 1), Some(Some(0)));
    assert_eq!(speaks_against_key(&options, 3), None, "a key that nobody chose has no correlation");
    assert!((options.iter().map(|it| it.share).sum::<f64>() - 1.0).abs() < 1e-12);
}
