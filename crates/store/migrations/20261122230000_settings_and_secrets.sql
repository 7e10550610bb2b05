-- Single values, and what only a key can read.
CREATE TABLE settings (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- `sealed` is XChaCha20-Poly1305 under the key `key_id`; table, row, column, key and purpose are its associated data.
CREATE TABLE secrets (
    id      TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    key_id  TEXT NOT NULL,
    nonce   BLOB NOT NULL,
    sealed  BLOB NOT NULL
) STRICT, WITHOUT ROWID;
