//! Judges an item's proof, the `verify` block, against its stem and its key: whether it runs what
//! the stem shows, computes what it prints, and prints what the key says. It is given what was
//! printed; it never runs anything.

mod agreement;
mod literal;

pub use agreement::{Agreement, agreement};

use super::check::text::{anatomy, folded};
use super::diagnostic::Severity;
use super::types::{Item, Verify};
use super::words::{ItemType, Runner};

/// Something that is wrong with a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofFinding {
    /// The stable code (`V001`).
    pub code: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: &'static str,
}

/// What can be said about a proof without running it: V002 and V003.
///
/// V002 holds programs alone to the letter. What a code-output item shows is what is asked about,
/// so there it is an error; elsewhere a proof may have to take the program apart, and it warns.
#[must_use]
pub fn proof_findings(item: &Item) -> Vec<ProofFinding> {
    let Some(verify) = item.verify.as_ref().filter(|verify| verify.runner != Runner::None) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let parts = anatomy(&item.stem);
    let shown: Vec<&str> = parts
        .blocks
        .iter()
        .zip(&parts.listings)
        .filter(|((tag, _), _)| is_program_of(verify.runner, tag))
        .map(|(_, listing)| listing.as_str())
        .collect();
    if let Some(missing) = shown.iter().find(|listing| place_of(listing, &verify.script).is_none())
    {
        let severity = match item.kind {
            ItemType::CodeOutput => Severity::Error,
            _ => Severity::Warning,
        };
        if !(severity == Severity::Warning && is_waived(item, "V002")) {
            let first = missing.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
            found.push(ProofFinding {
                code: "V002",
                severity,
                message: format!(
                    "the proof does not hold the program of the stem that begins `{}`",
                    first.trim()
                ),
                help: "copy the fenced block into the script, line by line",
            });
        }
    }
    if let Some(line) = literal::printed_literal(verify, &shown) {
        found.push(ProofFinding {
            code: "V003",
            severity: Severity::Error,
            message: format!("the proof prints its result as a literal: `{}`", line.trim()),
            help: "compute the result from what the stem gives, then print it",
        });
    }
    found
}

/// V001: what was printed is not what the proof expects, without white space at the ends.
#[must_use]
pub fn output_finding(verify: &Verify, output: &str) -> Option<ProofFinding> {
    let clean = |text: &str| -> Vec<String> {
        text.trim().lines().map(|line| line.trim_end().to_owned()).collect()
    };
    let (printed, expected) = (clean(output), clean(&verify.expect));
    if printed == expected {
        return None;
    }
    let line = printed.iter().zip(&expected).take_while(|(left, right)| left == right).count();
    let shown = |lines: &[String]| match lines.get(line) {
        Some(text) => format!("`{}`", shortened(text)),
        None => "nothing".to_owned(),
    };
    Some(ProofFinding {
        code: "V001",
        severity: Severity::Error,
        message: format!(
            "line {} of the output is {} where {} is expected",
            line + 1,
            shown(&printed),
            shown(&expected)
        ),
        help: "run the script; repair it, `expect` or the key",
    })
}

/// The beginning of a line, for a message.
fn shortened(text: &str) -> String {
    const SHOWN_MAX: usize = 80;
    let mut letters = text.chars();
    let start: String = letters.by_ref().take(SHOWN_MAX).collect();
    if letters.next().is_some() { format!("{start}…") } else { start }
}

fn is_waived(item: &Item, code: &str) -> bool {
    item.waivers.iter().any(|waiver| waiver.code == code)
}

/// Whether a fenced block of this tag is a program in the runner's language.
fn is_program_of(runner: Runner, tag: &str) -> bool {
    let tag = tag.split([' ', ',', '{']).next().unwrap_or_default();
    match runner {
        Runner::Sqlite | Runner::Postgres => tag == "sql",
        Runner::Python => matches!(tag, "python" | "py"),
        Runner::Node => matches!(tag, "javascript" | "js" | "node"),
        Runner::Git | Runner::Shell => matches!(tag, "bash" | "sh" | "shell"),
        Runner::None => false,
    }
}

/// The lines that count when programs are compared: without indentation and blank lines.
fn bare_lines(text: &str) -> Vec<(usize, String)> {
    text.lines()
        .enumerate()
        .map(|(number, line)| (number, folded(line)))
        .filter(|(_, line)| !line.is_empty())
        .collect()
}

/// The lines of a script between which a listing stands, one after another.
fn place_of(listing: &str, script: &str) -> Option<std::ops::Range<usize>> {
    let (wanted, script) = (bare_lines(listing), bare_lines(script));
    if wanted.is_empty() {
        return Some(0..0);
    }
    script.windows(wanted.len()).find_map(|window| {
        let same = window.iter().zip(&wanted).all(|(left, right)| left.1 == right.1);
        let (first, last) = (window.first()?, window.last()?);
        same.then_some(first.0..last.0 + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    /// A sample item that asks for the output of a Python program, with this proof.
    fn asked(kind: ItemType, stem: &str, script: &str) -> Item {
        let mut item = sample::bank().items[0].clone();
        item.kind = kind;
        item.stem = stem.to_owned();
        item.verify = Some(Verify {
            runner: Runner::Python,
            script: script.to_owned(),
            expect: "4".to_owned(),
            _checked: (),
        });
        item
    }

    const STEM: &str = "What is printed?\n\n```python\nif True:\n    print(2 + 2)\n```\n";

    fn codes(item: &Item) -> Vec<(&'static str, Severity)> {
        proof_findings(item).iter().map(|found| (found.code, found.severity)).collect()
    }

    #[test]
    fn a_proof_holds_the_program_of_the_stem() {
        // Goal: V002 on programs that are not run as shown, an error where the output is asked
        // for. Method: the listing indented anew, changed, and in another type of item.
        let item =
            asked(ItemType::CodeOutput, STEM, "def f():\n  if True:\n\n      print(2 + 2)\nf()");
        assert_eq!(codes(&item), []);
        let changed = "if True:\n    print(2 + 3 - 1)\n";
        assert_eq!(codes(&asked(ItemType::CodeOutput, STEM, changed)), [("V002", Severity::Error)]);
        assert_eq!(codes(&asked(ItemType::Single, STEM, changed)), [("V002", Severity::Warning)]);
        let data = STEM.replace("python", "text");
        assert_eq!(codes(&asked(ItemType::CodeOutput, &data, changed)), []);
    }

    #[test]
    fn a_script_that_only_says_the_result_proves_nothing() {
        // Goal: V003 on a literal, with and without the stem's code above it. Method: the stem's
        // program defined and never used, then the answer printed.
        let stem = "What is returned?\n\n```python\ndef f():\n    return 2 + 2\n```\n";
        let unused = "def f():\n    return 2 + 2\nprint(\"4\")";
        assert_eq!(codes(&asked(ItemType::CodeOutput, stem, unused)), [("V003", Severity::Error)]);
        let used = "def f():\n    return 2 + 2\nprint(f())";
        assert_eq!(codes(&asked(ItemType::CodeOutput, stem, used)), []);
    }

    #[test]
    fn outputs_are_compared_without_white_space_at_the_ends() {
        // Goal: V001 exactly when the texts differ, with the first differing line. Method: spaces,
        // Windows line ends, a missing line, another line.
        let verify = |expect: &str| Verify {
            runner: Runner::Shell,
            script: "true".to_owned(),
            expect: expect.to_owned(),
            _checked: (),
        };
        assert_eq!(output_finding(&verify("a\nb\n"), "  a  \r\nb\n\n"), None);
        let found = output_finding(&verify("a\nb"), "a").expect("a difference");
        assert_eq!(found.message, "line 2 of the output is nothing where `b` is expected");
        assert_eq!(output_finding(&verify("a"), "c").map(|found| found.code), Some("V001"));
    }
}
