//! The best form there is: which items, of all that keep the rules, tell most together? Solved
//! exactly as a 0–1 program; meant for building fixed forms, auditing banks and judging the rules
//! used at run time. No session uses it: it may take seconds where a question may take none.

use microlp::{ComparisonOp, Error, OptimizationDirection, Problem, SolveOptions, Variable};
use thiserror::Error;

/// Most branches of one search. Forms from some hundred items need a few dozen.
const BRANCHES_MAX: u64 = 100_000;

/// An item as the builder sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct FormItem {
    /// What it is worth, mostly its information at the ability aimed at.
    pub value: f64,
    /// Its topic.
    pub topic: usize,
    /// Items (by position) that must not stand in the same form; one direction is enough.
    pub excludes: Vec<usize>,
}

/// Fewest and most items of one topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicRange {
    /// At least so many.
    pub min: usize,
    /// At most so many.
    pub max: usize,
}

/// What a form must be.
#[derive(Debug, Clone, PartialEq)]
pub struct FormRules {
    /// Number of items.
    pub length: usize,
    /// Range of each topic.
    pub topics: Vec<TopicRange>,
    /// Items that must be in it: those already answered, for a shadow test.
    pub fixed: Vec<usize>,
}

/// The best form.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// Its items, ascending.
    pub items: Vec<usize>,
    /// The sum of their values.
    pub value: f64,
}

/// Why there is no form.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum FormError {
    /// An item names a topic for which there is no range.
    #[error("item {item} is of topic {topic}, but there are {topics} topics")]
    UnknownTopic {
        /// The item.
        item: usize,
        /// Its topic.
        topic: usize,
        /// Number of topics with a range.
        topics: usize,
    },
    /// An exclusion or a fixed item lies outside the items.
    #[error("item {item} does not exist: there are {items}")]
    UnknownItem {
        /// The position as given.
        item: usize,
        /// Number of items.
        items: usize,
    },
    /// A value is not a finite number.
    #[error("the value of item {item} is {value}")]
    Value {
        /// The item.
        item: usize,
        /// Its value as given.
        value: f64,
    },
    /// No choice of items keeps all rules.
    #[error("no {length} items keep all rules")]
    Infeasible {
        /// The length asked for.
        length: usize,
    },
    /// The search was given up.
    #[error("no proof of the best form after {branches} branches")]
    TooHard {
        /// Branches searched at most.
        branches: u64,
    },
    /// The solver failed.
    #[error("the solver failed: {reason}")]
    Solver {
        /// What it said.
        reason: String,
    },
}

/// The form of greatest value: maximise Σ_j v_j x_j over x_j ∈ {0, 1} with Σ_j x_j = length,
/// min_k ≤ Σ_{j in topic k} x_j ≤ max_k, x_i + x_j ≤ 1 for enemies, x_j = 1 for fixed items (van
/// der Linden, 2005, *Linear Models for Optimal Test Design*, ch. 3; with fixed items the shadow
/// test of van der Linden & Reese, 1998, *Appl. Psychol. Meas.* 22, 259–270).
///
/// The two best items are enemies:
/// ```
/// use gradus::psychometrics::selection::shadow::{FormItem, FormRules, TopicRange, best_form};
/// let item = |value, excludes| FormItem { value, topic: 0, excludes };
/// let items = [item(0.9, vec![1]), item(0.8, vec![]), item(0.3, vec![])];
/// let topics = vec![TopicRange { min: 0, max: 2 }];
/// let form = best_form(&items, &FormRules { length: 2, topics, fixed: vec![] })?;
/// assert_eq!(form.items, [0, 2]);
/// assert!((form.value - 1.2).abs() < 1e-12);
/// # Ok::<(), gradus::psychometrics::selection::shadow::FormError>(())
/// ```
///
/// # Errors
/// Positions or values that cannot be, rules that no items keep, or a search that is too long.
pub fn best_form(items: &[FormItem], rules: &FormRules) -> Result<Form, FormError> {
    check(items, rules)?;
    let mut problem = Problem::new(OptimizationDirection::Maximize);
    let chosen: Vec<Variable> =
        items.iter().map(|item| problem.add_binary_var(item.value)).collect();
    constrain(&mut problem, &chosen, items, rules);
    let mut options = SolveOptions::default();
    options.node_limit = Some(BRANCHES_MAX);
    let outcome = problem.solve_with(options).map_err(|error| match error {
        Error::Infeasible => FormError::Infeasible { length: rules.length },
        other => FormError::Solver { reason: other.to_string() },
    })?;
    let proved = outcome.is_optimal();
    let solution = match outcome.into_solution() {
        Ok(solution) if proved => solution,
        _ => return Err(FormError::TooHard { branches: BRANCHES_MAX }),
    };
    let items_of_form: Vec<usize> =
        (0..items.len()).filter(|&j| solution.var_value(chosen[j]) > 0.5).collect();
    // Summed anew in the order of the items: the solver's own sum carries its tolerance.
    let value = items_of_form.iter().fold(0.0, |sum, &j| sum + items[j].value);
    Ok(Form { items: items_of_form, value })
}

/// Refuses positions and values that cannot be.
fn check(items: &[FormItem], rules: &FormRules) -> Result<(), FormError> {
    let (count, topics) = (items.len(), rules.topics.len());
    for (position, item) in items.iter().enumerate() {
        if item.topic >= topics {
            return Err(FormError::UnknownTopic { item: position, topic: item.topic, topics });
        }
        if !item.value.is_finite() {
            return Err(FormError::Value { item: position, value: item.value });
        }
    }
    let named = items.iter().flat_map(|item| &item.excludes).chain(&rules.fixed);
    match named.copied().find(|&item| item >= count) {
        Some(item) => Err(FormError::UnknownItem { item, items: count }),
        None => Ok(()),
    }
}

/// Writes the rules as constraints.
fn constrain(problem: &mut Problem, chosen: &[Variable], items: &[FormItem], rules: &FormRules) {
    let all: Vec<(Variable, f64)> = chosen.iter().map(|&x| (x, 1.0)).collect();
    problem.add_constraint(all.as_slice(), ComparisonOp::Eq, rules.length as f64);
    for (topic, range) in rules.topics.iter().enumerate() {
        let of_topic: Vec<(Variable, f64)> = (0..items.len())
            .filter(|&j| items[j].topic == topic)
            .map(|j| (chosen[j], 1.0))
            .collect();
        problem.add_constraint(of_topic.as_slice(), ComparisonOp::Ge, range.min as f64);
        problem.add_constraint(of_topic.as_slice(), ComparisonOp::Le, range.max as f64);
    }
    for (j, item) in items.iter().enumerate() {
        for &enemy in item.excludes.iter().filter(|&&enemy| enemy != j) {
            let pair = [(chosen[j], 1.0), (chosen[enemy], 1.0)];
            problem.add_constraint(pair.as_slice(), ComparisonOp::Le, 1.0);
        }
    }
    for &item in &rules.fixed {
        problem.add_constraint([(chosen[item], 1.0)].as_slice(), ComparisonOp::Eq, 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psychometrics::numeric::stream::{Purpose, below, stream, uniform};

    /// A small seeded bank with two enemies a third item.
    fn bank(seed: u64, items: usize, topics: usize) -> Vec<FormItem> {
        let mut random = stream(seed, 0, Purpose::Simulee);
        (0..items)
            .map(|j| FormItem {
                value: uniform(&mut random),
                topic: j % topics,
                excludes: if j % 3 == 0 { vec![below(&mut random, items)] } else { vec![] },
            })
            .collect()
    }

    fn keeps(items: &[FormItem], rules: &FormRules, form: &[usize]) -> bool {
        let in_topic = |k| form.iter().filter(|&&j| items[j].topic == k).count();
        form.len() == rules.length
            && rules.topics.iter().enumerate().all(|(k, r)| (r.min..=r.max).contains(&in_topic(k)))
            && rules.fixed.iter().all(|j| form.contains(j))
            && form.iter().all(|&i| form.iter().all(|&j| i == j || !items[i].excludes.contains(&j)))
    }

    #[test]
    fn no_other_form_is_better() {
        // Goal: the form keeps all rules and no other that does is worth more. Method: 20 seeded
        // banks of 14 items, all 2¹⁴ subsets by hand.
        for seed in 0..20 {
            let items = bank(seed, 14, 3);
            let topics = vec![TopicRange { min: 1, max: 3 }; 3];
            let rules = FormRules { length: 6, topics, fixed: vec![(seed % 14) as usize] };
            let mut best: Option<f64> = None;
            for subset in 0u32..1 << items.len() {
                let form: Vec<usize> = (0..items.len()).filter(|j| subset >> j & 1 == 1).collect();
                if keeps(&items, &rules, &form) {
                    let value = form.iter().map(|&j| items[j].value).sum::<f64>();
                    best = Some(best.map_or(value, |most| most.max(value)));
                }
            }
            match best_form(&items, &rules) {
                Ok(form) => {
                    assert!(keeps(&items, &rules, &form.items), "seed {seed}");
                    assert!((form.value - best.unwrap()).abs() < 1e-9, "seed {seed}");
                }
                Err(error) => {
                    assert_eq!((error, best), (FormError::Infeasible { length: 6 }, None));
                }
            }
        }
    }

    #[test]
    fn rules_that_cannot_be_kept_are_refused() {
        // Goal: each fault has its error. Method: too short a topic, unknown topic, item, value.
        let items = bank(1, 9, 3);
        let rules = |length, min| FormRules {
            length,
            topics: vec![TopicRange { min, max: 9 }; 3],
            fixed: vec![],
        };
        assert_eq!(best_form(&items, &rules(9, 4)), Err(FormError::Infeasible { length: 9 }));
        let mut wrong = items.clone();
        wrong[2].topic = 7;
        let unknown = FormError::UnknownTopic { item: 2, topic: 7, topics: 3 };
        assert_eq!(best_form(&wrong, &rules(3, 1)), Err(unknown));
        wrong = items.clone();
        wrong[4].excludes = vec![99];
        let unknown = FormError::UnknownItem { item: 99, items: 9 };
        assert_eq!(best_form(&wrong, &rules(3, 1)), Err(unknown));
        wrong = items.clone();
        wrong[0].value = f64::INFINITY;
        assert!(matches!(best_form(&wrong, &rules(3, 1)), Err(FormError::Value { item: 0, .. })));
    }
}
