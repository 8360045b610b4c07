//! `gradus bank verify`: runs the proofs of items, each in a fresh directory with a bare
//! environment and a time limit, and lets the bank room judge what they print. Proofs are code of
//! the bank's authors and are trusted like it; nothing else in the program ever runs them.

mod postgres;
mod print;
mod sandbox;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::bank_source::{files_below, load_bank};
use super::super::take::print_data;
use super::super::{CliError, Color, Exit, Global};
use super::{to_json, wants_json};
use crate::bank::{
    Agreement, Bank, Item, ProofFinding, Runner, Severity, Status, Verify, agreement,
    output_finding, proof_findings, read_part, render,
};
use postgres::Server;
use print::VerifyForm;
use sandbox::{Ended, Scratch, program};

/// What came of one item's proof.
pub(super) struct Outcome<'b> {
    item: &'b Item,
    runner: Runner,
    /// Why it was not run.
    skipped: Option<String>,
    agreement: Option<Agreement>,
    findings: Vec<ProofFinding>,
}

impl Outcome<'_> {
    fn failed(&self) -> bool {
        self.findings.iter().any(|found| found.severity == Severity::Error)
    }
}

pub(super) fn run(global: &Global, what: &[String]) -> Result<Exit, CliError> {
    let as_json = wants_json(global, "verify")?;
    let bank = load_bank(global)?;
    let parts = parts(global, what, &bank)?;
    let items = chosen(what, &bank, &parts)?;
    let outcomes = verify_all(&items)?;
    let text = if as_json {
        to_json(&VerifyForm::of(&outcomes))?
    } else {
        print::text(&outcomes, global.quiet)
    };
    print_data(&text)?;
    Ok(if outcomes.iter().any(Outcome::failed) { Exit::No } else { Exit::Done })
}

/// What names a file or a folder rather than an item.
fn is_path(what: &str) -> bool {
    what.contains(std::path::is_separator) || what.ends_with(".yaml") || Path::new(what).is_dir()
}

/// The banks of the files that are named: their items within the bank in use.
fn parts(global: &Global, what: &[String], around: &Bank) -> Result<Vec<Bank>, CliError> {
    let mut parts = Vec::new();
    for path in what.iter().filter(|what| is_path(what)) {
        let files = files_below(Path::new(path))?;
        let (bank, diagnostics) = read_part(&files, around);
        let color = global.color == Color::Always;
        parts.push(bank.ok_or_else(|| {
            let text = render(&diagnostics, &files, color);
            CliError::new(Exit::Invalid, format!("{path} is not valid\n\n{}", text.trim_end()))
                .help("see `gradus bank check`")
        })?);
    }
    Ok(parts)
}

/// The items to verify, by id: those that are named, or every one with a proof.
fn chosen<'b>(
    what: &[String],
    bank: &'b Bank,
    parts: &'b [Bank],
) -> Result<Vec<&'b Item>, CliError> {
    let has_proof = |item: &&Item| {
        item.status != Status::Retired
            && item.verify.as_ref().is_some_and(|verify| verify.runner != Runner::None)
    };
    let mut items: Vec<&Item> = if what.is_empty() {
        bank.items.iter().filter(has_proof).collect()
    } else {
        parts.iter().flat_map(|part| part.items.iter()).filter(has_proof).collect()
    };
    for id in what.iter().filter(|what| !is_path(what)) {
        items.push(super::item(bank, id)?);
    }
    items.sort_by(|left, right| left.id.cmp(&right.id));
    items.dedup_by(|left, right| left.id == right.id);
    Ok(items)
}

/// Verifies all items: one after another, with those of the database server beside the others.
fn verify_all<'b>(items: &[&'b Item]) -> Result<Vec<Outcome<'b>>, CliError> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).ok();
    }
    let on_server = |item: &&&'b Item| {
        item.verify.as_ref().is_some_and(|verify| verify.runner == Runner::Postgres)
    };
    let (of_server, others): (Vec<&&'b Item>, Vec<&&'b Item>) = items.iter().partition(on_server);
    let stop = stop.as_ref();
    let mut outcomes: Vec<Outcome<'b>> = std::thread::scope(|scope| {
        let beside = scope.spawn(move || {
            let server = (!of_server.is_empty()).then(|| Server::start(stop));
            of_server
                .into_iter()
                .map(|item| verify(item, server.as_ref(), stop))
                .collect::<Vec<_>>()
        });
        let mut outcomes: Vec<_> =
            others.into_iter().map(|item| verify(item, None, stop)).collect();
        outcomes.extend(beside.join().unwrap_or_default());
        outcomes
    });
    if stop.load(Ordering::Relaxed) {
        return Err(CliError::new(Exit::Interrupted, "interrupted"));
    }
    outcomes.sort_by(|left, right| left.item.id.cmp(&right.item.id));
    Ok(outcomes)
}

fn verify<'b>(
    item: &'b Item,
    server: Option<&Result<Server, String>>,
    stop: &AtomicBool,
) -> Outcome<'b> {
    let mut outcome = Outcome {
        item,
        runner: Runner::None,
        skipped: None,
        agreement: None,
        findings: proof_findings(item),
    };
    let proof = item.verify.as_ref().filter(|verify| verify.runner != Runner::None);
    let Some(proof) = proof.filter(|_| !stop.load(Ordering::Relaxed)) else {
        outcome.skipped = Some("it has no proof to run".to_owned());
        return outcome;
    };
    outcome.runner = proof.runner;
    match run_proof(proof, server, stop) {
        Err(reason) => {
            outcome.findings.push(ProofFinding {
                code: "V006",
                severity: Severity::Info,
                message: format!("not run: {reason}"),
                help: "install what is missing and verify again",
            });
            outcome.skipped = Some(reason);
        }
        Ok(Ended::Printed(output)) => judge(item, proof, &output, &mut outcome),
        Ok(Ended::Failed(message)) => outcome.findings.push(ProofFinding {
            code: "V005",
            severity: Severity::Error,
            message,
            help: "run the script by itself; it must end with status 0 within the time limit",
        }),
    }
    outcome
}

/// What the bank room says about an output.
fn judge(item: &Item, proof: &Verify, output: &str, outcome: &mut Outcome<'_>) {
    outcome.findings.extend(output_finding(proof, output));
    let agreement = agreement(item, output);
    if let Agreement::Contradicted(message) = &agreement {
        outcome.findings.push(ProofFinding {
            code: "V004",
            severity: Severity::Error,
            message: message.clone(),
            help: "find out which is wrong, the key or the script",
        });
    }
    outcome.agreement = Some(agreement);
}

/// Runs one proof; the error says what is missing.
fn run_proof(
    proof: &Verify,
    server: Option<&Result<Server, String>>,
    stop: &AtomicBool,
) -> Result<Ended, String> {
    let scratch = Scratch::new().map_err(|error| format!("no temporary directory: {error}"))?;
    let (name, arguments): (&str, &[&str]) = match proof.runner {
        Runner::Sqlite => ("sqlite3", &["-batch", "-bail", ":memory:"]),
        Runner::Python => ("python3", &["-"]),
        Runner::Node => ("node", &["-"]),
        Runner::Shell | Runner::Git => ("bash", &["-s"]),
        Runner::Postgres => {
            let server = server.ok_or("no PostgreSQL server was started")?.as_ref();
            return server.map_err(String::clone)?.run(proof, &scratch, stop);
        }
        Runner::None => return Err("it has no proof to run".to_owned()),
    };
    if proof.runner == Runner::Git && program("git").is_none() {
        return Err("git is not installed".to_owned());
    }
    let program = program(name).ok_or_else(|| format!("{name} is not installed"))?;
    let mut command = scratch.command(&program);
    command.args(arguments);
    Ok(sandbox::run(command, &proof.script, sandbox::LIMIT, stop))
}
