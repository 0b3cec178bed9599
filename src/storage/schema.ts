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
];
