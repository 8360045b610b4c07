//! The one list of SQL statements, for every engine. Portable SQL only: placeholders are `?1`
//! (SQLite binds `$2` by first appearance and then silently finds nothing), aggregates are CAST,
//! and `tenant_id` is always `?1`. What only one engine understands (pragmas) is never here.

/// The schema's history; it exists before the first migration.
pub(super) const CREATE_MIGRATIONS: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (\
    version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)";
/// Applied migrations, oldest first.
pub(super) const SELECT_MIGRATIONS: &str =
    "SELECT version, checksum FROM schema_migrations ORDER BY version";
/// Records a migration that was applied.
pub(super) const INSERT_MIGRATION: &str =
    "INSERT INTO schema_migrations (version, name, checksum) VALUES (?1, ?2, ?3)";

/// Stores a bank unless its fingerprint is known.
pub(super) const INSERT_BANK: &str = "INSERT INTO banks (tenant_id, fingerprint, content, created_ms) VALUES (?1, ?2, ?3, ?4) \
     ON CONFLICT (tenant_id, fingerprint) DO NOTHING";
/// A bank's packed content.
pub(super) const SELECT_BANK: &str =
    "SELECT content FROM banks WHERE tenant_id = ?1 AND fingerprint = ?2";
/// Whether a bank is stored; does not read its content.
pub(super) const BANK_EXISTS: &str =
    "SELECT CAST(COUNT(*) AS BIGINT) FROM banks WHERE tenant_id = ?1 AND fingerprint = ?2";

/// Creates a session unless its id is taken.
pub(super) const INSERT_SESSION: &str = "INSERT INTO sessions \
     (tenant_id, session_id, version, plan, seed, engine, bank_fingerprint, status, \
      started_ms, updated_ms) \
     VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, 'active', ?7, ?7) \
     ON CONFLICT (tenant_id, session_id) DO NOTHING";

/// The columns of a session record, in the order in which the drivers read them.
macro_rules! select_sessions {
    ($rest:literal) => {
        concat!(
            "SELECT s.session_id, s.version, s.plan, s.seed, s.engine, s.bank_fingerprint, \
             s.status, s.started_ms, s.updated_ms, s.finished_ms, s.stop_reason, s.summary, \
             (SELECT CAST(COUNT(*) AS BIGINT) FROM answers a \
              WHERE a.tenant_id = s.tenant_id AND a.session_id = s.session_id) \
             FROM sessions s WHERE s.tenant_id = ?1 ",
            $rest
        )
    };
}

/// One session.
pub(super) const SELECT_SESSION: &str = select_sessions!("AND s.session_id = ?2");
/// Every session, newest first.
pub(super) const SELECT_SESSIONS: &str =
    select_sessions!("ORDER BY s.started_ms DESC, s.session_id DESC");
/// The first of that list among any, unfinished or finished sessions.
pub(super) const SELECT_LATEST_SESSION: &str = select_sessions!(
    "AND (?2 = 'any' OR (?2 = 'finished' AND s.status = 'done') \
     OR (?2 = 'unfinished' AND s.status <> 'done')) \
     ORDER BY s.started_ms DESC, s.session_id DESC LIMIT 1"
);
/// Ids that begin with a prefix; a few are enough to say that it is ambiguous.
pub(super) const RESOLVE_ID: &str = "SELECT session_id FROM sessions \
     WHERE tenant_id = ?1 AND substr(session_id, 1, length(?2)) = ?2 ORDER BY session_id LIMIT 5";

/// The compare-and-set of an answer: the expected version, not finished, and the next position
/// (the first answer of a session sets where its positions begin).
pub(super) const ACCEPT_ANSWER: &str = "UPDATE sessions \
     SET version = version + 1, status = 'active', updated_ms = ?5 \
     WHERE tenant_id = ?1 AND session_id = ?2 AND version = ?3 AND status <> 'done' \
     AND ?4 = (SELECT COALESCE(MAX(a.position) + 1, ?4) FROM answers a \
               WHERE a.tenant_id = ?1 AND a.session_id = ?2)";
/// The answer itself; only after `ACCEPT_ANSWER` changed a row, in the same transaction.
pub(super) const INSERT_ANSWER: &str = "INSERT INTO answers \
     (tenant_id, session_id, position, item_id, item_version, response, seconds, flagged, \
      flag_text, answered_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
/// A session's answers in order.
pub(super) const SELECT_ANSWERS: &str = "SELECT position, item_id, item_version, response, \
     seconds, flagged, flag_text, answered_ms FROM answers \
     WHERE tenant_id = ?1 AND session_id = ?2 ORDER BY position";
/// The answer at one position.
pub(super) const SELECT_ANSWER: &str = "SELECT position, item_id, item_version, response, \
     seconds, flagged, flag_text, answered_ms FROM answers \
     WHERE tenant_id = ?1 AND session_id = ?2 AND position = ?3";

/// The compare-and-set of a session's end.
pub(super) const FINISH_SESSION: &str = "UPDATE sessions \
     SET version = version + 1, status = 'done', updated_ms = ?4, finished_ms = ?4, \
         stop_reason = ?5, summary = ?6 \
     WHERE tenant_id = ?1 AND session_id = ?2 AND version = ?3 AND status <> 'done'";
/// The compare-and-set of a pause, which is not a change of the history: the version stays.
pub(super) const PAUSE_SESSION: &str = "UPDATE sessions SET status = 'paused', updated_ms = ?4 \
     WHERE tenant_id = ?1 AND session_id = ?2 AND version = ?3 AND status = 'active'";
/// Marks a session as touched; also takes its row, so that the audit rows of one session queue.
pub(super) const TOUCH_SESSION: &str =
    "UPDATE sessions SET updated_ms = ?3 WHERE tenant_id = ?1 AND session_id = ?2";
/// Flags a stored answer's question.
pub(super) const FLAG_ANSWER: &str = "UPDATE answers SET flagged = 1, flag_text = ?4 \
     WHERE tenant_id = ?1 AND session_id = ?2 AND position = ?3";

/// The end of a session's audit chain.
pub(super) const SELECT_LAST_AUDIT: &str = "SELECT sequence, hash FROM audit \
     WHERE tenant_id = ?1 AND session_id = ?2 ORDER BY sequence DESC LIMIT 1";
/// Appends to a session's audit chain.
pub(super) const INSERT_AUDIT: &str = "INSERT INTO audit \
     (tenant_id, session_id, sequence, at_ms, kind, payload, prev_hash, hash) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
/// A session's whole audit chain in order.
pub(super) const SELECT_AUDIT: &str = "SELECT sequence, at_ms, kind, payload, prev_hash, hash \
     FROM audit WHERE tenant_id = ?1 AND session_id = ?2 ORDER BY sequence";

/// Erasing a session: its answers and audit go before it, because they refer to it.
pub(super) const DELETE_ANSWERS: &str =
    "DELETE FROM answers WHERE tenant_id = ?1 AND session_id = ?2";
/// See [`DELETE_ANSWERS`].
pub(super) const DELETE_AUDIT: &str = "DELETE FROM audit WHERE tenant_id = ?1 AND session_id = ?2";
/// See [`DELETE_ANSWERS`].
pub(super) const DELETE_SESSION: &str =
    "DELETE FROM sessions WHERE tenant_id = ?1 AND session_id = ?2";

/// Every statement about a tenant's data, for the tests that hold for all of them.
#[cfg(test)]
pub(super) const ALL: [&str; 22] = [
    INSERT_BANK,
    SELECT_BANK,
    BANK_EXISTS,
    INSERT_SESSION,
    SELECT_SESSION,
    SELECT_SESSIONS,
    SELECT_LATEST_SESSION,
    RESOLVE_ID,
    ACCEPT_ANSWER,
    INSERT_ANSWER,
    SELECT_ANSWERS,
    SELECT_ANSWER,
    FINISH_SESSION,
    PAUSE_SESSION,
    TOUCH_SESSION,
    FLAG_ANSWER,
    SELECT_LAST_AUDIT,
    INSERT_AUDIT,
    SELECT_AUDIT,
    DELETE_ANSWERS,
    DELETE_AUDIT,
    DELETE_SESSION,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_portable_and_keyed_by_tenant() {
        // Goal: no statement binds by name or `$1`, or forgets the tenant. Method: read the texts.
        for sql in ALL {
            assert!(!sql.contains('$') && !sql.contains(':') && !sql.contains('@'), "{sql}");
            assert!(sql.contains("tenant_id") && sql.contains("?1"), "{sql}");
            assert!(!sql.contains("OR REPLACE") && !sql.contains("OR IGNORE"), "{sql}");
            assert_eq!(sql.matches("COUNT(").count(), sql.matches("CAST(COUNT(").count(), "{sql}");
        }
    }
}
