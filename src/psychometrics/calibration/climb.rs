//! The climb to a maximum by a map whose plain steps rise, such as an EM step: squared
//! extrapolation, guarded so that the log-posterior never falls, and an honest account of how it
//! ended. Knows nothing of items or people.

use super::{Progress, Settings};

/// How a calibration ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Convergence {
    /// A plain EM step moves no coordinate by more than the tolerance.
    Converged,
    /// The most steps were made before that.
    IterationLimit,
    /// The log-posterior no longer rises, yet coordinates still move.
    Stalled,
    /// Coordinates grew to the edge of what the algorithm works in: some parameters do not exist
    /// in these data.
    Diverging,
}

/// A plain step from a state: what was found there, and the next state.
pub(super) struct Step<S> {
    pub log_posterior: f64,
    pub log_likelihood: f64,
    pub gradient_norm: f64,
    pub next: S,
    /// The free coordinates' moves.
    pub moves: Vec<f64>,
    pub at_edge: Vec<usize>,
}

impl<S> Step<S> {
    fn longest(&self) -> f64 {
        longest(&self.moves)
    }
}

pub(super) fn longest(moves: &[f64]) -> f64 {
    moves.iter().fold(0.0, |most: f64, value| most.max(value.abs()))
}

/// What can be climbed.
pub(super) trait Slope {
    /// A point of the search.
    type State: Clone;

    /// A plain step.
    fn step(&mut self, state: &Self::State) -> Step<Self::State>;

    /// The state after moves of the free coordinates, if it is one of the model.
    fn moved(&self, state: &Self::State, moves: &[f64]) -> Option<Self::State>;
}

/// Where a climb ended.
pub(super) struct Summit<S> {
    pub state: S,
    /// The state evaluated.
    pub here: Step<S>,
    pub iterations: usize,
    pub convergence: Convergence,
    /// The largest move of a coordinate in the last plain step.
    pub last_step: f64,
}

/// Cycles without a rise after which the search is called stalled.
const CYCLES_WITHOUT_RISE: usize = 50;
/// Plain steps before the first extrapolation: far from the maximum EM moves well by itself.
const PLAIN_STEPS: usize = 3;

/// Climbs from a start. `watch` is told after every step and returns whether to go on; stopped,
/// the result says [`Convergence::IterationLimit`].
pub(super) fn climb<C: Slope>(
    slope: &mut C,
    settings: &Settings,
    start: C::State,
    watch: &mut dyn FnMut(Progress) -> bool,
) -> Summit<C::State> {
    Climb { slope, settings, watch, iterations: 0 }.run(start)
}

struct Climb<'a, C> {
    slope: &'a mut C,
    settings: &'a Settings,
    watch: &'a mut dyn FnMut(Progress) -> bool,
    iterations: usize,
}

impl<C: Slope> Climb<'_, C> {
    /// Cycles of two plain steps and an extrapolation (SQUAREM, scheme S3: Varadhan & Roland,
    /// 2008, *Scand. J. Stat.* 35, eq. 9): with r = F(x) − x and v = F(F(x)) − F(x) − r,
    /// x ← x + 2s r + s² v, s = |r|/|v|; where that is worse than F(F(x)), the latter.
    fn run(&mut self, start: C::State) -> Summit<C::State> {
        let mut state = start;
        let mut fallback: Option<(C::State, f64)> = None;
        let (mut best, mut without_rise) = (f64::NEG_INFINITY, 0);
        loop {
            let mut first = self.step(&state);
            if let Some((plain, reached)) = fallback.take()
                && first.log_posterior < reached - 1e-12 * reached.abs()
            {
                state = plain;
                first = self.step(&state);
            }
            if let Some(end) = self.end_of(&first) {
                return self.finish(first, end);
            }
            if first.log_posterior > best + 1e-13 * best.abs() {
                (best, without_rise) = (first.log_posterior, 0);
            } else {
                without_rise += 1;
                if without_rise >= CYCLES_WITHOUT_RISE {
                    return self.finish(first, Convergence::Stalled);
                }
            }
            if !self.settings.accelerate || self.iterations <= PLAIN_STEPS {
                state = first.next;
                continue;
            }
            let second = self.step(&first.next);
            if let Some(end) = self.end_of(&second) {
                return self.finish(second, end);
            }
            let (next, extrapolated) = self.extrapolate(&state, &first, &second);
            fallback = extrapolated.then(|| (second.next.clone(), second.log_posterior));
            state = next;
        }
    }

    fn step(&mut self, state: &C::State) -> Step<C::State> {
        self.iterations += 1;
        self.slope.step(state)
    }

    /// How a search ends at this step, if it does.
    fn end_of(&mut self, step: &Step<C::State>) -> Option<Convergence> {
        let progress = Progress {
            iteration: self.iterations,
            log_posterior: step.log_posterior,
            step: step.longest(),
        };
        let go_on = (self.watch)(progress);
        if step.longest() <= self.settings.tolerance {
            let edge = !step.at_edge.is_empty();
            Some(if edge { Convergence::Diverging } else { Convergence::Converged })
        } else if !go_on || self.iterations >= self.settings.iterations_max {
            Some(Convergence::IterationLimit)
        } else {
            None
        }
    }

    fn extrapolate(
        &self,
        state: &C::State,
        first: &Step<C::State>,
        second: &Step<C::State>,
    ) -> (C::State, bool) {
        let (r, after) = (&first.moves, &second.moves);
        let norm =
            |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
        let length = norm(&mut r.iter().copied());
        let change = norm(&mut r.iter().zip(after).map(|(r, next)| next - r));
        let s = length / change;
        if !s.is_finite() || s <= 1.0 {
            return (second.next.clone(), false);
        }
        let moves: Vec<f64> =
            r.iter().zip(after).map(|(r, next)| 2.0 * s * r + s * s * (next - r)).collect();
        match self.slope.moved(state, &moves) {
            Some(next) => (next, true),
            None => (second.next.clone(), false),
        }
    }

    /// The result at the state after the last step, evaluated there.
    fn finish(&mut self, last: Step<C::State>, convergence: Convergence) -> Summit<C::State> {
        let last_step = last.longest();
        let iterations = self.iterations;
        let here = self.step(&last.next);
        Summit { state: last.next, here, iterations, convergence, last_step }
    }
}
