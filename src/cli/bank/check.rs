//! `gradus bank check`: reads what it is pointed at, lets the bank room judge it, and prints the
//! findings. Never judges by itself.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::super::bank_source::{embedded_whole, load_bank, paths_below, read};
use super::super::edge::now_ms;
use super::super::take::print_data;
use super::super::{CliError, Exit, Global};
use super::{to_json, wants_color, wants_json};
use crate::bank::{CheckOptions, Checked, Diagnostic, Severity, SourceFile, check_bank, render};

pub(super) fn run(global: &Global, paths: &[PathBuf]) -> Result<Exit, CliError> {
    let as_json = wants_json(global, "check")?;
    let today = today();
    let mut sources = Sources::default();
    let checked = if paths.is_empty() {
        match &global.banks {
            Some(directory) => sources.collect(directory)?,
            None => sources.files = embedded_whole(),
        }
        check_bank(&sources.files, &CheckOptions { around: None, today: Some(&today) })
    } else {
        for path in paths {
            sources.collect(path)?;
        }
        // Questions alone are checked as a part of the bank that they are written for.
        let around = load_bank(global)?;
        check_bank(&sources.files, &CheckOptions { around: Some(&around), today: Some(&today) })
    };
    let mut findings = Findings::new(checked, sources.unreadable);
    let schema = |line: &str| line.trim_end() == "schema: gradus.calibration/1";
    findings.has_calibration = sources.files.iter().any(|file| file.text.lines().any(schema));
    let text = if as_json { findings.json()? } else { findings.text(&sources.files, global) };
    print_data(&text)?;
    findings.exit()
}

/// Today, where the reader is.
pub(super) fn today() -> String {
    let now = Timestamp::from_millisecond(now_ms()).unwrap_or_default();
    now.to_zoned(TimeZone::system()).date().to_string()
}

/// The files of the paths, and those that are no text.
#[derive(Default)]
struct Sources {
    files: Vec<SourceFile>,
    unreadable: Vec<Diagnostic>,
}

impl Sources {
    fn collect(&mut self, path: &std::path::Path) -> Result<(), CliError> {
        for path in paths_below(path)? {
            match read(&path) {
                Ok(file) => self.files.push(file),
                Err(error) => self.unreadable.push(Diagnostic {
                    code: "Q000",
                    severity: Severity::Error,
                    file: path.to_string_lossy().into_owned(),
                    line: 1,
                    column: 1,
                    item: None,
                    message: error.message,
                    help: error.help,
                    span: 0..0,
                }),
            }
        }
        Ok(())
    }
}

/// Everything that was found.
struct Findings {
    diagnostics: Vec<Diagnostic>,
    items: usize,
    /// A calibration file can be checked without any item: those that it names stand in the bank around it.
    has_calibration: bool,
}

impl Findings {
    fn new(checked: Checked, mut unreadable: Vec<Diagnostic>) -> Self {
        unreadable.extend(checked.diagnostics);
        Self { diagnostics: unreadable, items: checked.items, has_calibration: false }
    }

    fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|found| found.severity == severity).count()
    }

    fn exit(&self) -> Result<Exit, CliError> {
        if self.count(Severity::Error) > 0 {
            return Ok(Exit::No);
        }
        if self.items == 0 && !self.has_calibration {
            return Err(CliError::new(Exit::NotFound, "there is no item to check")
                .help("item files are *.yaml and begin with `schema: gradus.items/1`"));
        }
        Ok(Exit::Done)
    }

    fn json(&self) -> Result<String, CliError> {
        to_json(&CheckForm {
            schema: "gradus.bank-check/1",
            items: self.items,
            errors: self.count(Severity::Error),
            warnings: self.count(Severity::Warning),
            diagnostics: self.diagnostics.iter().map(DiagnosticForm::of).collect(),
        })
    }

    fn text(&self, files: &[SourceFile], global: &Global) -> String {
        let shown: Vec<Diagnostic> = self
            .diagnostics
            .iter()
            .filter(|found| !global.quiet || found.severity == Severity::Error)
            .cloned()
            .collect();
        let count = |number: usize, noun: &str| {
            format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
        };
        format!(
            "{}{} and {} in {}",
            render(&shown, files, wants_color(global)),
            count(self.count(Severity::Error), "error"),
            count(self.count(Severity::Warning), "warning"),
            count(self.items, "item"),
        )
    }
}

/// The form `gradus.bank-check/1`.
#[derive(Serialize)]
struct CheckForm<'d> {
    schema: &'static str,
    items: usize,
    errors: usize,
    warnings: usize,
    diagnostics: Vec<DiagnosticForm<'d>>,
}

/// A finding; one about the bank as a whole has no file, line and column.
#[derive(Serialize)]
struct DiagnosticForm<'d> {
    code: &'static str,
    severity: Severity,
    file: Option<&'d str>,
    line: Option<usize>,
    column: Option<usize>,
    item: Option<&'d str>,
    message: &'d str,
    help: Option<&'d str>,
}

impl<'d> DiagnosticForm<'d> {
    fn of(found: &'d Diagnostic) -> Self {
        let placed = !found.file.is_empty();
        Self {
            code: found.code,
            severity: found.severity,
            file: placed.then_some(&found.file),
            line: placed.then_some(found.line),
            column: placed.then_some(found.column),
            item: found.item.as_deref(),
            message: &found.message,
            help: found.help.as_deref(),
        }
    }
}
