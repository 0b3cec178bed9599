import type { UnknownPerson } from '../../core/track-store.js';
import type { Row, SqliteConnection } from './connection.js';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { forgetPersons } from './person-rows.js';

interface UnknownRow extends Row {
  id: string;
  number: number;
  seen: number;
  first_seen_at: number;
  last_seen_at: number;
  /** JSON. */
  cameras: string;
}

/** The unknown people who meet the condition, sorted by number. */
export function unknownPeople(db: SqliteConnection, condition = '', ...values: unknown[]): UnknownPerson[] {
  const query = `SELECT persons.id, number, count(*) AS seen, min(first_seen_at) AS first_seen_at,
      max(last_seen_at) AS last_seen_at, json_group_array(DISTINCT camera_id) AS cameras
    FROM persons JOIN tracks ON person_id = persons.id
    WHERE name IS NULL ${condition} GROUP BY persons.id ORDER BY number`;
  return db.rows<UnknownRow>(query, ...values).map((row) => ({
    id: row.id,
    number: row.number,
    seen: row.seen,
    firstSeenAt: row.first_seen_at,
    lastSeenAt: row.last_seen_at,
    cameras: (JSON.parse(row.cameras) as string[]).sort(),
  }));
}

/** When people must be forgotten, one in this many goes too, because every reader then has to read all again. */
const goAlong = 20;

/**
 * The unknown people to forget when there are more than `limit`, plus a few more so that this is rare: those seen once
 * first, the oldest of them first.
 */
export function unknownBeyond(db: SqliteConnection, limit: number, except: string): string[] {
  const [all] = db.rows<{ count: number }>('SELECT count(*) AS count FROM persons WHERE name IS NULL');
  const excess = (all?.count ?? 0) - limit;
  if (excess <= 0) return [];
  const going = excess + Math.floor(limit / goAlong);
  const query = `SELECT person_id AS id FROM tracks JOIN persons ON persons.id = person_id
    WHERE name IS NULL AND person_id <> ?
    GROUP BY person_id ORDER BY count(*) > 1, max(last_seen_at) LIMIT ?`;
  return db.rows<{ id: string }>(query, except, going).map(({ id }) => id);
}

/** Unknown people last seen before a time, in milliseconds since the epoch. */
function unknownBefore(db: SqliteConnection, moment: number, limit: number): string[] {
  const query = `SELECT person_id AS id FROM tracks JOIN persons ON persons.id = person_id
    WHERE name IS NULL GROUP BY person_id HAVING max(last_seen_at) < ? LIMIT ?`;
  return db.rows<{ id: string }>(query, moment, limit).map(({ id }) => id);
}

/** Rows deleted at a time, which blocks the main loop for a few milliseconds. */
const portion = 200;

/**
 * Old tracks whose crops can go. Tracks of unknown people stay as long as the person, because they count how often the
 * person was seen. Tracks with counterexamples stay so that erasing the person finds the counterexamples.
 */
const oldTracks = `SELECT key FROM tracks LEFT JOIN persons ON persons.id = person_id
  WHERE last_seen_at < ? AND (person_id IS NULL OR name IS NOT NULL)
    AND EXISTS (SELECT 1 FROM faces WHERE track_key = key AND role = 'sighting')`;
/** Also snapshots of tracks that stay longer: they are only shown together with events. */
const oldSnapshots = `SELECT key FROM tracks JOIN snapshots ON track_key = key WHERE last_seen_at < ?`;
const emptyTracks = `SELECT key FROM tracks LEFT JOIN persons ON persons.id = person_id
  WHERE last_seen_at < ? AND (person_id IS NULL OR name IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM faces WHERE track_key = key AND role <> 'example')`;

/** Deletes what is past its retention, in portions. Times are milliseconds since the epoch. */
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
