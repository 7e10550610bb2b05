-- What registries answered about images, so that a start need not ask them all again.
CREATE TABLE image_checks (
    registry   TEXT NOT NULL,
    repository TEXT NOT NULL,
    -- The tag; the digest where none was named.
    version    TEXT NOT NULL,
    platform   TEXT NOT NULL,
    held       TEXT NOT NULL,
    answered_at INTEGER NOT NULL,
    PRIMARY KEY (registry, repository, version, platform)
) STRICT;
