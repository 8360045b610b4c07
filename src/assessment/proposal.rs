//! A proposed calibration: what finished sessions say about the items of a bank, as a file that a
//! person reviews before anything uses it. Never changes a bank.

use std::fmt::Write as _;

use serde::Serialize;

use super::evidence::Evidence;
use super::plan::{STEP_SPREAD, believed_slope, population};
use super::scoring::max_score;
use crate::bank::{Item, Key};
use crate::psychometrics::calibration::NormalPrior;
use crate::psychometrics::online::{
    self, AnswerBeside, Believed, Coordinates, Estimates, ItemBelief, OnlineEnd, OnlineItem,
    OnlineProgress, OptionStatistics, PredictiveFit, Standing, Study,
};

/// Fewest adaptive answers from which a key is suspected rather than put up for a look.
const KEY_SUSPECT_ANSWERS: usize = 400;
/// Fewest answers from which it is worth a look.
const KEY_REVIEW_ANSWERS: usize = 50;
/// Fit farther than this many standard errors from 1 is no chance.
const MISFIT_ERRORS: f64 = 3.0;
/// Two-sided 1 % point of the normal distribution.
const DRIFT_Z: f64 = 2.576;
/// A discrimination below this tells next to nothing.
const SLOPE_LOW: f64 = 0.35;
/// A judged difficulty farther off than this many of its standard deviations was badly judged.
const JUDGEMENT_OFF: f64 = 2.0;

/// What a reviewer should look at before accepting an item's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// Able people prefer another option, or hardly prefer the key, over many answers.
    KeySuspect,
    /// The same over few answers.
    KeyReview,
    /// Answers are more or less predictable than the model has them.
    Misfit,
    /// The difficulty differs from the former calibration.
    Drift,
    /// It hardly tells the able from others.
    LowSlope,
    /// The difficulty is far from what was judged.
    OffJudgement,
}

impl Flag {
    /// The word in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KeySuspect => "key_suspect",
            Self::KeyReview => "key_review",
            Self::Misfit => "misfit",
            Self::Drift => "drift",
            Self::LowSlope => "low_slope",
            Self::OffJudgement => "off_judgement",
        }
    }
}

/// What held before.
#[derive(Debug, Clone, PartialEq)]
pub struct Former {
    /// `judged`, or the standing of the former calibration.
    pub word: &'static str,
    /// The difficulty.
    pub b: f64,
    /// Its standard deviation.
    pub sd: f64,
}

/// One item of a proposal.
#[derive(Debug, Clone)]
pub struct ProposedItem {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// Its topic.
    pub topic: String,
    /// Answers that count.
    pub n: u32,
    /// Discrimination and its standard error.
    pub a: [f64; 2],
    /// Difficulty and its standard error.
    pub b: [f64; 2],
    /// Distance of steps, of items with partial credit.
    pub spread: Option<f64>,
    /// Lower asymptote, as it was.
    pub c: f64,
    /// How expected the answers were.
    pub fit: Option<PredictiveFit>,
    /// What the numbers bear.
    pub standing: Standing,
    /// What held before.
    pub former: Former,
    /// What to look at.
    pub flags: Vec<Flag>,
    /// Its options, of items with one right option that were answered by choosing.
    pub options: Vec<OptionStatistics>,
    /// Their ids.
    pub option_names: Vec<String>,
    /// Which of them is the key, where one is.
    pub key: Option<usize>,
    /// What is believed of b after each answer in turn, of items that are not calibrated yet; none with
    /// partial credit.
    pub interim: Option<Believed>,
    /// The model that sessions would use, the curve of the estimate.
    pub curve: (OnlineItem, Coordinates),
    /// The answers beside what else is known of the people.
    pub answers: Vec<AnswerBeside>,
}

/// A proposed calibration.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The items with answers, by id.
    pub items: Vec<ProposedItem>,
    /// The mean of every ability in these people.
    pub mean: f64,
    /// Whether anchors let it be estimated.
    pub mean_is_free: bool,
    /// Anchors that held the scale.
    pub anchors: usize,
    /// EM steps.
    pub steps: usize,
    /// How the estimation ended.
    pub end: OnlineEnd,
}

/// Where an item of the study stands in the bank, its answers' options person by person.
struct Place {
    item: usize,
    options: Vec<(usize, usize)>,
}

impl Proposal {
    /// Estimates every item that has answers. `watch` is called after each step; `false` stops.
    ///
    /// Anchors whose answers have left their former difficulty do not hold the scale: they are freed and all
    /// is estimated again.
    pub fn of(evidence: &Evidence<'_>, watch: &mut dyn FnMut(OnlineProgress) -> bool) -> Self {
        let (places, mut study) = study_of(evidence);
        let mut estimates = online::estimate(&study, watch);
        let drifted: Vec<usize> = (0..places.len())
            .filter(|&j| {
                let item = &evidence.bank.items[places[j].item];
                study.items[j].anchor.is_some() && drifts(item, j, &study, &estimates)
            })
            .collect();
        if !drifted.is_empty() && estimates.end != OnlineEnd::Interrupted {
            drifted.iter().for_each(|&j| study.items[j].anchor = None);
            estimates = online::estimate(&study, watch);
        }
        let anchors = study.items.iter().filter(|item| item.anchor.is_some()).count();
        let items = places.iter().enumerate().map(|(j, place)| {
            proposed(&evidence.bank.items[place.item], j, place, &study, &estimates)
        });
        Self {
            items: items.collect(),
            mean: estimates.mean,
            mean_is_free: estimates.mean_is_free,
            anchors,
            steps: estimates.steps,
            end: estimates.end,
        }
    }

    /// The calibration file, not accepted.
    #[must_use]
    pub fn yaml(&self, date: &str, evidence: &Evidence<'_>) -> String {
        let mut text = head(self, date, evidence);
        for item in &self.items {
            text += &entry(item);
        }
        text
    }
}

/// The items that have answers, and the people.
fn study_of(evidence: &Evidence<'_>) -> (Vec<Place>, Study) {
    let bank = evidence.bank;
    let mut number = vec![usize::MAX; bank.items.len()];
    let mut answered = vec![false; bank.items.len()];
    evidence.people.iter().flatten().for_each(|it| answered[it.item] = true);
    let mut places = Vec::new();
    for at in (0..bank.items.len()).filter(|&at| answered[at]) {
        number[at] = places.len();
        places.push(Place { item: at, options: Vec::new() });
    }
    let items = places.iter().map(|place| online_item(bank, &bank.items[place.item])).collect();
    let mut people = Vec::new();
    for (person, counted) in evidence.people.iter().enumerate() {
        for it in counted {
            places[number[it.item]].options.extend(it.option.map(|option| (person, option)));
        }
        people.push(counted.iter().map(|it| (number[it.item], it.seen)).collect());
    }
    (places, Study { items, people, population: population(bank.topics.len(), bank.rho) })
}

fn online_item(bank: &crate::bank::Bank, item: &Item) -> OnlineItem {
    let anchor = item.calibration.as_ref().filter(|found| found.standing == Standing::Anchor);
    OnlineItem {
        topic: bank.topic_index(&item.topic).unwrap_or_default(),
        categories: max_score(item) + 1,
        c: item.prior.c,
        log_a: NormalPrior { mean: libm::log(believed_slope(item)), sd: item.prior.a_sd_log },
        b: NormalPrior { mean: item.prior.b, sd: item.prior.b_sd },
        spread: STEP_SPREAD,
        anchor: anchor.map(|it| [libm::log(it.a), it.b, it.spread.unwrap_or(STEP_SPREAD)]),
    }
}

/// Whether an item's answers have left the difficulty of its former calibration.
fn drifts(item: &Item, j: usize, study: &Study, estimates: &Estimates) -> bool {
    let Some(former) = &item.calibration else { return false };
    let answers = &estimates.answers[j];
    let (b, se) =
        online::free_difficulty(&study.items[j], &estimates.items[j], answers, estimates.mean);
    let error = (se * se + former.se_b * former.se_b).sqrt();
    (b - former.b).abs() > DRIFT_Z * error
}

fn proposed(
    item: &Item,
    j: usize,
    place: &Place,
    study: &Study,
    estimates: &Estimates,
) -> ProposedItem {
    let (online, x, answers) = (&study.items[j], &estimates.items[j], &estimates.answers[j]);
    let errors = online::standard_errors(online, x, answers, estimates.mean);
    let n = u32::try_from(answers.len()).unwrap_or(u32::MAX);
    let fit = online::predictive_fit(online, x, answers, estimates.mean);
    let options = options_of(item, place, answers);
    let a = libm::exp(x[0]);
    let former = match &item.calibration {
        Some(found) => Former { word: found.standing.as_str(), b: found.b, sd: found.se_b },
        None => Former { word: "judged", b: item.prior.b, sd: item.prior.b_sd },
    };
    let standing = Standing::of(n, errors[1]);
    let mut found = ProposedItem {
        id: item.id.to_string(),
        version: item.version,
        topic: item.topic.to_string(),
        n,
        a: [a, a * errors[0]],
        b: [x[1], errors[1]],
        spread: (online.categories > 2).then_some(x[2]),
        c: online.c,
        fit,
        standing,
        former,
        flags: Vec::new(),
        option_names: item.options.iter().map(|option| option.id.to_string()).collect(),
        key: match item.key {
            Key::Single { key } => Some(key),
            _ => None,
        },
        options,
        interim: interim(online, standing, answers, estimates.mean),
        curve: (*online, *x),
        answers: answers.clone(),
    };
    if standing > Standing::Draft {
        let drift = drifts(item, j, study, estimates);
        found.flags = flags(item, &found, drift);
    }
    found
}

/// The belief that the answers, one by one, make of what was judged: the estimate between gates, which needs
/// nobody else's item.
fn interim(
    item: &OnlineItem,
    standing: Standing,
    answers: &[AnswerBeside],
    mean: f64,
) -> Option<Believed> {
    if item.categories > 2 || standing >= Standing::Calibrated {
        return None;
    }
    let mut belief = ItemBelief::new(item.b, item.log_a, item.c);
    for answer in answers {
        let (ability, sd) = answer.moments();
        belief.update(answer.seen, ability + mean, sd);
    }
    Some(belief.difficulty())
}

fn options_of(item: &Item, place: &Place, answers: &[AnswerBeside]) -> Vec<OptionStatistics> {
    if place.options.is_empty() {
        return Vec::new();
    }
    // Both stand in the order of people, and nobody answers an item twice.
    let ability = |person: usize| {
        let at = answers.binary_search_by_key(&person, |it| it.person).ok()?;
        Some(answers[at].mean())
    };
    let choices: Vec<(usize, f64)> = place
        .options
        .iter()
        .filter_map(|&(person, option)| ability(person).map(|mean| (option, mean)))
        .collect();
    online::option_statistics(&choices, item.options.len())
}

fn flags(item: &Item, found: &ProposedItem, drift: bool) -> Vec<Flag> {
    let mut flags = Vec::new();
    let n = found.n as usize;
    if let Key::Single { key } = item.key
        && n >= KEY_REVIEW_ANSWERS
        && online::speaks_against_key(&found.options, key).is_some()
    {
        let many = n >= KEY_SUSPECT_ANSWERS;
        flags.push(if many { Flag::KeySuspect } else { Flag::KeyReview });
    }
    let far = |value: f64, error: f64| (value - 1.0).abs() > MISFIT_ERRORS * error;
    if found.fit.is_some_and(|it| far(it.infit, it.infit_se) || far(it.outfit, it.outfit_se)) {
        flags.push(Flag::Misfit);
    }
    if drift {
        flags.push(Flag::Drift);
    }
    if found.a[0] < SLOPE_LOW && found.standing >= Standing::Calibrated {
        flags.push(Flag::LowSlope);
    }
    if (found.b[0] - item.prior.b).abs() > JUDGEMENT_OFF * item.prior.b_sd {
        flags.push(Flag::OffJudgement);
    }
    flags
}

fn head(proposal: &Proposal, date: &str, evidence: &Evidence<'_>) -> String {
    let left = evidence.left_out();
    let (mean, why) = if proposal.mean_is_free {
        (proposal.mean, format!("estimated: {} anchors hold the scale", proposal.anchors))
    } else {
        (0.0, "kept: too few anchors, so these people are the scale".to_owned())
    };
    format!(
        "schema: gradus.calibration/1\n\
         # A proposal. Nothing uses it until somebody has reviewed it and written below\n\
         #   accepted: true\n\
         #   reviewed_by: NAME\n\
         #   reviewed_on: \"2026-11-22\"\n\
         # An entry with `use: false` is never used; what was judged before holds for its item.\n\
         date: \"{date}\"\n\
         accepted: false\n\
         evidence:\n  \
           source: sessions\n  \
           bank: \"{}\"\n  \
           sessions: {}\n  \
           people: {}\n  \
           answers: {}\n  \
           left_out: {{rapid: {}, repeated: {}, unknown_item: {}, other_version: {}, withdrawn: {}, \
         unreadable: {}}}\n\
         method:\n  \
           model: {{correlation: {}, mean: {}, mean_is: \"{why}\"}}\n  \
           steps: {}\n  \
           converged: {}\n\
         items:\n",
        evidence.bank.fingerprint(),
        evidence.sessions(),
        evidence.people(),
        evidence.answers(),
        left.rapid,
        left.repeated,
        left.unknown_item,
        left.other_version,
        left.withdrawn,
        left.unreadable,
        evidence.bank.rho,
        rounded(mean),
        proposal.steps,
        proposal.end == OnlineEnd::Converged,
    )
}

fn entry(item: &ProposedItem) -> String {
    let mut text = format!(
        "  - {{item: \"{}\", version: {}, n: {}, status: {}, was: {}, a: {}, se_a: {}, b: {}, se_b: {}, ",
        item.id,
        item.version,
        item.n,
        item.standing.as_str(),
        item.former.word,
        rounded(item.a[0]),
        rounded(item.a[1]),
        rounded(item.b[0]),
        rounded(item.b[1]),
    );
    if let Some(spread) = item.spread {
        write!(text, "spread: {}, ", rounded(spread)).ok();
    }
    write!(text, "c: {}", item.c).ok();
    if let Some(fit) = item.fit {
        write!(text, ",\n     infit: {}, outfit: {}", rounded(fit.infit), rounded(fit.outfit)).ok();
    }
    write!(text, ", former: {{b: {}, sd: {}}}", rounded(item.former.b), rounded(item.former.sd))
        .ok();
    if let Some(interim) = item.interim {
        write!(text, ", interim: {{b: {}, sd: {}}}", rounded(interim.mean), rounded(interim.sd))
            .ok();
    }
    if !item.flags.is_empty() {
        let words: Vec<&str> = item.flags.iter().map(|flag| flag.as_str()).collect();
        write!(text, ", flags: [{}]", words.join(", ")).ok();
    }
    if item.flags.contains(&Flag::KeySuspect) {
        text += ", use: false";
    }
    text + "}\n"
}

/// Four decimals: more than the standard errors bear.
fn rounded(value: f64) -> f64 {
    let rounded = (value * 1e4).round() / 1e4;
    if rounded == 0.0 { 0.0 } else { rounded }
}
