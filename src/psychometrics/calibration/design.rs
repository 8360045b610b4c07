//! What is to be estimated: families and priors of the items, freedom and shape of the
//! distribution of ability, nodes and tolerances. Only validated wishes, no data.

use thiserror::Error;

use super::Family;
use crate::psychometrics::numeric::quadrature::Grid;
use crate::psychometrics::numeric::special::log_normal_density;

/// A normal density of a parameter itself: its mode is the mean, and no Jacobian is added when the
/// algorithm works in other coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormalPrior {
    /// The mean.
    pub mean: f64,
    /// The standard deviation, positive.
    pub sd: f64,
}

impl NormalPrior {
    /// ln of the density, constants included.
    pub(super) fn log_density(self, x: f64) -> f64 {
        log_normal_density((x - self.mean) / self.sd) - libm::log(self.sd)
    }

    /// d ln density / dx.
    pub(super) fn slope(self, x: f64) -> f64 {
        -(x - self.mean) / (self.sd * self.sd)
    }
}

/// Priors of an item's parameters; none means none.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Priors {
    /// Of ln a; forces a > 0.
    pub log_a: Option<NormalPrior>,
    /// Of every difficulty, threshold or step b.
    pub b: Option<NormalPrior>,
    /// Of the logit of the lower asymptote.
    pub logit_c: Option<NormalPrior>,
    /// Of the logit of the upper asymptote.
    pub logit_d: Option<NormalPrior>,
}

/// What is wanted of one item.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemDesign {
    /// The model.
    pub family: Family,
    /// Priors of its parameters.
    pub priors: Priors,
    /// Coordinates that stay as they are: an anchor item.
    pub anchored: Option<Vec<f64>>,
    /// Coordinates to begin from.
    pub start: Option<Vec<f64>>,
}

/// What is free about a group's ability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatentDesign {
    /// Whether the mean is estimated, or stays 0.
    pub free_mean: bool,
    /// Whether the variance is estimated, or stays 1.
    pub free_variance: bool,
}

/// The shape of the distribution of ability.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LatentShape {
    /// Normal.
    #[default]
    Normal,
    /// A free weight a node, with mean 0 and variance 1 in groups whose moments are not free
    /// (the empirical histogram: Bock & Aitkin, 1981; standardised as in Woods, 2007).
    Histogram,
}

/// How many equally spaced nodes on [−6, 6] see the posteriors of people with at most so many
/// answers. n answers leave a standard deviation σ of about 1/√(1 + .27n), and nodes h apart err by
/// 2 e^(−2π²σ²/h²) of a normal density's integral (Trefethen & Weideman, 2014, *SIAM Rev.* 56,
/// 385–458, §5): the usual 61, h = .2, by 1e-5 at 150 answers, but by 2 % at 500, which biases
/// slopes. The distance halves at 150, 600 and 2,400 answers.
///
/// ```
/// use gradus::psychometrics::calibration::nodes_for;
/// assert_eq!([150, 151, 600, 601, 5_000].map(nodes_for), [61, 121, 121, 241, 481]);
/// ```
pub fn nodes_for(answers: usize) -> usize {
    let halvings = [150, 600, 2_400].iter().filter(|most| answers > **most).count();
    60 * (1 << halvings) + 1
}

/// Nodes, tolerance and limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Ability's nodes.
    pub nodes: Grid,
    /// No coordinate moves more than this in a plain EM step: converged.
    pub tolerance: f64,
    /// Most EM steps.
    pub iterations_max: usize,
    /// Whether steps are accelerated.
    pub accelerate: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { nodes: Grid::session(), tolerance: 1e-4, iterations_max: 2_000, accelerate: true }
    }
}

/// What is to be estimated.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// An entry an item.
    pub items: Vec<ItemDesign>,
    /// An entry a group.
    pub groups: Vec<LatentDesign>,
    /// The shape of the distribution of ability, in every group.
    pub shape: LatentShape,
    /// Nodes, tolerance and limits.
    pub settings: Settings,
}

/// Why a calibration was not begun.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum CalibrationError {
    /// Items of the design and of the answers differ in number.
    #[error("the design has {design} items, the responses {responses}")]
    Items {
        /// Items of the design.
        design: usize,
        /// Items of the answers.
        responses: usize,
    },
    /// Groups of the design and of the answers differ in number.
    #[error("the design has {design} groups, the responses {responses}")]
    Groups {
        /// Groups of the design.
        design: usize,
        /// Groups of the answers.
        responses: usize,
    },
    /// A model for right and wrong on an item with more categories.
    #[error("item {item} has {categories} categories, more than its model takes")]
    Categories {
        /// Number of the item, from 0.
        item: usize,
        /// Its categories.
        categories: usize,
    },
    /// An item without two categories that somebody gave: it says nothing of its parameters.
    #[error("item {item}: all answers are the same; it cannot be estimated")]
    Constant {
        /// Number of the item, from 0.
        item: usize,
    },
    /// Coordinates of an anchor or a start that are not as many as the model has.
    #[error("item {item}: {found} coordinates where its model has {expected}")]
    Coordinates {
        /// Number of the item, from 0.
        item: usize,
        /// Coordinates given.
        found: usize,
        /// Coordinates of the model.
        expected: usize,
    },
    /// A dimension with too few items.
    #[error(
        "dimension {dimension} has {items} items; two are needed to tell its slopes from its correlations"
    )]
    FewItems {
        /// Number of the dimension, from 0.
        dimension: usize,
        /// Its items.
        items: usize,
    },
    /// Information that is not positive definite: some parameters cannot be told apart.
    /// Information in which no parameter stands out: none is identified.
    #[error("the answers identify no parameter; standard errors do not exist")]
    SingularInformation,
}

impl CalibrationError {
    /// The same error with numbers of items looked up in a list.
    pub(super) fn of_items(self, items: &[usize]) -> Self {
        let place = |item: usize| items.get(item).copied().unwrap_or(item);
        match self {
            Self::Constant { item } => Self::Constant { item: place(item) },
            Self::Categories { item, categories } => {
                Self::Categories { item: place(item), categories }
            }
            Self::Coordinates { item, found, expected } => {
                Self::Coordinates { item: place(item), found, expected }
            }
            other => other,
        }
    }
}
