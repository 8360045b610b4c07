//! The canonical form of a bank: one JSON text that says everything and nothing else, whatever
//! the files looked like. Its SHA-256 is the fingerprint, and the store keeps the text itself, so
//! that a session can always be replayed on the bank that it was asked from. Reading it back goes
//! through the same checks as reading files.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::read::BankError;
use super::spec::{
    AnswerSpec, AuthorSpec, ChoiceSpec, DifficultySpec, EnvironmentSpec, FloorSpec, IrtSpec,
    ItemSpec, MediaSpec, ReferenceSpec, RetiredSpec, ScoringSpec, SlopeSpec, VerifySpec,
    WaiverSpec,
};
use super::types::{
    Bank, Blueprint, Cells, Choice, Cut, Item, Key, LevelText, PathStep, ReferenceSource, Role,
    StandardSetting, TestForm, Topic,
};
use super::words::{Cognitive, ItemType, Level, MultiRule, OrderRule, Volatility};

/// The name of the form; it changes when the form does.
pub(super) const SCHEMA: &str = "gradus.canonical/1";

/// The whole form. Fields stand in this order; maps are sorted by their keys.
#[derive(Serialize)]
struct CanonicalBank<'b> {
    schema: &'static str,
    blueprint: CanonicalBlueprint<'b>,
    levels: CanonicalLevels<'b>,
    roles: CanonicalRoles<'b>,
    references: CanonicalReferences<'b>,
    path: CanonicalPath<'b>,
    items: Vec<ItemSpec>,
}

#[derive(Serialize)]
struct CanonicalBlueprint<'b> {
    rho: f64,
    difficulty: BTreeMap<Level, BTreeMap<Cognitive, f64>>,
    difficulty_sd: f64,
    discrimination_sd_log: f64,
    difficulty_shares: Vec<CanonicalShare>,
    cells_wave: BTreeMap<Level, BTreeMap<Cognitive, u32>>,
    cells_full: BTreeMap<Level, BTreeMap<Cognitive, u32>>,
    type_mix: &'b BTreeMap<ItemType, f64>,
    review_months: &'b BTreeMap<Volatility, u32>,
    test_forms: &'b [TestForm],
    topics: &'b [Topic],
}

#[derive(Serialize)]
struct CanonicalShare {
    from: f64,
    to: f64,
    share: f64,
}

#[derive(Serialize)]
struct CanonicalLevels<'b> {
    levels: Vec<CanonicalLevel<'b>>,
    cuts: &'b [Cut],
    #[serde(skip_serializing_if = "Option::is_none")]
    standard_setting: Option<&'b StandardSetting>,
}

#[derive(Serialize)]
struct CanonicalLevel<'b> {
    id: Level,
    descriptor: &'b str,
}

#[derive(Serialize)]
struct CanonicalRoles<'b> {
    roles: Vec<CanonicalRole<'b>>,
}

#[derive(Serialize)]
struct CanonicalRole<'b> {
    id: &'b str,
    name: &'b str,
    weights: BTreeMap<&'b str, f64>,
    subtopic_multipliers: BTreeMap<&'b str, f64>,
}

#[derive(Serialize)]
struct CanonicalReferences<'b> {
    references: Vec<CanonicalReference<'b>>,
}

#[derive(Serialize)]
struct CanonicalReference<'b> {
    id: &'b str,
    title: &'b str,
    locator: &'b str,
    topics: [&'b str; 1],
}

#[derive(Serialize)]
struct CanonicalPath<'b> {
    steps: &'b [PathStep],
}

impl Bank {
    /// Everything the bank says, as one JSON text that does not depend on how it was typed. The
    /// fingerprint is its SHA-256.
    #[must_use]
    pub fn canonical_json(&self) -> String {
        let form = CanonicalBank {
            schema: SCHEMA,
            blueprint: blueprint(&self.blueprint, &self.topics, self.rho),
            levels: levels(self),
            roles: roles(&self.roles, &self.topics),
            references: CanonicalReferences {
                references: self.references.iter().map(reference).collect(),
            },
            path: CanonicalPath { steps: &self.path },
            items: self.items.iter().map(ItemSpec::from).collect(),
        };
        // Only maps with keys that are no texts, or a failing writer, can fail here.
        serde_json::to_string(&form).unwrap_or_default()
    }

    /// Reads a bank back from its canonical form: an equal bank with the same fingerprint.
    ///
    /// # Errors
    /// When the text is not the canonical form of a bank that passes the structural checks.
    pub fn from_canonical_json(text: &str) -> Result<Bank, BankError> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| BankError::NotCanonical { reason: error.to_string() })?;
        super::read::read_canonical(&value)
    }

    /// Puts the fingerprint of everything else into a bank.
    pub(super) fn sealed(mut self) -> Self {
        self.fingerprint = hex(&Sha256::digest(self.canonical_json().as_bytes()));
        self
    }
}

/// Lower-case hexadecimal digits of bytes.
fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn cells<T: Copy>(cells: &Cells<T>) -> BTreeMap<Level, BTreeMap<Cognitive, T>> {
    let row = |row: &[T; 3]| Cognitive::ALL.iter().copied().zip(row.iter().copied()).collect();
    Level::ALL.iter().copied().zip(cells.iter().map(row)).collect()
}

fn blueprint<'b>(
    blueprint: &'b Blueprint,
    topics: &'b [Topic],
    rho: f64,
) -> CanonicalBlueprint<'b> {
    CanonicalBlueprint {
        rho,
        difficulty: cells(&blueprint.difficulty),
        difficulty_sd: blueprint.difficulty_sd,
        discrimination_sd_log: blueprint.discrimination_sd_log,
        difficulty_shares: blueprint
            .difficulty_shares
            .iter()
            .map(|&(from, to, share)| CanonicalShare { from, to, share })
            .collect(),
        cells_wave: cells(&blueprint.cells_wave),
        cells_full: cells(&blueprint.cells_full),
        type_mix: &blueprint.type_mix,
        review_months: &blueprint.review_months,
        test_forms: &blueprint.test_forms,
        topics,
    }
}

fn levels(bank: &Bank) -> CanonicalLevels<'_> {
    fn level(text: &LevelText) -> CanonicalLevel<'_> {
        CanonicalLevel { id: text.level, descriptor: &text.descriptor }
    }
    CanonicalLevels {
        levels: bank.levels.iter().map(level).collect(),
        cuts: &bank.cuts,
        standard_setting: bank.standard_setting.as_ref(),
    }
}

fn roles<'b>(roles: &'b [Role], topics: &'b [Topic]) -> CanonicalRoles<'b> {
    let role = |role: &'b Role| CanonicalRole {
        id: role.id.as_str(),
        name: &role.name,
        weights: topics
            .iter()
            .map(|topic| topic.id.as_str())
            .zip(role.weights.iter().copied())
            .filter(|(_, weight)| *weight > 0.0)
            .collect(),
        subtopic_multipliers: role
            .subtopic_multipliers
            .iter()
            .map(|(id, multiplier)| (id.as_str(), *multiplier))
            .collect(),
    };
    CanonicalRoles { roles: roles.iter().map(role).collect() }
}

fn reference(source: &ReferenceSource) -> CanonicalReference<'_> {
    CanonicalReference {
        id: &source.id,
        title: &source.title,
        locator: &source.locator,
        topics: [source.topic.as_str()],
    }
}

impl Serialize for Item {
    /// The item with the field names of the item files.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ItemSpec::from(self).serialize(serializer)
    }
}

impl From<&Item> for ItemSpec {
    fn from(item: &Item) -> Self {
        Self {
            id: item.id.to_string(),
            version: item.version,
            topic: item.topic.to_string(),
            subtopic: item.subtopic.to_string(),
            objective: item.objective.as_ref().map(ToString::to_string),
            level: item.level,
            cognitive: item.cognitive,
            kind: item.kind,
            title: item.title.clone(),
            stem: item.stem.clone(),
            environment: environment(item),
            as_of: item.as_of.clone(),
            valid_from: item.valid_from.clone(),
            valid_until: item.valid_until.clone(),
            options: item.options.iter().map(|option| choice(option, item.kind)).collect(),
            shuffle: item.shuffle,
            shuffle_reason: item.shuffle_reason.clone(),
            scoring: scoring(&item.key),
            answer: answer(item),
            explanation: item.explanation.clone(),
            hint: item.hint.clone(),
            references: references(item),
            irt: irt(item),
            calibration: item.calibration.clone(),
            difficulty_reasons: item.difficulty_reasons.clone(),
            time_limit_s: item.time_limit_s,
            expected_s: item.expected_s,
            tags: item.tags.clone(),
            languages: item.languages.clone(),
            locale: item.locale.clone(),
            enemies: item.enemies.iter().map(ToString::to_string).collect(),
            variant_of: item.variant_of.as_ref().map(ToString::to_string),
            media: media(item),
            verify: verify(item),
            author: AuthorSpec { id: item.author.id.clone(), kind: item.author.kind },
            licence: item.licence.clone(),
            origin: item.origin.clone(),
            status: item.status,
            retired: retired(item),
            waivers: waivers(item),
            ext: item.ext.clone(),
        }
    }
}

fn environment(item: &Item) -> Option<EnvironmentSpec> {
    item.environment.as_ref().map(|environment| EnvironmentSpec {
        product: environment.product.clone(),
        language: environment.language.clone(),
        version: environment.version.clone(),
        mode: environment.mode.clone(),
    })
}

fn choice(option: &Choice, kind: ItemType) -> ChoiceSpec {
    ChoiceSpec {
        id: option.id.to_string(),
        text: option.text.clone(),
        correct: (kind != ItemType::Order).then_some(option.correct),
        feedback: option.feedback.clone(),
        misconception: option.misconception.clone(),
    }
}

fn scoring(key: &Key) -> Option<ScoringSpec> {
    let rule = match key {
        Key::Multi { rule, .. } => MultiRule::as_str(*rule),
        Key::Order { rule, .. } => OrderRule::as_str(*rule),
        Key::Single { .. } | Key::Numeric { .. } | Key::Text { .. } => return None,
    };
    Some(ScoringSpec { rule: rule.to_owned() })
}

fn answer(item: &Item) -> Option<AnswerSpec> {
    match &item.key {
        Key::Single { .. } | Key::Multi { .. } => None,
        Key::Order { order, .. } => {
            let ids = order.iter().filter_map(|index| item.options.get(*index));
            Some(AnswerSpec::Order(ids.map(|option| option.id.to_string()).collect()))
        }
        Key::Numeric { value, tolerance, unit } => {
            Some(AnswerSpec::Numeric { value: *value, tolerance: *tolerance, unit: unit.clone() })
        }
        Key::Text { accept, regex, normalise } => Some(AnswerSpec::Text {
            accept: accept.clone(),
            regex: regex.as_ref().map(|pattern| pattern.source().to_owned()),
            normalise: normalise.clone(),
        }),
    }
}

fn references(item: &Item) -> Vec<ReferenceSpec> {
    let reference = |reference: &super::types::Reference| ReferenceSpec {
        id: reference.id.clone(),
        locator: reference.locator.clone(),
        version: reference.version.clone(),
        url: reference.url.clone(),
        checked: reference.checked.clone(),
    };
    item.references.iter().map(reference).collect()
}

fn irt(item: &Item) -> IrtSpec {
    let prior = &item.prior;
    IrtSpec {
        a: SlopeSpec { prior: Some(prior.a), sd_log: Some(prior.a_sd_log) },
        b: DifficultySpec { prior: Some(prior.b), sd: Some(prior.b_sd), raters: prior.raters },
        c: FloorSpec { prior: Some(prior.c) },
    }
}

fn media(item: &Item) -> Vec<MediaSpec> {
    let media = |media: &super::types::Media| MediaSpec {
        path: media.path.clone(),
        alt: media.alt.clone(),
        sha256: media.sha256.clone(),
    };
    item.media.iter().map(media).collect()
}

fn verify(item: &Item) -> Option<VerifySpec> {
    item.verify.as_ref().map(|verify| VerifySpec {
        runner: verify.runner,
        script: verify.script.clone(),
        expect: verify.expect.clone(),
    })
}

fn retired(item: &Item) -> Option<RetiredSpec> {
    item.retired.as_ref().map(|retired| RetiredSpec {
        reason: retired.reason.clone(),
        replaced_by: retired.replaced_by.as_ref().map(ToString::to_string),
    })
}

fn waivers(item: &Item) -> Vec<WaiverSpec> {
    let waiver = |waiver: &super::types::Waiver| WaiverSpec {
        check: waiver.code.clone(),
        reason: waiver.reason.clone(),
    };
    item.waivers.iter().map(waiver).collect()
}
