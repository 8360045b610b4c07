//! Numerical ground: special functions, quadrature, small linear algebra, root finding,
//! tolerances and seeded streams. Knows nothing of items or abilities.
//!
//! Everything here is a pure function with the same bits on every machine: elementary functions
//! come from `libm`, sums run in a fixed order, and no fused multiply-add is used.

pub mod eigen;
pub mod linalg;
pub mod quadrature;
pub mod roots;
pub mod special;
pub mod stream;
pub mod sums;
pub mod tolerance;
pub mod vector;
