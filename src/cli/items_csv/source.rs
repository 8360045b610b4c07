//! The text of a table and the places in it. Knows commas and quotes, not what cells mean.

use std::io::{self, Read};
use std::path::Path;

use csv::{ReaderBuilder, StringRecord};

use crate::cli::{CliError, Exit};

/// More text than this in one file is a mistake, or a decompression bomb.
const BYTES_MAX: u64 = 4 << 30;
/// The first bytes of a gzip file (RFC 1952, section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A table's text, decompressed, with the name of its file for messages.
#[derive(Debug)]
pub struct Source {
    name: String,
    text: String,
}

/// Where a record begins, for messages.
#[derive(Debug, Clone, Copy)]
pub struct Start(usize);

impl Source {
    /// Reads a file; one that begins as gzip does is decompressed, whatever its name.
    ///
    /// # Errors
    /// Exit 3 when there is no such file, 5 when it may not be read, 4 when it is not UTF-8 text.
    pub fn open(path: &Path) -> Result<Self, CliError> {
        let name = path.display().to_string();
        let bytes = read(path).map_err(|error| unreadable(&name, &error))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            CliError::new(Exit::Invalid, format!("{name}: byte {at} is not UTF-8 text"))
                .help("save the file as UTF-8")
        })?;
        Ok(Self::of_text(name, text))
    }

    /// A table from text.
    pub fn of_text(name: impl Into<String>, text: impl Into<String>) -> Self {
        let mut text = text.into();
        if text.starts_with('\u{feff}') {
            text.remove(0);
        }
        Self { name: name.into(), text }
    }

    /// All records, the header included, each with its place. Rows must be as long as the header.
    ///
    /// # Errors
    /// A ragged row, an empty table; and what `each` returns.
    pub fn records(
        &self,
        mut each: impl FnMut(Start, &StringRecord) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(self.text.as_bytes());
        let mut record = StringRecord::new();
        let mut width = None;
        loop {
            let more = reader.read_record(&mut record);
            let start = Start(record.position().map_or(0, |at| at.byte() as usize));
            match more {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return Err(self.error(start, 0, error)),
            }
            let expected = *width.get_or_insert(record.len());
            if record.len() != expected {
                let found = record.len();
                let message = format!("a row of {found} where the header has {expected} columns");
                return Err(self.error(start, found.min(expected), message).help(
                    "every row has as many cells as the header; empty cells keep their comma",
                ));
            }
            each(start, &record)?;
        }
        match width {
            Some(_) => Ok(()),
            None => {
                Err(CliError::new(Exit::Invalid, format!("{}:1:1: the file is empty", self.name))
                    .help("the first line names the columns"))
            }
        }
    }

    /// An error at a cell of a record, with exit 4. A cell past the last is the record's end.
    pub fn error(&self, start: Start, cell: usize, message: impl std::fmt::Display) -> CliError {
        let (line, column) = self.place(start, cell);
        CliError::new(Exit::Invalid, format!("{}:{line}:{column}: {message}", self.name))
    }

    /// Line and column, both from 1 and in characters, of a cell's first character.
    fn place(&self, start: Start, cell: usize) -> (usize, usize) {
        let bytes = self.text.as_bytes();
        let mut at = start.0.min(bytes.len());
        // The reader counts the end of the line before, and empty lines, to the record.
        while at < bytes.len() && matches!(bytes[at], b'\r' | b'\n') {
            at += 1;
        }
        let mut commas = 0;
        let mut quoted = false;
        while at < bytes.len() && commas < cell {
            match bytes[at] {
                b'"' => quoted = !quoted,
                b',' if !quoted => commas += 1,
                b'\r' | b'\n' if !quoted => break,
                _ => {}
            }
            at += 1;
        }
        let before = &self.text[..at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        (line, before[line_start..].chars().count() + 1)
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = std::fs::read(path)?;
    if bytes.starts_with(&GZIP) {
        let mut text = Vec::new();
        let decoder = flate2::read::MultiGzDecoder::new(bytes.as_slice());
        decoder.take(BYTES_MAX + 1).read_to_end(&mut text)?;
        if text.len() as u64 > BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "more than 4 GiB of text"));
        }
        bytes = text;
    }
    Ok(bytes)
}

fn unreadable(name: &str, error: &io::Error) -> CliError {
    let exit = match error.kind() {
        io::ErrorKind::NotFound => Exit::NotFound,
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
            Exit::Invalid
        }
        _ => Exit::Refused,
    };
    CliError::new(exit, format!("cannot read {name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place_of(text: &str, record: usize, cell: usize) -> (usize, usize) {
        let source = Source::of_text("t.csv", text);
        let mut starts = Vec::new();
        source
            .records(|start, _| {
                starts.push(start);
                Ok(())
            })
            .unwrap();
        source.place(starts[record], cell)
    }

    #[test]
    fn places_are_where_the_cell_begins() {
        // Goal: an editor finds the cell. Method: plain rows, both line ends, empty lines, quotes
        // with commas and line breaks inside, letters of several bytes.
        assert_eq!(place_of("a,b\n1,2\n", 1, 1), (2, 3));
        assert_eq!(place_of("a,b\r\n\r\n1,2\r\n", 1, 1), (3, 3));
        assert_eq!(place_of("a,b\n\"x,\"\"y\",2\n", 1, 1), (2, 9));
        assert_eq!(place_of("a,b\n\"x\ny\",2\n3,4\n", 2, 0), (4, 1));
        assert_eq!(place_of("é,b\n", 0, 1), (1, 3));
    }

    #[test]
    fn ragged_and_empty_tables_are_refused() {
        // Goal: no row is read with cells out of place. Method: a long row, a short one, nothing.
        let error =
            |text: &str| Source::of_text("t.csv", text).records(|_, _| Ok(())).unwrap_err().message;
        assert_eq!(error("a,b\n1,2,3\n"), "t.csv:2:5: a row of 3 where the header has 2 columns");
        assert_eq!(error("a,b\n1\n"), "t.csv:2:2: a row of 1 where the header has 2 columns");
        assert_eq!(error(""), "t.csv:1:1: the file is empty");
    }

    #[test]
    fn gzip_and_marks_are_seen_through() {
        // Goal: the same table packed, or saved with a byte order mark. Method: write and read.
        use std::io::Write;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("table.csv");
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all("\u{feff}a,b\n1,2\n".as_bytes()).unwrap();
        std::fs::write(&path, packed.finish().unwrap()).unwrap();
        assert_eq!(Source::open(&path).unwrap().text, "a,b\n1,2\n");
        std::fs::write(&path, [0x1f, 0x8b, 1, 2, 3]).unwrap();
        assert_eq!(Source::open(&path).unwrap_err().exit, Exit::Invalid);
        std::fs::write(&path, [b'a', 0xff]).unwrap();
        assert_eq!(Source::open(&path).unwrap_err().exit, Exit::Invalid);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(Source::open(&path).unwrap_err().exit, Exit::NotFound);
    }
}
