//! A simulation study of whole tests over a bank: what share of people is put on the right level,
//! are the stated probabilities kept, how far off are the estimates?
//!
//! Simulees are drawn from the population; they answer by item difficulties drawn from the items'
//! priors, anew for each simulee, which is what the engine believes about its own ignorance. All
//! results are simulated evidence about the engine, never evidence about the bank's questions.

use std::sync::Arc;

use rayon::prelude::*;

use super::outcome::relative_fit;
use super::plan::{Plan, PlanError, population, response_model};
use crate::bank::Bank;
use crate::psychometrics::cat::{Cat, Design, Observation, Pool};
use crate::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};
use crate::psychometrics::stopping::{calibration_error, level_probabilities};

/// What to simulate.
#[derive(Debug, Clone, PartialEq)]
pub struct StudySpec {
    /// The plan of every test.
    pub plan: Plan,
    /// Number of simulees.
    pub examinees: usize,
    /// Seed of everything.
    pub seed: u64,
    /// Standard error that the engine gives the cuts; `None` for the bank's.
    pub cut_se: Option<f64>,
    /// How much harder all items are than the bank believes.
    pub harder: f64,
}

/// What came out, over all simulees.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyResult {
    /// Number of simulees.
    pub examinees: usize,
    /// Mean number of questions.
    pub length_mean: f64,
    /// Share put on their true level by the most probable one.
    pub accuracy: f64,
    /// The same among those farther than .3 from every cut.
    pub far_accuracy: f64,
    /// Share two levels off.
    pub two_level_errors: f64,
    /// Share with a decision (a level of at least .80).
    pub decided_share: f64,
    /// Share of the decisions that are right.
    pub decided_accuracy: f64,
    /// Pooled calibration error of the stated level probabilities.
    pub calibration_error: f64,
    /// Mean error of the general level.
    pub bias: f64,
    /// Root mean square error of the general level.
    pub rmse: f64,
    /// Mean posterior standard deviation of the general level.
    pub se_mean: f64,
    /// Share whose true general level lies in the 90 % interval.
    pub coverage90: f64,
    /// Root mean square error of the abilities of the plan's topics.
    pub topic_rmse: f64,
    /// Share whose truly best-fitting role has the greatest posterior mean fit.
    pub role_top1: f64,
    /// Share whose truly best-fitting role is among the two greatest.
    pub role_top2: f64,
}

/// What one simulated test gave.
struct Simulated {
    length: usize,
    truth: f64,
    theta: f64,
    se: f64,
    levels: Vec<f64>,
    true_level: usize,
    topic_squared_error: f64,
    role_rank: Option<usize>,
}

/// Runs a study. The result does not depend on the number of threads.
///
/// # Errors
/// When plan and bank do not fit.
pub fn study(bank: &Bank, spec: &StudySpec) -> Result<StudyResult, PlanError> {
    let pool = Arc::new(spec.plan.pool(bank)?);
    let mut design = spec.plan.design(bank)?;
    if let Some(se) = spec.cut_se {
        design.cuts.iter_mut().for_each(|cut| cut.se = se);
    }
    let design = Arc::new(design);
    let tests: Result<Vec<Simulated>, PlanError> = (0..spec.examinees)
        .into_par_iter()
        .map(|person| simulate(bank, spec, &pool, &design, person as u64))
        .collect();
    Ok(summarise(&tests?, &design))
}

fn simulate(
    bank: &Bank,
    spec: &StudySpec,
    pool: &Arc<Pool>,
    design: &Arc<Design>,
    person: u64,
) -> Result<Simulated, PlanError> {
    let truth = draw_abilities(bank, spec.seed, person);
    let prior = population(bank.topics.len(), bank.rho);
    let mut cat = Cat::new(Arc::clone(pool), Arc::clone(design), prior)?;
    let seed = spec.seed ^ person.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    while let Ok(choice) = cat.next(seed) {
        let item = &bank.items[choice.item];
        let mut random = stream(seed, choice.item as u64, Purpose::Answer);
        let prior = item.prior;
        let b = prior.b + spec.harder + prior.b_sd * standard_normal(&mut random);
        let model = response_model(item, b, 0.0)?;
        let ability = truth[pool.items()[choice.item].topic];
        let category = model.category_at(ability, uniform(&mut random));
        cat.record(choice.item, Observation::Category(category));
    }
    Ok(assess(bank, &cat, &truth))
}

fn draw_abilities(bank: &Bank, seed: u64, person: u64) -> Vec<f64> {
    let mut random = stream(seed, person, Purpose::Simulee);
    let general = standard_normal(&mut random);
    let (shared, own) = (bank.rho.max(0.0).sqrt(), (1.0 - bank.rho.max(0.0)).sqrt());
    bank.topics.iter().map(|_| shared * general + own * standard_normal(&mut random)).collect()
}

fn assess(bank: &Bank, cat: &Cat, truth: &[f64]) -> Simulated {
    let design = cat.design();
    let (theta, se) = cat.general_level();
    let level: f64 = design.weights.iter().zip(truth).map(|(w, t)| w * t).sum();
    let squared = |k: usize| {
        let error = cat.posterior().mean()[k] - truth[k];
        error * error
    };
    let asked: Vec<usize> = (0..truth.len()).filter(|&k| design.weights[k] > 0.0).collect();
    Simulated {
        length: cat.asked().len(),
        truth: level,
        theta,
        se,
        levels: level_probabilities(theta, se, &design.cuts),
        true_level: design.cuts.iter().filter(|cut| level > cut.theta).count(),
        topic_squared_error: asked.iter().map(|&k| squared(k)).sum::<f64>() / asked.len() as f64,
        role_rank: role_rank(bank, cat.posterior().mean(), truth),
    }
}

/// How many roles the estimate puts before the truly best-fitting one.
fn role_rank(bank: &Bank, estimate: &[f64], truth: &[f64]) -> Option<usize> {
    let fits = |theta: &[f64]| -> Vec<f64> {
        (0..bank.roles.len()).map(|role| relative_fit(bank, role, theta)).collect()
    };
    let (estimated, actual) = (fits(estimate), fits(truth));
    let best = (0..actual.len()).max_by(|&a, &b| actual[a].total_cmp(&actual[b]))?;
    Some(estimated.iter().filter(|fit| **fit > estimated[best]).count())
}

fn most_probable(levels: &[f64]) -> usize {
    (0..levels.len()).max_by(|&a, &b| levels[a].total_cmp(&levels[b])).unwrap_or(0)
}

fn summarise(tests: &[Simulated], design: &Design) -> StudyResult {
    let n = tests.len().max(1) as f64;
    let mean = |value: &dyn Fn(&Simulated) -> f64| tests.iter().map(value).sum::<f64>() / n;
    let share = |holds: &dyn Fn(&Simulated) -> bool| mean(&|t| f64::from(u8::from(holds(t))));
    let right = |t: &Simulated| most_probable(&t.levels) == t.true_level;
    let far = |t: &Simulated| design.cuts.iter().all(|cut| (t.truth - cut.theta).abs() > 0.3);
    let decided = |t: &Simulated| t.levels[most_probable(&t.levels)] >= 0.8;
    let error = |t: &Simulated| t.theta - t.truth;
    let stated = tests
        .iter()
        .flat_map(|t| t.levels.iter().enumerate().map(|(level, p)| (*p, level == t.true_level)));
    StudyResult {
        examinees: tests.len(),
        length_mean: mean(&|t| t.length as f64),
        accuracy: share(&right),
        far_accuracy: share(&|t| far(t) && right(t)) / share(&far),
        two_level_errors: share(&|t| most_probable(&t.levels).abs_diff(t.true_level) >= 2),
        decided_share: share(&decided),
        decided_accuracy: share(&|t| decided(t) && right(t)) / share(&decided),
        calibration_error: calibration_error(stated),
        bias: mean(&error),
        rmse: mean(&|t| error(t) * error(t)).sqrt(),
        se_mean: mean(&|t| t.se),
        coverage90: share(&|t| error(t).abs() <= super::outcome::Z90 * t.se),
        topic_rmse: mean(&|t| t.topic_squared_error).sqrt(),
        role_top1: share(&|t| t.role_rank == Some(0)),
        role_top2: share(&|t| t.role_rank.is_some_and(|rank| rank < 2)),
    }
}
