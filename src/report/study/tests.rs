//! The page of a small study, whatever its kind.

use super::*;
use crate::psychometrics::irt::ItemModel;
use crate::psychometrics::simulation::{Answers, Study, TestDesign, location};
use crate::psychometrics::stopping::CutScore;

/// A study of two rules over 24 items; with given answers if the truth is to be unknown.
fn study_page(is_replay: bool, examinees: usize) -> StudyPage {
    let items: Vec<ItemModel> = (0..24)
        .map(|i| ItemModel::logistic(1.1, f64::from(i) / 6.0 - 2.0, 0.1, 1.0).unwrap())
        .collect();
    let cuts = [-0.25, 1.2].map(|theta| CutScore { theta, se: 0.0 }).to_vec();
    let design = |stop: &str| TestDesign {
        length_max: 12,
        length_min: 4,
        stop: Some(stop.parse().unwrap()),
        cuts: cuts.clone(),
        ..TestDesign::default()
    };
    let scores: Vec<u16> = (0..24 * examinees).map(|at| (at * 7 % 3 == 0).into()).collect();
    let answers = match is_replay {
        true => Answers::Given { scores: &scores },
        false => Answers::Simulated { examinees },
    };
    let run = |stop: &str| {
        let study = Study::new(&items, design(stop)).unwrap();
        let tests = study.run(&answers, 3, &|| {}).unwrap();
        let basis = study.basis(&tests);
        (Summary::new(&basis, &tests), Figures::new(&basis, &tests), tests)
    };
    let (first, other) = (run("posterior>=0.9"), run("se<0.5"));
    let settings = |rule: &str| StudySettings {
        rule: rule.to_owned(),
        criterion: "mfi".to_owned(),
        estimator: "eap".to_owned(),
        prior: "normal:0,1".to_owned(),
        exposure_rule: "none".to_owned(),
        content: None,
        cuts: vec![-0.25, 1.2],
        cut_se: vec![0.0, 0.0],
        length_min: 4,
        length_max: 12,
    };
    let difference = Difference::new(&first.2, &other.2, &cuts);
    let design = |rule, (summary, figures, _), difference| StudyDesign {
        settings: settings(rule),
        summary,
        figures,
        roles: None,
        difference,
    };
    let abilities: Vec<f64> = first.2.iter().map(|test| test.estimate.theta).collect();
    StudyPage {
        command: "gradus simulate --items '<b>.csv'".to_owned(),
        version: "0".to_owned(),
        seed: 3,
        source: StudySource::Items {
            file: "<b>.csv".to_owned(),
            replay: is_replay.then(|| "r.csv".to_owned()),
        },
        item_ids: (0..24).map(|i| format!("i{i}&")).collect(),
        item_map: ItemMap::new(&items, &abilities),
        designs: vec![
            design("posterior>=0.9 or length>=12", first, None),
            design("se<0.5", other, Some(difference)),
        ],
    }
}

/// Tags that are opened and not closed in order.
fn unclosed(page: &str) -> Vec<String> {
    let mut open = Vec::new();
    for tag in page.split('<').skip(1) {
        let name: String =
            tag.chars().take_while(|c| c.is_alphanumeric() || *c == '/' || *c == '!').collect();
        let is_void = ["meta", "!DOCTYPE"].contains(&name.as_str())
            || tag.split('>').next().is_some_and(|inside| inside.ends_with('/'));
        match name.strip_prefix('/') {
            Some(closed) => assert_eq!(open.pop().as_deref(), Some(closed), "<{tag}"),
            None if is_void => {}
            None => open.push(name),
        }
    }
    open
}

#[test]
fn every_picture_has_its_words_and_its_table() {
    // Goal: the page is whole, closed, escaped and finite. Method: a study of two rules; all
    // pictures, each named and described and followed by a table; a page for two people as well.
    for people in [2, 60] {
        let page = study_html(&study_page(false, people));
        assert_eq!(unclosed(&page), Vec::<String>::new());
        for id in [
            "bias",
            "error",
            "coverage",
            "lengths",
            "length",
            "stops",
            "by-length",
            "exposure",
            "map",
            "information",
            "distance",
            "reliability",
            "compare",
        ] {
            for what in ["title", "desc"] {
                assert!(page.contains(&format!("<{what} id=\"{id}-chart-{what}\">")), "{id}");
            }
        }
        assert_eq!(page.matches("class=\"chart\"").count(), 13);
        for id in ["by-ability", "lengths", "stops", "by-length", "items", "map", "information"] {
            assert!(page.contains(&format!("<div id=\"{id}-table\">")), "{id}");
        }
        for nonsense in
            ["NaN", ">inf<", "\"inf\"", "<b>", "i0& ", "src=", "http:", "@import", "<script"]
        {
            assert!(!page.contains(nonsense), "{nonsense}");
        }
    }
}

#[test]
fn a_replay_says_nothing_about_error() {
    // Goal: what needs the truth is left out. Method: given answers; the parts that must stay and
    // those that must go.
    let page = study_html(&study_page(true, 20));
    assert_eq!(unclosed(&page), Vec::<String>::new());
    for id in ["lengths", "stops", "exposure", "map", "information"] {
        assert!(page.contains(&format!("<title id=\"{id}-chart-title\">")), "{id}");
    }
    for id in ["bias", "error", "coverage", "by-length", "distance", "reliability", "compare"] {
        assert!(!page.contains(&format!("{id}-chart")), "{id}");
    }
    assert!(page.contains("nothing here is about error") && !page.contains("NaN"));
}

#[test]
fn numbers_read_as_people_write_them() {
    // Goal: minus signs and no negative nothing. Method: three numbers; and a location is a
    // number of the map.
    assert_eq!([-0.0004, -1.25, 2.0].map(|value| number(value, 2)), ["0.00", "−1.25", "2.00"]);
    let page = study_page(false, 2);
    let item = ItemModel::logistic(1.1, -2.0, 0.1, 1.0).unwrap();
    assert_eq!(page.item_map.locations[0], location(&item));
}
