//! How far the key can be told from the surface of the options: by their length, by their place,
//! and by a guesser that learns twelve such cues and never reads what the options mean. A good
//! bank leaves it at chance.

use std::collections::BTreeSet;

use nalgebra::{SMatrix, SVector};
use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::check::text::{STOPWORDS, content_words, folded, jaccard, words};
use super::types::{Item, Key};

/// Fewest options with which an item counts here.
const OPTIONS_MIN: usize = 3;
/// Parts into which the items are divided; each is guessed from the others.
const FOLDS: usize = 5;
/// Number of surface cues.
const CUES: usize = 12;
/// Weight of the penalty on squared coefficients: it keeps them finite when a cue never fails.
const RIDGE: f64 = 1.0;
/// Most Newton steps; the penalised likelihood is concave, so that a few suffice.
const STEPS_MAX: usize = 50;
/// A Newton step below this ends the fit.
const STEP_MIN: f64 = 1e-10;

type Row = SVector<f64, CUES>;

/// One item as the guesser sees it.
#[derive(Debug, Clone)]
struct Case {
    rows: Vec<Row>,
    lengths: Vec<usize>,
    key: usize,
}

/// What the surface of some items gives away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Surface {
    /// How many items it is about: single key, at least three options.
    pub items: usize,
    /// How often blind guessing is right.
    pub chance: f64,
    /// How often "always the longest option" is right, ties shared.
    pub longest: f64,
    /// How often the guesser is right on items that it has not learned from.
    pub guesser: f64,
    /// The probability of key places as uneven as these when places do not matter.
    pub position_p: f64,
}

impl Surface {
    /// Measures some items; `None` when none has a single key and three options.
    #[must_use]
    pub fn of<'i>(items: impl Iterator<Item = &'i Item>) -> Option<Self> {
        let cases: Vec<Case> = items.filter_map(case).collect();
        if cases.is_empty() {
            return None;
        }
        let mean =
            |value: fn(&Case) -> f64| cases.iter().map(value).sum::<f64>() / cases.len() as f64;
        Some(Self {
            items: cases.len(),
            chance: mean(|case| 1.0 / case.rows.len() as f64),
            longest: mean(|case| longest(&case.lengths, case.key)),
            guesser: guesser(&cases),
            position_p: position_p(&cases),
        })
    }

    /// The standard error of a share of right guesses at chance.
    #[must_use]
    pub fn chance_error(&self) -> f64 {
        chance_error(self.chance, self.items)
    }
}

/// The standard error of a share of right guesses when each of so many items is guessed with this
/// chance: √(p(1 − p)/n).
fn chance_error(chance: f64, items: usize) -> f64 {
    libm::sqrt(chance * (1.0 - chance) / items as f64)
}

/// What length alone gives away: the part of [`Surface`] that needs no guesser to learn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Lengths {
    /// How many items it is about.
    pub items: usize,
    /// How often "always the longest option" is right.
    pub longest: f64,
    /// How often blind guessing is right.
    pub chance: f64,
    /// The standard error of that share.
    pub chance_error: f64,
}

impl Lengths {
    /// Measures some items, as [`Surface::of`] does.
    pub fn of<'i>(items: impl Iterator<Item = &'i Item>) -> Option<Self> {
        let (mut count, mut right, mut chances) = (0, 0.0, 0.0);
        for item in items {
            let Some((lengths, key)) = lengths(item) else { continue };
            count += 1;
            right += longest(&lengths, key);
            chances += 1.0 / lengths.len() as f64;
        }
        if count == 0 {
            return None;
        }
        let chance = chances / count as f64;
        let chance_error = chance_error(chance, count);
        Some(Self { items: count, longest: right / count as f64, chance, chance_error })
    }
}

/// The length of every option and the key's place, of an item that counts here.
fn lengths(item: &Item) -> Option<(Vec<usize>, usize)> {
    let Key::Single { key } = item.key else { return None };
    let lengths: Vec<usize> =
        item.options.iter().map(|option| option.text.trim().chars().count()).collect();
    (lengths.len() >= OPTIONS_MIN).then_some((lengths, key))
}

fn case(item: &Item) -> Option<Case> {
    let (lengths, key) = lengths(item)?;
    Some(Case { rows: rows(item), lengths, key })
}

/// The share of a point that "the longest option" earns.
fn longest(lengths: &[usize], key: usize) -> f64 {
    let most = lengths.iter().copied().max().unwrap_or(0);
    let ties = lengths.iter().filter(|length| **length == most).count();
    if lengths[key] == most { 1.0 / ties as f64 } else { 0.0 }
}

/// The cues of every option of an item.
fn rows(item: &Item) -> Vec<Row> {
    let lengths: Vec<f64> =
        item.options.iter().map(|option| option.text.trim().chars().count() as f64).collect();
    let mean = lengths.iter().sum::<f64>() / lengths.len() as f64;
    let sets: Vec<BTreeSet<String>> =
        item.options.iter().map(|option| content_words(&option.text, 2)).collect();
    let stem = content_words(&item.stem, 2);
    let last = item.options.len() - 1;
    let row = |index: usize| {
        let text = &item.options[index].text;
        let words = words(text);
        let count = |list: &[&str]| {
            words.iter().filter(|word| list.contains(&word.as_str())).count() as f64
        };
        let beats = |longer: bool| {
            lengths.iter().enumerate().all(|(other, length)| {
                other == index
                    || if longer { *length < lengths[index] } else { *length > lengths[index] }
            })
        };
        let others = (0..sets.len()).filter(|other| *other != index);
        let overlap =
            others.map(|other| jaccard(&sets[index], &sets[other])).sum::<f64>() / last as f64;
        let phrase = folded(text).to_lowercase();
        Row::from([
            lengths[index] / mean.max(1.0),
            truth(beats(true)),
            truth(beats(false)),
            count(&["always", "never", "only", "all", "every", "none", "must", "completely"]),
            count(&[
                "usually",
                "often",
                "may",
                "might",
                "can",
                "could",
                "generally",
                "typically",
                "sometimes",
            ]),
            truth(phrase.starts_with("all of the") || phrase.starts_with("all the above")),
            truth(phrase.starts_with("none of the") || phrase.starts_with("neither of")),
            overlap,
            sets[index].intersection(&stem).count() as f64 / sets[index].len().max(1) as f64,
            truth(index == 0),
            truth(index == last),
            words.iter().filter(|word| !STOPWORDS.contains(&word.as_str())).count() as f64,
        ])
    };
    (0..item.options.len()).map(row).collect()
}

fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

/// The share of items that a conditional logit on the cues gets right, five-fold cross-validated:
/// the items of one fold are guessed by a fit to the others. Folds are dealt by the items' order,
/// so that the figure is the same on every run.
fn guesser(cases: &[Case]) -> f64 {
    let mut right = 0.0;
    for fold in 0..FOLDS.min(cases.len()) {
        let learned: Vec<&Case> = cases
            .iter()
            .enumerate()
            .filter(|(index, _)| index % FOLDS != fold)
            .map(|(_, case)| case)
            .collect();
        let scale = scale(&learned);
        let coefficients = fit(&learned, &scale);
        for (_, case) in cases.iter().enumerate().filter(|(index, _)| index % FOLDS == fold) {
            right += guess(case, &coefficients, &scale);
        }
    }
    right / cases.len() as f64
}

/// The standard deviation of each cue, so that the penalty treats all alike.
fn scale(cases: &[&Case]) -> Row {
    let rows = || cases.iter().flat_map(|case| case.rows.iter());
    let count = rows().count().max(1) as f64;
    let mean = rows().fold(Row::zeros(), |sum, row| sum + row) / count;
    let variance = rows()
        .fold(Row::zeros(), |sum, row| sum + (row - mean).component_mul(&(row - mean)))
        / count;
    variance.map(|variance| if variance > 0.0 { libm::sqrt(variance) } else { 1.0 })
}

/// The probability of each option under the model.
fn probabilities(case: &Case, coefficients: &Row, scale: &Row) -> Vec<f64> {
    let scores: Vec<f64> =
        case.rows.iter().map(|row| row.component_div(scale).dot(coefficients)).collect();
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = scores.iter().map(|score| libm::exp(score - most)).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// Fits the conditional logit P(i) = exp(x_i·β) / Σ_j exp(x_j·β) (McFadden 1974) by Newton's
/// method on Σ log P(key) − λ/2 |β|².
fn fit(cases: &[&Case], scale: &Row) -> Row {
    let mut coefficients = Row::zeros();
    for _ in 0..STEPS_MAX {
        let mut gradient = -coefficients * RIDGE;
        let mut information = SMatrix::<f64, CUES, CUES>::identity() * RIDGE;
        for case in cases {
            let chances = probabilities(case, &coefficients, scale);
            let rows: Vec<Row> = case.rows.iter().map(|row| row.component_div(scale)).collect();
            let mean = rows
                .iter()
                .zip(&chances)
                .fold(Row::zeros(), |sum, (row, chance)| sum + row * *chance);
            gradient += rows[case.key] - mean;
            for (row, chance) in rows.iter().zip(&chances) {
                let centred = row - mean;
                information += centred * centred.transpose() * *chance;
            }
        }
        // The penalty makes the matrix positive definite; without a factor there is no step.
        let Some(factor) = information.cholesky() else { break };
        let step = factor.solve(&gradient);
        coefficients += step;
        if step.amax() < STEP_MIN {
            break;
        }
    }
    coefficients
}

/// The share of a point that the most probable option earns.
fn guess(case: &Case, coefficients: &Row, scale: &Row) -> f64 {
    const TIE: f64 = 1e-12;
    let chances = probabilities(case, coefficients, scale);
    let most = chances.iter().copied().fold(0.0, f64::max);
    let tied = chances.iter().filter(|chance| **chance >= most - TIE).count();
    if chances[case.key] >= most - TIE { 1.0 / tied as f64 } else { 0.0 }
}

/// Pearson's chi-square over the places of the keys, against equal chances within each item:
/// Σ (observed − expected)² / expected, with one degree of freedom less than there are places.
fn position_p(cases: &[Case]) -> f64 {
    let places = cases.iter().map(|case| case.rows.len()).max().unwrap_or(0);
    let mut statistic = 0.0;
    for place in 0..places {
        let observed = cases.iter().filter(|case| case.key == place).count() as f64;
        let with = cases.iter().filter(|case| case.rows.len() > place);
        let expected: f64 = with.map(|case| 1.0 / case.rows.len() as f64).sum();
        statistic += (observed - expected) * (observed - expected) / expected;
    }
    let freedom = places.saturating_sub(1).max(1) as f64;
    ChiSquared::new(freedom).map_or(1.0, |distribution| distribution.sf(statistic))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A case whose key stands at a place and whose first cue is as given.
    fn made(key: usize, cue: [f64; 4]) -> Case {
        let row = |value: &f64| {
            let mut row = Row::zeros();
            row[0] = *value;
            row
        };
        Case {
            rows: cue.iter().map(row).collect(),
            lengths: cue.iter().map(|value| *value as usize).collect(),
            key,
        }
    }

    #[test]
    fn a_bank_that_gives_itself_away_is_guessed() {
        // Goal: the guesser finds a cue that always holds, and none where there is none. Method:
        // keys that are always the longest, and keys that rotate with lengths of their own.
        let revealing: Vec<Case> = (0..40)
            .map(|index| {
                let mut cue = [10.0, 11.0, 12.0, 13.0];
                cue[index % 4] = 30.0;
                made(index % 4, cue)
            })
            .collect();
        assert!(guesser(&revealing) > 0.99);
        assert!(
            (revealing.iter().map(|case| longest(&case.lengths, case.key)).sum::<f64>() - 40.0)
                .abs()
                < 1e-12
        );
        let blind: Vec<Case> = (0..400).map(|index| made((index * 7 / 3) % 4, [10.0; 4])).collect();
        assert!((guesser(&blind) - 0.25).abs() < 1e-9);
    }

    #[test]
    fn ties_for_the_longest_share_the_point() {
        // Goal: the published definition of the longest-option accuracy. Method: two ties of four.
        assert!((longest(&[9, 9, 5, 5], 0) - 0.5).abs() < 1e-15);
        assert!(longest(&[9, 9, 5, 5], 2).abs() < 1e-15);
    }

    #[test]
    fn key_places_are_tested_against_equal_chances() {
        // Goal: the chi-square's value. Method: 28/22/28/22 of 100 has χ² = 1.44, df 3, p = .696
        // (R: chisq.test(c(28, 22, 28, 22))).
        let places = [28, 22, 28, 22];
        let cases: Vec<Case> = places
            .iter()
            .enumerate()
            .flat_map(|(key, count)| (0..*count).map(move |_| made(key, [1.0; 4])))
            .collect();
        assert!((position_p(&cases) - 0.696_1).abs() < 2e-4);
    }
}
