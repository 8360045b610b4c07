//! Part 5 of the page: each question behind a line that opens it, with its options, what is said
//! about each, the explanation and its sources.

use super::parts::references;
use super::{escape, paragraph, section};
use crate::report::markdown::{to_html, to_inline_html, to_line};
use crate::report::model::{AnswerDetail, ItemPart, OptionDetail, Report, Verdict};
use crate::report::words;

/// Most characters of a question in the line that opens it.
const TEASER_MAX: usize = 90;

/// Part 5.
pub(super) fn answers(report: &Report) -> String {
    let items = &report.session.items;
    if items.is_empty() {
        let body = paragraph("", "No question has been answered yet.");
        return section("answers", "Answers", &body);
    }
    let counted = || items.iter().filter(|item| item.scored);
    let right = counted().filter(|item| item.detail.verdict == Verdict::Right).count();
    let mut said = format!("{right} of {} right. {}", counted().count(), words::HALF);
    match items.len() - counted().count() {
        0 => {}
        1 => said += " One more was a trial question and counts for nothing.",
        n => said += &format!(" {n} more were trial questions and count for nothing."),
    }
    let mut body = paragraph("", &said);
    body.extend(items.iter().map(answer));
    section("answers", "Answers", &body)
}

fn answer(item: &ItemPart) -> String {
    let detail = &item.detail;
    let (mark, word) = words::verdict(detail.verdict);
    let class = word.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    let mut body = String::new();
    let mut about = format!("Written for {}.", detail.level);
    let trial = if item.scored { "" } else { " · trial question, not scored" };
    if let Some(environment) = &detail.environment {
        about += &format!(" {environment}.");
    }
    body += &paragraph("quiet", &about);
    body += &format!("<div class=\"stem\">{}</div>\n", to_html(&detail.stem));
    if !detail.options.is_empty() {
        body += "<ul class=\"options\">\n";
        body.extend(detail.options.iter().map(option));
        body += "</ul>\n";
    }
    body += &given_and_right(detail);
    body += &format!("<div class=\"explanation\">{}</div>\n", to_html(&detail.explanation));
    if !detail.references.is_empty() {
        body += "<p>Sources:</p>\n";
        body += &references(&detail.references);
    }
    body += &paragraph("quiet", &format!("Why it was asked: {}", item.reason));
    format!(
        "<details class=\"answer {class}\">\n<summary><span class=\"position\">{}</span> \
         <span class=\"outcome\">{mark} {word}</span> <span class=\"subject\">{} · {}{trial}</span> \
         <span class=\"teaser\">{}</span></summary>\n{body}</details>\n",
        item.position,
        escape(&detail.topic_name),
        escape(&detail.subtopic_name),
        escape(&teaser(&detail.stem))
    )
}

/// The beginning of a question.
fn teaser(stem: &str) -> String {
    let line = to_line(stem).replace('`', "");
    if line.chars().count() <= TEASER_MAX {
        return line;
    }
    let cut: String = line.chars().take(TEASER_MAX).collect();
    let whole_words = cut.rsplit_once(' ').map_or(cut.as_str(), |(before, _)| before);
    format!("{whole_words} …")
}

fn given_and_right(detail: &AnswerDetail) -> String {
    let mut list = format!(
        "<dl class=\"facts typed\">\n<dt>Your answer</dt><dd>{}</dd>\n",
        escape(&detail.given)
    );
    if !detail.right.is_empty() {
        list += &format!("<dt>Right answer</dt><dd>{}</dd>\n", escape(&detail.right));
    }
    list + "</dl>\n"
}

fn option(option: &OptionDetail) -> String {
    let mut marks: Vec<String> = Vec::new();
    if option.correct {
        marks.push("✓ right".to_owned());
    }
    if option.chosen {
        marks.push("› your answer".to_owned());
    }
    if let Some(given) = option.given_place {
        marks.push(format!("you: {given}"));
    }
    if let Some(right) = option.right_place {
        marks.push(format!("right: {right}"));
    }
    let class = match (option.correct, option.chosen) {
        (true, _) => " class=\"right\"",
        (false, true) => " class=\"chosen\"",
        _ => "",
    };
    let marks = match marks.is_empty() {
        true => String::new(),
        false => format!(" <span class=\"marks\">{}</span>", escape(&marks.join(" · "))),
    };
    let feedback = match option.feedback.is_empty() {
        true => String::new(),
        false => format!("<div class=\"feedback\">{}</div>", to_inline_html(&option.feedback)),
    };
    format!(
        "<li{class}><span class=\"letter\">{}</span><div>{}{marks}{feedback}</div></li>\n",
        option.letter,
        to_inline_html(&option.text)
    )
}
