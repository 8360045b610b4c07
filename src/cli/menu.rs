//! What `gradus` alone does on a terminal: a short menu of what makes sense now.

use std::io::{self, BufRead, IsTerminal, Write};

use super::data_dir::open_store;
use super::{CliError, Global};
use crate::store::SessionFilter;

/// What was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// A new assessment.
    Take,
    /// The unfinished one.
    Resume,
    /// The report of the last one.
    Report,
    /// The list of past and paused ones.
    Sessions,
    /// The full help.
    Help,
    /// Nothing.
    Leave,
}

/// Asks; `None` when there is no terminal to ask on.
///
/// # Errors
/// When the store cannot be opened.
pub fn ask(global: &Global) -> Result<Option<Choice>, CliError> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Ok(None);
    }
    let entries = entries(global)?;
    println!("Gradus measures what a back-end developer knows.\n");
    for (number, (_, text)) in entries.iter().enumerate() {
        println!("  {}  {text}", number + 1);
    }
    println!("  q  leave\n");
    loop {
        print!("> ");
        io::stdout().flush().ok();
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        if matches!(read, Ok(0) | Err(_)) {
            return Ok(Some(Choice::Leave));
        }
        if let Some(choice) = choice(&entries, line.trim()) {
            return Ok(Some(choice));
        }
        println!("Type a number from 1 to {}, or q.", entries.len());
    }
}

fn choice(entries: &[(Choice, &'static str)], typed: &str) -> Option<Choice> {
    match typed {
        "" => Some(entries[0].0),
        "q" | "Q" => Some(Choice::Leave),
        number => number
            .parse::<usize>()
            .ok()
            .and_then(|number| entries.get(number.checked_sub(1)?))
            .map(|(choice, _)| *choice),
    }
}

fn entries(global: &Global) -> Result<Vec<(Choice, &'static str)>, CliError> {
    let store = open_store(global)?;
    let mut entries = Vec::new();
    if store.latest_session(SessionFilter::Unfinished)?.is_some() {
        entries.push((Choice::Resume, "go on with the unfinished assessment"));
    }
    entries.push((Choice::Take, "take an assessment (15–30 minutes)"));
    if store.latest_session(SessionFilter::Finished)?.is_some() {
        entries.push((Choice::Report, "read the last report"));
    }
    if store.latest_session(SessionFilter::Any)?.is_some() {
        entries.push((Choice::Sessions, "list past and paused assessments"));
    }
    entries.push((Choice::Help, "all commands"));
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enter_takes_the_first_entry_and_nonsense_none() {
        // Goal: what is typed names an entry. Method: each kind of input.
        let entries = [(Choice::Resume, "go on"), (Choice::Take, "take")];
        assert_eq!(choice(&entries, ""), Some(Choice::Resume));
        assert_eq!(choice(&entries, "2"), Some(Choice::Take));
        assert_eq!(choice(&entries, "q"), Some(Choice::Leave));
        assert_eq!(choice(&entries, "0"), None);
        assert_eq!(choice(&entries, "3"), None);
        assert_eq!(choice(&entries, "take"), None);
    }
}
