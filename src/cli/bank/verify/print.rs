//! What `gradus bank verify` says: a line an item for people, and the form `gradus.bank-verify/1`.
//! Never decides what passes.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Outcome;
use crate::bank::{Agreement, Severity};

/// The form `gradus.bank-verify/1`.
#[derive(Serialize)]
pub(super) struct VerifyForm<'o> {
    schema: &'static str,
    passed: usize,
    failed: usize,
    skipped: usize,
    items: Vec<ItemForm<'o>>,
}

#[derive(Serialize)]
struct ItemForm<'o> {
    item: &'o str,
    version: u32,
    runner: &'static str,
    status: &'static str,
    skipped: Option<&'o str>,
    agreement: Option<&'static str>,
    agreement_by: Option<&'o str>,
    findings: Vec<FindingForm<'o>>,
}

#[derive(Serialize)]
struct FindingForm<'o> {
    code: &'static str,
    severity: Severity,
    message: &'o str,
    help: &'static str,
}

impl<'o> VerifyForm<'o> {
    pub fn of(outcomes: &'o [Outcome<'_>]) -> Self {
        let count = |status: &str| outcomes.iter().filter(|it| word(it) == status).count();
        Self {
            schema: "gradus.bank-verify/1",
            passed: count("passed"),
            failed: count("failed"),
            skipped: count("skipped"),
            items: outcomes.iter().map(ItemForm::of).collect(),
        }
    }
}

/// How an outcome is called.
fn word(outcome: &Outcome<'_>) -> &'static str {
    match (outcome.failed(), &outcome.skipped) {
        (true, _) => "failed",
        (false, Some(_)) => "skipped",
        (false, None) => "passed",
    }
}

impl<'o> ItemForm<'o> {
    fn of(outcome: &'o Outcome<'_>) -> Self {
        let (agreement, agreement_by) = match &outcome.agreement {
            Some(Agreement::Key(how)) => (Some("key"), Some(*how)),
            Some(Agreement::ExpectOnly) => (Some("expect-only"), None),
            Some(Agreement::Contradicted(message)) => {
                (Some("contradicted"), Some(message.as_str()))
            }
            None => (None, None),
        };
        let finding = |found: &'o crate::bank::ProofFinding| FindingForm {
            code: found.code,
            severity: found.severity,
            message: &found.message,
            help: found.help,
        };
        Self {
            item: outcome.item.id.as_str(),
            version: outcome.item.version,
            runner: outcome.runner.as_str(),
            status: word(outcome),
            skipped: outcome.skipped.as_deref(),
            agreement,
            agreement_by,
            findings: outcome.findings.iter().map(finding).collect(),
        }
    }
}

/// A line an item with what was found below it, then what was skipped and the counts. Quiet leaves
/// out what passed.
pub(super) fn text(outcomes: &[Outcome<'_>], quiet: bool) -> String {
    let mut text = String::new();
    for outcome in outcomes {
        if quiet && outcome.findings.is_empty() && outcome.skipped.is_none() {
            continue;
        }
        let says = match (&outcome.agreement, &outcome.skipped) {
            (_, Some(reason)) => reason.clone(),
            (Some(Agreement::Key(how)), _) => format!("agrees with key: {how}"),
            (Some(Agreement::ExpectOnly), _) => "agrees with key: by expect only".to_owned(),
            (Some(Agreement::Contradicted(_)) | None, _) => String::new(),
        };
        let line =
            format!("{:<8} {:<24} {:<9} {says}", word(outcome), outcome.item.id, outcome.runner);
        text += &format!("{}\n", line.trim_end());
        // Why it was skipped stands on its line already.
        for found in outcome.findings.iter().filter(|found| found.code != "V006") {
            let severity = format!("{:?}", found.severity).to_lowercase();
            text += &format!("  {severity}[{}]: {}\n", found.code, found.message);
            text += &format!("    help: {}\n", found.help);
        }
    }
    text + &summary(outcomes)
}

fn summary(outcomes: &[Outcome<'_>]) -> String {
    let mut skipped: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in outcomes.iter().filter_map(|outcome| outcome.skipped.as_deref()) {
        *skipped.entry(reason).or_default() += 1;
    }
    let mut text = String::new();
    for (reason, count) in skipped {
        text += &format!("skipped {count}: {reason}\n");
    }
    let count = |status: &str| outcomes.iter().filter(|it| word(it) == status).count();
    let by_expect =
        outcomes.iter().filter(|it| it.agreement == Some(Agreement::ExpectOnly)).count();
    format!(
        "{text}{} passed ({by_expect} of them by expect only), {} failed, {} skipped",
        count("passed"),
        count("failed"),
        count("skipped"),
    )
}
