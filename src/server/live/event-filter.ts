import type { EventBus } from '../../events/event-bus.js';
import type { SightlineEvent } from '../../events/identity-event.js';
import type { EventStreamQuery } from '../query.js';

type Wanted = Pick<EventStreamQuery, 'camera' | 'type'>;

/** Whether a client wants an event; a filter that names nothing wants everything. */
export function isWanted(event: SightlineEvent, { camera, type }: Wanted): boolean {
  return (
    (camera.length === 0 || camera.includes(event.data.camera.id)) &&
    (type.length === 0 || type.includes(event.type))
  );
}

/** The wanted ones of the events kept, after `since` if given; oldest first. */
export function keptEvents(bus: EventBus, query: EventStreamQuery): SightlineEvent[] {
  const events = query.since === null ? bus.recent(Infinity) : bus.since(query.since);
  return events.filter((event) => isWanted(event, query));
}
