import type { Duplex } from 'node:stream';
import { securityHeaders } from './access/security-headers.js';
import { problemContentType, problemOf } from './problem.js';

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
