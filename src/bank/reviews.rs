//! What reviewers found about items: records of the review steps, read with file and line. Never
//! weighs them: the checks and the summary do.

use std::ops::Range;

use super::fields::{Fields, Sink};
use super::node::Node;
use super::words::{RaterKind, ReviewResult, ReviewStep};

/// One step of one reviewer with one version of an item.
#[derive(Debug, Clone, PartialEq)]
pub struct Review {
    /// The item.
    pub item: String,
    /// The version that was reviewed.
    pub version: u32,
    /// The day.
    pub date: String,
    /// What was done.
    pub step: ReviewStep,
    /// The reviewer's role.
    pub by: String,
    /// What the reviewer is.
    pub kind: RaterKind,
    /// What came of it.
    pub result: Option<ReviewResult>,
    /// The reviewer's estimate of the difficulty, on the scale of θ.
    pub difficulty: Option<f64>,
    /// How sure the reviewer was, from 0 to 1.
    pub confidence: Option<f64>,
    /// A second answer that could be defended, and why.
    pub second: Option<String>,
    /// What else was noticed.
    pub remark: Option<String>,
    /// The round, where there were several.
    pub round: Option<u32>,
    /// A number that the step asks for.
    pub rating: Option<f64>,
    /// The file, by its place among those that were read, and the place in it.
    pub(super) site: (usize, Range<usize>),
}

/// Reads the records of a file.
pub(super) fn records(node: &Node<'_>, file: usize, sink: &mut Sink<'_>) -> Vec<Review> {
    let Some(mut fields) = Fields::new(node, "the reviews file", sink) else { return Vec::new() };
    fields.get("schema");
    let nodes = fields.list("reviews");
    let before: Vec<Range<usize>> = nodes.iter().map(|node| node.span.clone()).collect();
    let mut reviews = Vec::with_capacity(nodes.len());
    for (node, span) in nodes.iter().zip(before) {
        let errors = fields.sink.errors();
        let Some(mut one) = Fields::new(node, "a review", fields.sink) else { continue };
        let review = review(&mut one, (file, span));
        one.finish();
        reviews.extend(review.filter(|_| fields.sink.errors() == errors));
    }
    fields.finish();
    reviews
}

fn review(f: &mut Fields<'_, '_, '_, '_>, site: (usize, Range<usize>)) -> Option<Review> {
    let review = Review {
        item: f.required_text("item"),
        version: f.required("version").and_then(|_| f.count("version")).unwrap_or_default(),
        date: f.required("date").and_then(|_| f.date("date")).unwrap_or_default(),
        step: f.required_word("step"),
        by: f.required_text("by"),
        kind: f.required_word("kind"),
        result: f.word("result"),
        difficulty: f.number("difficulty"),
        confidence: f.number("confidence"),
        second: f.text("second"),
        remark: f.text("remark"),
        round: f.count("round"),
        rating: f.number("rating"),
        site,
    };
    let mut fault = |message: &str, help: &str| {
        f.sink.shape(review.site.1.clone(), message, help);
    };
    if review.step.has_result() && review.result.is_none() {
        fault("the step has no `result`", "one of agrees, differs, unclear, upheld");
    }
    if review.result == Some(ReviewResult::Upheld) && review.second.is_none() {
        fault("what is upheld is missing", "say in `second` which other answer can be defended");
    }
    if review.confidence.is_some_and(|sure| !(0.0..=1.0).contains(&sure)) {
        fault("`confidence` must be from 0 to 1", "");
    }
    let rates = matches!(review.step, ReviewStep::Difficulty | ReviewStep::Angoff);
    if rates && review.rating.or(review.difficulty).is_none() {
        fault("the step has no number", "add `rating:`, or write a row into ratings.csv");
    }
    Some(review)
}
