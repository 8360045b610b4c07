//! How long does one next item take, and is it the right one? Times whole simulated tests on banks
//! of 500 to 1,000,000 two-parameter items, and compares picks with full scans. Banks are drawn;
//! nothing is read. Results with their machines stand in `benches/runs/`.

use std::hint::black_box;
use std::time::Duration;

use criterion::Criterion;

use gradus::psychometrics::irt::ItemModel;
use gradus::psychometrics::numeric::stream::{Purpose, standard_normal, stream};
use gradus::psychometrics::selection::{Effort, InformationIndex};
use gradus::psychometrics::simulation::{Answers, Study, TestDesign};

const SIZES: [usize; 4] = [500, 5_000, 50_000, 1_000_000];
/// People whose tests are timed together.
const PEOPLE: usize = 1_024;
/// Picks that are compared with a full scan.
const COMPARED: usize = 10_000;
const SEED: u64 = 20_261_122;

/// Items with slopes around 1 and difficulties around 0.
fn bank(items: usize) -> Vec<ItemModel> {
    let mut random = stream(SEED, items as u64, Purpose::Bootstrap);
    (0..items)
        .map(|_| {
            let a = libm::exp(0.3 * standard_normal(&mut random));
            ItemModel::logistic(a, standard_normal(&mut random), 0.0, 1.0).expect("an item")
        })
        .collect()
}

/// From a posterior to the next item, its answer and the next posterior: whole tests on one
/// thread, of which criterion tells the time of 1,024 × 30 steps.
fn how_long_does_one_next_item_take(criterion: &mut Criterion) {
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    let mut group = criterion.benchmark_group("how_long_do_30720_next_items_take");
    for size in SIZES {
        let items = bank(size);
        let study = Study::new(&items, TestDesign::default()).expect("a study");
        let people = Answers::Simulated { examinees: PEOPLE };
        group.bench_function(format!("{size}_items"), |bencher| {
            bencher.iter(|| one_thread.install(|| black_box(study.run(&people, SEED, &|| {}))));
        });
    }
    group.finish();
}

/// From items to their index.
fn how_long_does_the_index_take(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("how_long_does_the_index_take");
    for size in SIZES {
        let items = bank(size);
        group.bench_function(format!("{size}_items"), |bencher| {
            bencher.iter(|| black_box(InformationIndex::new(&items)));
        });
    }
    group.finish();
}

/// Not a time: the share of picks that lists settle, and whether each is what a scan finds.
fn what_share_of_picks_is_certified_without_a_scan() {
    for size in SIZES {
        let items = bank(size);
        let study = Study::new(&items, TestDesign::default()).expect("a study");
        let people = Answers::Simulated { examinees: COMPARED / 30 + 1 };
        let tests = study.run(&people, SEED, &|| {}).expect("tests");
        let index = InformationIndex::new(&items);
        let (mut picks, mut listed, mut equal) = (0_usize, 0_usize, 0_usize);
        for test in tests.iter() {
            for (step, row) in test.items.iter().enumerate() {
                let theta = if step == 0 { 0.0 } else { test.path[step - 1] };
                let asked = &test.items[..step];
                let free = |row: usize| !asked.contains(&(row as u32));
                let (found, effort) = index.search(theta, 1, free);
                let scanned =
                    (0..items.len()).filter(|row| free(*row)).fold((0, -1.0), |best, row| {
                        let value = items[row].information(theta);
                        if value > best.1 { (row, value) } else { best }
                    });
                picks += 1;
                listed += usize::from(effort == Effort::Listed);
                equal += usize::from(found[0] == scanned && *row as usize == scanned.0);
                if picks == COMPARED {
                    break;
                }
            }
            if picks == COMPARED {
                break;
            }
        }
        println!(
            "{size} items: {picks} picks, {:.4} settled by a list, {:.4} equal to a full scan",
            listed as f64 / picks as f64,
            equal as f64 / picks as f64
        );
    }
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .measurement_time(Duration::from_secs(5))
        .configure_from_args();
    how_long_does_one_next_item_take(&mut criterion);
    how_long_does_the_index_take(&mut criterion);
    if !std::env::args().any(|argument| argument == "--test") {
        what_share_of_picks_is_certified_without_a_scan();
    }
    criterion.final_summary();
}
