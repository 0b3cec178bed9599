import type { Rotation } from '../core/turn-yuv.js';

/** What could be set up better about a camera; docs/errors.md says what to do. */
export interface CameraHint {
  readonly code: 'RATE_TOO_LOW' | 'PICTURE_TURNED';
  readonly message: string;
}

/** A name takes about so many searches: three to follow a face, and the looks at it. */
const searchesBeforeName = 3;
/** A face must stay in view for longer than people take to pass by, if it is searched less often than this. */
const leastPerSecond = 1;

/**
 * @param limits rates that the user set, in searches per second
 * @param turned how the picture should be turned, in degrees clockwise; undefined when nothing speaks for it
 */
export function cameraHints(
  limits: readonly (number | 'auto' | null)[],
  turned: Rotation | undefined,
): CameraHint[] {
  const rate = Math.min(...limits.filter((limit) => typeof limit === 'number'));
  const hints: CameraHint[] = [];
  if (rate < leastPerSecond) {
    const seconds = Math.round(searchesBeforeName / rate);
    const message = `It is set to be searched at most ${rate} times a second: a face must stay in view for about ${seconds} s to be named.`;
    hints.push({ code: 'RATE_TOO_LOW', message });
  }
  if (turned !== undefined) {
    const message = `Faces stand upright when the picture is turned by ${turned}° clockwise.`;
    hints.push({ code: 'PICTURE_TURNED', message });
  }
  return hints;
}
