//! Estimates that need no iteration: what early computer-adaptive tests used, and still good for
//! a check on the back of an envelope. Nothing in a session uses them.

use crate::psychometrics::scale::LogisticScale;

/// Wright's estimate for a Rasch test aimed at the person: mean difficulty + ln(right/wrong)
/// (Wright & Stone, 1979, *Best Test Design*, ch. 2; Linacre, 2000). `None` while all answers are
/// right or all wrong.
///
/// ```
/// use gradus::psychometrics::estimation::by_hand::wright;
/// let (theta, error) = wright(2.0, 7, 3).unwrap();
/// assert!((theta - 2.84730).abs() < 5e-6 && (error - 0.69007).abs() < 5e-6);
/// ```
///
/// The standard error is √(n/(right·wrong)), exact when all items have one difficulty.
pub fn wright(mean_difficulty: f64, right: u32, wrong: u32) -> Option<(f64, f64)> {
    if right == 0 || wrong == 0 {
        return None;
    }
    let (right, wrong) = (f64::from(right), f64::from(wrong));
    let theta = mean_difficulty + libm::log(right / wrong);
    Some((theta, ((right + wrong) / (right * wrong)).sqrt()))
}

/// The next difficulty in Wright's procedure: 2/n above the last one after a right answer, below
/// it after a wrong one, n the number of answers so far; on a logistic scale.
///
/// ```
/// use gradus::psychometrics::estimation::by_hand::wright_next_difficulty;
/// use gradus::psychometrics::scale::LogisticScale;
/// let scale = LogisticScale { lo: 0.0, hi: 100.0 };
/// assert!((wright_next_difficulty(scale, 30.0, 1, false) - 5.48212).abs() < 5e-6);
/// ```
pub fn wright_next_difficulty(
    scale: LogisticScale,
    difficulty: f64,
    answers: u32,
    right: bool,
) -> f64 {
    let step = 2.0 / f64::from(answers.max(1));
    scale.show(scale.theta(difficulty) + if right { step } else { -step })
}

/// Dodd's variable step: half way to the hardest item of the bank after a right answer, to the
/// easiest after a wrong one (Dodd, 1990, *Appl. Psychol. Meas.* 14, 355–366). It stands in for
/// maximum likelihood until the answers are mixed.
///
/// ```
/// use gradus::psychometrics::estimation::by_hand::dodd_step;
/// assert!((dodd_step(0.5, (-1.9, 2.1), true) - 1.3).abs() < 1e-15);
/// assert!((dodd_step(0.5, (-1.9, 2.1), false) + 0.7).abs() < 1e-15);
/// ```
pub fn dodd_step(theta: f64, (easiest, hardest): (f64, f64), right: bool) -> f64 {
    theta + 0.5 * (if right { hardest } else { easiest } - theta)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psychometrics::estimation::{Answer, Estimator, Method};
    use crate::psychometrics::irt::ItemModel;

    #[test]
    fn for_equal_items_the_hand_estimate_is_maximum_likelihood() {
        // Goal: with items of one difficulty the hand estimate and its error are exact. Method:
        // seven right of ten items of difficulty .4, against the iterative estimator.
        let item = ItemModel::logistic(1.0, 0.4, 0.0, 1.0).unwrap();
        let answers: Vec<Answer<'_>> =
            (0..10).map(|j| Answer::new(&item, usize::from(j < 7)).unwrap()).collect();
        let exact = Estimator::new(Method::MaximumLikelihood).estimate(&answers).unwrap();
        let (theta, error) = wright(0.4, 7, 3).unwrap();
        assert!((theta - exact.theta).abs() < 1e-9);
        assert!((error - exact.standard_error).abs() < 1e-9);
        assert_eq!((wright(0.4, 0, 10), wright(0.4, 10, 0)), (None, None));
    }
}
