//! The most informative items at an ability without asking every item: an upper bound of each
//! item's information on each stretch of the scale, sorted once. Answers are those of a full
//! search, bit for bit; a bound only decides when to stop looking.

use crate::psychometrics::irt::ItemModel;

/// Where the stretches begin and end, and how wide each is.
const LO: f64 = -6.0;
const HI: f64 = 6.0;
const STRETCHES: usize = 120;
/// Bounds are computed in floating point: they are raised by far more than their rounding.
const MARGIN: f64 = 1.0 + 1e-9;

/// Bounds of the information of a list of items.
#[derive(Debug, Clone)]
pub struct InformationIndex<'a> {
    items: &'a [ItemModel],
    /// For each stretch the items by falling bound, the earlier row of equals first.
    stretches: Vec<Vec<(u32, f64)>>,
}

impl<'a> InformationIndex<'a> {
    /// An index of these items.
    pub fn new(items: &'a [ItemModel]) -> Self {
        let width = (HI - LO) / STRETCHES as f64;
        let stretches = (0..STRETCHES)
            .map(|stretch| {
                let lo = LO + width * stretch as f64;
                let bound = |item| information_bound(item, lo, lo + width);
                let mut order: Vec<(u32, f64)> =
                    items.iter().zip(0..).map(|(item, row)| (row, bound(item))).collect();
                order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
                order
            })
            .collect();
        Self { items, stretches }
    }

    /// The `count` most informative allowed items at an ability with their information, best
    /// first, the earlier row of equals first.
    ///
    /// ```
    /// use gradus::psychometrics::irt::ItemModel;
    /// use gradus::psychometrics::selection::InformationIndex;
    /// let rasch = |b| ItemModel::logistic(1.0, b, 0.0, 1.0);
    /// let items = [rasch(-1.0)?, rasch(0.2)?, rasch(2.0)?];
    /// let index = InformationIndex::new(&items);
    /// assert_eq!(index.best(0.2, 1, |_| true), vec![(1, 0.25)]);
    /// assert_eq!(index.best(0.2, 1, |row| row != 1)[0].0, 0);
    /// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
    /// ```
    pub fn best(
        &self,
        theta: f64,
        count: usize,
        allowed: impl Fn(usize) -> bool,
    ) -> Vec<(usize, f64)> {
        let mut best: Vec<(usize, f64)> = Vec::with_capacity(count + 1);
        let mut consider = |row: usize| {
            let value = self.items[row].information(theta);
            let ahead =
                |&(other, held): &(usize, f64)| held > value || (held == value && other < row);
            let place = best.partition_point(ahead);
            if place < count {
                best.insert(place, (row, value));
                best.truncate(count);
            }
            // What a further item must reach to enter.
            if best.len() == count { best.last().map(|(_, value)| *value) } else { None }
        };
        match self.stretch(theta) {
            None => (0..self.items.len()).filter(|row| allowed(*row)).for_each(|row| {
                consider(row);
            }),
            Some(order) => {
                let mut enough = None;
                for &(row, bound) in order {
                    if enough.is_some_and(|least| bound < least) {
                        break;
                    }
                    if allowed(row as usize) {
                        enough = consider(row as usize);
                    }
                }
            }
        }
        best
    }

    fn stretch(&self, theta: f64) -> Option<&[(u32, f64)]> {
        let position = (theta - LO) / (HI - LO) * STRETCHES as f64;
        // Rounding may put a point of the border into the neighbour, whose bound covers the
        // border up to the margin.
        let inside = (0.0..STRETCHES as f64).contains(&position);
        inside.then(|| self.stretches[position as usize].as_slice())
    }
}

/// No information of the item on [lo, hi] is larger. Logistic information has one peak; of other
/// models a bound that holds everywhere is used: the variance of slopes is at most a quarter of
/// their squared range, and graded information at most a².
fn information_bound(item: &ItemModel, lo: f64, hi: f64) -> f64 {
    let bound = match item {
        ItemModel::Logistic(logistic) => {
            let peak = logistic.theta_max_information().clamp(lo, hi);
            [lo, peak, hi].map(|theta| item.information(theta)).into_iter().fold(0.0, f64::max)
        }
        ItemModel::Graded(graded) => graded.discrimination() * graded.discrimination(),
        ItemModel::GeneralizedPartialCredit(partial) => slope_range(partial.categorical().slopes()),
        ItemModel::Nominal(nominal) => slope_range(nominal.slopes()),
    };
    bound * MARGIN
}

fn slope_range(slopes: &[f64]) -> f64 {
    let least = slopes.iter().copied().fold(f64::INFINITY, f64::min);
    let most = slopes.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    0.25 * (most - least) * (most - least)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_item() -> impl Strategy<Value = ItemModel> {
        prop_oneof![
            (0.3f64..3.0, -3.0f64..3.0, 0.0f64..0.3, 0.9f64..1.0)
                .prop_map(|(a, b, c, d)| ItemModel::logistic(a, b, c, d).unwrap()),
            (0.3f64..2.0, -2.0f64..1.0, 0.1f64..2.0)
                .prop_map(|(a, b, gap)| ItemModel::graded(a, vec![b, b + gap]).unwrap()),
            (0.3f64..2.0, -2.0f64..2.0, -2.0f64..2.0)
                .prop_map(|(a, b, c)| ItemModel::generalized_partial_credit(a, vec![b, c]).unwrap()),
        ]
    }

    proptest! {
        #[test]
        fn the_index_finds_what_a_full_search_finds(
            items in proptest::collection::vec(any_item(), 1..60),
            theta in -7.0f64..7.0,
            count in 1usize..6,
            skipped in 0usize..60,
        ) {
            // Goal: stopping early loses nothing. Method: sort all allowed items by information.
            let mut expected: Vec<(usize, f64)> = items
                .iter()
                .enumerate()
                .filter(|(row, _)| *row != skipped)
                .map(|(row, item)| (row, item.information(theta)))
                .collect();
            expected.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            expected.truncate(count);
            let found = InformationIndex::new(&items).best(theta, count, |row| row != skipped);
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn bounds_hold(item in any_item(), stretch in 0u32..119, within in 0.0f64..1.0) {
            // Goal: no item is more informative than its bound. Method: a point of a stretch.
            let lo = LO + 0.1 * f64::from(stretch);
            let bound = information_bound(&item, lo, lo + 0.1);
            prop_assert!(item.information(lo + 0.1 * within) <= bound);
        }
    }

    #[test]
    fn equal_items_keep_their_order() {
        // Goal: ties go to the earlier row. Method: five copies of one item, three wanted.
        let items = vec![ItemModel::logistic(1.0, 0.0, 0.0, 1.0).unwrap(); 5];
        let rows: Vec<usize> =
            InformationIndex::new(&items).best(0.3, 3, |_| true).iter().map(|it| it.0).collect();
        assert_eq!(rows, [0, 1, 2]);
    }
}
