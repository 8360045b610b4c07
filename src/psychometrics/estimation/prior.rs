//! What is believed of an ability before any answer. Never fitted to data here.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::psychometrics::numeric::special::log_normal_density;

/// A point this near an end of a uniform prior is the end: whether a grid's point at 2.2 comes out
/// as 2.2 or as the next double must not decide whether it counts.
const END_ROUNDING: f64 = 1e-9;

/// A prior distribution of one ability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Prior {
    /// Normal with a mean and a positive standard deviation.
    Normal {
        /// Its mean.
        mean: f64,
        /// Its standard deviation.
        sd: f64,
    },
    /// Uniform between two ends, both included.
    Uniform {
        /// The lower end.
        lo: f64,
        /// The upper end.
        hi: f64,
    },
}

/// A prior that cannot be.
#[derive(Debug, Clone, PartialEq, Error)]
#[error(
    "`{text}` is not a prior; write normal:MEAN,SD with SD above 0, or uniform:LO,HI with LO below HI"
)]
pub struct PriorError {
    /// The prior as given.
    pub text: String,
}

impl Prior {
    /// The standard normal prior.
    pub const fn standard() -> Self {
        Self::Normal { mean: 0.0, sd: 1.0 }
    }

    /// A normal prior.
    ///
    /// # Errors
    /// Numbers that are not finite; a standard deviation that is not positive.
    pub fn normal(mean: f64, sd: f64) -> Result<Self, PriorError> {
        let prior = Self::Normal { mean, sd };
        let valid = mean.is_finite() && sd.is_finite() && sd > 0.0;
        if valid { Ok(prior) } else { Err(PriorError { text: prior.to_string() }) }
    }

    /// A uniform prior.
    ///
    /// # Errors
    /// Ends that are not finite or not in order.
    pub fn uniform(lo: f64, hi: f64) -> Result<Self, PriorError> {
        let prior = Self::Uniform { lo, hi };
        let valid = lo.is_finite() && hi.is_finite() && lo < hi;
        if valid { Ok(prior) } else { Err(PriorError { text: prior.to_string() }) }
    }

    /// ln of the density; −∞ outside a uniform prior's ends.
    ///
    /// ```
    /// use gradus::psychometrics::estimation::Prior;
    /// assert!((Prior::standard().log_density(0.0) + 0.9189385332046728).abs() < 1e-15);
    /// assert_eq!(Prior::uniform(-1.0, 1.0)?.log_density(2.0), f64::NEG_INFINITY);
    /// # Ok::<(), gradus::psychometrics::estimation::PriorError>(())
    /// ```
    pub fn log_density(&self, theta: f64) -> f64 {
        match *self {
            Self::Normal { mean, sd } => log_normal_density((theta - mean) / sd) - libm::log(sd),
            Self::Uniform { lo, hi }
                if lo - END_ROUNDING <= theta && theta <= hi + END_ROUNDING =>
            {
                -libm::log(hi - lo)
            }
            Self::Uniform { .. } => f64::NEG_INFINITY,
        }
    }

    /// ∂ ln density/∂θ inside the support.
    pub fn log_density_slope(&self, theta: f64) -> f64 {
        match *self {
            Self::Normal { mean, sd } => (mean - theta) / (sd * sd),
            Self::Uniform { .. } => 0.0,
        }
    }

    /// What the prior adds to the information at a maximum: 1/S² of a normal prior, else 0.
    pub fn information(&self) -> f64 {
        match *self {
            Self::Normal { sd, .. } => 1.0 / (sd * sd),
            Self::Uniform { .. } => 0.0,
        }
    }

    /// The prior mean.
    pub fn mean(&self) -> f64 {
        match *self {
            Self::Normal { mean, .. } => mean,
            Self::Uniform { lo, hi } => 0.5 * (lo + hi),
        }
    }

    /// The prior standard deviation.
    pub fn standard_deviation(&self) -> f64 {
        match *self {
            Self::Normal { sd, .. } => sd,
            Self::Uniform { lo, hi } => (hi - lo) / 12.0_f64.sqrt(),
        }
    }
}

impl fmt::Display for Prior {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal { mean, sd } => write!(f, "normal:{mean},{sd}"),
            Self::Uniform { lo, hi } => write!(f, "uniform:{lo},{hi}"),
        }
    }
}

impl FromStr for Prior {
    type Err = PriorError;

    /// Reads `normal:MEAN,SD` or `uniform:LO,HI`.
    ///
    /// ```
    /// use gradus::psychometrics::estimation::Prior;
    /// let prior: Prior = "normal:0,1.5".parse()?;
    /// assert_eq!(prior, Prior::normal(0.0, 1.5)?);
    /// assert!("normal:0,-1".parse::<Prior>().is_err());
    /// # Ok::<(), gradus::psychometrics::estimation::PriorError>(())
    /// ```
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || PriorError { text: text.to_owned() };
        let (family, numbers) = text.split_once(':').ok_or_else(refused)?;
        let (first, second) = numbers.split_once(',').ok_or_else(refused)?;
        let number = |part: &str| part.trim().parse::<f64>().map_err(|_| refused());
        let (first, second) = (number(first)?, number(second)?);
        let prior = match family.trim() {
            "normal" => Self::normal(first, second),
            "uniform" => Self::uniform(first, second),
            _ => return Err(refused()),
        };
        prior.map_err(|_| refused())
    }
}
