//! A frame with two axes and what is drawn in it. Places along x are percentages and letters keep
//! their size, so one drawing fits a telephone and a desk. Knows no study; colours and strokes
//! stand in the style sheet.

use crate::report::svg::{Chart, label, line, percent};

/// Free share at the left, for the numbers of the y axis.
const LEFT: f64 = 0.11;
/// Free share at the right.
const RIGHT: f64 = 0.03;
/// Height of a row of the legend.
const LEGEND_ROW: f64 = 20.0;
/// Width of the inner frames of curves, in units of their own.
const INNER: f64 = 1000.0;

/// One axis.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Axis {
    name: &'static str,
    lo: f64,
    hi: f64,
    step: f64,
    is_mirrored: bool,
}

impl Axis {
    /// An axis from one round number to another that holds both values, with about so many steps.
    pub fn new(name: &'static str, lo: f64, hi: f64, steps: f64) -> Self {
        let step = round_step((hi - lo).max(1e-6) / steps);
        // Values that lie on a tick but for rounding end there.
        let lo = step * libm::floor(lo / step + 1e-9);
        let hi = (step * libm::ceil(hi / step - 1e-9)).max(lo + step);
        Self { name, lo, hi, step, is_mirrored: false }
    }

    /// An axis with given ends.
    pub fn exact(name: &'static str, lo: f64, hi: f64, step: f64) -> Self {
        Self { name, lo, hi, step, is_mirrored: false }
    }

    /// The same axis, its numbers without their signs: both halves count.
    pub fn mirrored(self) -> Self {
        Self { is_mirrored: true, ..self }
    }

    /// The distance of its ticks, at least one.
    pub fn whole_step(&self) -> f64 {
        libm::ceil(self.step.max(1.0))
    }

    fn ticks(&self) -> Vec<f64> {
        let first = libm::ceil(self.lo / self.step - 1e-9) as i64;
        let last = libm::floor(self.hi / self.step + 1e-9) as i64;
        (first..=last).map(|at| at as f64 * self.step).collect()
    }

    /// A value with as many decimals as the steps need.
    fn text(&self, value: f64) -> String {
        let needs = |decimals: usize| {
            let scaled = self.step * [1.0, 10.0, 100.0, 1000.0][decimals];
            libm::fabs(scaled - libm::round(scaled)) > 1e-9
        };
        let decimals = (0..3).find(|decimals| !needs(*decimals)).unwrap_or(3);
        super::number(if self.is_mirrored { value.abs() } else { value }, decimals)
    }

    fn share(&self, value: f64) -> f64 {
        ((value - self.lo) / (self.hi - self.lo)).clamp(0.0, 1.0)
    }
}

/// The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below a number.
fn round_step(least: f64) -> f64 {
    let power = libm::pow(10.0, libm::floor(libm::log10(least)));
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|digit| digit * power);
    steps.into_iter().find(|step| *step >= least * (1.0 - 1e-9)).unwrap_or(10.0 * power)
}

/// A picture in the making.
pub(in crate::report) struct Plot {
    x: Axis,
    y: Axis,
    /// Height of the frame without what stands around it.
    height: f64,
    legend: Vec<(&'static str, &'static str)>,
    drawing: String,
}

impl Plot {
    /// An empty frame.
    pub fn new(x: Axis, y: Axis) -> Self {
        Self { x, y, height: 220.0, legend: Vec::new(), drawing: String::new() }
    }

    /// Explains the lines of a class.
    pub fn legend(mut self, class: &'static str, text: &'static str) -> Self {
        self.legend.push((class, text));
        self
    }

    fn top(&self) -> f64 {
        LEGEND_ROW * self.legend.len().div_ceil(2) as f64 + 32.0
    }

    fn x(&self, value: f64) -> String {
        percent(LEFT + (1.0 - LEFT - RIGHT) * self.x.share(value))
    }

    fn y(&self, value: f64) -> f64 {
        self.top() + self.height * (1.0 - self.y.share(value))
    }

    /// A shape in an inner frame whose width follows the page while its lines keep their strength.
    fn inner(&mut self, class: &str, outline: &str) {
        let (top, height) = (self.top(), self.height);
        self.drawing += &format!(
            "<svg x=\"{}\" y=\"{top:.1}\" width=\"{}\" height=\"{height:.1}\" \
             viewBox=\"0 0 {INNER} {height:.1}\" preserveAspectRatio=\"none\" overflow=\"visible\" \
             aria-hidden=\"true\">\n<path class=\"{class}\" d=\"{outline}\"/>\n</svg>\n",
            percent(LEFT),
            percent(1.0 - LEFT - RIGHT)
        );
    }

    fn corner(&self, (x, y): (f64, f64)) -> String {
        let down = self.height * (1.0 - self.y.share(y));
        format!("{:.2} {down:.2}", INNER * self.x.share(x))
    }

    /// A line through points.
    pub fn curve(&mut self, class: &str, points: &[(f64, f64)]) {
        let corners: Vec<String> = points.iter().map(|point| self.corner(*point)).collect();
        if !corners.is_empty() {
            self.inner(&format!("series {class}"), &format!("M{}", corners.join("L")));
        }
    }

    /// The area between two lines, each point with its lower and upper end.
    pub fn band(&mut self, points: &[(f64, f64, f64)]) {
        let upper = points.iter().map(|(x, _, hi)| self.corner((*x, *hi)));
        let lower = points.iter().rev().map(|(x, lo, _)| self.corner((*x, *lo)));
        let corners: Vec<String> = upper.chain(lower).collect();
        if !corners.is_empty() {
            self.inner("expected", &format!("M{}Z", corners.join("L")));
        }
    }

    /// Points with their error bars, where there are any.
    pub fn points(&mut self, class: &str, points: &[(f64, f64, Option<f64>)]) {
        for (x, y, half) in points {
            let place = self.x(*x);
            if let Some(half) = half {
                let (low, high) = (self.y(y - half), self.y(y + half));
                self.drawing += &line(&format!("error {class}"), (&place, low), (&place, high));
            }
            self.drawing += &format!(
                "<circle class=\"dot {class}\" cx=\"{place}\" cy=\"{:.1}\" r=\"4\"/>\n",
                self.y(*y)
            );
        }
    }

    /// A line from the lower to the upper end of an interval.
    pub fn whiskers(&mut self, class: &str, x: f64, (low, high): (f64, f64)) {
        let place = self.x(x);
        let (low, high) = (self.y(low), self.y(high));
        self.drawing += &line(&format!("error {class}"), (&place, low), (&place, high));
    }

    /// A bar from a base to a value, between two places.
    pub fn bar(&mut self, class: &str, (from, to): (f64, f64), (base, value): (f64, f64)) {
        let (left, right) = (self.x.share(from), self.x.share(to));
        let (high, low) = (self.y(base.max(value)), self.y(base.min(value)));
        let wide = (1.0 - LEFT - RIGHT) * (right - left);
        // A thin gap tells neighbours apart.
        self.drawing += &format!(
            "<rect class=\"bar {class}\" x=\"{}\" y=\"{high:.1}\" width=\"{}\" height=\"{:.1}\"/>\n",
            percent(LEFT + (1.0 - LEFT - RIGHT) * left + 0.06 * wide),
            percent(0.88 * wide),
            (low - high).max(0.0)
        );
    }

    /// A level line across the frame.
    pub fn level(&mut self, class: &str, value: f64) {
        let (y, right) = (self.y(value), percent(1.0 - RIGHT));
        self.drawing += &line(class, (&percent(LEFT), y), (&right, y));
    }

    /// Words at a place, above it.
    pub fn words(&mut self, (x, y): (f64, f64), text: &str) {
        self.drawing += &label("mark", &self.x(x), self.y(y) - 9.0, text);
    }

    fn axes(&self) -> String {
        let (top, bottom) = (self.top(), self.top() + self.height);
        let mut drawing = label("axis", "0", top - 16.0, self.y.name);
        for tick in self.y.ticks() {
            let y = self.y(tick);
            let (left, right) = (percent(LEFT), percent(1.0 - RIGHT));
            drawing += &line("grid", (&left, y), (&right, y));
            let x = percent(LEFT - 0.015);
            drawing += &label("tick right", &x, y + 4.0, &self.y.text(tick));
        }
        for tick in self.x.ticks() {
            drawing += &label("tick", &self.x(tick), bottom + 18.0, &self.x.text(tick));
        }
        drawing + &label("axis middle", &percent(0.5 + LEFT / 2.0), bottom + 38.0, self.x.name)
    }

    fn legend_drawing(&self) -> String {
        let mut drawing = String::new();
        for (at, (class, text)) in self.legend.iter().enumerate() {
            let left = if at % 2 == 0 { 0.0 } else { 0.5 };
            let y = 10.0 + LEGEND_ROW * (at / 2) as f64;
            let (from, to) = (percent(left), percent(left + 0.07));
            drawing += &match class.strip_prefix("bar ") {
                Some(class) => format!(
                    "<rect class=\"bar {class}\" x=\"{from}\" y=\"{:.1}\" width=\"7%\" height=\"10\"/>\n",
                    y - 5.0
                ),
                None => line(&format!("series {class}"), (&from, y), (&to, y)),
            };
            drawing += &label("legend", &percent(left + 0.085), y + 4.0, text);
        }
        drawing
    }

    /// The finished picture.
    pub fn finish(self, id: &str, title: &str, description: String) -> String {
        let chart = Chart {
            id,
            title: title.to_owned(),
            description,
            height: self.top() + self.height + 46.0,
        };
        chart.wrap(&(self.legend_drawing() + &self.axes() + &self.drawing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        // Goal: ticks and their texts. Method: ranges whose steps are known.
        let axis = Axis::new("", -0.03, 0.41, 5.0);
        assert_eq!((axis.lo, axis.hi, axis.step), (-0.1, 0.5, 0.1));
        let texts: Vec<String> = axis.ticks().iter().map(|tick| axis.text(*tick)).collect();
        assert_eq!(texts, ["−0.1", "0.0", "0.1", "0.2", "0.3", "0.4", "0.5"]);
        assert_eq!(Axis::new("", 0.0, 1.2, 5.0).text(0.25), "0.25");
        assert_eq!(Axis::new("", 0.0, 0.0, 5.0).ticks().len(), 2);
        assert_eq!([0.3, 2.4, 40.0, 1.0].map(round_step), [0.5, 2.5, 50.0, 1.0]);
    }
}
