//! Finds proofs that prove nothing: scripts whose whole expected output stands in them as literals
//! that are printed as they are. A reading of single lines, not a parser: a print that depends on
//! a condition, a loop or a computed value is never taken for a literal.

use std::collections::BTreeMap;

use super::super::check::text::folded;
use super::super::types::Verify;
use super::super::words::Runner;
use super::place_of;

/// The first line that prints a literal, when literals alone make the whole expected output.
///
/// Lines of the stem's own programs are left out: what they print is their affair.
pub(super) fn printed_literal(verify: &Verify, shown: &[&str]) -> Option<String> {
    let own: Vec<_> =
        shown.iter().filter_map(|listing| place_of(listing, &verify.script)).collect();
    let lines: Vec<&str> = verify
        .script
        .lines()
        .enumerate()
        .filter(|(number, _)| !own.iter().any(|range| range.contains(number)))
        .map(|(_, line)| line)
        .collect();
    let printed = printed_literals(verify.runner, &lines);
    let mut expected =
        verify.expect.trim().lines().map(folded).filter(|line| !line.is_empty()).peekable();
    expected.peek()?;
    let is_literal = |line: String| {
        printed.iter().any(|(text, _)| text.lines().map(folded).any(|said| said == line))
    };
    expected.all(is_literal).then(|| printed.first().map(|(_, line)| line.clone())).flatten()
}

/// What the unconditional prints of literals say, each with its line.
fn printed_literals(runner: Runner, lines: &[&str]) -> Vec<(String, String)> {
    let mut constants = BTreeMap::new();
    let mut printed = Vec::new();
    let mut lines = lines.iter().copied();
    while let Some(line) = lines.next() {
        if line.starts_with(char::is_whitespace) {
            continue;
        }
        if let Some((name, value)) = assignment(runner, line, &constants) {
            constants.insert(name, value);
            continue;
        }
        let text = match runner {
            Runner::Python => call(line, "print(").and_then(|it| listed(it, &constants, " ")),
            Runner::Node => ["console.log(", "process.stdout.write("]
                .into_iter()
                .find_map(|name| call(line, name))
                .and_then(|it| listed(it, &constants, " ")),
            Runner::Sqlite | Runner::Postgres => selected(line, &constants),
            Runner::Shell | Runner::Git => match here_document(line) {
                Some(tag) => Some(
                    lines
                        .by_ref()
                        .take_while(|line| line.trim() != tag)
                        .collect::<Vec<_>>()
                        .join("\n"),
                ),
                None => echoed(line, &constants),
            },
            Runner::None => None,
        };
        printed.extend(text.map(|text| (text, line.to_owned())));
    }
    printed
}

type Constants = BTreeMap<String, String>;

/// A name that is given a literal.
fn assignment(runner: Runner, line: &str, known: &Constants) -> Option<(String, String)> {
    let bare = line.trim().trim_end_matches(';');
    let (name, value) = bare.split_once('=')?;
    let name = match runner {
        Runner::Python => name.trim(),
        Runner::Node => ["const ", "let ", "var "]
            .into_iter()
            .find_map(|word| name.trim().strip_prefix(word))?,
        // A shell takes no space before the sign.
        Runner::Shell | Runner::Git => name,
        Runner::Sqlite | Runner::Postgres | Runner::None => return None,
    };
    let is_name = !name.is_empty()
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    let value = match runner {
        Runner::Shell | Runner::Git => shell_word(value, known)?,
        _ => literal(value.trim(), known)?,
    };
    is_name.then(|| (name.to_owned(), value))
}

/// The arguments of a call that is a whole line.
fn call<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let arguments = line.strip_prefix(name)?.trim_end();
    let arguments = arguments.strip_suffix(';').unwrap_or(arguments).trim_end();
    arguments.strip_suffix(')')
}

/// Literals between commas, joined.
fn listed(arguments: &str, known: &Constants, joint: &str) -> Option<String> {
    let texts: Option<Vec<String>> = split_outside_quotes(arguments, ',')
        .iter()
        .map(|part| literal(part.trim(), known))
        .collect();
    texts.map(|texts| texts.join(joint))
}

/// `SELECT 'x', 1;` without a table, and the shells' own ways to print.
fn selected(line: &str, known: &Constants) -> Option<String> {
    let line = line.trim();
    if let Some(text) = line.strip_prefix(".print ").or_else(|| line.strip_prefix("\\echo ")) {
        return Some(text.trim().trim_matches(['\'', '"']).to_owned());
    }
    let (word, rest) = line.split_at_checked("select ".len())?;
    if !word.eq_ignore_ascii_case("select ") {
        return None;
    }
    let parts = split_outside_quotes(rest.trim_end_matches(';'), ',');
    let texts: Option<Vec<String>> = parts
        .iter()
        .map(|part| {
            let lower = part.to_lowercase();
            let value =
                lower.rfind(" as ").map_or(part.as_str(), |at| part.get(..at).unwrap_or(part));
            literal(value.trim(), known)
        })
        .collect();
    texts.map(|texts| texts.join("|"))
}

/// The words of an `echo` or `printf` that is a whole line and expands nothing.
fn echoed(line: &str, known: &Constants) -> Option<String> {
    let rest = line.strip_prefix("echo ").or_else(|| line.strip_prefix("printf "))?;
    if rest.contains(['|', '&', '>', '<', ';', '`']) || rest.contains("$(") {
        return None;
    }
    let words: Option<Vec<String>> = split_outside_quotes(rest.trim(), ' ')
        .iter()
        .filter(|word| {
            !word.is_empty() && !matches!(word.as_str(), "-n" | "-e" | "'%s\\n'" | "\"%s\\n\"")
        })
        .map(|word| shell_word(word, known))
        .collect();
    words.map(|words| words.join(" ").replace("\\n", "\n"))
}

/// The tag of `cat <<'TAG'`, which prints what follows.
fn here_document(line: &str) -> Option<&str> {
    let tag = line.strip_prefix("cat <<")?.trim_start_matches('-').trim();
    let tag = tag.trim_matches(['\'', '"']);
    let is_tag = !tag.is_empty()
        && tag.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    is_tag.then_some(tag)
}

/// A word of a shell without an expansion, or a variable with a known value.
fn shell_word(word: &str, known: &Constants) -> Option<String> {
    let inner = word.trim();
    let (inner, quoted) = match inner.strip_prefix('\'').and_then(|it| it.strip_suffix('\'')) {
        Some(text) => (text, true),
        None => {
            (inner.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap_or(inner), false)
        }
    };
    if quoted || !inner.contains(['$', '`']) {
        return Some(inner.to_owned());
    }
    let name = inner.strip_prefix('$')?.trim_matches(['{', '}']);
    known.get(name).cloned()
}

/// The text of a quoted literal, of a number, of a truth value, or of a constant.
fn literal(text: &str, known: &Constants) -> Option<String> {
    for quote in ['"', '\'', '`'] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            let expands = quote == '`' && inner.contains("${");
            let plain = !expands && !inner.contains(quote);
            return plain.then(|| inner.replace("\\n", "\n"));
        }
    }
    let is_word = matches!(
        text,
        "True" | "False" | "None" | "true" | "false" | "null" | "NULL" | "undefined"
    );
    if is_word || text.parse::<f64>().is_ok_and(f64::is_finite) {
        return Some(text.to_owned());
    }
    known.get(text).cloned()
}

/// Divides a text at a letter that stands outside of quotes.
fn split_outside_quotes(text: &str, at: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut open: Option<char> = None;
    for letter in text.chars() {
        match open {
            Some(quote) if letter == quote => open = None,
            None if matches!(letter, '"' | '\'' | '`') => open = Some(letter),
            None if letter == at => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_literal(runner: Runner, script: &str, expect: &str) -> bool {
        let verify =
            Verify { runner, script: script.to_owned(), expect: expect.to_owned(), _checked: () };
        printed_literal(&verify, &[]).is_some()
    }

    #[test]
    fn literals_are_found_in_every_language() {
        // Goal: no runner lets an author print the key. Method: each language's ways to say 304,
        // directly and by way of a name.
        for (runner, script) in [
            (Runner::Python, "print(\"304\")"),
            (Runner::Python, "import os\nx = 304\nprint(x)  "),
            (Runner::Node, "console.log('304');"),
            (Runner::Node, "const code = 304;\nconsole.log(code)"),
            (Runner::Shell, "echo 304"),
            (Runner::Shell, "code=304\necho \"$code\""),
            (Runner::Shell, "printf '304\\n'"),
            (Runner::Git, "git init -q\ncat <<'END'\n304\nEND"),
            (Runner::Sqlite, "CREATE TABLE t (a);\nSELECT '304';"),
            (Runner::Postgres, "select 304 as answer;"),
            (Runner::Postgres, "\\echo 304"),
        ] {
            assert!(is_literal(runner, script, "304\n"), "{script}");
        }
        assert!(is_literal(Runner::Python, "print('a', 1)\nprint('b')", "a 1\nb"));
    }

    #[test]
    fn what_is_computed_or_decided_is_no_literal() {
        // Goal: labels, conditions and computations are allowed. Method: scripts that print 304
        // for a reason.
        for (runner, script) in [
            (Runner::Python, "print(300 + 4)"),
            (Runner::Python, "if f():\n    print(304)"),
            (Runner::Python, "x = 300\nprint(x + 4)"),
            (Runner::Node, "console.log(`${300 + 4}`);"),
            (Runner::Shell, "test -e x && echo 304"),
            (Runner::Shell, "echo $((300 + 4))"),
            (Runner::Shell, "echo 304 > file"),
            (Runner::Sqlite, "SELECT 304 FROM t;"),
            (Runner::Sqlite, "SELECT count(*) FROM t;"),
        ] {
            assert!(!is_literal(runner, script, "304"), "{script}");
        }
        assert!(!is_literal(Runner::Python, "print('sum')\nprint(300 + 4)", "sum\n304"));
        assert!(!is_literal(Runner::Python, "f()", ""), "nothing is expected");
    }
}
