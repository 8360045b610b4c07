//! What `gradus simulate` prints: one JSON object, a table by person, or a table for people.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::{Finished, Ran, content};
use crate::cli::items_csv::Ids;
use crate::cli::output::{csv_line, csv_number, finite, print, print_json};
use crate::cli::{CliError, Exit};
use crate::psychometrics::simulation::{Figures, ItemMap, Summary};

/// The schema's name in JSON.
const SCHEMA: &str = "gradus.simulate/1";

/// The object of the contract; with `--compare` the other rules' objects in `compare`.
pub fn json(finished: &Finished) -> Result<Exit, CliError> {
    let mut object = Object::new();
    object.insert("schema", Part::Value(json!(SCHEMA)));
    object.insert("seed", Part::Value(json!(finished.seed)));
    object.insert("items", Part::Value(json!(finished.item_ids.len())));
    if let Some(banks) = &finished.banks {
        object.insert("bank_fingerprint", Part::Value(json!(banks.fingerprint)));
        object.insert("topics", Part::Value(json!(banks.topics)));
        object.insert("difficulties", Part::Value(json!(banks.difficulties)));
    }
    object.0.extend(figures(&finished.runs[0]).0);
    object.insert("item_ids", Part::Ids(&finished.item_ids));
    object.insert("item_map", Part::Map(&finished.item_map));
    if finished.runs.len() > 1 {
        object.insert("compare", Part::Compared(finished.runs[1..].iter().map(figures).collect()));
    }
    let wall_s = finished.wall.as_secs_f64();
    let tests = finished.runs.len() * finished.persons.len();
    let run = json!({
        "wall_s": wall_s, "cpu_s": finished.cpu_s, "threads": finished.threads,
        "examinees_per_s": finite(tests as f64 / wall_s),
    });
    object.insert("run", Part::Value(run));
    print_json(&object)
}

/// Part of the object. What is as long as the bank is written from where it stands.
#[derive(Serialize)]
#[serde(untagged)]
enum Part<'f> {
    Value(Value),
    Ids(&'f Ids),
    Map(&'f ItemMap),
    Figures(&'f Figures),
    Compared(Vec<Object<'f>>),
}

/// Parts by name; the schema comes first, the others in the order of the alphabet.
struct Object<'f>(BTreeMap<String, Part<'f>>);

impl<'f> Object<'f> {
    fn new() -> Self {
        Self(BTreeMap::new())
    }

    fn insert(&mut self, name: &str, part: Part<'f>) {
        self.0.insert(name.to_owned(), part);
    }
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        let is_schema = |(name, _): &(&String, &Part<'_>)| name.as_str() == "schema";
        for (name, part) in self.0.iter().filter(is_schema) {
            map.serialize_entry(name, part)?;
        }
        for (name, part) in self.0.iter().filter(|entry| !is_schema(entry)) {
            map.serialize_entry(name, part)?;
        }
        map.end()
    }
}

/// The figures of one design. What needs the truth is null without it.
fn figures(ran: &Ran) -> Object<'_> {
    let Summary { examinees, length, mean_se, precision, exposure, classification } = &ran.summary;
    let precise = precision.as_ref();
    let by_length: Vec<Value> = precise
        .iter()
        .flat_map(|p| &p.by_length)
        .map(|at| json!({"n": at.n, "rmse": at.rmse, "bound_rmse": at.bound_rmse}))
        .collect();
    let classification = classification.map(|c| {
        json!({
            "accuracy": c.accuracy, "far_accuracy": c.far_accuracy,
            "two_level_errors": c.two_level_errors, "kappa": c.kappa, "ece": c.ece,
        })
    });
    let settings = &ran.settings;
    let object = json!({
        "examinees": examinees, "rule": settings.rule, "criterion": settings.criterion,
        "estimator": settings.estimator, "prior": settings.prior,
        "exposure_rule": settings.exposure_rule,
        "content": content::name(ran), "areas": content::areas(ran), "cuts": settings.cuts, "cut_se": settings.cut_se,
        "length_min": settings.length_min, "length_max": settings.length_max,
        "length": {"mean": length.mean, "sd": length.sd, "min": length.min, "max": length.max},
        "bias": precise.map(|p| p.bias), "rmse": precise.map(|p| p.rmse),
        "mean_se": finite(*mean_se), "coverage90": precise.map(|p| p.coverage90),
        "bound_rmse": precise.map(|p| p.bound_rmse), "by_length": by_length,
        "exposure": {
            "max": exposure.max, "overlap": exposure.overlap, "unused_share": exposure.unused_share,
        },
        "classification": classification, "roles": ran.roles,
    });
    let mut parts = Object::new();
    if let Value::Object(map) = object {
        parts.0.extend(map.into_iter().map(|(name, value)| (name, Part::Value(value))));
    }
    parts.insert("figures", Part::Figures(&ran.figures));
    if let Some(difference) = ran.difference {
        parts.insert("difference", Part::Value(json!(difference)));
    }
    parts
}

/// A row a person; over the banks with truth, estimate and standard error on each topic.
pub fn csv(finished: &Finished) -> Result<Exit, CliError> {
    let head = ["person", "truth", "theta", "se", "n", "stopped"].map(str::to_owned);
    let topics = finished.banks.iter().flat_map(|banks| &banks.topics);
    let columns =
        topics.flat_map(|topic| ["truth", "theta", "se"].map(|what| format!("{what}_{topic}")));
    let mut text = csv_line(head.into_iter().chain(columns));
    for (at, (person, test)) in
        finished.persons.iter().zip(finished.runs[0].tests.iter()).enumerate()
    {
        let estimate = &test.estimate;
        let cells = [
            person.into_owned(),
            csv_number(test.truth),
            estimate.theta.to_string(),
            csv_number(finite(estimate.standard_error)),
            test.items.len().to_string(),
            test.stopped.to_string(),
        ];
        let on_topics = finished.banks.iter().flat_map(|banks| {
            let person = &banks.persons[at];
            let of = |k: usize| [person.abilities[k], person.means[k], person.sds[k]];
            (0..banks.topics.len()).flat_map(of).map(|value| value.to_string())
        });
        text += &csv_line(cells.into_iter().chain(on_topics));
    }
    print(&text)
}

/// A line a rule.
pub fn text(finished: &Finished) -> Result<Exit, CliError> {
    let people = finished.persons.len();
    let what = match &finished.banks {
        Some(banks) => format!("items of {}", banks.topics.join(", ")),
        None => "items".to_owned(),
    };
    let mut text = format!(
        "{people} examinees, {} {what}, seed {}: simulated evidence about the rules, not the items\n\n",
        finished.item_ids.len(),
        finished.seed
    );
    let wide = finished.runs.iter().map(|ran| ran.settings.rule.chars().count());
    let wide = wide.max().unwrap_or(0).max(4);
    text += &format!(
        "{:<wide$}  {:>6}  {:>6}  {:>6}  {:>6}  {:>6}  {:>8}  {:>7}  {:>6}  {:>5}\n",
        "rule", "length", "rmse", "bound", "se", "cover", "most", "overlap", "unused", "right"
    );
    let known = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.3}"));
    for ran in &finished.runs {
        let Summary { length, mean_se, precision, exposure, classification, .. } = &ran.summary;
        let precise = precision.as_ref();
        text += &format!(
            "{:<wide$}  {:>6.1}  {:>6}  {:>6}  {:>6.3}  {:>6}  {:>8.3}  {:>7.3}  {:>6.3}  {:>5}\n",
            ran.settings.rule,
            length.mean,
            known(precise.map(|p| p.rmse)),
            known(precise.map(|p| p.bound_rmse)),
            mean_se,
            known(precise.map(|p| p.coverage90)),
            exposure.max,
            exposure.overlap,
            exposure.unused_share,
            known(classification.as_ref().map(|c| c.accuracy)),
        );
    }
    text += "\nrmse and bound: error of the estimate, and the least possible; most: largest share \
             of people that saw one item\n";
    text += &levels_and_roles(&finished.runs[0]);
    print(&text)
}

/// What the first rule says about levels and roles.
fn levels_and_roles(ran: &Ran) -> String {
    let mut text = String::new();
    if let Some(found) = &ran.summary.classification {
        let far = found.far_accuracy.map_or("-".to_owned(), |share| format!("{share:.3}"));
        text += &format!(
            "levels: right {:.3}, farther than .3 from a cut {far}, two levels off {:.3}, \
             calibration error {:.3}\n",
            found.accuracy, found.two_level_errors, found.ece
        );
    }
    if let Some(roles) = &ran.roles {
        text += &format!(
            "roles: the truly best fitting one is first for {:.3}, among the first two for {:.3}, \
             calibration error {:.3}\n",
            roles.top1, roles.top2, roles.ece
        );
    }
    text
}
