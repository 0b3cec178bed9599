import { setImmediate as nextTurn } from 'node:timers/promises';
import { SightlineError } from '../../core/errors.js';
import type { Detection } from '../../core/face.js';
import { clip, scaleAboutCentre, type Box } from '../../core/geometry.js';
import type { RgbImage } from '../../core/image.js';
import type { InferenceSession } from '../../models/onnx-runtime.js';
import type { FaceDetector, VideoSearch } from '../face-detector.js';
import { requireWholeImage } from '../require-whole-image.js';
import { readCascade } from './cascade.js';
import { CascadeSearch } from './cascade-search.js';
import type { GreyImage } from './grey.js';
import { groupWindows, type Group } from './group.js';
import { inSlices } from './in-slices.js';
import { LandmarkNetwork } from './landmark-network.js';

export interface HaarOptions {
  /** The XML text of a cascade for faces, such as haar-frontalface-default.xml. */
  readonly cascade: string;
  readonly landmarks: { readonly model: string; readonly sessionOptions: InferenceSession.SessionOptions };
  /** Side of the smallest face looked for, in pixels. */
  readonly minFaceSize: number;
  /** Detections with a lower score are left out. */
  readonly minScore: number;
}

/** A face needs more than so many windows that found it, as OpenCV's users mostly have it. */
const minNeighbors = 5;

/**
 * The part of the picture that the landmarks' network sees is larger than the cascade's box, and lower, which often
 * ends at the mouth. Measured against MTCNN's landmarks on 154 faces: mean distance .063 of the eyes' distance, with
 * the box as it is .082.
 */
const landmarkView = { size: 1.1, lower: 0.12 };

/**
 * A cascade of Haar features (Viola and Jones, CVPR 2001; Lienhart and Maydt, ICIP 2002), which finds the boxes that
 * OpenCV 4's `detectMultiScale(scaleFactor 1.1, minNeighbors 5)` finds. A network places the landmarks in them.
 *
 * The score of a face that n windows found is n / (n + 5): .55 for the fewest, 6, and towards 1 for many.
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

  /** @throws SightlineError MODEL_CONVERSION_FAILED when the cascade cannot be read. */
  static async create({ cascade, landmarks, minFaceSize, minScore }: HaarOptions): Promise<HaarDetector> {
    const search = new CascadeSearch(readCascade(cascade), minFaceSize);
    const network = await LandmarkNetwork.load(landmarks.model, landmarks.sessionOptions);
    return new HaarDetector(search, network, minScore);
  }

  /** @throws SightlineError DETECTOR_FAILED */
  async detect(image: RgbImage): Promise<Detection[]> {
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

  /** Each frame is searched anew. */
  video(): VideoSearch {
    return { detect: (image) => this.detect(image), end: () => undefined };
  }

  close(): Promise<void> {
    return this.#landmarks.close();
  }

  async #toDetection(group: Group, grey: GreyImage): Promise<Detection> {
    const view = scaleAboutCentre(group.box, landmarkView.size);
    // Placing the points of a face takes a millisecond or two, and there may be many faces.
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
