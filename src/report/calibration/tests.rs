//! The page of a small calibration: what must be on it, and how large it may grow.

use super::*;

fn item(at: usize, flagged: bool) -> CalibrationItem {
    let curve = |score: usize| -> Vec<(f64, f64)> {
        let share = if score == 1 { 0.7 } else { 0.3 };
        (0..=64).map(|x| (f64::from(x) / 8.0 - 4.0, share)).collect()
    };
    let bin = |at: u32| CurveBin {
        theta: f64::from(at) - 2.0,
        n: 40,
        shares: vec![0.25, 0.75],
        low: vec![0.1, 0.6],
        high: vec![0.4, 0.9],
        expected: vec![0.3, 0.7],
        outside: 0,
    };
    let (a, b) = (("a".to_owned(), Some(1.25), Some(0.1)), ("b".to_owned(), Some(-0.5), None));
    CalibrationItem {
        id: format!("item<{at}>"),
        n: 200,
        parameters: vec![a, b],
        statistics: vec![("infit".to_owned(), Some(0.98))],
        curves: vec![curve(0), curve(1)],
        observed: (0..5).map(bin).collect(),
        flags: if flagged { vec!["is the key right?".to_owned()] } else { Vec::new() },
        options: vec![OptionPart {
            name: "a".to_owned(),
            is_key: true,
            share: 0.6,
            r: Some(0.3),
            points: vec![(-1.0, 0.4), (1.0, 0.8)],
        }],
    }
}

fn page(items: usize) -> CalibrationPage {
    CalibrationPage {
        command: "gradus calibrate --responses 'a b.csv'".to_owned(),
        version: "0.1.0".to_owned(),
        what: "200 people answered.".to_owned(),
        verdict: "Converged after 12 EM steps.".to_owned(),
        converged: true,
        notes: vec!["a <note>".to_owned()],
        facts: vec![("Model".to_owned(), "2pl".to_owned())],
        items: (0..items).map(|at| item(at, at % 7 == 3)).collect(),
        pairs: vec![PairPart {
            items: ["item<1>".to_owned(), "item<2>".to_owned()],
            q3: Some(0.41),
            ld_x2: Some(9.5),
        }],
        latent: vec![LatentPart {
            name: "everybody".to_owned(),
            mean: 0.0,
            sd: 1.0,
            density: vec![(-1.0, 0.2), (0.0, 0.4), (1.0, 0.2)],
        }],
        information: vec![(-1.0, 2.0), (0.0, 4.0), (1.0, 2.0)],
        method: "Groups of people.".to_owned(),
    }
}

#[test]
fn flagged_items_come_first_and_every_picture_has_its_table() {
    // Goal: the reader meets what matters first; no picture without words and numbers; nothing runs or loads;
    // names are escaped. Method: a page of ten items, one of them flagged, read as text.
    let html = calibration_html(&page(10));
    let place = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text} is missing"));
    let headings: Vec<&str> = html.split("<h3 ").skip(1).collect();
    assert!(headings[0].contains("item&lt;3&gt;"), "{}", headings[0]);
    assert!(place("id=\"flagged\"") < place("id=\"items\""));
    assert_eq!(html.matches("<svg class=\"chart\"").count(), 10 * 2 + 3);
    assert_eq!(html.matches("<title id=").count(), 10 * 2 + 3);
    assert_eq!(html.matches("<summary>Table: what people did on").count(), 10);
    assert_eq!(html.matches("<summary>Table: the options of").count(), 10);
    for table in ["items-table", "latent-table", "pairs-table", "Table: information"] {
        place(table);
    }
    assert!(html.contains("<data value=\"1.25\">1.250</data>"));
    assert!(!html.contains("<script") && !html.contains("item<"));
    let ids: Vec<&str> =
        html.split(" id=\"").skip(1).filter_map(|it| it.split('"').next()).collect();
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "every id once");
}

#[test]
fn a_thousand_items_are_a_page_that_opens() {
    // Goal: the page stays below three megabytes and says what it leaves out. Method: 1,000 items.
    let html = calibration_html(&page(1_000));
    assert!(html.len() < 3_000_000, "{} bytes", html.len());
    assert_eq!(html.matches("class=\"item\"").count(), ITEMS_DRAWN_MAX);
    assert!(html.contains("Drawn are the first 60; the table has all."));
    assert_eq!(html.matches("item&lt;999&gt;").count(), 1);
}
