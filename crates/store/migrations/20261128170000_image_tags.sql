-- Answers are of use to whoever they were given to alone. What was kept is asked for again.
DROP TABLE image_checks;
CREATE TABLE image_checks (
    registry   TEXT NOT NULL,
    repository TEXT NOT NULL,
    -- The tag; the digest where none was named.
    version    TEXT NOT NULL,
    platform   TEXT NOT NULL,
    -- As whom the registry was asked; empty for nobody.
    user       TEXT NOT NULL,
    held       TEXT NOT NULL,
    answered_at INTEGER NOT NULL,
    PRIMARY KEY (registry, repository, version, platform, user)
) STRICT;

-- Which versions repositories have, so that a start need not have them listed again.
CREATE TABLE image_tags (
    registry   TEXT NOT NULL,
    repository TEXT NOT NULL,
    -- A list in JSON.
    tags       TEXT NOT NULL,
    listed_at  INTEGER NOT NULL,
    PRIMARY KEY (registry, repository)
) STRICT;
