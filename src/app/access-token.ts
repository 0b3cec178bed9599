import { randomBytes } from 'node:crypto';
import type { Config } from '../config/schema.js';
import { ownerName } from '../config/server.js';
import type { AccessToken } from '../core/roles.js';
import type { TokenStore } from '../core/storage.js';
import { isLoopback } from '../server/access/host-names.js';

/** Who may use the server. */
interface Access {
  /** Empty when nobody needs one. */
  readonly tokens: readonly AccessToken[];
  /** The one that the printed link carries, or null. */
  readonly ownToken: string | null;
}

/**
 * The tokens of the configuration. Where one is needed and none is an admin's, one is made and kept: somebody must be able
 * to change settings.
 * @throws SightlineError DATA_UNWRITABLE, DISK_FULL
 */
export async function accessOf(server: Config['server'], store: TokenStore): Promise<Access> {
  const { host, token, tokens, tokenOnLoopback } = server;
  const isConfigured = token !== null || tokens.length > 0;
  if (!isConfigured && !tokenOnLoopback && isLoopback(host)) return { tokens, ownToken: null };
  const hasAdmin = tokens.some(({ role }) => role === 'admin');
  const ownToken = token ?? (hasAdmin ? null : await store.keep(ownerName, newToken()));
  if (ownToken === null) return { tokens, ownToken };
  return { tokens: [{ name: ownerName, token: ownToken, role: 'admin' }, ...tokens], ownToken };
}

function newToken(): string {
  return randomBytes(24).toString('base64url');
}
