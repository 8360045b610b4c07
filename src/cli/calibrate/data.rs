//! The responses of a calibration: read once, packed without their gaps, and screened for what
//! cannot be estimated from them. Every loss is a [`Notice`]; nothing disappears silently.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use super::sparse::{self, PlainRow};
use super::{CalibrateArgs, CliError, Exit, ItemTable};
use crate::cli::items_csv::{Record, Source, Start, StringRecord, score_of};
use crate::psychometrics::calibration::{NOT_ASKED, Responses, ResponsesBuilder};

/// Something that the data do not bear, or that the reader should know.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// Everybody who answered gave the same score.
    Constant { item: String, score: u16 },
    /// Nobody answered it.
    Unanswered { item: String },
    /// The same answers of everybody as an earlier item.
    Copy { item: String, of: String },
    /// Its slope or intercept grew without bound.
    Runaway { item: String },
    /// Scores that nobody had; the others move together.
    UnusedScores { item: String, scores: Vec<u16> },
    /// People without an answer; they say nothing.
    NoAnswers { persons: Vec<String> },
    /// Fewer people than parameters.
    FewPersons { persons: usize, parameters: usize },
    /// An item that is right more often among the weak.
    NegativeSlope { item: String },
    /// An asymptote without a prior.
    NoPriorOnC,
    /// Fit is not computed where a slope is negative.
    NoFit,
    /// Two dimensions that are one.
    OneAbility { names: [String; 2] },
    /// People whose posterior did not settle.
    Unsettled { persons: f64 },
    /// How the bifactor model's search ended, if not well.
    NoBifactor(&'static str),
    /// Why there are no standard errors.
    NoStandardErrors(String),
    /// The search ended before it converged.
    NotConverged { outcome: &'static str, steps: usize },
    /// Items whose parameters other values would fit as well.
    NotIdentified { items: Vec<String> },
    /// A group too small for a mean and a spread of its own; its answers are not used.
    SmallGroup { group: String, persons: usize },
    /// Ability's standard deviation fell to the least that the nodes see.
    NoSpread { group: Option<String>, sd: f64 },
}

impl Notice {
    /// Whether something that was asked for is not in the result.
    pub fn is_loss(&self) -> bool {
        matches!(
            self,
            Self::Constant { .. }
                | Self::Unanswered { .. }
                | Self::Copy { .. }
                | Self::Runaway { .. }
                | Self::NoFit
                | Self::NoBifactor(_)
                | Self::NoStandardErrors(_)
                | Self::NotIdentified { .. }
                | Self::NotConverged { .. }
                | Self::SmallGroup { .. }
                | Self::NoSpread { .. }
        )
    }

    /// The item left out and why, if it is one.
    pub fn left_out(&self) -> Option<(&str, &'static str)> {
        match self {
            Self::Constant { item, .. } => Some((item, "constant")),
            Self::Unanswered { item } => Some((item, "unanswered")),
            Self::Copy { item, .. } => Some((item, "copy")),
            Self::Runaway { item } => Some((item, "unbounded")),
            _ => None,
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant { item, score } => write!(
                f,
                "item `{item}`: everybody scored {score}; it has no difficulty here and is left out"
            ),
            Self::Unanswered { item } => {
                write!(f, "item `{item}`: nobody answered it; it is left out")
            }
            Self::Copy { item, of } => write!(
                f,
                "item `{item}` has the same answers as `{of}` from everybody: their slopes would \
                 measure the copy, not the ability; it is left out"
            ),
            Self::Runaway { item } => write!(
                f,
                "item `{item}`: its estimate grows without bound (the others separate its answers \
                 perfectly); it is left out. A prior, as in --priors 'log_a=normal(0,0.5)', bounds it"
            ),
            Self::UnusedScores { item, scores } => write!(
                f,
                "item `{item}`: nobody scored {}; the other scores move together",
                scores.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
            ),
            Self::NoAnswers { persons } => write!(
                f,
                "{} without an answer ({}) say nothing",
                count(persons.len(), "person", "persons"),
                few(persons)
            ),
            Self::FewPersons { persons, parameters } => write!(
                f,
                "{} for {parameters} parameters: what comes out describes these people, nobody else",
                count(*persons, "person", "persons")
            ),
            _ => self.fmt_of_the_whole(f),
        }
    }
}

impl Notice {
    /// What concerns slopes, groups or the calibration as a whole.
    fn fmt_of_the_whole(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NegativeSlope { item } => write!(
                f,
                "item `{item}` has a negative slope: the weak do better on it; look at its key. It \
                 is not written to the parameter file, which holds positive slopes"
            ),
            Self::NoPriorOnC => write!(
                f,
                "no prior on the lower asymptote: it is hardly identified, and its estimate may be \
                 0; --priors 'logit_c=normal(-1.386294,0.5)' sets one"
            ),
            Self::NoFit => write!(f, "no fit: an item has a slope that is not positive"),
            Self::OneAbility { names: [one, other] } => write!(
                f,
                "dimensions `{one}` and `{other}` go together almost perfectly: in these data they \
                 are one ability"
            ),
            Self::Unsettled { persons } => {
                write!(
                    f,
                    "the posteriors of {persons} persons did not settle; theirs are approximate"
                )
            }
            Self::NoBifactor(outcome) => {
                write!(
                    f,
                    "the bifactor model's search ended: {outcome}; its figures are no estimates"
                )
            }
            Self::NoStandardErrors(why) => write!(f, "no standard errors: {why}"),
            Self::NotConverged { outcome, steps } => {
                let why = match *outcome {
                    "stalled" => {
                        "the likelihood no longer rises, yet parameters move: some of them are \
                         hardly identified; priors would settle them"
                    }
                    "diverging" => "parameters grow without bound; priors would bound them",
                    _ => "--max-iterations allows more steps",
                };
                write!(f, "not converged ({outcome} after {steps} EM steps): {why}")
            }
            Self::NotIdentified { items } => write!(
                f,
                "{} ({}): other parameters fit these answers as well, so there are no standard \
                 errors. A prior, as in --priors 'log_a=normal(0,0.5);b=normal(0,2)', decides \
                 between them",
                count(items.len(), "item is not identified", "items are not identified"),
                few(items)
            ),
            Self::SmallGroup { group, persons } => write!(
                f,
                "group `{group}`: {} with answers; no mean and SD can be estimated from that, and \
                 they are not used",
                count(*persons, "person", "persons")
            ),
            Self::NoSpread { group, sd } => write!(
                f,
                "ability{} has no spread in these answers: its SD fell to {sd:.2}, the least that \
                 is tried. People's answers do not hang together",
                group.as_ref().map(|group| format!(" of group `{group}`")).unwrap_or_default()
            ),
            _ => Ok(()),
        }
    }
}

fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn few(ids: &[String]) -> String {
    let shown = ids.iter().take(3).map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
    if ids.len() > 3 { format!("{shown}, …") } else { shown }
}

/// Responses ready to be calibrated.
pub struct Data {
    /// Ids of the items that are estimated, in the order of the columns.
    pub items: Vec<String>,
    /// Names of the groups, in the order in which they first appear; empty without `--group`.
    pub groups: Vec<String>,
    /// Of each group, how many people.
    pub group_sizes: Vec<usize>,
    /// Of each group, whether it has enough people with answers for a mean and a spread.
    pub usable_groups: Vec<bool>,
    /// Of each item, how many answers.
    pub answers: Vec<usize>,
    /// The packed answers.
    pub responses: Responses,
    rows: Rows,
    /// Of each item, its column among the rows, and what each score there is counted as.
    columns: Vec<(u32, Vec<u16>)>,
}

/// Answers row after row, without the gaps.
struct Rows {
    starts: Vec<usize>,
    /// (column, score).
    cells: Vec<(u32, u16)>,
    groups: Vec<u16>,
}

/// Reads `--responses` and screens it.
pub fn read(
    args: &CalibrateArgs,
    anchors: Option<&ItemTable>,
) -> Result<(Data, Vec<Notice>), CliError> {
    let mut reading = Reading::new(args, anchors);
    Source::stream(&args.responses, |source, record| match record {
        Record::Text(text) => Ok(reading.plain_row(text)),
        Record::Cells(start, cells) => {
            if reading.header {
                reading.row(source, start, cells)?;
            } else {
                reading.header(source, start, cells)?;
            }
            Ok(None)
        }
    })?;
    reading.screen()
}

/// What a column is.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Item(u32),
    Group,
    Ignored,
}

struct Reading<'a> {
    args: &'a CalibrateArgs,
    anchors: Option<&'a ItemTable>,
    header: bool,
    persons_first: bool,
    kinds: Vec<Kind>,
    plain: PlainRow,
    items: Vec<String>,
    /// Of each item the number of scores it may have, where that is known.
    limits: Vec<Option<usize>>,
    seen: HashSet<String>,
    groups: Vec<String>,
    group_of: HashMap<String, u16>,
    silent: Vec<String>,
    rows: Rows,
}

impl<'a> Reading<'a> {
    fn new(args: &'a CalibrateArgs, anchors: Option<&'a ItemTable>) -> Self {
        Self {
            args,
            anchors,
            header: false,
            persons_first: false,
            kinds: Vec::new(),
            plain: PlainRow::default(),
            items: Vec::new(),
            limits: Vec::new(),
            seen: HashSet::new(),
            groups: Vec::new(),
            group_of: HashMap::new(),
            silent: Vec::new(),
            rows: Rows { starts: vec![0], cells: Vec::new(), groups: Vec::new() },
        }
    }

    fn header(
        &mut self,
        source: &Source,
        start: Start,
        record: &StringRecord,
    ) -> Result<(), CliError> {
        self.header = true;
        self.persons_first = record.get(0) == Some("person");
        let mut seen = HashSet::new();
        for (cell, name) in record.iter().enumerate().skip(usize::from(self.persons_first)) {
            if !seen.insert(name) {
                return Err(source.error(start, cell, format!("item `{name}` stands there twice")));
            }
            let kind = if self.args.group.as_deref() == Some(name) {
                Kind::Group
            } else if self.args.ignore.iter().any(|ignored| ignored == name) {
                Kind::Ignored
            } else if name.is_empty() {
                return Err(source
                    .error(start, cell, "an item has no name")
                    .help("the first line names every column"));
            } else {
                self.items.push(name.to_owned());
                self.limits.push(self.limit(name));
                Kind::Item((self.items.len() - 1) as u32)
            };
            self.kinds.push(kind);
        }
        let wanted = self.args.group.iter().chain(&self.args.ignore);
        if let Some(missing) = wanted.into_iter().find(|name| !seen.contains(name.as_str())) {
            let message = format!("there is no column `{missing}`");
            return Err(source.error(start, usize::MAX, message));
        }
        if self.items.is_empty() {
            return Err(source.error(start, usize::MAX, "there are no items in the header"));
        }
        self.plain = PlainRow::new(&self.kinds, &self.limits);
        Ok(())
    }

    /// Reads a row as nearly all are from its bytes, and says how many it had; `None` leaves all as
    /// it was.
    fn plain_row(&mut self, text: &str) -> Option<usize> {
        let before = self.rows.cells.len();
        let person = if self.persons_first { sparse::person(text)? } else { "" };
        let first = person.len() + usize::from(self.persons_first);
        let bytes = self.plain.read(&text.as_bytes()[first..], &mut self.rows.cells);
        let new =
            |seen: &mut HashSet<String>| !self.persons_first || seen.insert(person.to_owned());
        match bytes {
            Some(bytes) if new(&mut self.seen) => {
                self.end_row(person, 0);
                Some(first + bytes)
            }
            _ => {
                self.rows.cells.truncate(before);
                None
            }
        }
    }

    /// Closes the row of a person whose answers were added.
    fn end_row(&mut self, person: &str, group: u16) {
        if self.rows.cells.len() == self.rows.starts[self.rows.starts.len() - 1] {
            let number = self.rows.groups.len() + 1;
            self.silent.push(if self.persons_first {
                person.to_owned()
            } else {
                number.to_string()
            });
        }
        self.rows.starts.push(self.rows.cells.len());
        self.rows.groups.push(group);
    }

    /// How many scores an item may have: an anchor's, or two for models of right and wrong.
    fn limit(&self, name: &str) -> Option<usize> {
        let anchor = self
            .anchors
            .and_then(|table| table.index_of(name).map(|row| table.item(row).model.categories()));
        anchor.or(self.args.model.family().is_logistic().then_some(2))
    }

    fn row(
        &mut self,
        source: &Source,
        start: Start,
        record: &StringRecord,
    ) -> Result<(), CliError> {
        let first = usize::from(self.persons_first);
        if self.persons_first {
            let id = &record[0];
            if id.is_empty() {
                return Err(source.error(start, 0, "the person's id is empty"));
            }
            if !self.seen.insert(id.to_owned()) {
                return Err(source.error(start, 0, format!("person `{id}` stands there twice")));
            }
        }
        let mut group = 0;
        for (offset, (cell, kind)) in record.iter().skip(first).zip(&self.kinds).enumerate() {
            match kind {
                Kind::Ignored => {}
                Kind::Group => {
                    if cell.is_empty() {
                        return Err(source.error(start, first + offset, "the group is empty"));
                    }
                    group = match self.group_of.get(cell) {
                        Some(group) => *group,
                        None => {
                            let group = u16::try_from(self.groups.len()).unwrap_or(u16::MAX);
                            self.groups.push(cell.to_owned());
                            self.group_of.insert(cell.to_owned(), group);
                            group
                        }
                    };
                }
                Kind::Item(item) => {
                    let score = score_of(cell, self.limits[*item as usize])
                        .map_err(|why| source.error(start, first + offset, why))?;
                    if score != NOT_ASKED {
                        self.rows.cells.push((*item, score));
                    }
                }
            }
        }
        self.end_row(&record[0], group);
        Ok(())
    }

    /// Leaves out what cannot be estimated and packs the rest.
    fn screen(mut self) -> Result<(Data, Vec<Notice>), CliError> {
        let mut notices = Vec::new();
        if self.rows.groups.is_empty() {
            return Err(CliError::new(Exit::Invalid, "there are no persons below the header")
                .help("one row a person"));
        }
        let small = small_groups(&mut self.rows, &self.groups);
        if !self.silent.is_empty() {
            notices.push(Notice::NoAnswers { persons: self.silent.clone() });
        }
        let usable = (0..self.groups.len().max(1)).map(|g| !small.contains_key(&g)).collect();
        notices.extend(small.into_values());
        let anchored = |id: &str| self.anchors.is_some_and(|table| table.index_of(id).is_some());
        let counts = counts_of(&self.rows, self.items.len());
        let copies = copies(&self.rows, &counts);
        let mut columns = Vec::new();
        let mut items = Vec::new();
        for (column, id) in self.items.iter().enumerate() {
            if anchored(id) {
                let scores = self.limits[column].unwrap_or(2) as u16;
                columns.push((column as u32, (0..scores).collect()));
                items.push(id.clone());
                continue;
            }
            let used: Vec<u16> = (0..counts[column].len())
                .filter(|&score| counts[column][score] > 0)
                .map(|score| score as u16)
                .collect();
            match used[..] {
                [] => notices.push(Notice::Unanswered { item: id.clone() }),
                [score] => notices.push(Notice::Constant { item: id.clone(), score }),
                _ if copies.contains_key(&column) => {
                    let of = self.items[copies[&column]].clone();
                    notices.push(Notice::Copy { item: id.clone(), of });
                }
                _ => {
                    let scores = recoded(id, &used, &mut notices);
                    columns.push((column as u32, scores));
                    items.push(id.clone());
                }
            }
        }
        let mut data = Data::pack(items, columns, self.groups, self.rows)?;
        data.usable_groups = usable;
        Ok((data, notices))
    }
}

/// Fewer people with answers than this have no spread.
const GROUP_MIN: usize = 2;

/// Takes the answers out of groups that are too small, and says so of each.
fn small_groups(rows: &mut Rows, groups: &[String]) -> BTreeMap<usize, Notice> {
    let mut sizes = vec![0; groups.len()];
    for (person, group) in rows.groups.iter().enumerate() {
        if rows.starts[person + 1] > rows.starts[person] && !groups.is_empty() {
            sizes[usize::from(*group)] += 1;
        }
    }
    let small: BTreeMap<usize, Notice> = (0..groups.len())
        .filter(|&group| sizes[group] < GROUP_MIN)
        .map(|group| {
            let (name, persons) = (groups[group].clone(), sizes[group]);
            (group, Notice::SmallGroup { group: name, persons })
        })
        .collect();
    if !small.is_empty() {
        let (mut cells, mut starts) = (Vec::new(), vec![0]);
        for (person, group) in rows.groups.iter().enumerate() {
            if !small.contains_key(&usize::from(*group)) {
                cells.extend_from_slice(&rows.cells[rows.starts[person]..rows.starts[person + 1]]);
            }
            starts.push(cells.len());
        }
        (rows.cells, rows.starts) = (cells, starts);
    }
    small
}

/// What each score counts as when the unused ones are left out.
fn recoded(id: &str, used: &[u16], notices: &mut Vec<Notice>) -> Vec<u16> {
    let most = used[used.len() - 1];
    let mut codes = vec![NOT_ASKED; usize::from(most) + 1];
    for (code, score) in used.iter().enumerate() {
        codes[usize::from(*score)] = code as u16;
    }
    let scores: Vec<u16> = (0..most).filter(|score| !used.contains(score)).collect();
    if !scores.is_empty() {
        notices.push(Notice::UnusedScores { item: id.to_owned(), scores });
    }
    codes
}

fn counts_of(rows: &Rows, items: usize) -> Vec<Vec<usize>> {
    let mut counts = vec![Vec::new(); items];
    for &(item, score) in &rows.cells {
        let counts: &mut Vec<usize> = &mut counts[item as usize];
        if counts.len() <= usize::from(score) {
            counts.resize(usize::from(score) + 1, 0);
        }
        counts[usize::from(score)] += 1;
    }
    counts
}

/// Columns with the same answers of the same people as an earlier one. A sum of hashes finds the
/// candidates; comparing them decides.
fn copies(rows: &Rows, counts: &[Vec<usize>]) -> HashMap<usize, usize> {
    let mut hashes = vec![0_u64; counts.len()];
    for person in 0..rows.groups.len() {
        for &(item, score) in &rows.cells[rows.starts[person]..rows.starts[person + 1]] {
            // Any mixing will do: equal columns get equal sums.
            let key = (person as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let mixed = (key ^ (u64::from(score) + 1).wrapping_mul(0xD1B5_4A32_D192_ED03))
                .wrapping_mul(0x94D0_49BB_1331_11EB);
            hashes[item as usize] = hashes[item as usize].wrapping_add(mixed ^ (mixed >> 31));
        }
    }
    let mut first: HashMap<u64, usize> = HashMap::new();
    let mut copies = HashMap::new();
    for (item, hash) in hashes.iter().enumerate() {
        match first.get(hash) {
            Some(&of) if counts[of] == counts[item] && same(rows, of, item) => {
                copies.insert(item, of);
            }
            Some(_) => {}
            None => {
                first.insert(*hash, item);
            }
        }
    }
    copies
}

fn same(rows: &Rows, left: usize, right: usize) -> bool {
    (0..rows.groups.len()).all(|person| {
        let row = &rows.cells[rows.starts[person]..rows.starts[person + 1]];
        let score = |item: usize| {
            row.iter().find(|(column, _)| *column as usize == item).map(|(_, score)| *score)
        };
        score(left) == score(right)
    })
}

impl Data {
    fn pack(
        items: Vec<String>,
        columns: Vec<(u32, Vec<u16>)>,
        groups: Vec<String>,
        rows: Rows,
    ) -> Result<Self, CliError> {
        let categories = columns
            .iter()
            .map(|(_, codes)| codes.iter().filter(|code| **code != NOT_ASKED).count())
            .collect();
        let mut builder = ResponsesBuilder::new(categories);
        let mut place: HashMap<u32, usize> = HashMap::new();
        for (index, (column, _)) in columns.iter().enumerate() {
            place.insert(*column, index);
        }
        let width = columns.iter().map(|(column, _)| *column as usize + 1).max().unwrap_or(0);
        let index_of: Vec<Option<usize>> =
            (0..width).map(|column| place.get(&(column as u32)).copied()).collect();
        let mut answers = vec![0; items.len()];
        let mut group_sizes = vec![0; groups.len().max(1)];
        let mut entries = Vec::new();
        for (person, &group) in rows.groups.iter().enumerate() {
            entries.clear();
            for &(column, score) in &rows.cells[rows.starts[person]..rows.starts[person + 1]] {
                if let Some(index) = index_of.get(column as usize).copied().flatten() {
                    entries.push((index, columns[index].1[usize::from(score)]));
                    answers[index] += 1;
                }
            }
            group_sizes[usize::from(group)] += 1;
            builder.push_answers(entries.iter().copied(), group).map_err(refused)?;
        }
        let responses = builder.build().map_err(|_| nothing())?;
        let usable_groups = vec![true; group_sizes.len()];
        Ok(Self { items, groups, group_sizes, usable_groups, answers, responses, rows, columns })
    }

    /// Every person's scores on the items, row after row.
    pub fn matrix(&self) -> Vec<u16> {
        let width = self.items.len();
        let persons = self.rows.groups.len();
        let mut matrix = vec![NOT_ASKED; persons * width];
        let place: HashMap<u32, usize> =
            self.columns.iter().enumerate().map(|(index, (column, _))| (*column, index)).collect();
        for person in 0..persons {
            for (column, score) in
                &self.rows.cells[self.rows.starts[person]..self.rows.starts[person + 1]]
            {
                if let Some(&index) = place.get(column) {
                    matrix[person * width + index] = self.columns[index].1[usize::from(*score)];
                }
            }
        }
        matrix
    }

    /// Every person's group.
    pub fn person_groups(&self) -> &[u16] {
        &self.rows.groups
    }

    /// The same data without some items.
    pub fn leave_out(&mut self, lost: &[usize]) -> Result<Vec<Notice>, CliError> {
        let notices =
            lost.iter().map(|&item| Notice::Runaway { item: self.items[item].clone() }).collect();
        let keep = |index: &usize| !lost.contains(index);
        let items = (0..self.items.len()).filter(keep).map(|i| self.items[i].clone()).collect();
        let columns = (0..self.items.len()).filter(keep).map(|i| self.columns[i].clone()).collect();
        let rows = std::mem::replace(
            &mut self.rows,
            Rows { starts: Vec::new(), cells: Vec::new(), groups: Vec::new() },
        );
        let usable_groups = std::mem::take(&mut self.usable_groups);
        *self = Self::pack(items, columns, std::mem::take(&mut self.groups), rows)?;
        self.usable_groups = usable_groups;
        Ok(notices)
    }
}

fn refused(error: impl fmt::Display) -> CliError {
    CliError::new(Exit::Invalid, error.to_string())
}

fn nothing() -> CliError {
    CliError::new(Exit::Invalid, "no item is left from which anything can be estimated")
        .help("an item needs answers of at least two kinds")
}
