import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { pipeline, type Duplex } from 'node:stream';
import { asSightlineError, SightlineError } from '../../core/errors.js';
import { listenLocally, unreachable, type LocalServer } from './local-server.js';
import { withoutBrackets, type SourcePolicy } from './source-policy.js';

/**
 * An HTTP proxy for ffmpeg. It checks the host of every request, including those that follow a redirect or a playlist,
 * and connects only to the checked address.
 *
 * @param onFailure called with the reason when a request could not be forwarded
 */
export function openHttpRelay(
  policy: SourcePolicy,
  onFailure: (error: SightlineError) => void,
): Promise<LocalServer> {
  // Some cameras violate the HTTP grammar.
  const server = createServer({ insecureHTTPParser: true }, (incoming, response) => {
    forward(incoming, response, policy).catch((error: unknown) => {
      onFailure(asSightlineError(error, 'SOURCE_UNREACHABLE'));
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    });
  });
  server.on('connect', (incoming: IncomingMessage, client: Duplex, head: Buffer) => {
    tunnel(incoming, client, head, policy).catch((error: unknown) => {
      onFailure(asSightlineError(error, 'SOURCE_UNREACHABLE'));
      client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
  });
  return listenLocally((client: Socket) => void server.emit('connection', client));
}

/** A plain request, such as `GET http://host/path HTTP/1.1`. */
async function forward(
  incoming: IncomingMessage,
  response: ServerResponse,
  policy: SourcePolicy,
): Promise<void> {
  const url = new URL(incoming.url ?? '');
  if (url.protocol !== 'http:') {
    const message = `Expected a redirect to an http:// or https:// URL but received one to ${url.protocol}//.`;
    throw new SightlineError('SOURCE_FORBIDDEN', message);
  }
  const { address } = await policy.resolve(withoutBrackets(url.hostname));
  // The path stays exactly as ffmpeg wrote it, because some cameras reject another spelling.
  const path = (incoming.url ?? '').replace(/^http:\/\/[^/?#]*/i, '');
  await new Promise<void>((resolve, reject) => {
    const outgoing = request({
      host: address,
      port: url.port || 80,
      method: incoming.method,
      path: path.startsWith('/') ? path : `/${path}`,
      headers: withoutHopByHop(incoming.rawHeaders),
      setHost: false,
      agent: false,
      insecureHTTPParser: true,
    });
    outgoing.once('error', (error) => {
      // When ffmpeg has closed its connection already, this is not a failure.
      if (response.destroyed) resolve();
      else reject(unreachable({ host: url.hostname, port: url.port || 80 }, error));
    });
    outgoing.once('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, withoutHopByHop(answer.rawHeaders));
      pipeline(answer, response, () => resolve());
    });
    response.once('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  });
}

/** An encrypted connection, such as `CONNECT host:443 HTTP/1.1`. */
async function tunnel(
  incoming: IncomingMessage,
  client: Duplex,
  head: Buffer,
  policy: SourcePolicy,
): Promise<void> {
  const { hostname, port } = new URL(`https://${incoming.url ?? ''}`);
  const { address } = await policy.resolve(withoutBrackets(hostname));
  await new Promise<void>((resolve, reject) => {
    const server = connect({ host: address, port: Number(port || 443) });
    server.once('error', (error) => reject(unreachable({ host: hostname, port: port || 443 }, error)));
    server.once('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      server.write(head);
      pipeline(client, server, () => server.destroy());
      pipeline(server, client, () => {
        client.destroy();
        resolve();
      });
    });
    client.once('close', () => server.destroy());
  });
}

/** Header names and values in turn, without those that concern a single connection. */
function withoutHopByHop(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, i) => {
    const name = (rawHeaders[i - (i % 2)] ?? '').toLowerCase();
    return name !== 'connection' && name !== 'keep-alive' && !name.startsWith('proxy-');
  });
}
