//! Where sessions are kept when nobody says where, and how a store is opened for a command. The
//! environment is read here and nowhere below.
//!
//! Exit codes: a database that is locked, read-only or full, or was written by a newer program, is
//! *refused* (5), for nothing was done; 75 (*try again, the session is kept*) would promise a kept
//! session, which a database that cannot be written cannot. Only an overloaded queue is a 75.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{CliError, Exit, Global};
use crate::store::{DatabaseUrl, Settings, Store, StoreError};

/// The file's name in the data directory.
const FILE_NAME: &str = "gradus.db";

/// The systems whose customs differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Platform {
    /// Linux and the other free systems: the XDG base directories.
    Xdg,
    /// macOS.
    Mac,
    /// Windows.
    Windows,
}

/// The platform's directory for the user's data.
///
/// # Errors
/// When the environment does not say where the user's files are.
pub fn data_dir() -> Result<PathBuf, CliError> {
    let platform = match std::env::consts::OS {
        "macos" => Platform::Mac,
        "windows" => Platform::Windows,
        _ => Platform::Xdg,
    };
    data_dir_of(platform, |name| std::env::var_os(name))
}

fn data_dir_of(
    platform: Platform,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<PathBuf, CliError> {
    let path = |name: &str| variable(name).filter(|it| !it.is_empty()).map(PathBuf::from);
    let found = match platform {
        // A relative XDG path is to be ignored (XDG Base Directory Specification 0.8).
        Platform::Xdg => path("XDG_DATA_HOME")
            .filter(|it| it.is_absolute())
            .or_else(|| path("HOME").map(|home| home.join(".local/share"))),
        Platform::Mac => path("HOME").map(|home| home.join("Library/Application Support")),
        Platform::Windows => path("APPDATA"),
    };
    let name = if platform == Platform::Windows { "APPDATA" } else { "HOME" };
    found.map(|directory| directory.join("gradus")).ok_or_else(|| {
        CliError::new(Exit::Usage, format!("cannot tell where to keep sessions: {name} is not set"))
            .help("say where: --database sqlite:PATH")
    })
}

/// Opens the database of `--database`, or the one in the data directory, made where missing.
///
/// # Errors
/// The store's own, with their exit codes.
pub fn open_store(global: &Global) -> Result<Store, CliError> {
    let url = match &global.database {
        Some(url) => DatabaseUrl::parse(url)?,
        None => DatabaseUrl::file(data_dir()?.join(FILE_NAME)),
    };
    Ok(Store::open_with(&url, Settings::default())?)
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        let exit = match &error {
            StoreError::BadUrl { .. }
            | StoreError::NotAvailable { .. }
            | StoreError::Ambiguous { .. }
            | StoreError::InvalidValue { .. } => Exit::Usage,
            StoreError::NotFound { .. }
            | StoreError::AnswerNotFound { .. }
            | StoreError::BankNotFound { .. } => Exit::NotFound,
            StoreError::Corrupt { .. } | StoreError::NotADatabase { .. } => Exit::Invalid,
            StoreError::Locked { .. }
            | StoreError::ReadOnly { .. }
            | StoreError::DiskFull { .. }
            | StoreError::NewerSchema { .. }
            | StoreError::Io { .. }
            | StoreError::Conflict { .. }
            | StoreError::Stopped { .. }
            | StoreError::Internal { .. } => Exit::Refused,
            StoreError::Overloaded { .. } => Exit::TryAgain,
        };
        Self::new(exit, error.to_string()).help(error.help())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(platform: Platform, variables: &[(&str, &str)]) -> Result<PathBuf, CliError> {
        data_dir_of(platform, |name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn each_platform_has_its_directory() {
        // Goal: files where the platform's users look for them. Method: each platform's variables.
        for (platform, variables, expected) in [
            (Platform::Xdg, vec![("HOME", "/h")], "/h/.local/share/gradus"),
            (Platform::Xdg, vec![("XDG_DATA_HOME", "/x"), ("HOME", "/h")], "/x/gradus"),
            (Platform::Xdg, vec![("XDG_DATA_HOME", "x"), ("HOME", "/h")], "/h/.local/share/gradus"),
            (Platform::Xdg, vec![("XDG_DATA_HOME", "/x")], "/x/gradus"),
            (Platform::Mac, vec![("HOME", "/h")], "/h/Library/Application Support/gradus"),
            (Platform::Windows, vec![("APPDATA", "/r"), ("HOME", "/h")], "/r/gradus"),
        ] {
            assert_eq!(found(platform, &variables).ok(), Some(PathBuf::from(expected)));
        }
    }

    #[test]
    fn without_a_home_the_way_out_is_named() {
        // Goal: no file in a strange place. Method: unset and empty variables on each platform.
        for platform in [Platform::Xdg, Platform::Mac, Platform::Windows] {
            for variables in [vec![], vec![("HOME", ""), ("APPDATA", ""), ("XDG_DATA_HOME", "")]] {
                let error = found(platform, &variables).expect_err("nowhere to go");
                assert_eq!(error.exit, Exit::Usage);
                assert!(error.to_string().contains("--database sqlite:PATH"), "{error}");
            }
        }
    }
}
