//! The E-step of the bifactor model by dimension reduction: for every pattern of answers a square
//! of nodes a dimension, integrated over the specific factor at each node of the general one.
//! Reads tables of log-probabilities; never moves a parameter.

use rayon::prelude::*;

use super::{Part, items};
use crate::psychometrics::calibration::Latent;
use crate::psychometrics::calibration::expectation::{LANES, Table, Tables};
use crate::psychometrics::numeric::quadrature::Grid;
use crate::psychometrics::numeric::vector::{Kernel, at_full_width, exponential};

/// Patterns in a piece of work: pieces are added up in their order, whatever thread did them.
const PATTERNS_A_PIECE: usize = 512;
/// Pieces whose sums are kept at one time.
const PIECES_AT_ONCE: usize = 8;

/// Nodes of the specific factor with what fills the last vector.
pub(super) fn padded(nodes: usize) -> usize {
    nodes.div_ceil(LANES) * LANES
}

/// What the E-step finds.
pub(super) struct Expected {
    pub log_likelihood: f64,
    /// Of each dimension, expected people on the square who gave a category: a row a cell.
    pub counts: Vec<Table>,
}

/// The E-step at given parameters.
pub(super) struct Squares<'a> {
    parts: &'a [Part],
    weights: &'a [f64],
    tables: Vec<Tables<'a>>,
    /// ln of the nodes' weights.
    general: Vec<f64>,
    /// The same, padded with nodes that weigh nothing.
    specific: Vec<f64>,
}

impl<'a> Squares<'a> {
    pub fn new(parts: &'a [Part], weights: &'a [f64], nodes: &Grid, state: &[[f64; 3]]) -> Self {
        let tables = parts
            .par_iter()
            .map(|part| {
                let mut cells =
                    Table::zeros(part.responses.cell_count(), nodes.len() * padded(nodes.len()));
                for (index, &item) in part.items.iter().enumerate() {
                    let (wrong, right) = cells.two_rows_mut(part.responses.first_cell(index));
                    items::log_probabilities(&state[item], nodes, [wrong, right]);
                }
                Tables::new(&part.responses, &cells, &[], nodes)
            })
            .collect();
        let general: Vec<f64> = Latent::normal(nodes, 0.0, 1.0).log_weights().collect();
        let mut specific = general.clone();
        specific.resize(padded(nodes.len()), f64::NEG_INFINITY);
        Self { parts, weights, tables, general, specific }
    }

    pub fn expectation(&self) -> Expected {
        let patterns = self.weights.len();
        let pieces: Vec<_> = (0..patterns.div_ceil(PATTERNS_A_PIECE))
            .map(|piece| piece * PATTERNS_A_PIECE..patterns.min((piece + 1) * PATTERNS_A_PIECE))
            .collect();
        let mut total = self.empty_piece();
        for batch in pieces.chunks(PIECES_AT_ONCE) {
            let done: Vec<Piece> = batch
                .par_iter()
                .map(|patterns| {
                    let mut piece = self.empty_piece();
                    let patterns = patterns.clone();
                    at_full_width(Accumulate { work: self, patterns, piece: &mut piece });
                    piece
                })
                .collect();
            for piece in &done {
                total.log_likelihood += piece.log_likelihood;
                for (sum, other) in total.sums.iter_mut().zip(&piece.sums) {
                    sum.add(other);
                }
            }
        }
        let counts = self.tables.iter().zip(&total.sums).map(|(t, sums)| t.by_cell(sums)).collect();
        Expected { log_likelihood: total.log_likelihood, counts }
    }

    fn empty_piece(&self) -> Piece {
        let sums = self.tables.iter().map(Tables::empty_sums).collect();
        Piece { log_likelihood: 0.0, sums }
    }

    /// Writes the density of the specific factor at each node of the general one, which sums to 1
    /// there, and adds ln of what it was divided by to `general`.
    #[inline(always)]
    fn integrate(&self, dimension: usize, own: usize, square: &mut [f64], general: &mut [f64]) {
        self.tables[dimension].log_likelihood_into(own, square);
        let width = self.specific.len();
        for (values, sum_of_logs) in square.chunks_exact_mut(width).zip(general) {
            let mut most = [f64::NEG_INFINITY; LANES];
            for (values, weights) in
                values.chunks_exact_mut(LANES).zip(self.specific.chunks_exact(LANES))
            {
                for lane in 0..LANES {
                    values[lane] += weights[lane];
                    most[lane] = if values[lane] > most[lane] { values[lane] } else { most[lane] };
                }
            }
            let top = most.iter().fold(f64::NEG_INFINITY, |top, v| if *v > top { *v } else { top });
            let mut sums = [0.0; LANES];
            for values in values.chunks_exact_mut(LANES) {
                for lane in 0..LANES {
                    values[lane] = exponential(values[lane] - top);
                    sums[lane] += values[lane];
                }
            }
            let sum: f64 = sums.iter().sum();
            values.iter_mut().for_each(|value| *value *= 1.0 / sum);
            *sum_of_logs += top + libm::log(sum);
        }
    }
}

/// The sums over some of the patterns.
struct Piece {
    log_likelihood: f64,
    sums: Vec<Table>,
}

struct Accumulate<'a, 'b> {
    work: &'a Squares<'b>,
    patterns: core::ops::Range<usize>,
    piece: &'a mut Piece,
}

impl Kernel for Accumulate<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { work, patterns, piece } = self;
        let (nodes, width) = (work.general.len(), work.specific.len());
        let size = nodes * width;
        let mut squares = vec![0.0; work.parts.len() * size];
        let mut general = vec![0.0; nodes];
        for pattern in patterns {
            general.copy_from_slice(&work.general);
            for (dimension, part) in work.parts.iter().enumerate() {
                let own = part.responses.pattern_of(pattern);
                if !part.silent[own] {
                    let square = &mut squares[dimension * size..(dimension + 1) * size];
                    work.integrate(dimension, own, square, &mut general);
                }
            }
            let top =
                general.iter().fold(f64::NEG_INFINITY, |top, v| if *v > top { *v } else { top });
            let mut sum = 0.0;
            for value in &mut general {
                *value = exponential(*value - top);
                sum += *value;
            }
            let weight = work.weights[pattern];
            piece.log_likelihood += weight * (top + libm::log(sum));
            for (dimension, part) in work.parts.iter().enumerate() {
                let own = part.responses.pattern_of(pattern);
                if part.silent[own] {
                    continue;
                }
                let square = &mut squares[dimension * size..(dimension + 1) * size];
                for (values, share) in square.chunks_exact_mut(width).zip(&general) {
                    let scale = weight * share / sum;
                    values.iter_mut().for_each(|value| *value *= scale);
                }
                work.tables[dimension].add_to_sums(own, square, &mut piece.sums[dimension]);
            }
        }
    }
}
