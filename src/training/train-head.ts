import type { HeadKind } from '../core/heads.js';
import { trainClassifierHead } from './heads/train-classifier.js';
import { trainProjectionHead } from './heads/train-projection.js';
import { trainSiameseHead } from './heads/train-siamese.js';
import type { TrainingInput, TrainingOutcome } from './outcome.js';
import { requireEnough } from './training-set.js';

const trainers: Readonly<Record<HeadKind, (input: TrainingInput) => TrainingOutcome>> = {
  siamese: trainSiameseHead,
  projection: trainProjectionHead,
  classifier: trainClassifierHead,
};

/**
 * Trains a head and decides whether it is good enough to be switched on.
 *
 * @param input its photos must not contain copies of each other
 * @throws SightlineError TRAINING_DATA_INSUFFICIENT
 */
export function trainHead(kind: HeadKind, input: TrainingInput): TrainingOutcome {
  requireEnough(kind, input.photos);
  return trainers[kind](input);
}
