import type { SightlineEvent } from '../../events/identity-event.js';
import type { EventStreamQuery } from '../query.js';

type Wanted = Pick<EventStreamQuery, 'camera' | 'type'>;

/** Whether a client wants an event; a filter that names nothing wants everything. */
export function isWanted(event: SightlineEvent, { camera, type }: Wanted): boolean {
  return (
    (camera.length === 0 || (event.data.camera !== null && camera.includes(event.data.camera.id))) &&
    (type.length === 0 || type.includes(event.type))
  );
}
