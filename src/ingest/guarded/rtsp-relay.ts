import { connect, isIP, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { SightlineError } from '../../core/errors.js';
import { listenLocally, type LocalServer } from './local-server.js';
import { RtspFilter } from './rtsp-filter.js';
import type { CheckedAddress, SourcePolicy, Target } from './source-policy.js';

/**
 * Stands between ffmpeg and an RTSP server: looks its name up, connects to the checked address only, and lets nothing
 * through that would send ffmpeg elsewhere. Speaks TLS to the server where the URL says so, plain RTSP to ffmpeg.
 *
 * @param onFailure told why there is no connection
 */
export function openRtspRelay(
  target: Target,
  policy: SourcePolicy,
  onFailure: (error: SightlineError) => void,
): Promise<LocalServer> {
  return listenLocally((client) => {
    void relay(client, target, policy).catch((error: unknown) => {
      client.destroy();
      if (error instanceof SightlineError) onFailure(error);
    });
  });
}

async function relay(client: Socket, target: Target, policy: SourcePolicy): Promise<void> {
  const checked = await policy.resolve(target.host);
  const server = connectTo(target, checked);
  await new Promise<void>((resolve, reject) => {
    const settle = (error: NodeJS.ErrnoException | null | undefined): void => {
      server.destroy();
      client.destroy();
      if (error) reject(failureOf(error, target));
      else resolve();
    };
    pipeline(client, server, () => undefined);
    pipeline(server, new RtspFilter(checked.address), client, settle);
  });
}

function connectTo({ host, port, isEncrypted }: Target, { address }: CheckedAddress): Socket {
  if (!isEncrypted) return connect({ host: address, port });
  // Cameras certify themselves, so ffmpeg does not verify either.
  const name = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ host: address, port, rejectUnauthorized: false, ...name });
}

function failureOf(error: NodeJS.ErrnoException, { host, port }: Target): SightlineError | Error {
  if (error.code === 'ERR_STREAM_PREMATURE_CLOSE') return error;
  if (error.code !== undefined) {
    const message = `Expected to reach ${host} port ${port} but received ${error.code}.`;
    return new SightlineError('SOURCE_UNREACHABLE', message, { cause: error });
  }
  return new SightlineError(
    'SOURCE_FORBIDDEN',
    `Expected RTSP from ${host} port ${port} but received ${error.message}, which is not followed.`,
  );
}
