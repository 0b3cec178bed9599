import { connect, isIP, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { SightlineError } from '../../core/errors.js';
import { listenLocally, unreachable, type LocalServer } from './local-server.js';
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
  const filter = new RtspFilter(checked.address);
  await new Promise<void>((resolve, reject) => {
    const onEarlyError = (error: NodeJS.ErrnoException): void => reject(unreachable(target, error));
    server.once('error', onEarlyError);
    // From then on ffmpeg sees for itself what goes wrong.
    server.once(target.isEncrypted ? 'secureConnect' : 'connect', () => server.off('error', onEarlyError));
    filter.once('error', (error) => reject(forbidden(target, error)));
    pipeline(client, server, () => undefined);
    pipeline(server, filter, client, () => {
      server.destroy();
      client.destroy();
      resolve();
    });
  });
}

function connectTo({ host, port, isEncrypted }: Target, { address }: CheckedAddress): Socket {
  if (!isEncrypted) return connect({ host: address, port });
  // Cameras certify themselves, so ffmpeg does not verify either.
  const name = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ host: address, port, rejectUnauthorized: false, ...name });
}

function forbidden({ host, port }: Target, error: Error): SightlineError | Error {
  // Not of the filter itself, but of one of its neighbours.
  if ('code' in error) return error;
  return new SightlineError(
    'SOURCE_FORBIDDEN',
    `Expected RTSP from ${host} port ${port} but received ${error.message}, which is not followed.`,
  );
}
