import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { SightlineError } from '../../core/errors.js';
import type { Api } from '../api.js';
import { noBody, problems } from '../openapi.js';
import { eventStreamQuery, streamQuery, ticket } from '../query.js';

const tags = ['live'];
const response = { 101: noBody('The connection is a WebSocket now.'), ...problems };

/** Describes the WebSockets in the OpenAPI document, and refuses plain HTTP requests to them. */
export function addWebSocketRoutes(app: Api): void {
  app.get(
    '/ws/events',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'WebSocket: each event as a text message',
        querystring: eventStreamQuery.extend({ ticket }),
        response,
      },
    },
    (_request, reply) => requireHandshake(reply),
  );

  app.get(
    '/ws/video/:camera',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'WebSocket: each picture as a binary message, a JPEG',
        params: z.object({ camera: z.string() }),
        querystring: streamQuery.extend({ ticket }),
        response,
      },
    },
    (_request, reply) => requireHandshake(reply),
  );
}

function requireHandshake(reply: FastifyReply): never {
  reply.header('upgrade', 'websocket');
  throw new SightlineError(
    'UPGRADE_REQUIRED',
    'Expected a WebSocket handshake but received a plain HTTP request.',
  );
}
