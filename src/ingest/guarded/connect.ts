import { once } from 'node:events';
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { NetworkAddress } from '../network-address.js';
import { unreachable } from './local-server.js';
import type { CheckedAddress, HostPolicy } from './source-policy.js';

/** How to connect to a host: only to the addresses that were checked, one after another until one answers. */
export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  readonly lookup: LookupFunction;
  readonly autoSelectFamily: true;
  readonly autoSelectFamilyAttemptTimeout: number;
  /** Cameras have self-signed certificates; ffmpeg does not verify them either. */
  readonly rejectUnauthorized: false;
  readonly servername?: string;
}

/** A camera on a busy network may take this long to answer, while its next address waits. */
const attemptTimeoutMs = 2000;

/** @throws SightlineError SOURCE_UNREACHABLE, SOURCE_FORBIDDEN */
export async function connectOptions(
  { host, port }: Pick<NetworkAddress, 'host' | 'port'>,
  policy: HostPolicy,
): Promise<ConnectOptions> {
  const addresses = await policy.resolve(host);
  return {
    host,
    port,
    lookup: lookupOf(addresses),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: attemptTimeoutMs,
    rejectUnauthorized: false,
    ...(isIP(host) === 0 ? { servername: host } : {}),
  };
}

function lookupOf(addresses: readonly CheckedAddress[]): LookupFunction {
  return (_host, { all }, done) => {
    const [first] = addresses;
    if (all === true) done(null, [...addresses]);
    else done(null, first?.address ?? '', first?.family);
  };
}

/** Connects to a camera. @throws SightlineError SOURCE_UNREACHABLE, SOURCE_FORBIDDEN */
export async function connectTo(address: NetworkAddress, policy: HostPolicy): Promise<Socket> {
  const options = await connectOptions(address, policy);
  const socket = address.isEncrypted ? connectTls(options) : connect(options);
  try {
    await once(socket, address.isEncrypted ? 'secureConnect' : 'connect');
    // From here on, ffmpeg itself sees what goes wrong.
    socket.on('error', () => undefined);
    return socket;
  } catch (cause) {
    socket.destroy();
    throw unreachable(address, cause as NodeJS.ErrnoException);
  }
}
