//! Each answer beside the others: what all other answers of a person say about the ability, and so how
//! expected the answer was. Standard errors, fit and signs of a wrong key come from this. Never moves an
//! estimate.

use rayon::prelude::*;

use super::curve::{CATEGORIES_MAX, COORDINATES, Coordinates, OnlineItem};
use super::estimate::{Person, Study, Tables, errors_of, posterior};
use super::maximize::{Local, climb};
use crate::psychometrics::calibration::NormalPrior;
use crate::psychometrics::cat::Observation;
use crate::psychometrics::estimation::posterior::{OnGrid, grid};
use crate::psychometrics::numeric::linalg::SymmetricMatrix;

/// Half the step of the differences that give the observed information.
const DIFFERENCE: f64 = 1e-4;
/// A belief that says next to nothing, for estimates that a former value must not pull.
const FLAT_SD: f64 = 3.0;

/// An answer and the ability of its person as all other answers see it.
#[derive(Debug, Clone)]
pub struct AnswerBeside {
    /// Number of the person.
    pub person: usize,
    /// What was seen.
    pub seen: Observation,
    /// The posterior of the ability without this answer, on the grid; sums to 1.
    pub ability: Box<OnGrid>,
}

impl AnswerBeside {
    /// Mean of the ability without this answer.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.ability.iter().zip(grid()).fold(0.0, |sum, (w, theta)| sum + w * theta)
    }

    /// Mean and standard deviation of the ability without this answer.
    #[must_use]
    pub fn moments(&self) -> (f64, f64) {
        let mean = self.mean();
        let square = |theta: f64| (theta - mean) * (theta - mean);
        let variance =
            self.ability.iter().zip(grid()).fold(0.0, |sum, (w, theta)| sum + w * square(theta));
        (mean, variance.max(0.0).sqrt())
    }
}

/// Mean squares of how unexpected an item's answers were (1: as the model has it).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PredictiveFit {
    /// Weighted by information: deviations near people's level.
    pub infit: f64,
    /// Its standard error under the model.
    pub infit_se: f64,
    /// Unweighted: deviations far from people's level.
    pub outfit: f64,
    /// Its standard error under the model.
    pub outfit_se: f64,
}

/// Every answer without itself, by item, people in their order.
pub(super) fn beside(study: &Study, x: &[Coordinates], mean: f64) -> Vec<Vec<AnswerBeside>> {
    let tables = Tables::new(&study.items, x, mean);
    let of_person = |person: &Person| -> Vec<(usize, Observation, Box<OnGrid>)> {
        let posterior = posterior(study, &tables, person);
        person
            .iter()
            .map(|&(at, seen)| {
                let item = &study.items[at];
                let whole = posterior.marginal_on_grid(item.topic);
                let own = tables.log_likelihood(item, at, seen);
                (at, seen, Box::new(without(&whole, &own)))
            })
            .collect()
    };
    let found: Vec<_> = study.people.par_iter().map(of_person).collect();
    let mut items: Vec<Vec<AnswerBeside>> = vec![Vec::new(); study.items.len()];
    for (person, answers) in found.into_iter().enumerate() {
        for (at, seen, ability) in answers {
            items[at].push(AnswerBeside { person, seen, ability });
        }
    }
    items
}

/// A posterior divided by one likelihood, summing to 1.
pub fn without(whole: &OnGrid, log_likelihood: &OnGrid) -> OnGrid {
    let rest: OnGrid = std::array::from_fn(|q| whole[q] * libm::exp(-log_likelihood[q]));
    let total: f64 = rest.iter().sum();
    if total > 0.0 && total.is_finite() { rest.map(|w| w / total) } else { *whole }
}

/// Likelihood of what was seen at a point of ability, its derivatives times itself: (L, ∂L).
fn likelihood(
    item: &OnlineItem,
    x: &Coordinates,
    theta: f64,
    seen: Observation,
) -> (f64, Coordinates) {
    let log_p = item.log_probabilities(x, theta);
    let score = item.derivatives(x, theta).score;
    let (log_l, slope) = match seen {
        Observation::Category(k) => {
            let k = k.min(item.categories - 1);
            (log_p[k], score[k])
        }
        Observation::DontKnow => {
            let (top, c) = (item.categories - 1, item.c);
            let slope = std::array::from_fn(|i| c * score[top][i] + (1.0 - c) * score[0][i]);
            (c * log_p[top] + (1.0 - c) * log_p[0], slope)
        }
    };
    let l = libm::exp(log_l);
    (l, slope.map(|s| l * s))
}

/// ln Π_i Σ_q L(x_i | θ_q) w_iq with the belief: the marginal log-posterior of one item, its gradient, and
/// as curvature Σ (∂ ln L_i)(∂ ln L_i)ᵀ (Berndt, Hall, Hall & Hausman, 1974), which is never indefinite.
fn marginal(item: &OnlineItem, x: &Coordinates, answers: &[AnswerBeside], mean: f64) -> Local {
    let mut local = Local::of_belief(item, x);
    let theta = grid();
    let seen_at = |seen: Observation| -> Vec<(f64, Coordinates)> {
        theta.iter().map(|t| likelihood(item, x, t + mean, seen)).collect()
    };
    // The same few observations return in every answer.
    let mut known: Vec<(Observation, Vec<(f64, Coordinates)>)> = Vec::new();
    for answer in answers {
        let at = known.iter().position(|(seen, _)| *seen == answer.seen).unwrap_or_else(|| {
            known.push((answer.seen, seen_at(answer.seen)));
            known.len() - 1
        });
        let (mut sum, mut slope) = (0.0, [0.0; COORDINATES]);
        for (w, (l, by)) in answer.ability.iter().zip(&known[at].1) {
            sum += w * l;
            slope.iter_mut().zip(by).for_each(|(s, d)| *s += w * d);
        }
        local.objective += libm::log(sum);
        let slope = slope.map(|s| s / sum);
        for i in 0..item.free() {
            local.gradient[i] += slope[i];
            for j in 0..item.free() {
                local.curvature[i][j] += slope[i] * slope[j];
            }
        }
    }
    local
}

/// Standard errors of (ln a, b, distance of steps) at the mode: the inverse of the observed information of
/// the item's answers, each beside what the person's other answers say of the ability. What is unknown of
/// the person is in it; what is unknown of the other items is not.
pub fn standard_errors(
    item: &OnlineItem,
    x: &Coordinates,
    answers: &[AnswerBeside],
    mean: f64,
) -> Coordinates {
    let n = item.free();
    let gradient = |i: usize, by: f64| {
        let mut moved = *x;
        moved[i] += by;
        marginal(item, &moved, answers, mean).gradient
    };
    let mut observed = [[0.0; COORDINATES]; COORDINATES];
    for (i, row) in observed.iter_mut().enumerate().take(n) {
        let (above, below) = (gradient(i, DIFFERENCE), gradient(i, -DIFFERENCE));
        for (cell, (up, down)) in row.iter_mut().zip(above.iter().zip(below)) {
            *cell = -(up - down) / (2.0 * DIFFERENCE);
        }
    }
    // Where the surface is not a hill at its mode, the products of scores stand in.
    let inverse = inverse_of(&observed, n)
        .or_else(|| inverse_of(&marginal(item, x, answers, mean).curvature, n));
    let mut covariance = [[0.0; COORDINATES]; COORDINATES];
    for (i, row) in covariance.iter_mut().enumerate() {
        let sd = item.prior(i).sd;
        row[i] = match &inverse {
            Some(inverse) if i < n => inverse.get(i, i),
            _ => sd * sd,
        };
    }
    errors_of(&covariance)
}

/// The inverse of the first n rows and columns, made symmetric; `None` where that is not positive definite.
fn inverse_of(matrix: &[Coordinates; COORDINATES], n: usize) -> Option<SymmetricMatrix> {
    let mut symmetric = SymmetricMatrix::zeros(n);
    for (i, row) in matrix.iter().enumerate().take(n) {
        for (j, value) in row.iter().enumerate().take(i + 1) {
            symmetric.set(i, j, 0.5 * (value + matrix[j][i]));
        }
    }
    symmetric.cholesky().ok()?;
    symmetric.inverse().ok()
}

/// The difficulty that an item's answers have by themselves, and its standard error: the other coordinates
/// stay, and no belief pulls. For comparison with a former value.
pub fn free_difficulty(
    item: &OnlineItem,
    x: &Coordinates,
    answers: &[AnswerBeside],
    mean: f64,
) -> (f64, f64) {
    let fixed = |i: usize| NormalPrior { mean: x[i], sd: 1e-3 };
    let flat = OnlineItem {
        log_a: fixed(0),
        b: NormalPrior { mean: x[1], sd: FLAT_SD },
        anchor: None,
        ..*item
    };
    let mode = climb(&flat, *x, |x| marginal(&flat, x, answers, mean));
    (mode[1], standard_errors(&flat, &mode, answers, mean)[1])
}

/// Infit and outfit of an item's answers against what was to be expected of each before it was given (Wright &
/// Masters, 1982, section 5, at predictive probabilities); "I don't know" is left out. `None` without answers.
pub fn predictive_fit(
    item: &OnlineItem,
    x: &Coordinates,
    answers: &[AnswerBeside],
    mean: f64,
) -> Option<PredictiveFit> {
    let theta = grid();
    let rows: Vec<[f64; CATEGORIES_MAX]> =
        theta.iter().map(|t| item.derivatives(x, t + mean).p).collect();
    let (mut n, mut sums) = (0.0, [0.0; 4]);
    let mut weight = 0.0;
    for answer in answers {
        let Observation::Category(score) = answer.seen else { continue };
        let p: [f64; CATEGORIES_MAX] = std::array::from_fn(|k| {
            answer.ability.iter().zip(&rows).fold(0.0, |sum, (w, row)| sum + w * row[k])
        });
        let expected = p[1] + 2.0 * p[2];
        let squares = |k: usize| (k as f64 - expected) * (k as f64 - expected);
        let variance = (0..item.categories).fold(0.0, |sum, k| sum + p[k] * squares(k));
        let fourth = (0..item.categories).fold(0.0, |sum, k| sum + p[k] * squares(k) * squares(k));
        if variance <= 0.0 {
            continue;
        }
        let square = (score as f64 - expected) * (score as f64 - expected);
        n += 1.0;
        weight += variance;
        sums[0] += square;
        sums[1] += fourth - variance * variance;
        sums[2] += square / variance;
        sums[3] += fourth / (variance * variance) - 1.0;
    }
    (n > 0.0).then(|| PredictiveFit {
        infit: sums[0] / weight,
        infit_se: sums[1].max(0.0).sqrt() / weight,
        outfit: sums[2] / n,
        outfit_se: sums[3].max(0.0).sqrt() / n,
    })
}
