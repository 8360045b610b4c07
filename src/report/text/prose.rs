//! Texts that stand before and during a test: the introduction, and Markdown laid out in plain
//! characters.

use super::page::{clean, wrap};
use crate::assessment::Session;
use crate::bank::Item;
use crate::report::markdown::{Block, blocks};

/// Markdown as plain text: paragraphs wrapped, code indented and never wrapped, no byte that a
/// terminal could take for a command.
#[must_use]
pub fn prose(markdown: &str, width: usize) -> String {
    let mut parts: Vec<String> = Vec::new();
    for block in blocks(markdown) {
        parts.push(match block {
            Block::Paragraph(text) => wrap(&clean_lines(&text), width).join("\n"),
            Block::Bullet(mark, text) => {
                let lines = wrap(&clean_lines(&text), width.saturating_sub(4));
                let first = format!("{mark:>3} ");
                let lead = |at: usize| if at == 0 { first.as_str() } else { "    " };
                let lines = lines.iter().enumerate().map(|(at, line)| lead(at).to_owned() + line);
                lines.collect::<Vec<_>>().join("\n")
            }
            Block::Code(lines) => lines
                .iter()
                .map(|line| format!("    {}", clean(line)))
                .collect::<Vec<_>>()
                .join("\n"),
        });
    }
    parts.join("\n\n")
}

fn clean_lines(text: &str) -> String {
    text.lines().map(clean).collect::<Vec<_>>().join("\n")
}

/// What an item's behaviour depends on, as one line.
#[must_use]
pub fn environment(item: &Item) -> Option<String> {
    let environment = item.environment.as_ref()?;
    let mut parts: Vec<String> =
        [&environment.product, &environment.language].into_iter().flatten().cloned().collect();
    if let Some(version) = &environment.version {
        match parts.last_mut() {
            Some(tool) if is_number(version) => *tool = format!("{tool} {}", spoken(version)),
            _ => parts.push(version.clone()),
        }
    }
    parts.extend(environment.mode.clone());
    parts.retain(|part| !part.is_empty());
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// Whether a version is a number, which belongs to the name before it, and no title of its own.
fn is_number(version: &str) -> bool {
    version.trim_start_matches(['>', '=', ' ', 'v']).starts_with(|c: char| c.is_ascii_digit())
}

/// `>=3.8` as people say it.
fn spoken(version: &str) -> String {
    match version.strip_prefix(">=") {
        Some(least) => format!("{} or later", least.trim()),
        None => version.to_owned(),
    }
}

/// What a person should know before the first question, as paragraphs.
#[must_use]
pub fn introduction(session: &Session) -> Vec<String> {
    let (bank, plan) = (session.bank(), session.plan());
    let names: Vec<&str> = bank
        .topics
        .iter()
        .filter(|topic| plan.has(&topic.id))
        .map(|topic| topic.name.as_str())
        .collect();
    let measured = if plan.is_one_topic() {
        format!("This test measures one topic: {}.", names.join(""))
    } else {
        let (n, all) = (names.len(), bank.topics.len());
        format!(
            "This test measures what a back-end developer knows, in {n} of {all} topics today: {}.",
            names.join("; ")
        )
    };
    let minutes = |questions: usize| (questions * 50).div_ceil(60);
    let (least, most) = (plan.questions_min(), plan.questions_max());
    let mut length = if least == most {
        format!("{most} questions, about {} minutes", minutes(most))
    } else {
        let (shortest, longest) = (minutes(least), minutes(most));
        format!("{least} to {most} questions, about {shortest} to {longest} minutes")
    };
    if plan.pretest > 0 {
        length += &format!(" ({} of them on trial, which count for nothing)", plan.pretest);
    }
    vec![
        measured,
        format!(
            "It asks {length}, without a time limit. Each question is chosen by what your answers \
             so far have told, so most people find about half of them hard. You can pause and go \
             on later at the same question."
        ),
        "If you do not know, say so: it counts the same as a blind guess would on average, and \
         makes your report truer."
            .to_owned(),
        "Your answers stay on this machine. Levels are provisional: how hard the questions are, \
         and where the levels begin, are judgements that no data have calibrated yet."
            .to_owned(),
    ]
}

/// The introduction as text of a given width.
#[must_use]
pub fn introduction_text(session: &Session, width: usize) -> String {
    let paragraphs: Vec<String> =
        introduction(session).iter().map(|text| wrap(text, width).join("\n")).collect();
    paragraphs.join("\n\n") + "\n\n"
}
