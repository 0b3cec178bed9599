import { euclideanDistance } from '../../core/distance.js';
import type { Neighbour, Person } from '../../core/face.js';
import { CandidateSearch, type CandidateQuery } from './thread/candidate-search.js';
import type { SharedWasmMemory } from '../../core/wasm-kernel.js';
import type { GalleryEntry } from '../../core/people-store.js';
import { Centroid, Owners, type IndexedFace, type Owner } from './owners.js';
import { VectorTable } from './vector-table.js';

/** The enrolled embeddings of one model in memory. The search is exact: it compares every photo. */
export class FaceIndex {
  readonly #table: VectorTable;
  readonly #search: CandidateSearch;
  readonly #faces = new Map<string, IndexedFace>();
  readonly #photoOfRow: IndexedFace[] = [];
  readonly #owners = new Owners();
  readonly #counterexamples = new Counterexamples();
  #removals = 0;
  #check = 0;

  constructor(dimension: number) {
    this.#table = new VectorTable(dimension);
    this.#search = new CandidateSearch(this.#table.memory, dimension, 'mainLoop');
  }

  get dimension(): number {
    return this.#table.dimension;
  }

  /** The memory that another thread needs to answer a `query`. */
  get memory(): SharedWasmMemory {
    return this.#table.memory;
  }

  /** Number of photos, without counterexamples. */
  get faces(): number {
    return this.#table.rows;
  }

  /** Number of people with photos. */
  get people(): number {
    return this.#owners.size;
  }

  /** Grows when a photo is removed, which makes row numbers found before invalid. */
  get removals(): number {
    return this.#removals;
  }

  /**
   * Adds a face, or updates one whose person, role or person's name has changed. The vector of a face never changes.
   * @returns whether anything changed
   * @throws RangeError when the vector has another dimension
   */
  add({ faceId, person, vector, role }: GalleryEntry): boolean {
    this.#table.checkDimension(vector);
    const known = this.#faces.get(faceId);
    if (known) known.check = this.#check;
    if (known?.personId === person.id && (known.owner !== undefined) === (role === 'example')) {
      return rename(known.owner, person);
    }
    this.removeFace(faceId);
    const owner = role === 'example' ? this.#owners.of(person) : undefined;
    const face = { id: faceId, personId: person.id, owner, row: this.#table.rows, check: this.#check };
    this.#faces.set(faceId, face);
    if (owner) this.#addPhoto(owner, face, vector);
    else this.#counterexamples.add(person.id, faceId, vector.slice());
    return true;
  }

  /** Removes a photo or counterexample. @returns whether it was there */
  removeFace(faceId: string): boolean {
    const face = this.#faces.get(faceId);
    if (!face) return false;
    this.#faces.delete(faceId);
    if (face.owner) this.#removePhoto(face.owner, face);
    else this.#counterexamples.remove(face.personId, faceId);
    return true;
  }

  /** Removes a person's photos and counterexamples. @returns whether there were any */
  removePerson(personId: string): boolean {
    const photos = this.#owners.get(personId)?.photos ?? [];
    const ids = [...this.#counterexamples.faceIds(personId), ...photos.map(({ id }) => id)];
    // From the end, where removing from a list is cheapest.
    for (const id of ids.reverse()) this.removeFace(id);
    return ids.length > 0;
  }

  /** Starts to track which faces are added, whether new or known. */
  beginCheck(): void {
    this.#check++;
  }

  /** Removes up to `limit` faces that were not added since `beginCheck`. @returns how many */
  removeUnchecked(limit: number): number {
    const gone: string[] = [];
    for (const { id, check } of this.#faces.values()) {
      if (gone.length === limit) break;
      if (check !== this.#check) gone.push(id);
    }
    for (const id of gone) this.removeFace(id);
    return gone.length;
  }

  /** The part of a search that another thread can do. @throws RangeError when the vector has another dimension */
  query(probe: Float32Array, count: number): CandidateQuery {
    this.#table.checkDimension(probe);
    const { rows, scaleOfRow, personOfRow } = this.#table;
    return { probe: probe.slice(), rows, scaleOfRow, personOfRow, people: this.#owners.numbers, count };
  }

  /**
   * Answers a query from its candidate rows. No photo may have been removed since the query was made.
   * @returns people, nearest first
   */
  neighbours({ probe, count }: CandidateQuery, candidates: Int32Array): Neighbour[] {
    const nearest = new Map<Owner, number>();
    for (const row of candidates) {
      const owner = this.#photoOfRow[row]?.owner as Owner;
      const distance = euclideanDistance(this.#table.vector(row), probe);
      if (distance < (nearest.get(owner) ?? Infinity)) nearest.set(owner, distance);
    }
    return [...nearest]
      .sort(([, a], [, b]) => a - b)
      .slice(0, count)
      .map(([{ person, centroid }, distance]) => ({
        person,
        distance,
        centroidDistance: centroid?.distanceTo(probe) ?? distance,
        rejected: this.#counterexamples.anyWithin(person.id, probe, distance),
      }));
  }

  /**
   * The `count` people whose nearest photo is nearest to `vector`, nearest first.
   * @throws RangeError when the vector has another dimension
   */
  nearest(vector: Float32Array, count: number): Neighbour[] {
    const query = this.query(vector, count);
    return this.neighbours(query, this.#search.candidates(query));
  }

  /** To the nearest photo of a person; undefined when there is none. */
  distanceTo(personId: string, vector: Float32Array): number | undefined {
    const distances = this.#owners
      .get(personId)
      ?.photos.map(({ row }) => euclideanDistance(this.#table.vector(row), vector));
    return distances?.reduce((least, distance) => Math.min(least, distance), Infinity);
  }

  #addPhoto(owner: Owner, face: IndexedFace, vector: Float32Array): void {
    const [first] = owner.photos;
    if (first && !owner.centroid) {
      owner.centroid = new Centroid(this.dimension);
      owner.centroid.add(this.#table.vector(first.row));
    }
    owner.centroid?.add(vector);
    owner.photos.push(face);
    this.#photoOfRow.push(face);
    this.#table.push(vector, owner.number);
  }

  #removePhoto(owner: Owner, { id, row }: IndexedFace): void {
    owner.centroid?.remove(this.#table.vector(row));
    owner.photos.splice(
      owner.photos.findLastIndex((photo) => photo.id === id),
      1,
    );
    if (owner.photos.length < 2) owner.centroid = undefined;
    if (owner.photos.length === 0) this.#owners.forget(owner);
    this.#removeRow(row);
  }

  /** Removes a row; the last row takes its place. */
  #removeRow(row: number): void {
    this.#removals++;
    this.#table.removeRow(row);
    const last = this.#photoOfRow.pop() as IndexedFace;
    if (last.row === row) return;
    last.row = row;
    this.#photoOfRow[row] = last;
  }
}

/** @returns whether the name changed */
function rename(owner: Owner | undefined, person: Person): boolean {
  if (!owner || owner.person.name === person.name) return false;
  owner.person = person;
  return true;
}

/** Counterexamples by person. There are few, because each comes from a user's correction. */
class Counterexamples {
  readonly #vectors = new Map<string, Map<string, Float32Array>>();

  add(personId: string, faceId: string, vector: Float32Array): void {
    const known = this.#vectors.get(personId) ?? new Map<string, Float32Array>();
    this.#vectors.set(personId, known.set(faceId, vector));
  }

  remove(personId: string, faceId: string): void {
    const known = this.#vectors.get(personId);
    known?.delete(faceId);
    if (known?.size === 0) this.#vectors.delete(personId);
  }

  faceIds(personId: string): string[] {
    return [...(this.#vectors.get(personId)?.keys() ?? [])];
  }

  /** Whether one of a person's counterexamples is nearer to the probe than `distance`. */
  anyWithin(personId: string, probe: Float32Array, distance: number): boolean {
    const vectors = [...(this.#vectors.get(personId)?.values() ?? [])];
    return vectors.some((vector) => euclideanDistance(vector, probe) < distance);
  }
}
