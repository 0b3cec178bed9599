import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { RgbImage } from '../../core/image.js';
import { resampleArea, type Window } from './resample.js';

/** Where the three networks lie, and how ONNX Runtime shall run them. */
export interface MtcnnModels {
  readonly pnet: string;
  readonly rnet: string;
  readonly onet: string;
  readonly sessionOptions: InferenceSession.SessionOptions;
}

export interface ProposalMap {
  readonly width: number;
  readonly height: number;
  /** Probability of a face for each cell, row by row. */
  readonly faces: Float32Array;
  /** Four planes of the same size. */
  readonly regressions: Float32Array;
}

export interface RefinedBatch {
  /** Two numbers a box: no face, face. */
  readonly probabilities: Float32Array;
  /** Four numbers a box. */
  readonly regressions: Float32Array;
  /** Ten numbers a box, x0…x4 then y0…y4 as fractions of the box; O-Net only. */
  readonly points: Float32Array | undefined;
}

/** Boxes that one call of R-Net or O-Net takes; keeps a call, which blocks its thread, short. */
const batchSize = 32;

/** MTCNN's three networks in ONNX Runtime. Not for two calls at a time. */
export class MtcnnNetworks {
  readonly #pnet: InferenceSession;
  readonly #rnet: InferenceSession;
  readonly #onet: InferenceSession;

  private constructor(pnet: InferenceSession, rnet: InferenceSession, onet: InferenceSession) {
    this.#pnet = pnet;
    this.#rnet = rnet;
    this.#onet = onet;
  }

  static async load(models: MtcnnModels): Promise<MtcnnNetworks> {
    const load = (path: string): Promise<InferenceSession> =>
      InferenceSession.create(path, models.sessionOptions);
    return new MtcnnNetworks(await load(models.pnet), await load(models.rnet), await load(models.onet));
  }

  /** P-Net over the whole picture, scaled down to `width` × `height`. */
  async propose(image: RgbImage, width: number, height: number): Promise<ProposalMap> {
    const pixels = new Float32Array(3 * width * height);
    resampleArea(image, { left: 0, top: 0, right: image.width, bottom: image.height }, width, height, pixels);
    const output = await this.#pnet.run({ input: new Tensor('float32', pixels, [1, 3, height, width]) });
    const { prob, reg } = output as Record<'prob' | 'reg', Tensor>;
    const [, , rows, columns] = prob.dims as [number, number, number, number];
    const plane = rows * columns;
    return {
      width: columns,
      height: rows,
      faces: (prob.data as Float32Array).subarray(plane),
      regressions: reg.data as Float32Array,
    };
  }

  /** R-Net (24×24 pixels) on parts of the picture. */
  refine(image: RgbImage, windows: readonly Window[]): Promise<RefinedBatch> {
    return runBatches(this.#rnet, image, windows, 24);
  }

  /** O-Net (48×48 pixels) on parts of the picture. */
  finish(image: RgbImage, windows: readonly Window[]): Promise<RefinedBatch> {
    return runBatches(this.#onet, image, windows, 48);
  }

  async close(): Promise<void> {
    await Promise.all([this.#pnet.release(), this.#rnet.release(), this.#onet.release()]);
  }
}

async function runBatches(
  session: InferenceSession,
  image: RgbImage,
  windows: readonly Window[],
  side: number,
): Promise<RefinedBatch> {
  const probabilities = new Float32Array(windows.length * 2);
  const regressions = new Float32Array(windows.length * 4);
  const points = session.outputNames.includes('points') ? new Float32Array(windows.length * 10) : undefined;
  const cropSize = 3 * side * side;
  for (let start = 0; start < windows.length; start += batchSize) {
    const batch = windows.slice(start, start + batchSize);
    const pixels = new Float32Array(batch.length * cropSize);
    batch.forEach((window, i) => resampleArea(image, window, side, side, pixels, i * cropSize));
    const output = await session.run({ input: new Tensor('float32', pixels, [batch.length, 3, side, side]) });
    const { prob, reg, points: found } = output as Record<'prob' | 'reg', Tensor> & { points?: Tensor };
    probabilities.set(prob.data as Float32Array, start * 2);
    regressions.set(reg.data as Float32Array, start * 4);
    if (found !== undefined) points?.set(found.data as Float32Array, start * 10);
  }
  return { probabilities, regressions, points };
}
