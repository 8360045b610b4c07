//! Do anchors still function as their parameters say? Each anchor's difficulty is freed in turn,
//! by one step of Newton from the fit in which all anchors hold. Frees nothing in the fit itself.

use nalgebra::{DMatrix, DVector};

use super::algorithm::cell_table;
use super::expectation::Tables;
use super::maximization::{ItemCounts, gradient};
use super::standard_errors::information;
use super::{CalibrationError, Design, Family, Fit, Responses};

/// How far one anchor's difficulty would move if it were free.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AnchorDrift {
    /// Number of the item, from 0.
    pub item: usize,
    /// The shift of its difficulty, or of all its thresholds or steps.
    pub shift: f64,
    /// The shift's standard error; shift/se is the score test's z.
    pub se: f64,
}

/// Below this share of its own information an anchor's shift cannot be told from the mean of
/// ability.
const SHARE_MIN: f64 = 1e-6;

/// The score test of each anchor's difficulty, the other anchors held (Rao, 1948; for items
/// Glas, 1998, *Stat. Sinica* 8, 647–667): with s the score and V its variance given what is
/// estimated, shift = s/V and se = 1/√V. Nominal anchors have no difficulty and are left out.
///
/// # Errors
/// Free parameters that are not identified.
pub fn anchor_drift(
    responses: &Responses,
    design: &Design,
    fit: &Fit,
) -> Result<Vec<AnchorDrift>, CalibrationError> {
    let mut freed = design.clone();
    freed.items.iter_mut().for_each(|item| item.anchored = None);
    let (information, places) = information(responses, &freed, fit);
    let is_anchor = |item: usize| design.items[item].anchored.is_some();
    let mut free: Vec<usize> = (0..information.nrows()).collect();
    for (item, (start, coordinates)) in places.iter().enumerate() {
        if is_anchor(item) {
            free.retain(|index| !(*start..start + coordinates.len()).contains(index));
        }
    }
    let of_free = DMatrix::from_fn(free.len(), free.len(), |i, j| information[(free[i], free[j])]);
    let factor = of_free.cholesky().ok_or(CalibrationError::SingularInformation)?;
    let nodes = &design.settings.nodes;
    let cells = cell_table(responses, design, &fit.items);
    let counts = Tables::new(responses, &cells, &fit.latent, nodes).expectation().counts;
    let mut found = Vec::new();
    for (item, (start, coordinates)) in places.iter().enumerate() {
        let family = design.items[item].family;
        if !is_anchor(item) || family == Family::Nominal {
            continue;
        }
        let x = &fit.items[item];
        let direction = shift(family, x);
        let slopes =
            gradient(&freed.items[item], x, &ItemCounts::of(responses, &counts, item), nodes);
        let score: f64 = coordinates.iter().map(|&i| direction[i] * slopes[i]).sum();
        let along = |index: usize| -> f64 {
            let terms = coordinates.iter().enumerate();
            terms.map(|(place, &i)| direction[i] * information[(start + place, index)]).sum()
        };
        let places = coordinates.iter().enumerate();
        let own: f64 = places.map(|(place, &i)| direction[i] * along(start + place)).sum();
        let shared = DVector::from_iterator(free.len(), free.iter().map(|&index| along(index)));
        let variance = own - shared.dot(&factor.solve(&shared));
        if variance > SHARE_MIN * own {
            found.push(AnchorDrift { item, shift: score / variance, se: 1.0 / variance.sqrt() });
        }
    }
    Ok(found)
}

/// ∂x/∂b where all thresholds or steps move together: intercepts by −a, of the k-th category of
/// partial credit by −ka.
fn shift(family: Family, x: &[f64]) -> Vec<f64> {
    let steps = if family.is_logistic() { 1 } else { x.len() - 1 };
    let partial = matches!(family, Family::PartialCredit | Family::GeneralizedPartialCredit);
    let mut direction = vec![0.0; x.len()];
    for (k, value) in direction.iter_mut().enumerate().skip(1).take(steps) {
        *value = if partial { -x[0] * k as f64 } else { -x[0] };
    }
    direction
}
