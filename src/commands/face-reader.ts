import { openPool } from '../app/open-recognition.js';
import type { Config } from '../config/schema.js';
import { SightlineError } from '../core/errors.js';
import type { Detection } from '../core/face.js';
import { qualityScore, type FaceQuality } from '../core/face-quality.js';
import type { RgbImage } from '../core/image.js';
import { createDetector } from '../detection/create-detector.js';
import type { FaceDetector } from '../detection/face-detector.js';
import { defaultCacheDir, ModelStore } from '../models/model-store.js';
import { cutFace } from '../recognition/crop.js';
import type { Embedder } from '../recognition/embedders.js';
import type { EmbeddingPool } from '../recognition/embedding-pool.js';
import { progressDisplay } from './model-progress.js';

/** A face as recognition sees it. */
export interface ReadFace {
  readonly vector: Float32Array;
  readonly quality: FaceQuality;
  /** The least part of `quality`, 0 to 1. */
  readonly score: number;
}

/** Finds faces on photos and embeds them: what `identify`, `verify` and `evaluate lfw` have in common. */
export class FaceReader {
  readonly embedder: Embedder;
  readonly #pool: EmbeddingPool;
  readonly #detector: FaceDetector;

  private constructor(embedder: Embedder, pool: EmbeddingPool, detector: FaceDetector) {
    this.embedder = embedder;
    this.#pool = pool;
    this.#detector = detector;
  }

  /** Makes detector and embedder of a configuration, with their networks fetched. @throws SightlineError MODEL_… */
  static async open(config: Config): Promise<FaceReader> {
    const progress = progressDisplay();
    const models = new ModelStore({
      cacheDir: config.models.dir ?? defaultCacheDir(),
      onProgress: progress.update,
    });
    try {
      const detector = await createDetector(config.detector, models, () => undefined);
      const { embedder, pool } = await openPool(config, models);
      return new FaceReader(embedder, pool, detector);
    } finally {
      progress.stop();
    }
  }

  /** @throws SightlineError DETECTOR_FAILED */
  detect(image: RgbImage): Promise<Detection[]> {
    return this.#detector.detect(image);
  }

  /** Undefined for a face that lies outside the picture. @throws SightlineError EMBEDDER_FAILED */
  async read(image: RgbImage, { landmarks }: Detection): Promise<ReadFace | undefined> {
    const crop = cutFace(image, landmarks);
    if (crop === undefined) return undefined;
    const result = await this.#pool.embed(crop);
    if (result.status === 'embedded') {
      const { embedding, quality } = result;
      return { vector: embedding.vector, quality, score: qualityScore(quality) };
    }
    const reason = result.status === 'failed' ? result.error.message : result.reason;
    throw new SightlineError('EMBEDDER_FAILED', `Expected an embedding but received none: ${reason}`);
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.close(), this.#detector.close()]);
  }
}
