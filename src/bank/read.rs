//! From files to a bank: parse all of them, put the general parts together, build every item,
//! and collect everything that is wrong in one run. Never opens a file: it is given the texts.

use std::collections::HashMap;

use serde_json::Value;

use super::build::{self, Catalogue};
use super::calibrations;
use super::canonical;
use super::check;
use super::diagnostic::{Diagnostic, Severity, SourceFile};
use super::fields::Sink;
use super::general::{self, BlueprintFile, Levels, TopicFile};
use super::ids::TopicId;
use super::node::Node;
use super::ratings::{self, Rating, is_ratings};
use super::reviews::{self, Review};
use super::spec::{self, ItemSpec};
use super::types::{Bank, Item, PathStep, ReferenceSource, Role, Topic};
use super::yaml;

/// Why a bank could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BankError {
    /// The text is not a canonical form at all.
    #[error("not the canonical form of a bank: {reason}")]
    NotCanonical {
        /// What was found instead.
        reason: String,
    },
    /// The bank does not pass its structural checks.
    #[error("the bank has {errors} errors; the first: {first}")]
    Invalid {
        /// How many errors there are.
        errors: usize,
        /// The first one.
        first: String,
    },
}

/// What a check is told beside the files.
#[derive(Debug, Clone, Copy, Default)]
pub struct CheckOptions<'a> {
    /// A bank whose general parts hold where the files have none, and whose items may be named.
    pub around: Option<&'a Bank>,
    /// Today as `2026-11-22`; without it nothing is overdue.
    pub today: Option<&'a str>,
}

/// What came of a check.
#[derive(Debug)]
pub struct Checked {
    /// The bank, when there is no error.
    pub bank: Option<Bank>,
    /// How many items the files hold, broken ones included.
    pub items: usize,
    /// Everything that was found, by file and line.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a whole bank with every check. The bank is there when no diagnostic is an error.
#[must_use]
pub fn read_bank(files: &[SourceFile]) -> (Option<Bank>, Vec<Diagnostic>) {
    let checked = check_bank(files, &CheckOptions::default());
    (checked.bank, checked.diagnostics)
}

/// Reads a bank that was checked before, as the embedded one is when the program is built: only
/// the structural checks, without which it could be mis-scored.
#[must_use]
pub fn read_checked_bank(files: &[SourceFile]) -> (Option<Bank>, Vec<Diagnostic>) {
    let roots = Roots::parse(files);
    let mut reader = Reader::new(&roots, CheckOptions::default());
    let draft = reader.draft();
    let checked = reader.finish(draft, Vec::new());
    (checked.bank, checked.diagnostics)
}

/// Reads files as a part of a bank with the structural checks alone: items whose wording the
/// checks would refuse are there all the same.
#[must_use]
pub fn read_part(files: &[SourceFile], around: &Bank) -> (Option<Bank>, Vec<Diagnostic>) {
    let roots = Roots::parse(files);
    let options = CheckOptions { around: Some(around), today: None };
    let mut reader = Reader::new(&roots, options);
    let draft = reader.draft();
    let checked = reader.finish(draft, Vec::new());
    (checked.bank, checked.diagnostics)
}

/// Everything that reviewers and raters said, with what is wrong about the files that say it.
#[derive(Debug, Default)]
pub struct Voices {
    /// The records of the review files.
    pub reviews: Vec<Review>,
    /// The rows of the rating files.
    pub ratings: Vec<Rating>,
    /// What is wrong with them.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the reviews and the ratings among files; items are not looked at.
#[must_use]
pub fn read_voices(files: &[SourceFile]) -> Voices {
    let of_voices = |file: &&SourceFile| {
        is_ratings(file) || file.text.lines().any(|line| line.trim() == "schema: gradus.reviews/1")
    };
    let files: Vec<SourceFile> = files.iter().filter(of_voices).cloned().collect();
    let roots = Roots::parse(&files);
    let mut reader = Reader::new(&roots, CheckOptions::default());
    let (reviews, ratings) = (reader.reviews(), reader.ratings());
    let diagnostics = reader.finish(None, Vec::new()).diagnostics;
    Voices { reviews, ratings, diagnostics }
}

/// Reads files with every check, within the surroundings that the options give.
#[must_use]
pub fn check_bank(files: &[SourceFile], options: &CheckOptions<'_>) -> Checked {
    let roots = Roots::parse(files);
    let mut reader = Reader::new(&roots, *options);
    let draft = reader.draft();
    let of_the_whole = match &draft {
        Some(draft) => {
            let options = reader.options;
            check::run(draft, &mut reader.sinks, &options)
        }
        None => Vec::new(),
    };
    reader.finish(draft, of_the_whole)
}

/// Reads a bank back from the value of its canonical form.
pub(super) fn read_canonical(value: &Value) -> Result<Bank, BankError> {
    let file = SourceFile::new("canonical form", "");
    let root = Node::from_json(value);
    if general::schema(&root) != Some(canonical::SCHEMA) {
        let reason = format!("its schema is not {}", canonical::SCHEMA);
        return Err(BankError::NotCanonical { reason });
    }
    let files = [file];
    let roots = Roots::of_canonical(&files, &root);
    let mut reader = Reader::new(&roots, CheckOptions::default());
    let draft = reader.draft();
    let checked = reader.finish(draft, Vec::new());
    let errors = checked.diagnostics.iter().filter(|found| found.severity == Severity::Error);
    let errors: Vec<&Diagnostic> = errors.collect();
    match (checked.bank, errors.first()) {
        (Some(bank), None) => Ok(bank),
        (_, first) => Err(BankError::Invalid {
            errors: errors.len(),
            first: first.map(|first| first.message.clone()).unwrap_or_default(),
        }),
    }
}

/// What a file is, by its `schema:` line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Items,
    Topic,
    Blueprint,
    Levels,
    Roles,
    References,
    Path,
    Reviews,
    Calibration,
}

/// The schemas of bank files.
const SCHEMAS: [(&str, Kind); 9] = [
    ("gradus.items/1", Kind::Items),
    ("gradus.topic/1", Kind::Topic),
    ("gradus.blueprint/1", Kind::Blueprint),
    ("gradus.levels/1", Kind::Levels),
    ("gradus.roles/1", Kind::Roles),
    ("gradus.references/1", Kind::References),
    ("gradus.path/1", Kind::Path),
    ("gradus.reviews/1", Kind::Reviews),
    ("gradus.calibration/1", Kind::Calibration),
];

/// One readable document.
#[derive(Debug)]
struct Root<'f> {
    file: usize,
    kind: Kind,
    node: Node<'f>,
}

/// All files as trees, and what was wrong with reading them.
#[derive(Debug)]
struct Roots<'f> {
    files: &'f [SourceFile],
    /// Whether they are the parts of a canonical form.
    canonical: bool,
    roots: Vec<Root<'f>>,
    unreadable: Vec<(usize, yaml::Unreadable)>,
    unknown: Vec<(usize, std::ops::Range<usize>, String)>,
}

impl<'f> Roots<'f> {
    fn parse(files: &'f [SourceFile]) -> Self {
        let mut all = Self {
            files,
            canonical: false,
            roots: Vec::new(),
            unreadable: Vec::new(),
            unknown: Vec::new(),
        };
        for (index, file) in files.iter().enumerate().filter(|(_, file)| !is_ratings(file)) {
            let parsed = yaml::parse(&file.text);
            all.unreadable.extend(parsed.faults.into_iter().map(|fault| (index, fault)));
            let Some(node) = parsed.root else { continue };
            let schema = general::schema(&node);
            match SCHEMAS.iter().find(|(name, _)| Some(*name) == schema) {
                Some((_, kind)) => all.roots.push(Root { file: index, kind: *kind, node }),
                None => {
                    let message = match schema {
                        Some(schema) => format!("unknown schema `{schema}`"),
                        None => "the file does not say what it is".to_owned(),
                    };
                    all.unknown.push((index, node.locate(&[]), message));
                }
            }
        }
        all
    }

    /// The parts of a canonical form as if each were a file.
    fn of_canonical(files: &'f [SourceFile], root: &Node<'f>) -> Self {
        let parts = [
            ("blueprint", Kind::Blueprint),
            ("levels", Kind::Levels),
            ("roles", Kind::Roles),
            ("references", Kind::References),
            ("path", Kind::Path),
        ];
        let mut roots: Vec<Root<'f>> = parts
            .into_iter()
            .filter_map(|(name, kind)| {
                Some(Root { file: 0, kind, node: root.field(name)?.clone() })
            })
            .collect();
        roots.push(Root { file: 0, kind: Kind::Items, node: items_only(root) });
        Self { files, canonical: true, roots, unreadable: Vec::new(), unknown: Vec::new() }
    }
}

/// The items of a canonical form as an item file.
fn items_only<'f>(root: &Node<'f>) -> Node<'f> {
    use super::node::NodeValue;
    let pairs = match &root.value {
        NodeValue::Map(pairs) => pairs.iter(),
        _ => [].iter(),
    };
    let kept = pairs.filter(|(key, _)| key.text() == Some("items")).cloned().collect();
    Node { span: 0..0, value: NodeValue::Map(kept) }
}

/// A bank that may still have errors, with the place of every item.
pub(super) struct Draft<'r, 'f> {
    /// The bank; items sorted by id.
    pub bank: Bank,
    /// For each item, its file and its node.
    pub sites: Vec<(usize, &'r Node<'f>)>,
    /// Whether sources are listed, so that items may cite no other.
    pub sources_known: bool,
    /// Topics that only the files name: their sources are not listed anywhere.
    pub new_topics: Vec<TopicId>,
    /// What reviewers found.
    pub reviews: Vec<Review>,
    /// What raters think.
    pub ratings: Vec<Rating>,
}

/// The general parts of a bank.
#[derive(Default)]
struct General {
    blueprint: Option<BlueprintFile>,
    levels: Option<Levels>,
    roles: Option<Vec<Role>>,
    references: Option<Vec<ReferenceSource>>,
    path: Option<Vec<PathStep>>,
}

/// Reads the trees of one set of files.
struct Reader<'r, 'f> {
    roots: &'r Roots<'f>,
    sinks: Vec<Sink<'f>>,
    options: CheckOptions<'r>,
    items: usize,
}

/// An entry whose fields have the right shapes.
struct Entry<'r, 'f> {
    file: usize,
    node: &'r Node<'f>,
    spec: ItemSpec,
}

impl<'r, 'f> Reader<'r, 'f> {
    fn new(roots: &'r Roots<'f>, options: CheckOptions<'r>) -> Self {
        let mut sinks: Vec<Sink<'f>> = roots.files.iter().map(Sink::new).collect();
        for (file, fault) in &roots.unreadable {
            let (message, help) = (fault.message.clone(), fault.help.clone());
            sinks[*file].put("Q000", Severity::Error, fault.at.clone(), message, help);
        }
        for (file, at, message) in &roots.unknown {
            let help = "begin an item file with `schema: gradus.items/1`; see docs/BANK-FORMAT.md";
            sinks[*file].shape(at.clone(), message.clone(), help);
        }
        // Files with a blueprint of their own are a whole bank: nothing around them holds.
        let whole = roots.roots.iter().any(|root| root.kind == Kind::Blueprint);
        let around = options.around.filter(|_| !whole);
        Self { roots, sinks, options: CheckOptions { around, ..options }, items: 0 }
    }

    /// The one document of a kind; a second one is an error.
    fn only(&mut self, kind: Kind) -> Option<&'r Root<'f>> {
        let mut of_kind = self.roots.roots.iter().filter(|root| root.kind == kind);
        let first = of_kind.next();
        for second in of_kind {
            let message = "a second file of this schema";
            self.sinks[second.file].shape(second.node.locate(&[]), message, "keep one");
        }
        first
    }

    /// Everything that can be put together; `None` when the general parts are broken, so that
    /// items could only be blamed for it.
    fn draft(&mut self) -> Option<Draft<'r, 'f>> {
        let topic_files = self.topic_files();
        let entries = self.entries();
        let blueprint_root = self.only(Kind::Blueprint);
        let blueprint = blueprint_root
            .and_then(|root| general::blueprint(&root.node, &mut self.sinks[root.file]));
        if blueprint_root.is_some()
            && self.sinks.iter().any(|sink| sink.errors() > 0)
            && blueprint.is_none()
        {
            return None;
        }
        let general = General { blueprint, ..General::default() };
        let topics = self.topics(&general, &entries, topic_files);
        let general = self.general(general, &topics);
        Some(self.assemble(general, topics, entries))
    }

    fn topic_files(&mut self) -> Vec<TopicFile> {
        let mut files: Vec<TopicFile> = Vec::new();
        for root in self.roots.roots.iter().filter(|root| root.kind == Kind::Topic) {
            let sink = &mut self.sinks[root.file];
            let Some(file) = general::topic_file(&root.node, sink) else { continue };
            if files.iter().any(|other| other.id == file.id) {
                let message = format!("topic `{}` has two files", file.id);
                sink.shape(root.node.locate(&[]), message, "keep one");
                continue;
            }
            files.push(file);
        }
        files
    }

    /// The entries of all item files whose shapes are right; repeated ids are reported here.
    fn entries(&mut self) -> Vec<Entry<'r, 'f>> {
        let mut entries: Vec<Entry<'r, 'f>> = Vec::new();
        let mut seen: HashMap<&'r str, (usize, usize)> = HashMap::new();
        for root in self.roots.roots.iter().filter(|root| root.kind == Kind::Items) {
            let sink = &mut self.sinks[root.file];
            for node in general::entries(&root.node, sink) {
                self.items += 1;
                let spec = spec::item(node, sink);
                let id = node.field("id").and_then(Node::text).unwrap_or_default();
                if let Some((file, start)) = seen.get(id) {
                    let first = &self.roots.files[*file];
                    let line = super::diagnostic::position(&first.text, *start).0;
                    let message = format!("the id `{id}` is taken: {}:{line}", first.path);
                    let at = node.locate(&[super::node::Step::Field("id")]);
                    sink.shape(at, message, "ids are unique in a bank and never used again");
                    continue;
                }
                seen.insert(id, (root.file, node.span.start));
                entries.extend(spec.map(|spec| Entry { file: root.file, node, spec }));
            }
            sink.item = None;
        }
        entries
    }

    /// The topics: the blueprint's, else the surroundings', else those that the files name.
    fn topics(
        &self,
        general: &General,
        entries: &[Entry<'r, 'f>],
        files: Vec<TopicFile>,
    ) -> Vec<Topic> {
        let specs = || entries.iter().map(|entry| &entry.spec);
        let mut topics = match (&general.blueprint, self.options.around) {
            (Some(blueprint), _) => blueprint.topics.clone(),
            (None, Some(around)) => {
                let mut topics = around.topics.clone();
                let new = files
                    .iter()
                    .filter(|file| !topics.iter().any(|topic| topic.id.as_str() == file.id));
                let new: Vec<Topic> = new
                    .map(|file| {
                        let items: Vec<_> = specs().filter(|spec| spec.topic == file.id).collect();
                        general::derived_topic(&file.id, 0.0, &items)
                    })
                    .collect();
                topics.extend(new);
                topics
            }
            (None, None) => general::derived_topics(specs(), &files),
        };
        for file in files {
            if let Some(topic) = topics.iter_mut().find(|topic| topic.id.as_str() == file.id) {
                topic.description = file.description.or(topic.description.take());
                topic.name = file.name.unwrap_or_else(|| std::mem::take(&mut topic.name));
            }
        }
        topics
    }

    /// The parts that name topics.
    fn general(&mut self, mut general: General, topics: &[Topic]) -> General {
        general.levels = self
            .only(Kind::Levels)
            .and_then(|root| general::levels(&root.node, &mut self.sinks[root.file]));
        general.roles = self
            .only(Kind::Roles)
            .map(|root| general::roles(&root.node, topics, &mut self.sinks[root.file]));
        general.references = self
            .only(Kind::References)
            .map(|root| general::references(&root.node, topics, &mut self.sinks[root.file]));
        general.path = self
            .only(Kind::Path)
            .map(|root| general::path(&root.node, topics, &mut self.sinks[root.file]));
        general
    }

    /// Builds the items and puts everything together.
    fn assemble(
        &mut self,
        general: General,
        topics: Vec<Topic>,
        entries: Vec<Entry<'r, 'f>>,
    ) -> Draft<'r, 'f> {
        let around = self.options.around;
        let (blueprint, rho) = match (general.blueprint, around) {
            (Some(file), _) => (file.blueprint, file.rho),
            (None, Some(around)) => (around.blueprint.clone(), around.rho),
            (None, None) => (general::default_blueprint(), general::RHO),
        };
        let ratings = self.ratings();
        let catalogue = Catalogue::new(&topics, &blueprint, &ratings, self.roots.canonical);
        let mut built: Vec<(Item, (usize, &'r Node<'f>))> = Vec::with_capacity(entries.len());
        for Entry { file, node, spec } in entries {
            let item = build::item(spec, node, &catalogue, &mut self.sinks[file]);
            built.extend(item.map(|item| (item, (file, node))));
        }
        built.sort_by(|left, right| left.0.id.cmp(&right.0.id));
        let (mut items, sites): (Vec<Item>, Vec<_>) = built.into_iter().unzip();
        self.calibrate(&mut items);
        let Levels { levels, cuts, standard_setting } =
            general.levels.unwrap_or_else(|| general::levels_of(around));
        let new_topics = match around {
            Some(around) if general.references.is_none() => {
                let known = |topic: &&Topic| around.topic_index(&topic.id).is_none();
                topics.iter().filter(known).map(|topic| topic.id.clone()).collect()
            }
            _ => Vec::new(),
        };
        let reviews = self.reviews();
        let sources_known = general.references.is_some() || around.is_some();
        let borrowed =
            |part: fn(&Bank) -> Vec<ReferenceSource>| around.map(part).unwrap_or_default();
        let bank = Bank {
            topics,
            items,
            cuts,
            levels,
            standard_setting,
            roles: general.roles.unwrap_or_default(),
            path: general.path.unwrap_or_default(),
            references: general
                .references
                .unwrap_or_else(|| borrowed(|bank| bank.references.clone())),
            rho,
            blueprint,
            fingerprint: String::new(),
            _checked: (),
        };
        Draft { bank, sites, sources_known, new_topics, reviews, ratings }
    }

    /// The ratings of all files.
    fn ratings(&mut self) -> Vec<Rating> {
        let mut all = Vec::new();
        for (index, file) in self.roots.files.iter().enumerate().filter(|(_, it)| is_ratings(it)) {
            all.extend(ratings::ratings(file, &mut self.sinks[index]));
        }
        all
    }

    /// Puts accepted calibrations into the items, and finds what is wrong with any calibration.
    fn calibrate(&mut self, items: &mut [Item]) {
        let mut files = Vec::new();
        for root in self.roots.roots.iter().filter(|root| root.kind == Kind::Calibration) {
            let (name, sink) =
                (self.roots.files[root.file].path.as_str(), &mut self.sinks[root.file]);
            sink.item = None;
            let known = calibrations::Known { items, around: self.options.around };
            files.extend(calibrations::read(name, &root.node, &known, sink).map(|it| (root, it)));
            self.sinks[root.file].item = None;
        }
        // The latest first: each item takes the first of them that speaks of it.
        files.sort_by(|(_, left), (_, right)| right.date.cmp(&left.date));
        for pair in files.windows(2).filter(|pair| pair[0].1.date == pair[1].1.date) {
            let (root, file) = &pair[1];
            calibrations::second_of_a_day(file, &root.node, &mut self.sinks[root.file]);
        }
        calibrations::apply(files.into_iter().map(|(_, file)| file), items);
    }

    /// The reviews of all files.
    fn reviews(&mut self) -> Vec<Review> {
        let mut all = Vec::new();
        for root in self.roots.roots.iter().filter(|root| root.kind == Kind::Reviews) {
            let sink = &mut self.sinks[root.file];
            sink.item = None;
            all.extend(reviews::records(&root.node, root.file, sink));
        }
        all
    }

    /// The outcome: all diagnostics in order, and the bank when none is an error.
    fn finish(self, draft: Option<Draft<'r, 'f>>, mut diagnostics: Vec<Diagnostic>) -> Checked {
        diagnostics.extend(self.sinks.into_iter().flat_map(Sink::into_found));
        // What concerns the bank as a whole comes last.
        diagnostics.sort_by(|left, right| {
            let key =
                |found: &Diagnostic| (found.file.is_empty(), found.line, found.column, found.code);
            (left.file.is_empty(), &left.file, key(left)).cmp(&(
                right.file.is_empty(),
                &right.file,
                key(right),
            ))
        });
        let clean = !diagnostics.iter().any(|found| found.severity == Severity::Error);
        let bank = draft.filter(|_| clean).map(|draft| draft.bank.sealed());
        Checked { bank, items: self.items, diagnostics }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::super::{Key, Level};
    use super::*;

    fn messages(diagnostics: &[Diagnostic]) -> Vec<String> {
        diagnostics
            .iter()
            .map(|found| {
                format!(
                    "{} {}:{}:{} {}",
                    found.code, found.file, found.line, found.column, found.message
                )
            })
            .collect()
    }

    #[test]
    fn a_whole_bank_is_read_with_all_its_parts() {
        // Goal: every general file and every item type arrives in the bank. Method: the shipped
        // general files with a small set of items, and counts that the files show.
        let (bank, mut diagnostics) = read_bank(&fixture::shipped());
        // So small a bank is far from its blueprint, and that is reported.
        diagnostics.retain(|found| found.code != "B104");
        assert_eq!(messages(&diagnostics), Vec::<String>::new());
        let bank = bank.expect("a clean bank");
        assert_eq!((bank.topics.len(), bank.roles.len(), bank.path.len()), (17, 6, 8));
        assert_eq!(bank.items.len(), 6);
        assert_eq!(bank.live_items().count(), 5);
        assert_eq!(bank.cuts.iter().map(|cut| cut.theta).collect::<Vec<_>>(), [0.125, 0.974]);
        assert!((bank.topics.iter().map(|topic| topic.weight).sum::<f64>() - 1.0).abs() < 1e-12);
        for role in &bank.roles {
            assert!((role.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
        let single = bank.item("http.caching.0001").expect("the item");
        assert_eq!(single.key, Key::Single { key: 1 });
        assert_eq!((single.level, single.prior.b, single.prior.c), (Level::Mid, 0.0, 0.2));
        let order = bank.item("sql.tx.0002").expect("the item");
        assert!(matches!(&order.key, Key::Order { order, .. } if order == &[1, 3, 2, 0]));
    }

    #[test]
    fn the_canonical_form_gives_back_an_equal_bank() {
        // Goal: a stored bank replays as the one that was asked from. Method: write, read, compare
        // bank, text and fingerprint; with a blueprint and without, with a panel's record and without.
        let mut unjudged = fixture::shipped();
        let levels = unjudged.iter_mut().find(|file| file.path == "levels.yaml").expect("levels");
        let record = levels.text.find("standard_setting:").expect("the record of a panel");
        levels.text.truncate(record);
        for files in [unjudged, fixture::shipped(), fixture::whole()] {
            let bank = read_checked_bank(&files).0.expect("a clean bank");
            let text = bank.canonical_json();
            let again = Bank::from_canonical_json(&text).expect("its own canonical form");
            assert_eq!(again, bank);
            assert_eq!(again.canonical_json(), text);
            assert_eq!(again.fingerprint(), bank.fingerprint());
            assert_eq!(bank.fingerprint().len(), 64);
        }
    }

    #[test]
    fn the_fingerprint_ignores_typing_and_sees_content() {
        // Goal: same content, same fingerprint; other content, another one. Method: quote a field
        // and reverse the files, then change one letter of a key's feedback.
        let files = fixture::shipped();
        let fingerprint = |files: &[SourceFile]| {
            read_checked_bank(files).0.map(|bank| bank.fingerprint().to_owned()).expect("a bank")
        };
        let plain = fingerprint(&files);
        let mut typed = files.clone();
        typed.reverse();
        for file in &mut typed {
            file.text = file.text.replace("level: mid", "level:   'mid'");
        }
        assert_eq!(fingerprint(&typed), plain);
        let mut changed = files;
        for file in &mut changed {
            file.text = file
                .text
                .replace("This is the non-repeatable read.", "This is a non-repeatable read.");
        }
        assert_ne!(fingerprint(&changed), plain);
    }

    #[test]
    fn three_raters_of_the_present_version_make_the_prior() {
        // Goal: ratings reach the item, the canonical form and the fingerprint; older versions and
        // two raters do not. Method: the small bank with ratings of two items.
        let fingerprint = |files: &[SourceFile]| {
            read_checked_bank(files).0.map(|bank| bank.fingerprint().to_owned()).expect("a bank")
        };
        let mut files = fixture::shipped();
        let plain = fingerprint(&files);
        let version = |id: &str| {
            read_checked_bank(&fixture::shipped()).0.expect("a bank").item(id).expect("it").version
        };
        let row = |rater: u32, id: &str, version: u32, b: f64| {
            format!("r{rater},human,{id},{version},1,difficulty,{b}\n")
        };
        let (first, second) = ("http.caching.0001", "sql.tx.0002");
        let mut rows = format!("{}\n", super::super::ratings::HEADER);
        for (rater, b) in [(1, -0.9), (2, -0.4), (3, 0.1)] {
            rows += &row(rater, first, version(first), b);
            rows += &row(rater, second, version(second) + u32::from(rater == 3), b);
        }
        files.push(SourceFile::new("http/ratings.csv", rows));
        let bank = read_checked_bank(&files).0.expect("a bank");
        let prior = bank.item(first).expect("the item").prior;
        assert!((prior.b + 0.4).abs() < 1e-12 && prior.raters == Some(3));
        assert!((prior.b_sd * prior.b_sd - (0.81 + 0.25 / 3.0)).abs() < 1e-12);
        assert_eq!(bank.item(second).expect("the item").prior.raters, None);
        assert_ne!(bank.fingerprint(), plain);
        let again = Bank::from_canonical_json(&bank.canonical_json()).expect("itself");
        assert_eq!((again.fingerprint(), &again), (bank.fingerprint(), &bank));
        let last = files.last_mut().expect("the ratings");
        last.text = last.text.replace("-0.9", "none");
        let broken = read_checked_bank(&files).1;
        assert_eq!(messages(&broken)[0], "Q001 http/ratings.csv:2:1 `rating` cannot be `none`");
    }

    #[test]
    fn a_bank_without_general_files_is_derived() {
        // Goal: a team can test its own questions alone. Method: the items without blueprint.
        let (bank, diagnostics) = read_bank(&fixture::whole());
        assert_eq!(messages(&diagnostics), Vec::<String>::new());
        let bank = bank.expect("a clean bank");
        assert_eq!(
            bank.topics.iter().map(|topic| topic.id.as_str()).collect::<Vec<_>>(),
            ["http", "sql"]
        );
        assert_eq!(bank.topics.iter().map(|topic| topic.weight).collect::<Vec<_>>(), [0.5, 0.5]);
        assert_eq!((bank.rho, bank.roles.len(), bank.path.len(), bank.cuts.len()), (0.5, 0, 0, 2));
        assert_eq!(bank.topics[0].name, "HTTP and web protocols");
    }

    #[test]
    fn a_canonical_form_that_is_none_is_refused() {
        // Goal: no panic and no half bank from a damaged store. Method: three damaged texts.
        let bank = read_checked_bank(&fixture::whole()).0.expect("a clean bank");
        let text = bank.canonical_json();
        assert!(matches!(Bank::from_canonical_json("{"), Err(BankError::NotCanonical { .. })));
        assert!(matches!(Bank::from_canonical_json("{}"), Err(BankError::NotCanonical { .. })));
        let broken = text.replacen("\"topic\":\"http\"", "\"topic\":\"nowhere\"", 1);
        assert!(matches!(Bank::from_canonical_json(&broken), Err(BankError::Invalid { .. })));
    }

    proptest::proptest! {
        // Each case reads and judges a whole bank.
        #![proptest_config(proptest::test_runner::Config::with_cases(64))]

        #[test]
        fn damaged_files_are_reported_and_never_crash(
            file in 0usize..9,
            at in 0.0f64..1.0,
            length in 0usize..40,
            inserted in "[-:{}\\[\\]&*!|>'\"#?, \\n\\ta-c0-9é]{0,12}",
        ) {
            // Goal: no text makes the reader panic, and every finding has a place in its file.
            // Method: replace a random stretch of one file of a clean bank by random letters.
            let mut files = fixture::shipped();
            let text = &mut files[file].text;
            let boundary = |byte: usize| (0..=byte.min(text.len())).rev().find(|byte| text.is_char_boundary(*byte));
            let from = boundary((at * text.len() as f64) as usize).unwrap_or(0);
            let to = boundary(from + length).unwrap_or(from).max(from);
            text.replace_range(from..to, &inserted);
            let checked = check_bank(&files, &CheckOptions { around: None, today: Some("2026-11-22") });
            for found in &checked.diagnostics {
                let place = files.iter().find(|file| file.path == found.file);
                proptest::prop_assert!(found.file.is_empty() || place.is_some());
                if let Some(file) = place {
                    let lines = file.text.split('\n').count();
                    proptest::prop_assert!((1..=lines).contains(&found.line), "{found:?}");
                }
            }
            let rendered = super::super::render(&checked.diagnostics, &files, false);
            proptest::prop_assert_eq!(rendered.is_empty(), checked.diagnostics.is_empty());
        }
    }
}
