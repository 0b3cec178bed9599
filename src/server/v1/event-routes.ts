import { z } from 'zod';
import { firstEventId } from '../../events/event-id.js';
import type { Api } from '../api.js';
import { keptEvents } from '../live/event-filter.js';
import { problems } from '../openapi.js';
import { recentEventsQuery } from '../query.js';
import { requireCamera } from '../require-camera.js';
import type { ServerContext } from '../server-options.js';

/**
 * `/v1/events`: the newest events kept in memory, oldest first, and the id of the newest there is, whatever its type
 * and camera, to go on from.
 */
export function addEventRoutes(app: Api, { bus, services }: Pick<ServerContext, 'bus' | 'services'>): void {
  app.get(
    '/v1/events',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['events'],
        summary: 'The newest events',
        querystring: recentEventsQuery,
        response: { 200: z.object({ events: z.array(z.any()), newest: z.string() }), ...problems },
      },
    },
    ({ query }) => {
      for (const id of query.camera) requireCamera(services.cameras, id);
      const newest = bus.newest === '' ? firstEventId : bus.newest;
      return { events: keptEvents(bus, query).slice(-query.limit), newest };
    },
  );
}
