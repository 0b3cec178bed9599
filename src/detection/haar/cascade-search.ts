import type { Box } from '../../core/geometry.js';
import type { Image } from '../../core/image.js';
import type { HaarCascade } from './cascade.js';
import { ResizedRows, writeGreyRows, type GreyImage } from './grey-image.js';
import { roundHalfToEven } from './group.js';
import { createCascadeKernel, WindowClassifier } from './window-classifier.js';

/** The factor from one level of the pyramid to the next, the same as OpenCV's default. */
const scaleFactor = 1.1;
/** Rows of a level, or of the picture, that are processed at a time; it takes about a millisecond at full HD. */
const rowsAtATime = 32;

/** Buffers for pictures of one size. */
interface Workspace {
  readonly grey: GreyImage;
  readonly levels: readonly Level[];
  readonly classifier: WindowClassifier;
  readonly row: Uint8Array;
}

/** Runs a cascade at every position and size in a picture. It can search only one picture at a time. */
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
   * Adds the windows that pass the cascade to `found`, in pixels of the picture. It yields after each small part of the
   * work, so that the caller can let other work run.
   *
   * @returns the grey picture, which the next search overwrites
   */
  *search(image: Image, found: Box[]): Generator<void, GreyImage> {
    const { height } = image;
    const workspace = this.#workspaceFor(image);
    for (let y = 0; y < height; y += rowsAtATime) {
      writeGreyRows(image, y, Math.min(y + rowsAtATime, height), workspace.grey.data);
      yield;
    }
    for (const level of workspace.levels) yield* this.#searchLevel(level, workspace, found);
    return workspace.grey;
  }

  #workspaceFor(image: Image): Workspace {
    const known = this.#workspace;
    if (known?.grey.width === image.width && known.grey.height === image.height) return known;
    // The kernel's memory gets a new layout, so the old workspace is invalid even if creating the new one fails.
    this.#workspace = undefined;
    return (this.#workspace = this.#createWorkspace(image));
  }

  #createWorkspace({ width, height }: Image): Workspace {
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

/** One level of the pyramid: a size at which the picture is searched. */
export interface Level {
  /** Pixels of the picture for one pixel of this level, along each side. */
  readonly scale: number;
  readonly width: number;
  readonly height: number;
  /** Distance from one window to the next, in pixels of this level. */
  readonly step: 1 | 2;
  /** Size of a window in pixels of the picture. */
  readonly windowWidth: number;
  readonly windowHeight: number;
}

/**
 * The levels at which a picture is searched, largest first. Windows start at the size of the cascade's and grow by
 * `factor`; those from `minSize` pixels up to the size of the picture are used.
 */
export function pyramidLevels(
  picture: { readonly width: number; readonly height: number },
  window: { readonly width: number; readonly height: number },
  factor: number,
  minSize: number,
): Level[] {
  const levels: Level[] = [];
  for (let exact = 1; ; exact *= factor) {
    const scale = Math.fround(exact);
    const windowWidth = roundHalfToEven(Math.fround(window.width * scale));
    const windowHeight = roundHalfToEven(Math.fround(window.height * scale));
    if (windowWidth > picture.width || windowHeight > picture.height) return levels;
    if (windowWidth < minSize || windowHeight < minSize) continue;
    levels.push({
      scale,
      width: roundHalfToEven(Math.fround(picture.width / scale)),
      height: roundHalfToEven(Math.fround(picture.height / scale)),
      step: scale < 2 ? 2 : 1,
      windowWidth,
      windowHeight,
    });
  }
}
