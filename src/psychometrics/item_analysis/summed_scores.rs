//! Fit of items by summed scores: S-X². Observed proportions are compared with what the model
//! expects of people with the same total, so that no ability has to be estimated.

use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::Scores;
use crate::psychometrics::classification::score_distribution;
use crate::psychometrics::irt::ItemModel;

/// S-X² of one item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SummedScoreFit {
    /// The statistic.
    pub s_x2: f64,
    /// Its degrees of freedom: free cells less the item's estimated parameters.
    pub df: usize,
    /// Its p-value; `None` without degrees of freedom.
    pub p: Option<f64>,
}

/// Expected counts below this are joined with a neighbour's.
const EXPECTED_MIN: f64 = 1.0;

/// P(total of the items = t | θ_q), a list of totals a point.
fn totals(items: &[ItemModel], points: &[f64]) -> Vec<Vec<f64>> {
    points.iter().map(|theta| score_distribution(items, *theta)).collect()
}

/// S-X² of every item (Orlando & Thissen, 2000, *Appl. Psychol. Meas.* 24, 50–64; for several
/// categories Kang & Chen, 2008, *J. Educ. Meas.* 45, 391–406):
/// Σ_t Σ_k N_t (O_tk − E_tk)²/E_tk, E_tk = Σ_q w_q P_k S*_{t−k} / Σ_q w_q S_t with S the totals of
/// all items and S* of all but this one. Neighbouring categories, then totals, are
/// joined until every expected count is at least 1. `parameters` are each item's estimated ones; only people who answered
/// everything count. (`points`, `weights`): the distribution of ability.
pub fn summed_score_fit(
    scores: Scores<'_>,
    items: &[ItemModel],
    parameters: &[usize],
    points: &[f64],
    weights: &[f64],
) -> Vec<SummedScoreFit> {
    let most: usize = items.iter().map(|item| item.categories() - 1).sum();
    let whole = totals(items, points);
    let marginal = |total: usize| -> f64 {
        whole.iter().zip(weights).map(|(totals, weight)| totals[total] * weight).sum()
    };
    let expected_totals: Vec<f64> = (0..=most).map(marginal).collect();
    (0..items.len())
        .map(|item| {
            let categories = items[item].categories();
            let mut observed = vec![vec![0.0; categories]; most + 1];
            for row in scores.complete() {
                let total: usize = row.iter().map(|score| usize::from(*score)).sum();
                observed[total][usize::from(row[item])] += 1.0;
            }
            let others = [&items[..item], &items[item + 1..]].concat();
            let rest = totals(&others, points);
            let curve: Vec<Vec<f64>> = (0..categories)
                .map(|k| points.iter().map(|theta| items[item].probability(*theta, k)).collect())
                .collect();
            let mut cells = Vec::new();
            for total in 1..most {
                let people: f64 = observed[total].iter().sum();
                let expected: Vec<f64> = (0..categories)
                    .map(|k| match total.checked_sub(k).filter(|left| *left < rest[0].len()) {
                        Some(left) => {
                            let joint = (0..points.len())
                                .map(|q| weights[q] * curve[k][q] * rest[q][left])
                                .sum::<f64>();
                            people * joint / expected_totals[total]
                        }
                        None => 0.0,
                    })
                    .collect();
                if people > 0.0 {
                    cells.push((observed[total].clone(), expected));
                }
            }
            statistic(joined(cells), parameters[item])
        })
        .collect()
}

type Cells = Vec<(Vec<f64>, Vec<f64>)>;

/// A total's cells after joining categories whose expected count is too small with the smaller of
/// their neighbours (Kang & Chen, 2008), the smallest first. Categories that the total cannot give
/// are no cells.
fn with_joined_categories((observed, expected): &(Vec<f64>, Vec<f64>)) -> Vec<(f64, f64)> {
    let pairs = observed.iter().copied().zip(expected.iter().copied());
    let mut cells: Vec<(f64, f64)> = pairs.filter(|(_, expected)| *expected > 0.0).collect();
    while cells.len() > 1 {
        let least = (0..cells.len()).min_by(|&i, &j| cells[i].1.total_cmp(&cells[j].1));
        let Some(place) = least.filter(|&place| cells[place].1 < EXPECTED_MIN) else { break };
        let into = smaller_neighbour(place, cells.len(), &|index| cells[index].1);
        let (o, e) = cells[place];
        cells[into].0 += o;
        cells[into].1 += e;
        cells.remove(place);
    }
    cells
}

fn smaller_neighbour(place: usize, count: usize, size: &dyn Fn(usize) -> f64) -> usize {
    match place {
        0 => 1,
        _ if place + 1 == count => place - 1,
        _ if size(place - 1) <= size(place + 1) => place - 1,
        _ => place + 1,
    }
}

/// Joins a total that is left with fewer than two cells with the smaller of its neighbours, from
/// the lowest up, until none is.
fn joined(mut cells: Cells) -> Cells {
    let sparse = |cell: &(Vec<f64>, Vec<f64>)| with_joined_categories(cell).len() < 2;
    while cells.len() > 1 {
        let Some(place) = cells.iter().position(sparse) else { break };
        let size = |index: usize| cells[index].1.iter().sum::<f64>();
        let into = smaller_neighbour(place, cells.len(), &size);
        let (observed, expected) = cells[place].clone();
        cells[into].0.iter_mut().zip(&observed).for_each(|(sum, value)| *sum += value);
        cells[into].1.iter_mut().zip(&expected).for_each(|(sum, value)| *sum += value);
        cells.remove(place);
    }
    cells
}

fn statistic(cells: Cells, parameters: usize) -> SummedScoreFit {
    let (mut s_x2, mut free) = (0.0, 0_usize);
    for cell in &cells {
        let cells = with_joined_categories(cell);
        s_x2 += cells.iter().map(|(o, e)| (o - e) * (o - e) / e).sum::<f64>();
        free += cells.len().max(1) - 1;
    }
    let df = free.saturating_sub(parameters);
    let p = ChiSquared::new(df as f64).ok().filter(|_| df > 0).map(|law| law.sf(s_x2));
    SummedScoreFit { s_x2, df, p }
}
