import { roundHalfToEven } from './group.js';

/** One size at which a picture is searched. */
export interface Level {
  /** A window of the cascade covers so many times its size in the whole picture. */
  readonly scale: number;
  readonly width: number;
  readonly height: number;
  /** From one window to the next, in pixels of this level. */
  readonly step: 1 | 2;
  /** Size of a window in pixels of the whole picture. */
  readonly windowWidth: number;
  readonly windowHeight: number;
}

/**
 * The sizes at which a picture is searched, largest first: windows begin at the size of the cascade's, grow by
 * `factor`, and count from `minSize` pixels up to the size of the picture.
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
