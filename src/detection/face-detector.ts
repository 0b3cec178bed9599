import type { Detection } from '../core/face.js';
import type { RgbImage } from '../core/image.js';

/** Finds faces in one picture. Runs on the main loop; one call at a time. */
export interface FaceDetector {
  /** `mediapipe`, `mtcnn`, … as in the configuration. */
  readonly kind: string;
  /**
   * Faces in pixels of `image`, best first; an empty list when there is none. Bad input never harms later calls.
   * Does not keep `image` after the promise settles.
   */
  detect(image: RgbImage): Promise<Detection[]>;
  close(): Promise<void>;
}
