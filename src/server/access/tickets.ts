import { createHash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Caller } from './caller.js';

const lifetimeMs = 30_000;
/** Far more than connect at a time; beyond it the oldest is forgotten. */
const maxTickets = 10_000;

/**
 * Tickets open one WebSocket each, soon: a page cannot send its token with one, and in an address, which proxies write
 * down, the token itself would be of lasting use to others.
 */
export class Tickets {
  /** By the digest of the ticket. */
  readonly #callers: LRUCache<string, Caller>;
  readonly #now: () => number;

  /** @param now milliseconds since the epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now;
    // The cache still has an entry whose age is its whole ttl; a ticket is of no use at `expiresAt`.
    this.#callers = new LRUCache({
      max: maxTickets,
      ttl: lifetimeMs - 1,
      ttlResolution: 0,
      perf: { now },
    });
  }

  /** A new ticket, which stands for this caller. */
  issue(caller: Caller): { readonly ticket: string; readonly expiresAt: Date } {
    const ticket = randomBytes(32).toString('base64url');
    this.#callers.set(keyOf(ticket), caller);
    return { ticket, expiresAt: new Date(this.#now() + lifetimeMs) };
  }

  /** Whom a ticket stands for, once; undefined when it is none, was used or is too old. */
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

/** Of a secret: how long it takes to compare or to look up digests tells nothing about the secret. */
export function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
