//! The posterior of many correlated abilities, by expectation propagation with one site a topic.
//!
//! For between-item models the posterior factorises as
//! `p(θ | x) ∝ N(θ; 0, Σ₀) Π_k L_k(θ_k)`, where `L_k` is the product of the likelihoods of topic
//! `k`'s items: a function of one variable, kept on a fixed grid. Each `L_k` is approximated by
//! one Gaussian site `exp(ν_k θ − τ_k θ²/2)` that is refined until nothing moves (Minka 2001,
//! *Expectation propagation for approximate Bayesian inference*, §3). One site a topic rather than
//! one an item makes the result exact for a single topic, free of the order of the answers, and
//! cheap.
//!
//! This module never looks at items: it takes log-likelihoods on the grid.

use crate::psychometrics::numeric::sums::{LANES, blocked_sum};
use crate::psychometrics::numeric::vector::{Kernel, at_full_width, libm_exponentials};

/// Points of the ability grid on which topic likelihoods are kept.
pub const GRID_POINTS: usize = 61;
/// Lower end of the ability grid, in units of the population's standard deviation.
pub const GRID_LOW: f64 = -6.0;
/// Upper end of the ability grid.
pub const GRID_HIGH: f64 = 6.0;
/// Sweeps end when no topic mean moves by more than this.
pub const SWEEP_TOLERANCE: f64 = 1e-9;
/// The most sweeps over the topics.
pub const SWEEPS_MAX: usize = 50;

/// A function of one ability on the fixed grid.
pub type OnGrid = [f64; GRID_POINTS];

/// The grid filled up to whole vectors; what stands beyond it adds nothing to any sum.
const PADDED: usize = GRID_POINTS.next_multiple_of(LANES);
type Padded = [f64; PADDED];

/// The ability at each point of the grid.
///
/// ```
/// let grid = gradus::psychometrics::estimation::posterior::grid();
/// assert_eq!((grid[0], grid[30], grid[60]), (-6.0, 0.0, 6.0));
/// ```
pub fn grid() -> OnGrid {
    let step = (GRID_HIGH - GRID_LOW) / (GRID_POINTS - 1) as f64;
    std::array::from_fn(|q| {
        // Written so that the two halves mirror each other exactly.
        (q as f64 - (GRID_POINTS - 1) as f64 / 2.0) * step
    })
}

/// A Gaussian approximation of a posterior over `K` abilities.
#[derive(Debug, Clone, PartialEq)]
pub struct Gaussian {
    mean: Vec<f64>,
    covariance: Vec<f64>,
}

impl Gaussian {
    /// A Gaussian with mean zero and the given row-major covariance.
    ///
    /// # Panics
    /// When `covariance` is not `k × k`; both come from a checked plan.
    pub fn prior(k: usize, covariance: Vec<f64>) -> Self {
        assert_eq!(covariance.len(), k * k, "a covariance of {k} abilities has {} cells", k * k);
        Self { mean: vec![0.0; k], covariance }
    }

    /// Number of abilities.
    pub fn len(&self) -> usize {
        self.mean.len()
    }

    /// Whether there are no abilities at all.
    pub fn is_empty(&self) -> bool {
        self.mean.is_empty()
    }

    /// Means, one an ability.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Row-major covariance.
    pub fn covariance(&self) -> &[f64] {
        &self.covariance
    }

    /// Variance of ability `k`.
    pub fn variance(&self, k: usize) -> f64 {
        self.covariance[k * self.len() + k]
    }

    /// Row (equally, column) `k` of the covariance.
    pub fn column(&self, k: usize) -> &[f64] {
        let n = self.len();
        &self.covariance[k * n..(k + 1) * n]
    }

    /// Mean and standard deviation of the weighted sum `wᵀθ`.
    ///
    /// ```
    /// use gradus::psychometrics::estimation::posterior::Gaussian;
    /// let prior = Gaussian::prior(2, vec![1.0, 0.5, 0.5, 1.0]);
    /// let (mean, sd) = prior.combination(&[0.5, 0.5]);
    /// assert!(mean == 0.0 && (sd - 0.75f64.sqrt()).abs() < 1e-15);
    /// ```
    pub fn combination(&self, weights: &[f64]) -> (f64, f64) {
        let mean: f64 = weights.iter().zip(&self.mean).map(|(w, m)| w * m).sum();
        let variance: f64 =
            weights.iter().enumerate().map(|(k, w)| w * dot(self.column(k), weights)).sum();
        (mean, variance.max(0.0).sqrt())
    }

    /// Adds `Δτ, Δν` to the natural parameters of ability `k` (a rank-one update).
    ///
    /// Returns `false`, leaving all as it was, where the result would not be a distribution.
    pub fn absorb(&mut self, k: usize, delta_tau: f64, delta_nu: f64) -> bool {
        let mut column = vec![0.0; self.len()];
        self.absorb_with(k, delta_tau, delta_nu, &mut column)
    }

    /// [`Self::absorb`] with room for a column.
    #[inline(always)]
    fn absorb_with(&mut self, k: usize, delta_tau: f64, delta_nu: f64, column: &mut [f64]) -> bool {
        let n = self.len();
        let denominator = 1.0 + delta_tau * self.variance(k);
        if !(denominator > 0.0 && denominator.is_finite() && delta_nu.is_finite()) {
            return false;
        }
        column.copy_from_slice(self.column(k));
        let shift = (delta_nu - delta_tau * self.mean[k]) / denominator;
        let shrink = delta_tau / denominator;
        for i in 0..n {
            self.mean[i] += column[i] * shift;
            let row = &mut self.covariance[i * n..(i + 1) * n];
            for j in 0..n {
                row[j] -= column[i] * column[j] * shrink;
            }
        }
        true
    }

    /// Takes away the variance that an observation is expected to explain:
    /// `Σ ← Σ − g Σe_k (Σe_k)ᵀ`, the mean unchanged.
    pub fn shrink(&mut self, k: usize, gain: f64) {
        let n = self.len();
        let column: Vec<f64> = self.column(k).to_vec();
        for i in 0..n {
            for j in 0..n {
                self.covariance[i * n + j] -= column[i] * column[j] * gain;
            }
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// How the sweeps ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Convergence {
    /// No topic mean moved by more than [`SWEEP_TOLERANCE`] in the last of so many sweeps.
    Converged {
        /// Sweeps made.
        sweeps: usize,
    },
    /// The sweeps ran out; the largest last movement of a topic mean.
    Stalled {
        /// Movement in the last sweep, in units of θ.
        movement: f64,
    },
}

/// Prior and topic likelihoods of one person, and the posterior that follows.
#[derive(Debug, Clone)]
pub struct TopicPosterior {
    prior: Gaussian,
    log_likelihood: Vec<Option<Box<OnGrid>>>,
    sites: Vec<Site>,
    posterior: Gaussian,
    convergence: Convergence,
}

#[derive(Debug, Clone, Copy, Default)]
struct Site {
    tau: f64,
    nu: f64,
}

/// Mean and variance of the tilted distribution of one ability.
struct Tilted {
    mean: f64,
    variance: f64,
}

impl TopicPosterior {
    /// A person of whom nothing is known but the population.
    pub fn new(prior: Gaussian) -> Self {
        let k = prior.len();
        Self {
            posterior: prior.clone(),
            prior,
            log_likelihood: vec![None; k],
            sites: vec![Site::default(); k],
            convergence: Convergence::Converged { sweeps: 0 },
        }
    }

    /// Replaces topic `k`'s log-likelihood and sweeps until the posterior stands still.
    ///
    /// `log_likelihood` is the sum over the topic's answered items, added in an order that does
    /// not depend on when they were asked; then neither does the posterior.
    pub fn set_topic(&mut self, k: usize, log_likelihood: OnGrid) {
        self.set_topics([(k, log_likelihood)]);
    }

    /// The same for several topics at once, with one round of sweeps.
    pub fn set_topics(&mut self, topics: impl IntoIterator<Item = (usize, OnGrid)>) {
        for (k, log_likelihood) in topics {
            self.log_likelihood[k] = Some(Box::new(log_likelihood));
        }
        // From the prior, never from the last state: the result is a function of the likelihoods
        // alone, whichever answer came last.
        self.sites.fill(Site::default());
        self.posterior.clone_from(&self.prior);
        self.convergence = at_full_width(Sweep(self));
    }

    /// The prior before any answer.
    pub fn prior(&self) -> &Gaussian {
        &self.prior
    }

    /// The Gaussian posterior over all abilities.
    pub fn gaussian(&self) -> &Gaussian {
        &self.posterior
    }

    /// How the last sweeps ended.
    pub fn convergence(&self) -> Convergence {
        self.convergence
    }

    /// The posterior of ability `k` on the grid, summing to one: the cavity times the exact
    /// likelihood of the topic, which shows a skewness that the Gaussian does not.
    pub fn marginal_on_grid(&self, k: usize) -> OnGrid {
        let (mean, variance) =
            self.cavity(k).unwrap_or((self.prior.mean[k], self.prior.variance(k)));
        let weights = self.tilted_weights(k, mean, variance, &padded_grid());
        let mut density: OnGrid = std::array::from_fn(|q| weights[q]);
        let total = blocked_sum(&density);
        density.iter_mut().for_each(|w| *w /= total);
        density
    }

    #[inline(always)]
    fn sweep(&mut self) -> Convergence {
        let theta = padded_grid();
        let mut column = vec![0.0; self.sites.len()];
        let mut before = self.posterior.mean.clone();
        let mut movement = f64::INFINITY;
        for sweep in 1..=SWEEPS_MAX {
            before.copy_from_slice(&self.posterior.mean);
            // Oscillation of 3PL sites dies out when late sweeps take smaller steps.
            let step = if sweep <= 10 { 1.0 } else { 0.8 };
            for k in 0..self.sites.len() {
                if self.log_likelihood[k].is_some() {
                    self.refine(k, step, &theta, &mut column);
                }
            }
            movement = before
                .iter()
                .zip(&self.posterior.mean)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f64::max);
            if movement < SWEEP_TOLERANCE {
                return Convergence::Converged { sweeps: sweep };
            }
        }
        Convergence::Stalled { movement }
    }

    #[inline(always)]
    fn cavity(&self, k: usize) -> Option<(f64, f64)> {
        let variance = self.posterior.variance(k);
        let precision = 1.0 / variance - self.sites[k].tau;
        if !(precision > 0.0 && precision.is_finite()) {
            return None;
        }
        let cavity_variance = 1.0 / precision;
        let mean = cavity_variance * (self.posterior.mean[k] / variance - self.sites[k].nu);
        Some((mean, cavity_variance))
    }

    #[inline(always)]
    fn refine(&mut self, k: usize, step: f64, theta: &Padded, column: &mut [f64]) {
        let Some((mean, variance)) = self.cavity(k) else { return };
        let tilted = moments(theta, &self.tilted_weights(k, mean, variance, theta));
        if !(tilted.variance > 0.0 && tilted.mean.is_finite()) {
            return;
        }
        // A negative τ is normal under a lower asymptote; it stays as long as the result is a
        // distribution, which `absorb` sees to.
        let site = self.sites[k];
        let delta_tau = step * (1.0 / tilted.variance - 1.0 / variance - site.tau);
        let delta_nu = step * (tilted.mean / tilted.variance - mean / variance - site.nu);
        if self.posterior.absorb_with(k, delta_tau, delta_nu, column) {
            self.sites[k] = Site { tau: site.tau + delta_tau, nu: site.nu + delta_nu };
        }
    }

    /// Cavity × likelihood on the grid, the largest 1, with the trapezoid's halves at the ends.
    #[inline(always)]
    fn tilted_weights(&self, k: usize, mean: f64, variance: f64, theta: &Padded) -> Padded {
        let mut weights = [f64::NEG_INFINITY; PADDED];
        for q in 0..GRID_POINTS {
            let z = theta[q] - mean;
            weights[q] = -0.5 * z * z / variance;
        }
        if let Some(log_likelihood) = &self.log_likelihood[k] {
            for q in 0..GRID_POINTS {
                weights[q] += log_likelihood[q];
            }
        }
        let top = largest(&weights);
        for weight in &mut weights {
            *weight -= top;
        }
        libm_exponentials(&mut weights);
        weights[0] *= 0.5;
        weights[GRID_POINTS - 1] *= 0.5;
        weights
    }
}

/// The sweeps, compiled for the widest vectors of the machine.
struct Sweep<'a>(&'a mut TopicPosterior);

impl Kernel for Sweep<'_> {
    type Output = Convergence;

    #[inline(always)]
    fn call(self) -> Convergence {
        self.0.sweep()
    }
}

fn padded_grid() -> Padded {
    let mut padded = [0.0; PADDED];
    padded[..GRID_POINTS].copy_from_slice(&grid());
    padded
}

/// The largest value, lane by lane; what is no number does not count.
#[inline(always)]
fn largest(values: &Padded) -> f64 {
    let mut lanes = [f64::NEG_INFINITY; LANES];
    for block in values.as_chunks::<LANES>().0 {
        for lane in 0..LANES {
            lanes[lane] = if block[lane] > lanes[lane] { block[lane] } else { lanes[lane] };
        }
    }
    let mut top = f64::NEG_INFINITY;
    for lane in lanes {
        top = if lane > top { lane } else { top };
    }
    top
}

/// Sum in the order of [`blocked_sum`]; zeros beyond the grid change no bit of it.
#[inline(always)]
fn sum(values: &Padded) -> f64 {
    let mut lanes = [0.0; LANES];
    for block in values.as_chunks::<LANES>().0 {
        for lane in 0..LANES {
            lanes[lane] += block[lane];
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

#[inline(always)]
fn moments(theta: &Padded, weights: &Padded) -> Tilted {
    let total = sum(weights);
    let mut first = [0.0; PADDED];
    for q in 0..PADDED {
        first[q] = weights[q] * theta[q];
    }
    let mean = sum(&first) / total;
    let mut second = [0.0; PADDED];
    for q in 0..PADDED {
        second[q] = weights[q] * (theta[q] - mean) * (theta[q] - mean);
    }
    Tilted { mean, variance: sum(&second) / total }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psychometrics::irt::ItemModel;
    use crate::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};

    fn equicorrelated(k: usize, rho: f64) -> Gaussian {
        let cells = (0..k * k).map(|at| if at % (k + 1) == 0 { 1.0 } else { rho }).collect();
        Gaussian::prior(k, cells)
    }

    /// Adds up one topic's log-likelihood from (a, b, c, x).
    fn topic(answers: &[(f64, f64, f64, usize)]) -> OnGrid {
        let theta = grid();
        let mut sum = [0.0; GRID_POINTS];
        for &(a, b, c, x) in answers {
            let model = ItemModel::logistic(a, b, c, 1.0).unwrap();
            for (total, t) in sum.iter_mut().zip(theta) {
                *total += model.log_probability(t, x);
            }
        }
        sum
    }

    #[test]
    fn three_topics_agree_with_the_published_posterior() {
        // Goal: the 3-D posterior of scoring_golden.mirt3d (computed by quadrature elsewhere).
        // Method: its six answers; tolerances are the ones of the method (mean .005, SD 2 %).
        let mut posterior = TopicPosterior::new(equicorrelated(3, 0.7));
        posterior.set_topic(0, topic(&[(1.2, -0.5, 0.0, 1), (0.9, 0.8, 0.0, 1)]));
        posterior.set_topic(1, topic(&[(1.0, 0.0, 0.0, 1), (1.3, -1.0, 0.0, 0)]));
        posterior.set_topic(2, topic(&[(1.5, 0.3, 0.0, 0), (1.1, -0.2, 0.0, 1)]));
        assert!(matches!(posterior.convergence(), Convergence::Converged { .. }));
        for (k, (mean, variance)) in
            [(0.40207, 0.54257), (0.00070, 0.52959), (0.08932, 0.48741)].into_iter().enumerate()
        {
            let found = posterior.gaussian();
            assert!((found.mean()[k] - mean).abs() < 0.005, "{k}: {}", found.mean()[k]);
            assert!(
                (found.variance(k) / variance - 1.0).abs() < 0.04,
                "{k}: {}",
                found.variance(k)
            );
        }
    }

    #[test]
    fn one_topic_is_exact() {
        // Goal: with one ability the site is the likelihood itself, so mean and variance are those
        // of quadrature on the same grid. Method: a 3PL pattern against plain sums.
        let log_likelihood = topic(&[(1.4, 0.2, 0.2, 1), (0.8, -1.0, 0.2, 0), (1.1, 1.0, 0.25, 1)]);
        let mut posterior = TopicPosterior::new(equicorrelated(1, 0.0));
        posterior.set_topic(0, log_likelihood);
        let theta = grid();
        let weight: Vec<f64> = (0..GRID_POINTS)
            .map(|q| (log_likelihood[q] - 0.5 * theta[q] * theta[q]).exp())
            .collect();
        let total: f64 = weight.iter().sum();
        let mean = (0..GRID_POINTS).map(|q| weight[q] * theta[q]).sum::<f64>() / total;
        let variance =
            (0..GRID_POINTS).map(|q| weight[q] * (theta[q] - mean).powi(2)).sum::<f64>() / total;
        assert!((posterior.gaussian().mean()[0] - mean).abs() < 1e-7);
        assert!((posterior.gaussian().variance(0) - variance).abs() < 1e-7);
    }

    #[test]
    fn the_order_of_topics_does_not_matter() {
        // Goal: a posterior is a function of the likelihoods. Method: two orders of setting them
        // differ by no more than the sweep tolerance allows.
        let likelihoods = [
            topic(&[(1.2, -0.5, 0.2, 1), (0.9, 0.8, 0.2, 1)]),
            topic(&[(1.0, 0.0, 0.2, 0), (1.3, -1.0, 0.2, 0)]),
            topic(&[(1.5, 0.3, 0.2, 1)]),
        ];
        let of = |order: [usize; 3]| {
            let mut posterior = TopicPosterior::new(equicorrelated(3, 0.5));
            order.into_iter().for_each(|k| posterior.set_topic(k, likelihoods[k]));
            posterior.gaussian().clone()
        };
        assert_eq!(of([0, 1, 2]), of([2, 0, 1]));
    }

    /// Posterior moments of three abilities by brute force on 61³ points.
    fn by_quadrature(likelihoods: &[OnGrid; 3], rho: f64) -> ([f64; 3], [f64; 3]) {
        let theta = grid();
        // Inverse of an equicorrelation matrix: α on the diagonal, β off it.
        let beta = -rho / ((1.0 - rho) * (1.0 + 2.0 * rho));
        let alpha = beta + 1.0 / (1.0 - rho);
        let (mut total, mut first, mut second) = (0.0, [0.0; 3], [0.0; 3]);
        for x in 0..GRID_POINTS {
            for y in 0..GRID_POINTS {
                for z in 0..GRID_POINTS {
                    let t = [theta[x], theta[y], theta[z]];
                    let quadratic = alpha * (t[0] * t[0] + t[1] * t[1] + t[2] * t[2])
                        + 2.0 * beta * (t[0] * t[1] + t[0] * t[2] + t[1] * t[2]);
                    let log_weight = likelihoods[0][x] + likelihoods[1][y] + likelihoods[2][z];
                    let weight = (log_weight - 0.5 * quadratic).exp();
                    total += weight;
                    for k in 0..3 {
                        first[k] += weight * t[k];
                        second[k] += weight * t[k] * t[k];
                    }
                }
            }
        }
        let mean = first.map(|s| s / total);
        let variance = std::array::from_fn(|k| second[k] / total - mean[k] * mean[k]);
        (mean, variance)
    }

    #[test]
    fn sweeps_agree_with_quadrature() {
        // Goal: mean error ≤ .005 (2PL) and ≤ .02 (3PL), SD within 2 % and 6 %. Method: seeded
        // people with 12 answers on three topics (ρ = .7) against 61³ points.
        for (c, mean_bar, sd_bar) in [(0.0, 0.005, 0.02), (0.2, 0.02, 0.06)] {
            for person in 0..6 {
                let mut random = stream(11, person, Purpose::Simulee);
                let shared = standard_normal(&mut random);
                let likelihoods: [OnGrid; 3] = std::array::from_fn(|_| {
                    let own = standard_normal(&mut random);
                    let theta = 0.7f64.sqrt() * shared + 0.3f64.sqrt() * own;
                    let answers: Vec<(f64, f64, f64, usize)> = (0..4)
                        .map(|_| {
                            let a = (0.25 * standard_normal(&mut random)).exp();
                            let b = standard_normal(&mut random);
                            let p = c + (1.0 - c) / (1.0 + (-a * (theta - b)).exp());
                            (a, b, c, usize::from(uniform(&mut random) < p))
                        })
                        .collect();
                    topic(&answers)
                });
                let (mean, variance) = by_quadrature(&likelihoods, 0.7);
                let mut posterior = TopicPosterior::new(equicorrelated(3, 0.7));
                for (k, likelihood) in likelihoods.iter().enumerate() {
                    posterior.set_topic(k, *likelihood);
                }
                for k in 0..3 {
                    let error = (posterior.gaussian().mean()[k] - mean[k]).abs();
                    let ratio = (posterior.gaussian().variance(k) / variance[k]).sqrt();
                    assert!(error <= mean_bar, "c={c} person {person} topic {k}: {error}");
                    assert!((ratio - 1.0).abs() <= sd_bar, "c={c} person {person}: SD ×{ratio}");
                }
            }
        }
    }
}
