//! Numerical ground: special functions, quadrature, small linear algebra, tolerances and seeded
//! streams. Knows nothing of items or abilities.
