import type { Detection } from '../../core/face.js';
import { iou, type Box } from '../../core/geometry.js';
import type { RgbImage } from '../../core/image.js';
import type { ScoredCorners } from '../../core/nms.js';
import type { VideoSearch } from '../face-detector.js';
import { square, toBox, toCorners } from './candidates.js';
import { bestFaces, type Cascade } from './cascade.js';
import { ScanPlan } from './scan-plan.js';

/** A detection with more overlap with an expected box is that known face. */
const sameFaceOverlap = 0.3;
/** A proposal with more overlap with a face that was already found is that face. */
const knownFaceOverlap = 0.4;
/** How far around its expected place R-Net searches for a face, as a share of its box's side. */
const searchShift = 0.15;

/** The stages of MTCNN that this search uses. */
export type Stages = Pick<Cascade, 'load' | 'propose' | 'refine' | 'finish'>;

/**
 * Finds faces in the frames of one camera with a fraction of the work of a complete search. Known faces are searched
 * where they are expected, first by O-Net alone, and if it finds none, by R-Net around that place. P-Net searches for
 * new faces in parts of the pyramid, first of all where the picture changed (`ScanPlan`).
 */
export class MtcnnVideoSearch implements Pick<VideoSearch, 'detect'> {
  readonly #stages: Stages;
  readonly #minFaceSize: number;
  #width = 0;
  #height = 0;
  #plan: ScanPlan | undefined;

  constructor(stages: Stages, minFaceSize: number) {
    this.#stages = stages;
    this.#minFaceSize = minFaceSize;
  }

  async detect(image: RgbImage, expected: readonly Box[], timeMs: number): Promise<Detection[]> {
    const plan = this.#planFor(image);
    const strips = plan.next(image, timeMs);
    this.#stages.load(image);
    const known = await this.#stages.finish(expected.map((box) => square(toCorners(box))));
    const missing = expected.filter((box) => !isAmong(known, box));
    const proposals: ScoredCorners[] = [];
    for (const strip of strips) proposals.push(...(await this.#stages.propose([strip])));
    const unknown = proposals.filter((proposal) => {
      const box = toBox(proposal);
      return !known.some((face) => iou(face.box, box) > knownFaceOverlap);
    });
    const squares = await this.#stages.refine([...missing.flatMap(squaresAround), ...unknown]);
    const found = bestFaces([...known, ...(await this.#stages.finish(squares))]);
    // Where a face is lost, nothing may have changed since P-Net saw it last.
    for (const box of missing) if (!isAmong(found, box)) plan.searchAgain(box);
    return found;
  }

  #planFor({ width, height }: RgbImage): ScanPlan {
    if (this.#plan === undefined || width !== this.#width || height !== this.#height) {
      this.#plan = new ScanPlan(width, height, this.#minFaceSize);
      this.#width = width;
      this.#height = height;
    }
    return this.#plan;
  }
}

function isAmong(faces: readonly Detection[], expected: Box): boolean {
  return faces.some((face) => iou(face.box, expected) > sameFaceOverlap);
}

/** The square of a box, and the same square shifted to each side. */
function squaresAround(box: Box): ScoredCorners[] {
  const shift = searchShift * Math.max(box.width, box.height);
  return [
    [0, 0],
    [-shift, 0],
    [shift, 0],
    [0, -shift],
    [0, shift],
  ].map(([x = 0, y = 0]) => square(toCorners({ ...box, x: box.x + x, y: box.y + y })));
}
