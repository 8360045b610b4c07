//! The state of one open question: where the cursor is, what is ticked, ordered or typed, and what
//! each key does to that. Never knows the key of the item, so it cannot judge an answer.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::card::{Card, Draft, Kind};
use super::input::Input;

/// What a key on the question screen asks the screen's owner to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Nothing, or something that the question did itself.
    Nothing,
    /// Give this answer.
    Answer(Draft),
    /// Write a remark.
    Flag,
    /// Pause.
    Pause,
    /// Show or hide the time.
    Time,
    /// Show the keys.
    Help,
    /// Ask whether to leave.
    Quit,
    /// Scroll by so many screens.
    Page(i8),
}

/// An open question and the answer in the making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionState {
    /// The question.
    pub card: Card,
    /// Row of the cursor; `None` before the first choice of a single-choice question, so that
    /// Enter alone never answers.
    pub cursor: Option<usize>,
    /// For each shown option, whether it is ticked.
    pub ticked: Vec<bool>,
    /// Places of the shown options in the person's order.
    pub order: Vec<usize>,
    /// How many of the order's first places were picked by letter.
    pub picked: usize,
    /// Whether the order has been changed, or confirmed as it is.
    pub(super) ordered: bool,
    /// The typed answer.
    pub input: Input,
    /// Whether "I don't know" is chosen.
    pub dont_know: bool,
    /// What there is to say about the last key.
    pub message: Option<String>,
}

impl QuestionState {
    /// A question that has just been asked.
    pub fn new(card: Card) -> Self {
        let count = card.options.len();
        Self {
            cursor: (card.kind != Kind::Single && count > 0).then_some(0),
            ticked: vec![false; count],
            order: (0..count).collect(),
            picked: 0,
            ordered: false,
            input: Input::default(),
            dont_know: false,
            message: None,
            card,
        }
    }

    /// Whether the answer is typed, so that letters are text and no commands.
    pub fn is_typed(&self) -> bool {
        matches!(self.card.kind, Kind::Number { .. } | Kind::Text)
    }

    /// Whether that key names an option, which goes before any command of the same letter.
    pub fn is_option(&self, c: char) -> bool {
        !self.is_typed() && place(c).is_some_and(|place| place < self.card.options.len())
    }

    /// Takes a key.
    pub fn on_key(&mut self, key: KeyEvent) -> Wish {
        self.message = None;
        if let Some(wish) = everywhere(key) {
            return wish;
        }
        if is_dont_know(key, self.is_typed(), matches!(self.card.kind, Kind::Number { .. })) {
            self.dont_know = !self.dont_know;
            return Wish::Nothing;
        }
        if key.code == KeyCode::Enter {
            return self.confirm();
        }
        if self.is_typed() {
            if self.input.on_key(key) {
                self.dont_know = false;
            }
            return Wish::Nothing;
        }
        self.on_option_key(key)
    }

    /// Takes a pasted text.
    pub fn on_paste(&mut self, text: &str) {
        if self.is_typed() {
            self.message = None;
            self.dont_know = false;
            self.input.insert(text);
        }
    }

    fn on_option_key(&mut self, key: KeyEvent) -> Wish {
        if key.modifiers.contains(KeyModifiers::CONTROL)
            || key.modifiers.contains(KeyModifiers::ALT)
        {
            return Wish::Nothing;
        }
        let shift = key.modifiers.contains(KeyModifiers::SHIFT);
        match key.code {
            KeyCode::Up if shift => self.carry(-1),
            KeyCode::Down if shift => self.carry(1),
            KeyCode::Up => self.step(-1),
            KeyCode::Down => self.step(1),
            KeyCode::Char(c) if self.is_option(c) => self.choose(place(c).unwrap_or_default()),
            KeyCode::Char('K') => self.carry(-1),
            KeyCode::Char('J') => self.carry(1),
            KeyCode::Char('k') => self.step(-1),
            KeyCode::Char('j') => self.step(1),
            KeyCode::Char(' ') => self.space(),
            KeyCode::Char(c) => return command(c),
            _ => {}
        }
        Wish::Nothing
    }

    fn step(&mut self, by: i8) {
        let count = self.card.options.len();
        self.dont_know = false;
        self.cursor = match (self.cursor, by) {
            _ if count == 0 => None,
            (None, 1) => Some(0),
            (None, _) => Some(count - 1),
            (Some(row), 1) => Some((row + 1).min(count - 1)),
            (Some(row), _) => Some(row.saturating_sub(1)),
        };
    }

    /// A letter or number names a shown option.
    fn choose(&mut self, place: usize) {
        self.dont_know = false;
        match self.card.kind {
            Kind::Multi => {
                self.cursor = Some(place);
                self.ticked[place] = !self.ticked[place];
            }
            Kind::Order => self.pick(place),
            _ => self.cursor = Some(place),
        }
    }

    fn space(&mut self) {
        match (self.card.kind == Kind::Multi, self.cursor) {
            (true, Some(row)) => {
                self.dont_know = false;
                self.ticked[row] = !self.ticked[row];
            }
            (false, Some(_)) => {}
            (_, None) => self.step(1),
        }
    }

    /// The next place of the order goes to that option; picking it again takes back it and what
    /// was picked after it.
    fn pick(&mut self, place: usize) {
        let Some(row) = self.order.iter().position(|at| *at == place) else { return };
        self.ordered = true;
        if row < self.picked {
            self.picked = row;
        } else {
            let option = self.order.remove(row);
            self.order.insert(self.picked, option);
            self.cursor = Some(self.picked);
            self.picked += 1;
        }
    }

    /// Moves the option under the cursor up or down.
    fn carry(&mut self, by: i8) {
        let (Kind::Order, Some(row)) = (&self.card.kind, self.cursor) else { return };
        let other = if by < 0 { row.checked_sub(1) } else { Some(row + 1) };
        let Some(other) = other.filter(|other| *other < self.order.len()) else { return };
        self.dont_know = false;
        self.order.swap(row, other);
        self.cursor = Some(other);
        self.picked = 0;
        self.ordered = true;
    }

    /// Enter.
    fn confirm(&mut self) -> Wish {
        let index = |place: &usize| self.card.options[*place].index;
        let draft = if self.dont_know {
            Ok(Draft::DontKnow)
        } else {
            match (&self.card.kind, self.cursor) {
                (Kind::Single, Some(row)) => Ok(Draft::Options(vec![index(&row)])),
                (Kind::Single, None) => Err("Choose an option first, or ? for \"I don't know\"."),
                (Kind::Multi, _) if self.ticked.contains(&true) => {
                    let ticked = (0..self.ticked.len()).filter(|at| self.ticked[*at]);
                    Ok(Draft::Options(ticked.map(|at| index(&at)).collect()))
                }
                (Kind::Multi, _) => Err("Tick at least one option, or ? for \"I don't know\"."),
                (Kind::Order, _) if self.ordered => {
                    Ok(Draft::Options(self.order.iter().map(index).collect()))
                }
                (Kind::Order, _) => {
                    Err("Nothing was moved. Enter again gives this order as it is.")
                }
                _ if self.input.is_blank() => {
                    Err("Type an answer first, or Ctrl-D for \"I don't know\".")
                }
                _ => Ok(Draft::Typed(self.input.text())),
            }
        };
        match draft {
            Ok(draft) => Wish::Answer(draft),
            Err(message) => {
                self.ordered |= self.card.kind == Kind::Order;
                self.message = Some(message.to_owned());
                Wish::Nothing
            }
        }
    }
}

/// The place that a letter (from `a`) or a digit (from `1`) names.
fn place(c: char) -> Option<usize> {
    match c {
        'a'..='z' => Some(usize::from(c as u8 - b'a')),
        '1'..='9' => Some(usize::from(c as u8 - b'1')),
        _ => None,
    }
}

/// Keys that mean the same whatever the question.
fn everywhere(key: KeyEvent) -> Option<Wish> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Esc => Wish::Quit,
        KeyCode::F(1) => Wish::Help,
        KeyCode::PageUp => Wish::Page(-1),
        KeyCode::PageDown => Wish::Page(1),
        KeyCode::Char('f') if control => Wish::Flag,
        KeyCode::Char('p') if control => Wish::Pause,
        KeyCode::Char('t') if control => Wish::Time,
        _ => return None,
    })
}

/// `?` where nothing is typed and in numbers, where it means nothing else; Ctrl-D everywhere.
fn is_dont_know(key: KeyEvent, typed: bool, number: bool) -> bool {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('d') => control,
        KeyCode::Char('?') => !control && (!typed || number),
        _ => false,
    }
}

fn command(c: char) -> Wish {
    match c {
        'f' | 'F' | '!' => Wish::Flag,
        'p' | 'P' => Wish::Pause,
        't' | 'T' => Wish::Time,
        'h' | 'H' => Wish::Help,
        'q' | 'Q' => Wish::Quit,
        _ => Wish::Nothing,
    }
}
