import type { TrackRef } from '../../core/track-store.js';
import { eraseIfUnseen, type PersonRow } from './person-rows.js';
import { dropSnapshot } from './snapshot-rows.js';
import type { SqliteConnection } from './connection.js';

/** Whose a track is. */
export function trackOwner(db: SqliteConnection, trackKey: string): PersonRow | undefined {
  const query = 'SELECT id, name, number FROM tracks JOIN persons ON persons.id = person_id WHERE key = ?';
  return db.rows<PersonRow>(query, trackKey)[0];
}

/** Whether a track was said not to be somebody's. */
export function wasRejected(db: SqliteConnection, trackKey: string, personId: string): boolean {
  const query =
    "SELECT 1 FROM faces WHERE track_key = ? AND person_id = ? AND role = 'counterexample' LIMIT 1";
  return db.rows(query, trackKey, personId).length > 0;
}

/**
 * Part of a `write`: says whose a track is. Its crops go along. So do its events that named nobody, or somebody
 * without a name; those that gave it another name stay, as that was said and nobody took it back.
 * @returns how many crops came along
 */
export function moveTrack(
  db: SqliteConnection,
  { key, cameraId, seenAt }: TrackRef,
  personId: string,
): number {
  const owner = trackOwner(db, key);
  db.run(
    `INSERT INTO tracks VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET person_id = excluded.person_id,
       first_seen_at = min(first_seen_at, excluded.first_seen_at),
       last_seen_at = max(last_seen_at, excluded.last_seen_at)`,
    ...[key, cameraId, personId, seenAt, seenAt],
  );
  db.run('UPDATE events SET person_id = ? WHERE track_key = ? AND person_id IS NULL', personId, key);
  if (owner?.id === personId) return 0;
  if (owner) dropSnapshot(db, key);
  const { changes } = db.run(
    "UPDATE faces SET person_id = ? WHERE track_key = ? AND role = 'sighting'",
    ...[personId, key],
  );
  if (owner?.name === null) {
    db.run('UPDATE events SET person_id = ? WHERE track_key = ? AND person_id = ?', personId, key, owner.id);
    eraseIfUnseen(db, owner.id);
    db.touch('unknownPeople');
  }
  return changes;
}
