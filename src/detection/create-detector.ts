import { readFile } from 'node:fs/promises';
import type { ModelStore } from '../models/model-store.js';
import { sessionOptions } from '../models/session-options.js';
import type { FaceDetector } from './face-detector.js';
import { MediaPipeDetector } from './mediapipe/mediapipe-detector.js';
import { MtcnnDetector } from './mtcnn/mtcnn-detector.js';

/** Which detector, and how it is set; as in the configuration. */
export interface DetectorChoice {
  readonly kind: 'mediapipe' | 'mtcnn';
  /** MediaPipe only. */
  readonly range: 'full' | 'short';
  /** Detections with a lower score are left out; null for the detector's own default. */
  readonly threshold: number | null;
  /** MTCNN only: side in pixels. */
  readonly minFaceSize: number;
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

async function loadDetector(
  choice: DetectorChoice,
  models: ModelStore,
  log: (line: string) => void,
): Promise<FaceDetector> {
  if (choice.kind === 'mediapipe') {
    const id = choice.range === 'full' ? 'blazeface-full-range-sparse' : 'blazeface-short-range';
    const model = await readFile(await models.ensure(id));
    return MediaPipeDetector.create({ model, minScore: choice.threshold ?? 0.5, log });
  }
  const paths = await Promise.all(['mtcnn-pnet', 'mtcnn-rnet', 'mtcnn-onet'].map((id) => models.ensure(id)));
  const [pnet, rnet, onet] = paths as [string, string, string];
  return MtcnnDetector.create({
    models: { pnet, rnet, onet, sessionOptions: sessionOptions() },
    minFaceSize: choice.minFaceSize,
    minScore: choice.threshold ?? 0.7,
  });
}
