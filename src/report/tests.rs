//! The report of one fixed session, as every printer prints it.

use std::sync::Arc;

use super::{Detail, Report, RunFacts, TextOptions, json, text};
use crate::assessment::{Plan, PlanSpec, Response, Session, Step, correct_response};
use crate::bank::{Item, Key, Level, sample};

/// A session on the sample bank, each question answered by `answer` (number of the question, item).
pub(super) fn session_with(spec: &PlanSpec, answer: impl Fn(usize, &Item) -> Response) -> Session {
    let bank = Arc::new(sample::bank());
    let plan = Plan::check(spec, &bank).expect("the sample bank takes the plan");
    let mut session = Session::start(bank, plan, 7).expect("plan and bank fit");
    while let Step::Ask(asked) = session.step().clone() {
        let response = answer(asked.position, session.item(&asked));
        session.answer(response, Some(20.0 + asked.position as f64));
    }
    session
}

/// Right on what is written for junior and mid and on all of SQL; else wrong, with one "I don't
/// know".
pub(super) fn middling(position: usize, item: &Item) -> Response {
    let knows = item.level < Level::Senior && position % 4 != 3 || item.topic.as_str() == "sql";
    match (&item.key, correct_response(item)) {
        _ if position == 6 => Response::DontKnow,
        (_, Some(right)) if knows => right,
        (Key::Single { .. }, _) => Response::Single(item.options[0].id.clone()),
        (Key::Multi { .. }, _) => Response::Multi(vec![item.options[0].id.clone()]),
        (Key::Order { .. }, _) => {
            Response::Order(item.options.iter().map(|o| o.id.clone()).collect())
        }
        (Key::Numeric { .. }, _) => Response::Number(420.0),
        (Key::Text { .. }, _) => Response::Text("Last-\u{1b}[2JModified".to_owned()),
    }
}

pub(super) fn facts() -> RunFacts {
    RunFacts {
        session_id: "0193-sample".to_owned(),
        started_ms: 1_795_300_000_000,
        finished_ms: Some(1_795_301_200_000),
        engine: crate::assessment::ENGINE,
        notices: vec!["This bank is a draft.".to_owned()],
    }
}

pub(super) fn sample_report() -> Report {
    Report::new(&session_with(&PlanSpec::default(), middling), facts())
}

fn plain(width: usize, detail: Detail) -> TextOptions {
    TextOptions { width, color: false, detail }
}

#[test]
fn the_text_is_what_it_was() {
    // Goal: the words and the layout do not change unseen; method: snapshots at two widths, in
    // brief and in full.
    let report = sample_report();
    insta::assert_snapshot!("text_100", text(&report, &plain(100, Detail::Summary)));
    insta::assert_snapshot!("text_60_full", text(&report, &plain(60, Detail::Full)));
}

#[test]
fn the_json_is_what_it_was() {
    // Goal: names, order and values of gradus.report/1; method: a snapshot.
    insta::assert_snapshot!("json", json(&sample_report()));
}
