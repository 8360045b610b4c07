//! What a long simulation shows on stderr while it runs. Never touches results.

use std::io::IsTerminal;
use std::sync::Once;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::Global;

/// A bar on stderr, shown only on a terminal and only for work longer than a second.
pub struct Progress {
    bar: ProgressBar,
    start: Instant,
    wanted: bool,
    shown: Once,
}

impl Progress {
    /// A bar for so many tests.
    pub fn new(global: &Global, steps: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::hidden());
        // The template is fixed text; indicatif's own is used should it ever be refused.
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} tests, {eta} left") {
            bar.set_style(style);
        }
        let wanted = !global.quiet && std::io::stderr().is_terminal();
        Self { bar, start: Instant::now(), wanted, shown: Once::new() }
    }

    /// One more test is over.
    pub fn step(&self) {
        self.bar.inc(1);
        if self.wanted && self.start.elapsed() > Duration::from_secs(1) {
            self.shown.call_once(|| self.bar.set_draw_target(ProgressDrawTarget::stderr()));
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
