//! `gradus take`: an adaptive assessment, in the full screen or line by line, that ends in its
//! report.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use clap::Args;

use super::bank_source::load_bank;
use super::data_dir::open_store;
use super::edge::random_seed;
use super::plain::{self, Ended, resume_help};
use super::sitting::{self, Sitting};
use super::{CliError, Color, Exit, Format, Global};
use crate::assessment::{Plan, PlanError, PlanSpec};
use crate::bank::Bank;
use crate::psychometrics::stopping::StopRule;
use crate::report::{self, Detail, Report, TextOptions};
use crate::store::SessionFilter;

/// Take an adaptive assessment
#[derive(Debug, Args)]
pub struct TakeArgs {
    /// Topics to ask about: http,sql or all
    #[arg(long, value_name = "TOPICS", value_delimiter = ',')]
    topics: Vec<String>,
    /// Ask at most N questions (default 30; one topic 15)
    #[arg(long, value_name = "N", conflicts_with = "quick")]
    length: Option<usize>,
    /// A short test of at most 15 questions
    #[arg(long)]
    quick: bool,
    /// When to stop: zone(0.3,0.025), posterior>=0.9, se<0.4, time>=1800, curtail(0.95), …, joined
    /// by and, or
    #[arg(long, value_name = "RULE")]
    stop: Option<String>,
    /// Seed of every random choice; the same seed and answers give the same questions and report
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Ask K more questions that are on trial: they count for nothing and help to calibrate the bank
    #[arg(long, value_name = "K")]
    pretest: Option<usize>,
    /// Line by line, without a full screen
    #[arg(long)]
    plain: bool,
    /// Go on with an unfinished session: the latest, or the one whose id begins with ID
    #[arg(long, value_name = "ID", num_args = 0..=1, default_missing_value = "",
          conflicts_with_all = ["topics", "length", "quick", "stop", "seed", "pretest"])]
    resume: Option<String>,
}

/// Runs `gradus take`.
///
/// # Errors
/// Exit 2 for a plan that cannot be; 4 for a bank that is not valid; 5 when nothing can be
/// stored; 75 when the input ends in mid-test.
pub fn run(global: &Global, args: &TakeArgs) -> Result<Exit, CliError> {
    if global.format == Some(Format::Csv) {
        return Err(CliError::new(Exit::Usage, "`gradus take` has no such format")
            .help("use --format text, json or html"));
    }
    let bank = Arc::new(load_bank(global)?);
    let sitting = match &args.resume {
        Some(id) => resume(global, id, &bank)?,
        None => start(global, args, &bank)?,
    };
    let full_screen = !args.plain
        && matches!(global.format, None | Some(Format::Text))
        && io::stdin().is_terminal()
        && io::stdout().is_terminal()
        && std::env::var_os("TERM").is_some_and(|term| term != "dumb");
    if full_screen {
        super::full_screen::run(sitting, use_color(global))
    } else {
        run_plain(global, sitting)
    }
}

fn start(global: &Global, args: &TakeArgs, bank: &Arc<Bank>) -> Result<Sitting, CliError> {
    let all = args.topics.is_empty() || args.topics.iter().any(|topic| topic == "all");
    let spec = PlanSpec {
        topics: (!all).then(|| args.topics.iter().map(|topic| topic.trim().to_owned()).collect()),
        length: args.length,
        quick: args.quick,
        stop: args.stop.clone(),
        pretest: args.pretest,
    };
    let plan = Plan::check(&spec, bank).map_err(refused_plan)?;
    say_missing_trials(args.pretest.unwrap_or(0), &plan);
    check_time(&plan)?;
    let seed = args.seed.map_or_else(random_seed, Ok)?;
    Sitting::start(open_store(global)?, Arc::clone(bank), plan, seed)
}

/// Only items with the status `pretest` can be on trial, and a bank may have none.
fn say_missing_trials(asked: usize, plan: &Plan) {
    let found = plan.pretest;
    if found < asked {
        let has = if found == 0 { "no question".to_owned() } else { format!("only {found}") };
        super::say(&format!(
            "note: {has} of these topics has the status `pretest`; {found} of {asked} trial questions will be asked"
        ));
    }
}

/// A rule on time can only hold for people whose time is measured.
fn check_time(plan: &Plan) -> Result<(), CliError> {
    let is_time = |part: &StopRule| matches!(part, StopRule::Time(_));
    let on_time = plan.stop.parse::<StopRule>().is_ok_and(|rule| rule.mentions(&is_time));
    if on_time && !io::stdin().is_terminal() {
        let message = format!("the stop rule `{}` needs a timed person", plan.stop);
        return Err(CliError::new(Exit::Usage, message)
            .help("answers are timed on a terminal only; name another rule"));
    }
    Ok(())
}

fn refused_plan(error: PlanError) -> CliError {
    let error_text = error.to_string();
    let (exit, help) = match error {
        PlanError::UnknownTopic { .. } | PlanError::NoQuestions { .. } => {
            (Exit::NotFound, "name topics as in `gradus bank stats`, or leave --topics out")
        }
        PlanError::Stop(_) => (Exit::Usage, "as in --stop 'zone(0.3,0.025) or posterior>=0.9'"),
        PlanError::TooManyTrials { .. } => (Exit::Usage, "name fewer with --pretest"),
        PlanError::TooShort { .. } => (Exit::Usage, "raise --length or name fewer --topics"),
        _ => (Exit::Invalid, "check the bank with `gradus bank check`"),
    };
    CliError::new(exit, error_text).help(help)
}

fn resume(global: &Global, id: &str, bank: &Bank) -> Result<Sitting, CliError> {
    let store = open_store(global)?;
    let id = (!id.is_empty()).then_some(id);
    let id = sitting::find(&store, id, SessionFilter::Unfinished)?;
    Sitting::resume(store, &id, bank)
}

pub(super) fn use_color(global: &Global) -> bool {
    match global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    }
}

fn run_plain(global: &Global, mut sitting: Sitting) -> Result<Exit, CliError> {
    for notice in sitting.notices() {
        super::say(notice);
    }
    let timed = io::stdin().is_terminal();
    super::interrupt::keep_session_on_signal(resume_help(&sitting));
    let mut input = io::stdin().lock();
    let as_data = matches!(global.format, Some(Format::Json | Format::Html));
    // With data on stdout, questions and prompts are talk and go to stderr.
    let mut out: Box<dyn Write> =
        if as_data { Box::new(io::stderr()) } else { Box::new(io::stdout().lock()) };
    if sitting.session().answered().is_empty() {
        write!(out, "{}", report::introduction_text(sitting.session(), 80)).ok();
    }
    match plain::ask_all(&mut sitting, &mut input, &mut out, timed)? {
        Ended::Finished => {}
        Ended::EndOfInput => {
            out.flush().ok();
            super::say(&format!(
                "\nThe input ended; every answer is kept. {}",
                capital(&resume_help(&sitting))
            ));
            return Ok(Exit::TryAgain);
        }
    }
    out.flush().ok();
    drop(out);
    let report = Report::new(sitting.session(), sitting.run_facts());
    let text = match global.format {
        Some(Format::Json) => report::json(&report),
        Some(Format::Html) => report::html(&report),
        _ => {
            let options = TextOptions { width: 80, color: false, detail: Detail::Summary };
            report::text(&report, &options)
        }
    };
    print_data(&text)?;
    Ok(Exit::Done)
}

/// Writes a result to stdout; a reader who has gone away is no error.
///
/// # Errors
/// When stdout cannot be written for another reason.
pub fn print_data(text: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    let written = writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CliError::new(Exit::Refused, format!("stdout cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}
