import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/schema.js';
import { ownerName } from '../config/server.js';
import { SightlineError } from '../core/errors.js';
import type { AccessToken } from '../core/roles.js';
import { isLoopback } from '../server/access/host-names.js';

/** Who may use the server. */
interface Access {
  /** Empty when nobody needs one. */
  readonly tokens: readonly AccessToken[];
  /** The one that the printed link carries, or null. */
  readonly ownToken: string | null;
}

/**
 * The tokens of the configuration. Where one is needed and none is an admin's, one is made and kept in the data folder:
 * somebody must be able to change settings.
 * @throws SightlineError DATA_UNWRITABLE
 */
export async function accessOf({ server, data }: Pick<Config, 'server' | 'data'>): Promise<Access> {
  const { host, token, tokens } = server;
  if (token === null && tokens.length === 0 && isLoopback(host)) return { tokens, ownToken: null };
  const hasAdmin = tokens.some(({ role }) => role === 'admin');
  const ownToken = token ?? (hasAdmin ? null : await storedToken(data));
  if (ownToken === null) return { tokens, ownToken };
  return { tokens: [{ name: ownerName, token: ownToken, role: 'admin' }, ...tokens], ownToken };
}

/** Made at the first call; readable by its owner only. */
async function storedToken(dataDir: string): Promise<string> {
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
