//! Panels of judges over a bank: which ratings belong together, and the boundary that each round of a
//! panel sets. The mathematics is that of `psychometrics::standard_setting`; never changes the
//! bank's own cuts.

use std::collections::{BTreeMap, BTreeSet};

use super::ratings::{Rating, RatingStep};
use super::types::{Bank, Item};
use super::words::{Level, RaterKind};
use crate::psychometrics::irt::{ItemModel, ModelError};
use crate::psychometrics::numeric::special::mackay_kappa;
use crate::psychometrics::standard_setting::{AngoffCut, StandardSettingError, angoff};

/// One round of judges at one boundary.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelRound {
    /// The lower and the upper level.
    pub between: [Level; 2],
    /// The round.
    pub round: u32,
    /// The judges, in the order of the cut's.
    pub judges: Vec<(String, RaterKind)>,
    /// Items that every judge rated.
    pub items: usize,
    /// Items that some judge left out, and that are left out here.
    pub left_out: Vec<String>,
    /// What follows.
    pub cut: AngoffCut,
}

/// Why ratings give no panel.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PanelError {
    /// The ratings speak of an item that the bank does not have.
    #[error("there is no item `{item}`")]
    UnknownItem {
        /// The item.
        item: String,
    },
    /// The ratings speak of another version.
    #[error("version {rated} of `{item}` was rated, and version {present} is in the bank")]
    OtherVersion {
        /// The item.
        item: String,
        /// The version that was rated.
        rated: u32,
        /// The version in the bank.
        present: u32,
    },
    /// There is no rating of a boundary.
    #[error("no rating is of a boundary")]
    Nothing,
    /// The parameters of an item are no model.
    #[error("the parameters of `{item}` are no model: {reason}")]
    Model {
        /// The item.
        item: String,
        /// Why not.
        reason: ModelError,
    },
    /// The round sets no boundary.
    #[error("round {round} at the lower end of {level}: {reason}")]
    NoCut {
        /// The level above the boundary.
        level: Level,
        /// The round.
        round: u32,
        /// Why not.
        reason: StandardSettingError,
    },
}

/// The boundaries that ratings set: each round of each boundary, over the items that all of its
/// judges rated.
///
/// An item's curve is the one that sessions use: the slope is shrunk for the uncertainty of a judged
/// difficulty, so that the sum of the curves is the expected score of a person of that ability.
///
/// # Errors
/// Ratings of items or versions that the bank does not have, no rating of a boundary, a round that
/// sets none.
pub fn angoff_panels(bank: &Bank, ratings: &[Rating]) -> Result<Vec<PanelRound>, PanelError> {
    let mut rounds: BTreeMap<(Level, u32), Vec<&Rating>> = BTreeMap::new();
    for rating in ratings {
        let RatingStep::Angoff(level) = rating.step else { continue };
        present_item(bank, rating)?;
        rounds.entry((level, rating.round)).or_default().push(rating);
    }
    if rounds.is_empty() {
        return Err(PanelError::Nothing);
    }
    rounds
        .into_iter()
        .map(|((level, round), ratings)| panel(bank, level, round, &ratings))
        .collect()
}

/// The item that a rating speaks of.
fn present_item<'b>(bank: &'b Bank, rating: &Rating) -> Result<&'b Item, PanelError> {
    let item = bank
        .item(&rating.item)
        .ok_or_else(|| PanelError::UnknownItem { item: rating.item.clone() })?;
    if item.version == rating.version {
        return Ok(item);
    }
    Err(PanelError::OtherVersion {
        item: rating.item.clone(),
        rated: rating.version,
        present: item.version,
    })
}

fn panel(
    bank: &Bank,
    level: Level,
    round: u32,
    ratings: &[&Rating],
) -> Result<PanelRound, PanelError> {
    let mut table: BTreeMap<(&str, RaterKind), BTreeMap<&str, f64>> = BTreeMap::new();
    for rating in ratings {
        let judge = table.entry((rating.rater.as_str(), rating.kind)).or_default();
        judge.insert(rating.item.as_str(), rating.rating);
    }
    let all: BTreeSet<&str> = ratings.iter().map(|rating| rating.item.as_str()).collect();
    let (rated, left_out): (Vec<&str>, Vec<&str>) =
        all.into_iter().partition(|item| table.values().all(|judge| judge.contains_key(item)));
    let models: Result<Vec<ItemModel>, PanelError> =
        rated.iter().filter_map(|id| bank.item(id)).map(model).collect();
    let rows: Vec<Vec<f64>> = table
        .values()
        .map(|judge| rated.iter().filter_map(|item| judge.get(item).copied()).collect())
        .collect();
    let cut =
        angoff(&models?, &rows).map_err(|reason| PanelError::NoCut { level, round, reason })?;
    let lower = if level == Level::Senior { Level::Mid } else { Level::Junior };
    Ok(PanelRound {
        between: [lower, level],
        round,
        judges: table.keys().map(|(rater, kind)| ((*rater).to_owned(), *kind)).collect(),
        items: rated.len(),
        left_out: left_out.into_iter().map(str::to_owned).collect(),
        cut,
    })
}

/// The probability that all of an item is right.
fn model(item: &Item) -> Result<ItemModel, PanelError> {
    let a = item.calibration.as_ref().map_or(item.prior.a, |found| found.a);
    let sd = item.difficulty_sd();
    let slope = a * mackay_kappa(a * a * sd * sd);
    ItemModel::logistic(slope, item.difficulty(), item.lower_asymptote(), 1.0)
        .map_err(|reason| PanelError::Model { item: item.id.to_string(), reason })
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn rating(rater: &str, item: &Item, round: u32, rating: f64) -> Rating {
        Rating {
            rater: rater.to_owned(),
            kind: RaterKind::Human,
            item: item.id.to_string(),
            version: item.version,
            round,
            step: RatingStep::Angoff(Level::Mid),
            rating,
        }
    }

    #[test]
    fn judges_who_state_the_curves_find_their_ability_again() {
        // Goal: round trip through the bank's own parameters, round by round. Method: two judges who
        // rate ten items by the curves at 0.3 and at 0.5 in round 1, and both at 0.4 in round 2; one
        // more item that one of them leaves out.
        let bank = sample::bank();
        let items: Vec<&Item> = bank.items.iter().take(11).collect();
        let mut ratings = Vec::new();
        for (n, item) in items.iter().enumerate() {
            let p = |theta| model(item).expect("a model").probability(theta, 1);
            ratings.push(rating("a", item, 1, p(0.3)));
            if n < 10 {
                ratings.push(rating("b", item, 1, p(0.5)));
                ratings.push(rating("a", item, 2, p(0.4)));
                ratings.push(rating("b", item, 2, p(0.4)));
            }
        }
        let panels = angoff_panels(&bank, &ratings).expect("panels");
        assert_eq!(
            panels.iter().map(|it| (it.round, it.items)).collect::<Vec<_>>(),
            [(1, 10), (2, 10)]
        );
        assert_eq!(panels[0].left_out, [items[10].id.to_string()]);
        assert_eq!(panels[0].between, [Level::Junior, Level::Mid]);
        let thetas: Vec<f64> = panels[0].cut.judges.iter().filter_map(|it| it.theta).collect();
        assert!((thetas[0] - 0.3).abs() < 1e-8 && (thetas[1] - 0.5).abs() < 1e-8);
        assert!((panels[1].cut.theta - 0.4).abs() < 1e-8 && panels[1].cut.theta_se.abs() < 1e-8);
    }

    #[test]
    fn ratings_of_what_the_bank_does_not_have_are_refused() {
        // Goal: no boundary from numbers about something else. Method: an unknown item, another
        // version, difficulties alone, one judge.
        let bank = sample::bank();
        let good = rating("a", &bank.items[0], 1, 0.5);
        let unknown = Rating { item: "no.0001".to_owned(), ..good.clone() };
        assert!(matches!(angoff_panels(&bank, &[unknown]), Err(PanelError::UnknownItem { .. })));
        let other = Rating { version: 99, ..good.clone() };
        assert!(matches!(angoff_panels(&bank, &[other]), Err(PanelError::OtherVersion { .. })));
        let difficulty = Rating { step: RatingStep::Difficulty, ..good.clone() };
        assert_eq!(angoff_panels(&bank, &[difficulty]), Err(PanelError::Nothing));
        assert!(matches!(angoff_panels(&bank, &[good]), Err(PanelError::NoCut { .. })));
    }
}
