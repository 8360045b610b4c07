//! Fit of items at estimated abilities: infit and outfit mean squares, and Q3, the correlation of
//! residuals of two items. Needs an ability for each person; estimates none.

use super::{NOT_ASKED, Scores};
use crate::psychometrics::agreement::correlation;
use crate::psychometrics::irt::ItemModel;

/// The mean squares of one item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ResidualFit {
    /// Σ(x − E)²/ΣVar: 1 under the model, weighted by information (Wright & Masters, 1982).
    pub infit: f64,
    /// The mean of (x − E)²/Var: 1 under the model, moved by surprising answers.
    pub outfit: f64,
}

/// E[X | θ] and Var(X | θ).
fn moments(item: &ItemModel, theta: f64) -> (f64, f64) {
    let mean = item.expected_score(theta);
    let variance = (0..item.categories())
        .map(|k| item.probability(theta, k) * (k as f64 - mean) * (k as f64 - mean))
        .sum();
    (mean, variance)
}

/// Infit and outfit of every item, and Q3 of every pair (Yen, 1984, *Appl. Psychol. Meas.* 8,
/// 125–145) as (item, item, Q3), at given abilities. Answers at an ability whose variance
/// vanishes tell nothing and are left out.
pub fn residual_fit(
    scores: Scores<'_>,
    items: &[ItemModel],
    abilities: &[f64],
) -> (Vec<ResidualFit>, Vec<(usize, usize, f64)>) {
    let persons = scores.persons();
    let mut residuals = vec![f64::NAN; persons * items.len()];
    let mut sums = vec![(0.0, 0.0, 0.0, 0.0); items.len()];
    for person in 0..persons {
        for (item, model) in items.iter().enumerate() {
            let score = scores.row(person)[item];
            if score == NOT_ASKED {
                continue;
            }
            let (mean, variance) = moments(model, abilities[person]);
            let residual = f64::from(score) - mean;
            residuals[person * items.len() + item] = residual;
            if variance > 1e-12 {
                let (squares, variances, ratios, n) = &mut sums[item];
                *squares += residual * residual;
                *variances += variance;
                *ratios += residual * residual / variance;
                *n += 1.0;
            }
        }
    }
    let fits = sums
        .iter()
        .map(|(squares, variances, ratios, n)| ResidualFit {
            infit: squares / variances,
            outfit: ratios / n,
        })
        .collect();
    let mut pairs = Vec::new();
    for right in 1..items.len() {
        for left in 0..right {
            let both = (0..persons).map(|person| {
                let row = &residuals[person * items.len()..(person + 1) * items.len()];
                (row[left], row[right])
            });
            let (x, y): (Vec<f64>, Vec<f64>) =
                both.filter(|(x, y)| !x.is_nan() && !y.is_nan()).unzip();
            if let Some(q3) = correlation(&x, &y) {
                pairs.push((left, right, q3));
            }
        }
    }
    (fits, pairs)
}
