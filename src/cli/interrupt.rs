//! Signals in the plain interface: say how to go on, then end with the documented code. Every
//! acknowledged answer is on disk before its question is left, so there is nothing to save.

use std::sync::{Mutex, MutexGuard, PoisonError};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::{CliError, Exit};

/// On the first SIGINT, SIGTERM or SIGHUP prints `help` and ends the process: 130 for SIGINT, 75
/// for the others.
pub fn keep_session_on_signal(help: String) {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            super::say(&format!("\nInterrupted; every answer is kept. To go on: {help}"));
            let exit = if signal == SIGINT { Exit::Interrupted } else { Exit::TryAgain };
            std::process::exit(exit as i32);
        }
    });
}

/// Held while files take their places; true once they have.
static WRITTEN: Mutex<bool> = Mutex::new(false);

fn written() -> MutexGuard<'static, bool> {
    WRITTEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// On the first SIGINT or SIGTERM ends the process, before any file of [`writing`] is written or after all
/// are: 130 for SIGINT, 75 for SIGTERM.
pub fn nothing_written_on_signal() {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            let what = if *written() { "all files are written" } else { "nothing was written" };
            super::say(&format!("\nInterrupted; {what}"));
            let exit = if signal == SIGINT { Exit::Interrupted } else { Exit::TryAgain };
            std::process::exit(exit as i32);
        }
    });
}

/// Writes the files of a command with no interrupt between them.
///
/// # Errors
/// Those of the writing.
pub fn writing<T>(write: impl FnOnce() -> Result<T, CliError>) -> Result<T, CliError> {
    let mut done = written();
    let result = write()?;
    *done = true;
    Ok(result)
}
