//! The options of `gradus calibrate` that need reading: models and priors. Parses text only.

use clap::ValueEnum;

use crate::psychometrics::calibration::{Family, NormalPrior, Priors};

/// The models that can be calibrated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Model {
    /// Slopes 1, free variance of ability
    Rasch,
    /// Slope and difficulty
    #[value(name = "2pl")]
    TwoPl,
    /// With a lower asymptote
    #[value(name = "3pl")]
    ThreePl,
    /// With a lower and an upper asymptote
    #[value(name = "4pl")]
    FourPl,
    /// Graded response model
    Grm,
    /// Partial credit model: slopes 1, free variance of ability
    Pcm,
    /// Generalized partial credit model
    Gpcm,
    /// Nominal model
    Nrm,
    /// Slope and difficulty on several correlated abilities, one an item (--dims)
    Mirt,
}

impl Model {
    /// The family of the items.
    pub fn family(self) -> Family {
        match self {
            Self::Rasch => Family::Rasch,
            Self::TwoPl | Self::Mirt => Family::TwoParameter,
            Self::ThreePl => Family::ThreeParameter,
            Self::FourPl => Family::FourParameter,
            Self::Grm => Family::Graded,
            Self::Pcm => Family::PartialCredit,
            Self::Gpcm => Family::GeneralizedPartialCredit,
            Self::Nrm => Family::Nominal,
        }
    }

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rasch => "rasch",
            Self::TwoPl => "2pl",
            Self::ThreePl => "3pl",
            Self::FourPl => "4pl",
            Self::Grm => "grm",
            Self::Pcm => "pcm",
            Self::Gpcm => "gpcm",
            Self::Nrm => "nrm",
            Self::Mirt => "mirt",
        }
    }

    /// The name of the model in a parameter file.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Rasch => "1pl",
            Self::Mirt => "2pl",
            other => other.name(),
        }
    }
}

/// A positive tolerance.
///
/// # Errors
/// Anything else.
pub fn tolerance(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(value),
        _ => Err(format!("`{text}` is not a positive number")),
    }
}

/// Priors written `log_a=normal(0,0.5);b=normal(0,2)`; the empty text is none.
///
/// # Errors
/// A name that has no prior, another density than the normal, a name twice.
pub fn priors(text: &str) -> Result<Priors, String> {
    let mut priors = Priors::default();
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, density) =
            part.split_once('=').ok_or_else(|| format!("`{part}`: write NAME=normal(M,SD)"))?;
        let slot = match name.trim() {
            "log_a" => &mut priors.log_a,
            "b" => &mut priors.b,
            "logit_c" => &mut priors.logit_c,
            "logit_d" => &mut priors.logit_d,
            other => {
                return Err(format!(
                    "`{other}` has no prior; there are log_a, b, logit_c and logit_d"
                ));
            }
        };
        if slot.replace(normal(density.trim())?).is_some() {
            return Err(format!("`{}` stands there twice", name.trim()));
        }
    }
    Ok(priors)
}

fn normal(text: &str) -> Result<NormalPrior, String> {
    let fault = || format!("`{text}`: write normal(MEAN,SD) with a positive SD");
    let inside =
        text.strip_prefix("normal(").and_then(|rest| rest.strip_suffix(')')).ok_or_else(fault)?;
    let (mean, sd) = inside.split_once(',').ok_or_else(fault)?;
    let number = |part: &str| part.trim().parse::<f64>().ok().filter(|value| value.is_finite());
    match (number(mean), number(sd)) {
        (Some(mean), Some(sd)) if sd > 0.0 => Ok(NormalPrior { mean, sd }),
        _ => Err(fault()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priors_set_exactly_what_they_name() {
        // Goal: nothing is assumed that was not asked for. Method: some, none, and every fault.
        let some = priors("log_a=normal(0,0.5); logit_c = normal(-1.386294,0.5)").unwrap();
        assert_eq!(some.log_a, Some(NormalPrior { mean: 0.0, sd: 0.5 }));
        assert_eq!(some.logit_c, Some(NormalPrior { mean: -1.386294, sd: 0.5 }));
        assert_eq!((some.b, some.logit_d), (None, None));
        assert_eq!(priors(""), Ok(Priors::default()));
        for wrong in
            ["a=normal(0,1)", "b=normal(0,0)", "b=beta(1,2)", "b", "b=normal(0,1);b=normal(0,1)"]
        {
            assert!(priors(wrong).is_err(), "{wrong}");
        }
    }
}
