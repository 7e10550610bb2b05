-- What was found in Proxmox and in the guests. Times are milliseconds since 1970 UTC; lists are JSON.
CREATE TABLE clusters (
    id             TEXT NOT NULL PRIMARY KEY,
    name           TEXT NOT NULL,
    addresses      TEXT NOT NULL,
    token_id       TEXT NOT NULL,
    token_secret   TEXT NOT NULL REFERENCES secrets (id),
    leaves         TEXT NOT NULL,
    ca_pem         TEXT,
    ca_fingerprint TEXT,
    version        TEXT,
    quorate        INTEGER,
    added_at       INTEGER NOT NULL,
    checked_at     INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE nodes (
    cluster        TEXT NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
    name           TEXT NOT NULL,
    address        TEXT,
    online         INTEGER NOT NULL,
    uptime_seconds INTEGER,
    cpu            REAL,
    memory_used    INTEGER,
    memory_total   INTEGER,
    seen_at        INTEGER,
    gone_at        INTEGER,
    -- JSON; written by the user's own act and never by a discovery.
    access         TEXT,
    PRIMARY KEY (cluster, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE guests (
    id             TEXT NOT NULL PRIMARY KEY,
    cluster        TEXT NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
    node           TEXT NOT NULL,
    vmid           INTEGER NOT NULL,
    name           TEXT NOT NULL,
    power          TEXT NOT NULL,
    lock           TEXT,
    template       INTEGER NOT NULL,
    tags           TEXT NOT NULL,
    ostype         TEXT,
    macs           TEXT NOT NULL,
    root_volume    TEXT,
    config_digest  TEXT,
    address        TEXT,
    uptime_seconds INTEGER,
    cpu            REAL,
    memory_used    INTEGER,
    memory_total   INTEGER,
    first_seen     INTEGER NOT NULL,
    seen_at        INTEGER,
    gone_at        INTEGER
) STRICT, WITHOUT ROWID;

-- A VMID may be used again, but by one guest at a time.
CREATE UNIQUE INDEX guests_live ON guests (cluster, vmid) WHERE gone_at IS NULL;

CREATE TABLE discovery_runs (
    id       INTEGER PRIMARY KEY,
    cluster  TEXT NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
    began_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    nodes    INTEGER NOT NULL,
    guests   INTEGER NOT NULL,
    new      INTEGER NOT NULL,
    gone     INTEGER NOT NULL,
    errors   TEXT NOT NULL
) STRICT;

CREATE INDEX discovery_runs_cluster ON discovery_runs (cluster, id);

CREATE TABLE agents (
    id                   TEXT NOT NULL PRIMARY KEY,
    guest                TEXT NOT NULL REFERENCES guests (id) ON DELETE CASCADE,
    certificate          TEXT NOT NULL UNIQUE,
    -- Stays valid until the renewed one is used for the first time.
    previous_certificate TEXT UNIQUE,
    version              TEXT NOT NULL,
    enrolled_at          INTEGER NOT NULL,
    renewed_at           INTEGER,
    last_seen            INTEGER,
    revoked_at           INTEGER
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX agents_live ON agents (guest) WHERE revoked_at IS NULL;
CREATE INDEX agents_guest ON agents (guest);

CREATE TABLE inventories (
    guest       TEXT NOT NULL PRIMARY KEY REFERENCES guests (id) ON DELETE CASCADE,
    hash        TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    body        TEXT NOT NULL
) STRICT;

-- The pending updates of the inventories once more, one a row, to be asked by package. No index on the package: a
-- fleet's guests share their packages, so each report would touch as many pages as it has updates (measured: six times
-- slower), while reading the whole table for one package stays below a tenth of a second.
CREATE TABLE updates (
    guest     TEXT NOT NULL REFERENCES guests (id) ON DELETE CASCADE,
    package   TEXT NOT NULL,
    arch      TEXT NOT NULL,
    installed TEXT NOT NULL,
    candidate TEXT NOT NULL,
    origin    TEXT NOT NULL,
    suite     TEXT NOT NULL,
    severity  TEXT NOT NULL,
    size      INTEGER,
    blocked   TEXT,
    PRIMARY KEY (guest, package, arch)
) STRICT, WITHOUT ROWID;
