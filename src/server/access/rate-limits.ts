import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { SightlineError } from '../../core/errors.js';
import { clientOf, networkOf, type Caller } from './caller.js';

const maxRemembered = 10_000;

export interface LimitOptions {
  /** Limit for one token, or for one address without a token; null for no limit. */
  readonly requestsPerMinute: number | null;
  /** Limit for one address. */
  readonly wrongTokensPerMinute: number;
}

/** Limits how often clients may send requests and how often they may guess tokens. */
export class Limits {
  readonly #requests: RateLimit | null;
  readonly #wrongTokens: RateLimit;
  /** Callers with a right token, together with the network they came from. */
  readonly #welcome = new LRUCache<string, true>({ max: maxRemembered });

  constructor({ requestsPerMinute, wrongTokensPerMinute }: LimitOptions) {
    this.#requests =
      requestsPerMinute === null ? null : new RateLimit({ perMinute: requestsPerMinute, what: 'requests' });
    this.#wrongTokens = new RateLimit({
      perMinute: wrongTokensPerMinute,
      what: 'wrong tokens from one address',
    });
  }

  /**
   * @param caller undefined when no valid token came
   * @throws SightlineError RATE_LIMITED
   */
  async countRequest(address: string, caller: Caller | undefined): Promise<void> {
    await this.#requests?.take(clientOf(caller, address));
  }

  /**
   * After a few wrong tokens, tokens from that address are refused for the rest of the minute, so that guessing is
   * useless. A right token that has come from there before still passes: otherwise anybody behind the same proxy, such
   * as a program with an old token, could lock everybody out.
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
/** Bounds memory however many addresses there are; beyond it the least recently seen client is forgotten. */
const maxClients = 10_000;

export interface RateLimitOptions {
  readonly perMinute: number;
  /** What is counted, in the plural, for messages. */
  readonly what: string;
}

/** Counts what clients do per minute; a client's minute begins with the first thing it does. */
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

  /** The number of clients being counted. */
  get size(): number {
    return this.#keys.size;
  }

  /** Counts one more. @throws SightlineError RATE_LIMITED when that is one too many */
  async take(key: string): Promise<void> {
    this.#keys.set(key, true);
    try {
      await this.#limiter.consume(key);
    } catch (refusal) {
      throw refusal instanceof RateLimiterRes ? this.#tooMany(refusal) : refusal;
    }
  }

  /** Only checks. @throws SightlineError RATE_LIMITED when one more would be too many */
  async check(key: string): Promise<void> {
    const counted = await this.#limiter.get(key);
    if (counted !== null && counted.remainingPoints <= 0) throw this.#tooMany(counted);
  }

  #tooMany({ msBeforeNext }: RateLimiterRes): SightlineError {
    const { perMinute, what } = this.#options;
    const retryAfterSeconds = Math.max(1, Math.ceil(msBeforeNext / 1000));
    return new SightlineError(
      'RATE_LIMITED',
      `Expected at most ${perMinute} ${what} a minute but received more; try again in ${retryAfterSeconds} s.`,
      { retryAfterSeconds },
    );
  }
}
