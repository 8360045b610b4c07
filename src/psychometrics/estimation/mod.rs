//! From answers to abilities. Knows models and answers; never chooses items or stops a test.

pub mod posterior;
