//! A simulation study of whole tests over a bank: what share of people is put on the right level,
//! are the stated probabilities kept, how far off are the estimates?
//!
//! Simulees are drawn from the population. They answer by the bank's own difficulties, or by
//! difficulties drawn from the items' priors anew for each simulee, which is what the engine
//! believes about its own ignorance. A person's answer to an item is a function of seed, person and
//! item, asked or not, so that two plans meet the same people with the same answers. All results
//! are simulated evidence about the engine, never evidence about the bank's questions.

use std::sync::Arc;

use rayon::prelude::*;
use serde::Serialize;

use super::outcome::{DECISION_PROBABILITY, relative_fit, role_probabilities};
use super::plan::{Plan, PlanError, population, response_model};
use crate::bank::{Bank, Item};
use crate::psychometrics::cat::{Cat, Design, Observation, Pool, Stop};
use crate::psychometrics::estimation::Estimate;
use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};
use crate::psychometrics::simulation::{
    Basis, FinishedTest, Stopped, Summary, Tests, least_variances_of_sum, longest,
};
use crate::psychometrics::stopping::{CutScore, StopRule, calibration_error, level_probabilities};

/// By which difficulties simulees answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difficulties {
    /// By those of the bank.
    Judged,
    /// By difficulties drawn from the items' priors, anew for each simulee.
    Drawn,
}

/// What to simulate.
#[derive(Debug, Clone, PartialEq)]
pub struct StudySpec {
    /// The plan of every test.
    pub plan: Plan,
    /// Number of simulees.
    pub examinees: usize,
    /// Seed of everything.
    pub seed: u64,
    /// Boundaries of the levels; `None` for the bank's.
    pub cuts: Option<Vec<f64>>,
    /// Standard error that the engine gives the cuts; `None` for the bank's, and for 0 with
    /// boundaries of one's own.
    pub cut_se: Option<f64>,
    /// By which difficulties simulees answer.
    pub difficulties: Difficulties,
    /// How much harder all items are than the bank believes.
    pub harder: f64,
}

/// Why a study cannot be run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StudyError {
    /// The plan and the bank do not fit.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Cuts that do not ascend.
    #[error("cuts must increase, but {value} follows {before}")]
    CutOrder {
        /// The cut before.
        before: f64,
        /// The offending cut.
        value: f64,
    },
    /// A minimum that the plan cannot keep.
    #[error("a minimum of {minimum} questions is not between {least} and {most}")]
    Minimum {
        /// The minimum asked for.
        minimum: usize,
        /// What the topics need.
        least: usize,
        /// The greatest length.
        most: usize,
    },
    /// A rule that whole sessions cannot evaluate.
    #[error("the stop rule `{rule}` looks at one ability and cannot end a test of several topics")]
    Rule {
        /// The rule.
        rule: String,
    },
}

/// One simulated test.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyTest {
    /// Truth and estimates of the general level; items by their row in [`BankStudy::items`].
    pub test: FinishedTest,
    /// The true abilities, by topic of the bank.
    pub abilities: Vec<f64>,
    /// Their posterior means.
    pub means: Vec<f64>,
    /// Their posterior standard deviations.
    pub sds: Vec<f64>,
    /// What was said about roles; `None` where nothing is.
    pub roles: Option<RoleStatement>,
}

/// Stated probabilities of roles and the truth.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleStatement {
    /// The truly best-fitting role.
    pub best: usize,
    /// The stated probability of each role to fit best.
    pub stated: Vec<f64>,
}

/// How well roles are told.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RoleFigures {
    /// Share whose truly best-fitting role has the greatest stated probability.
    pub top1: f64,
    /// Share whose truly best-fitting role is among the two greatest.
    pub top2: f64,
    /// Calibration error of the stated probabilities, pooled over roles, ten bins.
    pub ece: f64,
}

/// A study over a bank, checked and ready to run.
#[derive(Debug, Clone)]
pub struct BankStudy<'a> {
    bank: &'a Bank,
    spec: StudySpec,
    pool: Arc<Pool>,
    design: Arc<Design>,
    /// Positions in the bank of the items that may be asked.
    items: Vec<usize>,
    /// Their models as far as an answer can tell: with what is not known of a difficulty in the
    /// slope where difficulties are drawn.
    models: Vec<ItemModel>,
}

impl<'a> BankStudy<'a> {
    /// Checks a study against its bank.
    ///
    /// # Errors
    /// When plan and bank do not fit, cuts do not ascend, or a rule cannot be evaluated.
    pub fn new(bank: &'a Bank, spec: StudySpec) -> Result<Self, StudyError> {
        let pool = spec.plan.pool(bank)?;
        let mut design = spec.plan.design(bank)?;
        if let Some(cuts) = &spec.cuts {
            if let Some(pair) = cuts.windows(2).find(|pair| pair[0] >= pair[1]) {
                return Err(StudyError::CutOrder { before: pair[0], value: pair[1] });
            }
            design.cuts = cuts.iter().map(|theta| CutScore { theta: *theta, se: 0.0 }).collect();
        }
        if let Some(se) = spec.cut_se {
            design.cuts.iter_mut().for_each(|cut| cut.se = se);
        }
        let plan = &spec.plan;
        let (least, most) = (design.quotas.iter().map(|q| q.min).sum(), plan.length);
        if !(least..=most).contains(&plan.minimum) {
            return Err(StudyError::Minimum { minimum: plan.minimum, least, most });
        }
        if looks_at_one_ability(&design.stop) {
            return Err(StudyError::Rule { rule: design.stop.to_string() });
        }
        let items: Vec<usize> =
            (0..bank.items.len()).filter(|item| pool.items()[*item].eligible).collect();
        let models = items.iter().map(|item| {
            let item = &bank.items[*item];
            let unknown = match spec.difficulties {
                Difficulties::Judged => 0.0,
                Difficulties::Drawn => item.difficulty_sd(),
            };
            response_model(item, item.difficulty() + spec.harder, unknown)
        });
        let models = models.collect::<Result<_, _>>()?;
        Ok(Self { bank, pool: Arc::new(pool), design: Arc::new(design), items, models, spec })
    }

    /// The items that may be asked, in the bank's order; rows of tests point into this.
    pub fn items(&self) -> impl ExactSizeIterator<Item = &'a Item> {
        self.items.iter().map(|item| &self.bank.items[*item])
    }

    /// Their models, in the same order.
    pub fn models(&self) -> &[ItemModel] {
        &self.models
    }

    /// What is simulated.
    pub fn spec(&self) -> &StudySpec {
        &self.spec
    }

    /// Boundaries of the levels as the engine takes them.
    pub fn cuts(&self) -> &[CutScore] {
        &self.design.cuts
    }

    /// Gives all tests, in the order of the people; the result does not depend on the number of
    /// threads. `done` is called after each; it must not change anything.
    ///
    /// # Errors
    /// When the plan and the bank do not fit.
    pub fn run(&self, done: &(dyn Fn() + Sync)) -> Result<Vec<StudyTest>, StudyError> {
        let one = |person| {
            let test = self.simulate(person);
            done();
            test
        };
        (0..self.spec.examinees as u64).into_par_iter().map(one).collect()
    }

    /// The true abilities of a simulee, by topic of the bank: a function of seed and person.
    pub fn abilities(&self, person: u64) -> Vec<f64> {
        let rho = self.bank.rho.max(0.0);
        let mut random = stream(self.spec.seed, person, Purpose::Simulee);
        let general = standard_normal(&mut random);
        let (shared, own) = (rho.sqrt(), (1.0 - rho).sqrt());
        let topics = self.bank.topics.iter();
        topics.map(|_| shared * general + own * standard_normal(&mut random)).collect()
    }

    /// The true general level of somebody with these abilities.
    pub fn general_level(&self, abilities: &[f64]) -> f64 {
        self.design.weights.iter().zip(abilities).map(|(w, t)| w * t).sum()
    }

    /// The score of a simulee on the item of some row, asked or not: a function of seed, person
    /// and item.
    ///
    /// # Errors
    /// When the item's parameters are no model.
    pub fn response(
        &self,
        person: u64,
        row: usize,
        abilities: &[f64],
    ) -> Result<usize, StudyError> {
        let position = self.items[row];
        let item = &self.bank.items[position];
        let mut random = stream(self.seed_of(person), position as u64, Purpose::Answer);
        // Drawn in any case, so that both kinds of study have the same chance in the answers.
        let deviation = item.difficulty_sd() * standard_normal(&mut random);
        let deviation = match self.spec.difficulties {
            Difficulties::Judged => 0.0,
            Difficulties::Drawn => deviation,
        };
        let model = response_model(item, item.difficulty() + self.spec.harder + deviation, 0.0)?;
        let ability = abilities[self.pool.items()[position].topic];
        Ok(model.category_at(ability, uniform(&mut random)))
    }

    fn seed_of(&self, person: u64) -> u64 {
        self.spec.seed ^ person.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn simulate(&self, person: u64) -> Result<StudyTest, StudyError> {
        let abilities = self.abilities(person);
        let prior = population(self.bank.topics.len(), self.bank.rho);
        let mut cat = Cat::new(Arc::clone(&self.pool), Arc::clone(&self.design), prior)
            .map_err(PlanError::from)?;
        let seed = self.seed_of(person);
        let (mut items, mut path) = (Vec::new(), Vec::new());
        let stop = loop {
            let choice = match cat.next(seed) {
                Ok(choice) => choice,
                Err(stop) => break stop,
            };
            // Only items of the study are eligible in its pool.
            let row = self.items.partition_point(|item| *item < choice.item);
            let category = self.response(person, row, &abilities)?;
            cat.record(choice.item, Observation::Category(category));
            items.push(row as u32);
            path.push(cat.general_level().0);
        };
        let (theta, standard_error) = cat.general_level();
        let test = FinishedTest {
            truth: Some(self.general_level(&abilities)),
            items,
            rejected: Vec::new(),
            path,
            estimate: Estimate { theta, standard_error, bounded: false },
            stopped: match stop {
                Stop::Rule(reason) => Stopped::Rule(reason),
                Stop::LengthReached => Stopped::Length,
                Stop::NoItemsLeft => Stopped::NoItemsLeft,
            },
        };
        let posterior = cat.posterior();
        Ok(StudyTest {
            means: posterior.mean().to_vec(),
            sds: (0..posterior.len()).map(|k| posterior.variance(k).sqrt()).collect(),
            roles: self.role_statement(&cat, seed, &abilities),
            test,
            abilities,
        })
    }

    fn role_statement(&self, cat: &Cat, seed: u64, abilities: &[f64]) -> Option<RoleStatement> {
        if self.spec.plan.is_one_topic() {
            return None;
        }
        let fit = |role: usize| relative_fit(self.bank, role, abilities);
        let best = (0..self.bank.roles.len()).max_by(|&a, &b| fit(a).total_cmp(&fit(b)))?;
        let answered = cat.asked().len() as u64;
        let stated = role_probabilities(self.bank, cat.posterior(), seed, answered);
        Some(RoleStatement { best, stated })
    }

    /// What the figures of this study's tests rest on. The least variances are those of the
    /// general level over all items that may be asked, whatever else binds a test.
    pub fn basis(&self, tests: &[StudyTest]) -> Basis<'_> {
        let prior = population(self.bank.topics.len(), self.bank.rho);
        let weights = &self.design.weights;
        let longest = longest(tests.iter().map(|test| test.test.view()));
        let least = |test: &StudyTest| {
            let told = self.items.iter().zip(&self.models).map(|(item, model)| {
                let topic = self.pool.items()[*item].topic;
                (topic, model.information(test.abilities[topic]))
            });
            let told: Vec<(usize, f64)> = told.collect();
            least_variances_of_sum(prior.clone(), weights, &told, longest)
        };
        Basis {
            items: self.items.len(),
            cuts: &self.design.cuts,
            least_variances: tests.par_iter().map(least).collect::<Vec<_>>().into_iter().collect(),
            population_sd: prior.combination(weights).1,
        }
    }
}

/// Whether some part of a rule needs the likelihood of one ability, or its last change, neither of
/// which a session's general level has.
fn looks_at_one_ability(rule: &StopRule) -> bool {
    match rule {
        StopRule::All(parts) | StopRule::Any(parts) => parts.iter().any(looks_at_one_ability),
        StopRule::Sprt { .. } | StopRule::Glr { .. } | StopRule::Change(_) => true,
        _ => false,
    }
}

/// How well roles are told; `None` where nothing was said about them.
pub fn role_figures(tests: &[StudyTest]) -> Option<RoleFigures> {
    let statements: Vec<&RoleStatement> =
        tests.iter().map(|test| test.roles.as_ref()).collect::<Option<_>>()?;
    let n = statements.len();
    // How many roles were thought more probable than the truly best one.
    let rank = |s: &RoleStatement| s.stated.iter().filter(|p| **p > s.stated[s.best]).count();
    let within = |top: usize| statements.iter().filter(|s| rank(s) < top).count() as f64 / n as f64;
    let stated = statements
        .iter()
        .flat_map(|s| s.stated.iter().enumerate().map(|(role, p)| (*p, role == s.best)));
    (n > 0).then(|| RoleFigures {
        top1: within(1),
        top2: within(2),
        ece: calibration_error(stated),
    })
}

/// What came out, over all simulees.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyResult {
    /// Lengths, errors, exposure and classification.
    pub summary: Summary,
    /// Share with a decision (a level of at least .80).
    pub decided_share: f64,
    /// Share of the decisions that are right.
    pub decided_accuracy: f64,
    /// Root mean square error of the abilities of the plan's topics.
    pub topic_rmse: f64,
    /// Roles, where the bank has any.
    pub roles: Option<RoleFigures>,
}

/// Runs a study. The result does not depend on the number of threads.
///
/// # Errors
/// When the study and the bank do not fit.
pub fn study(bank: &Bank, spec: &StudySpec) -> Result<StudyResult, StudyError> {
    let study = BankStudy::new(bank, spec.clone())?;
    let tests = study.run(&|| {})?;
    let basis = study.basis(&tests);
    let bare: Tests = tests.iter().map(|test| test.test.view()).collect();
    let mut decisions = (0_usize, 0_usize);
    for test in bare.iter() {
        let estimate = &test.estimate;
        let stated = level_probabilities(estimate.theta, estimate.standard_error, study.cuts());
        let actual = study.cuts().iter().filter(|cut| test.truth > Some(cut.theta)).count();
        if let Some(said) = stated.iter().position(|p| *p >= DECISION_PROBABILITY) {
            decisions.0 += 1;
            decisions.1 += usize::from(said == actual);
        }
    }
    let asked: Vec<usize> =
        (0..bank.topics.len()).filter(|&k| study.design.weights[k] > 0.0).collect();
    let squares: f64 = tests
        .iter()
        .flat_map(|test| asked.iter().map(|&k| test.means[k] - test.abilities[k]))
        .map(|error| error * error)
        .sum();
    let n = tests.len().max(1) as f64;
    Ok(StudyResult {
        summary: Summary::new(&basis, &bare),
        decided_share: decisions.0 as f64 / n,
        decided_accuracy: decisions.1 as f64 / decisions.0.max(1) as f64,
        topic_rmse: (squares / n / asked.len() as f64).sqrt(),
        roles: role_figures(&tests),
    })
}
