//! The tables that `gradus simulate` reads and writes besides its report. Nothing is written
//! before all tests are done.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::{Finished, SimulateArgs};
use crate::cli::items_csv::{ItemTable, NotItems, read_responses_to};
use crate::cli::output::csv_line;
use crate::cli::{CliError, Exit};
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
    let width = items.items().len();
    let mut scores = vec![NOT_ADMINISTERED; width * table.persons.len()];
    for person in 0..table.persons.len() {
        for (row, score) in rows.iter().zip(table.row(person)) {
            scores[person * width + row] = *score;
        }
    }
    Ok(Matrix { persons: table.persons, scores })
}

/// Writes the tables that were asked for.
pub fn write_all(
    args: &SimulateArgs,
    items: &ItemTable,
    finished: &Finished,
) -> Result<(), CliError> {
    let people = finished.persons.len();
    if let Some(path) = &args.responses {
        write(path, |out| responses(out, items, people, args.seed))?;
    }
    if let Some(path) = &args.truth {
        write(path, |out| {
            out.write_all(csv_line(["person", "theta"]).as_bytes())?;
            for (person, id) in finished.persons.iter().enumerate() {
                let theta = true_ability(args.seed, person).to_string();
                out.write_all(csv_line([id.as_str(), &theta]).as_bytes())?;
            }
            Ok(())
        })?;
    }
    if let Some(path) = &args.picks {
        write(path, |out| {
            for test in &finished.runs[0].tests {
                let ids = test.items.iter().map(|row| items.items()[*row].id.as_str());
                out.write_all(csv_line(ids).as_bytes())?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// The whole matrix: what everybody would have answered to everything.
fn responses(out: &mut dyn Write, items: &ItemTable, people: usize, seed: u64) -> io::Result<()> {
    let ids = items.items().iter().map(|item| item.id.as_str());
    out.write_all(csv_line(std::iter::once("person").chain(ids)).as_bytes())?;
    for person in 0..people {
        let ability = true_ability(seed, person);
        write!(out, "{}", person + 1)?;
        for (row, item) in items.items().iter().enumerate() {
            write!(out, ",{}", response(seed, person, row, &item.model, ability))?;
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn write(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), CliError> {
    let filled = File::create(path).and_then(|file| {
        let mut out = BufWriter::new(file);
        fill(&mut out)?;
        out.flush()
    });
    filled.map_err(|error| {
        CliError::new(Exit::Refused, format!("cannot write {}: {error}", path.display()))
    })
}
