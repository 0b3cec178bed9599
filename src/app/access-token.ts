import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SightlineError } from '../core/errors.js';

/**
 * The access token kept in the data folder, made at the first call; readable by its owner only.
 * @throws SightlineError DATA_UNWRITABLE
 */
export async function storedToken(dataDir: string): Promise<string> {
  const path = join(dataDir, 'token');
  const stored = await readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => '',
  );
  if (stored.length >= 16) return stored;
  const token = randomBytes(24).toString('base64url');
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await writeFile(path, `${token}\n`, { mode: 0o600 });
  } catch (error) {
    throw new SightlineError(
      'DATA_UNWRITABLE',
      `Expected to keep the access token in ${path}: ${String(error)}`,
      { cause: error },
    );
  }
  return token;
}
