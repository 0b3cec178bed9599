import type { ModelRef } from '../../core/face.js';
import type { FoundLookAlikes, LookAlikes } from '../../core/people-store.js';
import type { Row, SqliteConnection } from './connection.js';

interface LookAlikeRow extends Row {
  first_id: string;
  first_name: string;
  second_id: string;
  second_name: string;
  distance: number;
  threshold: number;
  created_at: number;
  revoked: number;
}

/** Call inside a transaction, like all of this file. */
export function lookAlikesOf(db: SqliteConnection, { id, version }: ModelRef): LookAlikes[] {
  const query = `SELECT look_alikes.*, one.name AS first_name, other.name AS second_name FROM look_alikes
    JOIN persons AS one ON one.id = first_id JOIN persons AS other ON other.id = second_id
    WHERE model_id = ? AND model_version = ? ORDER BY distance`;
  return db.rows<LookAlikeRow>(query, id, version).map((row) => ({
    people: [
      { id: row.first_id, name: row.first_name },
      { id: row.second_id, name: row.second_name },
    ],
    distance: row.distance,
    threshold: row.threshold,
    createdAt: row.created_at,
    isRevoked: row.revoked === 1,
  }));
}

/** @returns those that are new or have another threshold, and how many are gone; those that are revoked stay */
export function replaceLookAlikes(
  db: SqliteConnection,
  model: ModelRef,
  found: readonly FoundLookAlikes[],
): { changed: LookAlikes[]; removed: number } {
  const before = new Map(lookAlikesOf(db, model).map((pair) => [keyOf(idsOf(pair)), pair]));
  const wanted = new Map(found.map((pair) => [keyOf(pair.personIds), pair]));
  const gone = [...before].filter(([key, { isRevoked }]) => !isRevoked && !wanted.has(key));
  for (const [, pair] of gone)
    db.run(
      `DELETE FROM look_alikes WHERE first_id = ? AND second_id = ? AND model_id = ? AND model_version = ?`,
      ...[...sorted(idsOf(pair)), model.id, model.version],
    );
  const fresh = [...wanted].filter(
    ([key, { threshold }]) => !before.get(key)?.isRevoked && before.get(key)?.threshold !== threshold,
  );
  for (const [, { personIds, distance, threshold }] of fresh)
    db.run(
      `INSERT INTO look_alikes SELECT ?, ?, ?, ?, ?, ?, ?, 0
       WHERE (SELECT count(*) FROM persons WHERE id IN (?, ?) AND name IS NOT NULL) = 2
       ON CONFLICT DO UPDATE SET distance = excluded.distance, threshold = excluded.threshold`,
      ...[...sorted(personIds), model.id, model.version, distance, threshold, Date.now(), ...personIds],
    );
  const keys = new Set(fresh.map(([key]) => key));
  const changed = lookAlikesOf(db, model).filter((pair) => keys.has(keyOf(idsOf(pair))));
  return { changed, removed: gone.length };
}

/** @returns whether there are such look-alikes, of any model */
export function revokeLookAlikes(
  db: SqliteConnection,
  personIds: readonly [string, string],
  isRevoked: boolean,
): boolean {
  const { changes } = db.run(
    'UPDATE look_alikes SET revoked = ? WHERE first_id = ? AND second_id = ?',
    ...[isRevoked ? 1 : 0, ...sorted(personIds)],
  );
  return changes > 0;
}

function idsOf({ people: [first, second] }: LookAlikes): readonly [string, string] {
  return [first.id, second.id];
}

function sorted([first, second]: readonly [string, string]): readonly [string, string] {
  return first < second ? [first, second] : [second, first];
}

function keyOf(ids: readonly [string, string]): string {
  return sorted(ids).join(' ');
}
