import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CursorStore, EventStore } from '../../core/event-store.js';
import type { ModelRef, Person } from '../../core/face.js';
import type {
  GalleryEntry,
  GalleryFace,
  GalleryPerson,
  GalleryStore,
  ModelCount,
  NewFace,
  EmbeddingStore,
} from '../../core/gallery-store.js';
import type { TrackStore } from '../../core/track-store.js';
import { insertFace, toEntry, toFace, type EntryRow, type FaceRow } from './face-rows.js';
import {
  erasePerson,
  erasePictures,
  galleryPersons,
  insertPerson,
  mergePersons,
  personNamed,
  requireFreeName,
  requireNamed,
  requirePerson,
} from './person-rows.js';
import { SqliteConnection, type Row } from './connection.js';
import {
  erasing,
  merging,
  reviseEvents,
  reviseEventsSince,
  SqliteCursorStore,
  SqliteEventStore,
} from './event-store.js';
import { SqliteEmbeddingStore, withoutModel } from './embedding-store.js';
import { SqliteTrackStore } from './track-store.js';

/** Faces looked at in one go: a few milliseconds of the main loop. */
const countedAtOnce = 5000;
/** Pictures erased in one go: overwriting them takes some milliseconds. */
const erasedAtOnce = 20;

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
  readonly cursors: CursorStore;
  readonly embeddings: EmbeddingStore;
  readonly #db: SqliteConnection;
  #seenRevision: number;

  /**
   * Opens the gallery, made when missing.
   *
   * @param path of the file; its folder is made when missing
   * @param rewriteWorkerFile the built worker, dist/workers/rewrite.js; without it this thread writes the file anew when
   * somebody is erased, which takes seconds
   * @throws SightlineError GALLERY_CORRUPT (the file is left as it is), DATA_UNWRITABLE
   */
  constructor(path: string, rewriteWorkerFile?: URL) {
    this.#db = new SqliteConnection(path, rewriteWorkerFile);
    this.#seenRevision = this.#db.attemptNow(() => this.#db.foreignRevision('gallery'));
    this.tracks = new SqliteTrackStore(this.#db);
    this.events = new SqliteEventStore(this.#db);
    this.cursors = new SqliteCursorStore(this.#db);
    this.embeddings = new SqliteEmbeddingStore(this.#db);
  }

  persons(): Promise<GalleryPerson[]> {
    return this.#db.attempt(() => galleryPersons(this.#db));
  }

  person(personId: string): Promise<GalleryPerson | undefined> {
    return this.#db.attempt(() => galleryPersons(this.#db, 'AND id = ?', personId)[0]);
  }

  personNamed(name: string): Promise<GalleryPerson | undefined> {
    return this.#db.attempt(() => galleryPersons(this.#db, 'AND name = ?', name)[0]);
  }

  addPerson(name: string): Promise<GalleryPerson> {
    return this.#db.write(() => {
      requireFreeName(this.#db, name);
      const { id } = insertPerson(this.#db, name);
      return galleryPersons(this.#db, 'AND id = ?', id)[0] as GalleryPerson;
    });
  }

  faces(personId: string): Promise<GalleryFace[]> {
    const query = "SELECT * FROM faces WHERE person_id = ? AND role = 'example' ORDER BY sequence";
    return this.#db.attempt(() => this.#db.rows<FaceRow>(query, personId).map(toFace));
  }

  face(faceId: string): Promise<GalleryFace | undefined> {
    const query = "SELECT * FROM faces WHERE id = ? AND role = 'example'";
    return this.#db.attempt(() => this.#db.rows<FaceRow>(query, faceId).map(toFace)[0]);
  }

  addFace(
    whom: string | { readonly id: string },
    face: NewFace,
  ): Promise<{ person: Person; face: GalleryFace; added: boolean }> {
    return this.#write(() => {
      const person = typeof whom === 'string' ? this.#namedOrNew(whom) : requireNamed(this.#db, whom.id);
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
      requireFreeName(this.#db, name, personId);
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

  async removePerson(personId: string, onGone?: () => void): Promise<boolean> {
    const revise = erasing(personId);
    const erasedUpTo = await reviseEvents(this.#db, personId, revise);
    while ((await this.#erasePictures(personId)) > 0) await nextTurn();
    const existed = await this.#db.write(() => {
      reviseEventsSince(this.#db, personId, revise, erasedUpTo);
      const [person] = this.#db.rows('SELECT 1 FROM persons WHERE id = ?', personId);
      erasePerson(this.#db, personId);
      this.#db.touch('gallery', 'unknown');
      return person !== undefined;
    });
    onGone?.();
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

  #erasePictures(personId: string): Promise<number> {
    return this.#db.write(() => {
      const erased = erasePictures(this.#db, personId, erasedAtOnce);
      if (erased > 0) this.#db.touch('gallery', 'unknown');
      return erased;
    });
  }

  #namedOrNew(name: string): Person {
    return personNamed(this.#db, name) ?? insertPerson(this.#db, name);
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
