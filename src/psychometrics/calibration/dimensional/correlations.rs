//! The M-step of the abilities' correlations: from the people's expected second moments to the
//! correlation matrix that makes them most probable. Never leaves the correlation matrices.

use crate::psychometrics::numeric::linalg::SymmetricMatrix;

/// Every eigenvalue stays above this: nearer to singular, two abilities are one in the data.
const EIGENVALUE_MIN: f64 = 1e-3;
/// Most scoring steps of one M-step.
const STEPS_MAX: usize = 20;
/// A step shorter than this ends it.
const STEP_MIN: f64 = 1e-10;
/// How often a step is halved.
const HALVINGS_MAX: usize = 30;

/// Where an M-step of the correlations began and ended.
pub(super) struct Rise {
    /// The new correlations.
    pub matrix: SymmetricMatrix,
    /// The largest |∂ log-likelihood/∂ρ| at the old ones.
    pub gradient_at_start: f64,
}

/// The pairs below the diagonal, row by row.
pub(super) fn for_each_pair(size: usize, mut each: impl FnMut(usize, usize)) {
    for row in 0..size {
        for column in 0..row {
            each(row, column);
        }
    }
}

fn pairs(size: usize) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for_each_pair(size, |row, column| pairs.push((row, column)));
    pairs
}

/// Whether a matrix of unit diagonal is positive definite with room to spare.
pub(super) fn is_inside(matrix: &SymmetricMatrix) -> bool {
    margin(matrix, EIGENVALUE_MIN)
}

/// Whether a matrix stands at the edge of what [`is_inside`] allows.
pub(super) fn at_edge(matrix: &SymmetricMatrix) -> bool {
    !margin(matrix, 2.0 * EIGENVALUE_MIN)
}

fn margin(matrix: &SymmetricMatrix, least: f64) -> bool {
    let mut lowered = matrix.clone();
    for i in 0..matrix.size() {
        lowered.set(i, i, matrix.get(i, i) - least);
    }
    matrix.as_slice().iter().all(|value| value.is_finite()) && lowered.cholesky().is_ok()
}

/// ln|R| + tr(R⁻¹S) and R⁻¹; `None` outside.
fn deviance(matrix: &SymmetricMatrix, moments: &SymmetricMatrix) -> Option<(f64, SymmetricMatrix)> {
    if !is_inside(matrix) {
        return None;
    }
    let factor = matrix.cholesky().ok()?;
    let inverse = factor.inverse();
    let products = inverse.as_slice().iter().zip(moments.as_slice());
    let trace: f64 = products.map(|(p, s)| p * s).sum();
    Some((factor.log_determinant() + trace, inverse))
}

/// ∂(−n/2 (ln|R| + tr(R⁻¹S)))/∂ρ_kl = n (R⁻¹SR⁻¹ − R⁻¹)_kl, a pair each.
pub(super) fn gradient(inverse: &SymmetricMatrix, moments: &SymmetricMatrix, n: f64) -> Vec<f64> {
    let size = inverse.size();
    let half: Vec<Vec<f64>> = (0..size).map(|k| moments.multiply(inverse.row(k))).collect();
    let cell = |(k, l): (usize, usize)| {
        let twice: f64 = inverse.row(l).iter().zip(&half[k]).map(|(p, h)| p * h).sum();
        n * (twice - inverse.get(k, l))
    };
    pairs(size).into_iter().map(cell).collect()
}

/// Maximises −n/2 (ln|R| + tr(R⁻¹S)) over correlation matrices R, S the mean second moments, by
/// Fisher scoring: the information of ρ_kl and ρ_mn is n (P_km P_ln + P_kn P_lm), P = R⁻¹
/// (Jöreskog, 1978, *Psychometrika* 43, 443–477).
pub(super) fn maximize(start: &SymmetricMatrix, moments: &SymmetricMatrix, n: f64) -> Rise {
    let pairs = pairs(start.size());
    let mut rise = Rise { matrix: start.clone(), gradient_at_start: 0.0 };
    let Some((mut at, mut inverse)) = deviance(start, moments) else { return rise };
    for step in 0..STEPS_MAX {
        let slopes = gradient(&inverse, moments, n);
        if step == 0 {
            rise.gradient_at_start = slopes.iter().fold(0.0, |most: f64, g| most.max(g.abs()));
        }
        let Some(direction) = scoring(&inverse, &slopes, &pairs, n) else { break };
        let length = direction.iter().fold(0.0, |most: f64, d| most.max(d.abs()));
        if length < STEP_MIN {
            break;
        }
        let mut share = 1.0;
        let mut found = None;
        for _ in 0..HALVINGS_MAX {
            let mut next = rise.matrix.clone();
            for (&(k, l), d) in pairs.iter().zip(&direction) {
                next.set(k, l, rise.matrix.get(k, l) + share * d);
            }
            match deviance(&next, moments) {
                Some((value, inverse)) if value <= at + 1e-14 * at.abs() => {
                    found = Some((next, value, inverse));
                    break;
                }
                _ => share *= 0.5,
            }
        }
        let Some((next, value, next_inverse)) = found else { break };
        (rise.matrix, at, inverse) = (next, value, next_inverse);
    }
    rise
}

/// The information of the pairs.
fn information(inverse: &SymmetricMatrix, pairs: &[(usize, usize)], n: f64) -> SymmetricMatrix {
    let mut matrix = SymmetricMatrix::zeros(pairs.len());
    for (row, &(k, l)) in pairs.iter().enumerate() {
        for (column, &(m, o)) in pairs.iter().enumerate().take(row + 1) {
            let value =
                inverse.get(k, m) * inverse.get(l, o) + inverse.get(k, o) * inverse.get(l, m);
            matrix.set(row, column, n * value);
        }
    }
    matrix
}

fn scoring(
    inverse: &SymmetricMatrix,
    slopes: &[f64],
    pairs: &[(usize, usize)],
    n: f64,
) -> Option<Vec<f64>> {
    Some(information(inverse, pairs, n).cholesky().ok()?.solve(slopes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_unit_variance_are_their_own_maximum() {
        // Goal: with unit variances the maximum is the matrix of moments itself, and the gradient
        // there is 0. Method: three abilities, from independence.
        let mut moments = SymmetricMatrix::identity(3);
        for (pair, rho) in [(1, 0), (2, 0), (2, 1)].into_iter().zip([0.3, 0.5, -0.2]) {
            moments.set(pair.0, pair.1, rho);
        }
        let rise = maximize(&SymmetricMatrix::identity(3), &moments, 100.0);
        for (found, known) in rise.matrix.as_slice().iter().zip(moments.as_slice()) {
            assert!((found - known).abs() < 1e-9);
        }
        assert!((rise.gradient_at_start - 50.0).abs() < 1e-9);
    }

    #[test]
    fn other_variances_obey_the_likelihood_equation() {
        // Goal: for two abilities the maximum solves ρ³ − s₁₂ρ² + (s₁₁ + s₂₂ − 1)ρ − s₁₂ = 0
        // (Kendall & Stuart, The Advanced Theory of Statistics 2, §18: known variances). Method:
        // the cubic at the result; and moments of one single ability end inside, at the edge.
        let moments = SymmetricMatrix::from_rows(2, vec![1.3, 0.6, 0.6, 0.8]).unwrap();
        let rise = maximize(&SymmetricMatrix::identity(2), &moments, 10.0);
        let rho = rise.matrix.get(1, 0);
        let cubic = rho * rho * rho - 0.6 * rho * rho + (1.3 + 0.8 - 1.0) * rho - 0.6;
        assert!(cubic.abs() < 1e-8, "{rho} {cubic}");
        let flat = SymmetricMatrix::equicorrelated(2, 1.0);
        let edge = maximize(&SymmetricMatrix::identity(2), &flat, 10.0).matrix;
        assert!(is_inside(&edge) && edge.get(1, 0) > 0.99, "{}", edge.get(1, 0));
    }
}
