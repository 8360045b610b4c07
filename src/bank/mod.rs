//! What a question is: the types, the YAML reader with its diagnostics, the checks, and the
//! fingerprint. It parses text that it is given and never opens a file, and it never knows who
//! answered what.

mod build;
mod calibrations;
mod canonical;
mod check;
mod diagnostic;
mod fields;
#[cfg(test)]
mod fixture;
mod general;
mod ids;
mod node;
mod panel;
mod proof;
mod ratings;
mod read;
mod review_summary;
mod reviews;
#[cfg(test)]
pub(crate) mod sample;
mod skeleton;
mod spec;
mod stats;
mod surface;
mod types;
mod words;
mod yaml;

pub use check::{RULES, Rule};
pub use diagnostic::{Diagnostic, Severity, SourceFile, render};
pub use ids::{ItemId, ObjectiveId, OptionId, RoleId, SubtopicId, TopicId};
pub use panel::{PanelError, PanelRound, angoff_panels};
pub use proof::{Agreement, ProofFinding, agreement, output_finding, proof_findings};
pub use ratings::{Rating, RatingStep, read_ratings};
pub use read::{
    BankError, CheckOptions, Checked, Voices, check_bank, read_bank, read_checked_bank, read_part,
    read_voices,
};
pub use review_summary::{
    DifficultyRatings, ItemReviews, ReviewSummary, TopicReviews, Tries, summarise_reviews,
};
pub use reviews::Review;
pub use skeleton::{SkeletonError, SkeletonWish, skeleton};
pub use stats::{BankStats, TopicStats};
pub use surface::Surface;
pub use types::{
    Author, Bank, Blueprint, Calibration, Cells, Choice, Cut, Environment, IrtPrior, Item, Key,
    LevelText, Media, Objective, PathStep, Reference, ReferenceSource, Retirement, Role,
    StandardSetting, Subtopic, TestForm, TextPattern, Topic, Verify, Waiver,
};
pub use words::{
    AuthorKind, Cognitive, ItemType, Level, MultiRule, Normalise, OrderRule, RaterKind,
    ReviewResult, ReviewStep, Runner, Status, Volatility,
};
