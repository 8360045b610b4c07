//! Which people choose which option: each option's correlation with the ability as a person's other
//! answers see it. A wrong key shows as an option that the able prefer to it. Never changes a key.

/// Share of the answers from which an option can speak against the key.
const SHARE_MIN: f64 = 0.05;
/// A key that goes with ability less than this is weak.
const KEY_WEAK: f64 = 0.05;

/// One option of an item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OptionStatistics {
    /// Share of the people who chose it.
    pub share: f64,
    /// Mean ability of those who did; `None` where nobody did.
    pub mean: Option<f64>,
    /// Correlation of choosing it with ability; `None` where all or none did.
    pub r: Option<f64>,
}

/// The options of an item from (option, ability) of each person who chose one.
///
/// The correlation is the point-biserial r = (M₁ − M)/s · √(p/(1 − p)) with M₁ the mean of those who chose it:
/// ```
/// use gradus::psychometrics::online::option_statistics;
/// let found = option_statistics(&[(0, 1.0), (0, 1.0), (1, -1.0), (1, -1.0)], 3);
/// assert_eq!((found[0].r, found[1].r, found[2].r), (Some(1.0), Some(-1.0), None));
/// assert_eq!((found[0].share, found[0].mean, found[2].mean), (0.5, Some(1.0), None));
/// ```
#[must_use]
pub fn option_statistics(choices: &[(usize, f64)], options: usize) -> Vec<OptionStatistics> {
    let n = choices.len() as f64;
    let mean = choices.iter().map(|(_, theta)| theta).sum::<f64>() / n;
    let variance = choices.iter().map(|(_, t)| (t - mean) * (t - mean)).sum::<f64>() / n;
    (0..options)
        .map(|option| {
            let chosen = choices.iter().filter(|(other, _)| *other == option);
            let (count, sum) = chosen.fold((0.0, 0.0), |(n, s), (_, theta)| (n + 1.0, s + theta));
            let share = if n > 0.0 { count / n } else { 0.0 };
            let own = (count > 0.0).then(|| sum / count);
            let r = own
                .filter(|_| share < 1.0 && variance > 0.0)
                .map(|own| (own - mean) / variance.sqrt() * (share / (1.0 - share)).sqrt());
            OptionStatistics { share, mean: own, r }
        })
        .collect()
}

/// Whether the options speak against the key: another one, chosen by at least a twentieth, goes with ability
/// more than the key does; or the key hardly does. Gives the other option where there is one.
#[must_use]
pub fn speaks_against_key(options: &[OptionStatistics], key: usize) -> Option<Option<usize>> {
    let r_key = options.get(key)?.r?;
    let rival = options
        .iter()
        .enumerate()
        .filter(|(option, it)| *option != key && it.share >= SHARE_MIN)
        .filter_map(|(option, it)| it.r.map(|r| (option, r)))
        .filter(|(_, r)| *r > r_key)
        .max_by(|left, right| left.1.total_cmp(&right.1));
    match rival {
        Some((option, _)) => Some(Some(option)),
        None => (r_key < KEY_WEAK).then_some(None),
    }
}
