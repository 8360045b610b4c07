//! Sums with a fixed order. Floating-point addition is not associative, so the order is part of
//! the result: these functions add in eight lanes and fold the lanes in one stated way. They
//! never adapt to the machine.

/// Number of lanes. Eight doubles are one AVX-512 register or two AVX2 registers.
pub const LANES: usize = 8;

/// Folds eight lanes by halves, the way vector registers do.
#[inline(always)]
pub(crate) fn fold(lanes: [f64; LANES]) -> f64 {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// Σ v_i in blocks of eight: lane j adds v_j, v_{j+8}, …; a short last block fills the first
/// lanes; the lanes fold by halves.
///
/// ```
/// use gradus::psychometrics::numeric::sums::blocked_sum;
/// assert_eq!(blocked_sum(&[1.0, 2.0, 3.0]), 6.0);
/// assert_eq!(blocked_sum(&[]), 0.0);
/// ```
pub fn blocked_sum(values: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let mut blocks = values.chunks_exact(LANES);
    for block in &mut blocks {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane += value;
        }
    }
    for (lane, value) in lanes.iter_mut().zip(blocks.remainder()) {
        *lane += value;
    }
    fold(lanes)
}

/// Σ u_i v_i in the order of [`blocked_sum`]; each product is rounded before it is added.
///
/// ```
/// use gradus::psychometrics::numeric::sums::blocked_dot;
/// assert_eq!(blocked_dot(&[1.0, 2.0], &[3.0, 4.0]), 11.0);
/// ```
pub fn blocked_dot(left: &[f64], right: &[f64]) -> f64 {
    debug_assert_eq!(left.len(), right.len());
    let mut lanes = [0.0; LANES];
    let mut lefts = left.chunks_exact(LANES);
    let mut rights = right.chunks_exact(LANES);
    for (u, v) in (&mut lefts).zip(&mut rights) {
        for lane in 0..LANES {
            lanes[lane] += u[lane] * v[lane];
        }
    }
    for (lane, (u, v)) in lanes.iter_mut().zip(lefts.remainder().iter().zip(rights.remainder())) {
        *lane += u * v;
    }
    fold(lanes)
}

/// Σ f(i) for i < n in the order of [`blocked_sum`], without storing the terms.
///
/// ```
/// use gradus::psychometrics::numeric::sums::blocked_sum_by;
/// assert_eq!(blocked_sum_by(5, |i| i as f64), 10.0);
/// ```
pub fn blocked_sum_by(n: usize, mut term: impl FnMut(usize) -> f64) -> f64 {
    let mut lanes = [0.0; LANES];
    for index in 0..n {
        lanes[index % LANES] += term(index);
    }
    fold(lanes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_additions_is_the_documented_one() {
        // Goal: the bits of a sum follow the stated lane order. Method: values whose sum depends
        // on the order, against the order written out by hand.
        let values: Vec<f64> = (0..11).map(|i| libm::exp(f64::from(i) * 3.7 - 20.0)).collect();
        let lane = |j: usize| if j < 3 { values[j] + values[j + 8] } else { values[j] };
        let expected = ((lane(0) + lane(4)) + (lane(2) + lane(6)))
            + ((lane(1) + lane(5)) + (lane(3) + lane(7)));
        assert_eq!(blocked_sum(&values).to_bits(), expected.to_bits());
        assert_eq!(blocked_sum_by(11, |i| values[i]).to_bits(), expected.to_bits());
        let ones = [1.0; 11];
        assert_eq!(blocked_dot(&values, &ones).to_bits(), expected.to_bits());
    }
}
