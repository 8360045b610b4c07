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

/// Below this the rough e^x is 0; the smallest normal single-precision number is e^−87.3.
const ROUGH_UNDERFLOW: f32 = -87.0;
/// 1.5 · 2²³, as [`ROUNDER`].
const ROUGH_ROUNDER: f32 = 12_582_912.0;
/// ln 2 in two parts, as above.
const ROUGH_LN_2_HIGH: f32 = 0.693_359_4;
const ROUGH_LN_2_LOW: f32 = -2.121_944_4e-4;

/// e^x for x ≤ 0 to six digits, in single precision, twice as many numbers at a time: the series of
/// [`exponential`] up to k = 6 (the rest is below 2e-7). 0 below −87. Not for NaN.
///
/// ```
/// use gradus::psychometrics::numeric::vector::rough_exponential;
/// assert!((rough_exponential(-1.0) * std::f32::consts::E - 1.0).abs() < 1e-6);
/// ```
#[inline(always)]
pub fn rough_exponential(x: f32) -> f32 {
    let within = if x > ROUGH_UNDERFLOW { x } else { ROUGH_UNDERFLOW };
    let rounded = within * core::f32::consts::LOG2_E + ROUGH_ROUNDER;
    let n = rounded - ROUGH_ROUNDER;
    let r = (within - n * ROUGH_LN_2_HIGH) - n * ROUGH_LN_2_LOW;
    let mut series = 1.0 / 720.0;
    for inverse_factorial in [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        series = series * r + inverse_factorial;
    }
    let power = f32::from_bits(rounded.to_bits().wrapping_add(127) << 23);
    if x > ROUGH_UNDERFLOW { series * power } else { 0.0 }
}

/// Below this `libm::exp` is 0.
const LIBM_UNDERFLOW: f64 = -745.133_219_101_941_1;
/// |x| at which `libm::exp` begins to take out multiples of ln 2, then to round for them; below the
/// third e^x is 1 + x. It compares the upper halves of the numbers.
const REDUCED_FROM: f64 = f64::from_bits(0x3fd6_2e43 << 32);
const ROUNDED_FROM: f64 = f64::from_bits(0x3ff0_a2b2 << 32);
const CURVED_FROM: f64 = f64::from_bits(0x3e30_0001 << 32);
/// Coefficients of R(z), highest power first, in e^r = 1 + 2r/(R(r²) − r).
const REMEZ: [f64; 5] = [
    f64::from_bits(0x3e66_3769_72be_a4d0),
    f64::from_bits(0xbebb_bd41_c5d2_6bf1),
    f64::from_bits(0x3f11_566a_af25_de2c),
    f64::from_bits(0xbf66_c16c_16be_bd93),
    f64::from_bits(0x3fc5_5555_5555_553e),
];

/// e^x of numbers that are not positive, bit for bit what `libm::exp` gives: the same operations in
/// the same order (argument reduction and rational function of msun, Sun Microsystems, 2004), all
/// branches taken and the right result kept. The few between −745.1 and −708, and what is no
/// number, go to `libm` itself.
///
/// ```
/// use gradus::psychometrics::numeric::vector::libm_exponentials;
/// let mut values = [-0.5, -745.0, 0.0, f64::NEG_INFINITY];
/// libm_exponentials(&mut values);
/// assert_eq!(values, [libm::exp(-0.5), libm::exp(-745.0), 1.0, 0.0]);
/// ```
#[inline(always)]
pub fn libm_exponentials<const N: usize>(values: &mut [f64; N]) {
    let given = *values;
    let mut is_rare = false;
    for lane in 0..N {
        let x = given[lane];
        let in_reach = (UNDERFLOW..=0.0).contains(&x);
        let vanishes = x < LIBM_UNDERFLOW;
        is_rare |= !(in_reach | vanishes);
        values[lane] = if in_reach { libm_exponential(x) } else { 0.0 };
    }
    if is_rare {
        for lane in 0..N {
            let x = given[lane];
            if !((UNDERFLOW..=0.0).contains(&x) || x < LIBM_UNDERFLOW) {
                values[lane] = libm::exp(x);
            }
        }
    }
}

/// The result for −708 ≤ x ≤ 0; for other numbers anything.
#[inline(always)]
fn libm_exponential(x: f64) -> f64 {
    let size = -x;
    // Rounds x/ln 2 − ½ towards zero, which for negative numbers is upwards.
    let wanted = core::f64::consts::LOG2_E * x - 0.5;
    let nearest = (wanted + ROUNDER) - ROUNDER;
    let upwards = if nearest < wanted { nearest + 1.0 } else { nearest };
    let multiple = if size >= ROUNDED_FROM { upwards } else { -1.0 };
    let n = if size >= REDUCED_FROM { multiple } else { 0.0 };
    let (high, low) = (x - n * LN_2_HIGH, n * LN_2_LOW);
    let r = high - low;
    let z = r * r;
    let [p5, p4, p3, p2, p1] = REMEZ;
    let c = r - z * (p1 + z * (p2 + z * (p3 + z * (p4 + z * p5))));
    let mantissa = 1.0 + (r * c / (2.0 - c) - low + high);
    // The sum holds n + 1023 in its low bits: with n ≥ −1022 a power of two.
    let power = f64::from_bits((n + (ROUNDER + 1023.0)).to_bits() << 52);
    if size >= CURVED_FROM { mantissa * power } else { 1.0 + x }
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
    fn the_rough_exponential_has_six_digits() {
        // Goal: the stated error. Method: a fine walk from −86.9 to 0 against the library; 0 below.
        let mut worst: f64 = 0.0;
        for step in 0..869_000 {
            let x = (-86.9 + f64::from(step) * 1e-4) as f32;
            let ratio = f64::from(rough_exponential(x)) / libm::exp(f64::from(x));
            worst = worst.max((ratio - 1.0).abs());
        }
        assert!(worst <= 1e-6, "{worst}");
        assert_eq!((rough_exponential(-88.0), rough_exponential(f32::NEG_INFINITY)), (0.0, 0.0));
    }

    #[test]
    fn exponentials_have_the_bits_of_libm() {
        // Goal: a session may use them in place of the library's. Method: a fine walk through all
        // that is not positive, the neighbourhoods of each change of formula, tiny numbers, and
        // what is no number; at the width of this machine's vectors.
        struct Exponentials<'a>(&'a mut [[f64; 16]]);
        impl Kernel for Exponentials<'_> {
            type Output = ();
            #[inline(always)]
            fn call(self) {
                for values in self.0 {
                    libm_exponentials(values);
                }
            }
        }
        let mut points: Vec<f64> =
            (0..1_600_000).map(|i| -800.0 + f64::from(i) * 5.000_012_3e-4).collect();
        for change in [0.0, REDUCED_FROM, ROUNDED_FROM, CURVED_FROM, 708.0, 745.133_219_101_941_1] {
            let bits = change.to_bits();
            let near = (bits.saturating_sub(500)..bits + 500).map(|bits| -f64::from_bits(bits));
            points.extend(near);
        }
        points.extend((0..2_000).map(|i| -libm::exp(-f64::from(i) * 0.37)));
        points.extend((1..1_023).flat_map(|n| {
            let multiple = f64::from(n) * core::f64::consts::LN_2;
            [-multiple, -multiple - 1e-13, -multiple + 1e-13, 0.5 - multiple]
        }));
        points.extend([-0.0, f64::NEG_INFINITY, f64::NAN]);
        points.resize(points.len().next_multiple_of(16), -1.0);
        let points: Vec<f64> = points.into_iter().map(|x| if x > 0.0 { -x } else { x }).collect();
        let mut values: Vec<[f64; 16]> = points.as_chunks().0.to_vec();
        at_full_width(Exponentials(&mut values));
        for (x, value) in points.iter().zip(values.as_flattened()) {
            assert_eq!(value.to_bits(), libm::exp(*x).to_bits(), "{x:e}");
        }
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
