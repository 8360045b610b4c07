//! The real terminal: taking it over, giving it back on every way out (return, error, panic), and
//! noticing signals. Never knows what is drawn.

use std::io::{self, IsTerminal, Stdout, stdin, stdout};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Once, OnceLock};
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::TuiError;

/// Whether the terminal is ours at the moment.
static TAKEN: AtomicBool = AtomicBool::new(false);
static PANIC_HOOK: Once = Once::new();
static SIGNALS: OnceLock<Watched> = OnceLock::new();

/// The terminal while it is ours; dropping it gives it back.
pub struct FullScreen {
    /// What is drawn on.
    pub terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl FullScreen {
    /// Takes the terminal over: raw keys, its second screen, pastes told apart from typing.
    ///
    /// # Errors
    /// When there is no terminal, or it refuses.
    pub fn enter() -> Result<Self, TuiError> {
        if !stdin().is_terminal() || !stdout().is_terminal() {
            return Err(TuiError::NoTerminal);
        }
        PANIC_HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                // First the terminal, or the message would be lost with the second screen.
                give_back();
                before(info);
            }));
        });
        let refused = |source| TuiError::Terminal { doing: "take over the terminal", source };
        enable_raw_mode().map_err(refused)?;
        TAKEN.store(true, Ordering::SeqCst);
        let taken = execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste)
            .and_then(|()| Terminal::new(CrosstermBackend::new(stdout())));
        match taken {
            Ok(terminal) => Ok(Self { terminal }),
            Err(source) => {
                give_back();
                Err(refused(source))
            }
        }
    }
}

impl Drop for FullScreen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back, once, however often it is called.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // Nobody is left to tell when these fail: after a hang-up there is no terminal.
        let _ = disable_raw_mode();
        let _ = execute!(stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
    }
}

struct Watched {
    /// The last signal that came; 0 for none.
    came: Arc<AtomicUsize>,
    /// Whether signals do again what they do by default.
    outside: Arc<AtomicBool>,
}

/// Signals while the terminal is ours: they are noted, and the loop leaves in good order. After
/// dropping this they do again what they do by default.
pub struct Signals(&'static Watched);

impl Signals {
    /// Begins to note SIGINT, SIGTERM and SIGHUP.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn watch() -> Result<Self, TuiError> {
        let watched = match SIGNALS.get() {
            Some(watched) => watched,
            None => {
                let fresh = register()
                    .map_err(|source| TuiError::Terminal { doing: "watch for signals", source })?;
                SIGNALS.get_or_init(|| fresh)
            }
        };
        watched.came.store(0, Ordering::SeqCst);
        watched.outside.store(false, Ordering::SeqCst);
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(|| end_when_stuck(watched))
            .map_err(|source| TuiError::Terminal { doing: "watch for signals", source })?;
        Ok(Self(watched))
    }

    /// The signal that came, if one did.
    pub fn came(&self) -> Option<i32> {
        i32::try_from(self.0.came.load(Ordering::SeqCst)).ok().filter(|signal| *signal != 0)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.0.outside.store(true, Ordering::SeqCst);
    }
}

/// Ends the process when a signal came and the loop does not leave.
///
/// When the terminal itself has gone, reading from it gives nothing for ever, and the reader of
/// events never comes back to look at signals. Every answer is stored before its question is
/// left, so there is nothing to lose.
fn end_when_stuck(watched: &'static Watched) {
    const LOOK_EVERY: Duration = Duration::from_millis(200);
    const PATIENCE: u32 = 10;
    let mut looks_since_signal = 0;
    while !watched.outside.load(Ordering::SeqCst) {
        std::thread::sleep(LOOK_EVERY);
        let signal = watched.came.load(Ordering::SeqCst);
        looks_since_signal = if signal == 0 { 0 } else { looks_since_signal + 1 };
        if looks_since_signal > PATIENCE && !watched.outside.load(Ordering::SeqCst) {
            give_back();
            let by_key = i32::try_from(signal) == Ok(SIGINT);
            std::process::exit(if by_key { 130 } else { 75 });
        }
    }
}

fn register() -> io::Result<Watched> {
    let watched = Watched { came: Arc::default(), outside: Arc::default() };
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        let number = usize::try_from(signal).unwrap_or_default();
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&watched.outside))?;
        signal_hook::flag::register_usize(signal, Arc::clone(&watched.came), number)?;
    }
    Ok(watched)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_noted_and_does_not_end_the_process() {
        // Goal: while the terminal is ours a signal is noted for the loop, and an old one is
        // forgotten by the next run. Method: raise SIGHUP at this very process, watch again.
        let signals = Signals::watch().expect("the system lets us watch");
        assert_eq!(signals.came(), None);
        signal_hook::low_level::raise(SIGHUP).expect("raised");
        assert_eq!(signals.came(), Some(SIGHUP));
        let again = Signals::watch().expect("the system lets us watch");
        assert_eq!(again.came(), None);
    }

    #[test]
    fn without_a_terminal_nothing_is_taken_over() {
        // Goal: a terminal that is not there is told, not guessed. Method: only where the tests
        // run without one; with one, entering and leaving must give it back.
        match FullScreen::enter() {
            Err(TuiError::NoTerminal) => assert!(!stdin().is_terminal() || !stdout().is_terminal()),
            Err(error) => panic!("{error}"),
            Ok(screen) => drop(screen),
        }
        assert!(!TAKEN.load(Ordering::SeqCst));
    }
}
