import { performance } from 'node:perf_hooks';
import type { Detection } from '../core/face.js';
import { iou } from '../core/geometry.js';
import type { RgbImage } from '../core/image.js';
import type { FaceDetector } from '../detection/face-detector.js';
import { Tracker } from '../tracking/tracker.js';
import { greyPicture } from '../training/evaluation/resized-pictures.js';
import type { LabelledFace } from '../training/evaluation/truth.js';

/** How still pictures are shown to the search that cameras use. */
export interface VideoShow {
  /** How many times each picture is shown. */
  readonly frames: number;
  /** Frames a second. */
  readonly rate: number;
  /** Least intersection over union of a face and its track. */
  readonly minIou: number;
}

/** What became of one picture. */
export interface WatchedPicture {
  /** Every track that was confirmed, as it was last seen. */
  readonly detections: readonly Detection[];
  /** For each labelled face of which there is a track: in which frame it was confirmed, from 1. */
  readonly framesUntilFound: readonly number[];
  /** How long the search of each frame took, in milliseconds. */
  readonly times: readonly number[];
}

/**
 * Shows a picture as so many frames of video, after one grey frame, so that its faces have to be found as faces that
 * are new in a picture are. What counts is what would be told: confirmed tracks.
 */
export async function watchPicture(
  detector: FaceDetector,
  picture: RgbImage,
  faces: readonly LabelledFace[],
  { frames, rate, minIou }: VideoShow,
): Promise<WatchedPicture> {
  const search = detector.video();
  const tracker = new Tracker();
  const seen = new Map<number, Detection>();
  const waiting = new Set(faces.filter(({ ignored }) => !ignored));
  const framesUntilFound: number[] = [];
  const times: number[] = [];
  try {
    await search.detect(greyPicture(picture.width, picture.height), [], 0);
    for (let frame = 1; frame <= frames; frame++) {
      const timeMs = (frame * 1000) / rate;
      const expected = tracker.predict(timeMs).map(({ box }) => box);
      const start = performance.now();
      const detections = await search.detect(picture, expected, timeMs);
      times.push(performance.now() - start);
      for (const { id, state, detection } of tracker.update(detections, timeMs).tracks) {
        if (state === 'confirmed' && detection !== undefined) seen.set(id, detection);
      }
      for (const face of waiting) {
        if (![...seen.values()].some(({ box }) => iou(box, face.box) >= minIou)) continue;
        waiting.delete(face);
        framesUntilFound.push(frame);
      }
    }
  } finally {
    search.end();
  }
  return { detections: [...seen.values()], framesUntilFound, times };
}
