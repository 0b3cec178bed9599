import { openEmbedder, type EmbedderChoice } from '../app/embedder-choice.js';
import type { Config } from '../config/schema.js';
import type { Detection } from '../core/face.js';
import type { FaceEmbedder } from '../core/face-embedder.js';
import { qualityScore, type FaceQuality } from '../core/face-quality.js';
import type { RgbImage } from '../core/image.js';
import type { EmbeddingStore } from '../core/people-store.js';
import { createDetector } from '../detection/create-detector.js';
import type { FaceDetector } from '../detection/face-detector.js';
import { defaultCacheDir, ModelStore } from '../models/model-store.js';
import { cutFace, embedCrop } from '../recognition/embedding/crop.js';
import type { EmbedderSpec, EmbeddingSpec } from '../recognition/embedding/embedder-specs.js';
import { reEmbed } from '../recognition/embedding/re-embedding.js';
import { progressDisplay } from './model-progress.js';
import { showProgress } from './progress-line.js';

/** A face as recognition sees it. */
export interface ReadFace {
  readonly vector: Float32Array;
  readonly quality: FaceQuality;
  /** The least part of `quality`, 0 to 1. */
  readonly score: number;
}

/** Finds faces on photos and embeds them: what `identify`, `verify` and `evaluate lfw` have in common. */
export class FaceReader<Spec extends EmbeddingSpec = EmbedderSpec> {
  readonly spec: Spec;
  readonly #embedder: FaceEmbedder;
  readonly #detector: FaceDetector;

  private constructor(spec: Spec, embedder: FaceEmbedder, detector: FaceDetector) {
    this.spec = spec;
    this.#embedder = embedder;
    this.#detector = detector;
  }

  /** Makes the detector of a configuration and an embedder, with their networks fetched. @throws SightlineError MODEL_… */
  static async open<Spec extends EmbeddingSpec>(
    config: Config,
    choice: { readonly spec: Spec } & Pick<EmbedderChoice, 'projection'>,
  ): Promise<FaceReader<Spec>> {
    const progress = progressDisplay();
    const models = new ModelStore({
      cacheDir: config.models.dir ?? defaultCacheDir(),
      onProgress: progress.update,
    });
    try {
      const detector = await createDetector(config.detector, models, () => undefined);
      return new FaceReader(choice.spec, await openEmbedder(choice, config, models), detector);
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
    const { embedding, quality } = await embedCrop(this.#embedder, crop);
    return { vector: embedding.vector, quality, score: qualityScore(quality) };
  }

  /** Embeds the stored faces again that were enrolled with another embedder; tells of those that cannot be. */
  async catchUp(store: EmbeddingStore): Promise<void> {
    await reEmbed({
      store,
      embedder: this.#embedder,
      onProgress: ({ embedded, failed, total }) =>
        showProgress(`${embedded + failed} of ${total} enrolled faces embedded again`),
      onFailure: (_, { code, message }) => process.stderr.write(`${code}: ${message}\n`),
    });
    showProgress('');
  }

  async close(): Promise<void> {
    await Promise.all([this.#embedder.close(), this.#detector.close()]);
  }
}
