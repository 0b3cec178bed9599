import { setImmediate as nextTurn } from 'node:timers/promises';
import { SightlineError } from '../../core/errors.js';
import type { Detection, Landmarks } from '../../core/face.js';
import type { RgbImage } from '../../core/image.js';
import { minimumOverlap, nonMaximumSuppression, type ScoredCorners } from '../../core/nms.js';
import type { FaceDetector, VideoSearch } from '../face-detector.js';
import { requireWholeImage } from '../require-whole-image.js';
import { insideWindow, pyramidScales, readProposals, regress, square, type Candidate } from './candidates.js';
import { MtcnnNetworks, type MtcnnModels, type RefinedBatch } from './networks.js';
import type { Window } from './resample.js';

export interface MtcnnOptions {
  readonly models: MtcnnModels;
  /** Side of the smallest face looked for, in pixels. */
  readonly minFaceSize: number;
  /** Least score of a face, judged by the last network. */
  readonly minScore: number;
}

/** Step from one pyramid level to the next, and thresholds of P-Net and R-Net, as in the paper. */
const pyramidFactor = 0.709;
const proposalThreshold = 0.6;
const refineThreshold = 0.7;

/**
 * MTCNN (Zhang et al. 2016, arXiv:1604.02878): P-Net proposes over a pyramid of scales, R-Net sorts out, O-Net places
 * box and five landmarks. Box arithmetic follows facenet-pytorch, so that results compare. The event loop gets its
 * turn between the networks' runs.
 */
export class MtcnnDetector implements FaceDetector {
  readonly kind = 'mtcnn';
  readonly #networks: MtcnnNetworks;
  readonly #options: MtcnnOptions;

  private constructor(networks: MtcnnNetworks, options: MtcnnOptions) {
    this.#networks = networks;
    this.#options = options;
  }

  static async create(options: MtcnnOptions): Promise<MtcnnDetector> {
    return new MtcnnDetector(await MtcnnNetworks.load(options.models), options);
  }

  /** @throws SightlineError DETECTOR_FAILED */
  async detect(image: RgbImage): Promise<Detection[]> {
    requireWholeImage(image);
    try {
      const proposals = await this.#propose(image);
      const refined = await this.#refine(image, proposals);
      return await this.#finish(image, refined);
    } catch (error) {
      throw new SightlineError('DETECTOR_FAILED', `MTCNN failed on a frame: ${String(error)}`, {
        cause: error,
      });
    }
  }

  /** Each frame is searched anew. */
  video(): VideoSearch {
    return { detect: (image) => this.detect(image) };
  }

  close(): Promise<void> {
    return this.#networks.close();
  }

  async #propose(image: RgbImage): Promise<ScoredCorners[]> {
    const candidates: Candidate[] = [];
    for (const scale of pyramidScales(image.width, image.height, this.#options.minFaceSize, pyramidFactor)) {
      const width = Math.trunc(image.width * scale + 1);
      const height = Math.trunc(image.height * scale + 1);
      const map = await this.#networks.propose(image, width, height);
      candidates.push(...suppress(readProposals(map, scale, proposalThreshold), 0.5));
      await nextTurn();
    }
    return suppress(candidates, 0.7).map((candidate) => square(regress(candidate, 0)));
  }

  async #refine(image: RgbImage, boxes: readonly ScoredCorners[]): Promise<ScoredCorners[]> {
    const inside = windowsOf(image, boxes);
    const output = await this.#networks.refine(
      image,
      inside.map(({ window }) => window),
    );
    const passed = inside.flatMap(({ box }, i) => candidateAt(box, output, i, refineThreshold));
    return suppress(passed, 0.7).map((candidate) => square(regress(candidate, 1)));
  }

  async #finish(image: RgbImage, boxes: readonly ScoredCorners[]): Promise<Detection[]> {
    const inside = windowsOf(image, boxes);
    const output = await this.#networks.finish(
      image,
      inside.map(({ window }) => window),
    );
    const faces = inside.flatMap(({ box }, i) =>
      candidateAt(box, output, i, this.#options.minScore).map((candidate) => ({
        corners: regress(candidate, 1),
        landmarks: landmarksAt(box, output, i),
      })),
    );
    const kept = nonMaximumSuppression(
      faces.map(({ corners }) => corners),
      0.7,
      minimumOverlap,
    );
    return kept.flatMap((index) => {
      const face = faces[index];
      return face === undefined ? [] : [toDetection(face.corners, face.landmarks)];
    });
  }
}

function suppress(candidates: readonly Candidate[], threshold: number): Candidate[] {
  return nonMaximumSuppression(
    candidates.map(({ box }) => box),
    threshold,
  ).map((i) => candidates[i] as Candidate);
}

function windowsOf(
  image: RgbImage,
  boxes: readonly ScoredCorners[],
): { box: ScoredCorners; window: Window }[] {
  return boxes.flatMap((box) => {
    const window = insideWindow(box, image.width, image.height);
    return window === undefined ? [] : [{ box, window }];
  });
}

function candidateAt(
  box: ScoredCorners,
  output: RefinedBatch,
  index: number,
  threshold: number,
): Candidate[] {
  const score = output.probabilities[2 * index + 1] as number;
  if (!(score > threshold)) return [];
  const [x1, y1, x2, y2] = box;
  const regression = output.regressions.slice(4 * index, 4 * index + 4);
  return [{ box: [x1, y1, x2, y2, score], regression: [...regression] as [number, number, number, number] }];
}

function landmarksAt([x1, y1, x2, y2]: ScoredCorners, output: RefinedBatch, index: number): Landmarks {
  const points = output.points as Float32Array;
  const at = (k: number): { x: number; y: number } => ({
    x: (x2 - x1 + 1) * (points[10 * index + k] as number) + x1 - 1,
    y: (y2 - y1 + 1) * (points[10 * index + 5 + k] as number) + y1 - 1,
  });
  return [at(0), at(1), at(2), at(3), at(4)];
}

function toDetection([x1, y1, x2, y2, score]: ScoredCorners, landmarks: Landmarks): Detection {
  return { box: { x: x1, y: y1, width: x2 - x1, height: y2 - y1 }, score, landmarks };
}
