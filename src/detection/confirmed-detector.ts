import type { Detection } from '../core/face.js';
import type { Image } from '../core/image.js';
import type { FaceDetector, VideoSearch } from './face-detector.js';
import type { MtcnnDetector } from './mtcnn/mtcnn-detector.js';

/**
 * A detector whose faces in video count only where MTCNN's O-Net sees a face, too, in the full resolution of the frame.
 * What other detectors take for a face in foliage or in a blurred picture would otherwise become a track, and landmarks
 * are placed better by O-Net. Pictures by themselves are searched by the detector alone.
 */
export class ConfirmedDetector implements FaceDetector {
  readonly kind: string;
  readonly #detector: FaceDetector;
  readonly #mtcnn: MtcnnDetector;

  /** Closes both detectors when it is closed. */
  constructor(detector: FaceDetector, mtcnn: MtcnnDetector) {
    this.kind = detector.kind;
    this.#detector = detector;
    this.#mtcnn = mtcnn;
  }

  detect(image: Image): Promise<Detection[]> {
    return this.#detector.detect(image);
  }

  video(): VideoSearch {
    const search = this.#detector.video();
    return {
      detect: async (image, expected, timeMs) => {
        const found = await search.detect(image, expected, timeMs);
        return this.#mtcnn.confirm(
          image,
          found.map(({ box }) => box),
        );
      },
      end: () => search.end(),
    };
  }

  async close(): Promise<void> {
    await Promise.all([this.#detector.close(), this.#mtcnn.close()]);
  }
}
