//! What data cannot bear: does `gradus calibrate` say it, estimate the rest, keep its exit codes
//! and its JSON, for every model?

use std::process::Output;

use assert_cmd::Command;
use gradus::psychometrics::irt::ItemModel;
use gradus::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};
use serde_json::Value;
use tempfile::TempDir;

const MODELS: [&str; 8] = ["rasch", "2pl", "3pl", "4pl", "grm", "pcm", "gpcm", "nrm"];

/// Answers of 200 people to five items of so many scores.
fn answers(categories: usize) -> Vec<Vec<String>> {
    let items: Vec<ItemModel> = (0..5)
        .map(|item| {
            let middle = 0.4 * f64::from(item) - 0.8;
            let steps = (1..categories).map(|k| middle + 0.8 * k as f64 - 0.4 * categories as f64);
            ItemModel::graded(1.4, steps.collect()).unwrap()
        })
        .collect();
    let mut random = stream(17, 0, Purpose::Simulee);
    let row = |_| {
        let theta = standard_normal(&mut random);
        let score = |item: &ItemModel| item.category_at(theta, uniform(&mut random)).to_string();
        items.iter().map(score).collect()
    };
    (0..200).map(row).collect()
}

/// The table with a further column.
fn with(rows: &[Vec<String>], column: impl Fn(usize) -> String) -> Vec<Vec<String>> {
    let add = |(person, row): (usize, &Vec<String>)| [row.clone(), vec![column(person)]].concat();
    rows.iter().enumerate().map(add).collect()
}

fn table(rows: &[Vec<String>]) -> String {
    let width = rows[0].len();
    let header: Vec<String> = (1..=width).map(|item| format!("i{item}")).collect();
    let lines = std::iter::once(header.join(",")).chain(rows.iter().map(|row| row.join(",")));
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

struct Run {
    output: Output,
    folder: TempDir,
}

impl Run {
    fn of(model: &str, text: &str, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("r.csv"), text).unwrap();
        let fixed = ["calibrate", "--responses", "r.csv", "--format", "json", "-o", "o.csv"];
        let output = Command::cargo_bin("gradus")
            .unwrap()
            .current_dir(folder.path())
            .args([&fixed[..], &["--model", model], more].concat())
            .output()
            .unwrap();
        Self { output, folder }
    }

    fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// The one object on stdout; reading it refuses NaN and infinities.
    fn json(&self) -> Value {
        serde_json::from_slice(&self.output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", self.said()))
    }

    fn reasons(&self) -> Vec<String> {
        let json = self.json();
        let entries = json["left_out"].as_array().unwrap();
        entries.iter().map(|entry| entry["why"].as_str().unwrap().to_owned()).collect()
    }

    fn wrote(&self) -> bool {
        self.folder.path().join("o.csv").exists()
    }

    fn assert_refused(&self, what: &str) {
        assert_eq!(self.code(), Some(4), "{what}: {}", self.said());
        assert!(self.said().contains("help: "), "{what}: {}", self.said());
        assert!(self.output.stdout.is_empty() && !self.wrote(), "{what}");
    }
}

fn categories(model: &str) -> usize {
    if model.ends_with("pl") || model == "rasch" { 2 } else { 3 }
}

#[test]
fn every_model_leaves_out_what_says_nothing_and_estimates_the_rest() {
    // Goal: an item all right, all wrong, never asked, asked twice under two names: exit 1, the
    // reason in `left_out`, the item on stderr, five items estimated. A person without answers:
    // said, no loss. Method: each of these for each of the eight models; 3PL and 4PL with priors,
    // without which 200 answers hardly identify them.
    for model in MODELS {
        let rows = answers(categories(model));
        let top = (categories(model) - 1).to_string();
        let priors = "log_a=normal(0,0.5);logit_c=normal(-2,0.5);logit_d=normal(2,0.5)";
        let more = if model == "3pl" || model == "4pl" { vec!["--priors", priors] } else { vec![] };
        let cases = [
            ("constant", with(&rows, |_| top.clone())),
            ("constant", with(&rows, |_| "0".to_owned())),
            ("unanswered", with(&rows, |_| "NA".to_owned())),
            ("copy", with(&rows, |person| rows[person][2].clone())),
        ];
        for (why, rows) in cases {
            let run = Run::of(model, &table(&rows), &more);
            assert_eq!(run.code(), Some(1), "{model} {why}: {}", run.said());
            assert_eq!(run.reasons(), [why], "{model}");
            assert!(run.said().contains("`i6`"), "{model}: {}", run.said());
            assert_eq!(run.json()["items_n"], 5);
            assert_eq!(run.json()["converged"], true, "{model} {why}");
            assert!(run.wrote());
        }
        let silent = [rows.clone(), vec![vec![String::new(); 5]]].concat();
        let run = Run::of(model, &table(&silent), &more);
        assert_eq!(run.code(), Some(0), "{model}: {}", run.said());
        assert!(run.said().contains("1 person without an answer (`201`)"), "{}", run.said());
    }
}

#[test]
fn every_model_refuses_data_without_any_estimate() {
    // Goal: exit 4, a help line, nothing written, where nothing can be estimated. Method: one
    // person, a constant matrix, nobody, an item without a name, for each model; and items that people separate perfectly,
    // for a model with slopes.
    for model in MODELS {
        let rows = answers(categories(model));
        Run::of(model, &table(&rows[..1]), &[]).assert_refused(model);
        Run::of(model, &table(&vec![vec!["1".to_owned(); 5]; 30]), &[]).assert_refused(model);
        Run::of(model, "i1,i2\n", &[]).assert_refused(model);
        Run::of(model, "i1,\n0,1\n1,0\n", &[]).assert_refused(model);
        Run::of(model, &table(&vec![vec![String::new(); 5]; 30]), &[]).assert_refused(model);
    }
}

#[test]
fn too_little_data_end_in_words_and_valid_json() {
    // Goal: three people, one item, two items, a perfect Guttman pattern, noise, an item that two
    // people saw: an exit code of 0, 1 or 4, one JSON object or none, never a panic; and what is
    // not exit 0 is said. Method: every model; reading the JSON refuses NaN.
    for model in MODELS {
        let categories = categories(model);
        let rows = answers(categories);
        let mut random = stream(3, 0, Purpose::Simulee);
        let mut noise = |_: usize| (uniform(&mut random) * categories as f64) as usize;
        let cases: [(&str, Vec<Vec<String>>); 6] = [
            ("three people", rows[..3].to_vec()),
            ("one item", rows.iter().map(|row| row[..1].to_vec()).collect()),
            ("two items", rows.iter().map(|row| row[..2].to_vec()).collect()),
            (
                "Guttman",
                (0..60)
                    .map(|p| (0..5).map(|i| u8::from(p > 10 * i).to_string()).collect())
                    .collect(),
            ),
            ("noise", (0..200).map(|_| (0..5).map(|i| noise(i).to_string()).collect()).collect()),
            ("seen by two", with(&rows, |p| if p < 2 { p.to_string() } else { String::new() })),
        ];
        for (name, rows) in cases {
            for more in [&[][..], &["--fit"]] {
                let run = Run::of(model, &table(&rows), more);
                match run.code() {
                    Some(0) => assert_eq!(run.json()["converged"], true, "{model} {name}"),
                    Some(1) => {
                        assert!(run.json()["items"].is_array());
                        assert!(!run.said().is_empty(), "{model} {name}");
                    }
                    _ => run.assert_refused(&format!("{model}, {name}")),
                }
            }
        }
    }
}

#[test]
fn what_is_not_identified_is_named_and_has_no_error() {
    // Goal: a slope and a difficulty from one share of right answers: the item is named and has no
    // standard errors, the others keep theirs. Method: an item seen by two people, and a test of
    // one item.
    let rows = answers(2);
    let seen_by_two = with(&rows, |p| if p < 2 { p.to_string() } else { String::new() });
    let run = Run::of("2pl", &table(&seen_by_two), &[]);
    assert_eq!(run.code(), Some(1));
    let alone: Vec<Vec<String>> = rows.iter().map(|row| row[..1].to_vec()).collect();
    if run.reasons().is_empty() {
        assert!(run.said().contains("not identified (`i6`)"), "{}", run.said());
        let items = run.json()["items"].clone();
        assert!(items[5]["se_b"].is_null() && items[0]["se_b"].as_f64().unwrap() > 0.0);
    }
    for model in ["2pl", "rasch"] {
        let run = Run::of(model, &table(&alone), &[]);
        assert_eq!(run.code(), Some(1), "{model}: {}", run.said());
        assert!(run.said().contains("not identified (`i1`)"), "{model}: {}", run.said());
        assert!(run.json()["items"][0]["se_b"].is_null());
    }
}

#[test]
fn ability_without_spread_is_said_and_difficulties_keep_their_errors() {
    // Goal: where the answers of a Rasch model do not hang together the SD of ability falls to its
    // least value: said, exit 1, and the difficulties are those of independent items with the
    // standard errors 1/√(n p(1 − p)). Method: items that each repeat one of two opposite patterns
    // in equal numbers, so that totals vary less than independent answers would.
    let rows: Vec<Vec<String>> = (0..200)
        .map(|p| (0..6).map(|i| u8::from((p + i) % 2 == 0).to_string()).collect::<Vec<_>>())
        .enumerate()
        .map(|(p, mut row)| {
            // Some noise, lest an item be a copy of another.
            let place = p * 7 % 6;
            row[place] = if row[place] == "1" { "0".to_owned() } else { "1".to_owned() };
            row
        })
        .collect();
    let run = Run::of("rasch", &table(&rows), &[]);
    assert_eq!(run.code(), Some(1), "{}", run.said());
    assert!(run.said().contains("ability has no spread"), "{}", run.said());
    assert!(!run.said().contains("not identified"), "{}", run.said());
    let right = rows.iter().filter(|row| row[0] == "1").count() as f64 / 200.0;
    let expected = 1.0 / (200.0 * right * (1.0 - right)).sqrt();
    let found = run.json()["items"][0]["se_b"].as_f64().unwrap();
    assert!((found / expected - 1.0).abs() < 0.02, "{found} for {expected}");
}

#[test]
fn scores_that_nobody_had_are_said_and_skipped() {
    // Goal: a score without people is no category; the estimates are those of the scores closed up.
    // Method: scores 0, 2, 4 against 0, 1, 2.
    let rows = answers(3);
    let double = |cell: &String| (2 * cell.parse::<usize>().unwrap()).to_string();
    let gaps: Vec<Vec<String>> =
        rows.iter().map(|row| [row[..4].to_vec(), vec![double(&row[4])]].concat()).collect();
    for model in ["grm", "gpcm", "pcm", "nrm"] {
        let plain = Run::of(model, &table(&rows), &[]);
        let run = Run::of(model, &table(&gaps), &[]);
        assert_eq!(run.code(), Some(0), "{model}: {}", run.said());
        assert!(run.said().contains("`i5`: nobody scored 1, 3"), "{}", run.said());
        assert_eq!(run.json()["items"], plain.json()["items"], "{model}");
    }
}

#[test]
fn groups_too_small_are_not_used_and_the_rest_is_as_without_them() {
    // Goal: a group of one person, first or last, and one without answers: named, mean and SD null,
    // exit 1, items as without that person; one group or three for --dif: exit 2. Method: each on
    // the same 200 people.
    let rows = answers(2);
    let grouped = |name: &dyn Fn(usize) -> &'static str, rows: &[Vec<String>]| {
        let line =
            |(person, row): (usize, &Vec<String>)| format!("{},{}\n", name(person), row.join(","));
        let body: String = rows.iter().enumerate().map(line).collect();
        format!("group,i1,i2,i3,i4,i5\n{body}")
    };
    let without_first = Run::of("2pl", &table(&rows[1..]), &[]);
    let first = Run::of(
        "2pl",
        &grouped(&|person| if person == 0 { "a" } else { "b" }, &rows),
        &["--group", "group", "--dif"],
    );
    assert_eq!(first.code(), Some(1), "{}", first.said());
    assert!(first.said().contains("group `a`: 1 person with answers"), "{}", first.said());
    let places = |run: &Run| -> Vec<f64> {
        let items = run.json()["items"].as_array().unwrap().clone();
        items.iter().flat_map(|item| [item["a"].as_f64(), item["b"].as_f64()]).flatten().collect()
    };
    // Sums over one group and over two are rounded differently.
    for (found, alone) in places(&first).iter().zip(places(&without_first)) {
        assert!((found - alone).abs() < 1e-9, "{found} {alone}");
    }
    assert!(first.json()["groups"][0]["mean"].is_null());
    assert_eq!(first.json()["groups"][1]["mean"], 0.0);
    assert!(first.json()["dif"][0]["p"].is_null());
    let silent = [rows.clone(), vec![vec![String::new(); 5]; 3]].concat();
    let last = grouped(&|person| if person < 200 { "a" } else { "b" }, &silent);
    let last = Run::of("2pl", &last, &["--group", "group"]);
    assert_eq!(last.code(), Some(1));
    assert!(last.json()["groups"][1]["sd"].is_null());
    for names in [&["a"; 3], &["a", "b", "c"]] {
        let text = grouped(&|person| names[person % 3], &rows);
        let run = Run::of("2pl", &text, &["--group", "group", "--dif"]);
        assert_eq!(run.code(), Some(2), "{}", run.said());
        assert!(run.said().contains("--dif compares 2 groups") && !run.wrote());
    }
}
