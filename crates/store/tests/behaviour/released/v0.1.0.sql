PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
INSERT INTO _sqlx_migrations VALUES(20261122230000,'settings and secrets','2026-11-22 22:55:13',1,X'0041d4e4ec002ae27f3715c643936ee3f871c4ac076b6e86841cf31fdb6325384ab606f8daa1f7b4f5f10ee00ac5ab48',888153);
INSERT INTO _sqlx_migrations VALUES(20261122230001,'fleet','2026-11-22 22:55:13',1,X'ce8a121b9012abd13ffffb022a132175fec7121758cac0d05b13ac88d8c6050c090c21610c1360a2787f43973de73ca0',1274032);
INSERT INTO _sqlx_migrations VALUES(20261122230002,'operations','2026-11-22 22:55:13',1,X'd1a83c38dec4a033f4f2bab7534478d4ca6973ef94fc7d2000bdefe95ef3601032dc66adc176f63f18ed178ae71aa7b8',1333171);
INSERT INTO _sqlx_migrations VALUES(20261122230003,'audit','2026-11-22 22:55:13',1,X'ad488207db0eefd67c7a3963df6668b912138ddd43cf65ff59d35cb6e9df10d68002b65d28ba2a854befb884be947aee',865629);
CREATE TABLE settings (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO settings VALUES('store.id','24da13d9-0ea3-4247-923d-4a677dc24d4c');
INSERT INTO settings VALUES('vault.key','{"kind":"memory","verifier":{"keyId":"9a1c1021-069e-495f-877b-832721f56477","nonce":"d1cc3870c3d01410e3c4286ede5a41b56fb50adc0b845e34","sealed":"044946ce914a15ccf4a0ca5b691c6686c05bac0b4826eb"}}');
INSERT INTO settings VALUES('window.theme','dark');
CREATE TABLE secrets (
    id      TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    key_id  TEXT NOT NULL,
    nonce   BLOB NOT NULL,
    sealed  BLOB NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO secrets VALUES('acf13ba6-6227-46d0-b3c6-7e5efbdc915c','clusterToken','9a1c1021-069e-495f-877b-832721f56477',X'bf01b5eec47f751491307a44e3432844e25169f113affdfb',X'0b6fa921c3decc357ceaf41f4da3cabe2f6fc9b0b6');
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
INSERT INTO clusters VALUES('01a20578-83b8-7695-9d70-a6246066c816','Homelab Cluster 1','["192.0.2.1:8006","pve2.example:8006"]','redflag@pve!desktop','acf13ba6-6227-46d0-b3c6-7e5efbdc915c','["01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01","02:02:02:02:02:02:02:02:02:02:02:02:02:02:02:02:02:02:02:02:02:02:02:02:02:02:02:02:02:02:02:02"]','-----BEGIN CERTIFICATE-----','03:03:03:03:03:03:03:03:03:03:03:03:03:03:03:03:03:03:03:03:03:03:03:03:03:03:03:03:03:03:03:03','8.4.21',1,1795386029000,1795386029005);
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
INSERT INTO nodes VALUES('01a20578-83b8-7695-9d70-a6246066c816','pve1','192.0.2.1',1,86400,0.10000000000000000555,3000000000,16000000000,1795386029000,NULL,'{"host":"192.0.2.1","port":22,"user":"root","hostKey":{"algorithm":"ssh-ed25519","fingerprint":"SHA256:abc"},"triedAt":1795386029000,"error":null}');
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
INSERT INTO guests VALUES('01a20578-83b9-76aa-b015-84546a196c4b','01a20578-83b8-7695-9d70-a6246066c816','pve1',100,'guest-100','running','backup',0,'["web","ä\"quoted\""]','debian','["bc:24:11:00:00:01"]','local-lvm:vm-100-disk-0','abc','192.0.2.10',77,0.3330000000000000182,100,536870912,1795386029000,1795386029000,NULL);
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
INSERT INTO discovery_runs VALUES(1,'01a20578-83b8-7695-9d70-a6246066c816',1795386029000,1795386029300,1,1,1,0,'["pve4: no route to host"]');
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
INSERT INTO agents VALUES('01a20578-83bb-7507-af7c-0ab000ee3732','01a20578-83b9-76aa-b015-84546a196c4b','01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01',NULL,'0.1.0',1795386029000,NULL,NULL,NULL);
CREATE TABLE inventories (
    guest       TEXT NOT NULL PRIMARY KEY REFERENCES guests (id) ON DELETE CASCADE,
    hash        TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    body        TEXT NOT NULL
) STRICT;
INSERT INTO inventories VALUES('01a20578-83b9-76aa-b015-84546a196c4b','e8fbb2a17c52bcdcd94dedf5686ee63149c5b19a731aae64bb11db166f54e9e2',1795386029000,'{"scannedAt":1795386029000,"os":{"id":"debian","version":"12","name":"Debian GNU/Linux 12 (bookworm)"},"arch":"amd64","addresses":["192.0.2.10"],"packages":{"kind":"apt","updates":[{"package":"openssl","arch":"amd64","installed":"1.0-1","candidate":"1.0-2","origin":"Debian","suite":"bookworm-security","severity":"securityUnrated","size":1234,"blocked":null},{"package":"linux","arch":"amd64","installed":"1.0-1","candidate":"1.0-2","origin":"Debian","suite":"bookworm-security","severity":"unknown","size":1234,"blocked":{"kind":"held"}}],"installed":312,"listsAt":1795386029000,"repositories":[{"name":"http://deb.debian.org/debian bookworm","error":"Could not resolve"}],"interrupted":null},"restarts":["nginx.service"]}');
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
INSERT INTO updates VALUES('01a20578-83b9-76aa-b015-84546a196c4b','linux','amd64','1.0-1','1.0-2','Debian','bookworm-security','unknown',1234,'{"kind":"held"}');
INSERT INTO updates VALUES('01a20578-83b9-76aa-b015-84546a196c4b','openssl','amd64','1.0-1','1.0-2','Debian','bookworm-security','securityUnrated',1234,NULL);
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
INSERT INTO operations VALUES('01a20578-83bd-735b-83a5-19c7f4057cbb',1,'update','1 LXCs','{"id":"01a20578-83bd-735b-83a5-19c610ecd08a","kind":"update","only":{"kind":"all"},"madeAt":1795386029000,"goodUntil":1795389629000,"fingerprint":"875d8d98f1c812098e82e280ec16fb10e6d97b39c2699a92d5d70e8382dbd34e","short":"875d-8d98","guests":[{"guest":"01a20578-83b9-76aa-b015-84546a196c4b","vmid":100,"name":"guest-100","node":"pve1","os":"Debian GNU/Linux 12 (bookworm)","work":{"kind":"update","plan":{"upgraded":[{"package":"openssl","arch":"amd64","from":"1.0-1","to":"1.0-2","origin":"Debian","suite":"bookworm-security","severity":"securityUnrated","size":99}],"added":[{"package":"libnew","arch":"amd64","from":null,"to":"1.0-2"}],"removed":[{"package":"libold","arch":"amd64","from":"1.0-1","to":null}],"keptBack":[{"package":"linux","why":"held"}],"download":99,"diskNeeded":400,"diskFree":1099511627776,"restarts":["nginx.service"]},"fingerprint":"ea0e2253ecdd5d46ce58d530b454d2b2113889958ff7467598d2882d2182b6cb"}}],"leftOut":[],"stopAfter":3}','875d-8d98','root',1795386029000,1795386030001,0);
INSERT INTO operations VALUES('01a20578-83c6-71f7-8445-c733e85922ef',2,'scan','1 LXCs',NULL,NULL,NULL,1795386029000,NULL,0);
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
INSERT INTO jobs VALUES('01a20578-83bd-735b-83a5-19c5d905d78e','01a20578-83bd-735b-83a5-19c7f4057cbb',0,'01a20578-83b9-76aa-b015-84546a196c4b',100,'guest-100','pve1','failed','{"kind":"update","plan":{"upgraded":[{"package":"openssl","arch":"amd64","from":"1.0-1","to":"1.0-2","origin":"Debian","suite":"bookworm-security","severity":"securityUnrated","size":99}],"added":[{"package":"libnew","arch":"amd64","from":null,"to":"1.0-2"}],"removed":[{"package":"libold","arch":"amd64","from":"1.0-1","to":null}],"keptBack":[{"package":"linux","why":"held"}],"download":99,"diskNeeded":400,"diskFree":1099511627776,"restarts":["nginx.service"]},"fingerprint":"ea0e2253ecdd5d46ce58d530b454d2b2113889958ff7467598d2882d2182b6cb"}',NULL,'{"what":"The update of nextcloud failed","words":"E: Unable to locate package","next":"Look at the log"}',3,1795386029000,1795386030000);
INSERT INTO jobs VALUES('01a20578-83c6-71f7-8445-c732a7d5178f','01a20578-83c6-71f7-8445-c733e85922ef',0,'01a20578-83b9-76aa-b015-84546a196c4b',100,'guest-100','pve1','waiting',NULL,NULL,NULL,0,NULL,NULL);
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
INSERT INTO steps VALUES('01a20578-83bd-735b-83a5-19c5d905d78e',0,'check','waiting',NULL,NULL,NULL);
INSERT INTO steps VALUES('01a20578-83bd-735b-83a5-19c5d905d78e',1,'send','waiting',NULL,NULL,NULL);
INSERT INTO steps VALUES('01a20578-83bd-735b-83a5-19c5d905d78e',2,'preflight','waiting',NULL,NULL,NULL);
INSERT INTO steps VALUES('01a20578-83bd-735b-83a5-19c5d905d78e',3,'download','waiting',NULL,NULL,NULL);
INSERT INTO steps VALUES('01a20578-83bd-735b-83a5-19c5d905d78e',4,'apply','failed','dpkg returned 1',1795386030000,1795386030000);
INSERT INTO steps VALUES('01a20578-83bd-735b-83a5-19c5d905d78e',5,'verify','waiting',NULL,NULL,NULL);
INSERT INTO steps VALUES('01a20578-83bd-735b-83a5-19c5d905d78e',6,'record','waiting',NULL,NULL,NULL);
INSERT INTO steps VALUES('01a20578-83c6-71f7-8445-c732a7d5178f',0,'check','waiting',NULL,NULL,NULL);
INSERT INTO steps VALUES('01a20578-83c6-71f7-8445-c732a7d5178f',1,'send','waiting',NULL,NULL,NULL);
INSERT INTO steps VALUES('01a20578-83c6-71f7-8445-c732a7d5178f',2,'refresh','waiting',NULL,NULL,NULL);
INSERT INTO steps VALUES('01a20578-83c6-71f7-8445-c732a7d5178f',3,'scan','waiting',NULL,NULL,NULL);
INSERT INTO steps VALUES('01a20578-83c6-71f7-8445-c732a7d5178f',4,'record','waiting',NULL,NULL,NULL);
CREATE TABLE job_log (
    job   TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    line  INTEGER NOT NULL,
    at    INTEGER NOT NULL,
    level TEXT NOT NULL,
    text  TEXT NOT NULL,
    PRIMARY KEY (job, line)
) STRICT, WITHOUT ROWID;
INSERT INTO job_log VALUES('01a20578-83bd-735b-83a5-19c5d905d78e',1,1795386029000,'output','Setting up openssl …');
CREATE TABLE receipts (
    job       TEXT NOT NULL PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    operation TEXT NOT NULL,
    guest     TEXT NOT NULL,
    ended_at  INTEGER NOT NULL,
    body      TEXT NOT NULL
) STRICT;
INSERT INTO receipts VALUES('01a20578-83bd-735b-83a5-19c5d905d78e','01a20578-83bd-735b-83a5-19c7f4057cbb','01a20578-83b9-76aa-b015-84546a196c4b',1795386030000,'{"job":"01a20578-83bd-735b-83a5-19c5d905d78e","operation":"01a20578-83bd-735b-83a5-19c7f4057cbb","number":1,"guest":"01a20578-83b9-76aa-b015-84546a196c4b","outcome":"failed","plan":"a64145d90451c55ce1f8314a2382bef0308422b4bb9dcf34c359077d8d474303","approvedBy":"root","beganAt":1795386029000,"endedAt":1795386030000,"changes":[{"package":"openssl","arch":"amd64","from":"1.0-1","to":"1.0-2"}],"notDone":[{"package":"linux","arch":"amd64","from":"1.0-1","to":"1.0-2"}],"keptFiles":["/etc/nginx/nginx.conf.dpkg-dist"],"services":[{"unit":"nginx.service","active":true}],"databaseSound":true,"problem":{"what":"The update of nextcloud failed","words":"E: Unable to locate package","next":"Look at the log"}}');
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    act     TEXT NOT NULL,
    target  TEXT NOT NULL,
    detail  TEXT,
    plan    TEXT,
    outcome TEXT NOT NULL
) STRICT;
INSERT INTO audit VALUES(1,1795386029000,'root','plan.approve','guest-100',NULL,'875d-8d98','done');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('audit',1);
CREATE UNIQUE INDEX guests_live ON guests (cluster, vmid) WHERE gone_at IS NULL;
CREATE INDEX discovery_runs_cluster ON discovery_runs (cluster, id);
CREATE UNIQUE INDEX agents_live ON agents (guest) WHERE revoked_at IS NULL;
CREATE INDEX agents_guest ON agents (guest);
CREATE INDEX operations_unfinished ON operations (number) WHERE ended_at IS NULL;
CREATE INDEX jobs_guest ON jobs (guest);
CREATE INDEX receipts_guest ON receipts (guest, ended_at);
CREATE TRIGGER receipts_stay BEFORE UPDATE ON receipts
BEGIN
    SELECT RAISE(ABORT, 'a receipt cannot be changed');
END;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit table is append-only');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit table is append-only');
END;
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'the audit table is append-only');
END;
COMMIT;
