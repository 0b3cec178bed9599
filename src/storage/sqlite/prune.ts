import { setImmediate as nextTurn } from 'node:timers/promises';
import { forgetPersons } from './person-rows.js';
import type { SqliteConnection } from './connection.js';
import { unknownBefore } from './unknown-rows.js';

/** Rows deleted at a time: a portion holds the main loop up for a few milliseconds. */
const portion = 200;

/**
 * Tracks whose time is over. Those of people without a name stay as long as these: how often they were seen is counted
 * from them. Those with counterexamples stay too: when the person is erased, the counterexamples must be found.
 */
const oldTracks = `SELECT key FROM tracks LEFT JOIN persons ON persons.id = person_id
  WHERE last_seen_at < ? AND (person_id IS NULL OR name IS NOT NULL)
    AND EXISTS (SELECT 1 FROM faces WHERE track_key = key AND role = 'sighting')`;
/** Those of tracks that stay longer go too: events are what they are looked at with. */
const oldSnapshots = `SELECT key FROM tracks JOIN snapshots ON track_key = key WHERE last_seen_at < ?`;
const emptyTracks = `SELECT key FROM tracks LEFT JOIN persons ON persons.id = person_id
  WHERE last_seen_at < ? AND (person_id IS NULL OR name IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM faces WHERE track_key = key AND role <> 'example')`;

/** Deletes what is older than it should be, in portions; times are milliseconds since the epoch. */
export async function prune(
  db: SqliteConnection,
  limits: { eventsBefore: number; unknownBefore: number },
): Promise<void> {
  const { eventsBefore } = limits;
  await repeat(db, () => {
    const people = unknownBefore(db, limits.unknownBefore, portion);
    forgetPersons(db, people);
    if (people.length > 0) db.touch('unknownPeople');
    return people.length;
  });
  const deletions = [
    'DELETE FROM events WHERE rowid IN (SELECT rowid FROM events WHERE time < ? LIMIT ?)',
    `DELETE FROM snapshots WHERE track_key IN (${oldSnapshots} LIMIT ?)`,
    `DELETE FROM faces WHERE role = 'sighting' AND track_key IN (${oldTracks} LIMIT ?)`,
    `DELETE FROM tracks WHERE key IN (${emptyTracks} LIMIT ?)`,
  ];
  for (const deletion of deletions) await repeat(db, () => db.run(deletion, eventsBefore, portion).changes);
}

async function repeat(db: SqliteConnection, deletePortion: () => number): Promise<void> {
  while ((await db.record(deletePortion)) > 0) await nextTurn();
}
