import { asSightlineError } from '../core/errors.js';
import type { RgbImage } from '../core/image.js';
import { readImage } from '../ingest/still-image.js';
import { photoLimits } from './photos.js';

/**
 * Reads one picture of several. Of one that cannot be read it says why on standard error, makes the exit code 1, and
 * gives undefined, so that the others have their turn.
 */
export async function readOrReport(path: string): Promise<RgbImage | undefined> {
  try {
    return await readImage(path, photoLimits);
  } catch (error) {
    const { code, message, remedy } = asSightlineError(error);
    process.stderr.write(`✗ ${path}: ${code}: ${message}\n  ${remedy}\n`);
    process.exitCode = 1;
    return undefined;
  }
}
