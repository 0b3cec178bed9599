import pLimit from 'p-limit';
import type { Config } from '../config/schema.js';
import { notReady } from '../core/errors.js';
import type { Detection } from '../core/face.js';
import { area } from '../core/geometry.js';
import type { RgbImage } from '../core/image.js';
import { networksOf, photoDetector } from '../detection/create-detector.js';
import { WorkerDetector } from '../detection/worker/worker-detector.js';
import { readImage } from '../ingest/still-image.js';
import type { ModelStore } from '../models/model-store.js';

/** Far more than the largest picture takes while cameras have most of the machine. */
const timeoutMs = 120_000;
/** Pictures in memory as pixels: one is decoded while another is searched. */
const atATime = 2;

export interface PictureReaderOptions {
  readonly limits: Config['uploads'];
  readonly models: ModelStore;
  readonly modelsDir: string;
}

/**
 * Decodes uploaded pictures and finds the faces on them. The detector is MTCNN, as for photos on the command line, in
 * a thread that is started with the first picture and gives way to the cameras.
 */
export class PictureReader {
  readonly #options: PictureReaderOptions;
  readonly #turn = pLimit(atATime);
  #detector: Promise<WorkerDetector> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: PictureReaderOptions) {
    this.#options = options;
  }

  /**
   * Decodes a picture and gives it to `use`, whose end it waits for. Only a few pictures are in memory as pixels at a
   * time; the others wait as they came. `decodeMs` is without that waiting.
   * @throws SightlineError IMAGE_UNREADABLE, IMAGE_TOO_LARGE, IMAGE_TOO_SLOW, and what `use` throws
   */
  withPicture<T>(picture: Buffer, use: (image: RgbImage, decodeMs: number) => Promise<T>): Promise<T> {
    return this.#turn(async () => {
      const begun = performance.now();
      const image = await readImage(picture, this.#options.limits);
      return use(image, performance.now() - begun);
    });
  }

  /** The faces on a picture, largest first. @throws SightlineError DETECTOR_FAILED, MODEL_… */
  async detect(image: RgbImage): Promise<Detection[]> {
    if (this.#closing) throw notReady('The program is stopping.');
    this.#detector ??= this.#open();
    const found = await (await this.#detector).detect(image);
    return found.sort((a, b) => area(b.box) - area(a.box));
  }

  /** Lets the thread finish the picture in hand. May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #open(): Promise<WorkerDetector> {
    const { models, modelsDir } = this.#options;
    try {
      await models.ensure(networksOf(photoDetector));
    } catch (error) {
      // The next picture tries again.
      this.#detector = undefined;
      throw error;
    }
    const choice = photoDetector;
    return new WorkerDetector({
      choice,
      modelsDir,
      background: true,
      timeoutMs,
    });
  }

  async #close(): Promise<void> {
    await (await this.#detector?.catch(() => undefined))?.close();
  }
}
