//! `gradus score`: abilities of persons from known item parameters and their responses. Reads two
//! files, writes one table or object; estimates come from `psychometrics`.

use std::ops::Range;
use std::path::PathBuf;

use clap::Args;
use rayon::prelude::*;
use serde::Serialize;

use super::items_csv::{MISSING, NotItems, ResponseTable, read_items, read_responses_to};
use super::output::{csv_line, finite, no_such_format, print, print_json, push_cell, push_number};
use super::{CliError, Exit, Format, Global, numbers};
use crate::psychometrics::estimation::{
    Answer, BulkMeans, Estimate, EstimationError, Estimator, Method, Prior, Range as Search,
    Tabulated, log_likelihood,
};
use crate::psychometrics::irt::ItemModel;
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
    range: Search,
    /// Metric constant that multiplies every discrimination
    #[arg(long = "D", value_name = "D", default_value = "1", value_parser = numbers::metric)]
    metric: f64,
    #[command(flatten)]
    not_items: NotItems,
}

#[derive(Clone, Serialize)]
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
    // Only the items that the responses have, in the order of its columns.
    let models: Vec<ItemModel> = responses
        .items
        .iter()
        .filter_map(|id| items.index_of(id))
        .map(|row| items.item(row).model.clone())
        .collect();
    let scoring = Scoring::new(args, &models, &responses).map_err(refused)?;
    if as_json {
        let described = |persons, scored: &[Scored]| scoring.described(persons, scored);
        return print_json(&Scores {
            schema: "gradus.score/1",
            method: args.method.name(),
            prior: args.prior.to_string(),
            grid: numbers::grid_parts(&args.grid),
            range: (args.range.lo(), args.range.hi()),
            metric: args.metric,
            persons: scoring.in_parts(described)?.concat(),
        });
    }
    let lines = scoring.in_parts(|persons, scored| Ok(scoring.lines(persons, scored)))?;
    print(&(csv_line(["person", "theta", "se", "n"]) + &lines.concat()))
}

/// Persons that are scored and printed together.
const PART: usize = 1024;

/// A method with its tables, and whom to score.
struct Scoring<'a> {
    tables: Tables<'a>,
    models: &'a [ItemModel],
    responses: &'a ResponseTable,
}

enum Tables<'a> {
    /// The posterior mean.
    Means(BulkMeans<'a>),
    /// The other methods.
    Others(Tabulated<'a>),
}

/// A person's estimate, if there can be one.
type Scored = Option<Estimate>;

impl<'a> Scoring<'a> {
    fn new(
        args: &ScoreArgs,
        models: &'a [ItemModel],
        responses: &'a ResponseTable,
    ) -> Result<Self, EstimationError> {
        let estimator = Estimator::new(args.method)
            .with_prior(args.prior)
            .with_grid(args.grid.clone())
            .with_range(args.range);
        let tables = match args.method {
            Method::Eap => Tables::Means(BulkMeans::new(&estimator, models, responses.scores())?),
            _ => Tables::Others(Tabulated::new(estimator, models)?),
        };
        Ok(Self { tables, models, responses })
    }

    /// Scores all persons in parallel, some at a time; each by itself, so that threads change
    /// nothing. What is made of each part comes back in the order of persons.
    fn in_parts<T: Send>(
        &self,
        each: impl Fn(Range<usize>, &[Scored]) -> Result<T, CliError> + Sync,
    ) -> Result<Vec<T>, CliError> {
        let persons = self.responses.persons.len();
        let part = |number: usize| number * PART..(number * PART + PART).min(persons);
        (0..persons.div_ceil(PART))
            .into_par_iter()
            .map(|number| each(part(number), &self.score(part(number)).map_err(refused)?))
            .collect()
    }

    fn score(&self, persons: Range<usize>) -> Result<Vec<Scored>, EstimationError> {
        match &self.tables {
            Tables::Means(means) => Ok(means.estimates(persons).into_iter().map(Some).collect()),
            Tables::Others(tables) => persons
                .map(|person| match tables.ability(&self.answers(person).collect::<Vec<_>>()) {
                    Ok(estimate) => Ok(Some(estimate)),
                    // Who answered nothing has no likelihood to maximise: unknown, not refused.
                    Err(EstimationError::NoAnswers { .. }) => Ok(None),
                    Err(error) => Err(error),
                })
                .collect(),
        }
    }

    /// Items answered, with their scores.
    fn answers(&self, person: usize) -> impl Iterator<Item = (usize, usize)> {
        let row = self.responses.row(person).iter().enumerate();
        row.filter(|(_, score)| **score != MISSING).map(|(item, score)| (item, usize::from(*score)))
    }

    fn described(
        &self,
        persons: Range<usize>,
        scored: &[Scored],
    ) -> Result<Vec<Score<'a>>, CliError> {
        let describe = |(person, estimate): (usize, &Scored)| {
            let answers = self
                .answers(person)
                .map(|(item, category)| Answer::new(&self.models[item], category))
                .collect::<Result<Vec<_>, _>>()
                .map_err(refused)?;
            Ok(Score {
                person: &self.responses.persons[person],
                theta: estimate.map(|estimate| estimate.theta),
                se: estimate.and_then(|estimate| finite(estimate.standard_error)),
                n: answers.len(),
                log_likelihood: estimate
                    .map_or(0.0, |estimate| log_likelihood(&answers, estimate.theta)),
                bounded: estimate.is_some_and(|estimate| estimate.bounded),
            })
        };
        persons.zip(scored).map(describe).collect()
    }

    fn lines(&self, persons: Range<usize>, scored: &[Scored]) -> String {
        let mut text = String::with_capacity(64 * scored.len());
        for (person, estimate) in persons.zip(scored) {
            push_cell(&mut text, &self.responses.persons[person]);
            text.push(',');
            push_number(&mut text, estimate.map(|estimate| estimate.theta));
            text.push(',');
            push_number(&mut text, estimate.and_then(|estimate| finite(estimate.standard_error)));
            text.push(',');
            let answered = self.responses.row(person).iter().filter(|score| **score != MISSING);
            text.push_str(&answered.count().to_string());
            text.push('\n');
        }
        text
    }
}

fn refused(error: EstimationError) -> CliError {
    CliError::new(Exit::Usage, error.to_string())
}
