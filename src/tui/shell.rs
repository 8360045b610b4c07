//! Between the interface and the session: carries out what the keys asked for, measures the time
//! on each question with the clock it is given, and hands the session's next step to the screen.
//! Never touches a terminal, so that it runs the same under test.

use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::crossterm::event::{Event, KeyEventKind};

use super::app::{Action, App, Screen};
use super::card::{Welcome, open_card, response, reviews};
use super::highlight::Painter;
use super::markdown::Ink;
use super::style::Theme;
use super::view::{draw, text_width};
use super::{Driver, Ending};
use crate::assessment::Step;

/// What Ctrl-C counts as; the number is the same on every Unix.
const SIGINT: i32 = 2;

/// Time that runs only while a question can be read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stopwatch {
    kept: Duration,
    since: Option<Instant>,
}

impl Stopwatch {
    /// Lets the time run or stand from `now` on.
    pub fn run(&mut self, running: bool, now: Instant) {
        match (running, self.since) {
            (true, None) => self.since = Some(now),
            (false, Some(_)) => *self = Self { kept: self.read(now), since: None },
            _ => {}
        }
    }

    /// The time so far.
    pub fn read(&self, now: Instant) -> Duration {
        self.kept + self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }
}

/// The interface at work on a session.
pub struct Shell<'a> {
    driver: &'a mut dyn Driver,
    /// The state of the screens.
    pub app: App,
    theme: Theme,
    now: fn() -> Instant,
    stopwatch: Stopwatch,
}

impl<'a> Shell<'a> {
    /// The interface before its first frame; `now` is the clock.
    pub fn new(driver: &'a mut dyn Driver, colour: bool, now: fn() -> Instant) -> Self {
        let notices = driver.notices();
        let session = driver.session();
        let open = open_card(session);
        let done = if open.is_none() { reviews(session) } else { Vec::new() };
        let app = App::new(Welcome::of(session, notices), open, done);
        Self { driver, app, theme: Theme { colour }, now, stopwatch: Stopwatch::default() }
    }

    /// Draws one frame.
    ///
    /// # Errors
    /// When the backend cannot be written to.
    pub fn frame<B: Backend>(
        &mut self,
        terminal: &mut Terminal<B>,
        painter: &dyn Painter,
    ) -> Result<(), B::Error> {
        let width = text_width(terminal.size()?.width);
        if self.app.screen() == Screen::Report && self.app.report(width).is_none() {
            let text = self.driver.report_text(width);
            self.app.set_report(width, text);
        }
        let ink = Ink { theme: self.theme, painter };
        terminal.draw(|frame| draw(frame, &mut self.app, ink))?;
        // Only now is it known whether the question can be seen.
        self.keep_time();
        Ok(())
    }

    /// Lets the clock run or stand, and says whether the time on the screen is out of date.
    pub fn keep_time(&mut self) -> bool {
        let now = (self.now)();
        self.stopwatch.run(self.app.is_timing(), now);
        let before: f64 =
            self.driver.session().answered().iter().filter_map(|answered| answered.seconds).sum();
        let elapsed = before as u64 + self.stopwatch.read(now).as_secs();
        let changed = elapsed != self.app.elapsed_s && self.app.shows_time();
        self.app.elapsed_s = elapsed;
        changed
    }

    /// Takes one event of the terminal; an ending when it was the last.
    pub fn on_event(&mut self, event: &Event) -> Option<Ending> {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => {
                let action = self.app.on_key(*key);
                let ending = self.carry_out(action);
                self.keep_time();
                ending
            }
            Event::Paste(text) => {
                self.app.on_paste(text);
                None
            }
            _ => None,
        }
    }

    /// Leaves because of a signal; what was answered is kept already.
    pub fn on_signal(&mut self, signal: i32) -> Ending {
        self.leave();
        Ending::Interrupted(signal)
    }

    fn carry_out(&mut self, action: Action) -> Option<Ending> {
        match action {
            Action::None => None,
            Action::Answer(draft) => {
                self.answer(&draft);
                None
            }
            Action::Flag(remark) => {
                let message = match self.driver.flag(&remark) {
                    Ok(()) => "Your remark is noted. Thank you.".to_owned(),
                    Err(message) => message,
                };
                self.app.tell(message);
                None
            }
            Action::Pause => {
                if let Err(message) = self.driver.pause() {
                    self.app.tell(message);
                }
                None
            }
            Action::Leave => Some(self.leave()),
            Action::Interrupt => Some(self.on_signal(SIGINT)),
        }
    }

    fn leave(&mut self) -> Ending {
        match self.driver.session().step() {
            Step::Done(_) => Ending::Finished,
            Step::Ask(_) => {
                // Nothing hangs on this mark: an unfinished session can go on with or without it.
                let _ = self.driver.pause();
                Ending::Paused
            }
        }
    }

    fn answer(&mut self, draft: &super::card::Draft) {
        let session = self.driver.session();
        let Step::Ask(asked) = session.step() else { return };
        let response = match response(session.item(asked), asked, draft) {
            Ok(response) => response,
            Err(error) => return self.app.tell(capitalised(&error.to_string())),
        };
        let seconds = self.stopwatch.read((self.now)()).as_secs_f64();
        if let Err(message) = self.driver.answer(response, Some(seconds)) {
            return self.app.tell(message);
        }
        self.stopwatch = Stopwatch::default();
        let session = self.driver.session();
        match open_card(session) {
            Some(card) => self.app.ask(card),
            None => self.app.finish(reviews(session)),
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
