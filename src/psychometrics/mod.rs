//! Numbers only: item response models, estimation, selection, stopping and the adaptive engine.
//!
//! This room knows no text, no people and no files. Everything is a pure function of its
//! arguments; randomness comes as a seeded stream from the caller.

pub mod agreement;
pub mod calibration;
pub mod cat;
pub mod classification;
pub mod estimation;
pub mod irt;
pub mod item_analysis;
pub mod linking;
pub mod numeric;
pub mod online;
pub mod person_fit;
pub mod scale;
pub mod selection;
pub mod simulation;
pub mod standard_setting;
pub mod stopping;
pub mod subscores;
