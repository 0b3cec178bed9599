import type { EventOf, EventType } from '../../packages/client/src/events.js';

export type {
  CameraRef,
  EventDataByType,
  EventType,
  FaceEventData,
  SightlineEvent,
} from '../../packages/client/src/events.js';

/** Every type of event there is, in the order of the documentation. */
export const eventTypes = [
  'sightline.track.started',
  'sightline.track.ended',
  'sightline.identity.recognized',
  'sightline.identity.unknown',
  'sightline.identity.unclear',
  'sightline.identity.changed',
  'sightline.identity.held',
  'sightline.identity.confirmed',
  'sightline.camera.online',
  'sightline.camera.offline',
  'sightline.camera.overloaded',
  'sightline.camera.recovered',
  'sightline.recognition.calibrated',
  'sightline.gallery.photo-set-aside',
  'sightline.gallery.look-alikes',
] as const satisfies readonly EventType[];

/** What a builder makes: an event that the publisher has yet to stamp with its id and time. */
export type DraftOf<T extends EventType> = Omit<EventOf<T>, 'id' | 'time' | 'sequence'>;

export type EventDraft = { [T in EventType]: DraftOf<T> }[EventType];
