import { randomBytes } from 'node:crypto';
import type { Caller } from './caller.js';
import { digest } from './digest.js';

const LIFETIME_MS = 30_000;
/** Far more than connect at a time; beyond it the oldest is forgotten. */
const MOST_TICKETS = 10_000;

interface Ticket {
  readonly caller: Caller;
  readonly expiresAtMs: number;
}

/**
 * Tickets open one WebSocket each, soon: a page cannot send its token with one, and in an address, which proxies write
 * down, the token itself would be of lasting use to others.
 */
export class Tickets {
  /** By the digest of the ticket, oldest first. */
  readonly #tickets = new Map<string, Ticket>();
  readonly #now: () => number;

  /** @param now milliseconds since the epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** A new ticket, which stands for this caller. */
  issue(caller: Caller): { readonly ticket: string; readonly expiresAt: Date } {
    this.#forgetOld();
    const ticket = randomBytes(32).toString('base64url');
    const expiresAtMs = this.#now() + LIFETIME_MS;
    this.#tickets.set(keyOf(ticket), { caller, expiresAtMs });
    return { ticket, expiresAt: new Date(expiresAtMs) };
  }

  /** Whom a ticket stands for, once; undefined when it is none, was used or is too old. */
  redeem(ticket: string): Caller | undefined {
    const key = keyOf(ticket);
    const found = this.#tickets.get(key);
    this.#tickets.delete(key);
    return found === undefined || found.expiresAtMs <= this.#now() ? undefined : found.caller;
  }

  #forgetOld(): void {
    for (const [key, { expiresAtMs }] of this.#tickets) {
      if (expiresAtMs > this.#now() && this.#tickets.size < MOST_TICKETS) return;
      this.#tickets.delete(key);
    }
  }
}

function keyOf(ticket: string): string {
  return digest(ticket).toString('base64');
}
