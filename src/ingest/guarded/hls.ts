import { createDecipheriv } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { SightlineError } from '../../core/errors.js';
import { authorityOf, type NetworkAddress } from '../network-address.js';
import { readPlaylist, type Part, type Playlist, type Segment, type SegmentKey } from './hls-playlist.js';
import type { Answer, HttpClient } from './http-client.js';

export interface HlsOptions {
  readonly client: HttpClient;
  /** The answer with the playlist, of which nothing has been read. */
  readonly first: Answer;
  readonly signal: AbortSignal;
}

type MediaPlaylist = Extract<Playlist, { kind: 'media' }>;

/** A day of segments of two seconds. */
const maxPlaylistBytes = 8 << 20;
const keyBytes = 16;
/** A live stream begins this many segments before its end, so that a late one causes no pause. */
const segmentsBehind = 3;
const minPauseMs = 500;
const maxMasters = 3;

/**
 * Plays HLS: gives the bytes of one segment after another, as one stream of the container that they are in. ffmpeg does
 * not do this, because its reader of playlists opens whatever protocol an address names, and a playlist may hide in a
 * segment.
 *
 * @throws SightlineError SOURCE_NOT_VIDEO, SOURCE_NOT_FOUND, SOURCE_FORBIDDEN, SOURCE_UNREACHABLE
 */
export async function* playHls({ client, first, signal }: HlsOptions): AsyncGenerator<Buffer> {
  const segments = new SegmentReader(client, signal);
  let { playlist, address } = await mediaPlaylist(client, first, signal);
  let next = playlist.isFinished ? 0 : (playlist.segments.at(-segmentsBehind)?.number ?? 0);
  for (;;) {
    for (const segment of playlist.segments.filter(({ number }) => number >= next)) {
      yield* segments.read(segment);
      next = segment.number + 1;
    }
    if (playlist.isFinished) return;
    await delay(Math.max(minPauseMs, (playlist.targetSeconds * 1000) / 2), undefined, { signal });
    const answer = await client.get(address, { signal });
    ({ playlist, address } = await mediaPlaylist(client, answer, signal));
    // A server that starts anew counts from the beginning again.
    const last = playlist.segments.at(-1)?.number;
    if (last !== undefined && last + 1 < next) next = 0;
  }
}

/** Follows a master playlist to the one with the segments. */
async function mediaPlaylist(
  client: HttpClient,
  first: Answer,
  signal: AbortSignal,
): Promise<{ playlist: MediaPlaylist; address: NetworkAddress }> {
  let answer = first;
  for (let masters = 0; masters <= maxMasters; masters++) {
    const { message, address } = answer;
    const playlist = parsed(await bytesOf(message, address, maxPlaylistBytes), address);
    if (playlist.kind === 'media') return { playlist, address };
    answer = await client.get(playlist.variant, { signal });
  }
  throw notPlayable(first.address, 'one playlist of playlists after another');
}

function parsed(bytes: Buffer, from: NetworkAddress): Playlist {
  const text = bytes.toString();
  if (!text.startsWith('#EXTM3U')) throw notPlayable(from, 'something else');
  try {
    return readPlaylist(text, from);
  } catch (error) {
    throw error instanceof SightlineError ? error : notPlayable(from, (error as Error).message);
  }
}

/** Fetches segments, with what has to precede them and without their encryption. */
class SegmentReader {
  readonly #client: HttpClient;
  readonly #signal: AbortSignal;
  #map = '';
  #key: { readonly id: string; readonly bytes: Buffer } | undefined;

  constructor(client: HttpClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  async *read({ map, key, ...segment }: Segment): AsyncGenerator<Buffer> {
    if (map !== undefined && idOf(map) !== this.#map) {
      this.#map = idOf(map);
      yield* this.#open(map, undefined);
    }
    yield* this.#open(segment, key);
  }

  async *#open(part: Part, key: SegmentKey | undefined): AsyncGenerator<Buffer> {
    const decipher = key && createDecipheriv('aes-128-cbc', await this.#keyOf(key), key.iv);
    const message = await this.#get(part);
    const bytes = decipher === undefined ? message : message.pipe(decipher);
    message.once('error', (error) => decipher?.destroy(error));
    for await (const chunk of bytes as AsyncIterable<Buffer>) yield chunk;
  }

  async #keyOf({ address }: SegmentKey): Promise<Buffer> {
    const id = idOf({ address, range: undefined });
    if (this.#key?.id !== id) {
      const message = await this.#get({ address, range: undefined });
      this.#key = { id, bytes: await bytesOf(message, address, keyBytes) };
    }
    if (this.#key.bytes.length !== keyBytes) throw notPlayable(address, 'a key of another length');
    return this.#key.bytes;
  }

  async #get({ address, range }: Part): Promise<IncomingMessage> {
    const headers = range === undefined ? [] : ['Range', range];
    const { message } = await this.#client.get(address, { headers, signal: this.#signal });
    if (message.statusCode === 200 || message.statusCode === 206) return message;
    message.destroy();
    throw new SightlineError(
      'SOURCE_NOT_FOUND',
      `Expected a part of the stream from ${address.host} but received status ${message.statusCode ?? 0}.`,
    );
  }
}

function idOf({ address, range }: Part): string {
  return `${address.scheme}://${authorityOf(address)}${address.target} ${range ?? ''}`;
}

async function bytesOf(message: IncomingMessage, from: NetworkAddress, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > most) throw notPlayable(from, `more than ${most} bytes of it`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function notPlayable({ host }: NetworkAddress, received: string): SightlineError {
  return new SightlineError(
    'SOURCE_NOT_VIDEO',
    `Expected an HLS playlist from ${host} but received ${received}.`,
  );
}
