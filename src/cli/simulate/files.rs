//! The tables that `gradus simulate` reads and writes besides its report. Each is written to a
//! neighbour of its file; all take their places together, after all tests are done. An interrupt
//! removes the neighbours.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::{Finished, Persons, SimulateArgs};
use crate::assessment::study::BankStudy;
use crate::cli::items_csv::{ItemTable, NotItems, read_responses_to};
use crate::cli::output::csv_line;
use crate::cli::{CliError, Exit, say};
use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::simulation::{NOT_ADMINISTERED, response, true_ability};

/// Given answers, a row a person over all items of the parameter file.
pub struct Matrix {
    pub persons: Vec<String>,
    pub scores: Vec<u16>,
}

/// Reads `--replay`; items that the file does not have were not administered.
pub fn replay(path: &Path, items: &ItemTable, not_items: &NotItems) -> Result<Matrix, CliError> {
    let table = read_responses_to(items, path, not_items)?;
    let rows: Vec<usize> = table.items.iter().filter_map(|id| items.index_of(id)).collect();
    let width = items.len();
    let mut scores = vec![NOT_ADMINISTERED; width * table.persons.len()];
    for person in 0..table.persons.len() {
        for (row, score) in rows.iter().zip(table.row(person)) {
            scores[person * width + row] = *score;
        }
    }
    Ok(Matrix { persons: table.persons, scores })
}

/// Neighbours that have not taken their places; what an interrupt must remove.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file to be written.
struct Output {
    path: PathBuf,
    /// Where it is written first; `None` for what is no ordinary file (a pipe, a terminal).
    part: Option<PathBuf>,
    out: BufWriter<File>,
}

/// The files of one command, opened before the work begins so that a place that cannot be
/// written is known at once.
pub struct Outputs(Vec<Output>);

impl Outputs {
    /// Opens every file that the options name.
    pub fn open(args: &SimulateArgs) -> Result<Self, CliError> {
        remove_unfinished_on_interrupt();
        let mut outputs = Self(Vec::new());
        for path in args.outputs() {
            if outputs.0.iter().any(|output| output.path == path) {
                let message = format!("{} is to be written twice", path.display());
                return Err(CliError::new(Exit::Usage, message).help("name each file once"));
            }
            let ordinary = std::fs::metadata(path).map_or(true, |data| data.is_file());
            let part = ordinary.then(|| {
                let mut name = path.to_owned().into_os_string();
                name.push(".part");
                PathBuf::from(name)
            });
            let target = part.as_deref().unwrap_or(path);
            let mut held = unfinished();
            let file = File::create(target).map_err(|error| cannot_write(path, &error))?;
            held.extend(part.clone());
            drop(held);
            outputs.0.push(Output { path: path.to_owned(), part, out: BufWriter::new(file) });
        }
        Ok(outputs)
    }

    /// Fills the file of a path.
    pub fn write(
        &mut self,
        path: &Path,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), CliError> {
        let Some(output) = self.0.iter_mut().find(|output| output.path == path) else {
            return Ok(());
        };
        fill(&mut output.out).map_err(|error| cannot_write(path, &error))
    }

    /// Lets all files take their places.
    pub fn finish(mut self) -> Result<(), CliError> {
        for Output { path, out, .. } in &mut self.0 {
            out.flush().map_err(|error| cannot_write(path, &error))?;
        }
        // Held to the end: an interrupt comes before all of this or after it.
        let mut held = unfinished();
        for Output { path, part, .. } in &self.0 {
            if let Some(part) = part {
                std::fs::rename(part, path).map_err(|error| cannot_write(path, &error))?;
                held.retain(|other| other != part);
            }
        }
        Ok(())
    }
}

impl Drop for Outputs {
    /// Whatever did not take its place goes.
    fn drop(&mut self) {
        let mut held = unfinished();
        for part in self.0.iter().filter_map(|output| output.part.as_ref()) {
            if held.contains(part) {
                std::fs::remove_file(part).ok();
                held.retain(|other| other != part);
            }
        }
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> CliError {
    CliError::new(Exit::Refused, format!("cannot write {}: {error}", path.display()))
        .help("name a place that can be written")
}

/// On the first SIGINT or SIGTERM removes what is unfinished and ends the process.
fn remove_unfinished_on_interrupt() {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            let held = unfinished();
            held.iter().for_each(|part| drop(std::fs::remove_file(part)));
            say("\nInterrupted; nothing was written");
            let exit = if signal == SIGINT { Exit::Interrupted } else { Exit::TryAgain };
            std::process::exit(exit as i32);
        }
    });
}

/// Writes `--picks`: no header, a line a person, the ids in the order of asking.
pub fn picks(
    outputs: &mut Outputs,
    args: &SimulateArgs,
    finished: &Finished,
) -> Result<(), CliError> {
    let Some(path) = &args.picks else { return Ok(()) };
    outputs.write(path, |out| {
        for test in finished.runs[0].tests.iter() {
            let ids = test.items.iter().map(|row| finished.item_ids.get(*row as usize));
            out.write_all(csv_line(ids).as_bytes())?;
        }
        Ok(())
    })
}

/// Writes `--responses` and `--truth` of people on one ability.
pub fn responses_of_items(
    outputs: &mut Outputs,
    args: &SimulateArgs,
    items: &ItemTable,
    persons: &Persons,
) -> Result<(), CliError> {
    if let Some(path) = &args.responses {
        outputs.write(path, |out| {
            let ids = items.ids().iter();
            out.write_all(csv_line(std::iter::once("person").chain(ids)).as_bytes())?;
            for (person, id) in persons.iter().enumerate() {
                let ability = true_ability(args.seed, person);
                let score = |(row, model): (usize, &ItemModel)| {
                    response(args.seed, person, row, model, ability)
                };
                write_row(out, &id, items.models().iter().enumerate().map(score))?;
            }
            Ok(())
        })?;
    }
    if let Some(path) = &args.truth {
        outputs.write(path, |out| {
            out.write_all(csv_line(["person", "theta"]).as_bytes())?;
            for (person, id) in persons.iter().enumerate() {
                write_row(out, &id, [true_ability(args.seed, person)])?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Writes `--responses` and `--truth` of people on many abilities: the general level, then each
/// topic asked about.
pub fn responses_of_banks(
    outputs: &mut Outputs,
    args: &SimulateArgs,
    study: &BankStudy<'_>,
    finished: &Finished,
) -> Result<(), CliError> {
    if let Some(path) = &args.responses {
        let rows = (0..finished.persons.len() as u64).map(|person| {
            let abilities = study.abilities(person);
            let score = |row: usize| study.response(person, row, &abilities);
            (0..finished.item_ids.len()).map(score).collect::<Result<Vec<usize>, _>>()
        });
        let rows: Vec<Vec<usize>> = rows
            .collect::<Result<_, _>>()
            .map_err(|error| CliError::new(Exit::Invalid, error.to_string()))?;
        outputs.write(path, |out| {
            let ids = finished.item_ids.iter();
            out.write_all(csv_line(std::iter::once("person").chain(ids)).as_bytes())?;
            let mut people = finished.persons.iter().zip(rows);
            people.try_for_each(|(id, scores)| write_row(out, &id, scores))
        })?;
    }
    if let (Some(path), Some(banks)) = (&args.truth, &finished.banks) {
        outputs.write(path, |out| {
            let topics = banks.topics.iter().map(String::as_str);
            out.write_all(csv_line(["person", "theta"].into_iter().chain(topics)).as_bytes())?;
            let people =
                finished.persons.iter().zip(finished.runs[0].tests.iter()).zip(&banks.persons);
            for ((id, test), topics) in people {
                write_row(out, &id, test.truth.iter().chain(&topics.abilities))?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn write_row<T: ToString>(
    out: &mut dyn Write,
    person: &str,
    cells: impl IntoIterator<Item = T>,
) -> io::Result<()> {
    let cells = cells.into_iter().map(|cell| cell.to_string());
    let line: Vec<String> = std::iter::once(person.to_owned()).chain(cells).collect();
    out.write_all(csv_line(line).as_bytes())
}
