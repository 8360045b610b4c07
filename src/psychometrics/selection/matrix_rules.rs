//! Rules for items that call on several abilities at once: each reduces the information matrix
//! that would be there after an item to one number. This module rates; it never decides which
//! items may be asked.
//!
//! M is the information of the answered items at the present θ, plus the prior's precision where
//! the prior is to count, plus the information I_j(θ) of the candidate. The largest value wins.
//! Without the prior's precision M is singular until enough items are answered: D and E are then
//! 0 for every item and tell nothing.

use crate::psychometrics::irt::Multidimensional;
use crate::psychometrics::numeric::eigen::eigenvalues;
use crate::psychometrics::numeric::linalg::SymmetricMatrix;
use crate::psychometrics::numeric::special::x_log_x;
use crate::psychometrics::numeric::tolerance::RANK;

/// How an information matrix becomes one number (Mulder & van der Linden, 2009, *Psychometrika*
/// 74, 273–296, for D, A, T and E; Segall, 1996, for D with prior).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MatrixRule {
    /// det M: the smallest confidence ellipsoid.
    D,
    /// −tr M⁻¹: the smallest sum of sampling variances.
    A,
    /// tr M.
    T,
    /// The smallest eigenvalue of M: the worst direction measured best.
    E,
    /// wᵀMw with weights w; mirtCAT's W rule has w = (1, …, 1).
    W,
}

impl MatrixRule {
    /// All rules.
    pub const ALL: [Self; 5] = [Self::D, Self::A, Self::T, Self::E, Self::W];

    /// The rule's value for a matrix; the largest is best. `weights` are those of [`Self::W`],
    /// one an ability; the other rules ignore them.
    ///
    /// Directions without information (eigenvalue below [`RANK`] of the largest) count as
    /// exactly that: D and E are 0, and A is the sum over the measured directions, as with a
    /// generalised inverse. A therefore *punishes* an item that opens a new direction: use it
    /// with the prior's precision until all directions are measured.
    ///
    /// ```
    /// use gradus::psychometrics::numeric::linalg::SymmetricMatrix;
    /// use gradus::psychometrics::selection::matrix_rules::MatrixRule;
    /// let matrix = SymmetricMatrix::from_rows(2, vec![2.0, 1.0, 1.0, 2.0])?;
    /// let value = |rule: MatrixRule| rule.value(&matrix, &[1.0, 1.0]);
    /// for (rule, exact) in [
    ///     (MatrixRule::D, 3.0),
    ///     (MatrixRule::A, -4.0 / 3.0),
    ///     (MatrixRule::T, 4.0),
    ///     (MatrixRule::E, 1.0),
    ///     (MatrixRule::W, 6.0),
    /// ] {
    ///     assert!((value(rule) - exact).abs() < 1e-14);
    /// }
    /// # Ok::<(), gradus::psychometrics::numeric::linalg::LinalgError>(())
    /// ```
    pub fn value(self, matrix: &SymmetricMatrix, weights: &[f64]) -> f64 {
        match self {
            Self::T => (0..matrix.size()).fold(0.0, |sum, k| sum + matrix.get(k, k)),
            Self::W => matrix.quadratic_form(weights),
            Self::D | Self::A | Self::E => {
                let values = eigenvalues(matrix);
                let floor = RANK * values.last().copied().unwrap_or(0.0);
                self.of_eigenvalues(&values, floor)
            }
        }
    }

    /// D, A and E from ascending eigenvalues; those up to `floor` count as zero.
    fn of_eigenvalues(self, values: &[f64], floor: f64) -> f64 {
        let singular = values.first().is_some_and(|smallest| *smallest <= floor);
        match self {
            Self::A => values.iter().filter(|v| **v > floor).fold(0.0, |sum, v| sum - 1.0 / v),
            _ if singular => 0.0,
            Self::D => values.iter().product(),
            _ => values.first().copied().unwrap_or(0.0),
        }
    }
}

/// The value of every item under a rule: `so_far` is the information of the answered items at θ,
/// with the prior's precision added where the prior is to count.
///
/// Two items of one ability each: the one on the ability that is known less wins.
/// ```
/// use gradus::psychometrics::irt::Multidimensional;
/// use gradus::psychometrics::numeric::linalg::SymmetricMatrix;
/// use gradus::psychometrics::selection::matrix_rules::{MatrixRule, rate};
/// let on = |slopes| Multidimensional::new(slopes, 0.0, 0.0, 1.0);
/// let items = [on(vec![2.0, 0.0])?, on(vec![0.0, 2.0])?];
/// let so_far = SymmetricMatrix::diagonal(&[3.0, 1.0]);
/// let values = rate(MatrixRule::D, &items, &[0.0, 0.0], &so_far, &[]);
/// assert!((values[0] - 4.0).abs() < 1e-14 && (values[1] - 6.0).abs() < 1e-14);
/// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
/// ```
pub fn rate(
    rule: MatrixRule,
    items: &[Multidimensional],
    theta: &[f64],
    so_far: &SymmetricMatrix,
    weights: &[f64],
) -> Vec<f64> {
    items
        .iter()
        .map(|item| {
            let mut matrix = so_far.clone();
            item.add_information(theta, &mut matrix);
            rule.value(&matrix, weights)
        })
        .collect()
}

/// The half-width δ of [`kullback_leibler`] that mirtCAT uses; its KLn rule has δ√n after n
/// answers.
pub const KL_HALF_WIDTH: f64 = 0.1;

/// Σ_x P_x(θ₁) ln(P_x(θ₁)/P_x(θ₀)) with θ₁ = θ + δ and θ₀ = θ − δ in every ability: how well the
/// item tells two persons on either side of θ apart (Chang & Ying, 1996, *Appl. Psychol. Meas.*
/// 20, 213–229, eq. 6, at one point, as in mirtCAT).
///
/// ```
/// use gradus::psychometrics::irt::Multidimensional;
/// use gradus::psychometrics::selection::matrix_rules::kullback_leibler;
/// // Near θ it is 2δ²·I(η)(Σa)²: here 2 · 10⁻⁶ · ¼ · 4.
/// let item = Multidimensional::new(vec![1.0, 1.0], 0.0, 0.0, 1.0)?;
/// assert!((kullback_leibler(&item, &[0.0, 0.0], 1e-3) / 2e-6 - 1.0).abs() < 1e-5);
/// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
/// ```
pub fn kullback_leibler(item: &Multidimensional, theta: &[f64], half_width: f64) -> f64 {
    let moved = |step: f64| -> Vec<f64> { theta.iter().map(|t| t + step).collect() };
    let (above, below) = (moved(half_width), moved(-half_width));
    (0..2).fold(0.0, |sum, category| {
        let p = item.probability(&above, category);
        sum + x_log_x(p) - p * item.log_probability(&below, category)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn more_information_never_lowers_a_rule(
            slopes in proptest::collection::vec(-2.0f64..2.0, 12),
            theta in proptest::collection::vec(-2.0f64..2.0, 4),
        ) {
            // Goal: with the prior's precision, adding an item raises every rule or leaves it.
            // Method: three random items of four abilities after one another.
            let mut matrix = SymmetricMatrix::equicorrelated(4, 0.5).inverse().unwrap();
            let ones = [1.0; 4];
            for slopes in slopes.chunks_exact(4) {
                prop_assume!(slopes.iter().any(|a| a.abs() > 1e-3));
                let item = Multidimensional::new(slopes.to_vec(), 0.0, 0.1, 1.0).unwrap();
                for rule in MatrixRule::ALL {
                    let before = rule.value(&matrix, &ones);
                    let after = rate(rule, std::slice::from_ref(&item), &theta, &matrix, &ones)[0];
                    prop_assert!(after >= before - 1e-12 * before.abs(), "{rule:?}");
                }
                item.add_information(&theta, &mut matrix);
            }
        }
    }

    #[test]
    fn unmeasured_directions_are_said_to_be_unmeasured() {
        // Goal: with two of three abilities measured D and E are exactly 0, A counts two. Method:
        // diag(2, 4, 0) and the same with rounding noise in the empty cell.
        for noise in [0.0, 1e-17] {
            let matrix = SymmetricMatrix::diagonal(&[2.0, 4.0, noise]);
            assert_eq!(MatrixRule::D.value(&matrix, &[]), 0.0);
            assert_eq!(MatrixRule::E.value(&matrix, &[]), 0.0);
            assert_eq!(MatrixRule::A.value(&matrix, &[]), -0.75);
        }
    }
}
