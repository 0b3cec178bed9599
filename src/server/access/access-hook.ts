import fastifyCors from '@fastify/cors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SightlineError } from '../../core/errors.js';
import type { Api } from '../api.js';
import { checkUrlLength } from '../request.js';
import { requireRole } from './caller.js';
import { tokenCookie, type Gate } from './gate.js';
import { securityHeaders } from './security-headers.js';
import { signInPage } from './sign-in-page.js';

/** HTTP methods that change nothing. */
const safeMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/** Puts the gate and the security headers in front of every route, including those that do not exist. */
export async function guardRoutes(app: Api, gate: Gate, corsOrigins: readonly string[]): Promise<void> {
  app.decorateRequest('caller');
  app.addHook('onRoute', ({ url, method, config }) => {
    const changes = [method].flat().filter((name) => !safeMethods.includes(name));
    if (changes.length > 0 && config?.role === undefined)
      throw new Error(`The route ${changes.join()} ${url} has no role.`);
  });
  app.addHook('onRequest', async ({ headers, method, url }, reply) => {
    reply.headers(securityHeaders);
    checkUrlLength(url);
    if (gate.allowsOrigin(headers.origin)) reply.header('cross-origin-resource-policy', 'cross-origin');
    gate.checkHost(headers);
    if (!safeMethods.includes(method)) gate.checkOrigin(headers);
  });
  // Before the gate, because browsers send preflight requests without a token.
  await allowOrigins(app, corsOrigins);
  app.addHook('onRequest', async (request, reply) => {
    const { url, config } = request.routeOptions;
    if (url === '/') return enterPage(gate, request, reply);
    if (config.role === 'anybody') return;
    const { headers, ip: address } = request;
    const ticket = config.forPlayers === true ? inQuery(request.query, 'ticket') : undefined;
    request.caller = await gate.admit({ headers, address, token: tokenInPath(request), ticket });
    requireRole(request.caller, config.role ?? 'viewer');
  });
}

/** At `/` the token may come in the URL. It is moved to a cookie, so that it does not stay in the address bar. */
async function enterPage(gate: Gate, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const { headers, ip: address } = request;
  const token = inQuery(request.query, 'token');
  try {
    if (token === undefined) {
      request.caller = await gate.admit({ headers, address });
      return;
    }
    await gate.admitWith(token, address);
    return reply.setCookie(tokenCookie.name, token, tokenCookie.options).redirect('/', 303);
  } catch (error) {
    if (!(error instanceof SightlineError) || headers.accept?.includes('text/html') !== true) throw error;
    const note = token === undefined && error.code === 'UNAUTHORIZED' ? '' : error.message;
    if (error.retryAfterSeconds !== undefined) reply.header('retry-after', error.retryAfterSeconds);
    return reply.code(error.status).headers(signInPage.headers).send(signInPage.html(note));
  }
}

function tokenInPath({ params, routeOptions }: FastifyRequest): string | undefined {
  const { tokenParam } = routeOptions.config;
  return tokenParam === undefined ? undefined : (params as Record<string, string>)[tokenParam];
}

/** A parameter of a query that was not checked yet; undefined when left out, and no secret when repeated. */
function inQuery(query: unknown, name: 'ticket' | 'token'): string | undefined {
  const value = (query as Readonly<Record<string, unknown>>)[name];
  return value === undefined || typeof value === 'string' ? value : '';
}

const preflightSeconds = 600;

/**
 * Lets pages of these origins use the API with a token in a header, but not with the cookie, which belongs to
 * Sightline's own page. Without origins nothing is registered.
 */
async function allowOrigins(app: Api, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  await app.register(fastifyCors, {
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['authorization', 'content-type', 'x-api-key'],
    exposedHeaders: ['location', 'retry-after', 'x-captured-at', 'x-sequence'],
    maxAge: preflightSeconds,
    strictPreflight: false,
  });
}
