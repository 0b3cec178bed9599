import { SightlineError } from '../core/errors.js';
import { Heartbeat } from './live/heartbeat.js';
import { isLoopback, urlOf } from './access/host-names.js';
import { createHttpApp } from './http-app.js';
import { defaultLimits, type ServerContext, type ServerOptions } from './server-options.js';
import { WebSocketHub } from './live/websocket-hub.js';

/** The page, the HTTP API and the WebSockets on one port. */
export interface SightlineServer {
  /**
   * Starts to accept connections; resolves with the server's URL.
   * @throws SightlineError PORT_IN_USE, PORT_FORBIDDEN or ADDRESS_UNAVAILABLE
   */
  listen(): Promise<{ readonly url: string }>;
  /** Closes every connection and frees the port, within a second. May be called again. */
  close(): Promise<void>;
}

/**
 * Creates a server that does not listen yet.
 * @throws SightlineError CONFIG_INVALID for an address that other machines can reach, without a token
 */
export async function createServer(options: ServerOptions): Promise<SightlineServer> {
  const context: ServerContext = { ...options, limits: { ...defaultLimits, ...options.limits } };
  const { host, port, publisher, metrics } = context;
  requireTokenBeyondLoopback(context);
  const heartbeat = new Heartbeat(context.limits.heartbeatMs);
  const { app, gate } = await createHttpApp(context, heartbeat);
  const hub = await WebSocketHub.open(context, gate, heartbeat);
  hub.attach(app.server);
  const stopCounting = publisher.onStored((events) => {
    for (const { type } of events) metrics.countEvent(type);
  });
  const stop = async (): Promise<void> => {
    stopCounting();
    heartbeat.stop();
    await hub.close();
    await app.close();
  };
  let stopped: Promise<void> | undefined;
  return {
    listen: async () => {
      await app.listen({ host, port }).catch((error: unknown) => {
        throw listenError(error, host, port);
      });
      const address = app.server.address();
      return { url: urlOf(host, address !== null && typeof address === 'object' ? address.port : port) };
    },
    close: () => (stopped ??= stop()),
  };
}

function requireTokenBeyondLoopback({ host, tokens }: ServerContext): void {
  if (tokens.length > 0 || isLoopback(host)) return;
  throw new SightlineError(
    'CONFIG_INVALID',
    `Other machines can reach the address ${host}, so a token is required, but none is set.`,
  );
}

function listenError(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const cause = { cause: error };
  const where = `Sightline cannot listen on ${host} port ${port}:`;
  switch (code) {
    case 'EADDRINUSE':
      return new SightlineError('PORT_IN_USE', `${where} another program is using it.`, cause);
    case 'EACCES':
      return new SightlineError('PORT_FORBIDDEN', `${where} this user is not allowed to.`, cause);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new SightlineError('ADDRESS_UNAVAILABLE', `${where} this machine has no such address.`, cause);
    default:
      return error;
  }
}
