import type { HeadKind } from '../core/heads.js';
import type { TrainingInput, TrainingOutcome } from './outcome.js';
import { trainClassifierHead } from './train-classifier.js';
import { trainProjectionHead } from './train-projection.js';
import { trainSiameseHead } from './train-siamese.js';
import { requireEnough } from './training-set.js';

const trainers: Readonly<Record<HeadKind, (input: TrainingInput) => TrainingOutcome>> = {
  siamese: trainSiameseHead,
  projection: trainProjectionHead,
  classifier: trainClassifierHead,
};

/**
 * Trains a head and says whether it is worth switching on.
 * @param input photos without copies of each other
 * @throws SightlineError TRAINING_DATA_INSUFFICIENT
 */
export function trainHead(kind: HeadKind, input: TrainingInput): TrainingOutcome {
  requireEnough(kind, input.photos);
  return trainers[kind](input);
}
