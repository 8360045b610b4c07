//! How long does a person wait? Times the session's own work on the embedded banks, and its step on
//! a larger synthetic one; it never touches a database or a terminal. Results with their machines
//! stand in `benches/runs/`.

use std::hint::black_box;
use std::sync::Arc;

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion};

use gradus::assessment::{Plan, PlanSpec, Response, Session, Step, correct_response};
use gradus::bank::{Bank, read_checked_bank};
use gradus::cli::bank_source::embedded;
use gradus::psychometrics::cat::{Cat, Design, Observation, Pool, PoolItem, Quota, Randomesque};
use gradus::psychometrics::estimation::posterior::Gaussian;
use gradus::psychometrics::irt::ItemModel;
use gradus::psychometrics::numeric::stream::{Purpose, standard_normal, stream};
use gradus::psychometrics::selection::posterior_trace::Objective;
use gradus::psychometrics::stopping::CutScore;

const SEED: u64 = 20_261_122;

fn bank() -> Arc<Bank> {
    let (bank, _) = read_checked_bank(&embedded());
    Arc::new(bank.expect("the embedded banks are valid"))
}

/// Right and "I don't know" in turn: the estimate stays in the middle, where most items compete.
fn response(session: &Session) -> Option<Response> {
    let Step::Ask(asked) = session.step() else { return None };
    let right = correct_response(session.item(asked))?;
    Some(if asked.position % 2 == 0 { right } else { Response::DontKnow })
}

/// A general session after so many answers; the stop rule never holds.
fn session_after(bank: &Arc<Bank>, answers: usize) -> Session {
    let spec =
        PlanSpec { length: Some(40), stop: Some("length>=40".to_owned()), ..PlanSpec::default() };
    let plan = Plan::check(&spec, bank).expect("a plan");
    let mut session = Session::start(Arc::clone(bank), plan, SEED).expect("a session");
    for _ in 0..answers {
        let response = response(&session).expect("a question");
        session.answer(response, None);
    }
    session
}

/// From an answer to the next question: score, update the posterior, choose.
fn next_question_latency(criterion: &mut Criterion) {
    let bank = bank();
    let mut group = criterion.benchmark_group("how_long_until_the_next_question");
    for answers in [0, 10, 25] {
        let session = session_after(&bank, answers);
        let response = response(&session).expect("a question");
        group.bench_function(format!("after_{answers}"), |bencher| {
            bencher.iter_batched(
                || (session.clone(), response.clone()),
                |(mut session, response)| {
                    session.answer(response, None);
                    black_box(session)
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

/// From the embedded text to a bank that can be asked from.
fn embedded_bank_load(criterion: &mut Criterion) {
    criterion.bench_function("how_long_to_load_the_embedded_bank", |bencher| {
        bencher.iter(|| black_box(bank()))
    });
}

/// From a stored session's answers back to its next question.
fn resume_after_25(criterion: &mut Criterion) {
    let bank = bank();
    let session = session_after(&bank, 25);
    let answers: Vec<_> = session
        .answered()
        .iter()
        .map(|answered| gradus::assessment::StoredAnswer {
            position: answered.asked.position,
            item: session.item(&answered.asked).id.to_string(),
            response: answered.response.to_json(),
            seconds: None,
        })
        .collect();
    criterion.bench_function("how_long_to_resume_after_25_answers", |bencher| {
        bencher.iter(|| {
            let (bank, plan) = (Arc::clone(&bank), session.plan().clone());
            black_box(Session::resume(bank, plan, SEED, &answers).expect("the same session"))
        });
    });
}

/// Topics of the synthetic bank, as many as the blueprint has.
const TOPICS: usize = 17;
/// Items of each of its topics.
const ITEMS_A_TOPIC: usize = 60;

/// 60 seeded items a topic: one in seven with four scores, one in ten with an enemy.
fn synthetic_pool(topics: usize) -> Pool {
    let mut random = stream(5, 0, Purpose::Simulee);
    let items = (0..topics * ITEMS_A_TOPIC).map(|j| {
        let a = (0.25 * standard_normal(&mut random)).exp();
        let b = standard_normal(&mut random);
        let model = if j % 7 == 3 {
            ItemModel::generalized_partial_credit(0.6 * a, vec![b - 0.4, b, b + 0.4])
        } else {
            ItemModel::logistic(a, b, if j % 5 == 0 { 0.0 } else { 0.2 }, 1.0)
        };
        PoolItem {
            topic: j / ITEMS_A_TOPIC,
            group: j / 10,
            model: model.expect("an item"),
            lower_asymptote: if j % 7 == 3 { 0.0 } else { 0.2 },
            excludes: if j % 10 == 1 { vec![j - 1] } else { Vec::new() },
            is_code: j % 3 == 0,
            form: j % 4,
            eligible: true,
        }
    });
    Pool::new(topics, items.collect()).expect("a pool")
}

/// The rules of a long general test; its stop rule is asked and never holds.
fn synthetic_design(topics: usize) -> Design {
    let weights = vec![1.0 / topics as f64; topics];
    Design {
        objective: Objective::profile_and_level(&weights),
        weights,
        quotas: vec![Quota { min: 2, max: 8.max(120 / topics) }; topics],
        cuts: vec![CutScore { theta: -0.25, se: 0.3 }, CutScore { theta: 1.2, se: 0.3 }],
        length_min: 34,
        length_max: 60,
        group_max: 3,
        code_max: 25,
        form_shares: vec![1.0, 0.5, 0.5, 0.5],
        stop: "zone(0.3,1e-9) or posterior>=0.999999".parse().expect("a stop rule"),
        randomesque: Randomesque { questions: 3, among: 3 },
    }
}

/// A test of so many topics that has not begun.
fn synthetic_test(topics: usize) -> Cat {
    let cell = |at: usize| if at.is_multiple_of(topics + 1) { 1.0 } else { 0.5 };
    let prior = Gaussian::prior(topics, (0..topics * topics).map(cell).collect());
    let (pool, design) = (synthetic_pool(topics), synthetic_design(topics));
    Cat::new(Arc::new(pool), Arc::new(design), prior).expect("a test")
}

/// From an answer to the choice of the next question, without its text: the posterior of all topics
/// anew and the best item, at some places of a test.
fn next_after(
    group: &mut BenchmarkGroup<'_, WallTime>,
    topics: usize,
    timed: &[usize],
    name: impl Fn(usize) -> String,
) {
    let mut cat = synthetic_test(topics);
    for answers in 0..=timed.iter().copied().max().unwrap_or(0) {
        let choice = cat.next(SEED).expect("a question");
        let top = cat.pool().items()[choice.item].model.categories() - 1;
        let seen = match answers % 3 {
            0 => Observation::Category(top),
            1 => Observation::DontKnow,
            _ => Observation::Category(0),
        };
        if timed.contains(&answers) {
            group.bench_function(name(answers), |bencher| {
                bencher.iter_batched(
                    || cat.clone(),
                    |mut cat| {
                        cat.record(choice.item, seen);
                        black_box((cat.next(SEED), cat))
                    },
                    BatchSize::SmallInput,
                );
            });
        }
        cat.record(choice.item, seen);
    }
}

fn next_of_1020_items(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("how_long_until_the_next_of_1020_items");
    next_after(&mut group, TOPICS, &[0, 10, 30, 40, 55], |answers| format!("after_{answers}"));
    group.finish();
}

fn growth_in_topics(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("how_does_the_next_question_grow_with_topics");
    for topics in [2, 4, 8, 17, 24] {
        next_after(&mut group, topics, &[20], |_| format!("{topics}_topics"));
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    next_of_1020_items(&mut criterion);
    growth_in_topics(&mut criterion);
    next_question_latency(&mut criterion);
    embedded_bank_load(&mut criterion);
    resume_after_25(&mut criterion);
    criterion.final_summary();
}
