import { cosineFromDistance } from '../../core/distance.js';
import type { UnknownEntry } from '../../core/track-store.js';

/** A crop, reduced to what clustering needs. */
export interface ClusterFace {
  /** 0 to 1. */
  readonly quality: number;
  readonly vector: Float32Array;
}

/** A stored crop of a cluster. */
export interface StoredFace extends ClusterFace {
  readonly faceId: string;
}

interface Cluster {
  faces: readonly StoredFace[];
  /** Sum of the vectors of `faces`. */
  sum: Float64Array;
  /** Embeddings of the faces that users said are not this person. */
  readonly counterexamples: Float32Array[];
}

/**
 * Clusters the crops of unknown people with average linkage: a track belongs to the person with the least mean squared
 * distance over all pairs of crops. A single look-alike crop does not link two people, so clusters do not chain together
 * as they do with single linkage.
 *
 * On the unit sphere the mean squared distance follows from the mean cosine, which is the product of the two mean
 * vectors: one dot product per person, however many crops.
 */
export class FaceClusters {
  readonly #dimension: number;
  readonly #leastCosine: number;
  readonly #clusters = new Map<string, Cluster>();

  /** @param threshold largest root-mean-square distance, 0 to 2, at which crops show one person */
  constructor(dimension: number, threshold: number) {
    this.#dimension = dimension;
    this.#leastCosine = cosineFromDistance(threshold);
  }

  get size(): number {
    return this.#clusters.size;
  }

  /** Adds stored crops and counterexamples. */
  load(entries: readonly UnknownEntry[]): void {
    for (const { personId, role, ...face } of entries) {
      const cluster = this.#clusterOf(personId);
      if (role === 'counterexample') cluster.counterexamples.push(face.vector);
      else this.set(personId, [...cluster.faces, face]);
    }
  }

  /** The crops of a person; empty for an unknown id. */
  faces(personId: string): readonly StoredFace[] {
    return this.#clusters.get(personId)?.faces ?? [];
  }

  /** Replaces the crops of a person. */
  set(personId: string, faces: readonly StoredFace[]): void {
    const cluster = this.#clusterOf(personId);
    cluster.faces = faces;
    cluster.sum = sumOf(faces, this.#dimension);
  }

  /** Finds the person that these crops show; undefined when nobody is near enough. @param faces at least one */
  find(faces: readonly ClusterFace[]): string | undefined {
    const sum = sumOf(faces, this.#dimension);
    let best: { personId: string; cosine: number } | undefined;
    for (const [personId, cluster] of this.#clusters) {
      const cosine = dot(sum, cluster.sum) / (faces.length * cluster.faces.length);
      if (!(cosine >= (best?.cosine ?? this.#leastCosine))) continue;
      if (cluster.counterexamples.some((vector) => dot(sum, vector) / faces.length >= cosine)) continue;
      best = { personId, cosine };
    }
    return best?.personId;
  }

  #clusterOf(personId: string): Cluster {
    const known = this.#clusters.get(personId);
    if (known) return known;
    const cluster: Cluster = { faces: [], sum: new Float64Array(this.#dimension), counterexamples: [] };
    this.#clusters.set(personId, cluster);
    return cluster;
  }
}

/**
 * Selects the `limit` most varied crops of a person: of the two most similar crops the one of lower quality is dropped,
 * until no more than `limit` are left.
 */
export function mostVaried<T extends ClusterFace>(faces: readonly T[], limit: number): T[] {
  const kept = [...faces];
  while (kept.length > limit) {
    const [first, second] = mostAlike(kept);
    const poorer = (kept[first] as T).quality < (kept[second] as T).quality ? first : second;
    kept.splice(poorer, 1);
  }
  return kept;
}

function mostAlike(faces: readonly ClusterFace[]): [first: number, second: number] {
  let pair: [number, number] = [0, 1];
  let highest = -Infinity;
  for (const [first, face] of faces.entries()) {
    for (let second = first + 1; second < faces.length; second++) {
      const cosine = dot(face.vector, (faces[second] as ClusterFace).vector);
      if (cosine > highest) [highest, pair] = [cosine, [first, second]];
    }
  }
  return pair;
}

function sumOf(faces: readonly ClusterFace[], dimension: number): Float64Array {
  const sum = new Float64Array(dimension);
  for (const { vector } of faces) {
    for (let index = 0; index < dimension; index++) sum[index]! += vector[index] as number;
  }
  return sum;
}

function dot(a: Float32Array | Float64Array, b: Float32Array | Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] as number) * (b[index] as number);
  return sum;
}
