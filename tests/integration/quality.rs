//! Does the quality part of the report tell honest patterns from impossible ones? Simulated people
//! over the embedded banks.

use std::sync::Arc;

use gradus::assessment::outcome::{Effort, Outcome};
use gradus::assessment::{Plan, PlanSpec, Response, Session, Step, correct_response, score};
use gradus::bank::{Bank, Item, Key, Status, read_bank};
use gradus::cli::bank_source::embedded;
use gradus::psychometrics::numeric::stream::{Purpose, standard_normal, stream, uniform};

fn bank() -> Arc<Bank> {
    Arc::new(read_bank(&embedded()).0.expect("the embedded bank is valid"))
}

/// A response that does not earn the full score.
fn wrong_response(item: &Item) -> Response {
    let id = |at: usize| item.options[at].id.clone();
    let wrong = match &item.key {
        Key::Single { key } => Response::Single(id((key + 1) % item.options.len())),
        Key::Multi { keys, .. } => {
            Response::Multi((0..keys.len()).filter(|&at| !keys[at]).map(id).collect())
        }
        Key::Order { order, .. } => Response::Order(order.iter().rev().map(|&at| id(at)).collect()),
        Key::Numeric { value, tolerance, .. } => Response::Number(value + 2.0 * tolerance + 1.0),
        Key::Text { .. } => Response::Text("no such answer".to_owned()),
    };
    assert!(!score(item, &wrong).is_right());
    wrong
}

/// A sitting in which `knows` decides about each item, told the level so far; `seconds` is what
/// every answer takes.
fn sit(
    bank: &Arc<Bank>,
    seed: u64,
    seconds: Option<f64>,
    knows: impl Fn(&Item, f64) -> bool,
) -> Outcome {
    let stop = Some("length>=25".to_owned());
    let plan =
        Plan::check(&PlanSpec { length: Some(25), stop, ..PlanSpec::default() }, bank).unwrap();
    let mut session = Session::start(Arc::clone(bank), plan, seed).unwrap();
    while let Step::Ask(asked) = session.step().clone() {
        let item = session.item(&asked);
        let level = session.cat().general_level().0;
        let response = match correct_response(item) {
            Some(response) if knows(item, level) => response,
            _ => wrong_response(item),
        };
        session.answer(response, seconds);
    }
    Outcome::of(&session)
}

/// The three easiest and the three hardest live questions of each topic, and no others.
fn extremes(bank: &Bank) -> Bank {
    let mut bank = bank.clone();
    let topics: Vec<_> = bank.topics.iter().map(|topic| topic.id.clone()).collect();
    for topic in topics {
        let mut own: Vec<&mut Item> = bank
            .items
            .iter_mut()
            .filter(|item| item.topic == topic && item.status == Status::Live)
            .collect();
        own.sort_by(|x, y| x.prior.b.total_cmp(&y.prior.b));
        let n = own.len();
        for (place, item) in own.into_iter().enumerate() {
            if place >= 3 && place + 3 < n {
                item.status = Status::Draft;
            }
        }
    }
    bank
}

#[test]
fn honest_patterns_are_rarely_flagged_and_upside_down_ones_are_unusual() {
    // Goal: one honest pattern in a hundred is flagged; whoever knows the hard and misses the easy
    // stands out. Method: 40 people who answer by the model (more than 4 flags have a probability
    // below .001), and people who
    // know what is hard and miss what is easy, where there are only such questions to ask: among
    // many, an adaptive test asks each person what stands near their level, and nothing surprises.
    let bank = bank();
    let mut flags = 0;
    let mut honest = Vec::new();
    for seed in 0..40 {
        let ability = standard_normal(&mut stream(seed, 0, Purpose::Simulee));
        let outcome = sit(&bank, seed, None, |item, _| {
            let place = bank.items.iter().position(|other| other.id == item.id).unwrap();
            let mut random = stream(seed, place as u64, Purpose::Answer);
            let prior = item.prior;
            let b = prior.b + prior.b_sd * standard_normal(&mut random);
            let p = prior.c + (1.0 - prior.c) / (1.0 + (-prior.a * (ability - b)).exp());
            uniform(&mut random) < p
        });
        let fit = outcome.quality.person_fit.expect("enough answers");
        flags += usize::from(fit.flag);
        honest.push(fit.p);
    }
    assert!(flags <= 4, "{flags} of 40 honest people flagged");
    let honest_mean = honest.iter().sum::<f64>() / 40.0;
    let extremes = Arc::new(extremes(&bank));
    let upside_down: Vec<f64> = (0..6)
        .map(|seed| {
            let outcome = sit(&extremes, seed, None, |item, _| item.prior.b > 0.0);
            outcome.quality.person_fit.expect("enough answers").p
        })
        .collect();
    let upside_down_mean = upside_down.iter().sum::<f64>() / 6.0;
    println!("mean p: honest {honest_mean:.3}, upside down {upside_down_mean:.3}, {flags} flags");
    // The reference distribution keeps the questions as they were asked; in a test whose questions
    // follow the answers, honest patterns look more usual than that, the more so the more
    // questions there are to choose from. So p errs on the side of no flag.
    assert!((0.3..0.85).contains(&honest_mean), "{honest_mean}");
    // Six honest p-values would average .5 with a standard deviation of .118: this bar is their
    // first percentile. More cannot be asked of adaptive tests whose difficulties are uncertain:
    // nearly every question stands near the person's level, where little is surprising.
    assert!(upside_down_mean < 0.226, "{upside_down:?}");
}

#[test]
fn rapid_answers_are_counted_and_moderated() {
    // Goal: low effort is flagged, the level is scored on all answers and the moderated one stands
    // beside it; an answer that nobody timed is never rapid. Method: one second, a minute, none.
    let bank = bank();
    let rushed = sit(&bank, 3, Some(1.0), |_, _| false);
    assert_eq!(rushed.quality.effort, Effort::Low);
    assert!(rushed.quality.rapid_responses > 10);
    assert!(rushed.quality.effort_moderated.is_some());
    for seconds in [Some(60.0), None] {
        let calm = sit(&bank, 3, seconds, |_, _| false);
        assert_eq!((calm.quality.effort, calm.quality.rapid_responses), (Effort::Ok, 0));
        assert!(calm.quality.effort_moderated.is_none());
        assert_eq!(calm.level, rushed.level, "the result is scored on all answers");
    }
}
