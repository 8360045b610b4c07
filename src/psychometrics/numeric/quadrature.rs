//! Quadrature: equally spaced grids with trapezoid weights and the fifteen-point Gauss–Hermite
//! rule for the standard normal. A grid holds no density; the caller multiplies by its own.

use thiserror::Error;

use super::sums::blocked_dot;

/// Most points a grid may have: a request for more is a slip of the hand.
pub const GRID_POINTS_MAX: usize = 1_000_001;

/// Why a grid could not be made.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum GridError {
    /// The ends are not finite or not in order.
    #[error("a grid needs finite ends in order, not {lo} and {hi}")]
    Ends {
        /// The lower end as given.
        lo: f64,
        /// The upper end as given.
        hi: f64,
    },
    /// Fewer than two points or too many.
    #[error("a grid needs 2 to {GRID_POINTS_MAX} points, not {points}")]
    Points {
        /// The number of points as given.
        points: usize,
    },
}

/// Points and weights of a quadrature rule on an interval.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    points: Vec<f64>,
    weights: Vec<f64>,
}

impl Grid {
    /// n equally spaced points of [lo, hi], both ends included, with trapezoid weights: the step
    /// inside, half the step at the ends.
    ///
    /// # Errors
    /// Ends out of order or not finite; fewer than two points.
    ///
    /// ```
    /// use gradus::psychometrics::numeric::quadrature::Grid;
    /// let grid = Grid::trapezoid(-4.0, 4.0, 33)?;
    /// assert_eq!(grid.points()[1], -3.75);
    /// assert_eq!(grid.weights()[0], 0.125);
    /// assert_eq!(grid.integrate(|_| 1.0), 8.0);
    /// # Ok::<(), gradus::psychometrics::numeric::quadrature::GridError>(())
    /// ```
    pub fn trapezoid(lo: f64, hi: f64, n: usize) -> Result<Self, GridError> {
        if !(lo.is_finite() && hi.is_finite() && lo < hi) {
            return Err(GridError::Ends { lo, hi });
        }
        if !(2..=GRID_POINTS_MAX).contains(&n) {
            return Err(GridError::Points { points: n });
        }
        Ok(Self::equally_spaced(lo, hi, n))
    }

    /// The grid of `gradus score`: [−6, 6], 121 points.
    pub fn scoring() -> Self {
        Self::equally_spaced(-6.0, 6.0, 121)
    }

    /// The grid of sessions and simulations: [−6, 6], 61 points.
    pub fn session() -> Self {
        Self::equally_spaced(-6.0, 6.0, 61)
    }

    /// The trapezoid rule for ends and a count that are known to be in order.
    fn equally_spaced(lo: f64, hi: f64, n: usize) -> Self {
        let intervals = (n - 1) as f64;
        let step = (hi - lo) / intervals;
        // Each point comes from its index: adding the step up would collect its rounding.
        let mut points: Vec<f64> =
            (0..n).map(|i| lo + (hi - lo) * (i as f64) / intervals).collect();
        points[n - 1] = hi;
        let mut weights = vec![step; n];
        weights[0] = 0.5 * step;
        weights[n - 1] = 0.5 * step;
        Self { points, weights }
    }

    /// The points in ascending order.
    pub fn points(&self) -> &[f64] {
        &self.points
    }

    /// The weights, one a point.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether the grid has no points; it never does.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The lower end.
    pub fn lo(&self) -> f64 {
        self.points[0]
    }

    /// The upper end.
    pub fn hi(&self) -> f64 {
        self.points[self.points.len() - 1]
    }

    /// Σ w_i f(x_i) in the fixed order of [`blocked_dot`].
    pub fn integrate(&self, mut f: impl FnMut(f64) -> f64) -> f64 {
        let values: Vec<f64> = self.points.iter().map(|&x| f(x)).collect();
        blocked_dot(&self.weights, &values)
    }

    /// Σ w_i v_i for values already computed at the points.
    pub fn integrate_values(&self, values: &[f64]) -> f64 {
        blocked_dot(&self.weights, values)
    }
}

/// Nodes and weights (x, w) with Σ w f(x) = E[f(X)], X ~ N(0, 1), exact for polynomials up to
/// degree 29: the Gauss rule of the probabilists' Hermite polynomial He₁₅, roots and
/// w = 15!/(15 He₁₄(x))² computed with forty digits (Abramowitz & Stegun, 1964, 25.4.46, after
/// the change of variable x = √2 t).
///
/// ```
/// use gradus::psychometrics::numeric::quadrature::gauss_hermite_15;
/// let fourth: f64 = gauss_hermite_15().iter().map(|(x, w)| w * x * x * x * x).sum();
/// assert!((fourth - 3.0).abs() < 1e-13);
/// ```
pub fn gauss_hermite_15() -> &'static [(f64, f64); 15] {
    &GAUSS_HERMITE_15
}

const GAUSS_HERMITE_15: [(f64, f64); 15] = [
    (-6.363947888829839, 8.58964989963327e-10),
    (-5.190093591304781, 5.975419597920605e-07),
    (-4.1962077112690155, 5.642146405189017e-05),
    (-3.2890824243987664, 0.0015673575035499562),
    (-2.432436827009758, 0.017365774492137605),
    (-1.6067100690287297, 0.0894177953998444),
    (-0.799129068324548, 0.23246229360973222),
    (0.0, 0.31825951825951826),
    (0.799129068324548, 0.23246229360973222),
    (1.6067100690287297, 0.0894177953998444),
    (2.432436827009758, 0.017365774492137605),
    (3.2890824243987664, 0.0015673575035499562),
    (4.1962077112690155, 5.642146405189017e-05),
    (5.190093591304781, 5.975419597920605e-07),
    (6.363947888829839, 8.58964989963327e-10),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gauss_hermite_integrates_normal_moments() {
        // Goal: the table has no wrong digit. Method: all moments up to the 28th, which are the
        // double factorials, and symmetry.
        let rule = gauss_hermite_15();
        let mut expected = 1.0;
        for half in 0..=14 {
            let moment: f64 = rule.iter().map(|(x, w)| w * libm::pow(*x, 2.0 * half as f64)).sum();
            assert!((moment / expected - 1.0).abs() < 1e-12, "moment {}: {moment}", 2 * half);
            expected *= 2.0 * f64::from(half) + 1.0;
        }
        for i in 0..15 {
            assert_eq!(rule[i].0, -rule[14 - i].0);
            assert_eq!(rule[i].1, rule[14 - i].1);
        }
    }

    #[test]
    fn trapezoid_integrates_the_normal_density() {
        // Goal: the rule is the trapezoid one. Method: for a density that vanishes at the ends it
        // converges faster than any power of the step, so 121 points give the mass to 1e-8; a
        // straight line is exact.
        let grid = Grid::scoring();
        let mass = grid.integrate(super::super::special::normal_density);
        assert!((mass - 1.0).abs() < 1e-8, "{mass}");
        let line = Grid::trapezoid(1.0, 3.0, 7).unwrap().integrate(|x| 2.0 * x + 1.0);
        assert!((line - 10.0).abs() < 1e-12);
        assert_eq!(grid.points()[60], 0.0);
    }

    #[test]
    fn a_grid_that_cannot_be_is_refused() {
        // Goal: bad ends and counts become errors with payloads. Method: one of each kind.
        assert_eq!(Grid::trapezoid(1.0, 1.0, 5), Err(GridError::Ends { lo: 1.0, hi: 1.0 }));
        assert_eq!(Grid::trapezoid(0.0, 1.0, 1), Err(GridError::Points { points: 1 }));
        assert!(Grid::trapezoid(f64::NEG_INFINITY, 1.0, 9).is_err());
    }
}
