import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventQuery, EventStore, NewEvent, StoredEvent } from '../../core/event-store.js';
import { personWithId } from './person-rows.js';
import type { Row, SqliteConnection } from './connection.js';
import { withoutPerson } from './without-person.js';

/** Events looked through at a time for somebody: a few milliseconds. */
const revisePortion = 1000;

interface EventRow extends Row {
  id: string;
  time: number;
  type: string;
  camera_id: string;
  track_key: string | null;
  person_id: string | null;
  name: string | null;
  number: number | null;
  data: string;
}

/**
 * Ids grow with time, unless the clock is set back. Bounds of ids that follow from those of time spare a look at all
 * other events; they leave room for a clock that was set back by an hour.
 */
const clockSlackMs = 3_600_000;
const since = `time >= ? AND events.id > coalesce(
  (SELECT id FROM events WHERE time < ? - ${clockSlackMs} ORDER BY time DESC LIMIT 1), '')`;
const until = `time < ? AND events.id < coalesce(
  (SELECT id FROM events WHERE time >= ? + ${clockSlackMs} ORDER BY time LIMIT 1), '~')`;

const selectEvents = `SELECT events.id, time, type, camera_id, track_key, person_id, name, number, data
  FROM events LEFT JOIN persons ON persons.id = person_id`;

/** The events in the database that the gallery is in, so that they follow what becomes of people. */
export class SqliteEventStore implements EventStore {
  readonly #db: SqliteConnection;

  constructor(db: SqliteConnection) {
    this.#db = db;
  }

  append(events: readonly NewEvent[]): Promise<string[]> {
    return this.#db.record(() => {
      if (events.length > 0) this.#db.touch('events');
      return events.filter((event) => this.#insert(event)).map(({ id }) => id);
    });
  }

  query(query: EventQuery): Promise<StoredEvent[]> {
    const conditions: (readonly [condition: string, ...values: unknown[]])[] = [
      [since, query.since, query.since],
      [until, query.until, query.until],
      oneOf('camera_id', query.cameraIds),
      ['person_id = ?', query.personId],
      oneOf('type', query.types),
      ['events.id > ?', query.after],
      ['events.id < ?', query.before],
      ['events.id <= ?', query.upTo],
    ];
    const used = conditions.filter(([, value]) => value !== undefined);
    const where = used.length > 0 ? `WHERE ${used.map(([condition]) => condition).join(' AND ')}` : '';
    const direction = query.order === 'newest first' ? 'DESC' : 'ASC';
    const text = `${selectEvents} ${where} ORDER BY events.id ${direction} LIMIT ?`;
    const values = used.flatMap(([, ...parameters]) => parameters);
    return this.#db.attempt(() => this.#db.rows<EventRow>(text, ...values, query.limit).map(toEvent));
  }

  get(id: string): Promise<StoredEvent | undefined> {
    return this.#db.attempt(() =>
      this.#db.rows<EventRow>(`${selectEvents} WHERE events.id = ?`, id).map(toEvent).at(0),
    );
  }

  /** Whether somebody who is gone was left out. */
  #insert({ id, time, type, cameraId, trackKey, personId, people, data }: NewEvent): boolean {
    const gone = people.filter((person) => !personWithId(this.#db, person));
    const kept = gone.reduce(withoutPerson, data);
    const named = personId !== null && !gone.includes(personId) ? personId : null;
    this.#db.run(
      `INSERT INTO events (id, time, type, camera_id, track_key, person_id, data)
       VALUES (?, ?, ?, ?, ?, coalesce(?, (SELECT person_id FROM tracks WHERE key = ?)), ?)`,
      ...[id, time, type, cameraId, trackKey, named, trackKey, JSON.stringify(kept)],
    );
    return gone.length > 0;
  }
}

/** What becomes of an event's data, as JSON text. */
export type EventRevision = (data: string) => string;

/** The plus keeps SQLite from sorting all events of several cameras: it reads them by id until there are enough. */
function oneOf(column: string, values: readonly string[] = []): readonly [condition: string, value: unknown] {
  if (values.length < 2) return [`${column} = ?`, values[0]];
  return [`+${column} IN (SELECT value FROM json_each(?))`, JSON.stringify(values)];
}

/** Takes a person out of what events say. */
export function erasing(personId: string): EventRevision {
  return (data) => JSON.stringify(withoutPerson(JSON.parse(data), personId));
}

/** Makes events speak of the person that another one has become, so that both are found when that one is erased. */
export function merging(from: string, into: string): EventRevision {
  return (data) => data.replaceAll(from, into);
}

/**
 * Revises the events up to now that tell of a person, in portions, so that other work can go on.
 * @returns where to go on with `reviseEventsSince`, in the transaction that removes the person
 */
export async function reviseEvents(
  db: SqliteConnection,
  personId: string,
  revise: EventRevision,
): Promise<number> {
  const [newest] = await db.attempt(() => db.rows<{ row: number }>('SELECT max(rowid) AS row FROM events'));
  const last = newest?.row ?? 0;
  for (let done = 0; done < last; done += revisePortion) {
    const to = Math.min(done + revisePortion, last);
    await db.write(() => reviseBetween(db, personId, revise, done, to));
    await nextTurn();
  }
  return last;
}

/** Part of a `write`. */
export function reviseEventsSince(
  db: SqliteConnection,
  personId: string,
  revise: EventRevision,
  from: number,
): void {
  reviseBetween(db, personId, revise, from, Number.MAX_SAFE_INTEGER);
}

function reviseBetween(
  db: SqliteConnection,
  personId: string,
  revise: EventRevision,
  from: number,
  to: number,
): void {
  const rows = db.rows<{ row: number; data: string }>(
    'SELECT rowid AS row, data FROM events WHERE rowid > ? AND rowid <= ? AND instr(data, ?) > 0',
    ...[from, to, personId],
  );
  for (const { row, data } of rows) db.run('UPDATE events SET data = ? WHERE rowid = ?', revise(data), row);
}

function toEvent({
  id,
  time,
  type,
  camera_id,
  track_key,
  person_id,
  name,
  number,
  data,
}: EventRow): StoredEvent {
  return {
    id,
    time,
    type,
    cameraId: camera_id,
    trackKey: track_key,
    person: person_id === null ? null : { id: person_id, name, number },
    data: JSON.parse(data) as unknown,
  };
}
