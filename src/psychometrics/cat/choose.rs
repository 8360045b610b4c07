//! Which item next: the rules that bind (quotas, enemies, shares), then the ranking by posterior
//! trace, then chance among the best for the first questions.

use rand::RngExt;

use super::design::Design;
use super::state::Cat;
use crate::psychometrics::numeric::stream::{Purpose, stream};
use crate::psychometrics::selection::posterior_trace::expected_gain;
use crate::psychometrics::selection::quotas::completion;

/// The item chosen and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// Pool position.
    pub item: usize,
    /// Expected fall of the objective's variance.
    pub value: f64,
    /// What decided.
    pub why: Why,
}

/// What decided on an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It was expected to tell most.
    MostInformative,
    /// Drawn by the seed among so many of the most informative, as the first questions are.
    DrawnAmongBest {
        /// Number of items in the draw.
        among: usize,
    },
    /// The most informative of a topic that still needed questions.
    TopicRequired {
        /// The topic.
        topic: usize,
    },
    /// It stands in the record of a session that another engine ran.
    Recorded,
    /// Not chosen by the engine: a question on trial, which counts for nothing.
    OnTrial,
}

/// The next item, or `None` when no item may be asked.
pub(super) fn choose(cat: &Cat, seed: u64) -> Option<Choice> {
    let required = topics_required(cat);
    let position = cat.asked().len();
    let rule = cat.design().randomesque;
    let wanted = if position < rule.questions { rule.among.max(1) } else { 1 };
    let mut ranked = best_candidates(cat, &required, wanted);
    let among = if position < rule.questions { rule.among.min(ranked.len()) } else { 1 };
    if among > 1 {
        ranked.truncate(among);
        let drawn = stream(seed, position as u64, Purpose::Selection).random_range(0..among);
        let (item, value) = ranked[drawn];
        return Some(Choice { item, value, why: Why::DrawnAmongBest { among } });
    }
    let (item, value) = *ranked.first()?;
    let topic = cat.pool().items()[item].topic;
    let why = if required[topic] { Why::TopicRequired { topic } } else { Why::MostInformative };
    Some(Choice { item, value, why })
}

/// Topics that must be asked now, because the questions left before the test may stop are all
/// needed for minima. All `false` when the choice is free.
fn topics_required(cat: &Cat) -> Vec<bool> {
    let design = cat.design();
    let answered = cat.answered_by_topic();
    let missing = |k: usize| design.quotas[k].min.saturating_sub(answered[k]);
    let needed: usize = (0..answered.len()).map(missing).sum();
    let asked = cat.asked().len();
    let horizon = if asked < design.length_min { design.length_min } else { design.length_max };
    let binding = needed > 0 && needed >= horizon.saturating_sub(asked);
    (0..answered.len()).map(|k| binding && missing(k) > 0 && has_item_left(cat, k)).collect()
}

fn has_item_left(cat: &Cat, topic: usize) -> bool {
    (0..cat.pool().items().len())
        .any(|j| cat.pool().items()[j].topic == topic && may_be_asked(cat, j))
}

/// Neither asked, nor excluded by one that was.
fn may_be_asked(cat: &Cat, j: usize) -> bool {
    let items = cat.pool().items();
    let meets =
        |i: usize| i == j || items[i].excludes.contains(&j) || items[j].excludes.contains(&i);
    items[j].eligible
        && !cat.asked().iter().any(|&(i, _)| meets(i))
        && !cat.kept_apart().iter().any(|&i| meets(i))
}

fn allowed(cat: &Cat, required: &[bool], spread: bool) -> Vec<usize> {
    let items = cat.pool().items();
    let design = cat.design();
    let answered = cat.answered_by_topic();
    let any_required = required.iter().any(|r| *r);
    let asked_of_group =
        |group| cat.asked().iter().filter(|(i, _)| items[*i].group == group).count();
    let code_asked = cat.asked().iter().filter(|(i, _)| items[*i].is_code).count();
    let form_asked = |form| cat.asked().iter().filter(|(i, _)| items[*i].form == form).count();
    (0..items.len())
        .filter(|&j| {
            let item = &items[j];
            answered[item.topic] < design.quotas[item.topic].max
                && (!any_required || required[item.topic])
                && (!spread
                    || (asked_of_group(item.group) < design.group_max
                        && !(item.is_code && code_asked >= design.code_max)
                        && form_asked(item.form) < form_max(design, item.form, cat.asked().len())))
                && may_be_asked(cat, j)
        })
        .collect()
}

/// How far ahead of its share a form of answer may run: a test begins with one or two of a form,
/// not with all that it may have.
const FORM_AHEAD: usize = 4;

/// Most questions of a form after the next one: its share of those asked and a few more, and
/// never more than its share of the whole test.
fn form_max(design: &Design, form: usize, asked: usize) -> usize {
    let Some(share) = design.form_shares.get(form) else { return usize::MAX };
    let of = |questions: usize| share * questions as f64;
    let running = libm::ceil(of(asked + FORM_AHEAD)) as usize;
    running.min(of(design.length_max) as usize)
}

/// Candidates with their value, best first; ties go to the earlier id.
fn rank(cat: &Cat, candidates: &[usize]) -> Vec<(usize, f64)> {
    let posterior = cat.posterior();
    let objective = &cat.design().objective;
    let worth: Vec<f64> =
        (0..posterior.len()).map(|k| objective.value_of_topic(posterior, k)).collect();
    let mut ranked: Vec<(usize, f64)> = candidates
        .iter()
        .map(|&j| {
            let item = &cat.pool().items()[j];
            let k = item.topic;
            let gain = expected_gain(&item.model, posterior.mean()[k], posterior.variance(k));
            (j, worth[k] * gain)
        })
        .collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked
}

/// Candidates with their value, best first, as many as are wanted or more. Spreading over
/// subtopics and the shares of code and typing give way before a minimum is missed or the test
/// ends early.
fn best_candidates(cat: &Cat, required: &[bool], wanted: usize) -> Vec<(usize, f64)> {
    let spread = rank(cat, &allowed(cat, required, true));
    if let Some(passing) = completable(cat, &spread, wanted) {
        return passing;
    }
    let all = rank(cat, &allowed(cat, required, false));
    match completable(cat, &all, wanted) {
        Some(passing) => passing,
        None if spread.is_empty() => all,
        None => spread,
    }
}

/// The best few candidates after which every topic's minimum can still be met: a question may have
/// so many enemies in a topic that too few are left of it. `None` when no candidate is such.
fn completable(cat: &Cat, ranked: &[(usize, f64)], wanted: usize) -> Option<Vec<(usize, f64)>> {
    let design = cat.design();
    let answered = cat.answered_by_topic();
    let missing = |k: usize| design.quotas[k].min.saturating_sub(answered[k]);
    let needs: Vec<usize> = (0..answered.len()).map(missing).collect();
    if needs.iter().all(|need| *need == 0) {
        return (!ranked.is_empty()).then(|| ranked.to_vec());
    }
    let items = cat.pool().items();
    let topic = |j: usize| items[j].topic;
    let conflict =
        |i: usize, j: usize| items[i].excludes.contains(&j) || items[j].excludes.contains(&i);
    let left = fewest_enemies_first(cat);
    completion(&needs, &topic, &left, &conflict)?;
    let slots = design.length_max.saturating_sub(cat.asked().len() + 1);
    let passes = |candidate: &&(usize, f64)| {
        let j = candidate.0;
        let mut needs = needs.clone();
        needs[topic(j)] = needs[topic(j)].saturating_sub(1);
        let left: Vec<usize> =
            left.iter().copied().filter(|&i| i != j && !conflict(i, j)).collect();
        needs.iter().sum::<usize>() <= slots
            && completion(&needs, &topic, &left, &conflict).is_some()
    };
    let passing: Vec<(usize, f64)> = ranked.iter().filter(passes).take(wanted).copied().collect();
    (!passing.is_empty()).then_some(passing)
}

/// Items that may be asked, those first that exclude fewest others: an order that stays the same
/// throughout a test, as [`completion`] wants it.
fn fewest_enemies_first(cat: &Cat) -> Vec<usize> {
    let items = cat.pool().items();
    let mut enemies = vec![0_usize; items.len()];
    for (j, item) in items.iter().enumerate() {
        for &other in &item.excludes {
            enemies[j] += 1;
            enemies[other] += 1;
        }
    }
    let mut left = free_candidates(cat);
    left.sort_by_key(|&j| (enemies[j], j));
    left
}

/// Candidates of a free choice, for forecasts: ranked by value under the present posterior.
pub(super) fn free_candidates(cat: &Cat) -> Vec<usize> {
    (0..cat.pool().items().len()).filter(|&j| may_be_asked(cat, j)).collect()
}
