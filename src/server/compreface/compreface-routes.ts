import type { z } from 'zod';
import { SightlineError } from '../../core/errors.js';
import type { Gate } from '../access/gate.js';
import type { Api } from '../api.js';
import type { ServerContext } from '../server-options.js';
import { addExampleRoute } from './add-example-route.js';
import { compreFaceErrorOf } from './compreface-error.js';
import { addExampleImageRoutes } from './example-image-routes.js';
import { addExampleRoutes } from './example-routes.js';
import { addFaceRoutes } from './face-routes.js';
import { mendQuery } from './options.js';
import { parseCompreFacePart } from './parse-part.js';
import { addSubjectRoutes } from './subject-routes.js';
import { addVerificationRoute } from './verification-route.js';

type Context = Pick<ServerContext, 'services' | 'log'>;

/** The REST API of Exadel CompreFace 1.2 under `/api/v1`, as docs/compatibility.md tells. */
export async function addCompreFaceRoutes(app: Api, { services, log }: Context, gate: Gate): Promise<void> {
  const { people, pictures } = services;
  await app.register(
    async (scope: Api) => {
      answerAsCompreFace(scope, log);
      takeEmptyJson(scope);
      scope.setValidatorCompiler<z.ZodType>(({ schema, httpPart = 'body' }) => (data) => ({
        value: parseCompreFacePart(schema, data, httpPart),
      }));
      scope.addHook('preValidation', async (request) => {
        request.query = mendQuery(request.query as Readonly<Record<string, unknown>>);
      });
      addSubjectRoutes(scope, people);
      addExampleRoutes(scope, people);
      addExampleRoute(scope, people, pictures);
      addExampleImageRoutes(scope, people, gate);
      addFaceRoutes(scope, people, pictures);
      addVerificationRoute(scope, pictures);
    },
    { prefix: '/api/v1' },
  );
}

function answerAsCompreFace(scope: Api, log: Context['log']): void {
  scope.setErrorHandler((error, request, reply) => {
    const { status, body } = compreFaceErrorOf(error, request);
    // The address may hold a token, so only the route is logged.
    if (status === 500) log.error({ err: error, route: request.routeOptions.url }, 'Request failed.');
    if (error instanceof SightlineError && error.retryAfterSeconds !== undefined)
      reply.header('retry-after', error.retryAfterSeconds);
    return reply.code(status).send(body);
  });
  scope.setNotFoundHandler(({ method, url }) => {
    throw new SightlineError(
      'ROUTE_UNKNOWN',
      `Expected a route of CompreFace that exists but received ${method} ${url.split('?')[0]}.`,
    );
  });
}

/** Clients of CompreFace say that they send JSON where they send nothing, as with DELETE. */
function takeEmptyJson(scope: Api): void {
  const parse = scope.getDefaultJsonParser('error', 'error');
  scope.removeContentTypeParser('application/json');
  scope.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body, done);
  });
}
