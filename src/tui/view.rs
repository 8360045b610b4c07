//! Drawing: one frame from the state, whatever the size of the window. What does not fit scrolls
//! and says so. Never changes what the person did; it only keeps the scroll position in range and
//! remembers laid-out text.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::app::{App, Laid, Screen};
use super::markdown::{Ink, harmless, render, wrap};
use super::pages;
use super::question_view;

/// Smallest window in which a question can be read.
pub const WIDTH_MIN: u16 = 40;
/// Smallest window in which a question can be read.
pub const HEIGHT_MIN: u16 = 12;
/// Longer lines are hard to read.
const TEXT_WIDTH_MAX: u16 = 100;
const MARGIN: u16 = 2;
/// Lines of the header: titles and a rule.
const HEADER: u16 = 2;

/// What one screen consists of, before it is placed.
pub struct Sheet {
    /// Left and right of the first line.
    pub title: (String, String),
    /// What scrolls.
    pub body: Vec<Line<'static>>,
    /// Lines of the body that must be in sight when the cursor is followed.
    pub focus: Option<std::ops::Range<usize>>,
    /// What stands still between body and keys: an input, a remark.
    pub pinned: Vec<Line<'static>>,
    /// The keys.
    pub keys: Vec<String>,
}

/// Cells that a text has in a window of that width.
pub fn text_width(window: u16) -> usize {
    usize::from(window.saturating_sub(2 * MARGIN).min(TEXT_WIDTH_MAX))
}

/// Draws the state.
pub fn draw(frame: &mut Frame<'_>, app: &mut App, ink: Ink<'_>) {
    let area = frame.area();
    app.too_small = area.width < WIDTH_MIN || area.height < HEIGHT_MIN;
    if app.too_small {
        frame.render_widget(please_enlarge(area), area);
        return;
    }
    let width = text_width(area.width);
    lay_out(app, width, ink);
    let sheet = match app.screen() {
        Screen::Welcome => pages::welcome(app.welcome(), width, ink),
        Screen::Question => question_view::question(app, width, ink),
        Screen::FlagNote => question_view::flag_note(app, width, ink),
        Screen::ConfirmQuit => pages::confirm_quit(width),
        Screen::Paused => pages::paused(width),
        Screen::Help => pages::help(width, ink.theme),
        Screen::Report => pages::report(app, width),
        Screen::Review => pages::review(app),
    };
    place(frame, app, sheet, ink);
}

fn please_enlarge(area: Rect) -> Paragraph<'static> {
    let words = format!(
        "Please enlarge the window to {WIDTH_MIN}×{HEIGHT_MIN} (it is {}×{}). Nothing is lost.",
        area.width, area.height
    );
    Paragraph::new(wrap(&[Span::raw(words)], usize::from(area.width)))
}

/// Lays the screen's text out anew when it would look different.
fn lay_out(app: &mut App, width: usize, ink: Ink<'_>) {
    let screen = app.screen();
    let number = match screen {
        Screen::Question => app.question().map(|question| question.card.position),
        Screen::Review => app.review().map(|(_, index, _)| index),
        _ => return,
    };
    let key = Some((screen, number.unwrap_or_default(), width, ink.painter.version()));
    if app.laid.key == key {
        return;
    }
    let blocks = match screen {
        Screen::Question => app.question().map(|q| question_view::blocks(&q.card, width, ink)),
        _ => app.review().map(|(card, _, _)| vec![pages::review_lines(card, width, ink)]),
    };
    app.laid = Laid { key, blocks: blocks.unwrap_or_default() };
}

/// Puts a sheet into the window: header, scrolling body, what is pinned, a scroll hint, keys.
fn place(frame: &mut Frame<'_>, app: &mut App, sheet: Sheet, ink: Ink<'_>) {
    let area = frame.area();
    let inner = Rect {
        x: MARGIN,
        width: u16::try_from(text_width(area.width)).unwrap_or(area.width),
        ..area
    };
    let keys = key_lines(&sheet.keys, usize::from(inner.width));
    let keys_height = lines_of(&keys);
    let room = inner.height.saturating_sub(HEADER + 1 + keys_height);
    let pinned_height = lines_of(&sheet.pinned).min(room.saturating_sub(2));
    let body_height = room - pinned_height;

    header(frame, inner, &sheet.title, ink);
    let hidden = scroll_into_range(app, &sheet, usize::from(body_height));
    let rows = |y: u16, height: u16| Rect { y: inner.y + y, height, ..inner };
    let visible: Vec<Line<'static>> =
        sheet.body.into_iter().skip(app.scroll).take(usize::from(body_height)).collect();
    frame.render_widget(Paragraph::new(visible), rows(HEADER, body_height));
    frame.render_widget(Paragraph::new(sheet.pinned), rows(HEADER + body_height, pinned_height));
    let hint = Line::styled(scroll_hint(app.scroll, hidden), ink.theme.faint()).right_aligned();
    frame.render_widget(Paragraph::new(hint), rows(HEADER + room, 1));
    let keys: Vec<Line<'static>> =
        keys.into_iter().map(|line| line.patch_style(ink.theme.faint())).collect();
    frame.render_widget(Paragraph::new(keys), rows(HEADER + room + 1, keys_height));
}

fn lines_of(lines: &[Line<'_>]) -> u16 {
    u16::try_from(lines.len()).unwrap_or(u16::MAX)
}

fn header(frame: &mut Frame<'_>, inner: Rect, title: &(String, String), ink: Ink<'_>) {
    let width = usize::from(inner.width);
    let right = Span::styled(title.1.clone(), ink.theme.faint());
    // The left side gives way: the right one says where in the test one is.
    let room = width.saturating_sub(right.width() + 2);
    let mut left = harmless(&title.0).replace('\n', " ");
    // The subtopic says more than a topic's name with half a subtopic.
    if let (true, Some((_, narrower))) =
        (Span::raw(left.as_str()).width() > room, left.split_once(" · "))
    {
        left = narrower.to_owned();
    }
    if Span::raw(left.as_str()).width() > room {
        while Span::raw(left.as_str()).width() > room.saturating_sub(1) && left.pop().is_some() {}
        left.push('…');
    }
    let gap = width.saturating_sub(Span::raw(left.as_str()).width() + right.width());
    let line =
        Line::from(vec![Span::styled(left, ink.theme.strong()), Span::raw(" ".repeat(gap)), right]);
    let rule = Line::styled("─".repeat(width), ink.theme.faint());
    let area = Rect { height: HEADER, ..inner };
    frame.render_widget(Paragraph::new(vec![line, rule]), area);
}

/// Keeps the scroll position in range and the cursor in sight; says how many lines stay below.
fn scroll_into_range(app: &mut App, sheet: &Sheet, height: usize) -> usize {
    app.page = height;
    let last = sheet.body.len().saturating_sub(height);
    if let (true, Some(focus)) = (app.follow, &sheet.focus) {
        app.scroll = app.scroll.max(focus.end.saturating_sub(height)).min(focus.start);
    }
    app.scroll = app.scroll.min(last);
    last - app.scroll
}

fn scroll_hint(above: usize, below: usize) -> String {
    let more = |count: usize, sign: &str, key: &str| {
        (count > 0).then(|| format!("{sign} {count} more ({key})"))
    };
    let parts = [more(above, "↑", "PgUp"), more(below, "↓", "PgDn")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The keys in as few lines as they need, broken between keys and never within one.
fn key_lines(keys: &[String], width: usize) -> Vec<Line<'static>> {
    let mut lines: Vec<String> = Vec::new();
    for key in keys {
        match lines.last_mut() {
            Some(line) if Span::raw(format!("{line} · {key}")).width() <= width => {
                line.push_str(" · ");
                line.push_str(key);
            }
            _ => lines.push(key.clone()),
        }
    }
    lines.into_iter().map(Line::from).collect()
}

/// A paragraph of plain words.
pub fn words(text: &str, width: usize) -> Vec<Line<'static>> {
    wrap(&[Span::raw(harmless(text))], width)
}

/// Markdown behind a hanging indent: `first` before the first line, spaces before the others.
pub fn hanging(
    first: Vec<Span<'static>>,
    text: &str,
    width: usize,
    ink: Ink<'_>,
) -> Vec<Line<'static>> {
    let indent: usize = first.iter().map(Span::width).sum();
    let mut lines = render(text, width.saturating_sub(indent), ink);
    if lines.is_empty() {
        lines.push(Line::default());
    }
    let mut first = Some(first);
    for line in &mut lines {
        let mut spans = first.take().unwrap_or_else(|| vec![Span::raw(" ".repeat(indent))]);
        spans.append(&mut line.spans);
        line.spans = spans;
    }
    lines
}
