//! `gradus simulate`: whole adaptive tests over a parameter file, simulated or replayed, and what
//! they give: length, precision, exposure, classification. Tests come from `psychometrics`; this
//! file reads options and writes tables.

mod files;
mod print;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Once;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::items_csv::{ItemTable, NotItems, read_items};
use super::output::no_such_format;
use super::{CliError, Exit, Format, Global, numbers};
use crate::psychometrics::estimation::{Estimator, Method, Prior, Range};
use crate::psychometrics::numeric::quadrature::Grid;
use crate::psychometrics::selection::{Criterion, SelectionError};
use crate::psychometrics::simulation::{
    Answers, ExposureRule, ExposureRuleError, SimulatedTest, SimulationError, Study, Summary,
    TestDesign,
};
use crate::psychometrics::stopping::{CutScore, StopRule, StopRuleError};

/// Simulate whole adaptive tests and say how long and how exact they are
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Item parameters: id,model,a,b,c,d; id,model,a,b1,b2,…; id,model,a1,c1,…
    #[arg(long, value_name = "ITEMS.csv")]
    items: PathBuf,
    /// How many people to simulate, abilities from N(0, 1) [default: 1000]
    #[arg(long, value_name = "N", conflicts_with = "replay")]
    examinees: Option<usize>,
    /// Most questions of a test
    #[arg(long, value_name = "N", default_value_t = 30)]
    length: usize,
    /// Questions before the stop rule is asked
    #[arg(long, value_name = "N", default_value_t = 1)]
    min: usize,
    /// se<0.3, zone(0.3,0.025), posterior>=0.9, sprt(0.3,0.05,0.05), joined by and, or
    #[arg(long, value_name = "RULE", value_parser = stop_rule)]
    stop: Option<StopRule>,
    /// none, randomesque(5), eligibility(0.2), progressive(0.25), sympson-hetter(0.2)
    #[arg(long, value_name = "RULE", default_value = "none", value_parser = exposure_rule)]
    exposure: ExposureRule,
    /// mfi, urry, mlwi, mpwi, kl, klp, mei, mepv, gdi or gdip
    #[arg(long, default_value = "mfi", value_parser = criterion)]
    criterion: Criterion,
    /// eap, map, ml or wl
    #[arg(long, default_value = "eap", value_parser = numbers::method)]
    estimator: Method,
    /// normal:M,SD or uniform:LO,HI
    #[arg(long, default_value = "normal:0,1", value_parser = numbers::prior)]
    prior: Prior,
    /// Grid of the posterior mean and of integrals
    #[arg(long, value_name = "LO,HI,N", default_value = "-6,6,61", value_parser = numbers::grid)]
    #[arg(allow_hyphen_values = true)]
    grid: Grid,
    /// Where the other methods search
    #[arg(long, value_name = "LO,HI", default_value = "-6,6", value_parser = numbers::range)]
    #[arg(allow_hyphen_values = true)]
    range: Range,
    /// Boundaries of the levels, ascending
    #[arg(long, value_name = "CUT,…", value_parser = cuts, allow_hyphen_values = true)]
    cuts: Option<Cuts>,
    /// Seed of everything
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Threads; the result is the same for any number
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Run these rules too: stop rules, exposure rules or criteria
    #[arg(long, value_name = "RULE;RULE", value_parser = variants)]
    compare: Option<Variants>,
    /// Metric constant that multiplies every discrimination
    #[arg(long = "D", value_name = "D", default_value = "1", value_parser = numbers::metric)]
    metric: f64,
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
}

/// Cuts between levels, in one option.
#[derive(Debug, Clone)]
struct Cuts(Vec<CutScore>);

/// What `--compare` runs besides.
#[derive(Debug, Clone)]
struct Variants(Vec<Variant>);

#[derive(Debug, Clone)]
enum Variant {
    Stop(StopRule),
    Exposure(ExposureRule),
    Criterion(Criterion),
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
    Ok(Cuts(numbers::list(text)?.into_iter().map(|theta| CutScore { theta, se: 0.0 }).collect()))
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
    stop_rule(text).map(Variant::Stop).map_err(|error| {
        format!("`{text}` is neither a criterion nor an exposure rule nor a stop rule ({error})")
    })
}

/// One design that was run.
struct Ran {
    /// The rule that tells it from the others.
    rule: String,
    design: TestDesign,
    tests: Vec<SimulatedTest>,
    summary: Summary,
}

/// A finished command: its designs, the one of the options first, and its cost.
struct Finished {
    runs: Vec<Ran>,
    persons: Vec<String>,
    seed: u64,
    threads: usize,
    wall: Duration,
    cpu_s: Option<f64>,
}

/// Runs `gradus simulate`.
///
/// # Errors
/// Files that cannot be read, written or are not valid; a design that cannot work; a format that
/// the command does not have.
pub fn run(global: &Global, args: &SimulateArgs) -> Result<Exit, CliError> {
    if let Some(Format::Html) = global.format {
        return Err(no_such_format("simulate", Format::Html, "text, json and csv"));
    }
    let items = read_items(&args.items, args.metric)?;
    let read = |path| files::replay(path, &items, &args.not_items);
    let replayed = args.replay.as_deref().map(read).transpose()?;
    let examinees = args.examinees.unwrap_or(1_000);
    let answers = match &replayed {
        Some(matrix) => Answers::Given { scores: &matrix.scores },
        None => Answers::Simulated { examinees },
    };
    let persons = match &replayed {
        Some(matrix) => matrix.persons.clone(),
        None => (1..=examinees).map(|person| person.to_string()).collect(),
    };
    let finished = run_all(global, args, &items, answers, persons)?;
    files::write_all(args, &items, &finished)?;
    match global.format {
        Some(Format::Json) => print::json(&items, &finished),
        Some(Format::Csv) => print::csv(&finished.runs[0], &finished.persons),
        _ => print::text(&items, &finished),
    }
}

/// Runs the design of the options and its variants on the threads asked for.
fn run_all(
    global: &Global,
    args: &SimulateArgs,
    items: &ItemTable,
    answers: Answers<'_>,
    persons: Vec<String>,
) -> Result<Finished, CliError> {
    let threads = args.threads.unwrap_or(0);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| CliError::new(Exit::Refused, format!("no threads: {error}")))?;
    let designs = designs(args);
    let models = items.models();
    let progress = Progress::new(global, designs.len() * persons.len());
    let (start, cpu_start) = (Instant::now(), cpu_seconds());
    let runs = pool.install(|| {
        let one = |(rule, design): (String, TestDesign)| {
            let study = Study::new(&models, design.clone())?;
            let tests = study.run(&answers, args.seed, &|| progress.step())?;
            let summary = study.summarise(&tests);
            Ok(Ran { rule, design, tests, summary })
        };
        designs.into_iter().map(one).collect::<Result<Vec<Ran>, SimulationError>>()
    });
    progress.finish();
    let runs = runs.map_err(|error| CliError::new(Exit::Usage, error.to_string()))?;
    let cpu_s = cpu_seconds().zip(cpu_start).map(|(end, start)| end - start);
    let threads = pool.current_num_threads();
    Ok(Finished { runs, persons, seed: args.seed, threads, wall: start.elapsed(), cpu_s })
}

/// The design of the options, then one a variant, each with its name.
fn designs(args: &SimulateArgs) -> Vec<(String, TestDesign)> {
    let base = TestDesign {
        criterion: args.criterion,
        estimator: Estimator::new(args.estimator)
            .with_prior(args.prior)
            .with_grid(args.grid.clone())
            .with_range(args.range),
        length_min: args.min,
        length_max: args.length,
        stop: args.stop.clone(),
        exposure: args.exposure,
        cuts: args.cuts.clone().map(|cuts| cuts.0).unwrap_or_default(),
    };
    let mut designs = vec![(rule_of(&base), base.clone())];
    for variant in args.compare.iter().flat_map(|variants| &variants.0) {
        let mut design = base.clone();
        let name = match variant {
            Variant::Stop(rule) => {
                design.stop = Some(rule.clone());
                rule.to_string()
            }
            Variant::Exposure(rule) => {
                design.exposure = *rule;
                rule.to_string()
            }
            Variant::Criterion(criterion) => {
                design.criterion = *criterion;
                criterion.to_string()
            }
        };
        designs.push((name, design));
    }
    designs
}

/// The rule that ends a test, as it would be written.
fn rule_of(design: &TestDesign) -> String {
    let length = StopRule::Length(design.length_max);
    match &design.stop {
        Some(rule) => format!("{rule} or {length}"),
        None => length.to_string(),
    }
}

/// A bar on stderr, shown only on a terminal and only for work longer than a second.
struct Progress {
    bar: ProgressBar,
    start: Instant,
    wanted: bool,
    shown: Once,
}

impl Progress {
    fn new(global: &Global, steps: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::hidden());
        // The template is fixed text; indicatif's own is used should it ever be refused.
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} tests, {eta} left") {
            bar.set_style(style);
        }
        let wanted = !global.quiet && std::io::stderr().is_terminal();
        Self { bar, start: Instant::now(), wanted, shown: Once::new() }
    }

    fn step(&self) {
        self.bar.inc(1);
        if self.wanted && self.start.elapsed() > Duration::from_secs(1) {
            self.shown.call_once(|| self.bar.set_draw_target(ProgressDrawTarget::stderr()));
        }
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Seconds of processor time of this process, where the system tells (Linux: fields 14 and 15 of
/// /proc/self/stat in hundredths).
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field, the program's name, may hold blanks; it ends with the last parenthesis.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}
