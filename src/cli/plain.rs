//! The plain interface: numbered choices, one answer a line, no escape byte. For pipes, screen
//! readers, `TERM=dumb` and whoever prefers it; the same session as in the full screen.

use std::io::{self, BufRead, Write};
use std::time::Instant;

use super::sitting::Sitting;
use super::{CliError, Exit};
use crate::assessment::{Asked, PlainInput, Session, Step, letter};
use crate::bank::{Item, Key};
use crate::report::{environment, prose};

/// After so many lines that are no answer the command gives up; the session is kept.
const UNREADABLE_MAX: usize = 3;
/// Lines are wrapped here, as in a letter.
const WIDTH: usize = 80;

/// How the sitting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The test is over.
    Finished,
    /// The input ended in mid-test.
    EndOfInput,
}

/// Asks until the test is over or the input ends. `timed` only where a person types.
///
/// # Errors
/// Exit 2 after three unreadable lines; the store's errors; failing output.
pub fn ask_all(
    sitting: &mut Sitting,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
    timed: bool,
) -> Result<Ended, CliError> {
    while let Step::Ask(asked) = sitting.session().step().clone() {
        let shown_at = Instant::now();
        write!(out, "{}", question(sitting.session(), &asked)).map_err(output_failed)?;
        out.flush().map_err(output_failed)?;
        let Some(response) = read_answer(sitting, &asked, input, out)? else {
            return Ok(Ended::EndOfInput);
        };
        let seconds = timed.then(|| shown_at.elapsed().as_secs_f64());
        sitting.answer(response, seconds)?;
    }
    Ok(Ended::Finished)
}

fn read_answer(
    sitting: &mut Sitting,
    asked: &Asked,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> Result<Option<crate::assessment::Response>, CliError> {
    let mut unreadable = 0;
    loop {
        let Some(line) = read_line(input)? else { return Ok(None) };
        match PlainInput::parse(sitting.session().item(asked), &asked.shown, &line) {
            Ok(PlainInput::Answer(response)) => {
                writeln!(out).map_err(output_failed)?;
                return Ok(Some(response));
            }
            Ok(PlainInput::Flag(text)) => {
                sitting.flag(&text);
                writeln!(out, "Noted. Your answer?").map_err(output_failed)?;
            }
            Err(error) => {
                unreadable += 1;
                if unreadable == UNREADABLE_MAX {
                    let message = format!("{error}, three times; the session is kept");
                    return Err(CliError::new(Exit::Usage, message).help(resume_help(sitting)));
                }
                let ways = ways_to_answer(sitting.session().item(asked));
                writeln!(out, "That cannot be read: {error}. [{ways}]").map_err(output_failed)?;
            }
        }
        out.flush().map_err(output_failed)?;
    }
}

/// A line of input; bytes that are no text are shown as what they are.
fn read_line(input: &mut dyn BufRead) -> Result<Option<String>, CliError> {
    /// Nobody types more; a stream without line ends must not take the machine's memory.
    const LINE_BYTES_MAX: u64 = 1 << 16;
    let mut bytes = Vec::new();
    let read = io::Read::take(&mut *input, LINE_BYTES_MAX).read_until(b'\n', &mut bytes);
    match read {
        Ok(0) => Ok(None),
        Ok(_) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) => {
            Err(CliError::new(Exit::TryAgain, format!("the input cannot be read: {error}")))
        }
    }
}

/// How a kept session is taken up again.
pub fn resume_help(sitting: &Sitting) -> String {
    format!("go on with `gradus take --resume {}`", sitting.id())
}

fn output_failed(error: io::Error) -> CliError {
    CliError::new(Exit::TryAgain, format!("the output cannot be written: {error}"))
        .help("the session is kept; go on with `gradus take --resume`")
}

/// A question as text.
fn question(session: &Session, asked: &Asked) -> String {
    let item = session.item(asked);
    let bank = session.bank();
    let topic = bank.topics.iter().find(|topic| topic.id == item.topic);
    let subtopic = topic
        .and_then(|topic| topic.subtopics.iter().find(|subtopic| subtopic.id == item.subtopic));
    let mut text = format!(
        "Question {} of at most {}   {}{}\n\n",
        asked.position,
        session.plan().questions_max(),
        topic.map_or("", |topic| topic.name.as_str()),
        subtopic.map_or(String::new(), |subtopic| format!(" · {}", subtopic.name)),
    );
    if let Some(environment) = environment(item) {
        text += &format!("({environment})\n\n");
    }
    text += prose(&item.stem, WIDTH).trim_end();
    text += "\n\n";
    for (place, &option) in asked.shown.iter().enumerate() {
        let label = format!("  {}) ", letter(place));
        let body = prose(&item.options[option].text, WIDTH - label.len());
        for (number, line) in body.trim_end().lines().enumerate() {
            text += if number == 0 { label.as_str() } else { "     " };
            text += line;
            text.push('\n');
        }
    }
    if !asked.shown.is_empty() {
        text.push('\n');
    }
    text + &format!("[{}; !text remarks on the question]\n", ways_to_answer(item))
}

/// How an item is answered on a line.
pub fn ways_to_answer(item: &Item) -> String {
    let last = letter(item.options.len().saturating_sub(1));
    let way = match &item.key {
        Key::Single { .. } => format!("one of a–{last}"),
        Key::Multi { .. } => "every letter that is right, such as a,c".to_owned(),
        Key::Order { .. } => "all letters in their order, such as c,a,b".to_owned(),
        Key::Numeric { unit: Some(unit), .. } => format!("a number ({unit})"),
        Key::Numeric { unit: None, .. } => "a number".to_owned(),
        Key::Text { .. } => "type the answer".to_owned(),
    };
    format!("{way}; ? for \"I don't know\"")
}
