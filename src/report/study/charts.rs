//! The pictures of a study: each takes the figures of one design, or of all, and draws them.
//! Computes nothing that is not also in the table beside it.

use super::StudyDesign;
use super::plot::{Axis, Plot};
use super::{list_of_shares, number};
use crate::psychometrics::simulation::{AbilityBin, ItemMap, LevelFigures, Z95};
use crate::report::svg::{Chart, label, percent};

/// Fewest people whose spread is drawn; the tables have every bin.
const PEOPLE_MIN: usize = 10;

/// What the x axis along the ability says.
const ABILITY: &str = "true ability θ";

fn ability_axis(bins: &[AbilityBin]) -> Axis {
    let ends = bins.iter().map(|bin| bin.theta);
    let (lo, hi) = ends.fold((0.0_f64, 0.0_f64), |(lo, hi), theta| (lo.min(theta), hi.max(theta)));
    Axis::new(ABILITY, lo - 0.1, hi + 0.1, 6.0)
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.filter(|value| value.is_finite()).fold(0.0, f64::max)
}

/// One value of every bin with the half width of its 95 % error bar.
fn along(
    bins: &[AbilityBin],
    value: impl Fn(&AbilityBin) -> (f64, Option<f64>),
) -> Vec<(f64, f64, Option<f64>)> {
    let point = |bin: &AbilityBin| {
        let (value, se) = value(bin);
        (bin.theta, value, se.map(|se| Z95 * se))
    };
    bins.iter().map(point).collect()
}

fn curve_of(bins: &[AbilityBin], value: impl Fn(&AbilityBin) -> f64) -> Vec<(f64, f64)> {
    bins.iter().map(|bin| (bin.theta, value(bin))).filter(|(_, y)| y.is_finite()).collect()
}

/// (a) Mean error along the ability.
pub(super) fn bias(bins: &[AbilityBin]) -> String {
    let most = largest(bins.iter().map(|bin| {
        let half = bin.bias_se.filter(|_| bin.n >= PEOPLE_MIN).map_or(0.0, |se| Z95 * se);
        bin.bias.abs() + half
    }));
    let mut plot = Plot::new(ability_axis(bins), Axis::new("mean error", -most, most, 6.0));
    plot.level("zero", 0.0);
    let points = along(bins, |bin| (bin.bias, bin.bias_se));
    plot.curve("first", &curve_of(bins, |bin| bin.bias));
    plot.points("first", &points);
    let far = bins
        .iter()
        .map(|bin| bin.bias)
        .fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
    plot.finish(
        "bias-chart",
        "Bias along the ability",
        format!(
            "Mean error of the estimate in {} bins of the true ability with 95 % error bars; the \
             largest is {}.",
            bins.len(),
            number(far, 3)
        ),
    )
}

/// (b) Error, reported standard error and bound along the ability.
pub(super) fn error(bins: &[AbilityBin]) -> String {
    let top = |bin: &AbilityBin| {
        let half = bin.rmse_se.filter(|_| bin.n >= PEOPLE_MIN).map_or(0.0, |se| Z95 * se);
        [bin.rmse + half, bin.mean_se, bin.bound]
    };
    let most = largest(bins.iter().flat_map(top));
    let mut plot =
        Plot::new(ability_axis(bins), Axis::new("standard error, logits", 0.0, most, 5.0))
            .legend("first", "RMSE")
            .legend("second", "mean reported SE")
            .legend("third", "SD of errors (CSEM)")
            .legend("fourth", "bound");
    plot.curve("fourth", &curve_of(bins, |bin| bin.bound));
    plot.curve(
        "third",
        &curve_of(bins, |bin| bin.csem.filter(|_| bin.n >= PEOPLE_MIN).unwrap_or(f64::NAN)),
    );
    plot.curve("second", &curve_of(bins, |bin| bin.mean_se));
    plot.curve("first", &curve_of(bins, |bin| bin.rmse));
    plot.points("first", &along(bins, |bin| (bin.rmse, bin.rmse_se)));
    let ends = |value: &dyn Fn(&AbilityBin) -> f64| {
        let values = || bins.iter().map(value).filter(|value| value.is_finite());
        (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max))
    };
    let ((low, high), (least, most)) = (ends(&|bin| bin.rmse), ends(&|bin| bin.mean_se));
    plot.finish(
        "error-chart",
        "Error and standard error along the ability",
        format!(
            "Root mean square error between {low:.3} and {high:.3}, mean reported standard error \
             between {least:.3} and {most:.3}."
        ),
    )
}

/// (c) Coverage of the 90 % intervals along the ability.
pub(super) fn coverage(bins: &[AbilityBin]) -> String {
    let least =
        bins.iter().map(|bin| bin.coverage90.min(bin.coverage_band[0])).fold(0.85, f64::min);
    let y = Axis::new("share of intervals that hold the truth", least.max(0.0), 1.0, 5.0);
    let mut plot = Plot::new(ability_axis(bins), y);
    let band: Vec<(f64, f64, f64)> =
        bins.iter().map(|bin| (bin.theta, bin.coverage_band[0], bin.coverage_band[1])).collect();
    plot.band(&band);
    plot.level("zero", 0.9);
    plot.curve("first", &curve_of(bins, |bin| bin.coverage90));
    plot.points("first", &along(bins, |bin| (bin.coverage90, None)));
    let outside = |bin: &&AbilityBin| {
        bin.coverage90 < bin.coverage_band[0] || bin.coverage90 > bin.coverage_band[1]
    };
    plot.finish(
        "coverage-chart",
        "Coverage of the 90 % intervals along the ability",
        format!(
            "{} of {} bins lie outside the band in which 19 of 20 would lie if the intervals kept \
             their word.",
            bins.iter().filter(outside).count(),
            bins.len()
        ),
    )
}

/// (d) How many tests had which length.
pub(super) fn lengths(design: &StudyDesign) -> String {
    let (counts, length) = (&design.figures.lengths, &design.summary.length);
    let most = largest(counts.iter().map(|count| count.share));
    let (lo, hi) = (length.min as f64, length.max as f64);
    let step = Axis::new("", lo, hi + 1.0, 6.0);
    let x = Axis::exact("questions", lo - 0.5, hi + 0.5, step.whole_step());
    let mut plot = Plot::new(x, Axis::new("share of tests", 0.0, most, 5.0));
    for count in counts {
        let n = count.value as f64;
        plot.bar("first", (n - 0.5, n + 0.5), (0.0, count.share));
    }
    plot.finish(
        "lengths-chart",
        "Lengths of the tests",
        format!(
            "Between {} and {} questions, mean {:.1}, standard deviation {:.1}.",
            length.min, length.max, length.mean, length.sd
        ),
    )
}

/// (d) Mean length along the ability.
pub(super) fn length(bins: &[AbilityBin]) -> String {
    let most = largest(bins.iter().map(|bin| bin.length));
    let mut plot = Plot::new(ability_axis(bins), Axis::new("mean questions", 0.0, most, 5.0));
    plot.curve("first", &curve_of(bins, |bin| bin.length));
    plot.points("first", &along(bins, |bin| (bin.length, bin.length_se)));
    let ends = bins.iter().map(|bin| bin.length);
    let (low, high) = ends.fold((f64::INFINITY, 0.0_f64), |(lo, hi), n| (lo.min(n), hi.max(n)));
    plot.finish(
        "length-chart",
        "Mean length along the ability",
        format!("Between {low:.1} and {high:.1} questions, with 95 % error bars."),
    )
}

/// (d) Why tests ended.
pub(super) fn stops(design: &StudyDesign) -> String {
    const ROW: f64 = 46.0;
    let mut drawing = String::new();
    for (row, stop) in design.figures.stops.iter().enumerate() {
        let top = ROW * row as f64;
        drawing += &label("row-name", "0", top + 16.0, &stop.value);
        drawing += &label("row-count", "100%", top + 16.0, &format!("{:.1} %", 100.0 * stop.share));
        let (ground, share) = ("100%".to_owned(), percent(stop.share));
        for (class, width) in [("meter-ground", ground), ("bar first", share)] {
            drawing += &format!(
                "<rect class=\"{class}\" x=\"0\" y=\"{:.1}\" width=\"{width}\" height=\"12\"/>\n",
                top + 24.0
            );
        }
    }
    let chart = Chart {
        id: "stops-chart",
        title: "Why the tests ended".to_owned(),
        description: list_of_shares(&design.figures.stops),
        height: ROW * design.figures.stops.len() as f64,
    };
    chart.wrap(&drawing)
}

/// (e) Error after so many questions.
pub(super) fn by_length(design: &StudyDesign) -> Option<String> {
    let at = &design.summary.precision.as_ref()?.by_length;
    let (first, last) = (at.first()?, at.last()?);
    let most = largest(at.iter().flat_map(|at| [at.rmse, at.bound_rmse]));
    let x = Axis::new("questions answered", 0.0, last.n as f64, 6.0);
    let mut plot = Plot::new(x, Axis::new("RMSE, logits", 0.0, most, 5.0))
        .legend("first", "RMSE")
        .legend("fourth", "bound");
    let curve = |value: &dyn Fn(usize) -> f64| -> Vec<(f64, f64)> {
        (0..at.len()).map(|row| (at[row].n as f64, value(row))).collect()
    };
    plot.curve("fourth", &curve(&|row| at[row].bound_rmse));
    plot.curve("first", &curve(&|row| at[row].rmse));
    Some(plot.finish(
        "by-length-chart",
        "Error against the number of questions",
        format!(
            "Root mean square error {:.3} after {} and {:.3} after {} questions; the bound there is \
             {:.3}.",
            first.rmse, first.n, last.rmse, last.n, last.bound_rmse
        ),
    ))
}

/// (f) Exposure rates, largest first.
pub(super) fn exposure(design: &StudyDesign) -> String {
    let mut rates = design.figures.exposure_rates.clone();
    rates.sort_by(|a, b| b.total_cmp(a));
    let x = Axis::new("items, most seen first", 0.0, rates.len() as f64, 6.0);
    let found = &design.summary.exposure;
    let mut plot = Plot::new(x, Axis::new("share of tests", 0.0, found.max, 5.0));
    let steps: Vec<(f64, f64)> = rates
        .iter()
        .enumerate()
        .flat_map(|(at, rate)| [(at as f64, *rate), (at as f64 + 1.0, *rate)])
        .collect();
    let area: Vec<(f64, f64, f64)> = steps.iter().map(|(x, rate)| (*x, 0.0, *rate)).collect();
    plot.band(&area);
    plot.curve("first", &steps);
    plot.finish(
        "exposure-chart",
        "Exposure of the items",
        format!(
            "The most seen item was in {:.1} % of the tests, two people share {:.1} % of their \
             items, {:.1} % of the items were never seen.",
            100.0 * found.max,
            100.0 * found.overlap,
            100.0 * found.unused_share
        ),
    )
}

/// (g) Items against people.
pub(super) fn map(map: &ItemMap) -> String {
    let total = |of: &dyn Fn(usize) -> usize| (0..map.classes.len()).map(of).sum::<usize>().max(1);
    let items = total(&|at| map.classes[at].items) as f64;
    let people = total(&|at| map.classes[at].people) as f64;
    let shares = map
        .classes
        .iter()
        .map(|class| (class, class.items as f64 / items, class.people as f64 / people));
    let most = largest(shares.clone().map(|(_, items, people)| items.max(people)));
    let y = Axis::new("share of people (up) and of items (down)", -most, most, 6.0);
    let mut plot = Plot::new(Axis::exact("θ", -4.0, 4.0, 1.0), y.mirrored())
        .legend("bar first", "people")
        .legend("bar second", "items");
    for (class, items, people) in shares {
        plot.bar("first", (class.from, class.to), (0.0, people));
        plot.bar("second", (class.from, class.to), (0.0, -items));
    }
    plot.level("zero", 0.0);
    let mean = map.locations.iter().sum::<f64>() / items;
    plot.finish(
        "map-chart",
        "Items against people",
        format!(
            "{items} items, their locations {} in the mean, beside {people} people.",
            number(mean, 2)
        ),
    )
}

/// (g) What the bank tells at each ability.
pub(super) fn information(map: &ItemMap) -> String {
    let points: Vec<(f64, f64)> =
        map.information.iter().map(|at| (at.theta, at.information)).collect();
    let most = largest(points.iter().map(|(_, y)| *y));
    let y = Axis::new("information", 0.0, most, 5.0);
    let mut plot = Plot::new(Axis::exact("θ", -4.0, 4.0, 1.0), y);
    plot.band(&points.iter().map(|(x, y)| (*x, 0.0, *y)).collect::<Vec<_>>());
    plot.curve("first", &points);
    let best = points
        .iter()
        .fold((0.0, 0.0), |best: (f64, f64), at| if at.1 > best.1 { *at } else { best });
    plot.finish(
        "information-chart",
        "Information of all items along the ability",
        format!("Largest at {}: {:.1}.", number(best.0, 2), best.1),
    )
}

/// (h) Accuracy by the distance from the nearest cut.
pub(super) fn distance(levels: &LevelFigures) -> String {
    let far = largest(levels.by_distance.iter().map(|bin| bin.distance));
    let y = Axis::exact("share on the right level", 0.0, 1.0, 0.2);
    let mut plot = Plot::new(Axis::new("distance from the nearest cut", 0.0, far, 6.0), y);
    let points: Vec<(f64, f64, Option<f64>)> = levels
        .by_distance
        .iter()
        .map(|bin| (bin.distance, bin.accuracy, Some(Z95 * bin.accuracy_se)))
        .collect();
    plot.curve("first", &points.iter().map(|(x, y, _)| (*x, *y)).collect::<Vec<_>>());
    plot.points("first", &points);
    let end = |bin: Option<&crate::psychometrics::simulation::DistanceBin>| {
        bin.map_or(0.0, |bin| 100.0 * bin.accuracy)
    };
    plot.finish(
        "distance-chart",
        "Right levels by the distance from the nearest cut",
        format!(
            "{:.0} % nearest to a cut, {:.0} % farthest from it.",
            end(levels.by_distance.first()),
            end(levels.by_distance.last())
        ),
    )
}

/// (h) Stated probabilities of levels against what came true.
pub(super) fn reliability(levels: &LevelFigures, ece: f64) -> String {
    let axis = |name| Axis::exact(name, 0.0, 1.0, 0.2);
    let mut plot = Plot::new(axis("stated probability"), axis("share that came true"));
    plot.curve("fourth", &[(0.0, 0.0), (1.0, 1.0)]);
    let points: Vec<(f64, f64, Option<f64>)> = levels
        .reliability
        .iter()
        .map(|bin| (bin.stated, bin.happened, Some(Z95 * bin.se)))
        .collect();
    plot.curve("first", &points.iter().map(|(x, y, _)| (*x, *y)).collect::<Vec<_>>());
    plot.points("first", &points);
    plot.finish(
        "reliability-chart",
        "Stated probabilities against what came true",
        format!("Expected calibration error {ece:.3}; on the diagonal statements hold."),
    )
}

/// (i) Error against length of all designs.
pub(super) fn compare(designs: &[StudyDesign]) -> Option<String> {
    const LINES: [&str; 4] = ["first", "second", "third", "fourth"];
    let precise: Vec<_> =
        designs.iter().filter_map(|d| Some((d, d.summary.precision.as_ref()?))).collect();
    let longest = largest(precise.iter().map(|(_, p)| p.by_length.len() as f64));
    let rmse = || precise.iter().flat_map(|(_, p)| p.by_length.iter().map(|at| at.rmse));
    if precise.is_empty() || longest < 1.0 {
        return None;
    }
    let x = Axis::new("questions answered", 0.0, longest, 6.0);
    let mut plot = Plot::new(x, Axis::new("RMSE, logits", 0.0, largest(rmse()), 5.0));
    for (at, (_, precision)) in precise.iter().enumerate() {
        let curve: Vec<(f64, f64)> =
            precision.by_length.iter().map(|at| (at.n as f64, at.rmse)).collect();
        plot.curve(LINES[at % LINES.len()], &curve);
    }
    for (at, (design, precision)) in precise.iter().enumerate() {
        let mean = design.summary.length.mean;
        let half = design.figures.standard_errors.rmse.map(|se| Z95 * se);
        plot.points("first", &[(mean, precision.rmse, half)]);
        plot.words((mean, precision.rmse + half.unwrap_or(0.0)), &(at + 1).to_string());
    }
    Some(plot.finish(
        "compare-chart",
        "Error against length, all rules",
        format!(
            "Lines: root mean square error after so many questions. Points: mean length and final \
             error of the rules 1 to {}, with 95 % error bars.",
            precise.len()
        ),
    ))
}
