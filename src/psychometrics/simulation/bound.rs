//! The least error that so many answers can leave, whatever is selected: what the error of a study
//! is compared with. Looks at informations at the true ability and at nothing that was answered.

use crate::psychometrics::estimation::posterior::Gaussian;
use crate::psychometrics::irt::ItemModel;

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
    let mut total = prior_information;
    let after = informations.iter().map(|information| {
        total += information;
        1.0 / total
    });
    std::iter::once(1.0 / prior_information).chain(after).collect()
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
