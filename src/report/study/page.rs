//! The page of a study: its parts, their words, and where pictures and tables stand.

use super::{StudyDesign, StudyPage, StudySource, charts, list_of_shares, number, tables};
use crate::report::html::{details, document, escape, paragraph, section};
use crate::report::words;

/// The styles that only this page needs.
pub(in crate::report) const STYLE: &str = include_str!("style.css");

/// The study as a page: no script, nothing loaded from anywhere.
#[must_use]
pub fn study_html(page: &StudyPage) -> String {
    let first = &page.designs[0];
    let mut parts = vec![totals(page)];
    if !first.figures.by_ability.is_empty() {
        parts.push(error(page, first));
    }
    parts.push(length(first));
    parts.extend(by_length(first));
    parts.push(exposure(page));
    parts.push(items(page));
    parts.extend(levels(first));
    parts.extend((page.designs.len() > 1).then(|| compare(page)));
    parts.push(method(page));
    let mut body = opening(page, &parts);
    body += "<main id=\"main\">\n";
    body.extend(parts.iter().map(|part| section(part.id, part.name, &part.body)));
    body += "</main>\n";
    document("Gradus simulation study", STYLE, &body)
}

struct Part {
    id: &'static str,
    name: &'static str,
    body: String,
}

fn figure(picture: &str, caption: &str) -> String {
    format!("<figure>\n{picture}<figcaption>{}</figcaption>\n</figure>\n", escape(caption))
}

/// What was simulated, in one sentence.
fn what(page: &StudyPage) -> String {
    let first = &page.designs[0];
    let people = words::count(first.summary.examinees, "person").replace("persons", "people");
    let items = words::count(page.item_ids.len(), "item");
    match &page.source {
        StudySource::Banks { topics, difficulties, .. } => format!(
            "{people} drawn from the assumed population took whole sessions over {items} of {}, as \
             gradus take gives them; they answered by {}.",
            words::list(topics),
            match difficulties.as_str() {
                "drawn" => "difficulties drawn anew for everybody from what the bank believes",
                _ => "the difficulties that the bank states",
            }
        ),
        StudySource::Items { file, replay: None } => format!(
            "{people} with abilities from N(0, 1) took adaptive tests over the {items} of {file}, \
             answering as its models say."
        ),
        StudySource::Items { file, replay: Some(answers) } => format!(
            "{people} of {answers} took adaptive tests over the {items} of {file} with the answers \
             that they had given. Their true abilities are unknown, so nothing here is about error."
        ),
    }
}

fn opening(page: &StudyPage, parts: &[Part]) -> String {
    let mut body = String::from(
        "<a class=\"skip\" href=\"#main\">Skip to the study</a>\n<header>\n\
         <p class=\"brand\">Gradus</p>\n<h1>What simulated tests show</h1>\n",
    );
    body += &paragraph("lead", &what(page));
    body += &format!(
        "<p class=\"quiet\">Seed {}. Repeat it with <code>{}</code></p>\n",
        page.seed,
        escape(&page.command)
    );
    body += &paragraph(
        "notice",
        "All of this is simulated. It is evidence about the rules of the test and about the \
         engine under the model's own assumptions, and none about the questions or about people.",
    );
    body += "</header>\n<nav aria-label=\"Parts of the study\">\n<ul>\n";
    for Part { id, name, .. } in parts {
        body += &format!("<li><a href=\"#{id}\">{name}</a></li>\n");
    }
    body + "</ul>\n</nav>\n"
}

fn totals(page: &StudyPage) -> Part {
    let first = &page.designs[0];
    let summary = &first.summary;
    let mut body = String::new();
    let mut found = format!(
        "{:.1} questions in the mean, {} to {}",
        summary.length.mean, summary.length.min, summary.length.max
    );
    if let Some(precision) = &summary.precision {
        found += &format!(
            "; RMSE {:.3} where {:.3} is the bound; 90\u{a0}% intervals hold the truth for {:.1}\u{a0}%",
            precision.rmse,
            precision.bound_rmse,
            100.0 * precision.coverage90
        );
    }
    body += &paragraph("verdict", &format!("{found}."));
    body += &rules(page);
    body += &tables::totals(page);
    body += &paragraph(
        "quiet",
        "RMSE: root mean square error, with its Monte-Carlo standard error. Bound: the error that \
         the most informative items would leave. Coverage: share of 90\u{a0}% intervals that hold \
         the truth. Overlap: mean share of items that two people have in common.",
    );
    Part { id: "totals-part", name: "Totals", body }
}

/// The rules by number.
fn rules(page: &StudyPage) -> String {
    let rule =
        |design: &StudyDesign| format!("<li><code>{}</code></li>\n", escape(&design.settings.rule));
    format!("<ol class=\"rules\">\n{}</ol>\n", page.designs.iter().map(rule).collect::<String>())
}

fn error(page: &StudyPage, design: &StudyDesign) -> Part {
    let bins = &design.figures.by_ability;
    let mut body = match &page.source {
        StudySource::Banks { difficulties, .. } if difficulties != "drawn" => paragraph(
            "notice",
            "The engine takes every difficulty to be uncertain, and here they were all as stated. \
             So its standard errors are larger than the error, as they should be while nobody has \
             calibrated a question; with --difficulties drawn the two meet.",
        ),
        _ => String::new(),
    };
    body += &figure(
        &charts::bias(bins),
        "Mean error of the estimate by true ability. Posterior means lean towards the middle of \
         the population, so low abilities are estimated too high and high ones too low. Bars: ± \
         1.96 Monte-Carlo standard errors.",
    );
    body += &figure(
        &charts::error(bins),
        "Root mean square error with its error bars; the standard error that the test reports; \
         the spread of the errors around their own mean; and the bound 1/√(1/S² + Σ I) of tests of \
         these lengths. Where the reported line lies on the RMSE, the test knows what it knows.",
    );
    body += &figure(
        &charts::coverage(bins),
        "Share of 90\u{a0}% intervals that hold the truth. The band is where 19 of 20 bins lie if \
         intervals keep their word; intervals of posterior means keep it in the mean over people, \
         not at every ability.",
    );
    body += &tables::by_ability(bins);
    Part { id: "error-part", name: "Error along the ability", body }
}

fn length(design: &StudyDesign) -> Part {
    let summary = &design.summary;
    let mut body = paragraph(
        "",
        &format!(
            "Tests had {} to {} questions by rule, {:.1} in the mean (standard deviation {:.1}).",
            design.settings.length_min,
            design.settings.length_max,
            summary.length.mean,
            summary.length.sd
        ),
    );
    body += &figure(&charts::lengths(design), "How many tests had which length.");
    body += &tables::lengths(design);
    if !design.figures.by_ability.is_empty() {
        let caption = "Mean number of questions by true ability, with 95\u{a0}% error bars; the \
                       numbers stand in the table along the ability.";
        body += &figure(&charts::length(&design.figures.by_ability), caption);
    }
    body += &figure(&charts::stops(design), "Why the tests ended, by the rule that held first.");
    body += &tables::stops(design);
    Part { id: "length-part", name: "Length", body }
}

fn by_length(design: &StudyDesign) -> Option<Part> {
    let mut body = figure(
        &charts::by_length(design)?,
        "Error after so many answers and the least that as many of the most informative items \
         would leave. Who stopped earlier keeps the last estimate.",
    );
    body += &tables::by_length(design);
    Some(Part { id: "by-length-part", name: "Error and length", body })
}

fn exposure(page: &StudyPage) -> Part {
    let design = &page.designs[0];
    let found = &design.summary.exposure;
    let mut body = paragraph(
        "",
        &format!(
            "Rule: {}. The most seen item was in {:.1}\u{a0}% of the tests; two people have {:.1}\u{a0}% of \
             their items in common; {:.1}\u{a0}% of the items were never seen.",
            design.settings.exposure_rule,
            100.0 * found.max,
            100.0 * found.overlap,
            100.0 * found.unused_share
        ),
    );
    let caption = "The share of tests that gave each item, from the most to the least seen.";
    body += &figure(&charts::exposure(design), caption);
    body += &tables::items(page);
    Part { id: "exposure-part", name: "Exposure", body }
}

fn items(page: &StudyPage) -> Part {
    let mut body = figure(
        &charts::map(&page.item_map),
        "Where the people are (up) and where the items are (down): difficulty, or the mean of an \
         item's thresholds. Items serve the people beside whom they stand.",
    );
    body += &tables::map(&page.item_map);
    let caption = match page.source {
        StudySource::Banks { .. } => {
            "What all questions together tell about their topics at each ability, Σ I(θ)."
        }
        StudySource::Items { .. } => "What all items together tell at each ability, Σ I(θ).",
    };
    body += &figure(&charts::information(&page.item_map), caption);
    body += &tables::information(&page.item_map);
    Part { id: "items-part", name: "Items and people", body }
}

fn levels(design: &StudyDesign) -> Option<Part> {
    let figures = design.figures.levels.as_ref()?;
    let totals = design.summary.classification?;
    let names = level_names(design);
    let far = totals.far_accuracy.map_or(String::new(), |share| {
        format!(", {:.1}\u{a0}% of those farther than .3 from every cut", 100.0 * share)
    });
    let kappa = totals.kappa.map_or(String::new(), |kappa| format!("; κ {}", number(kappa, 3)));
    let mut body = paragraph(
        "",
        &format!(
            "{:.1}\u{a0}% are put on their true level{far}; {:.1}\u{a0}% are two levels off{kappa}; \
             calibration error {:.3}.",
            100.0 * totals.accuracy,
            100.0 * totals.two_level_errors,
            totals.ece
        ),
    );
    body += &tables::confusion(figures, &names);
    body += &figure(
        &charts::distance(figures),
        "Near a cut nobody can tell; the share on the right level by the distance from the \
         nearest cut, with 95\u{a0}% error bars.",
    );
    body += &tables::distance(figures);
    body += &figure(
        &charts::reliability(figures, totals.ece),
        "Of all statements of about the same probability, how many came true; one for each person \
         and level. Bars: what chance does to statements that hold.",
    );
    body += &tables::reliability(figures);
    if let Some(roles) = &design.roles {
        body += &paragraph(
            "",
            &format!(
                "Roles: the truly best fitting one is the most probable for {:.1}\u{a0}%, among the \
                 first two for {:.1}\u{a0}%; calibration error {:.3}.",
                100.0 * roles.top1,
                100.0 * roles.top2,
                roles.ece
            ),
        );
    }
    Some(Part { id: "levels-part", name: "Levels", body })
}

/// Junior, mid and senior where there are three; else by number from below.
fn level_names(design: &StudyDesign) -> Vec<String> {
    let levels = crate::bank::Level::ALL;
    let count = design.settings.cuts.len() + 1;
    match count == levels.len() {
        true => levels.iter().map(|level| level.as_str().to_owned()).collect(),
        false => (1..=count).map(|level| format!("level {level}")).collect(),
    }
}

fn compare(page: &StudyPage) -> Part {
    let mut body = paragraph(
        "",
        "All rules met the same people with the same answers to the same items (common random \
         numbers), so differences are taken person by person.",
    );
    body += &rules(page);
    body += &tables::differences(page);
    if let Some(chart) = charts::compare(&page.designs) {
        body += &figure(
            &chart,
            "Lines: error after so many questions, by rule. Points: where each rule ends, mean \
             length and final error with its 95\u{a0}% error bar.",
        );
        body += &tables::compare(page);
    }
    Part { id: "compare-part", name: "Rules compared", body }
}

fn method(page: &StudyPage) -> Part {
    let settings = &page.designs[0].settings;
    let cuts: Vec<String> = settings
        .cuts
        .iter()
        .zip(&settings.cut_se)
        .map(|(cut, se)| format!("{} (SE {})", number(*cut, 2), number(*se, 2)))
        .collect();
    let source = match &page.source {
        StudySource::Banks { fingerprint, .. } => ("Bank", fingerprint.clone()),
        StudySource::Items { file, .. } => ("Parameter file", file.clone()),
    };
    let facts = [
        ("Command", page.command.clone()),
        ("Program", page.version.clone()),
        ("Seed", page.seed.to_string()),
        source,
        ("Selection", settings.criterion.clone()),
        ("Estimate", settings.estimator.clone()),
        ("Prior", settings.prior.clone()),
        ("Stop rule", settings.rule.clone()),
        ("Exposure rule", settings.exposure_rule.clone()),
        ("Content rule", settings.content.as_ref().map_or("none", |c| c.rule().name()).to_owned()),
        ("Cuts", if cuts.is_empty() { "none".to_owned() } else { cuts.join(", ") }),
        ("Reasons to stop", list_of_shares(&page.designs[0].figures.stops)),
    ];
    let mut body = String::from("<dl class=\"facts\">\n");
    for (name, value) in facts {
        body += &format!("<dt>{name}</dt><dd><code>{}</code></dd>\n", escape(&value));
    }
    body += "</dl>\n";
    let how = paragraph(
        "",
        "Error bars: 1.96 Monte-Carlo standard errors, s/√n for a mean, SE(mean of e²)/(2·RMSE) for \
         an RMSE, √(p(1−p)/n) for a share. Bins of the true ability are equally wide, the outer two \
         are open, empty ones are left out. The same seed gives the same study on any number of \
         threads. Formulas and sources: docs/METHODS.md, sections 12 and 19.",
    );
    body += &details("How the figures are computed", &how);
    Part { id: "method-part", name: "How it was made", body }
}
