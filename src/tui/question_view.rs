//! The question screen and the remark that can be written on it. Draws from a card that holds no
//! key, so nothing here can show how well it is going.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::app::App;
use super::card::{Card, Kind};
use super::input::Input;
use super::markdown::{Ink, render};
use super::question::QuestionState;
use super::style::Theme;
use super::view::{Sheet, words};
use crate::assessment::letter;

/// Cells before an option's text: cursor, tick or number, letter.
fn mark_width(kind: &Kind) -> usize {
    match kind {
        Kind::Multi => 9,
        Kind::Order => 8,
        _ => 5,
    }
}

/// The laid-out stem and options of a card.
pub fn blocks(card: &Card, width: usize, ink: Ink<'_>) -> Vec<Vec<Line<'static>>> {
    let room = width.saturating_sub(mark_width(&card.kind));
    let options = card.options.iter().map(|option| render(&option.text, room, ink));
    std::iter::once(render(&card.stem, width, ink)).chain(options).collect()
}

/// The question screen.
pub fn question(app: &App, width: usize, ink: Ink<'_>) -> Sheet {
    let Some(state) = app.question() else { return nothing_open() };
    let stem = app.laid.blocks.first().cloned().unwrap_or_default();
    let mut sheet = Sheet {
        title: title(app, &state.card),
        body: stem,
        focus: None,
        pinned: pinned(state, width, ink.theme),
        keys: keys(state),
    };
    if !state.card.options.is_empty() {
        sheet.body.push(Line::default());
        options(state, &app.laid.blocks, &mut sheet, ink.theme);
    }
    sheet
}

fn nothing_open() -> Sheet {
    let title = (String::new(), String::new());
    Sheet { title, body: Vec::new(), focus: None, pinned: Vec::new(), keys: Vec::new() }
}

fn title(app: &App, card: &Card) -> (String, String) {
    let to_go = match card.length_max.saturating_sub(card.position) {
        0 => "the last".to_owned(),
        more => format!("at most {more} to go"),
    };
    let mut right = format!("question {} · {to_go}", card.position);
    if app.shows_time() {
        right = format!("{}:{:02} · {right}", app.elapsed_s / 60, app.elapsed_s % 60);
    }
    (format!("{} · {}", card.topic, card.subtopic), right)
}

fn options(state: &QuestionState, blocks: &[Vec<Line<'static>>], sheet: &mut Sheet, theme: Theme) {
    let places: Vec<usize> = match state.card.kind {
        Kind::Order => state.order.clone(),
        _ => (0..state.card.options.len()).collect(),
    };
    for (row, place) in places.into_iter().enumerate() {
        let here = state.cursor == Some(row) && !state.dont_know;
        let chosen = match state.card.kind {
            Kind::Multi => state.ticked[place] && !state.dont_know,
            _ => here,
        };
        let style = if chosen || here { theme.chosen() } else { Style::default() };
        let start = sheet.body.len();
        let text = blocks.get(place + 1).cloned().unwrap_or_default();
        let mut mark = Some(mark(state, row, place, here));
        for line in text {
            let first = mark.take().unwrap_or_else(|| " ".repeat(mark_width(&state.card.kind)));
            let mut spans = vec![Span::styled(first, style)];
            spans.extend(line.spans.into_iter().map(|span| emphasised(span, chosen, theme)));
            sheet.body.push(Line::from(spans));
        }
        if here {
            // The line above the first option belongs to it: with it in sight the stem's end is.
            sheet.focus = Some(start.saturating_sub(usize::from(row == 0))..sheet.body.len());
        }
    }
}

/// The text of a chosen option is set bold, so that the choice shows without colour too.
fn emphasised(span: Span<'static>, chosen: bool, theme: Theme) -> Span<'static> {
    if chosen { span.patch_style(theme.strong()) } else { span }
}

fn mark(state: &QuestionState, row: usize, place: usize, here: bool) -> String {
    let cursor = if here { '›' } else { ' ' };
    let name = letter(place);
    match state.card.kind {
        Kind::Multi => {
            let tick = if state.ticked[place] { 'x' } else { ' ' };
            format!("{cursor} [{tick}] {name}  ")
        }
        Kind::Order => {
            // A full stop after the places that were picked by letter and are settled.
            let settled = if row < state.picked { '.' } else { ' ' };
            format!("{cursor} {:>1}{settled} {name}  ", row + 1)
        }
        _ => format!("{cursor} {name}  "),
    }
}

/// What stands still under the question: the typed answer, the order so far, messages.
fn pinned(state: &QuestionState, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let mut lines = vec![Line::default()];
    if state.dont_know {
        lines.push(Line::styled("› I don't know (Enter answers)", theme.chosen()));
    } else {
        match &state.card.kind {
            Kind::Number { unit } => {
                let suffix = unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
                lines.push(field("answer", &state.input, &suffix, width, theme));
            }
            Kind::Text => lines.push(field("answer", &state.input, "", width, theme)),
            Kind::Order if !state.ordered => {
                lines.push(Line::styled("order: none yet, as shown by chance", theme.faint()));
            }
            Kind::Order => lines.push(Line::from(format!("order: {}", order(state)))),
            Kind::Single | Kind::Multi => {}
        }
    }
    if let Some(message) = &state.message {
        lines.extend(words(message, width).into_iter().map(|line| line.style(theme.message())));
    }
    // Without anything to say there is no blank line either.
    if lines.len() == 1 { Vec::new() } else { lines }
}

fn order(state: &QuestionState) -> String {
    state.order.iter().map(|at| letter(*at).to_string()).collect::<Vec<_>>().join(" › ")
}

/// One line to type in, with a cursor that is drawn, not the terminal's: it survives snapshots
/// and terminals that hide theirs.
pub fn field(
    label: &str,
    input: &Input,
    suffix: &str,
    width: usize,
    theme: Theme,
) -> Line<'static> {
    let label = format!("{label} › ");
    let taken = Span::raw(label.as_str()).width() + Span::raw(suffix).width();
    let (before, after) = input.window(width.saturating_sub(taken));
    Line::from(vec![
        Span::styled(label, theme.faint()),
        Span::styled(before, theme.strong()),
        Span::styled("▏", theme.chosen()),
        Span::styled(after, theme.strong()),
        Span::raw(suffix.to_owned()),
    ])
}

fn keys(state: &QuestionState) -> Vec<String> {
    let last = letter(state.card.options.len().saturating_sub(1));
    let how: Vec<String> = match state.card.kind {
        Kind::Single => vec![format!("↑↓ or a–{last} choose")],
        Kind::Multi => vec![format!("a–{last} or space tick"), "↑↓ move".to_owned()],
        Kind::Order => vec![format!("a–{last} pick in order"), "J K move".to_owned()],
        Kind::Number { .. } | Kind::Text => vec!["type".to_owned()],
    };
    let commands: Vec<&str> = if state.is_typed() {
        vec![
            "Enter answer",
            "Ctrl-D I don't know",
            "Ctrl-F flag",
            "Ctrl-P pause",
            "F1 help",
            "Esc quit",
        ]
    } else {
        let flag = if state.is_option('f') { "! flag" } else { "f flag" };
        let pause = "p pause";
        let help = if state.is_option('h') { "F1 help" } else { "h help" };
        vec!["Enter answer", "? I don't know", flag, pause, help, "q quit"]
    };
    how.into_iter().chain(commands.into_iter().map(str::to_owned)).collect()
}

/// A remark on the open question.
pub fn flag_note(app: &App, width: usize, ink: Ink<'_>) -> Sheet {
    let mut body = words(
        "What is wrong or unclear about this question? The remark is kept with your session for the authors of the bank. The question stays open, and its clock stands still.",
        width,
    );
    body.push(Line::default());
    body.push(field("remark", app.note(), "", width, ink.theme));
    let position = app.question().map(|state| state.card.position).unwrap_or_default();
    Sheet {
        title: (format!("Flag question {position}"), String::new()),
        body,
        focus: None,
        pinned: Vec::new(),
        keys: vec!["Enter keep it".to_owned(), "Esc back without a remark".to_owned()],
    }
}
