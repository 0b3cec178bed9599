import type { TrackRef, Snapshot } from '../../core/track-store.js';
import { eraseIfUnseen, type PersonRow } from './person-rows.js';
import type { SqliteConnection, Row } from './connection.js';
import { landmarkText, readLandmarks } from './face-rows.js';

/** The person a track belongs to; undefined for nobody. */
export function trackOwner(db: SqliteConnection, trackKey: string): PersonRow | undefined {
  const query = 'SELECT id, name, number FROM tracks JOIN persons ON persons.id = person_id WHERE key = ?';
  return db.rows<PersonRow>(query, trackKey)[0];
}

/** Whether a user said that a track is not this person. */
export function wasRejected(db: SqliteConnection, trackKey: string, personId: string): boolean {
  const query =
    "SELECT 1 FROM faces WHERE track_key = ? AND person_id = ? AND role = 'counterexample' LIMIT 1";
  return db.rows(query, trackKey, personId).length > 0;
}

/** Call inside a `write`: stores a track, or whose it is and when it was seen. @param personId null for nobody */
export function insertTrack(
  db: SqliteConnection,
  { key, cameraId, seenAt }: TrackRef,
  personId: string | null,
): void {
  db.run(
    `INSERT INTO tracks VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET person_id = excluded.person_id,
       first_seen_at = min(first_seen_at, excluded.first_seen_at),
       last_seen_at = max(last_seen_at, excluded.last_seen_at)`,
    ...[key, cameraId, personId, seenAt, seenAt],
  );
}

/**
 * Call inside a `write`: assigns a track to a person, with its crops and with its events that named nobody or an unknown
 * person. Events that gave it another name stay, because nobody has corrected them.
 * @returns how many crops changed their person
 */
export function moveTrack(db: SqliteConnection, track: TrackRef, personId: string): number {
  const { key } = track;
  const owner = trackOwner(db, key);
  insertTrack(db, track, personId);
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

interface SnapshotRow extends Row {
  jpeg: ArrayBuffer;
  landmarks: string;
  quality: number;
}

/** Call inside a `write`: stores the snapshot of a track unless there is a better one. */
export function keepSnapshot(db: SqliteConnection, trackKey: string, snapshot: Snapshot): void {
  const { jpeg, landmarks, quality } = snapshot;
  db.run(
    `INSERT INTO snapshots VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
       SET jpeg = excluded.jpeg, landmarks = excluded.landmarks, quality = excluded.quality
       WHERE excluded.quality > quality`,
    ...[trackKey, jpeg, landmarkText(landmarks), quality],
  );
}

/** Call inside a `write`: deletes the snapshot of a track, which may show the person it belonged to before. */
function dropSnapshot(db: SqliteConnection, trackKey: string): void {
  db.run('DELETE FROM snapshots WHERE track_key = ?', trackKey);
}

export function snapshotOf(db: SqliteConnection, trackKey: string): Snapshot | undefined {
  const query = 'SELECT jpeg, landmarks, quality FROM snapshots WHERE track_key = ?';
  const [row] = db.rows<SnapshotRow>(query, trackKey);
  return row && { ...row, jpeg: new Uint8Array(row.jpeg), landmarks: readLandmarks(row.landmarks) };
}
