//! Maximum likelihood, and the search for the best interior maximum that all modal estimators
//! share. Never returns a saddle or a minimum; a maximum that is not inside is reported as a bound.

use super::likelihood::{Answer, information, log_likelihood, log_likelihood_slope};
use super::{Estimate, Range};
use crate::psychometrics::numeric::roots::{brent, falling_brackets, golden_minimum};
use crate::psychometrics::numeric::tolerance::ROOT;

/// Distance of the points on which slopes are looked at. Likelihoods of items with slopes up to 5
/// bend on a scale of .2; dips between two points are looked for besides.
const SCAN_STEP: f64 = 0.05;
/// Most intervals of a scan, for ranges far wider than any ability scale.
const SCAN_INTERVALS_MAX: f64 = 4_000.0;

/// The points of a range on which slopes are looked at for maxima.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Search {
    range: Range,
    points: Vec<f64>,
}

impl Search {
    pub fn new(range: Range) -> Self {
        let width = range.hi - range.lo;
        let intervals = (width / SCAN_STEP).ceil().clamp(2.0, SCAN_INTERVALS_MAX);
        let mut points: Vec<f64> =
            (0..=intervals as usize).map(|i| range.lo + width * i as f64 / intervals).collect();
        if let Some(last) = points.last_mut() {
            *last = range.hi;
        }
        Self { range, points }
    }

    pub fn range(&self) -> Range {
        self.range
    }

    pub fn points(&self) -> &[f64] {
        &self.points
    }

    /// Slopes on all points.
    pub fn slopes(&self, slope: impl Fn(f64) -> f64) -> Vec<f64> {
        self.points.iter().map(|&theta| slope(theta)).collect()
    }

    /// All interior maxima, ascending, of a function given by its slope.
    pub fn maxima(&self, slopes: &[f64], slope: impl Fn(f64) -> f64) -> Vec<f64> {
        let mut points = self.points.clone();
        let mut values = slopes.to_vec();
        for (theta, value) in self.hidden_dips(slopes, &slope) {
            let at = points.partition_point(|&point| point < theta);
            points.insert(at, theta);
            values.insert(at, value);
        }
        falling_brackets(&points, &values)
            .into_iter()
            .filter_map(|(lo, hi)| brent(&slope, lo, hi, ROOT).ok())
            .collect()
    }

    /// Points between neighbours of the scan at which the slope has the other sign: a maximum and
    /// a minimum so close that the scan stepped over both. They can only lie where the size of
    /// the slope is smallest among its neighbours.
    fn hidden_dips(&self, slopes: &[f64], slope: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        let mut dips = Vec::new();
        for middle in 1..slopes.len() - 1 {
            let [left, here, right] = [slopes[middle - 1], slopes[middle], slopes[middle + 1]];
            let sign = if here > 0.0 { 1.0 } else { -1.0 };
            let candidate = here != 0.0
                && sign * here <= sign * left
                && sign * here <= sign * right
                && sign * left > 0.0
                && sign * right > 0.0;
            if candidate {
                let (lo, hi) = (self.points[middle - 1], self.points[middle + 1]);
                let theta = golden_minimum(|theta| sign * slope(theta), lo, hi);
                let value = slope(theta);
                if sign * value < 0.0 {
                    dips.push((theta, value));
                }
            }
        }
        dips
    }
}

/// The maximum for which `objective` is largest, the lower one of equals.
pub(super) fn highest(maxima: &[f64], objective: impl Fn(f64) -> f64) -> Option<f64> {
    let mut best: Option<(f64, f64)> = None;
    for &theta in maxima {
        let value = objective(theta);
        if best.is_none_or(|(_, highest)| value > highest) {
            best = Some((theta, value));
        }
    }
    best.map(|(theta, _)| theta)
}

/// The bound at which `objective` is larger, the lower one of equals.
pub(super) fn higher_bound(range: Range, objective: impl Fn(f64) -> f64) -> f64 {
    if objective(range.hi) > objective(range.lo) { range.hi } else { range.lo }
}

/// The maximum of a concave function given by its slope: one root, if the ends bracket it.
pub(super) fn concave_maximum(range: Range, slope: impl Fn(f64) -> f64) -> Option<f64> {
    let inside = slope(range.lo) > 0.0 && slope(range.hi) < 0.0;
    if inside { brent(slope, range.lo, range.hi, ROOT).ok() } else { None }
}

/// Whether the likelihood of these answers has at most one maximum.
pub(super) fn is_concave(answers: &[Answer<'_>]) -> bool {
    answers.iter().all(|answer| answer.model().is_log_concave())
}

/// The maximum likelihood estimate: of several interior maxima the one with the highest
/// likelihood, which also wins over a higher value at a bound; the higher bound if there is none.
pub(super) fn estimate(answers: &[Answer<'_>], search: &Search) -> Estimate {
    let slope = |theta| log_likelihood_slope(answers, theta);
    if is_concave(answers) {
        return finish(answers, search.range, concave_maximum(search.range, slope));
    }
    let maxima = search.maxima(&search.slopes(slope), slope);
    finish(answers, search.range, highest(&maxima, |theta| log_likelihood(answers, theta)))
}

/// Standard error 1/√I(θ) at the interior maximum, or at the higher bound.
pub(super) fn finish(answers: &[Answer<'_>], range: Range, interior: Option<f64>) -> Estimate {
    let bound = || higher_bound(range, |theta| log_likelihood(answers, theta));
    let theta = interior.unwrap_or_else(bound);
    let standard_error = 1.0 / information(answers, theta).sqrt();
    Estimate { theta, standard_error, bounded: interior.is_none() }
}
