import type { Detection } from '../core/face.js';
import type { Box } from '../core/geometry.js';
import type { RgbImage } from '../core/image.js';

/** Finds faces in pictures; one call at a time. Long work yields to the event loop in between. */
export interface FaceDetector {
  /** `mediapipe`, `mtcnn`, `haar`, as in the configuration. */
  readonly kind: string;
  /**
   * Faces in pixels of `image`, best first; an empty list when there is none. Bad input never harms later calls.
   * Does not keep `image` after the promise settles.
   */
  detect(image: RgbImage): Promise<Detection[]>;
  /** A search through the frames of one camera, which may build on what earlier frames showed. */
  video(): VideoSearch;
  close(): Promise<void>;
}

/** A search through the frames of one camera, in their order. */
export interface VideoSearch {
  /**
   * Faces of the next frame, in its pixels, best first. A new face may take a few frames to be found.
   * @param expected where known faces should be in this frame
   */
  detect(image: RgbImage, expected: readonly Box[]): Promise<Detection[]>;
  /** To be called when no more frames come; gives up what is kept of those before. */
  end(): void;
}
