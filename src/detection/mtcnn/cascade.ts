import type { Detection } from '../../core/face.js';
import type { RgbImage } from '../../core/image.js';
import { minimumOverlap, nonMaximumSuppression, type ScoredCorners } from '../../core/nms.js';
import {
  insideWindow,
  readLandmarks,
  readProposals,
  readVerdict,
  regress,
  square,
  toBox,
  toCorners,
  type Candidate,
} from './candidates.js';
import type { CropNetwork, MtcnnNetworks, Verdicts } from './networks.js';
import { PictureSampler } from './picture-sampler.js';
import type { Strip } from './pyramid.js';

/** Thresholds of P-Net and R-Net as in the paper. */
const proposalThreshold = 0.6;
const refineThreshold = 0.7;
/** Two proposals of one scale that overlap by more are one; so are two refined boxes, or two faces. */
const proposalOverlap = 0.5;
const faceOverlap = 0.7;

/**
 * The three stages of MTCNN on one picture at a time. Box arithmetic follows facenet-pytorch, so that results compare.
 * The event loop gets its turn before every run of a network.
 */
export class Cascade {
  readonly #networks: MtcnnNetworks;
  readonly #minScore: number;
  readonly #sampler = new PictureSampler();
  #width = 0;
  #height = 0;

  /** @param minScore least score of a face, judged by O-Net */
  constructor(networks: MtcnnNetworks, minScore: number) {
    this.#networks = networks;
    this.#minScore = minScore;
  }

  /** Takes a copy of the picture that the stages shall look at. */
  load(image: RgbImage): void {
    this.#sampler.load(image);
    this.#width = image.width;
    this.#height = image.height;
  }

  /**
   * P-Net on strips of one level of the pyramid: squares that may hold a face. Squares of different levels overlap too
   * little to be one, so levels may be searched apart.
   */
  async propose(strips: readonly Strip[]): Promise<ScoredCorners[]> {
    const candidates: Candidate[] = [];
    for (const strip of strips) {
      const { level, firstRow, rowCount } = strip;
      const pixels = this.#sampler.strip(level.width, level.height, firstRow, rowCount);
      const map = await this.#networks.propose(pixels, level.width, rowCount);
      for (const candidate of readProposals(map, strip, proposalThreshold)) candidates.push(candidate);
    }
    return suppress(candidates, proposalOverlap).map((candidate) => square(regress(candidate, 0)));
  }

  /** R-Net on squares: better squares, fewer of them. */
  async refine(squares: readonly ScoredCorners[]): Promise<ScoredCorners[]> {
    const passed: Candidate[] = [];
    await this.#judge(this.#networks.refiner, squares, (box, verdicts, index) => {
      const candidate = readVerdict(box, verdicts, index);
      if (candidate.box[4] > refineThreshold) passed.push(candidate);
    });
    return suppress(passed, faceOverlap).map((candidate) => square(regress(candidate, 1)));
  }

  /** O-Net on squares: faces with their landmarks, best first. */
  async finish(squares: readonly ScoredCorners[]): Promise<Detection[]> {
    const faces: Detection[] = [];
    await this.#judge(this.#networks.finisher, squares, (box, verdicts, index) => {
      const candidate = readVerdict(box, verdicts, index);
      const score = candidate.box[4];
      if (!(score > this.#minScore)) return;
      const landmarks = readLandmarks(box, verdicts, index);
      faces.push({ box: toBox(regress(candidate, 1)), score, landmarks });
    });
    return bestFaces(faces);
  }

  /** Runs a network on the parts of squares that lie in the picture, and hands out what it says about each. */
  async #judge(
    network: CropNetwork,
    squares: readonly ScoredCorners[],
    take: (box: ScoredCorners, verdicts: Verdicts, index: number) => void,
  ): Promise<void> {
    const inside = squares.flatMap((box) => {
      const window = insideWindow(box, this.#width, this.#height);
      return window === undefined ? [] : [{ box, window }];
    });
    for (let start = 0; start < inside.length; start += network.batchSize) {
      const batch = inside.slice(start, start + network.batchSize);
      const pixels = this.#sampler.crops(
        batch.map(({ window }) => window),
        network.side,
      );
      const verdicts = await network.judge(pixels, batch.length);
      for (const [index, { box }] of batch.entries()) take(box, verdicts, index);
    }
  }
}

/** Of faces that overlap, the best one; best first. */
export function bestFaces(faces: readonly Detection[]): Detection[] {
  const corners = faces.map(({ box, score }) => toCorners(box, score));
  return nonMaximumSuppression(corners, faceOverlap, minimumOverlap).map(
    (index) => faces[index] as Detection,
  );
}

function suppress(candidates: readonly Candidate[], threshold: number): Candidate[] {
  return nonMaximumSuppression(
    candidates.map(({ box }) => box),
    threshold,
  ).map((index) => candidates[index] as Candidate);
}
