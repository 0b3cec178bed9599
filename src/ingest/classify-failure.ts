import { SightlineError, type ErrorCode } from '../core/errors.js';
import { redact } from './redact.js';

/** First match counts. Phrases of ffmpeg 4 to 7 and of the C library; the tests hold real examples. */
const PHRASES: readonly (readonly [ErrorCode, RegExp, expected: string])[] = [
  ['SOURCE_AUTH_FAILED', /(returned|failed:) 40[13]\b/, 'to be let in with these credentials'],
  ['SOURCE_NOT_FOUND', /(returned|failed:) 404\b|No such file or directory|No such device/, 'to find'],
  [
    'SOURCE_UNREACHABLE',
    /Connection (refused|reset|timed out)|timed out|No route to host|unreachable|Failed to resolve|Name or service not known|Temporary failure in name resolution|Host is down/,
    'to reach',
  ],
  [
    'SOURCE_NOT_VIDEO',
    /Invalid data found|moov atom not found|matches no streams|does not contain any stream|Cannot determine format|Is a directory/,
    'video from',
  ],
];

/**
 * Names what went wrong from what ffmpeg said last.
 *
 * @param source the source for the message; credentials are removed here.
 * @param stderr the last lines of ffmpeg; empty when it fell silent, which without a picture means: no video in it.
 */
export function classifyFailure(source: string, stderr: readonly string[]): SightlineError {
  const lines = stderr.map(redact);
  for (const [code, phrase, expected] of PHRASES) {
    const line = lines.find((candidate) => phrase.test(candidate));
    if (line)
      return new SightlineError(code, `Expected ${expected} ${redact(source)} but ffmpeg said: ${line}`);
  }
  const last = lines.at(-1);
  if (last === undefined) {
    return new SightlineError(
      'SOURCE_NOT_VIDEO',
      `Expected video from ${redact(source)} but no picture came.`,
    );
  }
  return new SightlineError(
    'SOURCE_FAILED',
    `Expected video from ${redact(source)} but ffmpeg said: ${last}`,
  );
}
