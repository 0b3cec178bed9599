import type { Person } from '../../core/face.js';
import { distanceFromCosine } from '../../core/distance.js';

/** A face of the index. */
export interface IndexedFace {
  readonly id: string;
  readonly personId: string;
  /** Undefined for a counterexample. */
  readonly owner: Owner | undefined;
  /** In the table, unless it is a counterexample. */
  row: number;
  /** The newest check that has come across it. */
  check: number;
}

/** A person with photos. */
export interface Owner {
  person: Person;
  /** What rows of the table say instead of the id. */
  readonly number: number;
  readonly photos: IndexedFace[];
  /** With two photos or more; the only one is its own centre. */
  centroid: Centroid | undefined;
}

/** Gives people with photos numbers, as small as can be. */
export class Owners {
  readonly #byId = new Map<string, Owner>();
  #numbers = 0;
  readonly #free: number[] = [];

  get size(): number {
    return this.#byId.size;
  }

  /** Every number is below it. */
  get numbers(): number {
    return this.#numbers;
  }

  get(personId: string): Owner | undefined {
    return this.#byId.get(personId);
  }

  /** The owner who is this person, without photos at first. */
  of(person: Person): Owner {
    const known = this.#byId.get(person.id);
    if (known) {
      known.person = person;
      return known;
    }
    const number = this.#free.pop() ?? this.#numbers++;
    const owner: Owner = { person, number, photos: [], centroid: undefined };
    this.#byId.set(person.id, owner);
    return owner;
  }

  /** The number will be given to somebody else. */
  forget({ person, number }: Owner): void {
    this.#byId.delete(person.id);
    this.#free.push(number);
  }
}

/** The centre of a person's photos, scaled to the unit sphere. In double precision, so that removing leaves no trace. */
export class Centroid {
  readonly #sum: Float64Array;

  constructor(dimension: number) {
    this.#sum = new Float64Array(dimension);
  }

  add(vector: Float32Array): void {
    for (let index = 0; index < vector.length; index++)
      (this.#sum[index] as number) += vector[index] as number;
  }

  remove(vector: Float32Array): void {
    for (let index = 0; index < vector.length; index++)
      (this.#sum[index] as number) -= vector[index] as number;
  }

  /** Of a unit vector; that of a right angle where the photos cancel out and have no direction. */
  distanceTo(vector: Float32Array): number {
    let product = 0;
    let squares = 0;
    for (let index = 0; index < vector.length; index++) {
      const value = this.#sum[index] as number;
      product += value * (vector[index] as number);
      squares += value * value;
    }
    return distanceFromCosine(squares > 0 ? product / Math.sqrt(squares) : 0);
  }
}
