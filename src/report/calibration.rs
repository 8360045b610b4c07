//! A calibration as one self-contained page: what a psychometrician looks at before using the numbers.
//! Flagged items come first; every picture has its table. The model holds what was computed elsewhere;
//! this room draws and tabulates.

mod charts;
mod page;
mod tables;
#[cfg(test)]
mod tests;

pub use page::calibration_html;

use crate::psychometrics::item_analysis::CurveBin;

/// Most items whose curves are drawn: the flagged ones first, then the others in their order.
pub const ITEMS_DRAWN_MAX: usize = 60;

/// A finished calibration.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrationPage {
    /// The command that repeats it.
    pub command: String,
    /// The version of the program.
    pub version: String,
    /// What was calibrated, as a sentence.
    pub what: String,
    /// How the estimation ended, as a sentence.
    pub verdict: String,
    /// Whether it converged.
    pub converged: bool,
    /// What the reader should know.
    pub notes: Vec<String>,
    /// Names and values of what it rests on.
    pub facts: Vec<(String, String)>,
    /// The items.
    pub items: Vec<CalibrationItem>,
    /// Pairs whose answers hang together more, or less, than the model has it; the most striking first.
    pub pairs: Vec<PairPart>,
    /// The distributions of ability.
    pub latent: Vec<LatentPart>,
    /// (θ, Σ I(θ)) of all items.
    pub information: Vec<(f64, f64)>,
    /// How the numbers were made, in words.
    pub method: String,
}

/// One item.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrationItem {
    /// Its id.
    pub id: String,
    /// Answers.
    pub n: usize,
    /// Names, values and standard errors of its parameters.
    pub parameters: Vec<(String, Option<f64>, Option<f64>)>,
    /// Names and values of other numbers: fit, functioning between groups, standing.
    pub statistics: Vec<(String, Option<f64>)>,
    /// The probability of each score along the ability.
    pub curves: Vec<Vec<(f64, f64)>>,
    /// What people of about one ability did.
    pub observed: Vec<CurveBin>,
    /// What to look at, in words; none: nothing.
    pub flags: Vec<String>,
    /// Its options, where they are known.
    pub options: Vec<OptionPart>,
}

impl CalibrationItem {
    /// The parameters but for asymptotes that are none.
    fn estimated(&self) -> impl Iterator<Item = &(String, Option<f64>, Option<f64>)> {
        let is_none = |(name, value, error): &(String, Option<f64>, Option<f64>)| {
            let none = [("c", 0.0), ("d", 1.0)];
            error.is_none() && none.iter().any(|it| it.0 == name && *value == Some(it.1))
        };
        self.parameters.iter().filter(move |it| !is_none(it))
    }
}

/// One option of an item.
#[derive(Debug, Clone, PartialEq)]
pub struct OptionPart {
    /// Its name.
    pub name: String,
    /// Whether it is the key.
    pub is_key: bool,
    /// Share of the answers.
    pub share: f64,
    /// Correlation with ability.
    pub r: Option<f64>,
    /// Share of the answers along the ability.
    pub points: Vec<(f64, f64)>,
}

/// Two items.
#[derive(Debug, Clone, PartialEq)]
pub struct PairPart {
    /// Their ids.
    pub items: [String; 2],
    /// Correlation of residuals.
    pub q3: Option<f64>,
    /// Chi-square of local dependence.
    pub ld_x2: Option<f64>,
}

/// A distribution of ability.
#[derive(Debug, Clone, PartialEq)]
pub struct LatentPart {
    /// Whose.
    pub name: String,
    /// Its mean.
    pub mean: f64,
    /// Its standard deviation.
    pub sd: f64,
    /// (θ, density).
    pub density: Vec<(f64, f64)>,
}
