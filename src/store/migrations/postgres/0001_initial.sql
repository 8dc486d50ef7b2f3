-- Times are milliseconds since 1970-01-01 UTC; ids of GitHub are its numeric keys.

CREATE TABLE deliveries (
    id              TEXT    NOT NULL PRIMARY KEY, -- X-GitHub-Delivery
    event           TEXT    NOT NULL,
    action          TEXT,
    installation_id BIGINT,
    repository_id   BIGINT,
    received_at     BIGINT  NOT NULL,
    outcome         TEXT    NOT NULL,             -- what was made of it, in words
    payload         BYTEA                         -- only of events that led to something
);
CREATE INDEX deliveries_by_time ON deliveries (received_at);

CREATE TABLE installations (
    id         BIGINT  NOT NULL PRIMARY KEY,
    account    TEXT    NOT NULL,
    state      TEXT    NOT NULL,                  -- active | suspended | removed
    changed_at BIGINT  NOT NULL
);

CREATE TABLE repositories (
    id              BIGINT  NOT NULL PRIMARY KEY,
    installation_id BIGINT  NOT NULL,
    owner           TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    removed         BIGINT  NOT NULL DEFAULT 0,
    changed_at      BIGINT  NOT NULL
);
CREATE INDEX repositories_by_installation ON repositories (installation_id);

CREATE TABLE pulls (
    repository_id    BIGINT  NOT NULL,
    number           BIGINT  NOT NULL,
    state            TEXT    NOT NULL,            -- open | closed
    head_sha         TEXT    NOT NULL,
    base_ref         TEXT    NOT NULL,
    said_at          BIGINT  NOT NULL,            -- GitHub's updated_at of what is known
    last_enqueued_at BIGINT  NOT NULL DEFAULT 0,
    comment_id       BIGINT,
    comment_digest   TEXT,
    PRIMARY KEY (repository_id, number)
);
CREATE INDEX pulls_by_head ON pulls (repository_id, head_sha);

CREATE TABLE jobs (
    id              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind            TEXT    NOT NULL,             -- review | conclude | rules
    serial_key      TEXT    NOT NULL,             -- one running job per key
    state           TEXT    NOT NULL,             -- ready | running | done | dead | superseded | cancelled
    priority        BIGINT  NOT NULL,             -- lower first
    run_at          BIGINT  NOT NULL,
    installation_id BIGINT  NOT NULL,
    repository_id   BIGINT  NOT NULL,
    pull_number     BIGINT,
    head_sha        TEXT,
    base_ref        TEXT,
    asked_by        BIGINT,                      -- id of the person whose permission is still to be asked
    delivery_id     TEXT,
    detail          TEXT    NOT NULL,             -- JSON by kind
    worker          TEXT,
    lease_until     BIGINT,
    fence           BIGINT  NOT NULL DEFAULT 0,
    attempts        BIGINT  NOT NULL DEFAULT 0,
    max_attempts    BIGINT  NOT NULL,
    cancel          TEXT,                         -- superseded | closed | removed
    last_error      TEXT,
    outcome         TEXT,                         -- one word: reviewed | unchanged | draft | refused | …
    note            TEXT,                         -- the outcome in words
    created_at      BIGINT  NOT NULL,
    started_at      BIGINT,
    finished_at     BIGINT
);
CREATE UNIQUE INDEX jobs_one_running ON jobs (serial_key) WHERE state = 'running';
CREATE INDEX jobs_to_run ON jobs (priority, run_at, id) WHERE state = 'ready';
CREATE INDEX jobs_by_key ON jobs (serial_key, state);
CREATE INDEX jobs_by_installation ON jobs (installation_id, state);
CREATE INDEX jobs_by_delivery ON jobs (delivery_id);
CREATE INDEX jobs_by_state ON jobs (state, id);

CREATE TABLE reviews (
    id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repository_id  BIGINT  NOT NULL,
    pull_number    BIGINT  NOT NULL,
    head_sha       TEXT    NOT NULL,
    merge_base     TEXT    NOT NULL,
    rules_hash     TEXT    NOT NULL,
    engine_version TEXT    NOT NULL,
    created_at     BIGINT  NOT NULL,
    result         TEXT    NOT NULL,              -- JSON of the whole review
    UNIQUE (repository_id, pull_number, head_sha, merge_base, rules_hash, engine_version)
);

CREATE TABLE check_runs (
    id               BIGINT  NOT NULL PRIMARY KEY, -- GitHub's
    repository_id    BIGINT  NOT NULL,
    pull_number      BIGINT  NOT NULL,
    head_sha         TEXT    NOT NULL,
    external_id      TEXT    NOT NULL,
    open             BIGINT  NOT NULL,
    conclusion       TEXT,
    annotations_sent BIGINT  NOT NULL DEFAULT 0,
    digest           TEXT,                         -- of what was last rendered
    created_at       BIGINT  NOT NULL,
    changed_at       BIGINT  NOT NULL
);
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
    changed_at BIGINT  NOT NULL
);

CREATE TABLE cursors (
    name       TEXT    NOT NULL PRIMARY KEY,
    value      TEXT    NOT NULL,
    changed_at BIGINT  NOT NULL
);

CREATE TABLE redeliveries (
    guid     TEXT    NOT NULL PRIMARY KEY,
    asked    BIGINT  NOT NULL,                     -- how often a redelivery was asked for
    asked_at BIGINT  NOT NULL
);

CREATE TABLE audit (
    id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      BIGINT  NOT NULL,
    actor   TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    detail  TEXT    NOT NULL
);
