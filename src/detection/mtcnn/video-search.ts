import type { Detection } from '../../core/face.js';
import { centre, iou, type Box } from '../../core/geometry.js';
import type { Image } from '../../core/image.js';
import type { ScoredCorners } from '../../core/nms.js';
import type { VideoSearch } from '../face-detector.js';
import { square, toBox, toCorners } from './candidates.js';
import { bestFaces, type Cascade } from './cascade.js';
import { isAmong, sameFaceOverlap, squaresAround } from './expected-faces.js';
import { ScanPlan } from './scan-plan.js';

/** A proposal with more overlap with a face that was already found is that face. */
const knownFaceOverlap = 0.4;

/**
 * The square that O-Net was given when it first found a face, in the longer side of the box that it gave back. It is
 * given the same view of the face in every frame. If it were given its own last box, boxes of some faces would shrink
 * or grow from frame to frame until they are lost, even in a picture that stands still.
 */
interface View {
  readonly side: number;
  /** From the middle of the box to that of the square. */
  readonly right: number;
  readonly down: number;
}

interface SeenFace {
  readonly box: Box;
  readonly view: View;
}

/** The stages of MTCNN that this search uses. */
export type Stages = Pick<Cascade, 'load' | 'propose' | 'refine' | 'finish' | 'confirm'>;

/**
 * Finds faces in the frames of one camera with a fraction of the work of a complete search. Known faces are searched
 * where they are expected, first by O-Net alone, and if it finds none, by R-Net around that place. P-Net searches for
 * new faces in parts of the pyramid, first of all where the picture changed (`ScanPlan`), and O-Net has to confirm each of
 * them in the mirror.
 */
export class MtcnnVideoSearch implements Pick<VideoSearch, 'detect'> {
  readonly #stages: Stages;
  readonly #minFaceSize: number;
  #width = 0;
  #height = 0;
  #plan: ScanPlan | undefined;
  /** The faces of the last frame. */
  #faces: readonly SeenFace[] = [];

  constructor(stages: Stages, minFaceSize: number) {
    this.#stages = stages;
    this.#minFaceSize = minFaceSize;
  }

  async detect(image: Image, expected: readonly Box[], timeMs: number): Promise<Detection[]> {
    const plan = this.#planFor(image);
    const strips = plan.next(image, timeMs);
    this.#stages.load(image);
    const squares = new Map(expected.map((box) => this.#squareAt(box)));
    const known = await this.#stages.finish([...squares.keys()]);
    const missing = expected.filter((box) => !isAmong(known, box));
    const proposals: ScoredCorners[] = [];
    for (const strip of strips) proposals.push(...(await this.#stages.propose([strip])));
    const unknown = proposals.filter((proposal) => {
      const box = toBox(proposal);
      return !known.some(({ face }) => iou(face.box, box) > knownFaceOverlap);
    });
    const refined = await this.#stages.refine([...missing.flatMap(squaresAround), ...unknown]);
    const others = await this.#stages.finish(refined);
    // A face that was known and has moved needs no confirmation.
    const again = others.filter((other) => missing.some((box) => isAmong([other], box)));
    const fresh = await this.#stages.confirm(others.filter((other) => !again.includes(other)));
    const found = bestFaces([...known, ...again, ...fresh]);
    // Where a face is lost, nothing may have changed since P-Net saw it last.
    for (const box of missing) if (!isAmong(found, box)) plan.searchAgain(box);
    this.#faces = found.map(({ face, square: input }) => ({
      box: face.box,
      view: squares.get(input) ?? viewOf(face.box, input),
    }));
    return found.map(({ face }) => face);
  }

  /** The square in which O-Net looks for an expected face, with how it saw this face before, if it did. */
  #squareAt(expected: Box): [ScoredCorners, View | undefined] {
    const [last] = this.#faces.toSorted((a, b) => iou(b.box, expected) - iou(a.box, expected));
    if (last === undefined || iou(last.box, expected) < sameFaceOverlap) {
      return [square(toCorners(expected)), undefined];
    }
    return [squareOf(expected, last.view), last.view];
  }

  #planFor({ width, height }: Image): ScanPlan {
    if (this.#plan === undefined || width !== this.#width || height !== this.#height) {
      this.#plan = new ScanPlan(width, height, this.#minFaceSize);
      this.#width = width;
      this.#height = height;
    }
    return this.#plan;
  }
}

function viewOf(box: Box, [x1, y1, x2, y2]: ScoredCorners): View {
  const side = longerSide(box);
  const middle = centre(box);
  return {
    side: (x2 - x1) / side,
    right: ((x1 + x2) / 2 - middle.x) / side,
    down: ((y1 + y2) / 2 - middle.y) / side,
  };
}

function squareOf(box: Box, view: View): ScoredCorners {
  const side = longerSide(box);
  const middle = centre(box);
  const left = middle.x + (view.right - view.side / 2) * side;
  const top = middle.y + (view.down - view.side / 2) * side;
  return toCorners({ x: left, y: top, width: view.side * side, height: view.side * side });
}

function longerSide({ width, height }: Box): number {
  return Math.max(width, height);
}
