//! `gradus select`: the next item by a classical criterion, for comparison with other programs.
//! Reads one file; ratings come from `psychometrics`.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::items_csv::{ItemTable, read_items};
use super::output::{csv_line, csv_number, finite, no_such_format, print, print_json};
use super::{CliError, Exit, Format, Global, numbers};
use crate::psychometrics::estimation::{Answer, Estimator, Method, Prior};
use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::numeric::quadrature::Grid;
use crate::psychometrics::selection::{Criterion, SelectionError, Selector};

/// Choose the next item by a criterion
#[derive(Debug, Args)]
pub struct SelectArgs {
    /// Item parameters: id,model,a,b,c,d; id,model,a,b1,b2,…; id,model,a1,c1,…
    #[arg(long, value_name = "ITEMS.csv")]
    items: PathBuf,
    /// What was answered so far, in order
    #[arg(long, value_name = "ID:SCORE,…", default_value = "", hide_default_value = true)]
    administered: String,
    /// The current ability; else the posterior mean of what was answered
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    theta: Option<f64>,
    /// mfi, urry, mlwi, mpwi, kl, klp, mei, mepv, gdi or gdip
    #[arg(long, default_value = "mfi", value_parser = criterion)]
    criterion: Criterion,
    /// What MEI estimates with after each possible answer: eap, map, ml or wl
    #[arg(long, default_value = "eap", value_parser = numbers::method)]
    estimator: Method,
    /// normal:M,SD or uniform:LO,HI
    #[arg(long, default_value = "normal:0,1", value_parser = numbers::prior)]
    prior: Prior,
    /// Grid of the integrals and of posterior means
    #[arg(long, value_name = "LO,HI,N", default_value = "-6,6,121", value_parser = numbers::grid)]
    #[arg(allow_hyphen_values = true)]
    grid: Grid,
    /// Metric constant that multiplies every discrimination
    #[arg(long = "D", value_name = "D", default_value = "1", value_parser = numbers::metric)]
    metric: f64,
    /// Give the value of every item left
    #[arg(long)]
    all: bool,
}

fn criterion(text: &str) -> Result<Criterion, String> {
    text.parse().map_err(|error: SelectionError| error.to_string())
}

#[derive(Serialize)]
struct Selection<'a> {
    schema: &'static str,
    criterion: &'static str,
    theta: f64,
    item: Option<&'a str>,
    value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<BTreeMap<&'a str, Option<f64>>>,
}

/// Runs `gradus select`.
///
/// # Errors
/// A file that cannot be read or is not valid; an administered item that does not exist; a score
/// that it cannot give; a criterion that an item's model does not have.
pub fn run(global: &Global, args: &SelectArgs) -> Result<Exit, CliError> {
    let as_json = match global.format {
        None | Some(Format::Text | Format::Csv) => false,
        Some(Format::Json) => true,
        Some(other) => return Err(no_such_format("select", other, "csv (also as text) and json")),
    };
    if args.theta.is_some_and(|theta| !theta.is_finite()) {
        return Err(CliError::new(Exit::Usage, "--theta is not a finite number"));
    }
    let items = read_items(&args.items, args.metric)?;
    let administered = administered(&items, &args.administered)?;
    let models = items.models();
    let answers = administered
        .iter()
        .map(|&(row, score)| Answer::new(&models[row], score))
        .collect::<Result<Vec<_>, _>>()
        .map_err(usage)?;
    let theta = match args.theta {
        Some(theta) => theta,
        None => {
            let mean = Estimator::new(Method::Eap).with_prior(args.prior);
            mean.with_grid(args.grid.clone()).estimate(&answers).map_err(usage)?.theta
        }
    };
    let used: HashSet<usize> = administered.iter().map(|(row, _)| *row).collect();
    let values = rate(args, models, &used, &answers, theta)?;
    let best = best(args.criterion, &values);
    if as_json {
        json(args, &items, theta, &values, best)
    } else {
        table(args, &items, theta, &values, best)
    }
}

/// The value of every item left, in the order of the file.
fn rate(
    args: &SelectArgs,
    models: &[ItemModel],
    used: &HashSet<usize>,
    answers: &[Answer<'_>],
    theta: f64,
) -> Result<Vec<(usize, f64)>, CliError> {
    let selector = Selector::new(args.criterion)
        .with_prior(args.prior)
        .with_grid(args.grid.clone())
        .with_method(args.estimator);
    let rating = selector.at(answers, theta).map_err(usage)?;
    models
        .iter()
        .enumerate()
        .filter(|(row, _)| !used.contains(row))
        .map(|(row, model)| Ok((row, rating.value(model).map_err(usage)?)))
        .collect()
}

fn usage(error: impl std::fmt::Display) -> CliError {
    CliError::new(Exit::Usage, error.to_string())
}

/// The best of the values, the earlier row of equals.
fn best(criterion: Criterion, values: &[(usize, f64)]) -> Option<(usize, f64)> {
    let better = |best: Option<(usize, f64)>, &(row, value): &(usize, f64)| match best {
        Some((_, other)) if !criterion.beats(value, other) => best,
        _ => Some((row, value)),
    };
    // What is no number can neither win nor keep others from winning.
    values.iter().filter(|(_, value)| !value.is_nan()).fold(None, better)
}

/// Rows and scores of `ID:SCORE,…`.
fn administered(items: &ItemTable, text: &str) -> Result<Vec<(usize, usize)>, CliError> {
    let mut list: Vec<(usize, usize)> = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let malformed = || usage(format!("`{part}` is not ID:SCORE"));
        let (id, score) = part.rsplit_once(':').ok_or_else(malformed)?;
        let score: usize = score.trim().parse().map_err(|_| malformed())?;
        let id = id.trim();
        let row = items.index_of(id).ok_or_else(|| {
            CliError::new(Exit::NotFound, format!("item `{id}` is not in the parameter file"))
        })?;
        let categories = items.item(row).model.categories();
        if score >= categories {
            let most = categories - 1;
            return Err(usage(format!("score {score} of item `{id}` is out of range 0 to {most}")));
        }
        if list.iter().any(|(other, _)| *other == row) {
            return Err(usage(format!("item `{id}` was administered twice")));
        }
        list.push((row, score));
    }
    Ok(list)
}

fn json(
    args: &SelectArgs,
    items: &ItemTable,
    theta: f64,
    values: &[(usize, f64)],
    best: Option<(usize, f64)>,
) -> Result<Exit, CliError> {
    let id = |row: usize| items.item(row).id;
    let all = || values.iter().map(|&(row, value)| (id(row), finite(value))).collect();
    print_json(&Selection {
        schema: "gradus.select/1",
        criterion: args.criterion.name(),
        theta,
        item: best.map(|(row, _)| id(row)),
        value: best.and_then(|(_, value)| finite(value)),
        values: args.all.then(all),
    })
}

/// The chosen item; with `--all` every item left, the best first.
fn table(
    args: &SelectArgs,
    items: &ItemTable,
    theta: f64,
    values: &[(usize, f64)],
    best: Option<(usize, f64)>,
) -> Result<Exit, CliError> {
    let mut rows: Vec<(usize, f64)> =
        if args.all { values.to_vec() } else { best.into_iter().collect() };
    let sense = if args.criterion.smallest_wins() { 1.0 } else { -1.0 };
    rows.sort_by(|a, b| (sense * a.1).total_cmp(&(sense * b.1)).then(a.0.cmp(&b.0)));
    let mut text = csv_line(["criterion", "theta", "item", "value"]);
    for (row, value) in rows {
        let (theta, value) = (theta.to_string(), csv_number(finite(value)));
        text += &csv_line([args.criterion.name(), &theta, items.item(row).id, &value]);
    }
    print(&text)
}
