//! A new item as an author begins it: every field with a comment, the next free id, and a mark
//! wherever something is to be written. The skeleton parses; what is left to write is exactly what
//! the check finds in it. Never writes a file.

use super::types::{Bank, Item, Subtopic, Topic};
use super::words::{Cognitive, ItemType, Level};

/// What an author wants; what is not said is chosen where the bank lacks most.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SkeletonWish {
    /// The topic.
    pub topic: String,
    /// The subtopic.
    pub subtopic: Option<String>,
    /// The item type; `single` when it is not said.
    pub kind: Option<ItemType>,
    /// The level.
    pub level: Option<Level>,
    /// The cognitive act.
    pub cognitive: Option<Cognitive>,
}

/// Why there is no skeleton.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SkeletonError {
    /// The bank has no such topic.
    #[error("there is no topic `{topic}`; there are {known}")]
    UnknownTopic {
        /// What was asked for.
        topic: String,
        /// The topics.
        known: String,
    },
    /// The topic has no such subtopic.
    #[error("`{subtopic}` is no subtopic of `{topic}`; there are {known}")]
    UnknownSubtopic {
        /// The topic.
        topic: String,
        /// What was asked for.
        subtopic: String,
        /// Its subtopics.
        known: String,
    },
}

/// The text of an item file with one item to write. `today` is the day as `2026-11-22`.
///
/// # Errors
/// A topic or subtopic that the bank does not have.
pub fn skeleton(bank: &Bank, wish: &SkeletonWish, today: &str) -> Result<String, SkeletonError> {
    let topic = bank.topics.iter().find(|topic| topic.id.as_str() == wish.topic);
    let topic = topic.ok_or_else(|| SkeletonError::UnknownTopic {
        topic: wish.topic.clone(),
        known: bank.topics.iter().map(|it| it.id.as_str()).collect::<Vec<_>>().join(", "),
    })?;
    let subtopic = subtopic(bank, topic, wish.subtopic.as_deref())?;
    let (level, cognitive) = cell(bank, topic, wish);
    let kind = wish.kind.unwrap_or(ItemType::Single);
    let id = next_id(bank, subtopic);
    let objective = objective(topic, subtopic, level);
    Ok(format!(
        "schema: gradus.items/1\n\
         items:\n\
         \x20 - id: {id}  # the next free one of the subtopic; never used again\n\
         \x20   version: 1  # rises with every change that a person can see\n\
         \x20   topic: {}\n\
         \x20   subtopic: {}\n\
         {objective}\
         \x20   level: {level}  # for whom it is written: junior, mid, senior\n\
         \x20   cognitive: {cognitive}  # what it asks the mind to do: recall, apply, analyse\n\
         \x20   type: {kind}  # single, multi, order, numeric, short, code-output\n\
         \x20   title: \"TODO: a name for authors\"  # never shown to whoever takes the test\n\
         {}\
         \x20   explanation: \"TODO: why the key is right, by which mechanism\"  # 80 characters or more\n\
         \x20   references:  # where the truth was looked up; ids stand in references.yaml\n\
         \x20     - {{ref: \"TODO: a source\", locator: \"TODO: the section\", checked: \"{today}\"}}\n\
         \x20   time_limit_s: 120  # the longest a person is given\n\
         \x20   expected_s: 60  # what a person who knows it needs\n\
         \x20   author: {{id: \"TODO: your name or role\", kind: human}}  # human, model or mixed\n\
         \x20   licence: CC-BY-4.0\n\
         \x20   status: draft  # live only after the reviews\n",
        topic.id,
        subtopic.id,
        question(kind, today),
    ))
}

/// The subtopic that is asked for, or the one that lacks most items of the first wave.
fn subtopic<'b>(
    bank: &Bank,
    topic: &'b Topic,
    wanted: Option<&str>,
) -> Result<&'b Subtopic, SkeletonError> {
    let unknown = |subtopic: &str| SkeletonError::UnknownSubtopic {
        topic: topic.id.to_string(),
        subtopic: subtopic.to_owned(),
        known: topic.subtopics.iter().map(|it| it.id.as_str()).collect::<Vec<_>>().join(", "),
    };
    if let Some(wanted) = wanted {
        let found = topic.subtopics.iter().find(|it| it.id.as_str() == wanted);
        return found.ok_or_else(|| unknown(wanted));
    }
    let lack = |subtopic: &&Subtopic| {
        let there = bank.items.iter().filter(|item| item.subtopic == subtopic.id).count();
        i64::from(subtopic.items_wave) - i64::try_from(there).unwrap_or(i64::MAX)
    };
    // Of equals the first.
    topic.subtopics.iter().rev().max_by_key(lack).ok_or_else(|| unknown(""))
}

/// The level and the act that are asked for; what is not said is where the first wave lacks most.
fn cell(bank: &Bank, topic: &Topic, wish: &SkeletonWish) -> (Level, Cognitive) {
    let mut most: Option<(i64, Level, Cognitive)> = None;
    for (level, targets) in Level::ALL.iter().zip(&bank.blueprint.cells_wave) {
        for (act, target) in Cognitive::ALL.iter().zip(targets) {
            let fits = |item: &&Item| {
                item.topic == topic.id && item.level == *level && item.cognitive == *act
            };
            let there = bank.items.iter().filter(fits).count();
            let lack = i64::from(*target) - i64::try_from(there).unwrap_or(i64::MAX);
            let allowed = wish.level.is_none_or(|it| it == *level)
                && wish.cognitive.is_none_or(|it| it == *act);
            if allowed && most.is_none_or(|(least, ..)| lack > least) {
                most = Some((lack, *level, *act));
            }
        }
    }
    most.map_or((Level::Mid, Cognitive::Apply), |(_, level, act)| (level, act))
}

/// One more than the highest number in use, retired items included.
fn next_id(bank: &Bank, subtopic: &Subtopic) -> String {
    let numbers = bank.items.iter().filter_map(|item| {
        item.id.as_str().strip_prefix(subtopic.id.as_str())?.strip_prefix('.')?.parse::<u32>().ok()
    });
    format!("{}.{:04}", subtopic.id, numbers.max().unwrap_or(0).saturating_add(1))
}

/// The line of the objective: the subtopic's at the level, else the topic's at the level.
fn objective(topic: &Topic, subtopic: &Subtopic, level: Level) -> String {
    let of_level = || topic.objectives.iter().filter(|goal| goal.level == level);
    let goal = of_level().find(|goal| goal.subtopic == subtopic.id).or(of_level().next());
    goal.map(|goal| format!("    objective: {}  # {}\n", goal.id, goal.text)).unwrap_or_default()
}

/// Stem, environment, options or answer, and proof of a type.
fn question(kind: ItemType, today: &str) -> String {
    let stem = "    stem: \"TODO: the question, with the data that decide it\"  # Markdown; `|` for \
                several lines\n";
    let environment = "    # environment: {product: PostgreSQL, version: \"15\"}  # what the \
                       behaviour depends on, if anything\n";
    let as_of =
        format!("    # as_of: \"{today}\"  # with an environment: the day for which it holds\n");
    let proof = "    # verify: {runner: python, script: \"…\", expect: \"…\"}  # where the answer can \
                 be computed\n";
    let text = match kind {
        ItemType::Single => options(Some(&["a"])),
        ItemType::Multi => options(Some(&["a", "b"])),
        ItemType::Order => {
            options(None) + "    answer: [c, a, b, d]  # the right order of the ids\n"
        }
        ItemType::Numeric => {
            "    answer: {value: 0, tolerance: 0, unit: \"TODO: the value, how far \
                              it may be missed, its unit\"}\n"
                .to_owned()
        }
        ItemType::Short => {
            "    answer:\n      accept: [\"TODO: the answer\"]  # every reasonable way \
                            to write it\n      normalise: [trim, collapse-space, lowercase]\n"
                .to_owned()
        }
        ItemType::CodeOutput => {
            return format!(
                "{stem}    environment: {{language: \"TODO: the language\", version: \"TODO: its \
                 version\"}}\n    as_of: \"{today}\"\n    answer:\n      accept: [\"TODO: the \
                 output\"]\n      normalise: [trim, collapse-space]\n    verify:  # runs the program \
                 of the stem\n      runner: python  # sqlite, postgres, python, node, git, shell\n      \
                 script: \"TODO: the program of the stem, line by line\"\n      expect: \"TODO: what \
                 it prints\"\n"
            );
        }
    };
    format!("{stem}{environment}{as_of}{text}{proof}")
}

/// Four options; without keys those of an order.
fn options(keys: Option<&[&str]>) -> String {
    let mut text = String::from(
        "    options:  # three to six, alike in length and form, each right for some other question\n",
    );
    for id in ["a", "b", "c", "d"] {
        let right = keys.map(|keys| keys.contains(&id));
        let correct = right.map(|right| format!("correct: {right}, ")).unwrap_or_default();
        let (what, feedback) = match right {
            Some(true) => ("the key", "why it is right"),
            Some(false) => ("an answer to another question", "what whoever takes it overlooks"),
            None => ("a step", "why it stands where it stands"),
        };
        text += &format!(
            "      - {{id: {id}, text: \"TODO: {what}\", {correct}feedback: \"TODO: {feedback}\"}}\n"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::{CheckOptions, SourceFile, check_bank, fixture, read_checked_bank};
    use super::*;

    fn bank() -> Bank {
        read_checked_bank(&fixture::shipped()).0.expect("a bank")
    }

    #[test]
    fn a_skeleton_parses_and_the_check_names_what_is_left() {
        // Goal: a new item is a list of what to write. Method: each type's skeleton within the small
        // bank: one finding for each mark in the text, at its line, and none else.
        let bank = bank();
        for kind in ItemType::ALL {
            let wish = SkeletonWish {
                topic: "http".to_owned(),
                kind: Some(*kind),
                ..SkeletonWish::default()
            };
            let text = skeleton(&bank, &wish, "2026-11-22").expect("a skeleton");
            let files = [SourceFile::new("new.yaml", text.as_str())];
            let options = CheckOptions { around: Some(&bank), today: Some("2026-11-22") };
            let checked = check_bank(&files, &options);
            let found: Vec<(usize, &str)> =
                checked.diagnostics.iter().map(|it| (it.line, it.code)).collect();
            let left: Vec<(usize, &str)> = text
                .lines()
                .enumerate()
                .flat_map(|(n, line)| vec![(n + 1, "Q032"); line.matches("\"TODO").count()])
                .collect();
            assert_eq!(found, left, "{kind}");
            assert_eq!(checked.items, 1);
        }
    }

    #[test]
    fn a_skeleton_fills_what_the_bank_lacks_most() {
        // Goal: id, subtopic and cell are chosen as the blueprint wants, and wishes hold. Method: the
        // small bank, whose http items can be counted; a wish for everything; names that do not exist.
        let bank = bank();
        let wish = SkeletonWish { topic: "http".to_owned(), ..SkeletonWish::default() };
        let text = skeleton(&bank, &wish, "2026-11-22").expect("a skeleton");
        // Methods and status want eight; status has an item, and mid apply is the largest cell.
        assert!(text.contains("id: http.methods.0001 "), "{text}");
        assert!(text.contains("level: mid ") && text.contains("cognitive: apply "), "{text}");
        let wish = SkeletonWish {
            subtopic: Some("http.caching".to_owned()),
            level: Some(Level::Senior),
            cognitive: Some(Cognitive::Analyse),
            kind: Some(ItemType::Order),
            ..wish
        };
        let text = skeleton(&bank, &wish, "2026-11-22").expect("a skeleton");
        assert!(
            text.contains("id: http.caching.0003 ") && text.contains("objective: http.senior.")
        );
        let unknown = SkeletonWish { topic: "htp".to_owned(), ..SkeletonWish::default() };
        let error = skeleton(&bank, &unknown, "2026-11-22").expect_err("no topic");
        assert!(matches!(error, SkeletonError::UnknownTopic { .. }));
        let unknown = SkeletonWish { subtopic: Some("http.no".to_owned()), ..wish };
        let error = skeleton(&bank, &unknown, "2026-11-22").expect_err("no subtopic");
        assert!(matches!(error, SkeletonError::UnknownSubtopic { .. }));
    }
}
