//! From answers to abilities. Knows models and answers; never chooses items or stops a test.
//!
//! One ability: maximum likelihood, Warm's weighted likelihood, the posterior mode and the
//! posterior mean, over any mixture of models ([`Estimator`]; [`Tabulated`] for many persons,
//! [`BulkMeans`] for the posterior means of very many).
//! Many correlated abilities: [`posterior`] when every item measures one of them, the mode of
//! [`multivariate`] when items measure several at once.
//!
//! ```
//! use gradus::psychometrics::estimation::{Answer, Estimator, Method};
//! use gradus::psychometrics::irt::ItemModel;
//! let items = [ItemModel::logistic(1.2, -0.5, 0.0, 1.0)?, ItemModel::logistic(0.9, 0.4, 0.0, 1.0)?];
//! let answers = [Answer::new(&items[0], 1)?, Answer::new(&items[1], 0)?];
//! let ability = Estimator::new(Method::Eap).estimate(&answers)?;
//! assert!(ability.theta.abs() < 0.1 && ability.standard_error < 1.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bulk;
pub mod by_hand;
mod eap;
mod likelihood;
mod map;
mod maximum_likelihood;
pub mod multivariate;
pub mod posterior;
mod prior;
mod tabulated;
mod warm;

use std::str::FromStr;

use thiserror::Error;

pub use bulk::BulkMeans;
pub(crate) use eap::moments;
pub use likelihood::{
    Answer, information, log_likelihood, log_likelihood_slope, warm_correction, warm_function,
};
pub use prior::{Prior, PriorError};
pub use tabulated::Tabulated;

use super::numeric::quadrature::Grid;
use maximum_likelihood::Search;

/// How an ability is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// The mean of the posterior distribution; its standard deviation is the standard error
    /// (Bock & Mislevy, 1982, *Appl. Psychol. Meas.* 6, 431–444).
    Eap,
    /// The mode of the posterior distribution.
    Map,
    /// The maximum of the likelihood.
    MaximumLikelihood,
    /// Warm's weighted likelihood, the root of ℓ′ + J/(2I).
    WeightedLikelihood,
}

impl Method {
    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Eap => "eap",
            Self::Map => "map",
            Self::MaximumLikelihood => "ml",
            Self::WeightedLikelihood => "wl",
        }
    }
}

impl FromStr for Method {
    type Err = EstimationError;

    /// Reads `eap`, `map`, `ml` or `wl`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Eap, Self::Map, Self::MaximumLikelihood, Self::WeightedLikelihood]
            .into_iter()
            .find(|method| method.name() == text)
            .ok_or_else(|| EstimationError::UnknownMethod { name: text.to_owned() })
    }
}

/// An estimated ability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The ability θ.
    pub theta: f64,
    /// EAP: the posterior standard deviation; ML and WL: 1/√I(θ); MAP: 1/√(I(θ) + 1/S²), S the
    /// prior's standard deviation. I is expected information. Infinite where I vanishes.
    pub standard_error: f64,
    /// Whether θ is a bound of the search, because nothing inside is a maximum.
    pub bounded: bool,
}

impl Estimate {
    /// √(SE² + (θ − t)²): for a posterior mean and its standard deviation, how far off somebody
    /// is on average who says `t` instead of the mean. Not a standard error unless t = θ.
    ///
    /// ```
    /// use gradus::psychometrics::estimation::Estimate;
    /// let estimate = Estimate { theta: 0.3, standard_error: 0.4, bounded: false };
    /// assert!((estimate.root_mean_square_about(0.0) - 0.5).abs() < 1e-15);
    /// ```
    pub fn root_mean_square_about(&self, t: f64) -> f64 {
        let away = self.theta - t;
        (self.standard_error * self.standard_error + away * away).sqrt()
    }
}

/// Why an ability could not be estimated.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum EstimationError {
    /// No method of that name.
    #[error("`{name}` is not an estimation method; they are eap, map, ml and wl")]
    UnknownMethod {
        /// The name as given.
        name: String,
    },
    /// A score that the item cannot give.
    #[error("score {category} of an item with scores 0 to {}", categories - 1)]
    Category {
        /// The score as given.
        category: usize,
        /// How many scores the item has.
        categories: usize,
    },
    /// The search range is empty or not finite.
    #[error("a search range needs finite ends in order, not {lo} and {hi}")]
    Range {
        /// The lower end as given.
        lo: f64,
        /// The upper end as given.
        hi: f64,
    },
    /// The prior gives no mass to any point of the grid or range.
    #[error("the prior {prior} has no mass on [{lo}, {hi}]")]
    NoMass {
        /// The prior.
        prior: Prior,
        /// The lower end of the grid or range.
        lo: f64,
        /// The upper end.
        hi: f64,
    },
    /// Without answers, a likelihood has no maximum.
    #[error("no answers: {} has nothing to go by", method.name())]
    NoAnswers {
        /// The method that was asked.
        method: Method,
    },
}

/// A search range of abilities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    lo: f64,
    hi: f64,
}

impl Range {
    /// A range from its ends.
    ///
    /// # Errors
    /// Ends that are not finite or not in order.
    pub fn new(lo: f64, hi: f64) -> Result<Self, EstimationError> {
        if lo.is_finite() && hi.is_finite() && lo < hi {
            Ok(Self { lo, hi })
        } else {
            Err(EstimationError::Range { lo, hi })
        }
    }

    /// The range of scoring, [−6, 6].
    pub fn scoring() -> Self {
        Self { lo: -6.0, hi: 6.0 }
    }

    /// The narrower range in which item selection re-estimates, [−4, 4].
    pub fn selection() -> Self {
        Self { lo: -4.0, hi: 4.0 }
    }

    /// The lower end.
    pub fn lo(&self) -> f64 {
        self.lo
    }

    /// The upper end.
    pub fn hi(&self) -> f64 {
        self.hi
    }
}

/// A method with all that it needs. Options that a method has no use for are kept and ignored.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimator {
    method: Method,
    prior: Prior,
    grid: Grid,
    range: Range,
}

impl Estimator {
    /// An estimator with the standard normal prior, the grid [−6, 6] of 121 points and the search
    /// range [−6, 6].
    pub fn new(method: Method) -> Self {
        let (prior, grid, range) = (Prior::standard(), Grid::scoring(), Range::scoring());
        Self { method, prior, grid, range }
    }

    /// Replaces the prior.
    #[must_use]
    pub fn with_prior(mut self, prior: Prior) -> Self {
        self.prior = prior;
        self
    }

    /// Replaces the grid of the posterior mean.
    #[must_use]
    pub fn with_grid(mut self, grid: Grid) -> Self {
        self.grid = grid;
        self
    }

    /// Replaces the search range of the maxima.
    #[must_use]
    pub fn with_range(mut self, range: Range) -> Self {
        self.range = range;
        self
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The prior.
    pub fn prior(&self) -> Prior {
        self.prior
    }

    /// The grid of the posterior mean.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The search range of the maxima.
    pub fn range(&self) -> Range {
        self.range
    }

    /// The ability behind some answers.
    ///
    /// # Errors
    /// No answers where the method needs some; a prior without mass on the grid or range.
    pub fn estimate(&self, answers: &[Answer<'_>]) -> Result<Estimate, EstimationError> {
        match self.method {
            Method::Eap => eap::estimate(answers, &self.grid, self.prior),
            Method::Map => map::estimate(answers, self.range, self.prior),
            Method::MaximumLikelihood => {
                self.some(answers)?;
                Ok(maximum_likelihood::estimate(answers, &Search::new(self.range)))
            }
            Method::WeightedLikelihood => {
                self.some(answers)?;
                Ok(warm::estimate(answers, &Search::new(self.range)))
            }
        }
    }

    /// The posterior of a posterior mean at the points of its grid, its largest weight 1, taken
    /// through logarithms so that any number of answers keeps its relative precision.
    pub(crate) fn posterior(&self, answers: &[Answer<'_>]) -> Result<Vec<f64>, EstimationError> {
        let mut weights = eap::log_posterior(answers, &self.grid, self.prior)?;
        eap::exponentials(&mut weights);
        Ok(weights)
    }

    fn some(&self, answers: &[Answer<'_>]) -> Result<(), EstimationError> {
        match answers {
            [] => Err(EstimationError::NoAnswers { method: self.method }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
