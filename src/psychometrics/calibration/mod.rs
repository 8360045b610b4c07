//! Calibration: item parameters, and the distribution of ability, from the answers of many people.
//! Marginal maximum likelihood, or its mode under priors, by an accelerated EM algorithm; standard
//! errors, fit and warnings with it. It reads no files, and it never says "converged" of a run
//! that did not.
//!
//! Ability is integrated out over equally spaced nodes (Bock & Aitkin, 1981, *Psychometrika* 46,
//! 443–459). Every model is estimated in coordinates in which its log-probabilities are well
//! behaved, slopes and intercepts ([`Family`]); difficulties and asymptotes are derived from them.

mod algorithm;
mod anchors;
mod bifactor;
mod climb;
mod coordinates;
mod design;
mod dimensional;
mod expectation;
mod latent;
mod maximization;
mod measures;
mod responses;
mod standard_errors;

pub use algorithm::{Fit, Progress, calibrate};
pub use anchors::{AnchorDrift, anchor_drift};
pub use bifactor::{BifactorFit, BifactorItem, FactorShares, SpecificShares, calibrate_bifactor};
pub use climb::Convergence;
pub use coordinates::{COORDINATE_EDGE, Family, Parameters};
pub use design::{
    CalibrationError, Design, ItemDesign, LatentDesign, LatentShape, NormalPrior, Priors, Settings,
    nodes_for,
};
pub use dimensional::{
    DimensionalErrors, DimensionalFit, Dimensions, calibrate_dimensions, dimensional_errors,
};
pub use latent::{Latent, SD_MIN};
pub use measures::{Ability, Derivative, abilities, derivatives, pooled_weights};
pub use responses::{NOT_ASKED, Responses, ResponsesBuilder, ResponsesError};
pub use standard_errors::{Covariance, StandardErrors, covariance};

#[cfg(test)]
mod tests;
