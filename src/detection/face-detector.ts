import { SightlineError } from '../core/errors.js';
import type { Detection } from '../core/face.js';
import { centre, type Box, type Point, contains } from '../core/geometry.js';
import type { Image } from '../core/image.js';
import { isYuv, pixelBytes } from '../core/yuv.js';

/** Finds faces in pictures; one call at a time. Long work yields to the event loop in between. */
export interface FaceDetector {
  /** `mediapipe`, `mtcnn` or `haar`. */
  readonly kind: string;
  /**
   * Finds the faces of a picture: boxes and landmarks in pixels of `image`, best first; an empty list if there are
   * none. `image` is not kept after the promise settles. A call that fails does not affect later calls.
   */
  detect(image: Image): Promise<Detection[]>;
  /** Starts a search through the frames of one camera, which may use the results of earlier frames. */
  video(): VideoSearch;
  close(): Promise<void>;
}

/** A search through the frames of one camera, in their order. */
export interface VideoSearch {
  /**
   * Finds the faces of the next frame, in its pixels, best first. A new face may take a few frames to be found.
   *
   * @param expected boxes where known faces are expected in this frame
   * @param timeMs when the frame was taken, on any clock that does not go back
   */
  detect(image: Image, expected: readonly Box[], timeMs: number): Promise<Detection[]>;
  /** To be called after the last frame; releases everything that was kept between frames. */
  end(): void;
}

/**
 * A search that leaves out faces whose centre lies outside a polygon.
 * @param region corners in fractions of the picture's width and height
 */
export function withinRegion(search: VideoSearch, region: readonly Point[]): VideoSearch {
  return {
    detect: async (image, expected, timeMs) => {
      const polygon = region.map(({ x, y }) => ({ x: x * image.width, y: y * image.height }));
      const detections = await search.detect(image, expected, timeMs);
      return detections.filter(({ box }) => contains(polygon, centre(box)));
    },
    end: () => search.end(),
  };
}

/** @throws SightlineError DETECTOR_FAILED if a picture is empty or has fewer bytes than its width and height require */
export function requireWholeImage(image: Image): void {
  const { width, height, data } = image;
  const expected = pixelBytes(image);
  if (width > 0 && height > 0 && data.length >= expected) return;
  throw new SightlineError(
    'DETECTOR_FAILED',
    `Expected ${expected} bytes of ${isYuv(image) ? 'planar YUV' : 'RGB'} for a picture of ${width}×${height} pixels, ` +
      `but received ${data.length}.`,
  );
}
