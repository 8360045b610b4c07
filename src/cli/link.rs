//! `gradus link`: the line between two calibrations of common items, and equated scores. Reads two
//! parameter files; the line comes from `psychometrics`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::items_csv::{ItemTable, read_items};
use super::output::{no_such_format, print, print_json};
use super::{CliError, Exit, Format, Global, numbers};
use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::linking::{
    EquatedScore, Line, LinkingError, LinkingMethod, jackknife, line, on_old_scale,
    true_score_equating,
};

/// Bring two calibrations to one scale: θ_old = A θ_new + B
#[derive(Debug, Args)]
pub struct LinkArgs {
    /// Parameters on the scale that is to be left
    #[arg(long, value_name = "NEW.csv")]
    from: PathBuf,
    /// Parameters on the scale that is to be reached
    #[arg(long, value_name = "OLD.csv")]
    to: PathBuf,
    /// How the line is found
    #[arg(long, value_enum, default_value_t = MethodName::Sl)]
    method: MethodName,
    /// Common items that are not used
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    drop: Vec<String>,
    /// Metric constant that multiplies every discrimination
    #[arg(long = "D", value_name = "D", default_value = "1", value_parser = numbers::metric)]
    metric: f64,
    /// Equate the number-correct scores of the two forms, too
    #[arg(long)]
    equate: bool,
}

/// The methods' names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MethodName {
    /// Mean/mean
    Mm,
    /// Mean/sigma
    Ms,
    /// Haebara
    Hb,
    /// Stocking–Lord
    Sl,
}

impl MethodName {
    fn method(self) -> (LinkingMethod, &'static str) {
        match self {
            Self::Mm => (LinkingMethod::MeanMean, "mm"),
            Self::Ms => (LinkingMethod::MeanSigma, "ms"),
            Self::Hb => (LinkingMethod::Haebara, "hb"),
            Self::Sl => (LinkingMethod::StockingLord, "sl"),
        }
    }
}

#[derive(Serialize)]
struct Link {
    schema: &'static str,
    method: &'static str,
    #[serde(rename = "A")]
    a: f64,
    #[serde(rename = "B")]
    b: f64,
    #[serde(rename = "se_A")]
    se_a: Option<f64>,
    #[serde(rename = "se_B")]
    se_b: Option<f64>,
    items: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    equating: Option<Vec<Equated>>,
}

#[derive(Serialize)]
struct Equated {
    score: usize,
    theta: Option<f64>,
    equivalent: f64,
}

/// Runs `gradus link`.
///
/// # Errors
/// Files that cannot be read or are not valid; too few common items; a method that they do not
/// bear; a format that the command does not have.
pub fn run(global: &Global, args: &LinkArgs) -> Result<Exit, CliError> {
    let as_json = match global.format {
        None | Some(Format::Text) => false,
        Some(Format::Json) => true,
        Some(other) => return Err(no_such_format("link", other, "text and json")),
    };
    let (new, old) = (read_items(&args.from, args.metric)?, read_items(&args.to, args.metric)?);
    let common = common(&new, &old, &args.drop)?;
    let pick = |table: &ItemTable| -> Vec<ItemModel> {
        let row = |id: &String| table.index_of(id).map(|row| table.items()[row].model.clone());
        common.iter().filter_map(row).collect()
    };
    let (method, name) = args.method.method();
    let (from, to) = (pick(&new), pick(&old));
    let explain = |error: LinkingError| refused(&error, &common);
    let line = line(method, &from, &to).map_err(explain)?;
    let errors =
        if from.len() < 3 { None } else { Some(jackknife(method, &from, &to).map_err(explain)?) };
    let equating = if args.equate { Some(equate(&new, &old, line)?) } else { None };
    let link = Link {
        schema: "gradus.link/1",
        method: name,
        a: line.a,
        b: line.b,
        se_a: errors.map(|errors| errors.a),
        se_b: errors.map(|errors| errors.b),
        items: common,
        equating,
    };
    if as_json { print_json(&link) } else { print(&text(&link)) }
}

/// The common items in the order of the new file.
fn common(new: &ItemTable, old: &ItemTable, drop: &[String]) -> Result<Vec<String>, CliError> {
    let common: Vec<String> = new
        .items()
        .iter()
        .map(|item| item.id.clone())
        .filter(|id| old.index_of(id).is_some())
        .collect();
    if let Some(unknown) = drop.iter().find(|id| !common.contains(id)) {
        let message = format!("--drop: `{unknown}` is not a common item");
        return Err(CliError::new(Exit::Usage, message));
    }
    Ok(common.into_iter().filter(|id| !drop.contains(id)).collect())
}

fn refused(error: &LinkingError, common: &[String]) -> CliError {
    let message = match error {
        LinkingError::DifferentModels { item } => {
            format!("common item `{}` has another model in one of the files", common[*item])
        }
        LinkingError::Nominal { item } => format!(
            "common item `{}` is nominal and has no difficulty; use --method hb or sl",
            common[*item]
        ),
        other => other.to_string(),
    };
    CliError::new(Exit::Invalid, message)
}

/// Scores of the whole new form as scores of the whole old one.
fn equate(new: &ItemTable, old: &ItemTable, line: Line) -> Result<Vec<Equated>, CliError> {
    let fault = |error: LinkingError| CliError::new(Exit::Invalid, error.to_string());
    let moved = new
        .models()
        .iter()
        .map(|item| on_old_scale(item, line))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| fault(error.into()))?;
    let scores = true_score_equating(&moved, &old.models()).map_err(fault)?;
    let row = |score: EquatedScore| {
        let EquatedScore { score, theta, equivalent } = score;
        Equated { score, theta, equivalent }
    };
    Ok(scores.into_iter().map(row).collect())
}

fn text(link: &Link) -> String {
    let error = |value: Option<f64>| value.map_or("·".to_owned(), |value| format!("{value:.6}"));
    let mut text = format!(
        "{} over {} common items: θ_old = A θ_new + B\nA {:.6}  SE {}\nB {:.6}  SE {}\n",
        link.method,
        link.items.len(),
        link.a,
        error(link.se_a),
        link.b,
        error(link.se_b),
    );
    if let Some(scores) = &link.equating {
        text += "\nscore  theta      old form\n";
        for row in scores {
            let theta = row.theta.map_or("·".to_owned(), |theta| format!("{theta:.4}"));
            text += &format!("{:>5}  {theta:>8}  {:>9.4}\n", row.score, row.equivalent);
        }
    }
    text
}
