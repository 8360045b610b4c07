//! Ten classical criteria for one ability: what an item would tell, as a number. The conventions
//! of integration are those of the R package catR, so that values can be compared digit by digit.
//! This module rates items; it never decides which may be asked.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::psychometrics::estimation::{
    Answer, EstimationError, Estimator, Method, Prior, Range, log_likelihood, moments,
};
use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::numeric::quadrature::Grid;
use crate::psychometrics::numeric::sums::{blocked_dot, blocked_sum, blocked_sum_by};

/// A criterion of item selection. T is the current ability, L the likelihood so far, φ the prior.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Criterion {
    /// I_j(T) (Lord, 1980).
    MaximumInformation,
    /// |b_j − T|, the smallest wins (Urry, 1970).
    Urry,
    /// ∫ L(θ) I_j(θ) dθ (Veerkamp & Berger, 1997).
    LikelihoodWeightedInformation,
    /// ∫ φ(θ) L(θ) I_j(θ) dθ (van der Linden, 1998).
    PosteriorWeightedInformation,
    /// ∫ L(θ) KL_j(T ‖ θ) dθ (Chang & Ying, 1996; Barrada et al., 2009).
    KullbackLeibler,
    /// ∫ φ(θ) L(θ) KL_j(T ‖ θ) dθ.
    PosteriorKullbackLeibler,
    /// Σ_k P_k(T) OI_j(θ_k), θ_k re-estimated after answer k, OI observed information (van der
    /// Linden, 1998).
    ExpectedInformation,
    /// Σ_k P_k(T) Var(θ | answers, k), the smallest wins (Owen, 1975; van der Linden, 1998).
    ExpectedPosteriorVariance,
    /// Var(P_j(θ)) with weights L(θ) (Kaplan, de la Torre & Barrada, 2015).
    GlobalDiscrimination,
    /// Var(P_j(θ)) with weights φ(θ) L(θ).
    PosteriorGlobalDiscrimination,
}

use Criterion as C;

/// Products of weights and probabilities with less mass than this have lost digits to underflow.
const MASS_MIN: f64 = 1e-250;

impl Criterion {
    /// All criteria.
    pub const ALL: [Self; 10] = [
        C::MaximumInformation,
        C::Urry,
        C::LikelihoodWeightedInformation,
        C::PosteriorWeightedInformation,
        C::KullbackLeibler,
        C::PosteriorKullbackLeibler,
        C::ExpectedInformation,
        C::ExpectedPosteriorVariance,
        C::GlobalDiscrimination,
        C::PosteriorGlobalDiscrimination,
    ];

    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            C::MaximumInformation => "mfi",
            C::Urry => "urry",
            C::LikelihoodWeightedInformation => "mlwi",
            C::PosteriorWeightedInformation => "mpwi",
            C::KullbackLeibler => "kl",
            C::PosteriorKullbackLeibler => "klp",
            C::ExpectedInformation => "mei",
            C::ExpectedPosteriorVariance => "mepv",
            C::GlobalDiscrimination => "gdi",
            C::PosteriorGlobalDiscrimination => "gdip",
        }
    }

    /// Whether the item with the smallest value is chosen.
    pub fn smallest_wins(self) -> bool {
        matches!(self, C::Urry | C::ExpectedPosteriorVariance)
    }

    /// Whether a value beats another. Equal values do not, so the earlier item keeps its place.
    pub fn beats(self, value: f64, other: f64) -> bool {
        if self.smallest_wins() { value < other } else { value > other }
    }

    /// Whether values depend on the answers through a grid, beyond T.
    fn integrates(self) -> bool {
        !matches!(self, C::MaximumInformation | C::Urry)
    }

    /// Whether the prior enters.
    fn is_posterior(self) -> bool {
        matches!(
            self,
            C::PosteriorWeightedInformation
                | C::PosteriorKullbackLeibler
                | C::ExpectedInformation
                | C::ExpectedPosteriorVariance
                | C::PosteriorGlobalDiscrimination
        )
    }
}

impl fmt::Display for Criterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Criterion {
    type Err = SelectionError;

    /// Reads a name such as `mfi`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|criterion| criterion.name() == text)
            .ok_or_else(|| SelectionError::UnknownCriterion { name: text.to_owned() })
    }
}

/// Why items could not be rated.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SelectionError {
    /// No criterion of that name.
    #[error(
        "`{name}` is not a criterion; they are mfi, urry, mlwi, mpwi, kl, klp, mei, mepv, gdi and gdip"
    )]
    UnknownCriterion {
        /// The name as given.
        name: String,
    },
    /// The criterion is not defined for the item's model.
    #[error(
        "criterion {criterion} needs a difficulty, which only items of the logistic models have"
    )]
    NeedsDifficulty {
        /// The criterion.
        criterion: Criterion,
    },
    /// An ability could not be estimated on the way.
    #[error(transparent)]
    Estimation(#[from] EstimationError),
}

/// A criterion with all that it needs but the answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Selector {
    criterion: Criterion,
    prior: Prior,
    grid: Grid,
    estimator: Estimator,
}

impl Selector {
    /// A selector with the standard normal prior, integration on [−6, 6] in 121 points, and
    /// re-estimation (where the criterion needs it) by the posterior mean.
    pub fn new(criterion: Criterion) -> Self {
        let estimator = Estimator::new(Method::Eap).with_range(Range::selection());
        Self { criterion, prior: Prior::standard(), grid: Grid::scoring(), estimator }
    }

    /// Replaces the prior of the integrals and of the re-estimates.
    #[must_use]
    pub fn with_prior(mut self, prior: Prior) -> Self {
        self.prior = prior;
        self.estimator = self.estimator.with_prior(prior);
        self
    }

    /// Replaces the grid of the integrals and of re-estimates by the posterior mean.
    #[must_use]
    pub fn with_grid(mut self, grid: Grid) -> Self {
        self.estimator = self.estimator.with_grid(grid.clone());
        self.grid = grid;
        self
    }

    /// Replaces the method of re-estimation; roots are searched on [−4, 4].
    #[must_use]
    pub fn with_method(mut self, method: Method) -> Self {
        self.estimator = Estimator::new(method)
            .with_prior(self.prior)
            .with_grid(self.grid.clone())
            .with_range(Range::selection());
        self
    }

    /// The criterion.
    pub fn criterion(&self) -> Criterion {
        self.criterion
    }

    /// Takes in the answers so far and the ability T. The integrals' weights are computed here,
    /// once for all items.
    ///
    /// # Errors
    /// A prior without mass on the grid.
    pub fn at<'a>(
        &'a self,
        answers: &'a [Answer<'a>],
        theta: f64,
    ) -> Result<Rating<'a>, SelectionError> {
        let log_weights =
            if self.criterion.integrates() { self.log_weights(answers)? } else { Vec::new() };
        let weights = self.weights(&log_weights);
        Ok(Rating { selector: self, answers, theta, log_weights, weights })
    }

    /// Logarithms of the weights at the points of the grid: likelihood, times the prior where it
    /// enters, times the trapezoid's weight except for the discrimination indices, which are plain
    /// sums.
    fn log_weights(&self, answers: &[Answer<'_>]) -> Result<Vec<f64>, SelectionError> {
        let plain =
            matches!(self.criterion, C::GlobalDiscrimination | C::PosteriorGlobalDiscrimination);
        let log_weights: Vec<f64> = self
            .grid
            .points()
            .iter()
            .zip(self.grid.weights())
            .map(|(&theta, &weight)| {
                let prior =
                    if self.criterion.is_posterior() { self.prior.log_density(theta) } else { 0.0 };
                let step = if plain { 0.0 } else { libm::log(weight) };
                log_likelihood(answers, theta) + prior + step
            })
            .collect();
        if log_weights.iter().all(|weight| *weight == f64::NEG_INFINITY) {
            let (prior, lo, hi) = (self.prior, self.grid.lo(), self.grid.hi());
            return Err(EstimationError::NoMass { prior, lo, hi }.into());
        }
        Ok(log_weights)
    }

    /// The weights themselves. Integrals of information and divergence keep the likelihood's size;
    /// variances are normalised.
    fn weights(&self, log_weights: &[f64]) -> Vec<f64> {
        let keeps_size = matches!(
            self.criterion,
            C::LikelihoodWeightedInformation
                | C::PosteriorWeightedInformation
                | C::KullbackLeibler
                | C::PosteriorKullbackLeibler
        );
        let shift = if keeps_size { 0.0 } else { largest(log_weights) };
        let mut weights: Vec<f64> = log_weights.iter().map(|w| libm::exp(w - shift)).collect();
        if !keeps_size {
            let total = blocked_sum(&weights);
            weights.iter_mut().for_each(|weight| *weight /= total);
        }
        weights
    }
}

fn largest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// A selector that knows the answers so far: rates items.
#[derive(Debug, Clone)]
pub struct Rating<'a> {
    selector: &'a Selector,
    answers: &'a [Answer<'a>],
    theta: f64,
    log_weights: Vec<f64>,
    weights: Vec<f64>,
}

impl Rating<'_> {
    /// The raw value of an item.
    ///
    /// A Rasch item's information is largest where its difficulty is the ability:
    /// ```
    /// use gradus::psychometrics::irt::ItemModel;
    /// use gradus::psychometrics::selection::{Criterion, Selector};
    /// let selector = Selector::new(Criterion::MaximumInformation);
    /// let rating = selector.at(&[], 0.4)?;
    /// assert_eq!(rating.value(&ItemModel::logistic(1.0, 0.4, 0.0, 1.0)?)?, 0.25);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A criterion that is not defined for the item's model.
    pub fn value(&self, item: &ItemModel) -> Result<f64, SelectionError> {
        match self.selector.criterion {
            C::MaximumInformation => Ok(item.information(self.theta)),
            C::Urry => match item.as_logistic() {
                Some(logistic) => Ok((logistic.difficulty() - self.theta).abs()),
                None => Err(SelectionError::NeedsDifficulty { criterion: C::Urry }),
            },
            C::LikelihoodWeightedInformation | C::PosteriorWeightedInformation => {
                Ok(self.weighted(|theta| item.information(theta)))
            }
            C::KullbackLeibler | C::PosteriorKullbackLeibler => Ok(self.divergence(item)),
            C::ExpectedInformation => self.expected_information(item),
            C::ExpectedPosteriorVariance => Ok(self.expected_variance(item)),
            C::GlobalDiscrimination | C::PosteriorGlobalDiscrimination => {
                Ok(self.discrimination(item))
            }
        }
    }

    /// The item with the best value, the earlier of equals, and that value.
    ///
    /// # Errors
    /// A criterion that is not defined for one of the items.
    pub fn best<'i>(
        &self,
        items: impl IntoIterator<Item = (usize, &'i ItemModel)>,
    ) -> Result<Option<(usize, f64)>, SelectionError> {
        let mut best: Option<(usize, f64)> = None;
        for (index, item) in items {
            let value = self.value(item)?;
            if best.is_none_or(|(_, other)| self.selector.criterion.beats(value, other)) {
                best = Some((index, value));
            }
        }
        Ok(best)
    }

    fn points(&self) -> &[f64] {
        self.selector.grid.points()
    }

    fn weighted(&self, f: impl Fn(f64) -> f64) -> f64 {
        blocked_sum_by(self.weights.len(), |q| self.weights[q] * f(self.points()[q]))
    }

    /// KL_j(T ‖ θ) = Σ_k P_k(T) ln(P_k(T)/P_k(θ)), weighted.
    fn divergence(&self, item: &ItemModel) -> f64 {
        let here: Vec<(f64, f64)> = (0..item.categories())
            .map(|k| (item.probability(self.theta, k), item.log_probability(self.theta, k)))
            .collect();
        self.weighted(|theta| {
            here.iter().enumerate().fold(0.0, |sum, (k, (p, log_p))| {
                sum + p * (log_p - item.log_probability(theta, k))
            })
        })
    }

    fn expected_information(&self, item: &ItemModel) -> Result<f64, SelectionError> {
        let mut answers = self.answers.to_vec();
        let mut sum = 0.0;
        for category in 0..item.categories() {
            let theta = match self.selector.estimator.method() {
                Method::Eap => self.after(item, category).0,
                _ => {
                    answers.truncate(self.answers.len());
                    answers.push(Answer::new(item, category)?);
                    self.selector.estimator.estimate(&answers)?.theta
                }
            };
            sum +=
                item.probability(self.theta, category) * item.observed_information(theta, category);
        }
        Ok(sum)
    }

    fn expected_variance(&self, item: &ItemModel) -> f64 {
        (0..item.categories()).fold(0.0, |sum, category| {
            let (_, sd) = self.after(item, category);
            sum + item.probability(self.theta, category) * (sd * sd)
        })
    }

    /// Posterior mean and standard deviation if this item were answered so.
    fn after(&self, item: &ItemModel, category: usize) -> (f64, f64) {
        let points = self.points().iter();
        let weights: Vec<f64> = points
            .zip(&self.weights)
            .map(|(&theta, weight)| weight * item.probability(theta, category))
            .collect();
        if blocked_sum(&weights) >= MASS_MIN {
            return moments(self.points(), &weights);
        }
        self.after_the_unlikely(item, category)
    }

    /// The same for an answer so unlikely that its products vanish: on logarithms, the largest
    /// taken out.
    fn after_the_unlikely(&self, item: &ItemModel, category: usize) -> (f64, f64) {
        let points = self.points().iter();
        let log_weights: Vec<f64> = points
            .zip(&self.log_weights)
            .map(|(&theta, weight)| weight + item.log_probability(theta, category))
            .collect();
        let most = largest(&log_weights);
        let weights: Vec<f64> = log_weights.iter().map(|w| libm::exp(w - most)).collect();
        moments(self.points(), &weights)
    }

    /// Σ_q w_q (P(θ_q) − P̄)². Of an item with more than two categories, half the sum over all
    /// categories, which for two is the same.
    fn discrimination(&self, item: &ItemModel) -> f64 {
        let mut all = vec![0.0; item.categories()];
        let mut by_category = vec![Vec::with_capacity(self.weights.len()); item.categories()];
        for &theta in self.points() {
            item.probabilities(theta, &mut all);
            for (column, p) in by_category.iter_mut().zip(&all) {
                column.push(*p);
            }
        }
        let spread = |column: &Vec<f64>| {
            let mean = blocked_dot(&self.weights, column);
            blocked_sum_by(column.len(), |q| {
                self.weights[q] * (column[q] - mean) * (column[q] - mean)
            })
        };
        0.5 * by_category.iter().fold(0.0, |sum, column| sum + spread(column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_answer_that_cannot_be_leaves_a_number() {
        // Goal: expected variance and information stay finite when an answer has no probability
        // wherever the posterior has mass. Method: a posterior near 0 that two steep items leave,
        // a steep graded item far away; the variance after its impossible answer is finite too.
        let steep = |b| ItemModel::logistic(100.0, b, 0.0, 1.0).unwrap();
        let asked = [steep(-0.1), steep(0.1)];
        let answers = [Answer::new(&asked[0], 1).unwrap(), Answer::new(&asked[1], 0).unwrap()];
        let far = ItemModel::graded(100.0, vec![-8.0, 8.0]).unwrap();
        for criterion in [C::ExpectedPosteriorVariance, C::ExpectedInformation] {
            let selector = Selector::new(criterion);
            let rating = selector.at(&answers, 0.0).unwrap();
            let value = rating.value(&far).unwrap();
            assert!(value.is_finite() && value >= 0.0, "{criterion}: {value}");
            assert!(rating.after(&far, 2).1.is_finite());
        }
    }

    fn bank() -> Vec<ItemModel> {
        let parameters = [(1.2, -1.0, 0.0), (0.8, 0.3, 0.2), (1.8, 0.0, 0.1), (1.0, 1.4, 0.25)];
        let logistic = |(a, b, c)| ItemModel::logistic(a, b, c, 1.0).unwrap();
        parameters.map(logistic).to_vec()
    }

    #[test]
    fn names_are_read_back() {
        // Goal: every name is its own. Method: print and read all, and one that is none.
        for criterion in Criterion::ALL {
            assert_eq!(criterion.to_string().parse::<Criterion>(), Ok(criterion));
        }
        assert!("random".parse::<Criterion>().is_err());
    }

    #[test]
    fn equal_values_keep_the_earlier_item() {
        // Goal: ties go to the earlier row under both senses. Method: the same item three times.
        let item = bank()[0].clone();
        let items = [item.clone(), item.clone(), item];
        for criterion in Criterion::ALL {
            let selector = Selector::new(criterion);
            let best = selector.at(&[], 0.0).unwrap().best(items.iter().enumerate()).unwrap();
            assert_eq!(best.map(|(index, _)| index), Some(0), "{criterion}");
        }
        let selector = Selector::new(C::Urry);
        let rating = selector.at(&[], 0.0).unwrap();
        assert_eq!(rating.best(std::iter::empty()).unwrap(), None);
    }

    #[test]
    fn urry_needs_a_difficulty() {
        // Goal: no invented difficulty for graded items. Method: the error.
        let item = ItemModel::graded(1.0, vec![0.0, 1.0]).unwrap();
        let selector = Selector::new(C::Urry);
        let error = selector.at(&[], 0.0).unwrap().value(&item).unwrap_err();
        assert_eq!(error, SelectionError::NeedsDifficulty { criterion: C::Urry });
    }

    proptest! {
        #[test]
        fn values_are_what_their_names_say(theta in -2.0f64..2.0, right in 0usize..2) {
            // Goal: divergences and variances are not negative and every value is finite.
            // Method: four items, one answer, any ability.
            let items = bank();
            let answers = [Answer::new(&items[0], right).unwrap()];
            for criterion in Criterion::ALL {
                let selector = Selector::new(criterion);
                let rating = selector.at(&answers, theta).unwrap();
                for item in &items[1..] {
                    let value = rating.value(item).unwrap();
                    prop_assert!(value.is_finite());
                    prop_assert!(value >= 0.0 || criterion == C::ExpectedInformation);
                }
            }
        }

        #[test]
        fn re_estimates_by_the_mean_are_the_estimators(theta in -1.0f64..1.0) {
            // Goal: the short cut for the posterior mean equals a full re-estimate. Method: the
            // sum written out with the estimator.
            let items = bank();
            let answers = [Answer::new(&items[0], 1).unwrap()];
            let selector = Selector::new(C::ExpectedInformation);
            let value = selector.at(&answers, theta).unwrap().value(&items[1]).unwrap();
            let mut expected = 0.0;
            for category in 0..2 {
                let more = [answers[0], Answer::new(&items[1], category).unwrap()];
                let after = Estimator::new(Method::Eap).estimate(&more).unwrap().theta;
                expected += items[1].probability(theta, category)
                    * items[1].observed_information(after, category);
            }
            prop_assert!((value - expected).abs() < 1e-12);
        }
    }
}
