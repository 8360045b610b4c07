//! The profile: every topic as a point with a 90 % interval on one scale, and whether it was
//! measured or inferred from related topics.

use super::ASKED_FROM;
use crate::assessment::session::Session;
use crate::bank::TopicId;

/// Half width of a 90 % interval in standard deviations.
pub const Z90: f64 = 1.644_853_626_951_472_2;

/// A topic's own answers must explain at least this much more than the general level alone does,
/// or the topic is not shown as measured (Haberman 2008, *When can subscores have value?*, as a
/// ratio for multidimensional scores).
const ADDED_VALUE: f64 = 1.1;

/// One topic of the profile.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicOutcome {
    /// The topic.
    pub topic: TopicId,
    /// Its title.
    pub name: String,
    /// Posterior mean.
    pub mean: f64,
    /// Posterior standard deviation.
    pub sd: f64,
    /// Lower end of the 90 % interval.
    pub lo90: f64,
    /// Upper end of the 90 % interval.
    pub hi90: f64,
    /// Items of this topic that were answered.
    pub direct_items: usize,
    /// Whether the estimate rests on related topics more than on its own questions.
    pub inferred: bool,
}

/// The profile over all topics of the bank, in its order.
pub(super) fn profile(session: &Session) -> Vec<TopicOutcome> {
    let posterior = session.cat().posterior();
    let answered = session.cat().answered_by_topic();
    let one_topic = session.plan().is_one_topic();
    session
        .bank()
        .topics
        .iter()
        .enumerate()
        .map(|(k, topic)| {
            let (mean, sd) = (posterior.mean()[k], posterior.variance(k).max(0.0).sqrt());
            let measured = answered[k] >= ASKED_FROM && (one_topic || adds_value(session, k));
            TopicOutcome {
                topic: topic.id.clone(),
                name: topic.name.clone(),
                mean,
                sd,
                lo90: mean - Z90 * sd,
                hi90: mean + Z90 * sd,
                direct_items: answered[k],
                inferred: !measured,
            }
        })
        .collect()
}

/// `PRMSE_k / PRMSE_x ≥ 1.1`: the proportional reduction of mean squared error by this
/// posterior, against that by the general level alone.
fn adds_value(session: &Session, k: usize) -> bool {
    let posterior = session.cat().posterior();
    let weights = &session.cat().design().weights;
    let rho = session.bank().rho;
    let own = 1.0 - posterior.variance(k);
    // Population: unit variances, one correlation. Cov(θ_k, C) = w_k + ρ(1 − w_k).
    let with_level = weights[k] + rho * (1.0 - weights[k]);
    let squares: f64 = weights.iter().map(|w| w * w).sum();
    let level_variance = squares + rho * (1.0 - squares);
    let (_, level_sd) = session.cat().general_level();
    let reliability = 1.0 - level_sd * level_sd / level_variance;
    let by_level = with_level * with_level / level_variance * reliability;
    own >= ADDED_VALUE * by_level
}
