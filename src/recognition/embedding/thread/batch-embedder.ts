import type { FaceCrop } from '../../../core/face-embedder.js';
import type { RgbImage } from '../../../core/image.js';
import { faceQuality, type FaceQuality } from '../../../core/face-quality.js';
import type { InferenceSession } from '../../../models/onnx-runtime.js';
import { chipSize } from '../../../core/similarity.js';
import { alignFace, alignTo } from '../align.js';
import type { EmbeddedFace, EmbedReply, EmbedWorkerData, FailedFace } from './embed-protocol.js';
import { JoinedNetworks } from './joined-networks.js';
import { LandmarkRefiner } from './landmark-refiner.js';

/** A face that is ready for the networks. */
interface AlignedFace {
  readonly kind: 'aligned';
  /** Aligned for the embedder. */
  readonly input: RgbImage;
  /** Aligned to ArcFace's template. */
  readonly chip: RgbImage;
  readonly quality: FaceQuality;
  readonly alignMs: number;
}

/** Aligns a batch of faces and embeds them in one run of each network. Takes one batch at a time. */
export class BatchEmbedder {
  readonly #alignment: EmbedWorkerData['alignment'];
  readonly #side: number;
  readonly #networks: JoinedNetworks;
  readonly #refiner: LandmarkRefiner;

  /** Starts loading at once. When loading fails, so does every face. */
  constructor(data: EmbedWorkerData, options: InferenceSession.SessionOptions) {
    this.#alignment = data.alignment;
    this.#side = data.side;
    this.#networks = new JoinedNetworks(data, options);
    this.#refiner = new LandmarkRefiner(data.refinerPath, options);
  }

  /** Resolves when loading has succeeded or failed. */
  async loaded(): Promise<void> {
    await Promise.all([this.#networks.loaded(), this.#refiner.loaded()]);
  }

  /** Never rejects: an error of one face is in that face's reply. */
  async embed(batch: readonly FaceCrop[]): Promise<EmbedReply[]> {
    const faces: (AlignedFace | FailedFace)[] = [];
    // One after the other, because the refiner takes one face at a time.
    for (const task of batch) faces.push(await this.#align(task).catch(failed));
    const aligned = faces.filter((face) => face.kind === 'aligned');
    const started = performance.now();
    const answers = this.#networks.run(aligned.map(({ input }) => input));
    const replies = faces.map(async (face) => {
      if (face.kind === 'failed') return face;
      return this.#finish(face, answers, aligned.indexOf(face), started).catch(failed);
    });
    return Promise.all(replies);
  }

  async #align(task: FaceCrop): Promise<AlignedFace> {
    const started = performance.now();
    const face = await this.#refiner.refine(task, task.landmarks);
    const chip = alignFace(task, face.landmarks);
    const isChip = this.#alignment === 'arcface-112' && this.#side === chipSize;
    const input = isChip ? chip : alignTo(this.#alignment, task, face, this.#side);
    const quality = faceQuality({ crop: task, landmarks: face.landmarks, chip, score: face.score });
    return { kind: 'aligned', input, chip, quality, alignMs: performance.now() - started };
  }

  async #finish(
    { chip, quality, alignMs }: AlignedFace,
    answers: Promise<readonly (readonly Float32Array[])[]>,
    row: number,
    started: number,
  ): Promise<EmbeddedFace> {
    const vector = await this.#networks.finish((await answers)[row] as readonly Float32Array[]);
    const times = { alignMs, embedMs: performance.now() - started };
    return { kind: 'embedded', vector, chip: chip.data as Uint8Array<ArrayBuffer>, quality, times };
  }
}

function failed(error: unknown): FailedFace {
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'failed', error: { code: 'EMBEDDER_FAILED', message, retryable: false } };
}
