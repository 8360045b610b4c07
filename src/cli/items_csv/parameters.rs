//! From the cells of a row to an item model. Refuses parameters that the model does not have.

use crate::psychometrics::irt::{ItemModel, ModelError};

/// The names of models in parameter files.
const MODELS: &str = "1pl, 2pl, 3pl, 4pl, grm, gpcm, pcm or nrm";

/// A parameter's column, such as `a`, `b3` or `c1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Parameter {
    letter: char,
    /// 0 without a number.
    number: usize,
}

impl Parameter {
    /// Reads a column's name; `None` when it names no parameter.
    pub fn named(name: &str) -> Option<Self> {
        let mut letters = name.chars();
        let letter = letters.next().filter(|letter| matches!(letter, 'a' | 'b' | 'c' | 'd'))?;
        let digits = letters.as_str();
        if digits.is_empty() {
            return Some(Self { letter, number: 0 });
        }
        // `a01` is another spelling, `a0` no parameter.
        let plain = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| plain && letter != 'd')?;
        Some(Self { letter, number })
    }

    fn plain(letter: char) -> Self {
        Self { letter, number: 0 }
    }
}

impl std::fmt::Display for Parameter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.number {
            0 => write!(f, "{}", self.letter),
            number => write!(f, "{}{number}", self.letter),
        }
    }
}

/// What is wrong with a row, and at which of its parameters.
#[derive(Debug, PartialEq)]
pub struct Fault {
    /// The parameter, or `None` for the model's name.
    pub parameter: Option<Parameter>,
    /// What is wrong.
    pub message: String,
}

impl Fault {
    fn at(parameter: Parameter, message: impl Into<String>) -> Self {
        Self { parameter: Some(parameter), message: message.into() }
    }
}

/// The numbers of a row by parameter, each parameter once; empty cells are absent.
#[derive(Debug, Default)]
pub struct Cells(Vec<(Parameter, f64)>);

impl Cells {
    /// Forgets all numbers and keeps the room.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds the number of a parameter that has none yet.
    pub fn push(&mut self, parameter: Parameter, value: f64) {
        self.0.push((parameter, value));
    }
}

impl FromIterator<(Parameter, f64)> for Cells {
    fn from_iter<T: IntoIterator<Item = (Parameter, f64)>>(cells: T) -> Self {
        Self(cells.into_iter().collect())
    }
}

/// A row of a parameter file.
pub struct Row<'a> {
    /// The model's name.
    pub model: &'a str,
    /// The cells that are not empty.
    pub cells: &'a Cells,
}

impl Row<'_> {
    /// The item model of the row.
    pub fn build(&self) -> Result<ItemModel, Fault> {
        let is = |names: &[&str]| names.iter().any(|name| self.model.eq_ignore_ascii_case(name));
        if is(&["2pl", "1pl"]) {
            self.logistic(false, false)
        } else if is(&["3pl"]) {
            self.logistic(true, false)
        } else if is(&["4pl"]) {
            self.logistic(true, true)
        } else if is(&["grm"]) {
            self.ordered(ItemModel::graded)
        } else if is(&["gpcm", "pcm"]) {
            self.ordered(ItemModel::generalized_partial_credit)
        } else if is(&["nrm"]) {
            self.nominal()
        } else {
            let other = self.model.to_ascii_lowercase();
            let message = format!("`{other}` is not a model; write {MODELS}");
            Err(Fault { parameter: None, message })
        }
    }

    fn get(&self, parameter: Parameter) -> Option<f64> {
        self.cells.0.iter().find(|cell| cell.0 == parameter).map(|cell| cell.1)
    }

    /// An unused asymptote may be empty or say what its absence means.
    fn logistic(&self, lower: bool, upper: bool) -> Result<ItemModel, Fault> {
        let [a, b, c, d] = ['a', 'b', 'c', 'd'].map(Parameter::plain);
        self.only(|p| p.number == 0)?;
        for (parameter, used, absent) in [(c, lower, 0.0), (d, upper, 1.0)] {
            match self.get(parameter) {
                Some(value) if !used && value != absent => {
                    let message = format!("model {} has no {parameter}", self.model);
                    return Err(Fault::at(parameter, message));
                }
                _ => {}
            }
        }
        let difficulty = self.get(b).ok_or_else(|| Fault::at(b, "b is missing"))?;
        let slope = self.get(a).unwrap_or(1.0);
        ItemModel::logistic(
            slope,
            difficulty,
            self.get(c).unwrap_or(0.0),
            self.get(d).unwrap_or(1.0),
        )
        .map_err(|error| located(error, "b"))
    }

    /// a and b1, b2, … without a gap.
    fn ordered(
        &self,
        build: impl Fn(f64, Vec<f64>) -> Result<ItemModel, ModelError>,
    ) -> Result<ItemModel, Fault> {
        let a = Parameter::plain('a');
        self.only(|p| p == a || (p.letter == 'b' && p.number > 0))?;
        let steps = self.series('b')?;
        build(self.get(a).unwrap_or(1.0), steps).map_err(|error| located(error, "b1"))
    }

    /// Pairs a1, c1, a2, c2, … without a gap.
    fn nominal(&self) -> Result<ItemModel, Fault> {
        self.only(|p| matches!(p.letter, 'a' | 'c') && p.number > 0)?;
        let (slopes, intercepts) = (self.series('a')?, self.series('c')?);
        if slopes.len() != intercepts.len() {
            let letter = if slopes.len() < intercepts.len() { 'a' } else { 'c' };
            let number = slopes.len().min(intercepts.len()) + 1;
            let missing = Parameter { letter, number };
            return Err(Fault::at(missing, format!("{missing} is missing")));
        }
        ItemModel::nominal(slopes, intercepts).map_err(|error| located(error, "a1"))
    }

    /// Refuses filled cells that the model does not use.
    fn only(&self, used: impl Fn(Parameter) -> bool) -> Result<(), Fault> {
        let stray = |p: &&Parameter| !used(**p);
        // The least by name, whatever the order of the columns.
        let parameters = self.cells.0.iter().map(|cell| &cell.0);
        match parameters.filter(stray).min_by_key(|p| (p.letter, p.number)) {
            Some(&p) => Err(Fault::at(p, format!("model {} has no {p}", self.model))),
            None => Ok(()),
        }
    }

    /// The values numbered 1, 2, … of a letter.
    fn series(&self, letter: char) -> Result<Vec<f64>, Fault> {
        let of_letter = self.cells.0.iter().filter(|(p, _)| p.letter == letter && p.number > 0);
        let mut numbered: Vec<(usize, f64)> = of_letter.map(|(p, v)| (p.number, *v)).collect();
        numbered.sort_unstable_by_key(|cell| cell.0);
        let gap = numbered.iter().zip(1..).find(|(cell, number)| cell.0 != *number);
        let missing = match gap {
            Some((_, number)) => Some(number),
            None => numbered.is_empty().then_some(1),
        };
        if let Some(number) = missing {
            let missing = Parameter { letter, number };
            return Err(Fault::at(missing, format!("{missing} is missing")));
        }
        Ok(numbered.into_iter().map(|cell| cell.1).collect())
    }
}

/// The cell that a model's complaint is about; `first` where it is about the whole.
fn located(error: ModelError, first: &str) -> Fault {
    let name = match &error {
        ModelError::NotFinite { parameter, .. } | ModelError::Asymptote { parameter, .. } => {
            parameter.clone()
        }
        ModelError::Discrimination { .. } => "a".to_owned(),
        ModelError::AsymptoteOrder { .. } => "c".to_owned(),
        ModelError::ThresholdOrder { position, .. } => format!("b{position}"),
        ModelError::TooFewCategories | ModelError::NoSlope | ModelError::Unpaired { .. } => {
            first.to_owned()
        }
    };
    Fault { parameter: Parameter::named(&name), message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(model: &str, cells: &[(&str, f64)]) -> Result<ItemModel, String> {
        let cells =
            cells.iter().map(|(name, value)| (Parameter::named(name).unwrap(), *value)).collect();
        let row = Row { model, cells: &cells };
        row.build().map_err(|fault| {
            let place = fault.parameter.map_or("model".to_owned(), |p| p.to_string());
            format!("{place}: {}", fault.message)
        })
    }

    #[test]
    fn every_model_is_built_with_its_defaults() {
        // Goal: missing cells mean a = 1, c = 0, d = 1. Method: one row a model.
        let logistic = |a, b, c, d| Ok(ItemModel::logistic(a, b, c, d).unwrap());
        assert_eq!(build("1pl", &[("b", 0.5)]), logistic(1.0, 0.5, 0.0, 1.0));
        assert_eq!(
            build("2PL", &[("a", 2.0), ("b", 0.5), ("c", 0.0)]),
            logistic(2.0, 0.5, 0.0, 1.0)
        );
        assert_eq!(build("3pl", &[("b", 0.5), ("c", 0.2)]), logistic(1.0, 0.5, 0.2, 1.0));
        assert_eq!(build("4pl", &[("b", 0.5), ("d", 0.9)]), logistic(1.0, 0.5, 0.0, 0.9));
        let graded = ItemModel::graded(1.5, vec![-1.0, 1.0]).unwrap();
        assert_eq!(build("grm", &[("a", 1.5), ("b1", -1.0), ("b2", 1.0)]), Ok(graded));
        let partial = ItemModel::generalized_partial_credit(1.0, vec![1.0, -1.0]).unwrap();
        assert_eq!(build("pcm", &[("b1", 1.0), ("b2", -1.0)]), Ok(partial));
        let nominal = ItemModel::nominal(vec![0.5], vec![-0.3]).unwrap();
        assert_eq!(build("nrm", &[("a1", 0.5), ("c1", -0.3)]), Ok(nominal));
    }

    #[test]
    fn what_does_not_fit_is_refused_at_its_cell() {
        // Goal: the fault names the cell. Method: one row a rule.
        let fault = |model, cells: &[(&str, f64)]| build(model, cells).unwrap_err();
        assert_eq!(fault("2pl", &[]), "b: b is missing");
        assert_eq!(fault("2pl", &[("b", 0.0), ("c", 0.2)]), "c: model 2pl has no c");
        assert_eq!(fault("2pl", &[("b", 0.0), ("b1", 0.2)]), "b1: model 2pl has no b1");
        assert!(fault("2pl", &[("a", -1.0), ("b", 0.0)]).starts_with("a: "));
        assert!(fault("3pl", &[("b", 0.0), ("c", 1.0)]).starts_with("c: "));
        assert!(fault("grm", &[("b1", 1.0), ("b2", 0.0)]).starts_with("b2: "));
        assert_eq!(fault("grm", &[("b1", 1.0), ("b3", 2.0)]), "b2: b2 is missing");
        assert_eq!(fault("grm", &[]), "b1: b1 is missing");
        assert_eq!(fault("nrm", &[("a1", 1.0)]), "c1: c1 is missing");
        assert!(fault("rasch", &[("b", 0.0)]).starts_with("model: `rasch` is not a model"));
    }

    #[test]
    fn columns_are_named_as_documented() {
        // Goal: no look-alike column is taken for a parameter. Method: names near the real ones.
        for name in ["", "e", "a0", "a01", "a-1", "d1", "b1x", "se_a"] {
            assert_eq!(Parameter::named(name), None, "{name}");
        }
        assert_eq!(Parameter::named("b12"), Some(Parameter { letter: 'b', number: 12 }));
    }
}
