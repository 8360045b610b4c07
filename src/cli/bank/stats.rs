//! `gradus bank stats`: prints the bank room's figures as JSON or as a table.

use super::super::bank_source::load_bank;
use super::super::take::print_data;
use super::super::{CliError, Exit, Global};
use super::{to_json, wants_json};
use crate::bank::BankStats;

pub(super) fn run(global: &Global) -> Result<Exit, CliError> {
    let as_json = wants_json(global, "stats")?;
    let stats = load_bank(global)?.stats();
    let text = if as_json { to_json(&stats)? } else { table(&stats) };
    print_data(&text)?;
    Ok(Exit::Done)
}

fn table(stats: &BankStats) -> String {
    let mut text = format!(
        "{} items, {} live\nfingerprint {}\n\n{:<14}{:>6}{:>9}{:>7}  {:>6}{:>5}{:>8}  SUBTOPICS\n",
        stats.items,
        stats.live,
        stats.fingerprint,
        "TOPIC",
        "LIVE",
        "PRETEST",
        "DRAFT",
        "JUNIOR",
        "MID",
        "SENIOR",
    );
    for topic in &stats.topics {
        let levels: Vec<usize> = topic.by_level.values().copied().collect();
        let level = |index: usize| levels.get(index).copied().unwrap_or(0);
        text += &format!(
            "{:<14}{:>6}{:>9}{:>7}  {:>6}{:>5}{:>8}  {} of {}\n",
            topic.topic,
            topic.live,
            topic.pretest,
            topic.draft,
            level(0),
            level(1),
            level(2),
            topic.subtopics_covered,
            topic.subtopics,
        );
    }
    let percent = |share: Option<f64>| {
        share.map_or_else(|| "no live item".to_owned(), |share| format!("{:.1} %", 100.0 * share))
    };
    text += "\nOf live items\n";
    for (name, share) in [
        ("with an explanation", stats.explained_share),
        ("with a reference", stats.referenced_share),
        ("proved by running", stats.executed_share),
    ] {
        text += &format!("  {name:<38}{:>8}\n", percent(share));
    }
    text += "\nRight keys found in single-choice items by\n";
    for (name, share) in [
        ("blind guessing", stats.chance),
        ("always the longest option", stats.longest_option_accuracy),
        ("a guesser who sees the surface only", stats.surface_guesser_accuracy),
    ] {
        text += &format!("  {name:<38}{:>8}\n", percent(share));
    }
    if let Some(p) = stats.key_position_p {
        text += &format!("\nKey places as uneven as these arise by chance with p = {p:.3}\n");
    }
    text
}
