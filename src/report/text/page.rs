//! Lines of text with styles: wrapping, columns, headings. Every character passes through here,
//! and none that a terminal could take for a command passes out.

/// How a piece of a line looks where colours may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// As it is.
    Plain,
    /// Headings and what matters most.
    Strong,
    /// What may be skipped.
    Dim,
    /// Right, done.
    Good,
    /// Wrong.
    Bad,
    /// In between.
    Warn,
    /// Points and intervals of charts.
    Accent,
}

impl Style {
    /// The parameters of "select graphic rendition" (ECMA-48 §8.3.117). Only the sixteen colours
    /// that a terminal's own theme decides about.
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Strong => Some("1"),
            Self::Dim => Some("2"),
            Self::Good => Some("32"),
            Self::Bad => Some("31"),
            Self::Warn => Some("33"),
            Self::Accent => Some("36"),
        }
    }
}

/// A piece of a line.
pub(super) type Piece = (Style, String);

/// A plain piece.
pub(super) fn plain(text: impl Into<String>) -> Piece {
    (Style::Plain, text.into())
}

/// Text under construction.
pub(super) struct Page {
    width: usize,
    color: bool,
    text: String,
}

/// The left margin of everything below a heading.
pub(super) const INDENT: usize = 2;

impl Page {
    pub fn new(width: usize, color: bool) -> Self {
        Self { width, color, text: String::new() }
    }

    /// Columns of a line.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The text, ending in one line feed.
    pub fn finish(self) -> String {
        let mut text = self.text;
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }

    /// An empty line; never two in a row.
    pub fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A line of pieces, indented.
    pub fn line(&mut self, indent: usize, pieces: &[Piece]) {
        let mut line = " ".repeat(indent);
        // Spaces at the end of a line are noise in files and differences.
        let last = pieces.iter().rposition(|(_, text)| !text.trim_end().is_empty());
        for (at, (style, text)) in pieces.iter().enumerate().take(last.map_or(0, |at| at + 1)) {
            let text = clean(text);
            let text = if Some(at) == last { text.trim_end() } else { &text };
            match style.code().filter(|_| self.color && !text.trim().is_empty()) {
                Some(code) => line.push_str(&format!("\u{1b}[{code}m{text}\u{1b}[0m")),
                None => line.push_str(text),
            }
        }
        self.text.push_str(if last.is_some() { &line } else { "" });
        self.text.push('\n');
    }

    /// A heading with a rule under it.
    pub fn heading(&mut self, text: &str) {
        self.blank();
        self.line(0, &[(Style::Strong, text.to_owned())]);
        self.line(0, &[(Style::Dim, "─".repeat(self.width))]);
    }

    /// Text wrapped to the width behind an indent.
    pub fn paragraph(&mut self, indent: usize, style: Style, text: &str) {
        self.hanging(indent, &[], style, text);
    }

    /// Text wrapped to the width behind `lead`, later lines as far in as the first.
    pub fn hanging(&mut self, indent: usize, lead: &[Piece], style: Style, text: &str) {
        let lead_width: usize = lead.iter().map(|(_, piece)| cells(piece)).sum();
        let inner = self.width.saturating_sub(indent + lead_width).max(20);
        for (at, line) in wrap(text, inner).into_iter().enumerate() {
            let mut pieces =
                if at == 0 { lead.to_vec() } else { vec![plain(" ".repeat(lead_width))] };
            pieces.push((style, line));
            self.line(indent, &pieces);
        }
    }
}

/// The text without anything that a terminal would act on; a no-break space becomes a space.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\u{a0}' => Some(' '),
            '\t' => Some(' '),
            // Marks that turn the direction of what follows can make text read as another.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
            c if c.is_control() => Some('\u{fffd}'),
            c => Some(c),
        })
        .collect()
}

/// Columns that a text takes in a terminal.
pub(super) fn cells(text: &str) -> usize {
    text.chars().map(cell).sum()
}

/// Columns of one character: none for marks that combine, two for the wide scripts of East Asia
/// and for pictures (Unicode Standard Annex 11, its wide blocks), else one.
fn cell(c: char) -> usize {
    match u32::from(c) {
        0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff => 2,
        0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff => 2,
        0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// The text in exactly so many columns: padded, or cut with an ellipsis.
pub(super) fn fit(text: &str, width: usize) -> String {
    let mut fitted = cut(text, width);
    fitted.push_str(&" ".repeat(width.saturating_sub(cells(&fitted))));
    fitted
}

/// The text in at most so many columns.
pub(super) fn cut(text: &str, width: usize) -> String {
    if cells(text) <= width {
        return text.to_owned();
    }
    let mut cut = String::new();
    for c in text.chars() {
        if cells(&cut) + cell(c) + 1 > width {
            break;
        }
        cut.push(c);
    }
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    cut
}

/// The text in lines of at most so many columns, broken at spaces (never at no-break spaces) and
/// at its own line feeds; a word that is longer than a line is broken where it must be.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
            let gap = usize::from(!line.is_empty());
            if cells(&line) + gap + cells(word) > width && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            for c in word.chars() {
                if cells(&line) + cell(c) > width {
                    lines.push(std::mem::take(&mut line));
                }
                line.push(c);
            }
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_never_longer_than_asked_for() {
        // Goal: wrapping; method: words, a word longer than a line, no-break and wide characters.
        assert_eq!(wrap("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("a 78\u{a0}% b", 6), ["a 78\u{a0}%", "b"]);
        assert_eq!(wrap("漢字漢字", 4), ["漢字", "漢字"]);
        assert_eq!(fit("caching", 5), "cach…");
        assert_eq!(fit("ab", 4), "ab  ");
    }

    #[test]
    fn a_text_cannot_command_the_terminal() {
        // Goal: no escape byte but our own; method: a typed answer with an escape sequence.
        let mut page = Page::new(60, false);
        page.line(0, &[plain("a\u{1b}[2Jb\u{7}\u{202e}c")]);
        assert_eq!(page.finish(), "a\u{fffd}[2Jb\u{fffd}c\n");
    }
}
