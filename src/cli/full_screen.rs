//! The edge between the full-screen interface and a sitting.

use super::sitting::Sitting;
use super::{CliError, Exit};
use crate::assessment::{Response, Session};
use crate::report::{self, Detail, Report, TextOptions};
use crate::tui::{self, Driver, Ending};

struct Keeper {
    sitting: Sitting,
}

impl Driver for Keeper {
    fn session(&self) -> &Session {
        self.sitting.session()
    }

    fn answer(&mut self, response: Response, seconds: Option<f64>) -> Result<(), String> {
        self.sitting.answer(response, seconds).map_err(|error| error.message)
    }

    fn flag(&mut self, text: &str) -> Result<(), String> {
        self.sitting.flag(text);
        Ok(())
    }

    fn pause(&mut self) -> Result<(), String> {
        self.sitting.pause().map_err(|error| error.message)
    }

    fn report_text(&self, width: usize) -> String {
        let report = Report::new(self.sitting.session(), self.sitting.run_facts());
        report::text(&report, &TextOptions { width, color: false, detail: Detail::Summary })
    }

    fn notices(&self) -> Vec<String> {
        self.sitting.notices().to_vec()
    }
}

/// Runs a sitting in the full screen.
///
/// # Errors
/// When the terminal cannot be used.
pub fn run(sitting: Sitting, color: bool) -> Result<Exit, CliError> {
    let mut keeper = Keeper { sitting };
    let ending = tui::run(&mut keeper, color).map_err(|error| {
        CliError::new(Exit::Refused, error.to_string()).help("try `gradus take --plain`")
    })?;
    let id = keeper.sitting.id();
    match ending {
        Ending::Finished => {
            super::say(&format!("See it again with `gradus report {id}`."));
            Ok(Exit::Done)
        }
        Ending::Paused => {
            super::say(&format!("Every answer is kept. Go on with `gradus take --resume {id}`."));
            Ok(Exit::Done)
        }
        Ending::Interrupted(signal) => {
            super::say(&format!(
                "Interrupted; every answer is kept. Go on with `gradus take --resume {id}`."
            ));
            let by_key = signal == signal_hook::consts::SIGINT;
            Ok(if by_key { Exit::Interrupted } else { Exit::TryAgain })
        }
    }
}
