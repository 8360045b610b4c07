//! The least error that so many answers can leave, whatever is selected: what the error of a study
//! is compared with. Looks at informations at the true ability and at nothing that was answered.

use rayon::prelude::*;

use crate::psychometrics::estimation::posterior::Gaussian;
use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::selection::InformationIndex;

/// For each person the least variances that 0, 1, 2, … answers can leave, in one array.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LeastVariances {
    values: Vec<f64>,
    /// Where each person's list ends; empty while all are equally long.
    ends: Vec<usize>,
    /// How long all lists are.
    width: usize,
    persons: usize,
}

impl LeastVariances {
    /// Lists of one length each after the other.
    pub(super) fn of_width(values: Vec<f64>, width: usize) -> Self {
        let persons = values.len().checked_div(width).unwrap_or(0);
        Self { values, ends: Vec::new(), width, persons }
    }

    /// The least variance that so many answers can leave a person with. A shorter list means that
    /// there are no more items.
    ///
    /// ```
    /// use gradus::psychometrics::simulation::LeastVariances;
    /// let least: LeastVariances = [vec![1.0, 0.5], vec![1.0, 0.5, 0.25]].into_iter().collect();
    /// assert_eq!((least.at(0, 7), least.at(1, 1), least.at(1, 2)), (0.5, 0.5, 0.25));
    /// ```
    ///
    /// # Panics
    /// When there is no such person.
    pub fn at(&self, person: usize, answers: usize) -> f64 {
        let list = self.list(person);
        list[answers.min(list.len() - 1)]
    }

    fn list(&self, person: usize) -> &[f64] {
        if self.ends.is_empty() {
            return &self.values[person * self.width..(person + 1) * self.width];
        }
        let from = person.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.values[from..self.ends[person]]
    }

    /// Number of people.
    pub fn len(&self) -> usize {
        self.persons
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.persons == 0
    }
}

impl FromIterator<Vec<f64>> for LeastVariances {
    fn from_iter<T: IntoIterator<Item = Vec<f64>>>(lists: T) -> Self {
        let mut all = Self::default();
        for list in lists {
            all.values.extend(list);
            all.ends.push(all.values.len());
        }
        all.persons = all.ends.len();
        all
    }
}

/// 1/(1/S² + Σ of the n largest informations at an ability) for n = 0, 1, 2, … up to `longest` or
/// the number of items; `prior_information` is 1/S².
///
/// ```
/// use gradus::psychometrics::{irt::ItemModel, simulation::least_variances};
/// // A Rasch item at its difficulty has information 1/4.
/// let items = vec![ItemModel::logistic(1.0, 0.0, 0.0, 1.0)?; 8];
/// assert_eq!(least_variances(&items, 1.0, 0.0, 4), [1.0, 0.8, 1.0 / 1.5, 1.0 / 1.75, 0.5]);
/// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
/// ```
pub fn least_variances(
    items: &[ItemModel],
    prior_information: f64,
    truth: f64,
    longest: usize,
) -> Vec<f64> {
    let mut informations: Vec<f64> = items.iter().map(|item| item.information(truth)).collect();
    let falling = |a: &f64, b: &f64| b.total_cmp(a);
    if longest < informations.len() {
        informations.select_nth_unstable_by(longest, falling);
        informations.truncate(longest);
    }
    informations.sort_by(falling);
    let mut list = vec![0.0; informations.len() + 1];
    fill(&mut list, &informations, prior_information);
    list
}

/// [`least_variances`] of many people without asking every item.
pub(super) fn least_variances_in(
    index: &InformationIndex<'_>,
    prior_information: f64,
    truths: &[f64],
    longest: usize,
) -> LeastVariances {
    let width = longest.min(index.len()) + 1;
    let mut values = vec![0.0; truths.len() * width];
    values.par_chunks_mut(width * PEOPLE).zip(truths.par_chunks(PEOPLE)).for_each(
        |(values, truths)| {
            let mut largest = Vec::new();
            for (list, truth) in values.chunks_exact_mut(width).zip(truths) {
                index.largest(*truth, width - 1, &mut largest);
                fill(list, &largest, prior_information);
            }
        },
    );
    LeastVariances::of_width(values, width)
}

/// People who are served at a time.
const PEOPLE: usize = 256;

/// The variances from the largest informations, largest first.
fn fill(list: &mut [f64], informations: &[f64], prior_information: f64) {
    let mut total = prior_information;
    list[0] = 1.0 / total;
    for (variance, information) in list[1..].iter_mut().zip(informations) {
        total += information;
        *variance = 1.0 / total;
    }
}

/// The same for a weighted sum C = wᵀθ of correlated abilities, each item telling about one of
/// them: a lower bound of min wᵀ(Σ₀⁻¹ + Σ_{j∈S} I_j e_k e_kᵀ)⁻¹w over all sets S of n items.
///
/// `items` holds each item's ability k and its information I_j there. The set is grown by the
/// largest gain (Σe_k·w)² I_j/(1 + I_j Σ_kk). What is returned lies below every set's variance:
/// the variance is convex in the choice, so that no set of n falls below the grown one by more than
/// Σ_{n largest} v − Σ_{grown} v with v_j = (Σe_k·w)² I_j, the duality gap of Frank & Wolfe (1956;
/// Jaggi, 2013, *ICML*, eq. 2).
///
/// With one ability it is [`least_variances`]:
/// ```
/// use gradus::psychometrics::estimation::posterior::Gaussian;
/// use gradus::psychometrics::simulation::least_variances_of_sum;
/// let prior = Gaussian::prior(1, vec![1.0]);
/// let least = least_variances_of_sum(prior, &[1.0], &[(0, 0.25), (0, 1.0), (0, 0.25)], 2);
/// assert!(least.iter().zip([1.0, 0.5, 1.0 / 2.25]).all(|(v, known)| (v - known).abs() < 1e-15));
/// ```
pub fn least_variances_of_sum(
    prior: Gaussian,
    weights: &[f64],
    items: &[(usize, f64)],
    longest: usize,
) -> Vec<f64> {
    let mut posterior = prior;
    let mut grown = vec![false; items.len()];
    let mut least = vec![variance(&posterior, weights)];
    while least.len() <= longest.min(items.len()) {
        let worth = worth(&posterior, weights);
        let gain = |j: usize| {
            let (k, information) = items[j];
            worth[k] * information / (1.0 + information * posterior.variance(k))
        };
        let left = (0..items.len()).filter(|j| !grown[*j]);
        let Some(best) = left.max_by(|&a, &b| gain(a).total_cmp(&gain(b)).then(b.cmp(&a))) else {
            break;
        };
        let (k, information) = items[best];
        let shrink = information / (1.0 + information * posterior.variance(k));
        posterior.shrink(k, shrink);
        grown[best] = true;
        least.push(variance(&posterior, weights) - gap(&posterior, weights, items, &grown));
    }
    least
}

fn variance(posterior: &Gaussian, weights: &[f64]) -> f64 {
    let sd = posterior.combination(weights).1;
    sd * sd
}

/// (Σe_k·w)² for every ability k.
fn worth(posterior: &Gaussian, weights: &[f64]) -> Vec<f64> {
    let along = |k: usize| -> f64 {
        let projection: f64 = posterior.column(k).iter().zip(weights).map(|(c, w)| c * w).sum();
        projection * projection
    };
    (0..posterior.len()).map(along).collect()
}

/// By how much no set of the same size can lie below the grown one.
fn gap(posterior: &Gaussian, weights: &[f64], items: &[(usize, f64)], grown: &[bool]) -> f64 {
    let worth = worth(posterior, weights);
    let mut values: Vec<f64> = items.iter().map(|(k, i)| worth[*k] * i).collect();
    let held: f64 = values.iter().zip(grown).filter(|(_, held)| **held).map(|(v, _)| v).sum();
    let count = grown.iter().filter(|held| **held).count();
    values.sort_by(|a, b| b.total_cmp(a));
    (values[..count].iter().sum::<f64>() - held).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psychometrics::numeric::tolerance::RELATIVE;

    #[test]
    fn lists_give_the_bound_of_all_items() {
        // Goal: the bound is the same with and without the index. Method: 900 items, abilities
        // inside and outside of its lists, more answers than items at the end.
        let items: Vec<ItemModel> = (0..900)
            .map(|row| {
                let (a, b) = (f64::from(row % 31) / 20.0 + 0.4, f64::from(row % 61) / 10.0 - 3.0);
                ItemModel::logistic(a, b, f64::from(row % 3) / 10.0, 1.0).unwrap()
            })
            .collect();
        let index = InformationIndex::new(&items);
        for truth in [-7.5, -2.013, 0.0, 1.77, 6.0] {
            for longest in [0, 1, 30, 63, 200, 2_000] {
                let all = least_variances(&items, 0.5, truth, longest);
                let found = least_variances_in(&index, 0.5, &[0.3, truth], longest);
                assert_eq!((found.len(), found.list(1).len()), (2, all.len()));
                for (all, found) in all.iter().zip(found.list(1)) {
                    assert!((found / all - 1.0).abs() <= RELATIVE, "{truth} {longest}");
                }
            }
        }
    }

    #[test]
    fn no_set_of_items_lies_below_the_bound() {
        // Goal: the bound holds for every set and lies within a tenth of the best one. Method: all
        // sets of up to 5 of 9 items on three correlated abilities, each variance by rank-one
        // updates; informations as test items have them, at most .21.
        let rho = 0.5;
        let cells = (0..9).map(|at| if at % 4 == 0 { 1.0 } else { rho }).collect();
        let prior = Gaussian::prior(3, cells);
        let weights = [0.5, 0.3, 0.2];
        let items: Vec<(usize, f64)> =
            (0..9).map(|j| (j % 3, 0.05 + 0.02 * ((j * 5) % 9) as f64)).collect();
        let least = least_variances_of_sum(prior.clone(), &weights, &items, 5);
        assert_eq!(least.len(), 6);
        let mut best = [f64::INFINITY; 6];
        for set in 0_u32..1 << 9 {
            let size = set.count_ones() as usize;
            let mut posterior = prior.clone();
            for (j, (k, information)) in items.iter().enumerate() {
                if set >> j & 1 == 1 {
                    let shrink = information / (1.0 + information * posterior.variance(*k));
                    posterior.shrink(*k, shrink);
                }
            }
            if size <= 5 {
                best[size] = best[size].min(variance(&posterior, &weights));
            }
        }
        for (n, (bound, best)) in least.iter().zip(best).enumerate() {
            assert!(*bound <= best + 1e-12, "{n}: {bound} above {best}");
            assert!(*bound >= 0.9 * best, "{n}: {bound} far below {best}");
        }
    }
}
