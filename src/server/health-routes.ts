import type { FastifyInstance } from 'fastify';
import type { ServerContext } from './server-options.js';

/** `/healthz` (the process answers), `/readyz` (it can do its work) and `/metrics`. */
export function addHealthRoutes(app: FastifyInstance, { ready, version, metrics }: ServerContext): void {
  app.get('/healthz', () => ({ status: 'ok', version }));

  app.get('/readyz', (_request, reply) => {
    const readiness = ready();
    return reply.code(readiness.ready ? 200 : 503).send(readiness);
  });

  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.expose()),
  );
}
