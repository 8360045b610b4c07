//! `gradus bank reviews`: what reviewers and raters said about the bank in use, in figures. Never
//! judges: `check` does.

use super::super::bank_source::{embedded_whole, files_below, load_bank};
use super::super::take::print_data;
use super::super::{CliError, Color, Exit, Global};
use super::{item, to_json, wants_json};
use crate::bank::{
    ItemReviews, Review, ReviewSummary, Severity, TopicReviews, Tries, read_voices, render,
    summarise_reviews,
};

pub(super) fn run(global: &Global, id: Option<&str>) -> Result<Exit, CliError> {
    let as_json = wants_json(global, "reviews")?;
    let bank = load_bank(global)?;
    let files = match &global.banks {
        Some(directory) => files_below(directory)?,
        None => embedded_whole(),
    };
    let mut voices = read_voices(&files);
    if voices.diagnostics.iter().any(|found| found.severity == Severity::Error) {
        let text = render(&voices.diagnostics, &files, global.color == Color::Always);
        let message = format!("the reviews are not valid\n\n{}", text.trim_end());
        return Err(CliError::new(Exit::Invalid, message).help("see `gradus bank check`"));
    }
    if let Some(id) = id {
        let id = item(&bank, id)?.id.to_string();
        voices.reviews.retain(|review| review.item == id);
        voices.ratings.retain(|rating| rating.item == id);
    }
    let summary = summarise_reviews(&bank, &voices.reviews, &voices.ratings);
    let text = match (as_json, id) {
        (true, _) => to_json(&summary)?,
        (false, None) => table(&summary),
        (false, Some(id)) => page(id, &summary, &voices.reviews),
    };
    print_data(&text)?;
    Ok(Exit::Done)
}

/// `38 of 40, 95 %`, with chance where there is one.
fn share(tries: &Tries) -> String {
    let Some(rate) = tries.rate else { return "-".to_owned() };
    let chance =
        tries.chance.map(|chance| format!(" (chance {:.0} %)", 100.0 * chance)).unwrap_or_default();
    format!("{} of {}, {:.0} %{chance}", tries.right, tries.tries, 100.0 * rate)
}

fn table(summary: &ReviewSummary) -> String {
    let mut text = String::new();
    let mut topics: Vec<&TopicReviews> = summary.topics.iter().collect();
    topics.push(&summary.all);
    for topic in topics {
        let name = topic.topic.as_deref().unwrap_or("all topics");
        text += &format!("{name}: {} items with reviews of their present version\n", topic.items);
        for (what, tries) in [
            ("blind solvers agree with the key", &topic.blind_solve),
            ("readers of the options alone find it", &topic.options_only),
            ("readers of the stem alone state it", &topic.stem_only),
        ] {
            text += &format!("  {what:<38} {}\n", share(tries));
        }
        text += &format!("  {:<38} {}\n", "sources checked by another", topic.source_checked);
        let rated = &topic.difficulty;
        text += &format!(
            "  {:<38} {} items, {} raters\n",
            "difficulty rated", rated.items, rated.raters
        );
        if let (Some(single), Some(average)) = (rated.icc_single, rated.icc_average) {
            let what = "consistency ICC(C,1), ICC(C,k)";
            let of = format!("{} raters, {} items", rated.icc_raters, rated.icc_items);
            text += &format!("  {what:<38} {single:.2}, {average:.2} ({of})\n");
        }
        if let Some(r) = rated.cell_correlation {
            let what = "raters' mean and the blueprint's cell";
            text += &format!("  {what:<38} r = {r:.2}\n");
        }
        text.push('\n');
    }
    if !summary.given_away.is_empty() {
        text += &format!(
            "Won by readers of the options alone in four of six tries:\n  {}\n",
            summary.given_away.join("\n  ")
        );
    }
    text
}

fn page(id: &str, summary: &ReviewSummary, reviews: &[Review]) -> String {
    let mut text = match summary.items.first() {
        Some(item) => figures(item),
        None => format!("{id} has no review of its present version\n"),
    };
    text.push('\n');
    for review in reviews {
        let result = review.result.map(|result| format!(" {result}")).unwrap_or_default();
        let difficulty = review.difficulty.map(|b| format!(", difficulty {b}")).unwrap_or_default();
        text += &format!(
            "{} version {} {}{result} by {} ({}){difficulty}\n",
            review.date, review.version, review.step, review.by, review.kind
        );
        for (name, said) in [("second", &review.second), ("remark", &review.remark)] {
            text += &said.as_ref().map(|said| format!("  {name}: {said}\n")).unwrap_or_default();
        }
    }
    text
}

fn figures(item: &ItemReviews) -> String {
    let mut text = format!("{} version {} · {}\n", item.item, item.version, item.status);
    for (what, tries) in [
        ("blind solvers", &item.blind_solve),
        ("options alone", &item.options_only),
        ("stem alone", &item.stem_only),
    ] {
        text += &format!("  {what:<16} {}\n", share(tries));
    }
    let checked = if item.source_checked { "yes" } else { "no" };
    text += &format!("  {:<16} {checked}\n", "source checked");
    text += &format!("  {:<16} {} named, {} upheld\n", "second answers", item.seconds, item.upheld);
    let mean = item.difficulty.map(|b| format!(", mean {b:.2}")).unwrap_or_default();
    text + &format!("  {:<16} {} raters{mean}\n", "difficulty", item.raters)
}
