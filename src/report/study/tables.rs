//! The numbers of the pictures as tables. Every number keeps its full value in the markup, as the
//! JSON has it.

use super::{StudyDesign, StudyPage, number};
use crate::psychometrics::simulation::{AbilityBin, ItemMap, LevelFigures, Paired};
use crate::report::html::table::{Cell, open_table, table};

fn value(value: f64) -> Cell {
    Cell::Number(value, number(value, 3))
}

fn known(found: Option<f64>) -> Cell {
    found.filter(|found| found.is_finite()).map_or_else(|| Cell::Text("–".to_owned()), value)
}

fn whole(count: usize) -> Cell {
    Cell::Number(count as f64, count.to_string())
}

fn range(from: Option<f64>, to: Option<f64>) -> Cell {
    let end = |value: f64| number(value, 2);
    Cell::Head(match (from, to) {
        (Some(from), Some(to)) => format!("{} to {}", end(from), end(to)),
        (Some(from), None) => format!("{} and above", end(from)),
        (None, Some(to)) => format!("below {}", end(to)),
        (None, None) => "all".to_owned(),
    })
}

/// The totals of all designs, a column each.
pub(super) fn totals(page: &StudyPage) -> String {
    type Total = fn(&StudyDesign) -> Option<f64>;
    let rows: [(&str, Total); 16] = [
        ("Questions, mean", |design| Some(design.summary.length.mean)),
        ("SE of the mean", |design| design.figures.standard_errors.length),
        ("Bias", |design| Some(design.summary.precision.as_ref()?.bias)),
        ("SE of the bias", |design| design.figures.standard_errors.bias),
        ("RMSE", |design| Some(design.summary.precision.as_ref()?.rmse)),
        ("SE of the RMSE", |design| design.figures.standard_errors.rmse),
        ("Bound of the RMSE", |design| Some(design.summary.precision.as_ref()?.bound_rmse)),
        ("Mean reported SE", |design| Some(design.summary.mean_se)),
        ("Coverage of 90 % intervals", |design| {
            Some(design.summary.precision.as_ref()?.coverage90)
        }),
        ("SE of the coverage", |design| design.figures.standard_errors.coverage90),
        ("On the right level", |design| Some(design.summary.classification?.accuracy)),
        ("SE of that share", |design| design.figures.standard_errors.accuracy),
        ("Calibration error of levels", |design| Some(design.summary.classification?.ece)),
        ("Most seen item", |design| Some(design.summary.exposure.max)),
        ("Overlap", |design| Some(design.summary.exposure.overlap)),
        ("Items never seen", |design| Some(design.summary.exposure.unused_share)),
    ];
    let names: Vec<String> = (1..=page.designs.len()).map(|at| format!("Rule {at}")).collect();
    let head: Vec<&str> = std::iter::once("").chain(names.iter().map(String::as_str)).collect();
    let rows: Vec<Vec<Cell>> = rows
        .iter()
        .filter(|(_, of)| page.designs.iter().any(|design| of(design).is_some()))
        .map(|(name, of)| {
            let cells = page.designs.iter().map(|design| known(of(design)));
            std::iter::once(Cell::Head((*name).to_owned())).chain(cells).collect()
        })
        .collect();
    open_table("totals-table", "the totals", &head, &rows)
}

/// Everything along the ability.
pub(super) fn by_ability(bins: &[AbilityBin]) -> String {
    let head = [
        "True ability",
        "People",
        "Mean ability",
        "Bias",
        "SE",
        "RMSE",
        "SE",
        "SD of errors",
        "Mean SE",
        "Bound",
        "Coverage",
        "Band from",
        "to",
        "Questions",
        "SE",
    ];
    let row = |bin: &AbilityBin| {
        vec![
            range(bin.from, bin.to),
            whole(bin.n),
            value(bin.theta),
            value(bin.bias),
            known(bin.bias_se),
            value(bin.rmse),
            known(bin.rmse_se),
            known(bin.csem),
            known(Some(bin.mean_se)),
            value(bin.bound),
            value(bin.coverage90),
            value(bin.coverage_band[0]),
            value(bin.coverage_band[1]),
            Cell::Number(bin.length, number(bin.length, 1)),
            known(bin.length_se),
        ]
    };
    let rows: Vec<Vec<Cell>> = bins.iter().map(row).collect();
    identified("by-ability-table", "the numbers along the ability", &head, &rows)
}

/// A folded table that can be pointed at.
fn identified(id: &str, summary: &str, head: &[&str], rows: &[Vec<Cell>]) -> String {
    format!("<div id=\"{id}\">\n{}</div>\n", table(summary, head, rows))
}

pub(super) fn lengths(design: &StudyDesign) -> String {
    let counts = &design.figures.lengths;
    let rows: Vec<Vec<Cell>> = counts
        .iter()
        .map(|count| vec![Cell::Head(count.value.to_string()), whole(count.n), value(count.share)])
        .collect();
    let head = ["Questions", "Tests", "Share"];
    identified("lengths-table", "how many tests had which length", &head, &rows)
}

pub(super) fn stops(design: &StudyDesign) -> String {
    let counts = &design.figures.stops;
    let rows: Vec<Vec<Cell>> = counts
        .iter()
        .map(|count| vec![Cell::Head(count.value.clone()), whole(count.n), value(count.share)])
        .collect();
    identified("stops-table", "why the tests ended", &["Reason", "Tests", "Share"], &rows)
}

pub(super) fn by_length(design: &StudyDesign) -> String {
    let at = design.summary.precision.iter().flat_map(|precision| &precision.by_length);
    let rows: Vec<Vec<Cell>> = at
        .map(|at| {
            let ratio = at.rmse / at.bound_rmse;
            vec![
                Cell::Head(at.n.to_string()),
                value(at.rmse),
                value(at.bound_rmse),
                known(Some(ratio)),
            ]
        })
        .collect();
    let head = ["Questions", "RMSE", "Bound", "Ratio"];
    identified("by-length-table", "the error after so many questions", &head, &rows)
}

/// Items with their location and rate, the most seen first.
pub(super) fn items(page: &StudyPage) -> String {
    let rates = &page.designs[0].figures.exposure_rates;
    let mut order: Vec<usize> = (0..page.item_ids.len()).collect();
    order.sort_by(|&a, &b| rates[b].total_cmp(&rates[a]).then(a.cmp(&b)));
    let rows: Vec<Vec<Cell>> = order
        .into_iter()
        .map(|row| {
            vec![
                Cell::Head(page.item_ids[row].clone()),
                value(rates[row]),
                value(page.item_map.locations[row]),
            ]
        })
        .collect();
    identified("items-table", "every item", &["Item", "Share of tests", "Location"], &rows)
}

pub(super) fn map(map: &ItemMap) -> String {
    let last = map.classes.len() - 1;
    let rows: Vec<Vec<Cell>> = map
        .classes
        .iter()
        .enumerate()
        .map(|(at, class)| {
            let ends = ((at > 0).then_some(class.from), (at < last).then_some(class.to));
            vec![range(ends.0, ends.1), whole(class.items), whole(class.people)]
        })
        .collect();
    identified("map-table", "items against people", &["θ", "Items", "People"], &rows)
}

pub(super) fn information(map: &ItemMap) -> String {
    let rows: Vec<Vec<Cell>> = map
        .information
        .iter()
        .map(|at| vec![Cell::Head(number(at.theta, 2)), value(at.information)])
        .collect();
    identified("information-table", "the information of all items", &["θ", "Information"], &rows)
}

/// True against most probable levels, in sight.
pub(super) fn confusion(levels: &LevelFigures, names: &[String]) -> String {
    let said: Vec<String> = names.iter().map(|name| format!("said {name}")).collect();
    let mut head = vec!["Truly"];
    head.extend(said.iter().map(String::as_str));
    head.push("People");
    let rows: Vec<Vec<Cell>> = levels
        .confusion
        .iter()
        .zip(names)
        .map(|(row, name)| {
            let mut cells = vec![Cell::Head(name.clone())];
            cells.extend(row.iter().map(|count| whole(*count)));
            cells.push(whole(row.iter().sum()));
            cells
        })
        .collect();
    open_table("confusion-table", "true and most probable levels", &head, &rows)
}

pub(super) fn distance(levels: &LevelFigures) -> String {
    let rows: Vec<Vec<Cell>> = levels
        .by_distance
        .iter()
        .map(|bin| {
            vec![
                range(Some(bin.from), bin.to),
                whole(bin.n),
                value(bin.distance),
                value(bin.accuracy),
                value(bin.accuracy_se),
            ]
        })
        .collect();
    let head = ["Distance", "People", "Mean distance", "Right level", "SE"];
    identified("distance-table", "right levels by the distance from a cut", &head, &rows)
}

pub(super) fn reliability(levels: &LevelFigures) -> String {
    let rows: Vec<Vec<Cell>> = levels
        .reliability
        .iter()
        .map(|bin| {
            vec![
                range(Some(bin.from), Some(bin.to)),
                whole(bin.n),
                value(bin.stated),
                value(bin.happened),
                value(bin.se),
            ]
        })
        .collect();
    let head = ["Probability", "Statements", "Mean stated", "Came true", "SE if they hold"];
    identified("reliability-table", "stated probabilities against what came true", &head, &rows)
}

/// Differences of the other designs from the first, in sight.
pub(super) fn differences(page: &StudyPage) -> String {
    let of = |paired: Option<Paired>| {
        let se = paired.and_then(|paired| paired.se);
        [known(paired.map(|paired| paired.difference)), known(se)]
    };
    let rows: Vec<Vec<Cell>> = page
        .designs
        .iter()
        .enumerate()
        .filter_map(|(at, design)| {
            let difference = design.difference?;
            let mut cells =
                vec![Cell::Head((at + 1).to_string()), Cell::Text(design.settings.rule.clone())];
            cells.extend(of(Some(difference.length)));
            cells.extend(of(difference.rmse));
            cells.extend(of(difference.accuracy));
            Some(cells)
        })
        .collect();
    let head = ["", "Rule", "Questions", "SE", "RMSE", "SE", "Right level", "SE"];
    open_table("differences-table", "differences from rule 1, person by person", &head, &rows)
}

/// The error of every design after so many questions.
pub(super) fn compare(page: &StudyPage) -> String {
    let precise: Vec<_> =
        page.designs.iter().map(|design| design.summary.precision.as_ref()).collect();
    let longest = precise.iter().flatten().map(|p| p.by_length.len()).max().unwrap_or(0);
    let names: Vec<String> = (1..=precise.len()).map(|at| format!("RMSE of {at}")).collect();
    let mut head = vec!["Questions"];
    head.extend(names.iter().map(String::as_str));
    let row = |n: usize| {
        let cell = |precision: &Option<&crate::psychometrics::simulation::Precision>| {
            known(precision.and_then(|p| p.by_length.get(n)).map(|at| at.rmse))
        };
        std::iter::once(Cell::Head((n + 1).to_string())).chain(precise.iter().map(cell)).collect()
    };
    let rows: Vec<Vec<Cell>> = (0..longest).map(row).collect();
    identified("compare-table", "the error of all rules after so many questions", &head, &rows)
}
