//! The charts of the page as SVG: level, profile, path of the estimate. Places along the scale
//! are percentages and letters keep their size, so one drawing fits a telephone and a desk. Colours
//! and strokes stand in the style sheet; nothing here is told by colour alone.

use super::html::escape;
use super::model::{CutPart, ItemPart, LevelPart, Report, TopicPart, Verdict};
use super::scale::Scale;
use super::words;
use crate::psychometrics::numeric::special::normal_density;

/// Free share at both ends of a chart, so that labels at the ends are not cut off.
const MARGIN: f64 = 0.03;
/// Free share at the left of the path, for the numbers of its scale.
const PATH_LEFT: f64 = 0.09;
/// Free share at the right of the path.
const PATH_RIGHT: f64 = 0.02;

/// A chart's name, description and size.
pub(super) struct Chart<'a> {
    pub id: &'a str,
    pub title: String,
    pub description: String,
    pub height: f64,
}

impl Chart<'_> {
    /// The chart around its drawing.
    pub fn wrap(&self, drawing: &str) -> String {
        let Self { id, title, description, height } = self;
        format!(
            "<svg class=\"chart\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\" \
             width=\"100%\" height=\"{height}\">\n<title id=\"{id}-title\">{}</title>\n\
             <desc id=\"{id}-desc\">{}</desc>\n{drawing}</svg>\n",
            escape(title),
            escape(description)
        )
    }
}

/// A place along the scale as an attribute value.
fn place(scale: Scale, value: f64) -> String {
    percent(MARGIN + (1.0 - 2.0 * MARGIN) * scale.share(value))
}

pub(super) fn percent(share: f64) -> String {
    format!("{:.3}%", 100.0 * share)
}

/// A line, its ends as attribute values.
pub(super) fn line(class: &str, from: (&str, f64), to: (&str, f64)) -> String {
    format!(
        "<line class=\"{class}\" x1=\"{}\" y1=\"{:.1}\" x2=\"{}\" y2=\"{:.1}\"/>\n",
        from.0, from.1, to.0, to.1
    )
}

pub(super) fn label(class: &str, x: &str, y: f64, text: &str) -> String {
    format!("<text class=\"{class}\" x=\"{x}\" y=\"{y:.1}\">{}</text>\n", escape(text))
}

/// The bands of the levels with their names, and the boundaries with their own uncertainty.
fn bands(scale: Scale, cuts: &[CutPart], top: f64, bottom: f64) -> String {
    let mut drawing = String::new();
    let height = bottom - top;
    for (at, name, from, to) in band_ends(scale, cuts) {
        let (x, width) = (percent(from), percent(to - from));
        drawing += &format!(
            "<rect class=\"band band-{at}\" x=\"{x}\" y=\"{top:.1}\" width=\"{width}\" height=\"{height:.1}\"/>\n"
        );
        drawing += &label("band-name", &percent((from + to) / 2.0), top - 8.0, name);
    }
    for cut in cuts {
        let (from, to) = (share(scale, cut.theta - cut.se), share(scale, cut.theta + cut.se));
        drawing += &format!(
            "<rect class=\"cut-blur\" x=\"{}\" y=\"{top:.1}\" width=\"{}\" height=\"{height:.1}\"/>\n",
            percent(from),
            percent(to - from)
        );
        let x = place(scale, cut.theta);
        drawing += &line("cut", (&x, top), (&x, bottom));
    }
    drawing
}

fn share(scale: Scale, value: f64) -> f64 {
    MARGIN + (1.0 - 2.0 * MARGIN) * scale.share(value)
}

/// Number, name, left and right end of each band; the outer ones reach the edge of the chart.
fn band_ends(scale: Scale, cuts: &[CutPart]) -> Vec<(usize, &'static str, f64, f64)> {
    let mut ends = Vec::new();
    let mut left = 0.0;
    for (at, cut) in cuts.iter().enumerate() {
        let right = share(scale, cut.theta);
        ends.push((at, cut.between[0].as_str(), left, right));
        left = right;
    }
    if let Some(last) = cuts.last() {
        ends.push((cuts.len(), last.between[1].as_str(), left, 1.0));
    }
    ends
}

fn axis(scale: Scale, y: f64) -> String {
    scale
        .ticks()
        .into_iter()
        .map(|tick| label("tick", &place(scale, tick), y, &words::whole(tick)))
        .collect()
}

/// An interval with its point.
fn interval(scale: Scale, y: f64, (lo, mean, hi): (f64, f64, f64), inferred: bool) -> String {
    let class = if inferred { "interval inferred" } else { "interval" };
    let (from, to) = (place(scale, lo), place(scale, hi));
    let mut drawing = line(class, (&from, y), (&to, y));
    drawing += &line("interval end", (&from, y - 5.0), (&from, y + 5.0));
    drawing += &line("interval end", (&to, y - 5.0), (&to, y + 5.0));
    let point = if inferred { "point inferred" } else { "point" };
    drawing += &format!(
        "<circle class=\"{point}\" cx=\"{}\" cy=\"{y:.1}\" r=\"5.5\"/>\n",
        place(scale, mean)
    );
    drawing
}

/// Level bands, how probable each place on the scale is, and the 90 % interval.
pub(super) fn level(report: &Report) -> String {
    const TOP: f64 = 26.0;
    const BASE: f64 = 166.0;
    const INTERVAL: f64 = 188.0;
    const BOTTOM: f64 = 206.0;
    let level = &report.level;
    let scale = Scale::of(report);
    let mut drawing = bands(scale, &level.cuts, TOP, BOTTOM);
    drawing += &curve(scale, level, TOP + 14.0, BASE);
    drawing += &line("base", ("0%", BASE), ("100%", BASE));
    drawing += &interval(scale, INTERVAL, (level.lo90, level.theta, level.hi90), false);
    drawing += &axis(scale, BOTTOM + 18.0);
    let chart = Chart {
        id: "level-chart",
        title: "Level: where your knowledge lies on the scale".to_owned(),
        description: format!(
            "{} {} The curve shows how probable each place is; the bands are the levels.",
            words::decision(level),
            words::estimate(level)
        ),
        height: BOTTOM + 26.0,
    };
    chart.wrap(&drawing)
}

/// The posterior density of the general level, `φ((x − θ)/SE)`, its greatest value at `top`.
///
/// Drawn in a frame of its own whose width follows the page while its lines keep their strength.
fn curve(scale: Scale, level: &LevelPart, top: f64, base: f64) -> String {
    const POINTS: usize = 240;
    let height = base - top;
    let mut outline = String::new();
    for at in 0..=POINTS {
        let share = at as f64 / POINTS as f64;
        let value = scale.lo + share * (scale.hi - scale.lo);
        let relative = normal_density((value - level.theta) / level.se) / normal_density(0.0);
        let letter = if at == 0 { 'M' } else { 'L' };
        outline += &format!("{letter}{:.1} {:.2}", 1000.0 * share, height * (1.0 - relative));
    }
    format!(
        "<svg x=\"{}\" y=\"{top:.1}\" width=\"{}\" height=\"{height:.1}\" viewBox=\"0 0 1000 {height:.1}\" \
         preserveAspectRatio=\"none\" overflow=\"visible\">\n<path class=\"area\" d=\"{outline}L1000 {height:.1}L0 {height:.1}Z\"/>\n\
         <path class=\"curve\" d=\"{outline}\"/>\n</svg>\n",
        percent(MARGIN),
        percent(1.0 - 2.0 * MARGIN)
    )
}

/// Each topic with its interval on the scale of the levels.
pub(super) fn profile(report: &Report) -> String {
    const TOP: f64 = 26.0;
    const ROW: f64 = 58.0;
    let scale = Scale::of(report);
    let asked: Vec<&TopicPart> = report.profile.iter().filter(|t| t.direct_items > 0).collect();
    let groups = words::groups_without_questions(&report.profile);
    let rows = asked.len() + groups.len();
    let bottom = TOP + ROW * rows as f64 + 8.0;
    let mut drawing = bands(scale, &report.level.cuts, TOP, bottom);
    for (row, topic) in asked.iter().enumerate() {
        let count = words::count(topic.direct_items, "question");
        drawing += &profile_row(scale, TOP + ROW * row as f64, topic, (&topic.name, &count));
    }
    for (row, group) in groups.iter().enumerate() {
        let y = TOP + ROW * (asked.len() + row) as f64;
        let name = words::group_name(group);
        drawing += &profile_row(scale, y, group[0], (&name, "no questions"));
    }
    drawing += &axis(scale, bottom + 18.0);
    let chart = Chart {
        id: "profile-chart",
        title: "Profile: each topic with its 90 % interval".to_owned(),
        description: format!(
            "{} asked about, {} inferred from related topics, on the scale of the levels.",
            words::count(asked.len(), "topic"),
            report.profile.len() - asked.len()
        ),
        height: bottom + 26.0,
    };
    chart.wrap(&drawing)
}

fn profile_row(scale: Scale, y: f64, topic: &TopicPart, (name, count): (&str, &str)) -> String {
    let mut drawing = label("row-name", "1%", y + 21.0, &teaser(name));
    drawing += &label("row-count", "99%", y + 21.0, count);
    drawing += &interval(scale, y + 43.0, (topic.lo90, topic.mean, topic.hi90), topic.inferred);
    drawing
}

/// A name as long as fits a narrow screen; the table has it whole.
fn teaser(name: &str) -> String {
    const CHARACTERS_MAX: usize = 50;
    match name.char_indices().nth(CHARACTERS_MAX) {
        Some((at, _)) => format!("{}…", name[..at].trim_end()),
        None => name.to_owned(),
    }
}

/// Where things stand in the picture of the path.
struct PathFrame {
    scale: Scale,
    top: f64,
    bottom: f64,
    last: usize,
}

impl PathFrame {
    fn y(&self, value: f64) -> f64 {
        self.bottom - (self.bottom - self.top) * self.scale.share(value)
    }

    /// Share of the width at which the estimate after `position` answers stands.
    fn x(&self, position: usize) -> f64 {
        let along = position as f64 / self.last.max(1) as f64;
        PATH_LEFT + (1.0 - PATH_LEFT - PATH_RIGHT) * along
    }
}

/// The estimate after each answer with the band of its 90 % intervals.
pub(super) fn path(report: &Report) -> String {
    let items = &report.session.items;
    let scale = Scale::of_path(report);
    let height = 56.0 * (scale.hi - scale.lo);
    let frame = PathFrame { scale, top: 14.0, bottom: 14.0 + height, last: items.len() };
    let mut drawing = path_ground(&frame, &report.level.cuts);
    drawing += &path_band(&frame, report);
    let start = report.session.start;
    let mut before = (0, start.theta);
    for item in items {
        let from = (percent(frame.x(before.0)), frame.y(before.1));
        let to = (percent(frame.x(item.position)), frame.y(item.theta));
        drawing += &line("path", (&from.0, from.1), (&to.0, to.1));
        before = (item.position, item.theta);
    }
    drawing += &path_point(&frame, 0, start.theta, "start");
    for item in items {
        drawing += &path_point(&frame, item.position, item.theta, mark_class(item));
    }
    for position in shown_positions(items.len()) {
        let x = percent(frame.x(position));
        drawing += &label("tick", &x, frame.bottom + 18.0, &position.to_string());
    }
    let chart = Chart {
        id: "path-chart",
        title: "Path: the estimate after each answer".to_owned(),
        description: format!(
            "The estimate began at {} and ended at {}; its 90 % interval shrank from ± {:.2} to ± {:.2}.",
            words::theta(start.theta),
            words::theta(report.level.theta),
            (words::interval90(start.theta, start.se).1 - start.theta),
            report.level.hi90 - report.level.theta
        ),
        height: frame.bottom + 26.0,
    };
    chart.wrap(&drawing)
}

fn mark_class(item: &ItemPart) -> &'static str {
    match item.detail.verdict {
        Verdict::Right => "right",
        Verdict::Partly => "partly",
        Verdict::Wrong => "wrong",
        Verdict::DontKnow => "dont-know",
    }
}

fn path_point(frame: &PathFrame, position: usize, theta: f64, class: &str) -> String {
    format!(
        "<circle class=\"step {class}\" cx=\"{}\" cy=\"{:.2}\" r=\"4.5\"/>\n",
        percent(frame.x(position)),
        frame.y(theta)
    )
}

/// Lines at whole numbers, the boundaries and the names of the levels above them.
fn path_ground(frame: &PathFrame, cuts: &[CutPart]) -> String {
    let mut drawing = String::new();
    for tick in frame.scale.ticks() {
        let y = frame.y(tick);
        drawing += &line("grid", ("7%", y), ("100%", y));
        drawing += &label("tick left", "0", y + 4.0, &words::whole(tick));
    }
    for cut in cuts {
        let y = frame.y(cut.theta);
        drawing += &line("cut", ("7%", y), ("100%", y));
        drawing += &label("cut-name", "100%", y - 6.0, &format!("{} ↑", cut.between[1]));
    }
    drawing
}

/// The band between the lower and the upper ends of the intervals.
fn path_band(frame: &PathFrame, report: &Report) -> String {
    let start = report.session.start;
    let items = report.session.items.iter();
    let intervals: Vec<(f64, f64)> = std::iter::once(words::interval90(start.theta, start.se))
        .chain(items.map(|item| words::interval90(item.theta, item.se)))
        .collect();
    let corner =
        |(at, value): (usize, f64)| format!("{:.2} {:.2}", 1000.0 * frame.x(at), frame.y(value));
    let upper = intervals.iter().map(|(_, hi)| *hi).enumerate().map(corner);
    let lower = intervals.iter().map(|(lo, _)| *lo).enumerate().rev().map(corner);
    let corners: Vec<String> = upper.chain(lower).collect();
    let height = frame.bottom;
    format!(
        "<svg width=\"100%\" height=\"{height:.1}\" viewBox=\"0 0 1000 {height:.1}\" \
         preserveAspectRatio=\"none\">\n<path class=\"area\" d=\"M{}Z\"/>\n</svg>\n",
        corners.join("L")
    )
}

/// Positions that get a number below the path: few enough to be read on a narrow screen.
fn shown_positions(last: usize) -> Vec<usize> {
    let step = last.div_ceil(6).max(1);
    (0..=last).step_by(step).collect()
}

/// A bar as long as a share, beside which the number stands in words.
pub(super) fn meter(share: f64, class: &str) -> String {
    format!(
        "<svg class=\"meter\" aria-hidden=\"true\" width=\"100%\" height=\"12\">\
         <rect class=\"meter-ground\" width=\"100%\" height=\"12\" rx=\"2\"/>\
         <rect class=\"meter-fill {class}\" width=\"{}\" height=\"12\" rx=\"2\"/></svg>",
        percent(share.clamp(0.0, 1.0))
    )
}
