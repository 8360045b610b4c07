//! The E-step: every pattern's posterior over the nodes, and the expected number of people who
//! stand at a node and gave a category. Reads tables of log-probabilities; knows no model.

use rayon::prelude::*;

use super::{Latent, Responses};
use crate::psychometrics::numeric::quadrature::Grid;
use crate::psychometrics::numeric::vector::{Kernel, at_full_width, exponential};

/// Nodes are worked on in blocks of this many, one register file full; tables are padded to it.
pub(super) const LANES: usize = 16;
/// Patterns in a piece of work: pieces are added up in their order, whatever thread did them.
const PATTERNS_A_PIECE: usize = 4096;

/// What the E-step finds at the present parameters.
#[derive(Debug, Clone)]
pub(super) struct Expectation {
    /// ln L, marginal, all people.
    pub log_likelihood: f64,
    /// Expected people at a node who gave a category: a row of nodes a cell (item, category).
    pub counts: Table,
    /// Expected people at a node, a row a group.
    pub mass: Table,
}

/// Rows of one number a node, padded so that vectors need no remainder.
#[derive(Debug, Clone)]
pub(super) struct Table {
    nodes: usize,
    stride: usize,
    values: Vec<f64>,
}

impl Table {
    /// Rows of zeros.
    pub fn zeros(rows: usize, nodes: usize) -> Self {
        let stride = nodes.div_ceil(LANES) * LANES;
        Self { nodes, stride, values: vec![0.0; rows * stride] }
    }

    /// A row's numbers, one a node.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.stride..row * self.stride + self.nodes]
    }

    /// A row's numbers, to be written.
    pub fn row_mut(&mut self, row: usize) -> &mut [f64] {
        &mut self.values[row * self.stride..row * self.stride + self.nodes]
    }

    /// The numbers of a row and of the next.
    pub fn two_rows_mut(&mut self, row: usize) -> (&mut [f64], &mut [f64]) {
        let (nodes, stride) = (self.nodes, self.stride);
        let (first, second) = self.values[row * stride..(row + 2) * stride].split_at_mut(stride);
        (&mut first[..nodes], &mut second[..nodes])
    }

    /// Sets every number to zero.
    pub fn clear(&mut self) {
        self.values.fill(0.0);
    }

    /// Adds another table of the same size.
    pub fn add(&mut self, other: &Self) {
        for (sum, value) in self.values.iter_mut().zip(&other.values) {
            *sum += value;
        }
    }

    fn padded(&self, row: usize) -> &[f64] {
        &self.values[row * self.stride..(row + 1) * self.stride]
    }

    fn padded_mut(&mut self, row: usize) -> &mut [f64] {
        &mut self.values[row * self.stride..(row + 1) * self.stride]
    }
}

/// The tables of one E-step: a row's ln P and the groups' ln weights.
pub(super) struct Tables<'a> {
    responses: &'a Responses,
    rows: Table,
    log_weights: Table,
    coarse: Option<Coarse>,
}

/// From this many nodes on, a posterior is looked for on one of each sixteenth of them first.
const COARSE_STRIDE: usize = 8 * LANES;
/// e^−60 is nothing beside any other node, whatever the deviations leave.
const DEPTH: f64 = 60.0;

/// The tables at [`LANES`] nodes only, and how far a row rises above the straight line between two
/// neighbours of these: a pattern's ln posterior rises above its line by no more than the sum.
struct Coarse {
    every: usize,
    rows: Vec<f64>,
    row_deviation: f64,
    weight_deviation: f64,
}

impl Coarse {
    /// `None` where nodes are few, or no sixteen of them span all.
    fn of(rows: &Table, log_weights: &Table) -> Option<Self> {
        let every = rows.stride / LANES;
        if rows.stride < COARSE_STRIDE || rows.nodes != (LANES - 1) * every + 1 {
            return None;
        }
        let deviation = |table: &Table| {
            let rows = table.values.chunks_exact(table.stride);
            rows.map(|row| rise_above_lines(row, every)).fold(0.0, f64::max)
        };
        Some(Self {
            every,
            row_deviation: deviation(rows),
            weight_deviation: deviation(log_weights),
            rows: rows.values.iter().copied().step_by(every).collect(),
        })
    }

    /// The blocks outside of which a posterior is nothing: an interval is left out when both its
    /// ends lie below the highest by more than what it may rise.
    #[inline(always)]
    fn window(&self, rows: &[u32], log_weights: &[f64]) -> core::ops::Range<usize> {
        let mut sum = [0.0; LANES];
        for lane in 0..LANES {
            sum[lane] = log_weights[lane * self.every];
        }
        for &row in rows {
            add_to(&mut sum, &self.rows[row as usize * LANES..(row as usize + 1) * LANES]);
        }
        let mut top = f64::NEG_INFINITY;
        for value in sum {
            top = if value > top { value } else { top };
        }
        let least = top - DEPTH - rows.len() as f64 * self.row_deviation - self.weight_deviation;
        let (mut first, mut last) = (LANES - 1, 0);
        for (lane, value) in sum.into_iter().enumerate() {
            if value >= least {
                (first, last) = (first.min(lane), lane);
            }
        }
        let start = first.saturating_sub(1) * self.every / LANES * LANES;
        let end = ((last + 1) * self.every / LANES + 1) * LANES;
        start..end.min(LANES * self.every)
    }
}

/// The most that numbers rise above the straight lines between every so many of them.
fn rise_above_lines(row: &[f64], every: usize) -> f64 {
    let mut most: f64 = 0.0;
    for lane in 0..LANES - 1 {
        let (left, right) = (row[lane * every], row[(lane + 1) * every]);
        for step in 1..every {
            let line = left + (right - left) * step as f64 / every as f64;
            most = most.max(row[lane * every + step] - line);
        }
    }
    most
}

impl<'a> Tables<'a> {
    /// From the cells' ln P at the nodes.
    pub fn new(responses: &'a Responses, cells: &Table, latent: &[Latent], nodes: &Grid) -> Self {
        let mut rows = Table::zeros(responses.row_count(), cells.nodes);
        for row in 0..responses.row_count() {
            let sum = rows.padded_mut(row);
            for &cell in responses.row(row) {
                add_to(sum, cells.padded(cell as usize));
            }
        }
        let mut log_weights = Table::zeros(latent.len(), nodes.len());
        for (group, latent) in latent.iter().enumerate() {
            // Padding weighs nothing: e^−∞.
            log_weights.padded_mut(group).fill(f64::NEG_INFINITY);
            for (value, log) in log_weights.row_mut(group).iter_mut().zip(latent.log_weights()) {
                *value = log;
            }
        }
        let coarse = Coarse::of(&rows, &log_weights);
        Self { responses, rows, log_weights, coarse }
    }

    /// The whole E-step.
    pub fn expectation(&self) -> Expectation {
        let patterns = self.responses.patterns();
        let pieces: Vec<_> = (0..patterns.div_ceil(PATTERNS_A_PIECE))
            .map(|piece| piece * PATTERNS_A_PIECE..patterns.min((piece + 1) * PATTERNS_A_PIECE))
            .collect();
        // A few pieces at a time, so that their sums do not fill the memory.
        let mut total: Option<Piece> = None;
        for batch in pieces.chunks(8) {
            let done: Vec<Piece> =
                batch.par_iter().map(|patterns| self.piece(patterns.clone())).collect();
            for piece in done {
                match &mut total {
                    None => total = Some(piece),
                    Some(total) => total.add(&piece),
                }
            }
        }
        let total = total.unwrap_or_else(|| self.empty_piece());
        Expectation {
            log_likelihood: total.log_likelihood,
            counts: self.by_cell(&total.rows),
            mass: total.mass,
        }
    }

    /// ∂(expected counts) when each pattern's posterior mass changes by `weights`: the same sums
    /// with other weights, a row of nodes a pattern.
    pub fn counts_of(&self, weights: &Table) -> (Table, Table) {
        let mut rows = Table::zeros(self.responses.row_count(), weights.nodes);
        let mut mass = Table::zeros(self.responses.group_count(), weights.nodes);
        at_full_width(Scatter { tables: self, weights, rows: &mut rows, mass: &mut mass });
        (self.by_cell(&rows), mass)
    }

    /// The posterior of every pattern, a row each.
    pub fn posteriors(&self) -> Table {
        let mut posteriors = Table::zeros(self.responses.patterns(), self.rows.nodes);
        for pattern in 0..self.responses.patterns() {
            let row = posteriors.padded_mut(pattern);
            at_full_width(Posterior { tables: self, pattern, out: row });
        }
        posteriors
    }

    fn empty_piece(&self) -> Piece {
        Piece {
            log_likelihood: 0.0,
            rows: Table::zeros(self.responses.row_count(), self.rows.nodes),
            mass: Table::zeros(self.responses.group_count(), self.rows.nodes),
        }
    }

    fn piece(&self, patterns: core::ops::Range<usize>) -> Piece {
        let mut piece = self.empty_piece();
        at_full_width(Accumulate { tables: self, patterns, piece: &mut piece });
        piece
    }

    /// A table of sums, a row for each of the rows that patterns have.
    pub fn empty_sums(&self) -> Table {
        Table::zeros(self.responses.row_count(), self.rows.nodes)
    }

    /// Writes ln P of a pattern's answers at the nodes, padding included.
    #[inline(always)]
    pub fn log_likelihood_into(&self, pattern: usize, out: &mut [f64]) {
        out.fill(0.0);
        for &row in self.responses.pattern_rows(pattern) {
            add_to(out, self.rows.padded(row as usize));
        }
    }

    /// Adds values, padding included, to the sums of a pattern's rows.
    #[inline(always)]
    pub fn add_to_sums(&self, pattern: usize, values: &[f64], sums: &mut Table) {
        let there = weighty(values);
        let values = &values[there.clone()];
        for &row in self.responses.pattern_rows(pattern) {
            add_to(&mut sums.padded_mut(row as usize)[there.clone()], values);
        }
    }

    /// Takes the tuples' sums apart into their cells.
    pub fn by_cell(&self, rows: &Table) -> Table {
        let mut cells = Table::zeros(self.responses.cell_count(), rows.nodes);
        for row in 0..self.responses.row_count() {
            for &cell in self.responses.row(row) {
                add_to(cells.padded_mut(cell as usize), rows.padded(row));
            }
        }
        cells
    }

    /// Writes the sums of rows at N nodes. Each node is a chain of additions, each of which waits
    /// for the one before: N is as many as registers hold, so that the chains fill the time.
    #[inline(always)]
    fn gather<const N: usize>(&self, rows: &[u32], start: &[f64], block: usize, out: &mut [f64]) {
        let mut sum = [0.0; N];
        sum.copy_from_slice(&start[block..block + N]);
        for &row in rows {
            let first = row as usize * self.rows.stride + block;
            let values = &self.rows.values[first..first + N];
            for lane in 0..N {
                sum[lane] += values[lane];
            }
        }
        out[block..block + N].copy_from_slice(&sum);
    }

    /// Writes the posterior of a pattern and returns ln of its likelihood.
    #[inline(always)]
    fn posterior_into(&self, pattern: usize, out: &mut [f64]) -> f64 {
        let stride = self.rows.stride;
        let log_weights = self.log_weights.padded(self.responses.group(pattern));
        let rows = self.responses.pattern_rows(pattern);
        let there = match &self.coarse {
            Some(coarse) => coarse.window(rows, log_weights),
            None => 0..stride,
        };
        let mut block = there.start;
        while block + 2 * LANES <= there.end {
            self.gather::<{ 2 * LANES }>(rows, log_weights, block, out);
            block += 2 * LANES;
        }
        while block < there.end {
            self.gather::<LANES>(rows, log_weights, block, out);
            block += LANES;
        }
        out[..there.start].fill(0.0);
        out[there.end..].fill(0.0);
        let out = &mut out[there];
        let mut largest = [f64::NEG_INFINITY; LANES];
        for chunk in out.chunks_exact(LANES) {
            for lane in 0..LANES {
                largest[lane] =
                    if chunk[lane] > largest[lane] { chunk[lane] } else { largest[lane] };
            }
        }
        let mut top = f64::NEG_INFINITY;
        for value in largest {
            top = if value > top { value } else { top };
        }
        let mut sums = [0.0; LANES];
        for chunk in out.chunks_exact_mut(LANES) {
            for lane in 0..LANES {
                let value = exponential(chunk[lane] - top);
                chunk[lane] = value;
                sums[lane] += value;
            }
        }
        let mut sum = 0.0;
        for value in sums {
            sum += value;
        }
        let scale = 1.0 / sum;
        for value in out.iter_mut() {
            *value *= scale;
        }
        top + libm::log(sum)
    }
}

/// The sums over some of the patterns.
struct Piece {
    log_likelihood: f64,
    rows: Table,
    mass: Table,
}

impl Piece {
    fn add(&mut self, other: &Self) {
        self.log_likelihood += other.log_likelihood;
        self.rows.add(&other.rows);
        self.mass.add(&other.mass);
    }
}

/// Adds whole blocks of numbers.
#[inline(always)]
fn add_to(sum: &mut [f64], values: &[f64]) {
    // By index: what iterators call is not compiled for the width of the kernel around it.
    for start in (0..values.len()).step_by(LANES) {
        let sum = &mut sum[start..start + LANES];
        let values = &values[start..start + LANES];
        for lane in 0..LANES {
            sum[lane] += values[lane];
        }
    }
}

/// Adds `values` to the rows of a pattern and to the mass of its group.
#[inline(always)]
fn scatter(
    responses: &Responses,
    pattern: usize,
    values: &[f64],
    rows: &mut Table,
    mass: &mut Table,
) {
    let stride = values.len();
    add_to(mass.padded_mut(responses.group(pattern)), values);
    let there = weighty(values);
    let values = &values[there.clone()];
    for &row in responses.pattern_rows(pattern) {
        let start = row as usize * stride;
        add_to(&mut rows.values[start + there.start..start + there.end], values);
    }
}

/// Less than this at a node is nothing: a million people would change a count by 1e-14.
const NOTHING: f64 = 1e-20;

/// The blocks between the first and the last that hold something.
#[inline(always)]
fn weighty(values: &[f64]) -> core::ops::Range<usize> {
    let (mut first, mut last) = (values.len(), 0);
    for (block, values) in values.chunks_exact(LANES).enumerate() {
        let mut most = [0.0; LANES];
        for lane in 0..LANES {
            most[lane] = values[lane].abs();
        }
        if most.iter().any(|value| *value > NOTHING) {
            first = first.min(block * LANES);
            last = (block + 1) * LANES;
        }
    }
    first.min(last)..last
}

struct Accumulate<'a, 'b> {
    tables: &'a Tables<'b>,
    patterns: core::ops::Range<usize>,
    piece: &'a mut Piece,
}

impl Kernel for Accumulate<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let mut posterior = vec![0.0; self.tables.rows.stride];
        for pattern in self.patterns {
            let weight = self.tables.responses.weight(pattern);
            let log_likelihood = self.tables.posterior_into(pattern, &mut posterior);
            self.piece.log_likelihood += weight * log_likelihood;
            if weight != 1.0 {
                posterior.iter_mut().for_each(|value| *value *= weight);
            }
            let Piece { rows, mass, .. } = &mut *self.piece;
            scatter(self.tables.responses, pattern, &posterior, rows, mass);
        }
    }
}

struct Posterior<'a, 'b> {
    tables: &'a Tables<'b>,
    pattern: usize,
    out: &'a mut [f64],
}

impl Kernel for Posterior<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.tables.posterior_into(self.pattern, self.out);
    }
}

struct Scatter<'a, 'b> {
    tables: &'a Tables<'b>,
    weights: &'a Table,
    rows: &'a mut Table,
    mass: &'a mut Table,
}

impl Kernel for Scatter<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let responses = self.tables.responses;
        for pattern in 0..responses.patterns() {
            scatter(responses, pattern, self.weights.padded(pattern), self.rows, self.mass);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psychometrics::numeric::special::log_logistic;
    use crate::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};

    #[test]
    fn a_window_leaves_nothing_out() {
        // Goal: looking for posteriors on few nodes first changes no sum. Method: 200 items, 121
        // nodes; 60 people who answer by their ability, at random, all right, all wrong, or hard
        // items right and easy ones wrong; log-likelihood and counts with and without windows, and
        // that windows leave out at least half of the nodes of an ordinary person.
        let nodes = Grid::trapezoid(-6.0, 6.0, 121).unwrap();
        let mut random = stream(82, 0, Purpose::Answer);
        let items: Vec<(f64, f64)> = (0..200)
            .map(|_| (0.5 + 2.0 * uniform(&mut random), 1.5 * standard_normal(&mut random)))
            .collect();
        let mut scores = Vec::new();
        for person in 0..60 {
            let theta = standard_normal(&mut random);
            for (a, b) in &items {
                let draw = uniform(&mut random);
                let right = match person % 5 {
                    0 => draw < libm::exp(log_logistic(a * (theta - b))),
                    1 => draw < 0.5,
                    2 => true,
                    3 => false,
                    _ => *b > 0.0,
                };
                scores.push(u16::from(right));
            }
        }
        let responses = Responses::from_matrix(vec![2; 200], &scores).unwrap();
        let mut cells = Table::zeros(400, 121);
        for (item, (a, b)) in items.iter().enumerate() {
            for (q, theta) in nodes.points().iter().enumerate() {
                let z = a * (theta - b);
                cells.row_mut(2 * item)[q] = log_logistic(-z);
                cells.row_mut(2 * item + 1)[q] = log_logistic(z);
            }
        }
        let latent = [Latent::normal(&nodes, 0.0, 1.0)];
        let mut tables = Tables::new(&responses, &cells, &latent, &nodes);
        let found = tables.expectation();
        let coarse = tables.coarse.take().unwrap();
        let known = tables.expectation();
        let off = (found.log_likelihood - known.log_likelihood).abs();
        assert!(off <= 1e-12 * known.log_likelihood.abs(), "{off}");
        for (found, known) in found.counts.values.iter().zip(&known.counts.values) {
            assert!((found - known).abs() <= 1e-12, "{found} {known}");
        }
        let log_weights = tables.log_weights.padded(0);
        let window = coarse.window(responses.pattern_rows(0), log_weights);
        assert!(window.len() <= 64, "{window:?}");
    }
}
