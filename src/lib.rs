//! Gradus measures what a back-end developer knows, in as few questions as the mathematics
//! allows, and says honestly what follows.
//!
//! The house has one direction: `psychometrics ← bank ← assessment ← report, store ← cli, tui`.
//!
//! - [`psychometrics`]: numbers only. Item response models, estimation, selection, stopping.
//! - [`bank`]: what a question is; the YAML reader and its diagnostics; checks and fingerprint.
//! - [`assessment`]: what happens to a person: plan, session, scoring of a response, outcome.
//! - [`report`]: one model of a report and its text, JSON and HTML printers.
//! - `store`, `cli`, `tui` (only with the `app` feature): files, clocks, terminals, databases.
//!
//! The first four rooms are the pure core: they never open a file, read a clock, log, or ask the
//! system for randomness. `cargo check --no-default-features --lib` builds exactly that core.
#![deny(missing_docs)]

pub mod assessment;
pub mod bank;
pub mod psychometrics;
pub mod report;

#[cfg(feature = "app")]
pub mod cli;
#[cfg(feature = "app")]
pub mod store;
#[cfg(feature = "app")]
pub mod tui;
