import { z } from 'zod';
import type { EnrolmentWarning } from '../../core/enrolment-warning.js';
import { setAsideReasons, type GalleryPhoto, type GalleryPerson } from '../../core/people-store.js';
import type { UnknownPerson } from '../../core/track-store.js';

/** People, photos and unknown people as the API shows them, with times in ISO 8601. */

export const personSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    photos: z.int().describe('Number of enrolled photos, those that are set aside included.'),
    setAside: z
      .int()
      .describe('How many of them are set aside, and so count neither for recognition nor for training.'),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Person' });

export const photoSchema = z
  .object({
    id: z.string(),
    person: z.string().describe('Id of the person.'),
    name: z.string().describe('Original name of the photo.'),
    quality: z.number().describe('0 to 1.'),
    createdAt: z.iso.datetime(),
    setAside: z
      .object({
        reason: z
          .enum(setAsideReasons)
          .describe(
            'It resembles another person and not the rest of its own; it resembles none of its person’s other photos; it is poor, and its person has better ones.',
          ),
        at: z.iso.datetime(),
        ownDistance: z.number().describe('To the person’s other photos, as a mean.'),
        other: z.object({ id: z.string(), name: z.string() }).nullable().describe('Whom it resembles.'),
        otherDistance: z.number().nullable(),
      })
      .nullable()
      .describe('Why the photo does not count; null when it does.'),
    confirmed: z.boolean().describe('Whether somebody had it count again; it is not set aside any more.'),
  })
  .meta({ id: 'Photo' });

export const warningSchema = z
  .object({
    kind: z
      .enum(['same-face', 'unlike-own', 'similar-name', 'set-aside'])
      .describe(
        'The face looks like that of somebody else; like none of the person’s other photos; the name is read like another; the person has the photo already, but it is set aside and does not count.',
      ),
    message: z.string(),
    person: z.object({ id: z.string(), name: z.string() }).describe('Whom it is about.'),
    distance: z
      .number()
      .nullable()
      .describe('To the nearest photo of that person, to all of theirs for `set-aside`; null for a name.'),
  })
  .meta({ id: 'EnrolmentWarning' });

export type WarningView = z.output<typeof warningSchema>;

/** For answers in the form of another program, which stay as they are when there is nothing to warn of. */
export const warningsField = {
  warnings: z
    .array(warningSchema)
    .optional()
    .describe('What speaks against what was done, as under /v1; absent when nothing does.'),
};

/** Somebody who was just given a name. */
export const namedSchema = personSchema
  .extend({ warnings: z.array(warningSchema).describe('What speaks against the name, which was given.') })
  .meta({ id: 'PersonWithWarnings' });

export const unknownSchema = z
  .object({
    number: z.int(),
    id: z.string().describe('The id in `person` of events.'),
    seen: z.int().describe('Number of their tracks.'),
    firstSeenAt: z.iso.datetime(),
    lastSeenAt: z.iso.datetime(),
    cameras: z.array(z.string()).describe('Ids of the cameras that saw them.'),
  })
  .meta({ id: 'UnknownPerson' });

/** A body with the name of a person. */
export const nameBody = z.strictObject({ name: z.string().describe('1 to 100 printable characters.') });

export function personView({ id, name, faces, setAside, createdAt }: GalleryPerson) {
  return { id, name, photos: faces, setAside, createdAt: timeOf(createdAt) };
}

export function namedView(person: GalleryPerson, warnings: readonly EnrolmentWarning[]) {
  return { ...personView(person), warnings: warnings.map(warningView) };
}

export function photoView({
  id,
  personId,
  photoName,
  quality,
  createdAt,
  setAside,
  isConfirmed,
}: GalleryPhoto) {
  return {
    ...{ id, person: personId, name: photoName, quality },
    createdAt: timeOf(createdAt),
    setAside: setAside && { ...setAside, at: timeOf(setAside.at) },
    confirmed: isConfirmed,
  };
}

export function warningView({ kind, message, person: { id, name }, distance }: EnrolmentWarning) {
  return { kind, message, person: { id, name }, distance };
}

/** The value of `warningsField`. */
export function withWarnings(warnings: readonly EnrolmentWarning[]) {
  return warnings.length === 0 ? {} : { warnings: warnings.map(warningView) };
}

export function unknownView({ number, id, seen, firstSeenAt, lastSeenAt, cameras }: UnknownPerson) {
  const times = { firstSeenAt: timeOf(firstSeenAt), lastSeenAt: timeOf(lastSeenAt) };
  return { number, id, seen, ...times, cameras: [...cameras] };
}

export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
