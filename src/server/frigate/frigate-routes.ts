import type { Api } from '../api.js';
import { noteFailure } from '../problem.js';
import type { ServerContext } from '../server-options.js';
import { addFrigateCameraRoutes } from './camera-routes.js';
import { addFrigateFaceRoutes } from './face-routes.js';
import { frigateErrorOf } from './frigate-error.js';
import { addFrigateTrainRoutes } from './train-routes.js';

/** Frigate 0.16's API for faces, and the few other routes that its clients need; docs/compatibility.md describes them. */
export async function addFrigateRoutes(app: Api, context: ServerContext): Promise<void> {
  await app.register(
    (scope: Api, _options, done) => {
      scope.setErrorHandler((error, request, reply) => {
        const { status, body } = frigateErrorOf(error);
        noteFailure(error, request, reply, context.log);
        return reply.code(status).send(body);
      });
      addFrigateFaceRoutes(scope, context.services);
      addFrigateTrainRoutes(scope, context.services);
      addFrigateCameraRoutes(scope, context);
      done();
    },
    { prefix: '/api' },
  );
}
