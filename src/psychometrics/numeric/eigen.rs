//! Eigenvalues of small symmetric matrices. Meant for information matrices of some twenty
//! abilities; it never computes eigenvectors, which nothing here needs.

use super::linalg::SymmetricMatrix;

/// Most sweeps over the off-diagonal cells. Convergence is quadratic: matrices of this size need
/// five to eight.
const SWEEPS_MAX: usize = 60;

/// All eigenvalues in ascending order, by cyclic Jacobi rotations (Golub & Van Loan, 2013,
/// *Matrix Computations*, 4th ed., §8.5.3), which find small eigenvalues of positive
/// semidefinite matrices to a small error relative to the largest.
///
/// ```
/// use gradus::psychometrics::numeric::{eigen::eigenvalues, linalg::SymmetricMatrix};
/// let found = eigenvalues(&SymmetricMatrix::equicorrelated(3, 0.5));
/// for (value, exact) in found.iter().zip([0.5, 0.5, 2.0]) {
///     assert!((value - exact).abs() < 1e-15);
/// }
/// ```
pub fn eigenvalues(matrix: &SymmetricMatrix) -> Vec<f64> {
    let n = matrix.size();
    let mut work = matrix.clone();
    for _ in 0..SWEEPS_MAX {
        if off_diagonal(&work) == 0.0 {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut work, p, q);
            }
        }
    }
    let mut values: Vec<f64> = (0..n).map(|i| work.get(i, i)).collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The largest off-diagonal cell, cells too small to change their diagonal counted as zero.
fn off_diagonal(matrix: &SymmetricMatrix) -> f64 {
    let n = matrix.size();
    let mut largest = 0.0f64;
    for p in 0..n {
        for q in p + 1..n {
            if !is_negligible(matrix, p, q) {
                largest = largest.max(matrix.get(p, q).abs());
            }
        }
    }
    largest
}

fn is_negligible(matrix: &SymmetricMatrix, p: usize, q: usize) -> bool {
    let n = matrix.size();
    let scale = (0..n).map(|i| matrix.get(i, i).abs()).fold(0.0, f64::max);
    matrix.get(p, q).abs() <= 1e-3 * f64::EPSILON * scale
}

/// The rotation in the plane of p and q that makes their common cell zero.
fn rotate(matrix: &mut SymmetricMatrix, p: usize, q: usize) {
    if is_negligible(matrix, p, q) {
        matrix.set(p, q, 0.0);
        return;
    }
    let cell = matrix.get(p, q);
    let tau = (matrix.get(q, q) - matrix.get(p, p)) / (2.0 * cell);
    let sign = if tau >= 0.0 { 1.0 } else { -1.0 };
    let t = sign / (tau.abs() + (1.0 + tau * tau).sqrt());
    let c = 1.0 / (1.0 + t * t).sqrt();
    let s = t * c;
    let (low, high) = (matrix.get(p, p) - t * cell, matrix.get(q, q) + t * cell);
    for r in (0..matrix.size()).filter(|r| *r != p && *r != q) {
        let (left, right) = (matrix.get(r, p), matrix.get(r, q));
        matrix.set(r, p, c * left - s * right);
        matrix.set(r, q, s * left + c * right);
    }
    matrix.set(p, p, low);
    matrix.set(q, q, high);
    matrix.set(p, q, 0.0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sum_and_product_are_trace_and_determinant(
            entries in proptest::collection::vec(-2.0f64..2.0, 25),
        ) {
            // Goal: the eigenvalues of M are its own: Σλ = tr M, Σλ² = ‖M‖², Πλ = det M. Method:
            // random positive definite matrices of size 5; the determinant by Cholesky.
            let mut matrix = SymmetricMatrix::diagonal(&[0.5; 5]);
            for column in entries.chunks_exact(5) {
                matrix.add_outer(1.0, column);
            }
            let values = eigenvalues(&matrix);
            let trace: f64 = (0..5).map(|i| matrix.get(i, i)).sum();
            let norm: f64 = matrix.as_slice().iter().map(|cell| cell * cell).sum();
            let log_determinant: f64 = values.iter().map(|value| libm::log(*value)).sum();
            let sums = (values.iter().sum::<f64>(), values.iter().map(|v| v * v).sum::<f64>());
            prop_assert!((sums.0 - trace).abs() < 1e-12 * trace);
            prop_assert!((sums.1 - norm).abs() < 1e-12 * norm);
            prop_assert!((log_determinant - matrix.cholesky().unwrap().log_determinant()).abs() < 1e-10);
        }
    }

    #[test]
    fn directions_without_information_have_eigenvalue_zero() {
        // Goal: a matrix of rank one in five dimensions has four eigenvalues of (nearly) zero.
        // Method: vvᵀ, whose other eigenvalue is vᵀv.
        let mut matrix = SymmetricMatrix::zeros(5);
        matrix.add_outer(1.0, &[1.0, 2.0, 0.5, -1.0, 0.0]);
        let values = eigenvalues(&matrix);
        assert!((values[4] - 6.25).abs() < 1e-14);
        assert!(values[..4].iter().all(|value| value.abs() < 1e-15), "{values:?}");
        assert_eq!(eigenvalues(&SymmetricMatrix::zeros(2)), [0.0, 0.0]);
        assert!(eigenvalues(&SymmetricMatrix::zeros(0)).is_empty());
    }
}
