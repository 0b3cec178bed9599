import type { EventType } from '../events/identity-event.js';
import { openEventStream, type EventStream, type EventStreamOptions } from './event-stream.js';
import { baseOf, type Socket, type Transport } from './transport.js';
import { openVideo, type Video, type VideoOptions } from './video.js';

export type { EventType, SightlineEvent } from '../events/identity-event.js';
export type { EventOfType, EventStream, EventStreamOptions } from './event-stream.js';
export { RefusedError } from './transport.js';
export type { Video, VideoOptions } from './video.js';

declare const WebSocket: new (url: URL) => Socket;

/** Where the server is. There is no token: a page has it in its cookie, for a browser sends no headers. */
export interface ServerAddress {
  /** As `location.origin`. */
  readonly url: string | URL;
}

/** Subscribes to the events of a server. */
export function connect<T extends EventType = EventType>(
  options: ServerAddress & EventStreamOptions<T>,
): EventStream<T> {
  return openEventStream(transportTo(options.url), options);
}

/** Watches a camera. */
export function watch(options: ServerAddress & VideoOptions): Video {
  return openVideo(transportTo(options.url), options);
}

function transportTo(url: string | URL): Transport {
  return { base: baseOf(url), headers: {}, open: (address) => new WebSocket(address) };
}
