//! What a simulated test is made of, and which combinations cannot work.

use thiserror::Error;

use super::exposure::ExposureRule;
use crate::psychometrics::estimation::{EstimationError, Estimator, Method};
use crate::psychometrics::numeric::quadrature::Grid;
use crate::psychometrics::selection::quotas::{ContentPlan, ContentRule};
use crate::psychometrics::selection::{Criterion, SelectionError};
use crate::psychometrics::stopping::{CutScore, StopRule};

/// The rules of every test of a study.
#[derive(Debug, Clone, PartialEq)]
pub struct TestDesign {
    /// How the next item is chosen.
    pub criterion: Criterion,
    /// How the ability is estimated after each answer, with its prior, grid and range.
    pub estimator: Estimator,
    /// Answers before a stop rule is asked.
    pub length_min: usize,
    /// Most answers.
    pub length_max: usize,
    /// When to stop between the two.
    pub stop: Option<StopRule>,
    /// How often items may be seen.
    pub exposure: ExposureRule,
    /// Boundaries of the levels, ascending.
    pub cuts: Vec<CutScore>,
    /// How many items of each area.
    pub content: Option<ContentPlan>,
    /// Seconds that an answer takes, for rules on time.
    pub seconds_per_item: Option<f64>,
}

impl Default for TestDesign {
    /// Maximum information, the posterior mean on [−6, 6] in 61 points, 30 items, no other rule.
    fn default() -> Self {
        Self {
            criterion: Criterion::MaximumInformation,
            estimator: Estimator::new(Method::Eap).with_grid(Grid::session()),
            length_min: 1,
            length_max: 30,
            stop: None,
            exposure: ExposureRule::None,
            cuts: Vec::new(),
            content: None,
            seconds_per_item: None,
        }
    }
}

/// Why a study cannot be run.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SimulationError {
    /// No items at all.
    #[error("there are no items to ask")]
    NoItems,
    /// A test without questions, or a minimum above the maximum.
    #[error("a test of {min} to {max} questions cannot be given")]
    Length {
        /// The minimum.
        min: usize,
        /// The maximum.
        max: usize,
    },
    /// A rule on levels without boundaries between them.
    #[error("the stop rule `{rule}` needs cuts")]
    NoCuts {
        /// The rule.
        rule: String,
    },
    /// Cuts that do not ascend.
    #[error("cuts must increase, but {value} follows {before}")]
    CutOrder {
        /// The cut before.
        before: f64,
        /// The offending cut.
        value: f64,
    },
    /// Progressive selection mixes chance with a value that must be positive and best when large.
    #[error("progressive exposure control works with information criteria, not with {criterion}")]
    Progressive {
        /// The criterion.
        criterion: Criterion,
    },
    /// A rate so small that no test of this length can keep it.
    #[error(
        "an exposure rate of {rate} is below {least:.3}, the mean rate of {length} questions \
         from {items} items"
    )]
    RateTooSmall {
        /// The rate asked for.
        rate: f64,
        /// The least possible.
        least: f64,
        /// Questions a test.
        length: usize,
        /// Items of the bank.
        items: usize,
    },
    /// The priority index multiplies values, which must be positive and best when large.
    #[error("the priority index works with information criteria, not with {criterion}")]
    PriorityIndex {
        /// The criterion.
        criterion: Criterion,
    },
    /// A rule on time without a time.
    #[error("the stop rule `{rule}` needs the seconds that an item takes")]
    NoTime {
        /// The rule.
        rule: String,
    },
    /// A matrix of given answers that does not fit the items.
    #[error("{cells} answers do not make rows of {items} items")]
    Shape {
        /// Number of answers.
        cells: usize,
        /// Number of items.
        items: usize,
    },
    /// An item could not be rated.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// An ability could not be estimated.
    #[error(transparent)]
    Estimation(#[from] EstimationError),
}

impl TestDesign {
    /// Checks the design against a bank of some size.
    pub(super) fn check(&self, items: usize) -> Result<(), SimulationError> {
        if items == 0 {
            return Err(SimulationError::NoItems);
        }
        let (min, max) = (self.length_min, self.length_max);
        if max == 0 || min > max {
            return Err(SimulationError::Length { min, max });
        }
        if let Some(pair) = self.cuts.windows(2).find(|pair| pair[0].theta >= pair[1].theta) {
            return Err(SimulationError::CutOrder { before: pair[0].theta, value: pair[1].theta });
        }
        let stop = self.stop.as_ref();
        if let Some(rule) = stop.filter(|rule| rule.mentions(&needs_cuts))
            && self.cuts.is_empty()
        {
            return Err(SimulationError::NoCuts { rule: rule.to_string() });
        }
        let is_time = |part: &StopRule| matches!(part, StopRule::Time(_));
        if let Some(rule) = stop.filter(|rule| rule.mentions(&is_time))
            && self.seconds_per_item.is_none()
        {
            return Err(SimulationError::NoTime { rule: rule.to_string() });
        }
        self.check_exposure(items)
    }

    /// Whether content enters as a factor of values.
    pub(super) fn uses_priority_index(&self) -> bool {
        self.content.as_ref().is_some_and(|plan| plan.rule() == ContentRule::PriorityIndex)
    }

    fn check_exposure(&self, items: usize) -> Result<(), SimulationError> {
        let information = [
            Criterion::MaximumInformation,
            Criterion::LikelihoodWeightedInformation,
            Criterion::PosteriorWeightedInformation,
        ];
        if self.uses_priority_index() && !information.contains(&self.criterion) {
            return Err(SimulationError::PriorityIndex { criterion: self.criterion });
        }
        let progressive = matches!(self.exposure, ExposureRule::Progressive { .. });
        if progressive && !information.contains(&self.criterion) {
            return Err(SimulationError::Progressive { criterion: self.criterion });
        }
        let length = self.length_max.min(items);
        let least = length as f64 / items as f64;
        match self.exposure.rate_max() {
            Some(rate) if rate < least => {
                Err(SimulationError::RateTooSmall { rate, least, length, items })
            }
            _ => Ok(()),
        }
    }
}

/// Whether an elementary rule looks at levels.
fn needs_cuts(rule: &StopRule) -> bool {
    matches!(
        rule,
        StopRule::Posterior(_)
            | StopRule::Zone { .. }
            | StopRule::Sprt { .. }
            | StopRule::Glr { .. }
            | StopRule::ConfidenceInterval(_)
            | StopRule::Curtail(_)
    )
}
