//! The screens around the questions: welcome, help, pause, leaving, the report and the review of
//! the answers. Never draws anything of an open question.

use ratatui::text::{Line, Span};

use super::app::App;
use super::card::{Kind, ReviewCard, ReviewOption, Source, Verdict, Welcome};
use super::markdown::{Ink, harmless, render};
use super::style::Theme;
use super::view::{Sheet, hanging, words};
use crate::assessment::letter;

fn sheet(left: &str, right: &str, body: Vec<Line<'static>>, keys: &[&str]) -> Sheet {
    Sheet {
        title: (left.to_owned(), right.to_owned()),
        body,
        focus: None,
        pinned: Vec::new(),
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
    }
}

/// What the test measures, how long it takes, where the answers stay.
pub fn welcome(welcome: &Welcome, width: usize, ink: Ink<'_>) -> Sheet {
    let mut body = Vec::new();
    let mut point = |name: &str, text: &str| {
        let name = Span::styled(format!("{name:<11}"), ink.theme.strong());
        body.extend(hanging(vec![name], &plain(text), width, ink));
        body.push(Line::default());
    };
    point("Measures", &measures(welcome));
    point("Length", &length(welcome));
    point("Private", "Your answers stay on this machine.");
    point(
        "Result",
        "Your level with its probabilities, a profile, and every answer explained with its source. Levels are provisional: the questions are not yet calibrated on real answers.",
    );
    point(
        "Answering",
        "No time limit. \"I don't know\" is a fair answer. Every answer is kept: leave and go on when you like.",
    );
    for notice in &welcome.notices {
        body.extend(words(notice, width));
    }
    let start = if welcome.answered > 0 { "Enter go on" } else { "Enter begin" };
    let right = match welcome.answered {
        0 => String::new(),
        1 => "1 question answered".to_owned(),
        more => format!("{more} questions answered"),
    };
    sheet("Gradus · what a back-end developer knows", &right, body, &[start, "h help", "q quit"])
}

/// Words that are no Markdown, for a place that expects it.
fn plain(text: &str) -> String {
    let special = |c: char| c.is_ascii_punctuation() && !matches!(c, '.' | ',' | ':' | '\'');
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

fn measures(welcome: &Welcome) -> String {
    let names = welcome.topics.join(" · ");
    let count = welcome.topics.len();
    if count < welcome.topics_known {
        format!("{count} of {} topics today: {names}.", welcome.topics_known)
    } else {
        format!("{names}.")
    }
}

fn length(welcome: &Welcome) -> String {
    let range = |low: u64, high: u64| {
        if low == high { low.to_string() } else { format!("{low} to {high}") }
    };
    let questions = range(welcome.questions_min as u64, welcome.questions_max as u64);
    let minutes = range(u64::from(welcome.minutes.0), u64::from(welcome.minutes.1));
    let mut text = format!("{questions} questions, about {minutes} minutes.");
    if welcome.questions_min < welcome.questions_max {
        text.push_str(" It ends early when the level is settled.");
    }
    if welcome.answered > 0 {
        text.push_str(" You go on where you left.");
    }
    text
}

/// The clock stands and the question is hidden.
pub fn paused(width: usize) -> Sheet {
    let mut body = words("The question is hidden and its clock stands still.", width);
    body.push(Line::default());
    body.extend(words(RESUME, width));
    sheet("Paused", "", body, &["Enter go on", "q leave and go on later"])
}

const RESUME: &str =
    "Every answer you gave is kept. `gradus take --resume` comes back to this same question.";

/// Asks before leaving.
pub fn confirm_quit(width: usize) -> Sheet {
    let mut body = words("Leave the test now?", width);
    body.push(Line::default());
    body.extend(words(RESUME, width));
    sheet("Leave", "", body, &["Enter or y leave", "Esc or n stay"])
}

const KEYS: &[(&str, &str)] = &[
    ("↑ ↓ a–z 1–9", "choose an option; a letter names it as it stands on the screen"),
    ("Space", "tick or untick (several answers)"),
    ("J K, Shift-↑↓", "move the option under the cursor (orders)"),
    ("a–z", "in orders: pick the next one; again: take it and those after it back"),
    ("Enter", "give the answer; nothing else does"),
    ("?", "\"I don't know\"; Ctrl-D while typing"),
    ("PgUp PgDn", "scroll"),
    ("f or !", "flag the question with a remark; Ctrl-F while typing"),
    ("p", "pause: hide the question, stop its clock; Ctrl-P while typing"),
    ("t", "show or hide the time; Ctrl-T while typing"),
    ("Ctrl-J", "a new line in a typed answer"),
    ("h or F1", "these keys"),
    ("q or Esc", "leave; answers are kept and the test can go on later"),
    ("Ctrl-C", "leave at once; answers are kept"),
];

/// The keys. A letter that is an option of the question is that option first.
pub fn help(width: usize, theme: Theme) -> Sheet {
    const COLUMN: usize = 15;
    let mut body = Vec::new();
    for (key, meaning) in KEYS {
        let mut key = Some(Span::styled(format!("{key:<COLUMN$}"), theme.strong()));
        for line in words(meaning, width.saturating_sub(COLUMN)) {
            let first = key.take().unwrap_or_else(|| Span::raw(" ".repeat(COLUMN)));
            let mut spans = vec![first];
            spans.extend(line.spans);
            body.push(Line::from(spans));
        }
    }
    sheet("Keys", "", body, &["Enter back", "↑↓ scroll"])
}

/// The report, as the report room prints it.
pub fn report(app: &App, width: usize) -> Sheet {
    let text = harmless(app.report(width).unwrap_or_default());
    let body = text.lines().map(|line| Line::from(line.to_owned()));
    let mut keys = vec!["↑↓ PgUp PgDn scroll", "q leave"];
    if app.review().is_some() {
        keys.insert(1, "r review your answers");
    }
    sheet("Your report", "", body.collect(), &keys)
}

/// One answered question.
pub fn review(app: &App) -> Sheet {
    let Some((card, index, count)) = app.review() else {
        return sheet("Review", "", Vec::new(), &["r report", "q leave"]);
    };
    let right = format!("question {} of {count}", index + 1);
    let body = app.laid.blocks.first().cloned().unwrap_or_default();
    let left = format!("{} · {}", card.topic, card.subtopic);
    sheet(&left, &right, body, &["← → other questions", "↑↓ scroll", "r report", "q leave"])
}

/// The text of an answered question.
pub fn review_lines(card: &ReviewCard, width: usize, ink: Ink<'_>) -> Vec<Line<'static>> {
    let mut lines = vec![verdict(card, ink.theme), Line::default()];
    lines.extend(render(&card.stem, width, ink));
    if !card.options.is_empty() {
        lines.push(Line::default());
    }
    for (place, option) in card.options.iter().enumerate() {
        let answered = card.verdict != Verdict::DontKnow;
        lines.extend(option_lines(place, option, answered && card.kind == Kind::Multi, width, ink));
    }
    let named = [("your answer", &card.answer), ("right answer", &card.right_answer)];
    let mut first = true;
    for (name, value) in named {
        let Some(value) = value else { continue };
        if std::mem::take(&mut first) {
            lines.push(Line::default());
        }
        let name = Span::styled(format!("{name:<14}"), ink.theme.strong());
        let wrapped = words(value, width.saturating_sub(14));
        lines.extend(indented(name, wrapped));
    }
    lines.push(Line::default());
    lines.push(Line::styled("Why", ink.theme.strong()));
    lines.extend(render(&card.explanation, width, ink));
    lines.push(Line::default());
    lines.push(Line::styled("Sources", ink.theme.strong()));
    for source in &card.sources {
        lines.extend(indented(Span::raw("• "), words(&citation(source), width.saturating_sub(2))));
    }
    lines
}

fn indented(first: Span<'static>, lines: Vec<Line<'static>>) -> Vec<Line<'static>> {
    let indent = " ".repeat(first.width());
    let mut first = Some(first);
    let with_indent = |line: Line<'static>| {
        let mut spans = vec![first.take().unwrap_or_else(|| Span::raw(indent.clone()))];
        spans.extend(line.spans);
        Line::from(spans)
    };
    lines.into_iter().map(with_indent).collect()
}

fn verdict(card: &ReviewCard, theme: Theme) -> Line<'static> {
    let (text, style) = match card.verdict {
        Verdict::Right => ("✓ right", theme.right()),
        Verdict::Partly => ("~ partly right", theme.mine()),
        Verdict::Wrong => ("✗ wrong", theme.mine()),
        Verdict::DontKnow => ("? you said \"I don't know\"", theme.mine()),
    };
    let took = card.seconds.map(|seconds| format!(" · {} s", seconds.round()));
    Line::from(vec![
        Span::styled(text, style),
        Span::styled(took.unwrap_or_default(), theme.faint()),
    ])
}

/// An option with its marks; where several could be ticked, a right one that was not is told
/// apart from one that was.
fn option_lines(
    place: usize,
    option: &ReviewOption,
    several: bool,
    width: usize,
    ink: Ink<'_>,
) -> Vec<Line<'static>> {
    let theme = ink.theme;
    let sign = match (option.right, option.mine) {
        (true, _) => Span::styled("✓ ", theme.right()),
        (false, true) => Span::styled("✗ ", theme.mine()),
        (false, false) => Span::raw("  "),
    };
    let first = vec![sign, Span::styled(format!("{}  ", letter(place)), theme.strong())];
    let mut lines = hanging(first, &option.text, width, ink);
    let note = match (option.mine, option.right && several) {
        (true, _) => Some("‹your answer›"),
        (false, true) => Some("‹missed›"),
        (false, false) => None,
    };
    if let Some(note) = note {
        lines.push(Line::from(vec![Span::raw("     "), Span::styled(note, theme.mine())]));
    }
    if !option.feedback.trim().is_empty() {
        let arrow = Span::styled("     ↳ ", theme.faint());
        lines.extend(hanging(vec![arrow], &option.feedback, width, ink));
    }
    lines
}

fn citation(source: &Source) -> String {
    let mut text = format!("{}, {}", source.title, source.locator);
    if let Some(version) = &source.version {
        text.push_str(&format!(", {version}"));
    }
    if let Some(url) = &source.url {
        text.push_str(&format!(" {url}"));
    }
    text
}
