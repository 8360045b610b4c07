//! Rules about what teaches and proves: explanation, references, proof, dates, difficulty.

use std::collections::BTreeSet;

use super::super::node::Step;
use super::super::read::Draft;
use super::super::types::{Item, Key, Subtopic};
use super::super::words::{ItemType, Normalise, Runner, Status, Volatility};
use super::text::{anatomy, content_words, folded, sentences, words};
use super::{Report, Subject};

const EXPLANATION_MIN: usize = 80;
const LOCATOR_MIN: usize = 3;
/// How far a judged difficulty may lie from the table's, in logits.
const DIFFICULTY_BAND: f64 = 1.5;
/// Letters by which two words count as the same in an explanation: `revalidate`, `revalidates`.
const STEM_LETTERS: usize = 5;

/// Hosts that repeat what others say: a question's truth does not rest on them.
const UNFIT_HOSTS: [&str; 16] = [
    "stackoverflow.com",
    "stackexchange.com",
    "wikipedia.org",
    "w3schools.com",
    "geeksforgeeks.org",
    "medium.com",
    "dev.to",
    "quora.com",
    "reddit.com",
    "tutorialspoint.com",
    "javatpoint.com",
    "programiz.com",
    "hashnode.dev",
    "youtube.com",
    "chatgpt.com",
    "freecodecamp.org",
];

const EXPLANATION: [Step; 1] = [Step::Field("explanation")];

pub(super) fn check(
    subject: &Subject<'_>,
    draft: &Draft<'_, '_>,
    today: Option<&str>,
    report: &mut Report<'_, '_, '_>,
) {
    let item = subject.item;
    explanation(item, report);
    references(item, draft, report);
    proof(item, report);
    difficulty(item, draft, report);
    speaks_of_the_key(item, report);
    places(item, report);
    if let Some(today) = today {
        dates(subject, draft, today, report);
    }
}

/// Q004: the explanation teaches.
fn explanation(item: &Item, report: &mut Report<'_, '_, '_>) {
    let text = folded(&item.explanation);
    let help = "say why the key is right, and by which mechanism";
    if text.is_empty() {
        return report.error("Q004", &EXPLANATION, "the explanation is missing", help);
    }
    let teaching: String = sentences(&text)
        .into_iter()
        .filter(|sentence| !is_vacuous(sentence))
        .collect::<Vec<_>>()
        .join(" ");
    let length = teaching.chars().count();
    if length < EXPLANATION_MIN {
        let message = if teaching.len() < text.len() {
            "the explanation only repeats the key".to_owned()
        } else {
            format!("the explanation has {length} characters, of at least {EXPLANATION_MIN}")
        };
        report.error("Q004", &EXPLANATION, message, help);
    }
}

/// Whether a sentence says no more than which option is the key.
fn is_vacuous(sentence: &str) -> bool {
    let lower = sentence.to_lowercase();
    let lower = lower.strip_prefix("the ").unwrap_or(&lower);
    let named = ["correct", "right"].iter().any(|word| {
        ["answer", "option", "choice"].iter().any(|noun| {
            lower.starts_with(&format!("{word} {noun} is"))
                || lower.starts_with(&format!("{word} {noun}:"))
        })
    });
    named && !lower.contains("because")
}

/// Q005: every item can be looked up.
fn references(item: &Item, draft: &Draft<'_, '_>, report: &mut Report<'_, '_, '_>) {
    if item.references.is_empty() {
        let help = "name the source and the place in it";
        report.error("Q005", &[Step::Field("references")], "no reference", help);
    }
    let listed = draft.sources_known && !draft.new_topics.contains(&item.topic);
    for (index, reference) in item.references.iter().enumerate() {
        let path = |field| [Step::Field("references"), Step::Index(index), Step::Field(field)];
        let sources = || draft.bank.references.iter().filter(|source| source.id == reference.id);
        if listed && !sources().any(|source| source.topic == item.topic) {
            let (message, help) = match sources().next() {
                Some(_) => (
                    format!("`{}` is no source of `{}`", reference.id, item.topic),
                    "add the topic to the source's `topics` in references.yaml",
                ),
                None => (format!("unknown source `{}`", reference.id), "add it to references.yaml"),
            };
            report.error("Q005", &path("ref"), message, help);
        }
        if reference.locator.trim().chars().count() < LOCATOR_MIN {
            let help = "name the section, the page or the function";
            report.error("Q005", &path("locator"), "the reference has no locator", help);
        }
        if let Some(fault) = reference.url.as_deref().and_then(unfit_address) {
            report.error(
                "Q005",
                &path("url"),
                fault,
                "cite the specification, the manual or the paper",
            );
        }
    }
}

/// Why an address is not one to cite.
fn unfit_address(url: &str) -> Option<String> {
    let Some(rest) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) else {
        return Some(format!("`{url}` is no web address"));
    };
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default().to_lowercase();
    let unfit =
        UNFIT_HOSTS.iter().any(|unfit| host == *unfit || host.ends_with(&format!(".{unfit}")));
    unfit.then(|| format!("{host} is no authority"))
}

/// Q021: the output that the proof expects is an accepted answer.
fn proof(item: &Item, report: &mut Report<'_, '_, '_>) {
    let Some(verify) = &item.verify else { return };
    if verify.runner == Runner::None {
        return;
    }
    let path = [Step::Field("verify"), Step::Field("expect")];
    if verify.script.trim().is_empty() {
        let path = [Step::Field("verify"), Step::Field("script")];
        return report.error("Q021", &path, "the proof runs nothing", "add the script");
    }
    let expect = verify.expect.trim();
    let agrees = match &item.key {
        // What a short answer names need not be what a script prints about it.
        Key::Text { accept, regex, normalise } if item.kind == ItemType::CodeOutput => {
            let typed = normalised(expect, normalise);
            accept.iter().any(|answer| normalised(answer, normalise) == typed)
                || regex.as_ref().is_some_and(|pattern| pattern.matches(&typed))
        }
        Key::Numeric { value, tolerance, .. } => {
            // The script may print a sentence about the number; only a bare number can be compared.
            expect.parse::<f64>().map_or(true, |printed| {
                (printed - value).abs() <= tolerance + f64::EPSILON * value.abs()
            })
        }
        Key::Text { .. } | Key::Single { .. } | Key::Multi { .. } | Key::Order { .. } => true,
    };
    if !agrees {
        let message = "the proof expects what the key does not accept";
        report.error("Q021", &path, message, "run the script, then repair the key or the proof");
    }
}

/// A typed text as it is compared.
pub(in super::super) fn normalised(text: &str, steps: &[Normalise]) -> String {
    steps.iter().fold(text.replace("\r\n", "\n"), |text, step| match step {
        Normalise::Trim => text.trim().to_owned(),
        Normalise::CollapseSpace => folded(&text),
        Normalise::Lowercase => text.to_lowercase(),
    })
}

/// Q024: a difficulty that the level and the cognitive act make credible.
fn difficulty(item: &Item, draft: &Draft<'_, '_>, report: &mut Report<'_, '_, '_>) {
    let table = draft.bank.blueprint.difficulty[item.level as usize][item.cognitive as usize];
    if (item.prior.b - table).abs() > DIFFICULTY_BAND {
        let message = format!(
            "difficulty {:.1} where {} {} suggests {table:.1}",
            item.prior.b, item.level, item.cognitive
        );
        let path = [Step::Field("irt"), Step::Field("b")];
        report.warn("Q024", &path, message, "correct the level, the act or the prior");
    }
}

/// Q026: the explanation is about the key.
fn speaks_of_the_key(item: &Item, report: &mut Report<'_, '_, '_>) {
    let explained = stems(&item.explanation);
    let text = folded(&item.explanation).to_lowercase();
    match &item.key {
        Key::Single { key } => {
            for (index, option) in item.options.iter().enumerate().filter(|(index, _)| index != key)
            {
                let wrong = folded(&option.text).to_lowercase();
                let named = ["answer is ", "answer: ", "option is "]
                    .iter()
                    .any(|lead| text.contains(&format!("{lead}{wrong}")));
                if named {
                    let message =
                        format!("the explanation calls `{}` right", item.options[index].id);
                    report.warn("Q026", &EXPLANATION, message, "it must speak for the key");
                }
            }
            let named = stems(&item.options[*key].text);
            if !named.is_empty() && named.is_disjoint(&explained) {
                report.warn(
                    "Q026",
                    &EXPLANATION,
                    "the explanation has no word of the key",
                    "name what makes it right",
                );
            }
        }
        Key::Text { accept, .. } => {
            let explained: BTreeSet<String> = words(&item.explanation).into_iter().collect();
            let named = accept.iter().any(|answer| {
                text.contains(&folded(answer).to_lowercase())
                    || words(answer).iter().any(|word| explained.contains(word))
            });
            if !named && !accept.is_empty() {
                report.warn(
                    "Q026",
                    &EXPLANATION,
                    "the explanation never gives the answer",
                    "name it",
                );
            }
        }
        Key::Multi { .. } | Key::Order { .. } | Key::Numeric { .. } => {}
    }
}

/// The content words of a text, cut to the letters that their forms share.
fn stems(text: &str) -> BTreeSet<String> {
    content_words(text, 2)
        .into_iter()
        .map(|word| word.chars().take(STEM_LETTERS).collect())
        .collect()
}

/// Q027: options change places, so nothing may name them by letter or place.
fn places(item: &Item, report: &mut Report<'_, '_, '_>) {
    let help = "options are shuffled: speak of their content";
    let mut texts: Vec<(Vec<Step>, &str)> =
        vec![(vec![Step::Field("stem")], &item.stem), (EXPLANATION.to_vec(), &item.explanation)];
    for (index, option) in item.options.iter().enumerate() {
        texts.push((
            vec![Step::Field("options"), Step::Index(index), Step::Field("feedback")],
            &option.feedback,
        ));
    }
    for (path, text) in texts {
        if let Some(phrase) = place_name(text) {
            report.error("Q027", &path, format!("`{phrase}` names an option by its place"), help);
        }
    }
    let reason = item.shuffle_reason.as_ref().is_some_and(|reason| !reason.trim().is_empty());
    if !item.shuffle && !reason {
        let path = [Step::Field("shuffle")];
        report.error("Q027", &path, "a fixed order without a reason", "add `shuffle_reason`");
    }
}

/// A phrase such as "option B", "answer C" or "the first option".
fn place_name(text: &str) -> Option<String> {
    const PLACES: [&str; 7] = ["first", "second", "third", "fourth", "fifth", "sixth", "last"];
    let bare = anatomy(text).bare;
    let raw: Vec<&str> = bare.split_whitespace().collect();
    raw.windows(2).find_map(|pair| {
        // A sentence that ends between the two words separates them: "… the answer. A form post".
        let joined = pair[0].ends_with(char::is_alphanumeric);
        let [first, second] = [pair[0], pair[1]]
            .map(|word| word.trim_matches(|letter: char| !letter.is_alphanumeric()));
        let lower = first.to_lowercase();
        // Letters count as typed: `Option A` names an option, `an option a user sets` does not.
        let lettered = ["option", "options", "answer", "answers", "choice"]
            .contains(&lower.as_str())
            && matches!(second, "A" | "B" | "C" | "D" | "E" | "F" | "b" | "c" | "d");
        let placed = PLACES.contains(&lower.as_str()) && matches!(second, "option" | "choice");
        (joined && (lettered || placed)).then(|| format!("{first} {second}"))
    })
}

/// Q030: the review is not overdue, and a live item is still valid.
fn dates(
    subject: &Subject<'_>,
    draft: &Draft<'_, '_>,
    today: &str,
    report: &mut Report<'_, '_, '_>,
) {
    let item = subject.item;
    if item.status == Status::Live && item.valid_until.as_deref().is_some_and(|until| until < today)
    {
        let path = [Step::Field("valid_until")];
        report.error(
            "Q030",
            &path,
            "a live item whose validity has ended",
            "review it or suspend it",
        );
    }
    let subtopic = subject
        .topic
        .and_then(|topic| topic.subtopics.iter().find(|part| part.id == item.subtopic));
    let volatility = subtopic.map_or(Volatility::Slow, |part: &Subtopic| part.volatility);
    let months = draft.bank.blueprint.review_months.get(&volatility).copied();
    let checked = item.references.iter().filter_map(|reference| reference.checked.as_deref()).max();
    if let (Some(months), Some(checked)) = (months, checked)
        && let Some(due) = months_later(checked, months)
        && due.as_str() < today
    {
        let message =
            format!("last checked {checked}, due again {due}: its subtopic is {volatility}");
        let path = [Step::Field("references")];
        report.error("Q030", &path, message, "open the source again, then set `checked`");
    }
}

/// A date some months later; the day of the month stays, for dates are compared as texts.
fn months_later(date: &str, months: u32) -> Option<String> {
    let mut parts = date.split('-');
    let year: u32 = parts.next()?.parse().ok()?;
    let month: u32 = parts.next()?.parse().ok()?;
    let day = parts.next()?;
    let total = year * 12 + month.checked_sub(1)? + months;
    Some(format!("{:04}-{:02}-{day}", total / 12, total % 12 + 1))
}

/// The words of a reference that name a page: its source and the address without the fragment.
pub(super) fn page(reference: &super::super::types::Reference) -> String {
    let url =
        reference.url.as_deref().map(|url| url.split('#').next().unwrap_or_default().to_owned());
    url.unwrap_or_else(|| format!("{} {}", reference.id, words(&reference.locator).join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_move_by_whole_months() {
        // Goal: due dates compare as texts. Method: steps within a year and over its end.
        assert_eq!(months_later("2026-11-22", 6).as_deref(), Some("2027-05-22"));
        assert_eq!(months_later("2026-12-01", 12).as_deref(), Some("2027-12-01"));
        assert_eq!(months_later("2026-01-31", 36).as_deref(), Some("2029-01-31"));
        assert_eq!(months_later("soon", 6), None);
    }

    #[test]
    fn options_named_by_letter_or_place_are_found() {
        // Goal: no explanation breaks when options are shuffled. Method: phrases of both kinds.
        assert_eq!(place_name("As option B says").as_deref(), Some("option B"));
        assert_eq!(place_name("The first option fails").as_deref(), Some("first option"));
        assert_eq!(place_name("an option a user sets"), None);
        assert_eq!(place_name("the first request"), None);
        assert_eq!(place_name("It reads the answer. A form does not."), None);
        assert_eq!(place_name("They set `option B` there"), None);
    }

    #[test]
    fn texts_are_compared_as_the_item_says() {
        // Goal: normalisation is the three steps and no more. Method: one text through each.
        assert_eq!(normalised("  a \n b ", &[Normalise::Trim]), "a \n b");
        assert_eq!(normalised(" a \n\t b", &[Normalise::CollapseSpace]), "a b");
        assert_eq!(normalised("Ab", &[Normalise::Lowercase]), "ab");
        assert_eq!(normalised("Ab ", &[]), "Ab ");
    }

    #[test]
    fn addresses_are_judged_by_their_host() {
        // Goal: unfit hosts are found under any subdomain and no others. Method: a table.
        assert!(unfit_address("https://en.wikipedia.org/wiki/HTTP").is_some());
        assert!(unfit_address("ftp://x").is_some());
        assert!(unfit_address("https://www.rfc-editor.org/rfc/rfc9110#section-9").is_none());
        assert!(unfit_address("https://notmedium.com/x").is_none());
    }
}
