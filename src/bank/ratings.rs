//! Raw ratings of items, as raters produced them: a table of numbers beside the reviews, read with
//! file and line of every fault. Never averages anything: that is for whoever uses them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::diagnostic::{Diagnostic, SourceFile};
use super::fields::Sink;
use super::words::{Level, RaterKind};

/// The first line of every file.
pub(super) const HEADER: &str = "rater,kind,item,version,round,step,rating";
/// Difficulties beyond this are slips of the pen.
const DIFFICULTY_MAX: f64 = 6.0;

/// What was rated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RatingStep {
    /// The ability at which half of the people know the answer, on the scale of θ.
    Difficulty,
    /// The probability that a person just at the lower end of this level answers right, guessing
    /// included.
    Angoff(Level),
}

impl RatingStep {
    /// `difficulty`, or `angoff:` with the level above the boundary or both levels.
    fn from_word(word: &str) -> Option<Self> {
        if word == "difficulty" {
            return Some(Self::Difficulty);
        }
        match word.strip_prefix("angoff:")? {
            "mid" | "junior-mid" => Some(Self::Angoff(Level::Mid)),
            "senior" | "mid-senior" => Some(Self::Angoff(Level::Senior)),
            _ => None,
        }
    }

    fn holds(self, rating: f64) -> bool {
        match self {
            Self::Difficulty => rating.abs() <= DIFFICULTY_MAX,
            Self::Angoff(_) => (0.0..=1.0).contains(&rating),
        }
    }
}

/// One number from one rater about one version of an item.
#[derive(Debug, Clone, PartialEq)]
pub struct Rating {
    /// The rater's role or name.
    pub rater: String,
    /// What the rater is.
    pub kind: RaterKind,
    /// The item.
    pub item: String,
    /// The version that was rated.
    pub version: u32,
    /// The round, from 1.
    pub round: u32,
    /// What was rated.
    pub step: RatingStep,
    /// The number.
    pub rating: f64,
}

/// Whether a file is one of ratings rather than of YAML.
pub(super) fn is_ratings(file: &SourceFile) -> bool {
    file.path.ends_with(".csv")
}

/// Reads the ratings of a file.
#[must_use]
pub fn read_ratings(file: &SourceFile) -> (Vec<Rating>, Vec<Diagnostic>) {
    let mut sink = Sink::new(file);
    let ratings = ratings(file, &mut sink);
    (ratings, sink.into_found())
}

/// Reads the ratings of a file; what is wrong goes to the sink.
pub(super) fn ratings(file: &SourceFile, sink: &mut Sink<'_>) -> Vec<Rating> {
    let mut rows = rows(&file.text);
    match rows.next() {
        Some((_, header)) if header == HEADER => {}
        Some((at, _)) => {
            let help = format!("the first line is `{HEADER}`");
            sink.shape(at, "the columns are not those of ratings", help);
            return Vec::new();
        }
        None => return Vec::new(),
    }
    let mut ratings = Vec::new();
    let mut seen = BTreeSet::new();
    for (at, row) in rows {
        let Some(rating) = rating(&at, row, sink) else { continue };
        let once =
            (rating.rater.clone(), rating.item.clone(), rating.version, rating.round, rating.step);
        if seen.insert(once) {
            ratings.push(rating);
        } else {
            let help = "one number a rater, item, version, round and step";
            sink.shape(at, "this rating is given twice", help);
        }
    }
    ratings
}

/// The lines that are not empty, with their places.
fn rows(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut offset = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let start = offset;
        offset += line.len();
        let bare = line.trim_end_matches(['\n', '\r']);
        (!bare.trim().is_empty()).then_some((start..start + bare.len(), bare))
    })
}

fn rating(at: &Range<usize>, row: &str, sink: &mut Sink<'_>) -> Option<Rating> {
    let cells: Vec<&str> = row.split(',').map(str::trim).collect();
    let &[rater, kind, item, version, round, step, rating] = cells.as_slice() else {
        let message = format!("{} cells where there must be 7", cells.len());
        sink.shape(at.clone(), message, format!("write `{HEADER}`, without quotes"));
        return None;
    };
    let mut fault = |column: &str, cell: &str, help: &str| {
        sink.shape(at.clone(), format!("`{column}` cannot be `{cell}`"), help);
    };
    for (column, cell) in [("rater", rater), ("item", item)] {
        if cell.is_empty() || cell.contains('"') {
            fault(column, cell, "a name without quotes");
            return None;
        }
    }
    let known = RaterKind::from_word(kind);
    let whole = |cell: &str| cell.parse::<u32>().ok().filter(|number| *number > 0);
    let number = rating.parse::<f64>().ok();
    match (known, whole(version), whole(round), RatingStep::from_word(step), number) {
        (None, ..) => fault("kind", kind, "human or model"),
        (_, None, ..) => fault("version", version, "a whole number from 1"),
        (_, _, None, ..) => fault("round", round, "a whole number from 1"),
        (_, _, _, None, _) => fault("step", step, "difficulty, angoff:mid or angoff:senior"),
        (Some(kind), Some(version), Some(round), Some(step), Some(number))
            if step.holds(number) =>
        {
            let (rater, item) = (rater.to_owned(), item.to_owned());
            return Some(Rating { rater, kind, item, version, round, step, rating: number });
        }
        (_, _, _, Some(RatingStep::Difficulty), _) => {
            fault("rating", rating, "a difficulty is a number from -6 to 6");
        }
        _ => fault("rating", rating, "a probability from 0 to 1: write 0.55 for 55 %"),
    }
    None
}

/// The difficulty ratings of a version of an item, one a rater, the rater's last round; by rater.
pub(super) fn difficulties<'r>(
    ratings: impl Iterator<Item = &'r Rating>,
) -> BTreeMap<(String, u32), BTreeMap<String, f64>> {
    let mut last: BTreeMap<(String, u32), BTreeMap<String, (u32, f64)>> = BTreeMap::new();
    for rating in ratings.filter(|rating| rating.step == RatingStep::Difficulty) {
        let of_item = last.entry((rating.item.clone(), rating.version)).or_default();
        let kept = of_item.entry(rating.rater.clone()).or_insert((0, 0.0));
        if rating.round > kept.0 {
            *kept = (rating.round, rating.rating);
        }
    }
    let numbers = |of_item: BTreeMap<String, (u32, f64)>| {
        of_item.into_iter().map(|(rater, (_, rating))| (rater, rating)).collect()
    };
    last.into_iter().map(|(item, of_item)| (item, numbers(of_item))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rows: &str) -> (Vec<Rating>, Vec<String>) {
        let file = SourceFile::new("ratings.csv", format!("{HEADER}\n{rows}"));
        let (ratings, found) = read_ratings(&file);
        (ratings, found.iter().map(|it| format!("{}: {}", it.line, it.message)).collect())
    }

    #[test]
    fn ratings_are_read_and_every_fault_has_its_line() {
        // Goal: no number is misread, and none is lost without a word. Method: good rows of each
        // step with both line ends, then one row for each fault.
        let (ratings, found) = read(
            "r1,human,http.caching.0001,1,1,difficulty,-0.5\r\n\n\
             r1,model,http.caching.0001,2,2,angoff:mid-senior,0.55\n",
        );
        assert_eq!(found, Vec::<String>::new());
        assert_eq!((ratings[0].rating, ratings[0].kind), (-0.5, RaterKind::Human));
        assert_eq!((ratings[1].step, ratings[1].round), (RatingStep::Angoff(Level::Senior), 2));
        let (ratings, found) = read(
            "r1,human,x,1,1,difficulty\nr1,robot,x,1,1,difficulty,0\nr1,human,x,0,1,difficulty,0\n\
             r1,human,x,1,one,difficulty,0\nr1,human,x,1,1,angoff:expert,0\n\
             r1,human,x,1,1,difficulty,60\nr1,human,x,1,1,angoff:mid,55\n\
             r1,human,x,1,1,difficulty,NaN\n,human,x,1,1,difficulty,0\n\
             r1,human,x,1,1,difficulty,1\nr1,human,x,1,1,difficulty,2\n",
        );
        assert_eq!(ratings.len(), 1);
        assert_eq!(
            found,
            [
                "2: 6 cells where there must be 7",
                "3: `kind` cannot be `robot`",
                "4: `version` cannot be `0`",
                "5: `round` cannot be `one`",
                "6: `step` cannot be `angoff:expert`",
                "7: `rating` cannot be `60`",
                "8: `rating` cannot be `55`",
                "9: `rating` cannot be `NaN`",
                "10: `rater` cannot be ``",
                "12: this rating is given twice",
            ]
        );
        let file = SourceFile::new("ratings.csv", "item,rating\nx,1\n");
        assert_eq!(read_ratings(&file).1.len(), 1);
        assert_eq!(read_ratings(&SourceFile::new("ratings.csv", "")), (vec![], vec![]));
    }

    #[test]
    fn a_raters_last_round_counts() {
        // Goal: one number a rater and version. Method: two rounds in the wrong order, two versions.
        let (ratings, _) = read(
            "r1,human,x,1,2,difficulty,1\nr1,human,x,1,1,difficulty,0\n\
             r2,human,x,1,1,difficulty,2\nr1,human,x,2,1,difficulty,3\nr1,human,x,1,1,angoff:mid,1\n",
        );
        let of = difficulties(ratings.iter());
        let numbers: Vec<f64> = of[&("x".to_owned(), 1)].values().copied().collect();
        assert_eq!(numbers, [1.0, 2.0]);
        assert_eq!(of[&("x".to_owned(), 2)].len(), 1);
    }
}
