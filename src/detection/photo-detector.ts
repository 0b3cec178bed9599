import type { DetectorChoice } from './create-detector.js';

/** The detector of photos: MTCNN places landmarks best, and photos can wait for it. */
export const photoDetector = {
  kind: 'mtcnn',
  range: 'full',
  threshold: 0.7,
  minFaceSize: 40,
} as const satisfies DetectorChoice;
