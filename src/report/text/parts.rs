//! The parts of the report that are not answers: opening, level, profile, specialization, plan
//! and evidence. Lays out what the model holds; the sentences stand in `words`.

use super::charts::{self, Row, Stroke};
use super::page::{INDENT, Page, Piece, Style, cells, cut, fit, plain};
use crate::assessment::outcome::{Effort, SpecializationStatus, StepStatus};
use crate::report::build::by_probability;
use crate::report::model::{ItemPart, PlanStepPart, Report, TopicPart};
use crate::report::scale::Scale;
use crate::report::words;

/// Columns right of the bars of the profile.
const COUNT_WIDTH: usize = 13;
/// Most columns of a topic's name.
const NAME_MAX: usize = 28;
/// Objectives and references shown for the next step.
const LIST_MAX: usize = 8;

/// What this is about.
pub(super) fn opening(page: &mut Page, report: &Report) {
    let session = &report.session;
    let state = match session.finished_ms {
        Some(ms) => format!("finished {}", words::moment(ms)),
        None => format!("begun {}, not finished", words::moment(session.started_ms)),
    };
    page.line(0, &[(Style::Strong, "Gradus report".to_owned())]);
    let asked = words::count(session.items.len(), "question");
    page.paragraph(
        0,
        Style::Dim,
        &format!("{asked} on {} · {state}", words::list(&session.topic_names)),
    );
    for notice in &report.notices {
        page.hanging(0, &[(Style::Warn, "! ".to_owned())], Style::Plain, notice);
    }
}

/// Part 1.
pub(super) fn level(page: &mut Page, report: &Report) {
    let level = &report.level;
    page.heading("1  Level");
    let mut pieces: Vec<Piece> = Vec::new();
    for (at, (name, probability)) in by_probability(level).into_iter().enumerate() {
        let style = if at == 0 { Style::Strong } else { Style::Plain };
        pieces.push(plain(if at == 0 { "" } else { "  ·  " }));
        pieces.push((style, format!("{name} {}", words::percent(probability))));
    }
    page.line(INDENT, &pieces);
    page.blank();
    let row = Row { scale: Scale::of(report), cuts: &level.cuts, width: page.width() - 2 * INDENT };
    page.line(INDENT, &[(Style::Dim, row.names())]);
    let bar = row.interval(level.lo90, level.theta, level.hi90, Stroke::Solid);
    page.line(INDENT, &[(Style::Accent, bar)]);
    page.line(INDENT, &[(Style::Dim, row.ticks())]);
    page.blank();
    let said = [Some(words::decision(level)), words::settle(level), Some(words::estimate(level))];
    let said: Vec<String> = said.into_iter().flatten().collect();
    page.paragraph(INDENT, Style::Plain, &said.join(" "));
    if let Some(where_to_begin) = words::foundations(level) {
        page.paragraph(INDENT, Style::Plain, where_to_begin);
    }
    for (of, means) in &report.descriptors {
        page.hanging(INDENT, &[plain(format!("{of:<7} "))], Style::Dim, means);
    }
    page.paragraph(INDENT, Style::Plain, "Boundaries:");
    for cut in &level.cuts {
        page.paragraph(2 * INDENT, Style::Dim, &words::cut(cut));
    }
    if let Some(by) = &level.standard_setting {
        page.paragraph(2 * INDENT, Style::Dim, &words::standard_setting(by));
    }
    if level.provisional {
        page.paragraph(INDENT, Style::Plain, words::PROVISIONAL);
    }
    quality(page, report);
    page.paragraph(INDENT, Style::Plain, words::NOT_A_CLAIM);
}

/// How far the answers can be trusted, when there is something to say.
fn quality(page: &mut Page, report: &Report) {
    for sentence in words::quality(&report.quality) {
        let style = if report.quality.effort == Effort::Low { Style::Warn } else { Style::Plain };
        page.paragraph(INDENT, style, &sentence);
    }
}

/// Names, bars and counts stand side by side from this width on, else one above the other.
const SIDE_BY_SIDE_MIN: usize = 88;

/// Part 2.
pub(super) fn profile(page: &mut Page, report: &Report) {
    page.heading("2  Profile: each topic with its 90 % interval");
    let widest = report.profile.iter().map(|topic| cells(&topic.name)).max().unwrap_or(0);
    let side_by_side = page.width() >= SIDE_BY_SIDE_MIN;
    let name_width = if side_by_side { widest.clamp(12, NAME_MAX) + 2 } else { 0 };
    let count_width = if side_by_side { COUNT_WIDTH } else { 0 };
    let width = page.width() - INDENT - name_width - count_width - INDENT;
    let row = Row { scale: Scale::of(report), cuts: &report.level.cuts, width };
    let bars = Bars { row, name_width };
    bars.line(page, "", (Style::Dim, row.names()), "");
    for topic in report.profile.iter().filter(|topic| topic.direct_items > 0) {
        let stroke = if topic.inferred { Stroke::Dashed } else { Stroke::Solid };
        let bar = row.interval(topic.lo90, topic.mean, topic.hi90, stroke);
        let count = words::count(topic.direct_items, "question");
        bars.line(page, &topic.name, (Style::Accent, bar), &count);
    }
    for group in words::groups_without_questions(&report.profile) {
        without_questions(page, &bars, &group);
    }
    bars.line(page, "", (Style::Dim, row.ticks()), "");
    page.blank();
    if report.profile.iter().any(|topic| topic.inferred) {
        page.paragraph(INDENT, Style::Dim, &format!("├┄○┄┤ {}", words::INFERRED));
    }
    page.paragraph(INDENT, Style::Dim, words::SCALE);
    page.paragraph(INDENT, Style::Dim, words::OVERLAP);
}

/// How the rows of the profile are laid out.
struct Bars<'a> {
    row: Row<'a>,
    /// Columns of the name and the gap behind it; 0 when the name stands above its bar.
    name_width: usize,
}

impl Bars<'_> {
    fn line(&self, page: &mut Page, name: &str, bar: Piece, count: &str) {
        if self.name_width > 0 {
            let lead = plain(format!("{}  ", fit(name, self.name_width - 2)));
            page.line(INDENT, &[lead, bar, plain(format!("  {count}"))]);
            return;
        }
        if !name.is_empty() {
            page.line(INDENT, &[plain(name), (Style::Dim, format!(" · {count}"))]);
        }
        page.line(INDENT, &[bar]);
    }
}

/// Topics that nobody asked about: one bar for all that share it, and their names.
fn without_questions(page: &mut Page, bars: &Bars<'_>, group: &[&TopicPart]) {
    let Some(first) = group.first() else { return };
    let bar = bars.row.interval(first.lo90, first.mean, first.hi90, Stroke::Dashed);
    bars.line(page, &words::group_name(group), (Style::Dim, bar), "no questions");
    let names: Vec<String> = group.iter().map(|topic| topic.name.clone()).collect();
    let text = match group.len() {
        1 => "inferred from related topics".to_owned(),
        _ => format!("inferred from related topics: {}", words::list(&names)),
    };
    page.paragraph(2 * INDENT, Style::Dim, &text);
}

/// Part 3.
pub(super) fn specialization(page: &mut Page, report: &Report) {
    let Some(found) = &report.specialization else { return };
    page.heading("3  Specialization: the pattern of relative strength");
    let style = match found.status {
        SpecializationStatus::Supported => Style::Strong,
        SpecializationStatus::NotEnoughEvidence => Style::Plain,
    };
    page.paragraph(INDENT, style, &words::specialization(found));
    page.blank();
    for role in found.ranking.iter().take(2) {
        let head = format!("{}  {}", role.name, words::percent(role.probability));
        page.line(INDENT, &[(Style::Strong, head)]);
        page.paragraph(2 * INDENT, Style::Plain, &format!("{}.", words::role_because(role)));
    }
    let others: Vec<String> = found
        .ranking
        .iter()
        .skip(2)
        .map(|role| format!("{} {}", role.name, words::percent(role.probability)))
        .collect();
    if !others.is_empty() {
        page.paragraph(INDENT, Style::Dim, &format!("Others: {}", others.join(" · ")));
    }
    page.blank();
    page.paragraph(INDENT, Style::Plain, &found.would_change);
    page.paragraph(INDENT, Style::Dim, words::FIT_IS_NOT_LEVEL);
}

/// Part 4.
pub(super) fn plan(page: &mut Page, report: &Report) {
    if report.plan.is_empty() {
        return;
    }
    page.heading(&format!("4  Learning plan: {} steps", report.plan.len()));
    for step in &report.plan {
        let (mark, style) = match step.status {
            StepStatus::Done => ("✓", Style::Good),
            StepStatus::Next => ("›", Style::Strong),
            StepStatus::Later => ("·", Style::Plain),
            StepStatus::NotMeasured => ("○", Style::Dim),
        };
        let status = fit(words::step_status(step.status), 13);
        let lead = [(style, format!("{mark} {:>2}  {status}", step.step))];
        page.hanging(INDENT, &lead, style, &step.title);
    }
    page.blank();
    if let Some(step) = words::step_to_show(&report.plan) {
        next_step(page, step);
        missed_elsewhere(page, &report.plan, step);
    }
    page.paragraph(INDENT, Style::Dim, words::PLAN_RULE);
}

fn next_step(page: &mut Page, step: &PlanStepPart) {
    page.paragraph(INDENT, Style::Strong, &words::step_heading(step));
    page.paragraph(INDENT, Style::Dim, &words::step_covers(step));
    if !step.objectives_missed.is_empty() {
        page.line(INDENT, &[plain("Your answers missed:")]);
    }
    let bullet = [plain("• ")];
    for missed in step.objectives_missed.iter().take(LIST_MAX) {
        page.hanging(2 * INDENT, &bullet, Style::Plain, &missed.text);
    }
    if !step.references.is_empty() {
        page.line(INDENT, &[plain("Read:")]);
    }
    for reference in step.references.iter().take(LIST_MAX) {
        page.hanging(2 * INDENT, &bullet, Style::Plain, &words::reference(reference));
    }
    page.blank();
}

/// What answers missed in the steps that are not shown in full; each objective once, in the first
/// step that needs it.
fn missed_elsewhere(page: &mut Page, plan: &[PlanStepPart], shown: &PlanStepPart) {
    let mut told: Vec<&str> = shown.objectives_missed.iter().map(|it| it.id.as_str()).collect();
    for step in plan.iter().filter(|step| step.step != shown.step) {
        let lead = [plain(format!("{:>2}  ", step.step))];
        for missed in &step.objectives_missed {
            if told.contains(&missed.id.as_str()) {
                continue;
            }
            if told.len() == shown.objectives_missed.len() {
                page.line(INDENT, &[plain("Missed in other steps:")]);
            }
            told.push(&missed.id);
            page.hanging(2 * INDENT, &lead, Style::Plain, &missed.text);
        }
    }
    if told.len() > shown.objectives_missed.len() {
        page.blank();
    }
}

/// Part 6.
pub(super) fn evidence(page: &mut Page, report: &Report) {
    let session = &report.session;
    page.heading("6  Evidence");
    let why = match &session.stop_reason {
        Some(reason) => format!("The test stopped because {reason}."),
        None => "The test is not finished; everything here is as of now.".to_owned(),
    };
    page.paragraph(INDENT, Style::Plain, &why);
    page.blank();
    page.line(INDENT, &[plain("The estimate after each question, with its 90 % interval:")]);
    let room = page.width() - INDENT;
    for row in charts::path(session, &report.level, Scale::of_path(report), room) {
        page.line(INDENT, &[(Style::Accent, row)]);
    }
    page.blank();
    path_table(page, report);
    page.blank();
    let facts = [
        ("Session", session.id.clone()),
        ("Bank", session.bank_fingerprint.clone()),
        ("Engine", session.engine.to_string()),
        ("Seed", session.seed.to_string()),
        ("Stop rule", session.plan.stop.clone()),
        ("Replay", format!("gradus replay {}", session.id)),
    ];
    for (name, value) in facts {
        page.hanging(INDENT, &[(Style::Dim, fit(name, 11))], Style::Plain, &value);
    }
    page.paragraph(INDENT, Style::Dim, words::REPLAY);
}

fn path_table(page: &mut Page, report: &Report) {
    let start = report.session.start;
    let (lo, hi) = words::interval90(start.theta, start.se);
    let head = format!("{:>3}  {:<8}  {:<16}", "", "estimate", "90 % interval");
    page.line(INDENT, &[(Style::Dim, format!("{head}  asked because"))]);
    let first =
        format!("{:>3}  {:<8}  {:<16}", 0, words::theta(start.theta), words::interval(lo, hi));
    page.line(INDENT, &[plain(first), (Style::Dim, "  before the first answer".to_owned())]);
    for item in &report.session.items {
        path_row(page, item);
    }
}

fn path_row(page: &mut Page, item: &ItemPart) {
    let (lo, hi) = words::interval90(item.theta, item.se);
    let numbers = format!(
        "{:>3}  {:<8}  {:<16}  ",
        item.position,
        words::theta(item.theta),
        words::interval(lo, hi)
    );
    let (mark, _) = words::verdict(item.detail.verdict);
    let room = page.width().saturating_sub(INDENT + cells(&numbers) + 2);
    let rest = cut(&format!("{} · {}", item.item, item.reason_short), room);
    page.line(INDENT, &[plain(numbers), verdict_piece(item, &format!("{mark} ")), plain(rest)]);
}

/// A piece in the colour of how the answer turned out.
pub(super) fn verdict_piece(item: &ItemPart, text: &str) -> Piece {
    use crate::report::model::Verdict;
    let style = match item.detail.verdict {
        Verdict::Right => Style::Good,
        Verdict::Partly => Style::Warn,
        Verdict::Wrong => Style::Bad,
        Verdict::DontKnow => Style::Dim,
    };
    (style, text.to_owned())
}
