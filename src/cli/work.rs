//! What a long command works with and what it costs: threads, wall and processor time. Never
//! touches results.

use std::time::{Duration, Instant};

use super::{CliError, Exit};

/// Threads to work on; as many as the machine has unless a number is given.
///
/// # Errors
/// Exit 5 when the system gives no threads.
pub fn thread_pool(threads: Option<usize>) -> Result<rayon::ThreadPool, CliError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.unwrap_or(0))
        .build()
        .map_err(|error| CliError::new(Exit::Refused, format!("no threads: {error}")))
}

/// Wall and processor time of some work.
pub struct Clock(Instant, Option<f64>);

impl Clock {
    /// Starts both.
    pub fn start() -> Self {
        Self(Instant::now(), cpu_seconds())
    }

    /// What has passed since the start.
    pub fn stop(&self) -> (Duration, Option<f64>) {
        (self.0.elapsed(), cpu_seconds().zip(self.1).map(|(end, start)| end - start))
    }
}

/// Seconds of processor time of this process, where the system tells (Linux: fields 14 and 15 of
/// /proc/self/stat in hundredths).
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field, the program's name, may hold blanks; it ends with the last parenthesis.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}
