//! Data on stdout. A reader that has gone away is no failure; a full disk is.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::{CliError, Exit, Format};

/// Writes text to stdout.
///
/// # Errors
/// Exit 5 when stdout cannot be written.
pub fn print(text: &str) -> Result<Exit, CliError> {
    finish(io::stdout().lock().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()))
}

/// Writes one JSON object and a line end to stdout.
///
/// # Errors
/// Exit 5 when stdout cannot be written.
pub fn print_json(value: &impl Serialize) -> Result<Exit, CliError> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let written = serde_json::to_writer(&mut out, value)
        .map_err(io::Error::from)
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush());
    finish(written)
}

fn finish(written: io::Result<()>) -> Result<Exit, CliError> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CliError::new(Exit::Refused, format!("cannot write to stdout: {error}")))
        }
        _ => Ok(Exit::Done),
    }
}

/// Writes a file whole or not at all: beside it first, then in its place.
///
/// # Errors
/// Exit 5 when it cannot be written.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let beside = path.with_file_name(name);
    let written = std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, path));
    written.map_err(|error| {
        std::fs::remove_file(&beside).ok();
        CliError::new(Exit::Refused, format!("{} cannot be written: {error}", path.display()))
    })
}

/// One record of comma-separated values with its line end; cells are quoted where they must be.
pub fn csv_line<I, S>(cells: I) -> String
where
    I: IntoIterator<Item = S>,
    S: AsRef<str>,
{
    let mut line = String::new();
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        push_cell(&mut line, cell.as_ref());
    }
    line.push('\n');
    line
}

/// Adds one cell to a record, in quotes where it must be.
pub fn push_cell(line: &mut String, cell: &str) {
    if cell.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        line.push('"');
        line.push_str(&cell.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(cell);
    }
}

/// A number as a cell, empty where it is unknown.
pub fn csv_number(value: Option<f64>) -> String {
    let mut cell = String::new();
    push_number(&mut cell, value);
    cell
}

/// Adds a number's cell to a record.
pub fn push_number(line: &mut String, value: Option<f64>) {
    if let Some(value) = value {
        // Writing to a string never fails.
        write!(line, "{value}").ok();
    }
}

/// A number as JSON has it: infinite and undefined ones are `null`.
pub fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// The refusal of a format that a command does not have.
pub fn no_such_format(command: &str, format: Format, has: &str) -> CliError {
    let name = format!("{format:?}").to_lowercase();
    CliError::new(Exit::Usage, format!("`gradus {command}` has no format {name}"))
        .help(format!("it has {has}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        // Goal: any id survives a round trip. Method: separators, quotes, line ends, plain text.
        assert_eq!(csv_line(["a", "b,c", "d\"e", "f\ng", ""]), "a,\"b,c\",\"d\"\"e\",\"f\ng\",\n");
        assert_eq!((csv_number(Some(0.25)), csv_number(None)), ("0.25".to_owned(), String::new()));
        assert_eq!((finite(f64::INFINITY), finite(1.0)), (None, Some(1.0)));
    }
}
