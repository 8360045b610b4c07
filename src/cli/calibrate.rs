//! `gradus calibrate`: item parameters from the answers of many people. Reads options and tables,
//! says what the data cannot bear, writes parameters; the estimation itself is in `psychometrics`.

mod analysis;
mod data;
mod dimensions;
mod options;
mod print;
mod report;
mod sessions;
mod sessions_page;
mod sparse;

use std::collections::HashMap;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use data::{Data, Notice};
use dimensions::{Assignment, Dimensioned};
use options::Model;

use super::items_csv::{ItemTable, read_items};
use super::output::no_such_format;
use super::work::{Clock, thread_pool};
use super::{CliError, Exit, Format, Global, interrupt, numbers};
use crate::psychometrics::calibration::{
    self, Convergence, Covariance, Design, Family, Fit, ItemDesign, LatentDesign, LatentShape,
    Priors, Progress, Settings,
};
use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::numeric::quadrature::Grid;

/// Estimate item parameters from the answers of many people
#[derive(Debug, Args)]
pub struct CalibrateArgs {
    /// Responses: a row a person, a column an item, NA for not administered
    #[arg(long, value_name = "R.csv", required = false, required_unless_present = "from_sessions")]
    #[arg(default_value_if("from_sessions", "true", "-"))]
    responses: PathBuf,
    /// The item response model
    #[arg(long, value_enum, required = false, required_unless_present = "from_sessions")]
    #[arg(default_value_if("from_sessions", "true", "2pl"))]
    model: Model,
    /// The dimension of each item, for --model mirt: item,dim
    #[arg(long, value_name = "DIMS.csv")]
    dims: Option<PathBuf>,
    /// How much of what the items share is one general factor, too (bifactor model; with --dims)
    #[arg(long, requires = "dims")]
    bifactor: bool,
    #[command(flatten)]
    sessions: sessions::SessionsArgs,
    /// Priors of exactly what is named, as in 'log_a=normal(0,0.5);b=normal(0,2);logit_c=normal(-1.386294,0.5)'
    #[arg(long, value_name = "PRIORS", value_parser = options::priors, default_value = "")]
    #[arg(hide_default_value = true, allow_hyphen_values = true)]
    priors: Priors,
    /// Nodes of ability [default: 61; 121, 241, 481 where somebody has more than 150, 600, 2400
    /// answers; of each factor of --bifactor: 31]
    #[arg(long, value_name = "N")]
    nodes: Option<usize>,
    /// Ends of the nodes
    #[arg(long, value_name = "LO,HI", default_value = "-6,6", value_parser = numbers::range)]
    #[arg(allow_hyphen_values = true)]
    range: crate::psychometrics::estimation::Range,
    /// Converged when a plain EM step moves no coordinate by more
    #[arg(long, value_name = "X", default_value = "1e-4", value_parser = options::tolerance)]
    tol: f64,
    /// Most EM steps
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    max_iterations: usize,
    /// Standard errors
    #[arg(long, value_enum, default_value_t = ErrorsOf::Oakes)]
    se: ErrorsOf,
    /// Shape of the distribution of ability
    #[arg(long, value_enum, default_value_t = Ability::Normal)]
    ability: Ability,
    /// Items whose parameters stay; mean and variance of ability are then estimated
    #[arg(long, value_name = "ITEMS.csv")]
    anchors: Option<PathBuf>,
    /// How far each anchor's difficulty would move if it were free, too
    #[arg(long, requires = "anchors")]
    drift: bool,
    /// Column that names each person's group
    #[arg(long, value_name = "COLUMN")]
    group: Option<String>,
    /// Columns that are no items
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Fit of items, pairs and the whole model, too
    #[arg(long)]
    fit: bool,
    /// Differential functioning between the two groups of --group, too
    #[arg(long, requires = "group")]
    dif: bool,
    /// The options that people chose: a row a person, a column an item
    #[arg(long, value_name = "C.csv", requires = "keys")]
    choices: Option<PathBuf>,
    /// The key of each item: item,key
    #[arg(long, value_name = "K.csv", requires = "choices")]
    keys: Option<PathBuf>,
    /// Threads; the result is the same for any number
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Draw everything on a page of its own: curves with what people did, information, ability, options,
    /// flagged items first
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
    /// Write the parameters with their standard errors
    #[arg(short, long, value_name = "ITEMS.csv")]
    output: Option<PathBuf>,
    /// Write the covariances of the parameters' estimates, for `gradus link`
    #[arg(long, value_name = "COV.csv")]
    covariance: Option<PathBuf>,
}

/// Where standard errors come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ErrorsOf {
    /// The observed information, by Oakes's identity
    Oakes,
    /// None are computed
    None,
}

/// The shape of the distribution of ability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Ability {
    /// Normal
    Normal,
    /// A free weight at each node
    Histogram,
}

/// A finished calibration.
struct Finished {
    model: Model,
    data: Data,
    design: Design,
    fit: Fit,
    /// What several dimensions add.
    dimensioned: Option<Dimensioned>,
    covariance: Option<Covariance>,
    notices: Vec<Notice>,
    /// Further members of the JSON object: fit, pairs, model_fit, dif, key_check.
    analyses: Vec<(&'static str, serde_json::Value)>,
    threads: usize,
    wall: Duration,
    cpu_s: Option<f64>,
}

/// Runs `gradus calibrate`.
///
/// # Errors
/// Files that cannot be read, written or are not valid; data from which nothing can be estimated;
/// a format that the command does not have.
pub fn run(global: &Global, args: &CalibrateArgs) -> Result<Exit, CliError> {
    if let Some(Format::Html) = global.format {
        return Err(no_such_format("calibrate", Format::Html, "text, json and csv"));
    }
    if args.sessions.from_sessions {
        return sessions::run(global, args);
    }
    let anchors = args.anchors.as_deref().map(|path| read_items(path, 1.0)).transpose()?;
    interrupt::nothing_written_on_signal();
    let finished = calibrate(global, args, anchors.as_ref())?;
    for notice in &finished.notices {
        super::say(&format!("note: {notice}"));
    }
    let page = match &args.report {
        Some(path) => Some((path, report::of_responses(args, &finished)?)),
        None => None,
    };
    let covariance = match &args.covariance {
        Some(path) => Some((path, print::covariance(&finished)?)),
        None => None,
    };
    interrupt::writing(|| {
        if let Some((path, text)) = &covariance {
            crate::cli::output::write_file(path, text.as_bytes())?;
        }
        if let Some((path, page)) = &page {
            report::write(path, page)?;
        }
        args.output.as_ref().map_or(Ok(()), |path| print::write_items(path, &finished))
    })?;
    match global.format {
        Some(Format::Json) => print::json(&finished)?,
        Some(Format::Csv) => print::csv(&finished)?,
        _ => print::text(&finished)?,
    };
    let whole = finished.fit.convergence == Convergence::Converged
        && finished.notices.iter().all(|notice| !notice.is_loss());
    Ok(if whole { Exit::Done } else { Exit::No })
}

fn calibrate(
    global: &Global,
    args: &CalibrateArgs,
    anchors: Option<&ItemTable>,
) -> Result<Finished, CliError> {
    let pool = thread_pool(args.threads)?;
    let clock = Clock::start();
    let usual = nodes(args, USUAL_NODES)?;
    let (mut data, mut notices) = data::read(args, anchors)?;
    if matches!(args.model, Model::ThreePl | Model::FourPl) && args.priors.logit_c.is_none() {
        notices.push(Notice::NoPriorOnC);
    }
    let assignment = dimensions::read(args)?;
    let bar = Bar::new(global);
    let (design, estimate, covariance) = pool.install(|| {
        loop {
            let mut design = design(args, &data, anchors, usual.clone());
            let assignment = assignment.as_ref();
            let steps = closer_nodes(args, &data, &mut design, assignment, &bar)?;
            let mut estimate = estimate(&data, &design, assignment, &bar)?;
            estimate.fit.iterations += steps;
            let lost = runaway(&data, &design, &estimate.fit);
            if lost.len() == data.items.len() {
                return Err(separated());
            }
            if lost.is_empty() {
                let covariance = standard_errors(args, &data, &design, &mut estimate, &mut notices);
                return Ok::<_, CliError>((design, estimate, covariance));
            }
            notices.extend(data.leave_out(&lost)?);
        }
    })?;
    let Estimate { fit, dimensioned } = estimate;
    notices.extend(dimensioned.iter().flat_map(Dimensioned::remarks));
    bar.finish();
    notices.extend(remarks(&data, &design, &fit));
    let mut analyses = analyses(args, &data, &design, &fit, &mut notices)?;
    if let (true, Some(dimensioned)) = (args.bifactor, &dimensioned) {
        let settings = Settings { nodes: self::nodes(args, 31)?, ..design.settings.clone() };
        let found = pool.install(|| dimensioned.bifactor(&data, &settings, &mut notices))?;
        analyses.push(("bifactor", found));
    }
    let (wall, cpu_s) = clock.stop();
    let threads = pool.current_num_threads();
    let model = args.model;
    Ok(Finished {
        model,
        data,
        design,
        fit,
        dimensioned,
        covariance,
        notices,
        analyses,
        threads,
        wall,
        cpu_s,
    })
}

/// Nodes of ability unless people have many answers.
const USUAL_NODES: usize = 61;
/// Where closer nodes follow, the usual ones need not be searched further.
const APPROACH_TOLERANCE: f64 = 0.005;

/// Gives a design the nodes that its people's answers need. Since these cost, one ability goes most of the
/// way on the usual nodes: EM steps made so.
fn closer_nodes(
    args: &CalibrateArgs,
    data: &Data,
    design: &mut Design,
    assignment: Option<&Assignment>,
    bar: &Bar,
) -> Result<usize, CliError> {
    let answers = match assignment {
        Some(assignment) => assignment.most_answers(data)?,
        None => data.responses.most_answers(|_| true),
    };
    let needed = calibration::nodes_for(answers);
    if args.nodes.is_some() || needed <= USUAL_NODES {
        return Ok(0);
    }
    let mut steps = 0;
    if assignment.is_none() {
        let mut rough = design.clone();
        rough.settings.tolerance = rough.settings.tolerance.max(APPROACH_TOLERANCE);
        let Estimate { fit, .. } = estimate(data, &rough, None, bar)?;
        if fit.convergence == Convergence::Converged {
            steps = fit.iterations;
            for (item, x) in design.items.iter_mut().zip(fit.items) {
                item.start = Some(x);
            }
        }
    }
    design.settings.nodes = nodes(args, needed)?;
    Ok(steps)
}

fn nodes(args: &CalibrateArgs, otherwise: usize) -> Result<Grid, CliError> {
    Grid::trapezoid(args.range.lo(), args.range.hi(), args.nodes.unwrap_or(otherwise))
        .map_err(|error| CliError::new(Exit::Usage, format!("--nodes: {error}")))
}

/// What an estimation finds.
struct Estimate {
    fit: Fit,
    dimensioned: Option<Dimensioned>,
}

fn estimate(
    data: &Data,
    design: &Design,
    assignment: Option<&Assignment>,
    bar: &Bar,
) -> Result<Estimate, CliError> {
    let mut watch = |progress| bar.step(progress);
    match assignment {
        Some(assignment) => {
            let (fit, dimensioned) = assignment.estimate(data, design, &mut watch)?;
            Ok(Estimate { fit, dimensioned: Some(dimensioned) })
        }
        None => calibration::calibrate(&data.responses, design, &mut watch)
            .map(|fit| Estimate { fit, dimensioned: None })
            .map_err(|error| CliError::new(Exit::Invalid, error.to_string())),
    }
}

/// What was asked for beside the parameters.
fn analyses(
    args: &CalibrateArgs,
    data: &Data,
    design: &Design,
    fit: &Fit,
    notices: &mut Vec<Notice>,
) -> Result<Vec<(&'static str, serde_json::Value)>, CliError> {
    let mut found = Vec::new();
    if args.fit {
        match analysis::fit(data, design, fit) {
            Some([items, pairs, model]) => {
                found.extend([("fit", items), ("pairs", pairs), ("model_fit", model)]);
            }
            None => notices.push(Notice::NoFit),
        }
    }
    if args.drift {
        found.push(("anchor_drift", analysis::anchor_drift(data, design, fit)?));
    }
    if args.dif {
        found.push(("dif", analysis::differential(data)?));
    }
    if let (Some(choices), Some(keys)) = (&args.choices, &args.keys) {
        found.push(("key_check", analysis::keys(choices, keys)?));
    }
    Ok(found)
}

/// What the reader of a finished calibration should know.
fn remarks(data: &Data, design: &Design, fit: &Fit) -> Vec<Notice> {
    let mut notices = Vec::new();
    if fit.convergence != Convergence::Converged {
        let outcome = print::outcome(fit.convergence);
        notices.push(Notice::NotConverged { outcome, steps: fit.iterations });
    }
    let free = |(item, design): (usize, &ItemDesign)| match design.anchored {
        Some(_) => 0,
        None => {
            let free = design.family.free(data.responses.categories(item));
            free.into_iter().filter(|free| *free).count()
        }
    };
    let parameters = design.items.iter().enumerate().map(free).sum();
    for (group, latent) in fit.latent.iter().enumerate() {
        if design.groups[group].free_variance && latent.sd <= calibration::SD_MIN {
            let group = data.groups.get(group).cloned();
            notices.push(Notice::NoSpread { group, sd: latent.sd });
        }
    }
    let persons = data.responses.persons();
    if persons < parameters {
        notices.push(Notice::FewPersons { persons, parameters });
    }
    for (item, design) in design.items.iter().enumerate() {
        if design.family != Family::Nominal && fit.items[item][0] <= 0.0 {
            notices.push(Notice::NegativeSlope { item: data.items[item].clone() });
        }
    }
    notices
}

/// Items whose slope or intercept ran to the edge, or whose slope was still growing when it was
/// steeper than the nodes resolve: their estimates do not exist in these data.
fn runaway(data: &Data, design: &Design, fit: &Fit) -> Vec<usize> {
    let nodes = design.settings.nodes.points();
    let settled = fit.convergence == Convergence::Converged;
    // At this slope a curve rises from .12 to .88 between two nodes.
    let resolved = if settled { f64::INFINITY } else { 4.0 / (nodes[1] - nodes[0]) };
    let lost = |item: &usize| {
        let (family, x) = (design.items[*item].family, &fit.items[*item]);
        // An asymptote at its edge is an answer (there is none); a slope is not.
        let checked = if family.is_logistic() { &x[..2] } else { x.as_slice() };
        let edge = checked.iter().any(|value| value.abs() >= calibration::COORDINATE_EDGE);
        let slopes = if family == Family::Nominal { &x[..x.len() / 2] } else { &x[..1] };
        design.items[*item].anchored.is_none()
            && (edge || slopes.iter().any(|a| a.abs() >= resolved))
    };
    (0..data.items.len()).filter(lost).collect()
}

fn separated() -> CliError {
    let message = "no item has an estimate: the answers separate people perfectly, and every slope \
                   grows without bound";
    CliError::new(Exit::Invalid, message)
        .help("use --model rasch, more people, or priors: 'log_a=normal(0,0.5);b=normal(0,2)'")
}

fn standard_errors(
    args: &CalibrateArgs,
    data: &Data,
    design: &Design,
    estimate: &mut Estimate,
    notices: &mut Vec<Notice>,
) -> Option<Covariance> {
    if args.se == ErrorsOf::None {
        return None;
    }
    let found = match &mut estimate.dimensioned {
        Some(dimensioned) => dimensioned.standard_errors(data, design),
        None => calibration::covariance(&data.responses, design, &estimate.fit),
    };
    match found {
        Ok(covariance) => {
            let items: Vec<String> =
                covariance.unidentified().iter().map(|&item| data.items[item].clone()).collect();
            if !items.is_empty() {
                notices.push(Notice::NotIdentified { items });
            }
            Some(covariance)
        }
        Err(error) => {
            notices.push(Notice::NoStandardErrors(error.to_string()));
            None
        }
    }
}

fn design(args: &CalibrateArgs, data: &Data, anchors: Option<&ItemTable>, nodes: Grid) -> Design {
    let by_id: HashMap<&str, &ItemModel> =
        anchors.iter().flat_map(|table| table.iter()).map(|item| (item.id, item.model)).collect();
    let items = data
        .items
        .iter()
        .map(|id| match by_id.get(id.as_str()) {
            Some(model) => anchored(model),
            None => ItemDesign {
                family: args.model.family(),
                priors: args.priors,
                anchored: None,
                start: None,
            },
        })
        .collect();
    let free_scale = matches!(args.model, Model::Rasch | Model::Pcm);
    let reference = data.usable_groups.iter().position(|usable| *usable).unwrap_or(0);
    let groups = data
        .usable_groups
        .iter()
        .enumerate()
        .map(|(group, usable)| {
            let free = *usable && (anchors.is_some() || group != reference);
            LatentDesign { free_mean: free, free_variance: free || (*usable && free_scale) }
        })
        .collect();
    let shape = match args.ability {
        Ability::Normal => LatentShape::Normal,
        Ability::Histogram => LatentShape::Histogram,
    };
    let settings = Settings {
        nodes,
        tolerance: args.tol,
        iterations_max: args.max_iterations,
        accelerate: true,
    };
    Design { items, groups, shape, settings }
}

/// An anchor keeps its own model, whatever is estimated beside it.
fn anchored(model: &ItemModel) -> ItemDesign {
    let family = match model {
        ItemModel::Logistic(_) => Family::FourParameter,
        ItemModel::Graded(_) => Family::Graded,
        ItemModel::GeneralizedPartialCredit(_) => Family::GeneralizedPartialCredit,
        ItemModel::Nominal(_) => Family::Nominal,
    };
    let anchored = family.coordinates(model);
    ItemDesign { family, priors: Priors::default(), anchored, start: None }
}

/// A line on stderr with the log-likelihood, shown only on a terminal and only after a second.
struct Bar {
    bar: ProgressBar,
    start: Instant,
    wanted: bool,
}

impl Bar {
    fn new(global: &Global) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        let wanted = !global.quiet && std::io::stderr().is_terminal();
        Self { bar, start: Instant::now(), wanted }
    }

    fn step(&self, progress: Progress) -> bool {
        self.say(|| {
            let Progress { iteration, log_posterior, step } = progress;
            format!(
                "EM step {iteration}: log-likelihood {log_posterior:.3}, largest move {step:.1e}"
            )
        });
        true
    }

    /// Shows a line once the work has taken a second.
    fn say(&self, line: impl FnOnce() -> String) {
        if self.wanted && self.start.elapsed() > Duration::from_secs(1) {
            if self.bar.is_hidden() {
                self.bar.set_draw_target(ProgressDrawTarget::stderr());
            }
            self.bar.set_message(line());
            self.bar.tick();
        }
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
