//! `--fit`, `--dif`, `--choices`: item analyses beside a calibration. Brings matrices and models
//! together and prints; the statistics are in `psychometrics::item_analysis`.

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Value, json};

use super::data::Data;
use crate::cli::items_csv::Source;
use crate::cli::output::finite;
use crate::cli::{CliError, Exit};
use crate::psychometrics::calibration::{self, Design, Fit};
use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::item_analysis::{
    self as analysis, EtsClass, KeyFinding, Parameter, Scores,
};

/// More margins than this and M2's matrices take minutes: about sixty items of two categories.
const MARGINS_MAX: usize = 2_000;
/// Fewer people and a key's suspicion is noise.
const KEY_CHECK_PEOPLE_MIN: usize = 50;

/// `fit`, `pairs` and `model_fit` of `gradus.calibrate/1`; `None` when an item has a slope that is
/// not positive, so that its curve is no model of this program.
pub fn fit(data: &Data, design: &Design, fit: &Fit) -> Option<[Value; 3]> {
    let families = design.items.iter().map(|item| item.family);
    let items: Vec<ItemModel> = families
        .zip(&fit.items)
        .map(|(family, x)| family.model(x))
        .collect::<Result<_, _>>()
        .ok()?;
    let matrix = data.matrix();
    let scores = Scores { values: &matrix, items: items.len() };
    let points = design.settings.nodes.points();
    let weights = &calibration::pooled_weights(&data.responses, fit);
    let parameters: Vec<usize> = design
        .items
        .iter()
        .enumerate()
        .map(|(item, design)| match design.anchored {
            Some(_) => 0,
            None => design
                .family
                .free(data.responses.categories(item))
                .into_iter()
                .filter(|free| *free)
                .count(),
        })
        .collect();
    let summed = analysis::summed_score_fit(scores, &items, &parameters, points, weights);
    let abilities: Vec<f64> = calibration::abilities(&data.responses, design, fit)
        .iter()
        .map(|ability| ability.mean)
        .collect();
    let (squares, q3) = analysis::residual_fit(scores, &items, &abilities);
    let rows: Vec<Value> = (0..items.len())
        .map(|item| {
            json!({
                "item": data.items[item],
                "s_x2": finite(summed[item].s_x2),
                "df": summed[item].df,
                "p": summed[item].p.and_then(finite),
                "infit": finite(squares[item].infit),
                "outfit": finite(squares[item].outfit),
            })
        })
        .collect();
    let q3: HashMap<(usize, usize), f64> =
        q3.into_iter().map(|(left, right, q3)| ((left, right), q3)).collect();
    let pairs: Vec<Value> = analysis::pair_fit(scores, &items, points, weights)
        .iter()
        .map(|pair| {
            json!({
                "items": [data.items[pair.left], data.items[pair.right]],
                "q3": q3.get(&(pair.left, pair.right)).copied().and_then(finite),
                "ld_x2": finite(pair.ld_x2),
            })
        })
        .collect();
    let model = model_fit(data, design, fit, scores, &items);
    Some([Value::Array(rows), Value::Array(pairs), model])
}

fn model_fit(
    data: &Data,
    design: &Design,
    fit: &Fit,
    scores: Scores<'_>,
    items: &[ItemModel],
) -> Value {
    let n = items.len();
    let margins = items.iter().map(|item| item.categories() - 1).sum::<usize>() + n * (n - 1) / 2;
    if margins > MARGINS_MAX {
        return Value::Null;
    }
    let parameters: Vec<Parameter> = calibration::derivatives(&data.responses, design, fit)
        .into_iter()
        .map(|derivative| Parameter { item: derivative.item, derivative: derivative.values })
        .collect();
    let points = design.settings.nodes.points();
    let weights = &calibration::pooled_weights(&data.responses, fit);
    match analysis::limited_information(scores, items, &parameters, points, weights) {
        Some(found) => {
            json!({"m2": found.m2, "df": found.df, "p": found.p, "rmsea": found.rmsea})
        }
        None => Value::Null,
    }
}

/// Score tests are flagged beyond this p, after Benjamini & Hochberg over the anchors.
const DRIFT_P_MAX: f64 = 0.05;

/// `anchor_drift` of `gradus.calibrate/1`: each anchor's difficulty freed in turn.
pub fn anchor_drift(data: &Data, design: &Design, fit: &Fit) -> Result<Value, CliError> {
    let found = calibration::anchor_drift(&data.responses, design, fit)
        .map_err(|error| CliError::new(Exit::Invalid, format!("--drift: {error}")))?;
    let tests: Vec<(f64, f64)> =
        found.iter().filter_map(|drift| analysis::wald(drift.shift, drift.se, 0.0)).collect();
    let p: Vec<f64> = tests.iter().map(|(_, p)| *p).collect();
    let adjusted = analysis::benjamini_hochberg(&p);
    let rows = found.iter().zip(&tests).zip(&adjusted).map(|((drift, (z, p)), adjusted)| {
        json!({
            "item": data.items[drift.item],
            "shift": drift.shift,
            "se": drift.se,
            "z": z,
            "p": p,
            "p_adjusted": adjusted,
            "flag": *adjusted < DRIFT_P_MAX,
        })
    });
    Ok(Value::Array(rows.collect()))
}

/// `dif` of `gradus.calibrate/1`: the first group is the reference, the second the focal one.
pub fn differential(data: &Data) -> Result<Value, CliError> {
    if data.groups.len() != 2 {
        let message = format!("--dif compares 2 groups; the file has {}", data.groups.len());
        return Err(CliError::new(Exit::Usage, message).help("name the column with --group"));
    }
    if let Some(item) = (0..data.items.len()).find(|&item| data.responses.categories(item) > 2) {
        let message = format!("--dif: item `{}` has more than two scores", data.items[item]);
        return Err(CliError::new(Exit::Invalid, message));
    }
    let matrix = data.matrix();
    let scores = Scores { values: &matrix, items: data.items.len() };
    let focal: Vec<bool> = data.person_groups().iter().map(|group| *group == 1).collect();
    let rows = analysis::screen(scores, &focal, true)
        .iter()
        .map(|found| {
            let mh = found.mantel_haenszel;
            json!({
                "item": data.items[found.item],
                "mh_alpha": mh.map(|mh| mh.alpha),
                "mh_delta": mh.map(|mh| mh.delta),
                "se": mh.map(|mh| mh.se),
                "chi2": mh.map(|mh| mh.chi_square),
                "p": mh.map(|mh| mh.p),
                "p_adjusted": found.p_adjusted,
                "class": found.class.map(|class| match class {
                    EtsClass::A => "A",
                    EtsClass::B => "B",
                    EtsClass::C => "C",
                }),
                "lr_chi2": found.lr_chi_square,
                "lr_p": found.lr_p,
            })
        })
        .collect();
    Ok(Value::Array(rows))
}

/// `key_check` of `gradus.calibrate/1`, from raw option ids and their keys.
pub fn keys(choices: &Path, keys: &Path) -> Result<Value, CliError> {
    let key_of = read_keys(keys)?;
    let (items, rows, names) = read_choices(choices, &key_of)?;
    let keys: Vec<usize> = items
        .iter()
        .zip(&names)
        .map(|(item, names)| names.iter().position(|name| *name == key_of[item]).unwrap_or(0))
        .collect();
    let found = analysis::key_check(&rows, &keys);
    let rows = found
        .iter()
        .map(|check| {
            let names = &names[check.item];
            let enough = check.n >= KEY_CHECK_PEOPLE_MIN;
            let (suspect, r_suspect) = match check.finding {
                KeyFinding::BetterOption(option) if enough => {
                    (Some(&names[option]), check.options[option].r_rest)
                }
                _ => (None, None),
            };
            let options: Vec<Value> = check
                .options
                .iter()
                .filter(|curve| curve.option < names.len())
                .map(|curve| {
                    json!({"option": names[curve.option], "share": curve.share, "r": curve.r_rest})
                })
                .collect();
            json!({
                "item": items[check.item],
                "key": names[check.key],
                "r_key": check.r_key,
                "suspect": suspect,
                "r_suspect": r_suspect,
                "weak_key": enough && check.finding == KeyFinding::WeakKey,
                "n": check.n,
                "options": options,
            })
        })
        .collect();
    Ok(Value::Array(rows))
}

/// The options that people chose, of the items that have a key.
pub fn choices(choices: &Path, keys: &Path) -> Result<Choices, CliError> {
    read_choices(choices, &read_keys(keys)?)
}

fn read_keys(path: &Path) -> Result<HashMap<String, String>, CliError> {
    let source = Source::open(path)?;
    let mut keys = HashMap::new();
    let mut header = false;
    source.records(|start, record| {
        if !header {
            header = true;
            return match (record.get(0), record.get(1)) {
                (Some("item"), Some("key")) => Ok(()),
                _ => Err(source.error(start, 0, "the columns of a key file are item,key")),
            };
        }
        match keys.insert(record[0].to_owned(), record[1].to_owned()) {
            Some(_) => {
                Err(source.error(start, 0, format!("item `{}` stands there twice", &record[0])))
            }
            None => Ok(()),
        }
    })?;
    Ok(keys)
}

/// Items with a key, the options' numbers row after row, and each item's option names; the key is
/// among the names even when nobody chose it.
pub type Choices = (Vec<String>, Vec<Option<usize>>, Vec<Vec<String>>);

fn read_choices(path: &Path, keys: &HashMap<String, String>) -> Result<Choices, CliError> {
    let source = Source::open(path)?;
    let mut columns: Option<Vec<Option<usize>>> = None;
    let (mut items, mut rows, mut names) = (Vec::new(), Vec::new(), Vec::<Vec<String>>::new());
    source.records(|start, record| {
        let Some(columns) = &columns else {
            let mut found = Vec::new();
            for (cell, name) in record.iter().enumerate() {
                let is_person = cell == 0 && name == "person";
                match keys.get(name) {
                    Some(key) => {
                        found.push(Some(items.len()));
                        items.push(name.to_owned());
                        names.push(vec![key.clone()]);
                    }
                    None if is_person => found.push(None),
                    None => {
                        let message = format!("item `{name}` has no key");
                        return Err(source.error(start, cell, message));
                    }
                }
            }
            columns = Some(found);
            return Ok(());
        };
        for (cell, column) in record.iter().zip(columns) {
            let Some(item) = column else { continue };
            rows.push(match cell {
                "" | "NA" => None,
                option => {
                    let known = names[*item].iter().position(|name| name == option);
                    Some(known.unwrap_or_else(|| {
                        names[*item].push(option.to_owned());
                        names[*item].len() - 1
                    }))
                }
            });
        }
        Ok(())
    })?;
    Ok((items, rows, names))
}
