import { randomBytes } from 'node:crypto';

/** Crockford's base 32: digits and capitals without I, L, O and U, in the order of their codes. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const timeLength = 10;
const randomLength = 16;

/** Sorts before the id of every event. */
export const firstEventId = '0'.repeat(timeLength + randomLength);

/** Sorts before the ids of events that were published at this time or later. @param ms since the epoch, 0 or more */
export function firstIdAt(ms: number): string {
  return timeDigits(ms) + '0'.repeat(randomLength);
}

/** Matches an event id. */
export const eventIdPattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/**
 * Makes ids after the ULID specification (github.com/ulid/spec): 48 bits of milliseconds and 80 random bits in 26
 * characters. Each id sorts after the one before, also within a millisecond and when the clock steps back.
 */
export class EventIds {
  #lastMs = -1;
  #digits: number[] = [];

  /**
   * Makes all further ids sort after this one. They start at a random point in the next millisecond, so that another
   * process that continues after the same id makes different ones.
   */
  continueAfter(id: string): void {
    const digits = Array.from(id.slice(0, timeLength), (digit) => alphabet.indexOf(digit));
    this.#lastMs = digits.reduce((ms, digit) => ms * 32 + digit, 0) + 1;
    this.#digits = randomDigits();
  }

  /** @param nowMs milliseconds since the epoch */
  next(nowMs: number): string {
    if (nowMs > this.#lastMs) {
      this.#lastMs = nowMs;
      this.#digits = randomDigits();
    } else if (!increment(this.#digits)) {
      this.#lastMs += 1;
      this.#digits = randomDigits();
    }
    return timeDigits(this.#lastMs) + this.#digits.map((digit) => alphabet.charAt(digit)).join('');
  }
}

function timeDigits(ms: number): string {
  let digits = '';
  for (let rest = ms, i = 0; i < timeLength; i += 1, rest = Math.floor(rest / 32)) {
    digits = alphabet.charAt(rest % 32) + digits;
  }
  return digits;
}

function randomDigits(): number[] {
  return Array.from(randomBytes(randomLength), (byte) => byte % 32);
}

/** Adds one to the base-32 number. @returns false when it overflowed */
function increment(digits: number[]): boolean {
  for (let i = digits.length - 1; i >= 0; i -= 1) {
    const digit = digits[i] ?? 0;
    digits[i] = (digit + 1) % 32;
    if (digit < 31) return true;
  }
  return false;
}
