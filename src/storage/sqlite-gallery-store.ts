import { setImmediate as nextTurn } from 'node:timers/promises';
import { SightlineError } from '../core/errors.js';
import type { EventStore } from '../core/event-store.js';
import type { ModelRef, Person } from '../core/face.js';
import type {
  GalleryEntry,
  GalleryFace,
  GalleryPerson,
  GalleryStore,
  ModelCount,
  NewFace,
  EmbeddingStore,
} from '../core/gallery-store.js';
import type { TrackStore } from '../core/track-store.js';
import { insertFace, toEntry, toFace, type EntryRow, type FaceRow } from './face-rows.js';
import { erasePerson, insertPerson, mergePersons, personNamed, requirePerson } from './person-rows.js';
import { SqliteConnection, type Row } from './sqlite-connection.js';
import { erasing, merging, reviseEvents, reviseEventsSince, SqliteEventStore } from './sqlite-event-store.js';
import { SqliteEmbeddingStore, withoutModel } from './sqlite-embedding-store.js';
import { SqliteTrackStore } from './sqlite-track-store.js';

/** Faces looked at in one go: a few milliseconds of the main loop. */
const countedAtOnce = 5000;

interface CountRow extends Row {
  model_id: string;
  model_version: string;
  faces: number;
}

/**
 * The gallery in one SQLite file, with write-ahead logging, so that several processes can use it at once; tracks and
 * events are kept in the same file.
 */
export class SqliteGalleryStore implements GalleryStore {
  readonly tracks: TrackStore;
  readonly events: EventStore;
  readonly embeddings: EmbeddingStore;
  readonly #db: SqliteConnection;
  #seenRevision: number;

  /**
   * Opens the gallery, made when missing.
   *
   * @param path of the file; its folder is made when missing
   * @throws SightlineError GALLERY_CORRUPT (the file is left as it is), DATA_UNWRITABLE
   */
  constructor(path: string) {
    this.#db = new SqliteConnection(path);
    this.#seenRevision = this.#db.attemptNow(() => this.#db.foreignRevision('gallery'));
    this.tracks = new SqliteTrackStore(this.#db);
    this.events = new SqliteEventStore(this.#db);
    this.embeddings = new SqliteEmbeddingStore(this.#db);
  }

  persons(): Promise<GalleryPerson[]> {
    return this.#db.attempt(() =>
      this.#db
        .rows<{ id: string; name: string; created_at: number; faces: number }>(
          `SELECT id, name, created_at,
             (SELECT count(*) FROM faces WHERE person_id = persons.id AND role = 'example') AS faces
           FROM persons WHERE name IS NOT NULL ORDER BY name`,
        )
        .map(({ id, name, faces, created_at }) => ({ id, name, faces, createdAt: created_at })),
    );
  }

  faces(personId: string): Promise<GalleryFace[]> {
    const query = "SELECT * FROM faces WHERE person_id = ? AND role = 'example' ORDER BY sequence";
    return this.#db.attempt(() => this.#db.rows<FaceRow>(query, personId).map(toFace));
  }

  addFace(name: string, face: NewFace): Promise<{ person: Person; face: GalleryFace; added: boolean }> {
    return this.#write(() => {
      const person = personNamed(this.#db, name) ?? insertPerson(this.#db, name);
      const known = this.#photo(person.id, face.photoHash);
      if (known) return { person, face: known, added: false };
      insertFace(this.#db, { personId: person.id, role: 'example', trackKey: null }, face);
      return { person, face: this.#photo(person.id, face.photoHash) as GalleryFace, added: true };
    });
  }

  removeFace(faceId: string): Promise<boolean> {
    return this.#db.erase(() => {
      const removed = this.#db.run('DELETE FROM faces WHERE id = ?', faceId).changes > 0;
      if (removed) this.#db.touch('gallery', 'unknown');
      return removed;
    });
  }

  rename(personId: string, name: string): Promise<void> {
    return this.#write(() => {
      requirePerson(this.#db, personId);
      const other = personNamed(this.#db, name);
      if (other && other.id !== personId) {
        throw new SightlineError(
          'PERSON_NAME_TAKEN',
          `Expected a name that nobody has but received "${name}"`,
        );
      }
      this.#db.run('UPDATE persons SET name = ? WHERE id = ?', name, personId);
    });
  }

  async merge(from: string, into: string): Promise<void> {
    await this.#db.attempt(() => [from, into].forEach((id) => requirePerson(this.#db, id)));
    if (from === into) return;
    const revise = merging(from, into);
    const revisedUpTo = await reviseEvents(this.#db, from, revise);
    await this.#write(() => {
      requirePerson(this.#db, from);
      requirePerson(this.#db, into);
      reviseEventsSince(this.#db, from, revise, revisedUpTo);
      mergePersons(this.#db, from, into);
    });
  }

  async removePerson(personId: string): Promise<boolean> {
    const revise = erasing(personId);
    const erasedUpTo = await reviseEvents(this.#db, personId, revise);
    const existed = await this.#db.write(() => {
      reviseEventsSince(this.#db, personId, revise, erasedUpTo);
      const [person] = this.#db.rows('SELECT 1 FROM persons WHERE id = ?', personId);
      erasePerson(this.#db, personId);
      this.#db.touch('gallery', 'unknown');
      return person !== undefined;
    });
    await this.#db.rewrite();
    return existed;
  }

  async *entries(model: ModelRef): AsyncGenerator<readonly GalleryEntry[]> {
    const query = `SELECT sequence, faces.id AS face_id, person_id, name, role, vector
      FROM embeddings JOIN faces ON sequence = face_sequence JOIN persons ON persons.id = person_id
      WHERE face_sequence > ? AND model_id = ? AND model_version = ?
        AND role <> 'sighting' AND name IS NOT NULL ORDER BY face_sequence`;
    const portions = this.#db.portions<EntryRow>(query, model.id, model.version);
    for await (const rows of portions) yield rows.map(toEntry);
  }

  async modelCounts(model: ModelRef): Promise<ModelCount[]> {
    const query = `SELECT model_id, model_version, count(*) AS faces
      FROM faces JOIN embeddings ON face_sequence = sequence
      WHERE sequence > ? AND sequence <= ? AND role = 'example' AND ${withoutModel}
      GROUP BY model_id, model_version`;
    const counts = new Map<string, ModelCount>();
    const last =
      this.#db.attemptNow(() =>
        this.#db.rows<{ last: number | null }>('SELECT max(sequence) AS last FROM faces'),
      )[0]?.last ?? 0;
    for (let from = 0; from < last; from += countedAtOnce, await nextTurn()) {
      const rows = await this.#db.attempt(() =>
        this.#db.rows<CountRow>(query, from, from + countedAtOnce, model.id, model.version),
      );
      for (const { model_id: id, model_version: version, faces } of rows) {
        const key = JSON.stringify([id, version]);
        counts.set(key, { model: { id, version }, faces: faces + (counts.get(key)?.faces ?? 0) });
      }
    }
    return [...counts.values()];
  }

  changedElsewhere(): Promise<boolean> {
    return this.#db.attempt(() => {
      const before = this.#seenRevision;
      this.#seenRevision = this.#db.foreignRevision('gallery');
      return this.#seenRevision !== before;
    });
  }

  close(): Promise<void> {
    return this.#db.close();
  }

  #photo(personId: string, photoHash: string): GalleryFace | undefined {
    const query = "SELECT * FROM faces WHERE person_id = ? AND photo_hash = ? AND role = 'example'";
    return this.#db.rows<FaceRow>(query, personId, photoHash).map(toFace)[0];
  }

  /** A change of what `entries` gives. */
  #write<T>(work: () => T): Promise<T> {
    return this.#db.write(() => {
      this.#db.touch('gallery');
      return work();
    });
  }
}
