import { InferenceSession, Tensor } from 'onnxruntime-node';
import { warp } from '../src/core/align.js';
import type { Landmarks } from '../src/core/face.js';
import type { RgbImage } from '../src/core/image.js';
import { landmarkSquare, landmarksFromFractions } from '../src/core/landmark-square.js';

const side = 48;
/** Below it the network does not take the square for a face, and its landmarks mean nothing. */
const leastScore = 0.5;

/**
 * Puts a detector's landmarks right with MTCNN's O-Net, so that faces align the same way whatever found them. Not for
 * two calls at a time.
 */
export class LandmarkRefiner {
  readonly #network: Promise<InferenceSession>;
  readonly #input = new Float32Array(3 * side * side);

  /** Loading begins at once; a failure is told by `refine`. */
  constructor(modelPath: string, options: InferenceSession.SessionOptions) {
    this.#network = InferenceSession.create(modelPath, options);
    this.#network.catch(() => undefined);
  }

  /**
   * Better landmarks in pixels of `crop`, or the given ones where the network sees no face, and how sure it is that
   * there is one, 0 to 1.
   */
  async refine(crop: RgbImage, landmarks: Landmarks): Promise<{ landmarks: Landmarks; score: number }> {
    const square = landmarkSquare(landmarks);
    if (!(square.width > 0)) return { landmarks, score: 0 };
    const scale = side / square.width;
    this.#fill(warp(crop, { a: scale, b: 0, tx: -square.x * scale, ty: -square.y * scale }, side));
    const network = await this.#network;
    const output = await network.run({ input: new Tensor('float32', this.#input, [1, 3, side, side]) });
    const { prob, points } = output as Record<'prob' | 'points', Tensor>;
    const [, score = 0] = prob.data as Float32Array;
    const seen = score >= leastScore;
    return {
      landmarks: seen ? landmarksFromFractions(points.data as Float32Array, square) : landmarks,
      score,
    };
  }

  /** Interleaved bytes to one plane of floats for each channel. */
  #fill({ data }: RgbImage): void {
    const plane = side * side;
    for (let pixel = 0, index = 0; pixel < plane; pixel++) {
      for (let at = pixel; at < this.#input.length; at += plane) {
        this.#input[at] = ((data[index++] as number) - 127.5) / 128;
      }
    }
  }
}
