//! Common items that no longer function as they did: robust z and Wald's test of the differences
//! that a line leaves, and the line without the items that stand out. Never drops an item that
//! chance explains.

use super::{Line, LinkingError, LinkingMethod, line};
use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::item_analysis::{ROBUST_Z_MAX, robust_scale, wald};

/// An item of both calibrations with the standard errors of its location, where they are known.
#[derive(Debug, Clone, PartialEq)]
pub struct CommonItem {
    /// As newly calibrated.
    pub new: ItemModel,
    /// As calibrated before.
    pub old: ItemModel,
    /// Of the new location.
    pub se_new: Option<f64>,
    /// Of the old location.
    pub se_old: Option<f64>,
}

/// How far an item moved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ItemDrift {
    /// A b_new + B − b_old, of items with several places that of their mean; `None` for nominal
    /// items, which have none.
    pub difference: Option<f64>,
    /// (d − median)/(.74 · interquartile range), over the items that are kept.
    pub robust_z: Option<f64>,
    /// Wald's z and p of d, the line taken as known; `None` without standard errors.
    pub wald: Option<(f64, f64)>,
    /// Whether it stands out, and was left out of the line.
    pub dropped: bool,
}

/// The line without the items that stand out.
#[derive(Debug, Clone, PartialEq)]
pub struct Purified {
    /// The line over the items that are kept.
    pub line: Line,
    /// Each item's drift, in the order given.
    pub items: Vec<ItemDrift>,
}

/// An item's place on the scale: b, or the mean of its thresholds or steps.
pub fn location(item: &ItemModel) -> Option<f64> {
    let mean = |places: &[f64]| places.iter().sum::<f64>() / places.len() as f64;
    match item {
        ItemModel::Logistic(item) => Some(item.difficulty()),
        ItemModel::Graded(item) => Some(mean(item.thresholds())),
        ItemModel::GeneralizedPartialCredit(item) => Some(mean(item.steps())),
        ItemModel::Nominal(_) => None,
    }
}

/// Links, drops the item whose robust z is largest if it is beyond 2.7 and Wald's test, where
/// there are standard errors, has p < .05; links again, until none is. At least half of the items,
/// and four, are kept.
///
/// # Errors
/// As [`line()`].
///
/// ```
/// use gradus::psychometrics::irt::ItemModel;
/// use gradus::psychometrics::linking::{CommonItem, LinkingMethod, without_drift};
/// let item = |b| ItemModel::logistic(1.0, b, 0.0, 1.0).unwrap();
/// let noise = [0.02, -0.03, 0.01, -0.02, 0.03, 0.0, -0.01];
/// let mut items: Vec<CommonItem> = (0..7)
///     .map(|i| {
///         let b = f64::from(i) / 2.0 - 1.5;
///         CommonItem { new: item(b + noise[i as usize]), old: item(b), se_new: None, se_old: None }
///     })
///     .collect();
/// items[3].new = item(0.8);
/// let found = without_drift(LinkingMethod::MeanSigma, &items)?;
/// let dropped: Vec<bool> = found.items.iter().map(|item| item.dropped).collect();
/// assert_eq!(dropped, [false, false, false, true, false, false, false]);
/// assert!((found.line.a - 1.0).abs() < 0.03 && found.line.b.abs() < 0.03);
/// # Ok::<(), gradus::psychometrics::linking::LinkingError>(())
/// ```
pub fn without_drift(
    method: LinkingMethod,
    items: &[CommonItem],
) -> Result<Purified, LinkingError> {
    let mut kept = vec![true; items.len()];
    let least = (items.len().div_ceil(2)).max(4);
    loop {
        let (line, found) = drift(method, items, &kept)?;
        let size = |index: usize| found[index].robust_z.map_or(0.0, f64::abs);
        let worst = (0..items.len())
            .filter(|&index| kept[index] && stands_out(&found[index]))
            .max_by(|&i, &j| size(i).total_cmp(&size(j)));
        let enough = kept.iter().filter(|kept| **kept).count() > least;
        match worst.filter(|_| enough) {
            Some(worst) => kept[worst] = false,
            None => return Ok(Purified { line, items: found }),
        }
    }
}

fn stands_out(item: &ItemDrift) -> bool {
    let by_chance = item.wald.is_some_and(|(_, p)| p >= 0.05);
    item.robust_z.is_some_and(|z| z.abs() > ROBUST_Z_MAX) && !by_chance
}

/// The line over the kept items and everybody's drift from it.
fn drift(
    method: LinkingMethod,
    items: &[CommonItem],
    kept: &[bool],
) -> Result<(Line, Vec<ItemDrift>), LinkingError> {
    let pick = |model: fn(&CommonItem) -> &ItemModel| -> Vec<ItemModel> {
        let chosen = items.iter().zip(kept).filter(|(_, kept)| **kept);
        chosen.map(|(item, _)| model(item).clone()).collect()
    };
    let line = line(method, &pick(|item| &item.new), &pick(|item| &item.old))?;
    let differences: Vec<Option<f64>> = items
        .iter()
        .map(|item| Some(line.a * location(&item.new)? + line.b - location(&item.old)?))
        .collect();
    let of_kept: Vec<f64> =
        differences.iter().zip(kept).filter(|(_, kept)| **kept).filter_map(|(d, _)| *d).collect();
    let scale = robust_scale(&of_kept);
    let one = |(index, item): (usize, &CommonItem)| {
        let difference = differences[index];
        ItemDrift {
            difference,
            robust_z: difference.zip(scale).map(|(d, (median, spread))| (d - median) / spread),
            wald: difference.and_then(|d| wald(d, line.a * item.se_new?, item.se_old?)),
            dropped: !kept[index],
        }
    };
    Ok((line, items.iter().enumerate().map(one).collect()))
}
