//! Small dense symmetric matrices: Cholesky factors, solutions, inverses, determinants and
//! rank-one updates. Meant for the covariance of some twenty abilities; it never allocates more
//! than the matrix it returns and never reorders a sum.

use thiserror::Error;

use super::tolerance::SYMMETRY;

/// Why a matrix could not be made or factored.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum LinalgError {
    /// The number of values is not the square of the size.
    #[error("a matrix of size {size} needs {} values, not {values}", size * size)]
    Shape {
        /// The size as given.
        size: usize,
        /// The number of values as given.
        values: usize,
    },
    /// A value is not finite or differs from its mirror image.
    #[error("the matrix is not finite and symmetric at row {row}, column {column}")]
    NotSymmetric {
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
    },
    /// The matrix is not positive definite.
    #[error("the matrix is not positive definite: pivot {row} is {pivot}")]
    NotPositiveDefinite {
        /// The row of the bad pivot, from 0.
        row: usize,
        /// The squared pivot.
        pivot: f64,
    },
}

/// A symmetric matrix, stored whole in rows.
#[derive(Debug, Clone, PartialEq)]
pub struct SymmetricMatrix {
    size: usize,
    values: Vec<f64>,
}

impl SymmetricMatrix {
    /// The zero matrix.
    pub fn zeros(size: usize) -> Self {
        Self { size, values: vec![0.0; size * size] }
    }

    /// A diagonal matrix.
    pub fn diagonal(diagonal: &[f64]) -> Self {
        let mut matrix = Self::zeros(diagonal.len());
        for (i, value) in diagonal.iter().enumerate() {
            matrix.set(i, i, *value);
        }
        matrix
    }

    /// The unit matrix.
    pub fn identity(size: usize) -> Self {
        Self::diagonal(&vec![1.0; size])
    }

    /// The correlation matrix with one correlation ρ between all pairs.
    ///
    /// ```
    /// use gradus::psychometrics::numeric::linalg::SymmetricMatrix;
    /// let matrix = SymmetricMatrix::equicorrelated(3, 0.5);
    /// assert_eq!((matrix.get(0, 0), matrix.get(2, 1)), (1.0, 0.5));
    /// ```
    pub fn equicorrelated(size: usize, correlation: f64) -> Self {
        let mut matrix = Self { size, values: vec![correlation; size * size] };
        for i in 0..size {
            matrix.set(i, i, 1.0);
        }
        matrix
    }

    /// A matrix from its rows.
    ///
    /// # Errors
    /// The wrong number of values, one that is not finite, or one that differs from its mirror
    /// image by more than [`SYMMETRY`].
    pub fn from_rows(size: usize, values: Vec<f64>) -> Result<Self, LinalgError> {
        if values.len() != size * size {
            return Err(LinalgError::Shape { size, values: values.len() });
        }
        for row in 0..size {
            for column in 0..=row {
                let (value, mirror) = (values[row * size + column], values[column * size + row]);
                let finite = value.is_finite() && mirror.is_finite();
                if !finite || (value - mirror).abs() > SYMMETRY * (1.0 + value.abs()) {
                    return Err(LinalgError::NotSymmetric { row, column });
                }
            }
        }
        Ok(Self { size, values })
    }

    /// Number of rows.
    pub fn size(&self) -> usize {
        self.size
    }

    /// All values, row after row.
    pub fn as_slice(&self) -> &[f64] {
        &self.values
    }

    /// The value at a row and a column.
    #[inline]
    pub fn get(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.size + column]
    }

    /// Sets a value and its mirror image.
    #[inline]
    pub fn set(&mut self, row: usize, column: usize, value: f64) {
        self.values[row * self.size + column] = value;
        self.values[column * self.size + row] = value;
    }

    /// A row, which is also the column of that number.
    #[inline]
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.size..(row + 1) * self.size]
    }

    /// Adds `scale`·v·vᵀ in place: the rank-one update of a covariance or a precision.
    ///
    /// ```
    /// use gradus::psychometrics::numeric::linalg::SymmetricMatrix;
    /// let mut matrix = SymmetricMatrix::identity(2);
    /// matrix.add_outer(-0.5, &[1.0, 1.0]);
    /// assert_eq!(matrix.as_slice(), [0.5, -0.5, -0.5, 0.5]);
    /// ```
    pub fn add_outer(&mut self, scale: f64, vector: &[f64]) {
        debug_assert_eq!(vector.len(), self.size);
        for (row, values) in self.values.chunks_exact_mut(self.size.max(1)).enumerate() {
            for (column, value) in values.iter_mut().enumerate() {
                // The product of the two entries first: equal bits on both sides of the diagonal.
                *value += scale * (vector[row] * vector[column]);
            }
        }
    }

    /// M·v.
    pub fn multiply(&self, vector: &[f64]) -> Vec<f64> {
        debug_assert_eq!(vector.len(), self.size);
        (0..self.size).map(|row| dot(self.row(row), vector)).collect()
    }

    /// vᵀMv, the variance of the weighted sum vᵀθ when M is the covariance of θ.
    pub fn quadratic_form(&self, vector: &[f64]) -> f64 {
        debug_assert_eq!(vector.len(), self.size);
        (0..self.size).map(|row| vector[row] * dot(self.row(row), vector)).sum()
    }

    /// The lower Cholesky factor L with M = LLᵀ.
    ///
    /// # Errors
    /// The matrix is not positive definite.
    ///
    /// ```
    /// use gradus::psychometrics::numeric::linalg::SymmetricMatrix;
    /// let matrix = SymmetricMatrix::from_rows(2, vec![4.0, 2.0, 2.0, 5.0])?;
    /// let factor = matrix.cholesky()?;
    /// assert_eq!(factor.lower(1, 0), 1.0);
    /// assert!((factor.log_determinant() - 16.0_f64.ln()).abs() < 1e-15);
    /// assert_eq!(factor.solve(&[8.0, 8.0]), [1.5, 1.0]);
    /// # Ok::<(), gradus::psychometrics::numeric::linalg::LinalgError>(())
    /// ```
    pub fn cholesky(&self) -> Result<Cholesky, LinalgError> {
        let n = self.size;
        let mut factor = vec![0.0; n * n];
        for row in 0..n {
            for column in 0..=row {
                let (above, below) = factor.split_at(row * n);
                let left = if column == row { below } else { &above[column * n..] };
                let rest = self.get(row, column) - dot(&below[..column], &left[..column]);
                factor[row * n + column] = if column < row {
                    rest / factor[column * n + column]
                } else if rest > 0.0 && rest.is_finite() {
                    rest.sqrt()
                } else {
                    return Err(LinalgError::NotPositiveDefinite { row, pivot: rest });
                };
            }
        }
        Ok(Cholesky { size: n, factor })
    }

    /// The inverse, through the Cholesky factor.
    ///
    /// # Errors
    /// The matrix is not positive definite.
    pub fn inverse(&self) -> Result<Self, LinalgError> {
        Ok(self.cholesky()?.inverse())
    }
}

/// Σ u_i v_i in index order; the vectors here are shorter than two blocks.
#[inline]
fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).fold(0.0, |sum, (u, v)| sum + u * v)
}

/// The lower triangular factor L of a positive definite matrix LLᵀ.
#[derive(Debug, Clone, PartialEq)]
pub struct Cholesky {
    size: usize,
    factor: Vec<f64>,
}

impl Cholesky {
    /// Number of rows.
    pub fn size(&self) -> usize {
        self.size
    }

    /// An entry of L; zero above the diagonal.
    #[inline]
    pub fn lower(&self, row: usize, column: usize) -> f64 {
        self.factor[row * self.size + column]
    }

    /// ln det(LLᵀ) = 2 Σ ln L_ii.
    pub fn log_determinant(&self) -> f64 {
        (0..self.size).map(|i| 2.0 * libm::log(self.lower(i, i))).sum()
    }

    /// L·z: turns independent standard normal numbers into a draw with this covariance.
    pub fn multiply_lower(&self, vector: &[f64]) -> Vec<f64> {
        let n = self.size;
        (0..n).map(|row| dot(&self.factor[row * n..row * n + row + 1], vector)).collect()
    }

    /// L⁻¹·v by forward substitution.
    pub fn solve_lower(&self, vector: &[f64]) -> Vec<f64> {
        let n = self.size;
        let mut solution = vector.to_vec();
        for row in 0..n {
            let known = dot(&self.factor[row * n..row * n + row], &solution[..row]);
            solution[row] = (solution[row] - known) / self.lower(row, row);
        }
        solution
    }

    /// The x with LLᵀx = v.
    pub fn solve(&self, vector: &[f64]) -> Vec<f64> {
        let mut solution = self.solve_lower(vector);
        for row in (0..self.size).rev() {
            let mut rest = solution[row];
            for (below, value) in solution.iter().enumerate().skip(row + 1) {
                rest -= self.lower(below, row) * value;
            }
            solution[row] = rest / self.lower(row, row);
        }
        solution
    }

    /// (LLᵀ)⁻¹, exactly symmetric.
    pub fn inverse(&self) -> SymmetricMatrix {
        let n = self.size;
        let mut inverse = SymmetricMatrix::zeros(n);
        for column in 0..n {
            let mut unit = vec![0.0; n];
            unit[column] = 1.0;
            let solution = self.solve(&unit);
            for (row, value) in solution.iter().enumerate().skip(column) {
                inverse.set(row, column, *value);
            }
        }
        inverse
    }

    /// Replaces the factor of M by the factor of M + `scale`·v·vᵀ in O(n²) (Gill, Golub, Murray &
    /// Saunders, 1974, *Mathematics of Computation* 28, method C1).
    ///
    /// # Errors
    /// The updated matrix is not positive definite; the factor is then unchanged.
    ///
    /// ```
    /// use gradus::psychometrics::numeric::linalg::SymmetricMatrix;
    /// let mut factor = SymmetricMatrix::identity(2).cholesky()?;
    /// factor.rank_one_update(3.0, &[1.0, 0.0])?;
    /// assert_eq!(factor.lower(0, 0), 2.0);
    /// assert!(factor.rank_one_update(-4.0, &[1.0, 0.0]).is_err());
    /// # Ok::<(), gradus::psychometrics::numeric::linalg::LinalgError>(())
    /// ```
    pub fn rank_one_update(&mut self, scale: f64, vector: &[f64]) -> Result<(), LinalgError> {
        let n = self.size;
        let mut updated = self.factor.clone();
        let mut rest = vector.to_vec();
        let mut weight = scale;
        for column in 0..n {
            let old = updated[column * n + column];
            let pivot = old * old + weight * rest[column] * rest[column];
            if !(pivot > 0.0 && pivot.is_finite()) {
                return Err(LinalgError::NotPositiveDefinite { row: column, pivot });
            }
            let new = pivot.sqrt();
            let gain = weight * rest[column] / pivot;
            for row in column + 1..n {
                let entry = updated[row * n + column] / old;
                rest[row] -= rest[column] * entry;
                updated[row * n + column] = new * (entry + gain * rest[row]);
            }
            updated[column * n + column] = new;
            weight *= old * old / pivot;
        }
        self.factor = updated;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A random positive definite matrix BBᵀ + I/2.
    fn positive_definite(size: usize, entries: &[f64]) -> SymmetricMatrix {
        let mut matrix = SymmetricMatrix::diagonal(&vec![0.5; size]);
        for column in entries.chunks_exact(size) {
            matrix.add_outer(1.0, column);
        }
        matrix
    }

    proptest! {
        #[test]
        fn factor_solution_and_inverse_agree(
            entries in proptest::collection::vec(-2.0f64..2.0, 25),
            vector in proptest::collection::vec(-3.0f64..3.0, 5),
        ) {
            // Goal: LLᵀ = M, M·solve(v) = v, M·M⁻¹ = I. Method: random matrices of size 5.
            let matrix = positive_definite(5, &entries);
            let factor = matrix.cholesky().unwrap();
            let inverse = matrix.inverse().unwrap();
            for i in 0..5 {
                let recovered = factor.multiply_lower(&{
                    let mut row: Vec<f64> = (0..5).map(|k| factor.lower(i, k)).collect();
                    row.resize(5, 0.0);
                    row
                });
                let unit = matrix.multiply(inverse.row(i));
                for j in 0..5 {
                    prop_assert!((recovered[j] - matrix.get(i, j)).abs() < 1e-12 * 100.0);
                    prop_assert!((unit[j] - f64::from(u8::from(i == j))).abs() < 1e-9);
                }
            }
            let solved = matrix.multiply(&factor.solve(&vector));
            for (found, given) in solved.iter().zip(&vector) {
                prop_assert!((found - given).abs() < 1e-9);
            }
        }

        #[test]
        fn updating_the_factor_equals_factoring_the_update(
            entries in proptest::collection::vec(-2.0f64..2.0, 16),
            vector in proptest::collection::vec(-1.0f64..1.0, 4),
            scale in -0.1f64..5.0,
        ) {
            // Goal: the rank-one update is right for both signs and keeps the determinant lemma
            // det(M + s·vvᵀ) = det(M)(1 + s·vᵀM⁻¹v). Method: random matrices of size 4.
            let mut matrix = positive_definite(4, &entries);
            let mut factor = matrix.cholesky().unwrap();
            let spread = matrix.inverse().unwrap().quadratic_form(&vector);
            prop_assume!(1.0 + scale * spread > 1e-3);
            let log_determinant = factor.log_determinant() + libm::log1p(scale * spread);
            factor.rank_one_update(scale, &vector).unwrap();
            matrix.add_outer(scale, &vector);
            let expected = matrix.cholesky().unwrap();
            for i in 0..4 {
                for j in 0..=i {
                    prop_assert!((factor.lower(i, j) - expected.lower(i, j)).abs() < 1e-8);
                }
            }
            prop_assert!((factor.log_determinant() - log_determinant).abs() < 1e-8);
        }
    }

    #[test]
    fn bad_matrices_are_refused() {
        // Goal: shape, symmetry and definiteness are checked. Method: one matrix of each fault.
        let shape = SymmetricMatrix::from_rows(2, vec![1.0; 3]);
        assert_eq!(shape, Err(LinalgError::Shape { size: 2, values: 3 }));
        let mirror = SymmetricMatrix::from_rows(2, vec![1.0, 0.5, 0.4, 1.0]);
        assert_eq!(mirror, Err(LinalgError::NotSymmetric { row: 1, column: 0 }));
        assert!(SymmetricMatrix::from_rows(1, vec![f64::NAN]).is_err());
        let indefinite = SymmetricMatrix::from_rows(2, vec![1.0, 2.0, 2.0, 1.0]).unwrap();
        let expected = LinalgError::NotPositiveDefinite { row: 1, pivot: -3.0 };
        assert_eq!(indefinite.cholesky(), Err(expected));
    }

    #[test]
    fn empty_matrices_are_harmless() {
        // Goal: size 0 does not divide by zero. Method: every operation on the empty matrix.
        let mut matrix = SymmetricMatrix::zeros(0);
        matrix.add_outer(1.0, &[]);
        let factor = matrix.cholesky().unwrap();
        assert_eq!(factor.log_determinant(), 0.0);
        assert_eq!(factor.inverse(), matrix);
        assert!(factor.solve(&[]).is_empty());
    }
}
