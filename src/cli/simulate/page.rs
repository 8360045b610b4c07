//! From a finished simulation to the model of its page. Draws nothing.

use std::path::Path;

use super::{Finished, SimulateArgs};
use crate::report::{StudyDesign, StudyPage, StudySource};

/// The page's model.
pub fn page(args: &SimulateArgs, finished: &Finished) -> StudyPage {
    let designs = finished.runs.iter().map(|ran| StudyDesign {
        settings: ran.settings.clone(),
        summary: ran.summary.clone(),
        figures: ran.figures.clone(),
        roles: ran.roles,
        difference: ran.difference,
    });
    StudyPage {
        command: command_line(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: finished.seed,
        source: source(args, finished),
        item_ids: finished.item_ids.iter().map(str::to_owned).collect(),
        item_map: finished.item_map.clone(),
        designs: designs.collect(),
    }
}

fn source(args: &SimulateArgs, finished: &Finished) -> StudySource {
    let name = |path: &Path| {
        path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    };
    match &finished.banks {
        Some(banks) => StudySource::Banks {
            fingerprint: banks.fingerprint.clone(),
            topics: banks.topics.clone(),
            difficulties: banks.difficulties.to_owned(),
        },
        None => StudySource::Items {
            file: args.items.as_deref().map_or_else(String::new, name),
            replay: args.replay.as_deref().map(name),
        },
    }
}

/// The command as it was typed, quoted where a shell needs it.
fn command_line() -> String {
    let arguments = std::env::args_os().skip(1);
    let quoted = arguments.map(|argument| quoted(&argument.to_string_lossy()));
    std::iter::once("gradus".to_owned()).chain(quoted).collect::<Vec<_>>().join(" ")
}

fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+%@".contains(c);
    match !argument.is_empty() && argument.chars().all(plain) {
        true => argument.to_owned(),
        false => format!("'{}'", argument.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_the_command_back() {
        // Goal: the command on the page can be run. Method: words with and without what a shell
        // would take for itself.
        assert_eq!(quoted("--cuts=-0.25,1.2"), "--cuts=-0.25,1.2");
        assert_eq!(quoted("se<0.3"), "'se<0.3'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted(""), "''");
    }
}
