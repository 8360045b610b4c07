//! Would more questions change the level? A forecast of the decision at the end of a test. It looks
//! at one ability's mean and spread, never at items.

use super::levels::{CutScore, level_probabilities};
use crate::psychometrics::numeric::special::normal_cdf;

/// The forecast looks so many standard deviations to both sides.
const REACH: f64 = 6.0;
/// Intervals of that range; decisions change at most once within one.
const INTERVALS: usize = 120;
/// Halvings that place a change of the decision.
const HALVINGS: usize = 40;

/// The most probable level, the lowest of equals.
fn decision(mean: f64, sd: f64, cuts: &[CutScore]) -> usize {
    let levels = level_probabilities(mean, sd, cuts);
    (0..levels.len()).rev().max_by(|&a, &b| levels[a].total_cmp(&levels[b])).unwrap_or(0)
}

/// P(the most probable level will be today's), when the standard deviation will have fallen from
/// `now` to `then`: where the mean M will lie is N(mean, now² − then²), since a posterior mean
/// wanders by what the variance loses, and the decision at M is the most probable level of
/// N(M, then²). The stochastic curtailment of Finkelman (2008, *J. Educ. Behav. Stat.* 33,
/// 442–463), whose forecast is by simulation where this is exact for a normal posterior.
///
/// One cut a standard deviation below the mean, and an end without error: Φ(1).
/// ```
/// use gradus::psychometrics::stopping::{CutScore, probability_unchanged};
/// let cuts = [CutScore { theta: 0.0, se: 0.0 }];
/// let p = probability_unchanged(0.5, 0.5, 1e-9, &cuts);
/// assert!((p - 0.841344746).abs() < 1e-8);
/// assert_eq!(probability_unchanged(0.5, 0.5, 0.5, &cuts), 1.0);
/// ```
pub fn probability_unchanged(mean: f64, now: f64, then: f64, cuts: &[CutScore]) -> f64 {
    let wander = (now * now - then * then).max(0.0).sqrt();
    if wander == 0.0 {
        return 1.0;
    }
    let today = decision(mean, now, cuts);
    let same = |z: f64| decision(mean + wander * z, then, cuts) == today;
    let at = |i: usize| REACH * (2.0 * i as f64 / INTERVALS as f64 - 1.0);
    let mut total = 0.0;
    for i in 0..INTERVALS {
        let (left, right) = (at(i), at(i + 1));
        total += match (same(left), same(right)) {
            (true, true) => normal_cdf(right) - normal_cdf(left),
            (false, false) => 0.0,
            (true, false) => normal_cdf(change(left, right, &same)) - normal_cdf(left),
            (false, true) => normal_cdf(right) - normal_cdf(change(left, right, &same)),
        };
    }
    // What lies beyond the reach belongs to the decisions at its ends.
    let tail = normal_cdf(-REACH);
    for end in [-REACH, REACH] {
        total += if same(end) { tail } else { 0.0 };
    }
    total.min(1.0)
}

/// Where the answer of `same` changes between two points that differ.
fn change(left: f64, right: f64, same: &impl Fn(f64) -> bool) -> f64 {
    let (mut left, mut right, at_left) = (left, right, same(left));
    for _ in 0..HALVINGS {
        let middle = 0.5 * (left + right);
        if same(middle) == at_left {
            left = middle;
        } else {
            right = middle;
        }
    }
    0.5 * (left + right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psychometrics::numeric::stream::{Purpose, standard_normal, stream};

    #[test]
    fn the_forecast_is_the_share_of_simulated_endings() {
        // Goal: the probability is right with three levels. Method: 20,000 means drawn from their
        // distribution, the decision taken at each; three standard errors (.0035 each).
        let cuts = [-0.25, 1.2].map(|theta| CutScore { theta, se: 0.1 });
        for (case, (mean, now, then)) in
            [(0.1, 0.5, 0.25), (1.3, 0.6, 0.3), (-0.3, 0.4, 0.39), (0.5, 0.9, 0.2)]
                .into_iter()
                .enumerate()
        {
            let mut random = stream(11, case as u64, Purpose::Simulee);
            let wander = f64::sqrt(now * now - then * then);
            let today = decision(mean, now, &cuts);
            let draws = 20_000;
            let same = (0..draws)
                .filter(|_| {
                    let end = mean + wander * standard_normal(&mut random);
                    decision(end, then, &cuts) == today
                })
                .count();
            let share = same as f64 / f64::from(draws);
            let p = probability_unchanged(mean, now, then, &cuts);
            assert!((p - share).abs() < 0.0106, "{mean} {now} {then}: {p} {share}");
        }
    }
}
