-- A home as the first version of the program left it; never changed, or the test of the migration is none.
PRAGMA journal_mode = WAL;
PRAGMA user_version = 1;
CREATE TABLE IF NOT EXISTS documents(
    sha256 TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL,
    stored_at REAL NOT NULL
) WITHOUT ROWID;

-- sha256 is null until a back-fill's file has been read; origin is what a container says of its part
CREATE TABLE IF NOT EXISTS jobs(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256 TEXT REFERENCES documents(sha256),
    profile TEXT NOT NULL,
    engine TEXT NOT NULL,
    origin TEXT NOT NULL DEFAULT '',
    uri TEXT,
    password TEXT,
    parent INTEGER REFERENCES jobs(id),
    depth INTEGER NOT NULL DEFAULT 0,
    urgency TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued'
        CHECK (state IN ('queued', 'running', 'done', 'failed', 'quarantined', 'cancelled')),
    attempt INTEGER NOT NULL DEFAULT 0,
    owner TEXT,
    lease_until REAL NOT NULL DEFAULT 0,
    hinted_at REAL NOT NULL DEFAULT 0,
    created_at REAL NOT NULL,
    claimed_at REAL,
    finished_at REAL,
    error_code TEXT,
    problem TEXT,
    result_sha256 TEXT,
    summary TEXT,
    UNIQUE (sha256, profile, engine, origin),
    CHECK ((state = 'running') = (owner IS NOT NULL)),
    CHECK (state != 'done' OR result_sha256 IS NOT NULL)
);
CREATE INDEX IF NOT EXISTS jobs_queued ON jobs(urgency, kind, hinted_at, id) WHERE state = 'queued';
CREATE INDEX IF NOT EXISTS jobs_running ON jobs(lease_until) WHERE state = 'running';
CREATE INDEX IF NOT EXISTS jobs_state ON jobs(state, id);
CREATE INDEX IF NOT EXISTS jobs_claimed ON jobs(claimed_at) WHERE claimed_at IS NOT NULL;

-- a name under results/, done/ and failed/ belongs to one document for ever
CREATE TABLE IF NOT EXISTS names(
    base TEXT PRIMARY KEY,
    holder TEXT NOT NULL
) WITHOUT ROWID;

-- one row for each name a document came with: what is still to be put beside it when its job has ended
CREATE TABLE IF NOT EXISTS deliveries(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER NOT NULL REFERENCES jobs(id),
    path TEXT NOT NULL,
    base TEXT,
    work_id TEXT UNIQUE,
    uri TEXT,
    batch TEXT,
    parent INTEGER REFERENCES deliveries(id),
    part INTEGER,
    ready INTEGER NOT NULL DEFAULT 0,
    delivered_at REAL,
    tries INTEGER NOT NULL DEFAULT 0,
    next_at REAL NOT NULL DEFAULT 0,
    UNIQUE (batch, uri)
);
CREATE INDEX IF NOT EXISTS deliveries_ready ON deliveries(next_at, id) WHERE ready = 1 AND delivered_at IS NULL;
CREATE INDEX IF NOT EXISTS deliveries_job ON deliveries(job_id);
CREATE INDEX IF NOT EXISTS deliveries_parent ON deliveries(parent) WHERE parent IS NOT NULL;
CREATE INDEX IF NOT EXISTS deliveries_left ON deliveries(batch) WHERE batch IS NOT NULL AND delivered_at IS NULL;

INSERT INTO documents VALUES ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 10, 1.5), ('bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 20, 2.5);
INSERT INTO jobs(id, sha256, profile, engine, uri, urgency, kind, state, attempt, created_at, claimed_at, finished_at,
    result_sha256, summary)
VALUES (1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'default', 'crossfoot 0.1.0', 'file:///a.txt', 'backfill', 'text', 'done', 1, 10.0, 15.0, 20.0,
    'rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr', '{"review": 2}');
INSERT INTO jobs(id, sha256, profile, engine, origin, password, parent, depth, urgency, kind, hinted_at, created_at)
VALUES (2, 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'default', 'crossfoot 0.1.0', '{"parent": "a"}', 'geheim', 1, 1, 'normal', 'pdf', 12.0, 11.0);
INSERT INTO jobs(id, profile, engine, uri, urgency, kind, state, attempt, created_at, finished_at, error_code, problem)
VALUES (3, 'default', 'crossfoot 0.1.0', 'file:///c.txt', 'backfill', 'text', 'failed', 2, 12.0, 13.0, 'E_STORAGE',
    '{"code": "E_STORAGE"}');
-- a number that was given and taken back
INSERT INTO jobs(id, profile, engine, urgency, kind, created_at) VALUES (7, 'default', 'e', 'normal', 'text', 1.0);
DELETE FROM jobs WHERE id = 7;
INSERT INTO names VALUES ('a.txt', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'), ('b.txt', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb');
INSERT INTO deliveries(id, job_id, path, base, uri, batch, ready, delivered_at, tries, next_at)
VALUES (1, 1, 'a.txt', 'a.txt', 'file:///a.txt', 'file:///', 1, 21.0, 1, 20.5);
INSERT INTO deliveries(id, job_id, path, base, parent, part) VALUES (2, 2, 'a.txt/01-b.txt', 'b.txt', 1, 1);
INSERT INTO deliveries(id, job_id, path, uri, batch, ready) VALUES (4, 3, 'c.txt', 'file:///c.txt', 'file:///', 0);
