import type { Landmarks } from '../../core/face.js';
import type { Box, Point } from '../../core/geometry.js';
import { InferenceSession, Tensor } from '../../models/onnx-runtime.js';
import type { GreyImage } from './grey.js';
import { sampleSquare } from './sample-square.js';

/** Side of the picture that the network takes. */
const inputSide = 64;

/** Which of the 68 points (the numbering of iBUG's 300-W, from 0) make up each of the five, as their mean. */
const membersOfFive = [[36, 37, 38, 39, 40, 41], [42, 43, 44, 45, 46, 47], [30], [48], [54]] as const;

/** Places the five landmarks of faces of which only the box is known. One call at a time. */
export class LandmarkNetwork {
  readonly #session: InferenceSession;
  readonly #pixels = new Float32Array(inputSide * inputSide);

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  /** @param model path of fr-landmark.onnx */
  static async load(model: string, options: InferenceSession.SessionOptions): Promise<LandmarkNetwork> {
    return new LandmarkNetwork(await InferenceSession.create(model, options));
  }

  /** @param face a square about the whole face, in pixels of `image`, as is the result */
  async locate(image: GreyImage, face: Box): Promise<Landmarks> {
    sampleSquare(image, face, inputSide, this.#pixels);
    const input = new Tensor('float32', this.#pixels, [1, 1, inputSide, inputSide]);
    const { output } = (await this.#session.run({ input })) as Record<'output', Tensor>;
    const points = output.data as Float32Array;
    const at = (members: readonly number[]): Point => ({
      x: face.x + face.width * mean(members.map((member) => points[2 * member]!)),
      y: face.y + face.height * mean(members.map((member) => points[2 * member + 1]!)),
    });
    const [leftEye, rightEye, nose, leftMouth, rightMouth] = membersOfFive;
    return [at(leftEye), at(rightEye), at(nose), at(leftMouth), at(rightMouth)];
  }

  close(): Promise<void> {
    return this.#session.release();
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
