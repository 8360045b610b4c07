//! What the screens show of a session, as plain values. A [`Card`] of an open question holds no
//! key, no explanation and no feedback, so nothing drawn during the test can give them away; a
//! [`ReviewCard`] is made only of questions that have been answered.

use crate::assessment::{
    Answered, Asked, PlainInput, Response, ResponseError, Session, Step, letter,
};
use crate::bank::{Bank, Item, ItemType, Key, OptionId};

/// How a question is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// By one option.
    Single,
    /// By ticking options.
    Multi,
    /// By putting all options in order.
    Order,
    /// By a number, in that unit.
    Number {
        /// The unit that the question names.
        unit: Option<String>,
    },
    /// By a text.
    Text,
}

/// An option of an open question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardOption {
    /// Its index in the item's options.
    pub index: usize,
    /// Its text (Markdown).
    pub text: String,
}

/// An open question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Its number, from 1.
    pub position: usize,
    /// Most questions of this test.
    pub length_max: usize,
    /// Title of the topic.
    pub topic: String,
    /// Title of the subtopic.
    pub subtopic: String,
    /// How it is answered.
    pub kind: Kind,
    /// The question (Markdown).
    pub stem: String,
    /// The options in the order in which they are shown.
    pub options: Vec<CardOption>,
}

/// An answer as the screen has it, before it is checked against the item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Draft {
    /// Indices into the item's options.
    Options(Vec<usize>),
    /// What was typed.
    Typed(String),
    /// "I don't know".
    DontKnow,
}

impl Card {
    /// The card of a question of a session.
    pub fn of(session: &Session, asked: &Asked) -> Self {
        let item = session.item(asked);
        let (topic, subtopic) = titles(session.bank(), item);
        let option = |&index: &usize| CardOption { index, text: item.options[index].text.clone() };
        Self {
            position: asked.position,
            length_max: session.plan().questions_max(),
            topic,
            subtopic,
            kind: kind(item),
            stem: stem_with_environment(item),
            options: asked.shown.iter().map(option).collect(),
        }
    }
}

fn kind(item: &Item) -> Kind {
    match (&item.kind, &item.key) {
        (ItemType::Single, _) => Kind::Single,
        (ItemType::Multi, _) => Kind::Multi,
        (ItemType::Order, _) => Kind::Order,
        (ItemType::Numeric, Key::Numeric { unit, .. }) => Kind::Number { unit: unit.clone() },
        (ItemType::Numeric, _) => Kind::Number { unit: None },
        (ItemType::Short | ItemType::CodeOutput, _) => Kind::Text,
    }
}

fn titles(bank: &Bank, item: &Item) -> (String, String) {
    let topic = bank.topics.iter().find(|topic| topic.id == item.topic);
    let subtopic = topic
        .and_then(|topic| topic.subtopics.iter().find(|subtopic| subtopic.id == item.subtopic));
    (
        topic.map_or_else(|| item.topic.to_string(), |topic| topic.name.clone()),
        subtopic.map_or_else(|| item.subtopic.to_string(), |subtopic| subtopic.name.clone()),
    )
}

/// The response that a draft is.
///
/// # Errors
/// When it is no answer to this item: nothing typed, no number, no option.
pub fn response(item: &Item, asked: &Asked, draft: &Draft) -> Result<Response, ResponseError> {
    let typed = match draft {
        Draft::DontKnow => return Ok(Response::DontKnow),
        Draft::Options(chosen) => return Response::from_options(item, chosen.clone()),
        Draft::Typed(text) => text.trim(),
    };
    match (&item.key, typed) {
        (_, "") => Err(ResponseError::Empty),
        // A lone question mark is how "I don't know" is stored and typed everywhere.
        (_, "?") => Ok(Response::DontKnow),
        // A text is taken as it is: one that begins with `!` is no remark here.
        (Key::Text { .. }, text) => Ok(Response::Text(text.to_owned())),
        (_, line) => match PlainInput::parse(item, &asked.shown, line)? {
            PlainInput::Answer(response) => Ok(response),
            PlainInput::Flag(_) => Err(ResponseError::NotANumber { found: line.to_owned() }),
        },
    }
}

/// What the first screen says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Welcome {
    /// Titles of the topics that are asked about.
    pub topics: Vec<String>,
    /// Topics that the bank knows, also those without questions yet.
    pub topics_known: usize,
    /// Fewest questions.
    pub questions_min: usize,
    /// Most questions.
    pub questions_max: usize,
    /// Minutes for the fewest and the most questions, by the times that the bank expects.
    pub minutes: (u32, u32),
    /// Questions answered before, when a session goes on.
    pub answered: usize,
    /// Further remarks of the caller.
    pub notices: Vec<String>,
}

impl Welcome {
    /// What a session's first screen says.
    pub fn of(session: &Session, notices: Vec<String>) -> Self {
        let (bank, plan) = (session.bank(), session.plan());
        let asked_about = |item: &&Item| plan.has(&item.topic);
        let expected: Vec<u32> =
            bank.live_items().filter(asked_about).map(|item| item.expected_s).collect();
        let mean_s = f64::from(expected.iter().sum::<u32>()) / expected.len().max(1) as f64;
        let minutes = |questions: usize| (questions as f64 * mean_s / 60.0).ceil().max(1.0) as u32;
        Self {
            topics: bank
                .topics
                .iter()
                .filter(|topic| plan.has(&topic.id))
                .map(|topic| topic.name.clone())
                .collect(),
            topics_known: bank.topics.len(),
            questions_min: plan.questions_min(),
            questions_max: plan.questions_max(),
            minutes: (minutes(plan.questions_min()), minutes(plan.questions_max())),
            answered: session.answered().len(),
            notices,
        }
    }
}

/// How an answer was scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Full score.
    Right,
    /// Some of the score.
    Partly,
    /// No score.
    Wrong,
    /// "I don't know".
    DontKnow,
}

/// An option of an answered question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewOption {
    /// Its text (Markdown).
    pub text: String,
    /// Whether it belongs to the key; always false in orders.
    pub right: bool,
    /// Whether the person chose it; always false in orders.
    pub mine: bool,
    /// What there is to say about it (Markdown).
    pub feedback: String,
}

/// A source of an answered question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its title.
    pub title: String,
    /// The place in it.
    pub locator: String,
    /// Its version.
    pub version: Option<String>,
    /// Its address.
    pub url: Option<String>,
}

/// An answered question with everything that may be told afterwards.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewCard {
    /// Its number, from 1.
    pub position: usize,
    /// Title of the topic.
    pub topic: String,
    /// Title of the subtopic.
    pub subtopic: String,
    /// How it was answered.
    pub kind: Kind,
    /// The question (Markdown).
    pub stem: String,
    /// The options in the order in which they were shown.
    pub options: Vec<ReviewOption>,
    /// How the answer was scored.
    pub verdict: Verdict,
    /// The person's answer where no option can carry a mark.
    pub answer: Option<String>,
    /// The right answer where no option can carry a mark.
    pub right_answer: Option<String>,
    /// Why the key is right (Markdown).
    pub explanation: String,
    /// Where that can be looked up.
    pub sources: Vec<Source>,
    /// Seconds that the person took.
    pub seconds: Option<f64>,
}

impl ReviewCard {
    /// The card of an answered question of a session.
    pub fn of(session: &Session, answered: &Answered) -> Self {
        let asked = &answered.asked;
        let item = session.item(asked);
        let (topic, subtopic) = titles(session.bank(), item);
        Self {
            position: asked.position,
            topic,
            subtopic,
            kind: kind(item),
            stem: stem_with_environment(item),
            options: asked.shown.iter().map(|&at| review_option(item, at, answered)).collect(),
            verdict: verdict(answered),
            answer: told(item, asked, &answered.response),
            right_answer: right_answer(item, asked),
            explanation: item.explanation.clone(),
            sources: sources(session.bank(), item),
            seconds: answered.seconds,
        }
    }
}

/// Every answered question of a session in the order of asking.
pub fn reviews(session: &Session) -> Vec<ReviewCard> {
    session.answered().iter().map(|answered| ReviewCard::of(session, answered)).collect()
}

/// The open question of a session, if there is one.
pub fn open_card(session: &Session) -> Option<Card> {
    match session.step() {
        Step::Ask(asked) => Some(Card::of(session, asked)),
        Step::Done(_) => None,
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

fn review_option(item: &Item, at: usize, answered: &Answered) -> ReviewOption {
    let option = &item.options[at];
    let mine = match &answered.response {
        Response::Single(id) => *id == option.id,
        Response::Multi(ids) => ids.contains(&option.id),
        _ => false,
    };
    let right = option.correct && item.kind != ItemType::Order;
    ReviewOption { text: option.text.clone(), right, mine, feedback: option.feedback.clone() }
}

/// An order as the letters of the screen.
fn letters(item: &Item, asked: &Asked, ids: &[&OptionId]) -> String {
    let place = |id: &OptionId| asked.shown.iter().position(|&at| item.options[at].id == *id);
    let words: Vec<String> =
        ids.iter().filter_map(|id| place(id)).map(|at| letter(at).to_string()).collect();
    words.join(" › ")
}

fn with_unit(value: f64, unit: Option<&str>) -> String {
    unit.map_or_else(|| value.to_string(), |unit| format!("{value} {unit}"))
}

fn told(item: &Item, asked: &Asked, response: &Response) -> Option<String> {
    match (response, &item.key) {
        (Response::Order(ids), _) => Some(letters(item, asked, &ids.iter().collect::<Vec<_>>())),
        (Response::Number(value), Key::Numeric { unit, .. }) => {
            Some(with_unit(*value, unit.as_deref()))
        }
        (Response::Number(value), _) => Some(value.to_string()),
        (Response::Text(text), _) => Some(text.clone()),
        (Response::Single(_) | Response::Multi(_) | Response::DontKnow, _) => None,
    }
}

fn right_answer(item: &Item, asked: &Asked) -> Option<String> {
    match &item.key {
        Key::Single { .. } | Key::Multi { .. } => None,
        Key::Order { order, .. } => {
            let ids: Vec<&OptionId> = order.iter().map(|&at| &item.options[at].id).collect();
            Some(letters(item, asked, &ids))
        }
        Key::Numeric { value, tolerance, unit } => {
            let exact = with_unit(*value, unit.as_deref());
            Some(if *tolerance > 0.0 { format!("{exact} (± {tolerance})") } else { exact })
        }
        Key::Text { accept, regex, .. } => Some(match (accept.is_empty(), regex) {
            (true, Some(pattern)) => format!("anything like {}", pattern.source()),
            _ => match accept.as_slice() {
                [first, _, ..] => format!("{first} (other spellings are accepted)"),
                only => only.join(""),
            },
        }),
    }
}

fn sources(bank: &Bank, item: &Item) -> Vec<Source> {
    let titled = |id: &str| {
        bank.references.iter().find(|source| source.topic == item.topic && source.id == id)
    };
    item.references
        .iter()
        .map(|reference| Source {
            title: titled(&reference.id)
                .map_or_else(|| reference.id.clone(), |source| source.title.clone()),
            locator: reference.locator.clone(),
            version: reference.version.clone(),
            url: reference.url.clone(),
        })
        .collect()
}

/// The stem, under a line that says what the behaviour asked about depends on.
fn stem_with_environment(item: &Item) -> String {
    match crate::report::environment(item) {
        Some(environment) => format!("*{environment}*\n\n{}", item.stem),
        None => item.stem.clone(),
    }
}
