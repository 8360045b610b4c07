//! Rules about the bank as a whole: what its items give away together, and how far it is from its
//! blueprint. They look at live items; within the surroundings of another bank, where authors
//! check their own files, at every item that is not retired.

use std::collections::BTreeMap;

use super::super::diagnostic::{Diagnostic, Severity};
use super::super::surface::{Lengths, Surface};
use super::super::types::{Bank, Item, Key};
use super::super::words::{Cognitive, Level, Status};
use super::sources::page;
use super::stem::negation;
use super::text::{anatomy, sentences, words};

/// One-sided 5 % point of the normal distribution.
const Z95: f64 = 1.64;
/// How far the surface guesser may exceed chance.
const GUESSER_MARGIN: f64 = 0.05;
/// Fewest items about which a share says anything.
const ITEMS_MIN: usize = 20;
/// Fewest items of a topic for which its longest options are judged.
const TOPIC_ITEMS_MIN: usize = 10;
const POSITION_P_MIN: f64 = 0.001;
const CELL_SHARE_MIN: f64 = 0.8;
const BIN_SHARE_OFF: f64 = 0.05;
const NEGATIVE_SHARE_MAX: f64 = 0.04;
const PAGE_SHARE_MAX: f64 = 0.10;
const AUTHOR_SHARE_MAX: f64 = 0.5;
const TEMPLATE_SHARE_MAX: f64 = 0.05;
/// Words at the beginning of a question that make its template.
const TEMPLATE_WORDS: usize = 5;

pub(super) fn check(bank: &Bank, partial: bool) -> Vec<Diagnostic> {
    let counted = |item: &&Item| match item.status {
        Status::Live => true,
        Status::Draft | Status::Pretest | Status::Suspended => partial,
        Status::Retired => false,
    };
    let items: Vec<&Item> = bank.items.iter().filter(counted).collect();
    let mut found = Vec::new();
    surface(bank, &items, &mut found);
    positions(&items, &mut found);
    if !partial {
        cells(bank, &items, &mut found);
        difficulties(bank, &items, &mut found);
        dominance(bank, &items, &mut found);
        templates(&items, &mut found);
    }
    found
}

pub(super) fn put(
    found: &mut Vec<Diagnostic>,
    code: &'static str,
    severity: Severity,
    message: String,
    help: &str,
) {
    found.push(Diagnostic {
        code,
        severity,
        file: String::new(),
        line: 0,
        column: 0,
        item: None,
        message,
        help: Some(help.to_owned()),
        span: 0..0,
    });
}

/// B101 and B102: what length and surface give away, beyond what chance explains.
fn surface(bank: &Bank, items: &[&Item], found: &mut Vec<Diagnostic>) {
    let help = "lengthen wrong options, trim keys";
    for topic in &bank.topics {
        let of_topic = items.iter().copied().filter(|item| item.topic == topic.id);
        let Some(lengths) = Lengths::of(of_topic) else { continue };
        let limit = lengths.chance + Z95 * lengths.chance_error;
        if lengths.items >= TOPIC_ITEMS_MIN && lengths.longest > limit {
            let message = format!(
                "{}: the longest option is the key in {:.0} % of {} items, {:.0} % is the limit",
                topic.id,
                100.0 * lengths.longest,
                lengths.items,
                100.0 * limit
            );
            put(found, "B101", Severity::Warning, message, help);
        }
    }
    let Some(surface) =
        Surface::of(items.iter().copied()).filter(|surface| surface.items >= ITEMS_MIN)
    else {
        return;
    };
    let noise = surface.chance + Z95 * surface.chance_error();
    if surface.longest > noise {
        let message = format!(
            "the longest option is the key in {:.0} % of {} items, {:.0} % is the limit",
            100.0 * surface.longest,
            surface.items,
            100.0 * noise
        );
        put(found, "B101", Severity::Error, message, help);
    }
    // Five points are within chance for a small bank; it is not blamed for noise.
    let limit = noise.max(surface.chance + GUESSER_MARGIN);
    if surface.guesser > limit {
        let message = format!(
            "{:.0} % of {} keys are guessed from the surface of the options, {:.0} % is the limit",
            100.0 * surface.guesser,
            surface.items,
            100.0 * limit
        );
        put(
            found,
            "B102",
            Severity::Error,
            message,
            "make options alike in length, form and wording",
        );
    }
}

/// B103: keys at uneven places, where places are shown as they are.
fn positions(items: &[&Item], found: &mut Vec<Diagnostic>) {
    let fixed = items.iter().copied().filter(|item| !item.shuffle);
    let Some(surface) = Surface::of(fixed).filter(|surface| surface.items >= ITEMS_MIN) else {
        return;
    };
    if surface.position_p < POSITION_P_MIN {
        let message =
            format!("keys of {} items with a fixed order stand at uneven places", surface.items);
        put(found, "B103", Severity::Warning, message, "move keys, or let the options be shuffled");
    }
}

/// B104: cells of the first wave that lack items, one line a topic.
fn cells(bank: &Bank, items: &[&Item], found: &mut Vec<Diagnostic>) {
    for topic in &bank.topics {
        let of_topic: Vec<&Item> =
            items.iter().copied().filter(|item| item.topic == topic.id).collect();
        if of_topic.is_empty() {
            continue;
        }
        let mut lacking = Vec::new();
        for (level, targets) in Level::ALL.iter().zip(&bank.blueprint.cells_wave) {
            for (act, target) in Cognitive::ALL.iter().zip(targets) {
                let count = of_topic
                    .iter()
                    .filter(|item| item.level == *level && item.cognitive == *act)
                    .count();
                if (count as f64) < CELL_SHARE_MIN * f64::from(*target) {
                    lacking.push(format!("{level} {act} {count}/{target}"));
                }
            }
        }
        if !lacking.is_empty() {
            let message = format!(
                "{}: cells of the first wave lack live items: {}",
                topic.id,
                lacking.join(", ")
            );
            put(found, "B104", Severity::Warning, message, "write or promote items of these cells");
        }
    }
}

/// B104: the spread of difficulties against the plan.
fn difficulties(bank: &Bank, items: &[&Item], found: &mut Vec<Diagnostic>) {
    if items.len() < ITEMS_MIN {
        return;
    }
    let mut off = Vec::new();
    for &(from, to, wanted) in &bank.blueprint.difficulty_shares {
        let inside = items.iter().filter(|item| (from..to).contains(&item.difficulty())).count();
        let share = inside as f64 / items.len() as f64;
        if (share - wanted).abs() > BIN_SHARE_OFF {
            off.push(format!("{from} to {to}: {:.0} % of {:.0} %", 100.0 * share, 100.0 * wanted));
        }
    }
    if !off.is_empty() {
        let message = format!("difficulties are off the plan: {}", off.join("; "));
        put(found, "B104", Severity::Warning, message, "write items of the difficulties that lack");
    }
}

/// B105: negative stems, and what rests on too few sources or people.
fn dominance(bank: &Bank, items: &[&Item], found: &mut Vec<Diagnostic>) {
    if items.len() < ITEMS_MIN {
        return;
    }
    let total = items.len() as f64;
    let negative = items.iter().filter(|item| negation(&anatomy(&item.stem)).is_some()).count();
    if negative as f64 > NEGATIVE_SHARE_MAX * total {
        let message = format!("{negative} of {} stems are negative", items.len());
        put(found, "B105", Severity::Warning, message, "ask for what holds");
    }
    let mut pages: BTreeMap<String, usize> = BTreeMap::new();
    for item in items {
        let cited: std::collections::BTreeSet<String> = item.references.iter().map(page).collect();
        for page in cited {
            *pages.entry(page).or_default() += 1;
        }
    }
    for (page, count) in pages.iter().filter(|(_, count)| **count as f64 > PAGE_SHARE_MAX * total) {
        let message = format!("{count} of {} items rest on {page}", items.len());
        put(found, "B105", Severity::Warning, message, "use more sources");
    }
    for topic in &bank.topics {
        authors(topic.id.as_str(), items, found);
    }
}

fn authors(topic: &str, items: &[&Item], found: &mut Vec<Diagnostic>) {
    let mut authors: BTreeMap<&str, usize> = BTreeMap::new();
    let of_topic: Vec<&&Item> = items.iter().filter(|item| item.topic.as_str() == topic).collect();
    for item in &of_topic {
        *authors.entry(item.author.id.as_str()).or_default() += 1;
    }
    for (author, count) in authors {
        if of_topic.len() >= TOPIC_ITEMS_MIN
            && count as f64 > AUTHOR_SHARE_MAX * of_topic.len() as f64
        {
            let message = format!("{topic}: {count} of {} items are by {author}", of_topic.len());
            put(found, "B105", Severity::Warning, message, "let somebody else write some");
        }
    }
}

/// B106: the same beginning of too many questions.
fn templates(items: &[&Item], found: &mut Vec<Diagnostic>) {
    if items.len() < ITEMS_MIN {
        return;
    }
    let mut templates: BTreeMap<String, usize> = BTreeMap::new();
    for item in
        items.iter().filter(|item| matches!(item.key, Key::Single { .. } | Key::Multi { .. }))
    {
        let question = sentences(&anatomy(&item.stem).bare).pop().unwrap_or_default();
        let beginning: Vec<String> = words(&question).into_iter().take(TEMPLATE_WORDS).collect();
        if beginning.len() == TEMPLATE_WORDS {
            *templates.entry(beginning.join(" ")).or_default() += 1;
        }
    }
    for (template, count) in templates {
        if count > 1 && count as f64 > TEMPLATE_SHARE_MAX * items.len() as f64 {
            let message = format!("{count} of {} questions begin with “{template} …”", items.len());
            put(found, "B106", Severity::Warning, message, "ask in more ways");
        }
    }
}
