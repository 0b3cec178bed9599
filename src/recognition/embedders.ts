import type { EmbedWorkerData } from '../core/embed-protocol.js';
import { SightlineError } from '../core/errors.js';
import type { ModelRef } from '../core/face.js';

/** All that recognition must know about an embedding network; it takes faces aligned to the ArcFace-112 template. */
export interface Embedder {
  /** Stored with each embedding; `id` is also the asset's in models/manifest.json. */
  readonly model: ModelRef;
  readonly dimension: number;
  readonly preprocessing: EmbedWorkerData['preprocessing'];
  /** Distances below which two photos of different people fall at a false-accept rate, largest rate first. */
  readonly thresholds: readonly { readonly falseAcceptRate: number; readonly distance: number }[];
  /** Largest distance at which a face may be named, unless the user chooses another. */
  readonly threshold: number;
  /** How much further away the second-nearest person must be for the nearest to be named. */
  readonly leastMargin: number;
  /** Of the logistic 1 / (1 + e^(slope · (distance − midpoint))); see docs/recognition.md for the fit. */
  readonly confidence: { readonly midpoint: number; readonly slope: number };
}

const embedders: readonly Embedder[] = [
  {
    model: { id: 'mobilefacenet', version: '1' },
    dimension: 192,
    preprocessing: { mean: 127.5, scale: 1 / 128 },
    thresholds: [
      { falseAcceptRate: 1e-3, distance: 1.048 },
      { falseAcceptRate: 1e-4, distance: 0.967 },
      { falseAcceptRate: 1e-5, distance: 0.897 },
      { falseAcceptRate: 1e-6, distance: 0.801 },
    ],
    threshold: 0.967,
    leastMargin: 0.1,
    confidence: { midpoint: 1.1, slope: 27.5 },
  },
];

/** @throws SightlineError MODEL_UNKNOWN */
export function findEmbedder(id: string): Embedder {
  const found = embedders.find(({ model }) => model.id === id);
  if (found) return found;
  const known = embedders.map(({ model }) => model.id).join(', ');
  throw new SightlineError('MODEL_UNKNOWN', `Expected an embedder, one of ${known}, but received "${id}"`);
}

/** How likely two photos at this distance show one person, 0 to 1, if both cases are equally common beforehand. */
export function samePersonProbability({ confidence }: Embedder, distance: number): number {
  return 1 / (1 + Math.exp(confidence.slope * (distance - confidence.midpoint)));
}
