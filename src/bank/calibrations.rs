//! Calibration files: what people's answers say about items, proposed by the program and used only
//! once a person has accepted it. Reads the files, finds what is wrong with them, and puts accepted
//! numbers beside the beliefs of the items. Never estimates anything.

use std::collections::BTreeSet;

use super::diagnostic::Severity;
use super::fields::{Fields, Sink};
use super::node::{Node, Step};
use super::spec::map;
use super::types::{Bank, Calibration, Item};
use super::words::Status;
use crate::psychometrics::online::Standing;

/// Difficulties beyond this are no estimates.
const DIFFICULTY_MAX: f64 = 10.0;

/// Items that a calibration may name.
pub(super) struct Known<'b> {
    /// Those of the files that are read.
    pub items: &'b [Item],
    /// Those of the bank around them.
    pub around: Option<&'b Bank>,
}

impl Known<'_> {
    /// The version of an item, if there is one of that name.
    fn version(&self, id: &str) -> Option<u32> {
        let here = self.items.iter().find(|item| item.id.as_str() == id);
        here.or_else(|| self.around.and_then(|bank| bank.item(id))).map(|item| item.version)
    }
}

/// An accepted calibration.
#[derive(Debug)]
pub(super) struct CalibrationFile {
    /// The day of the calibration.
    pub date: String,
    /// The name of its file.
    name: String,
    /// What it says about which items, those that nobody may use left out.
    entries: Vec<(String, Calibration)>,
}

/// An entry as it was typed.
struct Entry {
    item: String,
    version: u32,
    n: u32,
    standing: Standing,
    used: bool,
    values: [Option<f64>; 5],
    spread: Option<f64>,
}

/// Names of an entry's numbers, in the order of [`Entry::values`].
const VALUES: [&str; 5] = ["a", "se_a", "b", "se_b", "c"];

type Reading<'n, 't, 's, 'f> = Fields<'n, 't, 's, 'f>;

/// Reads a calibration file; `None` where it is not accepted or has errors. What is wrong with a
/// proposal that nobody accepted keeps nobody from using the bank.
pub(super) fn read(
    name: &str,
    node: &Node<'_>,
    known: &Known<'_>,
    sink: &mut Sink<'_>,
) -> Option<CalibrationFile> {
    let before = sink.errors();
    let file = map(node, "a calibration", sink, |f| Some(head(f)))?;
    let list = node.field("items").map(|list| (list, entries(list, sink)));
    let mut used = Vec::new();
    let mut seen = BTreeSet::new();
    if let Some((list, entries)) = list {
        for (at, entry) in entries {
            let Some(at) = (match &list.value {
                super::node::NodeValue::List(nodes) => nodes.get(at),
                _ => None,
            }) else {
                continue;
            };
            sink.item = Some(entry.item.clone());
            if !seen.insert(entry.item.clone()) {
                let place = at.locate(&[Step::Field("item")]);
                sink.shape(place, format!("`{}` is calibrated twice", entry.item), "keep one");
            }
            used.extend(checked(&entry, &file.date, at, known, sink));
        }
    }
    sink.item = None;
    if !file.accepted {
        sink.soften(before);
        let help = "review it, then set `accepted: true` with `reviewed_by` and `reviewed_on`";
        let message = "this calibration is a proposal and is not used".to_owned();
        let place = node.locate(&[Step::Field("accepted")]);
        sink.put("C007", Severity::Info, place, message, Some(help.to_owned()));
        return None;
    }
    if file.reviewed_by.is_none() || file.reviewed_on.is_none() {
        let place = node.locate(&[Step::Field("accepted")]);
        let message = "accepted, but not by whom and when".to_owned();
        let help = "add `reviewed_by: NAME` and `reviewed_on: \"2026-11-22\"`".to_owned();
        sink.put("C005", Severity::Error, place, message, Some(help));
    }
    let clean = sink.errors() == before;
    clean.then(|| CalibrationFile { date: file.date, name: name.to_owned(), entries: used })
}

/// What a file says about itself.
struct Head {
    date: String,
    accepted: bool,
    reviewed_by: Option<String>,
    reviewed_on: Option<String>,
}

fn head(f: &mut Reading<'_, '_, '_, '_>) -> Head {
    f.get("schema");
    f.required("items");
    // What the numbers were made from is for whoever reviews them.
    for informative in ["evidence", "method", "notes"] {
        f.get(informative);
    }
    Head {
        date: f.required("date").and_then(|_| f.date("date")).unwrap_or_default(),
        accepted: f.required("accepted").and_then(|_| f.flag("accepted")).unwrap_or(false),
        reviewed_by: f.text("reviewed_by"),
        reviewed_on: f.date("reviewed_on"),
    }
}

/// The entries whose fields have the right shapes, with their places in the list.
fn entries(list: &Node<'_>, sink: &mut Sink<'_>) -> Vec<(usize, Entry)> {
    let super::node::NodeValue::List(nodes) = &list.value else {
        sink.shape(list.span.clone(), "`items` must be a list", "write an entry an item");
        return Vec::new();
    };
    let mut found = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        let before = sink.errors();
        sink.item = node.field("item").and_then(Node::text).map(str::to_owned);
        let entry = map(node, "items", sink, |f| Some(entry(f)));
        found.extend(entry.filter(|_| sink.errors() == before).map(|entry| (at, entry)));
    }
    found
}

fn entry(f: &mut Reading<'_, '_, '_, '_>) -> Entry {
    let count = |f: &mut Reading<'_, '_, '_, '_>, name| {
        f.required(name).and_then(|_| f.count(name)).unwrap_or_default()
    };
    // Numbers beside the parameters are for whoever reviews them.
    for informative in ["was", "prior", "former", "infit", "outfit", "interim", "drift", "topic"] {
        f.get(informative);
    }
    f.texts("flags");
    Entry {
        item: f.required_text("item"),
        version: count(f, "version"),
        n: count(f, "n"),
        standing: f.required_word("status"),
        used: f.flag("use").unwrap_or(true),
        values: VALUES.map(|name| f.number(name)),
        spread: f.number("spread"),
    }
}

/// What an entry gives its item; `None` where it gives nothing.
fn checked(
    entry: &Entry,
    date: &str,
    at: &Node<'_>,
    known: &Known<'_>,
    sink: &mut Sink<'_>,
) -> Option<(String, Calibration)> {
    let mut put = |code, severity, field, message: String, help: &str| {
        sink.put(code, severity, at.locate(&[Step::Field(field)]), message, Some(help.to_owned()));
    };
    match known.version(&entry.item) {
        None => {
            let message = format!("there is no item `{}`; the entry is ignored", entry.item);
            put("C001", Severity::Warning, "item", message, "drop the entry, or correct the id");
            return None;
        }
        Some(version) if version != entry.version => {
            let (found, id) = (entry.version, &entry.item);
            let message = format!(
                "`{id}` is at version {version}; answers to version {found} say nothing about it"
            );
            let help = "the entry is ignored; calibrate again once the new version has answers";
            put("C002", Severity::Warning, "version", message, help);
            return None;
        }
        Some(_) => {}
    }
    if entry.standing == Standing::Draft {
        return None;
    }
    let calibration = parameters(entry, date, &mut put)?;
    let borne = Standing::of(entry.n, calibration.se_b);
    if entry.standing > borne {
        let (n, error) = (entry.n, calibration.se_b);
        let message = format!(
            "`{}` with {n} answers and a standard error of {error} is at most {}",
            entry.standing.as_str(),
            borne.as_str(),
        );
        let help = "provisional from 30 answers, calibrated from 100 with se_b up to 0.25, anchor from 400 with 0.15";
        put("C004", Severity::Error, "status", message, help);
        return None;
    }
    entry.used.then(|| (entry.item.clone(), calibration))
}

/// The parameters of an entry, each with its standard error and within its range.
fn parameters(
    entry: &Entry,
    date: &str,
    put: &mut impl FnMut(&'static str, Severity, &'static str, String, &str),
) -> Option<Calibration> {
    for (name, value) in VALUES.iter().zip(&entry.values) {
        if value.is_none() {
            let message = format!("`{}` has no {name}", entry.standing.as_str());
            let help = "only a draft may lack parameters; give a, se_a, b, se_b and c";
            put("C003", Severity::Error, "item", message, help);
        }
    }
    let [Some(a), Some(se_a), Some(b), Some(se_b), Some(c)] = entry.values else { return None };
    let ranges = [
        ("a", a > 0.0),
        ("se_a", se_a > 0.0),
        ("b", b.abs() <= DIFFICULTY_MAX),
        ("se_b", se_b > 0.0),
        ("c", (0.0..1.0).contains(&c)),
    ];
    let mut good = true;
    for (name, holds) in ranges {
        if !holds {
            let help = "a and both standard errors above 0, b from -10 to 10, c from 0 to below 1";
            put("C003", Severity::Error, name, format!("`{name}` is out of range"), help);
            good = false;
        }
    }
    good.then(|| Calibration {
        date: date.to_owned(),
        n: entry.n,
        standing: entry.standing,
        a,
        se_a,
        b,
        se_b,
        spread: entry.spread,
        c,
        _checked: (),
    })
}

/// C006: which of two files of one day holds would be a matter of chance.
pub(super) fn second_of_a_day(file: &CalibrationFile, node: &Node<'_>, sink: &mut Sink<'_>) {
    let message = format!("a second accepted calibration of {}", file.date);
    let help = format!("accept one; the other stays beside {} as a proposal", file.name);
    sink.put("C006", Severity::Error, node.locate(&[Step::Field("date")]), message, Some(help));
}

/// Gives each item the first calibration that speaks of it. An item on trial that answers have
/// brought to a standing is on trial no longer.
pub(super) fn apply(files: impl Iterator<Item = CalibrationFile>, items: &mut [Item]) {
    for file in files {
        for (id, calibration) in file.entries {
            let Some(item) = items.iter_mut().find(|item| item.id.as_str() == id) else { continue };
            if item.calibration.is_none() {
                item.calibration = Some(calibration);
                if item.status == Status::Pretest {
                    item.status = Status::Live;
                }
            }
        }
    }
}

/// The calibration of an item in the canonical form.
pub(super) fn of_item(f: &mut Reading<'_, '_, '_, '_>) -> Option<Calibration> {
    Some(Calibration {
        date: f.required_text("date"),
        n: f.count("n").unwrap_or_default(),
        standing: f.required_word("standing"),
        a: f.required_number("a"),
        se_a: f.required_number("se_a"),
        b: f.required_number("b"),
        se_b: f.required_number("se_b"),
        spread: f.number("spread"),
        c: f.required_number("c"),
        _checked: (),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::super::{CheckOptions, SourceFile, check_bank, read_checked_bank};
    use super::*;

    const ITEM: &str = "http.caching.0001";

    fn version() -> u32 {
        let bank = read_checked_bank(&fixture::shipped()).0.expect("a bank");
        bank.item(ITEM).expect("the item").version
    }

    fn file(name: &str, accepted: &str, items: &str) -> SourceFile {
        let head = "schema: gradus.calibration/1\ndate: \"2026-11-23\"\n";
        SourceFile::new(name, format!("{head}{accepted}items:\n{items}"))
    }

    const ACCEPTED: &str = "accepted: true\nreviewed_by: \"Ada\"\nreviewed_on: \"2026-11-24\"\n";

    fn good(status: &str, n: u32) -> String {
        format!(
            "  - {{item: \"{ITEM}\", version: {}, n: {n}, status: {status}, a: 1.3, se_a: 0.2, b: -0.7, se_b: 0.12, c: 0.2}}\n",
            version()
        )
    }

    fn with(files: Vec<SourceFile>) -> Vec<SourceFile> {
        let mut all = fixture::shipped();
        all.extend(files);
        all
    }

    /// Codes, severities and places of what is found about calibrations.
    fn found(files: Vec<SourceFile>) -> Vec<String> {
        let options = CheckOptions::default();
        let found = check_bank(&with(files), &options).diagnostics;
        found
            .iter()
            .filter(|it| it.file.starts_with("calibration"))
            .map(|it| {
                assert!(it.help.is_some() || it.code == "Q001", "{it:?}");
                format!("{} {:?} {}:{}", it.code, it.severity, it.line, it.column)
            })
            .collect()
    }

    fn bank(files: Vec<SourceFile>) -> Bank {
        let (bank, found) = read_checked_bank(&with(files));
        bank.unwrap_or_else(|| panic!("{found:?}"))
    }

    #[test]
    fn an_accepted_calibration_is_the_bank_and_a_proposal_is_not() {
        // Goal: accepted numbers reach item, fingerprint and canonical form; proposals and drafts reach nothing.
        // Method: the same entry accepted, proposed, as a draft, refused by its reviewer, of another version.
        let plain = bank(Vec::new());
        let with = |accepted: &str, entry: String| {
            bank(vec![file("calibration/a.yaml", accepted, &entry)])
        };
        let used = with(ACCEPTED, good("calibrated", 150));
        let item = used.item(ITEM).expect("the item");
        assert_eq!(
            (item.difficulty(), item.difficulty_sd(), item.lower_asymptote()),
            (-0.7, 0.12, 0.2)
        );
        let calibration = item.calibration.as_ref().expect("a calibration");
        assert_eq!((calibration.n, calibration.standing), (150, Standing::Calibrated));
        assert_ne!(used.fingerprint(), plain.fingerprint());
        let again = Bank::from_canonical_json(&used.canonical_json()).expect("itself");
        assert_eq!((&again, again.fingerprint()), (&used, used.fingerprint()));
        for (accepted, entry) in [
            ("accepted: false\n", good("calibrated", 150)),
            (ACCEPTED, good("draft", 12)),
            (ACCEPTED, good("calibrated", 150).replace("c: 0.2", "c: 0.2, use: false")),
            (
                ACCEPTED,
                good("calibrated", 150).replace(&format!("version: {}", version()), "version: 99"),
            ),
        ] {
            assert_eq!(with(accepted, entry).fingerprint(), plain.fingerprint());
        }
    }

    #[test]
    fn the_latest_accepted_file_comes_first_and_ends_a_trial() {
        // Goal: the newer of two files holds whatever their names; an item on trial with a standing is live.
        // Method: two dates in both orders of names; an item whose status is pretest.
        for (older, newer) in [
            ("calibration/a.yaml", "calibration/b.yaml"),
            ("calibration/b.yaml", "calibration/a.yaml"),
        ] {
            let mut late = file(newer, ACCEPTED, &good("anchor", 500).replace("b: -0.7", "b: 0.4"));
            late.text = late.text.replace("2026-11-23", "2027-01-05");
            let bank = bank(vec![file(older, ACCEPTED, &good("calibrated", 150)), late]);
            assert_eq!(bank.item(ITEM).expect("the item").difficulty(), 0.4);
        }
        let mut files = with(vec![file("calibration/a.yaml", ACCEPTED, &good("provisional", 40))]);
        for file in files.iter_mut().filter(|file| file.path.contains("caching")) {
            file.text = file.text.replacen("status: live", "status: pretest", 1);
        }
        let live = |files: &[SourceFile]| {
            read_checked_bank(files).0.expect("a bank").item(ITEM).expect("the item").status
        };
        assert_eq!(live(&files), Status::Live);
        files.pop();
        assert_eq!(live(&files), Status::Pretest);
    }

    #[test]
    fn every_fault_of_a_calibration_is_named_at_its_place() {
        // Goal: C001 to C007 with severity, line and column. Method: one fault at a time, alone and in a proposal.
        let one = |accepted: &str, entry: String| {
            found(vec![file("calibration/a.yaml", accepted, &entry)])
        };
        let entry = || good("calibrated", 150);
        assert_eq!(one(ACCEPTED, entry()), Vec::<String>::new());
        assert_eq!(one(ACCEPTED, entry().replace(ITEM, "http.none.0001")), ["C001 Warning 7:12"]);
        assert!(
            one(ACCEPTED, entry().replace(&format!("version: {}", version()), "version: 77"))[0]
                .starts_with("C002 Warning 7:")
        );
        assert_eq!(one(ACCEPTED, entry().replace(", se_b: 0.12", "")), ["C003 Error 7:12"]);
        assert!(
            one(ACCEPTED, entry().replace("se_b: 0.12", "se_b: -1"))[0]
                .starts_with("C003 Error 7:")
        );
        assert!(one(ACCEPTED, good("anchor", 150))[0].starts_with("C004 Error 7:"));
        assert_eq!(one("accepted: true\n", entry()), ["C005 Error 3:11"]);
        let twice = vec![
            file("calibration/a.yaml", ACCEPTED, &entry()),
            file("calibration/b.yaml", ACCEPTED, &entry()),
        ];
        assert_eq!(found(twice), ["C006 Error 2:7"]);
        assert_eq!(one("accepted: false\n", entry()), ["C007 Info 3:11"]);
        let proposal = one("accepted: false\n", entry().replace(", se_b: 0.12", ""));
        assert_eq!(proposal, ["C007 Info 3:11", "C003 Warning 5:12"]);
        let unknown = one(ACCEPTED, entry().replace("c: 0.2", "c: 0.2, colour: red"));
        assert!(unknown[0].starts_with("Q001 Error 7:"), "{unknown:?}");
        assert!(one(ACCEPTED, entry() + &entry())[0].starts_with("Q001 Error 8:"));
    }

    #[test]
    fn statistics_never_stand_in_item_files() {
        // Goal: a calibration typed into an item is an error. Method: the item with the field.
        let mut files = fixture::shipped();
        for file in files.iter_mut().filter(|file| file.path.contains("caching")) {
            let typed = "calibration: {date: \"2026-11-23\", n: 150, standing: calibrated, a: 1.3, se_a: 0.2, b: -0.7, se_b: 0.1, c: 0.2}";
            file.text = file.text.replacen(
                "    status: live",
                &format!("    {typed}\n    status: live"),
                1,
            );
        }
        let found = read_checked_bank(&files).1;
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].message.contains("never stands in an item"), "{found:?}");
    }
}
