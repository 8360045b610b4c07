//! Which items can be among the best somewhere on a stretch of the scale, found once for every
//! stretch. A list never leaves out an item that could be; it does not say which one is best.

use rayon::prelude::*;

use super::columns::{Columns, Curve};
use crate::psychometrics::irt::ItemModel;

/// Where the lists begin and end.
pub(super) const LO: f64 = -6.0;
pub(super) const HI: f64 = 6.0;
/// Width of the cells in which the search for lists begins. All widths are powers of two, so that
/// edges are exact.
const CELL: f64 = 0.5;
/// Cells that are searched together, so that neighbours share their border's values.
const GROUP: usize = 12;
/// Lists are at least as narrow as this; narrower only where they would be long.
const WIDE: f64 = 1.0 / 32.0;
/// No list is narrower.
const NARROW: f64 = 1.0 / 16_384.0;
/// A list of more than so many times the wanted items is split while it can be.
const LONG: usize = 4;
/// Items that are evaluated at a time.
const CHUNK: usize = 2_048;
/// Bounds come from floating-point values: they are moved apart by far more than their rounding.
const ROUNDING: f64 = 1e-9;

/// For each stretch of the scale the items that can be among its best.
#[derive(Debug, Clone, Default)]
pub(super) struct Lists {
    /// So many best items at any point of a stretch are all in its list.
    pub depth: usize,
    /// Where the stretches begin, and the end of the last.
    edges: Vec<f64>,
    /// For each piece of [`WIDE`] the first stretch that reaches into it, and one more.
    first: Vec<u32>,
    /// Where each stretch's entries begin, and the end of the last.
    starts: Vec<u32>,
    /// The items, by falling bound.
    pub entries: Vec<u32>,
    /// No information of the item on the stretch is larger.
    pub bounds: Vec<f64>,
    /// No item outside the list is more informative anywhere on the stretch; infinite where
    /// copies of listed items were left out.
    outside: Vec<f64>,
}

/// The list at an ability.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    /// Its entries.
    pub from: usize,
    /// Their end.
    pub to: usize,
    /// What an item outside can reach at most.
    pub outside: f64,
}

impl Lists {
    /// Lists that hold the `depth` best items at every ability, and shorter lists of the wider
    /// cells with the `wide_depth` best, which are left out where they would be long.
    pub fn build(items: &[ItemModel], depth: usize, wide_depth: usize) -> (Self, Self) {
        let cells = ((HI - LO) / CELL) as usize;
        let groups: Vec<usize> = (0..cells).step_by(GROUP).collect();
        let built: Vec<Vec<(Vec<Leaf>, Leaf)>> = groups
            .par_iter()
            .map(|&from| {
                let candidates = candidates(items, from..(from + GROUP).min(cells), wide_depth);
                candidates.into_iter().map(|node| node.leaves(items, depth, wide_depth)).collect()
            })
            .collect();
        let mut lists = Self { depth, ..Self::default() };
        let mut wide = Self { depth: wide_depth, ..Self::default() };
        for (leaves, cell) in built.into_iter().flatten() {
            leaves.into_iter().for_each(|leaf| lists.push(leaf));
            wide.push(cell);
        }
        (lists.finish(), wide.finish())
    }

    fn push(&mut self, leaf: Leaf) {
        self.edges.push(leaf.lo);
        self.starts.push(self.entries.len() as u32);
        self.outside.push(leaf.outside);
        for (row, bound) in leaf.entries {
            self.entries.push(row);
            self.bounds.push(bound);
        }
    }

    fn finish(mut self) -> Self {
        self.starts.push(self.entries.len() as u32);
        self.edges.push(HI);
        let pieces = ((HI - LO) / WIDE) as usize;
        self.first = (0..=pieces)
            .map(|piece| {
                let lo = LO + WIDE * piece as f64;
                (self.edges.partition_point(|edge| *edge <= lo) - 1) as u32
            })
            .collect();
        self.entries.shrink_to_fit();
        self.bounds.shrink_to_fit();
        self
    }

    /// The list at an ability; `None` beyond the ends. Rounding may lead from a border to the
    /// neighbour, whose bounds are wider than that.
    #[inline(always)]
    pub fn at(&self, theta: f64) -> Option<Stretch> {
        let position = (theta - LO) * (1.0 / WIDE);
        if !(0.0..(HI - LO) / WIDE).contains(&position) {
            return None;
        }
        let piece = position as usize;
        let (from, to) = (self.first[piece] as usize, self.first[piece + 1] as usize);
        let within = match to - from {
            0 | 1 => 0,
            _ => self.edges[from + 1..=to].partition_point(|edge| *edge <= theta),
        };
        let at = (from + within).min(self.outside.len() - 1);
        Some(Stretch {
            from: self.starts[at] as usize,
            to: self.starts[at + 1] as usize,
            outside: self.outside[at],
        })
    }
}

/// The list of one stretch.
struct Leaf {
    lo: f64,
    entries: Vec<(u32, f64)>,
    outside: f64,
}

/// A stretch and the items that can be among its best.
struct Node {
    lo: f64,
    hi: f64,
    /// What is not here is nowhere on the stretch above this.
    outside: f64,
    rows: Vec<u32>,
    curves: Vec<Curve>,
    columns: Columns,
    at_lo: Vec<f64>,
    at_hi: Vec<f64>,
}

/// The `depth`-th largest of a stream of numbers.
struct Largest {
    depth: usize,
    held: Vec<f64>,
    /// So many were at least this; −∞ before there are as many.
    floor: f64,
}

impl Largest {
    fn new(depth: usize) -> Self {
        Self { depth, held: Vec::with_capacity(2 * depth), floor: f64::NEG_INFINITY }
    }

    #[inline]
    fn add(&mut self, value: f64) {
        if value > self.floor {
            self.held.push(value);
            if self.held.len() == 2 * self.depth {
                self.settle();
            }
        }
    }

    fn settle(&mut self) {
        if self.held.len() >= self.depth {
            let nth = self.depth - 1;
            self.held.select_nth_unstable_by(nth, |a, b| b.total_cmp(a));
            self.held.truncate(self.depth);
            self.floor = self.held[nth];
        }
    }
}

/// Items seen so far that can be among the best of a cell.
struct Collector {
    largest: Largest,
    /// Row, bound, values at both ends.
    kept: Vec<(u32, f64, f64, f64)>,
    /// When to look again whether all of them still can.
    full: usize,
}

impl Collector {
    fn new(depth: usize) -> Self {
        Self { largest: Largest::new(depth), kept: Vec::new(), full: 4 * depth }
    }

    #[inline]
    fn offer(&mut self, row: u32, (least, most): (f64, f64), (at_lo, at_hi): (f64, f64)) {
        if most * (1.0 + ROUNDING) < self.largest.floor * (1.0 - ROUNDING) {
            return;
        }
        self.largest.add(least);
        self.kept.push((row, most, at_lo, at_hi));
        if self.kept.len() >= self.full {
            self.thin();
            self.full = (2 * self.kept.len()).max(4 * self.largest.depth);
        }
    }

    fn thin(&mut self) {
        self.largest.settle();
        let floor = self.largest.floor * (1.0 - ROUNDING);
        self.kept.retain(|(_, most, ..)| most * (1.0 + ROUNDING) >= floor);
    }

    fn into_node(mut self, items: &[ItemModel], (lo, hi): (f64, f64)) -> Node {
        self.thin();
        let models = || self.kept.iter().map(|(row, ..)| &items[*row as usize]);
        Node {
            lo,
            hi,
            outside: self.largest.floor * (1.0 - ROUNDING),
            curves: models().map(Curve::of).collect(),
            columns: Columns::of(models()),
            rows: self.kept.iter().map(|kept| kept.0).collect(),
            at_lo: self.kept.iter().map(|kept| kept.2).collect(),
            at_hi: self.kept.iter().map(|kept| kept.3).collect(),
        }
    }
}

/// One walk over all items for some neighbouring cells.
fn candidates(items: &[ItemModel], cells: std::ops::Range<usize>, depth: usize) -> Vec<Node> {
    let edge = |cell: usize| LO + CELL * cell as f64;
    let edges: Vec<f64> = (cells.start..=cells.end).map(edge).collect();
    let mut collectors: Vec<Collector> = cells.clone().map(|_| Collector::new(depth)).collect();
    let mut columns = Columns::default();
    let mut values: Vec<Vec<f64>> = vec![Vec::new(); edges.len()];
    for (number, chunk) in items.chunks(CHUNK).enumerate() {
        columns.clear();
        chunk.iter().for_each(|item| columns.push(item));
        let curves: Vec<Curve> = chunk.iter().map(Curve::of).collect();
        for (theta, values) in edges.iter().zip(&mut values) {
            columns.informations(*theta, |place| &chunk[place], values);
        }
        for (cell, collector) in collectors.iter_mut().enumerate() {
            let ends = (edges[cell], edges[cell + 1]);
            let (lows, highs) = (&values[cell], &values[cell + 1]);
            let rows = (number * CHUNK) as u32..;
            for ((row, curve), at) in rows.zip(&curves).zip(lows.iter().zip(highs)) {
                let at = (*at.0, *at.1);
                collector.offer(row, curve.between(ends, at), at);
            }
        }
    }
    let ends = edges.windows(2).map(|ends| (ends[0], ends[1]));
    collectors.into_iter().zip(ends).map(|(it, ends)| it.into_node(items, ends)).collect()
}

impl Node {
    /// The lists of the cell's parts, and the one of the whole cell.
    fn leaves(self, items: &[ItemModel], depth: usize, wide_depth: usize) -> (Vec<Leaf>, Leaf) {
        // An empty list promises nothing, and the search goes on elsewhere.
        let cell = match self.rows.len() <= 2 * LONG * wide_depth {
            true => self.leaf(),
            false => Leaf { lo: self.lo, entries: Vec::new(), outside: f64::INFINITY },
        };
        let mut leaves = Vec::new();
        let mut open = vec![self.thinned(items, depth)];
        while let Some(node) = open.pop() {
            let width = node.hi - node.lo;
            let long = node.rows.len() > LONG * depth;
            if width > WIDE || (long && width > NARROW) {
                let (left, right) = node.halves(items, depth);
                open.push(right);
                open.push(left);
            } else {
                leaves.push(node.leaf());
            }
        }
        (leaves, cell)
    }

    fn bounds(&self, place: usize) -> (f64, f64) {
        let at = (self.at_lo[place], self.at_hi[place]);
        self.curves[place].between((self.lo, self.hi), at)
    }

    /// The same stretch with the items that can be among its `depth` best.
    fn thinned(self, items: &[ItemModel], depth: usize) -> Self {
        let bounds: Vec<(f64, f64)> =
            (0..self.rows.len()).map(|place| self.bounds(place)).collect();
        let mut largest = Largest::new(depth);
        bounds.iter().for_each(|(least, _)| largest.add(*least));
        largest.settle();
        let floor = largest.floor * (1.0 - ROUNDING);
        let mut keep: Vec<usize> = (0..self.rows.len())
            .filter(|place| bounds[*place].1 * (1.0 + ROUNDING) >= floor)
            .collect();
        let mut outside =
            if keep.len() < self.rows.len() { self.outside.max(floor) } else { self.outside };
        if keep.len() > LONG * depth && self.without_copies(items, depth, &mut keep) {
            outside = f64::INFINITY;
        }
        let pick = |from: &[f64]| keep.iter().map(|place| from[*place]).collect();
        Self {
            lo: self.lo,
            hi: self.hi,
            outside,
            curves: keep.iter().map(|place| self.curves[*place]).collect(),
            columns: Columns::of(keep.iter().map(|p| &items[self.rows[*p] as usize])),
            at_lo: pick(&self.at_lo),
            at_hi: pick(&self.at_hi),
            rows: keep.iter().map(|place| self.rows[*place]).collect(),
        }
    }

    /// Of equal items only the first `depth` can be among the best; says whether any went.
    fn without_copies(&self, items: &[ItemModel], depth: usize, keep: &mut Vec<usize>) -> bool {
        let key = |place: &usize| {
            let logistic = items[self.rows[*place] as usize].as_logistic();
            let key = logistic.map(|it| {
                [it.discrimination(), it.difficulty(), it.lower(), it.upper()].map(f64::to_bits)
            });
            (key, self.rows[*place])
        };
        let before = keep.len();
        keep.sort_unstable_by_key(key);
        let (mut run, mut last) = (0, None);
        keep.retain(|place| {
            let (now, _) = key(place);
            run = if now.is_some() && now == last { run + 1 } else { 0 };
            last = now;
            run < depth
        });
        keep.sort_unstable();
        keep.len() < before
    }

    fn halves(self, items: &[ItemModel], depth: usize) -> (Self, Self) {
        let middle = 0.5 * (self.lo + self.hi);
        let mut at_middle = Vec::new();
        let model = |place: usize| &items[self.rows[place] as usize];
        self.columns.informations(middle, model, &mut at_middle);
        let left = Self {
            lo: self.lo,
            hi: middle,
            outside: self.outside,
            rows: self.rows.clone(),
            curves: self.curves.clone(),
            columns: Columns::default(),
            at_lo: self.at_lo,
            at_hi: at_middle.clone(),
        };
        let right = Self {
            lo: middle,
            hi: self.hi,
            outside: self.outside,
            rows: self.rows,
            curves: self.curves,
            columns: Columns::default(),
            at_lo: at_middle,
            at_hi: self.at_hi,
        };
        (left.thinned(items, depth), right.thinned(items, depth))
    }

    fn leaf(&self) -> Leaf {
        let entry = |place: usize| (self.rows[place], self.bounds(place).1 * (1.0 + ROUNDING));
        let mut entries: Vec<(u32, f64)> = (0..self.rows.len()).map(entry).collect();
        entries.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        Leaf { lo: self.lo, entries, outside: self.outside }
    }
}
