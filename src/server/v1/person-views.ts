import { z } from 'zod';
import type { GalleryPhoto, GalleryPerson } from '../../core/people-store.js';
import type { UnknownPerson } from '../../core/track-store.js';

/** People, photos and unknown people as the API shows them, with times in ISO 8601. */

export const personSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    photos: z.int().describe('Number of enrolled photos.'),
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
  })
  .meta({ id: 'Photo' });

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

export function personView({ id, name, faces, createdAt }: GalleryPerson) {
  return { id, name, photos: faces, createdAt: timeOf(createdAt) };
}

export function photoView({ id, personId, photoName, quality, createdAt }: GalleryPhoto) {
  return { id, person: personId, name: photoName, quality, createdAt: timeOf(createdAt) };
}

export function unknownView({ number, id, seen, firstSeenAt, lastSeenAt, cameras }: UnknownPerson) {
  const times = { firstSeenAt: timeOf(firstSeenAt), lastSeenAt: timeOf(lastSeenAt) };
  return { number, id, seen, ...times, cameras: [...cameras] };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
