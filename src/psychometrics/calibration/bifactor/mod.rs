//! The bifactor model as a diagnostic: can one total be reported of items that were written for
//! several dimensions? Every item draws on a general factor and on its dimension's own; the shares
//! of the two say how far a total means one thing. Never a score of a person.
//!
//! P(right) = σ(a_g θ_g + a_s θ_s + d), all factors independent and standard normal. Given θ_g the
//! dimensions are independent, so that the E-step needs a square of nodes a dimension and no more
//! (dimension reduction: Gibbons & Hedeker, 1992, *Psychometrika* 57, 423–436).

mod expectation;
mod items;
mod shares;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

use super::climb::{Slope, Step, Summit, climb};
use super::dimensional::Dimensions;
use super::{CalibrationError, Convergence, Progress, Responses, Settings};
use crate::psychometrics::numeric::quadrature::Grid;
use expectation::Squares;
pub use shares::{FactorShares, SpecificShares};

/// An item's slopes and intercept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BifactorItem {
    /// Slope on the general factor, a_g.
    pub general: f64,
    /// Slope on the dimension's specific factor, a_s.
    pub specific: f64,
    /// The intercept d.
    pub intercept: f64,
}

/// A bifactor calibration's result.
#[derive(Debug, Clone, PartialEq)]
pub struct BifactorFit {
    /// An entry an item.
    pub items: Vec<BifactorItem>,
    /// ln L, marginal.
    pub log_likelihood: f64,
    /// EM steps made.
    pub iterations: usize,
    /// How it ended.
    pub convergence: Convergence,
    /// The largest |∂ ln L/∂ coordinate| at the result.
    pub gradient_norm: f64,
    /// The largest move of a coordinate in the last plain EM step.
    pub last_step: f64,
}

impl BifactorFit {
    /// How much of what the items share is general.
    pub fn shares(&self, dimensions: &Dimensions) -> FactorShares {
        FactorShares::of(&self.items, dimensions)
    }
}

/// A dimension's items and answers.
struct Part {
    items: Vec<usize>,
    responses: Responses,
    silent: Vec<bool>,
}

/// Estimates the bifactor model of right and wrong answers by marginal maximum likelihood on
/// `settings.nodes` for each factor. `watch` is told after every step and returns whether to go on.
///
/// # Errors
/// Items, groups or categories that do not fit; an item all of whose answers are the same.
pub fn calibrate_bifactor(
    responses: &Responses,
    dimensions: &Dimensions,
    settings: &Settings,
    watch: &mut dyn FnMut(Progress) -> bool,
) -> Result<BifactorFit, CalibrationError> {
    let start = start(responses, dimensions)?;
    let parts: Vec<Part> = (0..dimensions.count())
        .map(|dimension| {
            let items = dimensions.items(dimension);
            let responses = responses.part(&items);
            let silent =
                (0..responses.patterns()).map(|p| responses.pattern(p).next().is_none()).collect();
            Part { items, responses, silent }
        })
        .collect();
    let weights = (0..responses.patterns()).map(|p| responses.weight(p)).collect();
    let mut search = Search { parts, weights, nodes: &settings.nodes };
    let Summit { state, here, iterations, convergence, last_step } =
        climb(&mut search, settings, start, watch);
    Ok(BifactorFit {
        items: state
            .into_iter()
            .map(|[general, specific, intercept]| BifactorItem { general, specific, intercept })
            .collect(),
        log_likelihood: here.log_likelihood,
        iterations,
        convergence,
        gradient_norm: here.gradient_norm,
        last_step,
    })
}

/// (a_g, a_s, d) of every item to begin from.
fn start(
    responses: &Responses,
    dimensions: &Dimensions,
) -> Result<Vec<[f64; 3]>, CalibrationError> {
    let (wanted, there) = (dimensions.len(), responses.items());
    if wanted != there {
        return Err(CalibrationError::Items { design: wanted, responses: there });
    }
    if responses.group_count() != 1 {
        let responses = responses.group_count();
        return Err(CalibrationError::Groups { design: 1, responses });
    }
    let counts = responses.category_counts();
    counts.iter().enumerate().map(|(item, counts)| items::start(item, counts)).collect()
}

struct Search<'a> {
    parts: Vec<Part>,
    weights: Vec<f64>,
    nodes: &'a Grid,
}

impl Slope for Search<'_> {
    type State = Vec<[f64; 3]>;

    fn step(&mut self, state: &Self::State) -> Step<Self::State> {
        let squares = Squares::new(&self.parts, &self.weights, self.nodes, state);
        let expected = squares.expectation();
        let places: Vec<(usize, usize)> = self
            .parts
            .iter()
            .enumerate()
            .flat_map(|(d, part)| (0..part.items.len()).map(move |index| (d, index)))
            .collect();
        let maxima: Vec<(usize, items::Maximum)> = places
            .par_iter()
            .map(|&(dimension, index)| {
                let part = &self.parts[dimension];
                let item = part.items[index];
                let cell = part.responses.first_cell(index);
                let counts = [0, 1].map(|k| expected.counts[dimension].row(cell + k));
                (item, items::maximize(state[item], counts, self.nodes))
            })
            .collect();
        let mut next = state.clone();
        let (mut gradient, mut at_edge) = (0.0, Vec::new());
        for (item, maximum) in maxima {
            next[item] = maximum.x;
            gradient = f64::max(gradient, maximum.gradient_at_start);
            if items::outside(&maximum.x) {
                at_edge.push(item);
            }
        }
        let moves = next.iter().flatten().zip(state.iter().flatten()).map(|(n, x)| n - x).collect();
        Step {
            log_posterior: expected.log_likelihood,
            log_likelihood: expected.log_likelihood,
            gradient_norm: gradient,
            next,
            moves,
            at_edge,
        }
    }

    fn moved(&self, state: &Self::State, moves: &[f64]) -> Option<Self::State> {
        let mut next = state.clone();
        for (x, step) in next.iter_mut().flatten().zip(moves) {
            *x += step;
        }
        (!next.iter().any(items::outside)).then_some(next)
    }
}
