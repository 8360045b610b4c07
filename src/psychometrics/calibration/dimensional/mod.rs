//! Calibration of items that measure several correlated abilities, each item one of them: slopes,
//! difficulties and the abilities' correlations, by EM with an E-step of expectation propagation.
//! It reads no files, and it never calls the propagated log-likelihood exact.
//!
//! θ ~ N(0, R) with unit variances, R estimated. A person's posterior ∝ N(θ; 0, R) Π_k L_k(θ_k) has
//! one factor a dimension, a function of one variable; see [`propagation`]. What the M-step needs
//! of it is one-dimensional (expected counts at nodes, dimension by dimension) or second moments
//! (for R). At a fixed point of the propagation its log-evidence is stationary in the sites, so
//! these are its exact gradient (Seeger, 2005, *Expectation propagation for exponential families*),
//! and a fixed point of the EM is a stationary point of that log-evidence.

mod correlations;
mod information;
mod propagation;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

use super::algorithm::{cell_table, move_item};
use super::climb::{Slope, Step, Summit, climb};
use super::expectation::Tables;
use super::maximization::{ItemCounts, Maximum, free_coordinates, maximize};
use super::{
    CalibrationError, Convergence, Covariance, Design, Fit, Latent, LatentDesign, LatentShape,
    Progress, Responses, Settings, abilities, calibrate,
};
use crate::psychometrics::numeric::linalg::SymmetricMatrix;
use propagation::{Expected, Propagation, Sites};

/// Which dimension each item measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimensions {
    of_item: Vec<usize>,
    count: usize,
}

impl Dimensions {
    /// An entry an item: its dimension, from 0.
    ///
    /// # Errors
    /// A dimension with fewer than two items: its slope and its correlations cannot be told apart.
    ///
    /// ```
    /// use gradus::psychometrics::calibration::Dimensions;
    /// assert_eq!(Dimensions::new(vec![0, 1, 1, 0])?.count(), 2);
    /// assert!(Dimensions::new(vec![0, 1, 0]).is_err());
    /// # Ok::<(), gradus::psychometrics::calibration::CalibrationError>(())
    /// ```
    pub fn new(of_item: Vec<usize>) -> Result<Self, CalibrationError> {
        let count = of_item.iter().max().map_or(0, |most| most + 1);
        let dimensions = Self { of_item, count };
        for dimension in 0..count {
            let items = dimensions.items(dimension).len();
            if items < 2 {
                return Err(CalibrationError::FewItems { dimension, items });
            }
        }
        Ok(dimensions)
    }

    /// Number of items.
    pub(super) fn len(&self) -> usize {
        self.of_item.len()
    }

    /// Number of dimensions.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The dimension of an item.
    pub fn of(&self, item: usize) -> usize {
        self.of_item[item]
    }

    /// The items of a dimension.
    pub fn items(&self, dimension: usize) -> Vec<usize> {
        (0..self.of_item.len()).filter(|&item| self.of_item[item] == dimension).collect()
    }
}

/// A multidimensional calibration's result.
#[derive(Debug, Clone, PartialEq)]
pub struct DimensionalFit {
    /// Items and outcome; the log-likelihood is the log-evidence of expectation propagation.
    pub fit: Fit,
    /// The abilities' correlations.
    pub correlations: SymmetricMatrix,
    /// People whose propagation had not settled when the last E-step ended.
    pub unsettled: f64,
}

/// Standard errors from the cross-product of the people's scores.
#[derive(Debug, Clone, PartialEq)]
pub struct DimensionalErrors {
    /// Of the items' coordinates, then of the correlations below the diagonal, row by row.
    pub covariance: Covariance,
    /// Of the correlations, a row a dimension; 0 on the diagonal.
    pub correlations: SymmetricMatrix,
}

/// Estimates a design and the correlations of the dimensions that its items measure. `watch` is
/// told after every step and returns whether to go on.
///
/// # Errors
/// A design that does not fit the answers; an item all of whose answers are the same.
pub fn calibrate_dimensions(
    responses: &Responses,
    design: &Design,
    dimensions: &Dimensions,
    watch: &mut dyn FnMut(Progress) -> bool,
) -> Result<DimensionalFit, CalibrationError> {
    let parts = Parts::new(responses, design, dimensions)?;
    let state = parts.start()?;
    let mut search = Search::new(&parts, &design.settings);
    let summit = climb(&mut search, &design.settings, state, watch);
    let unsettled = search.unsettled;
    Ok(parts.result(summit, unsettled, responses.items()))
}

/// Standard errors at a fit.
///
/// # Errors
/// Information that is not positive definite.
pub fn dimensional_errors(
    responses: &Responses,
    design: &Design,
    dimensions: &Dimensions,
    fit: &DimensionalFit,
) -> Result<DimensionalErrors, CalibrationError> {
    let parts = Parts::new(responses, design, dimensions)?;
    information::errors(&parts, fit)
}

/// A dimension's items, answers and design.
struct Part {
    items: Vec<usize>,
    responses: Responses,
    design: Design,
    /// Of each pattern, whether nothing of the dimension was answered.
    silent: Vec<bool>,
}

/// All dimensions, and how heavy each pattern of answers to all of them is.
struct Parts {
    parts: Vec<Part>,
    weights: Vec<f64>,
}

/// A point of the search: items, dimension by dimension, and the correlations.
#[derive(Debug, Clone)]
struct State {
    items: Vec<Vec<Vec<f64>>>,
    correlations: SymmetricMatrix,
}

/// The starts are fits of single dimensions; closer than this is of no use.
const START_TOLERANCE: f64 = 0.01;
/// Most steps of such a fit.
const START_STEPS: usize = 40;
/// Slopes to begin from stay below this.
const START_SLOPE_MAX: f64 = 4.0;

impl Parts {
    fn new(
        responses: &Responses,
        design: &Design,
        dimensions: &Dimensions,
    ) -> Result<Self, CalibrationError> {
        let (wanted, there) = (dimensions.of_item.len(), responses.items());
        if wanted != there || design.items.len() != there {
            return Err(CalibrationError::Items { design: wanted, responses: there });
        }
        if responses.group_count() != 1 {
            let groups = responses.group_count();
            return Err(CalibrationError::Groups { design: 1, responses: groups });
        }
        let part = |dimension: usize| {
            let items = dimensions.items(dimension);
            let responses = responses.part(&items);
            let silent =
                (0..responses.patterns()).map(|p| responses.pattern(p).next().is_none()).collect();
            let design = Design {
                items: items.iter().map(|&item| design.items[item].clone()).collect(),
                groups: vec![LatentDesign { free_mean: false, free_variance: false }],
                shape: LatentShape::Normal,
                settings: design.settings.clone(),
            };
            Part { items, responses, design, silent }
        };
        let parts = (0..dimensions.count()).into_par_iter().map(part).collect();
        let weights = (0..responses.patterns()).map(|p| responses.weight(p)).collect();
        Ok(Self { parts, weights })
    }

    fn count(&self) -> usize {
        self.parts.len()
    }

    /// Each dimension fitted alone, and the correlations of the posterior means, each divided by
    /// the means' variances: what attenuates them.
    fn start(&self) -> Result<State, CalibrationError> {
        let alone = |part: &Part| {
            let mut design = part.design.clone();
            design.settings.tolerance = START_TOLERANCE.max(design.settings.tolerance);
            design.settings.iterations_max = START_STEPS;
            let fit = calibrate(&part.responses, &design, &mut |_| true)
                .map_err(|error| error.of_items(&part.items))?;
            let means: Vec<f64> =
                abilities(&part.responses, &design, &fit).iter().map(|a| a.mean).collect();
            let mut items = fit.items;
            for x in &mut items {
                x[0] = x[0].clamp(-START_SLOPE_MAX, START_SLOPE_MAX);
            }
            Ok((items, means))
        };
        let found: Vec<_> =
            self.parts.par_iter().map(alone).collect::<Result<_, CalibrationError>>()?;
        let (items, means): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        Ok(State { items, correlations: self.start_correlations(&means) })
    }

    fn start_correlations(&self, means: &[Vec<f64>]) -> SymmetricMatrix {
        let k = self.count();
        let answered = |part: usize, p: usize| {
            !self.parts[part].silent[self.parts[part].responses.pattern_of(p)]
        };
        let mut matrix = SymmetricMatrix::identity(k);
        for row in 0..k {
            for column in 0..row {
                let (mut product, mut squares) = (0.0, [0.0; 2]);
                let mut people = 0.0;
                for (pattern, weight) in self.weights.iter().enumerate() {
                    if answered(row, pattern) && answered(column, pattern) {
                        let (u, v) = (means[row][pattern], means[column][pattern]);
                        product += weight * u * v;
                        squares[0] += weight * u * u;
                        squares[1] += weight * v * v;
                        people += weight;
                    }
                }
                let rho = people * product / (squares[0] * squares[1]);
                let rho = if rho.is_finite() { rho.clamp(-0.9, 0.9) } else { 0.0 };
                matrix.set(row, column, rho);
            }
        }
        // Shrunk until it is a correlation matrix.
        let mut shrunk = matrix.clone();
        let mut share = 1.0;
        while !correlations::is_inside(&shrunk) {
            share *= 0.9;
            for row in 0..k {
                for column in 0..row {
                    shrunk.set(row, column, share * matrix.get(row, column));
                }
            }
        }
        shrunk
    }

    fn result(&self, summit: Summit<State>, unsettled: f64, items: usize) -> DimensionalFit {
        let Summit { state, here, iterations, mut convergence, last_step } = summit;
        if correlations::at_edge(&state.correlations) && convergence == Convergence::Converged {
            convergence = Convergence::Diverging;
        }
        let mut coordinates = vec![Vec::new(); items];
        for (part, values) in self.parts.iter().zip(state.items) {
            for (&item, x) in part.items.iter().zip(values) {
                coordinates[item] = x;
            }
        }
        let fit = Fit {
            items: coordinates,
            latent: vec![self.latent()],
            log_likelihood: here.log_likelihood,
            log_posterior: here.log_posterior,
            iterations,
            convergence,
            gradient_norm: here.gradient_norm,
            last_step,
            at_edge: here.at_edge,
        };
        DimensionalFit { fit, correlations: state.correlations, unsettled }
    }

    fn latent(&self) -> Latent {
        Latent::normal(&self.parts[0].design.settings.nodes, 0.0, 1.0)
    }

    /// The tables of an E-step, one a dimension.
    fn tables(&self, items: &[Vec<Vec<f64>>]) -> Vec<Tables<'_>> {
        let latent = [self.latent()];
        self.parts
            .iter()
            .zip(items)
            .map(|(part, items)| {
                let cells = cell_table(&part.responses, &part.design, items);
                Tables::new(&part.responses, &cells, &latent, &part.design.settings.nodes)
            })
            .collect()
    }

    /// Items as (dimension, number in the dimension).
    fn places(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.parts
            .iter()
            .enumerate()
            .flat_map(|(d, part)| (0..part.items.len()).map(move |i| (d, i)))
    }
}

struct Search<'a> {
    parts: &'a Parts,
    sites: Sites,
    settle: f64,
    unsettled: f64,
}

impl<'a> Search<'a> {
    fn new(parts: &'a Parts, settings: &Settings) -> Self {
        let sites = Sites::new(parts.weights.len(), parts.count());
        // The log-evidence errs by the square of what the sites have still to move.
        Self { parts, sites, settle: (0.1 * settings.tolerance).min(1e-5), unsettled: 0.0 }
    }

    fn maxima(&self, state: &State, expected: &Expected) -> Vec<Maximum> {
        let places: Vec<_> = self.parts.places().collect();
        places
            .par_iter()
            .map(|&(dimension, item)| {
                let part = &self.parts.parts[dimension];
                let counts = ItemCounts::of(&part.responses, &expected.counts[dimension], item);
                let x = &state.items[dimension][item];
                maximize(&part.design.items[item], x, &counts, &part.design.settings.nodes)
            })
            .collect()
    }

    fn log_prior(&self, state: &State) -> f64 {
        let of = |(dimension, item): (usize, usize)| {
            let design = &self.parts.parts[dimension].design.items[item];
            design.priors.log_density(design.family, &state.items[dimension][item])
        };
        self.parts.places().map(of).sum()
    }
}

impl Slope for Search<'_> {
    type State = State;

    fn step(&mut self, state: &State) -> Step<State> {
        let tables = self.parts.tables(&state.items);
        let expected = Propagation::new(self.parts, &tables, &state.correlations)
            .expectation(&mut self.sites, self.settle);
        self.unsettled = expected.unsettled;
        let maxima = self.maxima(state, &expected);
        let rise = correlations::maximize(&state.correlations, &expected.moments, expected.people);
        let mut moves = Vec::new();
        let mut at_edge = Vec::new();
        let mut gradient = rise.gradient_at_start;
        let mut items: Vec<Vec<Vec<f64>>> = vec![Vec::new(); self.parts.count()];
        for ((dimension, item), maximum) in self.parts.places().zip(maxima) {
            let part = &self.parts.parts[dimension];
            let (design, old) = (&part.design.items[item], &state.items[dimension][item]);
            for index in free_coordinates(design, part.responses.categories(item)) {
                moves.push(maximum.x[index] - old[index]);
            }
            if maximum.at_edge {
                at_edge.push(part.items[item]);
            }
            gradient = f64::max(gradient, maximum.gradient_at_start);
            items[dimension].push(maximum.x);
        }
        correlations::for_each_pair(self.parts.count(), |row, column| {
            moves.push(rise.matrix.get(row, column) - state.correlations.get(row, column));
        });
        Step {
            log_posterior: expected.log_evidence + self.log_prior(state),
            log_likelihood: expected.log_evidence,
            gradient_norm: gradient,
            next: State { items, correlations: rise.matrix },
            moves,
            at_edge,
        }
    }

    fn moved(&self, state: &State, moves: &[f64]) -> Option<State> {
        let mut next = state.clone();
        let mut moves = moves.iter();
        for (dimension, item) in self.parts.places() {
            let part = &self.parts.parts[dimension];
            let categories = part.responses.categories(item);
            let x = &mut next.items[dimension][item];
            move_item(&part.design.items[item], x, categories, &mut moves)?;
        }
        correlations::for_each_pair(self.parts.count(), |row, column| {
            let value = next.correlations.get(row, column) + moves.next().unwrap_or(&f64::NAN);
            next.correlations.set(row, column, value);
        });
        correlations::is_inside(&next.correlations).then_some(next)
    }
}
