import type { Head } from '../core/heads.js';
import type { ModelRef } from '../core/face.js';
import type { ThresholdChoice } from '../recognition/decision/decision.js';
import type { EmbedderSpec } from '../recognition/embedding/embedder-specs.js';
import type { IdentificationFigures } from './identification-figures.js';
import type { NamingUsed } from './naming-of.js';
import type { Random } from './random.js';
import type { TrainingPhoto } from './training-set.js';
import type { VerificationFigures } from './siamese-figures.js';
import type { Verdict } from './verdict.js';

/** What a head is trained from. */
export interface TrainingInput {
  readonly photos: readonly TrainingPhoto[];
  /** Of the photos' embeddings. */
  readonly spec: EmbedderSpec;
  /** How near a face must be to be named, as recognition has it. */
  readonly naming: ThresholdChoice;
  readonly random: Random;
  /** Milliseconds since the epoch, to be written into the head. */
  readonly now: number;
  /** Told before each part of the work. */
  readonly onProgress: (progress: TrainingProgress) => void;
}

export interface TrainingProgress {
  readonly step: string;
  readonly done: number;
  readonly total: number;
}

/** A trained head, and how it compares with the plain distance on what was held out. */
export interface TrainingOutcome {
  readonly head: Head;
  /** ONNX, of a projection. */
  readonly network: Uint8Array | null;
  readonly folds: number;
  /** Null for the Siamese head, which names nobody. */
  readonly naming: NamingUsed | null;
  /** What was tried, each against the plain distance on the same photos or pairs; the head is one of them. */
  readonly trials: readonly Trial[];
  readonly plain: Figures;
  readonly verdict: Verdict;
}

export type Figures = IdentificationFigures | VerificationFigures;

export interface Trial {
  readonly name: string;
  readonly figures: Figures;
}

/** What every head says about where it comes from. */
export function headBase({ spec, now }: TrainingInput): {
  model: ModelRef;
  dimension: number;
  trainedAt: number;
} {
  return { model: spec.model, dimension: spec.dimension, trainedAt: now };
}
