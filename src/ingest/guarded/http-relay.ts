import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import { asSightlineError, SightlineError } from '../../core/errors.js';
import type { NetworkAddress } from '../network-address.js';
import { playHls } from './hls.js';
import { HttpClient } from './http-client.js';
import { listenLocally, type LocalServer } from './local-server.js';
import type { HostPolicy } from './source-policy.js';

/** The first bytes of every HLS playlist. */
const playlistStart = Buffer.from('#EXTM3U');
/** The only headers that pass: others can make ffmpeg read a body differently from how it was sent. */
const forServers = ['user-agent', 'accept', 'range'];
const forFfmpeg = ['content-type', 'content-length', 'content-range', 'accept-ranges'];

/**
 * A server through which ffmpeg reads one source over HTTP. It has a single address, and so ffmpeg knows no other: the
 * relay follows redirects, plays playlists, logs in, speaks TLS, and connects to allowed hosts only.
 *
 * @param onFailure called with the reason when a request could not be forwarded
 */
export function openHttpRelay(
  address: NetworkAddress,
  policy: HostPolicy,
  onFailure: (error: SightlineError) => void,
): Promise<LocalServer> {
  const client = new HttpClient(address, policy);
  const server = createServer((incoming, response) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    forward(incoming, response, { client, address, signal: gone.signal }).catch((error: unknown) => {
      // When ffmpeg has closed its connection already, this is no failure.
      if (!gone.signal.aborted) onFailure(asSightlineError(error, 'SOURCE_UNREACHABLE'));
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    });
  });
  return listenLocally((socket: Socket) => void server.emit('connection', socket));
}

interface Source {
  readonly client: HttpClient;
  readonly address: NetworkAddress;
  readonly signal: AbortSignal;
}

async function forward(
  incoming: IncomingMessage,
  response: ServerResponse,
  { client, address, signal }: Source,
): Promise<void> {
  const method = incoming.method ?? 'GET';
  const answer = await client.get(address, {
    method,
    headers: only(incoming.rawHeaders, forServers),
    signal,
  });
  const { message } = answer;
  if ((message.headers['content-encoding'] ?? 'identity') !== 'identity') {
    message.destroy();
    throw new SightlineError(
      'SOURCE_NOT_VIDEO',
      `Expected video from ${address.host} but received something compressed.`,
    );
  }
  if ((await beginning(message, playlistStart.length)).equals(playlistStart)) {
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    return passOn(Readable.from(playHls({ client, first: answer, signal }), { objectMode: false }), response);
  }
  response.writeHead(message.statusCode ?? 502, only(message.rawHeaders, forFfmpeg));
  return passOn(message, response);
}

/** Resolves when everything has passed; rejects when the source fails, and not when ffmpeg has had enough. */
function passOn(from: Readable, response: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    pipeline(from, response, (error) => {
      if (error instanceof SightlineError) reject(error);
      else resolve();
    });
  });
}

/** Those of these headers that are named; names and values in turn. */
function only(rawHeaders: readonly string[], names: readonly string[]): string[] {
  return rawHeaders.filter((_, i) => names.includes((rawHeaders[i - (i % 2)] ?? '').toLowerCase()));
}

/** The first bytes of an answer, fewer at its end; all of them are still to be read. */
async function beginning(answer: IncomingMessage, count: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const length = (): number => chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  while (length() < count && !answer.readableEnded && !answer.destroyed) {
    const chunk = answer.read() as Buffer | null;
    if (chunk === null) await readable(answer);
    else chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  if (bytes.length > 0 && !answer.readableEnded) answer.unshift(bytes);
  return bytes.subarray(0, count);
}

function readable(answer: IncomingMessage): Promise<void> {
  const events = ['readable', 'end', 'close', 'error'];
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of events) answer.off(event, done);
      resolve();
    };
    for (const event of events) answer.once(event, done);
  });
}
