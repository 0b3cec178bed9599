import type { NewEvent, StoredEvent } from '../core/event-store.js';
import type { SightlineEvent } from './identity-event.js';

/** Ids of everybody whom an event names. */
export function namedIn({ data }: SightlineEvent): string[] {
  if (!('track' in data)) return [];
  const { identity, why } = data;
  const previous = 'previous' in data ? data.previous : null;
  const people = [identity, previous, ...why.nearest, ...why.crops.map((crop) => crop.identity)];
  return [...new Set(people.flatMap((person) => (person ? [person.id] : [])))];
}

/** An event as it is kept: found again by its camera, its track and its person, named or not. */
export function toNewEvent(event: SightlineEvent): NewEvent {
  const { id, time, type, data } = event;
  const face = 'track' in data ? data : null;
  return {
    id,
    time: Date.parse(time),
    type,
    cameraId: data.camera.id,
    trackKey: face?.track.key ?? null,
    personId: face?.identity?.id ?? face?.unknown?.id ?? null,
    people: [...namedIn(event), ...(face?.unknown ? [face.unknown.id] : [])],
    data,
  };
}

/** An event as it was published. Who was erased since is left out, whatever the type says. */
export function toSightlineEvent({ id, time, type, cameraId, data }: StoredEvent): SightlineEvent {
  return {
    specversion: '1.0',
    source: `/cameras/${encodeURIComponent(cameraId)}`,
    type,
    datacontenttype: 'application/json',
    data,
    id,
    time: new Date(time).toISOString(),
    // The store keeps what the journal gave it.
  } as SightlineEvent;
}
