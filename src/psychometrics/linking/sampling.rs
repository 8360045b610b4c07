//! Standard errors of what linking gives, from the sampling errors of the items' parameters: the
//! delta method with differences. Knows covariances, not people.

use nalgebra::DMatrix;

use super::LinkingError;
use crate::psychometrics::irt::{ItemModel, ModelError};

/// Calibrated items with the covariance of their parameters: item after item a, then b (or every
/// threshold or step), then c and d of logistic items; of nominal items the slopes, then the
/// intercepts. A parameter that was not estimated has a row of zeros.
#[derive(Debug, Clone, Copy)]
pub struct Calibrated<'a> {
    /// The items.
    pub items: &'a [ItemModel],
    /// The covariance of all their parameters.
    pub covariance: &'a DMatrix<f64>,
}

/// An item's parameters in the order of [`Calibrated`].
pub fn parameters(item: &ItemModel) -> Vec<f64> {
    let with = |a: f64, places: &[f64]| [&[a], places].concat();
    match item {
        ItemModel::Logistic(item) => {
            vec![item.discrimination(), item.difficulty(), item.lower(), item.upper()]
        }
        ItemModel::Graded(item) => with(item.discrimination(), item.thresholds()),
        ItemModel::GeneralizedPartialCredit(item) => with(item.discrimination(), item.steps()),
        ItemModel::Nominal(item) => [&item.slopes()[1..], &item.intercepts()[1..]].concat(),
    }
}

/// The item of the same model with other parameters.
fn rebuilt(item: &ItemModel, x: &[f64]) -> Result<ItemModel, ModelError> {
    match item {
        ItemModel::Logistic(_) => ItemModel::logistic(x[0], x[1], x[2], x[3]),
        ItemModel::Graded(_) => ItemModel::graded(x[0], x[1..].to_vec()),
        ItemModel::GeneralizedPartialCredit(_) => {
            ItemModel::generalized_partial_credit(x[0], x[1..].to_vec())
        }
        ItemModel::Nominal(_) => {
            let (slopes, intercepts) = x.split_at(x.len() / 2);
            ItemModel::nominal(slopes.to_vec(), intercepts.to_vec())
        }
    }
}

/// Numbers computed from the items of a new and an old form.
pub type Outcome<'a> = dyn Fn(&[ItemModel], &[ItemModel]) -> Numbers + 'a;

/// Numbers, or why there are none.
pub type Numbers = Result<Vec<f64>, LinkingError>;

/// Step of the differences.
const STEP: f64 = 1e-5;

/// Standard errors of numbers computed from two independent calibrations: √(gᵀΣg) with g by
/// central differences (the delta method; for the moments and the curves Ogasawara, 2000, *Appl.
/// Psychol. Meas.* 24, 53–66, and 2001, *Appl. Psychol. Meas.* 25, 53–67, give g in closed form).
///
/// # Errors
/// What `outcome` returns; parameters that leave their range within a step.
///
/// ```
/// use gradus::psychometrics::irt::ItemModel;
/// use gradus::psychometrics::linking::{Calibrated, LinkingMethod, line, sampling_errors};
/// use nalgebra::DMatrix;
/// let items = [-1.0, 1.0].map(|b| ItemModel::logistic(1.0, b, 0.0, 1.0).unwrap());
/// // Only the two new difficulties have an error, .1 each: B = −mean(b) has .1/√2.
/// let (mut new, old) = (DMatrix::zeros(8, 8), DMatrix::zeros(8, 8));
/// (new[(1, 1)], new[(5, 5)]) = (0.01, 0.01);
/// let forms = [&new, &old].map(|covariance| Calibrated { items: &items, covariance });
/// let errors = sampling_errors(forms[0], forms[1], &|new, old| {
///     line(LinkingMethod::MeanMean, new, old).map(|line| vec![line.a, line.b])
/// })?;
/// assert!(errors[0] < 1e-9 && (errors[1] - 0.1 / 2.0_f64.sqrt()).abs() < 1e-9);
/// # Ok::<(), gradus::psychometrics::linking::LinkingError>(())
/// ```
pub fn sampling_errors(new: Calibrated<'_>, old: Calibrated<'_>, outcome: &Outcome<'_>) -> Numbers {
    let of_new = variances(new, &|items| outcome(items, old.items))?;
    let of_old = variances(old, &|items| outcome(new.items, items))?;
    Ok(of_new.iter().zip(&of_old).map(|(x, y)| (x + y).max(0.0).sqrt()).collect())
}

/// gᵀΣg of every outcome.
fn variances(form: Calibrated<'_>, outcome: &dyn Fn(&[ItemModel]) -> Numbers) -> Numbers {
    let mut gradients: Vec<(usize, Vec<f64>)> = Vec::new();
    let mut place = 0;
    for (index, item) in form.items.iter().enumerate() {
        let x = parameters(item);
        for within in 0..x.len() {
            if form.covariance[(place, place)] > 0.0 {
                let at = |step: f64| -> Numbers {
                    let mut moved = x.clone();
                    moved[within] += step;
                    let mut items = form.items.to_vec();
                    items[index] = rebuilt(item, &moved)?;
                    outcome(&items)
                };
                let (up, down) = (at(STEP)?, at(-STEP)?);
                let slope = up.iter().zip(&down).map(|(u, d)| (u - d) / (2.0 * STEP));
                gradients.push((place, slope.collect()));
            }
            place += 1;
        }
    }
    let count = outcome(form.items)?.len();
    let variance = |outcome: usize| -> f64 {
        gradients
            .iter()
            .flat_map(|(i, left)| {
                gradients.iter().map(move |(j, right)| {
                    left[outcome] * right[outcome] * form.covariance[(*i, *j)]
                })
            })
            .sum()
    };
    Ok((0..count).map(variance).collect())
}
