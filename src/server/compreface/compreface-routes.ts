import type { z } from 'zod';
import { SightlineError } from '../../core/errors.js';
import { excerpt } from '../../core/excerpt.js';
import type { Api } from '../api.js';
import { noteFailure } from '../problem.js';
import { parsePart } from '../request.js';
import type { ServerContext } from '../server-options.js';
import { compreFaceCodes, CompreFaceError, compreFaceErrorOf } from './compreface-error.js';
import { addExampleImageRoutes, addExampleRoute, addExampleRoutes } from './example-routes.js';
import { addFaceRoutes, addVerificationRoute } from './face-routes.js';
import { repairQuery } from './options.js';
import { addSubjectRoutes } from './subject-routes.js';

type Context = Pick<ServerContext, 'services' | 'log'>;

/** The REST API of Exadel CompreFace 1.2 under `/api/v1`, as docs/compatibility.md describes it. */
export async function addCompreFaceRoutes(app: Api, { services, log }: Context): Promise<void> {
  const { people, pictures } = services;
  await app.register(
    (scope: Api, _options, done) => {
      answerAsCompreFace(scope, log);
      scope.setValidatorCompiler<z.ZodType>(({ schema, httpPart = 'body' }) => (data) => ({
        value: parseCompreFacePart(schema, data, httpPart),
      }));
      scope.addHook('preValidation', (request, _reply, next) => {
        request.query = repairQuery(request.query as Readonly<Record<string, unknown>>);
        next();
      });
      addSubjectRoutes(scope, people);
      addExampleRoutes(scope, people);
      addExampleRoute(scope, people, pictures);
      addExampleImageRoutes(scope, people);
      addFaceRoutes(scope, people, pictures);
      addVerificationRoute(scope, pictures);
      refuseOthers(scope);
      done();
    },
    { prefix: '/api/v1' },
  );
}

function answerAsCompreFace(scope: Api, log: Context['log']): void {
  scope.setErrorHandler((error, request, reply) => {
    const { status, body } = compreFaceErrorOf(error, request);
    noteFailure(error, request, reply, log);
    return reply.code(status).send(body);
  });
}

/** Without this route, GET of an unknown path would reach the route of the page's files before a not-found handler. */
function refuseOthers(scope: Api): void {
  scope.route({
    method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    url: '/*',
    config: { role: 'viewer' },
    schema: { hide: true },
    // Not left to the handler, before which the body would be read.
    onRequest: ({ method, url }) => {
      throw new SightlineError(
        'ROUTE_NOT_FOUND',
        `CompreFace has no such route; received ${method} ${excerpt(url.split('?')[0] ?? '')}.`,
      );
    },
    handler: () => undefined,
  });
}

/** CompreFace's code for a missing field, by fastify's name for the part of the request. */
const missing = {
  body: compreFaceCodes.partMissing,
  querystring: compreFaceCodes.parameterMissing,
} as const;

/**
 * Parses a part of a request with its schema.
 * @throws CompreFaceError when a field is missing; whatever `parsePart` throws
 */
function parseCompreFacePart(schema: z.ZodType, data: unknown, part: string): unknown {
  try {
    return parsePart(schema, data, part);
  } catch (error) {
    const isKnown = part === 'body' || part === 'querystring';
    if (!(error instanceof SightlineError) || !isKnown || !lacksField(schema, data)) throw error;
    throw new CompreFaceError(missing[part], error.message);
  }
}

function lacksField(schema: z.ZodType, data: unknown): boolean {
  if (typeof data !== 'object' || data === null) return false;
  const issues = schema.safeParse(data).error?.issues ?? [];
  return issues.some(({ path: [field] }) => field !== undefined && !Object.hasOwn(data, field));
}
