//! The one integration crate: each module asks one kind of question of the whole program.

mod cli_score;
mod bank;
mod house;
mod reference;
mod sessions;
mod store;
mod study;
mod take;
