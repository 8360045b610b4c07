//! What is said about a session: one model of a report and its printers for terminals (text), for
//! programs (JSON) and for people with a browser (HTML with SVG).
//!
//! Everything here is a pure function of a [`crate::assessment::Session`] and a few facts about
//! its run. This room never writes, never looks at a clock, and never says more than the model
//! holds: no label without its probability, no number without its interval.

mod build;
mod calibration;
mod html;
mod json;
mod markdown;
mod model;
mod scale;
mod study;
mod svg;
#[cfg(test)]
mod tests;
mod text;
mod words;

pub use calibration::{
    CalibrationItem, CalibrationPage, ITEMS_DRAWN_MAX, LatentPart, OptionPart, PairPart,
    calibration_html,
};
pub use html::html;
pub use json::json;
pub use model::{
    AnswerDetail, CutPart, DecisionWord, ItemPart, LevelPart, LevelProbabilities, ObjectivePart,
    OptionDetail, PersonFitPart, PlanStepPart, Point, QualityPart, ReferencePart, Report, RolePart,
    RunFacts, SessionPart, SpecializationPart, TopicPart, Verdict,
};
pub use study::{StudyDesign, StudyPage, StudySettings, StudySource, study_html};
pub use text::{Detail, TextOptions, environment, introduction, introduction_text, prose, text};
