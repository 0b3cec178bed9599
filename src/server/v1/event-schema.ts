import { z } from 'zod';
import type { EventPerson } from '../../core/event-store.js';
import type {
  EventDataByType,
  EventType,
  FaceEventData,
  SightlineEvent,
} from '../../events/identity-event.js';
import { eventId } from '../query.js';

/** An event as it was published, and who its face is known to be now. */
export type KeptEvent = SightlineEvent & { readonly person: EventPerson | null };

const camera = z.object({ id: z.string(), name: z.string() });
const person = z.object({ id: z.string(), name: z.string() }).meta({ id: 'NamedPerson' });
const point = z.object({ x: z.number(), y: z.number() });
const box = point.extend({ width: z.number(), height: z.number() });

const why = z.object({
  summary: z.string().describe('One or two sentences for people to read.'),
  votes: z.object({ total: z.int(), inFavour: z.int() }).nullable(),
  weight: z.number().nullable(),
  falseNameRate: z.number().nullable(),
  calibratedOn: z
    .int()
    .nullable()
    .describe('Unknown people of the place that the threshold was calibrated on; null when it was not.'),
  crops: z.array(
    z.object({ quality: z.number(), distance: z.number().nullable(), identity: person.nullable() }),
  ),
  nearest: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      distance: z.number(),
      centroidDistance: z.number(),
      rejected: z.boolean(),
      lookAlike: z
        .object({ id: z.string(), name: z.string(), threshold: z.number() })
        .nullable()
        .exactOptional()
        .describe(
          'Who looks so much alike that a name needs this distance or less; null after that person was erased.',
        ),
    }),
  ),
  times: z
    .object({ queueMs: z.number(), alignMs: z.number(), embedMs: z.number(), matchMs: z.number() })
    .nullable(),
});

const unknown = z.object({ id: z.string(), number: z.int(), seen: z.int() });

const faceShape = {
  camera,
  track: z.object({ id: z.int(), key: z.string(), ageMs: z.int(), hits: z.int() }),
  identity: person
    .nullable()
    .describe('Null for an unknown person, while undecided or held, and after the person was erased.'),
  unknown: unknown.nullable(),
  held: z
    .object({
      identity: person.nullable(),
      unknown: unknown.nullable(),
      reason: z.enum(['hidden', 'jumped', 'overlapped', 'changed', 'contradicted']),
    })
    .exactOptional()
    .describe('Only while the identity is held: who it was before the track came in doubt, and why it did.'),
  poorView: z
    .object({
      reason: z.enum([
        ...(['size', 'pose', 'sharpness', 'noise', 'blocks', 'exposure', 'eyes', 'mouth'] as const),
        'visibility',
      ]),
      quality: z.number(),
    })
    .exactOptional()
    .describe(
      'Only while undecided because the face was seen too poorly: what was wrong with most looks at it, and the quality of the best.',
    ),
  distance: z.number().nullable(),
  threshold: z.number().nullable(),
  margin: z.number().nullable(),
  confidence: z.number().nullable(),
  box: box.describe('In pixels of the frame.'),
  landmarks: z.array(point).nullable(),
  frame: z.object({
    sequence: z.int(),
    width: z.int(),
    height: z.int(),
    capturedAt: z.iso.datetime(),
  }),
  quality: z.number().nullable(),
  why,
};
const faceData: z.ZodType<FaceEventData> = z.object(faceShape).meta({ id: 'FaceEventData' });
const changedData: z.ZodType<EventDataByType['sightline.identity.changed']> = z
  .object({ ...faceShape, previous: person.nullable().describe('Null after that person was erased.') })
  .meta({ id: 'IdentityChangedData' });
const cameraData: z.ZodType<EventDataByType['sightline.camera.online']> = z
  .object({ camera, reason: z.object({ code: z.string(), message: z.string() }).nullable() })
  .meta({ id: 'CameraEventData' });

const calibrationData: z.ZodType<EventDataByType['sightline.recognition.calibrated']> = z
  .object({
    camera: z.null(),
    embedder: z.string(),
    people: z.int().describe('Unknown people that the thresholds are calibrated on.'),
    shift: z.number().describe('Added to the distance at any false-accept rate; 0 or below.'),
    threshold: z.object({ before: z.number(), after: z.number() }),
  })
  .meta({ id: 'CalibrationEventData' });
const setAsideData: z.ZodType<EventDataByType['sightline.gallery.photo-set-aside']> = z
  .object({
    camera: z.null(),
    identity: person.nullable().describe('Whose photo it is; null after that person was erased.'),
    photo: z.object({ id: z.string() }),
    other: person.nullable().describe('Whom it resembles; null for nobody.'),
    reason: z.object({ code: z.enum(['looks-like-other', 'unlike-own', 'poor']), message: z.string() }),
  })
  .meta({ id: 'PhotoSetAsideData' });
const lookAlikesData: z.ZodType<EventDataByType['sightline.gallery.look-alikes']> = z
  .object({
    camera: z.null(),
    people: z.array(person).describe('The two, without those who were erased since.'),
    distance: z.number(),
    threshold: z.number(),
    reason: z.object({ code: z.literal('look-alikes'), message: z.string() }),
  })
  .meta({ id: 'LookAlikesData' });

const knownNow = z
  .object({
    id: z.string(),
    name: z.string().nullable(),
    number: z.int().nullable().describe('The number of an unknown person, which stays when they are named.'),
  })
  .nullable()
  .describe('Who it is known to be now; null for nobody.');

function eventOf<T extends EventType>(type: T, data: z.ZodType<EventDataByType[T]>) {
  return z.object({
    specversion: z.literal('1.0'),
    id: eventId,
    source: z.string(),
    type: z.literal(type),
    time: z.iso.datetime(),
    sequence: z.string().describe('Sorts as text in the order in which events were stored.'),
    datacontenttype: z.literal('application/json'),
    data,
    person: knownNow,
  });
}

/** docs/protocol.md explains the fields. */
export const eventSchema: z.ZodType<KeptEvent> = z
  .discriminatedUnion('type', [
    eventOf('sightline.track.started', faceData),
    eventOf('sightline.track.ended', faceData),
    eventOf('sightline.identity.recognized', faceData),
    eventOf('sightline.identity.unknown', faceData),
    eventOf('sightline.identity.unclear', faceData),
    eventOf('sightline.identity.changed', changedData),
    eventOf('sightline.identity.held', faceData),
    eventOf('sightline.identity.confirmed', faceData),
    eventOf('sightline.camera.online', cameraData),
    eventOf('sightline.camera.offline', cameraData),
    eventOf('sightline.camera.overloaded', cameraData),
    eventOf('sightline.camera.recovered', cameraData),
    eventOf('sightline.recognition.calibrated', calibrationData),
    eventOf('sightline.gallery.photo-set-aside', setAsideData),
    eventOf('sightline.gallery.look-alikes', lookAlikesData),
  ])
  .meta({
    id: 'Event',
    description: 'A CloudEvents 1.0 event, as it was published; docs/protocol.md explains it.',
  });
