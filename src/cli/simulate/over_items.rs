//! Simulated or replayed tests of one ability over a parameter file.

use std::path::Path;
use std::sync::Arc;

use super::super::work::{Clock, thread_pool};
use super::content;
use super::files::{self, Outputs};
use super::{
    CliError, Exit, Finished, Global, Persons, Progress, Ran, SimulateArgs, Variant, compare,
    item_map, refuse,
};
use crate::cli::items_csv::{ItemTable, read_items};
use crate::psychometrics::estimation::{Estimator, Method};
use crate::psychometrics::numeric::quadrature::Grid;
use crate::psychometrics::selection::Criterion;
use crate::psychometrics::simulation::{Answers, ExposureRule, SimulationError, Study, TestDesign};
use crate::psychometrics::stopping::{CutScore, StopRule};
use crate::report::StudySettings;

/// Most questions of a test unless the options say otherwise.
const LENGTH: usize = 30;

/// Reads the parameter file and gives all tests; fills the tables that need the items.
pub fn run(
    global: &Global,
    args: &SimulateArgs,
    path: &Path,
    outputs: &mut Outputs,
) -> Result<Finished, CliError> {
    let given = [
        (!args.topics.is_empty(), "--topics"),
        (args.difficulties.is_some(), "--difficulties"),
        (global.banks.is_some(), "--banks"),
    ];
    refuse(&given, "is for simulations over the banks", "leave --items out to simulate over them")?;
    let items = read_items(path, args.metric.unwrap_or(1.0))?;
    let read = |path| files::replay(path, &items, &args.not_items);
    let replayed = args.replay.as_deref().map(read).transpose()?;
    let examinees = args.examinees.unwrap_or(1_000);
    let answers = match &replayed {
        Some(matrix) => Answers::Given { scores: &matrix.scores },
        None => Answers::Simulated { examinees },
    };
    let persons = match &replayed {
        Some(matrix) => Persons::Named(matrix.persons.clone()),
        None => Persons::Numbered(examinees),
    };
    let finished = run_all(global, args, &items, answers, persons)?;
    files::responses_of_items(outputs, args, &items, &finished.persons)?;
    Ok(finished)
}

/// Runs the design of the options and its variants on the threads asked for.
fn run_all(
    global: &Global,
    args: &SimulateArgs,
    items: &ItemTable,
    answers: Answers<'_>,
    persons: Persons,
) -> Result<Finished, CliError> {
    let pool = thread_pool(args.threads)?;
    let designs = designs(args, items)?;
    let models = items.models();
    let progress = Progress::new(global, designs.len() * persons.len());
    let clock = Clock::start();
    let runs = pool.install(|| {
        let mut runs: Vec<Ran> = Vec::with_capacity(designs.len());
        for (rule, design) in designs {
            let settings = settings(rule, &design);
            let study = Study::new(models, design)?;
            let tests = study.run(&answers, args.seed, &|| progress.step())?;
            let basis = study.basis(&tests);
            runs.push(Ran::new(settings, &basis, tests));
            if runs.len() > 1 {
                compare(&mut runs, basis.cuts);
            }
        }
        let map = item_map(models, &runs);
        Ok::<_, SimulationError>((runs, map))
    });
    progress.finish();
    let (runs, item_map) = runs.map_err(|error| CliError::new(Exit::Usage, error.to_string()))?;
    let (wall, cpu_s) = clock.stop();
    Ok(Finished {
        item_ids: Arc::clone(items.ids()),
        item_map,
        runs,
        persons,
        banks: None,
        seed: args.seed,
        threads: pool.current_num_threads(),
        wall,
        cpu_s,
    })
}

fn settings(rule: String, design: &TestDesign) -> StudySettings {
    StudySettings {
        rule,
        criterion: design.criterion.name().to_owned(),
        estimator: design.estimator.method().name().to_owned(),
        prior: design.estimator.prior().to_string(),
        exposure_rule: design.exposure.to_string(),
        content: design.content.clone(),
        cuts: design.cuts.iter().map(|cut| cut.theta).collect(),
        cut_se: design.cuts.iter().map(|cut| cut.se).collect(),
        length_min: design.length_min,
        length_max: design.length_max,
    }
}

/// The design of the options, then one a variant, each with its name.
///
/// # Errors
/// Quotas that cannot be kept.
fn designs(args: &SimulateArgs, items: &ItemTable) -> Result<Vec<(String, TestDesign)>, CliError> {
    let mut estimator = Estimator::new(args.estimator.unwrap_or(Method::Eap))
        .with_grid(args.grid.clone().unwrap_or_else(Grid::session));
    if let Some(prior) = args.prior {
        estimator = estimator.with_prior(prior);
    }
    if let Some(range) = args.range {
        estimator = estimator.with_range(range);
    }
    let se = args.cut_se.unwrap_or(0.0);
    let cuts = args.cuts.iter().flat_map(|cuts| &cuts.0);
    let length_max = args.length.unwrap_or(LENGTH);
    let base = TestDesign {
        criterion: args.criterion.unwrap_or(Criterion::MaximumInformation),
        estimator,
        length_min: args.min.unwrap_or(1),
        length_max,
        stop: args.stop.clone(),
        exposure: args.exposure.unwrap_or(ExposureRule::None),
        cuts: cuts.map(|theta| CutScore { theta: *theta, se }).collect(),
        content: content::plan(args, args.content, items, length_max)?,
        seconds_per_item: args.item_seconds,
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
            Variant::Content(rule) => {
                design.content = content::plan(args, Some(*rule), items, length_max)?;
                rule.name().to_owned()
            }
        };
        designs.push((name, design));
    }
    // Where a rule may end a test early, it should not have to wait for a minimum.
    for (_, design) in designs.iter_mut().filter(|(_, design)| design.stop.is_some()) {
        let within = design.length_min;
        design.content = design.content.take().map(|plan| plan.due_within(within));
    }
    Ok(designs)
}

/// The rule that ends a test, as it would be written.
fn rule_of(design: &TestDesign) -> String {
    let length = StopRule::Length(design.length_max);
    match &design.stop {
        Some(rule) => format!("{rule} or {length}"),
        None => length.to_string(),
    }
}
