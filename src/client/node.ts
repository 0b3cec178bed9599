import { WebSocket } from 'ws';
import type { EventType } from '../events/identity-event.js';
import { openEventStream, type EventStream, type EventStreamOptions } from './event-stream.js';
import { baseOf, tokenHeaders, type Socket, type Transport } from './transport.js';
import { openVideo, type Video, type VideoOptions } from './video.js';

export type { EventType, SightlineEvent } from '../events/identity-event.js';
export type { EventOfType, EventStream, EventStreamOptions } from './event-stream.js';
export { RefusedError } from './transport.js';
export type { Video, VideoOptions } from './video.js';

/** Where the server is, and a token if it requires one. */
export interface ServerAddress {
  /** The server's URL, such as `http://127.0.0.1:8420`. */
  readonly url: string | URL;
  readonly token?: string | undefined;
}

/** Subscribes to a server's events. */
export function connect<T extends EventType = EventType>(
  options: ServerAddress & EventStreamOptions<T>,
): EventStream<T> {
  return openEventStream(transportTo(options), options);
}

/** Watches a camera. */
export function watch(options: ServerAddress & VideoOptions): Video {
  return openVideo(transportTo(options), options);
}

/** Node 20 has no built-in WebSocket, and that of later versions cannot send a token. */
function transportTo({ url, token }: ServerAddress): Transport {
  const headers = tokenHeaders(token);
  return {
    base: baseOf(url),
    headers,
    admission: () => Promise.resolve({}),
    open: (address) => new WebSocket(address, { headers, perMessageDeflate: false }) as Socket,
  };
}
