//! `gradus bank show`: one item with everything that an author wants to see. It holds the key.

use super::super::bank_source::load_bank;
use super::super::take::print_data;
use super::super::{CliError, Exit, Global};
use super::{BankForm, item, to_json, wants_json};
use crate::assessment::{correct_response, letter};
use crate::bank::{Bank, Item, Key};
use crate::report::{environment, prose};

/// Lines are wrapped here, as in a letter.
pub(super) const WIDTH: usize = 80;

pub(super) fn run(global: &Global, id: &str) -> Result<Exit, CliError> {
    let as_json = wants_json(global, "show")?;
    let bank = load_bank(global)?;
    let item = item(&bank, id)?;
    let text = if as_json { to_json(&BankForm::of(&bank, vec![item]))? } else { page(&bank, item) };
    print_data(&text)?;
    Ok(Exit::Done)
}

fn page(bank: &Bank, item: &Item) -> String {
    let mut text = format!("{} version {} · {}\n", item.id, item.version, item.status);
    text += &format!(
        "{} · {} · {} {} · {}\n",
        item.topic, item.subtopic, item.level, item.cognitive, item.kind
    );
    if let Some(objective) = objective(bank, item) {
        text += &format!("serves: {objective}\n");
    }
    if !item.title.is_empty() {
        text += &format!("\n{}\n", item.title);
    }
    text += &format!("\n{}", question(item));
    text += &format!("\nKey: {}\n", key(item));
    for (place, option) in item.options.iter().enumerate() {
        let mark = if option.correct { '*' } else { ' ' };
        let misconception = option.misconception.as_ref().map(|name| format!(" [{name}]"));
        let note = format!("{}{}", option.feedback, misconception.unwrap_or_default());
        text += &hanging(&format!(" {mark}{}) ", letter(place)), &note);
    }
    text += &format!("\n{}\n\n{}", prose(&item.explanation, WIDTH).trim_end(), sources(item));
    text + &facts(bank, item)
}

fn objective<'b>(bank: &'b Bank, item: &Item) -> Option<&'b str> {
    let topic = bank.topics.iter().find(|topic| topic.id == item.topic)?;
    let objective =
        topic.objectives.iter().find(|goal| Some(&goal.id) == item.objective.as_ref())?;
    Some(&objective.text)
}

/// The question as a person sees it, options in the file's order.
pub(super) fn question(item: &Item) -> String {
    let mut text = String::new();
    if let Some(environment) = environment(item) {
        text += &format!("({environment})\n\n");
    }
    text += prose(&item.stem, WIDTH).trim_end();
    text += if item.options.is_empty() { "\n" } else { "\n\n" };
    for (place, option) in item.options.iter().enumerate() {
        text += &hanging(&format!("  {}) ", letter(place)), &option.text);
    }
    text
}

/// A paragraph whose first line begins with a label.
fn hanging(label: &str, markdown: &str) -> String {
    let body = prose(markdown, WIDTH - label.len());
    let mut text = String::new();
    for (number, line) in body.trim_end().lines().enumerate() {
        let lead = if number == 0 { label.to_owned() } else { " ".repeat(label.len()) };
        text += &format!("{lead}{line}\n");
    }
    if text.is_empty() { format!("{}\n", label.trim_end()) } else { text }
}

/// The key in words.
pub(super) fn key(item: &Item) -> String {
    let letters = |places: &mut dyn Iterator<Item = usize>| {
        places.map(|place| letter(place).to_string()).collect::<Vec<_>>().join(", ")
    };
    match &item.key {
        Key::Single { key } => letter(*key).to_string(),
        Key::Multi { keys, rule } => {
            format!("{} ({rule})", letters(&mut (0..keys.len()).filter(|place| keys[*place])))
        }
        Key::Order { order, rule } => format!("{} ({rule})", letters(&mut order.iter().copied())),
        Key::Numeric { value, tolerance, unit } => {
            let unit = unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
            if *tolerance == 0.0 {
                format!("{value}{unit}")
            } else {
                format!("{value} ± {tolerance}{unit}")
            }
        }
        Key::Text { accept, regex, .. } => {
            let mut ways: Vec<String> = accept.iter().map(|answer| format!("{answer:?}")).collect();
            ways.extend(regex.as_ref().map(|pattern| format!("/{}/", pattern.source())));
            ways.join(" or ")
        }
    }
}

/// The sources, one a line.
pub(super) fn sources(item: &Item) -> String {
    let mut text = String::new();
    for reference in &item.references {
        let parts = [
            Some(format!("{}, {}", reference.id, reference.locator)),
            reference.version.clone(),
            reference.url.clone(),
            reference.checked.as_ref().map(|date| format!("checked {date}")),
        ];
        let line: Vec<String> = parts.into_iter().flatten().collect();
        text += &format!("Source: {}\n", line.join(" · "));
    }
    text
}

fn facts(bank: &Bank, item: &Item) -> String {
    let prior = &item.prior;
    let cell = bank.blueprint.difficulty[item.level as usize][item.cognitive as usize];
    let raters = prior.raters.map(|raters| format!(" from {raters} raters")).unwrap_or_default();
    let mut text = format!(
        "Prior: difficulty {:.2} ± {:.2}{raters}; cell {cell:.2}; discrimination {:.2}, guessing {:.3}\n\
         Time: {} s expected, {} s at most\n",
        prior.b, prior.b_sd, prior.a, prior.c, item.expected_s, item.time_limit_s,
    );
    if let Some(found) = &item.calibration {
        text += &format!(
            "Calibrated: difficulty {:.2} ± {:.2}, discrimination {:.2} ± {:.2} from {} answers on {} ({})\n",
            found.b,
            found.se_b,
            found.a,
            found.se_a,
            found.n,
            found.date,
            found.standing.as_str(),
        );
    }
    let list = |name: &str, words: Vec<String>| {
        if words.is_empty() { String::new() } else { format!("{name}: {}\n", words.join(", ")) }
    };
    text += &list("Enemies", item.enemies.iter().map(ToString::to_string).collect());
    text += &list("Tags", item.tags.clone());
    text += &list(
        "Waivers",
        item.waivers.iter().map(|waiver| format!("{} ({})", waiver.code, waiver.reason)).collect(),
    );
    if let Some(verify) = &item.verify {
        text += &format!("Proof: runs in {}\n", verify.runner);
    }
    if correct_response(item).is_none() {
        text += "No answer is listed: a pattern alone accepts\n";
    }
    text + &format!("Author: {} · {}\n", item.author.id, item.licence)
}
