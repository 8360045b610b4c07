//! The Markdown of banks as HTML and as plain text. What a bank says is data: tags in it become
//! visible text, links lead only to the web, pictures become their description, so nothing in a
//! bank can run, style, or load anything.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

/// A piece of plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    /// Text that may be wrapped.
    Paragraph(String),
    /// Text that may be wrapped, behind a bullet or a number.
    Bullet(String, String),
    /// Lines that must stay as they are.
    Code(Vec<String>),
}

fn parser(markdown: &str) -> Parser<'_> {
    Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH)
}

/// The HTML of a text.
pub(super) fn to_html(markdown: &str) -> String {
    let mut dropped_links = 0usize;
    let events = parser(markdown).filter_map(move |event| safe(event, &mut dropped_links));
    let mut page = String::new();
    html::push_html(&mut page, events);
    page.truncate(page.trim_end().len());
    // Wide code scrolls by itself; whoever has no mouse must be able to reach it. A tag that a
    // bank writes is escaped, so these are our own.
    page.replace("<pre>", "<pre tabindex=\"0\">")
}

/// The event without what could act: tags as text, pictures as their description, links to
/// elsewhere than the web as their text.
fn safe<'a>(event: Event<'a>, dropped_links: &mut usize) -> Option<Event<'a>> {
    match event {
        Event::Html(tag) | Event::InlineHtml(tag) => Some(Event::Text(tag)),
        Event::Start(Tag::HtmlBlock) => Some(Event::Start(Tag::Paragraph)),
        Event::End(TagEnd::HtmlBlock) => Some(Event::End(TagEnd::Paragraph)),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        Event::Start(Tag::Link { ref dest_url, .. }) if !is_web(dest_url) => {
            *dropped_links += 1;
            None
        }
        Event::End(TagEnd::Link) if *dropped_links > 0 => {
            *dropped_links -= 1;
            None
        }
        other => Some(other),
    }
}

/// Whether an address leads to the web.
pub(super) fn is_web(url: &str) -> bool {
    let lower = url.trim_start().to_ascii_lowercase();
    lower.starts_with("https://") || lower.starts_with("http://")
}

/// The HTML of a text without the paragraph around it, for options and cells of tables; a text of
/// several blocks keeps them.
pub(super) fn to_inline_html(markdown: &str) -> String {
    let page = to_html(markdown);
    let inner = page.strip_prefix("<p>").and_then(|page| page.strip_suffix("</p>"));
    match inner {
        Some(inner) if !inner.contains("<p>") => inner.to_owned(),
        _ => page,
    }
}

/// The text alone: code in its back-ticks, blocks apart by an empty line.
pub(super) fn to_plain(markdown: &str) -> String {
    let blocks: Vec<String> = blocks(markdown)
        .into_iter()
        .map(|block| match block {
            Block::Paragraph(text) => text,
            Block::Bullet(mark, text) => format!("{mark} {text}"),
            Block::Code(lines) => lines.join("\n"),
        })
        .collect();
    blocks.join("\n\n")
}

/// The text in one line.
pub(super) fn to_line(markdown: &str) -> String {
    to_plain(markdown).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text as blocks that a terminal can lay out.
pub(super) fn blocks(markdown: &str) -> Vec<Block> {
    let mut reader = Reader::default();
    for event in parser(markdown) {
        reader.read(event);
    }
    reader.flush();
    reader.blocks
}

/// What has been read of a text.
#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    text: String,
    code: bool,
    /// The next number of each open list; `None` for bullets.
    lists: Vec<Option<u64>>,
    bullet: Option<String>,
    /// Cells of the open row and the finished rows of the open table.
    row: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Reader {
    fn read(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => {
                self.text.push_str(&text);
            }
            Event::Code(code) => self.text.push_str(&in_back_ticks(&code)),
            Event::SoftBreak => self.text.push(' '),
            Event::HardBreak => self.text.push('\n'),
            Event::Rule => self.flush(),
            Event::Start(tag) => self.open(&tag),
            Event::End(tag) => self.close(tag),
            _ => {}
        }
    }

    fn open(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::CodeBlock(_) => {
                self.flush();
                self.code = true;
            }
            Tag::List(first) => {
                self.flush();
                self.lists.push(*first);
            }
            Tag::Item => {
                self.flush();
                self.bullet = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}.", *number - 1)
                    }
                    _ => "•".to_owned(),
                });
            }
            _ => {}
        }
    }

    fn close(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::CodeBlock => {
                let code = std::mem::take(&mut self.text);
                self.blocks.push(Block::Code(code.trim_end().lines().map(str::to_owned).collect()));
                self.code = false;
            }
            TagEnd::TableCell => self.row.push(std::mem::take(&mut self.text)),
            TagEnd::TableHead | TagEnd::TableRow => self.rows.push(std::mem::take(&mut self.row)),
            TagEnd::Table => {
                let lines = aligned(&std::mem::take(&mut self.rows));
                self.blocks.push(Block::Code(lines));
            }
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
            }
            TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::HtmlBlock => {
                self.flush();
            }
            _ => {}
        }
    }

    fn flush(&mut self) {
        let text = std::mem::take(&mut self.text);
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        self.blocks.push(match self.bullet.take() {
            Some(mark) => Block::Bullet(mark, text.to_owned()),
            None => Block::Paragraph(text.to_owned()),
        });
    }
}

/// Rows of a table as lines of equally wide columns, a rule below the head.
fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cells = |at: usize| rows.iter().filter_map(move |row| row.get(at));
    let widths: Vec<usize> = (0..columns)
        .map(|at| cells(at).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let mut lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let padded = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            padded.collect::<Vec<_>>().join(" │ ").trim_end().to_owned()
        })
        .collect();
    let rule = widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join("─┼─");
    lines.insert(1.min(lines.len()), rule);
    lines
}

fn in_back_ticks(code: &CowStr<'_>) -> String {
    // Code that holds a back-tick is fenced by two, as in Markdown itself.
    if code.contains('`') { format!("`` {code} ``") } else { format!("`{code}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_bank_can_act() {
        // Goal: a hostile text stays text; method: tags in blocks and lines, a script link, a
        // picture, and a good link beside them.
        let page = to_html(
            "<script>alert(1)</script>\n\nA <b onclick=x>tag</b>, [bad](javascript:alert(1)), \
             [good](https://example.org), ![a map](https://example.org/map.png)",
        );
        assert!(!page.contains("<script"), "{page}");
        assert!(!page.contains("<b"), "{page}");
        assert!(!page.contains("javascript:"), "{page}");
        assert!(!page.contains("<img"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
        assert!(page.contains("bad") && page.contains("a map"), "{page}");
        assert!(page.contains("<a href=\"https://example.org\">good</a>"), "{page}");
    }

    #[test]
    fn plain_text_keeps_code_and_loses_marks() {
        // Goal: what a terminal shows; method: each kind of block once.
        let text =
            "A *shared* `cache`\nstores:\n\n```http\nETag: \"v7\"\n\nAge: 1\n```\n\n1. one\n2. two";
        assert_eq!(
            blocks(text),
            [
                Block::Paragraph("A shared `cache` stores:".into()),
                Block::Code(vec!["ETag: \"v7\"".into(), String::new(), "Age: 1".into()]),
                Block::Bullet("1.".into(), "one".into()),
                Block::Bullet("2.".into(), "two".into()),
            ]
        );
        assert_eq!(
            blocks("| status | rows |\n|---|---|\n| active | 640 |"),
            [Block::Code(vec![
                "status │ rows".into(),
                "───────┼─────".into(),
                "active │ 640".into()
            ])]
        );
        assert_eq!(to_line("a\n\nb `c`"), "a b `c`");
        assert_eq!(to_inline_html("`max-age=60`"), "<code>max-age=60</code>");
    }
}
