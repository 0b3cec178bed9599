import type { Duplex } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SightlineError, type ErrorCode } from '../core/errors.js';
import { excerpt } from '../core/excerpt.js';
import { securityHeaders } from './access/security-headers.js';
import type { ServerContext } from './server-options.js';

/** Room for five problems, each with a path and a value. Whatever an error repeats, an answer stays small. */
const maxDetailBytes = 4096;

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
    detail: excerpt(error.message, maxDetailBytes),
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

/**
 * What is done about any error, in whatever form the client is told: says how to come in and when to try again, logs
 * what is our fault.
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
  if (code === 'UNAUTHORIZED') void reply.header('www-authenticate', 'Bearer');
  // The address may hold a token, so only the route is logged.
  if (status === 500) log.error({ err: error, route: routeOptions.url }, 'Request failed.');
}

/** Answers on a connection whose request never became one for fastify, with a problem document, and ends it. */
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

/** What Node's HTTP parser found wrong, with the status that fits. */
export function brokenRequest(error: NodeJS.ErrnoException): Error {
  const statusCode =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
  return Object.assign(new Error(error.message, { cause: error }), { statusCode });
}
