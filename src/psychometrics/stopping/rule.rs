//! Stop rules as written by people, `zone(0.3,0.025) or posterior>=0.9`, parsed once and evaluated
//! on a [`StopState`].
//!
//! Grammar: `rule := all { "or" all }`, `all := one { "and" one }`,
//! `one := "(" rule ")" | NAME ("<" | "<=" | ">=" | ">") NUMBER | NAME "(" NUMBER {"," NUMBER} ")"`.

use std::fmt;
use std::str::FromStr;

use super::levels::{CutScore, level_probabilities, probability_above};

/// What a stop rule may look at.
pub struct StopState<'a> {
    /// Items answered.
    pub length: usize,
    /// Estimate of the ability.
    pub theta: f64,
    /// Its standard error (posterior standard deviation).
    pub se: f64,
    /// Boundaries of the levels, ascending.
    pub cuts: &'a [CutScore],
    /// Log-likelihood of all answers at an ability, where likelihood-ratio rules are wanted.
    pub log_likelihood: Option<&'a dyn Fn(f64) -> f64>,
    /// Change of the estimate by the last answer.
    pub change: Option<f64>,
    /// The largest information that an item not asked yet has at the estimate; 0 without any.
    pub information_left: Option<&'a dyn Fn() -> f64>,
    /// Seconds of testing so far, where somebody measures them.
    pub seconds: Option<f64>,
    /// Probability that the classification will be the same at the greatest length.
    pub unchanged: Option<&'a dyn Fn() -> f64>,
}

impl<'a> StopState<'a> {
    /// A state for rules on levels and precision.
    pub fn classification(length: usize, theta: f64, se: f64, cuts: &'a [CutScore]) -> Self {
        Self {
            length,
            theta,
            se,
            cuts,
            log_likelihood: None,
            change: None,
            information_left: None,
            seconds: None,
            unchanged: None,
        }
    }
}

/// A stop rule.
#[derive(Debug, Clone, PartialEq)]
pub enum StopRule {
    /// `length>=N`: so many items were answered.
    Length(usize),
    /// `se<X`: the standard error is below X.
    StandardError(f64),
    /// `posterior>=P`: some level has at least this probability.
    Posterior(f64),
    /// `zone(δ,ε)`: for every cut `min(P(C > c+δ), P(C < c−δ)) ≤ ε`, the Bayesian
    /// indifference-zone rule.
    Zone {
        /// Half width of the zone in which either decision will do.
        delta: f64,
        /// Probability that may lie on the other side.
        epsilon: f64,
    },
    /// `sprt(δ,α,β)`: Wald's sequential probability ratio test of c − δ against c + δ has
    /// decided at every cut (Wald 1947; Reckase 1983).
    Sprt {
        /// Half width of the indifference region.
        delta: f64,
        /// Error of the first kind.
        alpha: f64,
        /// Error of the second kind.
        beta: f64,
    },
    /// `glr(δ,α,β)`: the same with the likelihood at its maximum on either side (Thompson 2011).
    Glr {
        /// Half width of the indifference region.
        delta: f64,
        /// Error of the first kind.
        alpha: f64,
        /// Error of the second kind.
        beta: f64,
    },
    /// `ci(L)`: no cut lies in the interval of confidence L around the estimate (Kingsbury &
    /// Weiss 1983).
    ConfidenceInterval(f64),
    /// `change<X`: the last answer moved the estimate by less than X.
    Change(f64),
    /// `info<X`: no item that was not asked would add more than X information at the estimate
    /// (Dodd, Koch & De Ayala 1993, *Educ. Psychol. Meas.* 53, 61–77).
    InformationLeft(f64),
    /// `time>=S`: so many seconds of testing have passed.
    Time(f64),
    /// `curtail(P)`: with at least this probability the classification will be the same at the
    /// greatest length: stochastic curtailment (Finkelman 2008, *J. Educ. Behav. Stat.* 33,
    /// 442–463).
    Curtail(f64),
    /// All of these hold.
    All(Vec<StopRule>),
    /// One of these holds.
    Any(Vec<StopRule>),
}

/// Which rule ended a test, with the value that met it.
#[derive(Debug, Clone, PartialEq)]
pub struct StopReason {
    /// The elementary rules that held.
    pub rules: Vec<StopRule>,
}

/// A rule that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: expected {expected}")]
pub struct StopRuleError {
    /// Where, from 1.
    pub column: usize,
    /// What should have stood there.
    pub expected: String,
}

impl StopRule {
    /// Whether the rule holds, and by which of its parts.
    pub fn evaluate(&self, state: &StopState<'_>) -> Option<StopReason> {
        match self {
            Self::All(parts) => {
                let mut rules = Vec::new();
                for part in parts {
                    rules.extend(part.evaluate(state)?.rules);
                }
                Some(StopReason { rules })
            }
            Self::Any(parts) => parts.iter().find_map(|part| part.evaluate(state)),
            one => one.holds(state).then(|| StopReason { rules: vec![one.clone()] }),
        }
    }

    /// Whether some elementary part of the rule is of a kind.
    ///
    /// ```
    /// use gradus::psychometrics::stopping::StopRule;
    /// let rule: StopRule = "se<0.3 or (length>=9 and time>=600)".parse().unwrap();
    /// assert!(rule.mentions(&|part| matches!(part, StopRule::Time(_))));
    /// assert!(!rule.mentions(&|part| matches!(part, StopRule::Posterior(_))));
    /// ```
    pub fn mentions(&self, kind: &dyn Fn(&Self) -> bool) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.mentions(kind)),
            one => kind(one),
        }
    }

    fn holds(&self, state: &StopState<'_>) -> bool {
        match *self {
            Self::Length(n) => state.length >= n,
            Self::StandardError(most) => state.se < most,
            Self::Posterior(least) => {
                let levels = level_probabilities(state.theta, state.se, state.cuts);
                !state.cuts.is_empty() && levels.iter().any(|p| *p >= least)
            }
            Self::Zone { delta, epsilon } => every_cut(state, |cut| {
                let shifted = |by: f64| CutScore { theta: cut.theta + by, se: cut.se };
                let above = probability_above(state.theta, state.se, shifted(delta));
                let below = 1.0 - probability_above(state.theta, state.se, shifted(-delta));
                above.min(below) <= epsilon
            }),
            Self::Sprt { delta, alpha, beta } => every_cut(state, |cut| {
                state.log_likelihood.is_some_and(|log_likelihood| {
                    let ratio =
                        log_likelihood(cut.theta + delta) - log_likelihood(cut.theta - delta);
                    decided(ratio, alpha, beta)
                })
            }),
            Self::Glr { delta, alpha, beta } => every_cut(state, |cut| {
                state.log_likelihood.is_some_and(|log_likelihood| {
                    let above = greatest(log_likelihood, cut.theta + delta, SEARCH_LIMIT);
                    let below = greatest(log_likelihood, -SEARCH_LIMIT, cut.theta - delta);
                    decided(above - below, alpha, beta)
                })
            }),
            Self::ConfidenceInterval(level) => {
                let half =
                    crate::psychometrics::numeric::special::normal_quantile(0.5 + 0.5 * level)
                        * state.se;
                every_cut(state, |cut| (cut.theta - state.theta).abs() > half)
            }
            Self::Change(most) => state.change.is_some_and(|change| change.abs() < most),
            Self::InformationLeft(most) => state.information_left.is_some_and(|left| left() < most),
            Self::Time(least) => state.seconds.is_some_and(|seconds| seconds >= least),
            Self::Curtail(least) => {
                !state.cuts.is_empty() && state.unchanged.is_some_and(|same| same() >= least)
            }
            Self::All(_) | Self::Any(_) => self.evaluate(state).is_some(),
        }
    }
}

const SEARCH_LIMIT: f64 = 6.0;

fn every_cut(state: &StopState<'_>, holds: impl Fn(&CutScore) -> bool) -> bool {
    !state.cuts.is_empty() && state.cuts.iter().all(holds)
}

/// Wald's bounds: `ln((1−β)/α)` above, `ln(β/(1−α))` below.
fn decided(log_ratio: f64, alpha: f64, beta: f64) -> bool {
    log_ratio >= libm::log((1.0 - beta) / alpha) || log_ratio <= libm::log(beta / (1.0 - alpha))
}

/// The greatest value of a function on an interval: a grid, then golden sections around its best.
fn greatest(f: &dyn Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    const STEPS: usize = 48;
    if low >= high {
        return f(low.min(high));
    }
    let at = |q: usize| low + (high - low) * q as f64 / STEPS as f64;
    let best = (0..=STEPS).max_by(|&a, &b| f(at(a)).total_cmp(&f(at(b)))).unwrap_or(0);
    let (mut left, mut right) = (at(best.saturating_sub(1)), at((best + 1).min(STEPS)));
    for _ in 0..60 {
        let third = (right - left) / 3.0;
        if f(left + third) < f(right - third) {
            left += third;
        } else {
            right -= third;
        }
    }
    f(at(best)).max(f(0.5 * (left + right)))
}

impl fmt::Display for StopRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |f: &mut fmt::Formatter<'_>, parts: &[StopRule], word: &str| {
            for (at, part) in parts.iter().enumerate() {
                if at > 0 {
                    write!(f, " {word} ")?;
                }
                match part {
                    Self::Any(_) | Self::All(_) => write!(f, "({part})")?,
                    one => write!(f, "{one}")?,
                }
            }
            Ok(())
        };
        match self {
            Self::Length(n) => write!(f, "length>={n}"),
            Self::StandardError(x) => write!(f, "se<{x}"),
            Self::Posterior(p) => write!(f, "posterior>={p}"),
            Self::Zone { delta, epsilon } => write!(f, "zone({delta},{epsilon})"),
            Self::Sprt { delta, alpha, beta } => write!(f, "sprt({delta},{alpha},{beta})"),
            Self::Glr { delta, alpha, beta } => write!(f, "glr({delta},{alpha},{beta})"),
            Self::ConfidenceInterval(level) => write!(f, "ci({level})"),
            Self::Change(x) => write!(f, "change<{x}"),
            Self::InformationLeft(x) => write!(f, "info<{x}"),
            Self::Time(seconds) => write!(f, "time>={seconds}"),
            Self::Curtail(p) => write!(f, "curtail({p})"),
            Self::All(parts) => join(f, parts, "and"),
            Self::Any(parts) => join(f, parts, "or"),
        }
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phrases: Vec<String> = self
            .rules
            .iter()
            .map(|rule| match rule {
                StopRule::Length(n) => format!("{n} questions were answered"),
                StopRule::StandardError(x) => format!("the standard error fell below {x}"),
                StopRule::Posterior(p) => {
                    format!("one level reached a probability of {}", percent(*p))
                }
                StopRule::Zone { delta, epsilon } => format!(
                    "every level boundary was settled (at most {} on its other side by more than {delta})",
                    percent(*epsilon)
                ),
                StopRule::Sprt { .. } => "the likelihood ratio decided at every boundary".to_owned(),
                StopRule::Glr { .. } => {
                    "the generalized likelihood ratio decided at every boundary".to_owned()
                }
                StopRule::ConfidenceInterval(level) => {
                    format!("no boundary lies in the {} interval", percent(*level))
                }
                StopRule::Change(x) => format!("the last answer moved the estimate by less than {x}"),
                StopRule::InformationLeft(x) => {
                    format!("no question left would add more than {x} information")
                }
                StopRule::Time(seconds) => format!("{seconds} seconds of testing have passed"),
                StopRule::Curtail(p) => format!(
                    "with a probability of at least {} more questions would not change the level",
                    percent(*p)
                ),
                StopRule::All(_) | StopRule::Any(_) => rule.to_string(),
            })
            .collect();
        f.write_str(&phrases.join(", and "))
    }
}

fn percent(share: f64) -> String {
    format!("{} %", (share * 1000.0).round() / 10.0)
}

impl FromStr for StopRule {
    type Err = StopRuleError;

    /// Reads a rule.
    ///
    /// ```
    /// use gradus::psychometrics::stopping::StopRule;
    /// let rule: StopRule = "zone(0.3,0.025) or posterior >= 0.9".parse().unwrap();
    /// assert_eq!(rule.to_string(), "zone(0.3,0.025) or posterior>=0.9");
    /// assert_eq!("zone(0.3".parse::<StopRule>().unwrap_err().column, 9);
    /// ```
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parser = Parser { text, at: 0, depth: 0 };
        let rule = parser.any()?;
        parser.space();
        if parser.at < text.len() {
            return Err(parser.expected("`and`, `or` or the end of the rule"));
        }
        Ok(rule)
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

/// Deeper nesting is a mistake, and would only cost stack.
const DEPTH_MAX: usize = 20;

impl Parser<'_> {
    fn expected(&self, what: &str) -> StopRuleError {
        let column = self.text[..self.at].chars().count() + 1;
        StopRuleError { column, expected: what.to_owned() }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn any(&mut self) -> Result<StopRule, StopRuleError> {
        let mut parts = vec![self.all()?];
        while self.eat("or") {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { StopRule::Any(parts) })
    }

    fn all(&mut self) -> Result<StopRule, StopRuleError> {
        let mut parts = vec![self.one()?];
        while self.eat("and") {
            parts.push(self.one()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { StopRule::All(parts) })
    }

    fn one(&mut self) -> Result<StopRule, StopRuleError> {
        if self.eat("(") {
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return Err(self.expected("fewer parentheses"));
            }
            let rule = self.any()?;
            return if self.eat(")") { Ok(rule) } else { Err(self.expected("`)`")) };
        }
        self.space();
        let word: String = self.rest().chars().take_while(char::is_ascii_alphabetic).collect();
        let start = self.at;
        self.at += word.len();
        match word.as_str() {
            "length" => {
                self.comparison(&[">=", "≥"])?;
                let n = self.number()?;
                if n < 0.0 || n.fract() != 0.0 {
                    return Err(self.expected("a whole number before this point"));
                }
                Ok(StopRule::Length(n as usize))
            }
            "se" | "change" | "info" => {
                self.comparison(&["<=", "<", "≤"])?;
                let most = self.number()?;
                Ok(match word.as_str() {
                    "se" => StopRule::StandardError(most),
                    "change" => StopRule::Change(most),
                    _ => StopRule::InformationLeft(most),
                })
            }
            "time" => {
                self.comparison(&[">=", ">", "≥"])?;
                Ok(StopRule::Time(self.number()?))
            }
            "curtail" => {
                let [least] = self.arguments()?;
                Ok(StopRule::Curtail(least))
            }
            "posterior" => {
                self.comparison(&[">=", ">", "≥"])?;
                Ok(StopRule::Posterior(self.share()?))
            }
            "zone" => {
                let [delta, epsilon] = self.arguments()?;
                Ok(StopRule::Zone { delta, epsilon })
            }
            "sprt" => {
                let [delta, alpha, beta] = self.arguments()?;
                Ok(StopRule::Sprt { delta, alpha, beta })
            }
            "glr" => {
                let [delta, alpha, beta] = self.arguments()?;
                Ok(StopRule::Glr { delta, alpha, beta })
            }
            "ci" => {
                let [level] = self.arguments()?;
                Ok(StopRule::ConfidenceInterval(level))
            }
            _ => {
                self.at = start;
                Err(self.expected(
                    "a rule: `se<X`, `zone(D,E)`, `posterior>=P`, `sprt(D,A,B)`, `glr(D,A,B)`, \
                     `ci(L)`, `change<X`, `info<X`, `time>=S`, `curtail(P)` or `length>=N`",
                ))
            }
        }
    }

    fn comparison(&mut self, tokens: &[&str]) -> Result<(), StopRuleError> {
        match tokens.iter().any(|token| self.eat(token)) {
            true => Ok(()),
            false => Err(self.expected(&format!("`{}`", tokens[0]))),
        }
    }

    fn number(&mut self) -> Result<f64, StopRuleError> {
        self.space();
        let digits = |c: &char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E');
        let word: String = self.rest().chars().take_while(digits).collect();
        match word.parse::<f64>() {
            Ok(value) if value.is_finite() => {
                self.at += word.len();
                Ok(value)
            }
            _ => Err(self.expected("a number")),
        }
    }

    fn share(&mut self) -> Result<f64, StopRuleError> {
        let before = self.at;
        let value = self.number()?;
        if (0.0..=1.0).contains(&value) {
            return Ok(value);
        }
        self.at = before;
        Err(self.expected("a probability between 0 and 1"))
    }

    /// `(δ, p, …)`: the first number is a distance unless it is the only one, the others are
    /// probabilities.
    fn arguments<const N: usize>(&mut self) -> Result<[f64; N], StopRuleError> {
        if !self.eat("(") {
            return Err(self.expected("`(`"));
        }
        let mut values = [0.0; N];
        for (at, value) in values.iter_mut().enumerate() {
            if at > 0 && !self.eat(",") {
                return Err(self.expected("`,`"));
            }
            *value = if at == 0 && N > 1 { self.number()? } else { self.share()? };
        }
        if self.eat(")") { Ok(values) } else { Err(self.expected("`)`")) }
    }
}

#[cfg(test)]
mod tests;
