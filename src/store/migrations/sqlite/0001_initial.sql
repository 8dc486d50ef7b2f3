-- Times are milliseconds since 1970-01-01 UTC; ids of GitHub are its numeric keys.

CREATE TABLE deliveries (
    id              TEXT    NOT NULL PRIMARY KEY, -- X-GitHub-Delivery
    event           TEXT    NOT NULL,
    action          TEXT,
    installation_id INTEGER,
    repository_id   INTEGER,
    received_at     INTEGER NOT NULL,
    outcome         TEXT    NOT NULL,             -- what was made of it, in words
    payload         BLOB                          -- only of events that led to something
) STRICT;
CREATE INDEX deliveries_by_time ON deliveries (received_at);

CREATE TABLE installations (
    id         INTEGER NOT NULL PRIMARY KEY,
    account    TEXT    NOT NULL,
    state      TEXT    NOT NULL,                  -- active | suspended | removed
    changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE repositories (
    id              INTEGER NOT NULL PRIMARY KEY,
    installation_id INTEGER NOT NULL,
    owner           TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    removed         INTEGER NOT NULL DEFAULT 0,
    changed_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX repositories_by_installation ON repositories (installation_id);

CREATE TABLE pulls (
    repository_id    INTEGER NOT NULL,
    number           INTEGER NOT NULL,
    state            TEXT    NOT NULL,            -- open | closed
    head_sha         TEXT    NOT NULL,
    base_ref         TEXT    NOT NULL,
    said_at          INTEGER NOT NULL,            -- GitHub's updated_at of what is known
    last_enqueued_at INTEGER NOT NULL DEFAULT 0,
    comment_id       INTEGER,
    comment_digest   TEXT,
    PRIMARY KEY (repository_id, number)
) STRICT;
CREATE INDEX pulls_by_head ON pulls (repository_id, head_sha);

CREATE TABLE jobs (
    id              INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind            TEXT    NOT NULL,             -- review | conclude | rules
    serial_key      TEXT    NOT NULL,             -- one running job per key
    state           TEXT    NOT NULL,             -- ready | running | done | dead | superseded | cancelled
    priority        INTEGER NOT NULL,             -- lower first
    run_at          INTEGER NOT NULL,
    installation_id INTEGER NOT NULL,
    repository_id   INTEGER NOT NULL,
    pull_number     INTEGER,
    head_sha        TEXT,
    base_ref        TEXT,
    asked_by        INTEGER,                      -- id of the person whose permission is still to be asked
    delivery_id     TEXT,
    detail          TEXT    NOT NULL,             -- JSON by kind
    worker          TEXT,
    lease_until     INTEGER,
    fence           INTEGER NOT NULL DEFAULT 0,
    attempts        INTEGER NOT NULL DEFAULT 0,
    max_attempts    INTEGER NOT NULL,
    cancel          TEXT,                         -- superseded | closed | removed
    last_error      TEXT,
    outcome         TEXT,                         -- one word: reviewed | unchanged | draft | refused | …
    note            TEXT,                         -- the outcome in words
    created_at      INTEGER NOT NULL,
    started_at      INTEGER,
    finished_at     INTEGER
) STRICT;
CREATE UNIQUE INDEX jobs_one_running ON jobs (serial_key) WHERE state = 'running';
CREATE INDEX jobs_to_run ON jobs (priority, run_at, id) WHERE state = 'ready';
CREATE INDEX jobs_by_key ON jobs (serial_key, state);
CREATE INDEX jobs_by_installation ON jobs (installation_id, state);
CREATE INDEX jobs_by_delivery ON jobs (delivery_id);
CREATE INDEX jobs_by_state ON jobs (state, id);

CREATE TABLE reviews (
    id             INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    repository_id  INTEGER NOT NULL,
    pull_number    INTEGER NOT NULL,
    head_sha       TEXT    NOT NULL,
    merge_base     TEXT    NOT NULL,
    rules_hash     TEXT    NOT NULL,
    engine_version TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    result         TEXT    NOT NULL,              -- JSON of the whole review
    UNIQUE (repository_id, pull_number, head_sha, merge_base, rules_hash, engine_version)
) STRICT;

CREATE TABLE check_runs (
    id               INTEGER NOT NULL PRIMARY KEY, -- GitHub's
    repository_id    INTEGER NOT NULL,
    pull_number      INTEGER NOT NULL,
    head_sha         TEXT    NOT NULL,
    external_id      TEXT    NOT NULL,
    open             INTEGER NOT NULL,
    conclusion       TEXT,
    annotations_sent INTEGER NOT NULL DEFAULT 0,
    digest           TEXT,                         -- of what was last rendered
    created_at       INTEGER NOT NULL,
    changed_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX check_runs_by_pull ON check_runs (repository_id, pull_number, id);
CREATE INDEX check_runs_by_head ON check_runs (repository_id, head_sha);
CREATE INDEX check_runs_by_external_id ON check_runs (repository_id, external_id);

CREATE TABLE good_rules (
    scope      TEXT    NOT NULL PRIMARY KEY,
    commit_sha TEXT    NOT NULL,
    path       TEXT    NOT NULL,
    text       TEXT    NOT NULL,
    hash       TEXT    NOT NULL,
    problem    TEXT,                               -- why the newest version is not used, if it is not
    changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE cursors (
    name       TEXT    NOT NULL PRIMARY KEY,
    value      TEXT    NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE redeliveries (
    guid     TEXT    NOT NULL PRIMARY KEY,
    asked    INTEGER NOT NULL,                     -- how often a redelivery was asked for
    asked_at INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
    id      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    actor   TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    detail  TEXT    NOT NULL
) STRICT;
