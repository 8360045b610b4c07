//! Whether stated probabilities are kept: of all things called 70 % probable, do 70 % come true?

/// Equal bins of the stated probability.
const BINS: usize = 10;

/// Expected calibration error, one against the rest, all classes' probabilities pooled:
/// `Σ_b (n_b / N) |mean stated − share true|` over ten equal bins (Naeini, Cooper & Hauskrecht
/// 2015, eq. 3, pooled over classes).
///
/// A perfect engine shows about .020 (95th percentile .032) with 500 people and three classes,
/// .010 (.016) with 2,000.
///
/// ```
/// use gradus::psychometrics::stopping::calibration_error;
/// // Said 90 %, true half of the time: off by .4; its complement likewise.
/// let stated = [(0.9, true), (0.9, false), (0.1, false), (0.1, true)];
/// assert!((calibration_error(stated) - 0.4).abs() < 1e-12);
/// ```
pub fn calibration_error(stated: impl IntoIterator<Item = (f64, bool)>) -> f64 {
    let mut sums = [(0.0f64, 0.0f64); BINS];
    let mut total = 0usize;
    for (probability, is_true) in stated {
        let bin = ((probability * BINS as f64) as usize).min(BINS - 1);
        sums[bin].0 += probability;
        sums[bin].1 += f64::from(u8::from(is_true));
        total += 1;
    }
    if total == 0 {
        return 0.0;
    }
    sums.iter().map(|(stated, happened)| (stated - happened).abs()).sum::<f64>() / total as f64
}
