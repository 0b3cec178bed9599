import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { SightlineError } from '../core/errors.js';
import type { SourceSpec } from './source-spec.js';

const HOST = /^([a-z]+:\/\/(?:[^/?#]*@)?)(\[[^\]]*\]|[^:/?#]+)(:\d+)?/i;

/** A source whose host is an address, and the name it had. */
export interface ResolvedSource {
  readonly spec: SourceSpec;
  /** For the Host header of HTTP; null when nothing was replaced. */
  readonly httpHost: string | null;
}

/**
 * Puts the address of the host in place of its name. The bundled ffmpeg needs it: being linked statically, it crashes
 * when it looks up any name.
 *
 * @throws SightlineError SOURCE_UNREACHABLE when the name has no address.
 */
export async function resolveHost(spec: SourceSpec): Promise<ResolvedSource> {
  if (spec.kind !== 'rtsp' && spec.kind !== 'http') return { spec, httpHost: null };
  const [whole = '', before = '', host = '', port = ''] = HOST.exec(spec.url) ?? [];
  if (host === '' || host.startsWith('[') || isIP(host) !== 0) return { spec, httpHost: null };
  const { address, family } = await addressOf(host);
  const literal = family === 6 ? `[${address}]` : address;
  const url = `${before}${literal}${port}${spec.url.slice(whole.length)}`;
  return { spec: { ...spec, url }, httpHost: spec.kind === 'http' ? `${host}${port}` : null };
}

async function addressOf(host: string): Promise<{ address: string; family: number }> {
  try {
    return await lookup(host);
  } catch (cause) {
    const message = `Expected an address for the host ${host} but received ${(cause as Error).message}.`;
    throw new SightlineError('SOURCE_UNREACHABLE', message, { cause });
  }
}
