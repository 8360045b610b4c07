//! A person's sitting: a session and the store that keeps it, held in step. Every front end
//! answers through here, so an answer is stored, durably, before the next question is known.

use std::sync::Arc;

use serde_json::{Value, json};

use super::edge::{new_session_id, now_ms};
use super::{CliError, Exit};
use crate::assessment::outcome::Outcome;
use crate::assessment::{
    ENGINE, Plan, ReplayError, Response, Session, Step, StopReasonText, StoredAnswer,
};
use crate::bank::Bank;
use crate::report::RunFacts;
use crate::store::{AnswerRecord, NewSession, SessionFilter, SessionRecord, Status, Store};

/// A session under way, or over, with its place in the store.
pub struct Sitting {
    store: Store,
    session: Session,
    record: SessionRecord,
    flag: Option<String>,
    notices: Vec<String>,
}

/// A stored session brought back to life.
pub struct Restored {
    /// The session as its answers leave it.
    pub session: Session,
    /// What the store knows of it.
    pub record: SessionRecord,
}

/// Brings a stored session back from its own copy of the bank.
///
/// Under the engine that made it every question is asked again and must be the stored one; under
/// another the stored answers are scored as they stand.
///
/// # Errors
/// When the store cannot be read, or the session is not what it claims to be.
pub fn restore(store: &Store, id: &str) -> Result<Restored, CliError> {
    let record = store.session(id)?;
    let content = store.bank(&record.bank_fingerprint)?.ok_or_else(|| {
        let fingerprint = &record.bank_fingerprint;
        CliError::new(Exit::Invalid, format!("the bank {fingerprint} of session {id} is missing"))
    })?;
    let bank = Bank::from_canonical_json(&content).map_err(|error| {
        CliError::new(Exit::Invalid, format!("the stored bank of session {id}: {error}"))
    })?;
    let plan: Plan = serde_json::from_value(record.plan.clone()).map_err(|error| {
        CliError::new(Exit::Invalid, format!("the stored plan of session {id}: {error}"))
    })?;
    let answers = stored_answers(store, id)?;
    let (bank, seed) = (Arc::new(bank), record.seed);
    let session = if record.engine == ENGINE {
        Session::resume(bank, plan, seed, &answers)
    } else {
        Session::rescore(bank, plan, seed, &answers)
    };
    let session = session.map_err(|error| replay_failed(id, &error))?;
    Ok(Restored { session, record })
}

/// A session's answers in the form that the assessment replays.
///
/// # Errors
/// When the store cannot be read.
pub fn stored_answers(store: &Store, id: &str) -> Result<Vec<StoredAnswer>, CliError> {
    Ok(store
        .answers(id)?
        .into_iter()
        .map(|stored| StoredAnswer {
            position: stored.position as usize,
            item: stored.answer.item_id,
            response: stored.answer.response,
            seconds: stored.answer.seconds,
        })
        .collect())
}

fn replay_failed(id: &str, error: &ReplayError) -> CliError {
    CliError::new(Exit::Invalid, format!("session {id} cannot be replayed: {error}"))
        .help("its stored answers do not belong to its stored bank; see `gradus replay`")
}

/// The session that an id or its beginning names, or the latest that the filter lets through.
///
/// # Errors
/// Exit 3 when there is none.
pub fn find(store: &Store, id: Option<&str>, filter: SessionFilter) -> Result<String, CliError> {
    if let Some(id) = id {
        return Ok(store.resolve_id(id)?);
    }
    let what = match filter {
        SessionFilter::Any => "no session yet",
        SessionFilter::Unfinished => "no unfinished session",
        SessionFilter::Finished => "no finished session yet",
    };
    store
        .latest_session(filter)?
        .map(|record| record.session_id)
        .ok_or_else(|| CliError::new(Exit::NotFound, what).help("start one with `gradus take`"))
}

impl Sitting {
    /// Begins a session: the bank is kept whole beside it.
    ///
    /// # Errors
    /// When the plan does not fit the bank, or nothing can be stored.
    pub fn start(store: Store, bank: Arc<Bank>, plan: Plan, seed: u64) -> Result<Self, CliError> {
        let session = Session::start(Arc::clone(&bank), plan.clone(), seed)
            .map_err(|error| CliError::new(Exit::Usage, error.to_string()))?;
        let now = now_ms();
        // Most sessions use a bank that is kept already; only a new one costs its serialisation.
        if store.bank(bank.fingerprint())?.is_none() {
            store.put_bank(bank.fingerprint(), &bank.canonical_json(), now)?;
        }
        let session_id = new_session_id()?;
        store.create_session(&NewSession {
            session_id: session_id.clone(),
            plan: serde_json::to_value(&plan).unwrap_or_default(),
            seed,
            engine: ENGINE,
            bank_fingerprint: bank.fingerprint().to_owned(),
            started_ms: now,
        })?;
        let record = store.session(&session_id)?;
        Ok(Self { store, session, record, flag: None, notices: Vec::new() })
    }

    /// Takes up a stored session where it was left. `today` is the bank that a new session would
    /// use.
    ///
    /// # Errors
    /// Exit 5 when the session is over; the store's errors.
    pub fn resume(store: Store, id: &str, today: &Bank) -> Result<Self, CliError> {
        let Restored { session, record } = restore(&store, id)?;
        if record.status == Status::Done {
            let message = format!("session {id} is finished");
            let help = format!("see its report with `gradus report {id}`");
            return Err(CliError::new(Exit::Refused, message).help(help));
        }
        let mut notices = Vec::new();
        if record.bank_fingerprint != today.fingerprint() {
            notices.push(
                "The question bank has changed since this session began; the session goes on with \
                 its own copy."
                    .to_owned(),
            );
        }
        if record.engine != ENGINE {
            notices.push(format!(
                "This session was begun by engine {}; its answers are scored by engine {ENGINE}.",
                record.engine
            ));
        }
        let mut sitting = Self { store, session, record, flag: None, notices };
        // A process that died between the last answer and the end left this to do.
        sitting.finish_if_done()?;
        Ok(sitting)
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The session's id.
    pub fn id(&self) -> &str {
        &self.record.session_id
    }

    /// What the person should be told before going on.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// Facts of this run, for the report.
    pub fn run_facts(&self) -> RunFacts {
        run_facts(&self.record, self.notices.clone())
    }

    /// Stores the response to the open question, then moves on.
    ///
    /// # Errors
    /// The store's; then nothing has changed and the question stays open.
    pub fn answer(&mut self, response: Response, seconds: Option<f64>) -> Result<(), CliError> {
        let Step::Ask(asked) = self.session.step() else { return Ok(()) };
        let item = self.session.item(asked);
        let answer = AnswerRecord {
            item_id: item.id.to_string(),
            item_version: item.version,
            response: response.to_json(),
            seconds,
            flag: self.flag.clone(),
        };
        let position = u32::try_from(asked.position).unwrap_or(u32::MAX);
        let (id, version) = (&self.record.session_id, self.record.version);
        self.store.record_answer(id, version, position, &answer, now_ms())?;
        self.record.version += 1;
        self.flag = None;
        self.session.answer(response, seconds);
        self.finish_if_done()
    }

    /// Keeps a remark on the open question; it is stored with its answer.
    pub fn flag(&mut self, text: &str) {
        self.flag = Some(text.to_owned());
    }

    /// Marks the session as put aside.
    ///
    /// # Errors
    /// The store's; the answers are kept all the same.
    pub fn pause(&mut self) -> Result<(), CliError> {
        if matches!(self.session.step(), Step::Ask(_)) {
            let (id, version) = (&self.record.session_id, self.record.version);
            self.store.pause_session(id, version, now_ms())?;
        }
        Ok(())
    }

    fn finish_if_done(&mut self) -> Result<(), CliError> {
        let Step::Done(stop) = self.session.step() else { return Ok(()) };
        if self.record.status == Status::Done {
            return Ok(());
        }
        let (reason, now) = (stop.sentence(), now_ms());
        let summary = summary(&self.session);
        let (id, version) = (&self.record.session_id, self.record.version);
        self.store.finish_session(id, version, &reason, &summary, now)?;
        self.record = self.store.session(&self.record.session_id)?;
        Ok(())
    }
}

/// What is kept of a finished session's result: for lists, and for `replay` to compare every step
/// with.
pub fn summary(session: &Session) -> Value {
    let level = Outcome::level_of(session);
    let path: Vec<Value> =
        session.answered().iter().map(|answered| json!([answered.theta, answered.se])).collect();
    let mut summary = json!({
        "theta": level.theta,
        "se": level.se,
        "probabilities": level.probabilities,
        "topics": session.plan().topics,
        "path": path,
    });
    let on_trial = session.answered().iter().filter(|answered| answered.on_trial);
    let unscored: Vec<usize> = on_trial.map(|answered| answered.asked.position).collect();
    if !unscored.is_empty() {
        summary["unscored"] = json!(unscored);
    }
    summary
}

/// Facts of a stored session's run, for the report.
pub fn run_facts(record: &SessionRecord, notices: Vec<String>) -> RunFacts {
    RunFacts {
        session_id: record.session_id.clone(),
        started_ms: record.started_ms,
        finished_ms: record.finished_ms,
        engine: record.engine,
        notices,
    }
}
