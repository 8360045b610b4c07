//! `gradus simulate` over the question banks, and its page: contract, determinism, refusals.

use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

fn simulate(folder: &TempDir, arguments: &[&str]) -> Output {
    let mut command = Command::cargo_bin("gradus").unwrap();
    command.current_dir(folder.path()).arg("simulate").args(arguments);
    command.output().unwrap()
}

fn json(folder: &TempDir, arguments: &[&str]) -> Value {
    let output = simulate(folder, &[arguments, &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.starts_with(b"{\"schema\":\"gradus.simulate/1\""));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn number(report: &Value, path: &str) -> f64 {
    report.pointer(path).and_then(Value::as_f64).expect(path)
}

#[test]
fn sessions_over_the_banks_have_the_contracts_fields() {
    // Goal: the JSON over the embedded banks, classification and roles filled. Method: 120 people;
    // the fields, and figures that must lie where they lie.
    let folder = tempfile::tempdir().unwrap();
    let report = json(&folder, &["--examinees", "120", "--seed", "5"]);
    let number = |path: &str| number(&report, path);
    assert_eq!((number("/examinees"), number("/seed")), (120.0, 5.0));
    assert!(number("/items") > 100.0 && number("/length/max") <= 30.0);
    assert_eq!(report["rule"], "zone(0.3,0.025) or posterior>=0.9 or length>=30");
    assert!(number("/length/mean") > 12.0 && number("/length/min") >= 12.0);
    // Four standard errors of a mean error and of a share of 120 people.
    assert!(number("/bias").abs() < 4.0 * 0.4 / 120_f64.sqrt());
    assert!(number("/rmse") > 0.8 * number("/bound_rmse") && number("/rmse") < 0.55);
    assert!((number("/coverage90") - 0.9).abs() < 4.0 * (0.09_f64 / 120.0).sqrt());
    let by_length = report["by_length"].as_array().unwrap();
    assert_eq!(by_length.len() as f64, number("/length/max"));
    let bound = |at: usize| by_length[at]["bound_rmse"].as_f64().unwrap();
    assert!((1..by_length.len()).all(|at| bound(at) < bound(at - 1)));
    assert!(number("/exposure/max") <= 1.0 && number("/exposure/overlap") > 0.0);
    assert!(number("/exposure/unused_share") < 1.0);
    assert!(number("/classification/accuracy") > 0.6 && number("/classification/kappa") > 0.2);
    assert!(number("/classification/far_accuracy") > 0.7);
    assert!(number("/classification/two_level_errors") <= 0.05);
    assert!(number("/classification/ece") < 0.15);
    assert!(number("/roles/top1") < number("/roles/top2") && number("/roles/ece") < 0.1);
    let people: u64 = report["figures"]["by_ability"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bin| bin["n"].as_u64().unwrap())
        .sum();
    assert_eq!(people, 120);
    let rates = report["figures"]["exposure_rates"].as_array().unwrap();
    let asked: f64 = rates.iter().map(|rate| rate.as_f64().unwrap()).sum();
    assert!((asked - number("/length/mean")).abs() < 1e-9, "rates sum to the mean length");
}

#[test]
fn threads_change_no_session() {
    // Goal: all but `run` is the same on any number of threads, difficulties drawn or not.
    // Method: one and two threads, with a rule compared.
    let folder = tempfile::tempdir().unwrap();
    for difficulties in ["judged", "drawn"] {
        let with = |threads: &str| {
            let mut report = json(
                &folder,
                &[
                    "--examinees",
                    "12",
                    "--length",
                    "14",
                    "--topics",
                    "http,sql",
                    "--threads",
                    threads,
                    "--difficulties",
                    difficulties,
                    "--compare",
                    "se<0.6",
                ],
            );
            assert_eq!(report["run"]["threads"].to_string(), threads);
            report.as_object_mut().unwrap().remove("run");
            report
        };
        let one = with("1");
        assert_eq!(one, with("2"));
        assert_eq!(one["topics"].to_string(), "[\"http\",\"sql\"]");
        assert!(number(&one, "/compare/0/difference/length/difference") < 0.0);
    }
}

#[test]
fn compared_rules_meet_the_same_people_with_the_same_answers() {
    // Goal: common random numbers. Method: a test that stops earlier is the beginning of the one
    // that goes on; the picks of both, over the banks and over a parameter file.
    let folder = tempfile::tempdir().unwrap();
    let items: String =
        (0..30).map(|i| format!("i{i},2pl,1.2,{:.2}\n", f64::from(i) / 10.0 - 1.5)).collect();
    std::fs::write(folder.path().join("items.csv"), "id,model,a,b\n".to_owned() + &items).unwrap();
    for source in [&["--topics", "http,sql"][..], &["--items", "items.csv"]] {
        let picks = |stop: &str| {
            let more =
                ["--examinees", "8", "--length", "15", "--stop", stop, "--picks", "picks.csv"];
            json(&folder, &[source, &more].concat());
            std::fs::read_to_string(folder.path().join("picks.csv")).unwrap()
        };
        let (long, short) = (picks("length>=15"), picks("se<0.62"));
        assert_eq!((long.lines().count(), short.lines().count()), (8, 8));
        assert!(long.lines().zip(short.lines()).all(|(long, short)| long.starts_with(short)));
        assert!(short.len() < long.len(), "some tests stop earlier");
    }
}

#[test]
fn tables_over_the_banks_fit_each_other() {
    // Goal: matrix, truth, picks and rows of the same people. Method: their shapes; the general
    // level is the mean of the topics by their weights, here of two.
    let folder = tempfile::tempdir().unwrap();
    let output = simulate(
        &folder,
        &[
            "--examinees",
            "6",
            "--length",
            "10",
            "--topics",
            "http,sql",
            "--responses",
            "r.csv",
            "--truth",
            "t.csv",
            "--picks",
            "p.csv",
            "--format",
            "csv",
        ],
    );
    assert_eq!(output.status.code(), Some(0));
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let (responses, truth, picks) = (read("r.csv"), read("t.csv"), read("p.csv"));
    let rows = String::from_utf8(output.stdout).unwrap();
    let ids: Vec<&str> = responses.lines().next().unwrap().split(',').skip(1).collect();
    assert!(responses.lines().count() == 7 && ids.len() > 20);
    assert!(picks.lines().flat_map(|line| line.split(',')).all(|id| ids.contains(&id)));
    assert!(truth.starts_with("person,theta,http,sql\n1,"), "{truth}");
    assert!(rows.starts_with("person,truth,theta,se,n,stopped,truth_http,theta_http,se_http,"));
    for (line, row) in truth.lines().zip(rows.lines()).skip(1) {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        let (low, high) = (cells[2].min(cells[3]), cells[2].max(cells[3]));
        assert!(low <= cells[1] && cells[1] <= high, "{line}");
        assert_eq!(row.split(',').nth(1), line.split(',').nth(1));
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "no half-written file");
}

#[test]
fn what_does_not_fit_is_refused_and_writes_nothing() {
    // Goal: documented exits, a reason, no file. Method: one of each fault, over the banks and
    // over a parameter file, with a file asked for.
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("items.csv"), "id,model,a,b\nx,2pl,1,0\n").unwrap();
    let refused = |arguments: &[&str], code: i32, says: &str| {
        let output = simulate(&folder, &[arguments, &["--picks", "p.csv"]].concat());
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(output.stdout.is_empty() && error.contains(says), "{arguments:?}: {error}");
        assert!(error.contains("help:"), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "{arguments:?}");
    };
    refused(&["--criterion", "mfi"], 2, "--criterion needs --items");
    refused(&["--exposure", "none"], 2, "--exposure needs --items");
    refused(&["--replay", "r.csv"], 2, "--replay needs --items");
    refused(&["--compare", "mepv"], 2, "stop rules");
    refused(&["--stop", "sprt(0.3,0.05,0.05)"], 2, "one ability");
    refused(&["--cuts", "1,0"], 2, "must increase");
    refused(&["--min", "31"], 2, "31 questions");
    refused(&["--length", "4"], 2, "need at least");
    refused(&["--examinees", "0"], 2, "nobody");
    refused(&["--topics", "cooking"], 3, "no topic `cooking`");
    refused(&["--banks", "nowhere"], 3, "nowhere");
    refused(&["--items", "items.csv", "--topics", "sql"], 2, "--topics is for");
    refused(&["--items", "items.csv", "--difficulties", "drawn"], 2, "--difficulties is for");
    let output = simulate(&folder, &["--examinees", "1", "--picks", "nowhere/p.csv"]);
    assert_eq!(output.status.code(), Some(5));
}

/// The full numbers of the table with that id.
fn data_in(page: &str, id: &str) -> Vec<f64> {
    let from = page.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no table {id}"));
    let table = &page[from..];
    let table = &table[..table.find("</table>").expect("an end")];
    let cells = table.split("<data value=\"").skip(1);
    cells.map(|cell| cell.split('"').next().unwrap().parse().expect("a number")).collect()
}

/// The numbers at some places of each object of a list, unknown ones left out.
fn columns(list: &Value, places: &[&str]) -> Vec<f64> {
    let rows = list.as_array().expect("a list");
    let row = |row| places.iter().filter_map(move |place| Value::pointer(row, place)?.as_f64());
    rows.iter().flat_map(row).collect()
}

#[test]
fn the_page_has_the_numbers_of_the_json() {
    // Goal: one study, one set of numbers, over the banks and over a parameter file. Method: the
    // JSON and the page of the same run; every table against the list that it shows.
    let folder = tempfile::tempdir().unwrap();
    let items: String =
        (0..40).map(|i| format!("i{i},2pl,1.1,{:.2}\n", f64::from(i) / 10.0 - 2.0)).collect();
    std::fs::write(folder.path().join("items.csv"), "id,model,a,b\n".to_owned() + &items).unwrap();
    let sources = [
        &["--topics", "http,sql", "--stop", "posterior>=0.8", "--examinees", "40"][..],
        &["--items", "items.csv", "--cuts", "-0.25,1.2", "--stop", "se<0.5", "--examinees", "80"],
    ];
    for source in sources {
        let more = ["--length", "15", "--compare", "length>=15", "-o", "study.html"];
        let report = json(&folder, &[source, &more].concat());
        let page = std::fs::read_to_string(folder.path().join("study.html")).unwrap();
        let figures = &report["figures"];
        let bin = [
            "/n",
            "/theta",
            "/bias",
            "/bias_se",
            "/rmse",
            "/rmse_se",
            "/csem",
            "/mean_se",
            "/bound",
            "/coverage90",
            "/coverage_band/0",
            "/coverage_band/1",
            "/length",
            "/length_se",
        ];
        let distance = ["/n", "/distance", "/accuracy", "/accuracy_se"];
        let pairs = [
            ("by-ability-table", columns(&figures["by_ability"], &bin)),
            ("lengths-table", columns(&figures["lengths"], &["/n", "/share"])),
            ("stops-table", columns(&figures["stops"], &["/n", "/share"])),
            ("distance-table", columns(&figures["levels"]["by_distance"], &distance)),
            (
                "reliability-table",
                columns(&figures["levels"]["reliability"], &["/n", "/stated", "/happened", "/se"]),
            ),
            ("map-table", columns(&report["item_map"]["classes"], &["/items", "/people"])),
            ("information-table", columns(&report["item_map"]["information"], &["/information"])),
        ];
        for (id, wanted) in pairs {
            assert!(!wanted.is_empty());
            assert_eq!(data_in(&page, id), wanted, "{id}");
        }
        let by_length: Vec<f64> = data_in(&page, "by-length-table");
        let wanted = columns(&report["by_length"], &["/rmse", "/bound_rmse"]);
        let found = by_length.chunks(3).flat_map(|row| [row[0], row[1]]).collect::<Vec<_>>();
        assert_eq!(found, wanted);
        let rates = figures["exposure_rates"].as_array().unwrap().iter();
        let mut rates: Vec<f64> = rates.filter_map(Value::as_f64).collect();
        rates.sort_by(|a, b| b.total_cmp(a));
        let shown: Vec<f64> = data_in(&page, "items-table").chunks(2).map(|row| row[0]).collect();
        assert_eq!(shown, rates);
        let difference = columns(
            &report["compare"],
            &[
                "/difference/length/difference",
                "/difference/length/se",
                "/difference/rmse/difference",
                "/difference/rmse/se",
                "/difference/accuracy/difference",
                "/difference/accuracy/se",
            ],
        );
        assert_eq!(data_in(&page, "differences-table"), difference);
        let totals = data_in(&page, "totals-table");
        for path in ["/length/mean", "/bias", "/rmse", "/bound_rmse", "/coverage90"] {
            assert!(totals.contains(&number(&report, path)), "{path}");
        }
        assert!(page.contains("Seed 1.") && page.contains("gradus simulate"));
    }
}

#[test]
fn the_page_alone_goes_to_stdout() {
    // Goal: `--format html` without a file. Method: the page of a small study; with `-o` stdout
    // stays empty and the file has the same page, but for the command.
    let folder = tempfile::tempdir().unwrap();
    let small = ["--examinees", "5", "--length", "10", "--topics", "http,sql", "--format", "html"];
    let output = simulate(&folder, &small);
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    let output = simulate(&folder, &[&small[..], &["-o", "s.html"]].concat());
    assert!(output.status.success() && output.stdout.is_empty());
    let file = std::fs::read_to_string(folder.path().join("s.html")).unwrap();
    assert_eq!(file.replace(" -o s.html", ""), page);
}

#[cfg(unix)]
#[test]
fn an_interrupt_leaves_nothing() {
    // Goal: exit 130 and no half-written file. Method: a long simulation, interrupted once its
    // files are open.
    let folder = tempfile::tempdir().unwrap();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_gradus"))
        .current_dir(folder.path())
        .args(["simulate", "--examinees", "1000000", "-o", "s.html", "--picks", "p.csv"])
        .stderr(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let files = || std::fs::read_dir(folder.path()).unwrap().count();
    let start = std::time::Instant::now();
    while files() < 2 && start.elapsed().as_secs() < 30 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(files(), 2, "both files are open");
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(files(), 0);
}
