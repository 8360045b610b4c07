//! Simulated sessions over the question banks, as `gradus take` would give them.

use std::sync::Arc;

use super::super::work::{Clock, thread_pool};
use super::files::{self, Outputs};
use super::{
    CliError, DifficultiesOption, Exit, Finished, Global, OverBanks, Persons, Progress, Ran,
    SimulateArgs, TopicPerson, Variant, compare, item_map, refuse,
};
use crate::assessment::study::{
    BankStudy, Difficulties, StudyError, StudySpec, StudyTest, role_figures,
};
use crate::assessment::{Plan, PlanError, PlanSpec};
use crate::bank::Bank;
use crate::cli::bank_source::load_bank;
use crate::psychometrics::simulation::Tests;
use crate::psychometrics::stopping::StopRule;
use crate::report::StudySettings;

/// People unless the options say otherwise.
const EXAMINEES: usize = 1_000;

/// Gives all tests over the banks; fills the tables that need the questions.
pub fn run(
    global: &Global,
    args: &SimulateArgs,
    outputs: &mut Outputs,
) -> Result<Finished, CliError> {
    refuse_what_needs_items(args)?;
    let bank = load_bank(global)?;
    let specs = specs(args, &bank)?;
    let pool = thread_pool(args.threads)?;
    let examinees = args.examinees.unwrap_or(EXAMINEES);
    let progress = Progress::new(global, specs.len() * examinees);
    let clock = Clock::start();
    let studies: Vec<(String, BankStudy<'_>)> = specs
        .into_iter()
        .map(|(rule, spec)| Ok((rule, BankStudy::new(&bank, spec)?)))
        .collect::<Result<_, _>>()
        .map_err(refusal)?;
    let (runs, persons, map) = pool
        .install(|| {
            let mut runs: Vec<Ran> = Vec::with_capacity(studies.len());
            let mut persons = Vec::new();
            for (rule, study) in &studies {
                let tests = study.run(&|| progress.step())?;
                let (ran, people) = ran(&bank, study, rule, tests);
                runs.push(ran);
                match runs.len() {
                    1 => persons = people,
                    _ => compare(&mut runs, study.cuts()),
                }
            }
            let map = item_map(studies[0].1.models(), &runs);
            Ok((runs, persons, map))
        })
        .map_err(refusal)?;
    progress.finish();
    let (wall, cpu_s) = clock.stop();
    let study = &studies[0].1;
    let finished = Finished {
        item_ids: Arc::new(study.items().map(|item| item.id.to_string()).collect()),
        item_map: map,
        runs,
        persons: Persons::Numbered(examinees),
        banks: Some(OverBanks {
            fingerprint: bank.fingerprint().to_owned(),
            difficulties: match study.spec().difficulties {
                Difficulties::Judged => "judged",
                Difficulties::Drawn => "drawn",
            },
            topics: study.spec().plan.topics.clone(),
            persons,
        }),
        seed: args.seed,
        threads: pool.current_num_threads(),
        wall,
        cpu_s,
    };
    files::responses_of_banks(outputs, args, study, &finished)?;
    Ok(finished)
}

/// Options that only tests over a parameter file have.
fn refuse_what_needs_items(args: &SimulateArgs) -> Result<(), CliError> {
    let given = [
        (args.criterion.is_some(), "--criterion"),
        (args.estimator.is_some(), "--estimator"),
        (args.prior.is_some(), "--prior"),
        (args.grid.is_some(), "--grid"),
        (args.range.is_some(), "--range"),
        (args.exposure.is_some(), "--exposure"),
        (args.metric.is_some(), "--D"),
        (args.quota.is_some(), "--quota"),
        (args.content.is_some(), "--content"),
        (args.item_seconds.is_some(), "--item-seconds"),
        (args.replay.is_some(), "--replay"),
        (args.not_items.any(), "--group or --ignore"),
    ];
    let why =
        "needs --items: over the banks, questions are chosen and scored as `gradus take` does";
    refuse(&given, why, "name a parameter file with --items, or leave the option out")?;
    let foreign =
        args.compare.iter().flat_map(|variants| &variants.0).find_map(|variant| match variant {
            Variant::Stop(_) => None,
            Variant::Exposure(rule) => Some(rule.to_string()),
            Variant::Criterion(criterion) => Some(criterion.to_string()),
            Variant::Content(rule) => Some(rule.name().to_owned()),
        });
    match foreign {
        None if timed(args) => Err(CliError::new(
            Exit::Usage,
            "a stop rule on time needs people who are timed, which those over the banks are not",
        )
        .help("name a parameter file with --items, and --item-seconds")),
        Some(rule) => Err(CliError::new(
            Exit::Usage,
            format!("`{rule}` cannot be compared over the banks, which are compared by stop rules"),
        )
        .help("name a parameter file with --items")),
        None => Ok(()),
    }
}

/// Whether a stop rule looks at the time.
fn timed(args: &SimulateArgs) -> bool {
    let variants = args.compare.iter().flat_map(|variants| &variants.0);
    let compared = variants.filter_map(|variant| match variant {
        Variant::Stop(rule) => Some(rule),
        _ => None,
    });
    let on_time = |rule: &StopRule| rule.mentions(&|part| matches!(part, StopRule::Time(_)));
    args.stop.iter().chain(compared).any(on_time)
}

/// The plan of the options, then one for each stop rule of `--compare`, each with its name.
fn specs(args: &SimulateArgs, bank: &Bank) -> Result<Vec<(String, StudySpec)>, CliError> {
    let all = args.topics.is_empty() || args.topics.iter().any(|topic| topic == "all");
    let spec = PlanSpec {
        topics: (!all).then(|| args.topics.iter().map(|topic| topic.trim().to_owned()).collect()),
        length: args.length,
        quick: false,
        stop: args.stop.as_ref().map(ToString::to_string),
        pretest: None,
    };
    let mut plan = Plan::check(&spec, bank).map_err(StudyError::from).map_err(refusal)?;
    if let Some(minimum) = args.min {
        plan.minimum = minimum;
    }
    let of = |stop: String| StudySpec {
        plan: Plan { stop, ..plan.clone() },
        examinees: args.examinees.unwrap_or(EXAMINEES),
        seed: args.seed,
        cuts: args.cuts.clone().map(|cuts| cuts.0),
        cut_se: args.cut_se,
        difficulties: match args.difficulties {
            Some(DifficultiesOption::Drawn) => Difficulties::Drawn,
            Some(DifficultiesOption::Judged) | None => Difficulties::Judged,
        },
        harder: 0.0,
    };
    let ends = StopRule::Length(plan.length).to_string();
    let named = match plan.stop == ends {
        true => ends,
        false => format!("{} or {ends}", plan.stop),
    };
    let mut specs = vec![(named, of(plan.stop.clone()))];
    for variant in args.compare.iter().flat_map(|variants| &variants.0) {
        if let Variant::Stop(rule) = variant {
            specs.push((rule.to_string(), of(rule.to_string())));
        }
    }
    Ok(specs)
}

fn refusal(error: StudyError) -> CliError {
    let (exit, help) = match &error {
        StudyError::Plan(PlanError::UnknownTopic { .. } | PlanError::NoQuestions { .. }) => {
            (Exit::NotFound, "name topics as in `gradus bank stats`, or leave --topics out")
        }
        StudyError::Plan(PlanError::EmptyBank) => {
            (Exit::NotFound, "questions need `status: live`; or name a parameter file with --items")
        }
        StudyError::Plan(PlanError::TooShort { .. }) => {
            (Exit::Usage, "raise --length or name fewer --topics")
        }
        StudyError::Plan(PlanError::Stop(_)) => (Exit::Usage, "see docs/METHODS.md, section 5"),
        StudyError::Plan(PlanError::Design(_) | PlanError::Model { .. }) => {
            (Exit::Invalid, "see `gradus bank check`")
        }
        StudyError::CutOrder { .. } => (Exit::Usage, "write --cuts from low to high"),
        StudyError::Minimum { .. } => (Exit::Usage, "change --min, --length or --topics"),
        StudyError::Plan(PlanError::TooManyTrials { .. }) => (Exit::Usage, "simulations have none"),
        StudyError::Rule { .. } => (Exit::Usage, "use se, zone, posterior, ci or length"),
    };
    CliError::new(exit, error.to_string()).help(help)
}

/// A design's tests with their figures, and everybody on the topics asked about.
fn ran(
    bank: &Bank,
    study: &BankStudy<'_>,
    rule: &str,
    tests: Vec<StudyTest>,
) -> (Ran, Vec<TopicPerson>) {
    let basis = study.basis(&tests);
    let roles = role_figures(&tests);
    let plan = &study.spec().plan;
    let asked: Vec<usize> =
        (0..bank.topics.len()).filter(|k| plan.has(&bank.topics[*k].id)).collect();
    let (mut bare, mut persons) = (Tests::default(), Vec::new());
    for test in tests {
        let of = |values: &[f64]| asked.iter().map(|&k| values[k]).collect();
        let (abilities, means) = (of(&test.abilities), of(&test.means));
        persons.push(TopicPerson { abilities, means, sds: of(&test.sds) });
        bare.push(test.test.view());
    }
    let settings = StudySettings {
        rule: rule.to_owned(),
        criterion: "posterior-trace".to_owned(),
        estimator: "ep".to_owned(),
        prior: format!("normal:0,1 on each topic, correlation {}", bank.rho),
        exposure_rule: "randomesque(3) for the first 3".to_owned(),
        content: None,
        cuts: study.cuts().iter().map(|cut| cut.theta).collect(),
        cut_se: study.cuts().iter().map(|cut| cut.se).collect(),
        length_min: plan.minimum,
        length_max: plan.length,
    };
    let mut ran = Ran::new(settings, &basis, bare);
    ran.roles = roles;
    (ran, persons)
}
