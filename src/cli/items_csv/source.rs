//! The text of a table and the places in it. Knows commas and quotes, not what cells mean.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use csv::{Reader, ReaderBuilder, StringRecord};

use crate::cli::{CliError, Exit};

/// More text than this in one file is a mistake, or a decompression bomb.
const BYTES_MAX: u64 = 4 << 30;
/// The first bytes of a gzip file (RFC 1952, section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Bytes that a piece of a file has at least, but for the last.
const PIECE_BYTES: u64 = 4 << 20;

/// A table's text, decompressed, or a piece of it, with the name of its file for messages.
#[derive(Debug)]
pub struct Source {
    name: String,
    text: String,
    lines_before: usize,
}

/// Where a record begins, for messages.
#[derive(Debug, Clone, Copy)]
pub struct Start(usize);

/// A record of a table, as it is offered to a reader.
#[derive(Debug)]
pub enum Record<'a> {
    /// The text from its first byte to the end of the piece.
    Text(&'a str),
    /// Its cells, without quotes and the spaces around, and where it begins.
    Cells(Start, &'a StringRecord),
}

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
            not_text(&name, at)
        })?;
        Ok(Self::of_text(name, text))
    }

    /// A table from text.
    pub fn of_text(name: impl Into<String>, text: impl Into<String>) -> Self {
        let mut text = text.into();
        if text.starts_with('\u{feff}') {
            text.remove(0);
        }
        Self { name: name.into(), text, lines_before: 0 }
    }

    /// All records of a file, packed or not, which is read piece by piece: no more than a piece is
    /// in memory at a time. Each after the header is first offered as text, from its first byte
    /// on; who reads it there says how many bytes it had, line end included, and who cannot says
    /// `None` and gets its cells.
    ///
    /// # Errors
    /// As [`Self::open`] and [`Self::records`].
    pub fn stream(
        path: &Path,
        mut each: impl FnMut(&Self, Record<'_>) -> Result<Option<usize>, CliError>,
    ) -> Result<(), CliError> {
        let mut width = None;
        let name = Self::pieces(path, &mut |piece| {
            piece.records_or_quick(&mut width, &mut |record| each(piece, record))
        })?;
        width.map(|_| ()).ok_or_else(|| empty(&name))
    }

    /// The file's text in pieces of whole records; returns its name.
    fn pieces(
        path: &Path,
        each: &mut dyn FnMut(&Self) -> Result<(), CliError>,
    ) -> Result<String, CliError> {
        let name = path.display().to_string();
        let mut reader = decoder(path).map_err(|error| unreadable(&name, &error))?;
        let (mut bytes, mut bytes_before, mut lines_before) = (Vec::new(), 0, 0);
        loop {
            let read = (&mut reader).take(PIECE_BYTES).read_to_end(&mut bytes);
            let last = read.map_err(|error| unreadable(&name, &error))? == 0;
            let end = if last { bytes.len() } else { records_end(&bytes) };
            let rest = bytes.split_off(end);
            let text = String::from_utf8(std::mem::replace(&mut bytes, rest)).map_err(|error| {
                not_text(&name, bytes_before + error.utf8_error().valid_up_to())
            })?;
            let lines = text.bytes().filter(|byte| *byte == b'\n').count();
            let size = text.len();
            let piece = match bytes_before {
                0 => Self::of_text(name.clone(), text),
                _ => Self { name: name.clone(), text, lines_before },
            };
            each(&piece)?;
            if last {
                return Ok(name);
            }
            (bytes_before, lines_before) = (bytes_before + size, lines_before + lines);
        }
    }

    /// All records, the header included, each with its place. Rows must be as long as the header.
    ///
    /// # Errors
    /// A ragged row, an empty table; and what `each` returns.
    pub fn records(
        &self,
        mut each: impl FnMut(Start, &StringRecord) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        let mut width = None;
        self.records_or_quick(&mut width, &mut |record: Record<'_>| match record {
            Record::Text(_) => Ok(None),
            Record::Cells(start, cells) => each(start, cells).map(|()| None),
        })?;
        width.map(|_| ()).ok_or_else(|| empty(&self.name))
    }

    /// All records; `width` is the header's number of cells once it was met, and then they are
    /// offered as text first.
    ///
    /// # Errors
    /// A ragged row; and what `each` returns.
    pub fn records_or_quick(
        &self,
        width: &mut Option<usize>,
        each: &mut dyn FnMut(Record<'_>) -> Result<Option<usize>, CliError>,
    ) -> Result<(), CliError> {
        let mut record = StringRecord::new();
        let mut at = 0;
        let mut slow: Option<(usize, Reader<&[u8]>)> = None;
        loop {
            at = self.past_line_ends(at);
            if width.is_some()
                && let Some(bytes) = each(Record::Text(&self.text[at..]))?
            {
                (at, slow) = (at + bytes, None);
                continue;
            }
            let (base, reader) =
                slow.get_or_insert_with(|| (at, reader(&self.text.as_bytes()[at..])));
            let start = Start(at);
            match reader.read_record(&mut record) {
                Ok(true) => at = *base + reader.position().byte() as usize,
                Ok(false) => return Ok(()),
                Err(error) => return Err(self.error(start, 0, error)),
            }
            self.check_width(start, record.len(), *width.get_or_insert(record.len()))?;
            each(Record::Cells(start, &record))?;
        }
    }

    fn past_line_ends(&self, at: usize) -> usize {
        let rest = self.text.as_bytes()[at..].iter();
        at + rest.take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
    }

    fn check_width(&self, start: Start, found: usize, expected: usize) -> Result<(), CliError> {
        if found == expected {
            return Ok(());
        }
        let message = format!("a row of {found} where the header has {expected} columns");
        Err(self
            .error(start, found.min(expected), message)
            .help("every row has as many cells as the header; empty cells keep their comma"))
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
        let line = self.lines_before + before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        (line, before[line_start..].chars().count() + 1)
    }
}

fn reader(bytes: &[u8]) -> Reader<&[u8]> {
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(bytes)
}

/// A file's bytes as they are read, decompressed where it begins as gzip does.
fn decoder(path: &Path) -> io::Result<Box<dyn Read>> {
    let mut file = BufReader::with_capacity(1 << 16, File::open(path)?);
    let packed = file.fill_buf()?.starts_with(&GZIP);
    Ok(if packed { Box::new(flate2::read::MultiGzDecoder::new(file)) } else { Box::new(file) })
}

/// Where the last whole record of some text ends: behind the last line end outside quotes.
fn records_end(bytes: &[u8]) -> usize {
    if !bytes.contains(&b'"') {
        return bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    }
    let (mut quoted, mut end) = (false, 0);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => end = at + 1,
            _ => {}
        }
    }
    end
}

fn empty(name: &str) -> CliError {
    CliError::new(Exit::Invalid, format!("{name}:1:1: the file is empty"))
        .help("the first line names the columns")
}

fn not_text(name: &str, at: usize) -> CliError {
    CliError::new(Exit::Invalid, format!("{name}: byte {at} is not UTF-8 text"))
        .help("save the file as UTF-8")
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
    fn pieces_are_the_table_with_its_places() {
        // Goal: a file read in pieces has the same records, at the same lines, as read at once; a
        // quoted line end does not part a record. Method: some 9 MB of rows, a quoted one among
        // every thousand; their number, and the place of the last cell.
        let mut text = "a,b\n".to_owned();
        for row in 0..900_000 {
            text += if row % 1000 == 7 { "\"x\ny\",1\n" } else { "12345678,1\n" };
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("table.csv");
        std::fs::write(&path, &text).unwrap();
        let (mut records, mut last) = (0, String::new());
        Source::stream(&path, |piece, record| {
            if let Record::Cells(start, cells) = record {
                records += 1;
                if records == 900_001 {
                    assert_eq!(&cells[1], "1");
                    last = piece.error(start, 1, "here").message;
                }
            }
            Ok(None)
        })
        .unwrap();
        assert_eq!(records, 900_001);
        let name = path.display();
        assert_eq!(last, format!("{name}:900901:10: here"));
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
