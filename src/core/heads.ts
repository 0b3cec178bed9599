import type { ModelRef } from './face.js';
import { SightlineError } from './errors.js';

/** Small models trained on a user's own photos, which work on the embeddings of one embedder. */
export const headKinds = ['siamese', 'projection', 'classifier'] as const;
export type HeadKind = (typeof headKinds)[number];
export type Head = SiameseHead | ProjectionHead | ClassifierHead;

interface HeadBase {
  /** The model of the embeddings it was trained on. It does not work with others. */
  readonly model: ModelRef;
  /** Length of those embeddings. */
  readonly dimension: number;
  /** Milliseconds since the epoch. */
  readonly trainedAt: number;
}

/** How likely two faces show one person, from the element-wise difference of their embeddings. */
export interface SiameseHead extends HeadBase, SiameseWeights {
  readonly kind: 'siamese';
  /** Parameters of 1 / (1 + e^(slope · (learned distance − midpoint))). */
  readonly confidence: LogisticCurve;
}

/** Learned distance of u and v: `distance` · ‖u − v‖ + Σ `differences`ᵢ · |uᵢ − vᵢ|, cut off below 0. */
export interface SiameseWeights {
  readonly weights: { readonly distance: number; readonly differences: readonly number[] };
}

export interface LogisticCurve {
  readonly midpoint: number;
  /** Above 0: nearer is more likely. */
  readonly slope: number;
}

/** A linear map of embeddings; its network [N, dimension] → [N, outputDimension] is an ONNX model beside it. */
export interface ProjectionHead extends HeadBase {
  readonly kind: 'projection';
  readonly outputDimension: number;
  /** First 8 hexadecimal digits of the network's SHA-256; part of the version of embeddings made with it. */
  readonly hash: string;
  /**
   * Two strangers fall below `factor` · d + `offset` after the projection as often as below d before it: how
   * thresholds are carried over.
   */
  readonly distances: DistanceMap;
}

export interface DistanceMap {
  readonly factor: number;
  readonly offset: number;
}

/** Says whose face an embedding is, or that it is nobody's. */
export interface ClassifierHead extends HeadBase {
  readonly kind: 'classifier';
  /** The names it was trained on; a class is an index into them. */
  readonly people: readonly string[];
  /** A face whose best score is below this belongs to nobody. */
  readonly rejectBelow: number;
  readonly rule: ClassifierRule;
}

/** How a score is computed for each class. Vectors are rows of training embeddings. */
export type ClassifierRule = LinearSvm | RbfSvm | WeightedKnn;

/** Score: weights · x + bias, one against the rest. */
export interface LinearSvm {
  readonly type: 'linear-svm';
  readonly classes: readonly { readonly weights: readonly number[]; readonly bias: number }[];
}

/** Score: Σ coefficientᵢ · e^(−gamma · ‖x − vectorᵢ‖²) + bias, one against the rest. */
export interface RbfSvm {
  readonly type: 'rbf-svm';
  readonly gamma: number;
  readonly vectors: readonly (readonly number[])[];
  readonly classes: readonly { readonly coefficients: readonly number[]; readonly bias: number }[];
}

/** Each of the nearest `neighbours` vectors counts e^(−gamma · ‖x − vector‖²) for its class; the score is the mean. */
export interface WeightedKnn {
  readonly type: 'knn';
  readonly neighbours: number;
  readonly gamma: number;
  readonly vectors: readonly (readonly number[])[];
  /** The class of each vector. */
  readonly labels: readonly number[];
}

export interface HeadByKind {
  siamese: SiameseHead;
  projection: ProjectionHead;
  classifier: ClassifierHead;
}

/** A projection, and the ONNX model that runs it. */
export interface ProjectionNetwork {
  readonly head: ProjectionHead;
  readonly network: Uint8Array;
}

/** The heads that are switched on. A head that is there is on. */
export interface HeadStore {
  /** The head of a kind, or null when none is on. @throws SightlineError HEAD_CORRUPT for a damaged one */
  load<K extends HeadKind>(kind: K): Promise<HeadByKind[K] | null>;
  /** Loads the projection with its network; null when none is on. @throws SightlineError HEAD_CORRUPT */
  projection(): Promise<ProjectionNetwork | null>;
  /**
   * Switches a head on, in place of the one before.
   * @param network the ONNX model of a projection, null for other heads
   */
  save(head: Head, network: Uint8Array | null): Promise<void>;
  /** Whether a head is on, damaged or not. */
  has(kind: HeadKind): Promise<boolean>;
  /** Switches a head off, for good. Whether it was on. */
  remove(kind: HeadKind): Promise<boolean>;
}

/** The model of the embeddings that a head would work on, and their length. */
export interface HeadInput {
  readonly model: ModelRef;
  readonly dimension: number;
}

/** Hears of a head that is left out, with the code HEAD_MISMATCH. */
export type MisfitListener = (misfit: SightlineError) => void;

/**
 * The head, if there is one and it was trained on these embeddings. Any other is left out, which `onMisfit` is told: the
 * embedder may have changed, and cameras must run all the same.
 */
export function fitting<H extends Head>(
  head: H | null,
  input: HeadInput,
  onMisfit: MisfitListener,
): H | null {
  if (head === null || fits(head, input)) return head;
  const { model, dimension } = input;
  const message =
    `Expected a ${head.kind} head for ${dimension} numbers of ${model.id} version ${model.version} but received one for ` +
    `${head.dimension} numbers of ${head.model.id} version ${head.model.version}; it is not used.`;
  onMisfit(new SightlineError('HEAD_MISMATCH', message));
  return null;
}

/** Whether a head was trained on embeddings of this model and length. */
export function fits(head: Head, { model, dimension }: HeadInput): boolean {
  return head.model.id === model.id && head.model.version === model.version && head.dimension === dimension;
}
