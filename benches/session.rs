//! How long does a person wait? Times the session's own work on the embedded banks; it never
//! touches a database or a terminal. Results with their machines stand in `benches/runs/`.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion};

use gradus::assessment::{Plan, PlanSpec, Response, Session, Step, correct_response};
use gradus::bank::{Bank, read_checked_bank};
use gradus::cli::bank_source::embedded;

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
    let mut group = criterion.benchmark_group("next_question_latency");
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
    criterion.bench_function("embedded_bank_load", |bencher| bencher.iter(|| black_box(bank())));
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
    criterion.bench_function("resume_after_25", |bencher| {
        bencher.iter(|| {
            let (bank, plan) = (Arc::clone(&bank), session.plan().clone());
            black_box(Session::resume(bank, plan, SEED, &answers).expect("the same session"))
        });
    });
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    next_question_latency(&mut criterion);
    embedded_bank_load(&mut criterion);
    resume_after_25(&mut criterion);
    criterion.final_summary();
}
