import type { Duplex } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SightlineError, type ErrorCode } from '../core/errors.js';
import { excerpt } from '../core/excerpt.js';
import { securityHeaders } from './access/security-headers.js';
import type { ServerContext } from './server-options.js';

/** Room for five problems, each with a path and a value, so that an answer stays small whatever it repeats. */
const maxDetailBytes = 4096;

export const problemContentType = 'application/problem+json';

/** A problem document (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** A code of the error catalogue. */
  readonly code: ErrorCode;
  readonly remedy: string;
}

/**
 * The problem document for any thrown value. The message of anything but a SightlineError is not shown, because it may
 * contain secrets; such an error counts as a defect unless the HTTP layer gave it a 4xx status.
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
            `The HTTP request is not valid: ${excerpt(messageOf(thrown))}.`,
          );
  const words = error.code.toLowerCase().replaceAll('_', ' ');
  return {
    type: `urn:sightline:error:${error.code}`,
    title: words.charAt(0).toUpperCase() + words.slice(1),
    status: status ?? error.status,
    detail: excerpt(error.message, maxDetailBytes),
    code: error.code,
    remedy: error.remedy,
  };
}

/** The 4xx status that fastify gave to one of its own errors, or null. */
function clientErrorStatus(thrown: unknown): number | null {
  if (!(thrown instanceof Error) || !('statusCode' in thrown)) return null;
  const { statusCode } = thrown;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : null;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * Does what every error needs, whichever form of error body the client expects: sets `www-authenticate` and
 * `retry-after`, and logs failures of the server.
 */
export function noteFailure(
  error: unknown,
  { routeOptions }: Pick<FastifyRequest, 'routeOptions'>,
  reply: FastifyReply,
  log: ServerContext['log'],
): void {
  if (error instanceof SightlineError && error.retryAfterSeconds !== undefined)
    void reply.header('retry-after', error.retryAfterSeconds);
  const { code, status } = problemOf(error);
  // Otherwise the rest of the body, of whatever length, would be read and thrown away.
  if (status === 413) void reply.header('connection', 'close');
  // One header each: ffmpeg looks at the first scheme of a header only.
  const schemes = routeOptions.config.forPlayers === true ? ['Bearer', 'Basic realm="Sightline"'] : 'Bearer';
  if (code === 'UNAUTHORIZED') void reply.header('www-authenticate', schemes);
  // The URL may contain a token, so only the route is logged.
  if (status === 500) log.error({ err: error, route: routeOptions.url }, 'Request failed.');
}

/** Answers a request that never reached fastify with a problem document, and closes the connection. */
export function answerRaw(connection: Duplex, error: unknown): void {
  if (!connection.writable) {
    connection.destroy();
    return;
  }
  const problem = problemOf(error);
  const body = JSON.stringify(problem);
  const headers = {
    ...securityHeaders,
    connection: 'close',
    'content-type': problemContentType,
    'content-length': Buffer.byteLength(body),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  connection.once('finish', () => connection.destroy());
  connection.end([`HTTP/1.1 ${problem.status} ${problem.title}`, ...lines, '', body].join('\r\n'));
}

/** An error of Node's HTTP parser, with the fitting status. */
export function brokenRequest(error: NodeJS.ErrnoException): Error {
  const statusCode =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
  return Object.assign(new Error(error.message, { cause: error }), { statusCode });
}
