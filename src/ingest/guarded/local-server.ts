import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { SightlineError } from '../../core/errors.js';

/** A server that only this machine can reach, for one run of ffmpeg. */
export interface LocalServer {
  readonly port: number;
  /** Ends every connection. */
  close(): void;
}

/** Listens on any free port of loopback. */
export async function listenLocally(onConnection: (client: Socket) => void): Promise<LocalServer> {
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    clients.add(client);
    client.on('error', () => undefined);
    client.once('close', () => clients.delete(client));
    onConnection(client);
  });
  await listening(server);
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      for (const client of clients) client.destroy();
    },
  };
}

async function listening(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

/** The error for a host that could not be reached. */
export function unreachable(
  { host, port }: { readonly host: string; readonly port: number | string },
  cause: NodeJS.ErrnoException,
): SightlineError {
  const message = `The host ${host} could not be reached on port ${port}: ${cause.code ?? cause.message}.`;
  return new SightlineError('SOURCE_UNREACHABLE', message, { cause });
}
