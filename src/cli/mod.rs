//! The command line: what was typed becomes validated requests to the rooms below, and their
//! results become text, JSON and exit codes. One file a subcommand; no measurement logic here.

mod bank;
pub mod bank_source;
mod calibrate;
pub mod data_dir;
pub mod edge;
mod error;
mod full_screen;
mod interrupt;
pub mod items_csv;
mod link;
mod menu;
mod numbers;
mod output;
mod plain;
mod replay;
mod report;
mod score;
mod select;
mod sessions;
mod simulate;
mod sitting;
mod take;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

pub use error::{CliError, Exit};

/// An adaptive skill assessment for back-end developers.
#[derive(Debug, Parser)]
#[command(name = "gradus", version, about, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Options that every command understands.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Read question banks from DIR instead of the embedded ones
    #[arg(long, global = true, value_name = "DIR")]
    pub banks: Option<PathBuf>,
    /// Where sessions are kept: sqlite:PATH
    #[arg(long, global = true, value_name = "URL")]
    pub database: Option<String>,
    /// Output format; each command names those it has
    #[arg(long, global = true, value_enum)]
    pub format: Option<Format>,
    /// Use colour
    #[arg(long, global = true, value_enum, default_value = "auto")]
    pub color: Color,
    /// Say less on stderr
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more on stderr
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object on stdout.
    Json,
    /// Comma-separated values.
    Csv,
    /// One self-contained page.
    Html,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal that has not asked otherwise.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Take an adaptive assessment that ends in its report
    Take(take::TakeArgs),
    /// Print the report of a session
    Report(report::ReportArgs),
    /// Derive a stored session again, bit for bit, and compare
    Replay(replay::ReplayArgs),
    /// List past and paused sessions, or delete one
    Sessions(sessions::SessionsArgs),
    /// Score responses with known item parameters
    Score(score::ScoreArgs),
    /// Choose the next item by a criterion
    Select(select::SelectArgs),
    /// Bring two calibrations to one scale
    Link(link::LinkArgs),
    /// Check and inspect question banks
    Bank(bank::BankArgs),
    /// Estimate item parameters from the answers of many people
    Calibrate(Box<calibrate::CalibrateArgs>),
    /// Simulate whole adaptive tests and say how long and how exact they are
    Simulate(Box<simulate::SimulateArgs>),
}

/// Parses the process's arguments, runs the command and turns the result into an exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Some(command) => run(&cli.global, command),
        None => run_menu(&cli.global),
    };
    match result {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(error) => {
            say(&error.to_string());
            ExitCode::from(error.exit as u8)
        }
    }
}

fn run(global: &Global, command: Command) -> Result<Exit, CliError> {
    match command {
        Command::Take(args) => take::run(global, &args),
        Command::Report(args) => report::run(global, &args),
        Command::Replay(args) => replay::run(global, &args),
        Command::Sessions(args) => sessions::run(global, &args),
        Command::Score(args) => score::run(global, &args),
        Command::Select(args) => select::run(global, &args),
        Command::Calibrate(args) => calibrate::run(global, &args),
        Command::Link(args) => link::run(global, &args),
        Command::Bank(args) => bank::run(global, &args),
        Command::Simulate(args) => simulate::run(global, &args),
    }
}

/// Says something to the person, on stderr. Where nobody listens any more (a terminal that has
/// gone) that is no reason to fail, which `eprintln!` would take it for.
pub(crate) fn say(text: &str) {
    use std::io::Write;
    writeln!(std::io::stderr(), "{text}").ok();
}

/// `gradus` alone: a menu on a terminal, the help elsewhere.
fn run_menu(global: &Global) -> Result<Exit, CliError> {
    let words: &[&str] = match menu::ask(global)? {
        Some(menu::Choice::Take) => &["gradus", "take"],
        Some(menu::Choice::Resume) => &["gradus", "take", "--resume"],
        Some(menu::Choice::Report) => &["gradus", "report"],
        Some(menu::Choice::Sessions) => &["gradus", "sessions"],
        Some(menu::Choice::Help) => {
            Cli::command().print_long_help().ok();
            return Ok(Exit::Done);
        }
        Some(menu::Choice::Leave) => return Ok(Exit::Done),
        None => {
            return Err(CliError::new(Exit::Usage, "no command given").help("see `gradus --help`"));
        }
    };
    // The global options hold for what the menu starts, too.
    match Cli::try_parse_from(words).ok().and_then(|cli| cli.command) {
        Some(command) => run(global, command),
        None => Ok(Exit::Done),
    }
}
