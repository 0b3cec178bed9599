import { SightlineError } from '../../core/errors.js';
import type { Detection } from '../../core/face.js';
import type { Box } from '../../core/geometry.js';
import type { Image } from '../../core/image.js';
import type { ScoredCorners } from '../../core/nms.js';
import { requireWholeImage, type FaceDetector, type VideoSearch } from '../face-detector.js';
import { square, toCorners } from './candidates.js';
import { bestFaces, Cascade } from './cascade.js';
import { isAmong, squaresAround } from './expected-faces.js';
import { MtcnnNetworks, type MtcnnModels } from './networks.js';
import { cutIntoStrips, pyramidLevels } from './pyramid.js';
import { MtcnnVideoSearch } from './video-search.js';

export interface MtcnnOptions {
  readonly models: MtcnnModels;
  /** Side of the smallest face to look for, in pixels. */
  readonly minFaceSize: number;
  /** Least score of a face, given by O-Net. */
  readonly minScore: number;
}

/**
 * MTCNN (Zhang et al. 2016, arXiv:1604.02878): P-Net proposes boxes on a pyramid of scales, R-Net rejects most of them,
 * and O-Net places the final box and the five landmarks.
 */
export class MtcnnDetector implements FaceDetector {
  readonly kind = 'mtcnn';
  readonly #networks: MtcnnNetworks;
  readonly #cascade: Cascade;
  readonly #minFaceSize: number;
  #lastSearch: Promise<unknown> = Promise.resolve();

  private constructor(networks: MtcnnNetworks, { minFaceSize, minScore }: MtcnnOptions) {
    this.#networks = networks;
    this.#cascade = new Cascade(networks, minScore);
    this.#minFaceSize = minFaceSize;
  }

  static async create(options: MtcnnOptions): Promise<MtcnnDetector> {
    return new MtcnnDetector(await MtcnnNetworks.load(options.models), options);
  }

  /** @throws SightlineError DETECTOR_FAILED */
  detect(image: Image): Promise<Detection[]> {
    return this.#inTurn(image, async () => {
      this.#cascade.load(image);
      const squares: ScoredCorners[][] = [];
      for (const level of pyramidLevels(image.width, image.height, this.#minFaceSize)) {
        squares.push(await this.#cascade.propose(cutIntoStrips(level)));
      }
      const found = await this.#cascade.finish(await this.#cascade.refine(squares.flat()));
      return found.map(({ face }) => face);
    });
  }

  /**
   * Looks for faces where another detector sees them: at each box, and, if O-Net sees none there, at places around it.
   *
   * @throws SightlineError DETECTOR_FAILED
   */
  confirm(image: Image, boxes: readonly Box[]): Promise<Detection[]> {
    if (boxes.length === 0) return Promise.resolve([]);
    return this.#inTurn(image, async () => {
      this.#cascade.load(image);
      const found = await this.#cascade.finish(boxes.map((box) => square(toCorners(box))));
      const missing = boxes.filter((box) => !isAmong(found, box));
      const refined = await this.#cascade.refine(missing.flatMap(squaresAround));
      const faces = bestFaces([...found, ...(await this.#cascade.finish(refined))]);
      return bestFaces(await this.#cascade.confirm(faces)).map(({ face }) => face);
    });
  }

  /** Its `detect` throws SightlineError DETECTOR_FAILED. */
  video(): VideoSearch {
    const search = new MtcnnVideoSearch(this.#cascade, this.#minFaceSize);
    return {
      detect: (image, expected, timeMs) => this.#inTurn(image, () => search.detect(image, expected, timeMs)),
      end: () => undefined,
    };
  }

  /** Waits for running searches, then releases the networks. */
  async close(): Promise<void> {
    await this.#lastSearch;
    await this.#networks.close();
  }

  /** Runs one search after the other, because they share buffers. */
  #inTurn(image: Image, search: () => Promise<Detection[]>): Promise<Detection[]> {
    const turn = this.#lastSearch.then(async () => {
      requireWholeImage(image);
      try {
        return await search();
      } catch (error) {
        throw new SightlineError('DETECTOR_FAILED', `MTCNN failed on a frame: ${String(error)}`, {
          cause: error,
        });
      }
    });
    this.#lastSearch = turn.catch(() => undefined);
    return turn;
  }
}
