import { InferenceSession, Tensor } from '../../../models/onnx-runtime.js';
import { warp, type PlacedFace } from '../align.js';
import type { Landmarks } from '../../../core/face.js';
import type { RgbImage } from '../../../core/image.js';
import { boxFromOffsets, landmarkBox, landmarksFromFractions, landmarkSquare } from '../landmark-square.js';
import { fillPlanes } from './embedding-network.js';

const side = 48;
/** Below it the network does not take the square for a face, and its landmarks mean nothing. */
const leastScore = 0.5;
const preprocessing = { mean: [127.5, 127.5, 127.5], scale: 1 / 128 } as const;

/**
 * Puts a detector's landmarks right with MTCNN's O-Net, and finds MTCNN's box, so that faces align the same way
 * whatever found them. Not for two calls at a time.
 */
export class LandmarkRefiner {
  readonly #network: Promise<InferenceSession>;
  readonly #input = new Float32Array(3 * side * side);

  /** Loading begins at once; a failure is told by `refine`. */
  constructor(modelPath: string, options: InferenceSession.SessionOptions) {
    this.#network = InferenceSession.create(modelPath, options);
    this.#network.catch(() => undefined);
  }

  /** Resolves when loading has ended, well or not. */
  async loaded(): Promise<void> {
    await Promise.allSettled([this.#network]);
  }

  /**
   * Landmarks and box in pixels of `crop` and how sure the network is that there is a face, 0 to 1; where it sees none,
   * the landmarks given and the box they suggest.
   */
  async refine(crop: RgbImage, landmarks: Landmarks): Promise<PlacedFace & { readonly score: number }> {
    const square = landmarkSquare(landmarks);
    const unrefined = { landmarks, box: landmarkBox(landmarks) };
    if (!(square.width > 0)) return { ...unrefined, score: 0 };
    const scale = side / square.width;
    const toSquare = { a: scale, b: 0, tx: -square.x * scale, ty: -square.y * scale };
    fillPlanes(this.#input, warp(crop, toSquare, side), preprocessing);
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
