import type { NewEvent } from '../core/event-store.js';
import type { SightlineEvent } from './identity-event.js';

/** An event as it is kept: found again by its camera, its track and its person, named or not. */
export function toNewEvent({ id, time, type, data }: SightlineEvent): NewEvent {
  const face = 'track' in data ? data : null;
  return {
    id,
    time: Date.parse(time),
    type,
    cameraId: data.camera.id,
    trackKey: face?.track.key ?? null,
    personId: face?.identity?.id ?? face?.unknown?.id ?? null,
    data,
  };
}
