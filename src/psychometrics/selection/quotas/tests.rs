//! Are quotas kept whenever they can be, and does the index follow the published steps?

use proptest::prelude::*;

use super::*;

fn plan(rule: ContentRule, quotas: &str, areas: &[&str], length: usize) -> ContentPlan {
    let areas: Vec<Option<String>> =
        areas.iter().map(|area| (!area.is_empty()).then(|| (*area).to_owned())).collect();
    ContentPlan::new(rule, quotas.parse().unwrap(), &areas, length).unwrap()
}

#[test]
fn quotas_are_read_back_and_mistakes_are_named() {
    // Goal: what is written is what is meant. Method: a round trip; one mistake of each kind.
    let text = "alg:4-8;geo:0-3*1.5";
    assert_eq!(text.parse::<AreaQuotas>().unwrap().to_string(), text);
    for text in ["", "alg", "alg:", "alg:1-", "alg:a-3", ":1-2", "alg:1-2*0", "alg:1-2*x"] {
        let error = text.parse::<AreaQuotas>().unwrap_err();
        assert!(matches!(error, ContentError::Unreadable { .. }), "{text}: {error}");
    }
    let error = |text: &str| text.parse::<AreaQuotas>().unwrap_err().to_string();
    assert_eq!(error("a:3-2"), "the quota of area `a` asks for at least 3 and at most 2 items");
    assert_eq!(error("a:1-2;a:2-3"), "area `a` has two quotas");
}

#[test]
fn what_cannot_be_kept_is_refused_before_the_first_question() {
    // Goal: the feasibility check. Method: one impossible plan of each kind.
    let areas: Vec<Option<String>> =
        ["a", "a", "b"].iter().map(|area| Some((*area).to_owned())).collect();
    let error = |quotas: &str, length: usize| {
        ContentPlan::new(ContentRule::Quota, quotas.parse().unwrap(), &areas, length).unwrap_err()
    };
    assert!(error("c:0-1", 2).to_string().ends_with("the items' areas are a, b"));
    assert!(matches!(error("b:2-2", 3), ContentError::TooFewItems { items: 1, .. }));
    assert_eq!(error("a:2-2;b:1-1", 2), ContentError::TooShort { needed: 3, length: 2 });
    assert_eq!(error("a:0-1;b:0-1", 3), ContentError::TooLong { most: 2, length: 3 });
}

#[test]
fn the_index_has_two_phases() {
    // Goal: minima first by what is missing of them, then maxima by what is left of them. Method:
    // factors by hand: minima 2 and 1, maxima 4 and 2, the second weighted 3.
    let plan = plan(ContentRule::PriorityIndex, "a:2-4;b:1-2*3", &["a", "a", "a", "b", "b", ""], 5);
    let factors = |asked: &[usize]| {
        let available = |item: usize| !asked.contains(&item);
        let priorities = plan.priorities(asked, &available);
        [0, 3, 5].map(|item| priorities.of(item))
    };
    assert_eq!(factors(&[]), [1.0, 3.0, 0.0]);
    assert_eq!(factors(&[0, 3]), [0.5, 0.0, 0.0]);
    assert_eq!(factors(&[0, 1, 3]), [0.5, 1.5, 1.0]);
    assert_eq!(factors(&[0, 1, 3, 4]), [0.5, 0.0, 1.0]);
}

proptest! {
    #[test]
    fn hard_quotas_are_never_broken_when_they_can_be_kept(
        values in proptest::collection::vec(0.0f64..1.0, 24),
        areas in proptest::collection::vec(0usize..4, 24),
        ranges in proptest::collection::vec((0usize..4, 0usize..5), 3),
        length in 1usize..20,
    ) {
        // Goal: whoever takes the best item that the rule lets through ends with every quota kept
        // and the full length. Method: random items, areas (the fourth free) and quotas; plans
        // that the check refuses are skipped, all others must succeed.
        let names = ["a", "b", "c"];
        let quotas = ranges.iter().zip(names).map(|(&(min, more), name)| AreaQuota {
            area: name.to_owned(), min, max: min + more, weight: 1.0,
        });
        let named: Vec<Option<String>> =
            areas.iter().map(|k| names.get(*k).map(|name| (*name).to_owned())).collect();
        let quotas = AreaQuotas(quotas.collect());
        let Ok(plan) = ContentPlan::new(ContentRule::Quota, quotas, &named, length) else {
            return Ok(());
        };
        let mut asked: Vec<usize> = Vec::new();
        while asked.len() < length {
            let available = |item: usize| !asked.contains(&item);
            let priorities = plan.priorities(&asked, &available);
            let best = (0..values.len())
                .filter(|&item| available(item) && priorities.of(item) > 0.0)
                .max_by(|&i, &j| values[i].total_cmp(&values[j]));
            prop_assert!(best.is_some(), "no item after {asked:?}");
            asked.extend(best);
        }
        prop_assert!(plan.is_kept(&asked), "{:?} of {:?}", plan.counts(&asked), plan.quotas());
    }

    #[test]
    fn the_index_meets_minima_and_respects_maxima(
        values in proptest::collection::vec(0.01f64..1.0, 24),
        areas in proptest::collection::vec(0usize..4, 24),
        ranges in proptest::collection::vec((0usize..4, 0usize..5), 3),
        length in 1usize..20,
    ) {
        // Goal: a full test by the two-phase index keeps every quota too, since it meets the minima
        // first and gives a full area the index 0. Method: as above.
        let names = ["a", "b", "c"];
        let quotas = ranges.iter().zip(names).map(|(&(min, more), name)| AreaQuota {
            area: name.to_owned(), min, max: min + more, weight: 1.0,
        });
        let named: Vec<Option<String>> =
            areas.iter().map(|k| names.get(*k).map(|name| (*name).to_owned())).collect();
        let quotas = AreaQuotas(quotas.collect());
        let Ok(plan) = ContentPlan::new(ContentRule::PriorityIndex, quotas, &named, length) else {
            return Ok(());
        };
        let mut asked: Vec<usize> = Vec::new();
        for _ in 0..length.min(values.len()) {
            let available = |item: usize| !asked.contains(&item);
            let priorities = plan.priorities(&asked, &available);
            let index = |item: usize| values[item] * priorities.of(item);
            let best = (0..values.len())
                .filter(|&item| available(item))
                .max_by(|&i, &j| index(i).total_cmp(&index(j)));
            asked.extend(best);
        }
        prop_assert!(plan.is_kept(&asked), "{:?} of {:?}", plan.counts(&asked), plan.quotas());
    }
}
