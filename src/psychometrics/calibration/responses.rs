//! The answers of many people, packed for the E-step. People with the same answers become one
//! pattern with a weight; neighbouring items of dense data become one tuple, so that a table of
//! sums over the tuple replaces several look-ups. Never knows what an item measures.

use std::collections::HashMap;

use thiserror::Error;

pub use crate::psychometrics::simulation::NOT_ADMINISTERED as NOT_ASKED;

/// Most rows that the tuples' table may have: it should stay in the fast caches.
const TABLE_ROWS_MAX: usize = 1024;
/// Data with a smaller share of answers are kept answer by answer.
const DENSE_SHARE: f64 = 0.35;

/// Why answers cannot be packed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ResponsesError {
    /// A person's answers are not as many as there are items.
    #[error("person {person} has {found} scores where there are {items} items")]
    Length {
        /// Number of the person, from 0.
        person: usize,
        /// Scores given.
        found: usize,
        /// Number of items.
        items: usize,
    },
    /// A score that the item does not have.
    #[error("person {person}, item {item}: score {score} is not below {categories}")]
    Score {
        /// Number of the person, from 0.
        person: usize,
        /// Number of the item, from 0.
        item: usize,
        /// The score.
        score: u16,
        /// Categories of the item.
        categories: usize,
    },
    /// Nobody, or no items.
    #[error("there are {persons} persons and {items} items; both must be at least 1")]
    Empty {
        /// Number of persons.
        persons: usize,
        /// Number of items.
        items: usize,
    },
}

/// Answers, packed. A pattern's log-likelihood is the sum of its rows of a table; a row is the sum
/// of the cells (item, category) that it stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Responses {
    categories: Vec<usize>,
    cell_starts: Vec<usize>,
    /// The item of each cell.
    cell_items: Vec<u32>,
    person_pattern: Vec<u32>,
    weights: Vec<f64>,
    groups: Vec<u16>,
    group_count: usize,
    starts: Vec<usize>,
    rows: Vec<u32>,
    row_starts: Vec<usize>,
    row_cells: Vec<u32>,
    answers: u64,
}

/// Collects people one by one; only their answers are kept, not the gaps between.
#[derive(Debug, Clone)]
pub struct ResponsesBuilder {
    categories: Vec<usize>,
    cell_starts: Vec<usize>,
    starts: Vec<usize>,
    cells: Vec<u32>,
    groups: Vec<u16>,
}

impl ResponsesBuilder {
    /// For items with these numbers of categories.
    pub fn new(categories: Vec<usize>) -> Self {
        let mut cell_starts = vec![0];
        for count in &categories {
            cell_starts.push(cell_starts[cell_starts.len() - 1] + count);
        }
        Self { categories, cell_starts, starts: vec![0], cells: Vec::new(), groups: Vec::new() }
    }

    /// Adds a person of a group: a score an item, [`NOT_ASKED`] where there is none.
    ///
    /// # Errors
    /// A wrong number of scores; a score that the item does not have.
    pub fn push(&mut self, scores: &[u16], group: u16) -> Result<(), ResponsesError> {
        let person = self.groups.len();
        let items = self.categories.len();
        if scores.len() != items {
            return Err(ResponsesError::Length { person, found: scores.len(), items });
        }
        let asked = scores.iter().copied().enumerate().filter(|(_, score)| *score != NOT_ASKED);
        self.push_answers(asked, group)
    }

    /// Adds a person of a group by their answers (item, score) in the order of items.
    ///
    /// # Errors
    /// A score that the item does not have.
    pub fn push_answers(
        &mut self,
        answers: impl IntoIterator<Item = (usize, u16)>,
        group: u16,
    ) -> Result<(), ResponsesError> {
        let person = self.groups.len();
        for (item, score) in answers {
            let categories = self.categories.get(item).copied().unwrap_or(0);
            if usize::from(score) >= categories {
                return Err(ResponsesError::Score { person, item, score, categories });
            }
            self.cells.push((self.cell_starts[item] + usize::from(score)) as u32);
        }
        self.starts.push(self.cells.len());
        self.groups.push(group);
        Ok(())
    }

    /// Packs what was collected.
    ///
    /// # Errors
    /// Nobody, or no items.
    pub fn build(self) -> Result<Responses, ResponsesError> {
        let (persons, items) = (self.groups.len(), self.categories.len());
        if persons == 0 || items == 0 {
            return Err(ResponsesError::Empty { persons, items });
        }
        Ok(self.pack())
    }

    /// Packs what somebody answered of at least one item.
    fn pack(self) -> Responses {
        let (persons, items) = (self.groups.len(), self.categories.len());
        let merged = Merged::of(&self);
        let answers = self.cells.len() as u64;
        let share = answers as f64 / (persons as f64 * items as f64);
        let group_count = usize::from(self.groups.iter().copied().max().unwrap_or(0)) + 1;
        let mut responses = Responses {
            person_pattern: merged.person_pattern,
            weights: merged.weights,
            groups: merged.groups,
            group_count,
            starts: merged.starts,
            rows: merged.cells,
            row_starts: (0..=self.cell_starts[items]).collect(),
            row_cells: (0..self.cell_starts[items] as u32).collect(),
            cell_items: self
                .categories
                .iter()
                .enumerate()
                .flat_map(|(item, &count)| std::iter::repeat_n(item as u32, count))
                .collect(),
            categories: self.categories,
            cell_starts: self.cell_starts,
            answers,
        };
        if share >= DENSE_SHARE {
            responses.pack_tuples();
        }
        responses
    }
}

/// Patterns in the order in which they first appeared.
struct Merged {
    person_pattern: Vec<u32>,
    weights: Vec<f64>,
    groups: Vec<u16>,
    starts: Vec<usize>,
    cells: Vec<u32>,
}

impl Merged {
    fn of(builder: &ResponsesBuilder) -> Self {
        let persons = builder.groups.len();
        let mut merged = Self {
            person_pattern: Vec::with_capacity(persons),
            weights: Vec::new(),
            groups: Vec::new(),
            starts: vec![0],
            cells: Vec::with_capacity(builder.cells.len()),
        };
        let mut seen: HashMap<(u16, &[u32]), u32> = HashMap::with_capacity(persons);
        for (person, &group) in builder.groups.iter().enumerate() {
            let cells = &builder.cells[builder.starts[person]..builder.starts[person + 1]];
            let next = merged.weights.len() as u32;
            let pattern = *seen.entry((group, cells)).or_insert(next);
            merged.person_pattern.push(pattern);
            if pattern == next {
                merged.weights.push(1.0);
                merged.groups.push(group);
                merged.cells.extend_from_slice(cells);
                merged.starts.push(merged.cells.len());
            } else {
                merged.weights[pattern as usize] += 1.0;
            }
        }
        merged
    }
}

impl Responses {
    /// Packs a matrix of scores, row after row.
    ///
    /// # Errors
    /// As [`ResponsesBuilder::push`] and [`ResponsesBuilder::build`].
    pub fn from_matrix(categories: Vec<usize>, scores: &[u16]) -> Result<Self, ResponsesError> {
        let items = categories.len();
        let mut builder = ResponsesBuilder::new(categories);
        for row in scores.chunks(items.max(1)) {
            builder.push(row, 0)?;
        }
        builder.build()
    }

    /// The answers to some items, in the order given. Its people are this one's patterns, each as
    /// heavy as here.
    pub(super) fn part(&self, items: &[usize]) -> Self {
        let mut place = vec![None; self.items()];
        for (index, &item) in items.iter().enumerate() {
            place[item] = Some(index);
        }
        let mut builder =
            ResponsesBuilder::new(items.iter().map(|&i| self.categories(i)).collect());
        for pattern in 0..self.patterns() {
            let start = builder.cells.len();
            for (item, category) in self.pattern(pattern) {
                if let Some(index) = place[item] {
                    builder.cells.push((builder.cell_starts[index] + category) as u32);
                }
            }
            builder.cells[start..].sort_unstable();
            builder.starts.push(builder.cells.len());
            builder.groups.push(0);
        }
        let mut part = builder.pack();
        part.weights.fill(0.0);
        for pattern in 0..self.patterns() {
            part.weights[part.person_pattern[pattern] as usize] += self.weights[pattern];
        }
        part
    }

    /// Number of people.
    pub fn persons(&self) -> usize {
        self.person_pattern.len()
    }

    /// Number of items.
    pub fn items(&self) -> usize {
        self.categories.len()
    }

    /// Number of groups of people.
    pub fn group_count(&self) -> usize {
        self.group_count
    }

    /// Number of answers.
    pub fn answers(&self) -> u64 {
        self.answers
    }

    /// The most answers that somebody gave to items for which `counts` holds.
    pub fn most_answers(&self, counts: impl Fn(usize) -> bool) -> usize {
        let of = |pattern| self.pattern(pattern).filter(|(item, _)| counts(*item)).count();
        (0..self.patterns()).map(of).max().unwrap_or(0)
    }

    /// Categories of an item.
    pub fn categories(&self, item: usize) -> usize {
        self.categories[item]
    }

    /// Number of different (group, answers).
    pub fn patterns(&self) -> usize {
        self.weights.len()
    }

    /// The pattern of a person.
    pub fn pattern_of(&self, person: usize) -> usize {
        self.person_pattern[person] as usize
    }

    /// How many people answered as the pattern does.
    pub fn weight(&self, pattern: usize) -> f64 {
        self.weights[pattern]
    }

    /// The group of a pattern's people.
    pub fn group(&self, pattern: usize) -> usize {
        usize::from(self.groups[pattern])
    }

    /// The answers (item, category) of a pattern, in the order of items.
    pub fn pattern(&self, pattern: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.pattern_rows(pattern)
            .iter()
            .flat_map(|&row| self.row(row as usize).iter().map(|&cell| self.cell_owner(cell)))
    }

    /// People who gave each category of each item, over all groups: a list an item.
    pub fn category_counts(&self) -> Vec<Vec<f64>> {
        let mut counts: Vec<Vec<f64>> = self.categories.iter().map(|&n| vec![0.0; n]).collect();
        for pattern in 0..self.patterns() {
            for (item, category) in self.pattern(pattern) {
                counts[item][category] += self.weight(pattern);
            }
        }
        counts
    }

    /// Number of cells (item, category).
    pub(super) fn cell_count(&self) -> usize {
        self.cell_starts[self.items()]
    }

    /// The cell of an item's category 0.
    pub(super) fn first_cell(&self, item: usize) -> usize {
        self.cell_starts[item]
    }

    /// The rows of a pattern.
    #[inline]
    pub(super) fn pattern_rows(&self, pattern: usize) -> &[u32] {
        &self.rows[self.starts[pattern]..self.starts[pattern + 1]]
    }

    /// Number of rows of the table.
    pub(super) fn row_count(&self) -> usize {
        self.row_starts.len() - 1
    }

    /// The cells of a row.
    #[inline]
    pub(super) fn row(&self, row: usize) -> &[u32] {
        &self.row_cells[self.row_starts[row]..self.row_starts[row + 1]]
    }

    fn cell_owner(&self, cell: u32) -> (usize, usize) {
        let item = self.cell_items[cell as usize] as usize;
        (item, cell as usize - self.cell_starts[item])
    }

    /// Replaces cells by tuples of neighbouring items.
    fn pack_tuples(&mut self) {
        let gaps = self.gaps();
        let states = |item: usize| self.categories[item] + gaps[item];
        let tuples = self.tuples(&gaps);
        let (mut rows, mut row_starts, mut row_cells) = (Vec::new(), vec![0], Vec::new());
        let mut tuple_of_item = vec![(0, 0); self.items()];
        let mut first_rows = Vec::new();
        for (index, items) in tuples.iter().enumerate() {
            first_rows.push(row_starts.len() - 1);
            let mut stride = 1;
            for item in items.clone() {
                tuple_of_item[item] = (index, stride);
                stride *= states(item);
            }
            for code in 0..stride {
                let mut rest = code;
                for item in items.clone() {
                    let state = rest % states(item);
                    rest /= states(item);
                    // The first state of an item with gaps is the gap.
                    if state >= gaps[item] {
                        row_cells.push((self.cell_starts[item] + state - gaps[item]) as u32);
                    }
                }
                row_starts.push(row_cells.len());
            }
        }
        let mut starts = vec![0];
        for pattern in 0..self.patterns() {
            // Who answered nothing has no rows; all that is known of them is the group.
            let cells = self.pattern_rows(pattern);
            let mut codes = if cells.is_empty() { Vec::new() } else { first_rows.clone() };
            for &cell in cells {
                let (item, category) = self.cell_owner(cell);
                let (tuple, stride) = tuple_of_item[item];
                codes[tuple] += stride * (category + gaps[item]);
            }
            rows.extend(codes.iter().map(|&row| row as u32));
            starts.push(rows.len());
        }
        (self.rows, self.starts) = (rows, starts);
        (self.row_starts, self.row_cells) = (row_starts, row_cells);
    }

    /// Of each item 1 if somebody who answered others has no answer to it, which is then a state of
    /// its own, else 0.
    fn gaps(&self) -> Vec<usize> {
        let (mut answers, mut people) = (vec![0; self.items()], 0);
        for pattern in 0..self.patterns() {
            people += usize::from(!self.pattern_rows(pattern).is_empty());
            self.pattern(pattern).for_each(|(item, _)| answers[item] += 1);
        }
        answers.iter().map(|&n| usize::from(n < people)).collect()
    }

    /// Ranges of items whose states make the cheapest table: a row costs an addition for every
    /// pattern and about four to build and to take apart.
    fn tuples(&self, gaps: &[usize]) -> Vec<core::ops::Range<usize>> {
        let cost = |tuples: &[core::ops::Range<usize>]| {
            let rows: usize = tuples.iter().map(|tuple| self.states(tuple.clone(), gaps)).sum();
            let over = if rows > TABLE_ROWS_MAX { f64::INFINITY } else { 0.0 };
            over + (tuples.len() * self.patterns() + 4 * rows) as f64
        };
        let candidates = (0..=8).map(|power| self.tuples_below(1 << power, gaps));
        let singles = self.tuples_below(1, gaps);
        candidates.fold(singles, |best, next| if cost(&next) < cost(&best) { next } else { best })
    }

    fn states(&self, items: core::ops::Range<usize>, gaps: &[usize]) -> usize {
        items.map(|item| self.categories[item] + gaps[item]).product()
    }

    fn tuples_below(&self, most: usize, gaps: &[usize]) -> Vec<core::ops::Range<usize>> {
        let mut tuples = Vec::new();
        let mut first = 0;
        for item in 0..self.items() {
            if item > first && self.states(first..item + 1, gaps) > most {
                tuples.push(first..item);
                first = item;
            }
        }
        tuples.push(first..self.items());
        tuples
    }
}
