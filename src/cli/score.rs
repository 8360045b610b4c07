//! `gradus score`: abilities of persons from known item parameters and their responses. Reads two
//! files, writes one table or object; estimates come from `psychometrics`.

use std::path::PathBuf;

use clap::Args;
use rayon::prelude::*;
use serde::Serialize;

use super::items_csv::{
    ItemTable, MISSING, NotItems, ResponseTable, read_items, read_responses_to,
};
use super::output::{csv_line, csv_number, finite, no_such_format, print, print_json};
use super::{CliError, Exit, Format, Global, numbers};
use crate::psychometrics::estimation::{
    EstimationError, Estimator, Method, Prior, Range, Tabulated,
};
use crate::psychometrics::numeric::quadrature::Grid;

/// Score responses with known item parameters
#[derive(Debug, Args)]
pub struct ScoreArgs {
    /// Item parameters: id,model,a,b,c,d; id,model,a,b1,b2,…; id,model,a1,c1,…
    #[arg(long, value_name = "ITEMS.csv")]
    items: PathBuf,
    /// Responses: a row a person, a column an item, NA for not administered
    #[arg(long, value_name = "R.csv")]
    responses: PathBuf,
    /// eap, map, ml or wl
    #[arg(long, default_value = "eap", value_parser = numbers::method)]
    method: Method,
    /// normal:M,SD or uniform:LO,HI
    #[arg(long, default_value = "normal:0,1", value_parser = numbers::prior)]
    prior: Prior,
    /// Grid of the posterior mean
    #[arg(long, value_name = "LO,HI,N", default_value = "-6,6,121", value_parser = numbers::grid)]
    #[arg(allow_hyphen_values = true)]
    grid: Grid,
    /// Where the other methods search
    #[arg(long, value_name = "LO,HI", default_value = "-6,6", value_parser = numbers::range)]
    #[arg(allow_hyphen_values = true)]
    range: Range,
    /// Metric constant that multiplies every discrimination
    #[arg(long = "D", value_name = "D", default_value = "1", value_parser = numbers::metric)]
    metric: f64,
    #[command(flatten)]
    not_items: NotItems,
}

#[derive(Serialize)]
struct Score<'a> {
    person: &'a str,
    theta: Option<f64>,
    se: Option<f64>,
    n: usize,
    log_likelihood: f64,
    bounded: bool,
}

#[derive(Serialize)]
struct Scores<'a> {
    schema: &'static str,
    method: &'static str,
    prior: String,
    grid: (f64, f64, usize),
    range: (f64, f64),
    #[serde(rename = "D")]
    metric: f64,
    persons: Vec<Score<'a>>,
}

/// Runs `gradus score`.
///
/// # Errors
/// Files that cannot be read or are not valid; a prior without mass on the grid or range; a
/// format that the command does not have.
pub fn run(global: &Global, args: &ScoreArgs) -> Result<Exit, CliError> {
    let as_json = match global.format {
        None | Some(Format::Text | Format::Csv) => false,
        Some(Format::Json) => true,
        Some(other) => return Err(no_such_format("score", other, "csv (also as text) and json")),
    };
    let items = read_items(&args.items, args.metric)?;
    let responses = read_responses_to(&items, &args.responses, &args.not_items)?;
    let persons = score_all(&items, &responses, args)?;
    if as_json {
        return print_json(&Scores {
            schema: "gradus.score/1",
            method: args.method.name(),
            prior: args.prior.to_string(),
            grid: numbers::grid_parts(&args.grid),
            range: (args.range.lo(), args.range.hi()),
            metric: args.metric,
            persons,
        });
    }
    print(&table(&persons))
}

/// Scores all persons in parallel; each by itself, so that threads change nothing.
fn score_all<'a>(
    items: &ItemTable,
    responses: &'a ResponseTable,
    args: &ScoreArgs,
) -> Result<Vec<Score<'a>>, CliError> {
    let estimator = Estimator::new(args.method)
        .with_prior(args.prior)
        .with_grid(args.grid.clone())
        .with_range(args.range);
    // Only the items that the responses have, in the order of its columns.
    let models: Vec<_> = responses
        .items
        .iter()
        .filter_map(|id| items.index_of(id))
        .map(|row| items.items()[row].model.clone())
        .collect();
    let tables = Tabulated::new(estimator, &models).map_err(refused)?;
    (0..responses.persons.len())
        .into_par_iter()
        .map(|person| score_one(&tables, &responses.persons[person], responses.row(person)))
        .collect()
}

fn score_one<'a>(
    tables: &Tabulated<'_>,
    person: &'a str,
    row: &[u16],
) -> Result<Score<'a>, CliError> {
    let scores: Vec<(usize, usize)> = row
        .iter()
        .enumerate()
        .filter(|(_, score)| **score != MISSING)
        .map(|(item, score)| (item, usize::from(*score)))
        .collect();
    let n = scores.len();
    match tables.estimate(&scores) {
        Ok((estimate, log_likelihood)) => Ok(Score {
            person,
            theta: Some(estimate.theta),
            se: finite(estimate.standard_error),
            n,
            log_likelihood,
            bounded: estimate.bounded,
        }),
        // Somebody who answered nothing has no likelihood to maximise: unknown, not refused.
        Err(EstimationError::NoAnswers { .. }) => {
            Ok(Score { person, theta: None, se: None, n, log_likelihood: 0.0, bounded: false })
        }
        Err(error) => Err(refused(error)),
    }
}

fn refused(error: EstimationError) -> CliError {
    CliError::new(Exit::Usage, error.to_string())
}

fn table(persons: &[Score<'_>]) -> String {
    let mut text = csv_line(["person", "theta", "se", "n"]);
    for score in persons {
        let (theta, se) = (csv_number(score.theta), csv_number(score.se));
        text += &csv_line([score.person, &theta, &se, &score.n.to_string()]);
    }
    text
}
