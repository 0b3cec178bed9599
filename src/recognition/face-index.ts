import { distanceFromCosine } from '../core/distance.js';
import type { Neighbour, Person } from '../core/face.js';
import type { GalleryEntry } from '../core/gallery-store.js';
import { CosineMatrix } from './cosine-matrix.js';

/** Enrolled embeddings of one model in memory, searched exactly: every photo is compared. */
export class FaceIndex {
  readonly #matrix: CosineMatrix;
  /** By row of the matrix: the face, and its person as an index into `#persons`. */
  readonly #faceIds: string[] = [];
  readonly #personOfRow: number[] = [];
  readonly #persons: Person[] = [];
  readonly #personIndex = new Map<string, number>();

  constructor(dimension: number) {
    this.#matrix = new CosineMatrix(dimension);
  }

  /** Photos in the index. */
  get faces(): number {
    return this.#faceIds.length;
  }

  /** @throws RangeError when the vector has another dimension. */
  add({ faceId, person, vector }: GalleryEntry): void {
    this.#matrix.push(vector);
    this.#faceIds.push(faceId);
    this.#personOfRow.push(this.#indexOf(person));
  }

  /** Takes out the photos that `which` picks. */
  remove(which: (faceId: string, person: Person) => boolean): void {
    for (let row = this.#faceIds.length - 1; row >= 0; row--) {
      if (which(this.#faceIds[row] as string, this.#persons[this.#personOfRow[row] as number] as Person)) {
        this.#removeRow(row);
      }
    }
  }

  /**
   * The `count` people nearest to `vector`, nearest first, each with the distance of their nearest photo.
   * @throws RangeError when the vector has another dimension.
   */
  nearest(vector: Float32Array, count: number): Neighbour[] {
    const cosines = this.#matrix.cosines(vector);
    const best = new Float64Array(this.#persons.length).fill(-Infinity);
    for (let row = 0; row < cosines.length; row++) {
      const person = this.#personOfRow[row] as number;
      if ((cosines[row] as number) > (best[person] as number)) best[person] = cosines[row] as number;
    }
    return largest(best, count).map((person) => ({
      person: this.#persons[person] as Person,
      distance: distanceFromCosine(best[person] as number),
      centroidDistance: distanceFromCosine(best[person] as number),
      rejected: false,
    }));
  }

  #indexOf(person: Person): number {
    const known = this.#personIndex.get(person.id);
    const index = known ?? this.#persons.length;
    this.#persons[index] = person;
    this.#personIndex.set(person.id, index);
    return index;
  }

  /** The last row takes the place of the one removed. */
  #removeRow(row: number): void {
    this.#matrix.removeRow(row);
    const faceId = this.#faceIds.pop() as string;
    const person = this.#personOfRow.pop() as number;
    if (row === this.#faceIds.length) return;
    this.#faceIds[row] = faceId;
    this.#personOfRow[row] = person;
  }
}

/** Indices of the `count` largest finite values, largest first. */
function largest(values: Float64Array, count: number): number[] {
  const found: number[] = [];
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    if (value === -Infinity) continue;
    if (found.length === count && value <= (values[found[count - 1] as number] as number)) continue;
    const place = found.findIndex((other) => value > (values[other] as number));
    found.splice(place === -1 ? found.length : place, 0, index);
    if (found.length > count) found.pop();
  }
  return found;
}
