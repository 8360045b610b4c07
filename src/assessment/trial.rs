//! Questions on trial: items with the status `pretest`, asked between the others so that people's answers
//! tell how they behave. They never touch the posterior, the stop rule or the score; all they do is keep
//! their enemies out of the test.

use super::plan::Plan;
use crate::bank::{Bank, Item, Status};
use crate::psychometrics::cat::Cat;
use crate::psychometrics::numeric::stream::{Purpose, below, shuffle, stream};

/// Questions on trial lie within this of the person's ability, where there are such: there their answers
/// tell most about the difficulty.
const AIM: f64 = 1.0;

/// Whether an item is asked on trial only.
pub(super) fn is_on_trial(item: &Item) -> bool {
    item.status == Status::Pretest
}

/// The items that a plan may put on trial.
pub(super) fn items_on_trial<'b>(
    bank: &'b Bank,
    plan: &'b Plan,
) -> impl Iterator<Item = usize> + 'b {
    let allowed = |item: &Item| is_on_trial(item) && plan.has(&item.topic);
    (0..bank.items.len()).filter(move |&at| allowed(&bank.items[at]))
}

/// The positions of the questions on trial, rising: each equally likely among those that every session of
/// the plan reaches, before its stop rule is first asked.
pub(super) fn places(plan: &Plan, seed: u64) -> Vec<usize> {
    let mut positions: Vec<usize> = (1..=plan.questions_min()).collect();
    shuffle(&mut positions, &mut stream(seed, 0, Purpose::Pretest));
    positions.truncate(plan.pretest);
    positions.sort_unstable();
    positions
}

/// The item on trial for a position: drawn among those near the person's ability, else the nearest one;
/// `None` where none may be asked any more.
pub(super) fn choose(
    bank: &Bank,
    plan: &Plan,
    cat: &Cat,
    asked: &[usize],
    (seed, position): (u64, usize),
) -> Option<usize> {
    let pool = cat.pool().items();
    let meets = |at: usize| {
        asked.iter().any(|&other| {
            other == at || pool[other].excludes.contains(&at) || pool[at].excludes.contains(&other)
        })
    };
    let mean = cat.posterior().mean();
    let distance = |at: usize| (bank.items[at].difficulty() - mean[pool[at].topic]).abs();
    let free: Vec<usize> = items_on_trial(bank, plan).filter(|&at| !meets(at)).collect();
    let near: Vec<usize> = free.iter().copied().filter(|&at| distance(at) <= AIM).collect();
    if near.is_empty() {
        return free
            .into_iter()
            .min_by(|&a, &b| distance(a).total_cmp(&distance(b)).then(a.cmp(&b)));
    }
    let drawn = below(&mut stream(seed, position as u64, Purpose::Pretest), near.len());
    Some(near[drawn])
}
