//! A private PostgreSQL server for the proofs of one run: it listens on a socket in a temporary
//! directory and on no address, each proof gets a database of its own, and it ends with the run.
//! Never touches a server that is already there.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::sandbox::{Ended, LIMIT, Scratch, program, run};
use crate::bank::Verify;

/// Where distributions keep the programs of the server, one folder a version.
const VERSIONS: &str = "/usr/lib/postgresql";
/// The longest that preparing the server may take.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Makes databases alike: no roles of an earlier proof are left.
const FORGET_ROLES: &str = "DO $$ DECLARE r text; BEGIN
  FOR r IN SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' AND rolname <> 'postgres' LOOP
    EXECUTE format('DROP ROLE %I', r);
  END LOOP;
END $$;";

/// A running server.
#[derive(Debug)]
pub(super) struct Server {
    programs: PathBuf,
    psql: PathBuf,
    directory: Scratch,
    /// Who runs it, when root may not.
    user: Option<(u32, u32)>,
    databases: AtomicUsize,
}

impl Server {
    /// Starts a server; the error says what is missing.
    pub fn start(stop: &AtomicBool) -> Result<Self, String> {
        let programs = programs().ok_or("PostgreSQL's initdb and pg_ctl are not installed")?;
        let psql = program("psql").unwrap_or_else(|| programs.join("psql"));
        let directory =
            Scratch::new().map_err(|error| format!("no temporary directory: {error}"))?;
        let user = other_user(directory.path())?;
        let server = Self { programs, psql, directory, user, databases: AtomicUsize::new(0) };
        let data = server.directory.path().join("data");
        let data = data.to_string_lossy();
        let settings = format!(
            "-c listen_addresses='' -c fsync=off -c unix_socket_directories='{}'",
            server.directory.path().display()
        );
        let steps: [(&str, &[&str]); 2] = [
            ("initdb", &["-D", &data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"]),
            ("pg_ctl", &["-D", &data, "-w", "-l", "log", "-o", &settings, "start"]),
        ];
        for (name, arguments) in steps {
            let mut command = server.command(name);
            command.args(arguments);
            if let Ended::Failed(reason) = run_quietly(command, stop) {
                return Err(format!("no PostgreSQL server: {name}: {reason}"));
            }
        }
        Ok(server)
    }

    /// One of the server's own programs, run by whom the server belongs to.
    fn command(&self, name: &str) -> Command {
        let mut command = self.directory.command(&self.programs.join(name));
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    /// The shell for one database. Like the shell at a prompt it goes on after an error, for a proof
    /// may be about the statement that fails.
    fn psql(&self, scratch: &Scratch, database: &str) -> Command {
        let mut command = scratch.command(&self.psql);
        command.args(["-XqAt", "-U", "postgres", "-h"]);
        command.arg(self.directory.path()).args(["-d", database]);
        command
    }

    /// Runs a proof in a database of its own.
    pub fn run(
        &self,
        proof: &Verify,
        scratch: &Scratch,
        stop: &AtomicBool,
    ) -> Result<Ended, String> {
        let name = format!("proof_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.administer(scratch, &format!("CREATE DATABASE {name};"), stop)?;
        let ended = run(self.psql(scratch, &name), &proof.script, LIMIT, stop);
        self.administer(scratch, &format!("DROP DATABASE {name} WITH (FORCE);"), stop)?;
        self.administer(scratch, FORGET_ROLES, stop)?;
        Ok(ended)
    }

    fn administer(
        &self,
        scratch: &Scratch,
        statement: &str,
        stop: &AtomicBool,
    ) -> Result<(), String> {
        let mut command = self.psql(scratch, "postgres");
        command.args(["-v", "ON_ERROR_STOP=1"]);
        match run(command, statement, LIMIT, stop) {
            Ended::Printed(_) => Ok(()),
            Ended::Failed(reason) => Err(format!("the PostgreSQL server refused: {reason}")),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut command = self.command("pg_ctl");
        let data = self.directory.path().join("data");
        command.arg("-D").arg(data).args(["-m", "immediate", "-w", "stop"]);
        run_quietly(command, &AtomicBool::new(false));
    }
}

/// Runs a program that leaves a server behind: its group must outlive it, and its pipes must not be
/// waited for.
fn run_quietly(mut command: Command, stop: &AtomicBool) -> Ended {
    use std::process::Stdio;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Ended::Failed(format!("it could not be started: {error}")),
    };
    let begun = std::time::Instant::now();
    while begun.elapsed() < START_LIMIT && !stop.load(Ordering::Relaxed) {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ended::Printed(String::new()),
            Ok(Some(status)) => return Ended::Failed(status.to_string()),
            Ok(None) => std::thread::sleep(Duration::from_millis(10)),
            Err(error) => return Ended::Failed(error.to_string()),
        }
    }
    child.kill().ok();
    child.wait().ok();
    Ended::Failed("it did not end in time".to_owned())
}

/// The folder with the newest server, or the one on the search path.
fn programs() -> Option<PathBuf> {
    let is_complete = |folder: &PathBuf| {
        ["initdb", "pg_ctl", "postgres"].iter().all(|name| folder.join(name).is_file())
    };
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir(VERSIONS)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))
        })
        .filter(|(_, folder)| is_complete(folder))
        .collect();
    versions.sort();
    let on_path = || Some(program("initdb")?.parent()?.to_owned()).filter(is_complete);
    versions.pop().map(|(_, folder)| folder).or_else(on_path)
}

/// PostgreSQL refuses to run as root: then the directory is given to the user `postgres`.
fn other_user(directory: &Path) -> Result<Option<(u32, u32)>, String> {
    use std::os::unix::fs::MetadataExt;
    let owner = std::fs::metadata(directory).map_err(|error| error.to_string())?.uid();
    if owner != 0 {
        return Ok(None);
    }
    let accounts = std::fs::read_to_string("/etc/passwd").map_err(|error| error.to_string())?;
    let account = accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let user = fields.nth(1)?.parse().ok()?;
        let group = fields.next()?.parse().ok()?;
        (name == "postgres").then_some((user, group))
    });
    let (user, group) =
        account.ok_or("root cannot run PostgreSQL, and there is no user postgres")?;
    chown(directory, Some(user), Some(group)).map_err(|error| error.to_string())?;
    Ok(Some((user, group)))
}
