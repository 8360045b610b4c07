-- The first schema. Migrations are never edited once released: a change is a new file.
-- Portable types only: TEXT, BIGINT, DOUBLE PRECISION. Times are `*_ms` (milliseconds since the
-- epoch), JSON is TEXT, and tenant_id leads every key, so that the tables can be sharded by tenant.

-- Each bank once per fingerprint, whole: a session resumes, replays and explains from this copy.
-- `content` is zlib, then base64: a TEXT means the same to every engine, a BLOB does not.
CREATE TABLE banks (
    tenant_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    content TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, fingerprint)
);

-- `version` counts the changes of a session's history (answers, and its end); every such change
-- is a compare-and-set on it. `seed` is an unsigned 64-bit number in decimal: BIGINT is signed.
-- `summary` is a cache for lists; all that stands in it can be derived again.
CREATE TABLE sessions (
    tenant_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    plan TEXT NOT NULL,
    seed TEXT NOT NULL,
    engine BIGINT NOT NULL,
    bank_fingerprint TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'paused', 'done')),
    started_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    finished_ms BIGINT,
    stop_reason TEXT,
    summary TEXT,
    PRIMARY KEY (tenant_id, session_id),
    FOREIGN KEY (tenant_id, bank_fingerprint) REFERENCES banks (tenant_id, fingerprint)
);

CREATE INDEX sessions_by_start ON sessions (tenant_id, started_ms, session_id);

-- The truth about a session. (session, position) is the primary key and the idempotency key.
CREATE TABLE answers (
    tenant_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    item_id TEXT NOT NULL,
    item_version BIGINT NOT NULL,
    response TEXT NOT NULL,
    seconds DOUBLE PRECISION,
    flagged BIGINT NOT NULL CHECK (flagged IN (0, 1)),
    flag_text TEXT,
    answered_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, session_id, position),
    FOREIGN KEY (tenant_id, session_id) REFERENCES sessions (tenant_id, session_id)
);

-- What happened, in order; each entry's hash covers the hash before it.
CREATE TABLE audit (
    tenant_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (tenant_id, session_id, sequence),
    FOREIGN KEY (tenant_id, session_id) REFERENCES sessions (tenant_id, session_id)
);
