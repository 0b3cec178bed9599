import { z } from 'zod';
import type { Tickets } from '../access/tickets.js';
import type { Api } from '../api.js';
import { problems } from '../openapi.js';

const ticketSchema = z
  .object({
    ticket: z
      .string()
      .describe(
        'Opens one WebSocket, `stream.mjpeg` or `latest.jpg` as `?ticket=`, with the role of the token that requested it.',
      ),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'Ticket' });

/** `/v1/tickets`, for pages of other origins, which cannot send a token with a WebSocket or an image. */
export function addTicketRoutes(app: Api, tickets: Tickets): void {
  app.post(
    '/v1/tickets',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['service'],
        summary: 'A ticket for one WebSocket or picture, valid for 30 s',
        response: { 201: ticketSchema, ...problems },
      },
    },
    async ({ caller }, reply) => {
      const { ticket, expiresAt } = tickets.issue(caller);
      return reply.code(201).send({ ticket, expiresAt: expiresAt.toISOString() });
    },
  );
}
