import { WebSocket } from 'ws';
import * as client from '../../packages/client/src/index.js';

/** The client with a WebSocket, which Node 20 lacks. */
export function connect<T extends client.EventType = client.EventType>(
  options: client.ServerAddress & client.EventStreamOptions<T>,
): client.EventStream<T> {
  return client.connect({ ...options, WebSocket });
}

export function watch(options: client.ServerAddress & client.VideoOptions): client.Video {
  return client.watch({ ...options, WebSocket });
}
