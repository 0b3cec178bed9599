import { createHash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Caller } from './caller.js';

const lifetimeMs = 30_000;
/** Far more than are ever in use at a time; beyond it the oldest is forgotten. */
const maxTickets = 10_000;

/**
 * Short-lived tickets that each open one WebSocket or one picture. A page cannot send its token with a WebSocket or an
 * image, and in a URL, which proxies log, the token itself would be useful to others for a long time.
 */
export class Tickets {
  /** Callers by the digest of their ticket. */
  readonly #callers: LRUCache<string, Caller>;
  readonly #now: () => number;

  /** @param now milliseconds since the epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now;
    // The cache keeps an entry until its age exceeds the ttl, but a ticket must have expired at `expiresAt`.
    this.#callers = new LRUCache({
      max: maxTickets,
      ttl: lifetimeMs - 1,
      ttlResolution: 0,
      perf: { now },
    });
  }

  /** Issues a ticket that stands for this caller. */
  issue(caller: Caller): { readonly ticket: string; readonly expiresAt: Date } {
    const ticket = randomBytes(32).toString('base64url');
    this.#callers.set(keyOf(ticket), caller);
    return { ticket, expiresAt: new Date(this.#now() + lifetimeMs) };
  }

  /** The caller that a ticket stands for, once; undefined when it is unknown, used or expired. */
  redeem(ticket: string): Caller | undefined {
    const key = keyOf(ticket);
    const caller = this.#callers.get(key);
    this.#callers.delete(key);
    return caller;
  }
}

function keyOf(ticket: string): string {
  return digest(ticket).toString('base64');
}

/** Hashes a secret, so that the time taken to compare it or look it up reveals nothing about it. */
export function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
