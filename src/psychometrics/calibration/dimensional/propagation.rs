//! The E-step over several correlated abilities: expectation propagation with one site a
//! dimension, for every pattern of answers, on vectors. Reads tables of log-probabilities; knows
//! no item, and never moves a parameter.
//!
//! q(θ) ∝ N(θ; 0, R) Π_k exp(ν_k θ_k − τ_k θ_k²/2). Site k is refined from its cavity, q without
//! it: the tilted density, cavity × L_k on the nodes, gives the mean and variance that q shall have
//! in dimension k (Minka, 2001, *Expectation propagation for approximate Bayesian inference*, §3).
//! The tilted densities are the posterior marginals from which the expected counts come.

use core::f64::consts::PI;

use rayon::prelude::*;

use super::Parts;
use crate::psychometrics::calibration::expectation::{LANES, Table, Tables};
use crate::psychometrics::numeric::linalg::SymmetricMatrix;
use crate::psychometrics::numeric::vector::{Kernel, at_full_width, exponential};

/// Patterns in a piece of work: pieces are added up in their order, whatever thread did them.
const PATTERNS_A_PIECE: usize = 512;
/// Pieces whose sums are kept at one time.
const PIECES_AT_ONCE: usize = 16;
/// Most sweeps over a pattern's sites.
const SWEEPS_MAX: usize = 50;
/// After so many sweeps steps are shortened, so that what oscillates dies out.
const SWEEPS_FULL: usize = 10;
/// A sum below this has lost digits to underflow; the largest term is then taken out first.
const UNDERFLOW: f64 = 1e-200;
/// A node beyond all others: whatever the cavity, it weighs nothing there.
const BEYOND: f64 = 1e6;

/// Every pattern's sites, kept from one E-step to the next: (τ, ν) of each dimension.
pub(super) struct Sites {
    dimensions: usize,
    values: Vec<f64>,
}

impl Sites {
    /// Sites that say nothing.
    pub fn new(patterns: usize, dimensions: usize) -> Self {
        Self { dimensions, values: vec![0.0; patterns * dimensions * 2] }
    }
}

/// What the E-step finds.
pub(super) struct Expected {
    /// ln of the evidence, as the propagation has it.
    pub log_evidence: f64,
    /// Of each dimension, expected people at a node who gave a category: a row a cell.
    pub counts: Vec<Table>,
    /// The people's mean E[θθᵀ].
    pub moments: SymmetricMatrix,
    /// Number of people.
    pub people: f64,
    /// People whose sites still moved at the end.
    pub unsettled: f64,
}

/// The E-step at given parameters.
pub(super) struct Propagation<'a> {
    parts: &'a Parts,
    tables: &'a [Tables<'a>],
    correlations: &'a [f64],
    /// The nodes, padded with nodes where nothing is.
    points: Vec<f64>,
    /// Distance between nodes.
    step: f64,
}

/// One person's posterior: what a visit of the pattern leaves.
pub(super) struct Person {
    dimensions: usize,
    stride: usize,
    log_likelihood: Vec<f64>,
    /// The largest ln L_k of each dimension, taken out of `log_likelihood`.
    tops: Vec<f64>,
    /// Tilted densities, a row of nodes each, summing to `totals`.
    tilted: Vec<f64>,
    totals: Vec<f64>,
    answered: Vec<usize>,
    mean: Vec<f64>,
    covariance: Vec<f64>,
    column: Vec<f64>,
    /// What each site adds to the log-evidence.
    shares: Vec<f64>,
    /// |I + R diag(τ)|.
    determinant: f64,
}

impl Person {
    fn new(dimensions: usize, stride: usize) -> Self {
        Self {
            dimensions,
            stride,
            log_likelihood: vec![0.0; dimensions * stride],
            tops: vec![0.0; dimensions],
            tilted: vec![0.0; dimensions * stride],
            totals: vec![1.0; dimensions],
            answered: Vec::with_capacity(dimensions),
            mean: vec![0.0; dimensions],
            covariance: vec![0.0; dimensions * dimensions],
            column: vec![0.0; dimensions],
            shares: vec![0.0; dimensions],
            determinant: 1.0,
        }
    }

    /// The dimensions of which something was answered.
    pub fn answered(&self) -> &[usize] {
        &self.answered
    }

    /// The posterior of a dimension at the nodes, padding included, and its sum.
    pub fn marginal(&self, dimension: usize) -> (&[f64], f64) {
        let start = dimension * self.stride;
        (&self.tilted[start..start + self.stride], self.totals[dimension])
    }

    /// E[θ_k θ_l].
    pub fn moment(&self, k: usize, l: usize) -> f64 {
        self.covariance[k * self.dimensions + l] + self.mean[k] * self.mean[l]
    }

    /// Adds Δτ and Δν to site k; whether q stays a distribution.
    #[inline(always)]
    fn absorb(&mut self, k: usize, delta_tau: f64, delta_nu: f64) -> bool {
        let n = self.dimensions;
        let denominator = 1.0 + delta_tau * self.covariance[k * n + k];
        if !(denominator > 0.0 && denominator < f64::INFINITY && delta_nu.is_finite()) {
            return false;
        }
        self.column.copy_from_slice(&self.covariance[k * n..(k + 1) * n]);
        let shift = (delta_nu - delta_tau * self.mean[k]) / denominator;
        let shrink = delta_tau / denominator;
        for i in 0..n {
            let along = self.column[i];
            self.mean[i] += along * shift;
            let row = &mut self.covariance[i * n..(i + 1) * n];
            for (cell, other) in row.iter_mut().zip(&self.column) {
                *cell -= along * shrink * other;
            }
        }
        self.determinant *= denominator;
        true
    }

    /// Refines site k; how far its moments were from those of q.
    #[inline(always)]
    fn refine(&mut self, k: usize, site: &mut [f64], points: &[f64], step: f64) -> f64 {
        let n = self.dimensions;
        let (mean, variance) = (self.mean[k], self.covariance[k * n + k]);
        let without = 1.0 / variance - site[0];
        let usable = without > 0.0 && without < f64::INFINITY;
        // Without a cavity the prior's own marginal shows the answers, and the site stays.
        let (precision, cavity_nu) =
            if usable { (without, mean / variance - site[1]) } else { (1.0, 0.0) };
        let cavity = cavity_nu / precision;
        let range = k * self.stride..(k + 1) * self.stride;
        let (log_likelihood, tilted) =
            (&self.log_likelihood[range.clone()], &mut self.tilted[range]);
        let mut shift = 0.0;
        let mut sums = tilt(log_likelihood, points, cavity, 0.5 * precision, shift, tilted);
        if sums[0].is_nan() || sums[0] <= UNDERFLOW {
            shift = highest(log_likelihood, points, cavity, 0.5 * precision);
            sums = tilt(log_likelihood, points, cavity, 0.5 * precision, shift, tilted);
        }
        let tilted_mean = sums[1] / sums[0];
        let tilted_variance = sums[2] / sums[0] - tilted_mean * tilted_mean;
        self.totals[k] = sums[0];
        let (tau, nu) = (1.0 / tilted_variance, tilted_mean / tilted_variance);
        // ln Z_k + Φ(cavity) − Φ(q_k), Φ(m, v) = ½ ln v + ½ m²/v; the logarithm is taken later.
        self.shares[k] = self.tops[k] + shift + 0.5 * (cavity * cavity_nu - tilted_mean * nu)
            - 0.5 * libm::log(tilted_variance);
        let delta_tau = step * (tau - precision - site[0]);
        let delta_nu = step * (nu - cavity_nu - site[1]);
        if usable && self.absorb(k, delta_tau, delta_nu) {
            site[0] += delta_tau;
            site[1] += delta_nu;
        }
        (tilted_mean - mean).abs().max((tilted_variance - variance).abs())
    }

    /// ln of the evidence: −½ ln|I + R diag τ| + ½ νᵀm + Σ_k (ln Z_k + Φ(cavity) − Φ(q_k)).
    #[inline(always)]
    fn log_evidence(&self, sites: &[f64], step: f64) -> f64 {
        let mut sum = -0.5 * libm::log(self.determinant);
        for &k in &self.answered {
            sum += 0.5 * sites[2 * k + 1] * self.mean[k];
            sum += self.shares[k] + libm::log(self.totals[k] * step / (2.0 * PI).sqrt());
        }
        sum
    }
}

/// Writes e^(ln L − half (θ − centre)² − shift) and returns its sums with 1, θ and θ².
#[inline(always)]
fn tilt(
    log_likelihood: &[f64],
    points: &[f64],
    centre: f64,
    half: f64,
    shift: f64,
    out: &mut [f64],
) -> [f64; 3] {
    let mut lanes = [[0.0; LANES]; 3];
    // By index: what iterators call is not compiled for the width of the kernel around it.
    for start in (0..points.len()).step_by(LANES) {
        let values = &log_likelihood[start..start + LANES];
        let points = &points[start..start + LANES];
        let out = &mut out[start..start + LANES];
        for lane in 0..LANES {
            let away = points[lane] - centre;
            let value = exponential(values[lane] - half * (away * away) - shift);
            out[lane] = value;
            let first = value * points[lane];
            lanes[0][lane] += value;
            lanes[1][lane] += first;
            lanes[2][lane] += first * points[lane];
        }
    }
    lanes.map(|lanes| lanes.iter().sum())
}

#[inline(always)]
fn highest(log_likelihood: &[f64], points: &[f64], centre: f64, half: f64) -> f64 {
    let height = |(value, point): (&f64, &f64)| value - half * (point - centre) * (point - centre);
    log_likelihood.iter().zip(points).map(height).fold(f64::NEG_INFINITY, f64::max)
}

/// The sums over some of the patterns.
struct Piece {
    log_evidence: f64,
    sums: Vec<Table>,
    moments: Vec<f64>,
    unsettled: f64,
}

impl Piece {
    fn add(&mut self, other: &Self) {
        self.log_evidence += other.log_evidence;
        self.unsettled += other.unsettled;
        for (sum, other) in self.sums.iter_mut().zip(&other.sums) {
            sum.add(other);
        }
        for (sum, other) in self.moments.iter_mut().zip(&other.moments) {
            *sum += other;
        }
    }
}

impl<'a> Propagation<'a> {
    /// From the dimensions' tables and the abilities' correlations.
    pub fn new(
        parts: &'a Parts,
        tables: &'a [Tables<'a>],
        correlations: &'a SymmetricMatrix,
    ) -> Self {
        let nodes = parts.parts[0].design.settings.nodes.points();
        let mut points = nodes.to_vec();
        points.resize(nodes.len().div_ceil(LANES) * LANES, BEYOND);
        let step = nodes[1] - nodes[0];
        Self { parts, tables, correlations: correlations.as_slice(), points, step }
    }

    /// Every pattern's sites, settled to `settle`, and the sums over people.
    pub fn expectation(&self, sites: &mut Sites, settle: f64) -> Expected {
        let width = 2 * sites.dimensions;
        let mut total = self.empty_piece();
        let at_once = PATTERNS_A_PIECE * PIECES_AT_ONCE;
        for (batch, batch_sites) in sites.values.chunks_mut(at_once * width).enumerate() {
            let done: Vec<Piece> = batch_sites
                .par_chunks_mut(PATTERNS_A_PIECE * width)
                .enumerate()
                .map(|(piece, sites)| {
                    self.piece(batch * at_once + piece * PATTERNS_A_PIECE, sites, settle)
                })
                .collect();
            done.iter().for_each(|piece| total.add(piece));
        }
        let people: f64 = self.parts.weights.iter().sum();
        let mut moments = SymmetricMatrix::zeros(sites.dimensions);
        for row in 0..sites.dimensions {
            for column in 0..=row {
                let sum = total.moments[row * sites.dimensions + column];
                moments.set(row, column, sum / people);
            }
        }
        let counts = self.tables.iter().zip(&total.sums).map(|(t, sums)| t.by_cell(sums)).collect();
        let (log_evidence, unsettled) = (total.log_evidence, total.unsettled);
        Expected { log_evidence, counts, moments, people, unsettled }
    }

    /// Settles every pattern's sites and shows the posterior of each, in order.
    pub fn for_each(&self, sites: &mut Sites, settle: f64, each: &mut dyn FnMut(usize, &Person)) {
        let width = 2 * sites.dimensions;
        let mut person = Person::new(sites.dimensions, self.points.len());
        for (pattern, sites) in sites.values.chunks_mut(width).enumerate() {
            at_full_width(Visit { work: self, pattern, sites, settle, person: &mut person });
            each(pattern, &person);
        }
    }

    fn empty_piece(&self) -> Piece {
        Piece {
            log_evidence: 0.0,
            sums: self.tables.iter().map(Tables::empty_sums).collect(),
            moments: vec![0.0; self.correlations.len()],
            unsettled: 0.0,
        }
    }

    fn piece(&self, first: usize, sites: &mut [f64], settle: f64) -> Piece {
        let mut piece = self.empty_piece();
        at_full_width(Accumulate { work: self, first, sites, settle, piece: &mut piece });
        piece
    }

    /// Settles one pattern's sites; whether they stand still.
    #[inline(always)]
    fn settle(&self, pattern: usize, sites: &mut [f64], settle: f64, person: &mut Person) -> bool {
        person.answered.clear();
        person.mean.fill(0.0);
        person.covariance.copy_from_slice(self.correlations);
        person.determinant = 1.0;
        let stride = person.stride;
        for (k, (part, table)) in self.parts.parts.iter().zip(self.tables).enumerate() {
            let own = part.responses.pattern_of(pattern);
            if part.silent[own] {
                continue;
            }
            person.answered.push(k);
            let values = &mut person.log_likelihood[k * stride..(k + 1) * stride];
            table.log_likelihood_into(own, values);
            let nodes = &mut values[..self.points.len()];
            let top =
                nodes.iter().fold(f64::NEG_INFINITY, |most, v| if *v > most { *v } else { most });
            nodes.iter_mut().for_each(|value| *value -= top);
            person.tops[k] = top;
            let (tau, nu) = (sites[2 * k], sites[2 * k + 1]);
            if !person.absorb(k, tau, nu) {
                (sites[2 * k], sites[2 * k + 1]) = (0.0, 0.0);
            }
        }
        for sweep in 0..SWEEPS_MAX {
            let length = if sweep < SWEEPS_FULL { 1.0 } else { 0.8 };
            let mut movement: f64 = 0.0;
            for index in 0..person.answered.len() {
                let k = person.answered[index];
                let site = &mut sites[2 * k..2 * k + 2];
                movement = movement.max(person.refine(k, site, &self.points, length));
            }
            if movement <= settle {
                return true;
            }
        }
        false
    }
}

struct Visit<'a, 'b> {
    work: &'a Propagation<'b>,
    pattern: usize,
    sites: &'a mut [f64],
    settle: f64,
    person: &'a mut Person,
}

impl Kernel for Visit<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.work.settle(self.pattern, self.sites, self.settle, self.person);
    }
}

struct Accumulate<'a, 'b> {
    work: &'a Propagation<'b>,
    first: usize,
    sites: &'a mut [f64],
    settle: f64,
    piece: &'a mut Piece,
}

impl Kernel for Accumulate<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { work, first, sites, settle, piece } = self;
        let k = work.tables.len();
        let mut person = Person::new(k, work.points.len());
        for (offset, sites) in sites.chunks_mut(2 * k).enumerate() {
            let pattern = first + offset;
            let weight = work.parts.weights[pattern];
            if !work.settle(pattern, sites, settle, &mut person) {
                piece.unsettled += weight;
            }
            piece.log_evidence += weight * person.log_evidence(sites, work.step);
            for index in 0..person.answered.len() {
                let k = person.answered[index];
                let range = k * person.stride..(k + 1) * person.stride;
                let scale = weight / person.totals[k];
                let tilted = &mut person.tilted[range];
                tilted.iter_mut().for_each(|value| *value *= scale);
                let own = work.parts.parts[k].responses.pattern_of(pattern);
                work.tables[k].add_to_sums(own, tilted, &mut piece.sums[k]);
            }
            for row in 0..k {
                for column in 0..=row {
                    piece.moments[row * k + column] += weight * person.moment(row, column);
                }
            }
        }
    }
}
