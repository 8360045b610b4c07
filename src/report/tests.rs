//! The report of one fixed session, as every printer prints it.

use std::sync::Arc;

use serde_json::Value;

use super::{Detail, Report, RunFacts, TextOptions, html, json, text};
use crate::assessment::{Plan, PlanSpec, Response, Session, Step, correct_response};
use crate::bank::{Item, Key, Level, sample};

/// A session on the sample bank, each question answered by `answer` (number of the question, item).
fn session_with(spec: &PlanSpec, answer: impl Fn(usize, &Item) -> Response) -> Session {
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
fn middling(position: usize, item: &Item) -> Response {
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

fn facts() -> RunFacts {
    RunFacts {
        session_id: "0193-sample".to_owned(),
        started_ms: 1_795_300_000_000,
        finished_ms: Some(1_795_301_200_000),
        engine: crate::assessment::ENGINE,
        notices: vec!["This bank is a draft.".to_owned()],
    }
}

fn sample_report() -> Report {
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

#[test]
fn a_standard_setting_is_named_beside_the_boundaries() {
    // Goal: readers see who set the boundaries, in every printer. Method: a report with the record of
    // a panel; one without says nothing.
    let mut report = sample_report();
    assert!(as_value(&report).pointer("/level/standard_setting").is_none());
    let record = "schema: gradus.levels/1\ncuts:\n\
        \x20 - {between: [junior, mid], theta: -0.3, se: 0.1, origin: judged, as_of: \"2026-11-24\"}\n\
        \x20 - {between: [mid, senior], theta: 1.1, se: 0.1, origin: judged, as_of: \"2026-11-24\"}\n\
        standard_setting: {method: modified Angoff, judges: 6, kind: model, rounds: 2, items: 60, \
        date: \"2026-11-24\", ratings: ratings.csv}\n";
    let files = [crate::bank::SourceFile::new("levels.yaml", record)];
    let bank = crate::bank::read_checked_bank(&files).0.expect("a bank");
    report.level.standard_setting = bank.standard_setting.clone();
    let said = "Set by 6 judges of kind model over 60 items in 2 rounds, 2026-11-24.";
    let shown = text(&report, &plain(200, Detail::Summary));
    assert!(shown.split_whitespace().collect::<Vec<_>>().join(" ").contains(said), "{shown}");
    assert!(html(&report).contains(said));
    assert_eq!(as_value(&report)["level"]["standard_setting"]["judges"], 6);
}

/// The report as its own JSON, read back.
fn as_value(report: &Report) -> Value {
    serde_json::from_str(&json(report)).expect("the report is JSON")
}

/// The values of all `<data>` elements inside the section of that id.
fn data_in(page: &str, id: &str) -> Vec<f64> {
    let start = page.find(&format!("<section id=\"{id}\"")).expect("the section is there");
    let after = &page[start + 1..];
    let end = after.find("<section id=").or_else(|| after.find("</main>")).expect("it ends");
    let section = &after[..end];
    section
        .split("<data value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap_or_default().parse().expect("a number"))
        .collect()
}

fn number(value: &Value, pointer: &str) -> f64 {
    value.pointer(pointer).and_then(Value::as_f64).unwrap_or_else(|| panic!("no {pointer}"))
}

#[test]
fn the_tables_beside_the_charts_hold_the_numbers_of_the_json() {
    // Goal: picture, table and data never differ; method: read the full values from the markup of
    // each table and compare them, to the bit, with the JSON.
    let report = sample_report();
    let (page, value) = (html(&report), as_value(&report));
    let of_level = [
        "probabilities/junior",
        "probabilities/mid",
        "probabilities/senior",
        "theta",
        "se",
        "lo90",
        "hi90",
        "cuts/0/theta",
        "cuts/0/se",
        "cuts/1/theta",
        "cuts/1/se",
    ];
    let expected: Vec<f64> =
        of_level.iter().map(|field| number(&value, &format!("/level/{field}"))).collect();
    assert_eq!(data_in(&page, "level"), expected);
    let of_topic = |k: usize| {
        ["mean", "lo90", "hi90", "direct_items"]
            .map(|field| number(&value, &format!("/profile/{k}/{field}")))
    };
    let expected: Vec<f64> = (0..report.profile.len()).flat_map(of_topic).collect();
    assert_eq!(data_in(&page, "profile"), expected);
    let of_item = |n: usize| {
        ["theta", "se"].map(|field| number(&value, &format!("/session/items/{n}/{field}")))
    };
    let mut expected =
        vec![number(&value, "/session/start/theta"), number(&value, "/session/start/se")];
    expected.extend((0..report.session.items.len()).flat_map(of_item));
    assert_eq!(data_in(&page, "evidence"), expected);
    let of_role = |r: usize| {
        ["probability", "mean", "sd", "coverage"]
            .map(|field| number(&value, &format!("/specialization/ranking/{r}/{field}")))
    };
    let expected: Vec<f64> = (0..4).flat_map(of_role).collect();
    assert_eq!(data_in(&page, "specialization"), expected);
}

#[test]
fn points_of_the_charts_stand_where_the_json_says() {
    // Goal: the drawing itself is true; method: turn each point's place back into a value on the
    // scale and compare it with the JSON within the rounding of the place.
    let report = sample_report();
    let (page, value) = (html(&report), as_value(&report));
    let scale = super::scale::Scale::of(&report);
    let points: Vec<f64> = page
        .split("<circle class=\"point")
        .skip(1)
        .filter_map(|rest| rest.split("cx=\"").nth(1)?.split("%\"").next()?.parse::<f64>().ok())
        .map(|percent| scale.lo + (percent / 100.0 - 0.03) / 0.94 * (scale.hi - scale.lo))
        .collect();
    let topics = (0..6).map(|k| number(&value, &format!("/profile/{k}/mean")));
    let expected: Vec<f64> =
        std::iter::once(number(&value, "/level/theta")).chain(topics).collect();
    // The key to the dashed line stands outside the charts, in pixels, and is not among them.
    assert_eq!(points.len(), expected.len());
    for (drawn, said) in points.iter().zip(expected) {
        assert!((drawn - said).abs() < 1e-4, "drawn {drawn}, said {said}");
    }
}

#[test]
fn a_bank_or_an_answer_cannot_act_in_the_page() {
    // Goal: no markup but our own, nothing loaded; method: the sample's stems and a typed answer
    // hold tags; look for tags and for attributes that load.
    let session = session_with(&PlanSpec::default(), |position, item| match item.key {
        Key::Text { .. } => Response::Text("<img src=x onerror=alert(1)>".to_owned()),
        _ => middling(position, item),
    });
    let mut facts = facts();
    facts.session_id = "\"><script>id</script>".to_owned();
    facts.notices = vec!["<b>notice</b>".to_owned()];
    let page = html(&Report::new(&session, facts));
    for tag in ["<script", "<img", "<b>", "onerror=alert(1)>", "<link", "@import", "url("] {
        assert!(!page.contains(tag), "{tag} is in the page");
    }
    assert!(page.contains("&lt;script&gt;alert("));
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"));
    let body = &page[page.find("</style>").expect("there is a style sheet")..];
    for tag in body.split('<').skip(1).filter_map(|piece| piece.split('>').next()) {
        let acts = [" src=", " style=", " srcset=", " onerror=", " onclick=", " onload="];
        assert!(!acts.iter().any(|act| tag.contains(act)), "{tag} loads or acts");
    }
    assert!(page.bytes().all(|byte| byte != 0x1b));
}

#[test]
fn every_tag_of_the_page_is_closed() {
    // Goal: sound markup; method: push and pop every tag but the void ones.
    let page = html(&sample_report());
    let mut open: Vec<&str> = Vec::new();
    for piece in page.split('<').skip(1) {
        let tag = piece.split('>').next().unwrap_or_default();
        let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap_or_default();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "closes in {tag:?}");
        } else if !tag.starts_with('!') && !tag.ends_with('/') && name != "meta" && name != "br" {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn colour_is_an_addition_and_lines_fit() {
    // Goal: no escape byte without colour, the same words with it, no line beyond the width;
    // method: strip the escapes and compare; measure lines at several widths. The sample's code
    // lines are short, so even those must fit.
    let report = sample_report();
    let options = |width, color| TextOptions { width, color, detail: Detail::Full };
    let bare = text(&report, &options(80, false));
    assert!(bare.bytes().all(|byte| byte != 0x1b));
    let coloured = text(&report, &options(80, true));
    let stripped: String = coloured
        .split('\u{1b}')
        .enumerate()
        .map(|(at, piece)| if at == 0 { piece } else { piece.split_once('m').map_or("", |p| p.1) })
        .collect();
    assert_eq!(stripped, bare);
    for width in [60, 72, 88, 110] {
        let text = text(&report, &options(width, false));
        let longest = text.lines().map(|line| line.chars().count()).max();
        assert!(longest.is_some_and(|longest| longest <= width), "{longest:?} at {width}");
    }
}

#[test]
fn a_test_of_one_topic_has_no_specialization() {
    // Goal: null and no part where nothing can be said; method: a test of one topic, all printers.
    let spec = PlanSpec { topics: Some(vec!["sql".to_owned()]), ..PlanSpec::default() };
    let report = Report::new(&session_with(&spec, middling), facts());
    assert_eq!(as_value(&report)["specialization"], Value::Null);
    assert_eq!(as_value(&report)["plan"].as_array().map(Vec::len), Some(8));
    assert!(!html(&report).contains("id=\"specialization\""));
    let options = TextOptions { width: 80, color: false, detail: Detail::Summary };
    assert!(!text(&report, &options).contains("Specialization"));
}

#[test]
fn an_open_session_has_a_report_as_of_now() {
    // Goal: a report in mid-test; method: a session after no answer, through all printers.
    let bank = Arc::new(sample::bank());
    let plan = Plan::check(&PlanSpec::default(), &bank).expect("the sample bank takes the plan");
    let session = Session::start(bank, plan, 7).expect("plan and bank fit");
    let report = Report::new(&session, RunFacts { finished_ms: None, ..facts() });
    let value = as_value(&report);
    assert_eq!(value["session"]["stop_reason"], Value::Null);
    assert_eq!(value["level"]["decision"], "undecided");
    assert!(html(&report).contains("not finished"));
    let options = TextOptions { width: 80, color: false, detail: Detail::Full };
    assert!(text(&report, &options).contains("No question has been answered yet."));
}
