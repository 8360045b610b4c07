//! The most informative items at an ability without asking every item: for each stretch of the
//! scale a list of all items that can be among its best, found once. Answers are those of a full
//! search, bit for bit; bounds only decide which items need not be looked at.
//!
//! How it is exact. On a stretch every item's information lies between two numbers. Let v be the
//! K-th largest of the lower ones: everywhere on the stretch K items reach v, so an item whose
//! upper number is below v is nowhere among the K best, and is left out. Of K best items those
//! that may not be asked are passed over; as long as they are fewer than K, the best of the rest
//! is in the list. Otherwise it is taken only if it reaches v, and else a wider list and at last
//! the whole bank is searched.

mod columns;
mod lists;

use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::numeric::vector::{Kernel, at_full_width};

pub(crate) use columns::Columns;
use columns::{Curve, Kind};
use lists::{Lists, Stretch};

/// Items at every ability that are found without a wider search, unless more are asked for.
const DEPTH: usize = 64;
/// A wider list holds so many times as many.
const WIDER: usize = 16;

/// Candidates that are evaluated together.
const FEW: usize = 4;

/// Lists of the most informative items along the scale.
#[derive(Debug, Clone)]
pub struct InformationIndex<'a> {
    items: &'a [ItemModel],
    /// Entries are numbers of `listed`.
    lists: Lists,
    /// Entries are rows.
    wide: Lists,
    /// The rows that some list names, ascending.
    listed: Vec<u32>,
    columns: Columns,
    kind: Kind,
}

/// What it took to find the most informative items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// The list of the stretch was enough.
    Listed,
    /// The wider list was enough.
    Wider,
    /// All items were evaluated.
    Scanned,
}

/// The most informative item among those that may be asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pick {
    /// Its number among the listed items.
    pub listed: u32,
    /// Whether no other item comes near it: then a difference in the last digits of the ability
    /// or of an information cannot change the choice.
    pub clear: bool,
}

impl<'a> InformationIndex<'a> {
    /// An index of these items.
    pub fn new(items: &'a [ItemModel]) -> Self {
        Self::with_depth(items, DEPTH)
    }

    /// An index whose lists hold at least the `depth` best items at every ability of [−6, 6]: more
    /// than are ever asked of one person, for the search to be short.
    pub fn with_depth(items: &'a [ItemModel], depth: usize) -> Self {
        let depth = depth.max(1);
        let (mut lists, wide) = Lists::build(items, depth, WIDER * depth);
        let mut number = vec![u32::MAX; items.len()];
        lists.entries.iter().for_each(|row| number[*row as usize] = 0);
        let listed: Vec<u32> =
            (0..items.len() as u32).filter(|row| number[*row as usize] == 0).collect();
        listed.iter().zip(0..).for_each(|(row, at)| number[*row as usize] = at);
        lists.entries.iter_mut().for_each(|entry| *entry = number[*entry as usize]);
        let columns = Columns::of(listed.iter().map(|row| &items[*row as usize]));
        let kind = columns.kind();
        Self { items, lists, wide, listed, columns, kind }
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
        self.search(theta, count, allowed).0
    }

    /// [`Self::best`], and what it took.
    ///
    /// ```
    /// use gradus::psychometrics::irt::ItemModel;
    /// use gradus::psychometrics::selection::{Effort, InformationIndex};
    /// let items = [ItemModel::logistic(1.0, 0.2, 0.0, 1.0)?];
    /// let index = InformationIndex::new(&items);
    /// assert_eq!(index.search(0.0, 1, |_| true).1, Effort::Listed);
    /// assert_eq!(index.search(9.0, 1, |_| true).1, Effort::Scanned);
    /// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
    /// ```
    pub fn search(
        &self,
        theta: f64,
        count: usize,
        allowed: impl Fn(usize) -> bool,
    ) -> (Vec<(usize, f64)>, Effort) {
        let row = |entry: u32| self.listed[entry as usize] as usize;
        if let Some(best) = self.search_list(&self.lists, row, theta, count, &allowed) {
            return (best, Effort::Listed);
        }
        let row = |entry: u32| entry as usize;
        if let Some(best) = self.search_list(&self.wide, row, theta, count, &allowed) {
            return (best, Effort::Wider);
        }
        let mut best = Ranking::new(count);
        for row in (0..self.items.len()).filter(|row| allowed(*row)) {
            best.consider(row, self.items[row].information(theta));
        }
        (best.held, Effort::Scanned)
    }

    fn search_list(
        &self,
        lists: &Lists,
        row: impl Fn(u32) -> usize,
        theta: f64,
        count: usize,
        allowed: &impl Fn(usize) -> bool,
    ) -> Option<Vec<(usize, f64)>> {
        let stretch = lists.at(theta).filter(|stretch| stretch.from < stretch.to)?;
        let mut best = Ranking::new(count);
        let mut refused = 0;
        // Whether the best of what may be asked is listed, after so many refusals.
        let is_certain = |refused: usize, least: f64| {
            refused.saturating_add(count) <= lists.depth || stretch.outside <= least
        };
        for at in stretch.from..stretch.to {
            if lists.bounds[at] < best.least && is_certain(refused, best.least) {
                return Some(best.held);
            }
            let row = row(lists.entries[at]);
            if allowed(row) {
                best.consider(row, self.items[row].information(theta));
            } else {
                refused += 1;
            }
        }
        is_certain(refused, best.least).then_some(best.held)
    }

    /// A bound of |(ln I)′| of the listed items near their largest informations.
    pub(crate) fn steepest(&self) -> f64 {
        let items = self.listed.iter().map(|row| &self.items[*row as usize]);
        items.map(|item| Curve::of(item).steepest()).fold(0.0, f64::max)
    }

    /// Number of items.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// The `count` largest informations at an ability, largest first, up to rounding.
    pub(crate) fn largest(&self, theta: f64, count: usize, values: &mut Vec<f64>) {
        values.clear();
        match self.lists.at(theta) {
            Some(stretch) if count <= self.lists.depth && self.kind != Kind::Mixed => {
                at_full_width(Largest { index: self, stretch, theta, count, values });
            }
            _ => values.extend(self.best(theta, count, |_| true).iter().map(|best| best.1)),
        }
    }

    /// The rows that some list names, ascending.
    pub(crate) fn listed(&self) -> &[u32] {
        &self.listed
    }

    /// The number of a row among the listed ones.
    pub(crate) fn number(&self, row: usize) -> Option<u32> {
        self.listed.binary_search(&(row as u32)).ok().map(|number| number as u32)
    }

    /// The columns of the listed items, where all of them are logistic.
    pub(crate) fn logistic_columns(&self) -> Option<&Columns> {
        (self.kind != Kind::Mixed).then_some(&self.columns)
    }

    /// The most informative listed item whose bit is not set, for the inner loop of simulations;
    /// `bits` are set for `refused` items. `None` where only a search can tell. Informations are
    /// those of [`ItemModel::information`] up to rounding; `clear` says whether another item comes
    /// within the share `near` of the best.
    #[inline(always)]
    pub(crate) fn pick(&self, theta: f64, bits: &[u64], refused: usize, near: f64) -> Option<Pick> {
        let stretch = self.lists.at(theta)?;
        let entries = &self.lists.entries[stretch.from..stretch.to];
        let bounds = &self.lists.bounds[stretch.from..stretch.to][..entries.len()];
        let (mut at, mut best, mut value, mut second) = (0, u32::MAX, -1.0, -1.0);
        while at < entries.len() {
            let (mut block, mut filled) = ([0_u32; FEW], 0);
            while filled < FEW && at < entries.len() {
                let number = entries[at];
                block[filled] = number;
                let free = bits[number as usize / 64] >> (number % 64) & 1 == 0;
                filled += usize::from(free);
                at += 1;
            }
            let values = match self.kind {
                Kind::Mixed => block.map(|number| self.information(number, theta)),
                _ => self.columns.some(theta, &block),
            };
            for lane in 0..filled {
                if values[lane] == value && self.are_copies(block[lane], best) {
                    // Equal at every ability: the earlier row wins, however it is computed.
                    best = best.min(block[lane]);
                } else if values[lane] > value {
                    (second, best, value) = (value, block[lane], values[lane]);
                } else {
                    second = values[lane].max(second);
                }
            }
            let certain = refused < self.lists.depth || stretch.outside < value * (1.0 - near);
            if at < entries.len() && bounds[at] < value * (1.0 - near) && certain {
                return Some(Pick { listed: best, clear: second < value * (1.0 - near) });
            }
        }
        // Items that are not listed lie below the outside bound, or behind equal listed ones.
        let certain = refused < self.lists.depth || stretch.outside < value * (1.0 - near);
        let clear = second < value * (1.0 - near) && stretch.outside < value * (1.0 - near);
        (best != u32::MAX && certain).then_some(Pick { listed: best, clear })
    }

    #[inline(never)]
    fn are_copies(&self, one: u32, other: u32) -> bool {
        let item = |number: u32| &self.items[self.listed[number as usize] as usize];
        item(one) == item(other)
    }

    #[inline(never)]
    fn information(&self, number: u32, theta: f64) -> f64 {
        self.items[self.listed[number as usize] as usize].information(theta)
    }
}

/// The largest informations on a stretch whose list is known to be enough.
struct Largest<'i, 'a> {
    index: &'i InformationIndex<'a>,
    stretch: Stretch,
    theta: f64,
    count: usize,
    values: &'i mut Vec<f64>,
}

impl Kernel for Largest<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { index, stretch, theta, count, values } = self;
        let mut least = f64::NEG_INFINITY;
        let mut from = stretch.from;
        while from < stretch.to && index.lists.bounds[from] >= least {
            let at = from;
            from += 8;
            let entries = &index.lists.entries[at..stretch.to.min(at + 8)];
            let mut block = [0; 8];
            block[..entries.len()].copy_from_slice(entries);
            let eight = index.columns.some(theta, &block);
            values.extend_from_slice(&eight[..entries.len()]);
            // So many are at least this; a sharper bound would cost more than it saves.
            if least == f64::NEG_INFINITY && values.len() >= count {
                least = values.iter().copied().fold(f64::INFINITY, f64::min);
            }
        }
        values.sort_unstable_by(|a, b| b.total_cmp(a));
        values.truncate(count);
    }
}

/// The best few items so far.
struct Ranking {
    count: usize,
    held: Vec<(usize, f64)>,
    /// What a further item must reach to enter; −∞ while there is room.
    least: f64,
}

impl Ranking {
    fn new(count: usize) -> Self {
        let least = if count == 0 { f64::INFINITY } else { f64::NEG_INFINITY };
        Self { count, held: Vec::new(), least }
    }

    fn consider(&mut self, row: usize, value: f64) {
        let ahead = |&(other, held): &(usize, f64)| held > value || (held == value && other < row);
        let place = self.held.partition_point(ahead);
        if place < self.count {
            self.held.insert(place, (row, value));
            self.held.truncate(self.count);
        }
        if self.held.len() == self.count
            && let Some((_, least)) = self.held.last()
        {
            self.least = *least;
        }
    }
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
        // An index is built for every case.
        #![proptest_config(ProptestConfig::with_cases(64))]

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
        fn bounds_hold(item in any_item(), stretch in 0u32..1536, within in 0.0f64..1.0, halvings in 0i32..6) {
            // Goal: information stays between its two bounds. Method: a point of a stretch, wide
            // and narrow.
            let width = 0.25 / f64::from(1 << halvings);
            let lo = f64::from(stretch) / 128.0 - 6.0;
            let ends = (item.information(lo), item.information(lo + width));
            let (least, most) = columns::Curve::of(&item).between((lo, lo + width), ends);
            let value = item.information(lo + width * within);
            prop_assert!(least * (1.0 - 1e-12) <= value && value <= most * (1.0 + 1e-12));
        }

        #[test]
        fn columns_hold_the_same_informations(
            items in proptest::collection::vec(any_item(), 1..40), theta in -8.0f64..8.0,
        ) {
            // Goal: vectors compute what items do. Method: random items, one ability.
            let mut values = Vec::new();
            Columns::of(items.iter()).informations(theta, |place| &items[place], &mut values);
            for (item, value) in items.iter().zip(values) {
                prop_assert!((value / item.information(theta) - 1.0).abs() < 1e-12);
            }
        }

        #[test]
        fn picks_are_those_of_a_full_search(
            items in proptest::collection::vec(any_item(), 1..200),
            copies in 1usize..200,
            theta in -6.5f64..6.5,
            depth in 1usize..40,
            refused in proptest::collection::vec(0usize..200, 0..40),
        ) {
            // Goal: whatever may be asked, a pick that calls itself clear is the best item, and
            // short lists still lead to it. Method: lists of random depth against all items.
            let items: Vec<ItemModel> =
                (0..items.len()).map(|row| items[row % copies % items.len()].clone()).collect();
            let index = InformationIndex::with_depth(&items, depth);
            let allowed = |row: usize| !refused.contains(&row);
            let all = InformationIndex::with_depth(&items, 400);
            let expected = all.best(theta, 3, allowed);
            prop_assert_eq!(&index.best(theta, 3, allowed), &expected);
            let mut bits = vec![0_u64; index.listed().len().div_ceil(64)];
            let rows: std::collections::BTreeSet<usize> = refused.iter().copied().collect();
            for number in rows.iter().filter_map(|row| index.number(*row)) {
                bits[number as usize / 64] |= 1 << (number % 64);
            }
            if let Some(pick) = index.pick(theta, &bits, rows.len(), 1e-11) && pick.clear {
                prop_assert_eq!(index.listed()[pick.listed as usize] as usize, expected[0].0);
            }
        }
    }

    #[test]
    fn many_near_equal_items_are_found() {
        // Goal: common slopes and copies, of which thousands tie at any ability. Method: 6,000
        // items of one slope, half of them with difficulties rounded to hundredths, against a
        // scan; the list must be enough for every question of a test.
        let items: Vec<ItemModel> = (0..6_000)
            .map(|row| {
                let b = f64::from((row * 7_919) % 6_000) / 1_000.0 - 3.0;
                let b = if row % 2 == 0 { b } else { (b * 100.0).round() / 100.0 };
                ItemModel::logistic(1.1, b, 0.0, 1.0).unwrap()
            })
            .collect();
        let index = InformationIndex::new(&items);
        for theta in [-2.999, -1.0, 0.0, 0.123_456, 2.5, 5.0] {
            let mut asked: Vec<usize> = Vec::new();
            for _ in 0..30 {
                let best = (0..items.len())
                    .filter(|row| !asked.contains(row))
                    .map(|row| (row, items[row].information(theta)))
                    .fold((0, -1.0), |best, it| if it.1 > best.1 { it } else { best });
                let (found, effort) = index.search(theta, 1, |row| !asked.contains(&row));
                assert_eq!((found[0], effort), (best, Effort::Listed));
                asked.push(best.0);
            }
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
