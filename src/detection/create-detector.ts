import { readFile } from 'node:fs/promises';
import type { ModelStore } from '../models/model-store.js';
import { sessionOptions } from '../models/onnx-runtime.js';
import { ConfirmedDetector } from './confirmed-detector.js';
import type { FaceDetector } from './face-detector.js';
import { HaarDetector } from './haar/haar-detector.js';
import { MediaPipeDetector } from './mediapipe/mediapipe-detector.js';
import { MtcnnDetector } from './mtcnn/mtcnn-detector.js';

/** A detector and its settings, as in the configuration. */
export interface DetectorChoice {
  /** `auto`: the one that is best for cameras (docs/adr/0013-mtcnn-by-default.md). */
  readonly kind: 'auto' | 'mediapipe' | 'mtcnn' | 'haar';
  /** Which of MediaPipe's two networks is used; the other detectors ignore it. */
  readonly range: 'full' | 'short';
  /** Detections with a lower score are dropped; null for the detector's own default. */
  readonly threshold: number | null;
  /** Side in pixels of the smallest face looked for; null for the detector's own default. */
  readonly minFaceSize: number | null;
}

/** O-Net's least score of a face, the same as in the paper. */
const leastFaceScore = 0.7;

/** The first run takes many times as long as later ones. It is done on this picture, not on a camera's first frame. */
const warmUpImage = { width: 320, height: 240, data: new Uint8Array(320 * 240 * 3) };

/**
 * Creates a detector that is ready to run at full speed. Its networks are fetched first if they are not in the cache.
 *
 * @param log receives lines that MediaPipe's C++ side prints
 * @throws SightlineError DETECTOR_FAILED, MODEL_… if a network cannot be fetched or read
 */
export async function createDetector(
  choice: DetectorChoice,
  models: ModelStore,
  log: (line: string) => void,
): Promise<FaceDetector> {
  const detector = await loadDetector(choice, models, log);
  await detector.detect(warmUpImage);
  return detector;
}

/** Which detector is meant by `auto`, and otherwise the one that is named. */
export function detectorOf({ kind }: DetectorChoice): Exclude<DetectorChoice['kind'], 'auto'> {
  return kind === 'auto' ? 'mtcnn' : kind;
}

const mtcnnNetworks = ['mtcnn-pnet', 'mtcnn-rnet', 'mtcnn-onet'];

/** The ids of a detector's networks in models/manifest.json. MTCNN's confirm the faces that others find in video. */
export function networksOf(choice: DetectorChoice): readonly string[] {
  switch (detectorOf(choice)) {
    case 'mediapipe':
      return [
        ...mtcnnNetworks,
        choice.range === 'full' ? 'blazeface-full-range-sparse' : 'blazeface-short-range',
      ];
    case 'mtcnn':
      return mtcnnNetworks;
    case 'haar':
      return [...mtcnnNetworks, 'haar-frontalface-default', 'fr-landmark'];
  }
}

async function loadDetector(
  choice: DetectorChoice,
  models: ModelStore,
  log: (line: string) => void,
): Promise<FaceDetector> {
  const { range, threshold, minFaceSize } = choice;
  const files = [...(await models.ensure(networksOf(choice))).values()];
  const [pnet, rnet, onet, ...own] = files as [string, string, string, ...string[]];
  const mtcnn = (minScore: number): Promise<MtcnnDetector> =>
    MtcnnDetector.create({
      models: { pnet, rnet, onet, sessionOptions: sessionOptions() },
      minFaceSize: minFaceSize ?? 40,
      minScore,
    });
  switch (detectorOf(choice)) {
    case 'mediapipe': {
      const [model] = own as [string];
      const detector = await MediaPipeDetector.create({
        model: await readFile(model),
        minScore: threshold ?? 0.5,
        minFaceSize: minFaceSize ?? (range === 'full' ? 80 : 200),
        range,
        log,
      });
      return new ConfirmedDetector(detector, await mtcnn(leastFaceScore));
    }
    case 'mtcnn':
      return mtcnn(threshold ?? leastFaceScore);
    case 'haar': {
      const [cascade, landmarks] = own as [string, string];
      const detector = await HaarDetector.create({
        cascade: await readFile(cascade, 'utf8'),
        landmarks: { model: landmarks, sessionOptions: sessionOptions() },
        minFaceSize: minFaceSize ?? 24,
        minScore: threshold ?? 0,
      });
      return new ConfirmedDetector(detector, await mtcnn(leastFaceScore));
    }
  }
}

/** The detector for photos. MTCNN places landmarks best, and for photos its speed does not matter. */
export const photoDetector = {
  kind: 'mtcnn',
  range: 'full',
  threshold: leastFaceScore,
  minFaceSize: 40,
} as const satisfies DetectorChoice;
