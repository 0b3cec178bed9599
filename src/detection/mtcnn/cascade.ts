import type { Detection } from '../../core/face.js';
import type { Image } from '../../core/image.js';
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

/** Thresholds of P-Net and R-Net, the same as in the paper. */
const proposalThreshold = 0.6;
const refineThreshold = 0.7;
/**
 * Proposals of one scale with more overlap are the same face; `faceOverlap` is the limit for refined boxes and faces.
 */
const proposalOverlap = 0.5;
const faceOverlap = 0.7;

/** A face, and the square in which O-Net found it. */
export interface FoundFace {
  readonly face: Detection;
  readonly square: ScoredCorners;
}

/**
 * The three stages of MTCNN on one picture at a time. The box arithmetic is that of facenet-pytorch, so that results
 * are comparable. The event loop gets a turn before every run of a network.
 */
export class Cascade {
  readonly #networks: MtcnnNetworks;
  readonly #minScore: number;
  readonly #sampler = new PictureSampler();
  #width = 0;
  #height = 0;

  /** @param minScore least score of a face, given by O-Net */
  constructor(networks: MtcnnNetworks, minScore: number) {
    this.#networks = networks;
    this.#minScore = minScore;
  }

  /** Copies the picture that the stages work on. */
  load(image: Image): void {
    this.#sampler.load(image);
    this.#width = image.width;
    this.#height = image.height;
  }

  /**
   * Runs P-Net on strips of one level of the pyramid and returns squares that may contain a face. Squares of different
   * levels overlap too little to be merged, so levels can be searched separately.
   */
  async propose(strips: readonly Strip[]): Promise<ScoredCorners[]> {
    const candidates: Candidate[] = [];
    for (const strip of strips) {
      const { level, firstRow, rowCount, columnCount } = strip;
      const rows = this.#sampler.strip(level.width, level.height, firstRow, rowCount);
      const map = await this.#networks.propose(columnsOf(rows, strip), columnCount, rowCount);
      for (const candidate of readProposals(map, strip, proposalThreshold)) candidates.push(candidate);
    }
    return suppress(candidates, proposalOverlap).map((candidate) => square(regress(candidate, 0)));
  }

  /** Runs R-Net on squares and returns fewer and better squares. */
  async refine(squares: readonly ScoredCorners[]): Promise<ScoredCorners[]> {
    const passed: Candidate[] = [];
    await this.#judge(this.#networks.refiner, squares, (box, verdicts, index) => {
      const candidate = readVerdict(box, verdicts, index);
      if (candidate.box[4] > refineThreshold) passed.push(candidate);
    });
    return suppress(passed, faceOverlap).map((candidate) => square(regress(candidate, 1)));
  }

  /** Runs O-Net on squares and returns faces with landmarks, best first. */
  async finish(squares: readonly ScoredCorners[]): Promise<FoundFace[]> {
    const faces: FoundFace[] = [];
    await this.#judge(this.#networks.finisher, squares, (box, verdicts, index) => {
      const candidate = readVerdict(box, verdicts, index);
      const score = candidate.box[4];
      if (!(score > this.#minScore)) return;
      const landmarks = readLandmarks(box, verdicts, index);
      faces.push({ face: { box: toBox(regress(candidate, 1)), score, landmarks }, square: box });
    });
    return bestFaces(faces);
  }

  /**
   * Runs O-Net on the mirror images of faces, and keeps those whose mean of both scores is enough. A face is one in the
   * mirror, too; what only happens to look like one mostly is not.
   */
  async confirm(faces: readonly FoundFace[]): Promise<FoundFace[]> {
    const confirmed: FoundFace[] = [];
    const bySquare = new Map(faces.map((found) => [found.square, found]));
    const take = (square: ScoredCorners, verdicts: Verdicts, index: number): void => {
      const found = bySquare.get(square) as FoundFace;
      const [, , , , mirrored] = readVerdict(square, verdicts, index).box;
      if ((found.face.score + mirrored) / 2 > this.#minScore) confirmed.push(found);
    };
    await this.#judge(this.#networks.finisher, [...bySquare.keys()], take, mirrorRows);
    return confirmed;
  }

  /** Runs a network on the parts of squares that lie inside the picture, and calls `take` with its output for each. */
  async #judge(
    network: CropNetwork,
    squares: readonly ScoredCorners[],
    take: (box: ScoredCorners, verdicts: Verdicts, index: number) => void,
    change: (pixels: Float32Array, side: number) => void = () => undefined,
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
      change(pixels, network.side);
      const verdicts = await network.judge(pixels, batch.length);
      for (const [index, { box }] of batch.entries()) take(box, verdicts, index);
    }
  }
}

/** Mirrors crops of this many columns, in place. */
function mirrorRows(pixels: Float32Array, side: number): void {
  for (let start = 0; start < pixels.length; start += side) pixels.subarray(start, start + side).reverse();
}

/** The columns of a strip from three planes of whole rows. */
function columnsOf(rows: Float32Array, { level, firstColumn, columnCount, rowCount }: Strip): Float32Array {
  if (columnCount === level.width) return rows;
  const columns = new Float32Array(3 * rowCount * columnCount);
  for (let row = 0; row < 3 * rowCount; row++) {
    const start = row * level.width + firstColumn;
    columns.set(rows.subarray(start, start + columnCount), row * columnCount);
  }
  return columns;
}

/** Keeps the best of faces that overlap; best first. */
export function bestFaces(faces: readonly FoundFace[]): FoundFace[] {
  const corners = faces.map(({ face: { box, score } }) => toCorners(box, score));
  return nonMaximumSuppression(corners, faceOverlap, minimumOverlap).map(
    (index) => faces[index] as FoundFace,
  );
}

function suppress(candidates: readonly Candidate[], threshold: number): Candidate[] {
  return nonMaximumSuppression(
    candidates.map(({ box }) => box),
    threshold,
  ).map((index) => candidates[index] as Candidate);
}
