import type { SightlineError } from '../../core/errors.js';
import type { SourceSpec } from '../source-spec.js';
import { openHttpRelay } from './http-relay.js';
import { localPath, openRtspRelay } from './rtsp-relay.js';
import type { HostPolicy } from './source-policy.js';

/** What one run of ffmpeg reads of a source on the network. */
export interface Relay {
  /** An address of loopback, which tells ffmpeg, and whoever lists processes, nothing about the source. */
  readonly url: string;
  /** Environment variables for ffmpeg. */
  readonly environment: Readonly<Record<string, string>>;
  /** Why the source could not be reached; ffmpeg itself only saw a closed connection. */
  readonly failure: SightlineError | undefined;
  close(): void;
}

/**
 * Puts a relay in front of a source on the network; undefined for another source. ffmpeg by itself shows the login in its
 * arguments, follows redirects and playlists wherever they lead, and looks up host names again; the bundled one, which is
 * linked statically, even crashes when it looks up a name (docs/adr/0016).
 *
 * @throws SightlineError SOURCE_FORBIDDEN, SOURCE_UNREACHABLE
 */
export async function openRelay(spec: SourceSpec, policy: HostPolicy): Promise<Relay | undefined> {
  if (!('address' in spec)) return undefined;
  const { address } = spec;
  await policy.resolve(address.host);
  let failure: SightlineError | undefined;
  const onFailure = (error: SightlineError): void => {
    failure = error;
  };
  const opened = await openKind(spec, policy, onFailure);
  return {
    ...opened,
    get failure() {
      return failure;
    },
  };
}

async function openKind(
  { kind, address }: Extract<SourceSpec, { kind: 'rtsp' | 'http' }>,
  policy: HostPolicy,
  onFailure: (error: SightlineError) => void,
): Promise<Pick<Relay, 'url' | 'environment' | 'close'>> {
  if (kind === 'rtsp') {
    const relay = await openRtspRelay(address, policy, onFailure);
    const url = `rtsp://127.0.0.1:${relay.port}${localPath(address)}`;
    return { url, environment: {}, close: () => relay.close() };
  }
  const relay = await openHttpRelay(address, policy, onFailure);
  // ffmpeg recognises some formats by it.
  const extension = /\.[a-z0-9]{1,5}$/i.exec(address.target.replace(/\?.*$/s, ''))?.[0] ?? '';
  const url = `http://127.0.0.1:${relay.port}/source${extension}`;
  // A proxy of the user's would not find the relay.
  return { url, environment: { http_proxy: '', no_proxy: '*' }, close: () => relay.close() };
}
