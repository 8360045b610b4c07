//! An item as it is estimated from tests: ln a, b and, with partial credit, the distance of its steps;
//! the lower asymptote stays. Probabilities, derivatives and beliefs of one item; knows no people.

use crate::psychometrics::calibration::NormalPrior;
use crate::psychometrics::irt::{ItemModel, ModelError};
use crate::psychometrics::numeric::special::{log_logistic, log1m_exp, logistic_pair};

/// Most categories of an item that tests use: wrong, partly right, right.
pub const CATEGORIES_MAX: usize = 3;
/// Number of coordinates; the third moves only with partial credit.
pub(super) const COORDINATES: usize = 3;
/// Belief about the distance of steps: mean as the engine takes it before data, and its spread.
const SPREAD_SD: f64 = 0.3;

/// Where an item stands: (ln a, b, distance of steps).
pub type Coordinates = [f64; COORDINATES];

/// The fixed part of an item and what is believed of the rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OnlineItem {
    /// The ability that it measures.
    pub topic: usize,
    /// Categories of its score: 2, or 3 with partial credit.
    pub categories: usize,
    /// Lower asymptote; with partial credit only what "I don't know" forgoes.
    pub c: f64,
    /// Belief about ln a.
    pub log_a: NormalPrior,
    /// Belief about b.
    pub b: NormalPrior,
    /// Distance of neighbouring steps before data.
    pub spread: f64,
    /// Coordinates that stay: an anchor's.
    pub anchor: Option<Coordinates>,
}

impl OnlineItem {
    /// The belief's mean.
    #[must_use]
    pub fn start(&self) -> Coordinates {
        self.anchor.unwrap_or([self.log_a.mean, self.b.mean, self.spread])
    }

    /// How many coordinates move.
    #[must_use]
    pub fn free(&self) -> usize {
        if self.categories == 2 { 2 } else { 3 }
    }

    /// The belief about a coordinate.
    pub(super) fn prior(&self, coordinate: usize) -> NormalPrior {
        match coordinate {
            0 => self.log_a,
            1 => self.b,
            _ => NormalPrior { mean: self.spread, sd: SPREAD_SD },
        }
    }

    /// The item as the engine has it.
    ///
    /// # Errors
    /// Coordinates that are not finite.
    pub fn model(&self, x: &Coordinates) -> Result<ItemModel, ModelError> {
        let a = libm::exp(x[0]);
        match self.categories {
            2 => ItemModel::logistic(a, x[1], self.c, 1.0),
            _ => ItemModel::generalized_partial_credit(a, self.steps(x).to_vec()),
        }
    }

    fn steps(&self, x: &Coordinates) -> [f64; 2] {
        [x[1] - 0.5 * x[2], x[1] + 0.5 * x[2]]
    }

    /// ln P of every category at θ.
    pub(super) fn log_probabilities(&self, x: &Coordinates, theta: f64) -> [f64; CATEGORIES_MAX] {
        let a = libm::exp(x[0]);
        if self.categories == 2 {
            let z = a * (theta - x[1]);
            let wrong = libm::log1p(-self.c) + log_logistic(-z);
            let right = if self.c > 0.0 { log1m_exp(wrong) } else { log_logistic(z) };
            return [wrong, right, f64::NEG_INFINITY];
        }
        let psi = self.predictors(x, theta);
        let largest = psi.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum = psi.iter().fold(0.0, |sum, value| sum + libm::exp(value - largest));
        psi.map(|value| value - largest - libm::log(sum))
    }

    /// Σ_{v≤k} a(θ − b_v) of every category.
    fn predictors(&self, x: &Coordinates, theta: f64) -> [f64; CATEGORIES_MAX] {
        let (a, steps) = (libm::exp(x[0]), self.steps(x));
        let first = a * (theta - steps[0]);
        [0.0, first, first + a * (theta - steps[1])]
    }

    /// P of every category and ∂ln P/∂x at θ.
    ///
    /// With z = a(θ − b) and P = c + (1 − c)σ(z): ∂ln P/∂z = (1 − c)σ(1 − σ)/P for right, −σ for wrong;
    /// ∂z/∂ln a = z, ∂z/∂b = −a. With partial credit ψ_k = Σ_{v≤k} a(θ − b_v) and ∂ln P_k = ∂ψ_k − Σ_j P_j ∂ψ_j.
    pub(super) fn derivatives(&self, x: &Coordinates, theta: f64) -> Derivatives {
        let a = libm::exp(x[0]);
        let mut found = Derivatives::default();
        if self.categories == 2 {
            let z = a * (theta - x[1]);
            let (s, rest) = logistic_pair(z);
            let right = self.c + (1.0 - self.c) * s;
            found.p = [(1.0 - self.c) * rest, right, 0.0];
            let slopes = [-s, (1.0 - self.c) * s * rest / right];
            for (row, slope) in found.score.iter_mut().zip(slopes) {
                *row = [slope * z, -slope * a, 0.0];
            }
            return found;
        }
        let psi = self.predictors(x, theta);
        let log_p = self.log_probabilities(x, theta);
        found.p = log_p.map(libm::exp);
        // ∂ψ_k/∂b = −ka; ∂ψ_1/∂spread = a/2, and the second step takes it back.
        let rows = [[0.0; 3], [psi[1], -a, 0.5 * a], [psi[2], -2.0 * a, 0.0]];
        for i in 0..COORDINATES {
            let mean = (0..CATEGORIES_MAX).fold(0.0, |sum, k| sum + found.p[k] * rows[k][i]);
            for (k, row) in rows.iter().enumerate() {
                found.score[k][i] = row[i] - mean;
            }
        }
        found
    }
}

/// Probabilities of the categories and the derivatives of their logarithms.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Derivatives {
    pub p: [f64; CATEGORIES_MAX],
    pub score: [Coordinates; CATEGORIES_MAX],
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(categories: usize, c: f64) -> OnlineItem {
        OnlineItem {
            topic: 0,
            categories,
            c,
            log_a: NormalPrior { mean: 0.0, sd: 0.3 },
            b: NormalPrior { mean: 0.2, sd: 0.9 },
            spread: 0.6,
            anchor: None,
        }
    }

    #[test]
    fn probabilities_are_those_of_the_engine() {
        // Goal: what is estimated is what sessions use. Method: both kinds of item against the
        // models of the engine at nine abilities.
        for item in [item(2, 0.2), item(2, 0.0), item(3, 0.05)] {
            let x = [0.3, -0.4, 0.8];
            let model = item.model(&x).unwrap();
            for theta in (-4..=4).map(f64::from) {
                let found = item.log_probabilities(&x, theta);
                for (k, value) in found.iter().enumerate().take(item.categories) {
                    let expected = model.log_probability(theta, k);
                    assert!((value - expected).abs() < 1e-12, "{theta} {k}: {value} {expected}");
                }
            }
        }
    }

    #[test]
    fn derivatives_are_those_of_the_logarithms() {
        // Goal: the gradients of every category are right. Method: central differences of step 1e-6
        // of both kinds of item, to 1e-8.
        for item in [item(2, 0.2), item(2, 0.0), item(3, 0.05)] {
            for theta in [-2.5, -0.3, 0.4, 3.0] {
                let x = [0.3, -0.4, 0.8];
                let found = item.derivatives(&x, theta);
                for i in 0..item.free() {
                    let moved = |by: f64| {
                        let mut x = x;
                        x[i] += by;
                        item.log_probabilities(&x, theta)
                    };
                    let (above, below) = (moved(1e-6), moved(-1e-6));
                    for k in 0..item.categories {
                        let slope = (above[k] - below[k]) / 2e-6;
                        assert!((found.score[k][i] - slope).abs() < 1e-8, "{theta} {i} {k}");
                    }
                }
            }
        }
    }
}
