//! Content in `gradus simulate`: quotas of the `topic` column, and how they were kept. Reads
//! options; the rules are in `psychometrics`.

use serde_json::{Value, json};

use super::{Ran, SimulateArgs};
use crate::cli::items_csv::ItemTable;
use crate::cli::{CliError, Exit};
use crate::psychometrics::selection::quotas::{AreaQuotas, ContentError, ContentPlan, ContentRule};

/// Reads `--quota`.
///
/// # Errors
/// Anything that is no quota.
pub fn quotas(text: &str) -> Result<AreaQuotas, String> {
    text.parse().map_err(|error: ContentError| error.to_string())
}

/// Reads `--content`.
///
/// # Errors
/// Anything that is no content rule.
pub fn rule(text: &str) -> Result<ContentRule, String> {
    text.parse().map_err(|error: ContentError| error.to_string())
}

/// The content plan of a rule. Quotas without a rule are hard.
///
/// # Errors
/// A rule without quotas; quotas that the items and the length cannot keep.
pub fn plan(
    args: &SimulateArgs,
    rule: Option<ContentRule>,
    items: &ItemTable,
    length: usize,
) -> Result<Option<ContentPlan>, CliError> {
    let usage = |message: String| CliError::new(Exit::Usage, message);
    let (rule, quotas) = match (rule, &args.quota) {
        (Some(ContentRule::None), _) | (None, None) => return Ok(None),
        (Some(rule), None) => {
            return Err(usage(format!("the content rule `{}` needs quotas", rule.name()))
                .help("name them: --quota 'alg:4-8;geo:4-8'"));
        }
        (rule, Some(quotas)) => (rule.unwrap_or(ContentRule::Quota), quotas.clone()),
    };
    let topics: Vec<Option<String>> =
        items.iter().map(|item| item.topic.map(str::to_owned)).collect();
    ContentPlan::new(rule, quotas, &topics, length)
        .map(Some)
        .map_err(|error| usage(error.to_string()).help("areas are the items' column `topic`"))
}

/// The rule and its quotas, as one would write them.
pub fn name(ran: &Ran) -> Value {
    match &ran.settings.content {
        Some(plan) => json!(plan.rule().name()),
        None => json!(ContentRule::None.name()),
    }
}

/// How many questions each area had, and the share of tests outside its quota.
pub fn areas(ran: &Ran) -> Value {
    let Some(plan) = &ran.settings.content else { return Value::Null };
    let rows = |items: &[u32]| items.iter().map(|row| *row as usize).collect::<Vec<_>>();
    let counts: Vec<Vec<usize>> =
        ran.tests.iter().map(|test| plan.counts(&rows(test.items))).collect();
    let tests = counts.len().max(1) as f64;
    let area = |(k, quota): (usize, &crate::psychometrics::selection::quotas::AreaQuota)| {
        let of_area = || counts.iter().map(|count| count[k]);
        let outside = of_area().filter(|n| !(quota.min..=quota.max).contains(n)).count();
        json!({
            "topic": quota.area, "min": quota.min, "max": quota.max, "weight": quota.weight,
            "mean": of_area().sum::<usize>() as f64 / tests,
            "fewest": of_area().min(), "most": of_area().max(),
            "outside": outside as f64 / tests,
        })
    };
    plan.quotas().iter().enumerate().map(area).collect()
}
