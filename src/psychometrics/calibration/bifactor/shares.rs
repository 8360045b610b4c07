//! How much of what items share is general: figures from the standardised loadings of a bifactor
//! model. Numbers of loadings only; no answers, no people.

use super::BifactorItem;
use crate::psychometrics::calibration::Dimensions;

/// The factor between the logistic and the normal metric in which loadings are stated.
const NORMAL_METRIC: f64 = 1.702;

/// Figures of the whole and of each dimension (Rodriguez, Reise & Haviland, 2016, *Psychological
/// Methods* 21, 137–150). λ are the standardised loadings, h² = λ_g² + λ_s².
#[derive(Debug, Clone, PartialEq)]
pub struct FactorShares {
    /// Explained common variance, Σλ_g² / Σ(λ_g² + λ_s²).
    pub common_variance: f64,
    /// Omega, ((Σλ_g)² + Σ_s(Σλ_s)²) / V, V the same plus Σ(1 − h²): the total's reliability.
    pub omega: f64,
    /// Omega hierarchical, (Σλ_g)² / V: what of the total's variance is the general factor's.
    pub omega_hierarchical: f64,
    /// Share of the pairs of items that only the general factor connects.
    pub uncontaminated_pairs: f64,
    /// An entry a dimension.
    pub specific: Vec<SpecificShares>,
    /// (λ_g, λ_s) of every item.
    pub loadings: Vec<(f64, f64)>,
}

/// Figures of one dimension's own sum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpecificShares {
    /// The general factor's share of the dimension's common variance.
    pub common_variance: f64,
    /// Omega of the dimension's sum.
    pub omega: f64,
    /// What of its variance is the specific factor's alone.
    pub omega_hierarchical: f64,
}

/// λ_g and λ_s: slopes in the normal metric over √(1 + a_g² + a_s²).
fn loadings(item: &BifactorItem) -> (f64, f64) {
    let (general, specific) = (item.general / NORMAL_METRIC, item.specific / NORMAL_METRIC);
    let length = (1.0 + general * general + specific * specific).sqrt();
    (general / length, specific / length)
}

impl FactorShares {
    /// From the items and their dimensions.
    pub(super) fn of(items: &[BifactorItem], dimensions: &Dimensions) -> Self {
        let loadings: Vec<(f64, f64)> = items.iter().map(loadings).collect();
        let all: Vec<usize> = (0..items.len()).collect();
        let sums = |of: &[usize]| Sums::of(of, &loadings);
        let total = sums(&all);
        let parts: Vec<Sums> =
            (0..dimensions.count()).map(|d| sums(&dimensions.items(d))).collect();
        let specific_squares: f64 = parts.iter().map(|p| p.specific * p.specific).sum();
        let variance = total.general * total.general + specific_squares + total.unique;
        let pairs = |n: usize| (n * (n.max(1) - 1)) as f64 / 2.0;
        let within: f64 = (0..dimensions.count()).map(|d| pairs(dimensions.items(d).len())).sum();
        Self {
            common_variance: total.general_squares
                / (total.general_squares + total.specific_squares),
            omega: (total.general * total.general + specific_squares) / variance,
            omega_hierarchical: total.general * total.general / variance,
            uncontaminated_pairs: 1.0 - within / pairs(items.len()),
            specific: parts.iter().map(Sums::shares).collect(),
            loadings,
        }
    }
}

/// Sums of loadings over some items.
struct Sums {
    general: f64,
    specific: f64,
    general_squares: f64,
    specific_squares: f64,
    unique: f64,
}

impl Sums {
    fn of(items: &[usize], loadings: &[(f64, f64)]) -> Self {
        let mut sums = Self {
            general: 0.0,
            specific: 0.0,
            general_squares: 0.0,
            specific_squares: 0.0,
            unique: 0.0,
        };
        for &item in items {
            let (general, specific) = loadings[item];
            sums.general += general;
            sums.specific += specific;
            sums.general_squares += general * general;
            sums.specific_squares += specific * specific;
            sums.unique += 1.0 - general * general - specific * specific;
        }
        sums
    }

    fn shares(&self) -> SpecificShares {
        let (general, specific) = (self.general * self.general, self.specific * self.specific);
        let variance = general + specific + self.unique;
        SpecificShares {
            common_variance: self.general_squares / (self.general_squares + self.specific_squares),
            omega: (general + specific) / variance,
            omega_hierarchical: specific / variance,
        }
    }
}
