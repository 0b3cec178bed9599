import type { RgbImage } from '../../core/image.js';
import type { Box } from '../../core/geometry.js';
import type { HaarCascade } from './cascade.js';
import { createCascadeKernel } from './cascade-kernel.js';
import { writeGreyRows, type GreyImage } from './grey.js';
import { roundHalfToEven } from './group.js';
import { pyramidLevels, type Level } from './pyramid.js';
import { ResizedRows } from './resize-rows.js';
import { WindowClassifier } from './window-classifier.js';

/** From one level of the pyramid to the next, as OpenCV has it by default. */
const scaleFactor = 1.1;
/** Rows of a level, or of the picture, that are worked on at a time: about a millisecond at full HD. */
const rowsAtATime = 32;

/** Buffers for pictures of one size. */
interface Workspace {
  readonly grey: GreyImage;
  readonly levels: readonly Level[];
  readonly classifier: WindowClassifier;
  readonly row: Uint8Array;
}

/** Looks for what a cascade knows at every place and size of a picture. Not for two pictures at a time. */
export class CascadeSearch {
  readonly #cascade: HaarCascade;
  readonly #minSize: number;
  readonly #kernel = createCascadeKernel();
  #workspace: Workspace | undefined;

  /** @param minSize side of the smallest window, in pixels of the picture */
  constructor(cascade: HaarCascade, minSize: number) {
    this.#cascade = cascade;
    this.#minSize = minSize;
  }

  /**
   * Adds the windows that pass the cascade to `found`, in pixels of the picture. Gives way whenever a small part of
   * the work is done, so that the caller may put it off.
   * @returns the picture in grey, which the next search writes over
   */
  *search(image: RgbImage, found: Box[]): Generator<void, GreyImage> {
    const { height } = image;
    const workspace = this.#workspaceFor(image);
    for (let y = 0; y < height; y += rowsAtATime) {
      writeGreyRows(image, y, Math.min(y + rowsAtATime, height), workspace.grey.data);
      yield;
    }
    for (const level of workspace.levels) yield* this.#searchLevel(level, workspace, found);
    return workspace.grey;
  }

  #workspaceFor(image: RgbImage): Workspace {
    const known = this.#workspace;
    if (known?.grey.width === image.width && known.grey.height === image.height) return known;
    // The kernel's memory is laid out anew: the old workspace is of no use even if that fails.
    this.#workspace = undefined;
    return (this.#workspace = this.#createWorkspace(image));
  }

  #createWorkspace({ width, height }: RgbImage): Workspace {
    const levels = pyramidLevels({ width, height }, this.#cascade, scaleFactor, this.#minSize);
    const widest = levels[0]?.width ?? 0;
    return {
      grey: { width, height, data: new Uint8Array(width * height) },
      levels,
      classifier: new WindowClassifier(this.#kernel, this.#cascade, widest, rowsAtATime),
      row: new Uint8Array(widest),
    };
  }

  *#searchLevel(level: Level, { grey, classifier, row }: Workspace, found: Box[]): Generator<void> {
    const { scale, step, windowWidth, windowHeight } = level;
    const rows = new ResizedRows(grey, level.width, level.height);
    const { strip } = classifier;
    const columns = Math.ceil((level.width - this.#cascade.width + 1) / step);
    const endY = level.height - this.#cascade.height + 1;
    strip.begin(level.width, classifier.layout(step));
    let added = 0;
    for (let top = 0; top < endY; top += rowsAtATime) {
      if (top > 0) strip.slide();
      const bottom = Math.min(top + rowsAtATime, endY);
      for (; added < bottom + this.#cascade.height - 1; added++) {
        rows.write(added, row);
        strip.add(row);
      }
      for (let y = top; y < bottom; y += step) {
        classifier.judgeRow(y - top, columns, step, (x) =>
          found.push({
            x: roundHalfToEven(Math.fround(x * scale)),
            y: roundHalfToEven(Math.fround(y * scale)),
            width: windowWidth,
            height: windowHeight,
          }),
        );
      }
      yield;
    }
  }
}
