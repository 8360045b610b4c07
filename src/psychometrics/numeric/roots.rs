//! Root finding on a bracket. A root finder here never leaves its bracket, always ends, and says
//! what was wrong with the bracket it was given.

use thiserror::Error;

use super::tolerance::ROOT_ITERATIONS_MAX;

/// Why a root was not found.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum RootError {
    /// The function has the same sign at both ends.
    #[error("no sign change between {lo} (value {at_lo}) and {hi} (value {at_hi})")]
    NoSignChange {
        /// The lower end.
        lo: f64,
        /// The upper end.
        hi: f64,
        /// The value at the lower end.
        at_lo: f64,
        /// The value at the upper end.
        at_hi: f64,
    },
    /// The bracket did not become small enough.
    #[error("the bracket is still {width} wide after {iterations} steps")]
    NotConverged {
        /// The width of the last bracket.
        width: f64,
        /// The steps taken.
        iterations: usize,
    },
}

/// A root of a continuous f in [lo, hi], where f(lo) and f(hi) differ in sign: Brent's method
/// (Brent, 1973, *Algorithms for Minimization Without Derivatives*, ch. 4): inverse quadratic or
/// secant steps while they shrink the bracket well, bisection otherwise. The last bracket is at
/// most `tolerance` wide, beyond the spacing of doubles.
///
/// # Errors
/// No sign change (a zero at an end counts as one), or more than the allowed steps, which a
/// function with NaN values can cause.
///
/// ```
/// use gradus::psychometrics::numeric::roots::brent;
/// let root = brent(|x| x * x - 2.0, 0.0, 2.0, 1e-12)?;
/// assert!((root - 2.0_f64.sqrt()).abs() < 1e-12);
/// # Ok::<(), gradus::psychometrics::numeric::roots::RootError>(())
/// ```
pub fn brent(
    mut f: impl FnMut(f64) -> f64,
    lo: f64,
    hi: f64,
    tolerance: f64,
) -> Result<f64, RootError> {
    let (at_lo, at_hi) = (f(lo), f(hi));
    let no_change = at_lo.is_nan() || at_hi.is_nan() || (at_lo > 0.0) == (at_hi > 0.0);
    if no_change && at_lo != 0.0 && at_hi != 0.0 {
        return Err(RootError::NoSignChange { lo, hi, at_lo, at_hi });
    }
    let mut bracket = Bracket::new(lo, at_lo, hi, at_hi);
    for _ in 0..ROOT_ITERATIONS_MAX {
        bracket.order();
        let width = bracket.opposite - bracket.best;
        let enough = 0.5 * tolerance + 2.0 * f64::EPSILON * bracket.best.abs();
        if bracket.at_best == 0.0 || (0.5 * width).abs() <= enough {
            return Ok(bracket.best);
        }
        let next = bracket.next(enough);
        let at_next = f(next);
        bracket.shrink(next, at_next);
    }
    let width = (bracket.opposite - bracket.best).abs();
    Err(RootError::NotConverged { width, iterations: ROOT_ITERATIONS_MAX })
}

/// Brent's state: the best point, the point before it, and the opposite end of the bracket.
struct Bracket {
    best: f64,
    at_best: f64,
    previous: f64,
    at_previous: f64,
    opposite: f64,
    at_opposite: f64,
    step: f64,
    step_before: f64,
}

impl Bracket {
    fn new(lo: f64, at_lo: f64, hi: f64, at_hi: f64) -> Self {
        Self {
            best: hi,
            at_best: at_hi,
            previous: lo,
            at_previous: at_lo,
            opposite: lo,
            at_opposite: at_lo,
            step: hi - lo,
            step_before: hi - lo,
        }
    }

    /// Makes `opposite` the end across the root and `best` the end with the smaller value.
    fn order(&mut self) {
        if (self.at_best > 0.0) == (self.at_opposite > 0.0) {
            self.opposite = self.previous;
            self.at_opposite = self.at_previous;
            self.step = self.best - self.previous;
            self.step_before = self.step;
        }
        if self.at_opposite.abs() < self.at_best.abs() {
            self.previous = self.best;
            self.at_previous = self.at_best;
            self.best = self.opposite;
            self.at_best = self.at_opposite;
            self.opposite = self.previous;
            self.at_opposite = self.at_previous;
        }
    }

    /// The next point to try: interpolated when that promises to at least halve the step before
    /// the last and stays inside, else the middle.
    fn next(&mut self, step_min: f64) -> f64 {
        let half = 0.5 * (self.opposite - self.best);
        let mut step = half;
        let mut step_before = half;
        if self.step_before.abs() >= step_min && self.at_previous.abs() > self.at_best.abs() {
            let (numerator, denominator) = self.interpolation(half);
            let inside = 3.0 * half * denominator - (step_min * denominator).abs();
            let halving = (self.step_before * denominator).abs();
            if 2.0 * numerator < inside.min(halving) {
                step = numerator / denominator;
                step_before = self.step;
            }
        }
        self.step = step;
        self.step_before = step_before;
        if step.abs() > step_min { self.best + step } else { self.best + step_min.copysign(half) }
    }

    /// Numerator (made non-negative) and denominator of the interpolated step.
    fn interpolation(&self, half: f64) -> (f64, f64) {
        let s = self.at_best / self.at_previous;
        let (numerator, denominator) = if self.previous == self.opposite {
            (2.0 * half * s, 1.0 - s)
        } else {
            let q = self.at_previous / self.at_opposite;
            let r = self.at_best / self.at_opposite;
            let across = 2.0 * half * q * (q - r);
            let along = (self.best - self.previous) * (r - 1.0);
            (s * (across - along), (q - 1.0) * (r - 1.0) * (s - 1.0))
        };
        if numerator > 0.0 { (numerator, -denominator) } else { (-numerator, denominator) }
    }

    fn shrink(&mut self, point: f64, value: f64) {
        self.previous = self.best;
        self.at_previous = self.at_best;
        self.best = point;
        self.at_best = value;
    }
}

/// Brackets of the maxima of a function from its slopes on ascending points: from a positive
/// slope to the next negative one. Points where the slope is exactly zero belong to the bracket
/// around them, and a slope that has underflowed to zero up to an end makes none.
///
/// ```
/// use gradus::psychometrics::numeric::roots::falling_brackets;
/// let points = [-2.0, -0.5, 0.5, 2.0];
/// assert_eq!(falling_brackets(&points, &points.map(|x| -x)), vec![(-0.5, 0.5)]);
/// assert_eq!(falling_brackets(&[0.0, 1.0, 2.0], &[1.0, 0.0, -1.0]), vec![(0.0, 2.0)]);
/// assert_eq!(falling_brackets(&[0.0, 1.0, 2.0], &[1.0, 0.0, 0.0]), vec![]);
/// ```
pub fn falling_brackets(points: &[f64], slopes: &[f64]) -> Vec<(f64, f64)> {
    debug_assert_eq!(points.len(), slopes.len());
    let mut brackets = Vec::new();
    let mut rising_at: Option<f64> = None;
    for (&point, &slope) in points.iter().zip(slopes) {
        if slope > 0.0 {
            rising_at = Some(point);
        } else if slope < 0.0
            && let Some(left) = rising_at.take()
        {
            brackets.push((left, point));
        }
    }
    brackets
}

/// The point of [lo, hi] where f is smallest, if f has one minimum there: golden sections, sixty
/// of them, which shrink any interval of abilities to the spacing of doubles around a minimum.
///
/// ```
/// use gradus::psychometrics::numeric::roots::golden_minimum;
/// let x = golden_minimum(|x| (x - 0.3) * (x - 0.3), -1.0, 2.0);
/// assert!((x - 0.3).abs() < 1e-7);
/// ```
pub fn golden_minimum(mut f: impl FnMut(f64) -> f64, lo: f64, hi: f64) -> f64 {
    /// (√5 − 1)/2.
    const GOLDEN: f64 = 0.618_033_988_749_894_8;
    let (mut left, mut right) = (lo, hi);
    let (mut inner, mut outer) = (right - GOLDEN * (right - left), left + GOLDEN * (right - left));
    let (mut at_inner, mut at_outer) = (f(inner), f(outer));
    for _ in 0..60 {
        if at_inner <= at_outer {
            right = outer;
            (outer, at_outer) = (inner, at_inner);
            inner = right - GOLDEN * (right - left);
            at_inner = f(inner);
        } else {
            left = inner;
            (inner, at_inner) = (outer, at_outer);
            outer = left + GOLDEN * (right - left);
            at_outer = f(outer);
        }
    }
    if at_inner <= at_outer { inner } else { outer }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hard_functions_are_solved() {
        // Goal: the method survives flat, steep and discontinuous slopes. Method: functions with
        // known roots that defeat plain Newton or secant steps.
        type Case = (fn(f64) -> f64, f64);
        let cases: [Case; 4] = [
            (|x| libm::tanh(1e3 * (x - 0.123)), 0.123),
            (|x| (x - 0.5) * (x - 0.5) * (x - 0.5), 0.5),
            (|x| if x < 0.75 { -1.0 } else { 1e-9 }, 0.75),
            (|x| libm::exp(-50.0 * x) - 1e-3, 0.138_155_105_579_642_74),
        ];
        for (f, expected) in cases {
            let root = brent(f, -1.0, 2.0, 1e-10).unwrap();
            assert!((root - expected).abs() <= 1e-10, "{root} for {expected}");
        }
    }

    #[test]
    fn a_bracket_without_a_sign_change_is_refused() {
        // Goal: no silent wrong root. Method: a positive function, NaN, and a zero at an end.
        assert!(matches!(brent(|_| 1.0, 0.0, 1.0, 1e-9), Err(RootError::NoSignChange { .. })));
        assert!(brent(|_| f64::NAN, 0.0, 1.0, 1e-9).is_err());
        assert_eq!(brent(|x| x, 0.0, 1.0, 1e-9), Ok(0.0));
        assert_eq!(brent(|x| x - 1.0, 0.0, 1.0, 1e-9), Ok(1.0));
    }

    proptest! {
        #[test]
        fn cubic_roots_are_recovered(root in -5.0f64..5.0, scale in 1e-6f64..1e6) {
            // Goal: the tolerance is kept for any scale of the values. Method: random cubics
            // with one real root.
            let f = |x: f64| scale * (x - root) * (1.0 + (x + 1.0) * (x + 1.0));
            let found = brent(f, -6.0, 6.0, 1e-10).unwrap();
            prop_assert!((found - root).abs() <= 1e-10);
        }
    }
}
