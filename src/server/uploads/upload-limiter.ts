import type { IncomingMessage } from 'node:http';
import { SightlineError } from '../../core/errors.js';

/** Weight of the newest upload in the running mean of their duration. */
const newestShare = 0.2;
/** Share of the places that one client may take, so that others find a free one. */
const clientShare = 3 / 4;

/**
 * Limits how many uploads are handled at a time, in total and per client. An upload counts before its body is read, so
 * that memory is bounded.
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
   * @param client who uploads: a token, or an address without one
   * @returns a function that frees the place; only its first call counts
   * @throws SightlineError BUSY, with `retryAfterSeconds` derived from how long recent uploads took
   */
  enter(client: string): () => void {
    const own = this.#taken.get(client) ?? 0;
    if (this.#inHand >= this.#limit) throw this.#busy(`${this.#limit} uploads at a time`);
    if (own >= this.#limitOfClient)
      throw this.#busy(`${this.#limitOfClient} uploads from one client at a time`);
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
    return new SightlineError('BUSY', `Sightline handles at most ${most}; this one is one too many.`, {
      retryAfterSeconds: Math.max(1, Math.ceil(this.#meanMs / 1000)),
    });
  }
}

/**
 * A body that makes too little progress for this long loses its place. Lost packets are sent again within three seconds,
 * so that an honest client has enough time, and other clients do not wait long.
 */
const stallMs = 5000;
const checksPerStall = 5;
/** Half of what the slowest mobile networks carry. With a lower limit, a few bytes now and then would hold a place. */
const minBytesPerSecond = 4096;
const minBytes = (minBytesPerSecond * stallMs) / 1000;

/**
 * Watches the progress of a request's body.
 * @param onStall called once, when too little arrived during the last 5 s
 * @returns a function that stops watching; watching also stops when the body is complete
 */
export function watchProgress(
  request: IncomingMessage,
  onStall: (error: SightlineError) => void,
): () => void {
  const { socket } = request;
  /** Bytes received by each of the last checks, oldest first. */
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
  // Deferred, because bytes that came while the main loop was busy are read between a timer and the next immediate.
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
