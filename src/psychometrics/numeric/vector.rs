//! Loops that the compiler turns into wide vectors: an exponential without branches and the choice
//! of the vector width when the program runs. Results do not depend on the width: each lane does
//! the same additions and multiplications in the same order, and none are fused.

use std::sync::OnceLock;

use pulp::Arch;

/// Work that is compiled once for each vector width; see [`at_full_width`].
pub use pulp::NullaryFnOnce as Kernel;

/// Runs a kernel compiled for the widest vectors of this machine. Whatever it calls must be
/// `#[inline(always)]`, or it stays narrow.
#[inline]
pub fn at_full_width<K: Kernel>(kernel: K) -> K::Output {
    static ARCH: OnceLock<Arch> = OnceLock::new();
    ARCH.get_or_init(Arch::new).dispatch(kernel)
}

/// Below this e^x is taken as 0; the smallest normal number is e^−708.4.
const UNDERFLOW: f64 = -708.0;
/// 1.5 · 2⁵²: adding it rounds to a whole number, which then stands in the low bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;
/// ln 2 in two parts, the first with so few digits that n · first is exact (Cody & Waite, 1980).
const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// 1/k! for k = 2 … 13.
const INVERSE_FACTORIALS: [f64; 12] = [
    1.0 / 2.0,
    1.0 / 6.0,
    1.0 / 24.0,
    1.0 / 120.0,
    1.0 / 720.0,
    1.0 / 5_040.0,
    1.0 / 40_320.0,
    1.0 / 362_880.0,
    1.0 / 3_628_800.0,
    1.0 / 39_916_800.0,
    1.0 / 479_001_600.0,
    1.0 / 6_227_020_800.0,
];

/// e^x for x ≤ 709, without branches: x = n ln 2 + r, |r| ≤ ln 2/2, e^x = 2ⁿ Σ rᵏ/k! up to
/// k = 13 (the rest of the series is below 4e-18). Relative error at most 3e-16; 0 below −708.
/// Not for NaN.
///
/// ```
/// use gradus::psychometrics::numeric::vector::exponential;
/// assert!((exponential(1.0) - std::f64::consts::E).abs() < 1e-15);
/// assert_eq!((exponential(0.0), exponential(-800.0)), (1.0, 0.0));
/// ```
#[inline(always)]
pub fn exponential(x: f64) -> f64 {
    let within = x.max(UNDERFLOW);
    let rounded = within * core::f64::consts::LOG2_E + ROUNDER;
    let n = rounded - ROUNDER;
    let r = (within - n * LN_2_HIGH) - n * LN_2_LOW;
    let mut series = INVERSE_FACTORIALS[11];
    let mut k = 11;
    while k > 0 {
        k -= 1;
        series = series * r + INVERSE_FACTORIALS[k];
    }
    let mantissa = 1.0 + (r + r * r * series);
    let power = f64::from_bits(rounded.to_bits().wrapping_add(1023) << 52);
    let value = mantissa * power;
    if x < UNDERFLOW { 0.0 } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_exact_to_its_bound() {
        // Goal: the stated error over the whole range. Method: a fine walk from −708 to 709
        // against the reference library.
        let mut worst: f64 = 0.0;
        for step in 0..1_417_000 {
            let x = -708.0 + f64::from(step) * 1e-3;
            worst = worst.max((exponential(x) / libm::exp(x) - 1.0).abs());
        }
        assert!(worst <= 3e-16, "{worst}");
    }

    #[test]
    fn every_width_gives_the_same_bits() {
        // Goal: no result depends on the machine's vectors. Method: the same array through the
        // scalar and the dispatched loop.
        struct Exponentials<'a>(&'a mut [f64]);
        impl Kernel for Exponentials<'_> {
            type Output = ();
            #[inline(always)]
            fn call(self) {
                for value in self.0 {
                    *value = exponential(*value);
                }
            }
        }
        let points: Vec<f64> = (0..1000).map(|i| -30.0 + f64::from(i) * 0.0311).collect();
        let mut wide = points.clone();
        at_full_width(Exponentials(&mut wide));
        for (x, value) in points.iter().zip(&wide) {
            assert_eq!(value.to_bits(), exponential(*x).to_bits());
        }
    }
}
