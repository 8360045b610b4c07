//! How far raters agree: the intraclass correlation of their ratings, and the product-moment
//! correlation of two series. Never says who is right.

/// Adds in the order of the values.
fn sum(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |sum, value| sum + value)
}

/// The intraclass correlations of a complete table of ratings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Consistency {
    /// ICC(C,1): of one rater's rating.
    pub single: f64,
    /// ICC(C,k): of the mean of all raters.
    pub average: f64,
}

/// The consistency of k raters over n objects, raters' means apart (McGraw & Wong, 1996,
/// *Psychological Methods* 1, 30–46, table 4, case 3):
///
/// ICC(C,1) = (MS_R − MS_E) / (MS_R + (k − 1) MS_E), ICC(C,k) = (MS_R − MS_E) / MS_R,
///
/// MS_R the mean square of rows (objects), MS_E that of the residual of the two-way analysis of
/// variance. `None` for fewer than two objects or raters, a ragged table, or objects that do not
/// differ at all. Disagreement can make both negative.
///
/// The six objects and four raters of Shrout & Fleiss (1979, table 2) give .71 and .91 (their
/// ICC(3,1) and ICC(3,k)):
/// ```
/// use gradus::psychometrics::agreement::consistency;
/// let table = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]];
/// let rows: Vec<Vec<f64>> = table.iter().map(|row| row.map(f64::from).to_vec()).collect();
/// let icc = consistency(&rows).unwrap();
/// assert!((icc.single - 0.7148).abs() < 5e-5 && (icc.average - 0.9093).abs() < 5e-5);
/// ```
#[must_use]
pub fn consistency(rows: &[Vec<f64>]) -> Option<Consistency> {
    let (n, k) = (rows.len(), rows.first()?.len());
    if n < 2 || k < 2 || rows.iter().any(|row| row.len() != k) {
        return None;
    }
    let (n_f, k_f) = (n as f64, k as f64);
    let grand = sum(rows.iter().flatten().copied()) / (n_f * k_f);
    let of_rows: Vec<f64> = rows.iter().map(|row| sum(row.iter().copied()) / k_f).collect();
    let of_raters: Vec<f64> =
        (0..k).map(|rater| sum(rows.iter().map(|row| row[rater])) / n_f).collect();
    let between = k_f * sum(of_rows.iter().map(|mean| (mean - grand) * (mean - grand)));
    let residual = sum(rows.iter().zip(&of_rows).flat_map(|(row, of_row)| {
        row.iter().zip(&of_raters).map(move |(rating, of_rater)| {
            let rest = rating - of_row - of_rater + grand;
            rest * rest
        })
    }));
    let ms_rows = between / (n_f - 1.0);
    let ms_error = residual / ((n_f - 1.0) * (k_f - 1.0));
    let whole = ms_rows + (k_f - 1.0) * ms_error;
    (ms_rows > 0.0 && whole > 0.0).then(|| Consistency {
        single: (ms_rows - ms_error) / whole,
        average: (ms_rows - ms_error) / ms_rows,
    })
}

/// The product-moment correlation r = Σ(x − x̄)(y − ȳ) / √(Σ(x − x̄)² Σ(y − ȳ)²) (Pearson, 1896).
/// `None` for fewer than two pairs, series of different length, or one that does not vary.
///
/// ```
/// use gradus::psychometrics::agreement::correlation;
/// // Means 2 and 3; Σxy = 3, Σx² = 2, Σy² = 6: r = 3/√12.
/// let r = correlation(&[1.0, 2.0, 3.0], &[2.0, 2.0, 5.0]).unwrap();
/// assert!((r - 3.0 / 12.0_f64.sqrt()).abs() < 1e-12);
/// ```
#[must_use]
pub fn correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    if x.len() != y.len() || x.len() < 2 {
        return None;
    }
    let n = x.len() as f64;
    let (mean_x, mean_y) = (sum(x.iter().copied()) / n, sum(y.iter().copied()) / n);
    let products = |left: &[f64], of_left: f64, right: &[f64], of_right: f64| {
        sum(left.iter().zip(right).map(|(a, b)| (a - of_left) * (b - of_right)))
    };
    let scale = libm::sqrt(products(x, mean_x, x, mean_x) * products(y, mean_y, y, mean_y));
    (scale > 0.0).then(|| products(x, mean_x, y, mean_y) / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raters_who_differ_by_a_constant_are_consistent() {
        // Goal: consistency leaves out raters' severity, and nothing is made of nothing. Method: two
        // raters half a point apart; one row; a ragged table; equal objects.
        let rows: Vec<Vec<f64>> = (0..5).map(|n| vec![f64::from(n), f64::from(n) + 0.5]).collect();
        let icc = consistency(&rows).expect("a table");
        assert!((icc.single - 1.0).abs() < 1e-12 && (icc.average - 1.0).abs() < 1e-12);
        assert_eq!(consistency(&rows[..1]), None);
        assert_eq!(consistency(&[vec![1.0, 2.0], vec![1.0]]), None);
        assert_eq!(consistency(&[vec![1.0, 2.0], vec![1.0, 2.0]]), None);
        assert_eq!(correlation(&[1.0, 1.0], &[1.0, 2.0]), None);
        assert_eq!(correlation(&[1.0], &[1.0]), None);
    }
}
