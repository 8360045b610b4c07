//! Where a database is: `sqlite:PATH` or `postgres://…` becomes a [`DatabaseUrl`].
//! This module never opens anything, and a password that passes through it is never printed.

use std::fmt;
use std::path::PathBuf;

use super::StoreError;

/// A parsed database address. Its `Debug` and `Display` hide passwords.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file.
    Sqlite {
        /// The database file, taken literally.
        path: PathBuf,
    },
    /// A PostgreSQL server. Recognised, and refused when opened: there is no driver yet.
    Postgres {
        /// The address as written, password included.
        url: String,
    },
}

impl DatabaseUrl {
    /// Parses `sqlite:PATH` (also `sqlite://PATH`) or `postgres://…`.
    ///
    /// # Errors
    /// [`StoreError::BadUrl`] when it is neither.
    ///
    /// ```
    /// # use gradus::store::DatabaseUrl;
    /// let url = DatabaseUrl::parse("postgres://ann:s3cret@db.example/gradus")?;
    /// assert_eq!(format!("{url:?}"), "postgres://ann:***@db.example/gradus");
    /// # Ok::<(), gradus::store::StoreError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        if let Some(rest) = text.strip_prefix("sqlite:") {
            return Self::sqlite(text, rest.strip_prefix("//").unwrap_or(rest));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres { url: text.to_owned() });
        }
        Err(bad(text, "it does not begin with `sqlite:`"))
    }

    /// A database file whose path need not be text.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::Sqlite { path: path.into() }
    }

    fn sqlite(text: &str, path: &str) -> Result<Self, StoreError> {
        match path {
            "" => Err(bad(text, "the path is missing")),
            ":memory:" => Err(bad(text, "a database in memory would keep nothing")),
            // The shell expands `~` only at the start of a word, which `sqlite:` is.
            _ if path.starts_with("~/") => {
                Err(bad(text, "`~` is not expanded here; write the whole path"))
            }
            _ if path.contains('\0') => Err(bad("sqlite:…", "the path holds a NUL byte")),
            _ => Ok(Self::file(path)),
        }
    }
}

fn bad(url: &str, reason: &str) -> StoreError {
    StoreError::BadUrl { url: redact(url), reason: reason.to_owned() }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path } => write!(f, "sqlite:{}", path.display()),
            Self::Postgres { url } => f.write_str(&redact(url)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Replaces the password of a URL, in its authority and in its query, by `***`. People forget to
/// encode `@` and `/` in passwords, so everything up to the last `@` counts as one.
fn redact(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let authority = match rest.rsplit_once('@') {
        Some((user, host)) => {
            let name = user.split(':').next().unwrap_or_default();
            if user.contains(':') { format!("{name}:***@{host}") } else { format!("{name}@{host}") }
        }
        None => rest.to_owned(),
    };
    let hidden: Vec<String> = authority.split('&').map(redact_pair).collect();
    format!("{scheme}://{}", hidden.join("&"))
}

/// Hides the value in `…password=value`.
fn redact_pair(pair: &str) -> String {
    match pair.to_ascii_lowercase().find("password=") {
        Some(at) => format!("{}***", &pair[..at + "password=".len()]),
        None => pair.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_addresses_are_literal_paths() {
        // Goal: what follows the scheme is the path. Method: the forms people write.
        for (text, path) in [
            ("sqlite:a.db", "a.db"),
            ("sqlite:/var/x y?.db", "/var/x y?.db"),
            ("sqlite:///var/a.db", "/var/a.db"),
            ("sqlite:C:\\data\\a.db", "C:\\data\\a.db"),
        ] {
            assert_eq!(DatabaseUrl::parse(text), Ok(DatabaseUrl::file(path)), "{text}");
        }
    }

    #[test]
    fn unusable_addresses_are_refused_without_their_passwords() {
        // Goal: a clear refusal that leaks nothing. Method: each bad form, read the error.
        for text in ["", "a.db", "sqlite:", "sqlite::memory:", "sqlite:~/a.db", "mysql://u:pw1@h/d"]
        {
            let error = DatabaseUrl::parse(text).expect_err(text);
            assert!(matches!(error, StoreError::BadUrl { .. }), "{error:?}");
            assert!(!format!("{error:?} {error}").contains("pw1"));
        }
    }

    #[test]
    fn debug_hides_every_password() {
        // Goal: no password in logs. Method: the places where a URL can carry one.
        for (url, shown) in [
            ("postgres://u:p@h/d", "postgres://u:***@h/d"),
            ("postgresql://u:p@/w@h:5432/d", "postgresql://u:***@h:5432/d"),
            ("postgres://u@h/d?sslmode=on", "postgres://u@h/d?sslmode=on"),
            ("postgres://h/d?password=p&x=1", "postgres://h/d?password=***&x=1"),
        ] {
            let parsed = DatabaseUrl::parse(url).expect("a PostgreSQL address");
            assert_eq!(format!("{parsed:?}"), shown);
            assert_eq!(parsed.to_string(), shown);
        }
    }
}
