//! `gradus bank new`: prints a new item to be written, or puts it into a file that does not exist
//! yet. Never touches a file that is there.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::super::bank_source::load_bank;
use super::super::take::print_data;
use super::super::{CliError, Exit, Format, Global, say};
use super::check::today;
use crate::bank::{Cognitive, ItemType, Level, SkeletonWish, skeleton};

/// What the new item shall be.
#[derive(Debug, Args)]
pub(super) struct NewArgs {
    /// The topic, such as http
    topic: String,
    /// The subtopic; without it the one that lacks most items
    #[arg(long, value_name = "ID")]
    subtopic: Option<String>,
    /// How it is answered: single, multi, order, numeric, short, code-output
    #[arg(long = "type", value_name = "TYPE", value_parser = word(ItemType::from_word))]
    kind: Option<ItemType>,
    /// For whom: junior, mid, senior
    #[arg(long, value_parser = word(Level::from_word))]
    level: Option<Level>,
    /// What it asks the mind to do: recall, apply, analyse
    #[arg(long, value_parser = word(Cognitive::from_word))]
    cognitive: Option<Cognitive>,
    /// Write into FILE, which must not exist, instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// A parser for one word of a closed list.
fn word<T>(from_word: fn(&str) -> Option<T>) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| from_word(text).ok_or_else(|| "no such word".to_owned())
}

pub(super) fn run(global: &Global, args: &NewArgs) -> Result<Exit, CliError> {
    if !matches!(global.format, None | Some(Format::Text)) {
        return Err(CliError::new(Exit::Usage, "`gradus bank new` has no such format")
            .help("use --format text"));
    }
    let bank = load_bank(global)?;
    let wish = SkeletonWish {
        topic: args.topic.clone(),
        subtopic: args.subtopic.clone(),
        kind: args.kind,
        level: args.level,
        cognitive: args.cognitive,
    };
    let text = skeleton(&bank, &wish, &today())
        .map_err(|error| CliError::new(Exit::NotFound, error.to_string()))?;
    match &args.output {
        None => print_data(&text)?,
        Some(path) => {
            write_new(path, &text)?;
            say(&format!("{}: see `gradus bank check` for what is left to write", path.display()));
        }
    }
    Ok(Exit::Done)
}

/// Writes a file whole or not at all, and never over another one.
fn write_new(path: &Path, text: &str) -> Result<(), CliError> {
    let refused = |error: std::io::Error| {
        let message = format!("{}: {error}", path.display());
        let error_help = "name a file that does not exist in a folder that does";
        CliError::new(Exit::Refused, message).help(error_help)
    };
    let mut neighbour = path.as_os_str().to_owned();
    neighbour.push(format!(".{}.part", std::process::id()));
    let neighbour = PathBuf::from(neighbour);
    let written = std::fs::File::create_new(&neighbour)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        // A link, unlike a renaming, fails where something is already.
        .and_then(|()| std::fs::hard_link(&neighbour, path));
    std::fs::remove_file(&neighbour).ok();
    written.map_err(refused)
}
