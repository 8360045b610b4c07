//! Whole adaptive tests of one ability, simulated or replayed from given answers: how long they
//! are, how exact, how often each item is seen, how many people are put on the right level.
//!
//! A study is a pure function of its items, design and seed: every draw has its own stream, and
//! the number of threads changes nothing. Simulated results are evidence about the engine, never
//! about real items.
//!
//! ```
//! use gradus::psychometrics::irt::ItemModel;
//! use gradus::psychometrics::simulation::{Answers, Study, TestDesign};
//! let items: Vec<ItemModel> = (0..40)
//!     .map(|i| ItemModel::logistic(1.2, f64::from(i) / 10.0 - 2.0, 0.0, 1.0))
//!     .collect::<Result<_, _>>()?;
//! let design = TestDesign { length_max: 10, ..TestDesign::default() };
//! let study = Study::new(&items, design)?;
//! let tests = study.run(&Answers::Simulated { examinees: 50 }, 1, &|| {})?;
//! assert_eq!(study.summarise(&tests).length.mean, 10.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bound;
mod by_ability;
mod cohort;
mod compare;
mod design;
mod examinee;
mod exposure;
mod figures;
mod item_map;
mod results;
mod study;
mod summary;

pub use bound::{LeastVariances, least_variances, least_variances_of_sum};
pub use by_ability::{AbilityBin, ability_edges};
pub use compare::{Difference, Paired};
pub use design::{SimulationError, TestDesign};
pub use exposure::{ExposureRule, ExposureRuleError};
pub use figures::{
    Count, DistanceBin, Figures, LevelFigures, ReliabilityBin, StandardErrors, Z95, mean_and_error,
    root_mean_square,
};
pub use item_map::{InformationAt, ItemMap, MapClass, location};
pub use results::{FinishedTest, SimulatedTest, Stopped, Tests};
pub use study::{Answers, NOT_ADMINISTERED, Study, response, true_ability};
pub use summary::{
    AtLength, Basis, Classification, Exposure, FAR, Length, Precision, Summary, longest,
    overlap_of_rates,
};
