//! `gradus calibrate --from-sessions`: from the database to a proposed calibration file. Reads
//! sessions and writes one new file; the estimation is in `assessment` and `psychometrics`, and what
//! is accepted is for a person to decide.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use super::sessions_page::of_sessions;
use super::{Bar, CalibrateArgs, report};
use crate::assessment::{Evidence, Proposal, ProposedItem};
use crate::bank::Bank;
use crate::cli::bank_source::load_bank;
use crate::cli::data_dir::open_store;
use crate::cli::edge::today_utc;
use crate::cli::items_csv::Source;
use crate::cli::output::{csv_line, csv_number, finite, print, print_json, write_file};
use crate::cli::sitting::stored_answers;
use crate::cli::work::{Clock, thread_pool};
use crate::cli::{CliError, Exit, Format, Global, interrupt};
use crate::psychometrics::online::{OnlineEnd, OnlineProgress, Standing};
use crate::store::{Status, Store};

/// Where proposals of a bank stand.
const FOLDER: &str = "calibration";

/// The options of a calibration from sessions.
#[derive(Debug, Args)]
pub struct SessionsArgs {
    /// Calibrate the bank's items from the finished sessions of the database; proposes a calibration
    /// file (-o, or calibration/DATE.yaml below --banks)
    #[arg(long, conflicts_with_all = ["responses", "model", "anchors", "group", "ignore", "fit",
          "dif", "choices", "keys", "dims", "priors", "ability", "se", "nodes", "range", "tol", "max_iterations"])]
    pub from_sessions: bool,
    /// Who took which session: session,person; a session that is not listed is a person of its own
    #[arg(long, value_name = "FILE.csv", requires = "from_sessions")]
    people: Option<PathBuf>,
    /// The day of the calibration; today (UTC) when left out
    #[arg(long, value_name = "YYYY-MM-DD", requires = "from_sessions", value_parser = day)]
    date: Option<String>,
}

fn day(text: &str) -> Result<String, String> {
    text.parse::<jiff::civil::Date>()
        .map(|date| date.to_string())
        .map_err(|_| format!("`{text}` is no day; write it as 2026-11-22"))
}

/// What is printed.
struct Finished<'b> {
    evidence: Evidence<'b>,
    proposal: Proposal,
    date: String,
    /// Where the proposal was written.
    written: Option<PathBuf>,
    wall_s: f64,
    cpu_s: Option<f64>,
    threads: usize,
}

/// Runs `gradus calibrate --from-sessions`.
///
/// # Errors
/// Exit 3 without finished sessions; 4 for a bank that is not valid; 5 when a file stands where the
/// proposal would; the store's.
pub fn run(global: &Global, args: &CalibrateArgs) -> Result<Exit, CliError> {
    let clock = Clock::start();
    let pool = thread_pool(args.threads)?;
    let date = args.sessions.date.clone().unwrap_or_else(today_utc);
    let target = target(global, args, &date);
    if let Some(path) = &target {
        refuse_overwriting(path)?;
    }
    let bank = load_bank(global)?;
    let evidence = gather(&open_store(global)?, &bank, args.sessions.people.as_deref())?;
    interrupt::nothing_written_on_signal();
    let bar = Bar::new(global);
    let proposal = pool.install(|| Proposal::of(&evidence, &mut |progress| watch(&bar, progress)));
    bar.finish();
    let page = args.report.as_ref().map(|path| (path, of_sessions(&evidence, &proposal, &date)));
    interrupt::writing(|| {
        if let Some(path) = &target {
            write_new(path, &proposal.yaml(&date, &evidence))?;
        }
        page.as_ref().map_or(Ok(()), |(path, page)| report::write(path, page))
    })?;
    let written = target;
    let (wall, cpu_s) = clock.stop();
    let threads = pool.current_num_threads();
    let wall_s = wall.as_secs_f64();
    let finished = Finished { evidence, proposal, date, written, wall_s, cpu_s, threads };
    talk(&finished);
    match global.format {
        Some(Format::Json) => print_json(&finished.json())?,
        Some(Format::Csv) => print(&finished.csv())?,
        _ => print(&finished.text())?,
    };
    let whole = finished.proposal.end == OnlineEnd::Converged;
    Ok(if whole { Exit::Done } else { Exit::No })
}

fn watch(bar: &Bar, progress: OnlineProgress) -> bool {
    bar.say(|| {
        let OnlineProgress { step, moved, fit } = progress;
        format!("EM step {step}: log-likelihood of the answers {fit:.1}, largest move {moved:.1e}")
    });
    true
}

/// `-o`, or the folder of the bank in `--banks`; the embedded bank has no place for a file.
fn target(global: &Global, args: &CalibrateArgs, date: &str) -> Option<PathBuf> {
    let name = format!("{date}.yaml");
    args.output
        .clone()
        .or_else(|| global.banks.as_ref().map(|folder| folder.join(FOLDER).join(name)))
}

fn refuse_overwriting(path: &Path) -> Result<(), CliError> {
    if path.exists() {
        let message = format!("{} is there already and is not overwritten", path.display());
        return Err(CliError::new(Exit::Refused, message)
            .help("name another file with -o, or another day with --date"));
    }
    Ok(())
}

fn write_new(path: &Path, text: &str) -> Result<(), CliError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| {
            let message = format!("{} cannot be made: {error}", folder.display());
            CliError::new(Exit::Refused, message)
        })?;
    }
    refuse_overwriting(path)?;
    write_file(path, text.as_bytes())
}

/// The answers of all finished sessions, the oldest first.
fn gather<'b>(
    store: &Store,
    bank: &'b Bank,
    people: Option<&Path>,
) -> Result<Evidence<'b>, CliError> {
    let mut sessions = store.sessions()?;
    sessions.retain(|record| record.status == Status::Done);
    sessions.reverse();
    let person_of = match people {
        Some(path) => read_people(path)?,
        None => HashMap::new(),
    };
    let mut banks: HashMap<String, Arc<Bank>> = HashMap::new();
    let mut evidence = Evidence::new(bank);
    for record in &sessions {
        let asked_from = match banks.get(&record.bank_fingerprint) {
            Some(known) => Arc::clone(known),
            None => {
                let found = Arc::new(stored_bank(store, &record.bank_fingerprint)?);
                banks.insert(record.bank_fingerprint.clone(), Arc::clone(&found));
                found
            }
        };
        let id = &record.session_id;
        let person = person_of.get(id).unwrap_or(id);
        evidence.add(person, &asked_from, &stored_answers(store, id)?);
    }
    if evidence.answers() == 0 {
        let left_out = evidence.left_out().total();
        let message = format!(
            "no answer to calibrate from: {} finished sessions, {left_out} answers left out",
            evidence.sessions()
        );
        return Err(CliError::new(Exit::NotFound, message)
            .help("name the database of the sessions with --database sqlite:PATH"));
    }
    Ok(evidence)
}

fn stored_bank(store: &Store, fingerprint: &str) -> Result<Bank, CliError> {
    let content = store.bank(fingerprint)?.ok_or_else(|| {
        CliError::new(Exit::Invalid, format!("the bank {fingerprint} of a session is missing"))
    })?;
    Bank::from_canonical_json(&content).map_err(|error| {
        CliError::new(Exit::Invalid, format!("the stored bank {fingerprint}: {error}"))
    })
}

/// `session,person`.
fn read_people(path: &Path) -> Result<HashMap<String, String>, CliError> {
    let source = Source::open(path)?;
    let mut people = HashMap::new();
    let mut header = false;
    source.records(|start, record| {
        if !header {
            header = true;
            return match (record.get(0), record.get(1)) {
                (Some("session"), Some("person")) => Ok(()),
                _ => Err(source.error(
                    start,
                    0,
                    "the columns of a file of people are session,person",
                )),
            };
        }
        let (session, person) = (&record[0], record.get(1).unwrap_or_default());
        if person.is_empty() {
            return Err(source.error(start, 1, "the person is empty"));
        }
        match people.insert(session.to_owned(), person.to_owned()) {
            Some(_) => {
                Err(source.error(start, 0, format!("session `{session}` stands there twice")))
            }
            None => Ok(()),
        }
    })?;
    Ok(people)
}

/// What the person at the keyboard should know.
fn talk(finished: &Finished<'_>) {
    let say = |text: String| crate::cli::say(&format!("note: {text}"));
    let (evidence, proposal) = (&finished.evidence, &finished.proposal);
    if evidence.people() == evidence.sessions() {
        say("the database knows sessions, not people: each session counts as another person; \
             --people FILE.csv says who took which"
            .to_owned());
    }
    if !proposal.mean_is_free {
        say("fewer than 3 anchors: the mean of ability is kept at 0, these people are the scale"
            .to_owned());
    }
    match proposal.end {
        OnlineEnd::Converged => {}
        OnlineEnd::StepLimit | OnlineEnd::Interrupted => {
            say(format!("not converged after {} steps", proposal.steps));
        }
    }
    match &finished.written {
        Some(path) => say(format!(
            "{} is a proposal: nothing uses it until somebody reviews it and sets `accepted: true`",
            path.display()
        )),
        None => say(format!(
            "nothing was written; with --banks DIR the proposal would be DIR/{FOLDER}/{}.yaml, or \
             name a file with -o",
            finished.date
        )),
    }
}

impl Finished<'_> {
    fn json(&self) -> Value {
        let (evidence, proposal) = (&self.evidence, &self.proposal);
        let items: Vec<Value> = proposal.items.iter().map(item_json).collect();
        json!({
            "schema": "gradus.calibrate/1",
            "model": "sessions",
            "date": self.date,
            "persons": evidence.people(),
            "sessions": evidence.sessions(),
            "items_n": proposal.items.len(),
            "answers": evidence.answers(),
            "answers_left_out": evidence.left_out(),
            "log_likelihood": null,
            "log_posterior": null,
            "iterations": proposal.steps,
            "converged": proposal.end == OnlineEnd::Converged,
            "gradient_norm": null,
            "items": items,
            "latent": {"mean": proposal.mean, "sd": 1.0, "mean_is_free": proposal.mean_is_free,
                       "correlation": evidence.bank_correlation(), "anchors": proposal.anchors},
            "written": self.written.as_ref().map(|path| path.to_string_lossy()),
            "run": {"wall_s": self.wall_s, "cpu_s": self.cpu_s, "threads": self.threads},
        })
    }

    fn csv(&self) -> String {
        let columns = "id,model,a,b,c,se_a,se_b,n,version,status,was,flags";
        let mut text = csv_line(columns.split(','));
        for item in &self.proposal.items {
            text += &csv_line([
                item.id.clone(),
                if item.spread.is_some() { "gpcm" } else { "3pl" }.to_owned(),
                csv_number(finite(item.a[0])),
                csv_number(finite(item.b[0])),
                csv_number(Some(item.c)),
                csv_number(finite(item.a[1])),
                csv_number(finite(item.b[1])),
                item.n.to_string(),
                item.version.to_string(),
                item.standing.as_str().to_owned(),
                item.former.word.to_owned(),
                words_of(item),
            ]);
        }
        text
    }

    fn text(&self) -> String {
        let (evidence, proposal) = (&self.evidence, &self.proposal);
        let count = |standing| proposal.items.iter().filter(|it| it.standing == standing).count();
        let left_out = evidence.left_out().total();
        let mut text = format!(
            "{} people · {} sessions · {} answers ({left_out} left out) · {} items\n\
             {} EM steps; mean of ability {:.3}{}\n\
             draft {} · provisional {} · calibrated {} · anchor {}\n\n",
            evidence.people(),
            evidence.sessions(),
            evidence.answers(),
            proposal.items.len(),
            proposal.steps,
            proposal.mean,
            if proposal.mean_is_free { "" } else { " (kept)" },
            count(Standing::Draft),
            count(Standing::Provisional),
            count(Standing::Calibrated),
            count(Standing::Anchor),
        );
        let width = proposal.items.iter().map(|it| it.id.chars().count()).max().unwrap_or(4).max(4);
        writeln!(
            text,
            "{:width$} {:>5} {:>6} {:>6} {:>7} {:>6} {:>7} {:11} {:11} flags",
            "item", "n", "a", "SE", "b", "SE", "judged", "was", "now"
        )
        .ok();
        for item in &proposal.items {
            writeln!(
                text,
                "{:width$} {:>5} {:>6.2} {:>6.2} {:>7.2} {:>6.2} {:>7.2} {:11} {:11} {}",
                item.id,
                item.n,
                item.a[0],
                item.a[1],
                item.b[0],
                item.b[1],
                item.former.b,
                item.former.word,
                item.standing.as_str(),
                words_of(item),
            )
            .ok();
        }
        text
    }
}

fn words_of(item: &ProposedItem) -> String {
    item.flags.iter().map(|flag| flag.as_str()).collect::<Vec<_>>().join(" ")
}

fn item_json(item: &ProposedItem) -> Value {
    json!({
        "id": item.id,
        "version": item.version,
        "topic": item.topic,
        "a": finite(item.a[0]),
        "b": finite(item.b[0]),
        "spread": item.spread.and_then(finite),
        "c": item.c,
        "d": 1.0,
        "se_a": finite(item.a[1]),
        "se_b": finite(item.b[1]),
        "n": item.n,
        "infit": item.fit.and_then(|fit| finite(fit.infit)),
        "outfit": item.fit.and_then(|fit| finite(fit.outfit)),
        "status": item.standing.as_str(),
        "was": item.former.word,
        "former_b": item.former.b,
        "interim_b": item.interim.and_then(|it| finite(it.mean)),
        "interim_sd": item.interim.and_then(|it| finite(it.sd)),
        "flags": item.flags,
    })
}
