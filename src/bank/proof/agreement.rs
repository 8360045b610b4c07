//! Compares what a proof printed with the item's key: how it supports the key, contradicts it, or
//! says nothing about it by itself. Never guesses: where the output cannot be read as an answer, it
//! says so.

use std::collections::{BTreeMap, BTreeSet};

use super::super::check::sources::normalised;
use super::super::check::text::folded;
use super::super::types::{Choice, Item, Key, TextPattern};
use super::super::words::{ItemType, Normalise};

/// What an output says about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreement {
    /// It supports the key, in the way that the words tell.
    Key(&'static str),
    /// It is what the author expects, and nothing stronger can be shown.
    ExpectOnly,
    /// It speaks for another answer.
    Contradicted(String),
}

/// Compares an output with the key of an item.
///
/// Typed answers: the whole output, one of its lines or, for a number, a number in it is an accepted
/// answer. A code-output or numeric item whose key is in none of them is contradicted.
///
/// Options: an output that says the key's text or a value that the key alone of the options holds;
/// or that lists the ids of the right options (of all options in their order); or that has one line
/// for each option id and exactly two results, one for the right options and one for the others.
/// The same about a wrong option contradicts.
#[must_use]
pub fn agreement(item: &Item, output: &str) -> Agreement {
    let lines: Vec<String> =
        output.trim().lines().map(folded).filter(|line| !line.is_empty()).collect();
    match &item.key {
        Key::Numeric { value, tolerance, .. } => number(&lines, *value, *tolerance),
        Key::Text { accept, regex, normalise } => {
            let accepts = |typed: &str| is_accepted(typed, accept, regex.as_ref(), normalise);
            if accepts(output.trim()) {
                Agreement::Key("the output is an accepted answer")
            } else if lines.iter().any(|line| accepts(line)) {
                Agreement::Key("a line is an accepted answer")
            } else if item.kind == ItemType::CodeOutput {
                Agreement::Contradicted("no line of the output is an accepted answer".to_owned())
            } else {
                Agreement::ExpectOnly
            }
        }
        Key::Single { key } => options(item, &lines, &BTreeSet::from([*key])),
        Key::Multi { keys, .. } => {
            let right = (0..keys.len()).filter(|index| keys[*index]).collect();
            options(item, &lines, &right)
        }
        Key::Order { order, .. } => in_order(item, &lines, order),
    }
}

fn is_accepted(
    typed: &str,
    accept: &[String],
    regex: Option<&TextPattern>,
    normalise: &[Normalise],
) -> bool {
    let typed = normalised(typed, normalise);
    accept.iter().any(|answer| normalised(answer, normalise) == typed)
        || regex.is_some_and(|pattern| pattern.matches(&typed))
}

fn number(lines: &[String], value: f64, tolerance: f64) -> Agreement {
    let is_key = |printed: f64| (printed - value).abs() <= tolerance + f64::EPSILON * value.abs();
    if lines.iter().any(|line| line.parse::<f64>().is_ok_and(is_key)) {
        return Agreement::Key("a line is the accepted number");
    }
    let tokens = lines.iter().flat_map(|line| {
        line.split(|letter: char| !(letter.is_ascii_alphanumeric() || ".-+".contains(letter)))
    });
    let mut numbers = tokens.filter_map(|token| token.trim_end_matches('.').parse::<f64>().ok());
    if numbers.any(is_key) {
        Agreement::Key("the accepted number is in the output")
    } else {
        Agreement::Contradicted("the key's number is not in the output".to_owned())
    }
}

/// A text as it is compared with an option: without marks of code and white space, in lower case.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '`')
        .collect::<String>()
        .to_lowercase()
}

/// The pieces of code and the numbers in an option: what it says as values.
fn values(option: &Choice) -> BTreeSet<String> {
    let mut values = BTreeSet::new();
    for (index, piece) in option.text.split('`').enumerate() {
        if index % 2 == 1 {
            values.insert(plain(piece));
            continue;
        }
        let words = piece.split(|letter: char| letter.is_whitespace() || ",;()".contains(letter));
        values.extend(
            words
                .map(|word| word.trim_matches(['.', '%', ':']))
                .filter(|word| word.parse::<f64>().is_ok())
                .map(plain),
        );
    }
    values.insert(plain(&option.text));
    values.retain(|value| !value.is_empty());
    values
}

/// The options that a line of the output names by their text or by a value of theirs alone.
fn named_options(item: &Item, lines: &[String]) -> BTreeSet<usize> {
    let said: BTreeSet<String> = lines.iter().map(|line| plain(line)).collect();
    let all: Vec<BTreeSet<String>> = item.options.iter().map(values).collect();
    let named = |index: usize| {
        all[index].iter().any(|value| {
            let alone = (0..all.len()).all(|other| other == index || !all[other].contains(value));
            alone && said.contains(value)
        })
    };
    (0..all.len()).filter(|index| named(*index)).collect()
}

/// Ids that one line lists and nothing else, in its order.
fn listed_ids(item: &Item, lines: &[String]) -> Option<Vec<usize>> {
    let [line] = lines else { return None };
    let words = line.split([' ', ',', ';', '|']).filter(|word| !word.is_empty());
    words.map(|word| item.options.iter().position(|option| option.id.as_str() == word)).collect()
}

/// What the lines that begin with an option's id say about it; only when every option has one.
fn rows<'l>(item: &Item, lines: &'l [String]) -> Option<Vec<&'l str>> {
    let mut found: BTreeMap<usize, &str> = BTreeMap::new();
    for line in lines {
        let Some((id, result)) = line.split_once(['|', ' ', ':', '=']) else { continue };
        if let Some(index) = item.options.iter().position(|option| option.id.as_str() == id) {
            found.insert(index, result);
        }
    }
    (found.len() == item.options.len()).then(|| found.into_values().collect())
}

fn options(item: &Item, lines: &[String], right: &BTreeSet<usize>) -> Agreement {
    if let Some(ids) = listed_ids(item, lines) {
        let ids: BTreeSet<usize> = ids.into_iter().collect();
        return if ids == *right {
            Agreement::Key("the output lists the key's ids")
        } else {
            Agreement::Contradicted("the output lists the ids of other options".to_owned())
        };
    }
    if let Some(rows) = rows(item, lines) {
        return by_rows(&rows, right);
    }
    let named = named_options(item, lines);
    if named.is_empty() {
        Agreement::ExpectOnly
    } else if named == *right {
        Agreement::Key("the output says what the key says")
    } else if named.is_disjoint(right) && lines.len() == 1 {
        Agreement::Contradicted("the output says what a wrong option says".to_owned())
    } else {
        // A comparison of several options, each with its result.
        Agreement::ExpectOnly
    }
}

/// Two results, one of them for exactly the right options.
fn by_rows(rows: &[&str], right: &BTreeSet<usize>) -> Agreement {
    let results: BTreeSet<&str> = rows.iter().copied().collect();
    if results.len() != 2 {
        return Agreement::ExpectOnly;
    }
    let of_the_right: BTreeSet<&str> = right.iter().map(|index| rows[*index]).collect();
    let of_the_wrong: BTreeSet<&str> =
        (0..rows.len()).filter(|index| !right.contains(index)).map(|index| rows[index]).collect();
    if of_the_right.is_disjoint(&of_the_wrong) {
        Agreement::Key("the key's options alone have their result")
    } else {
        let message = "right and wrong options have the same result in the output";
        Agreement::Contradicted(message.to_owned())
    }
}

fn in_order(item: &Item, lines: &[String], order: &[usize]) -> Agreement {
    let one_a_line: Option<Vec<usize>> = lines
        .iter()
        .map(|line| item.options.iter().position(|option| option.id.as_str() == line.as_str()))
        .collect();
    let texts: Option<Vec<usize>> = lines
        .iter()
        .map(|line| item.options.iter().position(|option| plain(&option.text) == plain(line)))
        .collect();
    match listed_ids(item, lines).or(one_a_line).or(texts) {
        Some(listed) if listed == order => Agreement::Key("the output lists the options in order"),
        Some(listed) if listed.len() == order.len() => {
            Agreement::Contradicted("the output lists the options in another order".to_owned())
        }
        _ => Agreement::ExpectOnly,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::ids::OptionId;
    use super::super::super::sample;
    use super::super::super::words::MultiRule;
    use super::*;

    fn chosen(texts: &[&str], key: Key) -> Item {
        let mut item = sample::bank().items[0].clone();
        item.options = texts
            .iter()
            .zip(["a", "b", "c", "d"])
            .map(|(text, id)| Choice {
                id: OptionId::new(id),
                text: (*text).to_owned(),
                correct: false,
                feedback: String::new(),
                misconception: None,
                _checked: (),
            })
            .collect();
        item.kind = match key {
            Key::Single { .. } => ItemType::Single,
            Key::Multi { .. } => ItemType::Multi,
            Key::Order { .. } => ItemType::Order,
            Key::Numeric { .. } => ItemType::Numeric,
            Key::Text { .. } => ItemType::CodeOutput,
        };
        item.key = key;
        item
    }

    fn by_key(agreement: &Agreement) -> bool {
        matches!(agreement, Agreement::Key(_))
    }

    fn contradicted(agreement: &Agreement) -> bool {
        matches!(agreement, Agreement::Contradicted(_))
    }

    #[test]
    fn a_single_key_is_found_by_text_value_or_row() {
        // Goal: the three ways to support one option, and their contradictions. Method: outputs for
        // bare values, for values inside options, for one row an option, and for prose.
        let item = chosen(&["`city`, `name`", "`city`", "`city`, `phone`"], Key::Single { key: 0 });
        assert!(by_key(&agreement(&item, "city, name\n")));
        assert!(contradicted(&agreement(&item, "city, phone\n")));
        let item =
            chosen(&["Set it to 20 ms", "Set it to 30 ms", "Remove it"], Key::Single { key: 1 });
        assert!(by_key(&agreement(&item, "30")));
        assert!(contradicted(&agreement(&item, "20")));
        assert_eq!(agreement(&item, "40"), Agreement::ExpectOnly);
        assert!(by_key(&agreement(&item, "a|f\nb|t\nc|f")));
        assert!(contradicted(&agreement(&item, "a|t\nb|t\nc|f")));
        assert_eq!(agreement(&item, "a|1\nb|2\nc|3"), Agreement::ExpectOnly);
        assert_eq!(
            agreement(&item, "20\n30"),
            Agreement::ExpectOnly,
            "a comparison decides nothing"
        );
    }

    #[test]
    fn several_keys_and_orders_are_found_by_their_ids() {
        // Goal: multi and order items. Method: lists and rows of ids, right and wrong.
        let keys = Key::Multi { keys: vec![true, false, true], rule: MultiRule::AllOrNothing };
        let item = chosen(&["x", "y", "z"], keys);
        assert!(
            by_key(&agreement(&item, "c a")) && by_key(&agreement(&item, "a yes\nb no\nc yes"))
        );
        assert!(contradicted(&agreement(&item, "a b")));
        let rule = super::super::super::words::OrderRule::Exact;
        let item = chosen(&["x", "y", "z"], Key::Order { order: vec![2, 0, 1], rule });
        assert!(by_key(&agreement(&item, "c a b")) && by_key(&agreement(&item, "c\na\nb\n")));
        assert!(contradicted(&agreement(&item, "a b c")));
        assert_eq!(agreement(&item, "works\nfails"), Agreement::ExpectOnly);
    }

    #[test]
    fn typed_answers_are_found_by_the_items_own_rules() {
        // Goal: tolerance and normalisation decide. Method: numbers alone and in sentences; texts.
        let item = chosen(&[], Key::Numeric { value: 2.5, tolerance: 0.1, unit: None });
        assert!(by_key(&agreement(&item, "all|8\n2.6")) && by_key(&agreement(&item, "it is 2.5.")));
        assert!(contradicted(&agreement(&item, "2.7")));
        let key = Key::Text {
            accept: vec!["A b".to_owned()],
            regex: None,
            normalise: vec![Normalise::CollapseSpace, Normalise::Lowercase],
        };
        let item = chosen(&[], key);
        assert!(by_key(&agreement(&item, "a  B\n")) && by_key(&agreement(&item, "x\na b")));
        assert!(contradicted(&agreement(&item, "ab")));
    }
}
