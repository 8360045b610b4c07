//! How many items of each area a test must and may have, and what that means for the next item:
//! hard quotas, kept by looking ahead, and the priority index, which leans towards what is due.
//! Knows areas and counts; never what an item measures.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::content::{QuotaUse, priority_index};

/// How content enters the choice of the next item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContentRule {
    /// Not at all.
    None,
    /// No item after which some quota could not be kept.
    Quota,
    /// The item's value times its priority (Cheng & Chang, 2009).
    PriorityIndex,
}

impl ContentRule {
    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Quota => "quota",
            Self::PriorityIndex => "mpi",
        }
    }
}

impl FromStr for ContentRule {
    type Err = ContentError;

    /// Reads `none`, `quota` or `mpi`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::None, Self::Quota, Self::PriorityIndex]
            .into_iter()
            .find(|rule| rule.name() == text)
            .ok_or_else(|| ContentError::UnknownRule { name: text.to_owned() })
    }
}

/// Fewest and most items of one area.
#[derive(Debug, Clone, PartialEq)]
pub struct AreaQuota {
    /// The area's name.
    pub area: String,
    /// At least so many.
    pub min: usize,
    /// At most so many.
    pub max: usize,
    /// Its weight ω in the priority index.
    pub weight: f64,
}

impl fmt::Display for AreaQuota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}-{}", self.area, self.min, self.max)?;
        if self.weight == 1.0 { Ok(()) } else { write!(f, "*{}", self.weight) }
    }
}

/// Quotas as they are written, `alg:4-8;geo:4-8*2`: area, fewest, most, and a weight if it is not 1.
#[derive(Debug, Clone, PartialEq)]
pub struct AreaQuotas(pub Vec<AreaQuota>);

impl FromStr for AreaQuotas {
    type Err = ContentError;

    /// Reads quotas; a single number is both the fewest and the most.
    ///
    /// ```
    /// use gradus::psychometrics::selection::quotas::AreaQuotas;
    /// let quotas: AreaQuotas = "alg:4-8; geo:5*2".parse()?;
    /// assert_eq!((quotas.0[0].min, quotas.0[0].max), (4, 8));
    /// assert_eq!(quotas.0[1].to_string(), "geo:5-5*2");
    /// # Ok::<(), gradus::psychometrics::selection::quotas::ContentError>(())
    /// ```
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
        let quotas: Vec<AreaQuota> = parts.map(quota).collect::<Result<_, _>>()?;
        for (at, quota) in quotas.iter().enumerate() {
            if quotas[..at].iter().any(|other| other.area == quota.area) {
                return Err(ContentError::Twice { area: quota.area.clone() });
            }
        }
        if quotas.is_empty() {
            return Err(ContentError::Unreadable { text: text.to_owned() });
        }
        Ok(Self(quotas))
    }
}

impl fmt::Display for AreaQuotas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&parts.join(";"))
    }
}

fn quota(text: &str) -> Result<AreaQuota, ContentError> {
    let unreadable = || ContentError::Unreadable { text: text.to_owned() };
    let (area, rest) = text.rsplit_once(':').ok_or_else(unreadable)?;
    let (range, weight) = match rest.split_once('*') {
        Some((range, weight)) => (range, weight.trim().parse().map_err(|_| unreadable())?),
        None => (rest, 1.0),
    };
    let (min, max) = range.split_once('-').unwrap_or((range, range));
    let count = |text: &str| text.trim().parse::<usize>().map_err(|_| unreadable());
    let (min, max) = (count(min)?, count(max)?);
    let area = area.trim().to_owned();
    if area.is_empty() || !(f64::is_finite(weight) && weight > 0.0) {
        return Err(unreadable());
    }
    if min > max {
        return Err(ContentError::Range { area, min, max });
    }
    Ok(AreaQuota { area, min, max, weight })
}

/// Why quotas were refused.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ContentError {
    /// No rule of that name.
    #[error("`{name}` is not a content rule; they are none, quota and mpi")]
    UnknownRule {
        /// The name as given.
        name: String,
    },
    /// Not the form of a quota.
    #[error(
        "`{text}` is not a quota; write AREA:MIN-MAX, several joined by `;`, as in alg:4-8;geo:4-8"
    )]
    Unreadable {
        /// The quota as given.
        text: String,
    },
    /// An area with two quotas.
    #[error("area `{area}` has two quotas")]
    Twice {
        /// The area.
        area: String,
    },
    /// A range that ends before it begins.
    #[error("the quota of area `{area}` asks for at least {min} and at most {max} items")]
    Range {
        /// The area.
        area: String,
        /// At least.
        min: usize,
        /// At most.
        max: usize,
    },
    /// An area without items.
    #[error("no item is of area `{area}`; the items' areas are {known}")]
    UnknownArea {
        /// The area as given.
        area: String,
        /// Those that there are.
        known: String,
    },
    /// An area with fewer items than its quota needs.
    #[error("area `{area}` has {items} items, its quota needs {min}")]
    TooFewItems {
        /// The area.
        area: String,
        /// Its items.
        items: usize,
        /// The quota's minimum.
        min: usize,
    },
    /// The minima do not fit into the test.
    #[error("the quotas need {needed} items, the test has at most {length}")]
    TooShort {
        /// The sum of the minima.
        needed: usize,
        /// The greatest length.
        length: usize,
    },
    /// The maxima do not fill the test.
    #[error("the quotas allow {most} items, the test has {length}")]
    TooLong {
        /// The sum of what the maxima allow.
        most: usize,
        /// The greatest length.
        length: usize,
    },
}

/// A content rule on a list of items, known to be possible.
#[derive(Debug, Clone, PartialEq)]
pub struct ContentPlan {
    rule: ContentRule,
    quotas: Vec<AreaQuota>,
    area_of: Vec<Option<usize>>,
    length: usize,
    /// Questions within which the minima are met.
    due: usize,
}

impl ContentPlan {
    /// The feasibility check: every area exists and has enough items, the minima fit into the
    /// length, the maxima and the items fill it. `areas` names the area of each item; areas
    /// without a quota are free.
    ///
    /// # Errors
    /// The first of these that fails.
    pub fn new(
        rule: ContentRule,
        AreaQuotas(quotas): AreaQuotas,
        areas: &[Option<String>],
        length: usize,
    ) -> Result<Self, ContentError> {
        let place = |area: &str| quotas.iter().position(|quota| quota.area == area);
        let area_of: Vec<Option<usize>> =
            areas.iter().map(|area| area.as_deref().and_then(place)).collect();
        let items = |k: usize| area_of.iter().filter(|area| **area == Some(k)).count();
        for (k, AreaQuota { area, min, .. }) in quotas.iter().enumerate() {
            match items(k) {
                0 => return Err(unknown(area, areas)),
                items if items < *min => {
                    return Err(ContentError::TooFewItems { area: area.clone(), items, min: *min });
                }
                _ => {}
            }
        }
        let length = length.min(areas.len());
        let needed = quotas.iter().map(|quota| quota.min).sum();
        if needed > length {
            return Err(ContentError::TooShort { needed, length });
        }
        let free = area_of.iter().filter(|area| area.is_none()).count();
        let allowed = |(k, quota): (usize, &AreaQuota)| quota.max.min(items(k));
        let most = free + quotas.iter().enumerate().map(allowed).sum::<usize>();
        if most < length {
            return Err(ContentError::TooLong { most, length });
        }
        Ok(Self { rule, quotas, area_of, length, due: length })
    }

    /// Meets the minima within so many questions (at least their sum) and not only by the end: for
    /// tests that a stop rule may end early.
    #[must_use]
    pub fn due_within(mut self, questions: usize) -> Self {
        let needed = self.quotas.iter().map(|quota| quota.min).sum();
        self.due = questions.clamp(needed, self.length);
        self
    }

    /// The rule.
    pub fn rule(&self) -> ContentRule {
        self.rule
    }

    /// The quotas.
    pub fn quotas(&self) -> &[AreaQuota] {
        &self.quotas
    }

    /// The quota of an item, by its place in [`Self::quotas`].
    pub fn area_of(&self, item: usize) -> Option<usize> {
        self.area_of[item]
    }

    /// How many of these items each quota counts.
    pub fn counts(&self, items: &[usize]) -> Vec<usize> {
        let mut counts = vec![0; self.quotas.len()];
        for &item in items {
            if let Some(k) = self.area_of[item] {
                counts[k] += 1;
            }
        }
        counts
    }

    /// Whether every minimum is met.
    pub fn is_covered(&self, items: &[usize]) -> bool {
        self.counts(items).iter().zip(&self.quotas).all(|(count, quota)| *count >= quota.min)
    }

    /// Whether no quota is broken by a finished test.
    pub fn is_kept(&self, items: &[usize]) -> bool {
        let within = |(count, quota): (&usize, &AreaQuota)| (quota.min..=quota.max).contains(count);
        self.counts(items).iter().zip(&self.quotas).all(within)
    }

    /// What content says of the next item, after these items, with those left of which
    /// `available` is true.
    pub fn priorities(&self, asked: &[usize], available: &dyn Fn(usize) -> bool) -> Priorities<'_> {
        let counts = self.counts(asked);
        let mut left = vec![0; self.quotas.len()];
        let mut free_left = 0;
        for (item, area) in self.area_of.iter().enumerate() {
            let count = usize::from(available(item));
            match area {
                Some(k) => left[*k] += count,
                None => free_left += count,
            }
        }
        let (by_area, free) = match self.rule {
            ContentRule::None => (vec![1.0; self.quotas.len()], 1.0),
            ContentRule::Quota => self.hard(&counts, &left, asked.len()),
            ContentRule::PriorityIndex => self.index(&counts, &left, free_left),
        };
        Priorities { plan: self, by_area, free }
    }

    /// 1 for areas of which an item may come now, 0 for the others: those at their maximum, and
    /// when all questions left before the minima are due are needed for them, those that need none. Areas share no item,
    /// so this counting is exact. A minimum that the items left cannot meet is taken as what
    /// they can.
    fn hard(&self, counts: &[usize], left: &[usize], asked: usize) -> (Vec<f64>, f64) {
        let missing: Vec<usize> = (0..self.quotas.len())
            .map(|k| self.quotas[k].min.saturating_sub(counts[k]).min(left[k]))
            .collect();
        let needed: usize = missing.iter().sum();
        let binding = needed > 0 && needed >= self.due.saturating_sub(asked);
        let area = |k: usize| {
            let open = counts[k] < self.quotas[k].max && (!binding || missing[k] > 0);
            f64::from(u8::from(open))
        };
        ((0..self.quotas.len()).map(area).collect(), f64::from(u8::from(!binding)))
    }

    /// The factors ω f of the index in two phases (Cheng & Chang, 2009): while a minimum is unmet
    /// f = (min − x)/min, and items of no such area wait; then f = (max − x)/max. When every
    /// factor of an item left is 0 the index says nothing, and all count alike.
    fn index(&self, counts: &[usize], left: &[usize], free_left: usize) -> (Vec<f64>, f64) {
        let factors = |bound: fn(&AreaQuota) -> usize| -> Vec<f64> {
            let factor = |(quota, used): (&AreaQuota, &usize)| {
                let usage = QuotaUse { weight: quota.weight, quota: bound(quota), used: *used };
                priority_index(1.0, &[usage])
            };
            self.quotas.iter().zip(counts).map(factor).collect()
        };
        let says_something =
            |factors: &[f64]| factors.iter().zip(left).any(|(f, left)| *f > 0.0 && *left > 0);
        let first = factors(|quota| quota.min);
        if says_something(&first) {
            return (first, 0.0);
        }
        let second = factors(|quota| quota.max);
        if says_something(&second) || free_left > 0 {
            return (second, 1.0);
        }
        (vec![1.0; self.quotas.len()], 1.0)
    }
}

fn unknown(area: &str, areas: &[Option<String>]) -> ContentError {
    let mut known: Vec<&str> = areas.iter().flatten().map(String::as_str).collect();
    known.sort_unstable();
    known.dedup();
    let known = if known.is_empty() { "not given".to_owned() } else { known.join(", ") };
    ContentError::UnknownArea { area: area.to_owned(), known }
}

/// What content says of each item at one step.
#[derive(Debug, Clone)]
pub struct Priorities<'a> {
    plan: &'a ContentPlan,
    by_area: Vec<f64>,
    free: f64,
}

impl Priorities<'_> {
    /// The factor of an item's value; 0 when it may not be chosen.
    pub fn of(&self, item: usize) -> f64 {
        match self.plan.area_of[item] {
            Some(k) => self.by_area[k],
            None => self.free,
        }
    }
}

/// Items that meet all `needs` (how many more of each area) without a conflict among themselves,
/// taken area by area in the order of `candidates`; `None` when this walk finds none. With
/// candidates in a fixed order, whoever takes the first item of an answer finds the rest of that
/// answer at the next step: so a test that begins with an answer can always be completed.
///
/// Two of area 0 are needed; item 0 conflicts with item 1:
/// ```
/// use gradus::psychometrics::selection::quotas::completion;
/// let conflict = |i: usize, j: usize| (i.min(j), i.max(j)) == (0, 1);
/// assert_eq!(completion(&[2], &|_| 0, &[0, 1, 2], &conflict), Some(vec![0, 2]));
/// assert_eq!(completion(&[2], &|_| 0, &[0, 1], &conflict), None);
/// ```
pub fn completion(
    needs: &[usize],
    area_of: &dyn Fn(usize) -> usize,
    candidates: &[usize],
    conflict: &dyn Fn(usize, usize) -> bool,
) -> Option<Vec<usize>> {
    let mut taken: Vec<usize> = Vec::new();
    for (area, &need) in needs.iter().enumerate() {
        let enough = taken.len() + need;
        for &item in candidates.iter().filter(|item| area_of(**item) == area) {
            if taken.len() == enough {
                break;
            }
            if taken.iter().all(|&other| !conflict(item, other)) {
                taken.push(item);
            }
        }
        if taken.len() < enough {
            return None;
        }
    }
    Some(taken)
}

#[cfg(test)]
mod tests;
