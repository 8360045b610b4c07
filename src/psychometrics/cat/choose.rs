//! Which item next: the rules that bind (quotas, enemies, shares), then the ranking by posterior
//! trace, then chance among the best for the first questions.

use rand::RngExt;

use super::design::{Design, Pool};
use super::ranking::Ranking;
use super::state::Cat;
use crate::psychometrics::numeric::stream::{Purpose, stream};

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
    let may_ask = may_be_asked(cat);
    let required = topics_required(cat, &may_ask);
    let position = cat.asked().len();
    let rule = cat.design().randomesque;
    let wanted = if position < rule.questions { rule.among.max(1) } else { 1 };
    let mut ranked = best_candidates(cat, &may_ask, &required, wanted);
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
fn topics_required(cat: &Cat, may_ask: &[bool]) -> Vec<bool> {
    let design = cat.design();
    let answered = cat.answered_by_topic();
    let missing = |k: usize| design.quotas[k].min.saturating_sub(answered[k]);
    let needed: usize = (0..answered.len()).map(missing).sum();
    let asked = cat.asked().len();
    let horizon = if asked < design.length_min { design.length_min } else { design.length_max };
    let binding = needed > 0 && needed >= horizon.saturating_sub(asked);
    let has_item_left = |k: usize| cat.pool().of_topic(k).iter().any(|&j| may_ask[j]);
    (0..answered.len()).map(|k| binding && missing(k) > 0 && has_item_left(k)).collect()
}

/// Of each item, whether it was neither asked, counted or not, nor excluded by one that was.
fn may_be_asked(cat: &Cat) -> Vec<bool> {
    let pool = cat.pool();
    let mut may_ask: Vec<bool> = pool.items().iter().map(|item| item.eligible).collect();
    for i in cat.asked().iter().map(|(i, _)| *i).chain(cat.kept_apart().iter().copied()) {
        may_ask[i] = false;
        pool.conflicts(i).iter().for_each(|&j| may_ask[j] = false);
    }
    may_ask
}

/// Items that quotas and, if asked for, the spread over subtopics and forms of answer allow.
fn allowed(cat: &Cat, may_ask: &[bool], required: &[bool], spread: bool) -> Vec<usize> {
    let (pool, design) = (cat.pool(), cat.design());
    let answered = cat.answered_by_topic();
    let any_required = required.iter().any(|r| *r);
    let topic_is_open: Vec<bool> = (0..answered.len())
        .map(|k| answered[k] < design.quotas[k].max && (!any_required || required[k]))
        .collect();
    let is_open = Spread::new(cat);
    (0..pool.items().len())
        .filter(|&j| {
            let item = &pool.items()[j];
            may_ask[j] && topic_is_open[item.topic] && (!spread || is_open.to(pool, j))
        })
        .collect()
}

/// What the spread still allows.
struct Spread {
    group: Vec<bool>,
    code: bool,
    /// Forms beyond the list are free.
    form: Vec<bool>,
}

impl Spread {
    fn new(cat: &Cat) -> Self {
        let (pool, design, asked) = (cat.pool(), cat.design(), cat.asked());
        let mut of_group = vec![0; pool.groups()];
        let mut of_form = vec![0; design.form_shares.len()];
        let mut code = 0;
        for &(i, _) in asked {
            let item = &pool.items()[i];
            of_group[pool.group_number(i)] += 1;
            code += usize::from(item.is_code);
            if let Some(count) = of_form.get_mut(item.form) {
                *count += 1;
            }
        }
        let form_is_open = |form: usize| of_form[form] < form_max(design, form, asked.len());
        Self {
            group: of_group.iter().map(|count| *count < design.group_max).collect(),
            code: code < design.code_max,
            form: (0..of_form.len()).map(form_is_open).collect(),
        }
    }

    fn to(&self, pool: &Pool, j: usize) -> bool {
        let item = &pool.items()[j];
        self.group[pool.group_number(j)]
            && (!item.is_code || self.code)
            && self.form.get(item.form).copied().unwrap_or(true)
    }
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

/// Candidates with their value, best first, as many as are wanted or more. Spreading over
/// subtopics and the shares of code and typing give way before a minimum is missed or the test
/// ends early.
fn best_candidates(
    cat: &Cat,
    may_ask: &[bool],
    required: &[bool],
    wanted: usize,
) -> Vec<(usize, f64)> {
    let spread = Ranking::new(cat, allowed(cat, may_ask, required, true));
    if let Some(passing) = completable(cat, may_ask, &spread, wanted) {
        return passing;
    }
    let all = Ranking::new(cat, allowed(cat, may_ask, required, false));
    match completable(cat, may_ask, &all, wanted) {
        Some(passing) => passing,
        None if spread.is_empty() => all.best(wanted),
        None => spread.best(wanted),
    }
}

/// The best few candidates after which every topic's minimum can still be met: a question may have
/// so many enemies in a topic that too few are left of it. `None` when no candidate is such.
fn completable(
    cat: &Cat,
    may_ask: &[bool],
    ranking: &Ranking<'_>,
    wanted: usize,
) -> Option<Vec<(usize, f64)>> {
    let (pool, design) = (cat.pool(), cat.design());
    let answered = cat.answered_by_topic();
    let missing = |k: usize| design.quotas[k].min.saturating_sub(answered[k]);
    let mut needs: Vec<usize> = (0..answered.len()).map(missing).collect();
    if needs.iter().all(|need| *need == 0) {
        return (!ranking.is_empty()).then(|| ranking.best(wanted));
    }
    let mut left = may_ask.to_vec();
    if !can_be_completed(pool, &needs, &mut left) {
        return None;
    }
    let slots = design.length_max.saturating_sub(cat.asked().len() + 1);
    let mut passes = |j: usize| {
        let topic = pool.items()[j].topic;
        let before = needs[topic];
        needs[topic] = before.saturating_sub(1);
        left.copy_from_slice(may_ask);
        left[j] = false;
        pool.conflicts(j).iter().for_each(|&i| left[i] = false);
        let fits =
            needs.iter().sum::<usize>() <= slots && can_be_completed(pool, &needs, &mut left);
        needs[topic] = before;
        fits
    };
    let (mut passing, mut seen, mut looked_at) = (Vec::new(), 0, wanted);
    while seen < ranking.len() && passing.len() < wanted {
        let best = ranking.best(looked_at);
        for &(j, value) in &best[seen..] {
            if passing.len() < wanted && passes(j) {
                passing.push((j, value));
            }
        }
        (seen, looked_at) = (best.len(), 4 * looked_at);
    }
    (!passing.is_empty()).then_some(passing)
}

/// Whether all `needs` (how many more of each topic) can be met without a conflict: the walk of
/// [`completion`](crate::psychometrics::selection::quotas::completion) over the items that are
/// left, in the pool's order of each topic. What is taken and what it excludes is struck from
/// `left`.
fn can_be_completed(pool: &Pool, needs: &[usize], left: &mut [bool]) -> bool {
    for (topic, &need) in needs.iter().enumerate() {
        let mut taken = 0;
        for &j in pool.of_topic(topic) {
            if taken == need {
                break;
            }
            if left[j] {
                taken += 1;
                left[j] = false;
                pool.conflicts(j).iter().for_each(|&i| left[i] = false);
            }
        }
        if taken < need {
            return false;
        }
    }
    true
}

/// Candidates of a free choice, for forecasts.
pub(super) fn free_candidates(cat: &Cat) -> Vec<usize> {
    let may_ask = may_be_asked(cat);
    (0..may_ask.len()).filter(|&j| may_ask[j]).collect()
}
