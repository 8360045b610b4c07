//! Judges what structure cannot: whether an item gives its key away, can be understood, taught
//! and looked up. Never changes an item and never asks whether its key is true.
//!
//! The rules condense Haladyna, Downing and Rodriguez (2002), "A review of multiple-choice
//! item-writing guidelines", Applied Measurement in Education 15(3); thresholds were set on
//! public banks, where they separate good ones from bad ones.

mod bankwide;
mod options;
mod relations;
pub(super) mod sources;
mod stem;
#[cfg(test)]
mod tests;
pub(super) mod text;
mod unwritten;
pub(super) mod voices;

use super::diagnostic::{Diagnostic, Severity};
use super::fields::Sink;
use super::node::{Node, Step};
use super::read::{CheckOptions, Draft};
use super::types::{Bank, Item, Topic};
use super::words::Status;
use text::Anatomy;

/// A stable code and what it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The code.
    pub code: &'static str,
    /// The gravest form it can take.
    pub severity: Severity,
    /// What it finds.
    pub finds: &'static str,
}

const fn error(code: &'static str, finds: &'static str) -> Rule {
    Rule { code, severity: Severity::Error, finds }
}

const fn warning(code: &'static str, finds: &'static str) -> Rule {
    Rule { code, severity: Severity::Warning, finds }
}

const fn info(code: &'static str, finds: &'static str) -> Rule {
    Rule { code, severity: Severity::Info, finds }
}

/// Every code that `gradus bank` can report: those of the check, and V of the proofs. R is about
/// reviews.
pub const RULES: [Rule; 57] = [
    error("Q000", "text that is not YAML"),
    error("Q001", "a field or name that is missing, unknown, repeated or of the wrong type"),
    error("Q002", "no key, a key too many, or a key that names no option"),
    error("Q003", "options that are equal or empty, fewer than three, more than six"),
    error("Q004", "a missing, short or empty explanation"),
    error("Q005", "no reference, an unknown source, no locator, an unfit host"),
    error("Q006", "a wrong option without its own feedback or misconception"),
    error("Q007", "all, none or both of the above; combinations of options"),
    error("Q008", "a key that its length gives away"),
    error("Q009", "a negative stem, above all one without emphasis"),
    warning("Q010", "absolute words in wrong options alone, hedges in the key alone"),
    warning("Q011", "a rare word of the stem that returns in the key alone"),
    info("Q012", "a key that shares most with the other options"),
    warning("Q013", "a grammatical cue between stem and options"),
    warning("Q014", "options of different form"),
    error("Q015", "numbers or dates out of order, ranges that overlap"),
    warning("Q016", "a stem without a question or a request; a gap to fill"),
    warning("Q017", "a stem, a listing or an option that is too long"),
    warning("Q018", "best, most or recommended without a criterion"),
    error("Q019", "words that age, or a product without version and date"),
    error("Q020", "code without language and version"),
    error("Q021", "a proof whose output is not the key"),
    error("Q022", "a near-duplicate that is not declared"),
    error("Q023", "one-sided enemies, unknown relatives, too many variants"),
    warning("Q024", "a difficulty far from its level and cognitive act"),
    warning("Q025", "an analysis without data, a recall with a scenario"),
    warning("Q026", "an explanation that does not speak of the key"),
    error("Q027", "an option named by letter or place; a fixed order without a reason"),
    error("Q028", "an image without a text for those who cannot see it"),
    error("Q029", "addresses, unsafe HTML, tabs or curly quotes where they do harm"),
    error("Q030", "a review that is overdue, a validity that has ended"),
    error("Q031", "a waiver of what cannot be waived, without a reason, or of nothing"),
    error("Q032", "a text of a new item that is still to be written"),
    error("B101", "the longest option is the key too often"),
    error("B102", "the key can be guessed from the surface of the options"),
    warning("B103", "keys stand at some places too often"),
    warning("B104", "cells of the blueprint that lack items, difficulties off the plan"),
    warning("B105", "too many negative stems, one page or one author too dominant"),
    warning("B106", "one way of asking that is used too often"),
    error("V001", "a proof that prints something else than it expects"),
    error("V002", "a proof without the program that the stem shows"),
    error("V003", "a proof that prints its result as a literal"),
    error("V004", "a proof whose output speaks for another answer than the key"),
    error("V005", "a proof that fails or takes too long"),
    info("V006", "a proof that could not be run here"),
    error("R001", "a review of a version or an item that is not there"),
    warning("R002", "fewer than three blind solvers who agree with the key"),
    error("R003", "a second answer that was upheld"),
    error("R004", "no source check by another than the author, or one that denies the key"),
    warning("R005", "fewer than three ratings of the difficulty"),
    warning("C001", "a calibration of an item that is not there"),
    warning("C002", "a calibration of another version of an item"),
    error("C003", "parameters without their standard errors, or out of range"),
    error("C004", "a standing that the number of answers or the standard error does not bear"),
    error("C005", "an accepted calibration that does not say who reviewed it, and when"),
    error("C006", "two accepted calibrations of one day"),
    info("C007", "a calibration that nobody has accepted: it is not used"),
];

/// The severities of a rule may vary with the case; its code may not.
pub(super) fn rule(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code == code)
}

/// An item that is being judged, with what every rule needs.
pub(super) struct Subject<'d> {
    pub item: &'d Item,
    pub topic: Option<&'d Topic>,
    pub stem: Anatomy,
}

/// Where the findings about one item go.
pub(super) struct Report<'s, 'd, 'f> {
    sink: &'s mut Sink<'f>,
    item: &'d Item,
    node: &'d Node<'d>,
    used_waivers: Vec<&'static str>,
}

impl Report<'_, '_, '_> {
    fn error(&mut self, code: &'static str, path: &[Step], message: impl Into<String>, help: &str) {
        self.find(code, Severity::Error, path, message.into(), help);
    }

    /// A warning; a waiver with a reason silences it.
    fn warn(&mut self, code: &'static str, path: &[Step], message: impl Into<String>, help: &str) {
        if self.item.waivers.iter().any(|waiver| waiver.code == code) {
            self.used_waivers.push(code);
            return;
        }
        self.find(code, Severity::Warning, path, message.into(), help);
    }

    fn info(&mut self, code: &'static str, path: &[Step], message: impl Into<String>, help: &str) {
        self.find(code, Severity::Info, path, message.into(), help);
    }

    fn find(
        &mut self,
        code: &'static str,
        severity: Severity,
        path: &[Step],
        message: String,
        help: &str,
    ) {
        let help = Some(help.to_owned()).filter(|help| !help.is_empty());
        self.sink.item = Some(self.item.id.to_string());
        self.sink.put(code, severity, self.node.locate(path), message, help);
    }
}

/// The path to an option, or to a part of it.
fn option_path(index: usize) -> [Step; 3] {
    [Step::Field("options"), Step::Index(index), Step::Field("text")]
}

/// Runs every check over a draft: items first, then the bank as a whole.
pub(super) fn run(
    draft: &Draft<'_, '_>,
    sinks: &mut [Sink<'_>],
    options: &CheckOptions<'_>,
) -> Vec<Diagnostic> {
    let bank = &draft.bank;
    let relations = relations::Relations::new(bank, options.around);
    for (index, (item, (file, node))) in bank.items.iter().zip(&draft.sites).enumerate() {
        if item.status == Status::Retired {
            continue;
        }
        let mut report = Report { sink: &mut sinks[*file], item, node, used_waivers: Vec::new() };
        // What is still to be written says nothing about what will be: it is named, and nothing else.
        if unwritten::check(item, &mut report) {
            continue;
        }
        let subject = subject(item, bank);
        options::check(&subject, &mut report);
        stem::check(&subject, &mut report);
        sources::check(&subject, draft, options.today, &mut report);
        relations.check(index, &mut report);
        waivers(&mut report);
    }
    let mut of_the_whole = bankwide::check(bank, options.around.is_some());
    of_the_whole.extend(voices::check(draft, sinks));
    of_the_whole
}

fn subject<'d>(item: &'d Item, bank: &'d Bank) -> Subject<'d> {
    let topic = bank.topics.iter().find(|topic| topic.id == item.topic);
    Subject { item, topic, stem: text::anatomy(&item.stem) }
}

/// Fewest characters of a reason that says something.
const REASON_MIN: usize = 20;

/// Whether a rule warns about single items, so that an author can answer it. What concerns the bank
/// as a whole no item can waive.
fn is_waivable(rule: &Rule) -> bool {
    const OF_TWO_SEVERITIES: [&str; 4] = ["Q008", "Q009", "V002", "R004"];
    !rule.code.starts_with(['B', 'C'])
        && rule.code != "Q031"
        && (rule.severity == Severity::Warning || OF_TWO_SEVERITIES.contains(&rule.code))
}

/// Q031: a waiver names a rule that warns, says why, and is needed.
fn waivers(report: &mut Report<'_, '_, '_>) {
    for (index, waiver) in report.item.waivers.iter().enumerate() {
        let path = |field| [Step::Field("waivers"), Step::Index(index), Step::Field(field)];
        let path_of_check = path("check");
        match rule(&waiver.code) {
            None => {
                let message = format!("`{}` is no rule", waiver.code);
                let help = "codes stand in docs/BANK-FORMAT.md";
                report.error("Q031", &path_of_check, message, help);
            }
            Some(rule) if !is_waivable(rule) => {
                let message = format!("{} cannot be waived", rule.code);
                let help = "repair what it finds; warnings about single items can be waived";
                report.error("Q031", &path_of_check, message, help);
            }
            // What proofs and reviews are worth is known only when there are some.
            Some(rule) if rule.code.starts_with(['V', 'R']) => {}
            Some(rule) if !report.used_waivers.contains(&rule.code) => {
                let message = format!("the waiver of {} has nothing to waive", rule.code);
                let help = "drop it; errors of the rule cannot be waived";
                report.find("Q031", Severity::Warning, &path_of_check, message, help);
            }
            Some(_) => {}
        }
        if folded_length(&waiver.reason) < REASON_MIN {
            let message = format!("the reason of a waiver has fewer than {REASON_MIN} characters");
            let help = "say why the rule does not apply to this item";
            report.error("Q031", &path("reason"), message, help);
        }
    }
}

fn folded_length(text: &str) -> usize {
    text::folded(text).chars().count()
}
