//! The state of the whole interface and what each key does to it. Pure: time, the session and the
//! terminal belong to the shell, which carries out the actions that come back from here.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::text::Line;

use super::card::{Card, Draft, ReviewCard, Welcome};
use super::input::Input;
use super::question::{QuestionState, Wish};

/// What is on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// What the test measures, how long it takes, where the answers stay.
    Welcome,
    /// The open question.
    Question,
    /// A remark on the open question is being written.
    FlagNote,
    /// Whether to leave in mid-test.
    ConfirmQuit,
    /// The question is hidden and its clock stands.
    Paused,
    /// The keys.
    Help,
    /// The report, after the last question.
    Report,
    /// The answered questions one by one, after the last question.
    Review,
}

/// What the shell has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Nothing but drawing.
    None,
    /// Give this answer to the open question.
    Answer(Draft),
    /// Keep a remark on the open question.
    Flag(String),
    /// Note that the person has paused.
    Pause,
    /// Leave the interface.
    Leave,
    /// Leave as if by SIGINT: in raw mode Ctrl-C is only a key.
    Interrupt,
}

/// Laid-out text, kept until it would look different: laying out and highlighting are the costly
/// part of a frame.
#[derive(Debug, Clone, Default)]
pub struct Laid {
    /// What the blocks were made for: screen, number of the question, width, painter's version.
    pub key: Option<(Screen, usize, usize, u64)>,
    /// The first is the text above the options, the others the options.
    pub blocks: Vec<Vec<Line<'static>>>,
}

/// The state of the interface.
#[derive(Debug, Clone)]
pub struct App {
    screen: Screen,
    /// What the screen in front of it covers, and how far that was scrolled.
    back: (Screen, usize),
    welcome: Welcome,
    question: Option<QuestionState>,
    note: Input,
    reviews: Vec<ReviewCard>,
    review: usize,
    report: Option<(usize, String)>,
    show_time: bool,
    /// Seconds of the whole test so far; set by the shell.
    pub elapsed_s: u64,
    /// First line of the document that is shown; kept in range by the view.
    pub scroll: usize,
    /// Whether the view must bring the cursor into sight.
    pub follow: bool,
    /// Lines that a page key scrolls; set by the view.
    pub page: usize,
    /// Whether the window was too small to show anything; set by the view.
    pub too_small: bool,
    /// Laid-out text of the last frame.
    pub laid: Laid,
}

impl App {
    /// The interface before its first frame. Without an open question it begins with the report.
    pub fn new(welcome: Welcome, open: Option<Card>, reviews: Vec<ReviewCard>) -> Self {
        let screen = if open.is_some() { Screen::Welcome } else { Screen::Report };
        Self {
            screen,
            back: (screen, 0),
            welcome,
            question: open.map(QuestionState::new),
            note: Input::default(),
            reviews,
            review: 0,
            report: None,
            show_time: false,
            elapsed_s: 0,
            scroll: 0,
            follow: false,
            page: 1,
            too_small: false,
            laid: Laid::default(),
        }
    }

    /// What is on the screen.
    pub fn screen(&self) -> Screen {
        self.screen
    }

    /// What the first screen says.
    pub fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// The open question.
    pub fn question(&self) -> Option<&QuestionState> {
        self.question.as_ref()
    }

    /// The remark being written.
    pub fn note(&self) -> &Input {
        &self.note
    }

    /// The answered question that is reviewed, its index, and how many there are.
    pub fn review(&self) -> Option<(&ReviewCard, usize, usize)> {
        Some((self.reviews.get(self.review)?, self.review, self.reviews.len()))
    }

    /// The report, if it was made for that width.
    pub fn report(&self, width: usize) -> Option<&str> {
        self.report
            .as_ref()
            .filter(|(made_for, _)| *made_for == width)
            .map(|(_, text)| text.as_str())
    }

    /// Hands over the report for a width.
    pub fn set_report(&mut self, width: usize, text: String) {
        self.report = Some((width, text));
    }

    /// Whether the time is to be shown.
    pub fn shows_time(&self) -> bool {
        self.show_time && self.screen == Screen::Question
    }

    /// Whether the open question can be read, so that its clock runs.
    pub fn is_timing(&self) -> bool {
        self.screen == Screen::Question && !self.too_small
    }

    /// The answer was kept and this question is next.
    pub fn ask(&mut self, card: Card) {
        self.question = Some(QuestionState::new(card));
        self.go(Screen::Question);
    }

    /// The answer was kept and the test is over.
    pub fn finish(&mut self, reviews: Vec<ReviewCard>) {
        self.question = None;
        self.reviews = reviews;
        self.review = 0;
        self.go(Screen::Report);
    }

    /// Says something about the open question, which stays open.
    pub fn tell(&mut self, message: String) {
        if let Some(question) = &mut self.question {
            question.message = Some(message);
        }
    }

    /// Takes a pasted text.
    pub fn on_paste(&mut self, text: &str) {
        match (self.screen, &mut self.question) {
            (Screen::Question, Some(question)) => question.on_paste(text),
            (Screen::FlagNote, _) => self.note.insert(&text.replace(['\n', '\r'], " ")),
            _ => {}
        }
    }

    /// Takes a key.
    pub fn on_key(&mut self, key: KeyEvent) -> Action {
        if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
            return Action::Interrupt;
        }
        if self.too_small {
            // What cannot be seen cannot be meant.
            return Action::None;
        }
        match self.screen {
            Screen::Welcome => self.on_welcome(key),
            Screen::Question => self.on_question(key),
            Screen::FlagNote => self.on_note(key),
            Screen::ConfirmQuit => self.on_confirm(key),
            Screen::Paused => self.on_paused(key),
            Screen::Help => self.on_help(key),
            Screen::Report => self.on_report(key),
            Screen::Review => self.on_review(key),
        }
    }

    fn go(&mut self, screen: Screen) {
        self.scroll = 0;
        self.follow = false;
        self.screen = screen;
    }

    /// Covers the screen with another one.
    fn over(&mut self, screen: Screen) -> Action {
        self.back = (self.screen, self.scroll);
        self.go(screen);
        Action::None
    }

    /// Uncovers what was covered, as it was left.
    fn uncover(&mut self) {
        let (screen, scroll) = self.back;
        self.go(screen);
        self.scroll = scroll;
    }

    fn on_welcome(&mut self, key: KeyEvent) -> Action {
        match key.code {
            KeyCode::Enter | KeyCode::Char(' ') => self.go(Screen::Question),
            KeyCode::Esc | KeyCode::Char('q') => return Action::Leave,
            KeyCode::Char('h' | '?') | KeyCode::F(1) => return self.over(Screen::Help),
            code => self.scroll_by_key(code),
        }
        Action::None
    }

    fn on_question(&mut self, key: KeyEvent) -> Action {
        let Some(question) = &mut self.question else { return Action::None };
        let before = question.cursor;
        let wish = question.on_key(key);
        let moved = question.cursor != before || is_move(key.code) && !question.dont_know;
        self.follow = moved && wish == Wish::Nothing;
        match wish {
            Wish::Nothing => Action::None,
            Wish::Answer(draft) => Action::Answer(draft),
            Wish::Flag => {
                self.note = Input::default();
                self.over(Screen::FlagNote)
            }
            Wish::Pause => {
                self.over(Screen::Paused);
                Action::Pause
            }
            Wish::Time => {
                self.show_time = !self.show_time;
                Action::None
            }
            Wish::Help => self.over(Screen::Help),
            Wish::Quit => self.over(Screen::ConfirmQuit),
            Wish::Page(by) => {
                self.scroll_by(isize::from(by) * self.page_step());
                Action::None
            }
        }
    }

    fn on_note(&mut self, key: KeyEvent) -> Action {
        match key.code {
            KeyCode::Esc => self.uncover(),
            KeyCode::Enter if self.note.is_blank() => self.uncover(),
            KeyCode::Enter => {
                self.uncover();
                return Action::Flag(self.note.text().trim().to_owned());
            }
            _ => {
                self.note.on_key(key);
            }
        }
        Action::None
    }

    fn on_confirm(&mut self, key: KeyEvent) -> Action {
        match key.code {
            KeyCode::Enter | KeyCode::Char('y' | 'Y' | 'q') => return Action::Leave,
            KeyCode::Esc | KeyCode::Char('n' | 'N') => self.uncover(),
            _ => {}
        }
        Action::None
    }

    fn on_paused(&mut self, key: KeyEvent) -> Action {
        match key.code {
            KeyCode::Enter | KeyCode::Char(' ' | 'p') => self.uncover(),
            KeyCode::Esc | KeyCode::Char('q') => return Action::Leave,
            _ => {}
        }
        Action::None
    }

    fn on_help(&mut self, key: KeyEvent) -> Action {
        match key.code {
            KeyCode::Enter
            | KeyCode::Esc
            | KeyCode::F(1)
            | KeyCode::Char('h' | 'q' | '?' | ' ') => {
                self.uncover();
            }
            code => self.scroll_by_key(code),
        }
        Action::None
    }

    fn on_report(&mut self, key: KeyEvent) -> Action {
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => return Action::Leave,
            // Not Enter: whoever still presses it for the last answer wants the report.
            KeyCode::Char('r') if !self.reviews.is_empty() => {
                self.go(Screen::Review);
            }
            KeyCode::Char('h' | '?') | KeyCode::F(1) => return self.over(Screen::Help),
            code => self.scroll_by_key(code),
        }
        Action::None
    }

    fn on_review(&mut self, key: KeyEvent) -> Action {
        let last = self.reviews.len().saturating_sub(1);
        let turned = match key.code {
            KeyCode::Left | KeyCode::Char('p') => self.review.saturating_sub(1),
            KeyCode::Right | KeyCode::Char('n') | KeyCode::Enter => (self.review + 1).min(last),
            _ => self.review,
        };
        if turned != self.review {
            self.review = turned;
            self.scroll = 0;
            return Action::None;
        }
        match key.code {
            KeyCode::Char('r') | KeyCode::Esc => self.go(Screen::Report),
            KeyCode::Char('q') => return Action::Leave,
            KeyCode::Char('h' | '?') | KeyCode::F(1) => return self.over(Screen::Help),
            code => self.scroll_by_key(code),
        }
        Action::None
    }

    fn page_step(&self) -> isize {
        // Two lines of the old page stay in sight.
        isize::try_from(self.page.saturating_sub(2).max(1)).unwrap_or(1)
    }

    fn scroll_by(&mut self, lines: isize) {
        self.follow = false;
        // The view brings the far end back into range.
        self.scroll = self.scroll.saturating_add_signed(lines);
    }

    fn scroll_by_key(&mut self, code: KeyCode) {
        match code {
            KeyCode::Up | KeyCode::Char('k') => self.scroll_by(-1),
            KeyCode::Down | KeyCode::Char('j') => self.scroll_by(1),
            KeyCode::PageUp => self.scroll_by(-self.page_step()),
            KeyCode::PageDown | KeyCode::Char(' ') => self.scroll_by(self.page_step()),
            KeyCode::Home | KeyCode::Char('g') => self.scroll = 0,
            KeyCode::End | KeyCode::Char('G') => self.scroll_by(isize::MAX),
            _ => {}
        }
    }
}

/// Keys after which the cursor is looked for even when it could not move.
fn is_move(code: KeyCode) -> bool {
    matches!(code, KeyCode::Up | KeyCode::Down | KeyCode::Char(_))
}
