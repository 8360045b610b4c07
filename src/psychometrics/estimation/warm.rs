//! Warm's weighted likelihood estimate. Never uses half the log information in its place, which
//! is the same only without asymptotes.

use super::Estimate;
use super::likelihood::{Answer, information, warm_function};
use super::maximum_likelihood::{Search, highest};
use crate::psychometrics::numeric::sums::blocked_sum_by;

/// Intervals of Simpson's rule between two maxima; only their order matters.
const SIMPSON_INTERVALS: usize = 128;

/// The falling root of Warm's function ℓ′ + J/(2I). Its objective, of which there is no closed
/// form, is the integral of that function.
pub(super) fn estimate(answers: &[Answer<'_>], search: &Search) -> Estimate {
    let slopes = search.slopes(|theta| warm_function(answers, theta));
    from_slopes(answers, search, &slopes)
}

/// The same with Warm's function already known on the points of the search.
pub(super) fn from_slopes(answers: &[Answer<'_>], search: &Search, slopes: &[f64]) -> Estimate {
    let function = |theta| warm_function(answers, theta);
    let maxima = search.maxima(slopes, function);
    let interior = highest_by_integral(&maxima, function);
    let range = search.range();
    let bound = || if integral(function, range.lo, range.hi) > 0.0 { range.hi } else { range.lo };
    let theta = interior.unwrap_or_else(bound);
    let standard_error = 1.0 / information(answers, theta).sqrt();
    Estimate { theta, standard_error, bounded: interior.is_none() }
}

fn highest_by_integral(maxima: &[f64], function: impl Fn(f64) -> f64) -> Option<f64> {
    let first = *maxima.first()?;
    if maxima.len() == 1 {
        return Some(first);
    }
    highest(maxima, |theta| integral(&function, first, theta))
}

/// ∫ f from lo to hi by Simpson's rule.
fn integral(f: impl Fn(f64) -> f64, lo: f64, hi: f64) -> f64 {
    let step = (hi - lo) / SIMPSON_INTERVALS as f64;
    let sum = blocked_sum_by(SIMPSON_INTERVALS + 1, |i| {
        let weight = match i {
            0 | SIMPSON_INTERVALS => 1.0,
            odd if odd % 2 == 1 => 4.0,
            _ => 2.0,
        };
        weight * f(lo + step * i as f64)
    });
    sum * step / 3.0
}
