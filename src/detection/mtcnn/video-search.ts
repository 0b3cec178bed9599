import type { Detection } from '../../core/face.js';
import { iou, type Box } from '../../core/geometry.js';
import type { RgbImage } from '../../core/image.js';
import type { ScoredCorners } from '../../core/nms.js';
import type { VideoSearch } from '../face-detector.js';
import { square, toBox, toCorners } from './candidates.js';
import { bestFaces, type Cascade } from './cascade.js';
import { cutIntoStrips, pyramidLevels, type Strip } from './pyramid.js';

/** P-Net sees the whole picture once in this time, … */
const scanMs = 280;
/** … and in no more than this many frames, so that its work for each stays even. */
const scanFrames = 7;
/** A face found overlaps the box expected for it by more. */
const sameFaceOverlap = 0.3;
/** A proposal that overlaps a face found already by more is that face. */
const knownFaceOverlap = 0.4;
/** How far R-Net looks around for a face that is not where it was expected, in sides of its box. */
const searchShift = 0.15;

/** The stages of MTCNN as far as this search calls them. */
export type Stages = Pick<Cascade, 'load' | 'propose' | 'refine' | 'finish'>;

/**
 * Finds faces in the frames of one camera for a part of the work that a whole search of each takes. Known faces are
 * looked for where they are expected: by O-Net alone, and if that sees none, by R-Net round about. Meanwhile P-Net
 * looks for new ones, a few strips of the pyramid a frame.
 */
export class MtcnnVideoSearch implements Pick<VideoSearch, 'detect'> {
  readonly #stages: Stages;
  readonly #minFaceSize: number;
  #width = 0;
  #height = 0;
  /** Every strip of the pyramid, and which of them is next. */
  #strips: readonly Strip[] = [];
  #next = 0;
  /** Pixels of strips that are due; below 0 when the last frame saw more than its part. */
  #duePixels = 0;
  #lastAt = 0;

  constructor(stages: Stages, minFaceSize: number) {
    this.#stages = stages;
    this.#minFaceSize = minFaceSize;
  }

  async detect(image: RgbImage, expected: readonly Box[]): Promise<Detection[]> {
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

  /** The strips that this frame's turn has come to: all of them in the first frame of its size. */
  #stripsDue({ width, height }: RgbImage): Strip[] {
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

/** The square of a box, and the same shifted to each side. */
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
