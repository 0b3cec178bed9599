import { createDetector, photoDetector } from '../detection/create-detector.js';
import { readImage } from '../ingest/still-image.js';
import type { ModelStore } from '../models/model-store.js';
import type { NetworkInput } from '../models/network-input.js';
import type { InferenceSession } from '../models/onnx-runtime.js';
import { sessionOptions } from '../models/onnx-runtime.js';
import type { FaceCrop } from '../core/face-embedder.js';
import { alignTo, type PlacedFace } from '../recognition/embedding/align.js';
import { cutFace } from '../recognition/embedding/crop.js';
import { fillInput, inputShape, rows } from '../recognition/embedding/thread/embedding-network.js';
import { LandmarkRefiner } from '../recognition/embedding/thread/landmark-refiner.js';
import type { TrialFace } from '../training/evaluation/input-trial.js';
import { photoLimits } from './photos.js';

/** Eleven stills of one man, and six photos of groups in which nobody is twice. */
const onePerson = [
  '01829',
  '02045',
  '02159',
  '02221',
  '02683',
  '02888',
  '03909',
  '03979',
  '04000',
  '04035',
  '04117',
];
const stills = onePerson.map((number) => `demo-franck-${number}`);
const groups = ['sample-1', 'sample-2', 'sample-3', 'sample-4', 'sample-5', 'sample-6'];

/** A face that Sightline ships, ready to be aligned for any network. */
export interface ShippedFace extends TrialFace {
  readonly crop: FaceCrop;
  readonly placed: PlacedFace;
}

/** The faces of the shipped photos, found and placed as on any other photo. @throws SightlineError MODEL_… */
export async function readShippedFaces(models: ModelStore): Promise<ShippedFace[]> {
  const paths = await models.ensure([...stills, ...groups]);
  const detector = await createDetector(photoDetector, models, () => undefined);
  try {
    const refiner = new LandmarkRefiner(await models.ensure('mtcnn-onet'), sessionOptions());
    const faces: ShippedFace[] = [];
    for (const [photo, path] of paths) {
      const image = await readImage(path, photoLimits);
      for (const { landmarks } of await detector.detect(image)) {
        const crop = cutFace(image, landmarks);
        if (!crop) continue;
        const person = stills.includes(photo) ? 'the man of the stills' : null;
        faces.push({ photo, person, crop, placed: await refiner.refine(crop, crop.landmarks) });
      }
    }
    return faces;
  } finally {
    await detector.close();
  }
}

/** Embeds one face as a network would that expects `input`. */
export async function embedAs(
  input: NetworkInput,
  layout: 'nchw' | 'nhwc',
  { crop, placed }: ShippedFace,
  session: InferenceSession,
): Promise<Float32Array> {
  const { side, color, mean, std, template } = input;
  const preprocessing = { mean, scale: [1 / std[0], 1 / std[1], 1 / std[2]], color, layout } as const;
  const filled = new Float32Array(3 * side * side);
  fillInput(filled, alignTo(template, crop, placed, side), preprocessing);
  return rows(session, filled, inputShape(1, side, preprocessing));
}
