//! Content and use of items: which area of a test is due, how items are laid in strata, how far
//! two people's tests overlap. Rules for whole banks; nothing here looks at answers.

/// Areas that Kingsbury and Zara's constrained CAT would ask next (1989, *Appl. Meas. Educ.* 2,
/// 359–375): those not asked at all, and when there are none, the one whose share of the
/// questions so far lies farthest below its target (all of equals). Ascending.
///
/// ```
/// use gradus::psychometrics::selection::content::areas_due;
/// assert_eq!(areas_due(&[0.5, 0.3, 0.2], &[0, 1, 1]), [0]);
/// assert_eq!(areas_due(&[0.5, 0.3, 0.2], &[2, 1, 1]), [1]);
/// ```
pub fn areas_due(targets: &[f64], asked: &[usize]) -> Vec<usize> {
    debug_assert_eq!(targets.len(), asked.len());
    let empty: Vec<usize> =
        (0..targets.len()).filter(|&k| targets[k] > 0.0 && asked[k] == 0).collect();
    if !empty.is_empty() {
        return empty;
    }
    let total = asked.iter().sum::<usize>().max(1) as f64;
    let gap = |k: usize| targets[k] - asked[k] as f64 / total;
    let widest = (0..targets.len()).map(gap).fold(f64::NEG_INFINITY, f64::max);
    // Shares are ratios of small integers: equal gaps may differ in their last bits.
    (0..targets.len()).filter(|&k| gap(k) >= widest - 1e-12).collect()
}

/// The strata of Chang and Ying (1999, *Appl. Psychol. Meas.* 23, 211–222): items in ascending
/// order of discrimination, cut into `strata` runs that differ by at most one in size, the lower
/// ones longer; for every item its stratum, from 0. Equal discriminations keep their order.
///
/// ```
/// use gradus::psychometrics::selection::content::strata_by_discrimination;
/// assert_eq!(strata_by_discrimination(&[1.5, 0.7, 1.1], 3), [2, 0, 1]);
/// ```
pub fn strata_by_discrimination(discriminations: &[f64], strata: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..discriminations.len()).collect();
    order.sort_by(|&i, &j| discriminations[i].total_cmp(&discriminations[j]).then(i.cmp(&j)));
    let strata = strata.max(1);
    let (size, longer) = (order.len() / strata, order.len() % strata);
    let mut found = vec![0; order.len()];
    let mut next = order.into_iter();
    for stratum in 0..strata {
        let length = size + usize::from(stratum < longer);
        next.by_ref().take(length).for_each(|item| found[item] = stratum);
    }
    found
}

/// The share of items that two people's tests of fixed length have in common on average:
/// T̄ = (N/n) Var(r) + n/N over the exposure rates r of N items, the population's variance
/// (Chen, Ankenmann & Spray, 2003, *Appl. Psychol. Meas.* 27, 321–340, eq. 13, for many people);
/// 0 without items or without length.
///
/// ```
/// use gradus::psychometrics::selection::content::expected_overlap;
/// assert!((expected_overlap(&[0.1, 0.2, 0.3, 0.4, 0.5], 2) - 0.45).abs() < 1e-15);
/// ```
pub fn expected_overlap(rates: &[f64], length: usize) -> f64 {
    if rates.is_empty() || length == 0 {
        return 0.0;
    }
    let (items, length) = (rates.len() as f64, length as f64);
    let mean = rates.iter().sum::<f64>() / items;
    let variance = rates.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>() / items;
    items / length * variance + length / items
}

/// The Maximum Priority Index `value · Π_c (ω_c f_c)^{[j in c]}` (Cheng & Chang, 2009, *Br. J.
/// Math. Stat. Psychol.* 62, 369–383, eq. 4): an item's value times, for every constraint it
/// belongs to, the constraint's weight ω and the share f = (X − x)/X of its quota X that is left
/// after x items. A full quota makes it 0.
///
/// ```
/// use gradus::psychometrics::selection::content::{QuotaUse, priority_index};
/// let half = QuotaUse { weight: 1.0, quota: 4, used: 2 };
/// let full = QuotaUse { weight: 2.0, quota: 3, used: 3 };
/// assert_eq!(priority_index(0.8, &[half]), 0.4);
/// assert_eq!(priority_index(0.8, &[half, full]), 0.0);
/// ```
pub fn priority_index(value: f64, constraints: &[QuotaUse]) -> f64 {
    constraints.iter().fold(value, |index, constraint| index * constraint.priority())
}

/// How much of a content quota has been used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuotaUse {
    /// The weight ω of the constraint.
    pub weight: f64,
    /// Most items of this kind, X.
    pub quota: usize,
    /// Items of this kind so far, x.
    pub used: usize,
}

impl QuotaUse {
    fn priority(&self) -> f64 {
        let left = self.quota.saturating_sub(self.used);
        if left == 0 { 0.0 } else { self.weight * left as f64 / self.quota as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn following_the_areas_due_keeps_the_targets() {
        // Goal: asking always the first area due, the shares come within one question of their
        // targets. Method: 60 questions, targets .5, .3, .15, .05.
        let targets = [0.5, 0.3, 0.15, 0.05];
        let mut asked = [0usize; 4];
        for _ in 0..60 {
            asked[areas_due(&targets, &asked)[0]] += 1;
        }
        for (target, count) in targets.iter().zip(asked) {
            assert!((target * 60.0 - count as f64).abs() <= 1.0, "{asked:?}");
        }
    }

    #[test]
    fn strata_are_even_and_in_order() {
        // Goal: sizes differ by at most one; no item of a lower stratum discriminates more than
        // one of a higher. Method: eleven slopes, four strata; more strata than items.
        let slopes: Vec<f64> = (0..11).map(|j| f64::from((j * 7) % 11)).collect();
        let strata = strata_by_discrimination(&slopes, 4);
        let sizes: Vec<usize> =
            (0..4).map(|s| strata.iter().filter(|stratum| **stratum == s).count()).collect();
        assert_eq!(sizes, [3, 3, 3, 2]);
        for (i, a) in slopes.iter().enumerate() {
            for (j, b) in slopes.iter().enumerate() {
                assert!(a >= b || strata[i] <= strata[j]);
            }
        }
        assert_eq!(strata_by_discrimination(&[2.0, 1.0], 5), [1, 0]);
    }

    #[test]
    fn overlap_is_least_when_items_are_used_evenly() {
        // Goal: even use gives n/N, the minimum; one fixed form gives 1. Method: both extremes.
        assert_eq!(expected_overlap(&[0.25; 40], 10), 0.25);
        let form: Vec<f64> = (0..40).map(|j| f64::from(u8::from(j < 10))).collect();
        assert!((expected_overlap(&form, 10) - 1.0).abs() < 1e-12);
        assert_eq!(expected_overlap(&[], 10), 0.0);
    }
}
