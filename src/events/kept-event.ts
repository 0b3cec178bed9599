import type { NewEvent, StoredEvent } from '../core/event-store.js';
import type { EventDraft, SightlineEvent } from './identity-event.js';

/** Ids of everybody whom an event names. */
function namedIn({ data }: EventDraft): string[] {
  if (!('track' in data)) return [];
  const { identity, why } = data;
  const previous = 'previous' in data ? data.previous : null;
  const people = [identity, previous, ...why.nearest, ...why.crops.map((crop) => crop.identity)];
  return [...new Set(people.flatMap((person) => (person ? [person.id] : [])))];
}

/**
 * An event as it is kept: found again by its camera, its track and its person, named or not.
 * @param time milliseconds since the epoch
 */
export function toNewEvent(draft: EventDraft, id: string, time: number): NewEvent {
  const { type, data } = draft;
  const face = 'track' in data ? data : null;
  return {
    id,
    time,
    type,
    cameraId: data.camera.id,
    trackKey: face?.track.key ?? null,
    personId: face?.identity?.id ?? face?.unknown?.id ?? null,
    people: [...namedIn(draft), ...(face?.unknown ? [face.unknown.id] : [])],
    data,
  };
}

/** Decimal digits of the greatest position. */
const positionDigits = String(Number.MAX_SAFE_INTEGER).length;

/** An event as it is told, with the position as its `sequence`. Who was erased since is left out, whatever the type says. */
export function toSightlineEvent({ position, id, time, type, cameraId, data }: StoredEvent): SightlineEvent {
  return {
    specversion: '1.0',
    source: `/cameras/${encodeURIComponent(cameraId)}`,
    type,
    datacontenttype: 'application/json',
    data,
    id,
    time: new Date(time).toISOString(),
    // As text that sorts like the number.
    sequence: String(position).padStart(positionDigits, '0'),
    // The store keeps what the publisher gave it.
  } as SightlineEvent;
}
