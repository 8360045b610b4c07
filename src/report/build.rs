//! From a session to its report: collects what the outcome, the answers and the bank say into the
//! model. Every number comes from the session; nothing is estimated anew and nothing is worded
//! beyond the sentences of `words`.

use super::model::{
    AnswerDetail, CutPart, DecisionWord, ItemPart, LevelPart, LevelProbabilities, ObjectivePart,
    OptionDetail, PersonFitPart, PlanStepPart, Point, QualityPart, ReferencePart, Report, RolePart,
    RunFacts, SCHEMA, SessionPart, SpecializationPart, TopicPart, Verdict,
};
use super::text::environment;
use super::words;
use crate::assessment::outcome::{Decision, LevelOutcome, Outcome, Quality, Specialization};
use crate::assessment::{Answered, Response, Session, Step, StopReasonText, letter};
use crate::bank::{Bank, Item, Key, Level, OptionId, Reference, SubtopicId, TopicId};

/// Most topics named as the reason for a role.
const STRENGTHS_MAX: usize = 3;
/// The least share of the strongest reason for a role that is still worth naming.
const STRENGTH_SHARE: f64 = 0.25;

impl Report {
    /// The report of a session, finished or not.
    #[must_use]
    pub fn new(session: &Session, facts: RunFacts) -> Self {
        let outcome = Outcome::of(session);
        let bank = session.bank();
        let notices = facts.notices.clone();
        Self {
            schema: SCHEMA,
            session: session_part(session, facts),
            level: LevelPart {
                standard_setting: bank.standard_setting.clone(),
                ..level_part(&outcome.level)
            },
            profile: profile_part(&outcome),
            specialization: outcome
                .specialization
                .as_ref()
                .map(|found| specialization_part(session, &outcome, found)),
            plan: plan_part(bank, &outcome),
            quality: quality_part(&outcome.quality),
            notices,
            descriptors: bank.levels.iter().map(|l| (l.level, l.descriptor.clone())).collect(),
        }
    }
}

fn session_part(session: &Session, facts: RunFacts) -> SessionPart {
    let stop_reason = match session.step() {
        Step::Ask(_) => None,
        Step::Done(stop) => Some(stop.sentence()),
    };
    let in_plan = session.bank().topics.iter().filter(|topic| session.plan().has(&topic.id));
    SessionPart {
        id: facts.session_id,
        seed: session.seed(),
        plan: session.plan().clone(),
        engine: facts.engine,
        bank_fingerprint: session.bank().fingerprint().to_owned(),
        started_ms: facts.started_ms,
        finished_ms: facts.finished_ms,
        stop_reason,
        start: start(session),
        items: session.answered().iter().map(|answered| item_part(session, answered)).collect(),
        topic_names: in_plan.map(|topic| topic.name.clone()).collect(),
    }
}

/// The general level before any answer: mean 0 and `√(Σw² + ρ(1 − Σw²))`, the standard deviation
/// of `wᵀθ` in a population of unit variances and one correlation.
fn start(session: &Session) -> Point {
    let weights = &session.cat().design().weights;
    let squares: f64 = weights.iter().map(|w| w * w).sum();
    let rho = session.bank().rho;
    Point { theta: 0.0, se: (squares + rho * (1.0 - squares)).max(0.0).sqrt() }
}

fn item_part(session: &Session, answered: &Answered) -> ItemPart {
    let item = session.item(&answered.asked);
    ItemPart {
        position: answered.asked.position,
        item: item.id.to_string(),
        version: item.version,
        topic: item.topic.to_string(),
        subtopic: item.subtopic.to_string(),
        response: answered.response.to_json(),
        score: answered.scored.score,
        max_score: answered.scored.max_score,
        scored: !answered.on_trial,
        seconds: answered.seconds,
        reason: words::why(answered.asked.why, |k| topic_name_at(session.bank(), k)),
        reason_short: words::why_short(answered.asked.why, |k| topic_name_at(session.bank(), k)),
        theta: answered.theta,
        se: answered.se,
        detail: detail(session.bank(), item, answered),
    }
}

fn detail(bank: &Bank, item: &Item, answered: &Answered) -> AnswerDetail {
    AnswerDetail {
        topic_name: topic_name(bank, &item.topic),
        subtopic_name: subtopic_name(bank, &item.subtopic),
        level: item.level,
        cognitive: item.cognitive,
        kind: item.kind,
        stem: item.stem.clone(),
        environment: environment(item),
        options: answered
            .asked
            .shown
            .iter()
            .enumerate()
            .map(|shown| option(item, answered, shown))
            .collect(),
        verdict: verdict(answered),
        given: given(item, answered),
        right: right(item, answered),
        explanation: item.explanation.clone(),
        references: item.references.iter().map(|r| reference(bank, &[&item.topic], r)).collect(),
    }
}

fn verdict(answered: &Answered) -> Verdict {
    match (&answered.response, answered.scored.score) {
        (Response::DontKnow, _) => Verdict::DontKnow,
        _ if answered.scored.is_right() => Verdict::Right,
        (_, 0) => Verdict::Wrong,
        _ => Verdict::Partly,
    }
}

fn option(item: &Item, answered: &Answered, (place, &at): (usize, &usize)) -> OptionDetail {
    let choice = &item.options[at];
    let position_in = |ids: &[OptionId]| ids.iter().position(|id| *id == choice.id);
    let right_place = match &item.key {
        Key::Order { order, .. } => order.iter().position(|&o| o == at).map(|p| p + 1),
        _ => None,
    };
    let given_place = match &answered.response {
        Response::Order(ids) => position_in(ids).map(|p| p + 1),
        _ => None,
    };
    let chosen = match &answered.response {
        Response::Single(id) => *id == choice.id,
        Response::Multi(ids) => ids.contains(&choice.id),
        _ => false,
    };
    OptionDetail {
        letter: letter(place),
        text: choice.text.clone(),
        feedback: choice.feedback.clone(),
        correct: choice.correct && right_place.is_none(),
        chosen,
        right_place,
        given_place,
    }
}

/// The answer as the person gave it: letters as they were shown, or what was typed.
fn given(item: &Item, answered: &Answered) -> String {
    let at = |id: &OptionId| item.options.iter().position(|option| option.id == *id);
    let letters = |ids: &[OptionId]| ids.iter().filter_map(at).collect::<Vec<usize>>();
    match &answered.response {
        Response::Single(id) => letters_of(answered, at(id).into_iter().collect(), ", "),
        Response::Multi(ids) => letters_of(answered, letters(ids), ", "),
        Response::Order(ids) => letters_of(answered, letters(ids), " → "),
        Response::Number(value) => with_unit(item, *value),
        Response::Text(text) => text.clone(),
        Response::DontKnow => "I don’t know".to_owned(),
    }
}

/// The right answer in the same form.
fn right(item: &Item, answered: &Answered) -> String {
    match &item.key {
        Key::Single { key } => letters_of(answered, vec![*key], ", "),
        Key::Multi { keys, .. } => {
            letters_of(answered, (0..keys.len()).filter(|&at| keys[at]).collect(), ", ")
        }
        Key::Order { order, .. } => letters_of(answered, order.clone(), " → "),
        Key::Numeric { value, tolerance, .. } => match *tolerance > 0.0 {
            true => format!("{} (within {})", with_unit(item, *value), with_unit(item, *tolerance)),
            false => with_unit(item, *value),
        },
        Key::Text { accept, regex, .. } => match (accept.as_slice(), regex) {
            ([], Some(pattern)) => format!("whatever matches {}", pattern.source()),
            ([], None) => String::new(),
            ([only], _) => only.clone(),
            ([first, ..], _) => first.clone(),
        },
    }
}

/// Letters of options as they were shown; sorted where `join` says that order means nothing.
fn letters_of(answered: &Answered, options: Vec<usize>, join: &str) -> String {
    let shown = &answered.asked.shown;
    let mut letters: Vec<char> = options
        .iter()
        .filter_map(|option| shown.iter().position(|at| at == option))
        .map(letter)
        .collect();
    if join == ", " {
        letters.sort_unstable();
    }
    letters.iter().map(char::to_string).collect::<Vec<_>>().join(join)
}

fn with_unit(item: &Item, value: f64) -> String {
    match &item.key {
        Key::Numeric { unit: Some(unit), .. } => format!("{value} {unit}"),
        _ => value.to_string(),
    }
}

fn level_part(level: &LevelOutcome) -> LevelPart {
    let (lo90, hi90) = words::interval90(level.theta, level.se);
    let at = |place: usize| level.probabilities.get(place).copied().unwrap_or(0.0);
    let (decision, between) = match level.decision {
        Decision::Decided(level) => (DecisionWord::Level(level), None),
        Decision::Between(lower, upper) => (DecisionWord::Undecided, Some([lower, upper])),
    };
    LevelPart {
        theta: level.theta,
        se: level.se,
        lo90,
        hi90,
        probabilities: LevelProbabilities { junior: at(0), mid: at(1), senior: at(2) },
        decision,
        between,
        more_questions: level.more_questions,
        cuts: level
            .cuts
            .iter()
            .map(|cut| CutPart {
                between: cut.between,
                theta: cut.theta,
                se: cut.se,
                origin: cut.origin.clone(),
                as_of: cut.as_of.clone(),
            })
            .collect(),
        standard_setting: None,
        provisional: level.provisional,
    }
}

fn profile_part(outcome: &Outcome) -> Vec<TopicPart> {
    outcome
        .profile
        .iter()
        .map(|topic| TopicPart {
            topic: topic.topic.to_string(),
            name: topic.name.clone(),
            mean: topic.mean,
            sd: topic.sd,
            lo90: topic.lo90,
            hi90: topic.hi90,
            direct_items: topic.direct_items,
            inferred: topic.inferred,
        })
        .collect()
}

fn specialization_part(
    session: &Session,
    outcome: &Outcome,
    found: &Specialization,
) -> SpecializationPart {
    let ranking = found.ranking.iter().map(|role| RolePart {
        role: role.role.to_string(),
        name: role.name.clone(),
        probability: role.probability,
        mean: role.mean,
        sd: role.sd,
        coverage: role.coverage,
        strengths: strengths(session.bank(), outcome, role.role.as_str()),
    });
    SpecializationPart {
        status: found.status,
        ranking: ranking.collect(),
        would_change: words::would_change(&found.would_change),
    }
}

/// Topics with questions that count more in the role than in general and came out above the
/// person's own level, those that speak loudest for the role first.
fn strengths(bank: &Bank, outcome: &Outcome, role: &str) -> Vec<String> {
    let Some(role) = bank.roles.iter().find(|other| other.id.as_str() == role) else {
        return Vec::new();
    };
    let mut speaking: Vec<(f64, &str)> = outcome
        .profile
        .iter()
        .zip(role.weights.iter().zip(&bank.topics))
        .filter(|(topic, _)| topic.direct_items > 0)
        .map(|(topic, (weight, of_bank))| {
            let counts = (weight - of_bank.weight).max(0.0);
            (counts * (topic.mean - outcome.level.theta).max(0.0), topic.name.as_str())
        })
        .filter(|(voice, _)| *voice > 0.0)
        .collect();
    speaking.sort_by(|a, b| b.0.total_cmp(&a.0));
    // A topic that the role hardly weighs more than others do is no reason for it.
    let loudest = speaking.first().map_or(0.0, |(voice, _)| *voice);
    speaking.retain(|(voice, _)| *voice >= STRENGTH_SHARE * loudest);
    speaking.into_iter().take(STRENGTHS_MAX).map(|(_, name)| name.to_owned()).collect()
}

fn plan_part(bank: &Bank, outcome: &Outcome) -> Vec<PlanStepPart> {
    outcome
        .plan
        .iter()
        .map(|step| PlanStepPart {
            step: step.step,
            title: step.title.clone(),
            status: step.status,
            share_measured: step.share_measured,
            subtopics: step.subtopics.iter().map(ToString::to_string).collect(),
            objectives_missed: step
                .objectives_missed
                .iter()
                .map(|missed| ObjectivePart {
                    id: missed.id.to_string(),
                    text: missed.text.clone(),
                })
                .collect(),
            references: step
                .references
                .iter()
                .map(|cited| reference(bank, &topics_of(bank, &step.subtopics), cited))
                .collect(),
            subtopic_names: step.subtopics.iter().map(|id| subtopic_name(bank, id)).collect(),
        })
        .collect()
}

fn quality_part(quality: &Quality) -> QualityPart {
    QualityPart {
        person_fit: quality.person_fit.map(|fit| PersonFitPart {
            lz_star: fit.lz_star,
            p: fit.p,
            flag: fit.flag,
        }),
        rapid_responses: quality.rapid_responses,
        effort: quality.effort,
        effort_moderated: quality.effort_moderated.as_ref().map(level_part),
    }
}

/// A reference with the title of its source, looked up among the sources of `topics` first: two
/// topics may use one short name for different sources.
fn reference(bank: &Bank, topics: &[&TopicId], cited: &Reference) -> ReferencePart {
    let of_topics = bank
        .references
        .iter()
        .find(|source| source.id == cited.id && topics.contains(&&source.topic));
    let source = of_topics.or_else(|| bank.references.iter().find(|source| source.id == cited.id));
    ReferencePart {
        id: cited.id.clone(),
        title: source.map_or_else(|| cited.id.clone(), |source| source.title.clone()),
        locator: cited.locator.clone(),
        version: cited.version.clone(),
        url: cited.url.clone(),
    }
}

/// The topics to which some of these subtopics belong.
fn topics_of<'a>(bank: &'a Bank, subtopics: &[SubtopicId]) -> Vec<&'a TopicId> {
    bank.topics
        .iter()
        .filter(|topic| topic.subtopics.iter().any(|subtopic| subtopics.contains(&subtopic.id)))
        .map(|topic| &topic.id)
        .collect()
}

fn topic_name_at(bank: &Bank, k: usize) -> String {
    bank.topics.get(k).map(|topic| topic.name.clone()).unwrap_or_default()
}

fn topic_name(bank: &Bank, id: &TopicId) -> String {
    bank.topic_index(id).map_or_else(|| id.to_string(), |k| topic_name_at(bank, k))
}

fn subtopic_name(bank: &Bank, id: &SubtopicId) -> String {
    bank.topics
        .iter()
        .flat_map(|topic| &topic.subtopics)
        .find(|subtopic| subtopic.id == *id)
        .map_or_else(|| id.to_string(), |subtopic| subtopic.name.clone())
}

/// The order of levels from the most probable down; equal ones from the lowest up.
pub(super) fn by_probability(level: &LevelPart) -> Vec<(Level, f64)> {
    let mut levels: Vec<(Level, f64)> =
        Level::ALL.iter().map(|&l| (l, level.probabilities.of(l))).collect();
    levels.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    levels
}
