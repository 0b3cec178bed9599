import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CursorStore, EventQuery, EventStore, NewEvent, StoredEvent } from '../../core/event-store.js';
import { personWithId } from './person-rows.js';
import type { Row, SqliteConnection } from './connection.js';
import { withoutPerson } from './without-person.js';

/** Events searched for a person at a time, which takes a few milliseconds. */
const revisePortion = 1000;

interface EventRow extends Row {
  position: number;
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
 * Positions grow with time, except when the clock is set back or an event waited to be stored. A query by time is
 * narrowed to a range of positions, with an hour of slack for those cases, so that it need not read all other events.
 */
const clockSlackMs = 3_600_000;
const since = `time >= ? AND position > coalesce(
  (SELECT position FROM events WHERE time < ? - ${clockSlackMs} ORDER BY time DESC LIMIT 1), 0)`;
const until = `time < ? AND position < coalesce(
  (SELECT position FROM events WHERE time >= ? + ${clockSlackMs} ORDER BY time LIMIT 1), ${Number.MAX_SAFE_INTEGER})`;

const selectEvents = `SELECT position, events.id, time, type, camera_id, track_key, person_id, name, number, data
  FROM events LEFT JOIN persons ON persons.id = person_id`;

/** The events, in the same database as the people so that both change in one transaction. */
export class SqliteEventStore implements EventStore {
  readonly #db: SqliteConnection;

  constructor(db: SqliteConnection) {
    this.#db = db;
  }

  append(events: readonly NewEvent[]): Promise<number[]> {
    return this.#db.record(() => {
      if (events.length > 0) this.#db.touch('events');
      return events.map((event) => this.#keptPosition(event.id) ?? this.#insert(event));
    });
  }

  after(position: number, limit: number): Promise<StoredEvent[]> {
    return this.query({ after: position, order: 'oldest first', limit });
  }

  positionOf(eventId: string): Promise<number> {
    const query = 'SELECT position FROM events WHERE id <= ? ORDER BY id DESC LIMIT 1';
    return this.#db.attempt(() => this.#db.rows<{ position: number }>(query, eventId)[0]?.position ?? 0);
  }

  newestPosition(): Promise<number> {
    return this.#db.attempt(() => positionAt(this.#db, 'max'));
  }

  greatestId(): Promise<string | undefined> {
    const query = 'SELECT id FROM events ORDER BY id DESC LIMIT 1';
    return this.#db.attempt(() => this.#db.rows<{ id: string }>(query)[0]?.id);
  }

  query(query: EventQuery): Promise<StoredEvent[]> {
    const conditions: (readonly [condition: string, ...values: unknown[]])[] = [
      [since, query.since, query.since],
      [until, query.until, query.until],
      oneOf('camera_id', query.cameraIds),
      ['person_id = ?', query.personId],
      oneOf('type', query.types),
      ['position > ?', query.after],
      ['position < ?', query.before],
      ['position <= ?', query.upTo],
    ];
    const used = conditions.filter(([, value]) => value !== undefined);
    const where = used.length > 0 ? `WHERE ${used.map(([condition]) => condition).join(' AND ')}` : '';
    const direction = query.order === 'newest first' ? 'DESC' : 'ASC';
    const text = `${selectEvents} ${where} ORDER BY position ${direction} LIMIT ?`;
    const values = used.flatMap(([, ...parameters]) => parameters);
    return this.#db.attempt(() => this.#db.rows<EventRow>(text, ...values, query.limit).map(toEvent));
  }

  get(id: string): Promise<StoredEvent | undefined> {
    return this.#db.attempt(() =>
      this.#db.rows<EventRow>(`${selectEvents} WHERE events.id = ?`, id).map(toEvent).at(0),
    );
  }

  #keptPosition(id: string): number | undefined {
    return this.#db.rows<{ position: number }>('SELECT position FROM events WHERE id = ?', id)[0]?.position;
  }

  /** @returns the position of the new event */
  #insert({ id, time, type, cameraId, trackKey, personId, people, data }: NewEvent): number {
    const gone = people.filter((person) => !personWithId(this.#db, person));
    const kept = gone.reduce(withoutPerson, data);
    const named = personId !== null && !gone.includes(personId) ? personId : null;
    const { lastInsertRowid } = this.#db.run(
      `INSERT INTO events (id, time, type, camera_id, track_key, person_id, data)
       VALUES (?, ?, ?, ?, ?, coalesce(?, (SELECT person_id FROM tracks WHERE key = ?)), ?)`,
      ...[id, time, type, cameraId, trackKey, named, trackKey, JSON.stringify(kept)],
    );
    return Number(lastInsertRowid);
  }
}

/** The cursors of the readers of events. */
export class SqliteCursorStore implements CursorStore {
  readonly #db: SqliteConnection;

  constructor(db: SqliteConnection) {
    this.#db = db;
  }

  load(name: string): Promise<number | undefined> {
    const query = 'SELECT position FROM cursors WHERE name = ?';
    return this.#db.attempt(() => this.#db.rows<{ position: number }>(query, name)[0]?.position);
  }

  async save(name: string, position: number): Promise<void> {
    const statement = `INSERT INTO cursors (name, position) VALUES (?, ?)
      ON CONFLICT (name) DO UPDATE SET position = excluded.position`;
    await this.#db.write(() => this.#db.run(statement, name, position));
  }
}

/** Changes an event's data, given and returned as JSON text. */
export type EventRevision = (data: string) => string;

/** The plus keeps SQLite from using the camera index and sorting: it reads by position until there are enough events. */
function oneOf(column: string, values: readonly string[] = []): readonly [condition: string, value: unknown] {
  if (values.length < 2) return [`${column} = ?`, values[0]];
  return [`+${column} IN (SELECT value FROM json_each(?))`, JSON.stringify(values)];
}

/** Removes a person from the data of events. */
export function erasing(personId: string): EventRevision {
  return (data) => JSON.stringify(withoutPerson(JSON.parse(data), personId));
}

/** Replaces a person's id in events after a merge, so that erasing the merged person finds these events too. */
export function merging(from: string, into: string): EventRevision {
  return (data) => data.replaceAll(from, into);
}

/**
 * Revises all stored events about a person, in portions so that other work can go on.
 * @returns the position from which `reviseEventsSince` continues, in the transaction that removes the person
 */
export async function reviseEvents(
  db: SqliteConnection,
  personId: string,
  revise: EventRevision,
): Promise<number> {
  const last = await db.attempt(() => positionAt(db, 'max'));
  const oldest = await db.attempt(() => positionAt(db, 'min'));
  for (let done = oldest - 1; done < last; done += revisePortion) {
    const to = Math.min(done + revisePortion, last);
    await db.write(() => reviseBetween(db, personId, revise, done, to));
    await nextTurn();
  }
  return last;
}

/** Call inside a `write`: revises the events stored since `reviseEvents`. */
export function reviseEventsSince(
  db: SqliteConnection,
  personId: string,
  revise: EventRevision,
  from: number,
): void {
  reviseBetween(db, personId, revise, from, Number.MAX_SAFE_INTEGER);
}

/** The position of the newest event; 0 when there is none. */
function positionAt(db: SqliteConnection, end: 'min' | 'max'): number {
  const [row] = db.rows<{ position: number | null }>(`SELECT ${end}(position) AS position FROM events`);
  return row?.position ?? 0;
}

function reviseBetween(
  db: SqliteConnection,
  personId: string,
  revise: EventRevision,
  from: number,
  to: number,
): void {
  const rows = db.rows<{ position: number; data: string }>(
    'SELECT position, data FROM events WHERE position > ? AND position <= ? AND instr(data, ?) > 0',
    ...[from, to, personId],
  );
  for (const { position, data } of rows) {
    db.run('UPDATE events SET data = ? WHERE position = ?', revise(data), position);
  }
}

function toEvent({
  position,
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
    position,
    id,
    time,
    type,
    cameraId: camera_id,
    trackKey: track_key,
    person: person_id === null ? null : { id: person_id, name, number },
    data: JSON.parse(data) as unknown,
  };
}
