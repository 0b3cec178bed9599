import type { FastifyReply, FastifyRequest } from 'fastify';
import { SightlineError } from '../core/errors.js';
import { problemOf } from './problem.js';
import type { ServerContext } from './server-options.js';

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
