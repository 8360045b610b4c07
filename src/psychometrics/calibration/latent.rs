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
            LatentShape::Normal => Self::normal(nodes, mean_kept, sd_kept.max(SD_MIN)),
            LatentShape::Histogram => {
                let mut weights = rescaled(nodes, mass, (mean, sd), (mean_kept, sd_kept));
                normalise(&mut weights);
                Self { mean: mean_kept, sd: sd_kept, weights }
            }
        }
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
