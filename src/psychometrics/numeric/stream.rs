//! Named streams of random numbers. A stream is a pure function of (seed, position, purpose), so
//! a new draw in one place shifts none elsewhere, and the same three give the same numbers on
//! every machine. Nothing here asks the system for randomness.

use rand::Rng;
use rand_pcg::Pcg64;

use super::special::normal_quantile;

/// What a stream of random numbers is for. The discriminants are part of every stored result:
/// they are never changed or used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u64)]
pub enum Purpose {
    /// Choosing among items.
    Selection = 1,
    /// The order in which options are shown.
    Shuffle = 2,
    /// The true ability of a simulated examinee.
    Simulee = 3,
    /// The answer of a simulated examinee to the item at a position.
    Answer = 4,
    /// Posterior draws behind role probabilities.
    Roles = 5,
    /// Resampling for reference distributions.
    Bootstrap = 6,
    /// Exposure control.
    Exposure = 7,
    /// Placing unscored items.
    Pretest = 8,
}

/// The generator for one draw or a short sequence of draws.
///
/// State and increment of the PCG generator (O'Neill, 2014, HMC-CS-2014-0905) are four outputs of
/// SplitMix64 (Steele, Lea & Flood, 2014, *OOPSLA*) over a hash of the three arguments:
/// neighbouring seeds and positions start in unrelated places.
///
/// ```
/// use gradus::psychometrics::numeric::stream::{stream, uniform, Purpose};
/// let first = uniform(&mut stream(7, 0, Purpose::Answer));
/// assert_eq!(first, uniform(&mut stream(7, 0, Purpose::Answer)));
/// assert_ne!(first, uniform(&mut stream(7, 1, Purpose::Answer)));
/// assert_ne!(first, uniform(&mut stream(7, 0, Purpose::Shuffle)));
/// ```
#[inline]
pub fn stream(seed: u64, position: u64, purpose: Purpose) -> Pcg64 {
    let mut state = scramble(seed ^ 0x6772_6164_7573_0001);
    state = scramble(state ^ position);
    state = scramble(state ^ (purpose as u64));
    let mut next = || {
        state = state.wrapping_add(GOLDEN_GAMMA);
        u128::from(scramble(state))
    };
    let start = next() << 64 | next();
    let increment = next() << 64 | next();
    Pcg64::new(start, increment)
}

/// The odd integer nearest to 2⁶⁴/φ, SplitMix64's step.
const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64's output function: a bijection of 64 bits in which every input bit moves about half
/// of the output bits.
#[inline(always)]
fn scramble(value: u64) -> u64 {
    let mut z = value.wrapping_add(GOLDEN_GAMMA);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number of [0, 1) with 53 random bits. Written out, because the result must not depend on
/// how a version of a library turns bits into numbers.
///
/// ```
/// use gradus::psychometrics::numeric::stream::{stream, uniform, Purpose};
/// let u = uniform(&mut stream(1, 2, Purpose::Simulee));
/// assert!((0.0..1.0).contains(&u));
/// ```
#[inline]
pub fn uniform(random: &mut impl Rng) -> f64 {
    const UNIT: f64 = 1.0 / 9_007_199_254_740_992.0;
    (random.next_u64() >> 11) as f64 * UNIT
}

/// A standard normal number by inversion: Φ⁻¹((k + ½)/2⁵³) for a random k, hence never infinite
/// and one uniform a number.
///
/// ```
/// use gradus::psychometrics::numeric::stream::{standard_normal, stream, Purpose};
/// assert!(standard_normal(&mut stream(1, 2, Purpose::Simulee)).abs() < 9.0);
/// ```
#[inline]
pub fn standard_normal(random: &mut impl Rng) -> f64 {
    const HALF_UNIT: f64 = 0.5 / 9_007_199_254_740_992.0;
    normal_quantile(uniform(random) + HALF_UNIT)
}

/// A whole number below `n`, each equally likely; 0 for n ≤ 1. The high half of a 128-bit product
/// (Lemire, 2019, *ACM TOMACS* 29(1)) without its rejection step: for n below 2³² the bias is
/// under 2⁻³² of a probability.
///
/// ```
/// use gradus::psychometrics::numeric::stream::{below, stream, Purpose};
/// assert!(below(&mut stream(1, 2, Purpose::Selection), 5) < 5);
/// ```
#[inline]
pub fn below(random: &mut impl Rng, n: usize) -> usize {
    ((u128::from(random.next_u64()) * n as u128) >> 64) as usize
}

/// Puts a slice in random order (Fisher & Yates; Durstenfeld, 1964, Algorithm 235), every order
/// equally likely.
///
/// ```
/// use gradus::psychometrics::numeric::stream::{shuffle, stream, Purpose};
/// let mut order = [0, 1, 2, 3];
/// shuffle(&mut order, &mut stream(5, 0, Purpose::Shuffle));
/// order.sort();
/// assert_eq!(order, [0, 1, 2, 3]);
/// ```
pub fn shuffle<T>(values: &mut [T], random: &mut impl Rng) {
    for last in (1..values.len()).rev() {
        values.swap(last, below(random, last + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PURPOSES: [Purpose; 8] = [
        Purpose::Selection,
        Purpose::Shuffle,
        Purpose::Simulee,
        Purpose::Answer,
        Purpose::Roles,
        Purpose::Bootstrap,
        Purpose::Exposure,
        Purpose::Pretest,
    ];

    #[test]
    fn stored_streams_never_change() {
        // Goal: a stored session replays in every later version. Method: first outputs,
        // computed a second time with whole numbers in another language; a change here breaks replay and needs a new engine number.
        let first = |seed, position, purpose| stream(seed, position, purpose).next_u64();
        assert_eq!(first(0, 0, Purpose::Selection), 2_924_996_998_860_674_943);
        assert_eq!(first(42, 7, Purpose::Answer), 6_293_425_974_954_336_630);
        assert_eq!(first(u64::MAX, u64::MAX, Purpose::Pretest), 7_292_988_961_857_652_076);
    }

    #[test]
    fn neighbouring_streams_are_unrelated() {
        // Goal: seeds, positions and purposes next to each other give independent uniforms.
        // Method: mean, variance and the correlation of neighbours over 40,000 streams, each
        // within five standard errors.
        let value = |i: u64, purpose| uniform(&mut stream(i / 200, i % 200, purpose));
        let n = 40_000_u64;
        let draws: Vec<f64> = (0..n).map(|i| value(i, Purpose::Simulee)).collect();
        let others: Vec<f64> = (0..n).map(|i| value(i, Purpose::Answer)).collect();
        let centre = |v: &[f64]| v.iter().sum::<f64>() / n as f64;
        let covariance = |u: &[f64], v: &[f64]| {
            u.iter().zip(v).map(|(x, y)| (x - 0.5) * (y - 0.5)).sum::<f64>() / u.len() as f64
        };
        let root_n = (n as f64).sqrt();
        assert!((centre(&draws) - 0.5).abs() < 5.0 * 0.2887 / root_n);
        assert!((12.0 * covariance(&draws, &draws) - 1.0).abs() < 5.0 * 0.9 / root_n);
        assert!((12.0 * covariance(&draws[1..], &draws[..draws.len() - 1])).abs() < 5.0 / root_n);
        assert!((12.0 * covariance(&draws, &others)).abs() < 5.0 / root_n);
    }

    #[test]
    fn purposes_do_not_collide() {
        // Goal: no two names share a stream. Method: first outputs of all (position, purpose)
        // pairs of one seed are distinct.
        let mut firsts: Vec<u64> = (0..1_000)
            .flat_map(|position| PURPOSES.map(|p| stream(3, position, p).next_u64()))
            .collect();
        firsts.sort_unstable();
        firsts.dedup();
        assert_eq!(firsts.len(), 8_000);
    }

    #[test]
    fn whole_numbers_and_orders_are_equally_likely() {
        // Goal: `below` and `shuffle` are fair. Method: chi-square with 5 degrees of freedom over
        // the six orders of three values; 20.5 is its .999 quantile.
        let mut counts = [0_u32; 6];
        for position in 0..6_000 {
            let mut order = [0_usize, 1, 2];
            shuffle(&mut order, &mut stream(11, position, Purpose::Shuffle));
            counts[order[0] * 2 + usize::from(order[1] > order[2])] += 1;
        }
        let chi_square: f64 =
            counts.iter().map(|&c| (f64::from(c) - 1e3) * (f64::from(c) - 1e3) / 1e3).sum();
        assert!(chi_square < 20.5, "{counts:?}");
    }

    #[test]
    fn normal_numbers_have_normal_moments() {
        // Goal: `standard_normal` is standard normal. Method: mean, variance and fourth moment of
        // 40,000 numbers of one stream within five standard errors.
        let mut random = stream(9, 0, Purpose::Bootstrap);
        let draws: Vec<f64> = (0..40_000).map(|_| standard_normal(&mut random)).collect();
        let moment = |power: f64| draws.iter().map(|x| libm::pow(*x, power)).sum::<f64>() / 4e4;
        assert!(moment(1.0).abs() < 5.0 / 200.0);
        assert!((moment(2.0) - 1.0).abs() < 5.0 * 1.42 / 200.0);
        assert!((moment(4.0) - 3.0).abs() < 5.0 * 9.8 / 200.0);
    }
}
