//! `gradus bank try`: asks one item in the plain form, scores the answer and tells why. Nothing
//! is stored.

use std::io::{self, BufRead, Write};

use super::super::bank_source::load_bank;
use super::super::plain::ways_to_answer;
use super::super::{CliError, Exit, Format, Global};
use super::item;
use super::show::{WIDTH, key, question, sources};
use crate::assessment::{PlainInput, Response, score};
use crate::bank::Item;
use crate::report::prose;

/// After so many lines that are no answer the command gives up.
const UNREADABLE_MAX: usize = 3;

pub(super) fn run(global: &Global, id: &str) -> Result<Exit, CliError> {
    if !matches!(global.format, None | Some(Format::Text)) {
        return Err(CliError::new(Exit::Usage, "`gradus bank try` has no such format")
            .help("use --format text"));
    }
    let bank = load_bank(global)?;
    let item = item(&bank, id)?;
    let mut out = io::stdout().lock();
    let response = ask(item, &mut io::stdin().lock(), &mut out)?;
    write!(out, "\n{}", verdict(item, &response))
        .and_then(|()| out.flush())
        .map_err(output_failed)?;
    Ok(Exit::Done)
}

fn ask(item: &Item, input: &mut dyn BufRead, out: &mut dyn Write) -> Result<Response, CliError> {
    let shown: Vec<usize> = (0..item.options.len()).collect();
    write!(out, "{}\n[{}]\n", question(item), ways_to_answer(item)).map_err(output_failed)?;
    out.flush().map_err(output_failed)?;
    let mut unreadable = 0;
    loop {
        let mut line = String::new();
        let read = input.read_line(&mut line);
        if read.map_err(|error| {
            CliError::new(Exit::Usage, format!("the input cannot be read: {error}"))
        })? == 0
        {
            return Err(CliError::new(Exit::Usage, "the input ended without an answer"));
        }
        match PlainInput::parse(item, &shown, &line) {
            Ok(PlainInput::Answer(response)) => return Ok(response),
            Ok(PlainInput::Flag(_)) => {
                writeln!(out, "Nothing is stored here, remarks neither. Your answer?")
                    .map_err(output_failed)?;
            }
            Err(error) => {
                unreadable += 1;
                if unreadable == UNREADABLE_MAX {
                    return Err(CliError::new(Exit::Usage, format!("{error}, three times")));
                }
                writeln!(out, "That cannot be read: {error}.").map_err(output_failed)?;
            }
        }
        out.flush().map_err(output_failed)?;
    }
}

fn output_failed(error: io::Error) -> CliError {
    CliError::new(Exit::Refused, format!("the output cannot be written: {error}"))
}

/// What the person is told: right or wrong, the key, the feedback on what they chose, why.
fn verdict(item: &Item, response: &Response) -> String {
    let scored = score(item, response);
    let word = match response {
        Response::DontKnow => "Not answered.".to_owned(),
        _ if scored.is_right() => "Right.".to_owned(),
        _ if scored.score == 0 => "Wrong.".to_owned(),
        _ => format!("Partly right: {} of {}.", scored.score, scored.max_score),
    };
    let mut text = format!("{word} The key is {}.\n\n", key(item));
    for option in item.options.iter().filter(|option| chosen(response, option.id.as_str())) {
        if !option.feedback.trim().is_empty() {
            text += &format!("{}\n\n", prose(&option.feedback, WIDTH).trim_end());
        }
    }
    text + &format!("{}\n\n{}", prose(&item.explanation, WIDTH).trim_end(), sources(item))
}

/// Whether an option was picked; in an order all were, and none by itself is worth a word.
fn chosen(response: &Response, id: &str) -> bool {
    match response {
        Response::Single(chosen) => chosen.as_str() == id,
        Response::Multi(chosen) => chosen.iter().any(|chosen| chosen.as_str() == id),
        Response::Order(_) | Response::Number(_) | Response::Text(_) | Response::DontKnow => false,
    }
}
