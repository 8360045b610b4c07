//! Does every rule hold when it should, say why, and read back as it is written?

use super::*;

fn cuts() -> Vec<CutScore> {
    [-0.25, 1.2].map(|theta| CutScore { theta, se: 0.0 }).to_vec()
}

#[test]
fn the_zone_rule_waits_only_near_a_cut() {
    // Goal: min(P(C > c+δ), P(C < c−δ)) ≤ ε at every cut. Method: hand-computed normal tails.
    let cuts = cuts();
    let rule: StopRule = "zone(0.3,0.025)".parse().unwrap();
    let at = |theta, se| rule.evaluate(&StopState::classification(9, theta, se, &cuts));
    assert!(at(0.475, 0.2).is_some(), "in the middle of mid");
    assert!(at(-0.25, 0.5).is_none(), "both tails are 27 %");
    assert!(at(-0.25, 0.15).is_some(), "each tail is 2.3 %: either decision will do");
}

#[test]
fn the_part_that_held_is_the_reason() {
    // Goal: an `or` names the part that held, an `and` all. Method: a state that meets one.
    let cuts = cuts();
    let state = StopState::classification(12, 3.0, 0.4, &cuts);
    let rule: StopRule = "(se<0.1 and length>=3) or posterior>=0.9".parse().unwrap();
    assert_eq!(rule.evaluate(&state).unwrap().rules, vec![StopRule::Posterior(0.9)]);
    let rule: StopRule = "se<0.5 and length>=3".parse().unwrap();
    assert_eq!(rule.evaluate(&state).unwrap().rules.len(), 2);
}

#[test]
fn wald_bounds_are_the_published_ones() {
    // Goal: α = β = .05 gives ±2.94444. Method: a likelihood whose ratio is known.
    let cuts = [CutScore { theta: 0.0, se: 0.0 }];
    let rule: StopRule = "sprt(0.5,0.05,0.05)".parse().unwrap();
    for (slope, stops) in [(2.945, true), (2.944, false), (-2.945, true)] {
        let log_likelihood = move |theta: f64| slope * theta;
        let mut state = StopState::classification(1, 0.0, 1.0, &cuts);
        state.log_likelihood = Some(&log_likelihood);
        assert_eq!(rule.evaluate(&state).is_some(), stops, "{slope}");
    }
}

#[test]
fn mistakes_are_shown_where_they_stand() {
    // Goal: the column of the first thing that cannot be read. Method: one mistake a rule.
    let column = |text: &str| text.parse::<StopRule>().unwrap_err().column;
    assert_eq!(column("se<0.3 or"), 10);
    assert_eq!(column("posterior>=1.5"), 12);
    assert_eq!(column("se<0.3 xor length>=3"), 8);
    assert_eq!(column("width<3"), 1);
    assert_eq!(column("sprt(0.3,0.05)"), 14);
}

#[test]
fn every_rule_holds_alone_joined_and_says_why() {
    // Goal: each elementary rule holds in one state and not in another, works inside `and` and
    // `or`, prints as it is read, and gives its own reason. Method: a table of rule, a state that
    // meets all, one that meets none, and what the reason says.
    let cuts = cuts();
    let steep = |theta: f64| 40.0 * theta;
    let flat = |_: f64| 0.0;
    let (little, much) = (|| 0.05, || 0.9);
    let met = StopState {
        length: 12,
        theta: 0.5,
        se: 0.1,
        cuts: &cuts,
        log_likelihood: Some(&steep),
        change: Some(-0.01),
        information_left: Some(&little),
        seconds: Some(1_800.0),
        unchanged: Some(&much),
    };
    let unmet = StopState {
        length: 3,
        theta: -0.2,
        se: 0.8,
        cuts: &cuts,
        log_likelihood: Some(&flat),
        change: Some(0.4),
        information_left: Some(&much),
        seconds: Some(60.0),
        unchanged: Some(&little),
    };
    let rules = [
        ("length>=12", "12 questions were answered"),
        ("se<0.3", "the standard error fell below 0.3"),
        ("change<0.05", "the last answer moved the estimate by less than 0.05"),
        ("ci(0.95)", "no boundary lies in the 95 % interval"),
        ("sprt(0.3,0.05,0.05)", "the likelihood ratio decided at every boundary"),
        ("glr(0.3,0.05,0.05)", "the generalized likelihood ratio decided at every boundary"),
        ("posterior>=0.9", "one level reached a probability of 90 %"),
        (
            "zone(0.3,0.025)",
            "every level boundary was settled (at most 2.5 % on its other side by \
                             more than 0.3)",
        ),
        ("info<0.1", "no question left would add more than 0.1 information"),
        ("time>=1800", "1800 seconds of testing have passed"),
        (
            "curtail(0.9)",
            "with a probability of at least 90 % more questions would not change the \
                          level",
        ),
    ];
    for (text, why) in rules {
        let rule: StopRule = text.parse().unwrap();
        assert_eq!(rule.to_string(), text);
        assert_eq!(rule.evaluate(&met).map(|reason| reason.to_string()).as_deref(), Some(why));
        assert!(rule.evaluate(&unmet).is_none(), "{text}");
        for (joined, rules) in [(" and length>=2", 2), (" or length>=99", 1)] {
            let joined: StopRule = format!("{text}{joined}").parse().unwrap();
            let reason = joined.evaluate(&met).unwrap();
            assert_eq!((reason.rules.len(), &reason.rules[0]), (rules, &rule));
            assert!(joined.evaluate(&unmet).is_none(), "{joined}");
        }
    }
}

#[test]
fn what_nobody_measures_never_ends_a_test() {
    // Goal: rules on time, information, likelihood and the forecast do not hold in a state that
    // lacks them. Method: the barest state.
    let cuts = cuts();
    let state = StopState::classification(30, 3.0, 0.1, &cuts);
    for rule in ["info<9", "time>=0", "curtail(0)", "change<9", "sprt(0.3,0.05,0.05)"] {
        assert!(rule.parse::<StopRule>().unwrap().evaluate(&state).is_none(), "{rule}");
    }
}
