//! Editing of one typed answer or remark: a text, a cursor, and the usual keys. Never judges what
//! is typed.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::text::Span;

/// No answer is longer; a stray paste of a whole file is cut here.
const CHARS_MAX: usize = 2_000;

/// A text being typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    chars: Vec<char>,
    cursor: usize,
}

impl Input {
    /// What has been typed.
    pub fn text(&self) -> String {
        self.chars.iter().collect()
    }

    /// Whether there is nothing but white space.
    pub fn is_blank(&self) -> bool {
        self.chars.iter().all(|c| c.is_whitespace())
    }

    /// Inserts a pasted text; control characters other than line ends are left out.
    pub fn insert(&mut self, text: &str) {
        for c in text.replace("\r\n", "\n").replace('\r', "\n").chars() {
            let c = if c == '\t' { ' ' } else { c };
            if self.chars.len() < CHARS_MAX && (c == '\n' || !c.is_control()) {
                self.chars.insert(self.cursor, c);
                self.cursor += 1;
            }
        }
    }

    /// Takes a key; false when it is none of the editing keys.
    pub fn on_key(&mut self, key: KeyEvent) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char(c) if control => return self.on_control(c),
            KeyCode::Char(c) if !key.modifiers.contains(KeyModifiers::ALT) => {
                self.insert(c.encode_utf8(&mut [0; 4]));
            }
            KeyCode::Backspace if self.cursor > 0 => {
                self.cursor -= 1;
                self.chars.remove(self.cursor);
            }
            KeyCode::Delete if self.cursor < self.chars.len() => {
                self.chars.remove(self.cursor);
            }
            KeyCode::Left => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Right => self.cursor = (self.cursor + 1).min(self.chars.len()),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.chars.len(),
            KeyCode::Backspace | KeyCode::Delete => {}
            _ => return false,
        }
        true
    }

    fn on_control(&mut self, c: char) -> bool {
        match c {
            'a' => self.cursor = 0,
            'e' => self.cursor = self.chars.len(),
            'j' => self.insert("\n"),
            'u' => {
                self.chars.drain(..self.cursor);
                self.cursor = 0;
            }
            'w' => {
                let before = &self.chars[..self.cursor];
                let word_end =
                    before.iter().rposition(|c| !c.is_whitespace()).map_or(0, |at| at + 1);
                let start = before[..word_end]
                    .iter()
                    .rposition(|c| c.is_whitespace())
                    .map_or(0, |at| at + 1);
                self.chars.drain(start..self.cursor);
                self.cursor = start;
            }
            _ => return false,
        }
        true
    }

    /// The part that fits into `width` cells with the cursor in view: the text before the cursor
    /// and the text from it on. Line ends are shown as `⏎`.
    pub fn window(&self, width: usize) -> (String, String) {
        let shown: Vec<char> =
            self.chars.iter().map(|c| if *c == '\n' { '⏎' } else { *c }).collect();
        let cells = |c: char| Span::raw(c.encode_utf8(&mut [0; 4]) as &str).width();
        // One cell stays free for the cursor itself.
        let room = width.saturating_sub(1);
        let mut start = self.cursor;
        let mut used = 0;
        while start > 0 && used + cells(shown[start - 1]) <= room {
            start -= 1;
            used += cells(shown[start]);
        }
        let mut end = self.cursor;
        while end < shown.len() && used + cells(shown[end]) <= room {
            used += cells(shown[end]);
            end += 1;
        }
        (shown[start..self.cursor].iter().collect(), shown[self.cursor..end].iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(input: &mut Input, code: KeyCode) {
        assert!(input.on_key(KeyEvent::new(code, KeyModifiers::NONE)), "{code:?}");
    }

    #[test]
    fn editing_keys_do_what_they_say() {
        // Goal: typing, moving, deleting and whole-word deletion. Method: keys, then the text.
        let mut input = Input::default();
        "no cache".chars().for_each(|c| press(&mut input, KeyCode::Char(c)));
        press(&mut input, KeyCode::Home);
        press(&mut input, KeyCode::Right);
        press(&mut input, KeyCode::Right);
        press(&mut input, KeyCode::Delete);
        press(&mut input, KeyCode::Char('-'));
        assert_eq!(input.text(), "no-cache");
        press(&mut input, KeyCode::End);
        press(&mut input, KeyCode::Backspace);
        input.insert("e now");
        assert!(input.on_key(KeyEvent::new(KeyCode::Char('w'), KeyModifiers::CONTROL)));
        assert_eq!(input.text(), "no-cache ");
        assert!(input.on_key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL)));
        assert!(input.is_blank());
        assert!(!input.on_key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE)));
    }

    #[test]
    fn a_paste_keeps_lines_and_drops_escapes() {
        // Goal: a pasted text cannot smuggle control characters or grow without bound. Method:
        // paste both kinds and look at what was kept.
        let mut input = Input::default();
        input.insert("a\r\nb\u{1b}[31m\u{7}");
        assert_eq!(input.text(), "a\nb[31m");
        input.insert(&"x".repeat(10 * CHARS_MAX));
        assert_eq!(input.text().chars().count(), CHARS_MAX);
    }

    #[test]
    fn the_window_follows_the_cursor() {
        // Goal: the cursor is always in view and nothing is wider than the field, wide characters
        // included. Method: every cursor place of a mixed text in several widths.
        let mut input = Input::default();
        input.insert("ab漢字cd漢efgh");
        for width in 0..20 {
            for cursor in 0..=input.chars.len() {
                input.cursor = cursor;
                let (before, after) = input.window(width);
                let used = Span::raw(before).width() + Span::raw(after).width();
                assert!(used <= width.saturating_sub(1), "{width} {cursor}");
            }
        }
        input.cursor = input.chars.len();
        assert_eq!(input.window(4), ("fgh".to_owned(), String::new()));
    }
}
