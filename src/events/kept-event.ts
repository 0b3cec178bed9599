import type { NewEvent, StoredEvent } from '../core/event-store.js';
import type { EventDraft, SightlineEvent } from './identity-event.js';

/** Kept in place of a camera's id, which is never empty. */
const noCamera = '';

/** Ids of everybody that an event names. */
function namedIn({ data }: EventDraft): string[] {
  if ('people' in data && Array.isArray(data.people)) return data.people.map(({ id }) => id);
  if ('photo' in data) return [data.identity, data.other].flatMap((person) => person?.id ?? []);
  if (!('track' in data)) return [];
  const { identity, held, why } = data;
  const previous = 'previous' in data ? data.previous : null;
  const people = [
    identity,
    previous,
    held?.identity ?? null,
    ...why.nearest,
    ...why.nearest.map((each) => each.lookAlike ?? null),
    ...why.crops.map((crop) => crop.identity),
  ];
  return [...new Set(people.flatMap((person) => (person ? [person.id] : [])))];
}

/**
 * Converts a draft to the form that is stored, with its camera, track and person (named or unknown) to search by.
 * @param time milliseconds since the epoch
 */
export function toNewEvent(draft: EventDraft, id: string, time: number): NewEvent {
  const { type, data } = draft;
  const face = 'track' in data ? data : null;
  return {
    id,
    time,
    type,
    cameraId: data.camera?.id ?? noCamera,
    trackKey: face?.track.key ?? null,
    personId:
      face?.identity?.id ?? face?.unknown?.id ?? ('photo' in data ? (data.identity?.id ?? null) : null),
    people: [
      ...namedIn(draft),
      ...[face?.unknown, face?.held?.unknown].flatMap((person) => person?.id ?? []),
    ],
    data,
  };
}

/** The CloudEvents source of a camera's events, and without a camera the part of the program that its type names. */
export function sourceOf(type: string, cameraId: string | undefined): string {
  return cameraId === undefined ? `/${type.split('.')[1]}` : `/cameras/${encodeURIComponent(cameraId)}`;
}

/** Decimal digits of the greatest position. */
const positionDigits = String(Number.MAX_SAFE_INTEGER).length;

/** Converts a stored event to a CloudEvent, with its position as `sequence`. People erased since then are missing from it. */
export function toSightlineEvent({ position, id, time, type, cameraId, data }: StoredEvent): SightlineEvent {
  return {
    specversion: '1.0',
    source: sourceOf(type, cameraId === noCamera ? undefined : cameraId),
    type,
    datacontenttype: 'application/json',
    data,
    id,
    time: new Date(time).toISOString(),
    // Padded with zeros, so that the text sorts like the number.
    sequence: String(position).padStart(positionDigits, '0'),
    // The store returns the data that the publisher stored, so type and data match.
  } as SightlineEvent;
}
