//! Numbers as options write them: `LO,HI,N` for a grid, `LO,HI` for a range, lists. Parses text;
//! computes nothing.

use crate::psychometrics::estimation::{Method, Prior, Range};
use crate::psychometrics::numeric::quadrature::Grid;

/// A list of numbers between commas.
///
/// # Errors
/// The first part that is no finite number.
pub fn list(text: &str) -> Result<Vec<f64>, String> {
    text.split(',').map(number).collect()
}

fn number(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(format!("`{}` is not a number", text.trim())),
    }
}

/// A grid written `LO,HI,N`.
///
/// # Errors
/// Another number of parts; ends out of order; too few or too many points.
pub fn grid(text: &str) -> Result<Grid, String> {
    let parts: Vec<&str> = text.split(',').collect();
    let [lo, hi, points] = parts[..] else {
        return Err("write LO,HI,N, as in -6,6,121".to_owned());
    };
    let points = points
        .trim()
        .parse()
        .map_err(|_| format!("`{}` is not a number of points", points.trim()))?;
    Grid::trapezoid(number(lo)?, number(hi)?, points).map_err(|error| error.to_string())
}

/// A grid as it was written.
pub fn grid_parts(grid: &Grid) -> (f64, f64, usize) {
    (grid.lo(), grid.hi(), grid.len())
}

/// A search range written `LO,HI`.
///
/// # Errors
/// Another number of parts; ends out of order.
pub fn range(text: &str) -> Result<Range, String> {
    match list(text)?[..] {
        [lo, hi] => Range::new(lo, hi).map_err(|error| error.to_string()),
        _ => Err("write LO,HI, as in -6,6".to_owned()),
    }
}

/// A prior written `normal:M,SD` or `uniform:LO,HI`.
///
/// # Errors
/// Anything else.
pub fn prior(text: &str) -> Result<Prior, String> {
    text.parse().map_err(|error: crate::psychometrics::estimation::PriorError| error.to_string())
}

/// A method's name.
///
/// # Errors
/// No such method.
pub fn method(text: &str) -> Result<Method, String> {
    text.parse()
        .map_err(|error: crate::psychometrics::estimation::EstimationError| error.to_string())
}

/// Seconds.
///
/// # Errors
/// A number that is not positive.
pub fn seconds(text: &str) -> Result<f64, String> {
    match number(text)? {
        value if value > 0.0 => Ok(value),
        _ => Err("seconds must be above 0".to_owned()),
    }
}

/// The metric constant D.
///
/// # Errors
/// A number that is not positive.
pub fn metric(text: &str) -> Result<f64, String> {
    match number(text)? {
        value if value > 0.0 => Ok(value),
        _ => Err("D must be above 0".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_as_documented() {
        // Goal: the documented forms and nothing else. Method: one of each, and their faults.
        assert_eq!(grid_parts(&grid("-4, 4,33").unwrap()), (-4.0, 4.0, 33));
        assert_eq!(range("-4,4"), Ok(Range::new(-4.0, 4.0).unwrap()));
        assert_eq!(list("1,-2.5"), Ok(vec![1.0, -2.5]));
        for text in ["-4,4", "-4,4,3.5", "4,-4,33", "-4,4,1", "-inf,4,33", ""] {
            assert!(grid(text).is_err(), "{text}");
        }
        assert!(range("4").is_err() && range("4,4").is_err() && list("1,,2").is_err());
        assert!(prior("beta:1,1").is_err() && method("mode").is_err());
        assert!(metric("0").is_err() && metric("1.7") == Ok(1.7));
    }
}
