//! Rules about the question itself: what it asks, how long it is, on what it depends, and whether
//! it can be shown.

use super::super::node::Step;
use super::super::types::{Environment, Item};
use super::super::words::{Cognitive, ItemType};
use super::text::{Anatomy, anatomy, has_word, sentences, words};
use super::{Report, Subject, option_path};

const STEM_WORDS_MAX: usize = 90;
const CODE_LINES_MAX: usize = 25;
const OPTION_WORDS_MAX: usize = 35;
/// Fewest words of an analysis that brings no data.
const ANALYSIS_WORDS_MIN: usize = 20;
/// Most words of a recall: more is a scenario.
const RECALL_WORDS_MAX: usize = 60;

/// Language tags of fenced blocks that are programs, as opposed to data, messages and listings.
const PROGRAMS: [&str; 24] = [
    "sql",
    "python",
    "py",
    "javascript",
    "js",
    "typescript",
    "ts",
    "java",
    "go",
    "rust",
    "c",
    "cpp",
    "csharp",
    "cs",
    "php",
    "ruby",
    "rb",
    "kotlin",
    "scala",
    "bash",
    "sh",
    "shell",
    "lua",
    "promql",
];

const STEM: [Step; 1] = [Step::Field("stem")];

pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_, '_, '_>) {
    negative(subject, report);
    question(subject, report);
    lengths(subject, report);
    criterion(subject, report);
    time_bound(subject, report);
    environment(subject, report);
    cognitive(subject, report);
    images(subject, report);
    characters(subject.item, report);
}

/// The sentence that asks: the last one with a question mark, else the last one.
fn asking(stem: &Anatomy) -> String {
    let sentences = sentences(&stem.bare);
    let with_mark = sentences.iter().rev().find(|sentence| sentence.ends_with('?'));
    with_mark.or(sentences.last()).cloned().unwrap_or_default()
}

/// How a question is negated, if it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Negation {
    /// The word is written NOT, or in bold.
    Emphasised,
    /// It is easily overlooked.
    Plain,
}

/// Whether a stem asks for what does not hold: "Which of these is not …", "… except …".
pub(super) fn negation(stem: &Anatomy) -> Option<Negation> {
    let question = asking(stem);
    let negative = question
        .split_whitespace()
        .scan(Clause::default(), |clause, word| Some(clause.negates(word).then_some(word)));
    let word = negative.flatten().next()?.to_owned();
    let loud = word.contains("**")
        || word.contains("__")
        || word.chars().filter(|letter| letter.is_alphabetic()).all(char::is_uppercase);
    Some(if loud { Negation::Emphasised } else { Negation::Plain })
}

/// Follows a sentence word by word: a negative counts in the clause of `which` or `what`, before
/// another clause begins ("which header tells a cache that it must not store" asks for no negative).
#[derive(Default)]
struct Clause {
    asks: bool,
    verb: bool,
    begun: bool,
}

impl Clause {
    fn negates(&mut self, raw: &str) -> bool {
        let word = raw.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase();
        match word.as_str() {
            // A second one begins a relative clause: "after which a copy cannot be read".
            "which" | "what" => *self = Self { asks: !self.begun, verb: false, begun: true },
            "select" | "choose" | "name" | "pick" => self.asks = true,
            "that" | "when" | "because" | "if" | "so" | "but" | "why" | "whose" | "and"
            | "where" => {
                *self = Self { begun: self.begun, ..Self::default() };
            }
            "is" | "are" | "does" | "do" | "can" | "will" | "would" | "should" | "must" | "may"
            | "was" => {
                self.verb = true;
            }
            "except" => return raw.ends_with(['?', ':', '.']) || self.asks,
            "not" => return self.asks && self.verb,
            "cannot" | "isn't" | "doesn't" | "aren't" | "don't" => return self.asks,
            "incorrect" | "untrue" => return self.asks,
            _ => {}
        }
        false
    }
}

/// Q009: a negative stem.
fn negative(subject: &Subject<'_>, report: &mut Report<'_, '_, '_>) {
    let Some(negation) = negation(&subject.stem) else { return };
    let doubled = subject
        .item
        .options
        .iter()
        .position(|option| has_word(&option.text, &["not", "never", "cannot", "no"]));
    match (negation, doubled) {
        (_, Some(option)) => {
            let help = "ask for what holds, so that no option is a double negative";
            report.error(
                "Q009",
                &option_path(option),
                "a negative option under a negative stem",
                help,
            );
        }
        (Negation::Plain, None) => {
            let help = "write **NOT** or EXCEPT, or better ask for what holds";
            report.error("Q009", &STEM, "the stem is negative without emphasis", help);
        }
        (Negation::Emphasised, None) => {
            let help = "ask for what holds, or waive it with a reason";
            report.warn("Q009", &STEM, "the stem is negative", help);
        }
    }
}

/// Verbs that a request begins with.
const REQUESTS: [&str; 48] = [
    "select",
    "choose",
    "name",
    "put",
    "give",
    "compute",
    "calculate",
    "state",
    "write",
    "order",
    "arrange",
    "determine",
    "find",
    "identify",
    "pick",
    "type",
    "enter",
    "report",
    "list",
    "decide",
    "match",
    "predict",
    "tell",
    "say",
    "work",
    "mark",
    "sort",
    "rank",
    "express",
    "answer",
    "complete",
    "provide",
    "estimate",
    "bring",
    "place",
    "sequence",
    "count",
    "judge",
    "diagnose",
    "explain",
    "read",
    "trace",
    "how",
    "which",
    "what",
    "who",
    "when",
    "assess",
];

/// Q016: the stem asks for something, in whole sentences.
fn question(subject: &Subject<'_>, report: &mut Report<'_, '_, '_>) {
    if subject.stem.bare.contains("___") || subject.stem.bare.contains("...?") {
        report.warn("Q016", &STEM, "the stem has a gap to fill", "ask a whole question");
    }
    let asks = |sentence: &String| {
        let first = words(sentence).into_iter().next().unwrap_or_default();
        sentence.contains('?') || REQUESTS.contains(&first.as_str())
    };
    let prose = sentences(&subject.stem.prose);
    let clause =
        |sentence: &String| sentence.split([',', ';']).any(|part| asks(&part.trim().to_owned()));
    if !prose.iter().any(|sentence| asks(sentence) || clause(sentence)) {
        let help = "end with a question, or with a request such as `Select …`";
        report.warn("Q016", &STEM, "the stem asks nothing", help);
    }
}

/// Q017: texts that test reading rather than knowing.
fn lengths(subject: &Subject<'_>, report: &mut Report<'_, '_, '_>) {
    let count = words(&subject.stem.prose).len();
    if count > STEM_WORDS_MAX {
        let message = format!("the stem has {count} words beside its code");
        report.warn("Q017", &STEM, message, "at most 90");
    }
    let lines: usize = subject.stem.blocks.iter().map(|(_, lines)| lines).sum();
    if lines > CODE_LINES_MAX {
        let message = format!("the stem has {lines} lines of code");
        report.warn("Q017", &STEM, message, "at most 25");
    }
    for (index, option) in subject.item.options.iter().enumerate() {
        let count = words(&option.text).len();
        if count > OPTION_WORDS_MAX {
            let message = format!("the option has {count} words");
            report.warn("Q017", &option_path(index), message, "at most 35");
        }
    }
}

/// Q018: best for what?
fn criterion(subject: &Subject<'_>, report: &mut Report<'_, '_, '_>) {
    const SUPERLATIVES: [&str; 4] = ["best", "recommended", "ideal", "optimal"];
    const CRITERIA: [&str; 38] = [
        "because",
        "given",
        "minimise",
        "minimize",
        "maximise",
        "maximize",
        "reduce",
        "reduces",
        "avoid",
        "avoids",
        "keep",
        "keeps",
        "meet",
        "meets",
        "criterion",
        "requirement",
        "requirements",
        "goal",
        "must",
        "needs",
        "need",
        "constraint",
        "constraints",
        "without",
        "lowest",
        "highest",
        "fewest",
        "least",
        "while",
        "according",
        "satisfies",
        "fits",
        "explains",
        "budget",
        "cost",
        "priority",
        "matters",
        "within",
    ];
    let question = words(&asking(&subject.stem));
    let superlative = question.iter().enumerate().any(|(index, word)| {
        let most = word == "most" && question.get(index + 1).is_some_and(|next| is_praise(next));
        most || SUPERLATIVES.contains(&word.as_str())
    });
    if superlative && !has_word(&subject.stem.prose, &CRITERIA) {
        let help = "name the criterion: the lowest latency, the fewest changes, …";
        report.warn("Q018", &STEM, "the stem asks for the best without a criterion", help);
    }
}

/// Whether a word after "most" makes an opinion of it.
fn is_praise(word: &str) -> bool {
    [
        "appropriate",
        "suitable",
        "likely",
        "efficient",
        "effective",
        "important",
        "common",
        "secure",
        "reliable",
        "correct",
        "accurate",
        "useful",
        "scalable",
    ]
    .contains(&word)
}

/// Whether an environment says of which version it speaks.
fn has_version(environment: Option<&Environment>) -> bool {
    environment.is_some_and(|environment| environment.version.is_some())
}

/// Q019: words that age, and products without a version and a date.
fn time_bound(subject: &Subject<'_>, report: &mut Report<'_, '_, '_>) {
    let item = subject.item;
    let dated = has_version(item.environment.as_ref()) && item.as_of.is_some();
    let path = [Step::Field("environment")];
    if item.environment.as_ref().is_some_and(|environment| environment.product.is_some()) && !dated
    {
        let help = "add `version` to the environment, and `as_of`";
        report.error("Q019", &path, "a product without version and date", help);
    }
    if dated {
        return;
    }
    let help = "name the version, and add `environment` with `as_of`";
    if let Some(phrase) = ages(&subject.stem.bare) {
        report.error("Q019", &STEM, format!("`{phrase}` ages"), help);
    }
    for (index, option) in item.options.iter().enumerate() {
        if let Some(phrase) = ages(&anatomy(&option.text).bare) {
            report.error("Q019", &option_path(index), format!("`{phrase}` ages"), help);
        }
    }
}

/// A phrase whose truth depends on the day it is read.
fn ages(text: &str) -> Option<String> {
    const ALONE: [&str; 5] = ["nowadays", "recently", "newest", "cutting-edge", "state-of-the-art"];
    const BEFORE: [&str; 4] = ["latest", "current", "new", "recent"];
    const AFTER: [&str; 8] = [
        "version",
        "versions",
        "release",
        "releases",
        "edition",
        "standard",
        "specification",
        "draft",
    ];
    let words = words(text);
    let alone = words.iter().find(|word| ALONE.contains(&word.as_str())).cloned();
    alone.or_else(|| {
        let pairs = words
            .windows(2)
            .find(|pair| BEFORE.contains(&pair[0].as_str()) && AFTER.contains(&pair[1].as_str()));
        pairs.map(|pair| pair.join(" "))
    })
}

/// Q020: a program means nothing without the language and version that run it.
fn environment(subject: &Subject<'_>, report: &mut Report<'_, '_, '_>) {
    let item = subject.item;
    let program =
        subject.stem.blocks.iter().any(|(tag, _)| {
            PROGRAMS.contains(&tag.split([' ', ',', '{']).next().unwrap_or_default())
        });
    if item.kind != ItemType::CodeOutput && !program {
        return;
    }
    let environment = item.environment.as_ref();
    let named = environment
        .is_some_and(|environment| environment.language.is_some() || environment.product.is_some());
    if !named || !has_version(environment) {
        let help = "add `environment: {language: …, version: \"…\", mode: …}`";
        let path = [Step::Field("environment")];
        report.error("Q020", &path, "code without language and version", help);
    }
}

/// Q025: the cognitive act that the stem makes possible.
fn cognitive(subject: &Subject<'_>, report: &mut Report<'_, '_, '_>) {
    let item = subject.item;
    let count = words(&subject.stem.prose).len();
    let has_data = !subject.stem.blocks.is_empty()
        || subject.stem.prose.contains(|digit: char| digit.is_ascii_digit());
    let path = [Step::Field("cognitive")];
    if item.cognitive == Cognitive::Analyse && count < ANALYSIS_WORDS_MIN && !has_data {
        let help = "give the data that are weighed, or call it apply";
        report.warn("Q025", &path, "there is nothing to analyse in the stem", help);
    }
    if item.cognitive == Cognitive::Recall && count > RECALL_WORDS_MAX {
        let message = format!("a recall item with a scenario of {count} words");
        report.warn("Q025", &path, message, "ask for the fact, or call it apply");
    }
}

/// Q028: images have a text.
fn images(subject: &Subject<'_>, report: &mut Report<'_, '_, '_>) {
    let help = "describe what it shows, so that the item can be answered without it";
    if subject.stem.bare.contains("![](") {
        report.error("Q028", &STEM, "an image without a text", help);
    }
    for (index, media) in subject.item.media.iter().enumerate() {
        if media.alt.trim().is_empty() {
            let path = [Step::Field("media"), Step::Index(index)];
            report.error("Q028", &path, "an image without a text", help);
        }
    }
}

/// Q029: what must not reach a reader's screen.
fn characters(item: &Item, report: &mut Report<'_, '_, '_>) {
    shown_text(&item.stem, &STEM, report);
    for (index, option) in item.options.iter().enumerate() {
        shown_text(&option.text, &option_path(index), report);
    }
    shown_text(&item.explanation, &[Step::Field("explanation")], report);
    for link in links(&anatomy(&item.stem).bare) {
        let help = "use a name under example.com, or put the address into `references`";
        report.error("Q029", &STEM, format!("an address in the stem: {link}"), help);
    }
}

fn shown_text(text: &str, path: &[Step], report: &mut Report<'_, '_, '_>) {
    let parts = anatomy(text);
    if let Some(tag) = unsafe_html(&parts.bare) {
        let message = format!("unsafe HTML: {tag}");
        report.error(
            "Q029",
            path,
            message,
            "write Markdown; put HTML that is meant as text into backticks",
        );
    }
    if text.contains('\t') {
        report.error("Q029", path, "a tab", "use spaces");
    }
    if parts.code.contains(['“', '”', '‘', '’']) {
        report.error("Q029", path, "curly quotes in code", "code has straight quotes");
    }
}

/// An HTML tag or attribute that runs or loads something.
fn unsafe_html(bare: &str) -> Option<&'static str> {
    const UNSAFE: [&str; 9] = [
        "<script",
        "<iframe",
        "<object",
        "<embed",
        "<img",
        "<link",
        "<style",
        "javascript:",
        "<form",
    ];
    let lower = bare.to_lowercase();
    UNSAFE.into_iter().find(|tag| lower.contains(tag))
}

/// Addresses of real hosts in a text.
fn links(bare: &str) -> Vec<String> {
    let reserved = |host: &str| {
        let name = host.split(':').next().unwrap_or_default();
        ["example.com", "example.org", "example.net", "localhost"]
            .iter()
            .any(|known| name == *known || name.ends_with(&format!(".{known}")))
            || [".example", ".test", ".invalid", ".local", ".internal"]
                .iter()
                .any(|end| name.ends_with(end))
            || name.starts_with(|digit: char| digit.is_ascii_digit())
    };
    let ends =
        |letter: char| letter.is_whitespace() || matches!(letter, ')' | '>' | '"' | '\'' | ',');
    let mut links = Vec::new();
    for scheme in ["http://", "https://"] {
        for (at, _) in bare.match_indices(scheme) {
            let rest = &bare[at + scheme.len()..];
            let host =
                rest.split(|letter: char| ends(letter) || letter == '/').next().unwrap_or_default();
            if !host.is_empty() && !reserved(host.trim_end_matches(['.', '?'])) {
                links.push(format!("{scheme}{host}"));
            }
        }
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negative_questions_are_told_from_questions_with_a_negation() {
        // Goal: only a question that asks for what does not hold is negative. Method: a table.
        let negation = |text: &str| negation(&anatomy(text));
        assert_eq!(negation("Which of these is not idempotent?"), Some(Negation::Plain));
        assert_eq!(negation("Which of these is **NOT** idempotent?"), Some(Negation::Emphasised));
        assert_eq!(negation("All of them are safe EXCEPT:"), Some(Negation::Emphasised));
        assert_eq!(negation("Which option does not lock the row?"), Some(Negation::Plain));
        assert_eq!(negation("Which header tells a cache that it must not store a response?"), None);
        assert_eq!(negation("The row does not exist. What happens?"), None);
        assert_eq!(negation("What does a signature give which a tag cannot give?"), None);
        assert_eq!(negation("Why does the cache not reuse the response?"), None);
    }

    #[test]
    fn only_phrases_that_age_are_found() {
        // Goal: a current transaction is no matter of time. Method: phrases of both kinds.
        assert_eq!(ages("the latest version of Redis").as_deref(), Some("latest version"));
        assert_eq!(ages("This was recently added").as_deref(), Some("recently"));
        assert_eq!(ages("the current transaction inserts a new row"), None);
    }

    #[test]
    fn example_addresses_are_no_links() {
        // Goal: questions about HTTP can name hosts. Method: reserved and real hosts.
        assert_eq!(links("See https://stackoverflow.com/q/1."), ["https://stackoverflow.com"]);
        assert!(
            links("https://api.example.com/a and http://localhost:8080/ and http://10.0.0.1/")
                .is_empty()
        );
    }
}
