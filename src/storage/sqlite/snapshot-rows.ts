import type { Snapshot } from '../../core/track-store.js';
import { landmarkText, readLandmarks } from './face-rows.js';
import type { Row, SqliteConnection } from './connection.js';

interface SnapshotRow extends Row {
  jpeg: ArrayBuffer;
  landmarks: string;
  quality: number;
}

/** Part of a `write`: keeps the snapshot of a track, unless a better one is there. */
export function keepSnapshot(db: SqliteConnection, trackKey: string, snapshot: Snapshot): void {
  const { jpeg, landmarks, quality } = snapshot;
  db.run(
    `INSERT INTO snapshots VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
       SET jpeg = excluded.jpeg, landmarks = excluded.landmarks, quality = excluded.quality
       WHERE excluded.quality > quality`,
    ...[trackKey, jpeg, landmarkText(landmarks), quality],
  );
}

/** Part of a `write`: drops the snapshot of a track, which may show whom it was taken for before. */
export function dropSnapshot(db: SqliteConnection, trackKey: string): void {
  db.run('DELETE FROM snapshots WHERE track_key = ?', trackKey);
}

export function snapshotOf(db: SqliteConnection, trackKey: string): Snapshot | undefined {
  const query = 'SELECT jpeg, landmarks, quality FROM snapshots WHERE track_key = ?';
  const [row] = db.rows<SnapshotRow>(query, trackKey);
  return row && { ...row, jpeg: new Uint8Array(row.jpeg), landmarks: readLandmarks(row.landmarks) };
}
