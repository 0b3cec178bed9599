import type { ModelRef } from '../core/face.js';
import type { Head } from '../core/heads.js';
import { rulesFor, type ThresholdSettings } from '../recognition/decision/decision.js';
import type { EmbedderSpec } from '../recognition/embedding/embedder-specs.js';
import type { IdentificationFigures } from './comparison/identification.js';
import type { Verdict } from './comparison/verdict.js';
import type { VerificationFigures } from './comparison/verification.js';
import type { IdentificationFold } from './folds.js';
import type { Random } from './random.js';
import type { TrainingPhoto } from './training-set.js';

/** What a head is trained from. */
export interface TrainingInput {
  readonly photos: readonly TrainingPhoto[];
  /** The embedder that the photos' vectors come from. */
  readonly spec: EmbedderSpec;
  /** The threshold that recognition uses, either set by the user or derived from a wanted false-name rate. */
  readonly thresholds: ThresholdSettings;
  readonly random: Random;
  /** Milliseconds since the epoch; stored in the head as the time of training. */
  readonly now: number;
  /** Called before each part of the work. */
  readonly onProgress: (progress: TrainingProgress) => void;
}

export interface TrainingProgress {
  readonly step: string;
  readonly done: number;
  readonly total: number;
}

/** A trained head, and how it compares with the plain distance on held-out photos. */
export interface TrainingOutcome {
  readonly head: Head;
  /** The ONNX file of a projection; null for the other heads. */
  readonly network: Uint8Array | null;
  readonly folds: number;
  /** Null for the Siamese head, which only compares pairs. */
  readonly naming: ThresholdUsed | null;
  /** Every variant that was tried, each on the same photos or pairs as the plain distance; the head is one of them. */
  readonly trials: readonly Trial[];
  readonly plain: Figures;
  readonly verdict: Verdict;
}

export type Figures = IdentificationFigures | VerificationFigures;

export interface Trial {
  readonly name: string;
  readonly figures: Figures;
}

/** The fields that every head has: the embedder's model and dimension, and the time of training. */
export function headBase({ spec, now }: TrainingInput): {
  model: ModelRef;
  dimension: number;
  trainedAt: number;
} {
  return { model: spec.model, dimension: spec.dimension, trainedAt: now };
}

/** The threshold at which held-out photos were named. Folds differ a little in size, so it is given as a range. */
export interface ThresholdUsed {
  /** Threshold of the plain distance: the smallest and the largest among the folds. */
  readonly threshold: readonly [number, number];
  /** Photos in the gallery of a fold: the smallest and the largest count. */
  readonly photos: readonly [number, number];
  /** The wanted false-name rate that the threshold follows from; null if the user set the threshold. */
  readonly falseNameRate: number | null;
}

/** The range of thresholds that recognition would use with the galleries of the folds. */
export function thresholdUsed(
  folds: readonly IdentificationFold[],
  { spec, thresholds }: TrainingInput,
): ThresholdUsed {
  const sizes = folds.map(({ gallery }) => gallery.length);
  const photos = [Math.min(...sizes), Math.max(...sizes)] as const;
  const [loosest, strictest] = photos.map((count) => rulesFor(spec, thresholds, count)) as [
    ReturnType<typeof rulesFor>,
    ReturnType<typeof rulesFor>,
  ];
  return {
    threshold: [strictest.threshold, loosest.threshold],
    photos,
    falseNameRate: loosest.falseNameRate,
  };
}
