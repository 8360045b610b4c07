//! Syntax highlighting of code blocks, off the drawing path. The syntax definitions are loaded
//! and applied by one background thread, started at the first code block; until it has answered,
//! and for languages without a definition, code is drawn plain. Never blocks a frame.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use syntect::easy::ScopeRegionIterator;
use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxSet};
use syntect::util::LinesWithEndings;

/// Longer code is drawn plain: nobody reads it in a question, and a hostile bank cannot keep the
/// thread busy.
const CODE_BYTES_MAX: usize = 20_000;

/// What a piece of code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// Anything else.
    Plain,
    /// A comment.
    Comment,
    /// A string.
    Text,
    /// A keyword.
    Keyword,
    /// A number or another constant.
    Value,
    /// The name of something defined or of a library function.
    Name,
}

/// Lines of code as pieces, each with its kind; line ends are not part of them.
pub type CodeLines = Vec<Vec<(Token, String)>>;

/// Something that can say what the pieces of code are.
pub trait Painter {
    /// The pieces of `code`, or `None` when they are not known (yet).
    fn paint(&self, language: &str, code: &str) -> Option<Arc<CodeLines>>;

    /// Rises whenever `paint` may know more than before.
    fn version(&self) -> u64;
}

type Asked = (String, String);

/// A painter whose work is done by a thread of its own.
#[derive(Debug, Default)]
pub struct BackgroundPainter {
    known: RefCell<HashMap<Asked, Option<Arc<CodeLines>>>>,
    worker: RefCell<Option<Worker>>,
    version: Cell<u64>,
}

impl BackgroundPainter {
    /// Takes in what the thread has finished; true when a new frame would look different.
    pub fn collect(&self) -> bool {
        let worker = self.worker.borrow();
        let Some((_, done)) = worker.as_ref() else { return false };
        let mut changed = false;
        for (asked, lines) in done.try_iter() {
            changed |= lines.is_some();
            self.known.borrow_mut().insert(asked, lines.map(Arc::new));
        }
        if changed {
            self.version.set(self.version.get() + 1);
        }
        changed
    }

    fn ask(&self, asked: Asked) {
        let mut worker = self.worker.borrow_mut();
        let (jobs, _) = worker.get_or_insert_with(start_worker);
        // A dead worker means plain code, which is what is drawn anyway.
        let _ = jobs.send(asked);
    }
}

impl Painter for BackgroundPainter {
    fn paint(&self, language: &str, code: &str) -> Option<Arc<CodeLines>> {
        let asked = (language.to_owned(), code.to_owned());
        if let Some(known) = self.known.borrow().get(&asked) {
            return known.clone();
        }
        self.known.borrow_mut().insert(asked.clone(), None);
        if !language.is_empty() && language != "text" && code.len() <= CODE_BYTES_MAX {
            self.ask(asked);
        }
        None
    }

    fn version(&self) -> u64 {
        self.version.get()
    }
}

type Worker = (Sender<Asked>, Receiver<(Asked, Option<CodeLines>)>);

fn start_worker() -> Worker {
    let (jobs, todo) = channel::<Asked>();
    let (finished, done) = channel();
    // When no thread can be had, its ends of the channels are dropped and code stays plain.
    let _ = thread::Builder::new().name("highlight".to_owned()).spawn(move || {
        let set = SyntaxSet::load_defaults_newlines();
        for asked in todo {
            let lines = tokens(&set, &asked.0, &asked.1);
            if finished.send((asked, lines)).is_err() {
                return;
            }
        }
    });
    (jobs, done)
}

/// The pieces of `code`, or `None` for a language without a definition.
pub fn tokens(set: &SyntaxSet, language: &str, code: &str) -> Option<CodeLines> {
    let syntax = set.find_syntax_by_token(language)?;
    let kinds = kinds();
    let mut state = ParseState::new(syntax);
    let mut stack = ScopeStack::new();
    let mut lines = CodeLines::new();
    for line in LinesWithEndings::from(code) {
        let changes = state.parse_line(line, set).ok()?;
        let mut pieces: Vec<(Token, String)> = Vec::new();
        for (text, change) in ScopeRegionIterator::new(&changes, line) {
            stack.apply(change).ok()?;
            let text = text.trim_end_matches(['\n', '\r']);
            if text.is_empty() {
                continue;
            }
            let token = kind_of(&stack, &kinds);
            match pieces.last_mut() {
                Some((last, kept)) if *last == token => kept.push_str(text),
                _ => pieces.push((token, text.to_owned())),
            }
        }
        lines.push(pieces);
    }
    Some(lines)
}

/// Beginnings of scope names and what they mean; the first that fits decides.
fn kinds() -> Vec<(Scope, Token)> {
    let named = [
        ("comment", Token::Comment),
        ("string", Token::Text),
        ("constant", Token::Value),
        ("keyword.operator", Token::Plain),
        ("keyword", Token::Keyword),
        ("storage", Token::Keyword),
        ("entity.name", Token::Name),
        ("support", Token::Name),
    ];
    named.into_iter().filter_map(|(name, token)| Some((Scope::new(name).ok()?, token))).collect()
}

/// The innermost scope that means something decides.
fn kind_of(stack: &ScopeStack, kinds: &[(Scope, Token)]) -> Token {
    let kind = |scope: &Scope| {
        kinds.iter().find(|(kind, _)| kind.is_prefix_of(*scope)).map(|(_, token)| *token)
    };
    stack.as_slice().iter().rev().find_map(kind).unwrap_or(Token::Plain)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn sql_is_told_apart_into_its_kinds() {
        // Goal: keywords, strings, numbers and comments are recognised and no character is lost.
        // Method: one statement; compare the joined pieces and look for four of them.
        let code = "SELECT name FROM users WHERE id = 7 AND city = 'Ulm'; -- one row";
        let set = SyntaxSet::load_defaults_newlines();
        let lines = tokens(&set, "sql", code).expect("SQL is defined");
        let joined: String = lines[0].iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(joined, code);
        let kind = |part: &str| lines[0].iter().find(|(_, text)| text.contains(part)).map(|p| p.0);
        assert_eq!(kind("SELECT"), Some(Token::Keyword));
        assert_eq!(kind("7"), Some(Token::Value));
        assert_eq!(kind("Ulm"), Some(Token::Text));
        assert_eq!(kind("one row"), Some(Token::Comment));
        assert_eq!(tokens(&set, "no-such-language", code), None);
    }

    #[test]
    fn the_background_painter_answers_later_and_says_so() {
        // Goal: asking never waits, and the answer arrives. Method: ask, poll with a deadline.
        let painter = BackgroundPainter::default();
        assert_eq!(painter.paint("python", "x = 1"), None);
        let deadline = Instant::now() + Duration::from_secs(30);
        while !painter.collect() {
            assert!(Instant::now() < deadline, "no answer");
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(painter.version(), 1);
        assert!(painter.paint("python", "x = 1").is_some());
    }
}
