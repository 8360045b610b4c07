//! Special functions of psychometrics: the logistic and the normal distribution and sums of
//! logarithms, in forms that neither overflow nor lose their small values. Never calls the
//! platform's mathematics library, whose last bits differ between systems.

use core::f64::consts::{LN_2, PI};

/// ln √(2π).
const LN_SQRT_TAU: f64 = 0.918_938_533_204_672_8;

/// σ(x) = 1/(1 + e^−x), the logistic distribution function.
///
/// Only exponentials of non-positive numbers are taken, so that σ(−700) keeps full relative
/// precision and nothing overflows; σ(x) → 0, 1 as x → −∞, ∞.
///
/// ```
/// use gradus::psychometrics::numeric::special::logistic;
/// assert_eq!(logistic(0.0), 0.5);
/// assert!((logistic(2.0_f64.ln()) - 2.0 / 3.0).abs() < 1e-15);
/// assert!((logistic(-700.0) / (-700.0_f64).exp() - 1.0).abs() < 1e-12);
/// ```
#[inline]
pub fn logistic(x: f64) -> f64 {
    logistic_pair(x).0
}

/// (σ(x), 1 − σ(x)), both with full relative precision, for one exponential.
///
/// ```
/// use gradus::psychometrics::numeric::special::logistic_pair;
/// let (p, q) = logistic_pair(40.0);
/// assert_eq!(p, 1.0);
/// assert!((q / (-40.0_f64).exp() - 1.0).abs() < 1e-15);
/// ```
#[inline]
pub fn logistic_pair(x: f64) -> (f64, f64) {
    let small = libm::exp(-x.abs());
    let large_part = 1.0 / (1.0 + small);
    let small_part = small / (1.0 + small);
    if x >= 0.0 { (large_part, small_part) } else { (small_part, large_part) }
}

/// ln σ(x) = −ln(1 + e^−x).
///
/// ```
/// use gradus::psychometrics::numeric::special::log_logistic;
/// assert!((log_logistic(0.0) + std::f64::consts::LN_2).abs() < 1e-15);
/// assert_eq!(log_logistic(-700.0), -700.0);
/// ```
#[inline]
pub fn log_logistic(x: f64) -> f64 {
    let tail = libm::log1p(libm::exp(-x.abs()));
    if x >= 0.0 { -tail } else { x - tail }
}

/// ln(p/(1 − p)), the inverse of [`logistic`]; infinite at 0 and 1.
///
/// ```
/// use gradus::psychometrics::numeric::special::logit;
/// assert!((logit(0.2) + 1.3862943611198906).abs() < 1e-15);
/// ```
#[inline]
pub fn logit(p: f64) -> f64 {
    libm::log(p) - libm::log1p(-p)
}

/// φ(x) = e^(−x²/2)/√(2π), the standard normal density.
///
/// ```
/// use gradus::psychometrics::numeric::special::normal_density;
/// assert!((normal_density(0.0) - 0.3989422804014327).abs() < 1e-15);
/// ```
#[inline]
pub fn normal_density(x: f64) -> f64 {
    libm::exp(log_normal_density(x))
}

/// ln φ(x) = −x²/2 − ln √(2π).
///
/// ```
/// use gradus::psychometrics::numeric::special::log_normal_density;
/// assert!((log_normal_density(2.0) + 2.918938533204673).abs() < 1e-15);
/// ```
#[inline]
pub fn log_normal_density(x: f64) -> f64 {
    -0.5 * x * x - LN_SQRT_TAU
}

/// Φ(x) = erfc(−x/√2)/2, the standard normal distribution function, precise in both tails.
///
/// ```
/// use gradus::psychometrics::numeric::special::normal_cdf;
/// assert!((normal_cdf(1.96) - 0.9750021048517795).abs() < 1e-15);
/// assert!((normal_cdf(-10.0) / 7.619853024160527e-24 - 1.0).abs() < 1e-13);
/// ```
#[inline]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * core::f64::consts::FRAC_1_SQRT_2)
}

/// Coefficients, highest power first, of the rational functions of Wichura's PPND16.
mod wichura {
    pub const CENTRE_NUMERATOR: [f64; 8] = [
        2.509_080_928_730_122_7e3,
        3.343_057_558_358_813e4,
        6.726_577_092_700_87e4,
        4.592_195_393_154_987e4,
        1.373_169_376_550_946e4,
        1.971_590_950_306_551_3e3,
        1.331_416_678_917_843_8e2,
        3.387_132_872_796_366_5,
    ];
    pub const CENTRE_DENOMINATOR: [f64; 8] = [
        5.226_495_278_852_854e3,
        2.872_908_573_572_194_3e4,
        3.930_789_580_009_271e4,
        2.121_379_430_158_659_7e4,
        5.394_196_021_424_751e3,
        6.871_870_074_920_579e2,
        4.231_333_070_160_091e1,
        1.0,
    ];
    pub const MIDDLE_NUMERATOR: [f64; 8] = [
        7.745_450_142_783_414e-4,
        2.272_384_498_926_918_4e-2,
        2.417_807_251_774_506e-1,
        1.270_458_252_452_368_4,
        3.647_848_324_763_204_5,
        5.769_497_221_460_691,
        4.630_337_846_156_546,
        1.423_437_110_749_683_5,
    ];
    pub const MIDDLE_DENOMINATOR: [f64; 8] = [
        1.050_750_071_644_416_9e-9,
        5.475_938_084_995_345e-4,
        1.519_866_656_361_645_7e-2,
        1.481_039_764_274_800_8e-1,
        6.897_673_349_851e-1,
        1.676_384_830_183_803_8,
        2.053_191_626_637_759,
        1.0,
    ];
    pub const TAIL_NUMERATOR: [f64; 8] = [
        2.010_334_399_292_288_1e-7,
        2.711_555_568_743_487_6e-5,
        1.242_660_947_388_078_4e-3,
        2.653_218_952_657_612_4e-2,
        2.965_605_718_285_048_7e-1,
        1.784_826_539_917_291_3,
        5.463_784_911_164_114,
        6.657_904_643_501_103,
    ];
    pub const TAIL_DENOMINATOR: [f64; 8] = [
        2.044_263_103_389_939_8e-15,
        1.421_511_758_316_446e-7,
        1.846_318_317_510_054_8e-5,
        7.868_691_311_456_133e-4,
        1.487_536_129_085_061_5e-2,
        1.369_298_809_227_358e-1,
        5.998_322_065_558_88e-1,
        1.0,
    ];

    /// Σ c_i x^(7−i) by Horner's rule.
    pub fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
        coefficients.iter().fold(0.0, |sum, coefficient| sum * x + coefficient)
    }
}

/// Φ⁻¹(p), the standard normal quantile, relative error about 1e-15.
///
/// Rational approximation PPND16 of Wichura (1988), Algorithm AS 241, *Applied Statistics* 37,
/// 477–484. −∞ and ∞ at 0 and 1, NaN outside.
///
/// ```
/// use gradus::psychometrics::numeric::special::normal_quantile;
/// assert!((normal_quantile(0.975) - 1.959963984540054).abs() < 1e-14);
/// assert_eq!(normal_quantile(0.5), 0.0);
/// ```
pub fn normal_quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    let centred = p - 0.5;
    if centred.abs() <= 0.425 {
        let r = 0.180_625 - centred * centred;
        return centred * wichura::polynomial(&wichura::CENTRE_NUMERATOR, r)
            / wichura::polynomial(&wichura::CENTRE_DENOMINATOR, r);
    }
    let tail = if centred < 0.0 { p } else { 1.0 - p };
    if tail == 0.0 {
        return f64::INFINITY.copysign(centred);
    }
    let r = (-libm::log(tail)).sqrt();
    let magnitude = if r <= 5.0 {
        wichura::polynomial(&wichura::MIDDLE_NUMERATOR, r - 1.6)
            / wichura::polynomial(&wichura::MIDDLE_DENOMINATOR, r - 1.6)
    } else {
        wichura::polynomial(&wichura::TAIL_NUMERATOR, r - 5.0)
            / wichura::polynomial(&wichura::TAIL_DENOMINATOR, r - 5.0)
    };
    magnitude.copysign(centred)
}

/// ln Σ e^{x_i}, safe for any size of the terms: the largest is taken out first, since a product
/// of sixty likelihoods already underflows. −∞ for no terms.
///
/// ```
/// use gradus::psychometrics::numeric::special::log_sum_exp;
/// let value = log_sum_exp(&[-1000.0, -1000.0]);
/// assert!((value - (-1000.0 + std::f64::consts::LN_2)).abs() < 1e-12);
/// ```
pub fn log_sum_exp(terms: &[f64]) -> f64 {
    let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !largest.is_finite() {
        return largest;
    }
    let sum = super::sums::blocked_sum_by(terms.len(), |i| libm::exp(terms[i] - largest));
    largest + libm::log(sum)
}

/// The slope that makes κη, κ = (1 + πv/8)^−½, the logit of E[σ(x)] for x ~ N(η, v), to about
/// .02 (MacKay, 1992, "The evidence framework applied to classification networks").
///
/// ```
/// use gradus::psychometrics::numeric::special::mackay_kappa;
/// assert_eq!(mackay_kappa(0.0), 1.0);
/// assert!((mackay_kappa(8.0 / std::f64::consts::PI) - 0.5_f64.sqrt()).abs() < 1e-15);
/// ```
#[inline]
pub fn mackay_kappa(variance: f64) -> f64 {
    1.0 / (1.0 + PI * variance / 8.0).sqrt()
}

/// x ln x with its limit 0 at 0, the term of an entropy.
///
/// ```
/// use gradus::psychometrics::numeric::special::x_log_x;
/// assert_eq!(x_log_x(0.0), 0.0);
/// assert!((x_log_x(0.5) + 0.5 * std::f64::consts::LN_2).abs() < 1e-16);
/// ```
#[inline]
pub fn x_log_x(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x * libm::log(x) }
}

/// ln(1 − e^x) for x < 0 (Mächler, 2012, "Accurately computing log(1 − exp(−|a|))", eq. 7).
///
/// ```
/// use gradus::psychometrics::numeric::special::log1m_exp;
/// assert!((log1m_exp(-std::f64::consts::LN_2) + std::f64::consts::LN_2).abs() < 1e-15);
/// assert!((log1m_exp(-1e-20) - (1e-20_f64).ln()).abs() < 1e-13);
/// ```
#[inline]
pub fn log1m_exp(x: f64) -> f64 {
    if x > -LN_2 { libm::log(-libm::expm1(x)) } else { libm::log1p(-libm::exp(x)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn normal_quantile_has_published_values_in_every_branch() {
        // Goal: each of the three rational functions is typed correctly. Method: values computed
        // with forty digits, one or more for each branch and both signs.
        for (p, expected) in [
            (0.01, -2.326_347_874_040_841),
            (0.9, 1.281_551_565_544_600_4),
            (1e-10, -6.361_340_902_404_056),
            (1e-300, -37.047_096_299_361_2),
        ] {
            let error = (normal_quantile(p) / expected - 1.0).abs();
            assert!(error < 4e-15, "p = {p}: {}, error {error:e}", normal_quantile(p));
        }
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
        assert!(normal_quantile(1.5).is_nan());
    }

    proptest! {
        #[test]
        fn quantile_inverts_the_distribution_function(x in -8.0f64..4.0) {
            // Goal: Φ⁻¹(Φ(x)) = x. Method: random points; above 4 the rounding of 1 − p rules.
            prop_assert!((normal_quantile(normal_cdf(x)) - x).abs() < 1e-9);
        }

        #[test]
        fn logistic_forms_agree(x in -700.0f64..700.0) {
            // Goal: σ, 1 − σ, ln σ and the logit describe one function. Method: random points.
            let (p, q) = logistic_pair(x);
            prop_assert!(p > 0.0 && q > 0.0 && (p + q - 1.0).abs() < 1e-15);
            prop_assert!((libm::log(p) - log_logistic(x)).abs() <= 1e-12 * (1.0 + x.abs()));
            prop_assert_eq!(logistic(-x), q);
        }

        #[test]
        fn log_sum_exp_shifts_with_its_terms(
            terms in proptest::collection::vec(-50.0f64..50.0, 1..20), shift in -600.0f64..600.0,
        ) {
            // Goal: ln Σ e^(x+s) = s + ln Σ e^x where a plain sum would overflow. Method: random.
            let shifted: Vec<f64> = terms.iter().map(|x| x + shift).collect();
            prop_assert!((log_sum_exp(&shifted) - shift - log_sum_exp(&terms)).abs() < 1e-9);
        }
    }
}
