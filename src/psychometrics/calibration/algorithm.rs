//! The EM algorithm for one ability: where it begins, and its plain step. Decides nothing about
//! what is worth estimating.

use rayon::prelude::*;

use super::climb::{Convergence, Slope, Step, Summit, climb};
use super::expectation::{Expectation, Table, Tables};
use super::maximization::{ItemCounts, free_coordinates, maximize, slope_allowed};
use super::{CalibrationError, Design, ItemDesign, Latent, LatentShape, Responses};

/// A calibration's result.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Each item's coordinates; see [`Family`](super::Family).
    pub items: Vec<Vec<f64>>,
    /// Each group's ability.
    pub latent: Vec<Latent>,
    /// ln L, marginal, without the priors.
    pub log_likelihood: f64,
    /// ln L plus ln of the priors' density, constants included.
    pub log_posterior: f64,
    /// EM steps made.
    pub iterations: usize,
    /// How it ended.
    pub convergence: Convergence,
    /// The largest |∂ log-posterior/∂ coordinate| at the result.
    pub gradient_norm: f64,
    /// The largest move of a coordinate in the last plain EM step.
    pub last_step: f64,
    /// Items with a coordinate at the edge of the box.
    pub at_edge: Vec<usize>,
}

/// What is told while it runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// EM steps made.
    pub iteration: usize,
    /// The log-posterior before the last step.
    pub log_posterior: f64,
    /// The largest move of a coordinate in the last step.
    pub step: f64,
}

/// A point of the search.
#[derive(Debug, Clone)]
struct State {
    items: Vec<Vec<f64>>,
    latent: Vec<Latent>,
}

/// Estimates a design from answers. `watch` is told after every step and returns whether to go
/// on; stopped, the result says [`Convergence::IterationLimit`].
///
/// # Errors
/// A design that does not fit the answers; an item all of whose answers are the same.
pub fn calibrate(
    responses: &Responses,
    design: &Design,
    watch: &mut dyn FnMut(Progress) -> bool,
) -> Result<Fit, CalibrationError> {
    let state = start(responses, design)?;
    let mut search = Search { responses, design };
    let Summit { state, here, iterations, convergence, last_step } =
        climb(&mut search, &design.settings, state, watch);
    Ok(Fit {
        items: state.items,
        latent: state.latent,
        log_likelihood: here.log_likelihood,
        log_posterior: here.log_posterior,
        iterations,
        convergence,
        gradient_norm: here.gradient_norm,
        last_step,
        at_edge: here.at_edge,
    })
}

/// Validates the design and finds where to begin.
fn start(responses: &Responses, design: &Design) -> Result<State, CalibrationError> {
    let (wanted, there) = (design.items.len(), responses.items());
    if wanted != there {
        return Err(CalibrationError::Items { design: wanted, responses: there });
    }
    if design.groups.len() != responses.group_count() {
        let (design, responses) = (design.groups.len(), responses.group_count());
        return Err(CalibrationError::Groups { design, responses });
    }
    let counts = responses.category_counts();
    let items = design
        .items
        .iter()
        .zip(&counts)
        .enumerate()
        .map(|(item, (design, counts))| start_item(item, design, counts))
        .collect::<Result<_, _>>()?;
    let nodes = &design.settings.nodes;
    let latent = design.groups.iter().map(|_| Latent::normal(nodes, 0.0, 1.0)).collect();
    Ok(State { items, latent })
}

fn start_item(
    item: usize,
    design: &ItemDesign,
    counts: &[f64],
) -> Result<Vec<f64>, CalibrationError> {
    let categories = counts.len();
    if design.family.is_logistic() && categories > 2 {
        return Err(CalibrationError::Categories { item, categories });
    }
    let expected = design.family.size(categories);
    for x in [&design.anchored, &design.start].into_iter().flatten() {
        if x.len() != expected {
            return Err(CalibrationError::Coordinates { item, found: x.len(), expected });
        }
    }
    let total: f64 = counts.iter().sum();
    let estimable = design.anchored.is_some() || design.priors.b.is_some();
    if !estimable && counts.iter().filter(|count| **count > 0.0).count() < 2 {
        return Err(CalibrationError::Constant { item });
    }
    if let Some(x) = design.anchored.as_ref().or(design.start.as_ref()) {
        return Ok(x.clone());
    }
    // Half a person more in each category keeps the starting logits finite.
    let shares: Vec<f64> =
        counts.iter().map(|count| (count + 0.5) / (total + 0.5 * categories as f64)).collect();
    Ok(design.family.start(&shares, &design.priors))
}

/// The cells' ln P at the nodes.
pub(super) fn cell_table(responses: &Responses, design: &Design, items: &[Vec<f64>]) -> Table {
    let nodes = &design.settings.nodes;
    let mut table = Table::zeros(responses.cell_count(), nodes.len());
    for (item, x) in items.iter().enumerate() {
        let mut log_p = vec![0.0; responses.categories(item)];
        for (q, &theta) in nodes.points().iter().enumerate() {
            design.items[item].family.log_probabilities(x, theta, &mut log_p);
            for (k, value) in log_p.iter().enumerate() {
                table.row_mut(responses.first_cell(item) + k)[q] = *value;
            }
        }
    }
    table
}

struct Search<'a> {
    responses: &'a Responses,
    design: &'a Design,
}

/// Moves an item's free coordinates, if that leaves an item.
pub(super) fn move_item<'a>(
    design: &ItemDesign,
    x: &mut [f64],
    categories: usize,
    moves: &mut impl Iterator<Item = &'a f64>,
) -> Option<()> {
    for index in free_coordinates(design, categories) {
        x[index] += moves.next()?;
    }
    let clamped = design.family.clamp(x, categories);
    let stays = !clamped && design.family.is_valid(x) && slope_allowed(&design.priors, x);
    stays.then_some(())
}

impl Slope for Search<'_> {
    type State = State;

    /// The state after moves of the free coordinates, if they describe items.
    fn moved(&self, state: &State, moves: &[f64]) -> Option<State> {
        let mut next = state.clone();
        let mut moves = moves.iter();
        for (item, x) in next.items.iter_mut().enumerate() {
            move_item(&self.design.items[item], x, self.responses.categories(item), &mut moves)?;
        }
        if self.design.shape == LatentShape::Normal {
            for (latent, design) in next.latent.iter_mut().zip(&self.design.groups) {
                let (mut mean, mut sd) = (latent.mean, latent.sd);
                if design.free_mean {
                    mean += moves.next()?;
                }
                if design.free_variance {
                    sd *= libm::exp(*moves.next()?);
                }
                *latent = Latent::normal(&self.design.settings.nodes, mean, sd);
            }
        }
        Some(next)
    }

    /// One plain EM step.
    fn step(&mut self, state: &State) -> Step<State> {
        let nodes = &self.design.settings.nodes;
        let cells = cell_table(self.responses, self.design, &state.items);
        let expected = Tables::new(self.responses, &cells, &state.latent, nodes).expectation();
        let (responses, designs) = (self.responses, &self.design.items);
        let maxima: Vec<_> = (0..state.items.len())
            .into_par_iter()
            .map(|item| {
                let counts = ItemCounts::of(responses, &expected.counts, item);
                maximize(&designs[item], &state.items[item], &counts, nodes)
            })
            .collect();
        let latent = self.next_latent(state, &expected);
        let mut moves = Vec::new();
        for (item, maximum) in maxima.iter().enumerate() {
            let categories = self.responses.categories(item);
            for index in free_coordinates(&self.design.items[item], categories) {
                moves.push(maximum.x[index] - state.items[item][index]);
            }
        }
        self.latent_moves(&state.latent, &latent, &mut moves);
        let log_prior: f64 = self
            .design
            .items
            .iter()
            .zip(&state.items)
            .map(|(design, x)| design.priors.log_density(design.family, x))
            .sum();
        Step {
            log_posterior: expected.log_likelihood + log_prior,
            log_likelihood: expected.log_likelihood,
            gradient_norm: maxima.iter().fold(0.0, |most, m| f64::max(most, m.gradient_at_start)),
            moves,
            at_edge: (0..maxima.len()).filter(|&item| maxima[item].at_edge).collect(),
            next: State { items: maxima.into_iter().map(|m| m.x).collect(), latent },
        }
    }
}

impl Search<'_> {
    fn next_latent(&self, state: &State, expected: &Expectation) -> Vec<Latent> {
        let nodes = &self.design.settings.nodes;
        state
            .latent
            .iter()
            .zip(&self.design.groups)
            .enumerate()
            .map(|(group, (latent, design))| {
                latent.update(nodes, expected.mass.row(group), *design, self.design.shape)
            })
            .collect()
    }

    fn latent_moves(&self, old: &[Latent], new: &[Latent], moves: &mut Vec<f64>) {
        for ((old, new), design) in old.iter().zip(new).zip(&self.design.groups) {
            if design.free_mean {
                moves.push(new.mean - old.mean);
            }
            if design.free_variance {
                moves.push(libm::log(new.sd / old.sd));
            }
        }
    }
}
