import type { GalleryPerson } from '../../core/people-store.js';
import type { People } from '../services.js';
import type { Example } from './example.js';

export interface PageQuery {
  /** Counted from 0. */
  readonly page: number;
  readonly size: number;
  /** Undefined for everybody. */
  readonly subject?: string | undefined;
}

export interface ExamplePage {
  readonly faces: Example[];
  readonly page_number: number;
  readonly page_size: number;
  readonly total_pages: number;
  readonly total_elements: number;
}

/** A page of examples: by the name of their subject, and of each subject the oldest first. */
export async function pageOfExamples(
  people: People,
  { page, size, subject }: PageQuery,
): Promise<ExamplePage> {
  const everybody = subject === undefined ? await people.list() : [await people.find(subject)];
  const whose = everybody.filter((person) => person !== undefined);
  const total = whose.reduce((sum, { faces }) => sum + faces, 0);
  return {
    faces: await examplesBetween(people, whose, page * size, (page + 1) * size),
    page_number: page,
    page_size: size,
    total_pages: Math.ceil(total / size),
    total_elements: total,
  };
}

/** Those of a range of the whole list; only the photos of people in that range are asked for. */
async function examplesBetween(
  people: People,
  whose: readonly GalleryPerson[],
  start: number,
  end: number,
): Promise<Example[]> {
  const found: Example[] = [];
  let first = 0;
  for (const { id, name, faces } of whose) {
    const [from, to] = [Math.max(start - first, 0), Math.min(end - first, faces)];
    first += faces;
    if (from >= to) continue;
    const photos = await people.photos(id);
    found.push(...photos.slice(from, to).map((photo) => ({ image_id: photo.id, subject: name })));
  }
  return found;
}
