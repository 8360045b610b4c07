//! The parts of the page that are not answers. Lays out what the model holds; the sentences stand
//! in `words`, the charts in `svg`.

use super::table::{Cell, table};
use super::{details, escape, paragraph, section};
use crate::assessment::outcome::SpecializationStatus;
use crate::bank::Level;
use crate::report::build::by_probability;
use crate::report::markdown::is_web;
use crate::report::model::{PlanStepPart, ReferencePart, Report, RolePart, SpecializationPart};
use crate::report::{svg, words};

/// Name of the page, what it is about, and the way to its parts.
pub(super) fn opening(report: &Report) -> String {
    let session = &report.session;
    let state = match session.finished_ms {
        Some(ms) => format!("finished {}", words::moment(ms)),
        None => format!("begun {}, not finished", words::moment(session.started_ms)),
    };
    let asked = words::count(session.items.len(), "question");
    let about = format!("{asked} on {}.", words::list(&session.topic_names));
    let mut page = String::from(
        "<a class=\"skip\" href=\"#main\">Skip to the report</a>\n<header>\n\
         <p class=\"brand\">Gradus</p>\n<h1>What your answers show</h1>\n",
    );
    page += &paragraph("lead", &about);
    page += &paragraph("quiet", &words::capital(&state));
    for notice in &report.notices {
        page += &paragraph("notice", notice);
    }
    page += "</header>\n<nav aria-label=\"Parts of the report\">\n<ul>\n";
    let mut parts = vec![("level", "Level"), ("profile", "Profile")];
    parts.extend(report.specialization.as_ref().map(|_| ("specialization", "Specialization")));
    parts.extend((!report.plan.is_empty()).then_some(("plan", "Learning plan")));
    parts.extend([("answers", "Answers"), ("evidence", "Evidence")]);
    for (id, name) in parts {
        page += &format!("<li><a href=\"#{id}\">{name}</a></li>\n");
    }
    page + "</ul>\n</nav>\n"
}

/// Part 1.
pub(super) fn level(report: &Report) -> String {
    let level = &report.level;
    let mut body = paragraph("verdict", &words::decision(level));
    if let Some(settle) = words::settle(level) {
        body += &paragraph("lead", &settle);
    }
    body += "<ul class=\"meters\">\n";
    let most = by_probability(level).first().map(|(level, _)| *level);
    for &of in Level::ALL {
        let probability = level.probabilities.of(of);
        let class = if Some(of) == most { "most" } else { "" };
        body += &meter_row(of.as_str(), probability, class);
    }
    body += "</ul>\n";
    body += &format!(
        "<figure>\n{}<figcaption>{}</figcaption>\n</figure>\n",
        svg::level(report),
        escape(words::CURVE)
    );
    body += &paragraph("", &format!("{} {}", words::estimate(level), words::SCALE));
    if let Some(begin) = words::foundations(level) {
        body += &paragraph("", begin);
    }
    body += &level_table(report);
    body += &levels_and_boundaries(report);
    if level.provisional {
        body += &paragraph("notice", words::PROVISIONAL);
    }
    for sentence in words::quality(&report.quality) {
        body += &paragraph("notice", &sentence);
    }
    body += &paragraph("quiet", words::NOT_A_CLAIM);
    section("level", "Level", &body)
}

fn meter_row(name: &str, share: f64, class: &str) -> String {
    format!(
        "<li class=\"{class}\"><span class=\"meter-name\">{}</span> {} \
         <span class=\"meter-number\">{}</span></li>\n",
        escape(name),
        svg::meter(share, class),
        escape(&words::percent(share))
    )
}

fn level_table(report: &Report) -> String {
    let level = &report.level;
    let number = |value: f64| Cell::Number(value, words::theta(value));
    let mut rows: Vec<Vec<Cell>> = Level::ALL
        .iter()
        .map(|&of| {
            let p = level.probabilities.of(of);
            vec![Cell::Head(format!("Probability of {of}")), Cell::Number(p, words::percent(p))]
        })
        .collect();
    rows.push(vec![Cell::Head("Estimate".to_owned()), number(level.theta)]);
    let se = Cell::Number(level.se, format!("{:.2}", level.se));
    rows.push(vec![Cell::Head("Standard error".to_owned()), se]);
    rows.push(vec![Cell::Head("90 % interval from".to_owned()), number(level.lo90)]);
    rows.push(vec![Cell::Head("90 % interval to".to_owned()), number(level.hi90)]);
    for cut in &level.cuts {
        let [lower, upper] = cut.between;
        rows.push(vec![Cell::Head(format!("Boundary {lower} | {upper}")), number(cut.theta)]);
        let se = Cell::Number(cut.se, format!("{:.2}", cut.se));
        rows.push(vec![Cell::Head("Its standard error".to_owned()), se]);
    }
    table("the numbers of the level", &["What", "Value"], &rows)
}

fn levels_and_boundaries(report: &Report) -> String {
    let mut body = String::from("<dl>\n");
    for (level, means) in &report.descriptors {
        body += &format!("<dt>{}</dt><dd>{}</dd>\n", words::capital(level.as_str()), escape(means));
    }
    body += "</dl>\n<p>Boundaries on the scale:</p>\n<ul>\n";
    for cut in &report.level.cuts {
        body += &format!("<li>{}</li>\n", escape(&words::cut(cut)));
    }
    if let Some(by) = &report.level.standard_setting {
        body += &format!("<li>{}</li>\n", escape(&words::standard_setting(by)));
    }
    details("What the levels mean, and where one ends", &(body + "</ul>\n"))
}

/// Part 2.
pub(super) fn profile(report: &Report) -> String {
    let mut body = format!(
        "<figure>\n{}<figcaption>{}</figcaption>\n</figure>\n",
        svg::profile(report),
        escape(words::INTERVALS)
    );
    if report.profile.iter().any(|topic| topic.inferred) {
        body += &format!(
            "<p><svg class=\"key\" aria-hidden=\"true\" width=\"44\" height=\"12\">\
             <line class=\"interval inferred\" x1=\"2\" y1=\"6\" x2=\"42\" y2=\"6\"/>\
             <circle class=\"point inferred\" cx=\"22\" cy=\"6\" r=\"4.5\"/></svg> {}</p>\n",
            escape(words::INFERRED)
        );
    }
    for group in words::groups_without_questions(&report.profile) {
        if group.len() > 1 {
            let names: Vec<String> = group.iter().map(|topic| topic.name.clone()).collect();
            let text = format!("{}: {}.", words::group_name(&group), words::list(&names));
            body += &paragraph("quiet", &text);
        }
    }
    body += &paragraph("quiet", words::OVERLAP);
    body += &profile_table(report);
    section("profile", "Profile", &body)
}

fn profile_table(report: &Report) -> String {
    let number = |value: f64| Cell::Number(value, words::theta(value));
    let rows: Vec<Vec<Cell>> = report
        .profile
        .iter()
        .map(|topic| {
            let rests = if topic.inferred { "related topics" } else { "its questions" };
            vec![
                Cell::Head(topic.name.clone()),
                number(topic.mean),
                number(topic.lo90),
                number(topic.hi90),
                Cell::Number(topic.direct_items as f64, topic.direct_items.to_string()),
                Cell::Text(rests.to_owned()),
            ]
        })
        .collect();
    let head = ["Topic", "Estimate", "From", "To", "Questions", "Rests on"];
    table("the numbers of the profile", &head, &rows)
}

/// Part 3.
pub(super) fn specialization(report: &Report) -> String {
    let Some(found) = &report.specialization else { return String::new() };
    let class = match found.status {
        SpecializationStatus::Supported => "verdict",
        SpecializationStatus::NotEnoughEvidence => "lead",
    };
    let mut body = paragraph(class, &words::specialization(found));
    body += "<ul class=\"meters roles\">\n";
    for (at, role) in found.ranking.iter().enumerate() {
        body += &meter_row(&role.name, role.probability, if at < 2 { "most" } else { "" });
    }
    body += "</ul>\n";
    body.extend(found.ranking.iter().take(2).map(role));
    body += &paragraph("", &found.would_change);
    body += &paragraph("quiet", words::FIT_IS_NOT_LEVEL);
    body += &roles_table(found);
    section("specialization", "Specialization", &body)
}

fn role(role: &RolePart) -> String {
    format!(
        "<p><strong>{} {}:</strong> {}.</p>\n",
        escape(&role.name),
        escape(&words::percent(role.probability)),
        escape(&words::role_because(role))
    )
}

fn roles_table(found: &SpecializationPart) -> String {
    let rows: Vec<Vec<Cell>> = found
        .ranking
        .iter()
        .map(|role| {
            vec![
                Cell::Head(role.name.clone()),
                Cell::Number(role.probability, words::percent(role.probability)),
                Cell::Number(role.mean, words::theta(role.mean)),
                Cell::Number(role.sd, format!("{:.2}", role.sd)),
                Cell::Number(role.coverage, words::share(role.coverage)),
            ]
        })
        .collect();
    let head = ["Specialization", "Probability", "Fit", "Its SD", "Asked about"];
    table("the numbers of the specializations", &head, &rows)
}

/// Part 4.
pub(super) fn plan(report: &Report) -> String {
    if report.plan.is_empty() {
        return String::new();
    }
    let shown = words::step_to_show(&report.plan);
    let mut body = String::new();
    if let Some(step) = shown {
        body += &paragraph("lead", &format!("{}.", words::step_heading(step)));
    }
    body += "<ol class=\"steps\">\n";
    for step in &report.plan {
        let class = words::step_status(step.status).replace(' ', "-");
        body += &format!(
            "<li class=\"{class}\">\n<p class=\"step-title\"><span class=\"status\">{}</span> {}</p>\n",
            words::step_status(step.status),
            escape(&step.title)
        );
        let is_shown = shown.is_some_and(|shown| shown.step == step.step);
        body += &step_body(step, is_shown);
        body += "</li>\n";
    }
    body += "</ol>\n";
    body += &paragraph("quiet", words::PLAN_RULE);
    section("plan", "Learning plan", &body)
}

fn step_body(step: &PlanStepPart, is_shown: bool) -> String {
    let covers = format!(
        "{} {} of it lies in topics with three or more questions.",
        words::step_covers(step),
        words::share(step.share_measured)
    );
    let mut body = paragraph("quiet", &covers);
    if !step.objectives_missed.is_empty() {
        body += "<p>Your answers missed:</p>\n<ul>\n";
        for missed in &step.objectives_missed {
            body += &format!("<li>{}</li>\n", escape(&missed.text));
        }
        body += "</ul>\n";
    }
    if !step.references.is_empty() {
        body += "<p>Read:</p>\n";
        body += &references(&step.references);
    }
    // Only one step lies open: eight open lists would hide it.
    if is_shown { body } else { details(&words::step_more(step), &body) }
}

/// Sources as a list of links.
pub(super) fn references(references: &[ReferencePart]) -> String {
    let mut list = String::from("<ul class=\"sources\">\n");
    for reference in references {
        let place = format!("{}, {}", reference.title, reference.locator);
        let version = reference.version.as_ref().map_or(String::new(), |v| format!(" ({v})"));
        match reference.url.as_deref().filter(|url| is_web(url)) {
            Some(url) => {
                list += &format!(
                    "<li><a href=\"{}\" rel=\"noreferrer noopener\">{}</a>{}</li>\n",
                    escape(url),
                    escape(&place),
                    escape(&version)
                );
            }
            None => list += &format!("<li>{}{}</li>\n", escape(&place), escape(&version)),
        }
    }
    list + "</ul>\n"
}

/// Part 6.
pub(super) fn evidence(report: &Report) -> String {
    let session = &report.session;
    let why = match &session.stop_reason {
        Some(reason) => format!("The test stopped because {reason}."),
        None => "The test is not finished; everything here is as of now.".to_owned(),
    };
    let mut body = paragraph("", &why);
    body += &format!(
        "<figure>\n{}<figcaption>{}</figcaption>\n</figure>\n",
        svg::path(report),
        escape(words::PATH)
    );
    body += &path_table(report);
    body += "<dl class=\"facts\">\n";
    let facts = [
        ("Session", session.id.clone()),
        ("Bank", session.bank_fingerprint.clone()),
        ("Engine", session.engine.to_string()),
        ("Seed", session.seed.to_string()),
        ("Stop rule", session.plan.stop.clone()),
        ("Replay", format!("gradus replay {}", session.id)),
    ];
    for (name, value) in facts {
        body += &format!("<dt>{name}</dt><dd><code>{}</code></dd>\n", escape(&value));
    }
    body += "</dl>\n";
    body += &paragraph("quiet", words::REPLAY);
    section("evidence", "Evidence", &body)
}

fn path_table(report: &Report) -> String {
    let number = |value: f64| Cell::Number(value, words::theta(value));
    let start = report.session.start;
    let mut rows = vec![vec![
        Cell::Head("0".to_owned()),
        number(start.theta),
        Cell::Number(start.se, format!("{:.2}", start.se)),
        Cell::Text(String::new()),
        Cell::Text(String::new()),
        Cell::Text("before the first answer".to_owned()),
    ]];
    for item in &report.session.items {
        let (mark, word) = words::verdict(item.detail.verdict);
        rows.push(vec![
            Cell::Head(item.position.to_string()),
            number(item.theta),
            Cell::Number(item.se, format!("{:.2}", item.se)),
            Cell::Text(format!("{mark} {word}")),
            Cell::Text(item.item.clone()),
            Cell::Text(item.reason_short.clone()),
        ]);
    }
    let head = ["After", "Estimate", "Standard error", "Answer", "Question", "Asked because"];
    table("the path of the estimate", &head, &rows)
}
