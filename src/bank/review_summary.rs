//! What reviewers and raters say about a bank, in figures: how often keys are found with the stem,
//! without it and without the options, how far raters agree, and how their mean goes with the
//! blueprint. Counts records of present versions only. Never judges: the checks do.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::build::ways;
use super::check::text::is_code;
use super::check::voices::{is_source_checked, present};
use super::ratings::{Rating, difficulties};
use super::reviews::Review;
use super::types::{Bank, Item};
use super::words::{ReviewResult, ReviewStep, Status};
use crate::psychometrics::agreement::{consistency, correlation};

/// Longest option that is a bare value.
const BARE_MAX: usize = 12;
/// Fewest tries of options-only readers, and the share of them, from which an item gives itself away.
const WON_TRIES_MIN: usize = 4;
const WON_SHARE: f64 = 4.0 / 6.0;

/// The figures, in the form `gradus.bank-reviews/1`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReviewSummary {
    /// The name of this form.
    pub schema: &'static str,
    /// All topics together.
    pub all: TopicReviews,
    /// Each topic that has a record.
    pub topics: Vec<TopicReviews>,
    /// Each item that has a record, by id.
    pub items: Vec<ItemReviews>,
    /// Items whose key readers of the options alone found in at least four of six tries, items whose
    /// options are bare values apart.
    pub given_away: Vec<String>,
}

/// How often something was right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Tries {
    /// How often it was tried.
    pub tries: usize,
    /// How often the key was found.
    pub right: usize,
    /// The share; `null` without a try.
    pub rate: Option<f64>,
    /// What blind guessing finds; `null` without a try or where nothing can be guessed.
    pub chance: Option<f64>,
}

/// Figures about a topic, or about all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TopicReviews {
    /// The topic; `null` for all.
    pub topic: Option<String>,
    /// Items with a record of their present version.
    pub items: usize,
    /// Solvers without the key.
    pub blind_solve: Tries,
    /// Readers of the options alone.
    pub options_only: Tries,
    /// Readers of the stem alone.
    pub stem_only: Tries,
    /// Items whose source another than the author has checked.
    pub source_checked: usize,
    /// Ratings of difficulty.
    pub difficulty: DifficultyRatings,
}

/// How far raters of the difficulty agree.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DifficultyRatings {
    /// Items that are rated.
    pub items: usize,
    /// Raters.
    pub raters: usize,
    /// ICC(C,1), of one rater; over the raters and items of the largest table without gaps.
    pub icc_single: Option<f64>,
    /// ICC(C,k), of the mean of that table's raters.
    pub icc_average: Option<f64>,
    /// The raters of that table.
    pub icc_raters: usize,
    /// The items of that table.
    pub icc_items: usize,
    /// The correlation of the items' mean ratings with the blueprint's difficulty of their cells.
    pub cell_correlation: Option<f64>,
}

/// Figures about an item.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemReviews {
    /// The item.
    pub item: String,
    /// Its present version.
    pub version: u32,
    /// Where it stands.
    pub status: Status,
    /// Solvers without the key.
    pub blind_solve: Tries,
    /// Readers of the options alone.
    pub options_only: Tries,
    /// Readers of the stem alone.
    pub stem_only: Tries,
    /// Whether another than the author has checked its source.
    pub source_checked: bool,
    /// Second answers that reviewers named.
    pub seconds: usize,
    /// Those that were upheld.
    pub upheld: usize,
    /// Raters of its difficulty.
    pub raters: usize,
    /// Their mean.
    pub difficulty: Option<f64>,
    /// Whether its options are bare values, which say nothing by themselves.
    pub bare_values: bool,
}

/// Ratings of the difficulty of an item, by rater.
type Rated = BTreeMap<String, f64>;

/// Sums up what reviewers and raters said about a bank. Estimates that solvers noted in their
/// reviews count beside the raters' in these figures.
#[must_use]
pub fn summarise_reviews(bank: &Bank, reviews: &[Review], ratings: &[Rating]) -> ReviewSummary {
    let mut by_item: BTreeMap<&str, Vec<&Review>> = BTreeMap::new();
    for review in reviews {
        by_item.entry(&review.item).or_default().push(review);
    }
    let mut rated = difficulties(ratings.iter());
    for review in reviews {
        if let Some(difficulty) = review.difficulty {
            let of_item = rated.entry((review.item.clone(), review.version)).or_default();
            of_item.entry(review.by.clone()).or_insert(difficulty);
        }
    }
    let empty = Rated::new();
    let told: Vec<(&Item, ItemReviews, &Rated)> = bank
        .items
        .iter()
        .map(|item| {
            let records = present(by_item.get(item.id.as_str()), item);
            let rated = rated.get(&(item.id.to_string(), item.version)).unwrap_or(&empty);
            (item, records, rated)
        })
        .filter(|(_, records, rated)| !records.is_empty() || !rated.is_empty())
        .map(|(item, records, rated)| (item, of_item(item, &records, rated), rated))
        .collect();
    let topics = bank.topics.iter().filter_map(|topic| {
        let of_topic: Vec<_> = told.iter().filter(|(item, ..)| item.topic == topic.id).collect();
        (!of_topic.is_empty()).then(|| of_topic_or_all(bank, Some(topic.id.to_string()), &of_topic))
    });
    ReviewSummary {
        schema: "gradus.bank-reviews/1",
        all: of_topic_or_all(bank, None, &told.iter().collect::<Vec<_>>()),
        topics: topics.collect(),
        given_away: told
            .iter()
            .filter(|(_, it, _)| is_given_away(it))
            .map(|(_, it, _)| it.item.clone())
            .collect(),
        items: told.into_iter().map(|(_, it, _)| it).collect(),
    }
}

fn is_given_away(item: &ItemReviews) -> bool {
    let options = &item.options_only;
    !item.bare_values
        && options.tries >= WON_TRIES_MIN
        && options.rate.is_some_and(|rate| rate >= WON_SHARE)
}

/// Whether options are values and not statements: short, or nothing but code.
fn has_bare_values(item: &Item) -> bool {
    !item.options.is_empty()
        && (item.options.iter().all(|option| option.text.trim().chars().count() <= BARE_MAX)
            || item.options.iter().all(|option| is_code(&option.text)))
}

fn of_item(item: &Item, records: &[&Review], rated: &Rated) -> ItemReviews {
    let chance = (!item.options.is_empty()).then(|| 1.0 / ways(item.kind, item.options.len()));
    let tries = |step: ReviewStep, chance: Option<f64>| {
        let of_step: Vec<_> = records.iter().filter(|review| review.step == step).collect();
        // A solver whose second answer was upheld had found the key as well.
        let right = of_step.iter().filter(|review| {
            matches!(review.result, Some(ReviewResult::Agrees | ReviewResult::Upheld))
        });
        tries(of_step.len(), right.count(), chance)
    };
    let upheld = records.iter().filter(|review| review.result == Some(ReviewResult::Upheld));
    let mean = rated.values().fold(0.0, |sum, b| sum + b) / rated.len() as f64;
    ItemReviews {
        item: item.id.to_string(),
        version: item.version,
        status: item.status,
        blind_solve: tries(ReviewStep::BlindSolve, chance),
        options_only: tries(ReviewStep::OptionsOnly, chance),
        stem_only: tries(ReviewStep::StemOnly, None),
        source_checked: is_source_checked(item, records),
        seconds: records.iter().filter(|review| review.second.is_some()).count(),
        upheld: upheld.count(),
        raters: rated.len(),
        difficulty: (!rated.is_empty()).then_some(mean),
        bare_values: has_bare_values(item),
    }
}

fn tries(tries: usize, right: usize, chance: Option<f64>) -> Tries {
    let rate = (tries > 0).then(|| right as f64 / tries as f64);
    Tries { tries, right, rate, chance: chance.filter(|_| tries > 0) }
}

fn of_topic_or_all(
    bank: &Bank,
    topic: Option<String>,
    told: &[&(&Item, ItemReviews, &Rated)],
) -> TopicReviews {
    let sum_of = |of: fn(&ItemReviews) -> &Tries| {
        let all = || told.iter().map(|(_, it, _)| of(it));
        let (count, right) =
            all().fold((0, 0), |(count, right), it| (count + it.tries, right + it.right));
        // Each try at its own item's chance.
        let guessed = all().map(|it| it.chance.map(|chance| chance * it.tries as f64));
        let guessed: Option<f64> =
            guessed.zip(all()).filter(|(_, it)| it.tries > 0).map(|(chance, _)| chance).sum();
        tries(count, right, guessed.map(|sum| sum / count.max(1) as f64))
    };
    TopicReviews {
        topic,
        items: told.len(),
        blind_solve: sum_of(|it| &it.blind_solve),
        options_only: sum_of(|it| &it.options_only),
        stem_only: sum_of(|it| &it.stem_only),
        source_checked: told.iter().filter(|(_, it, _)| it.source_checked).count(),
        difficulty: ratings_of(bank, told),
    }
}

fn ratings_of(bank: &Bank, told: &[&(&Item, ItemReviews, &Rated)]) -> DifficultyRatings {
    let rated: Vec<_> = told.iter().filter(|(_, _, rated)| !rated.is_empty()).collect();
    let tables: Vec<&Rated> = rated.iter().map(|(_, _, rated)| *rated).collect();
    let raters: BTreeSet<&String> = tables.iter().flat_map(|rated| rated.keys()).collect();
    let rows = largest_table(&tables);
    let icc = consistency(&rows);
    let means: Vec<f64> = rated.iter().filter_map(|(_, it, _)| it.difficulty).collect();
    let cells: Vec<f64> = rated
        .iter()
        .map(|(item, ..)| bank.blueprint.difficulty[item.level as usize][item.cognitive as usize])
        .collect();
    DifficultyRatings {
        items: rated.len(),
        raters: raters.len(),
        icc_single: icc.map(|icc| icc.single),
        icc_average: icc.map(|icc| icc.average),
        icc_raters: if icc.is_some() { rows.first().map_or(0, Vec::len) } else { 0 },
        icc_items: if icc.is_some() { rows.len() } else { 0 },
        cell_correlation: correlation(&means, &cells),
    }
}

/// A table without gaps: raters are left out one after another, whoever rated least first, and of
/// the tables of what is left the one with the most ratings is taken.
fn largest_table(rated: &[&Rated]) -> Vec<Vec<f64>> {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for rater in rated.iter().flat_map(|rated| rated.keys()) {
        *counts.entry(rater).or_default() += 1;
    }
    let mut raters: Vec<(usize, &String)> =
        counts.into_iter().map(|(rater, count)| (count, rater)).collect();
    raters.sort_unstable();
    let mut best: Vec<Vec<f64>> = Vec::new();
    for first in 0..raters.len().saturating_sub(1) {
        let kept = &raters[first..];
        let row = |rated: &&Rated| -> Option<Vec<f64>> {
            kept.iter().map(|(_, rater)| rated.get(*rater).copied()).collect()
        };
        let rows: Vec<Vec<f64>> = rated.iter().filter_map(row).collect();
        let cells = |rows: &[Vec<f64>]| rows.len() * rows.first().map_or(0, Vec::len);
        if rows.len() >= 2 && cells(&rows) > cells(&best) {
            best = rows;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::super::{SourceFile, fixture, read_checked_bank, read_voices};
    use super::*;

    fn summary(reviews: &str, ratings: &str) -> ReviewSummary {
        let bank = read_checked_bank(&fixture::shipped()).0.expect("a bank");
        let files = [
            SourceFile::new(
                "reviews.yaml",
                format!("schema: gradus.reviews/1\nreviews:\n{reviews}"),
            ),
            SourceFile::new("ratings.csv", format!("{}\n{ratings}", super::super::ratings::HEADER)),
        ];
        let voices = read_voices(&files);
        assert_eq!(voices.diagnostics, []);
        summarise_reviews(&bank, &voices.reviews, &voices.ratings)
    }

    fn record(item: &str, version: u32, step: &str, by: &str, rest: &str) -> String {
        format!(
            "  - {{item: {item}, version: {version}, date: \"2026-11-22\", step: {step}, by: {by}, \
             kind: human, result: {rest}}}\n"
        )
    }

    #[test]
    fn tries_are_counted_for_the_present_version_with_chance_beside_them() {
        // Goal: the rates, and which item gives itself away. Method: six readers of the options of
        // the small bank's single-choice item, four of them right; one reader of an older version.
        let bank = read_checked_bank(&fixture::shipped()).0.expect("a bank");
        let id = "http.caching.0001";
        let version = bank.item(id).expect("the item").version;
        let mut text = String::new();
        for n in 0..6 {
            let result = if n < 4 { "agrees" } else { "differs" };
            text += &record(id, version, "options-only", &format!("r{n}"), result);
        }
        text += &record(id, version - 1, "options-only", "r9", "differs");
        text += &record(id, version, "blind-solve", "s1", "agrees, difficulty: 0.5");
        text += &record(id, version, "blind-solve", "s2", "upheld, second: \"c\"");
        let summary = summary(&text, "");
        let options = summary.all.options_only;
        assert_eq!((options.tries, options.right, options.chance), (6, 4, Some(0.25)));
        assert_eq!(summary.given_away, [id]);
        let item = &summary.items[0];
        assert_eq!((item.blind_solve.right, item.seconds, item.upheld), (2, 1, 1));
        assert_eq!((item.raters, item.difficulty), (1, Some(0.5)));
        assert_eq!(summary.topics.len(), 1);
        assert_eq!(summary.all.stem_only, Tries::default());
    }

    #[test]
    fn raters_are_compared_over_the_largest_table() {
        // Goal: ICC and correlation over what all of some raters rated. Method: two raters half a
        // point apart on four items, a third with one of them alone.
        let bank = read_checked_bank(&fixture::shipped()).0.expect("a bank");
        let live: Vec<&Item> = bank.live_items().take(4).collect();
        let mut rows = String::new();
        for (n, item) in live.iter().enumerate() {
            let id = &item.id;
            let b = n as f64;
            rows += &format!("r1,human,{id},{},1,difficulty,{b}\n", item.version);
            rows += &format!("r2,human,{id},{},1,difficulty,{}\n", item.version, b + 0.5);
        }
        rows += &format!("r3,human,{},{},1,difficulty,3\n", live[0].id, live[0].version);
        let of = summary("", &rows).all.difficulty;
        assert_eq!((of.items, of.raters, of.icc_raters, of.icc_items), (4, 3, 2, 4));
        assert!(of.icc_single.is_some_and(|icc| (icc - 1.0).abs() < 1e-12));
        assert!(of.cell_correlation.is_some());
    }
}
