//! The one scale on which level, profile and path are drawn: from where to where, and where its
//! bands end. Knows no pixels and no characters: a place on it is a share from 0 to 1.

use super::model::Report;
use super::words;

/// Shown at least from minus this to this: 99.7 of 100 people of the population lie in it.
const HALF_WIDTH_MIN: f64 = 3.0;
/// Never shown beyond: estimates do not leave the engine's grid.
const HALF_WIDTH_MAX: f64 = 6.0;

/// A scale with two ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    /// Left end.
    pub lo: f64,
    /// Right end.
    pub hi: f64,
}

impl Scale {
    /// A symmetric scale on which level and profile fit.
    pub fn of(report: &Report) -> Self {
        let topics = report.profile.iter().map(|topic| (topic.lo90, topic.hi90));
        let most = topics
            .chain([(report.level.lo90, report.level.hi90)])
            .map(|(lo, hi)| lo.abs().max(hi.abs()))
            .fold(HALF_WIDTH_MIN, f64::max);
        let half = (libm::ceil(most * 2.0) / 2.0).min(HALF_WIDTH_MAX);
        Self { lo: -half, hi: half }
    }

    /// A scale for the path of the estimate: its bands and the boundaries, no more, so that the
    /// path fills its picture.
    pub fn of_path(report: &Report) -> Self {
        let path = report.session.items.iter().map(|item| (item.theta, item.se));
        let start = (report.session.start.theta, report.session.start.se);
        let bands = path.chain([start]).map(|(theta, se)| words::interval90(theta, se));
        let cuts = report.level.cuts.iter().map(|cut| (cut.theta, cut.theta));
        let (lo, hi) = bands
            .chain(cuts)
            .fold((-1.0_f64, 1.0_f64), |(lo, hi), (from, to)| (lo.min(from), hi.max(to)));
        Self {
            lo: (libm::floor(lo * 2.0) / 2.0).max(-HALF_WIDTH_MAX),
            hi: (libm::ceil(hi * 2.0) / 2.0).min(HALF_WIDTH_MAX),
        }
    }

    /// Where a value lies, from 0 at the left end to 1 at the right.
    pub fn share(&self, value: f64) -> f64 {
        ((value - self.lo) / (self.hi - self.lo)).clamp(0.0, 1.0)
    }

    /// The whole numbers on the scale.
    pub fn ticks(&self) -> Vec<f64> {
        let first = libm::ceil(self.lo) as i32;
        let last = libm::floor(self.hi) as i32;
        (first..=last).map(f64::from).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_its_share_and_the_ends_hold() {
        // Goal: places on the scale; method: the ends, the middle, and values beyond the ends.
        let scale = Scale { lo: -3.0, hi: 3.0 };
        assert_eq!([-3.0, 0.0, 3.0].map(|v| scale.share(v)), [0.0, 0.5, 1.0]);
        assert_eq!([-9.0, 9.0].map(|v| scale.share(v)), [0.0, 1.0]);
        assert_eq!(scale.ticks(), [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]);
    }
}
