//! One assessment as a pure state machine: `Session::start` → `Step::Ask` ⇄ `answer` →
//! `Step::Done`.
//!
//! The session is a function of bank, plan, seed and responses. It never looks at a clock and
//! never stores anything; who holds it stores each response before showing the next step.

use std::sync::Arc;

use serde_json::Value;

use super::plan::{Plan, PlanError};
use super::response::Response;
use super::scoring::{Scored, score};
use super::trial;
use crate::bank::{Bank, Item};
use crate::psychometrics::cat::{Cat, Choice, Stop, Why};
use crate::psychometrics::numeric::stream::{Purpose, shuffle, stream};

/// The question that is open.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Number of the question, from 1.
    pub position: usize,
    /// Position of the item in `bank.items`.
    pub item: usize,
    /// Indices of the item's options in the order in which they are shown.
    pub shown: Vec<usize>,
    /// Why it was chosen.
    pub why: Why,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// A question to ask.
    Ask(Asked),
    /// The test is over.
    Done(Stop),
}

/// An answered question and what followed.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The question.
    pub asked: Asked,
    /// The response.
    pub response: Response,
    /// Its score.
    pub scored: Scored,
    /// Whether the question was on trial: then it counts for nothing.
    pub on_trial: bool,
    /// Seconds that a timed person took.
    pub seconds: Option<f64>,
    /// Mean of the general level after this answer.
    pub theta: f64,
    /// Standard deviation of the general level after this answer.
    pub se: f64,
}

/// An answer as the store keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredAnswer {
    /// Number of the question, from 1.
    pub position: usize,
    /// The item's id.
    pub item: String,
    /// The response in its stored form.
    pub response: Value,
    /// Seconds that a timed person took.
    pub seconds: Option<f64>,
}

/// Why stored answers do not make the session that they claim to.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReplayError {
    /// The plan does not fit the stored bank.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The engine asks another question than was answered.
    #[error("at question {position} the engine asks {asks}, but {answered} was answered")]
    OtherQuestion {
        /// Number of the question.
        position: usize,
        /// What the engine asks.
        asks: String,
        /// What was answered.
        answered: String,
    },
    /// A stored response that does not fit its item.
    #[error("the stored answer to question {position} ({item}) cannot be read: {source}")]
    Response {
        /// Number of the question.
        position: usize,
        /// The item.
        item: String,
        /// What is wrong.
        source: super::response::ResponseError,
    },
}

/// A session at some point of its course.
#[derive(Debug, Clone)]
pub struct Session {
    bank: Arc<Bank>,
    plan: Plan,
    seed: u64,
    cat: Cat,
    /// Positions of the questions on trial.
    places: Vec<usize>,
    answered: Vec<Answered>,
    step: Step,
}

impl Session {
    /// A session before its first question.
    ///
    /// # Errors
    /// When the plan does not fit the bank.
    pub fn start(bank: Arc<Bank>, plan: Plan, seed: u64) -> Result<Self, PlanError> {
        let cat = plan.engine(&bank)?;
        let places = trial::places(&plan, seed);
        let step = Step::Done(Stop::NoItemsLeft);
        let mut session = Self { bank, plan, seed, cat, places, answered: Vec::new(), step };
        session.step = session.next_step();
        Ok(session)
    }

    /// A session brought to where its stored answers leave it.
    ///
    /// # Errors
    /// When the answers are not those of this bank, plan and seed.
    pub fn resume(
        bank: Arc<Bank>,
        plan: Plan,
        seed: u64,
        answers: &[StoredAnswer],
    ) -> Result<Self, ReplayError> {
        let mut session = Self::start(bank, plan, seed)?;
        for answer in answers {
            let asked = match &session.step {
                Step::Ask(asked) if session.bank.items[asked.item].id.as_str() == answer.item => {
                    asked.clone()
                }
                step => {
                    let asks = session.describe(step);
                    let (position, answered) = (answer.position, answer.item.clone());
                    return Err(ReplayError::OtherQuestion { position, asks, answered });
                }
            };
            session.take_in_stored(asked, answer)?;
        }
        Ok(session)
    }

    /// A session scored from its stored answers as they stand, whichever questions this engine
    /// would have asked: for sessions that another engine ran. It goes on with this engine's
    /// choices.
    ///
    /// # Errors
    /// When an item is not in the bank, or a response does not fit it.
    pub fn rescore(
        bank: Arc<Bank>,
        plan: Plan,
        seed: u64,
        answers: &[StoredAnswer],
    ) -> Result<Self, ReplayError> {
        let mut session = Self::start(bank, plan, seed)?;
        for answer in answers {
            let position = answer.position;
            let item = session.bank.items.iter().position(|item| item.id.as_str() == answer.item);
            let item = item.ok_or_else(|| ReplayError::OtherQuestion {
                position,
                asks: "no such item of this bank".to_owned(),
                answered: answer.item.clone(),
            })?;
            let shown = shown_order(&session.bank.items[item], seed, position);
            let asked = Asked { position, item, shown, why: Why::Recorded };
            session.take_in_stored(asked, answer)?;
        }
        Ok(session)
    }

    fn take_in_stored(&mut self, asked: Asked, answer: &StoredAnswer) -> Result<(), ReplayError> {
        let item = &self.bank.items[asked.item];
        let response = Response::from_json(item, &answer.response).map_err(|source| {
            let (position, item) = (answer.position, answer.item.clone());
            ReplayError::Response { position, item, source }
        })?;
        self.take_in(asked, response, answer.seconds);
        Ok(())
    }

    /// Takes in the response to the open question. `seconds` is `None` unless a person was timed.
    ///
    /// Does nothing when the test is over.
    pub fn answer(&mut self, response: Response, seconds: Option<f64>) {
        if let Step::Ask(asked) = &self.step {
            self.take_in(asked.clone(), response, seconds);
        }
    }

    fn take_in(&mut self, asked: Asked, response: Response, seconds: Option<f64>) {
        let item = &self.bank.items[asked.item];
        let (scored, on_trial) = (score(item, &response), trial::is_on_trial(item));
        if on_trial {
            self.cat.keep_apart(asked.item);
        } else {
            self.cat.record(asked.item, scored.observation);
            self.cat.spend(seconds);
        }
        let (theta, se) = self.cat.general_level();
        self.answered.push(Answered { asked, response, scored, on_trial, seconds, theta, se });
        self.step = self.next_step();
    }

    fn next_step(&self) -> Step {
        let position = self.answered.len() + 1;
        let ask = |item: usize, why: Why| {
            let shown = shown_order(&self.bank.items[item], self.seed, position);
            Step::Ask(Asked { position, item, shown, why })
        };
        if self.places.contains(&position) {
            let asked: Vec<usize> = self.answered.iter().map(|it| it.asked.item).collect();
            let at = (self.seed, position);
            if let Some(item) = trial::choose(&self.bank, &self.plan, &self.cat, &asked, at) {
                return ask(item, Why::OnTrial);
            }
        }
        match self.cat.next(self.seed) {
            Ok(Choice { item, why, .. }) => ask(item, why),
            Err(stop) => Step::Done(stop),
        }
    }

    fn describe(&self, step: &Step) -> String {
        match step {
            Step::Ask(asked) => self.bank.items[asked.item].id.to_string(),
            Step::Done(_) => "nothing more".to_owned(),
        }
    }

    /// What comes next.
    pub fn step(&self) -> &Step {
        &self.step
    }

    /// The bank of this session.
    pub fn bank(&self) -> &Arc<Bank> {
        &self.bank
    }

    /// The plan of this session.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The seed of this session.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The engine's state.
    pub fn cat(&self) -> &Cat {
        &self.cat
    }

    /// The answered questions in the order of asking.
    pub fn answered(&self) -> &[Answered] {
        &self.answered
    }

    /// The answers that count, in the order of asking.
    pub fn counted(&self) -> impl Iterator<Item = &Answered> {
        self.answered.iter().filter(|answered| !answered.on_trial)
    }

    /// The item of an answered or open question.
    pub fn item(&self, asked: &Asked) -> &Item {
        &self.bank.items[asked.item]
    }
}

/// Options in a random order, but for items that say otherwise and for options that are numbers,
/// which people expect to rise.
fn shown_order(item: &Item, seed: u64, position: usize) -> Vec<usize> {
    let mut shown: Vec<usize> = (0..item.options.len()).collect();
    if item.shuffle && !options_are_numbers(item) {
        shuffle(&mut shown, &mut stream(seed, position as u64, Purpose::Shuffle));
    }
    shown
}

/// Whether every option begins with a number.
fn options_are_numbers(item: &Item) -> bool {
    let leads_with_number = |text: &str| {
        let text = text.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '-');
        let digits: String = text.chars().take_while(|c| !c.is_whitespace()).collect();
        digits.replace([',', '_', '%', '`'], "").parse::<f64>().is_ok()
    };
    !item.options.is_empty() && item.options.iter().all(|option| leads_with_number(&option.text))
}

/// Why a test ended, as one sentence for people.
pub trait StopReasonText {
    /// The sentence, without a final period.
    fn sentence(&self) -> String;
}

impl StopReasonText for Stop {
    fn sentence(&self) -> String {
        match self {
            Self::LengthReached => "the planned number of questions was reached".to_owned(),
            Self::NoItemsLeft => "no further question of these topics could be asked".to_owned(),
            Self::Rule(reason) => reason.to_string(),
        }
    }
}
