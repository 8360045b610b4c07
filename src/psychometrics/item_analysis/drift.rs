//! Has an item changed since it was calibrated? Cumulative sums of residuals for items in use, and
//! comparison of two calibrations of the same items. Raises flags with numbers; never decides
//! what becomes of an item.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::numeric::quadrature::gauss_hermite_15;

/// A two-sided cumulative sum of standardised values (Page, 1954, *Biometrika* 41, 100–115):
/// S⁺ ← max(0, S⁺ + z − k), S⁻ ← max(0, S⁻ − z − k); an alarm when one of them passes h.
///
/// ```
/// use gradus::psychometrics::item_analysis::{Cusum, Direction};
/// let mut sum = Cusum::quick();
/// // A steady shift of 1.5 standard errors adds 1.5 − .5 a batch and passes 7.4 in the eighth.
/// let alarms: Vec<Option<Direction>> = (0..8).map(|_| sum.push(1.5)).collect();
/// assert!(alarms[..7].iter().all(Option::is_none));
/// assert_eq!(alarms[7], Some(Direction::Easier));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cusum {
    reference: f64,
    limit: f64,
    up: f64,
    down: f64,
}

/// Which way an item moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// More is scored than the parameters say: known, or leaked.
    Easier,
    /// Less is scored than the parameters say: outdated, or miskeyed.
    Harder,
}

impl Cusum {
    /// With a reference value k and a limit h, both in standard errors of a batch.
    pub fn new(reference: f64, limit: f64) -> Self {
        Self { reference, limit, up: 0.0, down: 0.0 }
    }

    /// k = .25, h = 13.1: for shifts of half a standard error. Without a shift each side alarms
    /// once in about 10,000 batches (Siegmund, 1985, *Sequential Analysis*, eq. 2.57:
    /// (e^{2k(h + 1.166)} − 2k(h + 1.166) − 1)/(2k²)).
    pub fn patient() -> Self {
        Self::new(0.25, 13.1)
    }

    /// k = .5, h = 7.4: for shifts of a whole standard error; the same rate of false alarms.
    pub fn quick() -> Self {
        Self::new(0.5, 7.4)
    }

    /// Adds a batch's standardised residual; the side that is beyond its limit, if one is.
    pub fn push(&mut self, z: f64) -> Option<Direction> {
        self.up = (self.up + z - self.reference).max(0.0);
        self.down = (self.down - z - self.reference).max(0.0);
        if self.up > self.limit {
            Some(Direction::Easier)
        } else if self.down > self.limit {
            Some(Direction::Harder)
        } else {
            None
        }
    }

    /// S⁺ and S⁻.
    pub fn sums(&self) -> (f64, f64) {
        (self.up, self.down)
    }
}

/// One answer to the item that is watched: what is known of the person from other items, and the
/// score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WatchedAnswer {
    /// Mean of the ability given the answers to other items.
    pub mean: f64,
    /// Its standard deviation.
    pub sd: f64,
    /// The score on this item.
    pub score: usize,
}

/// Σ(x − E)/√ΣVar over a batch of answers, moments over each person's N(mean, sd²): standard
/// normal under the item's parameters, if the item itself is not in the abilities. `None` when no
/// answer has a variance.
///
/// ```
/// use gradus::psychometrics::irt::ItemModel;
/// use gradus::psychometrics::item_analysis::{WatchedAnswer, batch_residual};
/// let item = ItemModel::logistic(1.0, 0.0, 0.0, 1.0)?;
/// let right = WatchedAnswer { mean: 0.0, sd: 0.0, score: 1 };
/// // Four right answers at P = .5: (4 − 2)/√(4 · .25) = 2.
/// assert!((batch_residual(&item, &[right; 4]).unwrap() - 2.0).abs() < 1e-12);
/// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
/// ```
pub fn batch_residual(item: &ItemModel, answers: &[WatchedAnswer]) -> Option<f64> {
    let (mut excess, mut variance) = (0.0, 0.0);
    for answer in answers {
        let (mut mean, mut square) = (0.0, 0.0);
        for (node, weight) in gauss_hermite_15() {
            let theta = answer.mean + answer.sd * node;
            for category in 0..item.categories() {
                let (score, p) = (category as f64, item.probability(theta, category));
                mean += weight * score * p;
                square += weight * score * score * p;
            }
        }
        excess += answer.score as f64 - mean;
        variance += square - mean * mean;
    }
    (variance > 0.0).then(|| excess / variance.sqrt())
}

/// The robust z of differences that is flagged.
pub const ROBUST_Z_MAX: f64 = 2.7;

/// The centre and spread of differences, whatever a few of them do: the median and .74 times the
/// interquartile range, .74 the standard deviation of a normal variable over its interquartile
/// range (Huynh & Meyer, 2010, *Pract. Assess. Res. Eval.* 15(2)). A difference is in line when
/// |d − median| ≤ 2.7 spreads. `None` for fewer than four, or without a spread.
///
/// ```
/// use gradus::psychometrics::item_analysis::robust_scale;
/// // Median 3, quartiles 2 and 4: the last one's robust z is 7/1.48.
/// assert_eq!(robust_scale(&[1.0, 2.0, 3.0, 4.0, 10.0]), Some((3.0, 1.48)));
/// assert_eq!(robust_scale(&[1.0, 1.0, 1.0, 1.0, 5.0]), None);
/// ```
pub fn robust_scale(differences: &[f64]) -> Option<(f64, f64)> {
    if differences.len() < 4 {
        return None;
    }
    let mut sorted = differences.to_vec();
    sorted.sort_by(f64::total_cmp);
    let spread = 0.74 * (quantile(&sorted, 0.75) - quantile(&sorted, 0.25));
    // Differences that are equal but for rounding have no spread.
    (spread > 1e-6).then(|| (quantile(&sorted, 0.5), spread))
}

/// The quantile of sorted values, interpolated (Hyndman & Fan, 1996, *Am. Stat.* 50, type 7).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = place as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

/// Wald's test that two independent estimates are of one number: z = d/√(se² + se′²) and its
/// two-sided p.
///
/// ```
/// use gradus::psychometrics::item_analysis::wald;
/// let (z, p) = wald(0.5, 0.15, 0.2).unwrap();
/// assert!((z - 2.0).abs() < 1e-12 && (p - 0.0455002639).abs() < 1e-9);
/// assert_eq!(wald(0.5, 0.0, 0.0), None);
/// ```
pub fn wald(difference: f64, se: f64, other_se: f64) -> Option<(f64, f64)> {
    let error = (se * se + other_se * other_se).sqrt();
    let z = difference / error;
    let law = Normal::new(0.0, 1.0).ok()?;
    (error > 0.0 && z.is_finite()).then(|| (z, 2.0 * law.sf(z.abs())))
}
