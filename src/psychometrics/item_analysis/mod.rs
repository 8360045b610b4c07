//! What the answers of many people say about the items themselves: fit to their curves, dependence
//! between them, differential functioning, drift, keys and wrong options. Reads matrices of scores and
//! fitted models; never decides what becomes of an item.

mod differential;
mod drift;
mod keys;
mod margins;
mod observed;
mod residuals;
mod summed_scores;

pub use differential::{
    DifferentialFunctioning, EtsClass, MantelHaenszel, Matched, benjamini_hochberg, ets_class,
    likelihood_ratio, mantel_haenszel, screen,
};
pub use drift::{
    Cusum, Direction, ROBUST_Z_MAX, WatchedAnswer, batch_residual, robust_scale, wald,
};
pub use keys::{KeyCheck, KeyFinding, OptionCurve, key_check};
pub use margins::{LimitedInformation, PairFit, Parameter, limited_information, pair_fit};
pub use observed::{CurveBin, observed_curve, wilson_interval};
pub use residuals::{ResidualFit, residual_fit};
pub use summed_scores::{SummedScoreFit, summed_score_fit};

pub use super::simulation::NOT_ADMINISTERED as NOT_ASKED;

/// Scores of people on items, row after row, [`NOT_ASKED`] where there is none.
#[derive(Debug, Clone, Copy)]
pub struct Scores<'a> {
    /// All scores.
    pub values: &'a [u16],
    /// Number of items.
    pub items: usize,
}

impl<'a> Scores<'a> {
    /// Number of people.
    pub fn persons(&self) -> usize {
        self.values.len().checked_div(self.items).unwrap_or(0)
    }

    /// A person's scores.
    pub fn row(&self, person: usize) -> &'a [u16] {
        &self.values[person * self.items..(person + 1) * self.items]
    }

    /// People who answered everything.
    pub fn complete(&self) -> impl Iterator<Item = &'a [u16]> + '_ {
        (0..self.persons())
            .map(|person| self.row(person))
            .filter(|row| row.iter().all(|score| *score != NOT_ASKED))
    }
}

#[cfg(test)]
mod tests;
