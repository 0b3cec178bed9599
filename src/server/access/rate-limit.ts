import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { SightlineError } from '../../core/errors.js';

const WINDOW_SECONDS = 60;
/** Clients counted at a time, so that many addresses cannot fill the memory; beyond it the idlest is forgotten. */
const MOST_KEYS = 10_000;

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
    max: MOST_KEYS,
    dispose: (_, key) => void this.#limiter.delete(key),
  });

  constructor(options: RateLimitOptions) {
    this.#options = options;
    this.#limiter = new RateLimiterMemory({ points: options.perMinute, duration: WINDOW_SECONDS });
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
