import { SightlineError } from '../../core/errors.js';

/** WEIGHTS_INVALID, in the catalogue's manner of speaking. */
export function weightsInvalid(expected: string, received: string): SightlineError {
  return new SightlineError('WEIGHTS_INVALID', `Expected ${expected} but received ${received}`);
}

/** A text out of a file, made fit for a message: short, and without control characters. */
export function quoted(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 80)}...` : text;
  return short.replaceAll(/[^\x20-\x7e]/g, '?');
}
