import type { Detection as MediaPipeDetection } from '@mediapipe/tasks-vision';
import { SightlineError } from '../../core/errors.js';
import type { Detection, Landmarks } from '../../core/face.js';
import type { Point } from '../../core/geometry.js';
import type { RgbImage } from '../../core/image.js';
import type { FaceDetector, VideoSearch } from '../face-detector.js';
import { requireWholeImage } from '../require-whole-image.js';
import { createMediaPipeGraph, type MediaPipeGraph, type MediaPipeOptions } from './runtime.js';
import { Shrinker } from './shrink.js';

/**
 * The networks look at 192×192 or 128×128 pixels; a larger picture only costs time on its way there. Measured on the
 * test photos: no face is lost at 384 pixels, some are at less than 256.
 */
const maxInputSide = 384;

/** Half the distance of the mouth's corners by the distance of the eyes, in the ArcFace template. */
const mouthHalfWidth = 0.414;

/**
 * BlazeFace by MediaPipe (Bazarevsky et al. 2019, arXiv:1907.05047), full range or short range by the model given.
 * It gives eyes, nose and the middle of the mouth; the mouth's corners are put beside it along the line of the eyes.
 */
export class MediaPipeDetector implements FaceDetector {
  readonly kind = 'mediapipe';
  readonly #options: MediaPipeOptions;
  readonly #shrinker = new Shrinker();
  #graph: MediaPipeGraph | undefined;

  private constructor(options: MediaPipeOptions, graph: MediaPipeGraph) {
    this.#options = options;
    this.#graph = graph;
  }

  /** @throws SightlineError DETECTOR_FAILED when MediaPipe does not take the model. */
  static async create(options: MediaPipeOptions): Promise<MediaPipeDetector> {
    try {
      return new MediaPipeDetector(options, await createMediaPipeGraph(options));
    } catch (error) {
      throw new SightlineError('DETECTOR_FAILED', `MediaPipe could not start: ${String(error)}`, {
        cause: error,
      });
    }
  }

  /** @throws SightlineError DETECTOR_FAILED; the next call starts with a graph made anew. */
  async detect(image: RgbImage): Promise<Detection[]> {
    requireWholeImage(image);
    this.#graph ??= await createMediaPipeGraph(this.#options);
    const picture = this.#shrinker.shrink(image, maxInputSide, maxInputSide);
    try {
      const scale = { x: image.width / picture.width, y: image.height / picture.height };
      return this.#graph
        .detect(picture)
        .flatMap((found) => toDetection(found, image, scale))
        .sort((a, b) => b.score - a.score);
    } catch (error) {
      // An error leaves MediaPipe's graph unusable for good.
      this.#graph = undefined;
      throw new SightlineError('DETECTOR_FAILED', `MediaPipe failed on a frame: ${String(error)}`, {
        cause: error,
      });
    }
  }

  /** Each frame is searched anew. */
  video(): VideoSearch {
    return { detect: (image) => this.detect(image) };
  }

  close(): Promise<void> {
    this.#graph?.close();
    this.#graph = undefined;
    return Promise.resolve();
  }
}

function toDetection(found: MediaPipeDetection, image: RgbImage, scale: Point): Detection[] {
  const { boundingBox, keypoints, categories } = found;
  const [leftEye, rightEye, nose, mouth] = keypoints.map(({ x, y }) => ({
    x: x * image.width,
    y: y * image.height,
  }));
  if (boundingBox === undefined || !leftEye || !rightEye || !nose || !mouth) return [];
  const box = {
    x: boundingBox.originX * scale.x,
    y: boundingBox.originY * scale.y,
    width: boundingBox.width * scale.x,
    height: boundingBox.height * scale.y,
  };
  return [
    { box, score: categories[0]?.score ?? 0, landmarks: withMouthCorners(leftEye, rightEye, nose, mouth) },
  ];
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
