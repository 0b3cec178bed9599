import { openEventStream, type EventStream, type EventStreamOptions } from './event-stream.js';
import type { EventType } from './events.js';
import { transportTo, type ServerAddress } from './transport.js';
import { openVideo, type Video, type VideoOptions } from './video.js';

export type { EventOfType, EventStream, EventStreamOptions } from './event-stream.js';
export type { EventDataByType, EventType, FaceEventData, SightlineEvent } from './events.js';
export { RefusedError, type ServerAddress, type Socket } from './transport.js';
export type { Video, VideoOptions } from './video.js';

/**
 * Subscribes to a server's events.
 * @throws TypeError when there is no WebSocket
 */
export function connect<T extends EventType = EventType>(
  options: ServerAddress & EventStreamOptions<T>,
): EventStream<T> {
  return openEventStream(transportTo(options), options);
}

/**
 * Watches a camera.
 * @throws TypeError when there is no WebSocket
 */
export function watch(options: ServerAddress & VideoOptions): Video {
  return openVideo(transportTo(options), options);
}
