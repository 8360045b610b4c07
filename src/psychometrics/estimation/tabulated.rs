//! The same estimates for many persons on the same items. What depends on the item alone is
//! tabulated once; the results are those of [`Estimator::estimate`], bit for bit.

use super::likelihood::{Answer, warm_correction};
use super::maximum_likelihood::{self, Search, concave_maximum, highest, is_concave};
use super::{Estimate, EstimationError, Estimator, Method, eap, likelihood, map, warm};
use crate::psychometrics::irt::ItemModel;

/// An estimator with tables for a list of items.
#[derive(Debug, Clone)]
pub struct Tabulated<'a> {
    estimator: Estimator,
    items: &'a [ItemModel],
    search: Search,
    /// ln(weight × prior) on the grid, for the posterior mean.
    log_prior: Vec<f64>,
    /// Of each item's categories: ln P on the grid, or ℓ′ on the points of the search.
    by_category: Vec<Vec<Vec<f64>>>,
    /// Of each item, for Warm's function: J and I on the points of the search.
    by_item: Vec<(Vec<f64>, Vec<f64>)>,
}

impl<'a> Tabulated<'a> {
    /// Tables for these items.
    ///
    /// # Errors
    /// A prior without mass on the grid or range.
    pub fn new(estimator: Estimator, items: &'a [ItemModel]) -> Result<Self, EstimationError> {
        let range = match estimator.method {
            Method::Map => map::support(estimator.range, estimator.prior)?,
            _ => estimator.range,
        };
        let search = Search::new(range);
        let log_prior = match estimator.method {
            Method::Eap => eap::log_prior_weights(&estimator.grid, estimator.prior)?,
            _ => Vec::new(),
        };
        // Concave likelihoods are solved from the two ends, without a scan and its tables.
        let scanned = items.iter().any(|item| !item.is_log_concave());
        let by_category = match estimator.method {
            Method::MaximumLikelihood | Method::Map if !scanned => Vec::new(),
            _ => items.iter().map(|item| categories(&estimator, &search, item)).collect(),
        };
        let by_item = match estimator.method {
            Method::WeightedLikelihood => {
                items.iter().map(|item| warm_sums(&search, item)).collect()
            }
            _ => Vec::new(),
        };
        Ok(Self { estimator, items, search, log_prior, by_category, by_item })
    }

    /// The items.
    pub fn items(&self) -> &'a [ItemModel] {
        self.items
    }

    /// The estimator behind the tables.
    pub fn estimator(&self) -> &Estimator {
        &self.estimator
    }

    /// The ability behind scores (item number, category), and its log-likelihood.
    ///
    /// # Errors
    /// No answers where the method needs some; a score that the item cannot give.
    ///
    /// # Panics
    /// When an item number is not one of the items.
    pub fn estimate(&self, scores: &[(usize, usize)]) -> Result<(Estimate, f64), EstimationError> {
        let answers = self.answers(scores)?;
        let estimate = self.estimate_of(scores, &answers)?;
        Ok((estimate, likelihood::log_likelihood(&answers, estimate.theta)))
    }

    /// The ability alone, as [`Self::estimate`].
    ///
    /// # Errors
    /// As [`Self::estimate`].
    ///
    /// # Panics
    /// As [`Self::estimate`].
    pub fn ability(&self, scores: &[(usize, usize)]) -> Result<Estimate, EstimationError> {
        self.estimate_of(scores, &self.answers(scores)?)
    }

    fn answers(&self, scores: &[(usize, usize)]) -> Result<Vec<Answer<'a>>, EstimationError> {
        scores.iter().map(|&(item, category)| Answer::new(&self.items[item], category)).collect()
    }

    fn estimate_of(
        &self,
        scores: &[(usize, usize)],
        answers: &[Answer<'_>],
    ) -> Result<Estimate, EstimationError> {
        Ok(match self.estimator.method {
            Method::Eap => self.eap(scores),
            // The rules for no answers are the same with and without tables.
            _ if answers.is_empty() => self.estimator.estimate(answers)?,
            Method::Map => self.map(scores, answers),
            Method::MaximumLikelihood => self.maximum_likelihood(scores, answers),
            Method::WeightedLikelihood => {
                warm::from_slopes(answers, &self.search, &self.warm_slopes(scores))
            }
        })
    }

    /// ln(weight × prior) at each point of the grid.
    pub(super) fn log_prior(&self) -> &[f64] {
        &self.log_prior
    }

    /// The posterior mean behind scores that are known to be the items'; for that method only.
    pub(super) fn posterior_mean(&self, scores: impl Iterator<Item = (usize, usize)>) -> Estimate {
        let mut sums = vec![0.0; self.log_prior.len()];
        scores.for_each(|(item, category)| add(&mut sums, &self.by_category[item][category]));
        self.eap_from(sums)
    }

    /// The sums of no answers, to be carried along a test by [`Self::add_to`].
    pub(crate) fn no_sums(&self) -> Vec<f64> {
        vec![0.0; self.log_prior.len()]
    }

    /// Adds one answer to the log-likelihood that [`Self::estimate_from`] needs.
    pub(crate) fn add_to(&self, sums: &mut [f64], item: usize, category: usize) {
        if self.estimator.method == Method::Eap {
            add(sums, &self.by_category[item][category]);
        }
    }

    /// [`Self::estimate`] in a running test: the posterior mean from its sums, which saves adding
    /// up all answers after each.
    ///
    /// # Errors
    /// As [`Self::estimate`].
    pub(crate) fn estimate_from(
        &self,
        sums: &[f64],
        scores: &[(usize, usize)],
    ) -> Result<Estimate, EstimationError> {
        match self.estimator.method {
            Method::Eap => Ok(self.eap_from(sums.to_vec())),
            _ => self.ability(scores),
        }
    }

    fn eap(&self, scores: &[(usize, usize)]) -> Estimate {
        self.eap_from(self.sum(scores, self.log_prior.len()))
    }

    fn eap_from(&self, mut log_posterior: Vec<f64>) -> Estimate {
        for (value, prior) in log_posterior.iter_mut().zip(&self.log_prior) {
            *value += prior;
        }
        eap::from_log_posterior(&self.estimator.grid, &mut log_posterior)
    }

    fn maximum_likelihood(&self, scores: &[(usize, usize)], answers: &[Answer<'_>]) -> Estimate {
        let range = self.search.range();
        let slope = |theta| likelihood::log_likelihood_slope(answers, theta);
        let interior = if is_concave(answers) {
            concave_maximum(range, slope)
        } else {
            let slopes = self.sum(scores, self.search.points().len());
            let maxima = self.search.maxima(&slopes, slope);
            highest(&maxima, |theta| likelihood::log_likelihood(answers, theta))
        };
        maximum_likelihood::finish(answers, range, interior)
    }

    fn map(&self, scores: &[(usize, usize)], answers: &[Answer<'_>]) -> Estimate {
        let (range, prior) = (self.search.range(), self.estimator.prior);
        let slope = |theta| {
            likelihood::log_likelihood_slope(answers, theta) + prior.log_density_slope(theta)
        };
        let interior = if is_concave(answers) {
            concave_maximum(range, slope)
        } else {
            let mut slopes = self.sum(scores, self.search.points().len());
            for (value, &theta) in slopes.iter_mut().zip(self.search.points()) {
                *value += prior.log_density_slope(theta);
            }
            let maxima = self.search.maxima(&slopes, slope);
            highest(&maxima, |theta| map::objective(answers, prior, theta))
        };
        map::finish(answers, range, prior, interior)
    }

    fn warm_slopes(&self, scores: &[(usize, usize)]) -> Vec<f64> {
        let points = self.search.points().len();
        let mut slopes = self.sum(scores, points);
        let mut numerators = vec![0.0; points];
        let mut informations = vec![0.0; points];
        for &(item, _) in scores {
            let (numerator, information) = &self.by_item[item];
            add(&mut numerators, numerator);
            add(&mut informations, information);
        }
        for ((slope, numerator), information) in
            slopes.iter_mut().zip(&numerators).zip(&informations)
        {
            *slope += warm_correction(*numerator, *information);
        }
        slopes
    }

    /// Sums of the tables of the categories reached, in the order of the answers.
    fn sum(&self, scores: &[(usize, usize)], points: usize) -> Vec<f64> {
        let mut sums = vec![0.0; points];
        for &(item, category) in scores {
            add(&mut sums, &self.by_category[item][category]);
        }
        sums
    }
}

fn add(sums: &mut [f64], values: &[f64]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}

/// For the posterior mean ln P on its grid, for a scan ℓ′ on its points.
fn categories(estimator: &Estimator, search: &Search, item: &ItemModel) -> Vec<Vec<f64>> {
    let on_points = |category: usize| match estimator.method {
        Method::Eap => {
            let points = estimator.grid.points().iter();
            points.map(|&theta| item.log_probability(theta, category)).collect()
        }
        _ => search.slopes(|theta| item.log_slope(theta, category)),
    };
    (0..item.categories()).map(on_points).collect()
}

fn warm_sums(search: &Search, item: &ItemModel) -> (Vec<f64>, Vec<f64>) {
    let numerators = search.slopes(|theta| item.warm_numerator(theta));
    (numerators, search.slopes(|theta| item.information(theta)))
}
