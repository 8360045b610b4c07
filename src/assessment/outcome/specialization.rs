//! Which specialization the pattern of relative strength fits, told apart from level.
//!
//! A role's contrast is `u_r = w_r − w̄`, its weights less the blueprint's; its fit is
//! `z_r = u_rᵀθ / √(u_rᵀ Σ₀ u_r)`. Moving all topics together changes no `z_r`: strong people do
//! not drift to broad roles. Probabilities are shares of seeded posterior draws.

use super::ASKED_FROM;
use crate::assessment::session::Session;
use crate::bank::{Bank, RoleId};
use crate::psychometrics::estimation::posterior::Gaussian;
use crate::psychometrics::numeric::linalg::SymmetricMatrix;
use crate::psychometrics::numeric::stream::{Purpose, standard_normal, stream};

/// Posterior draws behind the probabilities; their standard error is at most .008.
const DRAWS: usize = 4_000;
/// The first role is supported from this probability on.
const SUPPORTED_PROBABILITY: f64 = 0.50;
/// And from this share of its weight on topics that were asked about.
const SUPPORTED_COVERAGE: f64 = 0.50;

/// How a role fits.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleOutcome {
    /// The role.
    pub role: RoleId,
    /// Its title.
    pub name: String,
    /// Probability that it fits best of all roles.
    pub probability: f64,
    /// Posterior mean of its fit `z_r`.
    pub mean: f64,
    /// Posterior standard deviation of `z_r`.
    pub sd: f64,
    /// Share of the role's weight on topics with at least three answered items.
    pub coverage: f64,
}

/// Whether the first role may be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpecializationStatus {
    /// The first role is probable enough and well enough covered.
    Supported,
    /// It is not.
    NotEnoughEvidence,
}

/// What would make the answer firmer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WouldChange {
    /// Titles of topics to ask more about.
    pub ask: Vec<String>,
    /// Titles of topics that matter but have no questions yet.
    pub no_questions_yet: Vec<String>,
}

/// All roles, the best-fitting first.
#[derive(Debug, Clone, PartialEq)]
pub struct Specialization {
    /// Whether the first may be named.
    pub status: SpecializationStatus,
    /// Every role of the bank.
    pub ranking: Vec<RoleOutcome>,
    /// What would change it.
    pub would_change: WouldChange,
}

/// The ranking, or `None` for a bank without roles or a test of one topic.
pub(super) fn specialization(session: &Session) -> Option<Specialization> {
    let bank = session.bank();
    if bank.roles.is_empty() || session.plan().is_one_topic() {
        return None;
    }
    let contrasts: Vec<Vec<f64>> = (0..bank.roles.len()).map(|r| contrast(bank, r)).collect();
    let (seed, position) = (session.seed(), session.cat().asked().len() as u64);
    let probabilities = probabilities(session.cat().posterior(), &contrasts, seed, position);
    let answered = session.cat().answered_by_topic();
    let mut ranking: Vec<RoleOutcome> = bank
        .roles
        .iter()
        .zip(&contrasts)
        .zip(probabilities)
        .map(|((role, contrast), probability)| {
            let (mean, sd) = session.cat().posterior().combination(contrast);
            let asked = role.weights.iter().zip(&answered).filter(|(_, n)| **n >= ASKED_FROM);
            let (name, coverage) = (role.name.clone(), asked.map(|(w, _)| w).sum());
            RoleOutcome { role: role.id.clone(), name, probability, mean, sd, coverage }
        })
        .collect();
    ranking.sort_by(|a, b| b.probability.total_cmp(&a.probability).then(a.role.cmp(&b.role)));
    let supported = ranking.first().is_some_and(|first| {
        first.probability >= SUPPORTED_PROBABILITY && first.coverage >= SUPPORTED_COVERAGE
    });
    let status = match supported {
        true => SpecializationStatus::Supported,
        false => SpecializationStatus::NotEnoughEvidence,
    };
    let would_change = would_change(session, &ranking, &answered);
    Some(Specialization { status, ranking, would_change })
}

/// `u_r / √(u_rᵀ Σ₀ u_r)`, so that `z_r` is this vector times θ.
fn contrast(bank: &Bank, role: usize) -> Vec<f64> {
    let raw: Vec<f64> =
        bank.roles[role].weights.iter().zip(&bank.topics).map(|(w, t)| w - t.weight).collect();
    let squares: f64 = raw.iter().map(|u| u * u).sum();
    let sum: f64 = raw.iter().sum();
    let variance = (1.0 - bank.rho) * squares + bank.rho * sum * sum;
    let sd = if variance > 0.0 { variance.sqrt() } else { 1.0 };
    raw.iter().map(|u| u / sd).collect()
}

/// The fit `z_r` of a role at known abilities.
pub(crate) fn relative_fit(bank: &Bank, role: usize, theta: &[f64]) -> f64 {
    contrast(bank, role).iter().zip(theta).map(|(u, t)| u * t).sum()
}

/// The probability of each role to fit best under a posterior, from seeded draws.
pub(crate) fn role_probabilities(bank: &Bank, posterior: &Gaussian, seed: u64, n: u64) -> Vec<f64> {
    let contrasts: Vec<Vec<f64>> = (0..bank.roles.len()).map(|r| contrast(bank, r)).collect();
    probabilities(posterior, &contrasts, seed, n)
}

fn probabilities(
    posterior: &Gaussian,
    contrasts: &[Vec<f64>],
    seed: u64,
    position: u64,
) -> Vec<f64> {
    let k = posterior.len();
    let mut wins = vec![0usize; contrasts.len()];
    let factor = SymmetricMatrix::from_rows(k, posterior.covariance().to_vec())
        .and_then(|covariance| covariance.cholesky());
    let mut random = stream(seed, position, Purpose::Roles);
    for _ in 0..DRAWS {
        let noise: Vec<f64> = (0..k).map(|_| standard_normal(&mut random)).collect();
        // A covariance without a factor cannot come out of the sweeps; the mean stands in for it.
        let spread = factor.as_ref().map_or_else(|_| vec![0.0; k], |f| f.multiply_lower(&noise));
        let theta: Vec<f64> = posterior.mean().iter().zip(&spread).map(|(m, e)| m + e).collect();
        let fit = |u: &[f64]| -> f64 { u.iter().zip(&theta).map(|(u, t)| u * t).sum() };
        let best = (0..contrasts.len())
            .max_by(|&a, &b| fit(&contrasts[a]).total_cmp(&fit(&contrasts[b])).then(b.cmp(&a)));
        if let Some(best) = best {
            wins[best] += 1;
        }
    }
    wins.iter().map(|&wins| wins as f64 / DRAWS as f64).collect()
}

/// Topics on which the two leading roles rest or differ most and that were asked about too little.
fn would_change(session: &Session, ranking: &[RoleOutcome], answered: &[usize]) -> WouldChange {
    let bank = session.bank();
    let weight = |at: usize, k: usize| {
        ranking
            .get(at)
            .and_then(|outcome| bank.roles.iter().find(|role| role.id == outcome.role))
            .map_or(0.0, |role| role.weights[k])
    };
    let mut topics: Vec<(usize, f64)> = (0..bank.topics.len())
        .map(|k| {
            let shared = weight(0, k).max(weight(1, k));
            let variance = session.cat().posterior().variance(k);
            (k, (shared + (weight(0, k) - weight(1, k)).abs()) * variance)
        })
        .filter(|(k, value)| {
            *value > 0.02 && weight(0, *k).max(weight(1, *k)) >= 0.08
                || answered[*k] == 0 && *value > 0.05
        })
        .collect();
    topics.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let has_questions = |k: usize| bank.live_items().any(|item| item.topic == bank.topics[k].id);
    let (ask, missing): (Vec<usize>, Vec<usize>) =
        topics.into_iter().map(|(k, _)| k).partition(|&k| has_questions(k));
    let titles = |topics: Vec<usize>| {
        topics.into_iter().take(3).map(|k| bank.topics[k].name.clone()).collect()
    };
    WouldChange { ask: titles(ask), no_questions_yet: titles(missing) }
}
