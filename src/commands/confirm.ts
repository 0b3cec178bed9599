import { createInterface } from 'node:readline/promises';
import { SightlineError } from '../core/errors.js';

/** Where a question is asked. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
}

/**
 * Asks before something is done that cannot be taken back. Only a yes is one; the end of the input is none.
 *
 * @param yes `--yes`: it was answered beforehand
 * @throws SightlineError CONFIRMATION_MISSING where there is nobody to ask
 */
export async function confirm(
  question: string,
  yes = false,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<boolean> {
  if (yes) return true;
  if (input.isTTY !== true)
    throw new SightlineError(
      'CONFIRMATION_MISSING',
      `Expected --yes, because there is no terminal to ask on: ${question} Nothing was changed.`,
    );
  const dialogue = createInterface({ input, output });
  const ended = new Promise<string>((resolve) => dialogue.once('close', () => resolve('')));
  try {
    return /^y(es)?$/i.test((await Promise.race([dialogue.question(`${question} [y/N] `), ended])).trim());
  } finally {
    dialogue.close();
  }
}
