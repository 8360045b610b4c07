//! Rules about the review of items: what of the protocol is missing for the version in use, and what
//! reviewers found that must not stand. A topic is held to the protocol as soon as one of its items
//! has a review; a bank without reviews is not.

use std::collections::{BTreeMap, BTreeSet};

use super::super::diagnostic::{Diagnostic, Severity};
use super::super::fields::Sink;
use super::super::ratings::difficulties;
use super::super::read::Draft;
use super::super::reviews::Review;
use super::super::types::Item;
use super::super::words::{ReviewResult, ReviewStep, Status};
use super::bankwide::put;

/// Fewest blind solvers who agree with the key.
pub(in super::super) const SOLVERS_MIN: usize = 3;
/// Fewest raters of the difficulty.
const RATERS_MIN: usize = 3;
/// Most items that a finding lists.
const LISTED_MAX: usize = 5;

/// Judges the records; what concerns a topic as a whole is returned.
pub(super) fn check(draft: &Draft<'_, '_>, sinks: &mut [Sink<'_>]) -> Vec<Diagnostic> {
    let bank = &draft.bank;
    let mut found = Vec::new();
    let mut by_item: BTreeMap<&str, Vec<&Review>> = BTreeMap::new();
    let mut unknown = BTreeSet::new();
    for review in &draft.reviews {
        match bank.item(&review.item) {
            None => {
                unknown.insert(review.item.as_str());
            }
            Some(item) => record(item, review, &mut sinks[review.site.0]),
        }
        by_item.entry(&review.item).or_default().push(review);
    }
    if !unknown.is_empty() {
        let message = format!("reviews of items that are not here: {}", listed(&unknown));
        let help = "drafts and removed items keep their reviews; correct a mistyped id";
        put(&mut found, "R001", Severity::Info, message, help);
    }
    let raters = raters(draft);
    for topic in &bank.topics {
        let items = || bank.items.iter().filter(|item| item.topic == topic.id);
        if !items().any(|item| by_item.contains_key(item.id.as_str())) {
            continue;
        }
        let live: Vec<&Item> = items().filter(|item| item.status == Status::Live).collect();
        let of = |item: &Item| present(by_item.get(item.id.as_str()), item);
        let lacks: [Lack<'_>; 3] = [
            ("R002", "have fewer than three blind solvers who agree", &|item| {
                agreeing_solvers(&of(item)) < SOLVERS_MIN
            }),
            ("R004", "have no source check by another than the author", &|item| {
                !is_source_checked(item, &of(item))
            }),
            ("R005", "have fewer than three ratings of their difficulty", &|item| {
                raters.get(item.id.as_str()).copied().unwrap_or(0) < RATERS_MIN
            }),
        ];
        for (code, what, lack) in lacks {
            let lacking: BTreeSet<&str> = live
                .iter()
                .filter(|item| !item.waivers.iter().any(|waiver| waiver.code == code))
                .filter(|item| lack(item))
                .map(|item| item.id.as_str())
                .collect();
            if !lacking.is_empty() {
                let message = format!(
                    "{}: {} of {} live items {what}: {}",
                    topic.id,
                    lacking.len(),
                    live.len(),
                    listed(&lacking)
                );
                let help = "review the present version, and put the record into reviews.yaml";
                put(&mut found, code, Severity::Warning, message, help);
            }
        }
    }
    found
}

/// A code, what it says about some items, and how one of them is told.
type Lack<'c> = (&'static str, &'static str, &'c dyn Fn(&Item) -> bool);

/// The first names of a list, and how many there are beyond.
fn listed(names: &BTreeSet<&str>) -> String {
    let first: Vec<&str> = names.iter().copied().take(LISTED_MAX).collect();
    let more = names.len() - first.len();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    first.join(", ") + &rest
}

/// R001, R003 and R004: what is wrong about one record.
fn record(item: &Item, review: &Review, sink: &mut Sink<'_>) {
    let mut error = |code: &'static str, message: String, help: &str| {
        sink.item = Some(item.id.to_string());
        let help = Some(help.to_owned());
        sink.put(code, Severity::Error, review.site.1.clone(), message, help);
    };
    if review.version > item.version {
        let message = format!("a review of version {}, of {}", review.version, item.version);
        return error("R001", message, "the item's `version` rises with every change");
    }
    if review.version != item.version || item.status != Status::Live {
        return;
    }
    if review.result == Some(ReviewResult::Upheld) {
        let help = "repair the item and raise its version, or suspend it";
        error("R003", "a live item with a second answer that was upheld".to_owned(), help);
    }
    let denied =
        review.step == ReviewStep::SourceCheck && review.result == Some(ReviewResult::Differs);
    if denied {
        let help = "repair the item and raise its version, or suspend it";
        error("R004", "a live item whose source says something else".to_owned(), help);
    }
}

/// The records of the item's present version.
pub(in super::super) fn present<'r>(
    reviews: Option<&Vec<&'r Review>>,
    item: &Item,
) -> Vec<&'r Review> {
    let all = reviews.into_iter().flatten();
    all.copied().filter(|review| review.version == item.version).collect()
}

/// How many blind solvers agree with the key.
fn agreeing_solvers(reviews: &[&Review]) -> usize {
    let agreeing = reviews.iter().filter(|review| {
        review.step == ReviewStep::BlindSolve && review.result == Some(ReviewResult::Agrees)
    });
    agreeing.map(|review| &review.by).collect::<BTreeSet<_>>().len()
}

/// Whether another than the author opened the source and found the key in it.
pub(in super::super) fn is_source_checked(item: &Item, reviews: &[&Review]) -> bool {
    reviews.iter().any(|review| {
        review.step == ReviewStep::SourceCheck
            && review.result == Some(ReviewResult::Agrees)
            && review.by != item.author.id
    })
}

/// How many people or programs estimated the difficulty of the present version, in ratings and in
/// reviews.
fn raters<'d>(draft: &'d Draft<'_, '_>) -> BTreeMap<&'d str, usize> {
    let mut rated = difficulties(draft.ratings.iter());
    for review in &draft.reviews {
        if let Some(difficulty) = review.difficulty {
            let of_item = rated.entry((review.item.clone(), review.version)).or_default();
            of_item.entry(review.by.clone()).or_insert(difficulty);
        }
    }
    let count = |item: &'d Item| {
        let of_item = rated.get(&(item.id.to_string(), item.version));
        (item.id.as_str(), of_item.map_or(0, BTreeMap::len))
    };
    draft.bank.items.iter().map(count).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::{CheckOptions, SourceFile, check_bank, fixture};
    use super::*;

    /// What the small bank's check says about its reviews.
    fn found(reviews: &str) -> Vec<(&'static str, Severity, String)> {
        let mut files = fixture::whole();
        let text = format!("schema: gradus.reviews/1\nreviews:\n{reviews}");
        files.push(SourceFile::new("http/reviews.yaml", text));
        let found = check_bank(&files, &CheckOptions::default()).diagnostics;
        let about = found.into_iter().filter(|it| it.code.starts_with(['R', 'Q']));
        about.map(|it| (it.code, it.severity, it.message)).collect()
    }

    fn record(item: &str, version: u32, step: &str, by: &str, rest: &str) -> String {
        format!(
            "  - {{item: {item}, version: {version}, date: \"2026-11-22\", step: {step}, by: {by}, \
             kind: human{rest}}}\n"
        )
    }

    /// Everything that the protocol asks of one item.
    fn whole(item: &str, version: u32) -> String {
        let solve =
            |by| record(item, version, "blind-solve", by, ", result: agrees, difficulty: 0.5");
        let check = record(item, version, "source-check", "librarian", ", result: agrees");
        solve("s1") + &solve("s2") + &solve("s3") + &check
    }

    const LIVE: [&str; 3] = ["http.caching.0001", "http.caching.0002", "http.status.0001"];

    fn version(item: &str) -> u32 {
        let bank = super::super::super::read_checked_bank(&fixture::whole()).0.expect("a bank");
        bank.item(item).expect("the item").version
    }

    #[test]
    fn a_topic_with_whole_reviews_is_clean_and_what_is_missing_is_named() {
        // Goal: R002, R004 and R005 count the present version and other people. Method: complete
        // reviews of the live items of one topic; then one item with its author's own source check,
        // a solver twice, and an older version.
        let all: String = LIVE.iter().map(|item| whole(item, version(item))).collect();
        assert_eq!(found(&all), []);
        let [first, rest @ ..] = &LIVE;
        let others: String = rest.iter().map(|item| whole(item, version(item))).collect();
        let solve = |by| record(first, version(first), "blind-solve", by, ", result: agrees");
        let author = {
            let bank = super::super::super::read_checked_bank(&fixture::whole()).0.expect("a bank");
            bank.item(first).expect("the item").author.id.clone()
        };
        let own = record(first, version(first), "source-check", &author, ", result: agrees");
        let lacking = others + &solve("s1") + &solve("s1") + &solve("s2") + &own;
        let codes: Vec<_> = found(&lacking).into_iter().map(|it| (it.0, it.1)).collect();
        let warn = |code| (code, Severity::Warning);
        assert_eq!(codes, [warn("R002"), warn("R004"), warn("R005")]);
        assert!(found(&lacking)[0].2.contains("1 of 3 live items"));
    }

    #[test]
    fn what_reviewers_found_stands_at_its_record() {
        // Goal: R001, R003 and R004 as errors with a place; unknown items as a note. Method: one
        // record of each beside complete reviews; and records of a wrong shape.
        let all: String = LIVE.iter().map(|item| whole(item, version(item))).collect();
        let of = |step: &str, rest: &str| {
            found(&(all.clone() + &record(LIVE[0], version(LIVE[0]), step, "s9", rest)))
        };
        let upheld = of("blind-solve", ", result: upheld, second: \"b, since …\"");
        assert_eq!((upheld[0].0, upheld[0].1), ("R003", Severity::Error));
        let denied = of("source-check", ", result: differs");
        assert_eq!((denied[0].0, denied[0].1), ("R004", Severity::Error));
        let future = record(LIVE[0], 99, "play", "s9", "");
        assert_eq!(found(&(all.clone() + &future))[0].0, "R001");
        let unknown = record("http.no.0001", 1, "play", "s9", "");
        let found_unknown = found(&(all.clone() + &unknown));
        assert_eq!((found_unknown[0].0, found_unknown[0].1), ("R001", Severity::Info));
        for rest in [", result: fine", ", colour: red, result: agrees", "", ", result: upheld"] {
            assert_eq!(of("blind-solve", rest)[0].0, "Q001", "{rest}");
        }
        assert_eq!(of("difficulty", "")[0].0, "Q001");
    }

    #[test]
    fn a_bank_without_reviews_is_not_held_to_the_protocol() {
        // Goal: a team's own questions need no reviews. Method: no record at all.
        assert_eq!(found(""), []);
    }
}
