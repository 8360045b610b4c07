//! `gradus replay`: derives a stored session again, question by question, from its bank, plan,
//! seed and responses, and compares every choice and every number with what was recorded.

use clap::Args;
use serde_json::{Value, json};

use super::data_dir::open_store;
use super::sitting::{self, stored_answers};
use super::take::print_data;
use super::{CliError, Exit, Format, Global};
use crate::assessment::{ENGINE, Plan, ReplayError, Session, StoredAnswer};
use crate::bank::Bank;
use crate::store::{SessionFilter, SessionRecord, Store};

/// Under another engine the general level must agree this well.
const LEVEL_TOLERANCE: f64 = 1e-6;

/// Derive a stored session again and compare
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The session's id or its beginning; the latest when left out
    session: Option<String>,
}

/// Runs `gradus replay`.
///
/// # Errors
/// Exit 3 when there is no such session; the store's errors. A difference is exit 1.
pub fn run(global: &Global, args: &ReplayArgs) -> Result<Exit, CliError> {
    let as_json = match global.format {
        None | Some(Format::Text) => false,
        Some(Format::Json) => true,
        Some(_) => {
            return Err(CliError::new(Exit::Usage, "`gradus replay` has no such format")
                .help("use --format text or --format json"));
        }
    };
    let store = open_store(global)?;
    let id = sitting::find(&store, args.session.as_deref(), SessionFilter::Any)?;
    let record = store.session(&id)?;
    let difference = compare(&store, &record)?;
    let same_engine = record.engine == ENGINE;
    let text = if as_json {
        let identical = same_engine.then_some(difference.is_none());
        let value = json!({
            "schema": "gradus.replay/1",
            "session": id,
            "identical": identical,
            "engine": {"session": record.engine, "program": ENGINE},
            "first_difference": difference,
        });
        serde_json::to_string_pretty(&value).unwrap_or_default()
    } else {
        sentence(&record, difference.as_ref())
    };
    print_data(&text)?;
    Ok(if difference.is_none() { Exit::Done } else { Exit::No })
}

fn sentence(record: &SessionRecord, difference: Option<&Value>) -> String {
    let id = &record.session_id;
    let answers = record.answered;
    match difference {
        Some(difference) => format!("Session {id} differs from its record: {difference}"),
        None if record.engine == ENGINE => format!(
            "Session {id}: all {answers} questions, answers and numbers derived again, bit for bit."
        ),
        None => format!(
            "Session {id} was made by engine {}; engine {ENGINE} scores its {answers} answers to the \
             same level.",
            record.engine
        ),
    }
}

/// The first thing that does not fit, or `None`.
fn compare(store: &Store, record: &SessionRecord) -> Result<Option<Value>, CliError> {
    let id = &record.session_id;
    if let Some(problem) = store.verify_audit(id)?.problem {
        return Ok(Some(json!({"what": "audit", "problem": problem})));
    }
    let Some(content) = store.bank(&record.bank_fingerprint)? else {
        return Ok(Some(json!({"what": "bank", "problem": "the stored bank is missing"})));
    };
    let bank = match Bank::from_canonical_json(&content) {
        Ok(bank) if bank.fingerprint() == record.bank_fingerprint => std::sync::Arc::new(bank),
        Ok(bank) => {
            let (recorded, derived) = (&record.bank_fingerprint, bank.fingerprint());
            return Ok(Some(json!({"what": "bank", "recorded": recorded, "derived": derived})));
        }
        Err(error) => return Ok(Some(json!({"what": "bank", "problem": error.to_string()}))),
    };
    let plan: Plan = match serde_json::from_value(record.plan.clone()) {
        Ok(plan) => plan,
        Err(error) => return Ok(Some(json!({"what": "plan", "problem": error.to_string()}))),
    };
    let answers = stored_answers(store, id)?;
    let session = if record.engine == ENGINE {
        Session::resume(bank, plan, record.seed, &answers)
    } else {
        Session::rescore(bank, plan, record.seed, &answers)
    };
    Ok(match session {
        Ok(session) => numbers_differ(&session, record),
        Err(error) => Some(question_differs(&error, &answers)),
    })
}

fn question_differs(error: &ReplayError, answers: &[StoredAnswer]) -> Value {
    match error {
        ReplayError::OtherQuestion { position, asks, answered } => json!({
            "what": "question", "position": position, "recorded": answered, "derived": asks,
        }),
        other => json!({
            "what": "answers", "problem": other.to_string(), "answers": answers.len(),
        }),
    }
}

/// Compares the path of the estimate and the result with the summary written at the end.
fn numbers_differ(session: &Session, record: &SessionRecord) -> Option<Value> {
    let summary = record.summary.as_ref()?;
    let derived = super::sitting::summary(session);
    if record.engine != ENGINE {
        let level = |value: &Value| value["theta"].as_f64().unwrap_or(f64::NAN);
        let close = (level(summary) - level(&derived)).abs() <= LEVEL_TOLERANCE;
        return (!close).then(
            || json!({"what": "level", "recorded": level(summary), "derived": level(&derived)}),
        );
    }
    let steps = |value: &Value| value["path"].as_array().cloned().unwrap_or_default();
    for (at, (recorded, derived)) in steps(summary).iter().zip(&steps(&derived)).enumerate() {
        if recorded != derived {
            let position = at + 1;
            return Some(json!({
                "what": "estimate", "position": position, "recorded": recorded, "derived": derived,
            }));
        }
    }
    (*summary != derived)
        .then(|| json!({"what": "result", "recorded": summary, "derived": derived}))
}
