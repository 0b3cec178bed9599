import type { FastifyReply, FastifyRequest } from 'fastify';
import { SightlineError } from '../../core/errors.js';
import type { Api } from '../api.js';
import { tokenCookie, type Gate } from './gate.js';
import { problemOf } from '../problem.js';
import { securityHeaders } from './security-headers.js';
import { signInPage } from './sign-in-page.js';

/** Puts the gate, and the security headers, before every route, those that do not exist included. */
export function guardRoutes(app: Api, gate: Gate): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders);
    gate.checkHost(request.headers);
    const { url, config } = request.routeOptions;
    if (url === '/') return enterPage(gate, request, reply);
    if (config.role === 'anybody') return;
    gate.checkToken(request.headers);
  });
}

/** At `/` the token may come in the address; it moves to a cookie, so that it does not stay in the address bar. */
async function enterPage(gate: Gate, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  try {
    const token = tokenInAddress(request.query);
    if (token === null) return gate.checkToken(request.headers);
    if (!gate.accepts(token)) throw new SightlineError('UNAUTHORIZED', 'Expected the token of this server.');
    return reply.setCookie(tokenCookie.name, token, tokenCookie.options).redirect('/', 303);
  } catch (error) {
    if (request.headers.accept?.includes('text/html') !== true) throw error;
    return reply.code(problemOf(error).status).headers(signInPage.headers).send(signInPage.html);
  }
}

function tokenInAddress(query: unknown): string | null {
  if (typeof query !== 'object' || query === null || !('token' in query)) return null;
  return typeof query.token === 'string' ? query.token : '';
}
