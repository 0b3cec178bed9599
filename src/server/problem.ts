import { SightlineError, type ErrorCode } from '../core/errors.js';
import { excerpt } from '../core/excerpt.js';

/** Room for five problems, each with a path and a value. Whatever an error repeats, an answer stays small. */
const mostDetailBytes = 4096;

export const problemContentType = 'application/problem+json';

/** A problem document after RFC 9457. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Of the error catalogue. */
  readonly code: ErrorCode;
  readonly remedy: string;
}

/**
 * The problem document for anything thrown. What is no SightlineError keeps its message to itself, for it may hold
 * anything; it is a defect unless the HTTP layer blames the request with a status of its own.
 */
export function problemOf(thrown: unknown): Problem {
  const status = clientErrorStatus(thrown);
  const error =
    thrown instanceof SightlineError
      ? thrown
      : status === null
        ? new SightlineError('INTERNAL', 'Something went wrong inside Sightline.')
        : new SightlineError(
            'REQUEST_INVALID',
            `Expected a proper HTTP request: ${excerpt(messageOf(thrown))}.`,
          );
  const words = error.code.toLowerCase().replaceAll('_', ' ');
  return {
    type: `urn:sightline:error:${error.code}`,
    title: words.charAt(0).toUpperCase() + words.slice(1),
    status: status ?? error.status,
    detail: excerpt(error.message, mostDetailBytes),
    code: error.code,
    remedy: error.remedy,
  };
}

/** The 4xx that fastify gave to an error of its own, or null. */
function clientErrorStatus(thrown: unknown): number | null {
  if (!(thrown instanceof Error) || !('statusCode' in thrown)) return null;
  const { statusCode } = thrown;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : null;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
