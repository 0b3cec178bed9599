import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { SightlineError } from '../core/errors.js';

/**
 * Before minutes are spent on those that are there.
 *
 * @param paths below `folder`
 * @throws SightlineError TRUTH_IMAGES_MISSING
 */
export async function requirePictures(folder: string, paths: readonly string[]): Promise<void> {
  const isMissing = async (path: string): Promise<string[]> =>
    access(join(folder, path)).then(
      () => [],
      () => [path],
    );
  const missing = (await Promise.all(paths.map(isMissing))).flat();
  if (missing.length === 0) return;
  throw new SightlineError(
    'TRUTH_IMAGES_MISSING',
    `Expected ${paths.length} pictures in ${folder}, but ${missing.length} are not there: ${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ', …' : ''}.`,
  );
}
