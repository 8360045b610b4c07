//! What is known of a young item after each answer: a belief about (b, ln a) on a grid that every answer
//! sharpens at once, with the person's ability as the other answers see it. An interim estimate between
//! calibrations; it never scores anybody.

use crate::psychometrics::calibration::NormalPrior;
use crate::psychometrics::cat::Observation;
use crate::psychometrics::numeric::special::{log_logistic, log1m_exp, mackay_kappa};

/// Points of b.
const DIFFICULTIES: usize = 41;
/// Points of ln a.
const SLOPES: usize = 15;
/// The points of b reach so many standard deviations of the first belief.
const DIFFICULTY_REACH: f64 = 3.5;
/// Those of ln a reach so many.
const SLOPE_REACH: f64 = 3.0;

/// A belief about an item's difficulty and slope.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemBelief {
    difficulties: Vec<f64>,
    slopes: Vec<f64>,
    /// By slope, then by difficulty; sums to 1.
    weights: Vec<f64>,
    c: f64,
    answers: u32,
}

/// Mean and standard deviation of a number that is believed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Believed {
    /// The mean.
    pub mean: f64,
    /// The standard deviation.
    pub sd: f64,
}

impl ItemBelief {
    /// The belief before any answer: b and ln a normal and independent, on 41 × 15 points; the lower asymptote
    /// `c` is known.
    #[must_use]
    pub fn new(b: NormalPrior, log_a: NormalPrior, c: f64) -> Self {
        let spaced = |prior: NormalPrior, reach: f64, n: usize| -> Vec<f64> {
            let step = 2.0 * reach * prior.sd / (n - 1) as f64;
            (0..n).map(|i| prior.mean + step * (i as f64 - 0.5 * (n - 1) as f64)).collect()
        };
        let difficulties = spaced(b, DIFFICULTY_REACH, DIFFICULTIES);
        let log_slopes = spaced(log_a, SLOPE_REACH, SLOPES);
        let density = |prior: NormalPrior, x: f64| {
            let z = (x - prior.mean) / prior.sd;
            libm::exp(-0.5 * z * z)
        };
        let weights = log_slopes
            .iter()
            .flat_map(|l| difficulties.iter().map(|d| density(log_a, *l) * density(b, *d)))
            .collect();
        let slopes = log_slopes.iter().map(|l| libm::exp(*l)).collect();
        let mut belief = Self { difficulties, slopes, weights, c, answers: 0 };
        belief.normalise();
        belief
    }

    /// Takes in an answer of somebody whose ability, as all other answers see it, has this mean and standard
    /// deviation. Of an item without partial credit; score 0 is wrong, all above right.
    ///
    /// Averaged over a normal ability the curve is close to P = c + (1 − c)σ(κa(m − b)) with κ = (1 + πa²s²/8)^(−1/2)
    /// (MacKay, 1992, eq. 10); the belief is multiplied by P of a right answer, 1 − P of a wrong one, and
    /// P^c (1 − P)^(1−c) of "I don't know".
    ///
    /// ```
    /// use gradus::psychometrics::calibration::NormalPrior;
    /// use gradus::psychometrics::cat::Observation;
    /// use gradus::psychometrics::online::ItemBelief;
    /// let (b, log_a) = (NormalPrior { mean: 0.0, sd: 0.9 }, NormalPrior { mean: 0.0, sd: 0.3 });
    /// let mut belief = ItemBelief::new(b, log_a, 0.0);
    /// belief.update(Observation::Category(1), 0.0, 0.35);
    /// assert!(belief.difficulty().mean < 0.0 && belief.difficulty().sd < 0.9);
    /// belief.update(Observation::Category(0), 0.0, 0.35);
    /// assert!(belief.difficulty().mean.abs() < 1e-12); // one right, one wrong: as hard as believed
    /// ```
    pub fn update(&mut self, seen: Observation, mean: f64, sd: f64) {
        for (row, a) in self.weights.chunks_exact_mut(DIFFICULTIES).zip(&self.slopes) {
            let slope = a * mackay_kappa(a * a * sd * sd);
            for (weight, b) in row.iter_mut().zip(&self.difficulties) {
                *weight *= likelihood(self.c, slope * (mean - b), seen);
            }
        }
        self.answers = self.answers.saturating_add(1);
        self.normalise();
    }

    fn normalise(&mut self) {
        let total: f64 = self.weights.iter().sum();
        // An answer that no point allows would leave nothing; it cannot be, all likelihoods are positive.
        if total > 0.0 {
            self.weights.iter_mut().for_each(|weight| *weight /= total);
        }
    }

    /// How many answers were taken in.
    #[must_use]
    pub fn answers(&self) -> u32 {
        self.answers
    }

    /// Weight of each point of b.
    fn of_difficulty(&self) -> Vec<f64> {
        let mut sums = vec![0.0; DIFFICULTIES];
        for row in self.weights.chunks_exact(DIFFICULTIES) {
            sums.iter_mut().zip(row).for_each(|(sum, weight)| *sum += weight);
        }
        sums
    }

    /// What is believed of b.
    #[must_use]
    pub fn difficulty(&self) -> Believed {
        moments(&self.difficulties, &self.of_difficulty())
    }

    /// What is believed of a.
    #[must_use]
    pub fn slope(&self) -> Believed {
        let rows = self.weights.chunks_exact(DIFFICULTIES);
        let sums: Vec<f64> = rows.map(|row| row.iter().sum()).collect();
        moments(&self.slopes, &sums)
    }

    /// The value below which b lies with a probability, between points in proportion.
    #[must_use]
    pub fn difficulty_quantile(&self, probability: f64) -> f64 {
        let weights = self.of_difficulty();
        let half = 0.5 * (self.difficulties[1] - self.difficulties[0]);
        let mut below = 0.0;
        for (b, weight) in self.difficulties.iter().zip(&weights) {
            if below + weight >= probability && *weight > 0.0 {
                return b - half + 2.0 * half * (probability - below) / weight;
            }
            below += weight;
        }
        self.difficulties[DIFFICULTIES - 1] + half
    }
}

fn likelihood(c: f64, z: f64, seen: Observation) -> f64 {
    let wrong = libm::log1p(-c) + log_logistic(-z);
    let right = || if c > 0.0 { log1m_exp(wrong) } else { log_logistic(z) };
    libm::exp(match seen {
        Observation::Category(0) => wrong,
        Observation::Category(_) => right(),
        Observation::DontKnow => c * right() + (1.0 - c) * wrong,
    })
}

fn moments(values: &[f64], weights: &[f64]) -> Believed {
    let mean = values.iter().zip(weights).fold(0.0, |sum, (v, w)| sum + w * v);
    let variance =
        values.iter().zip(weights).fold(0.0, |sum, (v, w)| sum + w * (v - mean) * (v - mean));
    Believed { mean, sd: variance.max(0.0).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psychometrics::numeric::special::logistic;
    use crate::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};

    /// Answers after which the error of b is looked at, and that error in the plan's simulation of random takers.
    const PLAN: [(u32, f64); 5] = [(10, 0.57), (25, 0.45), (50, 0.37), (100, 0.28), (200, 0.21)];
    /// Items of this simulation; the plan's had 400 and says ± .02.
    const ITEMS: u64 = 800;
    const PLAN_ERROR: f64 = 0.02;
    /// Standard deviation of the difficulty about what was judged, and of the abilities' posteriors.
    const JUDGED_SD: f64 = 0.91;
    const ABILITY_SD: f64 = 0.35;

    /// Squared error of b and whether the 90 % interval holds it, after each number of answers.
    fn one_item(item: u64) -> Vec<(f64, bool)> {
        let mut random = stream(505, item, Purpose::Bootstrap);
        let log_a = NormalPrior { mean: libm::log(1.2), sd: 0.3 };
        let judged = NormalPrior { mean: 0.78 * standard_normal(&mut random), sd: JUDGED_SD };
        let b = judged.mean + judged.sd * standard_normal(&mut random);
        let a = libm::exp(log_a.mean + log_a.sd * standard_normal(&mut random));
        let mut belief = ItemBelief::new(judged, log_a, 0.0);
        let mut found = Vec::new();
        for n in 1..=PLAN[PLAN.len() - 1].0 {
            let mean = (1.0 - ABILITY_SD * ABILITY_SD).sqrt() * standard_normal(&mut random);
            let theta = mean + ABILITY_SD * standard_normal(&mut random);
            let right = uniform(&mut random) < logistic(a * (theta - b));
            belief.update(Observation::Category(usize::from(right)), mean, ABILITY_SD);
            if PLAN.iter().any(|(at, _)| *at == n) {
                let error = belief.difficulty().mean - b;
                let (low, high) =
                    (belief.difficulty_quantile(0.05), belief.difficulty_quantile(0.95));
                found.push((error * error, (low..=high).contains(&b)));
            }
        }
        found
    }

    #[test]
    fn errors_fall_as_planned_and_intervals_hold() {
        // Goal: RMSE of b after 10, 25, 50, 100 and 200 answers of random takers are those of the plan, and 90 %
        // intervals hold in 88 to 92 %. Method: 800 simulated items, abilities known to ± .35; three Monte-Carlo
        // errors of both simulations; the share that holds over all five numbers of answers within .88 to .92 and
        // at each within three of its own Monte-Carlo errors of .9.
        let found: Vec<Vec<(f64, bool)>> = (0..ITEMS).map(one_item).collect();
        let n = ITEMS as f64;
        let mut held_in_all = 0.0;
        for (at, (answers, planned)) in PLAN.into_iter().enumerate() {
            let rmse = (found.iter().map(|it| it[at].0).sum::<f64>() / n).sqrt();
            let held = found.iter().filter(|it| it[at].1).count() as f64 / n;
            println!(
                "{answers} answers: RMSE {rmse:.3} (planned {planned}), 90 % intervals hold in {held:.3}"
            );
            let own = rmse / (2.0 * n).sqrt();
            let slack = 3.0 * (own * own + PLAN_ERROR * PLAN_ERROR).sqrt();
            assert!(
                (rmse - planned).abs() < slack,
                "{answers}: {rmse} against {planned} ± {slack}"
            );
            assert!((held - 0.9).abs() < 3.0 * (0.09 / n).sqrt(), "{answers}: {held}");
            held_in_all += held / PLAN.len() as f64;
        }
        assert!((0.88..=0.92).contains(&held_in_all), "{held_in_all}");
    }

    #[test]
    fn the_order_of_answers_does_not_matter() {
        // Goal: the belief is a function of the answers. Method: a hundred answers forwards and backwards.
        let (b, log_a) = (NormalPrior { mean: 0.3, sd: 0.9 }, NormalPrior { mean: 0.0, sd: 0.3 });
        let answers: Vec<(Observation, f64)> = (0..100)
            .map(|i| {
                let mut random = stream(506, i, Purpose::Answer);
                let mean = standard_normal(&mut random);
                let seen = match (3.0 * uniform(&mut random)) as usize {
                    2 => Observation::DontKnow,
                    score => Observation::Category(score),
                };
                (seen, mean)
            })
            .collect();
        let mut forwards = ItemBelief::new(b, log_a, 0.2);
        let mut backwards = forwards.clone();
        answers.iter().for_each(|(seen, mean)| forwards.update(*seen, *mean, 0.4));
        answers.iter().rev().for_each(|(seen, mean)| backwards.update(*seen, *mean, 0.4));
        assert_eq!(forwards.answers(), 100);
        assert!((forwards.difficulty().mean - backwards.difficulty().mean).abs() < 1e-10);
        assert!((forwards.slope().sd - backwards.slope().sd).abs() < 1e-10);
    }
}
