//! `--dims`: which dimension each item measures, and what several dimensions add to a calibration.
//! Reads one table and brings names and numbers together; the estimation is in `psychometrics`.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::data::{Data, Notice};
use super::options::Model;
use super::print::outcome;
use super::{Ability, CalibrateArgs, CliError, Exit};
use crate::cli::items_csv::{Source, Start, StringRecord};
use crate::cli::output::finite;
use crate::psychometrics::calibration::{
    self, BifactorItem, CalibrationError, Convergence, Covariance, Design, DimensionalFit,
    Dimensions, Fit, Progress, Settings, SpecificShares,
};
use crate::psychometrics::numeric::linalg::SymmetricMatrix;

/// The dimensions of a file, by name.
pub struct Assignment {
    file: String,
    names: Vec<String>,
    of_item: HashMap<String, usize>,
}

/// What several dimensions add to a calibration.
pub struct Dimensioned {
    /// Names of the dimensions.
    pub names: Vec<String>,
    /// The dimension of each item.
    pub dimensions: Dimensions,
    found: DimensionalFit,
    errors: Option<SymmetricMatrix>,
}

/// Reads `--dims`, where the model wants it.
///
/// # Errors
/// Exit 2 when one stands without the other, or with an option that is for one ability; exit 4 for
/// a faulty table.
pub fn read(args: &CalibrateArgs) -> Result<Option<Assignment>, CliError> {
    let usage = |message: &str| Err(CliError::new(Exit::Usage, message));
    let path = match (&args.dims, args.model == Model::Mirt) {
        (None, false) => return Ok(None),
        (None, true) => {
            return usage("--model mirt needs --dims, a table with the columns item,dim");
        }
        (Some(_), false) => return usage("--dims is for --model mirt"),
        (Some(path), true) => path,
    };
    let one_ability = [
        (args.anchors.is_some(), "--anchors"),
        (args.group.is_some(), "--group"),
        (args.fit, "--fit"),
        (args.ability != Ability::Normal, "--ability histogram"),
    ];
    if let Some((_, option)) = one_ability.iter().find(|(given, _)| *given) {
        return usage(&format!("{option} is for models of one ability, not for mirt"));
    }
    let source = Source::open(path)?;
    let mut header = true;
    let mut assignment =
        Assignment { file: path.display().to_string(), names: Vec::new(), of_item: HashMap::new() };
    source.records(|start, record| {
        if std::mem::take(&mut header) {
            return match (record.get(0), record.get(1), record.len()) {
                (Some("item"), Some("dim"), 2) => Ok(()),
                _ => Err(source
                    .error(start, 0, "the header is not item,dim")
                    .help("a row an item: its id and the name of its dimension")),
            };
        }
        assignment.row(&source, start, record)
    })?;
    Ok(Some(assignment))
}

impl Assignment {
    fn row(
        &mut self,
        source: &Source,
        start: Start,
        record: &StringRecord,
    ) -> Result<(), CliError> {
        let (item, name) = (&record[0], &record[1]);
        if name.is_empty() {
            return Err(source
                .error(start, 1, format!("item `{item}` has no dimension"))
                .help("write the name of the dimension that the item measures"));
        }
        let dimension = match self.names.iter().position(|other| other == name) {
            Some(dimension) => dimension,
            None => {
                self.names.push(name.to_owned());
                self.names.len() - 1
            }
        };
        if self.of_item.insert(item.to_owned(), dimension).is_some() {
            return Err(source
                .error(start, 0, format!("item `{item}` stands there twice"))
                .help("an item measures one dimension"));
        }
        Ok(())
    }

    /// The dimensions of the items that are estimated, in the order of the file.
    fn dimensions(&self, data: &Data) -> Result<(Vec<String>, Dimensions), CliError> {
        let mut of_item = Vec::new();
        for item in &data.items {
            let dimension = self.of_item.get(item).ok_or_else(|| {
                CliError::new(Exit::Invalid, format!("{}: item `{item}` has no row", self.file))
                    .help("give every item of the responses a dimension, or name it in --ignore")
            })?;
            of_item.push(*dimension);
        }
        let used: Vec<usize> = (0..self.names.len()).filter(|d| of_item.contains(d)).collect();
        let names: Vec<String> = used.iter().map(|&d| self.names[d].clone()).collect();
        let place: HashMap<usize, usize> = used.iter().enumerate().map(|(i, &d)| (d, i)).collect();
        let dimensions = Dimensions::new(of_item.iter().map(|d| place[d]).collect())
            .map_err(|error| self.refused(&names, error))?;
        Ok((names, dimensions))
    }

    /// The most answers that somebody gave to a single dimension.
    pub fn most_answers(&self, data: &Data) -> Result<usize, CliError> {
        let (_, dimensions) = self.dimensions(data)?;
        let of = |k: usize| data.responses.most_answers(|item| dimensions.of(item) == k);
        Ok((0..dimensions.count()).map(of).max().unwrap_or(0))
    }

    fn refused(&self, names: &[String], error: CalibrationError) -> CliError {
        match error {
            CalibrationError::FewItems { dimension, items } => CliError::new(
                Exit::Invalid,
                format!(
                    "{}: dimension `{}` has {items} item to estimate; it needs two",
                    self.file, names[dimension]
                ),
            )
            .help("of a single item the slope and the correlations cannot be told apart"),
            other => CliError::new(Exit::Invalid, other.to_string()),
        }
    }

    /// Estimates items and correlations.
    pub fn estimate(
        &self,
        data: &Data,
        design: &Design,
        watch: &mut dyn FnMut(Progress) -> bool,
    ) -> Result<(Fit, Dimensioned), CliError> {
        let (names, dimensions) = self.dimensions(data)?;
        let found = calibration::calibrate_dimensions(&data.responses, design, &dimensions, watch)
            .map_err(|error| CliError::new(Exit::Invalid, error.to_string()))?;
        let fit = found.fit.clone();
        Ok((fit, Dimensioned { names, dimensions, found, errors: None }))
    }
}

/// Above this two dimensions are one ability for every purpose.
const CORRELATION_HIGH: f64 = 0.99;

impl Dimensioned {
    /// Standard errors of the items, and of the correlations, which it keeps.
    pub fn standard_errors(
        &mut self,
        data: &Data,
        design: &Design,
    ) -> Result<Covariance, CalibrationError> {
        let errors = calibration::dimensional_errors(
            &data.responses,
            design,
            &self.dimensions,
            &self.found,
        )?;
        self.errors = Some(errors.correlations);
        Ok(errors.covariance)
    }

    /// `bifactor` of `gradus.calibrate/1`.
    pub fn bifactor(
        &self,
        data: &Data,
        settings: &Settings,
        notices: &mut Vec<Notice>,
    ) -> Result<Value, CliError> {
        let responses = &data.responses;
        let fit =
            calibration::calibrate_bifactor(responses, &self.dimensions, settings, &mut |_| true)
                .map_err(|error| CliError::new(Exit::Invalid, error.to_string()))?;
        if fit.convergence != Convergence::Converged {
            notices.push(Notice::NoBifactor(outcome(fit.convergence)));
        }
        let shares = fit.shares(&self.dimensions);
        let items = fit.items.iter().zip(&shares.loadings).enumerate();
        let item = |(item, (x, loadings)): (usize, (&BifactorItem, &(f64, f64)))| {
            json!({
                "id": data.items[item], "dim": self.name_of(item),
                "a_general": x.general, "a_specific": x.specific, "intercept": x.intercept,
                "loading_general": loadings.0, "loading_specific": loadings.1,
            })
        };
        let dimension = |(name, s): (&String, &SpecificShares)| {
            json!({
                "dim": name, "ecv": finite(s.common_variance), "omega": finite(s.omega),
                "omega_hs": finite(s.omega_hierarchical),
            })
        };
        Ok(json!({
            "log_likelihood": fit.log_likelihood, "iterations": fit.iterations,
            "converged": fit.convergence == Convergence::Converged,
            "outcome": outcome(fit.convergence), "gradient_norm": finite(fit.gradient_norm),
            "ecv": finite(shares.common_variance), "omega": finite(shares.omega),
            "omega_h": finite(shares.omega_hierarchical),
            "puc": finite(shares.uncontaminated_pairs),
            "dimensions":
                self.names.iter().zip(&shares.specific).map(dimension).collect::<Vec<_>>(),
            "items": items.map(item).collect::<Vec<_>>(),
        }))
    }

    /// The name of an item's dimension.
    pub fn name_of(&self, item: usize) -> &str {
        &self.names[self.dimensions.of(item)]
    }

    /// What the reader of the result should know.
    pub fn remarks(&self) -> Vec<Notice> {
        let mut notices = Vec::new();
        let correlations = &self.found.correlations;
        for row in 0..correlations.size() {
            for column in 0..row {
                if correlations.get(row, column).abs() >= CORRELATION_HIGH {
                    let names = [column, row].map(|d| self.names[d].clone());
                    notices.push(Notice::OneAbility { names });
                }
            }
        }
        if self.found.unsettled > 0.0 {
            notices.push(Notice::Unsettled { persons: self.found.unsettled });
        }
        notices
    }

    /// Rows of a symmetric matrix.
    fn rows(matrix: &SymmetricMatrix, diagonal: Option<f64>) -> Value {
        let cell = |row: usize, column: usize| match diagonal {
            Some(value) if row == column => Some(value),
            None if row == column => None,
            _ => finite(matrix.get(row, column)),
        };
        let row = |row: usize| (0..matrix.size()).map(|c| json!(cell(row, c))).collect::<Vec<_>>();
        json!((0..matrix.size()).map(row).collect::<Vec<_>>())
    }

    /// Members of `gradus.calibrate/1`.
    pub fn json(&self) -> Vec<(&'static str, Value)> {
        let errors = self.errors.as_ref().map(|errors| Self::rows(errors, None));
        vec![
            ("dimensions", json!(self.names)),
            ("correlations", Self::rows(&self.found.correlations, Some(1.0))),
            ("se_correlations", json!(errors)),
            ("se_method", json!(self.errors.as_ref().map(|_| "cross-product"))),
        ]
    }

    /// A line for the table of a dimension: its name and its correlations with those before it.
    pub fn lines(&self) -> Vec<String> {
        let width = self.names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let line = |(row, name): (usize, &String)| {
            let cells: Vec<String> = (0..=row)
                .map(|column| format!("{:>7.3}", self.found.correlations.get(row, column)))
                .collect();
            format!("{name:width$} {}", cells.join(" "))
        };
        self.names.iter().enumerate().map(line).collect()
    }
}
