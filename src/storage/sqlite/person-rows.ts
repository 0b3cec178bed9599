import { randomUUID } from 'node:crypto';
import { SightlineError } from '../../core/errors.js';
import type { Person } from '../../core/face.js';
import type { GalleryPerson } from '../../core/people-store.js';
import type { Row, SqliteConnection } from './connection.js';

// These functions are called inside a transaction of `SqliteConnection`.

export interface PersonRow extends Row {
  id: string;
  name: string | null;
  number: number | null;
}

export function personWithId(db: SqliteConnection, id: string): PersonRow | undefined {
  return db.rows<PersonRow>('SELECT id, name, number FROM persons WHERE id = ?', id)[0];
}

/** @throws SightlineError PERSON_NOT_FOUND */
export function requirePerson(db: SqliteConnection, id: string): PersonRow {
  const person = personWithId(db, id);
  if (person) return person;
  throw new SightlineError('PERSON_NOT_FOUND', `Expected the id of a person but received ${id}`);
}

/** Like `requirePerson`, but the person must have a name. @throws SightlineError PERSON_NOT_FOUND */
export function requireNamed(db: SqliteConnection, id: string): Person {
  const { name } = requirePerson(db, id);
  if (name !== null) return { id, name };
  throw new SightlineError('PERSON_NOT_FOUND', `Expected the id of a person with a name but received ${id}`);
}

/** Checks that an id is that of an unknown person. @throws SightlineError UNKNOWN_PERSON_NOT_FOUND */
export function requireUnnamed(db: SqliteConnection, id: string): void {
  const person = personWithId(db, id);
  if (person?.name === null) return;
  const received = person ? `that of ${person.name}` : id;
  throw new SightlineError(
    'UNKNOWN_PERSON_NOT_FOUND',
    `Expected the id of an unknown person but received ${received}`,
  );
}

export function personNamed(db: SqliteConnection, name: string): Person | undefined {
  const [known] = db.rows<{ id: string }>('SELECT id FROM persons WHERE name = ?', name);
  return known && { id: known.id, name };
}

/** @throws SightlineError PERSON_NAME_TAKEN when somebody else has the name */
export function requireFreeName(db: SqliteConnection, name: string, exceptId?: string): void {
  const other = personNamed(db, name);
  if (!other || other.id === exceptId) return;
  throw new SightlineError('PERSON_NAME_TAKEN', `Expected a name that is not taken but received "${name}"`);
}

/** The people who have a name and meet the condition, sorted by name. */
export function galleryPersons(
  db: SqliteConnection,
  condition = '',
  ...values: readonly string[]
): GalleryPerson[] {
  const query = `SELECT id, name, created_at,
      (SELECT count(*) FROM faces WHERE person_id = persons.id AND role = 'example') AS faces,
      (SELECT count(set_aside) FROM faces WHERE person_id = persons.id AND role = 'example') AS setAside
    FROM persons WHERE name IS NOT NULL ${condition} ORDER BY name`;
  return db
    .rows<{ id: string; name: string; created_at: number; faces: number; setAside: number }>(query, ...values)
    .map(({ id, name, faces, setAside, created_at }) => ({
      ...{ id, name, faces, setAside },
      createdAt: created_at,
    }));
}

export function insertPerson(db: SqliteConnection, name: string): Person {
  const id = randomUUID();
  db.run('INSERT INTO persons (id, name, created_at) VALUES (?, ?, ?)', id, name, Date.now());
  return { id, name };
}

/** Creates an unknown person with the next number. @returns the id */
export function insertUnknown(db: SqliteConnection): string {
  const id = randomUUID();
  db.run("UPDATE counters SET value = value + 1 WHERE name = 'last number'");
  db.run(
    `INSERT INTO persons (id, number, created_at)
     VALUES (?, (SELECT value FROM counters WHERE name = 'last number'), ?)`,
    ...[id, Date.now()],
  );
  return id;
}

/**
 * Merges one person into another. A photo that both have is kept once. Crops of one that were counterexamples of the
 * other stop being counterexamples.
 */
export function mergePersons(db: SqliteConnection, from: string, into: string): void {
  db.run(
    `DELETE FROM faces WHERE role = 'counterexample' AND (
       (person_id = ? AND track_key IN (SELECT key FROM tracks WHERE person_id = ?)) OR
       (person_id = ? AND track_key IN (SELECT key FROM tracks WHERE person_id = ?)))`,
    ...[into, from, from, into],
  );
  db.run(
    `DELETE FROM faces WHERE person_id = ? AND role = 'example'
     AND photo_hash IN (SELECT photo_hash FROM faces WHERE person_id = ? AND role = 'example')`,
    ...[from, into],
  );
  // What did not fit one of the two may fit them together; the next check decides anew.
  db.run('UPDATE faces SET set_aside = NULL, set_aside_other = NULL WHERE person_id IN (?, ?)', from, into);
  for (const table of ['faces', 'tracks', 'events']) {
    db.run(`UPDATE ${table} SET person_id = ? WHERE person_id = ?`, into, from);
  }
  db.run('DELETE FROM persons WHERE id = ?', from);
}

/** Deletes people with their faces and tracks. Counterexamples of others that came from these tracks stay. */
export function forgetPersons(db: SqliteConnection, ids: readonly string[]): void {
  for (const id of ids) {
    db.run('DELETE FROM tracks WHERE person_id = ?', id);
    db.run('DELETE FROM persons WHERE id = ?', id);
  }
}

/**
 * Deletes some of the pictures that `erasePerson` would delete, which would take long for a person with many.
 * @returns how many were deleted; 0 when none is left
 */
export function erasePictures(db: SqliteConnection, id: string, limit: number): number {
  const theirTracks = 'SELECT key FROM tracks WHERE person_id = ?';
  const faces = db.run(
    `DELETE FROM faces WHERE sequence IN (SELECT sequence FROM faces WHERE person_id = ?
       UNION SELECT sequence FROM faces WHERE role <> 'example' AND track_key IN (${theirTracks}) LIMIT ?)`,
    ...[id, id, limit],
  );
  const snapshots = db.run(
    `DELETE FROM snapshots WHERE track_key IN (
       SELECT track_key FROM snapshots WHERE track_key IN (${theirTracks}) LIMIT ?)`,
    ...[id, limit],
  );
  return faces.changes + snapshots.changes;
}

/**
 * Takes a person out of some events, which deleting the person would do for all of them in one transaction.
 * @returns how many events were changed; 0 when none is left
 */
export function forgetInEvents(db: SqliteConnection, id: string, limit: number): number {
  const events = 'SELECT position FROM events WHERE person_id = ? LIMIT ?';
  return db.run(`UPDATE events SET person_id = NULL WHERE position IN (${events})`, id, limit).changes;
}

/** Like `forgetPersons`, but also deletes pictures of the person that are counterexamples of others. */
export function erasePerson(db: SqliteConnection, id: string): void {
  db.run(
    `DELETE FROM faces WHERE role <> 'example' AND track_key IN (SELECT key FROM tracks WHERE person_id = ?)`,
    id,
  );
  forgetPersons(db, [id]);
}

/** Deletes a person who has neither a name nor a track. */
export function eraseIfUnseen(db: SqliteConnection, id: string): void {
  const unseen = 'name IS NULL AND NOT EXISTS (SELECT 1 FROM tracks WHERE person_id = persons.id)';
  db.run(`DELETE FROM persons WHERE id = ? AND ${unseen}`, id);
}
