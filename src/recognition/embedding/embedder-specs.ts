import type { Preprocessing } from './thread/embed-protocol.js';
import { embedderIds, type Alignment, type EmbedderId } from '../../core/face-embedder.js';
import { SightlineError } from '../../core/errors.js';
import type { ModelRef } from '../../core/face.js';
import type { AddedWeights } from '../../models/added-weights.js';

/** What it takes to embed faces: one network, or several whose embeddings are joined. */
export interface EmbeddingSpec {
  /** Stored with each embedding. */
  readonly model: ModelRef;
  /** All of them see the same aligned face. */
  readonly networks: readonly NetworkSpec[];
  /** Length of an embedding. */
  readonly dimension: number;
  readonly alignment: Alignment;
  /** Of the chip in pixels; that of the alignment when left out. */
  readonly side?: number;
  /** Most faces per run: larger batches delay the first result and gain little. */
  readonly batchLimit: number;
}

/** Everything that recognition needs to know about an embedder: how it embeds, and what its distances mean. */
export interface EmbedderSpec extends EmbeddingSpec {
  /** Measured false-accept rates and the distances they occur at, largest rate first. */
  readonly thresholds: readonly Threshold[];
  /**
   * The bulk of the impostor distances that `thresholds` are the tail of, measured on the same kind of pairs; null when
   * it was not measured, and the thresholds then cannot be calibrated on local people.
   */
  readonly impostors: ImpostorQuantiles | null;
  /** Default threshold for verification: the distance at a false-accept rate of 1e-4. */
  readonly threshold: number;
  /** How much further away the second-nearest person must be for the nearest to be named. */
  readonly leastMargin: number;
  /** Parameters of 1 / (1 + e^(slope · (distance − midpoint))); docs/recognition.md describes the fit. */
  readonly confidence: { readonly midpoint: number; readonly slope: number };
}

export interface NetworkSpec {
  /** The asset's id in models/manifest.json, or the name of a network that the user added. */
  readonly id: string;
  /** The weights of a network that the user added. */
  readonly added?: AddedWeights;
  readonly preprocessing: Preprocessing;
  /**
   * How much the network counts beside the others, above 0: the cosine of two embeddings is the mean of the networks'
   * cosines, weighted by this.
   */
  readonly weight: number;
}

export interface Threshold {
  readonly falseAcceptRate: number;
  readonly distance: number;
}

/** Distances that a share of the pairs of different people lies within. */
export interface ImpostorQuantiles {
  readonly median: number;
  /** At 20, 10 and 5 %. */
  readonly nearest: readonly [number, number, number];
}

const mobileFaceNet = {
  id: 'mobilefacenet',
  preprocessing: { mean: [127.5, 127.5, 127.5], scale: 1 / 128 },
} as const;

const frFeature = {
  id: 'fr-feature',
  preprocessing: { mean: [127, 127, 127], scale: 1 / 128 },
} as const;

const embedders: Readonly<Record<EmbedderId, EmbedderSpec>> = {
  mobilefacenet: {
    model: { id: 'mobilefacenet', version: '1' },
    networks: [{ ...mobileFaceNet, weight: 1 }],
    dimension: 192,
    alignment: 'arcface-112',
    batchLimit: 2,
    ...thresholds(1.141, 1.048, 0.967, 0.897, 0.801),
    impostors: { median: 1.407, nearest: [1.317, 1.267, 1.224] },
    leastMargin: 0.1,
    confidence: { midpoint: 1.1, slope: 27.5 },
  },
  'fr-feature': {
    model: { id: 'fr-feature', version: '1' },
    networks: [{ ...frFeature, weight: 1 }],
    dimension: 512,
    alignment: 'arcface-112',
    batchLimit: 2,
    ...thresholds(1.226, 1.151, 1.084, 1.023, 0.953),
    impostors: { median: 1.41, nearest: [1.35, 1.317, 1.287] },
    leastMargin: 0.1,
    confidence: { midpoint: 1.19, slope: 30.4 },
  },
  'mobilefacenet+fr-feature': {
    model: { id: 'mobilefacenet+fr-feature', version: '1' },
    networks: [
      { ...mobileFaceNet, weight: 1.5 },
      { ...frFeature, weight: 1 },
    ],
    dimension: 704,
    alignment: 'arcface-112',
    batchLimit: 2,
    ...thresholds(1.189, 1.102, 1.028, 0.967, 0.88),
    impostors: { median: 1.409, nearest: [1.337, 1.296, 1.261] },
    leastMargin: 0.1,
    confidence: { midpoint: 1.149, slope: 31.4 },
  },
  dlib: {
    model: { id: 'dlib', version: '1' },
    networks: [
      { id: 'dlib', preprocessing: { mean: [122.782, 117.001, 104.298], scale: 1 / 256 }, weight: 1 },
    ],
    dimension: 128,
    alignment: 'dlib-150',
    batchLimit: 4,
    ...thresholds(0.43, 0.386, 0.349, 0.318, 0.277),
    impostors: { median: 0.571, nearest: [0.519, 0.492, 0.47] },
    leastMargin: 0.05,
    confidence: { midpoint: 0.432, slope: 65.9 },
  },
  'facenet-vggface2': {
    model: { id: 'facenet-vggface2', version: '1' },
    networks: [
      { id: 'facenet-vggface2', preprocessing: { mean: [127.5, 127.5, 127.5], scale: 1 / 128 }, weight: 1 },
    ],
    dimension: 512,
    alignment: 'box-160',
    batchLimit: 2,
    // Taken from publications, not measured here; see docs/recognition.md.
    ...thresholds(1.1, 0.95, 0.8, 0.7, 0.6),
    impostors: null,
    leastMargin: 0.1,
    confidence: { midpoint: 0.95, slope: 15 },
  },
};

/** @param distances at false-accept rates of 1e-2, 1e-3, 1e-4, 1e-5 and 1e-6 */
function thresholds(
  ...distances: readonly [number, number, number, number, number]
): Pick<EmbedderSpec, 'thresholds' | 'threshold'> {
  const rates = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6];
  return {
    thresholds: distances.map((distance, index) => ({ falseAcceptRate: rates[index] as number, distance })),
    threshold: distances[2],
  };
}

/** @throws SightlineError MODEL_NOT_FOUND */
export function findEmbedder(id: string): EmbedderSpec {
  const known = embedderIds.find((each) => each === id);
  if (known) return embedders[known];
  const names = embedderIds.join(', ');
  throw new SightlineError('MODEL_NOT_FOUND', `Expected an embedder, one of ${names}, but received "${id}"`);
}

/** The probability, 0 to 1, that two photos at this distance show the same person when both cases are equally common. */
export function samePersonProbability({ confidence }: EmbedderSpec, distance: number): number {
  return 1 / (1 + Math.exp(confidence.slope * (distance - confidence.midpoint)));
}
