import { InferenceSession, Tensor } from '../../../models/onnx-runtime.js';
import { warp, type PlacedFace } from '../align.js';
import type { Landmarks } from '../../../core/face.js';
import type { RgbImage } from '../../../core/image.js';
import { boxFromOffsets, landmarkBox, landmarksFromFractions, landmarkSquare } from '../landmark-square.js';
import { fillInput } from './embedding-network.js';

const side = 48;
/** Below this score the network sees no face in the square, and its landmarks mean nothing. */
const leastScore = 0.5;
const preprocessing = { mean: [127.5, 127.5, 127.5], scale: 1 / 128 } as const;

/**
 * Refines a detector's landmarks with MTCNN's O-Net, and finds MTCNN's box, so that faces are aligned the same way
 * whichever detector found them. `refine` must not be called again before it has settled.
 */
export class LandmarkRefiner {
  readonly #network: Promise<InferenceSession>;
  readonly #input = new Float32Array(3 * side * side);

  /** Starts loading at once. `refine` rejects when loading failed. */
  constructor(modelPath: string, options: InferenceSession.SessionOptions) {
    this.#network = InferenceSession.create(modelPath, options);
    this.#network.catch(() => undefined);
  }

  /** Resolves when loading has succeeded or failed. */
  async loaded(): Promise<void> {
    await Promise.allSettled([this.#network]);
  }

  /**
   * Finds landmarks and box in pixels of `crop`, and the network's score, 0 to 1, that there is a face. When it sees no
   * face, returns the given landmarks and the box that they suggest.
   */
  async refine(crop: RgbImage, landmarks: Landmarks): Promise<PlacedFace & { readonly score: number }> {
    const square = landmarkSquare(landmarks);
    const unrefined = { landmarks, box: landmarkBox(landmarks) };
    if (!(square.width > 0)) return { ...unrefined, score: 0 };
    const scale = side / square.width;
    const toSquare = { a: scale, b: 0, tx: -square.x * scale, ty: -square.y * scale };
    fillInput(this.#input, warp(crop, toSquare, side), preprocessing);
    const network = await this.#network;
    const output = await network.run({ input: new Tensor('float32', this.#input, [1, 3, side, side]) });
    const { prob, reg, points } = output as Record<'prob' | 'reg' | 'points', Tensor>;
    const [, score = 0] = prob.data as Float32Array;
    if (score < leastScore) return { ...unrefined, score };
    return {
      landmarks: landmarksFromFractions(points.data as Float32Array, square),
      box: boxFromOffsets(reg.data as Float32Array, square),
      score,
    };
  }
}
