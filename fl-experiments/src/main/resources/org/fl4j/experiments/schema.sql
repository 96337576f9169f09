-- What experiments did. Times are ISO 8601 in UTC; bytes are of tensors; client -1 is the run itself.

CREATE TABLE IF NOT EXISTS experiments (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    yaml TEXT NOT NULL,
    created TEXT NOT NULL
);

-- The key is the start of the SHA-256 of a run's settings. Status: waiting, running, completed, stopped_early, cancelled
-- or failed.
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY,
    experiment INTEGER NOT NULL REFERENCES experiments(id),
    key TEXT NOT NULL,
    label TEXT NOT NULL,
    seed INTEGER NOT NULL,
    status TEXT NOT NULL,
    started TEXT NOT NULL,
    ended TEXT,
    state_sha256 TEXT,
    UNIQUE (experiment, key)
);

CREATE TABLE IF NOT EXISTS settings (
    run INTEGER NOT NULL REFERENCES runs(id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run, name)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS versions (
    run INTEGER NOT NULL REFERENCES runs(id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run, name)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS rounds (
    run INTEGER NOT NULL REFERENCES runs(id),
    round INTEGER NOT NULL,
    bytes_down INTEGER NOT NULL,
    bytes_up INTEGER NOT NULL,
    train_seconds REAL NOT NULL,
    evaluation_seconds REAL NOT NULL,
    PRIMARY KEY (run, round)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS metrics (
    run INTEGER NOT NULL REFERENCES runs(id),
    round INTEGER NOT NULL,
    name TEXT NOT NULL,
    value REAL,
    PRIMARY KEY (run, name, round)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS client_metrics (
    run INTEGER NOT NULL REFERENCES runs(id),
    round INTEGER NOT NULL,
    client INTEGER NOT NULL,
    name TEXT NOT NULL,
    value REAL,
    PRIMARY KEY (run, round, client, name)
) WITHOUT ROWID;

-- Updates left out (kind is the reason), clients that failed (FAILED); runs that failed (RUN FAILED), and sessions that began
-- (STARTED, with versions).
CREATE TABLE IF NOT EXISTS events (
    run INTEGER NOT NULL REFERENCES runs(id),
    round INTEGER NOT NULL,
    client INTEGER NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (run, round, client, kind)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS tasks (
    run INTEGER NOT NULL REFERENCES runs(id),
    round INTEGER NOT NULL,
    client INTEGER NOT NULL,
    kind TEXT NOT NULL,
    priority INTEGER NOT NULL,
    thread INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    submitted TEXT NOT NULL,
    started TEXT NOT NULL,
    ended TEXT NOT NULL,
    run_seconds REAL NOT NULL,
    outcome TEXT NOT NULL,
    error TEXT,
    update_sha256 TEXT,
    PRIMARY KEY (run, round, client, kind)
) WITHOUT ROWID;

-- Privacy spent, mechanism and scale; resources.
CREATE TABLE IF NOT EXISTS task_metrics (
    run INTEGER NOT NULL REFERENCES runs(id),
    round INTEGER NOT NULL,
    client INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    value REAL,
    PRIMARY KEY (run, round, client, kind, name)
) WITHOUT ROWID;
