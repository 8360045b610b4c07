//! Banks for the tests of this room, read from the fixtures that the integration tests use too.

use super::diagnostic::SourceFile;

/// The files of a small bank that is clean under every check.
pub(super) fn whole() -> Vec<SourceFile> {
    macro_rules! files {
        ($($name:literal),+ $(,)?) => {
            vec![$(SourceFile::new(
                $name,
                include_str!(concat!("../../tests/fixtures/bank/whole/", $name)),
            )),+]
        };
    }
    files![
        "http/topic.yaml",
        "http/items/http.caching.yaml",
        "http/items/http.status.yaml",
        "sql/items/sql.tx.yaml",
    ]
}

/// The five general files of the shipped bank.
pub(super) fn general() -> Vec<SourceFile> {
    macro_rules! files {
        ($($name:literal),+ $(,)?) => {
            vec![$(SourceFile::new($name, include_str!(concat!("../../question-banks/", $name)))),+]
        };
    }
    files!["blueprint.yaml", "levels.yaml", "roles.yaml", "references.yaml", "path.yaml"]
}

/// The small bank within the shipped general files.
pub(super) fn shipped() -> Vec<SourceFile> {
    let mut files = general();
    files.extend(whole());
    files
}
