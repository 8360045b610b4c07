//! An item as an author typed it: every field with its type, nothing checked beyond that. The
//! same shapes, written as JSON, are the canonical form and the export. Never builds an
//! [`Item`](super::Item): `build` does, after the structural checks.

use serde::Serialize;
use serde_json::{Map, Value};

use super::calibrations;
use super::fields::{Fields, Sink, shown, text};
use super::node::{Node, NodeValue};
use super::types::Calibration;
use super::words::{AuthorKind, Cognitive, ItemType, Level, Normalise, Runner, Status};

/// Seconds a person is given when the item does not say.
const TIME_LIMIT_S: u32 = 120;
/// Seconds a person is expected to need when the item does not say.
const EXPECTED_S: u32 = 60;

/// One entry of an item file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct ItemSpec {
    pub id: String,
    pub version: u32,
    pub topic: String,
    pub subtopic: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objective: Option<String>,
    pub level: Level,
    pub cognitive: Cognitive,
    #[serde(rename = "type")]
    pub kind: ItemType,
    pub title: String,
    pub stem: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
    pub options: Vec<ChoiceSpec>,
    pub shuffle: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shuffle_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scoring: Option<ScoringSpec>,
    pub answer: Option<AnswerSpec>,
    pub explanation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    pub references: Vec<ReferenceSpec>,
    pub irt: IrtSpec,
    /// Never typed in an item file: it stands in a calibration file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difficulty_reasons: Option<String>,
    pub time_limit_s: u32,
    pub expected_s: u32,
    pub tags: Vec<String>,
    pub languages: Vec<String>,
    pub locale: String,
    pub enemies: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant_of: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<MediaSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<VerifySpec>,
    pub author: AuthorSpec,
    pub licence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Value>,
    pub status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired: Option<RetiredSpec>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<WaiverSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ext: Option<Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct EnvironmentSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct ChoiceSpec {
    pub id: String,
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correct: Option<bool>,
    pub feedback: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub misconception: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct ScoringSpec {
    pub rule: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum AnswerSpec {
    Order(Vec<String>),
    Numeric {
        value: f64,
        tolerance: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        unit: Option<String>,
    },
    Text {
        accept: Vec<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        regex: Option<String>,
        normalise: Vec<Normalise>,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct ReferenceSpec {
    #[serde(rename = "ref")]
    pub id: String,
    pub locator: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct IrtSpec {
    pub a: SlopeSpec,
    pub b: DifficultySpec,
    pub c: FloorSpec,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct SlopeSpec {
    pub prior: Option<f64>,
    pub sd_log: Option<f64>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct DifficultySpec {
    pub prior: Option<f64>,
    pub sd: Option<f64>,
    /// How many raters the two come from; never typed, for they come from the ratings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raters: Option<u32>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct FloorSpec {
    pub prior: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct MediaSpec {
    pub path: String,
    pub alt: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct VerifySpec {
    pub runner: Runner,
    pub script: String,
    pub expect: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct AuthorSpec {
    pub id: String,
    pub kind: AuthorKind,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct RetiredSpec {
    pub reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct WaiverSpec {
    pub check: String,
    pub reason: String,
}

/// Reads one entry of an item file; `None` when any of its fields has a wrong shape.
pub(super) fn item(node: &Node<'_>, sink: &mut Sink<'_>) -> Option<ItemSpec> {
    let before = sink.errors();
    sink.item = node.field("id").and_then(Node::text).map(str::to_owned);
    let spec = fields_of_item(node, sink);
    spec.filter(|_| sink.errors() == before)
}

fn fields_of_item(node: &Node<'_>, sink: &mut Sink<'_>) -> Option<ItemSpec> {
    let mut fields = Fields::new(node, "an item", sink)?;
    let f = &mut fields;
    let kind = f.required_word("type");
    let time_limit_s = f.count("time_limit_s").unwrap_or(TIME_LIMIT_S);
    let spec = ItemSpec {
        id: f.required_text("id"),
        version: f.count("version").unwrap_or(1),
        topic: f.required_text("topic"),
        subtopic: f.required_text("subtopic"),
        objective: f.text("objective"),
        level: f.required_word("level"),
        cognitive: f.required_word("cognitive"),
        kind,
        title: f.text("title").unwrap_or_default(),
        stem: f.required_text("stem"),
        environment: nested(f, "environment", environment),
        as_of: f.date("as_of"),
        valid_from: f.date("valid_from"),
        valid_until: f.date("valid_until"),
        options: each(f, "options", choice),
        shuffle: f.flag("shuffle").unwrap_or(true),
        shuffle_reason: f.text("shuffle_reason"),
        scoring: nested(f, "scoring", scoring),
        answer: f.get("answer").and_then(|node| answer(node, kind, f.sink)),
        explanation: f.text("explanation").unwrap_or_default(),
        hint: f.text("hint"),
        references: each(f, "references", reference),
        irt: nested(f, "irt", irt).unwrap_or_default(),
        calibration: nested(f, "calibration", calibrations::of_item),
        difficulty_reasons: f.text("difficulty_reasons"),
        time_limit_s,
        expected_s: f.count("expected_s").unwrap_or(EXPECTED_S.min(time_limit_s)),
        tags: f.texts("tags"),
        languages: Some(f.texts("languages")).filter(|list| !list.is_empty()).unwrap_or_else(any),
        locale: f.text("locale").unwrap_or_else(|| "en".to_owned()),
        enemies: f.texts("enemies"),
        variant_of: f.text("variant_of"),
        media: each(f, "media", media),
        verify: nested(f, "verify", verify),
        author: nested(f, "author", author).unwrap_or_else(unnamed),
        licence: f.text("licence").unwrap_or_else(|| "unspecified".to_owned()),
        origin: f.get("origin").map(Node::to_json),
        status: f.word("status").unwrap_or(Status::Draft),
        retired: nested(f, "retired", retired),
        waivers: each(f, "waivers", waiver),
        ext: f.get("ext").map(Node::to_json).filter(|ext| *ext != Value::Object(Map::new())),
    };
    fields.finish();
    Some(spec)
}

/// The languages of an item that names none.
fn any() -> Vec<String> {
    vec!["any".to_owned()]
}

type Reader<T> = fn(&mut Fields<'_, '_, '_, '_>) -> Option<T>;

/// Reads a map in a field.
fn nested<T>(f: &mut Fields<'_, '_, '_, '_>, name: &'static str, read: Reader<T>) -> Option<T> {
    let node = f.get(name)?;
    map(node, name, f.sink, read)
}

/// Reads a list of maps in a field.
pub(super) fn each<T>(
    f: &mut Fields<'_, '_, '_, '_>,
    name: &'static str,
    read: Reader<T>,
) -> Vec<T> {
    let list = f.list(name);
    list.iter().filter_map(|node| map(node, name, f.sink, read)).collect()
}

/// Reads one map to its end.
pub(super) fn map<T>(
    node: &Node<'_>,
    name: &str,
    sink: &mut Sink<'_>,
    read: Reader<T>,
) -> Option<T> {
    let mut fields = Fields::new(node, &format!("`{name}`"), sink)?;
    let value = read(&mut fields);
    fields.finish();
    value
}

fn environment(f: &mut Fields<'_, '_, '_, '_>) -> Option<EnvironmentSpec> {
    Some(EnvironmentSpec {
        product: f.text("product"),
        language: f.text("language"),
        version: f.text("version"),
        mode: f.text("mode"),
    })
}

fn choice(f: &mut Fields<'_, '_, '_, '_>) -> Option<ChoiceSpec> {
    let text = f.required("text").map(|_| f.text("text").unwrap_or_default());
    Some(ChoiceSpec {
        id: f.required_text("id"),
        text: text.unwrap_or_default(),
        correct: f.flag("correct"),
        feedback: f.text("feedback").unwrap_or_default(),
        misconception: f.text("misconception"),
    })
}

fn scoring(f: &mut Fields<'_, '_, '_, '_>) -> Option<ScoringSpec> {
    Some(ScoringSpec { rule: f.required_text("rule") })
}

fn answer(node: &Node<'_>, kind: ItemType, sink: &mut Sink<'_>) -> Option<AnswerSpec> {
    match kind {
        ItemType::Order => match &node.value {
            NodeValue::List(list) => {
                let ids = list.iter().filter_map(|id| text(id, "answer", sink)).collect();
                Some(AnswerSpec::Order(ids))
            }
            _ => {
                let message = format!(
                    "the answer of an order item is a list of option ids, not {}",
                    shown(node)
                );
                sink.shape(node.span.clone(), message, "write it as [c, a, b]");
                None
            }
        },
        ItemType::Numeric => map(node, "answer", sink, numeric),
        ItemType::Short | ItemType::CodeOutput => map(node, "answer", sink, accepted),
        ItemType::Single | ItemType::Multi => {
            let message = format!("a {kind} item has no `answer`");
            sink.shape(node.span.clone(), message, "its key is `correct: true` on the options");
            None
        }
    }
}

fn numeric(f: &mut Fields<'_, '_, '_, '_>) -> Option<AnswerSpec> {
    Some(AnswerSpec::Numeric {
        value: f.required_number("value"),
        tolerance: f.number("tolerance").unwrap_or(0.0),
        unit: f.text("unit"),
    })
}

fn accepted(f: &mut Fields<'_, '_, '_, '_>) -> Option<AnswerSpec> {
    let accept = f.texts("accept");
    let regex = f.text("regex");
    let words = f.texts("normalise");
    let mut normalise = Vec::new();
    for word in words {
        match Normalise::from_word(&word) {
            Some(step) => normalise.push(step),
            None => {
                let at = f.get("normalise").map_or(0..0, |node| node.span.clone());
                let message = format!("`normalise` cannot be `{word}`");
                f.sink.shape(at, message, "any of trim, collapse-space, lowercase");
            }
        }
    }
    Some(AnswerSpec::Text { accept, regex, normalise })
}

fn reference(f: &mut Fields<'_, '_, '_, '_>) -> Option<ReferenceSpec> {
    Some(ReferenceSpec {
        id: f.required_text("ref"),
        locator: f.text("locator").unwrap_or_default(),
        version: f.text("version"),
        url: f.text("url"),
        checked: f.date("checked"),
    })
}

fn irt(f: &mut Fields<'_, '_, '_, '_>) -> Option<IrtSpec> {
    if let Some(model) = f.get("model").filter(|model| model.text() != Some("3pl")) {
        let message = format!("`model` cannot be {}", shown(model));
        f.sink.shape(model.span.clone(), message, "priors are those of the `3pl` model");
    }
    if let Some(calibrated) = f.get("calibrated") {
        let help = "statistics stand in calibration files, never in item files";
        f.sink.shape(calibrated.span.clone(), "`calibrated` must be empty", help);
    }
    let a = nested(f, "a", |f| {
        Some(SlopeSpec { prior: f.number("prior"), sd_log: f.number("sd_log") })
    });
    let b = nested(f, "b", |f| {
        Some(DifficultySpec {
            prior: f.number("prior"),
            sd: f.number("sd"),
            raters: f.count("raters"),
        })
    });
    let c = nested(f, "c", |f| Some(FloorSpec { prior: f.number("prior") }));
    Some(IrtSpec { a: a.unwrap_or_default(), b: b.unwrap_or_default(), c: c.unwrap_or_default() })
}

fn media(f: &mut Fields<'_, '_, '_, '_>) -> Option<MediaSpec> {
    Some(MediaSpec {
        path: f.required_text("path"),
        alt: f.text("alt").unwrap_or_default(),
        sha256: f.text("sha256"),
    })
}

fn verify(f: &mut Fields<'_, '_, '_, '_>) -> Option<VerifySpec> {
    Some(VerifySpec {
        runner: f.required_word("runner"),
        script: f.text("script").unwrap_or_default(),
        expect: f.text("expect").unwrap_or_default(),
    })
}

fn author(f: &mut Fields<'_, '_, '_, '_>) -> Option<AuthorSpec> {
    Some(AuthorSpec { id: f.required_text("id"), kind: f.required_word("kind") })
}

/// The author of an item that names none.
fn unnamed() -> AuthorSpec {
    AuthorSpec { id: "unnamed".to_owned(), kind: AuthorKind::Human }
}

fn retired(f: &mut Fields<'_, '_, '_, '_>) -> Option<RetiredSpec> {
    Some(RetiredSpec { reason: f.required_text("reason"), replaced_by: f.text("replaced_by") })
}

fn waiver(f: &mut Fields<'_, '_, '_, '_>) -> Option<WaiverSpec> {
    // The name of the field in the first banks.
    let check = f.text("code").unwrap_or_else(|| f.required_text("check"));
    Some(WaiverSpec { check, reason: f.required_text("reason") })
}
