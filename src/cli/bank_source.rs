//! Where banks come from: the files embedded in the program, or a directory. Reads files, never
//! judges them; that is `bank`'s part.

use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use super::{CliError, Color, Exit, Global};
use crate::bank::{Bank, SourceFile, read_bank, read_checked_bank, render};

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/question-banks");

/// Files above this size are no question files.
const FILE_BYTES_MAX: u64 = 16 << 20;
/// Directories below the bank's are looked into this deep.
const DEPTH_MAX: usize = 8;

/// The program's own bank files, in the order of their names.
pub fn embedded() -> Vec<SourceFile> {
    // What reviewers wrote matters to authors, not to whoever waits for a question.
    let mut files = embedded_whole();
    files.retain(|file| !file.path.ends_with("reviews.yaml"));
    files
}

/// The same with the reviews of its items.
pub fn embedded_whole() -> Vec<SourceFile> {
    let mut files = Vec::new();
    collect_embedded(&EMBEDDED, &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn collect_embedded(directory: &Dir<'_>, files: &mut Vec<SourceFile>) {
    for file in directory.files() {
        let is_draft = file.path().components().any(|part| part.as_os_str() == "drafts");
        if let (true, false, Some(text)) =
            (is_bank_file(file.path()), is_draft, file.contents_utf8())
        {
            files.push(SourceFile::new(file.path().to_string_lossy(), text));
        }
    }
    directory.dirs().for_each(|inner| collect_embedded(inner, files));
}

/// Whether a file belongs to a bank by its name: YAML, and the ratings of items.
fn is_bank_file(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml")
        || path.file_name().is_some_and(|name| name == "ratings.csv")
}

/// Every `*.yaml` and `ratings.csv` at or below a path, in the order of their names.
///
/// # Errors
/// Exit 3 when the path does not exist; 4 when a file cannot be read as text.
pub fn files_below(path: &Path) -> Result<Vec<SourceFile>, CliError> {
    paths_below(path)?.iter().map(|path| read(path)).collect()
}

/// The paths of every such file, sorted.
pub(super) fn paths_below(path: &Path) -> Result<Vec<PathBuf>, CliError> {
    let mut paths = Vec::new();
    collect(path, 0, &mut paths)?;
    paths.sort();
    Ok(paths)
}

fn collect(path: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), CliError> {
    let missing = |error: std::io::Error| {
        CliError::new(Exit::NotFound, format!("{}: {error}", path.display()))
            .help("name a bank file, or a directory that holds some")
    };
    if !std::fs::metadata(path).map_err(missing)?.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    if depth == DEPTH_MAX {
        return Ok(());
    }
    for entry in std::fs::read_dir(path).map_err(missing)? {
        let entry = entry.map_err(missing)?.path();
        if is_bank_file(&entry) || entry.is_dir() {
            collect(&entry, depth + 1, found)?;
        }
    }
    Ok(())
}

/// Reads one file as text.
pub(super) fn read(path: &Path) -> Result<SourceFile, CliError> {
    let failed = |what: String| {
        CliError::new(Exit::Invalid, format!("{}: {what}", path.display()))
            .help("bank files are UTF-8 text")
    };
    let size = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?.len();
    if size > FILE_BYTES_MAX {
        return Err(failed(format!("{size} bytes are too much for a bank file")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    Ok(SourceFile::new(path.to_string_lossy(), text))
}

/// The bank of `--banks`, or the program's own.
///
/// # Errors
/// Exit 3 when the directory does not exist, 4 with every diagnostic when the bank is not valid.
pub fn load_bank(global: &Global) -> Result<Bank, CliError> {
    // The program's own banks passed every check before it was built; a directory did not.
    let (files, (bank, diagnostics)) = match &global.banks {
        Some(directory) => {
            let files = files_below(directory)?;
            let read = read_bank(&files);
            (files, read)
        }
        None => {
            let files = embedded();
            let read = read_checked_bank(&files);
            (files, read)
        }
    };
    bank.ok_or_else(|| {
        let color = global.color == Color::Always;
        let text = render(&diagnostics, &files, color);
        CliError::new(Exit::Invalid, format!("the bank is not valid\n\n{}", text.trim_end()))
            .help("see `gradus bank check`")
    })
}
