//! How a command ends: the exit codes of the program and the one error type of the command line.

use std::fmt;

/// The documented exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// The command did what it was asked.
    Done = 0,
    /// It ran and the answer is no: lint errors, a replay that differs.
    No = 1,
    /// The command line or an answer could not be understood.
    Usage = 2,
    /// A session, item or file that does not exist.
    NotFound = 3,
    /// A bank or data file that is not valid.
    Invalid = 4,
    /// Refused: locked, read-only, not allowed.
    Refused = 5,
    /// Try again later; the session is kept.
    TryAgain = 75,
    /// Interrupted by the user.
    Interrupted = 130,
}

/// An error as the user sees it: a message, an optional `help:` line and the exit code.
#[derive(Debug)]
pub struct CliError {
    /// The exit code of the process.
    pub exit: Exit,
    /// What went wrong, in one or more lines without a final period.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl CliError {
    /// An error with an exit code and a message.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), help: None }
    }

    /// Adds the `help:` line.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for CliError {}
