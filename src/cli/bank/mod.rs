//! `gradus bank`: what authors do with question banks: begin an item, check, verify, count,
//! look at one item, try it, sum up reviews, set boundaries, export. Never changes a file.

mod angoff;
mod check;
mod new_item;
mod reviews;
mod show;
mod stats;
mod try_item;
mod verify;

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::bank_source::load_bank;
use super::take::print_data;
use super::{CliError, Color, Exit, Format, Global};
use crate::bank::{Bank, Item};

/// Check and inspect question banks
#[derive(Debug, Args)]
pub struct BankArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Report everything that is wrong with bank files
    Check {
        /// Files or folders; without one, the bank of --banks or the program's own
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Run the proofs of items and compare what they print with their keys
    ///
    /// A proof is a program that the bank's author wrote: verify only banks that you trust.
    Verify {
        /// Items by id, or files and folders with items such as drafts; without one, every item
        #[arg(value_name = "ID|PATH")]
        what: Vec<String>,
    },
    /// Print a new item to be written, with the next free id
    New(new_item::NewArgs),
    /// Count items, and measure what their surface gives away
    Stats,
    /// Show an item with its key, feedback and sources
    Show {
        /// The item's id, such as http.caching.0001
        id: String,
    },
    /// Ask just one item, then tell
    Try {
        /// The item's id, such as http.caching.0001
        id: String,
    },
    /// Say what reviewers and raters found, in figures
    Reviews {
        /// One item, with every record about it
        id: Option<String>,
    },
    /// Compute boundaries between levels from judges' ratings
    Angoff {
        /// Files with the columns rater,kind,item,version,round,step,rating
        #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
        ratings: Vec<PathBuf>,
    },
    /// Print the whole bank as JSON, keys included
    Export,
}

/// Runs `gradus bank`.
///
/// # Errors
/// Exit 2 for a format that the action does not have, 3 for a path or an item that does not
/// exist, 4 for a bank with errors.
pub fn run(global: &Global, args: &BankArgs) -> Result<Exit, CliError> {
    match &args.action {
        Action::Check { paths } => check::run(global, paths),
        Action::Verify { what } => verify::run(global, what),
        Action::New(args) => new_item::run(global, args),
        Action::Stats => stats::run(global),
        Action::Show { id } => show::run(global, id),
        Action::Try { id } => try_item::run(global, id),
        Action::Reviews { id } => reviews::run(global, id.as_deref()),
        Action::Angoff { ratings } => angoff::run(global, ratings),
        Action::Export => export(global),
    }
}

fn export(global: &Global) -> Result<Exit, CliError> {
    if !matches!(global.format, None | Some(Format::Json)) {
        return Err(CliError::new(Exit::Usage, "`gradus bank export` has no such format")
            .help("use --format json"));
    }
    let bank = load_bank(global)?;
    print_data(&to_json(&BankForm::of(&bank, bank.items.iter().collect()))?)?;
    Ok(Exit::Done)
}

/// The form `gradus.bank/1`: items whole, with the field names of the item files.
#[derive(Serialize)]
struct BankForm<'b> {
    schema: &'static str,
    fingerprint: &'b str,
    items: Vec<&'b Item>,
}

impl<'b> BankForm<'b> {
    fn of(bank: &'b Bank, items: Vec<&'b Item>) -> Self {
        Self { schema: "gradus.bank/1", fingerprint: bank.fingerprint(), items }
    }
}

/// One JSON object; its fields keep the order of the type.
fn to_json(form: &impl Serialize) -> Result<String, CliError> {
    serde_json::to_string(form)
        .map_err(|error| CliError::new(Exit::Refused, format!("no JSON: {error}")))
}

/// Whether JSON is wanted; text is the other format of most actions.
fn wants_json(global: &Global, action: &str) -> Result<bool, CliError> {
    match global.format {
        None | Some(Format::Text) => Ok(false),
        Some(Format::Json) => Ok(true),
        Some(Format::Csv | Format::Html) => {
            let message = format!("`gradus bank {action}` has no such format");
            Err(CliError::new(Exit::Usage, message).help("use --format text or --format json"))
        }
    }
}

/// Whether stdout gets colour.
fn wants_color(global: &Global) -> bool {
    match global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    }
}

/// An item of a bank, or exit 3.
fn item<'b>(bank: &'b Bank, id: &str) -> Result<&'b Item, CliError> {
    bank.item(id).ok_or_else(|| {
        let error = CliError::new(Exit::NotFound, format!("no item `{id}`"));
        let near =
            bank.items.iter().map(|item| item.id.as_str()).find(|known| known.starts_with(id));
        match near {
            Some(near) => error.help(format!("there is `{near}`")),
            None => error.help("`gradus bank export` lists every item"),
        }
    })
}
