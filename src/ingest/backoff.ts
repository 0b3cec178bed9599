const BASE_MS = 1000;
/** A camera that is back is seen again within it: nobody waits half a minute for a picture. */
const CAP_MS = 10_000;

/**
 * How long to wait before try number `attempt` (from 0): exponential with full jitter, so that cameras that failed
 * together do not come back together. Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 *
 * @param random 0 to 1, from a uniform distribution.
 * @returns milliseconds, from 0 to 1 s at first and to 10 s in the end.
 */
export function backoffMs(attempt: number, random: number): number {
  return Math.round(random * Math.min(CAP_MS, BASE_MS * 2 ** attempt));
}
