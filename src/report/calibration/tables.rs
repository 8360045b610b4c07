//! The numbers of the pictures as tables. Every number keeps its full value in the markup, as the JSON
//! has it.

use super::{CalibrationItem, CalibrationPage};
use crate::report::html::table::{Cell, open_table, table};
use crate::report::study::number;

fn known(found: Option<f64>) -> Cell {
    match found.filter(|found| found.is_finite()) {
        Some(value) => Cell::Number(value, number(value, 3)),
        None => Cell::Text("–".to_owned()),
    }
}

fn whole(count: usize) -> Cell {
    Cell::Number(count as f64, count.to_string())
}

/// The names that some item has, in the order in which they come.
fn names<'p>(
    page: &'p CalibrationPage,
    of: impl Fn(&'p CalibrationItem) -> Vec<&'p str>,
) -> Vec<&'p str> {
    let mut names: Vec<&str> = Vec::new();
    for item in &page.items {
        for name in of(item) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// All items.
pub(super) fn items(page: &CalibrationPage) -> String {
    let parameters = names(page, |item| item.estimated().map(|it| it.0.as_str()).collect());
    let statistics = names(page, |item| item.statistics.iter().map(|it| it.0.as_str()).collect());
    let mut head = vec!["Item", "n"];
    for name in &parameters {
        head.extend([*name, "SE"]);
    }
    head.extend(&statistics);
    head.push("Flags");
    let rows: Vec<Vec<Cell>> = page
        .items
        .iter()
        .map(|item| {
            let mut row = vec![Cell::Head(item.id.clone()), whole(item.n)];
            for name in &parameters {
                let found = item.parameters.iter().find(|it| it.0 == *name);
                row.extend([known(found.and_then(|it| it.1)), known(found.and_then(|it| it.2))]);
            }
            for name in &statistics {
                let found = item.statistics.iter().find(|it| it.0 == *name).and_then(|it| it.1);
                row.push(match found.filter(|_| *name == "df") {
                    Some(df) => Cell::Number(df, number(df, 0)),
                    None => known(found),
                });
            }
            row.push(Cell::Text(item.flags.join("; ")));
            row
        })
        .collect();
    open_table("items-table", "all items", &head, &rows)
}

/// What people did on an item.
pub(super) fn observed(item: &CalibrationItem) -> String {
    let categories = item.curves.len().max(1);
    let shown: Vec<usize> = if categories == 2 { vec![1] } else { (0..categories).collect() };
    let mut head = vec!["Ability".to_owned(), "People".to_owned()];
    for score in &shown {
        let what = if categories == 2 { "Right".to_owned() } else { format!("Score {score}") };
        head.extend([what, "from".to_owned(), "to".to_owned(), "model".to_owned()]);
    }
    let rows: Vec<Vec<Cell>> = item
        .observed
        .iter()
        .map(|bin| {
            let mut row = vec![known(Some(bin.theta)), whole(bin.n)];
            for &score in &shown {
                row.extend(
                    [bin.shares[score], bin.low[score], bin.high[score], bin.expected[score]]
                        .map(|value| known(Some(value))),
                );
            }
            row
        })
        .collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    table(&format!("what people did on {}", item.id), &head, &rows)
}

/// The options of an item.
pub(super) fn options(item: &CalibrationItem) -> String {
    let rows: Vec<Vec<Cell>> = item
        .options
        .iter()
        .map(|option| {
            let key = if option.is_key { "key" } else { "" };
            vec![
                Cell::Head(option.name.clone()),
                Cell::Text(key.to_owned()),
                known(Some(option.share)),
                known(option.r),
            ]
        })
        .collect();
    table(&format!("the options of {}", item.id), &["Option", "", "Share", "r"], &rows)
}

/// Information and standard error.
pub(super) fn information(points: &[(f64, f64)]) -> String {
    let rows: Vec<Vec<Cell>> = points
        .iter()
        .filter(|(theta, _)| theta.abs() <= 4.0)
        .map(|(theta, information)| {
            let error = (*information > 0.0).then(|| 1.0 / information.sqrt());
            vec![known(Some(*theta)), known(Some(*information)), known(error)]
        })
        .collect();
    table("information and standard error", &["Ability", "Information", "Standard error"], &rows)
}

/// Distributions of ability.
pub(super) fn latent(page: &CalibrationPage) -> String {
    let rows: Vec<Vec<Cell>> = page
        .latent
        .iter()
        .map(|part| {
            vec![Cell::Head(part.name.clone()), known(Some(part.mean)), known(Some(part.sd))]
        })
        .collect();
    open_table("latent-table", "ability", &["Group", "Mean", "SD"], &rows)
}

/// Pairs of items.
pub(super) fn pairs(page: &CalibrationPage) -> String {
    let rows: Vec<Vec<Cell>> = page
        .pairs
        .iter()
        .map(|pair| {
            vec![
                Cell::Head(pair.items[0].clone()),
                Cell::Text(pair.items[1].clone()),
                known(pair.q3),
                known(pair.ld_x2),
            ]
        })
        .collect();
    open_table("pairs-table", "pairs of items", &["Item", "and", "Q3", "LD-X²"], &rows)
}
