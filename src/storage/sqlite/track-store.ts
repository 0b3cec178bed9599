import type { ModelRef, Person } from '../../core/face.js';
import type {
  NewObservation,
  Snapshot,
  UnknownPersonChange,
  TrackRef,
  TrackStore,
  UnknownEntry,
  UnknownPerson,
} from '../../core/track-store.js';
import type { StoredCrop } from '../../core/people-store.js';
import {
  copyAsCounterexample,
  insertFace,
  toCrop,
  toUnknownEntry,
  type CropRow,
  type UnknownEntryRow,
} from './face-rows.js';
import {
  eraseIfUnseen,
  forgetPersons,
  insertUnknown,
  mergePersons,
  personNamed,
  personWithId,
  requirePerson,
  requireUnnamed,
} from './person-rows.js';
import { prune, unknownBeyond, unknownPeople } from './unknown-rows.js';
import { insertTrack, keepSnapshot, snapshotOf, moveTrack, trackOwner, wasRejected } from './track-rows.js';
import type { SqliteConnection } from './connection.js';
import { merging, reviseEvents, reviseEventsSince } from './event-store.js';

/** Crops kept of a known person's track: enough for counterexamples if a user corrects it. */
const cropsOfKnownTrack = 2;
/** Crops that become enrolled photos when an unknown person gets a name. */
const cropsToName = 5;
/** Crops of one track that become counterexamples. */
const cropsToReject = 5;

/** The tracks and unknown people in the database. */
export class SqliteTrackStore implements TrackStore {
  readonly #db: SqliteConnection;

  constructor(db: SqliteConnection) {
    this.#db = db;
  }

  unknownPeople(): Promise<UnknownPerson[]> {
    return this.#db.attempt(() => unknownPeople(this.#db));
  }

  unknownPerson(number: number): Promise<UnknownPerson | undefined> {
    return this.#db.attempt(() => unknownPeople(this.#db, 'AND number = ?', number)[0]);
  }

  unknownOwner(trackKey: string): Promise<string | undefined> {
    return this.#db.attempt(() => {
      const owner = trackOwner(this.#db, trackKey);
      return owner?.name === null ? owner.id : undefined;
    });
  }

  async *unknownEntries(model: ModelRef, personId?: string): AsyncGenerator<readonly UnknownEntry[]> {
    const ofOne = personId === undefined ? '' : 'AND person_id = ?';
    // The plus keeps SQLite from going through people without a name first, which reads and sorts all rows for each portion.
    const query = `SELECT sequence, faces.id AS face_id, person_id, role, quality, vector
      FROM embeddings JOIN faces ON sequence = face_sequence JOIN persons ON persons.id = person_id
      WHERE face_sequence > ? AND model_id = ? AND model_version = ? AND +name IS NULL ${ofOne} ORDER BY face_sequence`;
    const portions = this.#db.portions<UnknownEntryRow>(
      query,
      ...[model.id, model.version],
      ...(personId === undefined ? [] : [personId]),
    );
    for await (const rows of portions) yield rows.map(toUnknownEntry);
  }

  recordUnknown(
    change: UnknownPersonChange,
    revision: number,
  ): Promise<{ person: UnknownPerson; faceIds: string[]; revision: number | null } | undefined> {
    return this.#db.record(() => {
      if (this.#db.revision('unknownPeople') !== revision) return undefined;
      const personId = change.personId ?? insertUnknown(this.#db);
      // They were too poor to be anybody's. Crops that somebody took a name from come along instead.
      this.#db.run(
        `DELETE FROM faces WHERE track_key = ?1 AND person_id IS NULL
           AND NOT EXISTS (SELECT 1 FROM faces WHERE track_key = ?1 AND role = 'counterexample')`,
        change.track.key,
      );
      const cameAlong = moveTrack(this.#db, change.track, personId);
      if (change.snapshot) keepSnapshot(this.#db, change.track.key, change.snapshot);
      for (const id of change.remove) this.#db.run('DELETE FROM faces WHERE id = ?', id);
      const faceIds = change.add.map((sighting) => this.#insert(change.track, personId, sighting));
      const tooMany = unknownBeyond(this.#db, change.limit, personId);
      forgetPersons(this.#db, tooMany);
      this.#db.touch('unknownPeople');
      const [person] = unknownPeople(this.#db, 'AND persons.id = ?', personId) as [UnknownPerson];
      const asAsked = cameAlong === 0 && tooMany.length === 0;
      return { person, faceIds, revision: asAsked ? this.#db.revision('unknownPeople') : null };
    });
  }

  recordKnown(
    track: TrackRef,
    personId: string,
    add: readonly NewObservation[],
    snapshot?: Snapshot,
  ): Promise<boolean> {
    return this.#db.record(() => {
      if (!personWithId(this.#db, personId) || wasRejected(this.#db, track.key, personId)) return false;
      moveTrack(this.#db, track, personId);
      if (snapshot) keepSnapshot(this.#db, track.key, snapshot);
      for (const sighting of add) this.#insert(track, personId, sighting);
      this.#db.run(
        `DELETE FROM faces WHERE sequence IN (SELECT sequence FROM faces
           WHERE track_key = ? AND role = 'sighting' ORDER BY quality DESC LIMIT -1 OFFSET ?)`,
        ...[track.key, cropsOfKnownTrack],
      );
      return true;
    });
  }

  recordUnclear(track: TrackRef, crops: readonly NewObservation[], snapshot?: Snapshot): Promise<void> {
    return this.#db.record(() => {
      if (trackOwner(this.#db, track.key)) return;
      insertTrack(this.#db, track, null);
      if (snapshot) keepSnapshot(this.#db, track.key, snapshot);
      for (const crop of crops) this.#insert(track, null, crop);
    });
  }

  snapshot(trackKey: string): Promise<Snapshot | undefined> {
    return this.#db.attempt(() => snapshotOf(this.#db, trackKey));
  }

  bestCrop(personId: string): Promise<StoredCrop | undefined> {
    const query = `SELECT png, landmarks FROM faces JOIN crops ON face_sequence = sequence
      WHERE person_id = ? AND role = 'sighting' ORDER BY quality DESC LIMIT 1`;
    return this.#db.attempt(() => this.#db.rows<CropRow>(query, personId).map(toCrop)[0]);
  }

  async name(personId: string, name: string): Promise<Person> {
    const before = await this.#db.attempt(() => {
      requireUnnamed(this.#db, personId);
      return personNamed(this.#db, name);
    });
    const revisedUpTo = before
      ? await reviseEvents(this.#db, personId, merging(personId, before.id))
      : undefined;
    return this.#db.write(() => {
      requireUnnamed(this.#db, personId);
      const known = personNamed(this.#db, name);
      this.#db.run(
        `UPDATE faces SET role = 'example', set_aside = NULL, set_aside_other = NULL WHERE sequence IN (SELECT sequence FROM faces
           WHERE person_id = ? AND role = 'sighting' ORDER BY quality DESC LIMIT ?)`,
        ...[personId, cropsToName],
      );
      this.#db.touch('people', 'unknownPeople');
      if (!known) {
        this.#db.run('UPDATE persons SET name = ? WHERE id = ?', name, personId);
        return { id: personId, name };
      }
      reviseEventsSince(this.#db, personId, merging(personId, known.id), revisedUpTo ?? 0);
      mergePersons(this.#db, personId, known.id);
      return known;
    });
  }

  dismiss(personId: string): Promise<void> {
    return this.#db.erase(() => {
      requireUnnamed(this.#db, personId);
      forgetPersons(this.#db, [personId]);
      this.#db.touch('unknownPeople');
    });
  }

  reject(trackKey: string, personId: string): Promise<number> {
    return this.#db.write(() => {
      requirePerson(this.#db, personId);
      const added = this.#addCounterexamples(trackKey, personId);
      const nobody = "SET person_id = NULL, role = 'sighting' WHERE role <> 'counterexample'";
      this.#db.run(`UPDATE faces ${nobody} AND track_key = ? AND person_id = ?`, trackKey, personId);
      this.#db.run('UPDATE tracks SET person_id = NULL WHERE key = ? AND person_id = ?', trackKey, personId);
      this.#db.run(
        'UPDATE events SET person_id = NULL WHERE track_key = ? AND person_id = ?',
        ...[trackKey, personId],
      );
      eraseIfUnseen(this.#db, personId);
      this.#db.touch('people', 'unknownPeople');
      return added;
    });
  }

  async prune(limits: { eventsBefore: number; unknownBefore: number }): Promise<void> {
    await this.#db.withReserve(() => prune(this.#db, limits));
    await this.#db.rewriteIfDue();
  }

  #insert(track: TrackRef, personId: string | null, sighting: NewObservation): string {
    const photoName = `${track.cameraId} ${new Date(track.seenAt).toISOString()}`;
    const place = { personId, role: 'sighting', trackKey: track.key } as const;
    return insertFace(this.#db, place, { ...sighting, photoName, photoHash: null });
  }

  /** Makes counterexamples of the best crops of a track, once. @returns how many were added */
  #addCounterexamples(trackKey: string, personId: string): number {
    if (wasRejected(this.#db, trackKey, personId)) return 0;
    const best = this.#db.rows<{ sequence: number }>(
      `SELECT sequence FROM faces WHERE track_key = ? AND role <> 'counterexample'
       ORDER BY quality DESC LIMIT ?`,
      ...[trackKey, cropsToReject],
    );
    for (const { sequence } of best) copyAsCounterexample(this.#db, sequence, personId);
    return best.length;
  }
}
