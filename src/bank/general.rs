//! Reads the files that are about the bank as a whole (blueprint, levels, roles, references,
//! path, topic), and says what holds where a bank lacks one of them. Never reads items.

use std::collections::BTreeMap;

use super::fields::{Fields, Sink, nearest, number};
use super::ids::{ObjectiveId, RoleId, SubtopicId, TopicId};
use super::node::{Node, NodeValue};
use super::spec::{ItemSpec, each, map};
use super::types::{
    Bank, Blueprint, Cells, Cut, LevelText, Objective, PathStep, ReferenceSource, Role,
    StandardSetting, Subtopic, TestForm, Topic,
};
use super::words::{Cognitive, ItemType, Level, Volatility, Word};

/// The correlation of two topics where nothing is said: half of what they measure is shared.
pub(super) const RHO: f64 = 0.5;
/// How far weights may sum from one and still be taken as they are; else they are divided by
/// their sum. Without it a second reading of the canonical form could change the last bit.
const SUM_TOLERANCE: f64 = 1e-9;

/// What the blueprint file says.
#[derive(Debug)]
pub(super) struct BlueprintFile {
    pub topics: Vec<Topic>,
    pub rho: f64,
    pub blueprint: Blueprint,
}

/// What a topic's own file says.
#[derive(Debug)]
pub(super) struct TopicFile {
    pub id: String,
    pub name: Option<String>,
    pub description: Option<String>,
}

type Reading<'n, 't, 's, 'f> = Fields<'n, 't, 's, 'f>;

/// Reads `blueprint.yaml`.
pub(super) fn blueprint(node: &Node<'_>, sink: &mut Sink<'_>) -> Option<BlueprintFile> {
    let mut fields = Fields::new(node, "the blueprint", sink)?;
    let f = &mut fields;
    f.get("schema");
    f.date("as_of");
    let default = default_blueprint();
    let rho = f.number("rho").unwrap_or(RHO);
    if !(0.0..1.0).contains(&rho) {
        let at = f.get("rho").unwrap_or(node).span.clone();
        f.sink.shape(at, "`rho` must lie from 0 to below 1", "it is a correlation of two topics");
    }
    let mut topics = each(f, "topics", topic);
    if topics.is_empty() {
        f.missing("topics");
    }
    let topic_node = f.get("topics").unwrap_or(node);
    share(topics.iter_mut().map(|topic| &mut topic.weight).collect(), topic_node, f.sink);
    unique(topics.iter().map(|topic| topic.id.as_str()), topic_node, f.sink);
    let blueprint = Blueprint {
        cells_wave: cells(f, "cells_wave", count_of).unwrap_or(default.cells_wave),
        cells_full: cells(f, "cells_full", count_of).unwrap_or(default.cells_full),
        type_mix: type_mix(f).unwrap_or(default.type_mix),
        difficulty: cells(f, "difficulty", number).unwrap_or(default.difficulty),
        difficulty_sd: positive(f, "difficulty_sd").unwrap_or(default.difficulty_sd),
        discrimination_sd_log: positive(f, "discrimination_sd_log")
            .unwrap_or(default.discrimination_sd_log),
        difficulty_shares: each(f, "difficulty_shares", difficulty_share),
        review_months: review_months(f).unwrap_or(default.review_months),
        test_forms: each(f, "test_forms", test_form),
        _checked: (),
    };
    fields.finish();
    Some(BlueprintFile { topics, rho, blueprint })
}

fn topic(f: &mut Reading<'_, '_, '_, '_>) -> Option<Topic> {
    let id = f.required_text("id");
    let mut subtopics = each(f, "subtopics", subtopic);
    if let Some(node) = f.required("subtopics") {
        share(subtopics.iter_mut().map(|part| &mut part.weight).collect(), node, f.sink);
        unique(subtopics.iter().map(|part| part.id.as_str()), node, f.sink);
    }
    let objectives = each(f, "objectives", objective);
    if let Some(node) = f.get("objectives") {
        unique(objectives.iter().map(|goal| goal.id.as_str()), node, f.sink);
        for goal in &objectives {
            if !subtopics.iter().any(|part| part.id == goal.subtopic) {
                let message = format!("objective `{}` names an unknown subtopic", goal.id);
                let help = format!("`{}` is no subtopic of `{id}`", goal.subtopic);
                f.sink.shape(node.span.clone(), message, help);
            }
        }
    }
    Some(Topic {
        name: f.text("name").unwrap_or_else(|| id.clone()),
        id: TopicId::new(id),
        weight: f.required_number("weight"),
        subtopics,
        objectives,
        description: f.text("description"),
        _checked: (),
    })
}

fn subtopic(f: &mut Reading<'_, '_, '_, '_>) -> Option<Subtopic> {
    let id = f.required_text("id");
    Some(Subtopic {
        name: f.text("name").unwrap_or_else(|| id.clone()),
        id: SubtopicId::new(id),
        weight: f.required_number("weight"),
        volatility: f.word("volatility").unwrap_or(Volatility::Slow),
        items_wave: f.count("items_wave").unwrap_or(0),
        items_full: f.count("items_full").unwrap_or(0),
        _checked: (),
    })
}

fn objective(f: &mut Reading<'_, '_, '_, '_>) -> Option<Objective> {
    Some(Objective {
        id: ObjectiveId::new(f.required_text("id")),
        level: f.required_word("level"),
        subtopic: SubtopicId::new(f.required_text("subtopic")),
        text: f.required_text("text"),
        _checked: (),
    })
}

fn difficulty_share(f: &mut Reading<'_, '_, '_, '_>) -> Option<(f64, f64, f64)> {
    Some((f.required_number("from"), f.required_number("to"), f.required_number("share")))
}

fn test_form(f: &mut Reading<'_, '_, '_, '_>) -> Option<TestForm> {
    Some(TestForm {
        name: f.required_text("name"),
        length_min: f.count("length_min").unwrap_or(1),
        length_max: f.count("length_max").unwrap_or(u32::MAX),
        length_default: f.count("length_default").unwrap_or(1),
        _checked: (),
    })
}

/// A number above zero.
fn positive(f: &mut Reading<'_, '_, '_, '_>, name: &'static str) -> Option<f64> {
    let value = f.number(name)?;
    if value <= 0.0 {
        let at = f.get(name).map_or(0..0, |node| node.span.clone());
        f.sink.shape(at, format!("`{name}` must be above zero"), "");
    }
    Some(value)
}

/// A value for each level and cognitive act: `{junior: {recall: 8, apply: 9, analyse: 3}, …}`.
fn cells<T: Copy + Default>(
    f: &mut Reading<'_, '_, '_, '_>,
    name: &'static str,
    read: fn(&Node<'_>, &str, &mut Sink<'_>) -> Option<T>,
) -> Option<Cells<T>> {
    let node = f.get(name)?;
    let mut cells = Cells::<T>::default();
    for (level, row) in Level::ALL.iter().zip(&mut cells) {
        for (act, cell) in Cognitive::ALL.iter().zip(row) {
            let value = node.field(level.as_str()).and_then(|row| row.field(act.as_str()));
            match value {
                Some(value) => *cell = read(value, name, f.sink).unwrap_or_default(),
                None => {
                    let message = format!("`{name}` lacks {level}: {act}");
                    f.sink.shape(node.span.clone(), message, "every level and act has a value");
                }
            }
        }
    }
    Some(cells)
}

fn count_of(node: &Node<'_>, name: &str, sink: &mut Sink<'_>) -> Option<u32> {
    let value = number(node, name, sink)?;
    let whole = (value >= 0.0 && value <= f64::from(u32::MAX) && value.fract() == 0.0)
        .then_some(value as u32);
    if whole.is_none() {
        sink.shape(node.span.clone(), format!("`{name}` must hold whole numbers"), "");
    }
    whole
}

/// A map from the words of a list to numbers.
fn by_word<W: Word + Ord>(node: &Node<'_>, name: &str, sink: &mut Sink<'_>) -> BTreeMap<W, f64> {
    let mut values = BTreeMap::new();
    let Some(mut fields) = Fields::new(node, &format!("`{name}`"), sink) else { return values };
    for (key, node) in fields.all() {
        match W::values().iter().find(|value| value.word() == key) {
            Some(word) => {
                values.extend(number(node, key, fields.sink).map(|number| (*word, number)));
            }
            None => {
                let words: Vec<&str> = W::values().iter().map(|value| value.word()).collect();
                let help = format!("one of {}", words.join(", "));
                fields.sink.shape(node.span.clone(), format!("`{name}` has no `{key}`"), help);
            }
        }
    }
    values
}

fn type_mix(f: &mut Reading<'_, '_, '_, '_>) -> Option<BTreeMap<ItemType, f64>> {
    let node = f.get("type_mix")?;
    let mut mix = by_word(node, "type_mix", f.sink);
    share(mix.values_mut().collect(), node, f.sink);
    Some(mix)
}

fn review_months(f: &mut Reading<'_, '_, '_, '_>) -> Option<BTreeMap<Volatility, u32>> {
    let node = f.get("review_months")?;
    let months: BTreeMap<Volatility, f64> = by_word(node, "review_months", f.sink);
    Some(months.into_iter().map(|(volatility, months)| (volatility, months as u32)).collect())
}

/// Makes weights shares of one.
fn share(mut weights: Vec<&mut f64>, at: &Node<'_>, sink: &mut Sink<'_>) {
    let sum: f64 = weights.iter().map(|weight| **weight).sum();
    if weights.is_empty() {
        return;
    }
    if weights.iter().any(|weight| **weight < 0.0) || sum <= 0.0 {
        sink.shape(at.span.clone(), "weights must not be negative, and not all zero", "");
        return;
    }
    if (sum - 1.0).abs() > SUM_TOLERANCE {
        for weight in &mut weights {
            **weight /= sum;
        }
    }
}

/// Reports names that are given twice.
fn unique<'i>(names: impl Iterator<Item = &'i str>, at: &Node<'_>, sink: &mut Sink<'_>) {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            sink.shape(at.span.clone(), format!("`{name}` is named twice"), "names are unique");
        }
    }
}

/// Reads a topic's own file.
pub(super) fn topic_file(node: &Node<'_>, sink: &mut Sink<'_>) -> Option<TopicFile> {
    map(node, "a topic file", sink, |f| {
        f.get("schema");
        Some(TopicFile {
            id: f.required_text("id"),
            name: f.text("name"),
            description: f.text("description"),
        })
    })
}

/// What `levels.yaml` says.
pub(super) struct Levels {
    pub levels: Vec<LevelText>,
    pub cuts: Vec<Cut>,
    pub standard_setting: Option<StandardSetting>,
}

/// What holds where no file speaks of levels.
pub(super) fn levels_of(around: Option<&Bank>) -> Levels {
    match around {
        Some(around) => Levels {
            levels: around.levels.clone(),
            cuts: around.cuts.clone(),
            standard_setting: around.standard_setting.clone(),
        },
        None => Levels { levels: Vec::new(), cuts: default_cuts(), standard_setting: None },
    }
}

/// Reads `levels.yaml`.
pub(super) fn levels(node: &Node<'_>, sink: &mut Sink<'_>) -> Option<Levels> {
    map(node, "the levels file", sink, |f| {
        f.get("schema");
        let levels = each(f, "levels", |f| {
            Some(LevelText {
                level: f.required_word("id"),
                descriptor: f.text("descriptor").unwrap_or_default(),
                _checked: (),
            })
        });
        let cuts = each(f, "cuts", cut);
        let neighbours = [[Level::Junior, Level::Mid], [Level::Mid, Level::Senior]];
        let right = cuts.iter().map(|cut| cut.between).eq(neighbours)
            && cuts.windows(2).all(|pair| pair[0].theta < pair[1].theta);
        if !right && let Some(node) = f.required("cuts") {
            let help = "first between [junior, mid], then between [mid, senior], rising";
            f.sink.shape(node.span.clone(), "the cuts must be two, in their order", help);
        }
        let standard_setting = match f.get("standard_setting") {
            Some(node) => map(node, "standard_setting", f.sink, standard_setting),
            None => None,
        };
        Some(Levels { levels, cuts, standard_setting })
    })
}

/// How the cuts were set.
fn standard_setting(f: &mut Reading<'_, '_, '_, '_>) -> Option<StandardSetting> {
    let count = |f: &mut Reading<'_, '_, '_, '_>, name| {
        f.required(name).and_then(|_| f.count(name)).unwrap_or_default()
    };
    Some(StandardSetting {
        method: f.required_text("method"),
        judges: count(f, "judges"),
        kind: f.required_word("kind"),
        rounds: count(f, "rounds"),
        items: count(f, "items"),
        date: f.required("date").and_then(|_| f.date("date")).unwrap_or_default(),
        ratings: f.text("ratings"),
        _checked: (),
    })
}

fn cut(f: &mut Reading<'_, '_, '_, '_>) -> Option<Cut> {
    let words = f.texts("between");
    let levels: Vec<Level> = words.iter().filter_map(|word| Level::from_word(word)).collect();
    let between = match levels.as_slice() {
        [lower, upper] => [*lower, *upper],
        _ => {
            let at = f.required("between").map_or(0..0, |node| node.span.clone());
            f.sink.shape(at, "`between` must name two levels", "write it as [junior, mid]");
            return None;
        }
    };
    Some(Cut {
        between,
        theta: f.required_number("theta"),
        se: f.number("se").filter(|se| *se >= 0.0).unwrap_or(DEFAULT_CUT_SE),
        origin: f.required_text("origin"),
        as_of: f.required("as_of").and_then(|_| f.date("as_of")).unwrap_or_default(),
        _checked: (),
    })
}

/// Reads `roles.yaml`.
pub(super) fn roles(node: &Node<'_>, topics: &[Topic], sink: &mut Sink<'_>) -> Vec<Role> {
    let Some(mut fields) = Fields::new(node, "the roles file", sink) else { return Vec::new() };
    fields.get("schema");
    let mut roles = Vec::new();
    for entry in fields.list("roles") {
        let Some(mut role) = Fields::new(entry, "a role", fields.sink) else { continue };
        let id = role.required_text("id");
        let mut weights = vec![0.0; topics.len()];
        if let Some(node) = role.required("weights") {
            for (name, value) in named_numbers(node, "weights", role.sink) {
                match topics.iter().position(|topic| topic.id.as_str() == name) {
                    Some(index) => weights[index] = value,
                    None => unknown_topic(&name, node, topics, role.sink),
                }
            }
            share(weights.iter_mut().collect(), node, role.sink);
        }
        let multipliers = role.get("subtopic_multipliers").map(|node| {
            let named = named_numbers(node, "subtopic_multipliers", role.sink);
            known_subtopics(named.iter().map(|(name, _)| name.as_str()), node, topics, role.sink);
            named.into_iter().map(|(name, value)| (SubtopicId::new(name), value)).collect()
        });
        roles.push(Role {
            name: role.text("name").unwrap_or_else(|| id.clone()),
            id: RoleId::new(id),
            weights,
            subtopic_multipliers: multipliers.unwrap_or_default(),
            _checked: (),
        });
        role.finish();
    }
    unique(roles.iter().map(|role| role.id.as_str()), node, fields.sink);
    fields.finish();
    roles
}

fn named_numbers(node: &Node<'_>, name: &str, sink: &mut Sink<'_>) -> Vec<(String, f64)> {
    let Some(mut fields) = Fields::new(node, &format!("`{name}`"), sink) else { return Vec::new() };
    let mut pairs = Vec::new();
    for (key, node) in fields.all() {
        pairs.extend(number(node, key, fields.sink).map(|value| (key.to_owned(), value)));
    }
    pairs
}

fn unknown_topic(name: &str, at: &Node<'_>, topics: &[Topic], sink: &mut Sink<'_>) {
    let names: Vec<&str> = topics.iter().map(|topic| topic.id.as_str()).collect();
    let help = match nearest(name, &names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the topics are {}", names.join(", ")),
    };
    sink.shape(at.span.clone(), format!("unknown topic `{name}`"), help);
}

fn known_subtopics<'i>(
    names: impl Iterator<Item = &'i str>,
    at: &Node<'_>,
    topics: &[Topic],
    sink: &mut Sink<'_>,
) {
    for name in names {
        let known =
            topics.iter().any(|topic| topic.subtopics.iter().any(|part| part.id.as_str() == name));
        if !known {
            sink.shape(at.span.clone(), format!("unknown subtopic `{name}`"), "see blueprint.yaml");
        }
    }
}

/// Reads `references.yaml`: every source once, with the topics that may cite it.
pub(super) fn references(
    node: &Node<'_>,
    topics: &[Topic],
    sink: &mut Sink<'_>,
) -> Vec<ReferenceSource> {
    let Some(mut fields) = Fields::new(node, "the references file", sink) else {
        return Vec::new();
    };
    fields.get("schema");
    let mut sources = Vec::new();
    for entry in fields.list("references") {
        let Some(mut f) = Fields::new(entry, "a reference", fields.sink) else { continue };
        let (id, title, locator) =
            (f.required_text("id"), f.required_text("title"), f.required_text("locator"));
        for name in f.texts("topics") {
            if !topics.iter().any(|topic| topic.id.as_str() == name) {
                unknown_topic(&name, entry, topics, f.sink);
            }
            sources.push(ReferenceSource {
                topic: TopicId::new(name),
                id: id.clone(),
                title: title.clone(),
                locator: locator.clone(),
                _checked: (),
            });
        }
        f.finish();
    }
    fields.finish();
    sources.sort_by(|left, right| (&left.topic, &left.id).cmp(&(&right.topic, &right.id)));
    let twice =
        sources.windows(2).find(|pair| pair[0].topic == pair[1].topic && pair[0].id == pair[1].id);
    if let Some(pair) = twice {
        let message = format!("reference `{}` is given twice for `{}`", pair[0].id, pair[0].topic);
        sink.shape(node.span.clone(), message, "one entry a source, with all its topics");
    }
    sources
}

/// Reads `path.yaml`.
pub(super) fn path(node: &Node<'_>, topics: &[Topic], sink: &mut Sink<'_>) -> Vec<PathStep> {
    let steps = map(node, "the path file", sink, |f| {
        f.get("schema");
        Some(each(f, "steps", |f| {
            Some(PathStep {
                step: f.count("step").and_then(|step| u8::try_from(step).ok()).unwrap_or(0),
                title: f.required_text("title"),
                subtopics: f.texts("subtopics").into_iter().map(SubtopicId::new).collect(),
                bar: f.number("bar"),
                _checked: (),
            })
        }))
    });
    let steps = steps.unwrap_or_default();
    if !steps.iter().map(|step| usize::from(step.step)).eq(1..=steps.len()) {
        sink.shape(node.span.clone(), "steps are numbered from 1 in their order", "");
    }
    let names = steps.iter().flat_map(|step| step.subtopics.iter().map(SubtopicId::as_str));
    known_subtopics(names, node, topics, sink);
    steps
}

/// The name in a file's `schema:` line.
pub(super) fn schema<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    node.field("schema").and_then(Node::text)
}

/// The entries of an item file.
pub(super) fn entries<'n, 't>(node: &'n Node<'t>, sink: &mut Sink<'_>) -> &'n [Node<'t>] {
    let Some(mut fields) = Fields::new(node, "an item file", sink) else { return &[] };
    fields.get("schema");
    let items = match node.field("items").map(|items| &items.value) {
        Some(NodeValue::List(list)) => {
            fields.get("items");
            list.as_slice()
        }
        _ => {
            fields.list("items");
            &[]
        }
    };
    fields.finish();
    items
}

/// How well a cut is known where nothing is said (a judgement, not a standard setting).
const DEFAULT_CUT_SE: f64 = 0.3;

/// The cuts of a bank without `levels.yaml`: a borderline mid gets 80 % of junior items and 55 %
/// of mid items right, a borderline senior 79 % of mid and 56 % of senior items (c = 0.2,
/// difficulties of the default table).
fn default_cuts() -> Vec<Cut> {
    let cut = |between, theta| Cut {
        between,
        theta,
        se: DEFAULT_CUT_SE,
        origin: "provisional: judged, no standard setting yet".to_owned(),
        as_of: "2026-11-22".to_owned(),
        _checked: (),
    };
    vec![cut([Level::Junior, Level::Mid], -0.25), cut([Level::Mid, Level::Senior], 1.2)]
}

/// What holds for a bank without a blueprint: the judged difficulties, and no targets.
pub(super) fn default_blueprint() -> Blueprint {
    Blueprint {
        cells_wave: Cells::default(),
        cells_full: Cells::default(),
        type_mix: BTreeMap::new(),
        difficulty: [[-2.0, -1.3, -0.7], [-0.6, 0.0, 0.5], [0.6, 1.2, 1.8]],
        difficulty_sd: 0.9,
        discrimination_sd_log: 0.3,
        difficulty_shares: Vec::new(),
        review_months: [(Volatility::Stable, 36), (Volatility::Slow, 12), (Volatility::Fast, 6)]
            .into(),
        test_forms: Vec::new(),
        _checked: (),
    }
}

/// The topics of a bank without a blueprint: those that items and topic files name, in the order
/// of their names, with equal weights; likewise their subtopics and objectives.
pub(super) fn derived_topics<'s>(
    items: impl Iterator<Item = &'s ItemSpec>,
    files: &[TopicFile],
) -> Vec<Topic> {
    let mut names: BTreeMap<&str, Vec<&ItemSpec>> =
        files.iter().map(|file| (file.id.as_str(), Vec::new())).collect();
    for item in items {
        names.entry(&item.topic).or_default().push(item);
    }
    let weight = 1.0 / names.len().max(1) as f64;
    names.into_iter().map(|(id, items)| derived_topic(id, weight, &items)).collect()
}

/// One topic from the items that name it.
pub(super) fn derived_topic(id: &str, weight: f64, items: &[&ItemSpec]) -> Topic {
    let parts: std::collections::BTreeSet<&str> =
        items.iter().map(|item| item.subtopic.as_str()).collect();
    let part_weight = 1.0 / parts.len().max(1) as f64;
    let subtopic = |name: &str| Subtopic {
        id: SubtopicId::new(name),
        name: name.to_owned(),
        weight: part_weight,
        volatility: Volatility::Slow,
        items_wave: 0,
        items_full: 0,
        _checked: (),
    };
    let mut objectives = BTreeMap::new();
    for item in items {
        if let Some(name) = &item.objective {
            objectives.entry(name.as_str()).or_insert_with(|| Objective {
                id: ObjectiveId::new(name.as_str()),
                level: item.level,
                subtopic: SubtopicId::new(item.subtopic.as_str()),
                text: name.clone(),
                _checked: (),
            });
        }
    }
    Topic {
        id: TopicId::new(id),
        name: id.to_owned(),
        weight,
        subtopics: parts.into_iter().map(subtopic).collect(),
        objectives: objectives.into_values().collect(),
        description: None,
        _checked: (),
    }
}
