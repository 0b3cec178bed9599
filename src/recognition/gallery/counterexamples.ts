import { euclideanDistance } from '../../core/distance.js';

/** Faces that were said not to be somebody's, by person. There are few: each is a word of the user. */
export class Counterexamples {
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

  /** Whether one of a person's lies nearer to the probe than `distance`. */
  anyWithin(personId: string, probe: Float32Array, distance: number): boolean {
    const vectors = [...(this.#vectors.get(personId)?.values() ?? [])];
    return vectors.some((vector) => euclideanDistance(vector, probe) < distance);
  }
}
