import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { SightlineError } from '../../core/errors.js';
import { clientOf, networkOf, type Caller } from './caller.js';

const maxRemembered = 10_000;

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
  readonly #welcome = new LRUCache<string, true>({ max: maxRemembered });

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

const windowSeconds = 60;
/** Clients counted at a time, so that many addresses cannot fill the memory; beyond it the idlest is forgotten. */
const maxClients = 10_000;

export interface RateLimitOptions {
  readonly perMinute: number;
  /** What is counted, in the plural. */
  readonly what: string;
}

/** Counts what clients do, minute by minute; a client's minute begins with the first thing it does. */
export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #limiter: RateLimiterMemory;
  readonly #keys = new LRUCache<string, true>({
    max: maxClients,
    dispose: (_, key) => void this.#limiter.delete(key),
  });

  constructor(options: RateLimitOptions) {
    this.#options = options;
    this.#limiter = new RateLimiterMemory({ points: options.perMinute, duration: windowSeconds });
  }

  /** How many clients are counted. */
  get size(): number {
    return this.#keys.size;
  }

  /** Counts one. @throws SightlineError RATE_LIMITED when it is one too many */
  async take(key: string): Promise<void> {
    this.#keys.set(key, true);
    try {
      await this.#limiter.consume(key);
    } catch (refusal) {
      throw refusal instanceof RateLimiterRes ? this.#tooMany(refusal) : refusal;
    }
  }

  /** Counts nothing. @throws SightlineError RATE_LIMITED when another one would be one too many */
  async check(key: string): Promise<void> {
    const counted = await this.#limiter.get(key);
    if (counted !== null && counted.remainingPoints <= 0) throw this.#tooMany(counted);
  }

  #tooMany({ msBeforeNext }: RateLimiterRes): SightlineError {
    const { perMinute, what } = this.#options;
    const retryAfterSeconds = Math.max(1, Math.ceil(msBeforeNext / 1000));
    return new SightlineError(
      'RATE_LIMITED',
      `Expected at most ${perMinute} ${what} a minute but received more; wait ${retryAfterSeconds} s.`,
      { retryAfterSeconds },
    );
  }
}
