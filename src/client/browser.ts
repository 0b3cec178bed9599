import type { EventType } from '../events/identity-event.js';
import { openEventStream, type EventStream, type EventStreamOptions } from './event-stream.js';
import { baseOf, fetchJson, tokenHeaders, type Socket, type Transport } from './transport.js';
import { openVideo, type Video, type VideoOptions } from './video.js';

export type { EventType, SightlineEvent } from '../events/identity-event.js';
export type { EventOfType, EventStream, EventStreamOptions } from './event-stream.js';
export { RefusedError } from './transport.js';
export type { Video, VideoOptions } from './video.js';

declare const WebSocket: new (url: URL) => Socket;

/** Where the server is, and how to sign in. */
export interface ServerAddress {
  /** The server's URL, such as `location.origin`. */
  readonly url: string | URL;
  /** For a page of another origin, which the server must allow; the server's own page has the token in a cookie. */
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

/** Browsers do not let a page set headers on a WebSocket, so a ticket stands in for the token. */
function transportTo({ url, token }: ServerAddress): Transport {
  const server = { base: baseOf(url), headers: tokenHeaders(token) };
  const ticket = async (): Promise<{ ticket: string }> => {
    const { ticket } = (await fetchJson(server, 'v1/tickets', { method: 'POST' })) as { ticket: string };
    return { ticket };
  };
  return {
    ...server,
    admission: token === undefined ? () => Promise.resolve({}) : ticket,
    open: (address) => new WebSocket(address),
  };
}
