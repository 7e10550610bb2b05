-- What was asked for and how it went. Guests are named without a reference: history outlives them.
CREATE TABLE operations (
    id          TEXT NOT NULL PRIMARY KEY,
    number      INTEGER NOT NULL UNIQUE,
    kind        TEXT NOT NULL,
    subject     TEXT NOT NULL,
    plan        TEXT,
    plan_short  TEXT,
    approved_by TEXT,
    began_at    INTEGER NOT NULL,
    ended_at    INTEGER,
    cancelling  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX operations_unfinished ON operations (number) WHERE ended_at IS NULL;

CREATE TABLE jobs (
    id              TEXT NOT NULL PRIMARY KEY,
    operation       TEXT NOT NULL REFERENCES operations (id) ON DELETE CASCADE,
    position        INTEGER NOT NULL,
    guest           TEXT NOT NULL,
    vmid            INTEGER NOT NULL,
    name            TEXT NOT NULL,
    node            TEXT NOT NULL,
    state           TEXT NOT NULL,
    work            TEXT,
    -- What the job is called outside: the id of the agent's job, a UPID.
    handle          TEXT,
    problem         TEXT,
    -- Newest report of the agent that is stored; 0 before the first.
    report_sequence INTEGER NOT NULL DEFAULT 0,
    began_at        INTEGER,
    ended_at        INTEGER,
    UNIQUE (operation, position)
) STRICT;

CREATE INDEX jobs_guest ON jobs (guest);

CREATE TABLE steps (
    job      TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    state    TEXT NOT NULL,
    detail   TEXT,
    began_at INTEGER,
    ended_at INTEGER,
    PRIMARY KEY (job, position),
    UNIQUE (job, kind)
) STRICT, WITHOUT ROWID;

-- `line` counts from 1 within the job without gaps.
CREATE TABLE job_log (
    job   TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    line  INTEGER NOT NULL,
    at    INTEGER NOT NULL,
    level TEXT NOT NULL,
    text  TEXT NOT NULL,
    PRIMARY KEY (job, line)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipts (
    job       TEXT NOT NULL PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    operation TEXT NOT NULL,
    guest     TEXT NOT NULL,
    ended_at  INTEGER NOT NULL,
    body      TEXT NOT NULL
) STRICT;

CREATE INDEX receipts_guest ON receipts (guest, ended_at);

CREATE TRIGGER receipts_stay BEFORE UPDATE ON receipts
BEGIN
    SELECT RAISE(ABORT, 'a receipt cannot be changed');
END;
