//! Linking: the line θ_old = A θ_new + B that brings two calibrations of common items to one
//! scale, and number-correct scores that mean the same ability on two forms. Knows parameters
//! only; who answered what is calibration's business.

mod drift;
mod sampling;

pub use drift::{CommonItem, ItemDrift, Purified, location, without_drift};
pub use sampling::{Calibrated, Numbers, Outcome, parameters, sampling_errors};

use thiserror::Error;

use super::irt::{ItemModel, ModelError};
use super::numeric::roots::{RootError, brent};

/// How the line is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkingMethod {
    /// A from the means of the slopes, B from those of the difficulties (Loyd & Hoover, 1980,
    /// *J. Educ. Meas.* 17, 179–193).
    MeanMean,
    /// A from the standard deviations of the difficulties (Marco, 1977, *J. Educ. Meas.* 14,
    /// 139–160).
    MeanSigma,
    /// The least sum of squared differences between item curves (Haebara, 1980, *Jpn. Psychol.
    /// Res.* 22, 144–149).
    Haebara,
    /// The least squared differences between test curves (Stocking & Lord, 1983, *Appl. Psychol.
    /// Meas.* 7, 201–210).
    StockingLord,
}

/// θ_old = A θ_new + B.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// The slope A > 0.
    pub a: f64,
    /// The intercept B.
    pub b: f64,
}

/// Why there is no line.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum LinkingError {
    /// Fewer common items than two parameters need.
    #[error("{common} common items; at least 2 are needed")]
    TooFewItems {
        /// Items that both lists have.
        common: usize,
    },
    /// Items whose difficulties do not differ.
    #[error("the difficulties of the common items do not differ; mean/sigma has no slope")]
    NoSpread,
    /// A pair of items of different models or numbers of categories.
    #[error("common item {item} has another model in one of the lists")]
    DifferentModels {
        /// Its place among the common items, from 0.
        item: usize,
    },
    /// A method for difficulties on an item that has none.
    #[error("common item {item} is nominal: it has no difficulty; use haebara or stocking-lord")]
    Nominal {
        /// Its place among the common items, from 0.
        item: usize,
    },
    /// The search for the least difference did not end.
    #[error("the search for the line did not settle")]
    NotSettled,
    /// A line that gives no items.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A score's ability was not found.
    #[error(transparent)]
    Root(#[from] RootError),
}

/// An item on the old scale, from the line that leads there: a/A, Ab + B.
///
/// # Errors
/// A line whose slope is not positive and finite.
///
/// ```
/// use gradus::psychometrics::irt::ItemModel;
/// use gradus::psychometrics::linking::{Line, on_old_scale};
/// let new = ItemModel::logistic(1.2, 0.5, 0.2, 1.0)?;
/// let old = on_old_scale(&new, Line { a: 1.2, b: -0.5 })?;
/// assert!((old.probability(1.2 * 0.7 - 0.5, 1) - new.probability(0.7, 1)).abs() < 1e-15);
/// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
/// ```
pub fn on_old_scale(item: &ItemModel, line: Line) -> Result<ItemModel, ModelError> {
    let move_all = |places: &[f64]| places.iter().map(|b| line.a * b + line.b).collect();
    match item {
        ItemModel::Logistic(item) => ItemModel::logistic(
            item.discrimination() / line.a,
            line.a * item.difficulty() + line.b,
            item.lower(),
            item.upper(),
        ),
        ItemModel::Graded(item) => {
            ItemModel::graded(item.discrimination() / line.a, move_all(item.thresholds()))
        }
        ItemModel::GeneralizedPartialCredit(item) => ItemModel::generalized_partial_credit(
            item.discrimination() / line.a,
            move_all(item.steps()),
        ),
        ItemModel::Nominal(item) => {
            let slopes: Vec<f64> = item.slopes()[1..].iter().map(|a| a / line.a).collect();
            let intercepts = item.intercepts()[1..].iter().zip(&slopes);
            let intercepts = intercepts.map(|(c, a)| c - a * line.b).collect();
            ItemModel::nominal(slopes, intercepts)
        }
    }
}

/// Nodes on the old scale on which curves are compared: 41 points of [−4, 4] with equal weights.
fn comparison_nodes() -> Vec<f64> {
    (0..41).map(|i| -4.0 + 0.2 * f64::from(i)).collect()
}

/// The line from the new to the old calibration of the same items, in the same order.
///
/// Curves are compared on the old scale, at 41 equally spaced and equally weighted abilities of
/// [−4, 4], new items against old ones (Kolen & Brennan, 2014, *Test Equating, Scaling, and
/// Linking*, ch. 6).
///
/// # Errors
/// Fewer than two items; items that do not match; difficulties without spread.
///
/// ```
/// use gradus::psychometrics::irt::ItemModel;
/// use gradus::psychometrics::linking::{Line, LinkingMethod, line, on_old_scale};
/// let new = [(1.0, -1.0), (1.5, 0.0), (0.8, 1.2)]
///     .map(|(a, b)| ItemModel::logistic(a, b, 0.1, 1.0).unwrap());
/// let truth = Line { a: 1.25, b: -0.4 };
/// let old = new.clone().map(|item| on_old_scale(&item, truth).unwrap());
/// let found = line(LinkingMethod::StockingLord, &new, &old)?;
/// assert!((found.a - 1.25).abs() < 1e-7 && (found.b + 0.4).abs() < 1e-7);
/// # Ok::<(), gradus::psychometrics::linking::LinkingError>(())
/// ```
pub fn line(
    method: LinkingMethod,
    new: &[ItemModel],
    old: &[ItemModel],
) -> Result<Line, LinkingError> {
    let common = new.len().min(old.len());
    if common < 2 {
        return Err(LinkingError::TooFewItems { common });
    }
    for (item, (new, old)) in new.iter().zip(old).enumerate() {
        let same = core::mem::discriminant(new) == core::mem::discriminant(old);
        if !same || new.categories() != old.categories() {
            return Err(LinkingError::DifferentModels { item });
        }
    }
    match method {
        LinkingMethod::MeanMean => {
            let a = mean(&slopes(new)?) / mean(&slopes(old)?);
            Ok(through_means(a, &difficulties(new)?, &difficulties(old)?))
        }
        LinkingMethod::MeanSigma => mean_sigma(&difficulties(new)?, &difficulties(old)?),
        LinkingMethod::Haebara | LinkingMethod::StockingLord => {
            least_difference(method, new, old, start(new, old))
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The population's standard deviation; both lists have the same length, so the divisor cancels.
fn deviation(values: &[f64]) -> f64 {
    let centre = mean(values);
    (values.iter().map(|v| (v - centre) * (v - centre)).sum::<f64>() / values.len() as f64).sqrt()
}

fn through_means(a: f64, new: &[f64], old: &[f64]) -> Line {
    Line { a, b: mean(old) - a * mean(new) }
}

fn mean_sigma(new: &[f64], old: &[f64]) -> Result<Line, LinkingError> {
    let a = deviation(old) / deviation(new);
    if a.is_finite() && a > 0.0 {
        Ok(through_means(a, new, old))
    } else {
        Err(LinkingError::NoSpread)
    }
}

fn slopes(items: &[ItemModel]) -> Result<Vec<f64>, LinkingError> {
    let slope = |(item, model): (usize, &ItemModel)| match model {
        ItemModel::Logistic(model) => Ok(model.discrimination()),
        ItemModel::Graded(model) => Ok(model.discrimination()),
        ItemModel::GeneralizedPartialCredit(model) => Ok(model.discrimination()),
        ItemModel::Nominal(_) => Err(LinkingError::Nominal { item }),
    };
    items.iter().enumerate().map(slope).collect()
}

/// All difficulties, thresholds and steps.
fn difficulties(items: &[ItemModel]) -> Result<Vec<f64>, LinkingError> {
    let mut all = Vec::new();
    for (item, model) in items.iter().enumerate() {
        match model {
            ItemModel::Logistic(model) => all.push(model.difficulty()),
            ItemModel::Graded(model) => all.extend_from_slice(model.thresholds()),
            ItemModel::GeneralizedPartialCredit(model) => all.extend_from_slice(model.steps()),
            ItemModel::Nominal(_) => return Err(LinkingError::Nominal { item }),
        }
    }
    Ok(all)
}

fn start(new: &[ItemModel], old: &[ItemModel]) -> Line {
    let moments = difficulties(new).and_then(|new| mean_sigma(&new, &difficulties(old)?));
    moments.unwrap_or(Line { a: 1.0, b: 0.0 })
}

/// The differences whose squares are summed.
fn differences(
    method: LinkingMethod,
    new: &[ItemModel],
    old_curves: &[Vec<f64>],
    nodes: &[f64],
    line: Line,
) -> Result<Vec<f64>, ModelError> {
    let moved: Vec<ItemModel> =
        new.iter().map(|item| on_old_scale(item, line)).collect::<Result<_, _>>()?;
    let mut all = Vec::new();
    for (q, theta) in nodes.iter().enumerate() {
        let mut old = old_curves[q].iter();
        let mut test = 0.0;
        for item in &moved {
            for category in 1..item.categories() {
                let difference =
                    old.next().copied().unwrap_or_default() - item.probability(*theta, category);
                match method {
                    LinkingMethod::StockingLord => test += category as f64 * difference,
                    _ => all.push(difference),
                }
            }
            // Of more than two categories the lowest is a curve of its own, too.
            if method == LinkingMethod::Haebara && item.categories() > 2 {
                let rest: f64 = all[all.len() + 1 - item.categories()..].iter().sum();
                all.push(-rest);
            }
        }
        if method == LinkingMethod::StockingLord {
            all.push(test);
        }
    }
    Ok(all)
}

/// Most Gauss–Newton steps; ten are usual.
const STEPS_MAX: usize = 200;

/// Gauss–Newton with step halving from a start, to 1e-10.
fn least_difference(
    method: LinkingMethod,
    new: &[ItemModel],
    old: &[ItemModel],
    start: Line,
) -> Result<Line, LinkingError> {
    let nodes = comparison_nodes();
    let curves: Vec<Vec<f64>> = nodes
        .iter()
        .map(|&theta| {
            let curve = |item: &ItemModel| {
                (1..item.categories()).map(|k| item.probability(theta, k)).collect::<Vec<_>>()
            };
            old.iter().flat_map(curve).collect()
        })
        .collect();
    let residuals = |line: Line| differences(method, new, &curves, &nodes, line);
    let square = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>();
    let mut at = start;
    let mut here = residuals(at)?;
    for _ in 0..STEPS_MAX {
        let step = gauss_newton_step(&residuals, at, &here)?;
        let mut length = 1.0;
        let next = loop {
            let next = Line { a: at.a + length * step.0, b: at.b + length * step.1 };
            if next.a > 0.0 {
                let there = residuals(next)?;
                if square(&there) <= square(&here) {
                    break Some((next, there));
                }
            }
            length *= 0.5;
            if length < 1e-12 {
                break None;
            }
        };
        let moved = step.0.abs().max(step.1.abs()) * length;
        match next {
            Some((line, there)) => (at, here) = (line, there),
            None => return Ok(at),
        }
        if moved < 1e-10 {
            return Ok(at);
        }
    }
    Err(LinkingError::NotSettled)
}

fn gauss_newton_step(
    residuals: &dyn Fn(Line) -> Result<Vec<f64>, ModelError>,
    at: Line,
    here: &[f64],
) -> Result<(f64, f64), LinkingError> {
    const H: f64 = 1e-6;
    let difference = |up: Line, down: Line| -> Result<Vec<f64>, ModelError> {
        let (up, down) = (residuals(up)?, residuals(down)?);
        Ok(up.iter().zip(&down).map(|(u, d)| (u - d) / (2.0 * H)).collect())
    };
    let by_a = difference(Line { a: at.a + H, ..at }, Line { a: at.a - H, ..at })?;
    let by_b = difference(Line { b: at.b + H, ..at }, Line { b: at.b - H, ..at })?;
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    let (aa, ab, bb) = (dot(&by_a, &by_a), dot(&by_a, &by_b), dot(&by_b, &by_b));
    let (ga, gb) = (dot(&by_a, here), dot(&by_b, here));
    let determinant = aa * bb - ab * ab;
    if determinant <= 0.0 {
        return Err(LinkingError::NotSettled);
    }
    Ok(((ab * gb - bb * ga) / determinant, (ab * ga - aa * gb) / determinant))
}

/// Standard errors of A and B by leaving each common item out in turn: the jackknife, √((n − 1)/n
/// Σ (value − mean)²) (Tukey, 1958; for linking Haberman, Lee & Qian, 2009, ETS RR-09-39). They
/// say how much the line depends on which items are common.
///
/// # Errors
/// As [`line()`]; fewer than three items.
pub fn jackknife(
    method: LinkingMethod,
    new: &[ItemModel],
    old: &[ItemModel],
) -> Result<Line, LinkingError> {
    let n = new.len();
    if n < 3 {
        return Err(LinkingError::TooFewItems { common: n });
    }
    let without = |items: &[ItemModel], left_out: usize| -> Vec<ItemModel> {
        let kept = items.iter().enumerate().filter(|(index, _)| *index != left_out);
        kept.map(|(_, item)| item.clone()).collect()
    };
    let lines = (0..n)
        .map(|item| line(method, &without(new, item), &without(old, item)))
        .collect::<Result<Vec<_>, _>>()?;
    let error = |values: Vec<f64>| deviation(&values) * ((n - 1) as f64).sqrt();
    Ok(Line {
        a: error(lines.iter().map(|line| line.a).collect()),
        b: error(lines.iter().map(|line| line.b).collect()),
    })
}

/// A score of the new form and what it is worth on the old one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EquatedScore {
    /// The number-correct score on the new form.
    pub score: usize,
    /// The ability, on the old scale, whose expected score it is; `None` below Σc.
    pub theta: Option<f64>,
    /// The expected score there on the old form.
    pub equivalent: f64,
}

/// True-score equating: the old form's expected score at the ability that expects each score of
/// the new form; both forms on the old scale. Scores at or below Σc, which no ability expects, go
/// in proportion to the two sums (Kolen & Brennan, 2014, section 6.5).
///
/// # Errors
/// An ability that is not found in [−30, 30].
pub fn true_score_equating(
    new: &[ItemModel],
    old: &[ItemModel],
) -> Result<Vec<EquatedScore>, LinkingError> {
    let expected = |items: &[ItemModel], theta: f64| -> f64 {
        items.iter().map(|item| item.expected_score(theta)).sum()
    };
    let most: usize = new.iter().map(|item| item.categories() - 1).sum();
    let most_old: usize = old.iter().map(|item| item.categories() - 1).sum();
    let floor = |items: &[ItemModel]| -> f64 {
        items.iter().filter_map(ItemModel::as_logistic).map(|item| item.lower()).sum()
    };
    let (lowest, lowest_old) = (floor(new), floor(old));
    (0..=most)
        .map(|score| {
            let value = score as f64;
            if score == most {
                return Ok(EquatedScore { score, theta: None, equivalent: most_old as f64 });
            }
            if value <= lowest {
                let equivalent = if lowest > 0.0 { value * lowest_old / lowest } else { 0.0 };
                return Ok(EquatedScore { score, theta: None, equivalent });
            }
            let theta = brent(|theta| expected(new, theta) - value, -30.0, 30.0, 1e-12)?;
            Ok(EquatedScore { score, theta: Some(theta), equivalent: expected(old, theta) })
        })
        .collect()
}
