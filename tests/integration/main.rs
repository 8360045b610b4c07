//! The one integration crate: each module asks one kind of question of the whole program.

mod bank;
mod bank_verify;
mod calibrate;
mod calibrate_dimensions;
mod calibrate_large;
mod calibrate_limits;
mod calibrate_sessions;
mod calibration_guide;
mod cli_score;
mod cli_simulate;
mod evidence;
mod forms;
mod house;
mod link_drift;
mod proofs;
mod quality;
mod reference;
mod rules;
mod sessions;
mod simulate_study;
mod store;
mod study;
mod take;
