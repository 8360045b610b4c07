//! `ITEMS.csv`: a row an item, with its model and parameters. Standard errors beside them, as
//! `gradus calibrate` writes them, are passed over.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use csv::StringRecord;

use super::ids::Ids;
use super::parameters::{Cells, Fault, Parameter, Row};
use super::source::{Record, Source, Start};
use crate::cli::CliError;
use crate::psychometrics::irt::ItemModel;

/// What the models take.
const MODELS: &str = "1pl to 4pl: a > 0, b, 0 <= c < d <= 1 (empty: a = 1, c = 0, d = 1); grm: a > 0, \
                      b1 < b2 < …; gpcm, pcm: a > 0, b1, b2, …; nrm: a1, c1, a2, c2, …";

/// One item of a parameter file.
#[derive(Debug, Clone, Copy)]
pub struct Item<'t> {
    /// Its id.
    pub id: &'t str,
    /// Its model, with the metric constant already in its discrimination.
    pub model: &'t ItemModel,
    /// The dimension it measures, where the file names one.
    pub topic: Option<&'t str>,
}

/// The items of a parameter file, in its order, none twice.
#[derive(Debug, Default)]
pub struct ItemTable {
    ids: Arc<Ids>,
    models: Vec<ItemModel>,
    /// For each item the number of its topic, counted from 1; empty while no item has one.
    topics: Vec<u32>,
    topic_names: Ids,
}

impl ItemTable {
    /// Number of items.
    pub fn len(&self) -> usize {
        self.models.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.models.is_empty()
    }

    /// The item of a row.
    pub fn item(&self, row: usize) -> Item<'_> {
        let topic = self.topics.get(row).and_then(|number| (*number as usize).checked_sub(1));
        Item {
            id: self.ids.get(row),
            model: &self.models[row],
            topic: topic.map(|topic| self.topic_names.get(topic)),
        }
    }

    /// The items.
    pub fn iter(&self) -> impl Iterator<Item = Item<'_>> {
        (0..self.len()).map(|row| self.item(row))
    }

    /// The models alone, in the same order.
    pub fn models(&self) -> &[ItemModel] {
        &self.models
    }

    /// The ids alone, in the same order.
    pub fn ids(&self) -> &Arc<Ids> {
        &self.ids
    }

    /// The row of an id.
    pub fn index_of(&self, id: &str) -> Option<usize> {
        self.ids.row(id)
    }

    /// Adds an item; false if its id is there already.
    fn push(&mut self, id: &str, model: ItemModel, topic: &str) -> bool {
        // Nobody else holds the ids of a table that is being read.
        if !Arc::make_mut(&mut self.ids).insert(id) {
            return false;
        }
        if !topic.is_empty() {
            self.topic_names.insert(topic);
            self.topics.resize(self.models.len(), 0);
            self.topics.push(self.topic_names.row(topic).map_or(0, |row| row as u32 + 1));
        }
        self.models.push(model);
        true
    }
}

/// Reads a parameter file; `metric` is the constant D that scales every discrimination.
///
/// # Errors
/// Exit 3 or 5 for a file that cannot be read; exit 4 with file, line and column for a row that
/// is no item, a repeated id, a file without items.
pub fn read_items(path: &Path, metric: f64) -> Result<ItemTable, CliError> {
    let mut reading = Reading::new(metric);
    let mut end = None;
    let read = Source::stream(path, |source, record| match record {
        Record::Text(text) => Ok(reading.quick(text)),
        Record::Cells(start, cells) => {
            reading.take(source, start, cells)?;
            if reading.table.is_empty() {
                end = Some(no_items(source, start));
            }
            Ok(None)
        }
    });
    read?;
    match end {
        Some(error) if reading.table.is_empty() => Err(error),
        _ => Ok(reading.table),
    }
}

fn no_items(source: &Source, start: Start) -> CliError {
    source.error(start, usize::MAX, "there are no items below the header").help("one row an item")
}

/// What the columns of a file are.
struct Header {
    id: usize,
    model: usize,
    topic: Option<usize>,
    parameters: Vec<(usize, Parameter)>,
    width: usize,
}

/// A parameter file that is being read.
struct Reading {
    metric: f64,
    header: Option<Header>,
    table: ItemTable,
    /// Room for the numbers of a row.
    cells: Cells,
}

impl Reading {
    fn new(metric: f64) -> Self {
        Self { metric, header: None, table: ItemTable::default(), cells: Cells::default() }
    }

    /// Takes in a record.
    fn take(
        &mut self,
        source: &Source,
        start: Start,
        record: &StringRecord,
    ) -> Result<(), CliError> {
        match &self.header {
            None => self.header = Some(read_header(source, start, record)?),
            Some(header) => {
                read_item(source, start, record, (header, self.metric), &mut self.table)?;
            }
        }
        Ok(())
    }

    /// Takes in the row at the beginning of a text if it is plain and valid, and says how long it
    /// is; all else is left to [`Self::take`], which can say what is wrong.
    fn quick(&mut self, text: &str) -> Option<usize> {
        let header = self.header.as_ref()?;
        let end = text.bytes().position(|byte| byte == b'\n')?;
        let line = &text[..end];
        if line.contains('"') {
            return None;
        }
        let mut row = [""; QUICK_COLUMNS];
        let mut found = 0;
        for cell in line.split(',') {
            *row.get_mut(found)? = cell.trim();
            found += 1;
        }
        let row = &row[..found];
        let (id, model) = (*row.get(header.id)?, *row.get(header.model)?);
        if found != header.width || id.is_empty() {
            return None;
        }
        self.cells.clear();
        for &(cell, parameter) in &header.parameters {
            match row[cell] {
                "" | "NA" => {}
                text => self.cells.push(parameter, text.parse().ok()?),
            }
        }
        let mut model = Row { model, cells: &self.cells }.build().ok()?;
        if self.metric != 1.0 {
            model = model.scaled(self.metric).ok()?;
        }
        let topic = header.topic.map_or("", |cell| row[cell]);
        self.table.push(id, model, topic).then_some(end + 1)
    }
}

/// Wider rows are read cell by cell.
const QUICK_COLUMNS: usize = 64;

fn read_header(source: &Source, start: Start, record: &StringRecord) -> Result<Header, CliError> {
    let mut seen = HashMap::new();
    let mut parameters = Vec::new();
    for (cell, name) in record.iter().enumerate() {
        if seen.insert(name, cell).is_some() {
            return Err(source
                .error(start, cell, format!("column `{name}` stands there twice"))
                .help("every column needs a name of its own"));
        }
        match Parameter::named(name) {
            Some(parameter) => parameters.push((cell, parameter)),
            None if matches!(name, "id" | "model" | "topic" | "n") || name.starts_with("se_") => {}
            None => {
                let message = format!("`{name}` is not a column of a parameter file");
                return Err(source.error(start, cell, message).help(
                    "columns are id, model, topic, a, b, c, d, b1, b2, …, or a1, c1, a2, c2, …",
                ));
            }
        }
    }
    let column = |name: &str| seen.get(name).copied();
    let needed = |name: &str| {
        let missing = || {
            let message = format!("there is no column `{name}`");
            source.error(start, usize::MAX, message).help("the first line names the columns")
        };
        column(name).ok_or_else(missing)
    };
    let (id, model, topic) = (needed("id")?, needed("model")?, column("topic"));
    Ok(Header { id, model, topic, parameters, width: record.len() })
}

fn read_item(
    source: &Source,
    start: Start,
    record: &StringRecord,
    (header, metric): (&Header, f64),
    table: &mut ItemTable,
) -> Result<(), CliError> {
    let id = &record[header.id];
    if id.is_empty() {
        return Err(source
            .error(start, header.id, "the id is empty")
            .help("give every item an id of its own"));
    }
    let mut cells = Cells::default();
    for &(cell, parameter) in &header.parameters {
        let text = &record[cell];
        if text.is_empty() || text == "NA" {
            continue;
        }
        let value = text.parse::<f64>().map_err(|_| {
            source.error(
                start,
                cell,
                format!("{parameter} of item `{id}` is `{text}`, not a number"),
            )
            .help("numbers are written as 0.75 or 1e-3; leave cells empty that a model does not use")
        })?;
        cells.push(parameter, value);
    }
    let place = |parameter: Option<Parameter>| match parameter {
        None => header.model,
        // A parameter without a column is missing from the end of the row.
        Some(wanted) => {
            let column = header.parameters.iter().find(|(_, parameter)| *parameter == wanted);
            column.map_or(usize::MAX, |(cell, _)| *cell)
        }
    };
    let refuse = |fault: Fault| {
        let message = format!("item `{id}`: {}", fault.message);
        source.error(start, place(fault.parameter), message).help(MODELS)
    };
    let model = Row { model: &record[header.model], cells: &cells }.build().map_err(refuse)?;
    let model = model.scaled(metric).map_err(|error| {
        source
            .error(start, header.id, format!("item `{id}`, scaled by D: {error}"))
            .help("D multiplies every discrimination")
    })?;
    let topic = header.topic.map_or("", |cell| &record[cell]);
    if !table.push(id, model, topic) {
        return Err(source
            .error(start, header.id, format!("item `{id}` stands there twice"))
            .help("give every item an id of its own"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a text as a file, quickly where it can and cell by cell: both must agree.
    fn parse_scaled(text: &str, metric: f64) -> Result<ItemTable, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("items.csv");
        std::fs::write(&path, text).unwrap();
        let quick = read_items(&path, metric)
            .map_err(|error| error.message.replace(&format!("{}", path.display()), "items.csv"));
        let mut reading = Reading::new(metric);
        let source = Source::of_text("items.csv", text);
        let slow = source.records(|start, cells| reading.take(&source, start, cells));
        match (&quick, slow) {
            (Ok(quick), slow) => {
                slow.unwrap();
                let all = |table: &ItemTable| -> Vec<String> {
                    table.iter().map(|item| format!("{item:?}")).collect()
                };
                assert_eq!(all(quick), all(&reading.table));
            }
            (Err(_), Ok(())) => assert_eq!(reading.table.len(), 0),
            (Err(message), Err(error)) => assert_eq!(*message, error.message),
        }
        quick
    }

    fn parse(text: &str) -> Result<ItemTable, String> {
        parse_scaled(text, 1.0)
    }

    #[test]
    fn mixed_models_stand_in_one_file() {
        // Goal: each row uses its own columns. Method: one file with five models and a topic.
        let table = parse(
            "id,model,topic,a,b,c,d,b1,b2,a1,c1,se_a\n\
             i1,1pl,http,,0.5,,,,,,,\n\
             i2,4pl,sql,1.2,-1,0.2,0.98,,,,,0.1\n\
             i3,grm,,0.9,,,,-1,1,,,NA\n\
             i4,pcm,,,,,,0,,,,\n\
             i5,nrm,,,,,,,,0.5,-0.1,\n",
        )
        .unwrap();
        assert_eq!(table.len(), 5);
        assert_eq!(table.item(0).topic, Some("http"));
        assert_eq!(table.item(2).topic, None);
        assert_eq!(table.item(3).model.categories(), 2);
        assert_eq!(table.index_of("i5"), Some(4));
        assert_eq!(table.index_of("i6"), None);
    }

    #[test]
    fn every_fault_has_a_place() {
        // Goal: file, line and column of what is wrong. Method: one file a fault.
        let fault = |text: &str| parse(text).unwrap_err();
        assert!(fault("id,model,b\n").starts_with("items.csv:1:11: there are no items"));
        assert!(fault("id,b\ni1,0\n").starts_with("items.csv:1:5: there is no column `model`"));
        assert!(fault("id,model,b,b\n").starts_with("items.csv:1:12: column `b` stands"));
        assert!(fault("id,model,B\n").starts_with("items.csv:1:10: `B` is not a column"));
        let twice = "id,model,b\ni1,1pl,0\ni1,1pl,1\n";
        assert_eq!(fault(twice), "items.csv:3:1: item `i1` stands there twice");
        let letters = "id,model,a,b\ni1,2pl,x,0\n";
        assert_eq!(fault(letters), "items.csv:2:8: a of item `i1` is `x`, not a number");
        let negative = "id,model,a,b\ni1,2pl,0,0\n";
        assert!(fault(negative).starts_with("items.csv:2:8: item `i1`: discrimination a is 0"));
        let crossed = "id,model,a,b,c,d\ni1,4pl,1,0,0.9,0.8\n";
        assert!(fault(crossed).starts_with("items.csv:2:12: item `i1`: lower asymptote"));
        let unordered = "id,model,a,b1,b2\ni1,grm,1,1,0.5\n";
        assert!(fault(unordered).starts_with("items.csv:2:12: item `i1`: thresholds must"));
        let infinite = "id,model,b\ni1,1pl,inf\n";
        assert!(fault(infinite).starts_with("items.csv:2:8: item `i1`: parameter b is inf"));
        assert!(fault("id,model,b\n,1pl,0\n").starts_with("items.csv:2:1: the id is empty"));
        assert!(fault("id,model,b\ni1,5pl,0\n").starts_with("items.csv:2:4: item `i1`: `5pl`"));
    }

    #[test]
    fn the_metric_scales_every_discrimination() {
        // Goal: D is applied once, on reading. Method: D = 1.7 on a row of two models.
        let text = "id,model,a,b,b1\ni1,2pl,2,0,\ni2,gpcm,1,,0\n";
        let table = parse_scaled(text, 1.7).unwrap();
        assert_eq!(*table.item(0).model, ItemModel::logistic(3.4, 0.0, 0.0, 1.0).unwrap());
        let partial = ItemModel::generalized_partial_credit(1.7, vec![0.0]).unwrap();
        assert_eq!(*table.item(1).model, partial);
    }
}
