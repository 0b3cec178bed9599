import type { UnknownPerson } from '../../core/track-store.js';
import type { Row, SqliteConnection } from './connection.js';

interface UnknownRow extends Row {
  id: string;
  number: number;
  seen: number;
  first_seen_at: number;
  last_seen_at: number;
  /** JSON. */
  cameras: string;
}

/** The people without a name, by number; those that `condition` picks. */
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

/** One of so many goes along when somebody has to: whoever keeps them in memory has to read all anew then. */
const goAlong = 20;

/**
 * Who has to go when there are more than `limit` people without a name, and a few more, so that this is seldom: those
 * seen once first, the oldest first.
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

/** Those who were last seen before a moment, in milliseconds since the epoch. */
export function unknownBefore(db: SqliteConnection, moment: number, limit: number): string[] {
  const query = `SELECT person_id AS id FROM tracks JOIN persons ON persons.id = person_id
    WHERE name IS NULL GROUP BY person_id HAVING max(last_seen_at) < ? LIMIT ?`;
  return db.rows<{ id: string }>(query, moment, limit).map(({ id }) => id);
}
