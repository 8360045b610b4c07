//! Is the key the right option? Correlations of each option with the score on the other items.
//! Raises suspicion with numbers; only a reader can change a key.

use crate::psychometrics::agreement::correlation;

/// One option of one item: who chose it, and how they did elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct OptionCurve {
    /// Number of the option.
    pub option: usize,
    /// The share that chose it.
    pub share: f64,
    /// Its correlation with the score on the other items; `None` when all or nobody chose it.
    pub r_rest: Option<f64>,
}

/// What raised suspicion of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFinding {
    /// Another option goes with the rest score more than the key does.
    BetterOption(usize),
    /// The key hardly goes with the rest score: below .05.
    WeakKey,
    /// Nothing.
    None,
}

/// The key check of one item.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyCheck {
    /// Number of the item, from 0.
    pub item: usize,
    /// The key.
    pub key: usize,
    /// The key's correlation with the rest score.
    pub r_key: Option<f64>,
    /// All options.
    pub options: Vec<OptionCurve>,
    /// What was found.
    pub finding: KeyFinding,
    /// People who answered.
    pub n: usize,
}

/// Below this the key does not measure what the others measure.
const WEAK_KEY: f64 = 0.05;
/// An option that fewer chose has no correlation worth a suspicion.
const CHOSEN_BY_MIN: usize = 10;

/// Checks every key. `choices` holds a chosen option a person and item, row after row, `None`
/// where there is none; `keys` a key an item. The rest score is the share of the person's other
/// answers that agree with their keys, so that people with gaps can be compared.
pub fn key_check(choices: &[Option<usize>], keys: &[usize]) -> Vec<KeyCheck> {
    let items = keys.len();
    let people: Vec<&[Option<usize>]> = choices.chunks(items.max(1)).collect();
    let totals: Vec<(f64, f64)> = people
        .iter()
        .map(|row| {
            let answered = row.iter().flatten().count() as f64;
            let right = row.iter().zip(keys).filter(|(choice, key)| **choice == Some(**key));
            (right.count() as f64, answered)
        })
        .collect();
    (0..items).map(|item| check_item(&people, &totals, keys, item)).collect()
}

fn check_item(
    people: &[&[Option<usize>]],
    totals: &[(f64, f64)],
    keys: &[usize],
    item: usize,
) -> KeyCheck {
    let key = keys[item];
    let answers: Vec<(usize, f64)> = people
        .iter()
        .zip(totals)
        .filter_map(|(row, (right, answered))| {
            let choice = row[item]?;
            let others = answered - 1.0;
            let right = right - f64::from(u8::from(choice == key));
            (others > 0.0).then(|| (choice, right / others))
        })
        .collect();
    let rests: Vec<f64> = answers.iter().map(|(_, rest)| *rest).collect();
    let n = answers.len();
    let most = answers.iter().map(|(choice, _)| *choice).max().unwrap_or(0).max(key);
    let options: Vec<OptionCurve> = (0..=most)
        .map(|option| {
            let chosen = |choice: usize| f64::from(u8::from(choice == option));
            let ticks: Vec<f64> = answers.iter().map(|(choice, _)| chosen(*choice)).collect();
            let count = answers.iter().filter(|(choice, _)| *choice == option).count();
            let share = count as f64 / n.max(1) as f64;
            OptionCurve { option, share, r_rest: correlation(&ticks, &rests) }
        })
        .collect();
    let r_key = options[key].r_rest;
    let enough = |curve: &&OptionCurve| {
        curve.option != key && curve.share * n as f64 >= CHOSEN_BY_MIN as f64
    };
    let best = options
        .iter()
        .filter(enough)
        .filter_map(|curve| curve.r_rest.map(|r| (curve.option, r)))
        .max_by(|x, y| x.1.total_cmp(&y.1));
    let finding = match (best, r_key) {
        (Some((option, r)), Some(r_key)) if r > r_key => KeyFinding::BetterOption(option),
        (_, Some(r_key)) if r_key < WEAK_KEY => KeyFinding::WeakKey,
        _ => KeyFinding::None,
    };
    KeyCheck { item, key, r_key, options, finding, n }
}
