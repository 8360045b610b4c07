//! How often does the screening for differential functioning cry wolf, and how often does it see?

use gradus::psychometrics::item_analysis::{DifferentialFunctioning, EtsClass, Scores, screen};

use super::*;

const ITEMS: usize = 30;

/// Reference and focal people, the focal ones with another mean, for whom some items are harder.
struct Groups {
    each: usize,
    focal_mean: f64,
    /// (item, what is added to its difficulty in the focal group).
    moved: Vec<(usize, f64)>,
}

impl Groups {
    fn screened(
        &self,
        items: &[ItemModel],
        seed: u64,
        purify: bool,
    ) -> Vec<DifferentialFunctioning> {
        let harder = |(index, item): (usize, &ItemModel)| {
            let shift: f64 =
                self.moved.iter().filter(|(moved, _)| *moved == index).map(|(_, by)| by).sum();
            let item = item.as_logistic().unwrap();
            let b = item.difficulty() + shift;
            ItemModel::logistic(item.discrimination(), b, item.lower(), item.upper()).unwrap()
        };
        let focal_items: Vec<ItemModel> = items.iter().enumerate().map(harder).collect();
        let reference = People::standard(2 * seed, self.each);
        let focal =
            People { seed: 2 * seed + 1, number: self.each, mean: self.focal_mean, sd: 1.0 };
        let mut scores = reference.answers(items);
        scores.extend(focal.answers(&focal_items));
        let focal: Vec<bool> = (0..2 * self.each).map(|person| person >= self.each).collect();
        screen(Scores { values: &scores, items: items.len() }, &focal, purify)
    }
}

/// Shares of p-values below .05 among items, of Mantel–Haenszel and of logistic regression.
fn alarms(found: &[DifferentialFunctioning], item: impl Fn(usize) -> bool) -> [f64; 2] {
    let of: Vec<&DifferentialFunctioning> = found.iter().filter(|f| item(f.item)).collect();
    let share = |p: &dyn Fn(&DifferentialFunctioning) -> Option<f64>| {
        of.iter().filter(|f| p(f).is_some_and(|p| p < 0.05)).count() as f64 / of.len() as f64
    };
    [share(&|f| f.mantel_haenszel.map(|mh| mh.p)), share(&|f| f.lr_p)]
}

/// A rate of .03 to .07, with two Monte-Carlo standard errors.
fn assert_rate((found, error): (f64, f64)) {
    assert!((found - 0.05).abs() <= 0.02 + 2.0 * error, "{found} ± {error}");
}

#[test]
fn items_that_function_alike_are_rarely_flagged() {
    // Goal: at .05 both tests flag 3 to 7 % of items without DIF, whether or not the groups' means
    // differ. Method: 500 people a group, 30 Rasch or two-parameter items, the focal mean 0 or
    // −.5; two Monte-Carlo standard errors between replications.
    for &seed in seeds() {
        let rasch_items: fn(u64) -> Vec<ItemModel> = |seed| rasch(seed, ITEMS);
        let slopes: fn(u64) -> Vec<ItemModel> = |seed| two_parameter(seed, ITEMS, 1.0);
        for (name, items) in [("Rasch", rasch_items), ("2PL", slopes)] {
            for focal_mean in [0.0, -0.5] {
                let groups = Groups { each: 500, focal_mean, moved: vec![] };
                let rows = replications(size(8, 100), |replication| {
                    let seed = seed_of(seed, replication);
                    let found = groups.screened(&items(seed), seed, false);
                    let pure = groups.screened(&items(seed), seed, true);
                    let [mh, lr] = alarms(&found, |_| true);
                    let [mh_pure, lr_pure] = alarms(&pure, |_| true);
                    let class = |class| {
                        let in_class = pure.iter().filter(|f| f.class == Some(class)).count();
                        in_class as f64 / ITEMS as f64
                    };
                    [mh, lr, mh_pure, lr_pure, class(EtsClass::B), class(EtsClass::C)]
                });
                let found = columns(&rows);
                println!(
                    "seed {seed}: {name}, focal mean {focal_mean}: MH {:.3} ± {:.3}, LR {:.3} ± \
                     {:.3}; purified {:.3}, {:.3}; class B {:.3}, C {:.3}",
                    found[0].0,
                    found[0].1,
                    found[1].0,
                    found[1].1,
                    found[2].0,
                    found[3].0,
                    found[4].0,
                    found[5].0
                );
                found[..4].iter().for_each(|rate| assert_rate(*rate));
                let (class_b, class_c) = (found[4], found[5]);
                assert!(class_b.0 <= 0.03 + 2.0 * class_b.1, "{class_b:?}");
                assert!(class_c.0 <= 0.002 + 2.0 * class_c.1, "{class_c:?}");
            }
        }
    }
}

/// What a screening of samples with moved items ends with, a replication each.
struct Hunt {
    /// Moved items with p < .05 by Mantel–Haenszel, and by logistic regression, purified.
    power: (f64, f64),
    power_lr: (f64, f64),
    /// Other items with p < .05 before purification, after it, and by logistic regression.
    false_alarms: [(f64, f64); 3],
    /// Moved items in classes B and C together, and in C.
    classes: [(f64, f64); 2],
}

fn hunt(groups: &Groups, seed: u64, count: usize) -> Hunt {
    let is_moved = |item: usize| groups.moved.iter().any(|(moved, _)| *moved == item);
    let rows = replications(count, |replication| {
        let seed = seed_of(seed, replication);
        let items = two_parameter(seed, ITEMS, 1.0);
        let plain = groups.screened(&items, seed, false);
        let pure = groups.screened(&items, seed, true);
        let [power, power_lr] = alarms(&pure, is_moved);
        let [false_plain, _] = alarms(&plain, |item| !is_moved(item));
        let [false_pure, false_lr] = alarms(&pure, |item| !is_moved(item));
        let share = |classes: &[EtsClass]| {
            let of_moved = pure.iter().filter(|found| is_moved(found.item));
            let hits = of_moved.filter(|f| f.class.is_some_and(|class| classes.contains(&class)));
            hits.count() as f64 / groups.moved.len() as f64
        };
        let classes = [share(&[EtsClass::B, EtsClass::C]), share(&[EtsClass::C])];
        [power, power_lr, false_plain, false_pure, false_lr, classes[0], classes[1]]
    });
    let [power, power_lr, plain, pure, lr, b_or_c, c] = columns(&rows);
    Hunt { power, power_lr, false_alarms: [plain, pure, lr], classes: [b_or_c, c] }
}

#[test]
fn moved_items_are_found_and_purified_away() {
    // Goal: an item .6 harder for 500 of 1,000 people is found with power ≥ .8; with six such items
    // of 30, all against one group, the others are flagged in 3 to 7 % after purification, and more
    // often before it; an item one logit harder is class B or C. Method: two-parameter items, focal
    // mean 0 and −.5; two Monte-Carlo standard errors between replications.
    for &seed in seeds() {
        for (name, moved) in [
            ("one item + .6", vec![(7, 0.6)]),
            ("six items + .6", (0..6).map(|i| (5 * i, 0.6)).collect()),
            ("one item + 1", vec![(7, 1.0)]),
        ] {
            for focal_mean in [0.0, -0.5] {
                let groups = Groups { each: 500, focal_mean, moved: moved.clone() };
                let found = hunt(&groups, seed, size(8, 100));
                let [plain, pure, lr] = found.false_alarms;
                println!(
                    "seed {seed}: {name}, focal mean {focal_mean}: power {:.3} ± {:.3}, LR {:.3}; \
                     false alarms {:.3}, purified {:.3} ± {:.3}, LR {:.3}; class B or C {:.3}, C {:.3}",
                    found.power.0,
                    found.power.1,
                    found.power_lr.0,
                    plain.0,
                    pure.0,
                    pure.1,
                    lr.0,
                    found.classes[0].0,
                    found.classes[1].0,
                );
                assert_rate(pure);
                assert_rate(lr);
                assert!(found.power.0 >= 0.8 - 2.0 * found.power.1, "{:?}", found.power);
                if moved.len() > 1 {
                    assert!(plain.0 > pure.0, "{plain:?} {pure:?}");
                }
                if moved[0].1 == 1.0 {
                    assert!(found.classes[0].0 >= 0.9 - 2.0 * share_error(0.9, size(8, 100)));
                }
            }
        }
    }
}
