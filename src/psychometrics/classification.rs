//! How surely a test puts people on the right side of its cuts: expected accuracy (the class by
//! the test is the true one) and consistency (two such tests agree), before anybody takes it.
//! Nothing here classifies a person.

use super::irt::ItemModel;
use super::numeric::special::{normal_cdf, normal_density};

/// A population as points with weights that sum to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Population {
    points: Vec<(f64, f64)>,
}

impl Population {
    /// `n ≥ 2` equally spaced points of [lo, hi] with weights ∝ φ(θ); `None` for other numbers.
    pub fn standard_normal(lo: f64, hi: f64, n: usize) -> Option<Self> {
        if n < 2 || !(lo < hi && lo.is_finite() && hi.is_finite()) {
            return None;
        }
        let step = (hi - lo) / (n - 1) as f64;
        let mut points: Vec<(f64, f64)> = (0..n)
            .map(|q| lo + q as f64 * step)
            .map(|theta| (theta, normal_density(theta)))
            .collect();
        let total = points.iter().fold(0.0, |sum, (_, weight)| sum + weight);
        points.iter_mut().for_each(|(_, weight)| *weight /= total);
        Some(Self { points })
    }

    /// The points and their weights.
    pub fn points(&self) -> &[(f64, f64)] {
        &self.points
    }
}

/// Expected quality of a classification.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassificationQuality {
    /// P(class by the test = true class).
    pub accuracy: f64,
    /// P(two independent tests of this kind give the same class).
    pub consistency: f64,
    /// Cohen's κ of two such tests: (consistency − chance)/(1 − chance).
    pub kappa: f64,
}

/// Rudner's indices (Rudner, 2001, 2005, *Practical Assessment, Research & Evaluation* 7(14) and
/// 10(13)): the estimate of a person of ability θ is N(θ, SE(θ)²), the cuts lie on the θ scale,
/// ascending. A person on a cut belongs above it.
///
/// Four Rasch items of difficulty −2, 1, 0, 1, two cuts:
/// ```
/// use gradus::psychometrics::classification::{Population, rudner};
/// use gradus::psychometrics::irt::ItemModel;
/// let items = [-2.0, 1.0, 0.0, 1.0].map(|b| ItemModel::logistic(1.0, b, 0.0, 1.0).unwrap());
/// let error = |theta| 1.0 / items.iter().map(|i| i.information(theta)).sum::<f64>().sqrt();
/// let population = Population::standard_normal(-4.0, 4.0, 40).unwrap();
/// let quality = rudner(&population, error, &[-0.5, 1.5]);
/// assert!((quality.accuracy - 0.60043).abs() < 5e-6);
/// assert!((quality.consistency - 0.48743).abs() < 5e-6);
/// ```
pub fn rudner(
    population: &Population,
    standard_error: impl Fn(f64) -> f64,
    cuts: &[f64],
) -> ClassificationQuality {
    quality(population, cuts.len() + 1, |theta| {
        let se = standard_error(theta);
        let below = |cut: &f64| normal_cdf((cut - theta) / se);
        let edges: Vec<f64> = std::iter::once(0.0)
            .chain(cuts.iter().map(below))
            .chain(std::iter::once(1.0))
            .collect();
        let classes = edges.windows(2).map(|pair| pair[1] - pair[0]).collect();
        (cuts.iter().filter(|cut| theta >= **cut).count(), classes)
    })
}

/// Lee's indices for sum scores (Lee, 2010, *J. Educ. Meas.* 47, 1–17): the score distribution at
/// θ by Lord and Wingersky's recursion; a score of at least a cut is above it, and so is truly a
/// person whose expected score is. Cuts ascend.
///
/// ```
/// use gradus::psychometrics::classification::{Population, lee};
/// use gradus::psychometrics::irt::ItemModel;
/// let items = [-2.0, 1.0, 0.0, 1.0].map(|b| ItemModel::logistic(1.0, b, 0.0, 1.0).unwrap());
/// let population = Population::standard_normal(-4.0, 4.0, 40).unwrap();
/// let quality = lee(&population, &items, &[1.0, 3.0]);
/// assert!((quality.accuracy - 0.65214).abs() < 5e-6);
/// assert!((quality.consistency - 0.59481).abs() < 5e-6);
/// ```
pub fn lee(population: &Population, items: &[ItemModel], cuts: &[f64]) -> ClassificationQuality {
    quality(population, cuts.len() + 1, |theta| {
        let mut classes = vec![0.0; cuts.len() + 1];
        for (score, probability) in score_distribution(items, theta).into_iter().enumerate() {
            classes[cuts.iter().filter(|cut| score as f64 >= **cut).count()] += probability;
        }
        let expected = items.iter().fold(0.0, |sum, item| sum + item.expected_score(theta));
        (cuts.iter().filter(|cut| expected >= **cut).count(), classes)
    })
}

/// Averages over the population; `at` gives the true class at θ and the probabilities of all.
fn quality(
    population: &Population,
    classes: usize,
    at: impl Fn(f64) -> (usize, Vec<f64>),
) -> ClassificationQuality {
    let mut marginal = vec![0.0; classes];
    let (mut accuracy, mut consistency) = (0.0, 0.0);
    for &(theta, weight) in &population.points {
        let (true_class, probabilities) = at(theta);
        accuracy += weight * probabilities[true_class];
        for (total, p) in marginal.iter_mut().zip(probabilities) {
            consistency += weight * p * p;
            *total += weight * p;
        }
    }
    let chance = marginal.iter().fold(0.0, |sum, p| sum + p * p);
    ClassificationQuality { accuracy, consistency, kappa: beyond_chance(consistency, chance) }
}

/// Probabilities of all sum scores at θ, lowest first, by the recursion of Lord and Wingersky
/// (1984, *Appl. Psychol. Meas.* 8, 453–461); items may have any number of categories (Thissen,
/// Pommerich, Billeaud & Williams, 1995).
///
/// ```
/// use gradus::psychometrics::{classification::score_distribution, irt::ItemModel};
/// let items = [-2.0, 1.0, 0.0, 1.0].map(|b| ItemModel::logistic(1.0, b, 0.0, 1.0).unwrap());
/// let published = [0.03185, 0.29066, 0.43629, 0.20934, 0.03185];
/// for (p, expected) in score_distribution(&items, 0.0).iter().zip(published) {
///     assert!((p - expected).abs() < 5e-6);
/// }
/// ```
pub fn score_distribution(items: &[ItemModel], theta: f64) -> Vec<f64> {
    let mut scores = vec![1.0];
    for item in items {
        let mut next = vec![0.0; scores.len() + item.categories() - 1];
        for category in 0..item.categories() {
            let p = item.probability(theta, category);
            for (score, before) in scores.iter().enumerate() {
                next[score + category] += p * before;
            }
        }
        scores = next;
    }
    scores
}

/// Cohen's κ of a square table of counts, rows one judgement and columns the other (Cohen, 1960,
/// *Educ. Psychol. Meas.* 20, 37–46, eq. 1); `None` for a table that is empty or not square.
///
/// ```
/// use gradus::psychometrics::classification::cohen_kappa;
/// // Observed agreement .70, by chance .50.
/// let kappa = cohen_kappa(&[vec![20.0, 5.0], vec![10.0, 15.0]]).unwrap();
/// assert!((kappa - 0.4).abs() < 1e-15);
/// ```
pub fn cohen_kappa(table: &[Vec<f64>]) -> Option<f64> {
    let total = table.iter().flatten().fold(0.0, |sum, count| sum + count);
    if total <= 0.0 || table.iter().any(|row| row.len() != table.len()) {
        return None;
    }
    let (mut agreement, mut chance) = (0.0, 0.0);
    for class in 0..table.len() {
        let row = table[class].iter().fold(0.0, |sum, count| sum + count);
        let column = table.iter().fold(0.0, |sum, row| sum + row[class]);
        agreement += table[class][class] / total;
        chance += row / total * (column / total);
    }
    Some(beyond_chance(agreement, chance))
}

/// (agreement − chance)/(1 − chance); 0 where chance alone always agrees.
fn beyond_chance(agreement: f64, chance: f64) -> f64 {
    if chance < 1.0 { (agreement - chance) / (1.0 - chance) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn better_tests_classify_better() {
        // Goal: accuracy, consistency and κ rise with precision, to 1 without error and to
        // chance without information. Method: constant standard errors, two cuts.
        let population = Population::standard_normal(-5.0, 5.0, 200).unwrap();
        let at = |se: f64| rudner(&population, |_| se, &[-0.5, 0.8]);
        let mut before = at(5.0);
        for se in [1.0, 0.4, 0.2, 0.05] {
            let now = at(se);
            assert!(now.accuracy > before.accuracy && now.consistency > before.consistency);
            assert!(now.kappa > before.kappa && now.accuracy >= now.consistency);
            before = now;
        }
        assert!(at(1e-6).accuracy > 0.999_999 && at(1e6).kappa.abs() < 1e-6);
    }

    #[test]
    fn scores_of_mixed_items_are_those_of_all_patterns() {
        // Goal: the recursion is the sum over response patterns. Method: a graded item between
        // two dichotomous ones, all twelve patterns counted by hand.
        let items = [
            ItemModel::logistic(1.0, 0.3, 0.2, 1.0).unwrap(),
            ItemModel::graded(1.3, vec![-0.5, 0.9]).unwrap(),
            ItemModel::logistic(0.7, -1.0, 0.0, 1.0).unwrap(),
        ];
        let mut counted = [0.0; 5];
        for x in 0..2 {
            for y in 0..3 {
                for z in 0..2 {
                    let p = |item: usize, category| items[item].probability(0.4, category);
                    counted[x + y + z] += p(0, x) * p(1, y) * p(2, z);
                }
            }
        }
        for (found, expected) in score_distribution(&items, 0.4).iter().zip(counted) {
            assert!((found - expected).abs() < 1e-15);
        }
    }

    #[test]
    fn impossible_tables_and_populations_are_refused() {
        // Goal: no number for what has none. Method: empty, ragged, one point, reversed ends.
        assert_eq!(cohen_kappa(&[]), None);
        assert_eq!(cohen_kappa(&[vec![1.0], vec![1.0, 2.0]]), None);
        assert_eq!(Population::standard_normal(-1.0, 1.0, 1), None);
        assert_eq!(Population::standard_normal(1.0, -1.0, 9), None);
    }
}
