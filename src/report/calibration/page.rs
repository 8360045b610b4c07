//! The page of a calibration: its parts, their words, and where pictures and tables stand.

use super::{CalibrationItem, CalibrationPage, ITEMS_DRAWN_MAX, charts, tables};
use crate::report::html::{document, escape, paragraph, section};
use crate::report::study::STYLE as STUDY_STYLE;
use crate::report::words;

/// The styles that only this page needs.
const STYLE: &str = include_str!("style.css");

/// The calibration as a page: no script, nothing loaded from anywhere.
#[must_use]
pub fn calibration_html(page: &CalibrationPage) -> String {
    let (flagged, others): (Vec<&CalibrationItem>, Vec<&CalibrationItem>) =
        page.items.iter().partition(|item| !item.flags.is_empty());
    let drawn = flagged.len().min(ITEMS_DRAWN_MAX);
    let mut parts = vec![flagged_part(page, &flagged[..drawn], flagged.len())];
    parts.push(summary(page));
    if !page.information.is_empty() {
        parts.push(precision(page));
    }
    if !page.latent.is_empty() {
        parts.push(people(page));
    }
    if !page.pairs.is_empty() {
        parts.push(pairs(page));
    }
    let room = others.len().min(ITEMS_DRAWN_MAX - drawn);
    if room > 0 {
        parts.push(other_items(&others[..room], others.len(), drawn));
    }
    parts.push(method(page));
    let mut body = opening(page, &parts);
    body += "<main id=\"main\">\n";
    body.extend(parts.iter().map(|part| section(part.id, part.name, &part.body)));
    body += "</main>\n";
    document("Gradus calibration", &format!("{STUDY_STYLE}{STYLE}"), &body)
}

struct Part {
    id: &'static str,
    name: &'static str,
    body: String,
}

fn figure(picture: &str, caption: &str) -> String {
    format!("<figure>\n{picture}<figcaption>{}</figcaption>\n</figure>\n", escape(caption))
}

fn opening(page: &CalibrationPage, parts: &[Part]) -> String {
    let mut body = String::from(
        "<a class=\"skip\" href=\"#main\">Skip to the items</a>\n<header>\n\
         <p class=\"brand\">Gradus</p>\n<h1>What the answers say about the items</h1>\n",
    );
    body += &paragraph("lead", &page.what);
    body += &paragraph(if page.converged { "verdict" } else { "verdict wrong" }, &page.verdict);
    for note in &page.notes {
        body += &paragraph("notice", note);
    }
    body += "</header>\n<nav aria-label=\"Parts of the page\">\n<ul>\n";
    for Part { id, name, .. } in parts {
        body += &format!("<li><a href=\"#{id}\">{name}</a></li>\n");
    }
    body + "</ul>\n</nav>\n"
}

/// One item with its pictures and tables.
fn item(item: &CalibrationItem, number: usize) -> String {
    let parameters: Vec<String> = item
        .estimated()
        .filter_map(|(name, value, error)| {
            let shown = |value: f64| crate::report::study::number(value, 2);
            let value = value.filter(|value| value.is_finite())?;
            let error = error.map_or(String::new(), |error| format!(" ± {}", shown(error)));
            Some(format!("{name} {}{error}", shown(value)))
        })
        .collect();
    let mut body =
        format!("<article class=\"item\">\n<h3 id=\"item-{number}\">{}</h3>\n", escape(&item.id));
    body += &paragraph(
        "quiet",
        &format!("{} · {}", words::count(item.n, "answer"), parameters.join(" · ")),
    );
    if !item.flags.is_empty() {
        body += "<ul class=\"flags\">\n";
        body.extend(item.flags.iter().map(|flag| format!("<li>{}</li>\n", escape(flag))));
        body += "</ul>\n";
    }
    if !item.curves.is_empty() {
        body += &figure(
            &charts::curves(item, &format!("item-{number}-curve")),
            "Line: the model. Points: groups of people of about one ability, with 95\u{a0}% intervals.",
        );
        body += &tables::observed(item);
    }
    if !item.options.is_empty() {
        if item.options.iter().any(|option| !option.points.is_empty()) {
            body += &figure(
                &charts::options(item, &format!("item-{number}-options")),
                "Share of each option along the ability: the key should rise, the others fall.",
            );
        }
        body += &tables::options(item);
    }
    body + "</article>\n"
}

fn flagged_part(page: &CalibrationPage, drawn: &[&CalibrationItem], flagged: usize) -> Part {
    let all = words::count(page.items.len(), "item");
    let mut body = paragraph(
        "",
        &match flagged {
            0 => {
                format!("None of {all} is flagged: nothing here speaks against the model's curves.")
            }
            n => format!(
                "{n} of {all}. A flag is a reason to look at the question, not a verdict: of many sound items \
                 some are flagged by chance."
            ),
        },
    );
    if drawn.len() < flagged {
        body += &paragraph(
            "quiet",
            &format!("Drawn are the first {}; the table has all.", drawn.len()),
        );
    }
    body.extend(drawn.iter().enumerate().map(|(at, it)| item(it, at + 1)));
    Part { id: "flagged", name: "Flagged items", body }
}

fn other_items(drawn: &[&CalibrationItem], all: usize, before: usize) -> Part {
    let mut body = String::new();
    if drawn.len() < all {
        body +=
            &paragraph("quiet", &format!("The first {} of {all}; the table has all.", drawn.len()));
    }
    body.extend(drawn.iter().enumerate().map(|(at, it)| item(it, before + at + 1)));
    Part { id: "others", name: "Other items", body }
}

fn summary(page: &CalibrationPage) -> Part {
    Part { id: "items", name: "All items", body: tables::items(page) }
}

fn precision(page: &CalibrationPage) -> Part {
    let mut body = figure(
        &charts::information(&page.information),
        "What all items together tell at each ability, Σ I(θ).",
    );
    body += &figure(
        &charts::errors(&page.information),
        "1/√I(θ): the standard error of somebody who answers all items, where the items are.",
    );
    body += &tables::information(&page.information);
    Part { id: "precision", name: "Information", body }
}

fn people(page: &CalibrationPage) -> Part {
    let mut body = figure(
        &charts::latent(&page.latent),
        "The distribution of ability, as the calibration has it.",
    );
    body += &tables::latent(page);
    Part { id: "people", name: "People", body }
}

fn pairs(page: &CalibrationPage) -> Part {
    let mut body = paragraph(
        "",
        "Pairs whose answers hang together more or less than one ability explains: one question may answer \
         the other, or both may need something else.",
    );
    body += &tables::pairs(page);
    Part { id: "pairs", name: "Local dependence", body }
}

fn method(page: &CalibrationPage) -> Part {
    let mut body = String::from("<dl class=\"facts\">\n");
    let own = [("Command", &page.command), ("Program", &page.version)];
    let facts = page.facts.iter().map(|(name, value)| (name.as_str(), value));
    for (name, value) in own.into_iter().chain(facts) {
        body += &format!("<dt>{}</dt><dd><code>{}</code></dd>\n", escape(name), escape(value));
    }
    body += "</dl>\n";
    body += &paragraph("quiet", &page.method);
    Part { id: "method", name: "How it was made", body }
}
