import type { Detection } from '../../core/face.js';
import { iou, type Box } from '../../core/geometry.js';
import type { Image } from '../../core/image.js';
import type { ScoredCorners } from '../../core/nms.js';
import type { VideoSearch } from '../face-detector.js';
import { square, toBox, toCorners } from './candidates.js';
import { bestFaces, type Cascade } from './cascade.js';
import { cutIntoStrips, pyramidLevels, type Strip } from './pyramid.js';

/** P-Net covers the whole picture once in this time. */
const scanMs = 280;
/** P-Net covers the whole picture in at most this many frames, so that its work for each frame stays even. */
const scanFrames = 7;
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
 * new faces in a few strips of the pyramid per frame.
 */
export class MtcnnVideoSearch implements Pick<VideoSearch, 'detect'> {
  readonly #stages: Stages;
  readonly #minFaceSize: number;
  #width = 0;
  #height = 0;
  /** Every strip of the pyramid, and the index of the next one. */
  #strips: readonly Strip[] = [];
  #next = 0;
  /** Pixels of strips that are due; below 0 if the last frame covered more than its share. */
  #duePixels = 0;
  #lastAt = 0;

  constructor(stages: Stages, minFaceSize: number) {
    this.#stages = stages;
    this.#minFaceSize = minFaceSize;
  }

  async detect(image: Image, expected: readonly Box[]): Promise<Detection[]> {
    const strips = this.#stripsDue(image);
    this.#stages.load(image);
    const known = await this.#stages.finish(expected.map((box) => square(toCorners(box))));
    const missing = expected.filter((box) => !known.some((face) => iou(face.box, box) > sameFaceOverlap));
    const proposals: ScoredCorners[] = [];
    for (const strip of strips) proposals.push(...(await this.#stages.propose([strip])));
    const unknown = proposals.filter((proposal) => {
      const box = toBox(proposal);
      return !known.some((face) => iou(face.box, box) > knownFaceOverlap);
    });
    const squares = await this.#stages.refine([...missing.flatMap(squaresAround), ...unknown]);
    return bestFaces([...known, ...(await this.#stages.finish(squares))]);
  }

  /** The strips to search in this frame; all of them if it is the first frame of its size. */
  #stripsDue({ width, height }: Image): Strip[] {
    const now = performance.now();
    const part = Math.min(1, Math.max(1 / scanFrames, (now - this.#lastAt) / scanMs));
    this.#lastAt = now;
    if (width !== this.#width || height !== this.#height) return this.#start(width, height);
    this.#duePixels += part * this.#strips.reduce((sum, strip) => sum + pixelsOf(strip), 0);
    const due: Strip[] = [];
    while (this.#duePixels > 0) {
      const strip = this.#strips[this.#next] as Strip;
      due.push(strip);
      this.#duePixels -= pixelsOf(strip);
      this.#next = (this.#next + 1) % this.#strips.length;
    }
    return due;
  }

  #start(width: number, height: number): Strip[] {
    this.#width = width;
    this.#height = height;
    this.#strips = pyramidLevels(width, height, this.#minFaceSize).flatMap(cutIntoStrips);
    this.#next = 0;
    this.#duePixels = 0;
    return [...this.#strips];
  }
}

function pixelsOf({ level, rowCount }: Strip): number {
  return level.width * rowCount;
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
