import { InferenceSession, Tensor } from '../../models/onnx-runtime.js';

/** The paths of the three networks' ONNX files, and the options for their sessions. */
export interface MtcnnModels {
  readonly pnet: string;
  readonly rnet: string;
  readonly onet: string;
  readonly sessionOptions: InferenceSession.SessionOptions;
}

/** P-Net's output for each cell of a picture, row by row. */
export interface ProposalMap {
  readonly width: number;
  readonly height: number;
  /** Probability of a face. */
  readonly faces: Float32Array;
  /** Four planes of the same size. */
  readonly regressions: Float32Array;
}

/** R-Net's or O-Net's output for a batch of crops. */
export interface Verdicts {
  /** Two numbers for each crop: no face, face. */
  readonly probabilities: Float32Array;
  /** Four numbers for each crop. */
  readonly regressions: Float32Array;
  /** O-Net only: ten numbers for each crop, x0…x4 and then y0…y4, as fractions of the crop. */
  readonly points: Float32Array;
}

/** R-Net or O-Net, with the side of its crops in pixels and the batch size that runs in a few milliseconds. */
export interface CropNetwork {
  readonly side: number;
  readonly batchSize: number;
  /** @param pixels `count` crops of three planes each, one after the other */
  judge(pixels: Float32Array, count: number): Promise<Verdicts>;
}

/** MTCNN's three networks in ONNX Runtime, which starts every run in a new turn of the event loop. */
export class MtcnnNetworks {
  readonly #pnet: InferenceSession;
  readonly #rnet: InferenceSession;
  readonly #onet: InferenceSession;
  readonly refiner: CropNetwork;
  readonly finisher: CropNetwork;

  private constructor(pnet: InferenceSession, rnet: InferenceSession, onet: InferenceSession) {
    this.#pnet = pnet;
    this.#rnet = rnet;
    this.#onet = onet;
    this.refiner = cropNetwork(rnet, 24, 32);
    this.finisher = cropNetwork(onet, 48, 8);
  }

  static async load({ pnet, rnet, onet, sessionOptions }: MtcnnModels): Promise<MtcnnNetworks> {
    // With memory patterns, ONNX Runtime requests new pages from the system at every run, which takes a quarter of the
    // time.
    const options = { ...sessionOptions, enableMemPattern: false };
    const load = (path: string): Promise<InferenceSession> => InferenceSession.create(path, options);
    return new MtcnnNetworks(await load(pnet), await load(rnet), await load(onet));
  }

  /** Runs P-Net on pixels in three planes of `width` × `height`. */
  async propose(pixels: Float32Array, width: number, height: number): Promise<ProposalMap> {
    const { prob, reg } = await this.#pnet.run({
      input: new Tensor('float32', pixels, [1, 3, height, width]),
    });
    const [, , rows, columns] = prob?.dims as [number, number, number, number];
    return {
      width: columns,
      height: rows,
      faces: (prob?.data as Float32Array).subarray(rows * columns),
      regressions: reg?.data as Float32Array,
    };
  }

  async close(): Promise<void> {
    await Promise.all([this.#pnet.release(), this.#rnet.release(), this.#onet.release()]);
  }
}

function cropNetwork(session: InferenceSession, side: number, batchSize: number): CropNetwork {
  return {
    side,
    batchSize,
    judge: async (pixels, count) => {
      const { prob, reg, points } = await session.run({
        input: new Tensor('float32', pixels, [count, 3, side, side]),
      });
      return {
        probabilities: prob?.data as Float32Array,
        regressions: reg?.data as Float32Array,
        points: (points?.data ?? noPoints) as Float32Array,
      };
    },
  };
}

const noPoints = new Float32Array();
