//! A small whole bank for tests: five topics with questions of every kind, three without, roles
//! and the eight steps. Only compiled for tests; its questions are filler.

use std::collections::BTreeMap;

use super::ids::{ItemId, ObjectiveId, OptionId, RoleId, SubtopicId, TopicId};
use super::types::{
    Author, Bank, Blueprint, Choice, Cut, Environment, IrtPrior, Item, Key, LevelText, Objective,
    PathStep, Reference, ReferenceSource, Role, Subtopic, Topic,
};
use super::words::{
    AuthorKind, Cognitive, ItemType, Level, MultiRule, Normalise, OrderRule, Status, Volatility,
};

/// Topics: id, title, subtopics; the first five have questions.
const TOPICS: [(&str, &str, [&str; 3]); 8] = [
    ("http", "HTTP and web protocols", ["caching", "status", "methods"]),
    ("sql", "Relational databases and SQL", ["indexing", "tx", "query"]),
    ("security", "Application security", ["authn", "injection", "crypto"]),
    ("devops", "Delivery and operations", ["ci", "linux", "secrets"]),
    ("sysdesign", "System design", ["scaling", "messaging", "consistency"]),
    ("cloud", "Cloud platforms", ["compute", "network", "cost"]),
    ("nosql", "Non-relational databases", ["models", "redis", "search"]),
    ("dsa", "Data structures and algorithms", ["hash", "trees", "sorting"]),
];
const WITH_QUESTIONS: usize = 5;
const ITEMS_A_TOPIC: usize = 12;

/// The bank.
pub(crate) fn bank() -> Bank {
    let mut items: Vec<Item> = (0..WITH_QUESTIONS)
        .flat_map(|topic| (0..ITEMS_A_TOPIC).map(move |n| item(topic, n)))
        .collect();
    items.sort_by(|a, b| a.id.cmp(&b.id));
    Bank {
        topics: TOPICS.iter().map(topic).collect(),
        items,
        cuts: vec![cut([Level::Junior, Level::Mid], -0.25), cut([Level::Mid, Level::Senior], 1.2)],
        levels: vec![
            level(Level::Junior, "Works on specific features under guidance."),
            level(Level::Mid, "Owns larger features and begins to make architectural decisions."),
            level(Level::Senior, "Leads architecture decisions and designs scalable solutions."),
        ],
        standard_setting: None,
        roles: vec![
            role(
                "database-engineer",
                "Database engineer",
                [0.05, 0.45, 0.05, 0.1, 0.05, 0.05, 0.25, 0.0],
            ),
            role(
                "security-engineer",
                "Security engineer",
                [0.25, 0.05, 0.5, 0.1, 0.05, 0.05, 0.0, 0.0],
            ),
            role(
                "site-reliability",
                "Site reliability engineer",
                [0.1, 0.05, 0.05, 0.4, 0.25, 0.15, 0.0, 0.0],
            ),
            role(
                "cloud-architect",
                "Cloud architect",
                [0.05, 0.05, 0.1, 0.15, 0.25, 0.4, 0.0, 0.0],
            ),
        ],
        path: path(),
        references: TOPICS.iter().map(source).collect(),
        rho: 0.5,
        blueprint: blueprint(),
        fingerprint: "5a".repeat(32),
        _checked: (),
    }
}

fn topic((id, name, subtopics): &(&str, &str, [&str; 3])) -> Topic {
    let subtopic = |part: &&str| Subtopic {
        id: SubtopicId::new(format!("{id}.{part}")),
        name: part.to_string(),
        weight: 1.0 / 3.0,
        volatility: Volatility::Stable,
        items_wave: 4,
        items_full: 12,
        _checked: (),
    };
    let objective = |(n, part): (usize, &&str)| Objective {
        id: ObjectiveId::new(format!("{id}.mid.{n}")),
        level: Level::Mid,
        subtopic: SubtopicId::new(format!("{id}.{part}")),
        text: format!("Explain what {part} in {name} guarantees and what it leaves open"),
        _checked: (),
    };
    Topic {
        id: TopicId::new(*id),
        name: name.to_string(),
        weight: 1.0 / TOPICS.len() as f64,
        subtopics: subtopics.iter().map(subtopic).collect(),
        objectives: subtopics.iter().enumerate().map(objective).collect(),
        description: None,
        _checked: (),
    }
}

fn cut(between: [Level; 2], theta: f64) -> Cut {
    let (origin, as_of) = ("judged, before data".to_owned(), "2026-11-22".to_owned());
    Cut { between, theta, se: 0.3, origin, as_of, _checked: () }
}

fn level(level: Level, descriptor: &str) -> LevelText {
    LevelText { level, descriptor: descriptor.to_owned(), _checked: () }
}

fn role(id: &str, name: &str, weights: [f64; 8]) -> Role {
    Role {
        id: RoleId::new(id),
        name: name.to_owned(),
        weights: weights.to_vec(),
        subtopic_multipliers: BTreeMap::new(),
        _checked: (),
    }
}

fn path() -> Vec<PathStep> {
    let step = |step: u8, title: &str, subtopics: &[&str], bar: Option<f64>| PathStep {
        step,
        title: title.to_owned(),
        subtopics: subtopics.iter().map(|id| SubtopicId::new(*id)).collect(),
        bar,
        _checked: (),
    };
    vec![
        step(
            1,
            "Choose a language and master its fundamentals",
            &["dsa.hash", "dsa.trees"],
            Some(-0.25),
        ),
        step(
            2,
            "Learn database concepts with SQL and NoSQL systems",
            &["sql.query", "sql.indexing", "nosql.redis"],
            Some(-0.25),
        ),
        step(
            3,
            "Build REST APIs and understand HTTP and web servers",
            &["http.caching", "http.methods"],
            Some(-0.25),
        ),
        step(
            4,
            "Learn how to keep an application secure",
            &["security.authn", "security.injection"],
            Some(-0.25),
        ),
        step(
            5,
            "Deliver continuously and run what you build",
            &["devops.ci", "devops.linux"],
            Some(-0.25),
        ),
        step(6, "Use cloud platforms", &["cloud.compute", "cloud.network"], Some(0.25)),
        step(
            7,
            "Design systems that scale",
            &["sysdesign.scaling", "sysdesign.messaging"],
            Some(1.2),
        ),
        step(
            8,
            "Build projects and contribute to open source",
            &["devops.ci", "sysdesign.scaling"],
            None,
        ),
    ]
}

fn source((id, name, _): &(&str, &str, [&str; 3])) -> ReferenceSource {
    ReferenceSource {
        topic: TopicId::new(*id),
        id: "handbook".to_owned(),
        title: format!("Handbook of {name}"),
        locator: "https://example.org/".to_owned(),
        _checked: (),
    }
}

fn blueprint() -> Blueprint {
    Blueprint {
        cells_wave: [[1; 3]; 3],
        cells_full: [[4; 3]; 3],
        type_mix: BTreeMap::from([(ItemType::Single, 1.0)]),
        difficulty: [[0.0; 3]; 3],
        difficulty_sd: 0.9,
        discrimination_sd_log: 0.3,
        difficulty_shares: Vec::new(),
        review_months: BTreeMap::new(),
        test_forms: Vec::new(),
        _checked: (),
    }
}

fn choice(id: &str, text: String, correct: bool) -> Choice {
    let feedback = match correct {
        true => "This is what the standard says.".to_owned(),
        false => format!("Option `{id}` mixes up two rules that look alike."),
    };
    Choice { id: OptionId::new(id), text, correct, feedback, misconception: None, _checked: () }
}

/// The key and the options of the n-th item of a topic: every kind in turn.
fn key(n: usize) -> (ItemType, Key, Vec<Choice>) {
    let options = |correct: &[usize], texts: [&str; 4]| -> Vec<Choice> {
        let ids = ["a", "b", "c", "d"];
        (0..4).map(|at| choice(ids[at], texts[at].to_owned(), correct.contains(&at))).collect()
    };
    let states =
        ["Reuse it as it is", "Ask the origin *first*", "Drop it", "Wait for `TTL` to end"];
    match n % 6 {
        1 => {
            let keys = vec![true, false, true, false];
            let rule = MultiRule::PartialSymmetric;
            let texts = ["`public, max-age=60`", "`private`", "`s-maxage=30`", "`no-store`"];
            (ItemType::Multi, Key::Multi { keys, rule }, options(&[0, 2], texts))
        }
        2 => {
            let texts = ["Deploy", "Add the column", "Drop the old one", "Copy the data"];
            let (order, rule) = (vec![1, 3, 0, 2], OrderRule::Kendall);
            (ItemType::Order, Key::Order { order, rule }, options(&[], texts))
        }
        3 => {
            let unit = Some("s".to_owned());
            (ItemType::Numeric, Key::Numeric { value: 270.0, tolerance: 0.0, unit }, Vec::new())
        }
        4 => {
            let accept = vec!["ETag".to_owned()];
            let normalise = vec![Normalise::Trim, Normalise::Lowercase];
            (ItemType::Short, Key::Text { accept, regex: None, normalise }, Vec::new())
        }
        _ => (ItemType::Single, Key::Single { key: 1 }, options(&[1], states)),
    }
}

fn item(topic: usize, n: usize) -> Item {
    let (topic_id, name, subtopics) = &TOPICS[topic];
    let part = subtopics[n % 3];
    let (kind, key, options) = key(n);
    let difficulty = (n as f64 - (ITEMS_A_TOPIC as f64 - 1.0) / 2.0) * 0.4;
    Item {
        id: ItemId::new(format!("{topic_id}.{part}.{:04}", n + 1)),
        version: 1,
        topic: TopicId::new(*topic_id),
        subtopic: SubtopicId::new(format!("{topic_id}.{part}")),
        objective: Some(ObjectiveId::new(format!("{topic_id}.mid.{}", n % 3))),
        level: Level::ALL[n / 4],
        cognitive: Cognitive::ALL[n % 3],
        kind,
        title: format!("{part} {n}"),
        stem: stem(name, part, n),
        environment: (n == 5).then(|| Environment {
            product: Some("PostgreSQL".to_owned()),
            language: None,
            version: Some("17".to_owned()),
            mode: Some("READ COMMITTED".to_owned()),
            _checked: (),
        }),
        as_of: None,
        valid_from: None,
        valid_until: None,
        options,
        key,
        shuffle: true,
        shuffle_reason: None,
        explanation: format!(
            "The rule for {part} is in the *handbook*: what was stored stays fresh for `600 − 330 \
             = 270` seconds, and only then must the origin be asked again."
        ),
        hint: None,
        references: vec![reference(part, n)],
        prior: IrtPrior {
            a: 1.0,
            a_sd_log: 0.3,
            b: difficulty,
            b_sd: 0.9,
            raters: None,
            c: if n.is_multiple_of(6) || n % 6 == 5 { 0.25 } else { 0.0 },
            _checked: (),
        },
        calibration: None,
        difficulty_reasons: None,
        time_limit_s: 120,
        expected_s: 60,
        tags: Vec::new(),
        languages: vec!["any".to_owned()],
        locale: "en".to_owned(),
        enemies: Vec::new(),
        variant_of: None,
        media: Vec::new(),
        verify: None,
        author: Author { id: "tests".to_owned(), kind: AuthorKind::Human, _checked: () },
        licence: "CC-BY-4.0".to_owned(),
        origin: None,
        status: Status::Live,
        retired: None,
        waivers: Vec::new(),
        ext: None,
        _checked: (),
    }
}

fn stem(name: &str, part: &str, n: usize) -> String {
    match n % 4 {
        0 => format!(
            "A shared cache stored this response 40 seconds ago (case {n}, {part}):\n\n```http\nHTTP/1.1 \
             200 OK\nCache-Control: max-age=60, s-maxage=30\nETag: \"v7\"\n```\n\nWhat must it do with the \
             next request in **{name}**?"
        ),
        1 => format!(
            "A page holds `<script>` and, unescaped, <script>alert({n})</script> in a comment on \
             {part}. Which of these hold?"
        ),
        2 => format!(
            "| status | rows |\n|---|---|\n| active | 640 |\n| cancelled | 200 |\n\nWhat follows for {part}?"
        ),
        _ => format!("Case {n} of {part}: a client asks again after 330 seconds. What now?"),
    }
}

fn reference(part: &str, n: usize) -> Reference {
    Reference {
        id: "handbook".to_owned(),
        locator: format!("§{} {part}", n + 1),
        version: Some("3rd edition".to_owned()),
        url: Some(format!("https://example.org/handbook#{part}")),
        checked: None,
        _checked: (),
    }
}
