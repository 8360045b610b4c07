//! The distribution of ability in each group: weights over the nodes, and what the M-step makes of
//! the mass that the E-step found there. Never looks at an item.

use super::{LatentDesign, LatentShape};
use crate::psychometrics::numeric::quadrature::Grid;

/// A group's ability: mean, standard deviation, and weights over the nodes that sum to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Latent {
    /// The mean.
    pub mean: f64,
    /// The standard deviation.
    pub sd: f64,
    /// A weight a node.
    pub weights: Vec<f64>,
}

/// Narrower than this, the nodes no longer see the density: an SD here has no estimate.
pub const SD_MIN: f64 = 0.05;

/// Most scoring steps of one M-step; two are usual.
const STEPS_MAX: usize = 50;
/// A step shorter than this ends it.
const STEP_MIN: f64 = 1e-11;

impl Latent {
    /// Normal weights w_q ∝ φ((x_q − mean)/sd).
    pub fn normal(nodes: &Grid, mean: f64, sd: f64) -> Self {
        let density = |x: &f64| {
            let z = (x - mean) / sd;
            libm::exp(-0.5 * z * z)
        };
        let mut weights: Vec<f64> = nodes.points().iter().map(density).collect();
        normalise(&mut weights);
        Self { mean, sd, weights }
    }

    /// The next distribution from the expected mass at the nodes.
    pub(super) fn update(
        &self,
        nodes: &Grid,
        mass: &[f64],
        design: LatentDesign,
        shape: LatentShape,
    ) -> Self {
        let (mean, sd) = moments(nodes, mass);
        let mean_kept = if design.free_mean { mean } else { 0.0 };
        let sd_kept = match (design.free_variance, design.free_mean) {
            (true, true) => sd,
            // Around the fixed mean: the variance that maximises the normal likelihood.
            (true, false) => (sd * sd + mean * mean).sqrt(),
            (false, _) => 1.0,
        };
        match shape {
            LatentShape::Normal if !design.free_mean && !design.free_variance => self.clone(),
            LatentShape::Normal => Self::fitted(nodes, mass, (mean_kept, sd_kept), design),
            LatentShape::Histogram => {
                let mut weights = rescaled(nodes, mass, (mean, sd), (mean_kept, sd_kept));
                normalise(&mut weights);
                Self { mean: mean_kept, sd: sd_kept, weights }
            }
        }
    }

    /// The mean and SD under which the mass is most probable, by Fisher scoring from the mass's own
    /// moments. These are the answer only where the nodes reach far enough: a normal density that is
    /// cut off at the ends has other moments than its parameters.
    fn fitted(nodes: &Grid, mass: &[f64], start: (f64, f64), design: LatentDesign) -> Self {
        let total: f64 = mass.iter().sum();
        let (mut mean, mut sd) = (start.0, start.1.max(SD_MIN));
        for _ in 0..STEPS_MAX {
            let here = Self::normal(nodes, mean, sd);
            let [by_mean, by_log_sd] = here.normal_scores(nodes);
            let slope = |score: &[f64]| -> f64 {
                score.iter().zip(mass).map(|(s, m)| s * m).sum::<f64>() / total
            };
            let shared = |left: &[f64], right: &[f64]| -> f64 {
                let products = left.iter().zip(right).zip(&here.weights);
                products.map(|((l, r), w)| l * r * w).sum()
            };
            let (g, h) = (slope(&by_mean), slope(&by_log_sd));
            let (gg, gh, hh) = (
                shared(&by_mean, &by_mean),
                shared(&by_mean, &by_log_sd),
                shared(&by_log_sd, &by_log_sd),
            );
            let determinant = gg * hh - gh * gh;
            let (by, times) = match (design.free_mean, design.free_variance) {
                (true, true) => ((g * hh - h * gh) / determinant, (h * gg - g * gh) / determinant),
                (true, false) => (g / gg, 0.0),
                (false, _) => (0.0, h / hh),
            };
            let (by, times) = (by.clamp(-0.5, 0.5), times.clamp(-0.5, 0.5));
            if !by.is_finite() || !times.is_finite() {
                break;
            }
            mean += by;
            sd = (sd * libm::exp(times)).max(SD_MIN);
            if by.abs().max(times.abs()) < STEP_MIN {
                break;
            }
        }
        Self::normal(nodes, mean, sd)
    }

    /// ln w_q.
    pub(super) fn log_weights(&self) -> impl Iterator<Item = f64> + '_ {
        self.weights.iter().map(|&weight| libm::log(weight.max(f64::MIN_POSITIVE)))
    }

    /// ∂ln w_q/∂mean and ∂ln w_q/∂ln sd of the normalised normal weights, at every node: the
    /// density's own derivative less its mean under the weights.
    pub(super) fn normal_scores(&self, nodes: &Grid) -> [Vec<f64>; 2] {
        let z = |x: &f64| (x - self.mean) / self.sd;
        let by_mean = nodes.points().iter().map(|x| z(x) / self.sd).collect();
        let by_log_sd = nodes.points().iter().map(|x| z(x) * z(x)).collect();
        [by_mean, by_log_sd].map(|mut score: Vec<f64>| {
            let mean: f64 = score.iter().zip(&self.weights).map(|(s, w)| s * w).sum();
            score.iter_mut().for_each(|value| *value -= mean);
            score
        })
    }
}

fn normalise(weights: &mut [f64]) {
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
}

/// Mean and standard deviation of mass at nodes.
fn moments(nodes: &Grid, mass: &[f64]) -> (f64, f64) {
    let total: f64 = mass.iter().sum();
    let mean = nodes.points().iter().zip(mass).map(|(x, m)| x * m).sum::<f64>() / total;
    let square = |(x, m): (&f64, &f64)| (x - mean) * (x - mean) * m;
    let variance = nodes.points().iter().zip(mass).map(square).sum::<f64>() / total;
    (mean, variance.sqrt())
}

/// The histogram of another mean and standard deviation: node x takes the mass that stood at
/// mean + sd (x − new mean)/new sd, interpolated between its neighbours.
fn rescaled(nodes: &Grid, mass: &[f64], old: (f64, f64), new: (f64, f64)) -> Vec<f64> {
    let step = nodes.points()[1] - nodes.points()[0];
    nodes
        .points()
        .iter()
        .map(|x| {
            let position = (old.0 + old.1 * (x - new.0) / new.1 - nodes.lo()) / step;
            if !(0.0..=(mass.len() - 1) as f64).contains(&position) {
                return 0.0;
            }
            let below = (position as usize).min(mass.len() - 2);
            let share = position - below as f64;
            (1.0 - share) * mass[below] + share * mass[below + 1]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fitted_density_has_the_moments_of_its_mass() {
        // Goal: the M-step is exact also where the nodes cut the density off. Method: at the maximum
        // of an exponential family mean and SD over the nodes are those of the mass; from normal
        // weights N(−1.5, 1.8²), of which [−6, 6] holds 99.4 %, the parameters come back.
        let nodes = Grid::session();
        let truth = Latent::normal(&nodes, -1.5, 1.8);
        let mass: Vec<f64> = truth.weights.iter().map(|w| 400.0 * w).collect();
        let free = LatentDesign { free_mean: true, free_variance: true };
        let start = Latent::normal(&nodes, 0.0, 1.0);
        let found = start.update(&nodes, &mass, free, LatentShape::Normal);
        assert!((found.mean + 1.5).abs() < 1e-8 && (found.sd - 1.8).abs() < 1e-8, "{found:?}");
        let (mean, sd) = moments(&nodes, &mass);
        assert!((mean + 1.5).abs() > 1e-3, "the moments themselves are not the parameters: {mean}");
        let (again, same) = moments(&nodes, &found.weights);
        assert!((again - mean).abs() < 1e-9 && (same - sd).abs() < 1e-9);
        let fixed = LatentDesign { free_mean: false, free_variance: true };
        let found = start.update(&nodes, &mass, fixed, LatentShape::Normal);
        assert_eq!(found.mean, 0.0);
        let second = |weights: &[f64]| -> f64 {
            let total: f64 = weights.iter().sum();
            nodes.points().iter().zip(weights).map(|(x, w)| x * x * w).sum::<f64>() / total
        };
        assert!((second(&found.weights) - second(&mass)).abs() < 1e-9);
    }
}
