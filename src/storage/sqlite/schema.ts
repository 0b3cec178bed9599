/** Marks our databases among SQLite files: "SLGT" (https://www.sqlite.org/fileformat2.html#application_id). */
export const applicationId = 0x534c4754;

/**
 * Each entry takes the schema one version up; `PRAGMA user_version` counts those done. Entries are never changed once
 * released, only added.
 *
 * Pictures have a table of their own: reading every embedding must not read past them.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE persons (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE faces (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    person_id TEXT NOT NULL REFERENCES persons(id) ON DELETE CASCADE,
    photo_name TEXT NOT NULL,
    photo_hash TEXT NOT NULL,
    quality REAL NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (person_id, photo_hash)
  ) STRICT;
  CREATE TABLE embeddings (
    face_sequence INTEGER NOT NULL REFERENCES faces(sequence) ON DELETE CASCADE,
    model_id TEXT NOT NULL,
    model_version TEXT NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (face_sequence, model_id, model_version)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE chips (
    face_sequence INTEGER PRIMARY KEY REFERENCES faces(sequence) ON DELETE CASCADE,
    png BLOB NOT NULL
  ) STRICT;
  `,
  // Chips become crops whose landmarks are those of the ArcFace template.
  `
  CREATE TABLE new_persons (
    id TEXT PRIMARY KEY,
    name TEXT UNIQUE,
    number INTEGER UNIQUE,
    created_at INTEGER NOT NULL,
    CHECK (name IS NOT NULL OR number IS NOT NULL)
  ) STRICT;
  INSERT INTO new_persons SELECT id, name, NULL, created_at FROM persons;
  DROP TABLE persons;
  ALTER TABLE new_persons RENAME TO persons;

  CREATE TABLE tracks (
    key TEXT PRIMARY KEY,
    camera_id TEXT NOT NULL,
    person_id TEXT REFERENCES persons(id) ON DELETE SET NULL,
    first_seen_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX tracks_by_person ON tracks (person_id);
  CREATE INDEX tracks_by_time ON tracks (last_seen_at);

  CREATE TABLE new_faces (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    person_id TEXT REFERENCES persons(id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('example', 'counterexample', 'sighting')),
    track_key TEXT,
    photo_name TEXT NOT NULL,
    photo_hash TEXT,
    quality REAL NOT NULL,
    created_at INTEGER NOT NULL,
    CHECK (person_id IS NOT NULL OR role = 'sighting')
  ) STRICT;
  INSERT INTO new_faces
    SELECT sequence, id, person_id, 'example', NULL, photo_name, photo_hash, quality, created_at FROM faces;
  DROP TABLE faces;
  ALTER TABLE new_faces RENAME TO faces;
  CREATE INDEX faces_by_person ON faces (person_id);
  CREATE INDEX faces_by_track ON faces (track_key);
  CREATE UNIQUE INDEX photo_once ON faces (person_id, photo_hash) WHERE role = 'example';

  CREATE TABLE crops (
    face_sequence INTEGER PRIMARY KEY REFERENCES faces(sequence) ON DELETE CASCADE,
    png BLOB NOT NULL,
    landmarks TEXT NOT NULL
  ) STRICT;
  INSERT INTO crops SELECT face_sequence, png,
    '[[38.7946,52.1963],[74.0318,52.0014],[56.5252,72.2366],[42.0493,92.8655],[71.2299,92.7041]]' FROM chips;
  DROP TABLE chips;

  CREATE TABLE events (
    id TEXT PRIMARY KEY,
    time INTEGER NOT NULL,
    type TEXT NOT NULL,
    camera_id TEXT NOT NULL,
    track_key TEXT,
    person_id TEXT REFERENCES persons(id) ON DELETE SET NULL,
    data TEXT NOT NULL
  ) STRICT;
  CREATE INDEX events_by_time ON events (time);
  CREATE INDEX events_by_camera ON events (camera_id, id);
  CREATE INDEX events_by_person ON events (person_id, id);
  CREATE INDEX events_by_track ON events (track_key);

  CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
  ) STRICT;
  INSERT INTO counters VALUES ('last number', 0), ('gallery revision', 0), ('unknown revision', 0);
  `,
  // What people are shown of a track, whether crops of it are kept or not.
  `
  CREATE TABLE snapshots (
    track_key TEXT PRIMARY KEY REFERENCES tracks(key) ON DELETE CASCADE,
    jpeg BLOB NOT NULL,
    landmarks TEXT NOT NULL,
    quality REAL NOT NULL
  ) STRICT;
  `,
  // Events get a position in the order in which they are stored, and readers a place to keep how far they have come.
  `
  CREATE TABLE new_events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    time INTEGER NOT NULL,
    type TEXT NOT NULL,
    camera_id TEXT NOT NULL,
    track_key TEXT,
    person_id TEXT REFERENCES persons(id) ON DELETE SET NULL,
    data TEXT NOT NULL
  ) STRICT;
  INSERT INTO new_events (id, time, type, camera_id, track_key, person_id, data)
    SELECT id, time, type, camera_id, track_key, person_id, data FROM events ORDER BY id;
  DROP TABLE events;
  ALTER TABLE new_events RENAME TO events;
  CREATE INDEX events_by_time ON events (time);
  CREATE INDEX events_by_camera ON events (camera_id);
  CREATE INDEX events_by_person ON events (person_id);
  CREATE INDEX events_by_track ON events (track_key);

  CREATE TABLE cursors (
    name TEXT PRIMARY KEY,
    position INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // What stood in files beside the database: cameras.json, settings.json, heads/ and token.
  `
  CREATE TABLE cameras (
    id TEXT PRIMARY KEY,
    entry TEXT NOT NULL
  ) STRICT;
  CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT;
  CREATE TABLE heads (
    kind TEXT PRIMARY KEY,
    head TEXT NOT NULL,
    network BLOB
  ) STRICT;
  CREATE TABLE tokens (
    name TEXT PRIMARY KEY,
    token TEXT NOT NULL
  ) STRICT;
  CREATE TABLE imported_files (
    path TEXT PRIMARY KEY
  ) STRICT;
  UPDATE counters SET name = 'people revision' WHERE name = 'gallery revision';
  UPDATE counters SET name = 'unknownPeople revision' WHERE name = 'unknown revision';
  INSERT INTO counters
    VALUES ('cameras revision', 0), ('settings revision', 0), ('heads revision', 0), ('events revision', 0);
  `,
  // Photos that are kept but do not count, and people who look alike.
  `
  ALTER TABLE faces ADD COLUMN set_aside TEXT;
  ALTER TABLE faces ADD COLUMN set_aside_other TEXT REFERENCES persons(id) ON DELETE SET NULL;
  ALTER TABLE faces ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX faces_by_set_aside_other ON faces (set_aside_other) WHERE set_aside_other IS NOT NULL;
  CREATE TABLE look_alikes (
    first_id TEXT NOT NULL REFERENCES persons(id) ON DELETE CASCADE,
    second_id TEXT NOT NULL REFERENCES persons(id) ON DELETE CASCADE,
    model_id TEXT NOT NULL,
    model_version TEXT NOT NULL,
    distance REAL NOT NULL,
    threshold REAL NOT NULL,
    created_at INTEGER NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (first_id, second_id, model_id, model_version)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX look_alikes_by_second ON look_alikes (second_id);
  `,
];
