//! From a response to a score. The key is structural, so every response that fits its item has
//! exactly one score.

use super::response::Response;
use crate::bank::{Item, Key, MultiRule, Normalise, OptionId, OrderRule};
use crate::psychometrics::cat::Observation;

/// The score of one response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scored {
    /// Score reached, from 0.
    pub score: usize,
    /// Greatest possible score.
    pub max_score: usize,
    /// What the measurement model sees.
    pub observation: Observation,
}

impl Scored {
    fn of(score: usize, max_score: usize) -> Self {
        Self { score, max_score, observation: Observation::Category(score) }
    }

    /// Whether the full score was reached.
    pub fn is_right(&self) -> bool {
        self.score == self.max_score
    }
}

/// Greatest score of an item: 1, or the number of partial-credit steps.
///
/// Partial rules have three steps: blind ticking earns something too often for more
/// categories to tell people apart.
pub fn max_score(item: &Item) -> usize {
    match &item.key {
        Key::Multi { rule: MultiRule::PartialSymmetric, keys } => {
            2.min(keys.iter().filter(|key| **key).count()).max(1)
        }
        Key::Order { rule: OrderRule::Kendall, .. } => 2,
        _ => 1,
    }
}

/// Scores a response to an item.
///
/// A response that does not fit the item scores nothing; [`Response`] values read against the
/// item always fit.
pub fn score(item: &Item, response: &Response) -> Scored {
    let most = max_score(item);
    let reached = match (&item.key, response) {
        (_, Response::DontKnow) => {
            return Scored { score: 0, max_score: most, observation: Observation::DontKnow };
        }
        (Key::Single { key }, Response::Single(id)) => usize::from(item.options[*key].id == *id),
        (Key::Multi { keys, rule }, Response::Multi(ids)) => {
            score_multi(item, keys, *rule, ids, most)
        }
        (Key::Order { order, rule }, Response::Order(ids)) => score_order(item, order, *rule, ids),
        (Key::Numeric { value, tolerance, .. }, Response::Number(given)) => {
            usize::from(within(*given, *value, *tolerance))
        }
        (Key::Text { accept, regex, normalise }, Response::Text(text)) => {
            let given = normalised(text, normalise);
            let listed = accept.iter().any(|answer| normalised(answer, normalise) == given);
            usize::from(listed || regex.as_ref().is_some_and(|pattern| pattern.matches(&given)))
        }
        _ => 0,
    };
    Scored::of(reached, most)
}

/// Within the tolerance, both ends included, allowing for the rounding of decimal fractions.
fn within(given: f64, value: f64, tolerance: f64) -> bool {
    let rounding = 1e-9 * value.abs().max(given.abs());
    (given - value).abs() <= tolerance + rounding
}

fn score_multi(
    item: &Item,
    keys: &[bool],
    rule: MultiRule,
    ids: &[OptionId],
    most: usize,
) -> usize {
    let ticked = |at: usize| ids.contains(&item.options[at].id);
    let hits = (0..keys.len()).filter(|&at| keys[at] && ticked(at)).count();
    let false_alarms = (0..keys.len()).filter(|&at| !keys[at] && ticked(at)).count();
    let wanted = keys.iter().filter(|key| **key).count();
    match rule {
        MultiRule::AllOrNothing => usize::from(hits == wanted && false_alarms == 0),
        MultiRule::PartialSymmetric => {
            // Hits less false alarms; one short of everything earns the middle category, all
            // less than that nothing.
            let net = hits.saturating_sub(false_alarms);
            if net == wanted { most } else { usize::from(most > 1 && net + 1 == wanted) }
        }
    }
}

fn score_order(item: &Item, order: &[usize], rule: OrderRule, ids: &[OptionId]) -> usize {
    let right: Vec<&OptionId> = order.iter().map(|&at| &item.options[at].id).collect();
    let exact = right.iter().copied().eq(ids.iter());
    match rule {
        OrderRule::Exact => usize::from(exact),
        OrderRule::Kendall if exact => 2,
        OrderRule::Kendall => {
            let place = |id: &OptionId| ids.iter().position(|other| other == id);
            let mut concordant = 0;
            let mut pairs = 0;
            for later in 1..right.len() {
                for earlier in 0..later {
                    pairs += 1;
                    concordant += usize::from(place(right[earlier]) < place(right[later]));
                }
            }
            usize::from(concordant * 5 >= pairs * 4)
        }
    }
}

fn normalised(text: &str, steps: &[Normalise]) -> String {
    let mut text = text.replace("\r\n", "\n");
    for step in steps {
        text = match step {
            Normalise::Trim => text.trim().to_owned(),
            Normalise::CollapseSpace => text.split_whitespace().collect::<Vec<_>>().join(" "),
            Normalise::Lowercase => text.to_lowercase(),
        };
    }
    text
}

/// A response that earns the full score.
///
/// `None` only for a text item that accepts by pattern alone.
pub fn correct_response(item: &Item) -> Option<Response> {
    let id = |at: usize| item.options[at].id.clone();
    Some(match &item.key {
        Key::Single { key } => Response::Single(id(*key)),
        Key::Multi { keys, .. } => {
            Response::Multi((0..keys.len()).filter(|&at| keys[at]).map(id).collect())
        }
        Key::Order { order, .. } => Response::Order(order.iter().map(|&at| id(at)).collect()),
        Key::Numeric { value, .. } => Response::Number(*value),
        Key::Text { accept, .. } => Response::Text(accept.first()?.clone()),
    })
}
