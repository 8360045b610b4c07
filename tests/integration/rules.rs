//! Content rules and stop rules from the command line: are quotas kept, does every stop rule end
//! tests in `gradus take` and `gradus simulate`, and is its reason told?

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with a bank of 90 items: algebra tells most, geometry less, probability least; ten
/// more items without a topic tell very little.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a directory");
    let mut items = "id,model,topic,a,b\n".to_owned();
    for i in 0..100 {
        let (topic, a) = match i {
            90.. => ("", 0.3),
            _ => [("alg", 1.9), ("geo", 1.2), ("prob", 0.7)][i % 3],
        };
        let b = -2.0 + 4.0 * (i * 37 % 100) as f64 / 99.0;
        items += &format!("i{i},2pl,{topic},{a},{b:.4}\n");
    }
    std::fs::write(folder.path().join("items.csv"), items).expect("a file");
    folder
}

/// Runs the program with an input, in a home of its own.
fn gradus(folder: &TempDir, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gradus"))
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A program that stops reading early closes the pipe; that is its right.
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).ok();
    child.wait_with_output().expect("the program ends")
}

fn object(output: &Output) -> Value {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    serde_json::from_slice(&output.stdout).expect("one JSON object on stdout")
}

fn simulate(folder: &TempDir, more: &[&str]) -> Output {
    let fixed = ["simulate", "--items", "items.csv", "--examinees", "60", "--format", "json"];
    gradus(folder, &[&fixed[..], more].concat(), "")
}

/// Everybody's area counts from the columns of a `--picks` file: alg, geo, prob, none.
fn counts(folder: &TempDir, name: &str) -> Vec<[usize; 4]> {
    let picks = std::fs::read_to_string(folder.path().join(name)).expect("picks");
    let area = |id: &str| match id[1..].parse::<usize>().expect("an id") {
        90.. => 3,
        i => i % 3,
    };
    let count = |line: &str| {
        line.split(',').fold([0; 4], |mut counts, id| {
            counts[area(id)] += 1;
            counts
        })
    };
    picks.lines().map(count).collect()
}

const QUOTA: &str = "alg:3-6;geo:4-8;prob:5-9";

#[test]
fn quotas_are_kept_in_every_test_under_every_exposure_rule() {
    // Goal: with `--content quota` and `mpi` nobody's test breaks a quota, whatever spreads the
    // items; without them most do. Method: 60 people, 18 questions; the picks are counted and
    // must agree with the report.
    let folder = folder();
    for content in ["quota", "mpi"] {
        for exposure in [
            "none",
            "randomesque(5)",
            "eligibility(0.4)",
            "progressive(0.4)",
            "sympson-hetter(0.4)",
        ] {
            let options = ["--length", "18", "--quota", QUOTA, "--content", content];
            let more = ["--exposure", exposure, "--picks", "picks.csv"];
            let report = object(&simulate(&folder, &[&options[..], &more].concat()));
            assert_eq!(report["content"], content);
            for counts in counts(&folder, "picks.csv") {
                let kept = (3..=6).contains(&counts[0])
                    && (4..=8).contains(&counts[1])
                    && (5..=9).contains(&counts[2]);
                assert!(kept, "{content} {exposure}: {counts:?}");
            }
            for area in report["areas"].as_array().expect("areas") {
                assert_eq!(area["outside"], 0.0, "{content} {exposure}: {area}");
            }
        }
    }
    let free = ["--length", "18", "--picks", "free.csv", "--quota", QUOTA, "--content", "none"];
    let report = object(&simulate(&folder, &free));
    assert_eq!((&report["content"], &report["areas"]), (&json!("none"), &Value::Null));
    let broken = counts(&folder, "free.csv").iter().filter(|counts| counts[0] > 6).count();
    assert!(broken > 50, "{broken} of 60: the quotas never bound");
}

#[test]
fn a_stop_rule_waits_for_the_minima() {
    // Goal: no test ends before every area has its minimum, which comes first where a rule may end
    // the test. Method: a stop rule that holds at once, a minimum of the least telling area.
    let folder = folder();
    let options = ["--length", "30", "--stop", "length>=1", "--quota", "prob:4-30"];
    let report = object(&simulate(&folder, &[&options[..], &["--picks", "p.csv"]].concat()));
    assert_eq!(report["areas"][0]["fewest"], 4);
    assert_eq!(report["length"]["max"], 4);
    let compared = ["--length", "12", "--quota", "alg:0-4", "--compare", "mpi;quota"];
    let report = object(&simulate(&folder, &compared));
    let rule = |at: usize| report["compare"][at]["content"].clone();
    assert_eq!((rule(0), rule(1)), (json!("mpi"), json!("quota")));
}

#[test]
fn quotas_that_cannot_be_are_refused() {
    // Goal: exit 2 and a message that says what is wrong. Method: one mistake of each kind.
    let folder = folder();
    let cases: [(&[&str], &str); 8] = [
        (&["--quota", "alg:4"], "the quotas allow"),
        (&["--quota", "alg:4-x"], "is not a quota"),
        (&["--quota", "art:1-4"], "no item is of area `art`"),
        (&["--quota", "alg:31-40"], "its quota needs 31"),
        (&["--quota", "alg:9-40;geo:9-40"], "the quotas need 18 items, the test has at most 17"),
        (&["--content", "mpi"], "needs quotas"),
        (&["--content", "weights"], "is not a content rule"),
        (&["--quota", "alg:1-9", "--content", "mpi", "--criterion", "urry"], "the priority index"),
    ];
    for (options, message) in cases {
        // Four algebra items and 70 others fill no test of 80.
        let length = if options[1] == "alg:4" { "80" } else { "17" };
        let output = simulate(&folder, &[&["--length", length][..], options].concat());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{options:?}: {errors}");
        assert!(errors.contains(message), "{options:?}: {errors}");
    }
}

/// Stop rules that somebody who knows nothing meets before a full test, and what the report says.
const RULES: [(&str, &str); 10] = [
    ("length>=14", "14 questions were answered"),
    ("se<0.9", "the standard error fell below 0.9"),
    ("change<2", "the last answer moved the estimate by less than 2"),
    ("ci(0.5)", "no boundary lies in the 50 % interval"),
    ("sprt(0.3,0.3,0.3)", "the likelihood ratio decided at every boundary"),
    ("glr(0.3,0.3,0.3)", "the generalized likelihood ratio decided at every boundary"),
    ("posterior>=0.5", "one level reached a probability of 50 %"),
    (
        "zone(0.3,0.2)",
        "every level boundary was settled (at most 20 % on its other side by more than 0.3)",
    ),
    ("info<5", "no question left would add more than 5 information"),
    (
        "curtail(0.6)",
        "with a probability of at least 60 % more questions would not change the level",
    ),
];

#[test]
fn every_stop_rule_ends_a_session_and_says_why() {
    // Goal: each rule works in `gradus take`, alone and joined, and its reason stands in the
    // report. Method: somebody who knows nothing, whom every rule of the list lets go early.
    let folder = folder();
    let nothing = "?\n".repeat(40);
    for (rule, why) in RULES {
        let joined = format!("{rule} and length>=13");
        for (stop, reason) in [
            (rule, why.to_owned()),
            (joined.as_str(), format!("{why}, and 13 questions were answered")),
        ] {
            let arguments = ["take", "--plain", "--format", "json", "--seed", "5", "--stop", stop];
            let report = object(&gradus(&folder, &arguments, &nothing));
            assert_eq!(report["session"]["stop_reason"], reason.as_str(), "{stop}");
            let asked = report["session"]["items"].as_array().map_or(0, Vec::len);
            assert!((12..30).contains(&asked), "{stop}: {asked} questions");
        }
    }
}

#[test]
fn every_stop_rule_ends_simulated_tests_and_is_counted() {
    // Goal: each rule works in `gradus simulate`; the reasons are counted and sum to the people.
    // Method: 60 people, at most 25 questions, rules that end most tests before.
    let folder = folder();
    let rules = [
        "length>=14",
        "se<0.45",
        "change<0.05",
        "ci(0.5)",
        "sprt(0.5,0.2,0.2)",
        "glr(0.5,0.2,0.2)",
        "posterior>=0.6",
        "zone(0.3,0.1)",
        "info<0.6",
        "curtail(0.7)",
        "time>=300",
    ];
    for rule in rules {
        let options = ["--length", "25", "--cuts", "-0.5,0.8", "--item-seconds", "30"];
        let report = object(&simulate(&folder, &[&options[..], &["--stop", rule]].concat()));
        let stops = report["figures"]["stops"].as_array().expect("stops");
        let of = |reason: &str| -> u64 {
            let named = stops.iter().filter(|stop| stop["value"] == reason);
            named.filter_map(|stop| stop["n"].as_u64()).sum()
        };
        let all: u64 = stops.iter().filter_map(|stop| stop["n"].as_u64()).sum();
        assert!(of(rule) > 30 && all == 60, "{rule}: {stops:?}");
        assert!(report["length"]["mean"].as_f64() < Some(25.0), "{rule}");
    }
    let timed = ["--length", "25", "--item-seconds", "30", "--stop", "time>=300"];
    let report = object(&simulate(&folder, &timed));
    assert_eq!((&report["length"]["min"], &report["length"]["max"]), (&json!(10), &json!(10)));
}

#[test]
fn rules_that_nothing_can_meet_are_refused() {
    // Goal: a rule on time without a time, on levels without cuts, and one that cannot be read are
    // usage errors in both commands. Method: one of each.
    let folder = folder();
    let refused = |output: Output, message: &str| {
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains(message), "{errors}");
        assert!(output.stdout.is_empty());
    };
    let time = "needs the seconds that an item takes";
    refused(simulate(&folder, &["--stop", "se<0.3 or time>=60"]), time);
    refused(simulate(&folder, &["--stop", "curtail(0.9)"]), "needs cuts");
    refused(simulate(&folder, &["--stop", "time>=60", "--item-seconds", "0"]), "above 0");
    let over_banks = ["simulate", "--examinees", "3", "--stop", "time>=60"];
    refused(gradus(&folder, &over_banks, ""), "needs people who are timed");
    let take = |stop: &str| gradus(&folder, &["take", "--plain", "--stop", stop], "?\n");
    refused(take("posterior>=0.9 or time>=60"), "needs a timed person");
    refused(take("info<"), "cannot be read: column 6");
}
