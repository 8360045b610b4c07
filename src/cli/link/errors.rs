//! The sampling errors of calibrated items: the `se_` columns of a parameter file, and the
//! covariances that `gradus calibrate --covariance` writes. Reads them; computes nothing.

use std::collections::HashMap;
use std::path::Path;

use nalgebra::DMatrix;

use crate::cli::CliError;
use crate::cli::items_csv::{Item, Source};
use crate::psychometrics::irt::ItemModel;

/// What is known of the errors of a file's parameters.
pub struct ParameterErrors {
    /// Standard errors by item and parameter, as in (`i1`, `b`).
    errors: HashMap<(String, String), f64>,
    /// Covariances by names such as `i1:b`, with the names' places.
    covariance: Option<(HashMap<String, usize>, DMatrix<f64>)>,
}

impl ParameterErrors {
    /// Reads the `se_` columns of a parameter file, and a file of covariances if there is one.
    pub fn read(items: &Path, covariance: Option<&Path>) -> Result<Self, CliError> {
        let covariance = covariance.map(read_covariance).transpose()?;
        Ok(Self { errors: read_errors(items)?, covariance })
    }

    /// Whether covariances are known, not only standard errors.
    pub fn has_covariance(&self) -> bool {
        self.covariance.is_some()
    }

    /// The standard error of an item's location. That of a mean of thresholds is at most the mean
    /// of theirs, which is what stands for it.
    pub fn of_location(&self, item: &Item<'_>) -> Option<f64> {
        let names = names(item.model);
        let places = names.iter().filter(|name| name.starts_with('b'));
        let errors: Vec<f64> = places
            .map(|name| self.errors.get(&(item.id.to_owned(), name.clone())).copied())
            .collect::<Option<_>>()?;
        (!errors.is_empty()).then(|| errors.iter().sum::<f64>() / errors.len() as f64)
    }

    /// The covariance of the items' parameters in the order of `linking::parameters`; slopes are
    /// multiplied by D as the items' are. `None` when an item has no standard error at all.
    pub fn matrix(&self, items: &[Item<'_>], metric: f64) -> Option<DMatrix<f64>> {
        let mut cells: Vec<(String, String, f64)> = Vec::new();
        for item in items {
            let names = names(item.model);
            let known = |name: &String| match &self.covariance {
                Some((places, _)) => places.contains_key(&format!("{}:{name}", item.id)),
                None => self.errors.contains_key(&(item.id.to_owned(), name.clone())),
            };
            if !names.iter().any(known) {
                return None;
            }
            cells.extend(names.into_iter().map(|name| {
                let scale = if name == "a" { metric } else { 1.0 };
                (item.id.to_owned(), name, scale)
            }));
        }
        let n = cells.len();
        let value = |i: usize, j: usize| -> f64 {
            let ((item, name, scale), (other, other_name, other_scale)) = (&cells[i], &cells[j]);
            let found = match &self.covariance {
                Some((places, matrix)) => places
                    .get(&format!("{item}:{name}"))
                    .zip(places.get(&format!("{other}:{other_name}")))
                    .map(|(&row, &column)| matrix[(row, column)]),
                None if i == j => {
                    self.errors.get(&(item.clone(), name.clone())).map(|error| error * error)
                }
                None => None,
            };
            found.unwrap_or(0.0) * scale * other_scale
        };
        Some(DMatrix::from_fn(n, n, value))
    }
}

/// The names of an item's parameters in the order of `linking::parameters`.
fn names(item: &ItemModel) -> Vec<String> {
    let numbered = |letter: &str, count: usize| -> Vec<String> {
        (1..=count).map(|k| format!("{letter}{k}")).collect()
    };
    let steps = item.categories() - 1;
    match item {
        ItemModel::Logistic(_) => ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
        ItemModel::Graded(_) | ItemModel::GeneralizedPartialCredit(_) => {
            [vec!["a".to_owned()], numbered("b", steps)].concat()
        }
        ItemModel::Nominal(_) => [numbered("a", steps), numbered("c", steps)].concat(),
    }
}

fn number(
    source: &Source,
    start: super::super::items_csv::Start,
    cell: usize,
    text: &str,
) -> Result<f64, CliError> {
    text.parse::<f64>().ok().filter(|value| value.is_finite()).ok_or_else(|| {
        source
            .error(start, cell, format!("`{text}` is not a number"))
            .help("numbers are written as 0.75 or 1e-3")
    })
}

fn read_errors(path: &Path) -> Result<HashMap<(String, String), f64>, CliError> {
    let source = Source::open(path)?;
    let mut header: Option<(usize, Vec<(usize, String)>)> = None;
    let mut errors = HashMap::new();
    source.records(|start, record| {
        let Some((id, columns)) = &header else {
            let id = record.iter().position(|name| name == "id").unwrap_or(0);
            let columns = record.iter().enumerate();
            let columns = columns
                .filter_map(|(cell, name)| Some((cell, name.strip_prefix("se_")?.to_owned())));
            header = Some((id, columns.collect()));
            return Ok(());
        };
        for (cell, name) in columns {
            if !matches!(&record[*cell], "" | "NA") {
                let error = number(&source, start, *cell, &record[*cell])?;
                errors.insert((record[*id].to_owned(), name.clone()), error);
            }
        }
        Ok(())
    })?;
    Ok(errors)
}

fn read_covariance(path: &Path) -> Result<(HashMap<String, usize>, DMatrix<f64>), CliError> {
    let source = Source::open(path)?;
    let mut names: Vec<String> = Vec::new();
    let mut values: Vec<f64> = Vec::new();
    let mut header = false;
    let help =
        "the file is that of `gradus calibrate --covariance`: a row and a column a parameter";
    source.records(|start, record| {
        if !header {
            header = true;
            names = record.iter().skip(1).map(str::to_owned).collect();
            return Ok(());
        }
        let row = values.len() / names.len().max(1);
        if names.get(row).map(String::as_str) != Some(&record[0]) {
            let message = format!("row `{}` where the header has another name", &record[0]);
            return Err(source.error(start, 0, message).help(help));
        }
        for (cell, text) in record.iter().enumerate().skip(1) {
            values.push(number(&source, start, cell, text)?);
        }
        Ok(())
    })?;
    let n = names.len();
    if values.len() != n * n {
        let name = path.display();
        let message =
            format!("{name}: {} rows of covariances for {n} columns", values.len() / n.max(1));
        return Err(CliError::new(crate::cli::Exit::Invalid, message).help(help));
    }
    let places = names.into_iter().enumerate().map(|(place, name)| (name, place)).collect();
    Ok((places, DMatrix::from_row_slice(n, n, &values)))
}
