import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SightlineError } from '../../core/errors.js';
import type { Detection, Landmarks } from '../../core/face.js';
import { clip, scaleAboutCentre, type Box, type Point } from '../../core/geometry.js';
import type { Image } from '../../core/image.js';
import { InferenceSession, Tensor } from '../../models/onnx-runtime.js';
import { requireWholeImage, type FaceDetector, type VideoSearch } from '../face-detector.js';
import { CascadeSearch } from './cascade-search.js';
import { readCascade } from './cascade.js';
import { sampleSquare, type GreyImage } from './grey-image.js';
import { groupWindows, type Group } from './group.js';

export interface HaarOptions {
  /** The XML text of a cascade for faces, such as haar-frontalface-default.xml. */
  readonly cascade: string;
  readonly landmarks: { readonly model: string; readonly sessionOptions: InferenceSession.SessionOptions };
  /** Side of the smallest face to look for, in pixels. */
  readonly minFaceSize: number;
  /** Detections with a lower score are dropped. */
  readonly minScore: number;
}

/** A face needs more than this many windows; the value is the usual one with OpenCV. */
const minNeighbors = 5;

/**
 * The landmark network sees a part of the picture that is larger and lower than the cascade's box, which often ends at
 * the mouth. Measured against MTCNN's landmarks on 154 faces, the mean error is 0.063 of the distance of the eyes; with
 * the unchanged box it is 0.082.
 */
const landmarkView = { size: 1.1, lower: 0.12 };

/**
 * A cascade of Haar features (Viola and Jones, CVPR 2001; Lienhart and Maydt, ICIP 2002), which finds the boxes that
 * OpenCV 4's `detectMultiScale(scaleFactor 1.1, minNeighbors 5)` finds. A network places the landmarks in them.
 *
 * The score of a face that n windows found is n / (n + 5): 0.55 for the fewest, 6, and near 1 for many.
 */
export class HaarDetector implements FaceDetector {
  readonly kind = 'haar';
  readonly #search: CascadeSearch;
  readonly #landmarks: LandmarkNetwork;
  readonly #minScore: number;

  private constructor(search: CascadeSearch, landmarks: LandmarkNetwork, minScore: number) {
    this.#search = search;
    this.#landmarks = landmarks;
    this.#minScore = minScore;
  }

  /** @throws SightlineError MODEL_CONVERSION_FAILED if the cascade cannot be read */
  static async create({ cascade, landmarks, minFaceSize, minScore }: HaarOptions): Promise<HaarDetector> {
    const search = new CascadeSearch(readCascade(cascade), minFaceSize);
    const network = await LandmarkNetwork.load(landmarks.model, landmarks.sessionOptions);
    return new HaarDetector(search, network, minScore);
  }

  /** @throws SightlineError DETECTOR_FAILED */
  async detect(image: Image): Promise<Detection[]> {
    requireWholeImage(image);
    try {
      const windows: Box[] = [];
      const grey = await inSlices(this.#search.search(image, windows));
      const groups = groupWindows(windows, minNeighbors)
        .filter((group) => scoreOf(group) >= this.#minScore)
        .sort((a, b) => b.size - a.size);
      const detections: Detection[] = [];
      for (const group of groups) detections.push(await this.#toDetection(group, grey));
      return detections;
    } catch (error) {
      throw new SightlineError('DETECTOR_FAILED', `The Haar cascade failed on a frame: ${String(error)}`, {
        cause: error,
      });
    }
  }

  /** Each frame is searched by itself. */
  video(): VideoSearch {
    return { detect: (image) => this.detect(image), end: () => undefined };
  }

  close(): Promise<void> {
    return this.#landmarks.close();
  }

  async #toDetection(group: Group, grey: GreyImage): Promise<Detection> {
    const view = scaleAboutCentre(group.box, landmarkView.size);
    // Each face takes a millisecond or two, and there may be many faces, so other work gets a turn in between.
    await nextTurn();
    const landmarks = await this.#landmarks.locate(grey, {
      ...view,
      y: view.y + landmarkView.lower * group.box.height,
    });
    return { box: clip(group.box, grey.width, grey.height), score: scoreOf(group), landmarks };
  }
}

function scoreOf({ size }: Group): number {
  return size / (size + minNeighbors);
}

/** Side of the landmark network's input, in pixels. */
const inputSide = 64;

/** The 68 points (numbered from 0 as in iBUG's 300-W) whose mean is each of the five landmarks. */
const membersOfFive = [[36, 37, 38, 39, 40, 41], [42, 43, 44, 45, 46, 47], [30], [48], [54]] as const;

/** Places the five landmarks of a face whose box is known. One call at a time. */
class LandmarkNetwork {
  readonly #session: InferenceSession;
  readonly #pixels = new Float32Array(inputSide * inputSide);

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  /** @param model path of fr-landmark.onnx */
  static async load(model: string, options: InferenceSession.SessionOptions): Promise<LandmarkNetwork> {
    return new LandmarkNetwork(await InferenceSession.create(model, options));
  }

  /** @param face a square around the whole face; it and the result are in pixels of `image` */
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

/** How long to work without a break. With the last step on top, it stays below 15 ms. */
const sliceMs = 8;

/** Runs a generator to its end and lets the event loop run after each slice of `sliceMs`. */
export async function inSlices<Result>(work: Generator<void, Result>): Promise<Result> {
  let until = performance.now() + sliceMs;
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (performance.now() < until) continue;
    await nextTurn();
    until = performance.now() + sliceMs;
  }
}
