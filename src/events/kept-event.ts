import type { NewEvent } from '../core/event-store.js';
import type { FaceEventData, SightlineEvent } from './identity-event.js';

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
    mentions: face === null ? [] : mentions(face),
    data,
  };
}

function mentions(face: FaceEventData & { readonly previous?: { readonly id: string } }): string[] {
  const { identity, unknown, previous, why } = face;
  const people = [identity, unknown, previous, ...why.nearest, ...why.crops.map((crop) => crop.identity)];
  return [...new Set(people.flatMap((person) => person?.id ?? []))];
}
