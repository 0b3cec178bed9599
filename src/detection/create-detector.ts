import { readFile } from 'node:fs/promises';
import type { ModelStore } from '../models/model-store.js';
import { sessionOptions } from '../models/session-options.js';
import type { FaceDetector } from './face-detector.js';
import { HaarDetector } from './haar/haar-detector.js';
import { MediaPipeDetector } from './mediapipe/mediapipe-detector.js';
import { MtcnnDetector } from './mtcnn/mtcnn-detector.js';

/** Which detector, and how it is set; as in the configuration. */
export interface DetectorChoice {
  readonly kind: 'mediapipe' | 'mtcnn' | 'haar';
  /** MediaPipe only. */
  readonly range: 'full' | 'short';
  /** Detections with a lower score are left out; null for the detector's own default. */
  readonly threshold: number | null;
  /** Side in pixels of the smallest face looked for; null for the detector's own default. */
  readonly minFaceSize: number | null;
}

/** A first run takes many times as long as the later ones; a camera's first frame shall not pay for it. */
const warmUpImage = { width: 320, height: 240, data: new Uint8Array(320 * 240 * 3) };

/** Makes the detector chosen, with its networks fetched if they are not there yet, ready to run at full speed. */
export async function createDetector(
  choice: DetectorChoice,
  models: ModelStore,
  log: (line: string) => void,
): Promise<FaceDetector> {
  const detector = await loadDetector(choice, models, log);
  await detector.detect(warmUpImage);
  return detector;
}

/** The ids of the networks that a detector works with, as models/manifest.json names them. */
export function networksOf({ kind, range }: DetectorChoice): readonly string[] {
  switch (kind) {
    case 'mediapipe':
      return [range === 'full' ? 'blazeface-full-range-sparse' : 'blazeface-short-range'];
    case 'mtcnn':
      return ['mtcnn-pnet', 'mtcnn-rnet', 'mtcnn-onet'];
    case 'haar':
      return ['haar-frontalface-default', 'fr-landmark'];
  }
}

async function loadDetector(
  choice: DetectorChoice,
  models: ModelStore,
  log: (line: string) => void,
): Promise<FaceDetector> {
  const { kind, range, threshold, minFaceSize } = choice;
  const files = [...(await models.ensure(networksOf(choice))).values()];
  switch (kind) {
    case 'mediapipe': {
      const [model] = files as [string];
      return MediaPipeDetector.create({
        model: await readFile(model),
        minScore: threshold ?? 0.5,
        minFaceSize: minFaceSize ?? (range === 'full' ? 80 : 200),
        range,
        log,
      });
    }
    case 'mtcnn': {
      const [pnet, rnet, onet] = files as [string, string, string];
      return MtcnnDetector.create({
        models: { pnet, rnet, onet, sessionOptions: sessionOptions() },
        minFaceSize: minFaceSize ?? 40,
        minScore: threshold ?? 0.7,
      });
    }
    case 'haar': {
      const [cascade, landmarks] = files as [string, string];
      return HaarDetector.create({
        cascade: await readFile(cascade, 'utf8'),
        landmarks: { model: landmarks, sessionOptions: sessionOptions() },
        minFaceSize: minFaceSize ?? 24,
        minScore: threshold ?? 0,
      });
    }
  }
}
