//! Part 5, the answers: a line a question, or each question in full with what was answered, what
//! is right, and why.

use super::Detail;
use super::page::{INDENT, Page, Piece, Style, cells, cut, fit, plain};
use super::parts::verdict_piece;
use crate::report::markdown::{self, Block};
use crate::report::model::{AnswerDetail, ItemPart, OptionDetail, Report, Verdict};
use crate::report::words;

/// Columns of the outcome of an answer.
const VERDICT_WIDTH: usize = 14;

/// Part 5.
pub(super) fn answers(page: &mut Page, report: &Report, detail: Detail) {
    page.heading("5  Answers");
    let items = &report.session.items;
    if items.is_empty() {
        page.paragraph(INDENT, Style::Plain, "No question has been answered yet.");
    }
    match detail {
        Detail::Summary => items.iter().for_each(|item| summary(page, item)),
        Detail::Full => items.iter().for_each(|item| full(page, item)),
    }
    if detail == Detail::Summary && !items.is_empty() {
        page.blank();
        let hint = format!(
            "Every question with its explanation and sources: gradus report {} --full",
            report.session.id
        );
        page.paragraph(INDENT, Style::Dim, &hint);
    }
}

fn outcome(item: &ItemPart) -> Piece {
    let (mark, word) = words::verdict(item.detail.verdict);
    verdict_piece(item, &fit(&format!("{mark} {word}"), VERDICT_WIDTH))
}

fn summary(page: &mut Page, item: &ItemPart) {
    let detail = &item.detail;
    let lead = [plain(format!("{:>3}  ", item.position)), outcome(item), plain("  ")];
    let used = INDENT + 5 + VERDICT_WIDTH + 2;
    let answers = match detail.verdict {
        Verdict::Right => one_line(&detail.given),
        Verdict::DontKnow => format!("right: {}", one_line(&detail.right)),
        Verdict::Partly | Verdict::Wrong => {
            format!("{}; right: {}", one_line(&detail.given), one_line(&detail.right))
        }
    };
    let subject = format!("{} · {}", detail.topic_name, detail.subtopic_name);
    let room = page.width().saturating_sub(used);
    let subject_width = room / 2;
    let rest = cut(&answers, room - subject_width - 2);
    let mut pieces = lead.to_vec();
    pieces.push(plain(format!("{}  ", fit(&subject, subject_width))));
    pieces.push((Style::Dim, rest));
    page.line(INDENT, &pieces);
    if !item.scored {
        page.paragraph(used, Style::Dim, words::ON_TRIAL);
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn full(page: &mut Page, item: &ItemPart) {
    let detail = &item.detail;
    page.blank();
    let (mark, word) = words::verdict(detail.verdict);
    let lead = [
        (Style::Strong, format!("{:>3}  ", item.position)),
        verdict_piece(item, &format!("{mark} {word}  ")),
    ];
    let subject =
        format!("{} · {} · written for {}", detail.topic_name, detail.subtopic_name, detail.level);
    page.hanging(INDENT, &lead, Style::Plain, &subject);
    if !item.scored {
        page.paragraph(3 * INDENT, Style::Dim, words::ON_TRIAL);
    }
    if let Some(environment) = &detail.environment {
        page.paragraph(3 * INDENT, Style::Dim, environment);
    }
    blocks(page, 3 * INDENT, Style::Plain, &detail.stem);
    page.blank();
    for choice in &detail.options {
        option(page, choice);
    }
    given_and_right(page, detail);
    blocks(page, 3 * INDENT, Style::Plain, &detail.explanation);
    page.blank();
    for reference in &detail.references {
        let lead = [(Style::Dim, "Source  ".to_owned())];
        page.hanging(3 * INDENT, &lead, Style::Dim, &words::reference(reference));
    }
}

fn given_and_right(page: &mut Page, detail: &AnswerDetail) {
    page.hanging(3 * INDENT, &[plain("Your answer   ")], Style::Plain, &detail.given);
    if !detail.right.is_empty() {
        page.hanging(3 * INDENT, &[plain("Right answer  ")], Style::Good, &detail.right);
    }
    page.blank();
}

/// One option: marks for what was chosen (`›`) and what is right (`✓`), its text, what is said
/// about it.
fn option(page: &mut Page, option: &OptionDetail) {
    let chosen = if option.chosen { "›" } else { " " };
    let right = if option.correct { "✓" } else { " " };
    let place = match (option.given_place, option.right_place) {
        (Some(given), Some(right)) => format!("you {given}, right {right}  "),
        (None, Some(right)) => format!("right {right}  "),
        _ => String::new(),
    };
    let style = if option.correct { Style::Good } else { Style::Plain };
    let lead = [
        (Style::Strong, format!("{chosen} ")),
        (Style::Good, format!("{right} ")),
        plain(format!("{}  {place}", option.letter)),
    ];
    let width: usize = lead.iter().map(|(_, text)| cells(text)).sum();
    let mut first = true;
    for block in markdown::blocks(&option.text) {
        match block {
            Block::Paragraph(text) | Block::Bullet(_, text) if first => {
                page.hanging(3 * INDENT, &lead, style, &text);
            }
            other => {
                if first {
                    page.line(3 * INDENT, &lead);
                }
                one_block(page, 3 * INDENT + width, style, other);
            }
        }
        first = false;
    }
    if !option.feedback.is_empty() {
        let text = markdown::to_line(&option.feedback);
        page.paragraph(3 * INDENT + 7, Style::Dim, &text);
    }
    page.blank();
}

fn blocks(page: &mut Page, indent: usize, style: Style, markdown: &str) {
    for (at, block) in markdown::blocks(markdown).into_iter().enumerate() {
        if at > 0 && !matches!(block, Block::Bullet(..)) {
            page.blank();
        }
        one_block(page, indent, style, block);
    }
}

fn one_block(page: &mut Page, indent: usize, style: Style, block: Block) {
    match block {
        Block::Paragraph(text) => page.paragraph(indent, style, &text),
        Block::Bullet(mark, text) => {
            page.hanging(indent, &[plain(format!("{mark} "))], style, &text);
        }
        Block::Code(lines) => {
            // Code is never wrapped: where a line breaks can be the point of the question.
            for line in lines {
                page.line(indent + INDENT, &[plain(line.replace('\t', "    "))]);
            }
        }
    }
}
