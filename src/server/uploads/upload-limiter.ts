import type { IncomingMessage } from 'node:http';
import { SightlineError } from '../../core/errors.js';

/** Share of the newest upload in the mean of how long they take. */
const newestShare = 0.2;
/** Share of the places that one client may take, so that others find one. */
const clientShare = 3 / 4;

/**
 * Lets so many uploads in at a time, and fewer of one client. An upload counts before its body is read, so that memory
 * is bounded.
 */
export class UploadLimiter {
  readonly #limit: number;
  readonly #limitOfClient: number;
  /** Places taken, by client. */
  readonly #taken = new Map<string, number>();
  #inHand = 0;
  #meanMs = 0;

  constructor(limit: number) {
    this.#limit = limit;
    this.#limitOfClient = Math.max(1, Math.floor(clientShare * limit));
  }

  /**
   * Takes a place.
   * @param client whose upload it is: one token, or one address without
   * @returns gives it back; only the first call counts
   * @throws SightlineError BUSY, with `retryAfterSeconds` from how long uploads took lately
   */
  enter(client: string): () => void {
    const own = this.#taken.get(client) ?? 0;
    if (this.#inHand >= this.#limit) throw this.#busy(`${this.#limit} uploads at a time`);
    if (own >= this.#limitOfClient)
      throw this.#busy(`${this.#limitOfClient} uploads of one client at a time`);
    this.#inHand++;
    this.#taken.set(client, own + 1);
    const enteredAt = performance.now();
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#inHand--;
      this.#leave(client);
      this.#meanMs += newestShare * (performance.now() - enteredAt - this.#meanMs);
    };
  }

  #leave(client: string): void {
    const own = (this.#taken.get(client) ?? 1) - 1;
    if (own === 0) this.#taken.delete(client);
    else this.#taken.set(client, own);
  }

  #busy(most: string): SightlineError {
    return new SightlineError('BUSY', `Expected at most ${most} but received one more.`, {
      retryAfterSeconds: Math.max(1, Math.ceil(this.#meanMs / 1000)),
    });
  }
}

/**
 * A body that makes no progress for so long loses its place. A network that loses packets sends them again within three
 * seconds, so that an honest client has the time for it, and nobody else waits long.
 */
const stallMs = 5000;
const checksPerStall = 5;
/** The slowest mobile networks carry twice as much. Less would let a byte now and then hold a place. */
const minBytesPerSecond = 4096;
const minBytes = (minBytesPerSecond * stallMs) / 1000;

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
    if (came >= minBytes) return;
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
    `Expected at least ${minBytes} bytes of the body within ${stallMs / 1000} s but received ${came}.`,
  );
}
