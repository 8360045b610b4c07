//! Every rule over one clean and two flawed items, from files that authors can read as examples.

use super::super::{Bank, read_checked_bank};
use super::super::{CheckOptions, Diagnostic, Severity, SourceFile, check_bank, fixture};
use super::RULES;

/// The fixture of a rule: `<code>.yaml` with the items clean, flawed.1 and flawed.2.
macro_rules! fixtures {
    ($($code:literal),+ $(,)?) => {
        [$(($code, include_str!(concat!("../../../tests/fixtures/bank/checks/", $code, ".yaml")))),+]
    };
}

const FIXTURES: [(&str, &str); 32] = fixtures![
    "Q001", "Q002", "Q003", "Q004", "Q005", "Q006", "Q007", "Q008", "Q009", "Q010", "Q011", "Q012",
    "Q013", "Q014", "Q015", "Q016", "Q017", "Q018", "Q019", "Q020", "Q021", "Q022", "Q023", "Q024",
    "Q025", "Q026", "Q027", "Q028", "Q029", "Q030", "Q031", "Q032",
];

/// The shipped general files without any item.
fn around() -> Bank {
    read_checked_bank(&fixture::general()).0.expect("the general files are clean")
}

fn check(text: &str, around: &Bank) -> Vec<Diagnostic> {
    let files = [SourceFile::new("items.yaml", text)];
    let options = CheckOptions { around: Some(around), today: Some("2026-11-22") };
    check_bank(&files, &options).diagnostics
}

#[test]
fn each_rule_finds_its_flaws_and_nothing_else() {
    // Goal: a rule reports both flawed items of its fixture, not the clean one, and no other rule
    // has anything to say. Method: the fixture of every rule about items, all findings compared.
    let around = around();
    let mut wrong = Vec::new();
    for (code, text) in FIXTURES {
        let mut found: Vec<(String, &str)> = check(text, &around)
            .into_iter()
            .map(|found| (found.item.unwrap_or_default(), found.code))
            .collect();
        found.sort();
        found.dedup();
        let lower = code.to_lowercase();
        let wanted = [(format!("{lower}.flawed.1"), code), (format!("{lower}.flawed.2"), code)];
        let found: Vec<(&str, &str)> =
            found.iter().map(|(item, code)| (item.as_str(), *code)).collect();
        let wanted: Vec<(&str, &str)> =
            wanted.iter().map(|(item, code)| (item.as_str(), *code)).collect();
        if found != wanted {
            wrong.push(format!("{code}: {found:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_rule_about_items_has_its_three_examples() {
    // Goal: no code without a clean and two flawed items. Method: the rules of the table against the
    // fixtures and the items that they hold.
    let codes: Vec<&str> = RULES
        .iter()
        .map(|rule| rule.code)
        .filter(|code| code.starts_with('Q') && *code != "Q000")
        .collect();
    let fixtures: Vec<&str> = FIXTURES.iter().map(|(code, _)| *code).collect();
    assert_eq!(fixtures, codes);
    for (code, text) in FIXTURES {
        for part in ["clean", "flawed.1", "flawed.2"] {
            let id = format!("id: {}.{part}", code.to_lowercase());
            assert!(text.contains(&id), "{code} lacks {part}");
        }
    }
    for rule in RULES {
        assert!(!rule.finds.is_empty());
    }
}

#[test]
fn every_finding_says_what_to_do() {
    // Goal: each finding about an item has a help line and a severity that its rule allows. Method:
    // all findings of all fixtures; errors where the rule is gravest an error, never graver.
    let around = around();
    for (code, text) in FIXTURES {
        let rule = super::rule(code).expect("a rule");
        for found in check(text, &around).iter().filter(|found| found.code == code) {
            assert!(found.severity >= rule.severity, "{code} is graver than its table says");
            assert!(found.help.is_some() || code == "Q001", "{found:?}");
            assert!(found.line > 0 && found.column > 0, "{found:?}");
        }
    }
}

/// The clean item of a fixture with some of its text replaced.
fn altered(code: &str, from: &str, to: &str) -> String {
    let text = FIXTURES.iter().find(|(name, _)| *name == code).map_or("", |(_, text)| *text);
    assert!(text.contains(from), "{code} lacks {from}");
    text.replace(from, to)
}

fn codes(found: &[Diagnostic]) -> Vec<(&str, Severity)> {
    found.iter().map(|found| (found.code, found.severity)).collect()
}

#[test]
fn a_waiver_silences_a_warning_and_never_an_error() {
    // Goal: authors can accept a warning with a reason, and nothing graver. Method: the fixture of
    // a rule with both severities, each item with a waiver; one with a code that is none, one with
    // a rule that only has errors, one with a reason that says nothing, one by the field's first name.
    let around = around();
    let waived = |waiver: &str| {
        let waiver = format!("status: draft\n    waivers: [{{{waiver}}}]");
        check(&altered("Q008", "status: draft", &waiver), &around)
    };
    const REASON: &str = "reason: \"The longer key is a value that cannot be cut.\"";
    let found = waived(&format!("check: Q008, {REASON}"));
    // The clean item's waiver has nothing to do; the second flaw is an error and stays.
    assert_eq!(
        codes(&found),
        [("Q031", Severity::Warning), ("Q008", Severity::Error), ("Q031", Severity::Warning)]
    );
    let by_first_name = waived(&format!("code: Q008, {REASON}"));
    assert_eq!(codes(&found), codes(&by_first_name), "the field's first name");
    let refused = |waiver: &str| {
        let found = waived(waiver);
        let errors = found.iter().filter(|it| it.severity == Severity::Error && it.code == "Q031");
        errors.count()
    };
    assert_eq!(refused(&format!("check: Q999, {REASON}")), 3);
    assert_eq!(refused(&format!("check: Q005, {REASON}")), 3);
    assert_eq!(refused(&format!("check: B101, {REASON}")), 3);
    assert_eq!(refused("check: Q008, reason: \"It is fine.\""), 3);
    let proofs = waived(&format!("check: V002, {REASON}"));
    assert_eq!(codes(&proofs), [("Q008", Severity::Warning), ("Q008", Severity::Error)]);
}

#[test]
fn a_rule_with_two_severities_draws_its_line() {
    // Goal: the thresholds of Q008 and Q009. Method: the severities of their fixtures in order.
    let around = around();
    let [length, negative] = ["Q008", "Q009"].map(|code| check(&altered(code, "", ""), &around));
    assert_eq!(codes(&length), [("Q008", Severity::Warning), ("Q008", Severity::Error)]);
    assert_eq!(codes(&negative), [("Q009", Severity::Error), ("Q009", Severity::Warning)]);
}

#[test]
fn nothing_is_overdue_without_a_date() {
    // Goal: an embedded bank does not turn invalid by the calendar. Method: the fixture of Q030
    // without today.
    let files = [SourceFile::new("items.yaml", altered("Q030", "", ""))];
    let around = around();
    let options = CheckOptions { around: Some(&around), today: None };
    assert_eq!(codes(&check_bank(&files, &options).diagnostics), []);
}

/// A bank of single-choice items whose keys and options the caller decides.
fn bank_of(count: usize, option: impl Fn(usize, usize) -> String, extra: &str) -> Vec<SourceFile> {
    let mut text = String::from("schema: gradus.items/1\nitems:\n");
    for n in 0..count {
        text += &format!(
            "  - id: made.up.{n:04}\n    topic: made\n    subtopic: made.up\n    level: mid\n    cognitive: apply\n    \
             type: single\n    stem: \"{}\"\n    options:\n",
            made_stem(n)
        );
        for place in 0..4 {
            text += &format!(
                "      - {{id: {}, text: \"{}\", correct: {}, feedback: \"Number {place} of {n}.\"}}\n",
                ["a", "b", "c", "d"][place],
                option(n, place),
                place == n % 4,
            );
        }
        text += &format!(
            "    explanation: \"Here {} is what counts, and it would take a whole paragraph to say why \
             that is so in such a case.\"\n    references: [{{ref: book, locator: \"page {n}\"}}]\n    \
             status: live\n    author: {{id: \"p{}\", kind: human}}\n{extra}",
            option(n, n % 4),
            n % 3,
        );
    }
    vec![SourceFile::new("made.yaml", text)]
}

/// A stem that is like no other one.
fn made_stem(n: usize) -> String {
    let word = |k: usize| {
        let letters = "bcdfghklmnprstvz".as_bytes();
        let syllable =
            |s: usize| format!("{}a{}", letters[s % 16] as char, letters[(s / 16) % 16] as char);
        format!("{}{}", syllable(n * 7 + k * 3), syllable(n * 13 + k * 5 + 1))
    };
    format!("{} {} {}: which value follows?", word(1), word(2), word(3))
}

fn bank_codes(files: &[SourceFile]) -> Vec<(&'static str, Severity)> {
    let found = check_bank(files, &CheckOptions::default()).diagnostics;
    found
        .iter()
        .filter(|found| found.file.is_empty())
        .map(|found| (found.code, found.severity))
        .collect()
}

/// An option of one length whatever its place.
fn level_option(n: usize, place: usize) -> String {
    format!("v{:03}{}", (n * 17 + place * 5) % 1000, ["k", "m", "p", "t"][(n + place * 3) % 4])
}

#[test]
fn a_bank_whose_longest_options_are_keys_is_found() {
    // Goal: B101 and B102 on a bank that gives itself away, neither on an even one. Method: forty
    // made items whose key is one letter longer, and forty whose options have one length.
    let even = bank_of(40, level_option, "");
    assert_eq!(bank_codes(&even), []);
    let revealing =
        bank_of(40, |n, place| level_option(n, place) + if place == n % 4 { "q" } else { "" }, "");
    assert_eq!(
        bank_codes(&revealing),
        [("B101", Severity::Warning), ("B101", Severity::Error), ("B102", Severity::Error)]
    );
    let few =
        bank_of(8, |n, place| level_option(n, place) + if place == n % 4 { "q" } else { "" }, "");
    assert_eq!(bank_codes(&few), [], "eight items say nothing about a bank");
}

#[test]
fn fixed_places_are_tested_and_shuffled_ones_are_not() {
    // Goal: B103 only where a person sees the places. Method: forty items whose key is made the
    // first option by renaming, with a fixed order and without.
    let first = |extra: &str| {
        let mut files = bank_of(40, level_option, extra);
        for file in &mut files {
            file.text = file.text.replace("correct: true", "correct: false");
            file.text = file
                .text
                .lines()
                .map(|line| {
                    if line.contains("{id: a,") {
                        line.replace("correct: false", "correct: true")
                    } else {
                        line.to_owned()
                    }
                })
                .collect::<Vec<_>>()
                .join("\n");
        }
        bank_codes(&files)
    };
    let fixed = first("    shuffle: false\n    shuffle_reason: \"A test.\"\n");
    assert!(fixed.contains(&("B103", Severity::Warning)), "{fixed:?}");
    assert!(!first("").contains(&("B103", Severity::Warning)));
}

#[test]
fn dominance_and_templates_are_reported() {
    // Goal: B105 and B106. Method: one author and one page for all items, then one way to ask.
    let mut files = bank_of(40, level_option, "");
    for file in &mut files {
        file.text =
            file.text.replace("id: \"p1\"", "id: \"p0\"").replace("id: \"p2\"", "id: \"p0\"");
    }
    assert_eq!(bank_codes(&files), [("B105", Severity::Warning)]);
    let mut asked = bank_of(40, level_option, "");
    for file in &mut asked {
        file.text = file
            .text
            .replace(": which value follows?", ". Which value follows from this definition?");
    }
    assert_eq!(bank_codes(&asked), [("B106", Severity::Warning)]);
}

/// The even bank after a change of its text.
fn even_but(change: impl Fn(&str) -> String) -> Vec<SourceFile> {
    let mut files = bank_of(40, level_option, "");
    for file in &mut files {
        file.text = change(&file.text);
    }
    files
}

/// The text with something done to every so many lines that hold a word.
fn every(text: &str, nth: usize, holds: &str, change: impl Fn(&str) -> String) -> String {
    let mut seen = 0;
    let lines = text.lines().map(|line| {
        let due = line.contains(holds) && {
            seen += 1;
            (seen - 1) % nth == 0
        };
        if due { change(line) } else { line.to_owned() }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn each_rule_about_the_bank_has_a_clean_and_two_flawed_banks() {
    // Goal: B101 to B103, B105 and B106 bite on more than one kind of flaw, and on a bank without
    // flaws none of them does. Method: forty made items, changed in two ways for each rule; B104 needs
    // a blueprint and has a test of its own.
    assert_eq!(bank_codes(&bank_of(40, level_option, "")), []);
    let longer = |share: usize| {
        move |n: usize, place: usize| {
            let tell = place == n % 4 && n % 10 < share;
            level_option(n, place) + if tell { "q" } else { "" }
        }
    };
    let fixed = "    shuffle: false\n    shuffle_reason: \"A test.\"\n";
    let keys_at = |id: &str| {
        let mut files = bank_of(40, level_option, fixed);
        for file in &mut files {
            let text = file.text.replace("correct: true", "correct: false");
            let (mark, from) = (format!("{{id: {id},"), "correct: false");
            file.text = every(&text, 1, &mark, |line| line.replace(from, "correct: true"));
        }
        files
    };
    let flawed: [(&str, [Vec<SourceFile>; 2]); 5] = [
        ("B101", [10, 7].map(|share| bank_of(40, longer(share), ""))),
        ("B102", [10, 8].map(|share| bank_of(40, longer(share), ""))),
        ("B103", ["a", "d"].map(keys_at)),
        (
            "B105",
            [
                even_but(|text| {
                    every(text, 10, ": which value follows?", |line| {
                        line.replace("which value follows?", "which value does **NOT** follow?")
                    })
                }),
                even_but(|text| {
                    every(text, 4, "locator: ", |line| {
                        let page = line.find("page ").unwrap_or(0);
                        format!("{}page 1\"}}]", &line[..page])
                    })
                }),
            ],
        ),
        (
            "B106",
            [1, 4].map(|nth| {
                even_but(|text| {
                    every(text, nth, ": which value follows?", |line| {
                        line.replace(
                            ": which value follows?",
                            ". Which value follows from this definition?",
                        )
                    })
                })
            }),
        ),
    ];
    for (code, banks) in flawed {
        for (number, files) in banks.iter().enumerate() {
            let found = bank_codes(files);
            assert!(found.iter().any(|(it, _)| *it == code), "{code} flawed {number}: {found:?}");
        }
    }
}

/// The share of keys that the surface guesser finds in a bank of two hundred made items.
fn guessed(option: impl Fn(usize, usize) -> String) -> f64 {
    let files = bank_of(200, option, "");
    let bank = read_checked_bank(&files).0.expect("a bank without structural errors");
    crate::bank::Surface::of(bank.items.iter()).expect("single keys").guesser
}

#[test]
fn the_surface_guesser_bites_on_planted_cues() {
    // Goal: a cue in seventeen of twenty items is learned whatever it is: at least .70 of the keys,
    // where chance has .25 and the cue alone would give .89. Method: two hundred made items in which
    // the key alone is hedged, repeats a word of the stem, is shorter, or lacks an absolute word; and
    // the same without a cue, within two standard errors of chance.
    let tells = |n: usize, place: usize| place == n % 4 && n % 20 < 17;
    let said = |word: &str, n: usize, place: usize| format!("{word} {}", level_option(n, place));
    let hedged = |n, place| said(if tells(n, place) { "usually" } else { "exactly" }, n, place);
    let sparing = |n, place| said(if tells(n, place) { "alike" } else { "never" }, n, place);
    let shorter = |n, place| {
        let text = level_option(n, place);
        if tells(n, place) { text[..text.len() - 1].to_owned() } else { text }
    };
    let repeating = |n: usize, place: usize| {
        let stem = made_stem(n);
        let word = stem.split(' ').next().unwrap_or_default().to_owned();
        if tells(n, place) { word } else { format!("q{:03}w{place}", n) }
    };
    for (cue, share) in [
        ("hedges", guessed(hedged)),
        ("absolute words", guessed(sparing)),
        ("length", guessed(shorter)),
        ("words of the stem", guessed(repeating)),
    ] {
        assert!(share >= 0.70, "{cue}: {share}");
    }
    let error = (0.25_f64 * 0.75 / 200.0).sqrt();
    let share = guessed(level_option);
    assert!((share - 0.25).abs() <= 2.0 * error, "without a cue: {share}");
}

#[test]
fn the_blueprint_is_compared_with_what_there_is() {
    // Goal: B104 names the cells that lack items, in a whole bank alone. Method: the small bank
    // within the shipped general files, whole and as a part.
    let whole = check_bank(&fixture::shipped(), &CheckOptions::default()).diagnostics;
    let lacking: Vec<&str> = whole
        .iter()
        .filter(|found| found.code == "B104")
        .map(|found| found.message.as_str())
        .collect();
    assert_eq!(lacking.len(), 2);
    assert!(lacking[0].contains("junior recall 1/8"), "{lacking:?}");
    let around = around();
    let part = check_bank(&fixture::whole(), &CheckOptions { around: Some(&around), today: None });
    assert!(part.diagnostics.iter().all(|found| found.code != "B104"));
}

#[test]
fn every_code_of_the_table_is_unique_and_documented() {
    // Goal: a reader finds every code in the reference. Method: the table against the document.
    let document = include_str!("../../../docs/BANK-FORMAT.md");
    for (index, rule) in RULES.iter().enumerate() {
        assert!(RULES[..index].iter().all(|other| other.code != rule.code), "{}", rule.code);
        assert!(
            document.contains(&format!("| {} |", rule.code)),
            "{} is not documented",
            rule.code
        );
    }
}
