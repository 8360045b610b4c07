//! The full-screen assessment: one question at a time, without pressure, ending in the report.
//!
//! [`run`] is the front door. The state, the drawing and the Markdown are pure and
//! run under test on a screen in memory; only `terminal` and [`run`] touch the real one. Nothing
//! here measures or stores: the [`Driver`] does, and an answer is shown as given only after the
//! driver has kept it.

mod app;
mod card;
mod highlight;
mod input;
mod markdown;
mod pages;
mod question;
mod question_view;
mod shell;
mod style;
mod terminal;
mod view;

#[cfg(test)]
mod tests;

use std::io;
use std::time::{Duration, Instant};

use ratatui::crossterm::event;

use crate::assessment::{Response, Session};
use highlight::BackgroundPainter;
use shell::Shell;
use terminal::{FullScreen, Signals};

/// How long the loop sleeps at most before it looks for signals and finished highlighting.
const TICK: Duration = Duration::from_millis(100);

/// The edge to whoever holds the session and its store.
pub trait Driver {
    /// The session as it stands.
    fn session(&self) -> &Session;

    /// Keeps the answer to the open question durably, then advances the session.
    ///
    /// # Errors
    /// A sentence for the person; the question stays open.
    fn answer(&mut self, response: Response, seconds: Option<f64>) -> Result<(), String>;

    /// Keeps a remark on the open question.
    ///
    /// # Errors
    /// A sentence for the person.
    fn flag(&mut self, text: &str) -> Result<(), String>;

    /// Notes that the person has paused or left in mid-test.
    ///
    /// # Errors
    /// A sentence for the person; every answer is kept all the same.
    fn pause(&mut self) -> Result<(), String>;

    /// The report as plain text without colour, no line wider than `width` cells.
    fn report_text(&self, width: usize) -> String;

    /// What else the first screen should say.
    fn notices(&self) -> Vec<String>;
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The test is over and the report has been shown.
    Finished,
    /// The person left in mid-test; the session can go on.
    Paused,
    /// A signal of that number ended it (Ctrl-C counts as SIGINT, 2).
    Interrupted(i32),
}

/// Why the full screen could not be used.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// Standard input or output is no terminal.
    #[error("the full screen needs a terminal on standard input and output; use --plain")]
    NoTerminal,
    /// The terminal or the system refused.
    #[error("cannot {doing}: {source}")]
    Terminal {
        /// What was tried.
        doing: &'static str,
        /// What went wrong.
        source: io::Error,
    },
}

/// Runs the session on the full screen until it ends, is left, or a signal comes. The terminal is
/// given back on every way out. `colour` says whether colours may be used (`--color`, `NO_COLOR`).
///
/// # Errors
/// When there is no terminal, or it cannot be read or written.
pub fn run(driver: &mut dyn Driver, colour: bool) -> Result<Ending, TuiError> {
    let signals = Signals::watch()?;
    let mut screen = FullScreen::enter()?;
    // Colours are decided by the caller; without this the backend would also look at NO_COLOR.
    ratatui::crossterm::style::force_color_output(true);
    let painter = BackgroundPainter::default();
    let mut shell = Shell::new(driver, colour, Instant::now);
    let mut outdated = true;
    loop {
        if outdated {
            shell.frame(&mut screen.terminal, &painter).map_err(failed("draw"))?;
        }
        let waiting = event::poll(TICK);
        if let Some(signal) = signals.came() {
            return Ok(shell.on_signal(signal));
        }
        outdated = painter.collect() | shell.keep_time();
        // Everything that waits is taken before the next frame: a storm of resizes or a held key
        // costs one frame, not hundreds.
        let mut waiting = waiting.map_err(failed("read the terminal"))?;
        while waiting {
            let event = event::read().map_err(failed("read the terminal"))?;
            outdated = true;
            if let Some(ending) = shell.on_event(&event) {
                return Ok(ending);
            }
            waiting = event::poll(Duration::ZERO).map_err(failed("read the terminal"))?;
        }
    }
}

fn failed(doing: &'static str) -> impl Fn(io::Error) -> TuiError {
    move |source| TuiError::Terminal { doing, source }
}
