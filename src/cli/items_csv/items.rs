//! `ITEMS.csv`: a row an item, with its model and parameters. Standard errors beside them, as
//! `gradus calibrate` writes them, are passed over.

use std::collections::HashMap;
use std::path::Path;

use csv::StringRecord;

use super::parameters::{Fault, Parameter, Row};
use super::source::{Source, Start};
use crate::cli::CliError;
use crate::psychometrics::irt::ItemModel;

/// What the models take.
const MODELS: &str = "1pl to 4pl: a > 0, b, 0 <= c < d <= 1 (empty: a = 1, c = 0, d = 1); grm: a > 0, \
                      b1 < b2 < …; gpcm, pcm: a > 0, b1, b2, …; nrm: a1, c1, a2, c2, …";

/// One item of a parameter file.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its id.
    pub id: String,
    /// Its model, with the metric constant already in its discrimination.
    pub model: ItemModel,
    /// The dimension it measures, where the file names one.
    pub topic: Option<String>,
}

/// The items of a parameter file, in its order, none twice.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemTable {
    items: Vec<Item>,
    by_id: HashMap<String, usize>,
}

impl ItemTable {
    /// The items.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The models alone, in the same order.
    pub fn models(&self) -> Vec<ItemModel> {
        self.items.iter().map(|item| item.model.clone()).collect()
    }

    /// The row of an id.
    pub fn index_of(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }
}

/// Reads a parameter file; `metric` is the constant D that scales every discrimination.
///
/// # Errors
/// Exit 3 or 5 for a file that cannot be read; exit 4 with file, line and column for a row that
/// is no item, a repeated id, a file without items.
pub fn read_items(path: &Path, metric: f64) -> Result<ItemTable, CliError> {
    parse_items(&Source::open(path)?, metric)
}

/// What the columns of a file are.
struct Header {
    id: usize,
    model: usize,
    topic: Option<usize>,
    parameters: Vec<(usize, Parameter)>,
}

fn parse_items(source: &Source, metric: f64) -> Result<ItemTable, CliError> {
    let mut header = None;
    let mut table = ItemTable { items: Vec::new(), by_id: HashMap::new() };
    let mut end = None;
    source.records(|start, record| {
        end = Some(start);
        match &header {
            None => header = Some(read_header(source, start, record)?),
            Some(header) => read_item(source, start, record, header, metric, &mut table)?,
        }
        Ok(())
    })?;
    match end {
        Some(start) if table.items.is_empty() => Err(source
            .error(start, usize::MAX, "there are no items below the header")
            .help("one row an item")),
        _ => Ok(table),
    }
}

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
    Ok(Header { id: needed("id")?, model: needed("model")?, topic: column("topic"), parameters })
}

fn read_item(
    source: &Source,
    start: Start,
    record: &StringRecord,
    header: &Header,
    metric: f64,
    table: &mut ItemTable,
) -> Result<(), CliError> {
    let id = &record[header.id];
    if id.is_empty() {
        return Err(source
            .error(start, header.id, "the id is empty")
            .help("give every item an id of its own"));
    }
    let mut cells = HashMap::new();
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
        cells.insert(parameter, value);
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
    if table.by_id.insert(id.to_owned(), table.items.len()).is_some() {
        return Err(source
            .error(start, header.id, format!("item `{id}` stands there twice"))
            .help("give every item an id of its own"));
    }
    let topic = header.topic.map(|cell| record[cell].to_owned()).filter(|name| !name.is_empty());
    table.items.push(Item { id: id.to_owned(), model, topic });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ItemTable, String> {
        parse_items(&Source::of_text("items.csv", text), 1.0).map_err(|error| error.message)
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
        assert_eq!(table.items().len(), 5);
        assert_eq!(table.items()[0].topic.as_deref(), Some("http"));
        assert_eq!(table.items()[2].topic, None);
        assert_eq!(table.items()[3].model.categories(), 2);
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
        let table = parse_items(&Source::of_text("t", text), 1.7).unwrap();
        assert_eq!(table.items()[0].model, ItemModel::logistic(3.4, 0.0, 0.0, 1.0).unwrap());
        let partial = ItemModel::generalized_partial_credit(1.7, vec![0.0]).unwrap();
        assert_eq!(table.items()[1].model, partial);
    }
}
