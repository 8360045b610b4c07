//! Person fit: is the pattern of right and wrong answers one that somebody of these abilities
//! would give?
//!
//! The statistic is the standardised log-likelihood `l_z = (l − E l) / √Var l` (Drasgow, Levine &
//! Williams 1985, eq. 6–8) at the estimated abilities. Estimating the abilities from the same
//! answers makes it too small and skewed, and for several abilities with a prior there is no
//! closed correction; so its distribution is simulated for this very set of questions: abilities
//! from the posterior, answers, estimates, `l_z` (a parametric bootstrap; Sinharay 2016). `lz_star`
//! is `l_z` in units of that distribution.

use crate::assessment::session::Session;
use crate::psychometrics::cat::Observation;
use crate::psychometrics::estimation::posterior::{
    GRID_POINTS, Gaussian, OnGrid, TopicPosterior, grid,
};
use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::numeric::linalg::{Cholesky, SymmetricMatrix};
use crate::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};

/// Simulated people.
const DRAWS: usize = 2_000;
/// Fewer scored answers say nothing about a pattern.
const ANSWERS_MIN: usize = 8;
/// A pattern rarer than this is flagged; one honest person in a hundred is, too.
const FLAG_BELOW: f64 = 0.01;

/// How usual the pattern of right and wrong answers is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PersonFit {
    /// The standardised log-likelihood, corrected for the estimation of the abilities.
    pub lz_star: f64,
    /// Share of simulated people of the same abilities whose pattern is at most as usual.
    pub p: f64,
    /// Whether `p` is below .01: a flag with a base rate of 1 %, never a verdict.
    pub flag: bool,
}

/// A scored question: its topic, its model, and its log-likelihood on the grid by category.
struct Scored<'a> {
    topic: usize,
    model: &'a ItemModel,
    on_grid: Vec<OnGrid>,
}

/// The fit of a session's answers, or `None` with fewer than eight answers that were scored right
/// or wrong ("I don't know" is no attempt and counts in neither).
pub(super) fn person_fit(session: &Session) -> Option<PersonFit> {
    let cat = session.cat();
    let mut observed = Vec::new();
    let mut questions = Vec::new();
    for &(item, observation) in cat.asked() {
        if let Observation::Category(category) = observation {
            let item = &cat.pool().items()[item];
            observed.push(category);
            questions.push(scored(item.topic, &item.model));
        }
    }
    if observed.len() < ANSWERS_MIN {
        return None;
    }
    let posterior = cat.posterior();
    let spread = SymmetricMatrix::from_rows(posterior.len(), posterior.covariance().to_vec())
        .and_then(|covariance| covariance.cholesky())
        .ok()?;
    let found = standardised(&questions, &observed, &estimate(session, &questions, &observed));
    let simulated: Vec<f64> =
        (0..DRAWS).map(|draw| simulate(session, &questions, &spread, draw)).collect();
    let n = DRAWS as f64;
    let mean = simulated.iter().sum::<f64>() / n;
    let variance = simulated.iter().map(|lz| (lz - mean) * (lz - mean)).sum::<f64>() / (n - 1.0);
    let p = simulated.iter().filter(|lz| **lz <= found).count() as f64 / n;
    let lz_star = (found - mean) / variance.sqrt().max(f64::MIN_POSITIVE);
    Some(PersonFit { lz_star, p, flag: p < FLAG_BELOW })
}

fn scored(topic: usize, model: &ItemModel) -> Scored<'_> {
    let theta = grid();
    let of = |category| std::array::from_fn(|q| model.log_probability(theta[q], category));
    Scored { topic, model, on_grid: (0..model.categories()).map(of).collect() }
}

/// Posterior means given these answers alone.
fn estimate(session: &Session, questions: &[Scored<'_>], answers: &[usize]) -> Gaussian {
    let bank = session.bank();
    let prior = crate::assessment::plan::population(bank.topics.len(), bank.rho);
    let mut posterior = TopicPosterior::new(prior);
    let mut sums: Vec<Option<OnGrid>> = vec![None; bank.topics.len()];
    for (question, &answer) in questions.iter().zip(answers) {
        let sum = sums[question.topic].get_or_insert([0.0; GRID_POINTS]);
        sum.iter_mut().zip(&question.on_grid[answer]).for_each(|(total, l)| *total += l);
    }
    posterior.set_topics(sums.into_iter().enumerate().filter_map(|(k, sum)| Some((k, sum?))));
    posterior.gaussian().clone()
}

fn simulate(session: &Session, questions: &[Scored<'_>], spread: &Cholesky, draw: usize) -> f64 {
    let mut random = stream(session.seed(), draw as u64, Purpose::Bootstrap);
    let posterior = session.cat().posterior();
    let noise: Vec<f64> = (0..posterior.len()).map(|_| standard_normal(&mut random)).collect();
    let theta: Vec<f64> = posterior
        .mean()
        .iter()
        .zip(spread.multiply_lower(&noise))
        .map(|(mean, error)| mean + error)
        .collect();
    let answers: Vec<usize> = questions
        .iter()
        .map(|question| question.model.category_at(theta[question.topic], uniform(&mut random)))
        .collect();
    standardised(questions, &answers, &estimate(session, questions, &answers))
}

/// `l_z` at the posterior means.
fn standardised(questions: &[Scored<'_>], answers: &[usize], estimate: &Gaussian) -> f64 {
    let (mut excess, mut variance) = (0.0, 0.0);
    for (question, &answer) in questions.iter().zip(answers) {
        let theta = estimate.mean()[question.topic];
        let logs: Vec<f64> = (0..question.model.categories())
            .map(|category| question.model.log_probability(theta, category))
            .collect();
        let expected: f64 = logs.iter().map(|l| libm::exp(*l) * l).sum();
        let squares: f64 = logs.iter().map(|l| libm::exp(*l) * l * l).sum();
        excess += logs[answer] - expected;
        variance += squares - expected * expected;
    }
    excess / variance.sqrt().max(f64::MIN_POSITIVE)
}
