//! Where a level begins, from judges: the modified Angoff method on the ability scale. A judge
//! states for each item the probability that a person just at the boundary answers it right,
//! guessing included. Never decides which judges or items to leave out.

use thiserror::Error;

use super::agreement::correlation;
use super::irt::ItemModel;
use super::numeric::roots::brent;

/// Abilities beyond which no boundary is looked for: expected scores are their limits there.
const THETA_BOUND: f64 = 40.0;
/// How exactly a boundary is found.
const THETA_TOLERANCE: f64 = 1e-10;
/// A judge whose ratings correlate less than this with the other judges' does not judge the same
/// thing; the usual rule is to drop the judge, and it is for people to apply.
pub const JUDGE_CORRELATION_MIN: f64 = 0.3;

/// Why ratings give no boundary.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum StandardSettingError {
    /// One judge has no spread, and none has no mean.
    #[error("{judges} judges are too few; two are the least")]
    TooFewJudges {
        /// How many there are.
        judges: usize,
    },
    /// A judge did not rate every item.
    #[error("judge {judge} has {ratings} ratings for {items} items")]
    Ragged {
        /// The judge's place.
        judge: usize,
        /// The judge's ratings.
        ratings: usize,
        /// The items.
        items: usize,
    },
    /// A rating is no probability.
    #[error("the rating {value} of judge {judge} for item {item} is no probability")]
    NoProbability {
        /// The judge's place.
        judge: usize,
        /// The item's place.
        item: usize,
        /// The rating.
        value: f64,
    },
    /// No ability has such an expected score: guessing alone earns more, or all items less.
    #[error("the sum {sum} lies outside of {lo} to {hi}, what guessing and full marks give")]
    OutOfReach {
        /// The sum of the ratings.
        sum: f64,
        /// The expected score of the lowest ability, Σ c.
        lo: f64,
        /// That of the highest, n.
        hi: f64,
    },
}

/// One judge's part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judge {
    /// The expected score of a borderline person.
    pub sum: f64,
    /// The ability that has it; `None` when none does.
    pub theta: Option<f64>,
    /// The correlation of the judge's ratings with the mean of the other judges'; `None` when
    /// either does not vary.
    pub correlation: Option<f64>,
}

impl Judge {
    /// Whether the usual rule would drop the judge: the correlation is below .3, or there is none.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        self.correlation.is_none_or(|r| r < JUDGE_CORRELATION_MIN)
    }
}

/// A boundary with its standard errors.
#[derive(Debug, Clone, PartialEq)]
pub struct AngoffCut {
    /// The mean of the judges' sums.
    pub sum: f64,
    /// Its standard error.
    pub sum_se: f64,
    /// The boundary.
    pub theta: f64,
    /// Its standard error.
    pub theta_se: f64,
    /// Each judge, in their order.
    pub judges: Vec<Judge>,
}

/// The modified Angoff boundary (Angoff, 1971, in Thorndike, *Educational Measurement*, 2nd ed.,
/// 508–600; carried to the ability scale through the test characteristic curve: Lord, 1980,
/// *Applications of Item Response Theory*, ch. 11):
///
/// θ_c solves Σ_i P_i(θ_c) = Σ_i p̄_i, p̄_i the judges' mean rating of item i;
/// SE_sum = sd_j/√J, sd_j the standard deviation of the judges' sums;
/// SE_θ = SE_sum / Σ_i P′_i(θ_c).
///
/// `ratings` has one row a judge, in the order of the items. P contains guessing, so the ratings
/// must too, and their sum lies between Σc and n. The standard error is that of the choice of
/// judges alone: neither the items' parameters nor the choice of items have a share in it.
///
/// Two judges expect .5 and .7 on each of two items of difficulty zero: the mean sum is 1.2, so
/// P = .6 and θ = ln(.6/.4); SE_sum = .2, and P′ = .24 twice.
/// ```
/// use gradus::psychometrics::irt::ItemModel;
/// use gradus::psychometrics::standard_setting::angoff;
/// let item = ItemModel::logistic(1.0, 0.0, 0.0, 1.0)?;
/// let cut = angoff(&[item.clone(), item], &[vec![0.5, 0.5], vec![0.7, 0.7]])?;
/// assert!((cut.theta - 1.5_f64.ln()).abs() < 1e-9);
/// assert!((cut.sum_se - 0.2).abs() < 1e-12 && (cut.theta_se - 0.2 / 0.48).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Fewer than two judges, a judge without a rating for each item, a rating outside of [0, 1], a sum
/// that no ability has.
pub fn angoff(
    items: &[ItemModel],
    ratings: &[Vec<f64>],
) -> Result<AngoffCut, StandardSettingError> {
    check(items, ratings)?;
    let count = ratings.len() as f64;
    let sums: Vec<f64> = ratings.iter().map(|row| row.iter().fold(0.0, |s, p| s + p)).collect();
    let sum = sums.iter().fold(0.0, |total, sum| total + sum) / count;
    let squares = sums.iter().fold(0.0, |total, own| total + (own - sum) * (own - sum));
    let sum_se = libm::sqrt(squares / (count - 1.0) / count);
    let theta = ability(items, sum)?;
    let slope = items.iter().fold(0.0, |total, item| total + slope(item, theta));
    let judges = sums
        .iter()
        .enumerate()
        .map(|(place, own)| Judge {
            sum: *own,
            theta: ability(items, *own).ok(),
            correlation: correlation(&ratings[place], &mean_of_others(ratings, place)),
        })
        .collect();
    Ok(AngoffCut { sum, sum_se, theta, theta_se: sum_se / slope, judges })
}

fn check(items: &[ItemModel], ratings: &[Vec<f64>]) -> Result<(), StandardSettingError> {
    if ratings.len() < 2 {
        return Err(StandardSettingError::TooFewJudges { judges: ratings.len() });
    }
    for (judge, row) in ratings.iter().enumerate() {
        if row.len() != items.len() {
            let (ratings, items) = (row.len(), items.len());
            return Err(StandardSettingError::Ragged { judge, ratings, items });
        }
        if let Some(item) = row.iter().position(|value| !(0.0..=1.0).contains(value)) {
            return Err(StandardSettingError::NoProbability { judge, item, value: row[item] });
        }
    }
    Ok(())
}

/// The derivative of an item's expected score.
fn slope(item: &ItemModel, theta: f64) -> f64 {
    (1..item.categories())
        .fold(0.0, |sum, category| sum + category as f64 * item.derivatives(theta, category).1)
}

/// The ability whose expected score is the sum.
fn ability(items: &[ItemModel], sum: f64) -> Result<f64, StandardSettingError> {
    let expected =
        |theta: f64| items.iter().fold(0.0, |total, item| total + item.expected_score(theta));
    let (lo, hi) = (expected(-THETA_BOUND), expected(THETA_BOUND));
    let out_of_reach = StandardSettingError::OutOfReach { sum, lo, hi };
    if !(lo < sum && sum < hi) {
        return Err(out_of_reach);
    }
    brent(|theta| expected(theta) - sum, -THETA_BOUND, THETA_BOUND, THETA_TOLERANCE)
        .map_err(|_| out_of_reach)
}

fn mean_of_others(ratings: &[Vec<f64>], judge: usize) -> Vec<f64> {
    let others = (ratings.len() - 1) as f64;
    (0..ratings[judge].len())
        .map(|item| {
            let all = ratings.iter().enumerate().filter(|(place, _)| *place != judge);
            all.fold(0.0, |sum, (_, row)| sum + row[item]) / others
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five items with guessing, of different slopes.
    fn items() -> Vec<ItemModel> {
        let parameters = [
            (1.0, -1.5, 0.2),
            (1.0, -0.6, 0.2),
            (1.3, 0.0, 0.02),
            (0.8, 0.5, 0.057_142_857_1),
            (1.0, 1.2, 0.2),
        ];
        parameters
            .iter()
            .map(|&(a, b, c)| ItemModel::logistic(a, b, c, 1.0).expect("an item"))
            .collect()
    }

    fn ratings() -> Vec<Vec<f64>> {
        vec![
            vec![0.9, 0.8, 0.5, 0.4, 0.3],
            vec![0.85, 0.7, 0.45, 0.5, 0.35],
            vec![0.95, 0.75, 0.6, 0.35, 0.4],
            vec![0.8, 0.85, 0.4, 0.45, 0.25],
        ]
    }

    #[test]
    fn a_panel_gives_the_same_boundary_as_an_independent_program() {
        // Goal: boundary, standard errors and each judge's part. Method: a Python program of its
        // own (bisection, central differences, textbook sums) over the same panel gave sum 2.8875,
        // SE 0.0625, θ −0.0145973244, SE_θ 0.066158890; the judges' θ −0.0013636809,
        // −0.0542815582, 0.1580550175, −0.1601501479 and correlations .997971, .962165, .907354,
        // .929478.
        let cut = angoff(&items(), &ratings()).expect("a boundary");
        assert!((cut.sum - 2.8875).abs() < 1e-12 && (cut.sum_se - 0.0625).abs() < 1e-12);
        assert!((cut.theta + 0.014_597_324_4).abs() < 1e-9);
        assert!((cut.theta_se - 0.066_158_89).abs() < 1e-8);
        let thetas = [-0.001_363_680_9, -0.054_281_558_2, 0.158_055_017_5, -0.160_150_147_9];
        let correlations = [0.997_971, 0.962_165, 0.907_354, 0.929_478];
        for ((judge, theta), r) in cut.judges.iter().zip(thetas).zip(correlations) {
            assert!((judge.theta.expect("in reach") - theta).abs() < 1e-9);
            assert!((judge.correlation.expect("varied") - r).abs() < 1e-6);
            assert!(!judge.is_doubtful());
        }
    }

    #[test]
    fn ratings_that_give_no_boundary_are_refused() {
        // Goal: no boundary from nothing. Method: one judge; a rating left out; 55 for .55; sums at
        // the level of guessing and of full marks.
        let refused = |ratings: &[Vec<f64>]| angoff(&items(), ratings).expect_err("refused");
        assert_eq!(refused(&ratings()[..1]), StandardSettingError::TooFewJudges { judges: 1 });
        let mut ragged = ratings();
        ragged[2].pop();
        assert_eq!(
            refused(&ragged),
            StandardSettingError::Ragged { judge: 2, ratings: 4, items: 5 }
        );
        let mut percent = ratings();
        percent[1][3] = 55.0;
        let wanted = StandardSettingError::NoProbability { judge: 1, item: 3, value: 55.0 };
        assert_eq!(refused(&percent), wanted);
        for row in [vec![0.1; 5], vec![1.0; 5]] {
            let error = refused(&[row.clone(), row]);
            assert!(matches!(error, StandardSettingError::OutOfReach { .. }), "{error:?}");
        }
    }

    #[test]
    fn a_judge_against_all_others_is_doubtful() {
        // Goal: the rule on correlations. Method: a judge who finds hard what the others find easy,
        // and one who gives every item the same rating.
        let mut panel = ratings();
        panel.push(vec![0.3, 0.4, 0.5, 0.8, 0.9]);
        panel.push(vec![0.5; 5]);
        let judges = angoff(&items(), &panel).expect("a boundary").judges;
        let doubtful: Vec<bool> = judges.iter().map(Judge::is_doubtful).collect();
        assert_eq!(doubtful, [false, false, false, false, true, true]);
        assert_eq!(judges[5].correlation, None);
    }
}
