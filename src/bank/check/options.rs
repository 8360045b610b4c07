//! Rules about options: their number and form, and whether they give the key away.

use std::collections::BTreeSet;

use super::super::node::Step;
use super::super::types::{Item, Key};
use super::super::words::ItemType;
use super::text::{content_words, folded, has_word, is_code, jaccard, sentences, words};
use super::{Report, Subject, option_path};

const OPTIONS_MIN: usize = 3;
const OPTIONS_MAX: usize = 6;
/// Longest option to which no length is a cue: codes, names, numbers.
const TERSE_MAX: usize = 12;
/// The key's length against the mean of the wrong options, from which it is a cue.
const LONG_WARNING: f64 = 1.3;
const LONG_ERROR: f64 = 1.6;
const SHORT_WARNING: f64 = 0.6;
/// By how much the key's likeness to the other options must exceed the next one's.
const CONVERGENCE_MARGIN: f64 = 0.15;

const ABSOLUTE: [&str; 4] = ["always", "never", "only", "all"];
const HEDGES: [&str; 8] =
    ["usually", "often", "generally", "typically", "sometimes", "might", "likely", "normally"];

/// Whether the options hold the key.
pub(super) fn has_choice_key(item: &Item) -> bool {
    matches!(item.kind, ItemType::Single | ItemType::Multi)
}

/// The key's index in a single item.
fn single_key(item: &Item) -> Option<usize> {
    match item.key {
        Key::Single { key } => Some(key),
        _ => None,
    }
}

pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_, '_, '_>) {
    let item = subject.item;
    if has_choice_key(item) || item.kind == ItemType::Order {
        number_and_difference(item, report);
    }
    if has_choice_key(item) {
        feedback(item, report);
        combinations(item, report);
        absolute_words(item, report);
        grammar(subject, report);
        parallel(item, report);
        sorted(item, report);
    }
    if let Some(key) = single_key(item) {
        length(item, key, report);
        convergence(item, key, report);
    }
}

/// Q003: the number of options, and that they differ.
fn number_and_difference(item: &Item, report: &mut Report<'_, '_, '_>) {
    let count = item.options.len();
    if !(OPTIONS_MIN..=OPTIONS_MAX).contains(&count) {
        let message = format!("{count} options");
        let help = "write three to six; four are the norm";
        report.error("Q003", &[Step::Field("options")], message, help);
    }
    for (index, option) in item.options.iter().enumerate() {
        let text = folded(&option.text);
        if text.is_empty() {
            report.error(
                "Q003",
                &option_path(index),
                "the option is empty",
                "write it, or drop it",
            );
        } else if item.options[..index].iter().any(|other| folded(&other.text) == text) {
            let message = "the option repeats another one";
            report.error(
                "Q003",
                &option_path(index),
                message,
                "options differ in more than white space",
            );
        }
    }
}

/// Q006: every wrong option says what is wrong with it.
fn feedback(item: &Item, report: &mut Report<'_, '_, '_>) {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (index, option) in item.options.iter().enumerate().filter(|(_, option)| !option.correct) {
        let path = [Step::Field("options"), Step::Index(index), Step::Field("feedback")];
        let feedback = folded(&option.feedback);
        if feedback.is_empty()
            && option.misconception.as_ref().is_none_or(|name| name.trim().is_empty())
        {
            let message = format!("`{}` has neither feedback nor a misconception", option.id);
            report.error("Q006", &path, message, "say why somebody picks it, and why it is wrong");
        } else if !feedback.is_empty() && !seen.insert(feedback) {
            let message = format!("`{}` has the feedback of another option", option.id);
            report.error("Q006", &path, message, "each wrong option is wrong in its own way");
        }
    }
}

/// Q007: options that speak of other options.
fn combinations(item: &Item, report: &mut Report<'_, '_, '_>) {
    for (index, option) in item.options.iter().enumerate() {
        let text = words(&option.text).join(" ");
        if is_combination(&text) {
            let message = "the option speaks of other options";
            let help = "state its content; in a `multi` item several options can be right";
            report.error("Q007", &option_path(index), message, help);
        }
    }
}

/// Whether an option, as lower-case words, is "all of the above", "a and c", "1 and 3 only" ….
fn is_combination(text: &str) -> bool {
    const PHRASES: [&str; 16] = [
        "all of the above",
        "none of the above",
        "both of the above",
        "any of the above",
        "neither of the above",
        "all the above",
        "all of these",
        "none of these",
        "both of these",
        "all of them",
        "none of them",
        "both of them",
        "all options",
        "none of the options",
        "all of the options",
        "all answers",
    ];
    if PHRASES.iter().any(|phrase| text.starts_with(phrase)) {
        return true;
    }
    const LABELS: [&str; 22] = [
        "a", "b", "c", "d", "e", "f", "i", "ii", "iii", "iv", "v", "vi", "1", "2", "3", "4", "5",
        "6", "option", "options", "answer", "answers",
    ];
    const JOINTS: [&str; 8] = ["and", "or", "both", "either", "neither", "nor", "only", "but"];
    let words: Vec<&str> = text.split(' ').collect();
    let labels = words.iter().filter(|word| LABELS.contains(word)).count();
    let joints = words.iter().filter(|word| matches!(**word, "and" | "or" | "nor")).count();
    labels >= 2
        && joints >= 1
        && words.iter().all(|word| LABELS.contains(word) || JOINTS.contains(word))
}

/// Q008: the key is much longer, or much shorter, than the wrong options.
fn length(item: &Item, key: usize, report: &mut Report<'_, '_, '_>) {
    let lengths: Vec<usize> =
        item.options.iter().map(|option| option.text.trim().chars().count()).collect();
    let longest = lengths.iter().copied().max().unwrap_or(0);
    if longest <= TERSE_MAX || item.options.iter().all(|option| is_code(&option.text)) {
        return;
    }
    let wrong: Vec<usize> = lengths
        .iter()
        .enumerate()
        .filter(|(index, _)| *index != key)
        .map(|(_, length)| *length)
        .collect();
    let mean = wrong.iter().sum::<usize>() as f64 / wrong.len().max(1) as f64;
    let ratio = lengths[key] as f64 / mean.max(1.0);
    let strictly_longest = wrong.iter().all(|length| *length < lengths[key]);
    let strictly_shortest = wrong.iter().all(|length| *length > lengths[key]);
    let help = "trim the key, or give the wrong options their own reasons";
    if strictly_longest && ratio > LONG_WARNING {
        let message = format!("the key is {ratio:.1} times as long as the wrong options");
        if ratio > LONG_ERROR {
            report.error("Q008", &option_path(key), message, help);
        } else {
            report.warn("Q008", &option_path(key), message, help);
        }
    } else if strictly_shortest && ratio < SHORT_WARNING {
        let message = format!("the key has {ratio:.1} times the length of the wrong options");
        report.warn("Q008", &option_path(key), message, "trim the wrong options");
    }
}

/// Q010: always, never, only, all in wrong options alone; hedges in the key alone.
fn absolute_words(item: &Item, report: &mut Report<'_, '_, '_>) {
    let with = |list: &[&str], correct: bool| {
        item.options
            .iter()
            .position(|option| option.correct == correct && has_word(&option.text, list))
    };
    if let (Some(wrong), None) = (with(&ABSOLUTE, false), with(&ABSOLUTE, true)) {
        let message = "an absolute word stands in wrong options alone";
        let help = "always, never, only and all mark an option as wrong; reword it";
        report.warn("Q010", &option_path(wrong), message, help);
    }
    if let (Some(right), None) = (with(&HEDGES, true), with(&HEDGES, false)) {
        let message = "a hedge stands in the key alone";
        let help = "usually, often, likely … mark an option as right; reword it";
        report.warn("Q010", &option_path(right), message, help);
    }
}

/// Q012: the key is the option that the others vary.
fn convergence(item: &Item, key: usize, report: &mut Report<'_, '_, '_>) {
    let sets: Vec<BTreeSet<String>> =
        item.options.iter().map(|option| content_words(&option.text, 3)).collect();
    let likeness = |index: usize| {
        let others = (0..sets.len()).filter(|other| *other != index);
        others.map(|other| jaccard(&sets[index], &sets[other])).sum::<f64>()
            / (sets.len() - 1).max(1) as f64
    };
    let next = (0..sets.len()).filter(|index| *index != key).map(likeness).fold(0.0, f64::max);
    if sets.len() >= OPTIONS_MIN && likeness(key) > next + CONVERGENCE_MARGIN {
        let message = "the key shares more with the other options than any of them does";
        report.info(
            "Q012",
            &option_path(key),
            message,
            "let two wrong options share something too",
        );
    }
}

/// Q013: the stem's article fits some options only, or it asks for another number of options.
fn grammar(subject: &Subject<'_>, report: &mut Report<'_, '_, '_>) {
    let item = subject.item;
    let stem_words = words(&subject.stem.bare);
    let ends_open = !subject.stem.bare.trim_end().ends_with(['?', '.']);
    if let (true, Some(article @ ("a" | "an"))) = (ends_open, stem_words.last().map(String::as_str))
    {
        for (index, option) in item.options.iter().enumerate() {
            let first = option
                .text
                .trim_start_matches('`')
                .chars()
                .next()
                .map(|letter| letter.to_ascii_lowercase());
            let vowel = first.is_some_and(|letter| "aeiou".contains(letter));
            if vowel != (article == "an") {
                let message = format!("`{article}` in the stem does not fit this option");
                report.warn("Q013", &option_path(index), message, "ask a whole question");
                break;
            }
        }
    }
    let right = item.options.iter().filter(|option| option.correct).count();
    let question = sentences(&subject.stem.bare).pop().unwrap_or_default().to_lowercase();
    for (number, word) in [(2, "two"), (3, "three"), (4, "four")] {
        let asks = ["which", "select", "choose", "name", "pick"].iter().any(|verb| {
            question.contains(&format!("{verb} {word} "))
                || question.contains(&format!("{verb} the {word} "))
        });
        if asks && number != right {
            let message = format!("the stem asks for {word} options, the key has {right}");
            report.warn("Q013", &[Step::Field("stem")], message, "ask for what the key holds");
        }
    }
}

/// Q014: options that differ in form.
fn parallel(item: &Item, report: &mut Report<'_, '_, '_>) {
    let texts: Vec<&str> = item.options.iter().map(|option| option.text.trim()).collect();
    let prose: Vec<&str> = texts.iter().copied().filter(|text| !is_code(text)).collect();
    let mixed = |test: &dyn Fn(&&&str) -> bool| {
        let count = prose.iter().filter(test).count();
        count != 0 && count != prose.len()
    };
    let path = [Step::Field("options")];
    if !prose.is_empty() && prose.len() != texts.len() {
        let message = "some options are code and some are prose";
        report.warn("Q014", &path, message, "give all the same form");
    }
    if mixed(&|text| text.ends_with('.') && !text.ends_with("...")) {
        let message = "some options end with a full stop and some do not";
        report.warn("Q014", &path, message, "give all the same form");
    }
    let lettered = prose.iter().all(|text| text.starts_with(char::is_alphabetic));
    if lettered
        && mixed(&|text| text.starts_with(char::is_uppercase))
        && prose.iter().any(|text| text.contains(' '))
    {
        let message = "some options begin with a capital letter and some do not";
        report.warn("Q014", &path, message, "give all the same form");
    }
}

/// Q015: numbers and dates rise, ranges do not overlap.
fn sorted(item: &Item, report: &mut Report<'_, '_, '_>) {
    let texts: Vec<&str> = item.options.iter().map(|option| option.text.trim()).collect();
    let Some(intervals) = intervals(&texts) else { return };
    for (index, pair) in intervals.windows(2).enumerate() {
        let (before, after) = (pair[0], pair[1]);
        let is_range = before.1 > before.0 || after.1 > after.0;
        let path = option_path(index + 1);
        if after.0 < before.0 {
            report.error(
                "Q015",
                &path,
                "the options are out of order",
                "sort them, the smallest first",
            );
            return;
        } else if is_range && after.0 < before.1 {
            report.error("Q015", &path, "the ranges overlap", "a value must belong to one option");
            return;
        }
    }
}

/// The options as intervals, when all of them are numbers, ranges or dates in the same unit.
fn intervals(texts: &[&str]) -> Option<Vec<(f64, f64)>> {
    let mut unit: Option<String> = None;
    let mut found = Vec::with_capacity(texts.len());
    for text in texts {
        let (interval, rest) = interval(text.trim_matches('`'))?;
        if *unit.get_or_insert_with(|| rest.clone()) != rest {
            return None;
        }
        found.push(interval);
    }
    Some(found)
}

/// A number, a range or a date at the beginning of an option, and what follows it.
fn interval(text: &str) -> Option<((f64, f64), String)> {
    let days: Vec<&str> = text.split('-').collect();
    if let [year, month, day] = days.as_slice() {
        let (year, month, day): (f64, f64, f64) =
            (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
        let value = (year * 12.0 + month) * 31.0 + day;
        return Some(((value, value), "date".to_owned()));
    }
    let (low, rest) = leading_number(text)?;
    let bare = rest.trim_start();
    let dash = ["–", "-", "to ", ".."].iter().find_map(|dash| bare.strip_prefix(dash));
    match dash.and_then(|rest| leading_number(rest.trim_start())) {
        Some((high, rest)) => Some(((low, high), rest.trim().to_lowercase())),
        None => Some(((low, low), bare.trim().to_lowercase())),
    }
}

/// A decimal number at the beginning of a text, thousands separated by commas or thin spaces.
fn leading_number(text: &str) -> Option<(f64, &str)> {
    let sign = usize::from(text.starts_with('-'));
    let end = text[sign..]
        .find(|letter: char| !(letter.is_ascii_digit() || letter == '.' || letter == ','))
        .map_or(text.len(), |end| end + sign);
    let digits = text[..end].trim_end_matches(['.', ',']);
    let value = digits.replace(',', "").parse().ok()?;
    Some((value, &text[digits.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_are_recognised_and_ordinary_options_are_not() {
        // Goal: no K-type options and no false alarm. Method: a table of both.
        for text in [
            "all of the above",
            "none of these",
            "both a and c",
            "i and iii only",
            "1 and 3",
            "a or b",
        ] {
            assert!(is_combination(text), "{text}");
        }
        for text in [
            "all of the rows are locked",
            "a",
            "type a and type aaaa records",
            "1",
            "options and head",
            "2 or more rows",
        ] {
            let words = words(text).join(" ");
            assert!(!is_combination(&words) || text == "options and head", "{text}");
        }
        assert!(!is_combination("options and head"));
    }

    #[test]
    fn numbers_ranges_and_dates_become_intervals() {
        // Goal: order is checked only where there is one. Method: texts of each kind.
        assert_eq!(intervals(&["10 ms", "1,000 ms"]), Some(vec![(10.0, 10.0), (1000.0, 1000.0)]));
        assert_eq!(intervals(&["1-5 s", "6–9 s"]), Some(vec![(1.0, 5.0), (6.0, 9.0)]));
        assert_eq!(intervals(&["200 OK", "404 Not Found"]), None);
        assert_eq!(intervals(&["10 ms", "ten"]), None);
        let dates = intervals(&["2026-11-22", "2026-12-01"]).map(|dates| dates[0] < dates[1]);
        assert_eq!(dates, Some(true));
        assert_eq!(intervals(&["-5", "3"]), Some(vec![(-5.0, -5.0), (3.0, 3.0)]));
    }
}
