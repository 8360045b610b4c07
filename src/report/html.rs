//! The report as one self-contained page: no script, nothing loaded from anywhere, readable on a
//! narrow telephone, in the dark, on paper, and by a screen reader. Everything that a bank or a
//! person wrote is escaped.

mod answers;
mod parts;
pub(super) mod table;

use sha2::{Digest, Sha256};

use super::model::Report;
use super::words;

/// The style sheet of every page.
const STYLE: &str = include_str!("style.css");

/// The report as a page.
#[must_use]
pub fn html(report: &Report) -> String {
    let mut page = head(report);
    page += &parts::opening(report);
    page += "<main id=\"main\">\n";
    page += &parts::level(report);
    page += &parts::profile(report);
    page += &parts::specialization(report);
    page += &parts::plan(report);
    page += &answers::answers(report);
    page += &parts::evidence(report);
    page += "</main>\n</body>\n</html>\n";
    page
}

fn head(report: &Report) -> String {
    let moment = report.session.finished_ms.unwrap_or(report.session.started_ms);
    opening(&format!("Gradus report, {}", words::moment(moment)), STYLE)
}

/// A whole page with styles of its own beside those of every page.
pub(super) fn document(title: &str, more_style: &str, body: &str) -> String {
    opening(title, &format!("{STYLE}{more_style}")) + body + "</body>\n</html>\n"
}

fn opening(title: &str, style: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <title>{}</title>\n<style>{style}</style>\n</head>\n<body>\n",
        content_security_policy(style),
        escape(title)
    )
}

/// Forbids everything but this very style sheet: whatever a bank holds, the page runs and loads
/// nothing.
fn content_security_policy(style: &str) -> String {
    let hash = base64(&Sha256::digest(style.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
}

/// Base 64 (RFC 4648 §4).
///
/// `foobar` is `Zm9vYmFy` (RFC 4648 §10).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            match place <= group.len() {
                true => {
                    let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
                    text.push(char::from(letter));
                }
                false => text.push('='),
            }
        }
    }
    text
}

/// Text as it may stand between tags and in quoted attributes. Control characters other than
/// white space become the replacement character: HTML has no way to write them.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() && !c.is_whitespace() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A part of the page under its heading.
pub(super) fn section(id: &str, heading: &str, body: &str) -> String {
    format!(
        "<section id=\"{id}\" aria-labelledby=\"{id}-heading\">\n\
         <h2 id=\"{id}-heading\">{}</h2>\n{body}</section>\n",
        escape(heading)
    )
}

/// A paragraph of plain text.
pub(super) fn paragraph(class: &str, text: &str) -> String {
    match class {
        "" => format!("<p>{}</p>\n", escape(text)),
        class => format!("<p class=\"{class}\">{}</p>\n", escape(text)),
    }
}

/// What opens on demand.
pub(super) fn details(summary: &str, body: &str) -> String {
    format!("<details>\n<summary>{}</summary>\n{body}</details>\n", escape(summary))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_its_standard() {
        // Goal: the encoding; method: the test vectors of RFC 4648 §10.
        let cases =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (plain, encoded) in cases {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }
}
