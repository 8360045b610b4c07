//! `gradus simulate`: whole adaptive tests over a parameter file or over the banks, simulated or
//! replayed, and what they give: length, precision, exposure, classification. Tests come from
//! `psychometrics` and `assessment`; this file reads options and runs them.

mod content;
mod files;
mod over_banks;
mod over_items;
mod page;
mod print;
mod progress;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};

use self::files::Outputs;
use self::progress::Progress;
use super::items_csv::{Ids, NotItems};
use super::output::print;
use super::{CliError, Exit, Format, Global, numbers};
use crate::assessment::study::RoleFigures;
use crate::psychometrics::estimation::{Method, Prior, Range};
use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::numeric::quadrature::Grid;
use crate::psychometrics::selection::quotas::{AreaQuotas, ContentRule};
use crate::psychometrics::selection::{Criterion, SelectionError};
use crate::psychometrics::simulation::{
    Basis, Difference, ExposureRule, ExposureRuleError, Figures, ItemMap, Summary, Tests,
};
use crate::psychometrics::stopping::{CutScore, StopRule, StopRuleError};
use crate::report::{StudySettings, study_html};

/// Simulate whole adaptive tests and say how long and how exact they are
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Item parameters: id,model,a,b,c,d; id,model,a,b1,b2,…; id,model,a1,c1,…; without them
    /// whole sessions over the question banks are simulated
    #[arg(long, value_name = "ITEMS.csv")]
    items: Option<PathBuf>,
    /// How many people to simulate [default: 1000]
    #[arg(long, value_name = "N", conflicts_with = "replay")]
    examinees: Option<usize>,
    /// Most questions of a test [default: 30; one topic of the banks: 15]
    #[arg(long, value_name = "N")]
    length: Option<usize>,
    /// Questions before the stop rule is asked [default: 1; banks: as `gradus take`]
    #[arg(long, value_name = "N")]
    min: Option<usize>,
    /// se<0.3, zone(0.3,0.025), posterior>=0.9, sprt(0.3,0.05,0.05), glr(0.3,0.05,0.05), ci(0.95),
    /// change<0.05, info<0.1, curtail(0.95), time>=600, joined by and, or [default: none; banks: as
    /// `gradus take`]
    #[arg(long, value_name = "RULE", value_parser = stop_rule)]
    stop: Option<StopRule>,
    /// none, randomesque(5), eligibility(0.2), progressive(0.25), sympson-hetter(0.2) [default:
    /// none]
    #[arg(long, value_name = "RULE", value_parser = exposure_rule)]
    exposure: Option<ExposureRule>,
    /// Fewest and most questions of topics: alg:4-8;geo:4-8, with a weight alg:4-8*2
    #[arg(long, value_name = "TOPIC:MIN-MAX;…", value_parser = content::quotas)]
    quota: Option<AreaQuotas>,
    /// How quotas are kept: none, quota (never broken), mpi (priority index) [default: quota, if
    /// there are any]
    #[arg(long, value_name = "RULE", value_parser = content::rule)]
    content: Option<ContentRule>,
    /// Seconds that an answer takes, for stop rules on time
    #[arg(long, value_name = "S", value_parser = numbers::seconds)]
    item_seconds: Option<f64>,
    /// mfi, urry, mlwi, mpwi, kl, klp, mei, mepv, gdi or gdip [default: mfi]
    #[arg(long, value_parser = criterion)]
    criterion: Option<Criterion>,
    /// eap, map, ml or wl [default: eap]
    #[arg(long, value_parser = numbers::method)]
    estimator: Option<Method>,
    /// normal:M,SD or uniform:LO,HI [default: normal:0,1]
    #[arg(long, value_parser = numbers::prior)]
    prior: Option<Prior>,
    /// Grid of the posterior mean and of integrals [default: -6,6,61]
    #[arg(long, value_name = "LO,HI,N", value_parser = numbers::grid)]
    #[arg(allow_hyphen_values = true)]
    grid: Option<Grid>,
    /// Where the other methods search [default: -6,6]
    #[arg(long, value_name = "LO,HI", value_parser = numbers::range)]
    #[arg(allow_hyphen_values = true)]
    range: Option<Range>,
    /// Boundaries of the levels, ascending [default: none; banks: theirs]
    #[arg(long, value_name = "CUT,…", value_parser = cuts, allow_hyphen_values = true)]
    cuts: Option<Cuts>,
    /// Standard error that the engine gives the boundaries [default: 0; of the banks' own: theirs]
    #[arg(long, value_name = "SE", value_parser = standard_error)]
    cut_se: Option<f64>,
    /// Topics of the banks [default: all that have questions]
    #[arg(long, value_name = "TOPIC,…", value_delimiter = ',')]
    topics: Vec<String>,
    /// Whether people answer by the banks' difficulties or by difficulties drawn anew for each
    /// from what the banks believe [default: judged]
    #[arg(long, value_enum)]
    difficulties: Option<DifficultiesOption>,
    /// Seed of everything
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Threads; the result is the same for any number
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Run these rules too, on the same people with the same answers: stop rules, exposure rules,
    /// criteria or content rules (banks: stop rules)
    #[arg(long, value_name = "RULE;RULE", value_parser = variants)]
    compare: Option<Variants>,
    /// Metric constant that multiplies every discrimination [default: 1]
    #[arg(long = "D", value_name = "D", value_parser = numbers::metric)]
    metric: Option<f64>,
    /// Answer from this matrix instead of simulating
    #[arg(long, value_name = "R.csv")]
    replay: Option<PathBuf>,
    #[command(flatten)]
    not_items: NotItems,
    /// Write the answers of all people to all items
    #[arg(long, value_name = "OUT.csv", conflicts_with = "replay")]
    responses: Option<PathBuf>,
    /// Write the true abilities
    #[arg(long, value_name = "OUT.csv", conflicts_with = "replay")]
    truth: Option<PathBuf>,
    /// Write the items of each person in the order of asking
    #[arg(long, value_name = "OUT.csv")]
    picks: Option<PathBuf>,
    /// Write the study as one self-contained page
    #[arg(short, long, value_name = "OUT.html", value_parser = page_path)]
    output: Option<PathBuf>,
}

/// By which difficulties simulated people answer over the banks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DifficultiesOption {
    /// Those of the banks.
    Judged,
    /// Drawn anew for each person.
    Drawn,
}

/// Boundaries between levels, in one option.
#[derive(Debug, Clone)]
struct Cuts(Vec<f64>);

/// What `--compare` runs besides.
#[derive(Debug, Clone)]
struct Variants(Vec<Variant>);

#[derive(Debug, Clone)]
enum Variant {
    Stop(StopRule),
    Exposure(ExposureRule),
    Criterion(Criterion),
    Content(ContentRule),
}

fn stop_rule(text: &str) -> Result<StopRule, String> {
    text.parse().map_err(|error: StopRuleError| error.to_string())
}

fn exposure_rule(text: &str) -> Result<ExposureRule, String> {
    text.parse().map_err(|error: ExposureRuleError| error.to_string())
}

fn criterion(text: &str) -> Result<Criterion, String> {
    text.parse().map_err(|error: SelectionError| error.to_string())
}

fn cuts(text: &str) -> Result<Cuts, String> {
    numbers::list(text).map(Cuts)
}

/// The page is HTML whatever `--format` says of stdout; another ending would promise otherwise.
fn page_path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("html" | "htm") => Ok(path),
        _ => Err("the study is written as a page: name it *.html".to_owned()),
    }
}

fn standard_error(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(se) if se.is_finite() && se >= 0.0 => Ok(se),
        _ => Err(format!("`{}` is not a standard error: 0 or more", text.trim())),
    }
}

fn variants(text: &str) -> Result<Variants, String> {
    let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
    parts.map(variant).collect::<Result<_, _>>().map(Variants)
}

fn variant(text: &str) -> Result<Variant, String> {
    if let Ok(rule) = text.parse() {
        return Ok(Variant::Exposure(rule));
    }
    if let Ok(criterion) = text.parse() {
        return Ok(Variant::Criterion(criterion));
    }
    if let Ok(rule) = text.parse() {
        return Ok(Variant::Content(rule));
    }
    stop_rule(text).map(Variant::Stop).map_err(|error| {
        format!("`{text}` is neither a criterion nor an exposure rule nor a stop rule ({error})")
    })
}

/// One design that was run.
struct Ran {
    settings: StudySettings,
    tests: Tests,
    summary: Summary,
    figures: Figures,
    roles: Option<RoleFigures>,
    /// Against the first design; `None` for that one itself.
    difference: Option<Difference>,
}

impl Ran {
    fn new(settings: StudySettings, basis: &Basis<'_>, tests: Tests) -> Self {
        let (summary, figures) = (Summary::new(basis, &tests), Figures::new(basis, &tests));
        Self { settings, tests, summary, figures, roles: None, difference: None }
    }
}

/// True and estimated abilities of one person on the topics asked about.
struct TopicPerson {
    abilities: Vec<f64>,
    means: Vec<f64>,
    sds: Vec<f64>,
}

/// What only a study over the banks has.
struct OverBanks {
    fingerprint: String,
    difficulties: &'static str,
    /// Ids of the topics asked about.
    topics: Vec<String>,
    /// Everybody on these topics, in the design of the options.
    persons: Vec<TopicPerson>,
}

/// Who was tested.
enum Persons {
    /// So many simulated people, `1`, `2`, ….
    Numbered(usize),
    /// The people of a given matrix.
    Named(Vec<String>),
}

impl Persons {
    fn len(&self) -> usize {
        match self {
            Self::Numbered(n) => *n,
            Self::Named(names) => names.len(),
        }
    }

    fn iter(&self) -> impl Iterator<Item = Cow<'_, str>> {
        (0..self.len()).map(|person| match self {
            Self::Numbered(_) => Cow::Owned((person + 1).to_string()),
            Self::Named(names) => Cow::Borrowed(names[person].as_str()),
        })
    }
}

/// A finished command: its designs, the one of the options first, and its cost.
struct Finished {
    item_ids: Arc<Ids>,
    item_map: ItemMap,
    runs: Vec<Ran>,
    persons: Persons,
    banks: Option<OverBanks>,
    seed: u64,
    threads: usize,
    wall: Duration,
    cpu_s: Option<f64>,
}

/// Runs `gradus simulate`.
///
/// # Errors
/// Files that cannot be read, written or are not valid; a design that cannot work; options that
/// do not go together; a format that the command does not have.
pub fn run(global: &Global, args: &SimulateArgs) -> Result<Exit, CliError> {
    if args.examinees == Some(0) {
        let error = CliError::new(Exit::Usage, "a study of nobody shows nothing");
        return Err(error.help("give --examinees 1 or more"));
    }
    let mut outputs = Outputs::open(args)?;
    let finished = match &args.items {
        Some(path) => over_items::run(global, args, path, &mut outputs)?,
        None => over_banks::run(global, args, &mut outputs)?,
    };
    files::picks(&mut outputs, args, &finished)?;
    if let Some(path) = &args.output {
        let html = study_html(&page::page(args, &finished));
        outputs.write(path, |out| out.write_all(html.as_bytes()))?;
    }
    outputs.finish()?;
    match global.format {
        Some(Format::Html) if args.output.is_some() => Ok(Exit::Done),
        Some(Format::Html) => print(&study_html(&page::page(args, &finished))),
        Some(Format::Json) => print::json(&finished),
        Some(Format::Csv) => print::csv(&finished),
        _ => print::text(&finished),
    }
}

/// A refusal of options that mean nothing here, for the first of them that was given.
fn refuse(given: &[(bool, &str)], why: &str, help: &str) -> Result<(), CliError> {
    match given.iter().find(|(given, _)| *given) {
        Some((_, option)) => Err(CliError::new(Exit::Usage, format!("{option} {why}")).help(help)),
        None => Ok(()),
    }
}

/// Abilities of the people of a study: the true ones, or the estimates where these are unknown.
fn abilities(tests: &Tests) -> Vec<f64> {
    tests.iter().map(|test| test.truth.unwrap_or(test.estimate.theta)).collect()
}

/// The map of items beside the people of the first design.
fn item_map(models: &[ItemModel], runs: &[Ran]) -> ItemMap {
    ItemMap::new(models, &abilities(&runs[0].tests))
}

/// Adds to every further design its differences from the first.
fn compare(runs: &mut [Ran], cuts: &[CutScore]) {
    if let Some((first, others)) = runs.split_first_mut() {
        for ran in others {
            ran.difference = Some(Difference::new(&first.tests, &ran.tests, cuts));
        }
    }
}

impl SimulateArgs {
    /// The files to be written.
    fn outputs(&self) -> impl Iterator<Item = &Path> {
        [&self.responses, &self.truth, &self.picks, &self.output]
            .into_iter()
            .flatten()
            .map(PathBuf::as_path)
    }
}
