-- Updates that were approved before they are installed: one guest, one package, one version.
CREATE TABLE approvals (
    id          TEXT NOT NULL PRIMARY KEY,
    guest       TEXT NOT NULL REFERENCES guests (id) ON DELETE CASCADE,
    package     TEXT NOT NULL,
    arch        TEXT NOT NULL,
    version     TEXT NOT NULL,
    severity    TEXT NOT NULL,
    approved_by TEXT NOT NULL,
    approved_at INTEGER NOT NULL,
    -- What was approved, for people.
    through     TEXT NOT NULL,
    ended_at    INTEGER,
    -- Why it is over.
    ended       TEXT
) STRICT;

CREATE UNIQUE INDEX approvals_open ON approvals (guest, package, arch) WHERE ended_at IS NULL;

-- What the user has decided about updates: ignore, snooze, hold.
CREATE TABLE rules (
    id      TEXT NOT NULL PRIMARY KEY,
    -- Of the scope those that it has; none of them for all clusters.
    cluster TEXT REFERENCES clusters (id) ON DELETE CASCADE,
    node    TEXT,
    guest   TEXT REFERENCES guests (id) ON DELETE CASCADE,
    -- Null for all packages.
    package TEXT,
    kind    TEXT NOT NULL,
    until   INTEGER,
    set_by  TEXT NOT NULL,
    set_at  INTEGER NOT NULL
) STRICT;

-- The source package, by which updates of one fix are put together; empty from agents that are older.
ALTER TABLE updates ADD COLUMN source TEXT NOT NULL DEFAULT '';
