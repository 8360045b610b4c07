//! `R.csv`: a row a person, a column an item, whole scores from 0; empty or `NA` was not asked.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::Path;

use clap::Args;
use csv::StringRecord;

use super::items::ItemTable;
use super::plain_row::PlainRow;
use super::source::{Record, Source, Start};
use crate::cli::{CliError, Exit};

/// A cell of an item that was not administered.
pub const MISSING: u16 = crate::psychometrics::simulation::NOT_ADMINISTERED;
/// The largest score a file may hold; items with more categories do not exist.
const SCORE_MAX: u16 = 999;

/// What a cell of an item may hold.
const SCORES: &str = "a score is a whole number from 0 up to the item's highest; leave the cell \
                      empty or write NA where the item was not asked";

/// What a column of a response file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// An item with this many categories, or of a number not known yet.
    Item {
        /// Scores are below this.
        categories: Option<usize>,
    },
    /// Text to be kept beside the person, such as a group.
    Label,
    /// Nothing that is wanted.
    Ignored,
}

/// Says what the column of a name is, or why there is none.
pub type Columns<'a> = dyn Fn(&str) -> Result<Column, String> + 'a;

/// Which columns of a response file are no items.
#[derive(Debug, Clone, Default, Args)]
pub struct NotItems {
    /// Column of the responses that names a group
    #[arg(long, value_name = "COLUMN")]
    group: Option<String>,
    /// Columns of the responses that are no items
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    ignore: Vec<String>,
}

impl NotItems {
    /// Whether any column was named.
    pub fn any(&self) -> bool {
        self.names().next().is_some()
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.group.iter().chain(&self.ignore).map(|name| name.trim())
    }

    /// What the column of a name is, unless it is an item.
    fn kind(&self, name: &str) -> Option<Column> {
        if self.group.as_deref().map(str::trim) == Some(name) {
            return Some(Column::Label);
        }
        self.names().any(|other| other == name).then_some(Column::Ignored)
    }
}

/// A matrix of scores, persons × items.
#[derive(Debug, Clone, PartialEq)]
pub struct ResponseTable {
    /// The persons' ids, in the order of the rows; `1`, `2`, … when the file has none.
    pub persons: Vec<String>,
    /// The items' ids, in the order of the columns.
    pub items: Vec<String>,
    /// Names of the label columns.
    pub label_names: Vec<String>,
    /// For each person the labels, in the order of their names.
    pub labels: Vec<Vec<String>>,
    scores: Vec<u16>,
}

impl ResponseTable {
    /// The scores of a person, an item each, [`MISSING`] where it was not asked.
    pub fn row(&self, person: usize) -> &[u16] {
        let width = self.items.len();
        &self.scores[person * width..(person + 1) * width]
    }

    /// All scores, row after row.
    pub fn scores(&self) -> &[u16] {
        &self.scores
    }
}

/// Reads a response file. A first column `person` holds ids; `columns` says what the others are.
///
/// # Errors
/// Exit 3 or 5 for a file that cannot be read; exit 4 with file, line and column for an unknown
/// item, an id that repeats, a score that is no whole number or out of range, a ragged row.
pub fn read_responses(path: &Path, columns: &Columns<'_>) -> Result<ResponseTable, CliError> {
    let mut reading = None;
    Source::stream(path, |piece, record| read_record(&mut reading, piece, record, columns))?;
    whole(reading)
}

/// Reads responses to the items of a parameter file.
///
/// # Errors
/// As [`read_responses`]; exit 2 when a column that `not_items` names is not in the file.
pub fn read_responses_to(
    items: &ItemTable,
    path: &Path,
    not_items: &NotItems,
) -> Result<ResponseTable, CliError> {
    let met = RefCell::new(HashSet::new());
    let table = read_responses(path, &|name| {
        if let Some(kind) = not_items.kind(name) {
            met.borrow_mut().insert(name.to_owned());
            return Ok(kind);
        }
        match items.index_of(name) {
            Some(row) => Ok(Column::Item { categories: Some(items.item(row).model.categories()) }),
            None => Err(format!("item `{name}` is not in the parameter file")),
        }
    })?;
    // A file's own first column `person` may be named too; it is never an item.
    match not_items.names().find(|name| *name != "person" && !met.borrow().contains(*name)) {
        Some(name) => {
            let message = format!("there is no column `{name}` in {}", path.display());
            Err(CliError::new(Exit::Usage, message).help("--group and --ignore name columns"))
        }
        None => Ok(table),
    }
}

/// The columns of a file, and the persons seen so far.
struct Reading {
    persons_first: bool,
    kinds: Vec<Column>,
    plain: PlainRow,
    /// Ids of persons; of rows that are only numbered none can repeat.
    seen: HashSet<String>,
    table: ResponseTable,
}

/// Takes in one record: the header first, then rows, the plain ones from their text.
fn read_record(
    reading: &mut Option<Reading>,
    source: &Source,
    record: Record<'_>,
    columns: &Columns<'_>,
) -> Result<Option<usize>, CliError> {
    match (record, reading) {
        (Record::Text(text), Some(reading)) => return Ok(reading.read_plain(text)),
        (Record::Text(_), None) => {}
        (Record::Cells(start, cells), reading @ None) => {
            *reading = Some(read_header(source, start, cells, columns)?);
        }
        (Record::Cells(start, cells), Some(reading)) => reading.read_row(source, start, cells)?,
    }
    Ok(None)
}

/// The table of a file that had a header; a header alone is a matrix without persons.
fn whole(reading: Option<Reading>) -> Result<ResponseTable, CliError> {
    // An empty file was refused before.
    reading
        .map(|reading| reading.table)
        .ok_or_else(|| CliError::new(Exit::Invalid, "the response file has no header"))
}

fn read_header(
    source: &Source,
    start: Start,
    record: &StringRecord,
    columns: &Columns<'_>,
) -> Result<Reading, CliError> {
    let persons_first = record.get(0) == Some("person");
    let mut table = ResponseTable {
        persons: Vec::new(),
        items: Vec::new(),
        label_names: Vec::new(),
        labels: Vec::new(),
        scores: Vec::new(),
    };
    let mut kinds = Vec::new();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (cell, name) in record.iter().enumerate().skip(usize::from(persons_first)) {
        if seen.insert(name, cell).is_some() {
            return Err(source
                .error(start, cell, format!("item `{name}` stands there twice"))
                .help("every column needs a name of its own"));
        }
        let kind = columns(name).map_err(|why| {
            source.error(start, cell, why).help(
                "the header holds ids of the parameter file, perhaps `person` before them; --ignore \
                 names columns that are no items",
            )
        })?;
        match kind {
            Column::Item { .. } => table.items.push(name.to_owned()),
            Column::Label => table.label_names.push(name.to_owned()),
            Column::Ignored => {}
        }
        kinds.push(kind);
    }
    if table.items.is_empty() {
        return Err(source
            .error(start, usize::MAX, "there are no items in the header")
            .help("the first line holds the items' ids, perhaps `person` before them"));
    }
    let plain = PlainRow::new(persons_first, &kinds);
    Ok(Reading { persons_first, kinds, plain, seen: HashSet::new(), table })
}

impl Reading {
    /// Reads a row of the plain kind and says how many bytes it had; else leaves all as it was.
    fn read_plain(&mut self, text: &str) -> Option<usize> {
        let table = &mut self.table;
        if table.persons.is_empty() {
            let row = text.find('\n').map_or(text.len(), |end| end + 1).max(1);
            let rows = text.len() / row + 1;
            // Every cell takes a byte at least, whatever the first row promises.
            table.scores.reserve((table.items.len() * rows).min(text.len()));
            let rows = rows.min(text.len() / table.items.len());
            table.persons.reserve(rows);
            self.seen.reserve(if self.persons_first { rows } else { 0 });
        }
        let before = table.scores.len();
        let mut labels = Vec::new();
        let read = self.plain.read(text, &mut table.scores, &mut labels);
        let read = read.filter(|(person, _)| {
            !self.persons_first || (!person.is_empty() && self.seen.insert((*person).to_owned()))
        });
        let Some((person, bytes)) = read else {
            table.scores.truncate(before);
            return None;
        };
        let number = table.persons.len() + 1;
        table.persons.push(if self.persons_first { person.to_owned() } else { number.to_string() });
        table.labels.push(labels);
        Some(bytes)
    }

    fn read_row(
        &mut self,
        source: &Source,
        start: Start,
        record: &StringRecord,
    ) -> Result<(), CliError> {
        let first = usize::from(self.persons_first);
        let person = match record.get(0) {
            Some(id) if self.persons_first => id.to_owned(),
            _ => (self.table.persons.len() + 1).to_string(),
        };
        if person.is_empty() {
            return Err(source
                .error(start, 0, "the person's id is empty")
                .help("give every row an id, or leave out the column `person`"));
        }
        if self.persons_first && !self.seen.insert(person.clone()) {
            return Err(source
                .error(start, 0, format!("person `{person}` stands there twice"))
                .help("one row a person; give each row an id of its own"));
        }
        self.table.persons.push(person);
        let mut labels = Vec::new();
        for (offset, (cell, kind)) in record.iter().skip(first).zip(&self.kinds).enumerate() {
            match kind {
                Column::Item { categories } => {
                    let score = score_of(cell, *categories)
                        .map_err(|why| source.error(start, first + offset, why).help(SCORES))?;
                    self.table.scores.push(score);
                }
                Column::Label => labels.push(cell.to_owned()),
                Column::Ignored => {}
            }
        }
        self.table.labels.push(labels);
        Ok(())
    }
}

/// The score in a cell, [`MISSING`] where it is empty or `NA`; below `categories` where given.
///
/// # Errors
/// Anything else than a whole number in range.
pub fn score_of(cell: &str, categories: Option<usize>) -> Result<u16, String> {
    if cell.is_empty() || cell == "NA" {
        return Ok(MISSING);
    }
    let value: u16 = match cell.as_bytes() {
        [digit @ b'0'..=b'9'] => u16::from(digit - b'0'),
        _ => cell
            .parse()
            .map_err(|_| format!("`{cell}` is not a score; write a whole number, or NA"))?,
    };
    let most = categories.map_or(SCORE_MAX, |n| u16::try_from(n - 1).unwrap_or(SCORE_MAX));
    if value <= most {
        Ok(value)
    } else {
        Err(format!("score {value} is out of range 0 to {most}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ResponseTable, String> {
        let columns = |name: &str| match name {
            "group" => Ok(Column::Label),
            "note" => Ok(Column::Ignored),
            id if id.starts_with('i') => Ok(Column::Item { categories: Some(3) }),
            other => Err(format!("item `{other}` is unknown")),
        };
        let source = Source::of_text("r.csv", text);
        let (mut reading, mut width) = (None, None);
        source
            .records_or_quick(&mut width, &mut |record| {
                read_record(&mut reading, &source, record, &columns)
            })
            .and_then(|()| whole(reading))
            .map_err(|error| error.message)
    }

    #[test]
    fn persons_labels_and_gaps_are_read() {
        // Goal: each cell lands where it belongs. Method: a file with everything, and one without
        // persons.
        let table = parse("person,i1,group,note,i2\nann,0,x,?,2\nbob,NA,y,!,\n").unwrap();
        assert_eq!(table.persons, ["ann", "bob"]);
        assert_eq!((table.row(0), table.row(1)), (&[0, 2][..], &[MISSING, MISSING][..]));
        assert_eq!(table.labels, [["x"], ["y"]]);
        let bare = parse("i1,i2\n0,1\n2,2\n").unwrap();
        assert_eq!(bare.persons, ["1", "2"]);
        assert_eq!(bare.scores(), [0, 1, 2, 2]);
    }

    #[test]
    fn quick_and_general_rows_mix() {
        // Goal: how a row is read changes nothing. Method: rows of both kinds in turn, and the same
        // table with every cell in quotes, which only the general reader takes.
        let mixed = "person,i1,group,i2,i3,i4,i5\nann,0,x,1,2,NA,1\n\"b,b\",2,y,1,,0,1\n\
                     cid,0,,1,2,1,1\r\n\n dee ,1,\"q\"\"z\",0,0,0,0\neve,0,x,0,0,0,0";
        let quoted: Vec<String> = mixed
            .replace("\"b,b\"", "b;b")
            .replace("\"q\"\"z\"", "q'z")
            .lines()
            .filter(|line| !line.is_empty())
            .map(|line| {
                let cells = line.split(',').map(|cell| format!("\"{}\"", cell.trim()));
                cells.collect::<Vec<_>>().join(",")
            })
            .collect();
        let quoted = quoted.join("\n").replace("b;b", "b,b").replace("q'z", "q\"\"z");
        let table = parse(mixed).unwrap();
        assert_eq!(table, parse(&quoted).unwrap());
        assert_eq!(table.persons, ["ann", "b,b", "cid", "dee", "eve"]);
        assert_eq!(table.labels.concat(), ["x", "y", "", "q\"z", "x"]);
        // A fault in a later row has its place, also where quick rows went before.
        let fault = |row: &str| parse(&format!("{mixed}\n{row}\n")).unwrap_err();
        assert_eq!(fault("fay,0,x,0,3,0,0"), "r.csv:8:11: score 3 is out of range 0 to 2");
        assert_eq!(fault("cid,0,x,0,0,0,0"), "r.csv:8:1: person `cid` stands there twice");
        assert_eq!(fault("fay,0,x"), "r.csv:8:8: a row of 3 where the header has 7 columns");
    }

    #[test]
    fn every_fault_has_a_place() {
        // Goal: file, line and column of what is wrong. Method: one file a fault.
        let fault = |text: &str| parse(text).unwrap_err();
        assert_eq!(fault("person,i1,x\n"), "r.csv:1:11: item `x` is unknown");
        assert_eq!(fault("i1,i1\n"), "r.csv:1:4: item `i1` stands there twice");
        assert_eq!(fault("person\nann\n"), "r.csv:1:7: there are no items in the header");
        let twice = "person,i1\nann,0\nann,1\n";
        assert_eq!(fault(twice), "r.csv:3:1: person `ann` stands there twice");
        assert_eq!(fault("i1,i2\n0,3\n"), "r.csv:2:3: score 3 is out of range 0 to 2");
        assert!(fault("i1,i2\n0,-1\n").starts_with("r.csv:2:3: `-1` is not a score"));
        assert!(fault("i1,i2\n0,1.0\n").starts_with("r.csv:2:3: `1.0` is not a score"));
        assert!(fault("i1,i2\n0,99999\n").starts_with("r.csv:2:3: `99999` is not a score"));
        assert!(fault("person,i1\n,0\n").starts_with("r.csv:2:1: the person's id is empty"));
        assert_eq!(fault("i1,i2\n0\n"), "r.csv:2:2: a row of 1 where the header has 2 columns");
    }
}
