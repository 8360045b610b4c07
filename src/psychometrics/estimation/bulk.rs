//! Posterior means of very many persons on the same items: the estimates of
//! [`Method::Eap`](super::Method::Eap) to twelve digits, without an exponential or a logarithm a
//! person. Never used where a single person's bits are on record: a session has its own path.
//!
//! The posterior is a product of probabilities. Neighbouring items form a group; a table holds for
//! every pattern of answers to a group the product of its probabilities at each point of the grid
//! (the method of four Russians: Arlazarov, Dinic, Kronrod & Faradzev, 1970), so that a person costs
//! one multiplication a group and point.
//!
//! Nothing is lost to underflow unseen. Each row of the table is divided by its largest entry, and
//! so is the prior: every factor is at most 1 and products only fall. A point that fell below the
//! smallest double on the way therefore ends below it, and is as nothing beside a posterior whose
//! sum is at least [`MASS_MIN`]. Persons below that are computed from sums of logarithms instead.

use std::ops::Range;

use super::{Estimate, EstimationError, Estimator, Method, Tabulated};
use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::numeric::sums::LANES;
use crate::psychometrics::numeric::vector::{Kernel, at_full_width};
use crate::psychometrics::simulation::NOT_ADMINISTERED;

/// Points that are multiplied together, held in registers.
const TILE: usize = 32;
/// Bytes of a table that stays in the second cache of current machines.
const TABLE_BYTES: usize = 768 << 10;
/// No table is larger, however long the test.
const TABLE_BYTES_MAX: usize = 64 << 20;
/// Most patterns of one group.
const PATTERNS_MAX: usize = 256;
/// The smallest sum of a posterior that is taken from products: 2⁻⁸⁰⁰, 222 binary orders above the
/// smallest normal double.
const MASS_MIN: f64 = f64::from_bits((1023 - 800) << 52);

/// The estimator of many persons' posterior means, with their scores.
#[derive(Debug)]
pub struct BulkMeans<'a> {
    exact: Tabulated<'a>,
    products: Option<Products>,
    scores: &'a [u16],
    width: usize,
}

/// Products of probabilities for every pattern of every group.
#[derive(Debug)]
struct Products {
    groups: Vec<Group>,
    /// Of each item: what a gap counts as, and what one score is worth in the pattern's number.
    digits: Vec<(u16, u16)>,
    /// Row after row, the points padded to whole tiles.
    table: Vec<f64>,
    prior: Vec<f64>,
    theta: Vec<f64>,
}

/// Items that share rows of the table.
#[derive(Debug)]
struct Group {
    items: Range<usize>,
    /// Number of its first row.
    first: usize,
}

impl<'a> BulkMeans<'a> {
    /// Tables for these items and persons. `scores` holds a row a person, a score an item,
    /// [`NOT_ADMINISTERED`] where it was not asked. The method is always the posterior mean; prior
    /// and grid are the estimator's.
    ///
    /// ```
    /// use gradus::psychometrics::estimation::{BulkMeans, Estimator, Method};
    /// use gradus::psychometrics::irt::ItemModel;
    /// let items = [ItemModel::logistic(1.0, 0.0, 0.0, 1.0)?, ItemModel::logistic(1.0, 0.0, 0.0, 1.0)?];
    /// let means = BulkMeans::new(&Estimator::new(Method::Eap), &items, &[0, 1, 1, 1])?;
    /// let estimates = means.estimates(0..2);
    /// assert!(estimates[0].theta.abs() < 1e-15 && estimates[1].theta > 0.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A prior without mass on the grid; a score that the item cannot give.
    pub fn new(
        estimator: &Estimator,
        items: &'a [ItemModel],
        scores: &'a [u16],
    ) -> Result<Self, EstimationError> {
        let has_gap = columns_with_gaps(items, scores)?;
        let estimator = Estimator { method: Method::Eap, ..estimator.clone() };
        let exact = Tabulated::new(estimator, items)?;
        let products = Products::new(&exact, &has_gap);
        Ok(Self { exact, products, scores, width: items.len() })
    }

    /// Number of persons.
    pub fn persons(&self) -> usize {
        self.scores.len().checked_div(self.width).unwrap_or(0)
    }

    /// The estimates of some persons. Each is computed by itself: how persons are divided among
    /// calls changes nothing.
    ///
    /// # Panics
    /// When the range goes beyond [`Self::persons`].
    pub fn estimates(&self, persons: Range<usize>) -> Vec<Estimate> {
        let scores = &self.scores[persons.start * self.width..persons.end * self.width];
        let Some(products) = &self.products else {
            return scores.chunks_exact(self.width).map(|row| self.exactly(row)).collect();
        };
        let moments = at_full_width(Moments { products, scores, width: self.width });
        moments
            .into_iter()
            .zip(scores.chunks_exact(self.width))
            .map(|(found, row)| found.unwrap_or_else(|| self.exactly(row)))
            .collect()
    }

    /// A person's estimate from sums of logarithms.
    fn exactly(&self, row: &[u16]) -> Estimate {
        self.exact.posterior_mean(
            row.iter()
                .enumerate()
                .filter(|(_, score)| **score != NOT_ADMINISTERED)
                .map(|(item, score)| (item, usize::from(*score))),
        )
    }
}

/// Which items somebody was not asked.
fn columns_with_gaps(items: &[ItemModel], scores: &[u16]) -> Result<Vec<bool>, EstimationError> {
    let mut has_gap = vec![false; items.len()];
    let mut most = vec![0; items.len()];
    at_full_width(Survey { scores, has_gap: &mut has_gap, most: &mut most });
    match items.iter().zip(&most).find(|(item, most)| usize::from(**most) >= item.categories()) {
        Some((item, &most)) => Err(EstimationError::Category {
            category: usize::from(most),
            categories: item.categories(),
        }),
        None => Ok(has_gap),
    }
}

/// Gaps and the greatest score of each column.
struct Survey<'a> {
    scores: &'a [u16],
    has_gap: &'a mut [bool],
    most: &'a mut [u16],
}

impl Kernel for Survey<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let width = self.most.len().max(1);
        for row in self.scores.chunks_exact(width) {
            for ((score, has_gap), most) in
                row.iter().zip(self.has_gap.iter_mut()).zip(self.most.iter_mut())
            {
                let is_gap = *score == NOT_ADMINISTERED;
                *has_gap |= is_gap;
                *most = (*most).max(if is_gap { 0 } else { *score });
            }
        }
    }
}

impl Products {
    /// `None` where even single items would make too large a table.
    fn new(exact: &Tabulated<'_>, has_gap: &[bool]) -> Option<Self> {
        let (items, estimator) = (exact.items(), exact.estimator());
        let stride = estimator.grid().len().next_multiple_of(TILE);
        let radices: Vec<usize> = items
            .iter()
            .zip(has_gap)
            .map(|(item, gap)| item.categories() + usize::from(*gap))
            .collect();
        let ends = grouping(&radices, stride * size_of::<f64>())?;
        let padded = |values: &[f64]| {
            let mut values = values.to_vec();
            values.resize(stride, 0.0);
            values
        };
        let log_prior = exact.log_prior();
        let largest = log_prior.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let prior: Vec<f64> = log_prior.iter().map(|value| libm::exp(value - largest)).collect();
        let mut products = Self {
            groups: Vec::with_capacity(ends.len()),
            digits: Vec::with_capacity(items.len()),
            table: Vec::new(),
            prior: padded(&prior),
            theta: padded(estimator.grid().points()),
        };
        let mut start = 0;
        for end in ends {
            let rows =
                group_rows(&items[start..end], &radices[start..end], estimator.grid().points());
            products.groups.push(Group { items: start..end, first: products.table.len() / stride });
            rows.iter().for_each(|row| products.table.extend(padded(row)));
            let mut worth = 1;
            for item in start..end {
                // Where a column has no gap this is never reached.
                let gap = u16::try_from(items[item].categories()).unwrap_or(u16::MAX);
                products.digits.push((gap, worth));
                worth *= radices[item] as u16;
            }
            start = end;
        }
        Some(products)
    }
}

/// Where each group ends: as many neighbours as have no more patterns than fit, together, into the
/// cache; for long tests as few as pairs.
fn grouping(radices: &[usize], row_bytes: usize) -> Option<Vec<usize>> {
    let mut patterns = PATTERNS_MAX;
    loop {
        let (ends, rows) = grouped(radices, patterns);
        let bytes = rows * row_bytes;
        if bytes <= TABLE_BYTES || (patterns <= 4 && bytes <= TABLE_BYTES_MAX) {
            return Some(ends);
        }
        if patterns == 1 {
            return None;
        }
        patterns /= 2;
    }
}

/// Ends of the greedy groups of at most so many patterns, or of one item; and how many rows in all.
fn grouped(radices: &[usize], patterns_max: usize) -> (Vec<usize>, usize) {
    let (mut ends, mut rows, mut patterns) = (Vec::new(), 0, 1);
    for (item, radix) in radices.iter().enumerate() {
        if patterns > 1 && patterns * radix > patterns_max {
            ends.push(item);
            rows += patterns;
            patterns = 1;
        }
        patterns *= radix;
    }
    if !radices.is_empty() {
        ends.push(radices.len());
        rows += patterns;
    }
    (ends, rows)
}

/// The products of all patterns of a group, the first item's score counting up fastest; a score
/// beyond the item's last is a gap, whose factor is 1. Each row's largest entry is 1.
fn group_rows(items: &[ItemModel], radices: &[usize], points: &[f64]) -> Vec<Vec<f64>> {
    let mut rows = vec![vec![1.0; points.len()]];
    for (item, &radix) in items.iter().zip(radices) {
        let mut longer = Vec::with_capacity(rows.len() * radix);
        for score in 0..radix {
            let is_gap = score == item.categories();
            let probability =
                |&theta: &f64| if is_gap { 1.0 } else { item.probability(theta, score) };
            let factors: Vec<f64> = points.iter().map(probability).collect();
            for row in &rows {
                longer
                    .push(row.iter().zip(&factors).map(|(value, factor)| value * factor).collect());
            }
        }
        rows = longer;
    }
    for row in &mut rows {
        let largest = row.iter().copied().fold(0.0, f64::max);
        if largest > 0.0 {
            row.iter_mut().for_each(|value| *value /= largest);
        }
    }
    rows
}

/// Mean and standard deviation of each person's posterior; `None` where too little is left of it.
struct Moments<'a> {
    products: &'a Products,
    scores: &'a [u16],
    width: usize,
}

impl Kernel for Moments<'_> {
    type Output = Vec<Option<Estimate>>;

    #[inline(always)]
    fn call(self) -> Self::Output {
        let products = self.products;
        let mut rows = vec![0; products.groups.len()];
        let mut weights = vec![0.0; products.prior.len()];
        let persons = self.scores.len() / self.width;
        let mut found = Vec::with_capacity(persons);
        // Plain loops: closures of iterators would be compiled for narrow vectors.
        for person in 0..persons {
            let scores = &self.scores[person * self.width..][..self.width];
            for (row, group) in rows.iter_mut().zip(&products.groups) {
                *row = row_of(group, &products.digits, scores);
            }
            multiply(products, &rows, &mut weights);
            found.push(moments(&products.theta, &weights));
        }
        found
    }
}

/// The row of a person's pattern of answers to a group.
#[inline(always)]
fn row_of(group: &Group, digits: &[(u16, u16)], scores: &[u16]) -> usize {
    let (start, end) = (group.items.start, group.items.end);
    let (digits, scores) = (&digits[start..end], &scores[start..end]);
    let mut pattern = 0;
    for item in 0..digits.len() {
        let (gap, worth) = digits[item];
        pattern += scores[item].min(gap) * worth;
    }
    group.first + usize::from(pattern)
}

/// Prior × Π of the rows, at each point.
#[inline(always)]
fn multiply(products: &Products, rows: &[usize], weights: &mut [f64]) {
    let stride = weights.len();
    let (tiles, _) = weights.as_chunks_mut::<TILE>();
    let (priors, _) = products.prior.as_chunks::<TILE>();
    let (table, _) = products.table.as_chunks::<TILE>();
    let tiles_a_row = stride / TILE;
    for at in 0..tiles.len() {
        let mut product = priors[at];
        for row in rows {
            let factors = &table[row * tiles_a_row + at];
            for point in 0..TILE {
                product[point] *= factors[point];
            }
        }
        tiles[at] = product;
    }
}

/// The moments of a distribution with these weights; sums in eight lanes, so that they do not
/// depend on the width of vectors.
#[inline(always)]
fn moments(theta: &[f64], weights: &[f64]) -> Option<Estimate> {
    let (theta, _) = theta.as_chunks::<LANES>();
    let (weights, _) = weights.as_chunks::<LANES>();
    let (mut masses, mut firsts) = ([0.0; LANES], [0.0; LANES]);
    for block in 0..weights.len() {
        for lane in 0..LANES {
            masses[lane] += weights[block][lane];
            firsts[lane] += theta[block][lane] * weights[block][lane];
        }
    }
    let mass = fold(masses);
    if mass < MASS_MIN || mass.is_nan() {
        return None;
    }
    let mean = fold(firsts) / mass;
    let mut seconds = [0.0; LANES];
    for block in 0..weights.len() {
        for lane in 0..LANES {
            let deviation = theta[block][lane] - mean;
            seconds[lane] += weights[block][lane] * (deviation * deviation);
        }
    }
    let standard_error = (fold(seconds) / mass).sqrt();
    Some(Estimate { theta: mean, standard_error, bounded: false })
}

#[inline(always)]
fn fold(lanes: [f64; LANES]) -> f64 {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psychometrics::estimation::Prior;
    use crate::psychometrics::numeric::quadrature::Grid;
    use crate::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};

    /// Items of all models, and seeded answers to them, about one in ten missing in the first half.
    fn seeded(items: usize, persons: usize) -> (Vec<ItemModel>, Vec<u16>) {
        let mut random = stream(31, 0, Purpose::Simulee);
        let models: Vec<ItemModel> = (0..items)
            .map(|item| {
                let a = libm::exp(0.3 * standard_normal(&mut random));
                let b = standard_normal(&mut random);
                match item % 5 {
                    0 | 1 => ItemModel::logistic(a, b, 0.0, 1.0),
                    2 => ItemModel::logistic(a, b, 0.2, 0.97),
                    3 => ItemModel::graded(a, vec![b - 0.7, b, b + 0.9]),
                    _ => ItemModel::generalized_partial_credit(a, vec![b, b - 0.2]),
                }
                .unwrap()
            })
            .collect();
        let mut scores = Vec::new();
        for _ in 0..persons {
            let theta = standard_normal(&mut random);
            for (item, model) in models.iter().enumerate() {
                let score = model.category_at(theta, uniform(&mut random)) as u16;
                let is_gap = 2 * item < items && uniform(&mut random) < 0.1;
                scores.push(if is_gap { NOT_ADMINISTERED } else { score });
            }
        }
        (models, scores)
    }

    fn one(tables: &Tabulated<'_>, row: &[u16]) -> Estimate {
        let answered = row.iter().enumerate().filter(|(_, score)| **score != NOT_ADMINISTERED);
        let scores: Vec<_> = answered.map(|(item, score)| (item, usize::from(*score))).collect();
        tables.ability(&scores).unwrap()
    }

    #[test]
    fn many_are_scored_as_one_is() {
        // Goal: the stated twelve digits, for all models, gaps, priors and grids. Method: seeded
        // answers to 7 and to 90 items against the estimate of one person from logarithms.
        let uniform = Prior::uniform(-3.0, 2.0).unwrap();
        for (items, prior, grid) in [
            (7, Prior::standard(), Grid::scoring()),
            (90, uniform, Grid::session()),
            (90, Prior::normal(0.4, 1.3).unwrap(), Grid::trapezoid(-4.0, 4.0, 33).unwrap()),
        ] {
            let (models, scores) = seeded(items, 200);
            let estimator = Estimator::new(Method::Eap).with_prior(prior).with_grid(grid);
            let means = BulkMeans::new(&estimator, &models, &scores).unwrap();
            let tables = Tabulated::new(estimator, &models).unwrap();
            let estimates = means.estimates(0..means.persons());
            assert_eq!(estimates.len(), 200);
            for (found, row) in estimates.iter().zip(scores.chunks(items)) {
                let expected = one(&tables, row);
                assert!((found.theta - expected.theta).abs() < 1e-12, "{found:?} {expected:?}");
                let ratio = found.standard_error / expected.standard_error;
                assert!((ratio - 1.0).abs() < 1e-12, "{found:?} {expected:?}");
            }
        }
    }

    #[test]
    fn nobody_depends_on_the_others() {
        // Goal: parts, threads and vectors change no bit. Method: all at once, and each alone.
        let (models, scores) = seeded(23, 40);
        let means = BulkMeans::new(&Estimator::new(Method::Eap), &models, &scores).unwrap();
        let together = means.estimates(0..40);
        let alone: Vec<Estimate> = (0..40).flat_map(|p| means.estimates(p..p + 1)).collect();
        assert_eq!(together, alone);
    }

    #[test]
    fn what_underflows_is_computed_from_logarithms() {
        // Goal: no posterior is lost or bent by underflow. Method: steep items answered against
        // each other, first all wrong and then all right, so that every product is below e^−700
        // and on the way nothing was left of the point that wins; and answers without tables.
        let steep = |b| ItemModel::logistic(30.0, b, 0.0, 1.0).unwrap();
        let models: Vec<ItemModel> =
            (0..40).map(|item| steep(if item < 20 { -2.0 } else { 2.5 })).collect();
        let scores: Vec<u16> = (0..40).map(|item| u16::from(item >= 20)).collect();
        let mut means = BulkMeans::new(&Estimator::new(Method::Eap), &models, &scores).unwrap();
        let expected = one(&means.exact, &scores);
        assert_eq!(means.estimates(0..1), [expected]);
        assert!(expected.theta.abs() < 2.0);
        means.products = None;
        assert_eq!(means.estimates(0..1), [expected]);
    }

    #[test]
    fn groups_fill_the_cache_and_no_more() {
        // Goal: every item is in one group, tables stay below their bounds. Method: tests of many
        // lengths and numbers of scores, on grids of many sizes.
        for items in [0, 1, 2, 5, 64, 100, 1_000, 5_000] {
            for (radix, row_bytes) in [(2, 1024), (3, 512), (5, 1024), (300, 8192), (2, 8 << 20)] {
                let radices = vec![radix; items];
                let Some(ends) = grouping(&radices, row_bytes) else {
                    assert!(items * radix * row_bytes > TABLE_BYTES_MAX);
                    continue;
                };
                assert_eq!(ends.last().copied().unwrap_or(0), items);
                let mut start = 0;
                let mut rows = 0;
                for end in ends {
                    assert!(end > start);
                    let patterns = radix.pow((end - start) as u32);
                    assert!(end - start == 1 || patterns <= PATTERNS_MAX);
                    rows += patterns;
                    start = end;
                }
                assert!(rows * row_bytes <= TABLE_BYTES_MAX);
            }
        }
    }

    #[test]
    fn impossible_scores_are_refused() {
        // Goal: no row of another item is looked up. Method: a score too high; a gap is none.
        let (models, _) = seeded(2, 0);
        let refused = BulkMeans::new(&Estimator::new(Method::Eap), &models, &[0, 1, 2, 0]);
        let expected = EstimationError::Category { category: 2, categories: 2 };
        assert_eq!(refused.unwrap_err(), expected);
        let gap = [NOT_ADMINISTERED, 1];
        assert!(BulkMeans::new(&Estimator::new(Method::Eap), &models, &gap).is_ok());
    }
}
