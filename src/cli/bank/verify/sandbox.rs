//! Runs one program with a script on its standard input: in a directory that is made for it and
//! removed afterwards, with nothing in its environment but PATH, HOME and LANG, and not for longer
//! than the time limit. It keeps accidents apart; it is no protection from hostile code.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The longest a proof may take.
pub(super) const LIMIT: Duration = Duration::from_secs(10);
/// The most that a proof may print.
const OUTPUT_BYTES_MAX: u64 = 1 << 20;
/// How often it is looked whether a program has ended.
const POLL: Duration = Duration::from_millis(5);

/// How a script came to its end.
#[derive(Debug)]
pub(super) enum Ended {
    /// With status 0; what it printed.
    Printed(String),
    /// Otherwise; what happened.
    Failed(String),
}

/// A directory for one run, removed with everything in it.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> std::io::Result<Self> {
        let random = getrandom::u64().map_err(|error| std::io::Error::other(error.to_string()))?;
        let path = std::env::temp_dir().join(format!("gradus-{random:016x}"));
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A program in this directory with the bare environment.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.0).env_clear().env("HOME", &self.0).env("LANG", "C.UTF-8");
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// A program of that name on the search path.
pub(super) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Runs a prepared program with a script on its standard input.
pub(super) fn run(mut command: Command, script: &str, limit: Duration, stop: &AtomicBool) -> Ended {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own, so that what it started can be ended with it.
    command.process_group(0);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Ended::Failed(format!("it could not be started: {error}")),
    };
    let output = child.stdout.take().map(drain);
    let errors = child.stderr.take().map(drain);
    let feeder = child.stdin.take().map(|mut input| {
        let script = script.to_owned();
        std::thread::spawn(move || {
            // A program that ends before it has read all is no fault of its own.
            input.write_all(script.as_bytes()).ok();
        })
    });
    let status = wait(&mut child, limit, stop);
    // Whatever it left behind holds the pipes open.
    end_group(&child);
    if let Some(feeder) = feeder {
        feeder.join().ok();
    }
    let text = |reader: Option<JoinHandle<Vec<u8>>>| {
        let bytes = reader.and_then(|reader| reader.join().ok()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let (output, errors) = (text(output), text(errors));
    match status {
        Some(status) if status.success() => Ended::Printed(output),
        Some(status) => {
            let how = match (status.code(), status.signal()) {
                (Some(code), _) => format!("status {code}"),
                (None, signal) => format!("signal {}", signal.unwrap_or_default()),
            };
            let said = errors.trim().lines().last().map(|line| format!(": {line}"));
            Ended::Failed(format!("the script ended with {how}{}", said.unwrap_or_default()))
        }
        None => Ended::Failed(format!("the script did not end within {} s", limit.as_secs())),
    }
}

/// Reads a pipe to its end, or to the most that is allowed.
fn drain(pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.take(OUTPUT_BYTES_MAX).read_to_end(&mut bytes).ok();
        bytes
    })
}

/// How a program ended; `None` when it had to be ended.
fn wait(child: &mut Child, limit: Duration, stop: &AtomicBool) -> Option<std::process::ExitStatus> {
    let begun = Instant::now();
    while begun.elapsed() < limit && !stop.load(Ordering::Relaxed) {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) => std::thread::sleep(POLL),
            Err(_) => break,
        }
    }
    end_group(child);
    child.kill().ok();
    child.wait().ok();
    None
}

/// Ends every process of the program's group.
fn end_group(child: &Child) {
    Command::new("kill")
        .args(["-KILL", "--", &format!("-{}", child.id())])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bash(script: &str, limit: Duration) -> Ended {
        let scratch = Scratch::new().expect("a directory");
        let command = scratch.command(Path::new("/bin/sh"));
        run(command, script, limit, &AtomicBool::new(false))
    }

    #[test]
    fn a_script_gets_a_bare_environment_and_leaves_nothing() {
        // Goal: no proof depends on the author's machine, and none leaves files. Method: a script
        // that prints its environment and writes a file into its directory.
        let scratch = Scratch::new().expect("a directory");
        let path = scratch.path().to_owned();
        let command = scratch.command(Path::new("/bin/sh"));
        let script =
            "echo x > made; pwd -P; env | cut -d= -f1 | grep -v -e PWD -e SHLVL -e '^_$' | sort";
        let ended = run(command, script, LIMIT, &AtomicBool::new(false));
        let Ended::Printed(text) = ended else { panic!("{ended:?}") };
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1..], ["HOME", "LANG", "PATH"], "{text}");
        assert!(path.join("made").exists());
        drop(scratch);
        assert!(!path.exists());
    }

    #[test]
    fn failures_and_time_limits_are_told() {
        // Goal: a script that fails, hangs or leaves a process behind is told and ended. Method: one
        // of each, with a short limit.
        let second = Duration::from_secs(1);
        assert!(
            matches!(bash("echo oh >&2; exit 3", LIMIT), Ended::Failed(it) if it == "the script ended with status 3: oh")
        );
        let begun = Instant::now();
        assert!(matches!(bash("sleep 60", second), Ended::Failed(it) if it.contains("within 1 s")));
        assert!(matches!(bash("sleep 60 & echo on", LIMIT), Ended::Printed(it) if it == "on\n"));
        assert!(begun.elapsed() < LIMIT, "nothing waits for the sleepers");
    }
}
