//! The one integration crate: each module asks one kind of question of the whole program.

mod house;
mod sessions;
mod store;
