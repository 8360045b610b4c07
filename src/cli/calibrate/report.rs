//! `--report`: from a finished calibration to its page. Puts numbers that were computed elsewhere side by
//! side, and says in words what to look at; the drawing is in `report`.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use super::analysis::{self, Choices};
use super::{CalibrateArgs, Finished};
use crate::cli::CliError;
use crate::cli::output::write_file;
use crate::psychometrics::calibration::{self, Convergence, Family, NOT_ASKED};
use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::item_analysis::{benjamini_hochberg, observed_curve};
use crate::psychometrics::numeric::special::logistic;
use crate::report::{
    CalibrationItem, CalibrationPage, LatentPart, OptionPart, PairPart, calibration_html,
};

/// Groups of people that stand beside a curve.
const GROUPS: usize = 10;
/// Groups of people along whom options are counted: they are chosen more rarely than scores.
const OPTION_GROUPS: usize = 6;
/// Fewer people in a group and its share is noise.
const GROUP_MIN: usize = 10;
/// Pairs that are listed.
const PAIRS_MAX: usize = 20;
/// Residuals that correlate so much more than the others hang together (Yen 1984; Christensen, Makransky & Horton 2017).
const Q3_FAR: f64 = 0.2;
/// Item fit is flagged below this p, adjusted for the number of items (Benjamini & Hochberg 1995).
const P_FLAGGED: f64 = 0.05;
/// Mean squares are flagged outside these.
const SQUARES: [f64; 2] = [0.7, 1.3];
/// A discrimination below this tells next to nothing.
const SLOPE_LOW: f64 = 0.35;

/// Abilities along which curves are drawn.
pub fn grid() -> impl Iterator<Item = f64> {
    (0..=64).map(|at| f64::from(at) / 8.0 - 4.0)
}

/// Writes the page whole or not at all.
pub fn write(path: &Path, page: &CalibrationPage) -> Result<(), CliError> {
    write_file(path, calibration_html(page).as_bytes())
}

/// The command that was typed.
pub fn command() -> String {
    let quoted =
        |word: String| match word.contains(|c: char| c.is_whitespace() || "';()*$".contains(c)) {
            true => format!("'{word}'"),
            false => word,
        };
    let words = std::env::args().skip(1).map(quoted);
    std::iter::once("gradus".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// Up to ten groups, each of enough people.
pub fn groups(n: usize) -> usize {
    (n / GROUP_MIN).clamp(1, GROUPS)
}

/// The page of a calibration from a response file.
pub fn of_responses(
    args: &CalibrateArgs,
    finished: &Finished,
) -> Result<CalibrationPage, CliError> {
    let (data, fit) = (&finished.data, &finished.fit);
    let choices = match (&args.choices, &args.keys) {
        (Some(choices), Some(keys)) => Some(analysis::choices(choices, keys)?),
        _ => None,
    };
    let people = People::of(finished);
    let q3 = striking_pairs(finished);
    let flags = Flags::of(finished, &q3);
    let items: Vec<CalibrationItem> = (0..data.items.len())
        .map(|item| item_part(finished, item, &people, &flags, choices.as_ref()))
        .collect();
    let persons = data.responses.persons();
    let file = args.responses.display();
    let how = match fit.convergence {
        Convergence::Converged => "Converged",
        _ => "Not converged",
    };
    let dimensions = if finished.dimensioned.is_some() { ", several abilities" } else { "" };
    Ok(CalibrationPage {
        command: command(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        what: format!(
            "{persons} people of {file} answered {} items, {} answers; model {}{dimensions}.",
            data.items.len(),
            data.responses.answers(),
            finished.model.name(),
        ),
        verdict: format!(
            "{how} after {} EM steps: log-likelihood {}.",
            fit.iterations,
            format!("{:.2}", fit.log_likelihood).replace('-', "−")
        ),
        converged: fit.convergence == Convergence::Converged,
        notes: finished.notices.iter().map(ToString::to_string).collect(),
        facts: facts(args, finished),
        information: information(finished),
        items,
        pairs: q3.pairs,
        latent: latent(finished),
        method: "Points are groups of about equally many people by their posterior mean of ability, with Wilson's 95 % \
                 intervals. Posterior means lean to the middle, the more the fewer answers they rest on, so points of \
                 short tests are steeper than the curve. Formulas and sources: docs/METHODS.md, section 17."
            .to_owned(),
    })
}

fn facts(args: &CalibrateArgs, finished: &Finished) -> Vec<(String, String)> {
    let fit = &finished.fit;
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let nodes = finished.design.settings.nodes.len();
    let mut facts = vec![
        fact("Model", finished.model.name().to_owned()),
        fact("Log-posterior", format!("{:.4}", fit.log_posterior)),
        fact("Largest gradient", format!("{:.1e}", fit.gradient_norm)),
        fact("Last step", format!("{:.1e}", fit.last_step)),
        fact("Nodes", format!("{nodes} on [{}, {}]", args.range.lo(), args.range.hi())),
    ];
    let found = |name: &str| finished.analyses.iter().find(|(other, _)| *other == name);
    if let Some((_, model)) = found("model_fit") {
        let number = |field: &str| model[field].as_f64();
        if let (Some(m2), Some(df), Some(p)) = (number("m2"), number("df"), number("p")) {
            let rmsea = number("rmsea").map_or(String::new(), |it| format!(", RMSEA {it:.3}"));
            facts.push(fact("Model fit", format!("M2 {m2:.1} with {df} df, p {p:.3}{rmsea}")));
        }
    }
    facts
}

/// Everybody's ability and scores; `None` where there are several abilities.
struct People {
    abilities: Vec<f64>,
    matrix: Vec<u16>,
}

impl People {
    fn of(finished: &Finished) -> Self {
        let (data, design, fit) = (&finished.data, &finished.design, &finished.fit);
        if finished.dimensioned.is_some() {
            return Self { abilities: Vec::new(), matrix: Vec::new() };
        }
        let abilities = calibration::abilities(&data.responses, design, fit);
        Self { abilities: abilities.iter().map(|it| it.mean).collect(), matrix: data.matrix() }
    }

    /// Ability and score of everybody who answered an item.
    fn answers(&self, item: usize, items: usize) -> Vec<(f64, usize)> {
        let rows = self.matrix.chunks_exact(items.max(1)).zip(&self.abilities);
        rows.filter(|(row, _)| row[item] != NOT_ASKED)
            .map(|(row, ability)| (*ability, usize::from(row[item])))
            .collect()
    }
}

/// The probabilities of an item's scores, also of one whose slope is negative; `None` where no curve can be
/// drawn.
fn probabilities(finished: &Finished, item: usize) -> Option<Box<dyn Fn(f64) -> Vec<f64>>> {
    let family = finished.design.items[item].family;
    let x = &finished.fit.items[item];
    if let Ok(model) = family.model(x) {
        let categories = model.categories();
        return Some(Box::new(move |theta| {
            (0..categories).map(|k| model.probability(theta, k)).collect()
        }));
    }
    let parameters = family.parameters(x);
    let (a, b) = (parameters.a[0], *parameters.b.first()?);
    let (c, d) = (parameters.c, parameters.d);
    (family.is_logistic() && b.is_finite()).then(|| -> Box<dyn Fn(f64) -> Vec<f64>> {
        Box::new(move |theta| {
            let p = c + (d - c) * logistic(a * (theta - b));
            vec![1.0 - p, p]
        })
    })
}

fn item_part(
    finished: &Finished,
    item: usize,
    people: &People,
    flags: &Flags,
    choices: Option<&Choices>,
) -> CalibrationItem {
    let data = &finished.data;
    let id = &data.items[item];
    let row = super::print::row(finished, item);
    let curve = probabilities(finished, item).filter(|_| finished.dimensioned.is_none());
    let (mut curves, mut observed) = (Vec::new(), Vec::new());
    if let Some(curve) = &curve {
        let categories = curve(0.0).len();
        curves = (0..categories)
            .map(|k| grid().map(|theta| (theta, curve(theta)[k])).collect())
            .collect();
        let answers = people.answers(item, data.items.len());
        observed = observed_curve(&answers, categories, groups(answers.len()), curve);
    }
    CalibrationItem {
        id: id.clone(),
        n: data.answers[item],
        parameters: row.values,
        statistics: flags.statistics(id),
        curves,
        observed,
        flags: flags.of_item(id, &finished.fit.items[item], finished.design.items[item].family),
        options: options(finished, id, people, choices),
    }
}

/// The options of an item with their shares along the ability.
fn options(
    finished: &Finished,
    id: &str,
    people: &People,
    choices: Option<&Choices>,
) -> Vec<OptionPart> {
    let check = rows_of(finished, "key_check").find(|row| row["item"] == id);
    let (Some(check), Some((items, rows, names))) = (check, choices) else { return Vec::new() };
    let Some(column) = items.iter().position(|item| item == id) else { return Vec::new() };
    let key = check["key"].as_str().unwrap_or_default();
    let width = items.len();
    let chosen: Vec<(f64, usize)> = match rows.len() == width * people.abilities.len() {
        true => rows
            .chunks_exact(width)
            .zip(&people.abilities)
            .filter_map(|(row, ability)| row[column].map(|option| (*ability, option)))
            .collect(),
        false => Vec::new(),
    };
    let bins = (chosen.len() / (2 * GROUP_MIN)).clamp(1, OPTION_GROUPS);
    let count = names[column].len();
    let along = observed_curve(&chosen, count, bins, |_| vec![0.0; count]);
    let listed = check["options"].as_array().cloned().unwrap_or_default();
    names[column]
        .iter()
        .enumerate()
        .map(|(option, name)| {
            let found = listed.iter().find(|row| row["option"] == name.as_str());
            OptionPart {
                name: name.clone(),
                is_key: name == key,
                share: found.and_then(|row| row["share"].as_f64()).unwrap_or(0.0),
                r: found.and_then(|row| row["r"].as_f64()),
                points: along.iter().map(|bin| (bin.theta, bin.shares[option])).collect(),
            }
        })
        .collect()
}

fn information(finished: &Finished) -> Vec<(f64, f64)> {
    let families = finished.design.items.iter().map(|item| item.family);
    let models: Vec<ItemModel> =
        families.zip(&finished.fit.items).filter_map(|(family, x)| family.model(x).ok()).collect();
    if finished.dimensioned.is_some() {
        return Vec::new();
    }
    grid().map(|theta| (theta, models.iter().map(|it| it.information(theta)).sum())).collect()
}

fn latent(finished: &Finished) -> Vec<LatentPart> {
    let points = finished.design.settings.nodes.points();
    let step = points.get(1).map_or(1.0, |next| next - points[0]);
    let names = match finished.data.groups.is_empty() {
        true => vec!["everybody".to_owned()],
        false => finished.data.groups.clone(),
    };
    let part = |(name, latent): (String, &calibration::Latent)| LatentPart {
        name,
        mean: latent.mean,
        sd: latent.sd,
        density: points.iter().copied().zip(latent.weights.iter().map(|w| w / step)).collect(),
    };
    names.into_iter().zip(&finished.fit.latent).map(part).collect()
}

/// The rows of one of the analyses.
fn rows_of<'f>(finished: &'f Finished, name: &str) -> impl Iterator<Item = &'f Value> {
    let found = finished.analyses.iter().find(|(other, _)| *other == name);
    found.and_then(|(_, value)| value.as_array()).into_iter().flatten()
}

/// Pairs that hang together, and the mean of Q3.
struct Striking {
    pairs: Vec<PairPart>,
    mean: f64,
}

fn striking_pairs(finished: &Finished) -> Striking {
    let mut pairs: Vec<PairPart> = rows_of(finished, "pairs")
        .filter_map(|row| {
            let item = |at: usize| row["items"][at].as_str().map(str::to_owned);
            let (q3, ld_x2) = (row["q3"].as_f64(), row["ld_x2"].as_f64());
            Some(PairPart { items: [item(0)?, item(1)?], q3, ld_x2 })
        })
        .collect();
    let known: Vec<f64> = pairs.iter().filter_map(|pair| pair.q3).collect();
    let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
    let far = |pair: &PairPart| pair.q3.map_or(0.0, |q3| (q3 - mean).abs());
    pairs.sort_by(|left, right| far(right).total_cmp(&far(left)));
    pairs.truncate(PAIRS_MAX);
    Striking { pairs, mean }
}

/// What the analyses say about each item, in words.
struct Flags {
    words: HashMap<String, Vec<String>>,
    numbers: HashMap<String, Vec<(String, Option<f64>)>>,
}

impl Flags {
    fn of(finished: &Finished, striking: &Striking) -> Self {
        let mut flags = Self { words: HashMap::new(), numbers: HashMap::new() };
        let tested: Vec<&Value> = rows_of(finished, "fit").collect();
        let known: Vec<f64> = tested.iter().filter_map(|row| row["p"].as_f64()).collect();
        let mut adjusted = benjamini_hochberg(&known).into_iter();
        for row in tested {
            let p = row["p"].as_f64().and_then(|_| adjusted.next());
            flags.fit(row, p);
        }
        rows_of(finished, "dif").for_each(|row| flags.dif(row));
        rows_of(finished, "key_check").for_each(|row| flags.key(row));
        for pair in &striking.pairs {
            let Some(q3) = pair.q3.filter(|q3| (q3 - striking.mean).abs() > Q3_FAR) else {
                continue;
            };
            let [left, right] = &pair.items;
            for (id, other) in [(left, right), (right, left)] {
                flags.say(id, format!("hangs together with {other} (Q3 {q3:.2})"));
            }
        }
        flags
    }

    fn say(&mut self, id: &str, text: String) {
        self.words.entry(id.to_owned()).or_default().push(text);
    }

    fn keep(&mut self, row: &Value, names: &[(&str, &str)]) -> String {
        let id = row["item"].as_str().unwrap_or_default().to_owned();
        let numbers = names.iter().map(|(field, name)| ((*name).to_owned(), row[*field].as_f64()));
        self.numbers.entry(id.clone()).or_default().extend(numbers);
        id
    }

    fn fit(&mut self, row: &Value, adjusted: Option<f64>) {
        let names =
            [("s_x2", "S-X²"), ("df", "df"), ("p", "p"), ("infit", "infit"), ("outfit", "outfit")];
        let id = self.keep(row, &names);
        if let Some(p) = adjusted.filter(|p| *p < P_FLAGGED) {
            self.say(&id, format!("does not fit its curve (S-X², adjusted p {p:.3})"));
        }
        for name in ["infit", "outfit"] {
            let far = |value: &f64| *value < SQUARES[0] || *value > SQUARES[1];
            if let Some(value) = row[name].as_f64().filter(far) {
                let how = if value > 1.0 { "less" } else { "more" };
                self.say(
                    &id,
                    format!(
                        "answers are {how} predictable than the curve has them ({name} {value:.2})"
                    ),
                );
            }
        }
    }

    fn dif(&mut self, row: &Value) {
        let id = self.keep(row, &[("mh_delta", "Δ MH")]);
        let class = row["class"].as_str().unwrap_or("A");
        if class != "A" {
            let delta = row["mh_delta"].as_f64().unwrap_or(0.0);
            let whom = if delta < 0.0 { "the second group" } else { "the first group" };
            self.say(&id, format!("differs between groups of equal totals, class {class}: harder for {whom} (Δ {delta:.2})"));
        }
    }

    fn key(&mut self, row: &Value) {
        let id = self.keep(row, &[("r_key", "r of the key")]);
        if let Some(option) = row["suspect"].as_str() {
            let number = |field: &str| {
                format!("{:.2}", row[field].as_f64().unwrap_or(0.0)).replace('-', "−")
            };
            let (r, r_key) = (number("r_suspect"), number("r_key"));
            self.say(
                &id,
                format!(
                    "option {option} goes with the others' right answers more than the key (r {r} against \
                     {r_key}): is the key right?"
                ),
            );
        } else if row["weak_key"] == true {
            self.say(&id, "the able hardly choose the key: is it right?".to_owned());
        }
    }

    fn statistics(&self, id: &str) -> Vec<(String, Option<f64>)> {
        self.numbers.get(id).cloned().unwrap_or_default()
    }

    fn of_item(&self, id: &str, x: &[f64], family: Family) -> Vec<String> {
        let mut flags = self.words.get(id).cloned().unwrap_or_default();
        if family != Family::Nominal && x[0] <= 0.0 {
            flags.insert(0, "a negative slope: the weak do better on it".to_owned());
        } else if family != Family::Nominal && x[0] < SLOPE_LOW {
            flags.push(format!("hardly tells the able from others (a {:.2})", x[0]));
        }
        flags
    }
}
