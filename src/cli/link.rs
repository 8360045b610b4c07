//! `gradus link`: the line between two calibrations of common items, and equated scores. Reads two
//! parameter files; the line comes from `psychometrics`.

mod errors;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use errors::ParameterErrors;

use super::items_csv::{Item, ItemTable, read_items};
use super::output::{no_such_format, print, print_json};
use super::{CliError, Exit, Format, Global, numbers};
use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::linking::{
    Calibrated, CommonItem, EquatedScore, ItemDrift, Line, LinkingError, LinkingMethod, jackknife,
    line, on_old_scale, sampling_errors, true_score_equating, without_drift,
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
    /// Show how far each common item moved, and leave out of the line those that stand out
    #[arg(long)]
    drift: bool,
    /// Covariances of the new parameters, from `calibrate --covariance`
    #[arg(long, value_name = "COV.csv", requires = "to_covariance")]
    from_covariance: Option<PathBuf>,
    /// Covariances of the old parameters
    #[arg(long, value_name = "COV.csv", requires = "from_covariance")]
    to_covariance: Option<PathBuf>,
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
    se_method: Option<&'static str>,
    jackknife: Option<Errors>,
    sampling: Option<Errors>,
    items: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    drift: Option<Vec<Drift>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    all_items: Option<Constants>,
    #[serde(skip_serializing_if = "Option::is_none")]
    equating: Option<Vec<Equated>>,
}

/// Standard errors of A and B, and of the equated scores.
#[derive(Clone, Serialize)]
struct Errors {
    #[serde(rename = "A")]
    a: f64,
    #[serde(rename = "B")]
    b: f64,
    /// Whether the covariances between parameters are in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    covariances: Option<bool>,
    #[serde(skip)]
    equated: Vec<f64>,
}

#[derive(Serialize)]
struct Constants {
    #[serde(rename = "A")]
    a: f64,
    #[serde(rename = "B")]
    b: f64,
}

/// How far a common item moved on the old scale.
#[derive(Serialize)]
struct Drift {
    item: String,
    d: Option<f64>,
    z: Option<f64>,
    wald: Option<f64>,
    p: Option<f64>,
    flag: bool,
}

#[derive(Serialize)]
struct Equated {
    score: usize,
    theta: Option<f64>,
    equivalent: f64,
    se: Option<f64>,
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
    let forms = Forms::read(args)?;
    let common = common(&forms.new, &forms.old, &args.drop)?;
    let (method, name) = args.method.method();
    let (used, drift) = if args.drift { forms.purified(method, common)? } else { (common, None) };
    let (from, to) = (pick(&forms.new, &used), pick(&forms.old, &used));
    let explain = |error: LinkingError| refused(&error, &used);
    let line = line(method, &from, &to).map_err(explain)?;
    let jackknifed =
        if from.len() < 3 { None } else { Some(jackknife(method, &from, &to).map_err(explain)?) };
    let jackknifed = jackknifed.map(|errors| Errors {
        a: errors.a,
        b: errors.b,
        covariances: None,
        equated: Vec::new(),
    });
    let equating = if args.equate { Some(equate(&forms, line)?) } else { None };
    let sampling = forms.sampling(args, method, &used);
    let whole = sampling.clone().filter(|errors| errors.covariances == Some(true));
    let se_method = match (&whole, &jackknifed) {
        (Some(_), _) => Some("sampling"),
        (None, Some(_)) => Some("jackknife"),
        (None, None) => None,
    };
    let chosen = whole.or(jackknifed.clone());
    let (drift, dropped, all_items) = match drift {
        Some((drift, line)) => {
            let dropped = drift.iter().filter(|row| row.flag).map(|row| row.item.clone());
            let dropped: Vec<String> = dropped.collect();
            (Some(drift), Some(dropped), Some(Constants { a: line.a, b: line.b }))
        }
        None => (None, None, None),
    };
    let link = Link {
        schema: "gradus.link/1",
        method: name,
        a: line.a,
        b: line.b,
        se_a: chosen.as_ref().map(|errors| errors.a),
        se_b: chosen.as_ref().map(|errors| errors.b),
        se_method,
        jackknife: jackknifed,
        equating: equating.map(|rows| with_errors(rows, sampling.as_ref())),
        sampling,
        items: used,
        drift,
        dropped,
        all_items,
    };
    if as_json { print_json(&link) } else { print(&text(&link)) }
}

/// The two files with what is known of their errors.
struct Forms {
    new: ItemTable,
    old: ItemTable,
    new_errors: ParameterErrors,
    old_errors: ParameterErrors,
    metric: f64,
}

/// Drift of all common items, and the line over all of them.
type Drifted = Option<(Vec<Drift>, Line)>;

impl Forms {
    fn read(args: &LinkArgs) -> Result<Self, CliError> {
        Ok(Self {
            new: read_items(&args.from, args.metric)?,
            old: read_items(&args.to, args.metric)?,
            new_errors: ParameterErrors::read(&args.from, args.from_covariance.as_deref())?,
            old_errors: ParameterErrors::read(&args.to, args.to_covariance.as_deref())?,
            metric: args.metric,
        })
    }

    /// The common items without those that stand out.
    fn purified(
        &self,
        method: LinkingMethod,
        common: Vec<String>,
    ) -> Result<(Vec<String>, Drifted), CliError> {
        let explain = |error: LinkingError| refused(&error, &common);
        let (new, old) = (rows(&self.new, &common), rows(&self.old, &common));
        let items: Vec<CommonItem> = new
            .iter()
            .zip(&old)
            .map(|(new, old)| CommonItem {
                new: new.model.clone(),
                old: old.model.clone(),
                se_new: self.new_errors.of_location(new),
                se_old: self.old_errors.of_location(old),
            })
            .collect();
        let (from, to) = (pick(&self.new, &common), pick(&self.old, &common));
        let all = line(method, &from, &to).map_err(explain)?;
        let found = without_drift(method, &items).map_err(explain)?;
        let row = |(id, drift): (&String, &ItemDrift)| Drift {
            item: id.clone(),
            d: drift.difference,
            z: drift.robust_z,
            wald: drift.wald.map(|(z, _)| z),
            p: drift.wald.map(|(_, p)| p),
            flag: drift.dropped,
        };
        let drift: Vec<Drift> = common.iter().zip(&found.items).map(row).collect();
        let kept = common.iter().zip(&found.items).filter(|(_, drift)| !drift.dropped);
        let kept = kept.map(|(id, _)| id.clone()).collect();
        Ok((kept, Some((drift, all))))
    }

    /// Errors of the line, and of equated scores, from those of the parameters; `None` when the
    /// files do not have them.
    fn sampling(&self, args: &LinkArgs, method: LinkingMethod, used: &[String]) -> Option<Errors> {
        // Scores depend on all items of both forms, the line on the common ones alone.
        let (new, old): (Vec<Item<'_>>, Vec<Item<'_>>) = if args.equate {
            (self.new.iter().collect(), self.old.iter().collect())
        } else {
            (rows(&self.new, used), rows(&self.old, used))
        };
        let new_covariance = self.new_errors.matrix(&new, self.metric)?;
        let old_covariance = self.old_errors.matrix(&old, self.metric)?;
        let place = |rows: &[Item<'_>]| -> Option<Vec<usize>> {
            used.iter().map(|id| rows.iter().position(|item| item.id == *id)).collect()
        };
        let (new_place, old_place) = (place(&new)?, place(&old)?);
        let outcome = |new: &[ItemModel], old: &[ItemModel]| {
            let chosen = |items: &[ItemModel], places: &[usize]| -> Vec<ItemModel> {
                places.iter().map(|&place| items[place].clone()).collect()
            };
            let line = line(method, &chosen(new, &new_place), &chosen(old, &old_place))?;
            let mut values = vec![line.a, line.b];
            if args.equate {
                let moved: Vec<ItemModel> =
                    new.iter().map(|item| on_old_scale(item, line)).collect::<Result<_, _>>()?;
                let scores = true_score_equating(&moved, old)?;
                values.extend(scores.iter().map(|score| score.equivalent));
            }
            Ok(values)
        };
        let models = |rows: &[Item<'_>]| -> Vec<ItemModel> {
            rows.iter().map(|item| item.model.clone()).collect()
        };
        let (new, old) = (models(&new), models(&old));
        let errors = sampling_errors(
            Calibrated { items: &new, covariance: &new_covariance },
            Calibrated { items: &old, covariance: &old_covariance },
            &outcome,
        )
        .ok()?;
        let covariances = self.new_errors.has_covariance() && self.old_errors.has_covariance();
        Some(Errors {
            a: errors[0],
            b: errors[1],
            covariances: Some(covariances),
            equated: errors[2..].to_vec(),
        })
    }
}

/// The rows of ids.
fn rows<'a>(table: &'a ItemTable, ids: &[String]) -> Vec<Item<'a>> {
    ids.iter().filter_map(|id| table.index_of(id).map(|row| table.item(row))).collect()
}

fn pick(table: &ItemTable, ids: &[String]) -> Vec<ItemModel> {
    rows(table, ids).into_iter().map(|item| item.model.clone()).collect()
}

fn with_errors(mut equated: Vec<Equated>, errors: Option<&Errors>) -> Vec<Equated> {
    if let Some(errors) = errors.filter(|errors| errors.covariances == Some(true)) {
        for (row, error) in equated.iter_mut().zip(&errors.equated) {
            row.se = Some(*error);
        }
    }
    equated
}

/// The common items in the order of the new file.
fn common(new: &ItemTable, old: &ItemTable, drop: &[String]) -> Result<Vec<String>, CliError> {
    let common: Vec<String> =
        new.ids().iter().filter(|id| old.index_of(id).is_some()).map(str::to_owned).collect();
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
fn equate(forms: &Forms, line: Line) -> Result<Vec<Equated>, CliError> {
    let (new, old) = (&forms.new, &forms.old);
    let fault = |error: LinkingError| CliError::new(Exit::Invalid, error.to_string());
    let moved = new
        .models()
        .iter()
        .map(|item| on_old_scale(item, line))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| fault(error.into()))?;
    let scores = true_score_equating(&moved, old.models()).map_err(fault)?;
    let row = |score: EquatedScore| {
        let EquatedScore { score, theta, equivalent } = score;
        Equated { score, theta, equivalent, se: None }
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
    text += &format!("standard errors: {}\n", link.se_method.unwrap_or("none"));
    for (name, errors) in [("jackknife over items", &link.jackknife), ("sampling", &link.sampling)]
    {
        if let Some(errors) = errors {
            let alone = errors.covariances == Some(false);
            let note = if alone { ", parameters taken as independent: too small" } else { "" };
            text += &format!("  {name}: A {:.6}, B {:.6}{note}\n", errors.a, errors.b);
        }
    }
    text += &drift_text(link);
    if let Some(scores) = &link.equating {
        text += "\nscore  theta      old form  SE\n";
        for row in scores {
            let theta = row.theta.map_or("·".to_owned(), |theta| format!("{theta:.4}"));
            let se = row.se.map_or("·".to_owned(), |se| format!("{se:.4}"));
            text += &format!("{:>5}  {theta:>8}  {:>9.4}  {se}\n", row.score, row.equivalent);
        }
    }
    text
}

/// The items' drift, if it was asked for.
fn drift_text(link: &Link) -> String {
    let (Some(rows), Some(dropped), Some(all)) = (&link.drift, &link.dropped, &link.all_items)
    else {
        return String::new();
    };
    let cell = |value: Option<f64>| value.map_or("·".to_owned(), |value| format!("{value:.3}"));
    let width = rows.iter().map(|row| row.item.chars().count()).max().unwrap_or(4).max(4);
    let mut text = format!("\n{:width$} {:>8} {:>8} {:>8} {:>7}\n", "item", "d", "z", "Wald", "p");
    for row in rows {
        let flag = if row.flag { "  drop" } else { "" };
        text += &format!(
            "{:width$} {:>8} {:>8} {:>8} {:>7}{flag}\n",
            row.item,
            cell(row.d),
            cell(row.z),
            cell(row.wald),
            cell(row.p),
        );
    }
    if dropped.is_empty() {
        text += "no item stands out\n";
    } else {
        text += &format!(
            "left out of the line: {}; with them A {:.6}, B {:.6}\n",
            dropped.join(", "),
            all.a,
            all.b
        );
    }
    text
}
