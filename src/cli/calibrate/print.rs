//! What `gradus calibrate` prints and writes: a table for people, `gradus.calibrate/1`, and the
//! parameter file. No numbers are made here.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Convergence, Finished};
use crate::cli::output::{csv_line, csv_number, finite, print, print_json};
use crate::cli::{CliError, Exit};
use crate::psychometrics::calibration::Family;

#[derive(Serialize)]
struct Run {
    wall_s: f64,
    cpu_s: Option<f64>,
    threads: usize,
}

/// An item's named numbers in the order of the columns, each with its standard error.
pub struct Row {
    id: String,
    dimension: Option<String>,
    /// Name, value and standard error.
    pub values: Vec<(String, Option<f64>, Option<f64>)>,
    n: usize,
    usable: bool,
}

fn rows(finished: &Finished) -> Vec<Row> {
    (0..finished.data.items.len()).map(|item| row(finished, item)).collect()
}

/// The numbers of one item.
pub fn row(finished: &Finished, item: usize) -> Row {
    let family = finished.design.items[item].family;
    let x = &finished.fit.items[item];
    let parameters = family.parameters(x);
    let errors = finished.covariance.as_ref().map(|c| c.standard_errors(family, item, x));
    let mut values = Vec::new();
    let mut add = |name: String, value: f64, error: Option<f64>| {
        let error = error.and_then(finite).filter(|error| *error > 0.0);
        values.push((name, finite(value), error));
    };
    let error = |pick: &dyn Fn(&crate::psychometrics::calibration::StandardErrors) -> f64| {
        errors.as_ref().map(pick)
    };
    if family == Family::Nominal {
        for (k, (a, c)) in parameters.a.iter().zip(&parameters.b).enumerate() {
            add(format!("a{}", k + 1), *a, error(&|e| e.a[k]));
            add(format!("c{}", k + 1), *c, error(&|e| e.b[k]));
        }
    } else {
        add("a".to_owned(), parameters.a[0], error(&|e| e.a[0]));
        for (k, b) in parameters.b.iter().enumerate() {
            let name = if family.is_logistic() { "b".to_owned() } else { format!("b{}", k + 1) };
            add(name, *b, error(&|e| e.b[k]));
        }
        if family.is_logistic() {
            add("c".to_owned(), parameters.c, error(&|e| e.c));
            add("d".to_owned(), parameters.d, error(&|e| e.d));
        }
    }
    Row {
        id: finished.data.items[item].clone(),
        dimension: finished.dimensioned.as_ref().map(|d| d.name_of(item).to_owned()),
        values,
        n: finished.data.answers[item],
        usable: family.model(x).is_ok(),
    }
}

/// The name of how a calibration ended.
pub fn outcome(convergence: Convergence) -> &'static str {
    match convergence {
        Convergence::Converged => "converged",
        Convergence::IterationLimit => "iteration-limit",
        Convergence::Stalled => "stalled",
        Convergence::Diverging => "diverging",
    }
}

/// How ability is integrated out.
fn method(finished: &Finished) -> &'static str {
    if finished.dimensioned.is_some() { "expectation-propagation" } else { "quadrature" }
}

/// `gradus.calibrate/1`.
pub fn json(finished: &Finished) -> Result<Exit, CliError> {
    let fit = &finished.fit;
    let items: Vec<Value> = rows(finished).iter().map(item_json).collect();
    let first = finished.data.usable_groups.iter().position(|usable| *usable).unwrap_or(0);
    let latent = &fit.latent[first];
    let mut object = json!({
        "schema": "gradus.calibrate/1",
        "model": finished.model.name(),
        "persons": finished.data.responses.persons(),
        "items_n": finished.data.items.len(),
        "answers": finished.data.responses.answers(),
        "log_likelihood": fit.log_likelihood,
        "log_likelihood_method": method(finished),
        "nodes": finished.design.settings.nodes.len(),
        "log_posterior": fit.log_posterior,
        "iterations": fit.iterations,
        "converged": fit.convergence == Convergence::Converged,
        "outcome": outcome(fit.convergence),
        "gradient_norm": finite(fit.gradient_norm),
        "last_step": finite(fit.last_step),
        "items": items,
        "latent": {"mean": latent.mean, "sd": latent.sd},
        "left_out": left_out(finished),
        "notes": finished.notices.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "run": Run {
            wall_s: finished.wall.as_secs_f64(),
            cpu_s: finished.cpu_s,
            threads: finished.threads,
        },
    });
    if !finished.data.groups.is_empty() {
        object["groups"] = groups(finished);
    }
    let dimensioned = finished.dimensioned.iter().flat_map(|d| d.json());
    for (name, value) in dimensioned.chain(finished.analyses.clone()) {
        object[name] = value;
    }
    print_json(&object)
}

fn item_json(row: &Row) -> Value {
    let mut object = Map::new();
    object.insert("id".to_owned(), json!(row.id));
    if let Some(dimension) = &row.dimension {
        object.insert("dim".to_owned(), json!(dimension));
    }
    for (name, value, _) in &row.values {
        object.insert(name.clone(), json!(value));
    }
    for (name, _, error) in &row.values {
        object.insert(format!("se_{name}"), json!(error));
    }
    object.insert("n".to_owned(), json!(row.n));
    Value::Object(object)
}

fn left_out(finished: &Finished) -> Value {
    let entries = finished.notices.iter().filter_map(|notice| {
        notice.left_out().map(|(item, why)| json!({"item": item, "why": why}))
    });
    Value::Array(entries.collect())
}

fn groups(finished: &Finished) -> Value {
    let data = &finished.data;
    let entry = |group: usize| {
        let latent = Some(&finished.fit.latent[group]).filter(|_| data.usable_groups[group]);
        json!({
            "group": data.groups[group],
            "mean": latent.map(|latent| latent.mean),
            "sd": latent.map(|latent| latent.sd),
            "persons": data.group_sizes[group],
        })
    };
    Value::Array((0..data.groups.len()).map(entry).collect())
}

/// The columns that some item has, in a fixed order.
fn columns(rows: &[Row]) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    let longest = rows.iter().max_by_key(|row| row.values.len());
    for row in longest.into_iter().chain(rows) {
        for (name, _, _) in &row.values {
            if !columns.contains(name) {
                columns.push(name.clone());
            }
        }
    }
    columns
}

fn table(finished: &Finished, usable_only: bool) -> String {
    let rows = rows(finished);
    let columns = columns(&rows);
    let errors = columns.iter().map(|name| format!("se_{name}"));
    let topic = finished.dimensioned.as_ref().map(|_| "topic");
    let mut text = csv_line(
        ["id", "model"]
            .into_iter()
            .chain(topic)
            .map(str::to_owned)
            .chain(columns.iter().cloned())
            .chain(errors)
            .chain(std::iter::once("n".to_owned())),
    );
    for row in rows.iter().filter(|row| row.usable || !usable_only) {
        let find = |name: &String| row.values.iter().find(|(other, _, _)| other == name);
        let family_name = finished.model.file_name().to_owned();
        let mut cells = vec![row.id.clone(), family_name];
        cells.extend(row.dimension.clone());
        cells.extend(columns.iter().map(|name| csv_number(find(name).and_then(|v| v.1))));
        cells.extend(columns.iter().map(|name| csv_number(find(name).and_then(|v| v.2))));
        cells.push(row.n.to_string());
        text += &csv_line(cells);
    }
    text
}

/// The parameters as CSV on stdout.
pub fn csv(finished: &Finished) -> Result<Exit, CliError> {
    print(&table(finished, false))
}

/// The parameter file, written whole or not at all.
pub fn write_items(path: &Path, finished: &Finished) -> Result<(), CliError> {
    crate::cli::output::write_file(path, table(finished, true).as_bytes())
}

/// The covariances of what was estimated, a row and a column a parameter (`i1:a`, `i1:b`, …).
///
/// # Errors
/// No covariances.
pub fn covariance(finished: &Finished) -> Result<String, CliError> {
    let Some(covariance) = &finished.covariance else {
        let message = "--covariance: there are no standard errors to write";
        return Err(CliError::new(Exit::Invalid, message).help("leave out `--se none`"));
    };
    let matrix = covariance.of_parameters(&finished.design, &finished.fit);
    let names: Vec<String> = rows(finished)
        .iter()
        .flat_map(|row| parameter_names(row).into_iter().map(|name| format!("{}:{name}", row.id)))
        .collect();
    let known: Vec<usize> = (0..names.len()).filter(|&i| matrix[(i, i)] > 0.0).collect();
    let header = known.iter().map(|&i| names[i].clone());
    let mut text = csv_line(std::iter::once("parameter".to_owned()).chain(header));
    for &i in &known {
        let cells = known.iter().map(|&j| matrix[(i, j)].to_string());
        text += &csv_line(std::iter::once(names[i].clone()).chain(cells));
    }
    Ok(text)
}

/// A row's names in the order of the covariances: slopes before intercepts.
fn parameter_names(row: &Row) -> Vec<String> {
    let names: Vec<String> = row.values.iter().map(|(name, _, _)| name.clone()).collect();
    let nominal = names.iter().any(|name| name == "a1");
    if !nominal {
        return names;
    }
    let of = |letter: char| names.iter().filter(move |name| name.starts_with(letter)).cloned();
    of('a').chain(of('c')).collect()
}

/// A table for people.
pub fn text(finished: &Finished) -> Result<Exit, CliError> {
    let (fit, data) = (&finished.fit, &finished.data);
    let rows = rows(finished);
    let columns = columns(&rows);
    let mut text = format!(
        "{} · {} persons · {} items · {} answers\nlog-likelihood {:.4} after {} EM steps: {} \
         (gradient {:.1e})\n",
        finished.model.name(),
        data.responses.persons(),
        data.items.len(),
        data.responses.answers(),
        fit.log_likelihood,
        fit.iterations,
        outcome(fit.convergence),
        fit.gradient_norm,
    );
    text += &abilities(finished);
    let width = rows.iter().map(|row| row.id.chars().count()).max().unwrap_or(2).max(4);
    write!(text, "\n{:width$}", "item").ok();
    for name in &columns {
        write!(text, " {name:>9} {:>7}", "SE").ok();
    }
    writeln!(text, " {:>8}", "n").ok();
    for row in &rows {
        write!(text, "{:width$}", row.id).ok();
        for name in &columns {
            let found = row.values.iter().find(|(other, _, _)| other == name);
            let cell = |value: Option<f64>, width: usize| match value {
                Some(value) => format!("{value:>width$.4}"),
                None => format!("{:>width$}", "·"),
            };
            let (value, error) = found.map_or((None, None), |(_, value, error)| (*value, *error));
            write!(text, " {} {}", cell(value, 9), cell(error, 7)).ok();
        }
        writeln!(text, " {:>8}", row.n).ok();
    }
    print(&text)
}

/// The distribution of ability: a line a group, or the correlations of the dimensions.
fn abilities(finished: &Finished) -> String {
    if let Some(dimensioned) = &finished.dimensioned {
        let mut text = format!(
            "(by expectation propagation)\ncorrelations of the abilities:\n{}\n",
            dimensioned.lines().join("\n")
        );
        if let Some((_, found)) = finished.analyses.iter().find(|(name, _)| *name == "bifactor") {
            let share = |name: &str| found[name].as_f64().unwrap_or(f64::NAN);
            writeln!(
                text,
                "bifactor: ECV {:.3}, omega {:.3}, omega hierarchical {:.3} ({})",
                share("ecv"),
                share("omega"),
                share("omega_h"),
                found["outcome"].as_str().unwrap_or_default(),
            )
            .ok();
        }
        return text;
    }
    let groups = &finished.data.groups;
    let names = if groups.is_empty() { vec!["ability".to_owned()] } else { groups.clone() };
    let usable = finished.data.usable_groups.iter();
    let lines = names.iter().zip(&finished.fit.latent).zip(usable).filter(|(_, usable)| **usable);
    lines.map(|((name, l), _)| format!("{name}: mean {:.4}, SD {:.4}\n", l.mean, l.sd)).collect()
}
