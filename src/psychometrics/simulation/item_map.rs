//! Where the items of a bank lie beside the people, and how much they tell at each ability. Knows
//! parameters only; what was asked or answered is not looked at.

use rayon::prelude::*;
use serde::Serialize;

use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::selection::Columns;

/// Width of the classes of items and people.
const CLASS: f64 = 0.5;
/// Abilities at which information is told: from minus to plus this.
const HALF_WIDTH: i32 = 4;
/// Steps of that scale in one unit.
const STEPS: i32 = 4;

/// A bank beside a population.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemMap {
    /// The location of each item, in the order of the items.
    pub locations: Vec<f64>,
    /// Items and people in classes of equal width.
    pub classes: Vec<MapClass>,
    /// Σ I_j(θ) of all items.
    pub information: Vec<InformationAt>,
}

/// A class of the map.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MapClass {
    /// From here; the lowest class holds everything below its end, too.
    pub from: f64,
    /// Below this; the highest class holds everything above its beginning, too.
    pub to: f64,
    /// Items located here.
    pub items: usize,
    /// People here.
    pub people: usize,
}

/// The information of a bank at one ability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct InformationAt {
    /// The ability.
    pub theta: f64,
    /// Σ I_j.
    pub information: f64,
}

impl ItemMap {
    /// The map of some items and abilities.
    pub fn new(items: &[ItemModel], abilities: &[f64]) -> Self {
        let locations: Vec<f64> = items.iter().map(location).collect();
        let edges: Vec<f64> = (-8..=8).map(|step| f64::from(step) * CLASS).collect();
        let class =
            |value: f64| edges.partition_point(|edge| *edge <= value).clamp(1, edges.len() - 1) - 1;
        let mut classes: Vec<MapClass> = edges
            .windows(2)
            .map(|ends| MapClass { from: ends[0], to: ends[1], items: 0, people: 0 })
            .collect();
        locations.iter().for_each(|value| classes[class(*value)].items += 1);
        abilities.iter().for_each(|value| classes[class(*value)].people += 1);
        let points: Vec<i32> = (-HALF_WIDTH * STEPS..=HALF_WIDTH * STEPS).collect();
        let at = |point: &i32| {
            let theta = f64::from(*point) / f64::from(STEPS);
            let mut values = Vec::new();
            let all = items.chunks(CHUNK).flat_map(|chunk| {
                let columns = Columns::of(chunk.iter());
                columns.informations(theta, |place| &chunk[place], &mut values);
                std::mem::take(&mut values)
            });
            InformationAt { theta, information: all.sum() }
        };
        Self { locations, classes, information: points.par_iter().map(at).collect() }
    }
}

/// Items that are evaluated at a time.
const CHUNK: usize = 4_096;

/// Where an item lies on the ability scale: its difficulty, the mean of its thresholds or steps,
/// and for a nominal item the whole quarter at which it tells most.
///
/// ```
/// use gradus::psychometrics::{irt::ItemModel, simulation::location};
/// assert_eq!(location(&ItemModel::logistic(1.0, 0.7, 0.2, 1.0)?), 0.7);
/// assert_eq!(location(&ItemModel::graded(1.0, vec![-1.0, 0.0, 2.5])?), 0.5);
/// // Two categories: a two-parameter item with difficulty −c/a.
/// assert_eq!(location(&ItemModel::nominal(vec![2.0], vec![1.0])?), -0.5);
/// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
/// ```
pub fn location(item: &ItemModel) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    match item {
        ItemModel::Logistic(item) => item.difficulty(),
        ItemModel::Graded(item) => mean(item.thresholds()),
        ItemModel::GeneralizedPartialCredit(item) => mean(item.steps()),
        ItemModel::Nominal(_) => {
            let most = |best: (f64, f64), point: i32| {
                let theta = f64::from(point) / f64::from(STEPS);
                let information = item.information(theta);
                if information > best.1 { (theta, information) } else { best }
            };
            (-HALF_WIDTH * STEPS..=HALF_WIDTH * STEPS).fold((0.0, 0.0), most).0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psychometrics::numeric::tolerance::RELATIVE;

    #[test]
    fn everybody_and_everything_has_a_class() {
        // Goal: classes, the outer ones included, and the sum of informations. Method: three
        // items, four people, by hand.
        let items: Vec<ItemModel> =
            [-9.0, 0.0, 0.49].map(|b| ItemModel::logistic(1.0, b, 0.0, 1.0).unwrap()).to_vec();
        let map = ItemMap::new(&items, &[-4.1, 0.0, 0.5, 7.0]);
        assert_eq!((map.classes.len(), map.information.len()), (16, 33));
        let counts = |index: usize| (map.classes[index].items, map.classes[index].people);
        assert_eq!([counts(0), counts(8), counts(9), counts(15)], [(1, 1), (2, 1), (0, 1), (0, 1)]);
        let middle = map.information[16];
        assert_eq!(middle.theta, 0.0);
        let by_hand: f64 = items.iter().map(|item| item.information(0.0)).sum();
        assert!((middle.information / by_hand - 1.0).abs() <= RELATIVE);
    }
}
