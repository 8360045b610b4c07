//! The pictures of a calibration. Computes nothing that is not also in the table beside it.

use super::{CalibrationItem, LatentPart};
use crate::report::study::number;
use crate::report::study::plot::{Axis, Plot};

const LINES: [&str; 4] = ["first", "second", "third", "fourth"];

fn ability() -> Axis {
    Axis::exact("ability θ", -4.0, 4.0, 1.0)
}

fn share() -> Axis {
    Axis::exact("share", 0.0, 1.0, 0.2)
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.filter(|value| value.is_finite()).fold(0.0, f64::max)
}

/// The curves of an item with what people did.
pub(super) fn curves(item: &CalibrationItem, id: &str) -> String {
    let mut plot = Plot::new(ability(), share());
    let two = item.curves.len() == 2;
    // Of right and wrong the second says all.
    let drawn = if two { 1 } else { 0 };
    for (score, curve) in item.curves.iter().enumerate().skip(drawn) {
        let class = LINES[(score - drawn) % LINES.len()];
        plot.curve(class, curve);
        if !two {
            plot = plot.legend(class, SCORES[score.min(SCORES.len() - 1)]);
        }
    }
    for bin in &item.observed {
        for (score, share) in bin.shares.iter().enumerate().skip(drawn) {
            let class = LINES[(score - drawn) % LINES.len()];
            plot.whiskers(class, bin.theta, (bin.low[score], bin.high[score]));
            plot.points(class, &[(bin.theta, *share, None)]);
        }
    }
    let outside = item.observed.iter().filter(|bin| bin.outside > 0).count();
    plot.finish(
        id,
        &format!("Curve of {}", item.id),
        format!(
            "The model's curve with the observed shares of {} groups of people; the 95 % interval of {outside} \
             of them does not hold the curve.",
            item.observed.len()
        ),
    )
}

const SCORES: [&str; 6] =
    ["score 0", "score 1", "score 2", "score 3", "score 4", "score 5 and above"];

/// Who chose which option along the ability.
pub(super) fn options(item: &CalibrationItem, id: &str) -> String {
    let mut plot = Plot::new(ability(), share());
    let key = item.options.iter().find(|option| option.is_key);
    let others = item.options.iter().filter(|option| !option.is_key);
    for (at, option) in key.into_iter().chain(others).enumerate() {
        let class = if option.is_key { "first" } else { "second" };
        plot.curve(class, &option.points);
        // Each name at another point, so that names of like shares do not lie on each other.
        if let Some(point) = option.points.iter().rev().nth(at % option.points.len().max(1)) {
            plot.words(*point, &option.name);
        }
    }
    plot = plot.legend("first", "key").legend("second", "other options");
    let rising: Vec<&str> = item
        .options
        .iter()
        .filter(|option| !option.is_key && option.r.is_some_and(|r| r > 0.0))
        .map(|option| option.name.as_str())
        .collect();
    plot.finish(
        id,
        &format!("Options of {}", item.id),
        match rising.is_empty() {
            true => "No option but the key is chosen more by the able.".to_owned(),
            false => format!("Chosen more by the able though no key: {}.", rising.join(", ")),
        },
    )
}

/// What all items tell along the ability.
pub(super) fn information(points: &[(f64, f64)]) -> String {
    let shown: Vec<(f64, f64)> = points.iter().copied().filter(|(x, _)| x.abs() <= 4.0).collect();
    let most = largest(shown.iter().map(|(_, y)| *y));
    let mut plot = Plot::new(ability(), Axis::new("information", 0.0, most, 5.0));
    plot.band(&shown.iter().map(|(x, y)| (*x, 0.0, *y)).collect::<Vec<_>>());
    plot.curve("first", &shown);
    let best = shown
        .iter()
        .fold((0.0, 0.0), |best: (f64, f64), at| if at.1 > best.1 { *at } else { best });
    plot.finish(
        "information-chart",
        "Information of all items along the ability",
        format!("Largest at {}: {}.", number(best.0, 1), number(best.1, 2)),
    )
}

/// The standard error of somebody who answers all items.
pub(super) fn errors(points: &[(f64, f64)]) -> String {
    let shown: Vec<(f64, f64)> = points
        .iter()
        .filter(|(x, y)| x.abs() <= 4.0 && *y > 0.0)
        .map(|(x, y)| (*x, 1.0 / y.sqrt()))
        .collect();
    let least = shown.iter().map(|(_, y)| *y).fold(f64::INFINITY, f64::min);
    // Where nothing is asked the error has no bound; the picture ends at three times the least.
    let top = largest(shown.iter().map(|(_, y)| *y)).min(3.0 * least);
    let mut plot = Plot::new(ability(), Axis::new("standard error", 0.0, top, 5.0));
    let inside: Vec<(f64, f64)> = shown.iter().copied().filter(|(_, y)| *y <= top).collect();
    plot.curve("first", &inside);
    plot.finish(
        "error-chart",
        "Standard error along the ability",
        format!("Of somebody who answers all items; the least is {}.", number(least, 3)),
    )
}

/// The distributions of ability.
pub(super) fn latent(latent: &[LatentPart]) -> String {
    let most = largest(latent.iter().flat_map(|part| part.density.iter().map(|(_, y)| *y)));
    let mut plot = Plot::new(ability(), Axis::new("density", 0.0, most, 4.0));
    for (at, part) in latent.iter().enumerate() {
        let shown: Vec<(f64, f64)> =
            part.density.iter().copied().filter(|(x, _)| x.abs() <= 4.0).collect();
        if at == 0 {
            plot.band(&shown.iter().map(|(x, y)| (*x, 0.0, *y)).collect::<Vec<_>>());
        }
        plot.curve(LINES[at % LINES.len()], &shown);
    }
    let parts: Vec<String> = latent
        .iter()
        .map(|part| {
            format!("{}: mean {}, SD {}", part.name, number(part.mean, 3), number(part.sd, 3))
        })
        .collect();
    plot.finish("latent-chart", "Distribution of ability", format!("{}.", parts.join("; ")))
}
