//! Differential item functioning of right-or-wrong items between two groups: Mantel–Haenszel with
//! the classes of ETS, logistic regression, purification. Compares people with the same score;
//! never compares the groups' means.

use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::{NOT_ASKED, Scores};
use crate::psychometrics::numeric::linalg::SymmetricMatrix;
use crate::psychometrics::numeric::special::{log_logistic, logistic};

/// The Mantel–Haenszel comparison of one item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MantelHaenszel {
    /// The common odds ratio, reference to focal group.
    pub alpha: f64,
    /// −2.35 ln α, on the delta scale of ETS: negative when the item favours the reference group.
    pub delta: f64,
    /// The standard error of delta (Robins, Breslow & Greenland, 1986; Phillips & Holland, 1987).
    pub se: f64,
    /// The chi-square with continuity correction, 1 degree of freedom.
    pub chi_square: f64,
    /// Its p-value.
    pub p: f64,
}

/// The classes of ETS (Zieky, 1993; Dorans & Holland, 1993): A negligible, B moderate, C large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EtsClass {
    /// |Δ| < 1, or Δ not different from 0.
    A,
    /// Neither A nor C.
    B,
    /// |Δ| ≥ 1.5 and significantly above 1.
    C,
}

/// What is known of one item's functioning in the two groups.
#[derive(Debug, Clone, PartialEq)]
pub struct DifferentialFunctioning {
    /// Number of the item, from 0.
    pub item: usize,
    /// Mantel–Haenszel; `None` when no stratum compares the groups.
    pub mantel_haenszel: Option<MantelHaenszel>,
    /// p after Benjamini & Hochberg (1995) over the items.
    pub p_adjusted: Option<f64>,
    /// The class, with Δ's significance at .05.
    pub class: Option<EtsClass>,
    /// Likelihood-ratio chi-square, 2 degrees of freedom, of group and group × score in a logistic
    /// regression on the score (Swaminathan & Rogers, 1990); `None` when it does not exist.
    pub lr_chi_square: Option<f64>,
    /// Its p-value.
    pub lr_p: Option<f64>,
}

/// A person's matching score, whether of the focal group, whether right on the studied item.
pub type Matched = (f64, bool, bool);

/// A table of one stratum: right and wrong of the reference group, right and wrong of the focal one.
type Stratum = [f64; 4];

/// Mantel & Haenszel (1959, *J. Natl. Cancer Inst.* 22, 719–748) over strata (A, B; C, D): reference
/// right and wrong, focal right and wrong. α = Σ AD/T / Σ BC/T; χ² = (|ΣA − ΣE(A)| − ½)²/ΣVar(A).
/// Strata of fewer than two people, or without one of the groups, contribute nothing.
///
/// ```
/// use gradus::psychometrics::item_analysis::mantel_haenszel;
/// // Penicillin and rabbits (Mantel & Haenszel's method in Everitt's example): 3.9286, p .0475.
/// let strata = [
///     [0.0, 6.0, 0.0, 5.0], [3.0, 3.0, 0.0, 6.0], [6.0, 0.0, 2.0, 4.0],
///     [5.0, 1.0, 6.0, 0.0], [2.0, 0.0, 5.0, 0.0],
/// ];
/// let found = mantel_haenszel(&strata).unwrap();
/// assert!((found.chi_square - 3.928571428571429).abs() < 1e-12);
/// assert!((found.p - 0.047472255142918).abs() < 1e-9);
/// assert!((found.alpha - 7.0).abs() < 1e-12);
/// ```
pub fn mantel_haenszel(strata: &[Stratum]) -> Option<MantelHaenszel> {
    let (mut excess, mut variance) = (0.0, 0.0);
    let (mut r_sum, mut s_sum) = (0.0, 0.0);
    let (mut pr, mut ps_qr, mut qs) = (0.0, 0.0, 0.0);
    for &[a, b, c, d] in strata {
        let total = a + b + c + d;
        if total < 2.0 || a + b == 0.0 || c + d == 0.0 {
            continue;
        }
        let (reference, focal, right, wrong) = (a + b, c + d, a + c, b + d);
        excess += a - reference * right / total;
        variance += reference * focal * right * wrong / (total * total * (total - 1.0));
        let (r, s) = (a * d / total, b * c / total);
        let (p, q) = ((a + d) / total, (b + c) / total);
        r_sum += r;
        s_sum += s;
        pr += p * r;
        ps_qr += p * s + q * r;
        qs += q * s;
    }
    if variance <= 0.0 || r_sum <= 0.0 || s_sum <= 0.0 {
        return None;
    }
    let alpha = r_sum / s_sum;
    let log_variance =
        pr / (2.0 * r_sum * r_sum) + ps_qr / (2.0 * r_sum * s_sum) + qs / (2.0 * s_sum * s_sum);
    let corrected = (excess.abs() - 0.5).max(0.0);
    let chi_square = corrected * corrected / variance;
    Some(MantelHaenszel {
        alpha,
        delta: -2.35 * libm::log(alpha),
        se: 2.35 * log_variance.sqrt(),
        chi_square,
        p: upper_tail(chi_square, 1.0),
    })
}

/// P(χ² > x).
fn upper_tail(x: f64, degrees: f64) -> f64 {
    ChiSquared::new(degrees).map_or(f64::NAN, |law| law.sf(x))
}

/// A: |Δ| < 1 or p ≥ .05. C: |Δ| ≥ 1.5 and (|Δ| − 1)/SE > 1.645. B: the rest.
///
/// ```
/// use gradus::psychometrics::item_analysis::{EtsClass, MantelHaenszel, ets_class};
/// let item = |delta: f64, se, p| MantelHaenszel { alpha: 1.0, delta, se, chi_square: 0.0, p };
/// assert_eq!(ets_class(&item(-2.4861, 0.7924, 0.0019)), EtsClass::C);
/// assert_eq!(ets_class(&item(-1.6, 0.7, 0.03)), EtsClass::B);
/// assert_eq!(ets_class(&item(-1.6052, 0.8403, 0.0857)), EtsClass::A);
/// ```
pub fn ets_class(found: &MantelHaenszel) -> EtsClass {
    let size = found.delta.abs();
    if size < 1.0 || found.p >= 0.05 {
        EtsClass::A
    } else if size >= 1.5 && size - 1.0 > 1.645 * found.se {
        EtsClass::C
    } else {
        EtsClass::B
    }
}

/// p-values adjusted for the rate of false discoveries (Benjamini & Hochberg, 1995, *J. R. Stat.
/// Soc. B* 57, 289–300): p_(i) n/i, made monotone from the largest down.
///
/// ```
/// use gradus::psychometrics::item_analysis::benjamini_hochberg;
/// let adjusted = benjamini_hochberg(&[0.01, 0.04, 0.03, 0.2]);
/// let expected = [0.04, 0.04 * 4.0 / 3.0, 0.04 * 4.0 / 3.0, 0.2];
/// assert!(adjusted.iter().zip(expected).all(|(found, known)| (found - known).abs() < 1e-15));
/// ```
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let n = p.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| p[j].total_cmp(&p[i]));
    let mut adjusted = vec![0.0; n];
    let mut least: f64 = 1.0;
    for (from_top, &index) in order.iter().enumerate() {
        least = least.min(p[index] * n as f64 / (n - from_top) as f64);
        adjusted[index] = least;
    }
    adjusted
}

/// Most rounds of purification.
const ROUNDS_MAX: usize = 10;

/// Every item's functioning in the reference (`false`) and the focal group (`true`). People are
/// matched on their number of right answers, the studied item included; with `purify`, items of
/// class B or C are left out of the others' score until the set no longer changes (Holland &
/// Thayer, 1988). Only people who answered everything are compared.
pub fn screen(scores: Scores<'_>, focal: &[bool], purify: bool) -> Vec<DifferentialFunctioning> {
    let people: Vec<(&[u16], bool)> = (0..scores.persons())
        .map(|person| (scores.row(person), focal[person]))
        .filter(|(row, _)| row.iter().all(|score| *score != NOT_ASKED))
        .collect();
    let mut anchors = vec![true; scores.items];
    let mut found = Vec::new();
    for _ in 0..ROUNDS_MAX {
        found = (0..scores.items)
            .map(|item| mantel_haenszel(&strata(&people, item, &anchors)))
            .collect::<Vec<_>>();
        let next: Vec<bool> = found
            .iter()
            .map(|found| found.is_none_or(|found| ets_class(&found) == EtsClass::A))
            .collect();
        let enough = next.iter().filter(|anchor| **anchor).count() >= 2;
        if !purify || next == anchors || !enough {
            break;
        }
        anchors = next;
    }
    let known: Vec<f64> = found.iter().flatten().map(|found| found.p).collect();
    let mut adjusted = benjamini_hochberg(&known).into_iter();
    found
        .into_iter()
        .enumerate()
        .map(|(item, found)| {
            let lr = likelihood_ratio(&matched(&people, item, &anchors));
            DifferentialFunctioning {
                item,
                p_adjusted: found.and_then(|_| adjusted.next()),
                class: found.map(|found| ets_class(&found)),
                mantel_haenszel: found,
                lr_chi_square: lr,
                lr_p: lr.map(|chi_square| upper_tail(chi_square, 2.0)),
            }
        })
        .collect()
}

/// Right answers on the anchors and on the studied item.
fn matching_score(row: &[u16], item: usize, anchors: &[bool]) -> usize {
    row.iter()
        .enumerate()
        .filter(|(index, score)| (anchors[*index] || *index == item) && **score > 0)
        .count()
}

fn strata(people: &[(&[u16], bool)], item: usize, anchors: &[bool]) -> Vec<Stratum> {
    let mut strata = vec![[0.0; 4]; anchors.len() + 1];
    for (row, focal) in people {
        let cell = usize::from(*focal) * 2 + usize::from(row[item] == 0);
        strata[matching_score(row, item, anchors)][cell] += 1.0;
    }
    strata
}

fn matched(people: &[(&[u16], bool)], item: usize, anchors: &[bool]) -> Vec<Matched> {
    people
        .iter()
        .map(|(row, focal)| (matching_score(row, item, anchors) as f64, *focal, row[item] > 0))
        .collect()
}

/// 2(ℓ₁ − ℓ₀) of two logistic regressions of being right: on the score, and on score, group and
/// their product. `None` when one has no maximum (perfect separation) or only one group is there.
pub fn likelihood_ratio(people: &[Matched]) -> Option<f64> {
    let mixed =
        |pick: &dyn Fn(&Matched) -> bool| people.iter().any(pick) && !people.iter().all(pick);
    if !mixed(&|person| person.1) || !mixed(&|person| person.2) {
        return None;
    }
    let centre = people.iter().map(|person| person.0).sum::<f64>() / people.len() as f64;
    let small = |(score, _, _): &Matched| vec![1.0, score - centre];
    let large = |(score, focal, _): &Matched| {
        let focal = f64::from(u8::from(*focal));
        vec![1.0, score - centre, focal, focal * (score - centre)]
    };
    let null = logistic_regression(people, 2, &small)?;
    let full = logistic_regression(people, 4, &large)?;
    Some((2.0 * (full - null)).max(0.0))
}

/// The maximum log-likelihood of a logistic regression, by Newton's method with step halving.
fn logistic_regression(
    people: &[Matched],
    size: usize,
    predictors: &dyn Fn(&Matched) -> Vec<f64>,
) -> Option<f64> {
    let rows: Vec<(Vec<f64>, bool)> =
        people.iter().map(|person| (predictors(person), person.2)).collect();
    let linear = |beta: &[f64], x: &[f64]| -> f64 { beta.iter().zip(x).map(|(b, x)| b * x).sum() };
    let log_likelihood = |beta: &[f64]| -> f64 {
        rows.iter()
            .map(|(x, right)| {
                let z = linear(beta, x);
                log_logistic(if *right { z } else { -z })
            })
            .sum()
    };
    let mut beta = vec![0.0; size];
    let mut best = log_likelihood(&beta);
    for _ in 0..100 {
        let mut information = SymmetricMatrix::zeros(size);
        let mut gradient = vec![0.0; size];
        for (x, right) in &rows {
            let p = logistic(linear(&beta, x));
            let residual = f64::from(u8::from(*right)) - p;
            gradient.iter_mut().zip(x).for_each(|(sum, x)| *sum += residual * x);
            information.add_outer(p * (1.0 - p), x);
        }
        let step = information.cholesky().ok()?.solve(&gradient);
        let mut length = 1.0;
        let next = loop {
            let next: Vec<f64> = beta.iter().zip(&step).map(|(b, s)| b + length * s).collect();
            let value = log_likelihood(&next);
            if value >= best || length < 1e-8 {
                break (next, value);
            }
            length *= 0.5;
        };
        let gain = next.1 - best;
        beta = next.0;
        best = best.max(next.1);
        if beta.iter().any(|value| value.abs() > 50.0) {
            return None;
        }
        if gain < 1e-10 {
            return Some(best);
        }
    }
    None
}
