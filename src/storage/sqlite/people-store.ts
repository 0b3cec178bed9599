import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ModelRef, Person } from '../../core/face.js';
import type {
  AddedFace,
  FoundLookAlikes,
  GalleryEntry,
  GalleryPerson,
  GalleryPhoto,
  LookAlikes,
  ModelCount,
  NewFace,
  NewSetAside,
  PeopleStore,
} from '../../core/people-store.js';
import {
  insertFace,
  selectPhotos,
  toEntry,
  toFace,
  type EntryRow,
  type FaceRow,
  type KeptSetAside,
  withoutModel,
} from './face-rows.js';
import { lookAlikesOf, replaceLookAlikes, revokeLookAlikes } from './look-alike-rows.js';
import {
  erasePerson,
  erasePictures,
  forgetInEvents,
  galleryPersons,
  insertPerson,
  mergePersons,
  personNamed,
  requireFreeName,
  requireNamed,
  requirePerson,
} from './person-rows.js';
import type { Row, SqliteConnection } from './connection.js';
import { erasing, merging, reviseEvents, reviseEventsSince } from './event-store.js';

/** Faces counted at a time, which blocks the main loop for a few milliseconds. */
const countedAtOnce = 5000;
/** Pictures erased at a time: overwriting them takes some milliseconds. */
const erasedAtOnce = 20;
/** Events that a person is taken out of at a time. */
const eventsAtOnce = 200;

interface CountRow extends Row {
  model_id: string;
  model_version: string;
  faces: number;
}

/** The people and their photos in the database. */
export class SqlitePeopleStore implements PeopleStore {
  readonly #db: SqliteConnection;

  constructor(db: SqliteConnection) {
    this.#db = db;
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

  faces(personId: string): Promise<GalleryPhoto[]> {
    const query = `${selectPhotos} AND person_id = ? ORDER BY sequence`;
    return this.#db.attempt(() => this.#db.rows<FaceRow>(query, personId).map(toFace));
  }

  face(faceId: string): Promise<GalleryPhoto | undefined> {
    const query = `${selectPhotos} AND faces.id = ?`;
    return this.#db.attempt(() => this.#db.rows<FaceRow>(query, faceId).map(toFace)[0]);
  }

  addFace(target: string | { readonly id: string }, face: NewFace): Promise<AddedFace> {
    return this.#db.write(() => {
      const person =
        typeof target === 'string' ? this.#namedOrNew(target) : requireNamed(this.#db, target.id);
      const known = this.#photo(person.id, face.photoHash);
      if (known) return { person, face: known, revision: null };
      insertFace(this.#db, { personId: person.id, role: 'example', trackKey: null }, face);
      const added = this.#photo(person.id, face.photoHash) as GalleryPhoto;
      return { person, face: added, revision: this.#db.touch('people') };
    });
  }

  removeFace(faceId: string): Promise<number | null> {
    return this.#db.erase(() => {
      const removed = this.#db.run('DELETE FROM faces WHERE id = ?', faceId).changes > 0;
      return removed ? this.#db.touch('unknownPeople', 'people') : null;
    });
  }

  setAside(photos: readonly NewSetAside[]): Promise<string[]> {
    const at = Date.now();
    return this.#db.write(() => {
      const done = photos.filter(({ faceId, otherId, reason, ownDistance, otherDistance }) => {
        const kept = JSON.stringify({ reason, at, ownDistance, otherDistance } satisfies KeptSetAside);
        const { changes } = this.#db.run(
          `UPDATE faces SET set_aside = ?, set_aside_other = (SELECT id FROM persons WHERE id = ?)
           WHERE id = ? AND role = 'example' AND set_aside IS NULL AND confirmed = 0`,
          ...[kept, otherId, faceId],
        );
        return changes > 0;
      });
      if (done.length > 0) this.#db.touch('people');
      return done.map(({ faceId }) => faceId);
    });
  }

  restore(faceId: string): Promise<boolean> {
    return this.#db.write(() => {
      const { changes } = this.#db.run(
        `UPDATE faces SET set_aside = NULL, set_aside_other = NULL, confirmed = 1
         WHERE id = ? AND role = 'example'`,
        faceId,
      );
      if (changes > 0) this.#db.touch('people');
      return changes > 0;
    });
  }

  lookAlikes(model: ModelRef): Promise<LookAlikes[]> {
    return this.#db.attempt(() => lookAlikesOf(this.#db, model));
  }

  saveLookAlikes(model: ModelRef, found: readonly FoundLookAlikes[]): Promise<LookAlikes[]> {
    return this.#db.write(() => {
      const { changed, removed } = replaceLookAlikes(this.#db, model, found);
      if (changed.length + removed > 0) this.#db.touch('people');
      return changed;
    });
  }

  revokeLookAlikes(personIds: readonly [string, string], isRevoked: boolean): Promise<boolean> {
    return this.#db.write(() => {
      const existed = revokeLookAlikes(this.#db, personIds, isRevoked);
      if (existed) this.#db.touch('people');
      return existed;
    });
  }

  rename(personId: string, name: string): Promise<void> {
    return this.#db.write(() => {
      requirePerson(this.#db, personId);
      requireFreeName(this.#db, name, personId);
      this.#db.touch('people');
      this.#db.run('UPDATE persons SET name = ? WHERE id = ?', name, personId);
    });
  }

  async merge(from: string, into: string): Promise<void> {
    await this.#db.attempt(() => [from, into].forEach((id) => requirePerson(this.#db, id)));
    if (from === into) return;
    const revise = merging(from, into);
    const revisedUpTo = await reviseEvents(this.#db, from, revise);
    await this.#db.write(() => {
      this.#db.touch('people');
      requirePerson(this.#db, from);
      requirePerson(this.#db, into);
      reviseEventsSince(this.#db, from, revise, revisedUpTo);
      mergePersons(this.#db, from, into);
    });
  }

  async removePerson(personId: string, onGone?: (revisions: readonly number[]) => void): Promise<boolean> {
    const revisions: number[] = [];
    const existed = await this.#db.withReserve(() => this.#erase(personId, revisions));
    onGone?.(revisions);
    await this.#db.rewriteOrLater();
    return existed;
  }

  async *entries(model: ModelRef): AsyncGenerator<readonly GalleryEntry[]> {
    const query = `SELECT sequence, faces.id AS face_id, person_id, name, role, vector
      FROM embeddings JOIN faces ON sequence = face_sequence JOIN persons ON persons.id = person_id
      WHERE face_sequence > ? AND model_id = ? AND model_version = ?
        AND role <> 'sighting' AND set_aside IS NULL AND name IS NOT NULL ORDER BY face_sequence`;
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

  /** In portions, so that other work can go on. @returns whether there was such a person */
  async #erase(personId: string, revisions: number[]): Promise<boolean> {
    const revise = erasing(personId);
    const erasedUpTo = await reviseEvents(this.#db, personId, revise);
    while ((await this.#db.record(() => forgetInEvents(this.#db, personId, eventsAtOnce))) > 0)
      await nextTurn();
    for (;;) {
      const revision = await this.#erasePictures(personId);
      if (revision === null) break;
      revisions.push(revision);
      await nextTurn();
    }
    return this.#db.write(() => {
      reviseEventsSince(this.#db, personId, revise, erasedUpTo);
      const [person] = this.#db.rows('SELECT 1 FROM persons WHERE id = ?', personId);
      erasePerson(this.#db, personId);
      revisions.push(this.#db.touch('unknownPeople', 'people'));
      this.#db.requireRewrite();
      return person !== undefined;
    });
  }

  /** Erases some of a person's pictures. @returns the new revision; null when none was left */
  #erasePictures(personId: string): Promise<number | null> {
    return this.#db.record(() => {
      const erased = erasePictures(this.#db, personId, erasedAtOnce);
      return erased > 0 ? this.#db.touch('unknownPeople', 'people') : null;
    });
  }

  #namedOrNew(name: string): Person {
    return personNamed(this.#db, name) ?? insertPerson(this.#db, name);
  }

  #photo(personId: string, photoHash: string): GalleryPhoto | undefined {
    const query = `${selectPhotos} AND person_id = ? AND photo_hash = ?`;
    return this.#db.rows<FaceRow>(query, personId, photoHash).map(toFace)[0];
  }
}
