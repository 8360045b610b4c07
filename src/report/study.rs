//! A simulation study as one self-contained page: what an expert looks at before believing an
//! adaptive test. The model holds what was computed elsewhere; this room draws, tabulates and says
//! that all of it is simulated.

mod charts;
mod page;
pub(super) mod plot;
mod tables;
#[cfg(test)]
mod tests;

pub(super) use page::STYLE;
pub use page::study_html;

use crate::assessment::study::RoleFigures;
use crate::psychometrics::selection::quotas::ContentPlan;
use crate::psychometrics::simulation::{Count, Difference, Figures, ItemMap, Summary};

/// A finished study.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyPage {
    /// The command that repeats it.
    pub command: String,
    /// The version of the program.
    pub version: String,
    /// Seed of everything.
    pub seed: u64,
    /// Where the items come from.
    pub source: StudySource,
    /// Their ids.
    pub item_ids: Vec<String>,
    /// Items beside people.
    pub item_map: ItemMap,
    /// The designs that were run, the one of the options first; at least one.
    pub designs: Vec<StudyDesign>,
}

/// Where the items of a study come from.
#[derive(Debug, Clone, PartialEq)]
pub enum StudySource {
    /// Whole sessions over question banks.
    Banks {
        /// The bank's fingerprint.
        fingerprint: String,
        /// Ids of the topics asked about.
        topics: Vec<String>,
        /// Whether people answered by the banks' difficulties (`judged`) or by drawn ones.
        difficulties: String,
    },
    /// Tests of one ability over a parameter file.
    Items {
        /// The file's name.
        file: String,
        /// The file of given answers, if they were not simulated.
        replay: Option<String>,
    },
}

/// The rules of one design as people read them.
#[derive(Debug, Clone, PartialEq)]
pub struct StudySettings {
    /// The rule that ends a test.
    pub rule: String,
    /// How items are chosen.
    pub criterion: String,
    /// How abilities are estimated.
    pub estimator: String,
    /// What is believed about them before the first answer.
    pub prior: String,
    /// How often items may be seen.
    pub exposure_rule: String,
    /// How content is kept, where it is.
    pub content: Option<ContentPlan>,
    /// Boundaries of the levels.
    pub cuts: Vec<f64>,
    /// Their standard errors as the engine takes them.
    pub cut_se: Vec<f64>,
    /// Questions before the stop rule is asked.
    pub length_min: usize,
    /// Most questions.
    pub length_max: usize,
}

/// What one design gave.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyDesign {
    /// Its rules.
    pub settings: StudySettings,
    /// Its totals.
    pub summary: Summary,
    /// Its figures.
    pub figures: Figures,
    /// How well roles are told, where anything is said about them.
    pub roles: Option<RoleFigures>,
    /// Against the first design; `None` for that one.
    pub difference: Option<Difference>,
}

/// A number with so many decimals and a minus sign that is one.
pub(super) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    // A negative number that rounds to nothing has no sign.
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().all(|c| matches!(c, '0' | '.')) => digits.to_owned(),
        Some(digits) => format!("−{digits}"),
        None => text,
    }
}

/// Reasons with their shares in a sentence.
fn list_of_shares(counts: &[Count<String>]) -> String {
    let parts: Vec<String> = counts
        .iter()
        .map(|count| format!("{}: {:.1} %", count.value, 100.0 * count.share))
        .collect();
    parts.join("; ")
}
