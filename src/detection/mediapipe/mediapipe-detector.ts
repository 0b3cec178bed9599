import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Detection as MediaPipeDetection } from '@mediapipe/tasks-vision';
import { SightlineError } from '../../core/errors.js';
import type { Detection, Landmarks } from '../../core/face.js';
import type { Box, Point } from '../../core/geometry.js';
import type { Image } from '../../core/image.js';
import { minimumOverlap, nonMaximumSuppression, type ScoredCorners } from '../../core/nms.js';
import { requireWholeImage, type FaceDetector, type VideoSearch } from '../face-detector.js';
import {
  createMediaPipeGraph,
  type MediaPipeGraph,
  type MediaPipeOptions,
  type RgbaPicture,
} from './runtime.js';
import { Shrinker, viewsOf } from './views.js';

/**
 * Turns BlazeFace's square, which ends at the eyebrows, into a box like that of other detectors: the median ratio to
 * MTCNN's boxes on 300 photos of LFW. Factors for width and height, and a shift down as a share of the height.
 */
const faceShape = {
  full: { width: 0.834, height: 1.115, down: -0.057 },
  short: { width: 0.876, height: 1.167, down: -0.108 },
};

export interface MediaPipeDetectorOptions extends MediaPipeOptions {
  /** Which of the two networks the model is. */
  readonly range: 'full' | 'short';
  /** Side of the smallest face to look for, in pixels. If it is small, a large picture is also searched in parts. */
  readonly minFaceSize: number;
}

/**
 * The networks see 192×192 or 128×128 pixels; a larger input only takes longer. Measured on the test photos, no face is
 * lost at 384 pixels, but some are below 256.
 */
const maxInputSide = 384;

/** Half the distance of the mouth's corners divided by the distance of the eyes, in the ArcFace template. */
const mouthHalfWidth = 0.414;

/** A box this near to the edge of a view, as a share of its width, may show only a part of a face. */
const edgeMargin = 0.05;

/** A box with more overlap with a better one is the same face, seen in another view or cut off at its edge. */
const sameFaceOverlap = 0.5;

/**
 * BlazeFace in MediaPipe (Bazarevsky et al. 2019, arXiv:1907.05047), full range or short range depending on the model.
 * The network finds eyes, nose and the middle of the mouth; the mouth's corners are placed beside it, parallel to the
 * line of the eyes.
 */
export class MediaPipeDetector implements FaceDetector {
  readonly kind = 'mediapipe';
  readonly #options: MediaPipeDetectorOptions;
  readonly #createGraph: typeof createMediaPipeGraph;
  readonly #shrinker = new Shrinker();
  #graph: MediaPipeGraph | undefined;

  private constructor(options: MediaPipeDetectorOptions, createGraph: typeof createMediaPipeGraph) {
    this.#options = options;
    this.#createGraph = createGraph;
  }

  /**
   * @param createGraph creates the graph now, and again after each failure
   * @throws SightlineError DETECTOR_FAILED if MediaPipe rejects the model
   */
  static async create(
    options: MediaPipeDetectorOptions,
    createGraph = createMediaPipeGraph,
  ): Promise<MediaPipeDetector> {
    try {
      const detector = new MediaPipeDetector(options, createGraph);
      detector.#graph = await createGraph(options);
      return detector;
    } catch (error) {
      throw new SightlineError('DETECTOR_FAILED', `MediaPipe could not start: ${String(error)}`, {
        cause: error,
      });
    }
  }

  detect(image: Image): Promise<Detection[]> {
    return this.#searchViews(image, viewsOf(image.width, image.height, this.#options.minFaceSize));
  }

  /** Each frame is searched in one view only; the views take turns. */
  video(): VideoSearch {
    let turn = 0;
    return {
      detect: (image) => {
        const views = viewsOf(image.width, image.height, this.#options.minFaceSize);
        const view = views[turn++ % views.length] as Box;
        return this.#searchViews(image, [view]);
      },
      end: () => undefined,
    };
  }

  close(): Promise<void> {
    this.#graph?.close();
    this.#graph = undefined;
    return Promise.resolve();
  }

  /** @throws SightlineError DETECTOR_FAILED; the next call then creates a new graph */
  async #searchViews(image: Image, views: readonly Box[]): Promise<Detection[]> {
    requireWholeImage(image);
    const found: Detection[] = [];
    for (const [index, view] of views.entries()) {
      // Each view takes about 10 ms of the main loop, so other work gets a turn in between.
      if (index > 0) await nextTurn();
      this.#graph ??= await this.#createGraph(this.#options);
      found.push(...this.#searchView(image, view, this.#graph));
    }
    return mergeFaces(found);
  }

  #searchView(image: Image, view: Box, graph: MediaPipeGraph): Detection[] {
    const picture = this.#shrinker.shrink(image, view, maxInputSide);
    try {
      const shape = faceShape[this.#options.range];
      return graph
        .detect(picture)
        .flatMap((face) => toDetection(face, view, picture, shape))
        .filter((face) => !isCutOff(face, view, image));
    } catch (error) {
      // An error leaves MediaPipe's graph permanently unusable.
      this.#graph = undefined;
      throw new SightlineError('DETECTOR_FAILED', `MediaPipe failed on a frame: ${String(error)}`, {
        cause: error,
      });
    }
  }
}

/**
 * Whether a face may be cut off by an edge of the view that lies inside the picture; another view shows it completely.
 */
function isCutOff({ box }: Detection, view: Box, image: Image): boolean {
  const margin = edgeMargin * box.width;
  return (
    (view.x > 0 && box.x < view.x + margin) ||
    (view.y > 0 && box.y < view.y + margin) ||
    (view.x + view.width < image.width && box.x + box.width > view.x + view.width - margin) ||
    (view.y + view.height < image.height && box.y + box.height > view.y + view.height - margin)
  );
}

/** Removes duplicates of faces that several views found; best first. */
function mergeFaces(found: readonly Detection[]): Detection[] {
  const corners = found.map(({ box: { x, y, width, height }, score }): ScoredCorners => [
    x,
    y,
    x + width,
    y + height,
    score,
  ]);
  return nonMaximumSuppression(corners, sameFaceOverlap, minimumOverlap).map((i) => found[i] as Detection);
}

function toDetection(
  found: MediaPipeDetection,
  view: Box,
  picture: RgbaPicture,
  shape: (typeof faceShape)['full'],
): Detection[] {
  const { boundingBox, keypoints, categories } = found;
  const [leftEye, rightEye, nose, mouth] = keypoints.map(({ x, y }) => ({
    x: view.x + x * view.width,
    y: view.y + y * view.height,
  }));
  if (boundingBox === undefined || !leftEye || !rightEye || !nose || !mouth) return [];
  const scale = { x: view.width / picture.width, y: view.height / picture.height };
  const centreX = view.x + (boundingBox.originX + boundingBox.width / 2) * scale.x;
  const centreY = view.y + (boundingBox.originY + boundingBox.height * (0.5 + shape.down)) * scale.y;
  const width = boundingBox.width * scale.x * shape.width;
  const height = boundingBox.height * scale.y * shape.height;
  const box = { x: centreX - width / 2, y: centreY - height / 2, width, height };
  const landmarks = withMouthCorners(leftEye, rightEye, nose, mouth);
  return [{ box, score: categories[0]?.score ?? 0, landmarks }];
}

function withMouthCorners(leftEye: Point, rightEye: Point, nose: Point, mouth: Point): Landmarks {
  const dx = (rightEye.x - leftEye.x) * mouthHalfWidth;
  const dy = (rightEye.y - leftEye.y) * mouthHalfWidth;
  return [
    leftEye,
    rightEye,
    nose,
    { x: mouth.x - dx, y: mouth.y - dy },
    { x: mouth.x + dx, y: mouth.y + dy },
  ];
}
