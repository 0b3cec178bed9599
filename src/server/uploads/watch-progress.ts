import type { IncomingMessage } from 'node:http';
import { SightlineError } from '../../core/errors.js';

/**
 * A body that makes no progress for so long loses its place. A network that loses packets sends them again within three
 * seconds, so that an honest client has the time for it, and nobody else waits long.
 */
const stallMs = 5000;
const checksPerStall = 5;
/** The slowest mobile networks carry twice as much. Less would let a byte now and then hold a place. */
const leastBytesPerSecond = 4096;
const leastBytes = (leastBytesPerSecond * stallMs) / 1000;

/**
 * Watches the body of a request come in.
 * @param onStall called once, when too little of it came during the last seconds
 * @returns ends the watch; it ends by itself when the body is there
 */
export function watchProgress(
  request: IncomingMessage,
  onStall: (error: SightlineError) => void,
): () => void {
  const { socket } = request;
  /** Bytes that had come at each of the last checks, oldest first. */
  const seen = [socket.bytesRead];
  let isOver = false;
  const look = (): void => {
    if (isOver) return;
    if (request.complete) return stop();
    seen.push(socket.bytesRead);
    if (seen.length <= checksPerStall) return;
    const came = socket.bytesRead - (seen.shift() ?? 0);
    if (came >= leastBytes) return;
    stop();
    onStall(tooSlow(came));
  };
  // Not at once: what came while the main loop was busy is read between a timer and the next immediate.
  const timer = setInterval(() => setImmediate(look), stallMs / checksPerStall);
  const stop = (): void => {
    isOver = true;
    clearInterval(timer);
  };
  return stop;
}

function tooSlow(came: number): SightlineError {
  return new SightlineError(
    'REQUEST_TOO_SLOW',
    `Expected at least ${leastBytes} bytes of the body within ${stallMs / 1000} s but received ${came}.`,
  );
}
