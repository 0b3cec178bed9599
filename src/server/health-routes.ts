import { z } from 'zod';
import type { Api } from './api.js';
import { binary, problems } from './openapi.js';
import type { ServerContext } from './server-options.js';

const readiness = z.object({
  ready: z.boolean(),
  reasons: z.array(z.string()),
  cameras: z
    .object({ total: z.int(), online: z.int() })
    .describe('How many cameras there are, and how many of them show pictures.'),
  embeddingAgain: z
    .object({ embedder: z.string(), embedded: z.int(), failed: z.int(), total: z.int() })
    .nullable()
    .describe(
      'How far stored faces are embedded again after a change of embedder; the one before answers meanwhile.',
    ),
});

/** `/healthz` (the process answers), `/readyz` (it is ready to work) and `/metrics`. */
export function addHealthRoutes(
  app: Api,
  { ready, version, metrics }: Pick<ServerContext, 'ready' | 'version' | 'metrics'>,
): void {
  const tags = ['service'];

  app.get(
    '/healthz',
    {
      config: { role: 'anybody' },
      schema: {
        tags,
        summary: 'Whether the process answers',
        response: { 200: z.object({ status: z.literal('ok'), version: z.string() }) },
      },
    },
    () => ({ status: 'ok' as const, version }),
  );

  app.get(
    '/readyz',
    {
      config: { role: 'anybody' },
      schema: {
        tags,
        summary: 'Whether the program is ready to work',
        response: { 200: readiness, 503: readiness },
      },
    },
    async (_request, reply) => {
      const { ready: isReady, reasons, ...rest } = ready();
      return reply.code(isReady ? 200 : 503).send({ ready: isReady, reasons: [...reasons], ...rest });
    },
  );

  app.get(
    '/metrics',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'Metrics for Prometheus',
        response: { 200: binary('Metrics as text.', 'text/plain'), ...problems },
      },
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.expose()),
  );
}
