import type { FastifyInstance } from 'fastify';
import { firstEventId } from '../../events/event-id.js';
import { keptEvents } from '../live/event-filter.js';
import { parseQuery, recentEventsQuery, type Query } from '../query.js';
import { requireCamera } from '../require-camera.js';
import type { ServerContext } from '../server-options.js';

/**
 * `/v1/events`: the newest events kept in memory, oldest first, and the id of the newest there is, whatever its type
 * and camera, to go on from.
 */
export function addEventRoutes(app: FastifyInstance, { bus, cameras }: ServerContext): void {
  app.get<{ Querystring: Query }>('/v1/events', (request) => {
    const query = parseQuery(recentEventsQuery, request.query);
    for (const id of query.camera) requireCamera(cameras, id);
    const newest = bus.newest === '' ? firstEventId : bus.newest;
    return { events: keptEvents(bus, query).slice(-query.limit), newest };
  });
}
