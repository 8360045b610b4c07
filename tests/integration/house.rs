//! Does the house keep its own rules? Reads the sources and documents of this clone: the core is
//! pure, arrows point one way, functions are short, tests say what they are for, and nothing names
//! a machine on which it happened to be written.

mod source;

use std::collections::BTreeSet;
use std::process::Command;

use regex::Regex;

/// The rooms of the pure core.
const CORE: [&str; 4] = ["psychometrics", "bank", "assessment", "report"];

/// Each room and the rooms that it may name besides itself.
const ARROWS: [(&str, &[&str]); 7] = [
    ("psychometrics", &[]),
    ("bank", &["psychometrics"]),
    ("assessment", &["psychometrics", "bank"]),
    ("report", &["psychometrics", "bank", "assessment"]),
    ("store", &[]),
    ("tui", &["psychometrics", "bank", "assessment", "report"]),
    ("cli", &["psychometrics", "bank", "assessment", "report", "store", "tui"]),
];

/// What the core never does: files, environment, clocks, network, processes, printing, the
/// system's randomness.
const IMPURE: &str = r"(?x)
    \b std::(fs|env|time|net|process|io::std(in|out|err)) \b
    | \b use \s+ std::\{ [^}]* \b (fs|env|time|net|process) \b
    | \b (SystemTime|Instant)::now \b
    | \b (print|println|eprint|eprintln|dbg) \s* !
    | \b (thread_rng|OsRng|from_os_rng|getrandom) \b | \b rand::(rng|random) \b
    | \b (log|tracing)::(trace|debug|info|warn|error) \b";

/// Functions of the platform's mathematics library, whose last bits differ between systems, and
/// the fused operation that rounds once where others round twice. `sqrt` and `abs` are exact.
const PLATFORM_MATHEMATICS: &str = r"(?x)
    (\. | \b f64::) (exp|exp2|exp_m1|ln|ln_1p|log|log2|log10|pow[fi]|sin|cos|tan|sin_cos|asin|acos
    |atan|atan2|sinh|cosh|tanh|asinh|acosh|atanh|cbrt|hypot|mul_add|gamma|ln_gamma|erf) \s* \(";

/// A function longer than this does not fit on a screen.
const FUNCTION_LINES_MAX: usize = 70;

fn room_of(path: &str) -> &str {
    path.trim_start_matches("src/").split(['/', '.']).next().unwrap_or_default()
}

fn core_modules() -> Vec<(String, String)> {
    source::modules().into_iter().filter(|(path, _)| CORE.contains(&room_of(path))).collect()
}

/// `path:line: found` of every match in the given modules.
fn matches_in(modules: &[(String, String)], pattern: &str) -> Vec<String> {
    let pattern = Regex::new(pattern).expect("a pattern");
    let found = modules.iter().flat_map(|(path, code)| {
        pattern.find_iter(code).map(move |found| {
            format!("{path}:{}: {}", source::line_of(code, found.start()), found.as_str().trim())
        })
    });
    found.collect()
}

#[track_caller]
fn assert_none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn the_core_is_pure() {
    // Goal: no file, clock, log, process or system randomness in the core. Method: the names of
    // such things in its code, tests apart; and, so that a quiet pattern is no proof, planted ones.
    let planted = "use std::fs; a(std::env::var); Instant::now(); println!(); use std::{fmt, io};";
    assert_eq!(matches_in(&[("x".to_owned(), planted.to_owned())], IMPURE).len(), 4);
    let core = core_modules();
    for room in CORE {
        assert!(core.iter().any(|(path, _)| room_of(path) == room), "no source of {room}");
    }
    assert_none(&matches_in(&core, IMPURE));
}

#[test]
fn the_core_takes_its_mathematics_from_libm() {
    // Goal: the same bits on every machine. Method: calls of the platform's functions in the
    // core's code, tests apart; and planted ones.
    let planted = "x.exp(); f64::ln(y); libm::exp(z); w.sqrt(); v.powi(2); n.pow(2); f64::exp (1.)";
    assert_eq!(matches_in(&[("x".to_owned(), planted.to_owned())], PLATFORM_MATHEMATICS).len(), 4);
    assert_none(&matches_in(&core_modules(), PLATFORM_MATHEMATICS));
}

/// The names that code takes from the root of the crate, with where they stand.
fn names_from_root(code: &str, depth: usize) -> Vec<(usize, String)> {
    let up = "super::".repeat(depth);
    let path = Regex::new(r"\b(?:crate::|(?:super::)+)(\{|\w+)").expect("a pattern");
    let mut names = Vec::new();
    for found in path.captures_iter(code) {
        let (whole, tail) = (found.get(0).expect("whole"), found.get(1).expect("tail"));
        let prefix = &whole.as_str()[..whole.len() - tail.len()];
        if prefix != "crate::" && (depth == 0 || prefix != up) {
            continue;
        }
        match tail.as_str() {
            "{" => {
                names.extend(group(&code[tail.start()..]).map(|name| (whole.start(), name)));
            }
            name => names.push((whole.start(), name.to_owned())),
        }
    }
    names
}

/// The first word of each member of `{a, b::{c, d}, e}`.
fn group(code: &str) -> impl Iterator<Item = String> {
    let mut depth = 0;
    let mut members = vec![String::new()];
    for c in code.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => members.push(String::new()),
            c if depth == 1 && !c.is_whitespace() => members.last_mut().expect("one").push(c),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    members.into_iter().map(|it| it.split("::").next().unwrap_or_default().to_owned())
}

fn wrong_arrows(path: &str, code: &str) -> Vec<String> {
    let room = room_of(path);
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == room) else {
        return Vec::new();
    };
    let is_wrong = |name: &str| {
        name != room && !allowed.contains(&name) && ARROWS.iter().any(|(other, _)| *other == name)
    };
    names_from_root(code, source::depth(path))
        .into_iter()
        .filter(|(_, name)| is_wrong(name))
        .map(|(at, name)| format!("{path}:{}: {room} → {name}", source::line_of(code, at)))
        .collect()
}

#[test]
fn arrows_point_one_way() {
    // Goal: psychometrics ← bank ← assessment ← report, store ← cli, tui. Method: what each room's
    // code names from the crate's root, by `crate::` and by `super::`; and planted arrows.
    for planted in
        ["use crate::report::x;", "use super::super::store;", "use crate::{bank::{a, b}, tui};"]
    {
        assert_eq!(wrong_arrows("src/bank/types.rs", planted).len(), 1, "{planted}");
    }
    assert_none(&wrong_arrows("src/bank/types.rs", "use super::report; use crate::psychometrics;"));
    let rooms: BTreeSet<&str> = ARROWS.iter().map(|(room, _)| *room).collect();
    let modules = source::modules();
    let found: BTreeSet<&str> = modules.iter().map(|(path, _)| room_of(path)).collect();
    let unknown: Vec<_> =
        found.difference(&rooms).filter(|it| !["lib", "main"].contains(it)).collect();
    assert!(unknown.is_empty(), "rooms without an arrow: {unknown:?}");
    assert_none(&modules.iter().flat_map(|(p, code)| wrong_arrows(p, code)).collect::<Vec<_>>());
}

#[test]
fn one_module_knows_the_yaml_library() {
    // Goal: the library of YAML can be replaced in one place. Method: its name in the code.
    let named = matches_in(&source::modules(), r"\bserde_yaml\b");
    assert_none(
        &named.into_iter().filter(|it| !it.starts_with("src/bank/yaml.rs")).collect::<Vec<_>>(),
    );
}

#[test]
fn every_source_says_what_it_is_for() {
    // Goal: a reader of any file learns its purpose first. Method: each Rust file's first line.
    let files = ["src", "tests", "benches"].into_iter().flat_map(source::text_files);
    let silent: Vec<String> = files
        .filter(|(path, text)| path.ends_with(".rs") && !text.starts_with("//!"))
        .map(|(path, _)| path)
        .collect();
    assert_none(&silent);
}

/// `path:line: name, lines` of each function that is too long.
fn long_functions(path: &str, code: &str) -> Vec<String> {
    let head = Regex::new(r"\bfn\s+(\w+)").expect("a pattern");
    let mut long = Vec::new();
    for found in head.captures_iter(code) {
        let start = found.get(0).expect("whole").start();
        let lines = code[start..source::item_end(code, start)].matches('\n').count() + 1;
        if lines > FUNCTION_LINES_MAX {
            long.push(format!(
                "{path}:{}: {}, {lines} lines",
                source::line_of(code, start),
                &found[1]
            ));
        }
    }
    long
}

#[test]
fn functions_fit_on_a_screen() {
    // Goal: no function above 70 lines. Method: every function's span in the code, tests apart;
    // and one that is a line too long.
    let planted = format!("fn long(a: [u8; 2]) {{{}}}", "\n".repeat(FUNCTION_LINES_MAX));
    assert_eq!(long_functions("x", &planted).len(), 1);
    let modules = source::modules();
    assert!(modules.len() > 20);
    assert_none(&modules.iter().flat_map(|(p, code)| long_functions(p, code)).collect::<Vec<_>>());
}

/// Tests without a comment, before them or first in their body, that names goal and method.
fn silent_tests(path: &str, text: &str) -> Vec<String> {
    let code = source::code_only(text);
    let is_comment = |line: &&str| line.starts_with("//");
    let mut silent = Vec::new();
    for (at, _) in code.match_indices("#[test]") {
        let Some(body) = code[at..].find("{\n").map(|n| at + n + 2) else { continue };
        let before = text[..at].lines().rev().map(str::trim).skip_while(|line| line.is_empty());
        let inside = text[body..].lines().map(str::trim);
        let mut comment: Vec<&str> = before.take_while(is_comment).collect();
        comment.extend(inside.take_while(is_comment));
        let comment = comment.join(" ").to_lowercase();
        if !(comment.contains("goal") && comment.contains("method")) {
            silent.push(format!("{path}:{}", source::line_of(text, at)));
        }
    }
    silent
}

#[test]
fn every_test_says_its_goal_and_method() {
    // Goal: a failing test tells what broke. Method: the first comment of every test; and a test
    // without one.
    assert_eq!(silent_tests("x", "#[test]\nfn a() {\n    b();\n}\n"), ["x:1"]);
    let files: Vec<_> = ["src", "tests"].into_iter().flat_map(source::text_files).collect();
    let rust = files.iter().filter(|(path, _)| path.ends_with(".rs"));
    assert_none(&rust.flat_map(|(path, text)| silent_tests(path, text)).collect::<Vec<_>>());
}

/// Places of machines on which somebody happened to work, and hosts of package registries. Written
/// in halves, so that this file is not its own first finding.
const PLACES: [&str; 8] = [
    concat!("/wo", "rk/"),
    concat!("/tmp", "/w"),
    concat!("/tmp", "/target"),
    concat!("/ro", "ot/"),
    concat!("index.crates", ".io"),
    concat!("static.crates", ".io"),
    concat!("registry.npmjs", ".org"),
    concat!("proxy.golang", ".org"),
];

#[test]
fn nothing_names_a_machine() {
    // Goal: the repository is the same for everybody. Method: every text file against the list;
    // a question may be about a registry or a directory, so banks are held to the paths alone.
    let mut problems = Vec::new();
    let files = source::text_files("");
    assert!(files.iter().any(|(path, _)| path == "Cargo.lock"), "reads the whole clone");
    for (path, text) in &files {
        let places = if path.starts_with("question-banks/") { &PLACES[..1] } else { &PLACES[..] };
        for place in places {
            if let Some(at) = text.find(place) {
                problems.push(format!("{path}:{}: {place}", source::line_of(text, at)));
            }
        }
    }
    assert_none(&problems);
    let lock = &files.iter().find(|(path, _)| path == "Cargo.lock").expect("a lock file").1;
    let sources: BTreeSet<&str> = lock.lines().filter(|line| line.starts_with("source")).collect();
    let usual = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
    assert_eq!(sources, BTreeSet::from([usual]));
}

#[test]
fn links_between_documents_lead_somewhere() {
    // Goal: no dead link inside the repository. Method: every relative target of the Markdown
    // files exists.
    let link = Regex::new(r"\]\(([^)#\s]+)(#[^)\s]*)?\)").expect("a pattern");
    let mut problems = Vec::new();
    let mut seen = 0;
    for (path, text) in source::text_files("").iter().filter(|(path, _)| path.ends_with(".md")) {
        let here = source::root().join(path);
        let here = here.parent().expect("a directory");
        for found in link.captures_iter(text).filter(|it| !it[1].contains("://")) {
            seen += 1;
            if !here.join(&found[1]).exists() {
                problems.push(format!("{path}: {}", &found[1]));
            }
        }
    }
    assert!(seen > 5, "the documents link to each other");
    assert_none(&problems);
}

#[test]
fn every_schema_is_documented() {
    // Goal: no JSON without its description. Method: the schema names in the sources, all of them
    // in docs/API.md, and none there that the sources do not have.
    let name = Regex::new(r"gradus\.[a-z-]+/[0-9]+").expect("a pattern");
    let names = |text: &str| -> BTreeSet<String> {
        name.find_iter(text).map(|found| found.as_str().to_owned()).collect()
    };
    let sources: String = source::text_files("src").into_iter().map(|(_, text)| text).collect();
    let documented = source::text_files("docs")
        .into_iter()
        .filter(|(path, _)| ["docs/API.md", "docs/BANK-FORMAT.md"].contains(&path.as_str()));
    let documented: String = documented.map(|(_, text)| text).collect();
    let (sources, documented) = (names(&sources), names(&documented));
    assert!(sources.contains("gradus.sessions/1"));
    assert_eq!(sources, documented);
}

#[test]
fn the_readme_names_the_commands_that_there_are() {
    // Goal: the README neither hides nor invents a command. Method: the subcommands of `--help`
    // against the command table of the README.
    let help = Command::new(env!("CARGO_BIN_EXE_gradus")).arg("--help").output().expect("runs");
    let help = String::from_utf8(help.stdout).expect("text");
    let commands = help.split("Commands:").nth(1).and_then(|it| it.split("\n\n").next());
    let listed: BTreeSet<&str> = commands
        .expect("a list of commands")
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    let readme = std::fs::read_to_string(source::root().join("README.md")).expect("a README");
    let row = Regex::new(r"(?m)^\| `gradus ([a-z-]+)").expect("a pattern");
    let told: BTreeSet<&str> =
        row.captures_iter(&readme).map(|found| found.get(1).expect("a name").as_str()).collect();
    assert_eq!(told, listed);
}
