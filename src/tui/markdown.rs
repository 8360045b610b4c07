//! Markdown as styled lines of a given width: paragraphs, lists, quotes, code and simple tables.
//! Code is never re-flowed, nothing is ever cut off at the edge, and control characters of a text
//! never reach the terminal.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::highlight::Painter;
use super::style::Theme;

/// Narrower text is laid out as if it were this wide: it will be clipped, but it terminates.
const WIDTH_MIN: usize = 16;
const TAB: &str = "    ";
const CODE_INDENT: &str = "  ";
/// Stands where a line of code goes on because the window was too narrow for it.
const CONTINUED: &str = "↪ ";

/// What text is drawn with.
#[derive(Clone, Copy)]
pub struct Ink<'a> {
    /// The styles.
    pub theme: Theme,
    /// The highlighter of code.
    pub painter: &'a dyn Painter,
}

/// Lays out a Markdown text in `width` cells.
pub fn render(text: &str, width: usize, ink: Ink<'_>) -> Vec<Line<'static>> {
    let text = harmless(text);
    let mut page = Page::new(width.max(WIDTH_MIN), ink);
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    for event in Parser::new_ext(&text, options) {
        page.take(event);
    }
    page.flush();
    page.lines
}

/// The text with every character that could steer a terminal or reorder what is read made visible.
pub fn harmless(text: &str) -> String {
    let steers = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let text = text.replace("\r\n", "\n").replace('\t', TAB);
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}

/// Breaks styled text into lines of at most `width` cells, at spaces where it can.
pub fn wrap(spans: &[Span<'_>], width: usize) -> Vec<Line<'static>> {
    let mut folder = Folder { width: width.max(1), ..Folder::default() };
    for span in spans {
        for (index, part) in span.content.split('\n').enumerate() {
            if index > 0 {
                folder.end_word();
                folder.end_line();
            }
            let part = Span::styled(part, span.style);
            for grapheme in part.styled_graphemes(Style::default()) {
                folder.take(grapheme.symbol, grapheme.style);
            }
        }
    }
    folder.end_word();
    folder.end_line();
    folder.lines
}

/// A grapheme with its style and width.
type Cell = (String, Style, usize);

/// The state of breaking text into lines.
#[derive(Default)]
struct Folder {
    width: usize,
    lines: Vec<Line<'static>>,
    line: Vec<Cell>,
    /// Spaces between the line and the word; dropped when the word goes to the next line.
    spaces: Vec<Cell>,
    word: Vec<Cell>,
}

fn cells(cells: &[Cell]) -> usize {
    cells.iter().map(|cell| cell.2).sum()
}

impl Folder {
    fn take(&mut self, symbol: &str, style: Style) {
        let cell = (symbol.to_owned(), style, Span::raw(symbol).width());
        if symbol == " " {
            self.end_word();
            self.spaces.push(cell);
        } else {
            self.word.push(cell);
        }
    }

    fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let word = std::mem::take(&mut self.word);
        if cells(&self.line) + cells(&self.spaces) + cells(&word) > self.width
            && !self.line.is_empty()
        {
            self.end_line();
        }
        self.line.append(&mut self.spaces);
        for cell in word {
            // A word longer than a line is broken where the line ends.
            if cells(&self.line) + cell.2 > self.width && !self.line.is_empty() {
                self.end_line();
            }
            self.line.push(cell);
        }
    }

    fn end_line(&mut self) {
        self.spaces.clear();
        self.lines.push(joined(std::mem::take(&mut self.line)));
    }
}

fn joined(cells: Vec<Cell>) -> Line<'static> {
    let mut spans: Vec<(String, Style)> = Vec::new();
    for (symbol, style, _) in cells {
        match spans.last_mut() {
            Some((text, last)) if *last == style => text.push_str(&symbol),
            _ => spans.push((symbol, style)),
        }
    }
    Line::from(spans.into_iter().map(|(text, style)| Span::styled(text, style)).collect::<Vec<_>>())
}

#[derive(Default)]
struct Table {
    rows: Vec<Vec<Vec<Span<'static>>>>,
}

/// The state of laying out one text.
struct Page<'a> {
    ink: Ink<'a>,
    width: usize,
    lines: Vec<Line<'static>>,
    spans: Vec<Span<'static>>,
    styles: Vec<Style>,
    /// What stands before every line, by nesting: spaces in list items, bars in quotes.
    prefixes: Vec<String>,
    /// What the innermost prefix is on the next line only: the mark of a list item.
    mark: Option<String>,
    /// The number of the next item of each open list; `None` in lists without numbers.
    lists: Vec<Option<u64>>,
    code: Option<(String, String)>,
    table: Option<Table>,
    links: Vec<(String, usize)>,
}

impl<'a> Page<'a> {
    fn new(width: usize, ink: Ink<'a>) -> Self {
        Self {
            ink,
            width,
            lines: Vec::new(),
            spans: Vec::new(),
            styles: Vec::new(),
            prefixes: Vec::new(),
            mark: None,
            lists: Vec::new(),
            code: None,
            table: None,
            links: Vec::new(),
        }
    }

    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some((_, code)) => code.push_str(&text),
                None => self.push(&text),
            },
            Event::Code(text) => {
                let style = self.style().patch(self.ink.theme.code());
                let text =
                    if self.ink.theme.colour { text.to_string() } else { format!("`{text}`") };
                self.spans.push(Span::styled(text, style));
            }
            Event::SoftBreak => self.push(" "),
            Event::HardBreak => self.push("\n"),
            // A terminal has no use for HTML; as text it is harmless and nothing is lost.
            Event::Html(text) | Event::InlineHtml(text) => self.push(&text),
            Event::Rule => {
                self.gap();
                let rule = "─".repeat(self.room());
                self.line(vec![Span::styled(rule, self.ink.theme.faint())]);
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.gap(),
            Tag::Heading { .. } => {
                self.gap();
                self.styles.push(self.ink.theme.strong());
            }
            Tag::BlockQuote(_) => {
                self.gap();
                self.prefixes.push("│ ".to_owned());
            }
            Tag::CodeBlock(kind) => {
                self.gap();
                let language = match kind {
                    CodeBlockKind::Fenced(info) => {
                        info.split([' ', ',']).next().unwrap_or_default().to_owned()
                    }
                    CodeBlockKind::Indented => String::new(),
                };
                self.code = Some((language, String::new()));
            }
            Tag::List(first) => {
                self.flush();
                if self.lists.is_empty() {
                    self.gap();
                }
                self.lists.push(first);
            }
            Tag::Item => self.start_item(),
            Tag::Table(_) => {
                self.gap();
                self.table = Some(Table::default());
            }
            Tag::TableHead | Tag::TableRow => {
                if let Some(table) = &mut self.table {
                    table.rows.push(Vec::new());
                }
            }
            Tag::Emphasis => self.styles.push(Style::new().add_modifier(Modifier::ITALIC)),
            Tag::Strong => self.styles.push(self.ink.theme.strong()),
            Tag::Strikethrough => {
                self.styles.push(Style::new().add_modifier(Modifier::CROSSED_OUT));
            }
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push((dest_url.to_string(), self.spans.len()));
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.flush(),
            TagEnd::Heading(_) => {
                self.flush();
                self.styles.pop();
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.prefixes.pop();
            }
            TagEnd::Item => {
                self.flush();
                self.prefixes.pop();
                self.mark = None;
            }
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::CodeBlock => self.end_code(),
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.spans);
                if let Some(row) = self.table.as_mut().and_then(|table| table.rows.last_mut()) {
                    row.push(cell);
                }
            }
            TagEnd::Table => self.end_table(),
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {
                self.styles.pop();
            }
            TagEnd::Link | TagEnd::Image => self.end_link(),
            _ => {}
        }
    }

    fn start_item(&mut self) {
        self.flush();
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            _ => "• ".to_owned(),
        };
        self.prefixes.push(" ".repeat(Span::raw(&mark).width()));
        self.mark = Some(mark);
    }

    /// The address stands behind the words of a link, unless it is the words.
    fn end_link(&mut self) {
        let Some((url, start)) = self.links.pop() else { return };
        let words: String =
            self.spans.iter().skip(start).map(|span| span.content.as_ref()).collect();
        if words != url {
            self.push(&format!(" ({url})"));
        }
    }

    fn style(&self) -> Style {
        self.styles.iter().fold(Style::default(), |style, more| style.patch(*more))
    }

    fn push(&mut self, text: &str) {
        let style = self.style();
        self.spans.push(Span::styled(text.to_owned(), style));
    }

    /// A blank line before a block, but not at the start and not right behind a list mark.
    fn gap(&mut self) {
        self.flush();
        if self.mark.is_none() && self.lines.last().is_some_and(|line| line.width() > 0) {
            self.lines.push(Line::default());
        }
    }

    /// Cells that the prefixes leave.
    fn room(&self) -> usize {
        let taken: usize =
            self.prefixes.iter().map(|prefix| Span::raw(prefix.as_str()).width()).sum();
        self.width.saturating_sub(taken).max(WIDTH_MIN / 2)
    }

    /// One finished line behind the prefixes.
    fn line(&mut self, spans: Vec<Span<'static>>) {
        let mut prefix = self.prefixes.concat();
        if let Some(mark) = self.mark.take() {
            let outer = self.prefixes.len().saturating_sub(1);
            prefix = self.prefixes[..outer].concat() + &mark;
        }
        let mut line = Line::default();
        if !prefix.is_empty() {
            line.push_span(Span::raw(prefix));
        }
        line.spans.extend(spans);
        self.lines.push(line);
    }

    fn flush(&mut self) {
        if self.spans.is_empty() {
            return;
        }
        let spans = std::mem::take(&mut self.spans);
        for line in wrap(&spans, self.room()) {
            self.line(line.spans);
        }
    }

    fn end_code(&mut self) {
        let Some((language, code)) = self.code.take() else { return };
        let room = self.room().saturating_sub(CODE_INDENT.len());
        let theme = self.ink.theme;
        let painted = self.ink.painter.paint(&language, &code);
        for (index, line) in code.lines().enumerate() {
            let spans = match painted.as_ref().and_then(|lines| lines.get(index)) {
                Some(pieces) => pieces
                    .iter()
                    .map(|(token, text)| Span::styled(text.clone(), theme.token(*token)))
                    .collect(),
                None => vec![Span::raw(line.to_owned())],
            };
            for (part, chunk) in chunks(&spans, room).into_iter().enumerate() {
                let mut line = vec![Span::raw(CODE_INDENT)];
                if part > 0 {
                    line.push(Span::styled(CONTINUED, theme.faint()));
                }
                line.extend(chunk);
                self.line(line);
            }
        }
    }

    fn end_table(&mut self) {
        let Some(table) = self.table.take() else { return };
        let columns = table.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |cell: &Vec<Span<'static>>| cell.iter().map(Span::width).sum::<usize>();
        let widths: Vec<usize> = (0..columns)
            .map(|at| table.rows.iter().filter_map(|row| row.get(at)).map(width).max().unwrap_or(0))
            .collect();
        let needed = widths.iter().sum::<usize>() + 3 * columns.saturating_sub(1);
        if needed <= self.room() {
            self.grid(table, &widths);
        } else {
            self.cards(&table);
        }
    }

    fn grid(&mut self, table: Table, widths: &[usize]) {
        for (index, row) in table.rows.into_iter().enumerate() {
            let mut line = Vec::new();
            for (at, cell) in row.into_iter().enumerate() {
                if at > 0 {
                    line.push(Span::styled(" │ ", self.ink.theme.faint()));
                }
                let used: usize = cell.iter().map(Span::width).sum();
                line.extend(cell.into_iter().map(|span| {
                    if index == 0 { span.patch_style(self.ink.theme.strong()) } else { span }
                }));
                line.push(Span::raw(" ".repeat(widths[at].saturating_sub(used))));
            }
            self.line(line);
            if index == 0 {
                let bars: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
                self.line(vec![Span::styled(bars.join("─┼─"), self.ink.theme.faint())]);
            }
        }
    }

    /// A table too wide for the window: each row as lines of `column: value`.
    fn cards(&mut self, table: &Table) {
        let Some((head, rows)) = table.rows.split_first() else { return };
        for (index, row) in rows.iter().enumerate() {
            if index > 0 {
                self.lines.push(Line::default());
            }
            for (at, cell) in row.iter().enumerate() {
                let mut spans: Vec<Span<'static>> = head.get(at).cloned().unwrap_or_default();
                spans = spans.into_iter().map(|s| s.patch_style(self.ink.theme.strong())).collect();
                spans.push(Span::raw(": "));
                spans.extend(cell.iter().cloned());
                for line in wrap(&spans, self.room()) {
                    self.line(line.spans);
                }
            }
        }
    }
}

/// Cuts one line of code into pieces that fit: the first into `width` cells, the others into what
/// the mark of continuation leaves. Spaces are kept, because in code they mean something.
fn chunks(spans: &[Span<'static>], width: usize) -> Vec<Vec<Span<'static>>> {
    let mut chunks: Vec<Vec<Cell>> = vec![Vec::new()];
    let mut room = width.max(1);
    let mut used = 0;
    for span in spans {
        for grapheme in span.styled_graphemes(Style::default()) {
            let cell_width = Span::raw(grapheme.symbol).width();
            if used + cell_width > room && used > 0 {
                chunks.push(Vec::new());
                room = width.saturating_sub(Span::raw(CONTINUED).width()).max(1);
                used = 0;
            }
            used += cell_width;
            if let Some(chunk) = chunks.last_mut() {
                chunk.push((grapheme.symbol.to_owned(), grapheme.style, cell_width));
            }
        }
    }
    chunks.into_iter().map(|chunk| joined(chunk).spans).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::highlight::CodeLines;
    use super::*;

    struct Plain;

    impl Painter for Plain {
        fn paint(&self, _language: &str, _code: &str) -> Option<Arc<CodeLines>> {
            None
        }

        fn version(&self) -> u64 {
            0
        }
    }

    fn text(markdown: &str, width: usize) -> String {
        let ink = Ink { theme: Theme { colour: true }, painter: &Plain };
        let lines = render(markdown, width, ink);
        lines
            .iter()
            .map(|line| line.to_string().trim_end().to_owned())
            .collect::<Vec<_>>()
            .join("\n")
    }

    const SAMPLE: &str = "A cache stored **this** with `max-age=60` some time ago:\n\n```http\nHTTP/1.1 200 OK\n\nCache-Control: max-age=60, s-maxage=30, stale-while-revalidate=10\n```\n\n1. first of several words\n2. second\n   - nested\n\nSee [the RFC](https://rfc.example/9111).\n\n| a | b |\n|---|---|\n| 1 | two |\n";

    #[test]
    fn blocks_keep_their_shape() {
        // Goal: paragraphs wrap, code keeps its lines, lists hang, tables align. Method: compare
        // the whole layout at one width.
        let expected = "A cache stored this with max-age=60 some
time ago:

  HTTP/1.1 200 OK

  Cache-Control: max-age=60, s-maxage=30
  ↪ , stale-while-revalidate=10

1. first of several words
2. second
   • nested

See the RFC (https://rfc.example/9111).

a │ b
──┼────
1 │ two";
        assert_eq!(text(SAMPLE, 40), expected);
    }

    #[test]
    fn no_line_is_wider_than_asked() {
        // Goal: nothing is cut at the edge, at any width. Method: every width from 16 to 100, and
        // the words of the sample all still there.
        for width in WIDTH_MIN..100 {
            let ink = Ink { theme: Theme { colour: false }, painter: &Plain };
            let lines = render(SAMPLE, width, ink);
            for line in &lines {
                assert!(line.width() <= width, "{width}: {line}");
            }
            let squeezed: String =
                lines.iter().map(|line| line.to_string().replace([' ', '↪'], "")).collect();
            assert!(squeezed.contains("stale-while-revalidate=10"), "{width}: {squeezed}");
        }
    }

    #[test]
    fn a_text_cannot_steer_the_terminal() {
        // Goal: no escape, bell or text-direction character survives. Method: put them in prose,
        // code and a code span.
        let shown =
            text("red \u{1b}[31m\u{7} `x\u{1b}]0;t` \u{202e}abc\n\n```\n\u{9b}1m\tz\n```", 60);
        assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
        assert!(!shown.contains('\u{202e}') && shown.contains("1m    z"), "{shown:?}");
    }

    #[test]
    fn a_wide_table_becomes_labelled_rows() {
        // Goal: a table that does not fit is still readable. Method: lay it out too narrow.
        let table = "| directive | meaning |\n|---|---|\n| max-age | seconds of freshness |\n";
        assert_eq!(text(table, 24), "directive: max-age\nmeaning: seconds of\nfreshness");
    }
}
