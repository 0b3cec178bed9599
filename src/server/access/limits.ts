import { LRUCache } from 'lru-cache';
import { clientOf, type Caller } from './caller.js';
import { networkOf } from './network.js';
import { RateLimit } from './rate-limit.js';

const MOST_REMEMBERED = 10_000;

export interface LimitOptions {
  /** Of one token, or of one address without a token; null: no limit. */
  readonly requestsPerMinute: number | null;
  /** Of one address. */
  readonly wrongTokensPerMinute: number;
}

/** How often clients may ask, and guess. */
export class Limits {
  readonly #requests: RateLimit | null;
  readonly #wrongTokens: RateLimit;
  /** Who has come from where with a right token. */
  readonly #welcome = new LRUCache<string, true>({ max: MOST_REMEMBERED });

  constructor({ requestsPerMinute, wrongTokensPerMinute }: LimitOptions) {
    this.#requests =
      requestsPerMinute === null ? null : new RateLimit({ perMinute: requestsPerMinute, what: 'requests' });
    this.#wrongTokens = new RateLimit({
      perMinute: wrongTokensPerMinute,
      what: 'wrong tokens of one address',
    });
  }

  /**
   * @param caller undefined for somebody unknown
   * @throws SightlineError RATE_LIMITED
   */
  async countRequest(address: string, caller: Caller | undefined): Promise<void> {
    await this.#requests?.take(clientOf(caller, address));
  }

  /**
   * After a few wrong tokens none from that address is looked at for the rest of the minute, so that guessing does not
   * pay. Excepted is a right one that has come from there before: otherwise anybody behind the same proxy, be it a
   * program with an old token, could lock everybody out.
   * @param caller undefined for a wrong token
   * @throws SightlineError RATE_LIMITED
   */
  async countTry(address: string, caller: Caller | undefined): Promise<void> {
    const network = networkOf(address);
    const visitor = `${network} ${caller?.name ?? ''}`;
    if (caller !== undefined && this.#welcome.get(visitor) === true) return;
    await this.#wrongTokens.check(network);
    if (caller === undefined) await this.#wrongTokens.take(network);
    else this.#welcome.set(visitor, true);
  }
}
