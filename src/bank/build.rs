//! From a typed entry to an [`Item`]: every check without which an item could be mis-scored or
//! would point at nothing. Never judges wording: `check` does.

use std::collections::{BTreeMap, HashMap};

use super::diagnostic::Severity;
use super::fields::{Sink, nearest};
use super::ids::{ItemId, ObjectiveId, OptionId, SubtopicId, TopicId};
use super::node::{Node, Step};
use super::ratings::{Rating, difficulties};
use super::spec::{AnswerSpec, ChoiceSpec, IrtSpec, ItemSpec};
use super::types::{
    Author, Blueprint, Choice, Environment, IrtPrior, Item, Key, Media, Reference, Retirement,
    TextPattern, Topic, Verify, Waiver,
};
use super::words::{ItemType, MultiRule, OrderRule};

/// Longest name of anything.
const NAME_MAX: usize = 80;
/// How much of blind guessing the prior keeps: distractors draw some who do not know (blueprint).
const GUESSING_SHRINK: f64 = 0.8;
/// The lower asymptote where there is nothing to choose from.
const GUESSING_FREE: f64 = 0.02;

/// Fewest raters whose mean is a prior.
const RATERS_MIN: usize = 3;
/// The standard deviation of a judged difficulty about the true one. Raters of one kind share this
/// error, so no number of them makes it smaller.
const JUDGED_SD: f64 = 0.9;

/// What items may point at, and what raters think of them.
pub(super) struct Catalogue<'b> {
    topics: HashMap<&'b str, &'b Topic>,
    blueprint: &'b Blueprint,
    /// By item and version, one number a rater.
    ratings: BTreeMap<(String, u32), BTreeMap<String, f64>>,
    /// Whether the items come from a canonical form, where the work of this module is done.
    canonical: bool,
}

impl<'b> Catalogue<'b> {
    pub fn new(
        topics: &'b [Topic],
        blueprint: &'b Blueprint,
        ratings: &[Rating],
        canonical: bool,
    ) -> Self {
        Self {
            topics: topics.iter().map(|topic| (topic.id.as_str(), topic)).collect(),
            blueprint,
            ratings: difficulties(ratings.iter()),
            canonical,
        }
    }

    /// The prior that raters give an item, if there are enough of them.
    fn rated(&self, spec: &ItemSpec) -> Option<RatedPrior> {
        let ratings = self.ratings.get(&(spec.id.clone(), spec.version))?;
        RatedPrior::of(&ratings.values().copied().collect::<Vec<_>>())
    }
}

/// What raters think of a difficulty.
#[derive(Debug, Clone, Copy, PartialEq)]
struct RatedPrior {
    mean: f64,
    sd: f64,
    raters: u32,
}

impl RatedPrior {
    /// The mean of n ≥ 3 ratings, with sd² = 0.9² + s²/n, s their standard deviation: the error
    /// that raters share, and the error of their mean. More raters shrink the second part alone.
    fn of(ratings: &[f64]) -> Option<Self> {
        if ratings.len() < RATERS_MIN {
            return None;
        }
        let n = ratings.len() as f64;
        let mean = ratings.iter().fold(0.0, |sum, b| sum + b) / n;
        let squares = ratings.iter().fold(0.0, |sum, b| sum + (b - mean) * (b - mean));
        let sd = libm::sqrt(JUDGED_SD * JUDGED_SD + squares / (n - 1.0) / n);
        Some(Self { mean, sd, raters: u32::try_from(ratings.len()).unwrap_or(u32::MAX) })
    }
}

/// One entry while it is being built: where its parts stand and where faults go.
struct Site<'n, 't, 's, 'f> {
    node: &'n Node<'t>,
    sink: &'s mut Sink<'f>,
}

impl Site<'_, '_, '_, '_> {
    fn error(&mut self, code: &'static str, path: &[Step], message: String, help: &str) {
        let help = Some(help.to_owned()).filter(|help| !help.is_empty());
        self.sink.put(code, Severity::Error, self.node.locate(path), message, help);
    }
}

/// Builds an item, or says why not.
pub(super) fn item(
    spec: ItemSpec,
    node: &Node<'_>,
    catalogue: &Catalogue<'_>,
    sink: &mut Sink<'_>,
) -> Option<Item> {
    let before = sink.errors();
    sink.item = Some(spec.id.clone());
    let mut site = Site { node, sink };
    names(&spec, catalogue, &mut site);
    let options = options(&spec, &mut site);
    let key = key(&spec, &mut site);
    let prior = prior(&spec, catalogue, &mut site);
    times(&spec, &mut site);
    if spec.calibration.is_some() && !catalogue.canonical {
        let help = "drop it; what answers say about items stands in a calibration file";
        let message = "`calibration` never stands in an item".into();
        site.error("Q001", &[Step::Field("calibration")], message, help);
    }
    let key = key.filter(|_| site.sink.errors() == before)?;
    Some(assemble(spec, options, key, prior))
}

fn assemble(spec: ItemSpec, options: Vec<Choice>, key: Key, prior: IrtPrior) -> Item {
    Item {
        id: ItemId::new(spec.id),
        version: spec.version,
        topic: TopicId::new(spec.topic),
        subtopic: SubtopicId::new(spec.subtopic),
        objective: spec.objective.map(ObjectiveId::new),
        level: spec.level,
        cognitive: spec.cognitive,
        kind: spec.kind,
        title: spec.title,
        stem: spec.stem,
        environment: spec.environment.map(|spec| Environment {
            product: spec.product,
            language: spec.language,
            version: spec.version,
            mode: spec.mode,
            _checked: (),
        }),
        as_of: spec.as_of,
        valid_from: spec.valid_from,
        valid_until: spec.valid_until,
        options,
        key,
        shuffle: spec.shuffle,
        shuffle_reason: spec.shuffle_reason,
        explanation: spec.explanation,
        hint: spec.hint,
        references: spec.references.into_iter().map(reference).collect(),
        prior,
        calibration: spec.calibration,
        difficulty_reasons: spec.difficulty_reasons,
        time_limit_s: spec.time_limit_s,
        expected_s: spec.expected_s,
        tags: spec.tags,
        languages: spec.languages,
        locale: spec.locale,
        enemies: spec.enemies.into_iter().map(ItemId::new).collect(),
        variant_of: spec.variant_of.map(ItemId::new),
        media: spec
            .media
            .into_iter()
            .map(|spec| Media { path: spec.path, alt: spec.alt, sha256: spec.sha256, _checked: () })
            .collect(),
        verify: spec.verify.map(|spec| Verify {
            runner: spec.runner,
            script: spec.script,
            expect: spec.expect,
            _checked: (),
        }),
        author: Author { id: spec.author.id, kind: spec.author.kind, _checked: () },
        licence: spec.licence,
        origin: spec.origin,
        status: spec.status,
        retired: spec.retired.map(|spec| Retirement {
            reason: spec.reason,
            replaced_by: spec.replaced_by.map(ItemId::new),
            _checked: (),
        }),
        waivers: spec
            .waivers
            .into_iter()
            .map(|spec| Waiver { code: spec.check, reason: spec.reason, _checked: () })
            .collect(),
        ext: spec.ext,
        _checked: (),
    }
}

fn reference(spec: super::spec::ReferenceSpec) -> Reference {
    Reference {
        id: spec.id,
        locator: spec.locator,
        version: spec.version,
        url: spec.url,
        checked: spec.checked,
        _checked: (),
    }
}

/// Whether a text can be the name of something: it must survive a shell, an address and a file.
fn is_name(name: &str) -> bool {
    let allowed =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    !name.is_empty()
        && name.len() <= NAME_MAX
        && name.chars().all(allowed)
        && !name.starts_with(['.', '-'])
}

/// Topic, subtopic and objective exist; names are names.
fn names(spec: &ItemSpec, catalogue: &Catalogue<'_>, site: &mut Site<'_, '_, '_, '_>) {
    if !is_name(&spec.id) {
        let message = format!("`{}` cannot be an item's id", spec.id);
        let help = "letters, digits, `.`, `-` and `_`, for example `http.caching.0001`";
        site.error("Q001", &[Step::Field("id")], message, help);
    }
    if spec.version == 0 {
        site.error(
            "Q001",
            &[Step::Field("version")],
            "versions begin with 1".into(),
            "write `version: 1`",
        );
    }
    let Some(topic) = catalogue.topics.get(spec.topic.as_str()) else {
        let known: Vec<&str> = catalogue.topics.keys().copied().collect();
        let help = suggestion(&spec.topic, known, "the topics stand in blueprint.yaml");
        let message = format!("unknown topic `{}`", spec.topic);
        return site.error("Q001", &[Step::Field("topic")], message, &help);
    };
    if !topic.subtopics.iter().any(|part| part.id.as_str() == spec.subtopic) {
        let known = topic.subtopics.iter().map(|part| part.id.as_str()).collect();
        let help = suggestion(&spec.subtopic, known, "");
        let message = format!("`{}` is no subtopic of `{}`", spec.subtopic, spec.topic);
        site.error("Q001", &[Step::Field("subtopic")], message, &help);
    }
    let Some(objective) = &spec.objective else { return };
    if !topic.objectives.iter().any(|goal| goal.id.as_str() == objective) {
        let known = topic.objectives.iter().map(|goal| goal.id.as_str()).collect();
        let help = suggestion(objective, known, "");
        let message = format!("`{objective}` is no objective of `{}`", spec.topic);
        site.error("Q001", &[Step::Field("objective")], message, &help);
    }
}

/// A help line: the nearest known name, or the list, or what stands in for it.
fn suggestion(name: &str, mut known: Vec<&str>, otherwise: &str) -> String {
    known.sort_unstable();
    match nearest(name, &known) {
        Some(near) => format!("did you mean `{near}`?"),
        None if otherwise.is_empty() => format!("one of {}", known.join(", ")),
        None => otherwise.to_owned(),
    }
}

/// The options, with names that are unique in the item.
fn options(spec: &ItemSpec, site: &mut Site<'_, '_, '_, '_>) -> Vec<Choice> {
    for (index, option) in spec.options.iter().enumerate() {
        let path = [Step::Field("options"), Step::Index(index), Step::Field("id")];
        if !is_name(&option.id) {
            let message = format!("`{}` cannot be an option's id", option.id);
            site.error("Q001", &path, message, "use a, b, c, d");
        }
        if spec.options[..index].iter().any(|other| other.id == option.id) {
            let message = format!("two options have the id `{}`", option.id);
            site.error("Q001", &path, message, "ids are unique within an item");
        }
    }
    let choice = |option: &ChoiceSpec| Choice {
        id: OptionId::new(option.id.as_str()),
        text: option.text.clone(),
        correct: option.correct.unwrap_or(false),
        feedback: option.feedback.clone(),
        misconception: option.misconception.clone(),
        _checked: (),
    };
    spec.options.iter().map(choice).collect()
}

/// The key: it points at something, and at the right number of things.
fn key(spec: &ItemSpec, site: &mut Site<'_, '_, '_, '_>) -> Option<Key> {
    let rule = spec.scoring.as_ref().map(|scoring| scoring.rule.as_str());
    match spec.kind {
        ItemType::Single => {
            refuse_rule(spec, site);
            single_key(spec, site)
        }
        ItemType::Multi => {
            let rule = rule_word(
                rule,
                MultiRule::from_word,
                MultiRule::AllOrNothing,
                MultiRule::ALL,
                site,
            );
            multi_key(spec, rule, site)
        }
        ItemType::Order => {
            let rule =
                rule_word(rule, OrderRule::from_word, OrderRule::Exact, OrderRule::ALL, site);
            order_key(spec, rule, site)
        }
        ItemType::Numeric | ItemType::Short | ItemType::CodeOutput => {
            refuse_rule(spec, site);
            if !spec.options.is_empty() {
                let message = format!("a {} item has no options", spec.kind);
                site.error("Q001", &[Step::Field("options")], message, "its key is `answer`");
            }
            typed_key(spec, site)
        }
    }
}

/// The scoring rule of an item type that has one.
fn rule_word<R: Copy + std::fmt::Display>(
    word: Option<&str>,
    from_word: fn(&str) -> Option<R>,
    default: R,
    all: &[R],
    site: &mut Site<'_, '_, '_, '_>,
) -> R {
    let Some(word) = word else { return default };
    from_word(word).unwrap_or_else(|| {
        let words: Vec<String> = all.iter().map(ToString::to_string).collect();
        let path = [Step::Field("scoring"), Step::Field("rule")];
        let help = format!("one of {}", words.join(", "));
        site.error("Q001", &path, format!("`rule` cannot be `{word}` here"), &help);
        default
    })
}

fn refuse_rule(spec: &ItemSpec, site: &mut Site<'_, '_, '_, '_>) {
    if spec.scoring.is_some() {
        let message = format!("a {} item has no scoring rule", spec.kind);
        site.error("Q001", &[Step::Field("scoring")], message, "drop `scoring`");
    }
}

fn single_key(spec: &ItemSpec, site: &mut Site<'_, '_, '_, '_>) -> Option<Key> {
    let mut keys =
        spec.options.iter().enumerate().filter(|(_, option)| option.correct == Some(true));
    let path = [Step::Field("options")];
    let Some((key, _)) = keys.next() else {
        let help = "set `correct: true` on the right option";
        site.error("Q002", &path, "no option is the key".into(), help);
        return None;
    };
    if let Some((second, option)) = keys.next() {
        let message = format!("`{}` is a second key of a single item", option.id);
        let path = [Step::Field("options"), Step::Index(second), Step::Field("correct")];
        site.error("Q002", &path, message, "leave one, or make the type `multi`");
        return None;
    }
    Some(Key::Single { key })
}

fn multi_key(spec: &ItemSpec, rule: MultiRule, site: &mut Site<'_, '_, '_, '_>) -> Option<Key> {
    let keys: Vec<bool> = spec.options.iter().map(|option| option.correct == Some(true)).collect();
    let right = keys.iter().filter(|right| **right).count();
    let fault = match right {
        0 => "no option is right",
        1 => "only one option is right in a multi item",
        _ if right == keys.len() => "every option is right in a multi item",
        _ => return Some(Key::Multi { keys, rule }),
    };
    let help = "a multi item has at least two right options and a wrong one; else use `single`";
    site.error("Q002", &[Step::Field("options")], fault.into(), help);
    None
}

fn order_key(spec: &ItemSpec, rule: OrderRule, site: &mut Site<'_, '_, '_, '_>) -> Option<Key> {
    if let Some(index) = spec.options.iter().position(|option| option.correct.is_some()) {
        let path = [Step::Field("options"), Step::Index(index), Step::Field("correct")];
        let help = "drop `correct`; the key is `answer: [c, a, b]`";
        site.error(
            "Q002",
            &path,
            "options of an order item are neither right nor wrong".into(),
            help,
        );
    }
    let path = [Step::Field("answer")];
    let Some(AnswerSpec::Order(ids)) = &spec.answer else {
        let help = "add `answer:` with the option ids in their right order";
        site.error("Q002", &path, "the order item has no answer".into(), help);
        return None;
    };
    let mut order = Vec::with_capacity(ids.len());
    for (position, id) in ids.iter().enumerate() {
        let place = [Step::Field("answer"), Step::Index(position)];
        match spec.options.iter().position(|option| option.id == *id) {
            None => site.error(
                "Q002",
                &place,
                format!("the answer names `{id}`, which is no option"),
                "use the ids of the options",
            ),
            Some(index) if order.contains(&index) => {
                let message = format!("the answer names `{id}` twice");
                site.error("Q002", &place, message, "name every option exactly once");
            }
            Some(index) => order.push(index),
        }
    }
    if let Some(left_out) = (0..spec.options.len()).find(|index| !order.contains(index)) {
        let message = format!("the answer leaves out `{}`", spec.options[left_out].id);
        site.error("Q002", &path, message, "name every option exactly once");
        return None;
    }
    if order.len() < 2 {
        site.error(
            "Q002",
            &path,
            "there is nothing to put in order".into(),
            "give at least three steps",
        );
        return None;
    }
    Some(Key::Order { order, rule })
}

/// The key of an item that is answered by typing.
fn typed_key(spec: &ItemSpec, site: &mut Site<'_, '_, '_, '_>) -> Option<Key> {
    let path = [Step::Field("answer")];
    match &spec.answer {
        Some(AnswerSpec::Numeric { value, tolerance, unit }) => {
            if *tolerance < 0.0 {
                let path = [path[0], Step::Field("tolerance")];
                site.error("Q001", &path, "`tolerance` is negative".into(), "zero means exactly");
            }
            Some(Key::Numeric { value: *value, tolerance: *tolerance, unit: unit.clone() })
        }
        Some(AnswerSpec::Text { accept, regex, normalise }) => {
            if accept.iter().any(|text| text.trim().is_empty()) {
                site.error(
                    "Q002",
                    &path,
                    "an accepted answer is empty".into(),
                    "write it, or drop it",
                );
            }
            let pattern = regex.as_ref().and_then(|source| {
                TextPattern::compile(source)
                    .map_err(|error| {
                        let path = [path[0], Step::Field("regex")];
                        let reason = error.to_string();
                        let reason = reason.lines().last().unwrap_or_default();
                        site.error(
                            "Q001",
                            &path,
                            format!("`regex` is no pattern: {reason}"),
                            "repair it",
                        );
                    })
                    .ok()
            });
            if accept.is_empty() && pattern.is_none() {
                let help = "list the right answers in `accept`";
                site.error("Q002", &path, "no answer is accepted".into(), help);
            }
            Some(Key::Text { accept: accept.clone(), regex: pattern, normalise: normalise.clone() })
        }
        _ => {
            let help = match spec.kind {
                ItemType::Numeric => "add `answer: {value: 30, tolerance: 0, unit: s}`",
                _ => "add `answer: {accept: [\"…\"], normalise: [trim]}`",
            };
            site.error("Q002", &path, format!("the {} item has no answer", spec.kind), help);
            None
        }
    }
}

/// The chance of a right answer by guessing among k options, shrunk: 0.8/k for one right option,
/// 0.8/(2^k − 2) for every subset but none and all, 0.8/k! for every order, 0.02 for typing.
///
/// Source: the blueprint's guessing prior.
fn guessing(kind: ItemType, options: usize) -> f64 {
    let ways = ways(kind, options);
    if ways >= 1.0 { GUESSING_SHRINK / ways } else { GUESSING_FREE }
}

/// How many ways there are to answer: each of k options, every subset but none and all, every
/// order; none where nothing can be chosen.
pub(super) fn ways(kind: ItemType, options: usize) -> f64 {
    let k = options.min(NAME_MAX) as f64;
    match kind {
        ItemType::Single => k,
        ItemType::Multi => libm::exp2(k) - 2.0,
        ItemType::Order => libm::tgamma(k + 1.0),
        ItemType::Numeric | ItemType::Short | ItemType::CodeOutput => 0.0,
    }
}

/// The raters' prior where there are enough of them, else the item's own, else the blueprint's
/// table.
fn prior(spec: &ItemSpec, catalogue: &Catalogue<'_>, site: &mut Site<'_, '_, '_, '_>) -> IrtPrior {
    let blueprint = catalogue.blueprint;
    let IrtSpec { a, b, c } = &spec.irt;
    if b.raters.is_some() && !catalogue.canonical {
        let path = [Step::Field("irt"), Step::Field("b"), Step::Field("raters")];
        let help = "drop it; ratings stand in ratings.csv";
        site.error("Q001", &path, "`raters` is counted and never typed".into(), help);
    }
    let rated = catalogue.rated(spec);
    let table = blueprint.difficulty[spec.level as usize][spec.cognitive as usize];
    let prior = IrtPrior {
        a: a.prior.unwrap_or(1.0),
        a_sd_log: a.sd_log.unwrap_or(blueprint.discrimination_sd_log),
        b: rated.map(|rated| rated.mean).or(b.prior).unwrap_or(table),
        b_sd: rated.map(|rated| rated.sd).or(b.sd).unwrap_or(blueprint.difficulty_sd),
        raters: rated.map(|rated| rated.raters).or(b.raters),
        c: c.prior.unwrap_or_else(|| guessing(spec.kind, spec.options.len())),
        _checked: (),
    };
    for (name, good) in [
        ("a", prior.a > 0.0 && prior.a_sd_log > 0.0),
        ("b", prior.b.abs() <= 10.0 && prior.b_sd > 0.0),
        ("c", (0.0..1.0).contains(&prior.c)),
    ] {
        if !good {
            let help = "a and every sd above 0, b from -10 to 10, c from 0 to below 1";
            let path = [Step::Field("irt"), Step::Field(name)];
            site.error("Q001", &path, format!("`irt: {name}` is out of range"), help);
        }
    }
    prior
}

/// Times that a person can be held to.
fn times(spec: &ItemSpec, site: &mut Site<'_, '_, '_, '_>) {
    if spec.time_limit_s == 0 {
        site.error(
            "Q001",
            &[Step::Field("time_limit_s")],
            "the time limit is zero".into(),
            "give it in seconds",
        );
    } else if spec.expected_s == 0 || spec.expected_s > spec.time_limit_s {
        let help = "the time expected is at most the time limit";
        let message =
            format!("`expected_s` is {} of {} seconds", spec.expected_s, spec.time_limit_s);
        site.error("Q001", &[Step::Field("expected_s")], message, help);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_follows_the_number_of_ways_to_answer() {
        // Goal: the lower asymptotes of the blueprint. Method: hand-computed values.
        assert!((guessing(ItemType::Single, 4) - 0.2).abs() < 1e-15);
        assert!((guessing(ItemType::Multi, 4) - 0.8 / 14.0).abs() < 1e-15);
        assert!((guessing(ItemType::Order, 4) - 0.8 / 24.0).abs() < 1e-12);
        assert!((guessing(ItemType::Short, 0) - 0.02).abs() < 1e-15);
    }

    #[test]
    fn raters_make_a_prior_that_their_number_does_not_sharpen() {
        // Goal: sd² = 0.81 + s²/n from three raters on. Method: two raters; three with s² = 0.25 by
        // hand; thirty who agree.
        assert_eq!(RatedPrior::of(&[0.0, 1.0]), None);
        let three = RatedPrior::of(&[-0.9, -0.4, 0.1]).expect("a prior");
        assert!((three.mean + 0.4).abs() < 1e-12 && three.raters == 3);
        assert!((three.sd * three.sd - (0.81 + 0.25 / 3.0)).abs() < 1e-12);
        let many = RatedPrior::of(&[0.5; 30]).expect("a prior");
        assert!((many.mean - 0.5).abs() < 1e-12 && (many.sd - 0.9).abs() < 1e-12);
    }

    #[test]
    fn names_survive_a_shell_and_an_address() {
        // Goal: ids are safe wherever they are used. Method: good and bad ones.
        assert!(is_name("http.caching.0001") && is_name("a"));
        assert!(!is_name("") && !is_name("../etc") && !is_name("a b") && !is_name("é"));
    }
}
