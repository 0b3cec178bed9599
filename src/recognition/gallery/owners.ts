import type { Person } from '../../core/face.js';
import { distanceFromCosine } from '../../core/distance.js';

/** A face in the index. */
export interface IndexedFace {
  readonly id: string;
  readonly personId: string;
  /** Undefined for a counterexample. */
  readonly owner: Owner | undefined;
  /** Row in the table; meaningless for a counterexample. */
  row: number;
  /** The newest check in which the face was added. */
  check: number;
}

/** A person with photos. */
export interface Owner {
  person: Person;
  /** Stands for the id in the rows of the table. */
  readonly number: number;
  readonly photos: IndexedFace[];
  /** Defined for two photos or more; a single photo is its own centre. */
  centroid: Centroid | undefined;
}

/** Numbers the people who have photos, from 0, reusing numbers that became free. */
export class Owners {
  readonly #byId = new Map<string, Owner>();
  #numbers = 0;
  readonly #free: number[] = [];

  get size(): number {
    return this.#byId.size;
  }

  /** All numbers in use are below this. */
  get numbers(): number {
    return this.#numbers;
  }

  get(personId: string): Owner | undefined {
    return this.#byId.get(personId);
  }

  /** The owner for this person, created without photos if necessary. */
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

  /** Removes an owner and frees the number. */
  forget({ person, number }: Owner): void {
    this.#byId.delete(person.id);
    this.#free.push(number);
  }
}

/** The centre of a person's photos on the unit sphere. Sums in double precision, so that removals leave no error behind. */
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

  /** Euclidean distance, 0 to 2, to a unit vector; √2 when the photos cancel each other out. */
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
