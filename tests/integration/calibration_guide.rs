//! Is every command of docs/CALIBRATION.md true? Runs them one after the other in an empty folder and holds
//! what they print against the guide, and the signal and the page that it speaks of against the program.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A command of the guide and the lines that stand below it.
struct Step {
    command: String,
    shown: Vec<String>,
}

/// The blocks that begin with ```console: commands after `$ `, below each what it prints; `…` stands for
/// lines that are left out.
fn steps(guide: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for block in guide.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        for line in block.lines() {
            match (line.strip_prefix("$ "), line.strip_prefix("> "), steps.last_mut()) {
                (Some(command), ..) => {
                    steps.push(Step { command: command.to_owned(), shown: Vec::new() });
                }
                (None, Some(more), Some(step)) => step.command += &format!("\n{more}"),
                (None, None, Some(step)) => step.shown.push(line.to_owned()),
                _ => panic!("a line before any command: {line}"),
            }
        }
    }
    steps
}

/// Whether what is shown are the lines that were printed, in their order, `…` apart.
fn is_true(shown: &[String], printed: &str) -> Result<(), String> {
    let mut lines = printed.lines().map(str::trim_end);
    let mut may_skip = false;
    for line in shown {
        if line == "…" {
            may_skip = true;
            continue;
        }
        let line = line.trim_end();
        let found = match may_skip {
            true => lines.any(|it| it == line),
            false => lines.next() == Some(line),
        };
        if !found {
            return Err(line.to_owned());
        }
        may_skip = false;
    }
    Ok(())
}

fn shell(folder: &Path, command: &str) -> (i32, String) {
    let program = Path::new(env!("CARGO_BIN_EXE_gradus"));
    let path = format!(
        "{}:{}",
        program.parent().expect("a folder").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let output = Command::new("bash")
        .args(["-c", &format!("set -o pipefail\n{command}")])
        .current_dir(folder)
        .env("PATH", path)
        .env("HOME", folder)
        .stdin(Stdio::null())
        .output()
        .expect("bash runs");
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&printed).into_owned())
}

#[test]
fn every_command_of_the_guide_prints_what_the_guide_shows() {
    // Goal: the guide is true. Method: its commands in an empty folder beside a copy of the shipped bank; each
    // must end well and print the lines shown.
    let guide = include_str!("../../docs/CALIBRATION.md");
    let steps = steps(guide);
    assert!(steps.len() > 10, "{} steps", steps.len());
    assert!(
        is_true(&["b".to_owned()], "a\nb").is_err()
            && is_true(&["…".to_owned(), "b".to_owned()], "a\nb").is_ok()
    );
    let folder = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("question-banks"),
        folder.path().join("question-banks"),
    )
    .expect("a link");
    let mut wrong = Vec::new();
    for Step { command, shown } in steps {
        let (code, printed) = shell(folder.path(), &command);
        if let Err(line) = is_true(&shown, &printed) {
            wrong.push(format!("$ {command}\n  does not print: {line}\n  but:\n{printed}"));
        } else if code != 0 {
            wrong.push(format!("$ {command}\n  ends with {code}:\n{printed}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    let page = std::fs::read_to_string(folder.path().join("report.html")).expect("the page");
    assert!(page.contains("id=\"flagged\"") && page.len() < 2_000_000, "{} bytes", page.len());
}

#[test]
fn an_interrupted_calibration_leaves_nothing() {
    // Goal: SIGINT ends with 130 and no file, not even half of one. Method: a calibration of two thousand
    // people on sixty items to a tolerance that it cannot reach, interrupted after half a second.
    let folder: TempDir = tempfile::tempdir().expect("a folder");
    let items: Vec<String> = (0..60).map(|at| format!("i{at}")).collect();
    let mut text = items.join(",") + "\n";
    for person in 0..2_000_u64 {
        let score =
            |at: u64| (person.wrapping_mul(2_654_435_761).wrapping_add(at * 40_503) >> 7) % 3 / 2;
        let row: Vec<String> = (0..60).map(|at| score(at).to_string()).collect();
        text += &(row.join(",") + "\n");
    }
    std::fs::write(folder.path().join("r.csv"), text).expect("written");
    let arguments =
        ["--max-iterations", "1000000", "--tol", "1e-300", "--report", "p.html", "-o", "o.csv"];
    let mut child = Command::new(env!("CARGO_BIN_EXE_gradus"))
        .args(["calibrate", "--responses", "r.csv", "--model", "4pl"])
        .args(arguments)
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    std::thread::sleep(Duration::from_millis(500));
    let pid = child.id().to_string();
    assert!(child.try_wait().expect("a state").is_none(), "it is still at work");
    assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill runs").success());
    let start = Instant::now();
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(130));
    assert!(start.elapsed() < Duration::from_secs(30));
    let left: Vec<_> = std::fs::read_dir(folder.path())
        .expect("a folder")
        .map(|entry| entry.expect("a file").file_name())
        .collect();
    assert_eq!(left, ["r.csv"]);
}
