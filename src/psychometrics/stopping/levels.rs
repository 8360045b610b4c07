//! From an estimate of the general level to the probability of each level.
//!
//! Cuts are themselves uncertain; their standard errors enter the probabilities, so a claim is
//! never firmer than the cut it rests on.

use crate::psychometrics::numeric::special::normal_cdf;

/// A boundary between two neighbouring levels on the scale of θ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CutScore {
    /// Where the boundary lies.
    pub theta: f64,
    /// Standard error of the boundary itself; 0 when it is taken as known.
    pub se: f64,
}

/// `P(C > c)` for a general level `C ~ N(mean, sd²)` and an uncertain cut `c`:
/// `Φ((mean − c) / √(sd² + SE_c²))`.
///
/// ```
/// use gradus::psychometrics::stopping::levels::{CutScore, probability_above};
/// let cut = CutScore { theta: 0.0, se: 0.0 };
/// assert!((probability_above(1.959963984540054, 1.0, cut) - 0.975).abs() < 1e-12);
/// ```
pub fn probability_above(mean: f64, sd: f64, cut: CutScore) -> f64 {
    let spread = (sd * sd + cut.se * cut.se).sqrt();
    if spread == 0.0 {
        return if mean > cut.theta { 1.0 } else { 0.0 };
    }
    normal_cdf((mean - cut.theta) / spread)
}

/// Probability of each of `cuts.len() + 1` levels, lowest first; they sum to one.
///
/// Where cuts of unequal standard error would make a level's probability negative it is clamped
/// at 0 and the rest is scaled.
///
/// The published example (role composite .21911 ± .60554, cuts −.5 and .8) gives
/// .1175, .71379, .1687:
/// ```
/// use gradus::psychometrics::stopping::levels::{CutScore, level_probabilities};
/// let cuts = [-0.5, 0.8].map(|theta| CutScore { theta, se: 0.0 });
/// let p = level_probabilities(0.21911, 0.60554, &cuts);
/// assert!((p[0] - 0.1175).abs() < 1e-4 && (p[1] - 0.71379).abs() < 1e-4);
/// ```
pub fn level_probabilities(mean: f64, sd: f64, cuts: &[CutScore]) -> Vec<f64> {
    let above: Vec<f64> = std::iter::once(1.0)
        .chain(cuts.iter().map(|&cut| probability_above(mean, sd, cut)))
        .chain(std::iter::once(0.0))
        .collect();
    let mut levels: Vec<f64> = above.windows(2).map(|pair| (pair[0] - pair[1]).max(0.0)).collect();
    let total: f64 = levels.iter().sum();
    levels.iter_mut().for_each(|p| *p /= total);
    levels
}
