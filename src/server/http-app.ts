import fastifyCookie from '@fastify/cookie';
import fastifyStatic from '@fastify/static';
import { fastify, type FastifyReply, type FastifyRequest } from 'fastify';
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { SightlineError } from '../core/errors.js';
import { excerpt } from '../core/excerpt.js';
import { guardRoutes } from './access/access-hook.js';
import { Gate } from './access/gate.js';
import { securityHeaders } from './access/security-headers.js';
import type { Api } from './api.js';
import { addCompreFaceRoutes } from './compreface/compreface-routes.js';
import { addFrigateRoutes } from './frigate/frigate-routes.js';
import { addHealthRoutes } from './health-routes.js';
import { takeJsonBodies } from './json-bodies.js';
import type { Heartbeat } from './live/heartbeat.js';
import { addWebSocketRoutes } from './live/websocket-routes.js';
import { addDocumentRoutes, describeRoutes } from './openapi.js';
import { answerRaw, brokenRequest, noteFailure, problemContentType, problemOf } from './problem.js';
import { parsePart } from './request.js';
import type { ServerContext } from './server-options.js';
import { acceptPictures } from './uploads/accept-pictures.js';
import { addCameraRoutes } from './v1/camera-routes.js';
import { addCameraSetupRoutes } from './v1/camera-setup-routes.js';
import { addEventRoutes } from './v1/event-routes.js';
import { addFaceRoutes } from './v1/face-routes.js';
import { addGalleryRoutes } from './v1/gallery-routes.js';
import { addPeopleRoutes } from './v1/people-routes.js';
import { addPhotoRoutes } from './v1/photo-routes.js';
import { addSettingsRoutes } from './v1/settings-routes.js';
import { addTicketRoutes } from './v1/ticket-routes.js';
import { addUnknownRoutes } from './v1/unknown-routes.js';

/** Limit of JSON bodies; routes that accept pictures have a higher one. */
const bodyLimitBytes = 64 * 1024;
const requestTimeoutMs = 30_000;

/** Builds the HTTP application: every route, and the gate in front of them. */
export async function createHttpApp(
  context: ServerContext,
  heartbeat: Heartbeat,
): Promise<{ app: Api; gate: Gate }> {
  const app = createApi();
  await app.register(fastifyCookie);
  const gate = new Gate({
    ...context,
    limits: { ...context.limits, requestsPerMinute: context.rateLimit },
    parseCookie: (header) => app.parseCookie(header),
    onWrongToken: (address) => context.log.info({ address }, 'A wrong token was refused'),
  });
  await guardRoutes(app, gate, context.corsOrigins);
  answerWithProblems(app, context);
  takeJsonBodies(app);
  await acceptPictures(app, context.uploads);
  await describeRoutes(app, context.version);
  await addRoutes(app, context, gate, heartbeat);
  await addPageFiles(app, context);
  return { app, gate };
}

/** Fastify with this server's limits and its reading of requests, and no route yet. */
function createApi(): Api {
  const app = fastify({
    forceCloseConnections: true,
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    // CompreFace accepts a trailing slash in every path, and its documentation uses one.
    routerOptions: { ignoreTrailingSlash: true },
    clientErrorHandler: (error, connection) => answerRaw(connection, brokenRequest(error)),
    frameworkErrors: (error, _request, reply) => {
      void reply.headers(securityHeaders);
      sendProblem(reply, error);
    },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler<z.ZodType>(({ schema, httpPart = 'body' }) => (data) => ({
    value: parsePart(schema, data, httpPart),
  }));
  app.setSerializerCompiler(serializerCompiler);
  return app;
}

async function addRoutes(app: Api, context: ServerContext, gate: Gate, heartbeat: Heartbeat): Promise<void> {
  addHealthRoutes(app, context);
  addCameraRoutes(app, context, heartbeat);
  addWebSocketRoutes(app);
  addCameraSetupRoutes(app, context.services);
  addSettingsRoutes(app, context.services);
  addEventRoutes(app, context);
  addPeopleRoutes(app, context);
  addPhotoRoutes(app, context);
  addGalleryRoutes(app, context);
  addUnknownRoutes(app, context);
  await addCompreFaceRoutes(app, context);
  await addFrigateRoutes(app, context);
  addTicketRoutes(app, gate.tickets);
  addFaceRoutes(app, context);
  await addDocumentRoutes(app);
}

/** The page, and the client for browsers. */
async function addPageFiles(
  app: Api,
  { webDir, clientDir }: Pick<ServerContext, 'webDir' | 'clientDir'>,
): Promise<void> {
  await app.register(fastifyStatic, {
    root: webDir,
    index: false,
    schemaHide: true,
  });
  await app.register(fastifyStatic, {
    root: clientDir,
    prefix: '/client/',
    decorateReply: false,
    schemaHide: true,
  });
  app.get('/', { config: { role: 'anybody' }, schema: { hide: true } }, (_request, reply) =>
    reply.sendFile('index.html'),
  );
}

function answerWithProblems(app: Api, { log }: Pick<ServerContext, 'log'>): void {
  app.setErrorHandler((error, request, reply) => {
    noteFailure(error, request, reply, log);
    sendProblem(reply, error);
  });
  const refuse = ({ method, url }: Pick<FastifyRequest, 'method' | 'url'>): never => {
    const path = excerpt(url.split('?')[0] ?? '');
    throw new SightlineError('ROUTE_NOT_FOUND', `There is no such route; received ${method} ${path}.`);
  };
  // Before the body is read: whether it could be is beside the point where there is no route.
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.is404) refuse(request);
    done();
  });
  app.setNotFoundHandler(refuse);
}

function sendProblem(reply: FastifyReply, error: unknown): void {
  const problem = problemOf(error);
  void reply.code(problem.status).type(problemContentType).send(problem);
}
