//! The one place for tolerances. A test or an algorithm that needs another names it and says why.
//! Nothing here is computed.

/// Relative agreement of two ways to compute the same quantity in double precision.
pub const RELATIVE: f64 = 1e-12;

/// Width of the last bracket of a root on the ability scale. Reported abilities promise 1e-6;
/// four digits more keep the derived standard errors and log-likelihoods clean.
pub const ROOT: f64 = 1e-10;

/// Most evaluations a bracketing root finder may need: the bracket of an ability scale is below
/// 1e4 wide and halves at least every third step.
pub const ROOT_ITERATIONS_MAX: usize = 200;

/// How far the probabilities of an item's categories may add up away from one.
pub const PROBABILITY_SUM: f64 = 1e-12;

/// How far a matrix given as symmetric may differ from its transpose, relative to its entries.
pub const SYMMETRY: f64 = 1e-10;

/// Agreement of an analytic derivative with a central difference of step 1e-5, whose own error
/// is about 1e-10 of truncation plus 1e-11 of rounding, times the slopes that items have.
pub const DIFFERENCE: f64 = 1e-6;

/// An eigenvalue below this share of the largest one is taken for zero: the direction has not
/// been measured at all. The square root of the rounding unit, as generalised inverses use it.
pub const RANK: f64 = 1.5e-8;

/// The largest slope of a log-posterior, in units of 1/θ, at which Newton's method has arrived.
pub const GRADIENT: f64 = 1e-9;
