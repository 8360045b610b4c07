//! Signals in the plain interface: say how to go on, then end with the documented code. Every
//! acknowledged answer is on disk before its question is left, so there is nothing to save.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::Exit;

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
