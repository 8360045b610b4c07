//! `gradus report`: prints the report of a stored session.

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use clap::Args;

use super::data_dir::open_store;
use super::output::write_file;
use super::sitting::{self, restore, run_facts};
use super::take::{print_data, use_color};
use super::{CliError, Exit, Format, Global};
use crate::report::{self, Detail, Report, TextOptions};
use crate::store::SessionFilter;

/// Print the report of a session
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The session's id or its beginning; the latest when left out
    session: Option<String>,
    /// Write to FILE instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// With every question, its options and their explanations
    #[arg(long)]
    full: bool,
}

/// Runs `gradus report`.
///
/// # Errors
/// Exit 3 when there is no such session; 5 when the file cannot be written; the store's errors.
pub fn run(global: &Global, args: &ReportArgs) -> Result<Exit, CliError> {
    if global.format == Some(Format::Csv) {
        return Err(CliError::new(Exit::Usage, "`gradus report` has no such format")
            .help("use --format text, json or html"));
    }
    let store = open_store(global)?;
    let id = sitting::find(&store, args.session.as_deref(), SessionFilter::Any)?;
    let restored = restore(&store, &id)?;
    let report = Report::new(&restored.session, run_facts(&restored.record, Vec::new()));
    let to_terminal = args.output.is_none() && io::stdout().is_terminal();
    let text = match global.format {
        Some(Format::Json) => report::json(&report),
        Some(Format::Html) => report::html(&report),
        _ => report::text(
            &report,
            &TextOptions {
                width: if to_terminal { terminal_width() } else { 80 },
                color: to_terminal && use_color(global) || global.color == super::Color::Always,
                detail: if args.full { Detail::Full } else { Detail::Summary },
            },
        ),
    };
    match &args.output {
        Some(path) => write_file(path, text.as_bytes())?,
        None => print_data(&text)?,
    }
    Ok(Exit::Done)
}

fn terminal_width() -> usize {
    ratatui::crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns))
}
