import fastifyCookie from '@fastify/cookie';
import fastifyStatic from '@fastify/static';
import { fastify } from 'fastify';
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { SightlineError } from '../core/errors.js';
import { guardRoutes } from './access/access-hook.js';
import { addCameraRoutes } from './v1/camera-routes.js';
import { addCameraSetupRoutes } from './v1/camera-setup-routes.js';
import { addEventRoutes } from './v1/event-routes.js';
import { addSettingsRoutes } from './v1/settings-routes.js';
import { Gate } from './access/gate.js';
import { addHealthRoutes } from './health-routes.js';
import type { Api } from './api.js';
import type { Heartbeat } from './live/heartbeat.js';
import { addDocumentRoutes, describeRoutes } from './openapi.js';
import { problemContentType, problemOf } from './problem.js';
import { parsePart } from './request.js';
import type { ServerContext } from './server-options.js';

/** Of JSON; routes that take pictures say more. */
const BODY_LIMIT_BYTES = 64 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;

/** Every HTTP route, and the gate that stands before them. */
export async function createHttpApp(
  context: ServerContext,
  heartbeat: Heartbeat,
): Promise<{ app: Api; gate: Gate }> {
  const app: Api = fastify({
    forceCloseConnections: true,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler<z.ZodType>(({ schema, httpPart = 'body' }) => (data) => ({
    value: parsePart(schema, data, httpPart),
  }));
  app.setSerializerCompiler(serializerCompiler);
  await app.register(fastifyCookie);
  const gate = new Gate({ token: context.token, parseCookie: (header) => app.parseCookie(header) });
  guardRoutes(app, gate);
  answerWithProblems(app, context);
  await describeRoutes(app, context.version);
  addHealthRoutes(app, context);
  addCameraRoutes(app, context, heartbeat);
  addCameraSetupRoutes(app, context.services);
  addSettingsRoutes(app, context.services);
  addEventRoutes(app, context);
  await addDocumentRoutes(app);
  await app.register(fastifyStatic, {
    root: context.webDir,
    index: false,
    cacheControl: false,
    schemaHide: true,
  });
  await app.register(fastifyStatic, {
    root: context.clientDir,
    prefix: '/client/',
    decorateReply: false,
    schemaHide: true,
    cacheControl: false,
  });
  app.get('/', { config: { role: 'anybody' }, schema: { hide: true } }, (_request, reply) =>
    reply.sendFile('index.html'),
  );
  return { app, gate };
}

function answerWithProblems(app: Api, { log }: Pick<ServerContext, 'log'>): void {
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error);
    // The address may hold a token, so only the route is logged.
    if (problem.code === 'INTERNAL')
      log.error({ err: error, route: request.routeOptions.url }, 'Request failed.');
    if (error instanceof SightlineError && error.retryAfterSeconds !== undefined)
      reply.header('retry-after', error.retryAfterSeconds);
    return reply.code(problem.status).type(problemContentType).send(problem);
  });
  app.setNotFoundHandler((request) => {
    const path = request.url.split('?')[0];
    throw new SightlineError(
      'ROUTE_UNKNOWN',
      `Expected a route that exists but received ${request.method} ${path}.`,
    );
  });
}
