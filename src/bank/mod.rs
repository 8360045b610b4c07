//! What a question is: the types, the YAML reader with its diagnostics, the checks, and the
//! fingerprint. It parses text that it is given and never opens a file, and it never knows who
//! answered what.

mod build;
mod canonical;
mod check;
mod diagnostic;
mod fields;
#[cfg(test)]
mod fixture;
mod general;
mod ids;
mod node;
mod proof;
mod read;
#[cfg(test)]
pub(crate) mod sample;
mod spec;
mod stats;
mod surface;
mod types;
mod words;
mod yaml;

pub use check::{RULES, Rule};
pub use diagnostic::{Diagnostic, Severity, SourceFile, render};
pub use ids::{ItemId, ObjectiveId, OptionId, RoleId, SubtopicId, TopicId};
pub use proof::{Agreement, ProofFinding, agreement, output_finding, proof_findings};
pub use read::{
    BankError, CheckOptions, Checked, check_bank, read_bank, read_checked_bank, read_part,
};
pub use stats::{BankStats, TopicStats};
pub use surface::Surface;
pub use types::{
    Author, Bank, Blueprint, Cells, Choice, Cut, Environment, IrtPrior, Item, Key, LevelText,
    Media, Objective, PathStep, Reference, ReferenceSource, Retirement, Role, Subtopic, TestForm,
    TextPattern, Topic, Verify, Waiver,
};
pub use words::{
    AuthorKind, Cognitive, ItemType, Level, MultiRule, Normalise, OrderRule, Runner, Status,
    Volatility,
};
