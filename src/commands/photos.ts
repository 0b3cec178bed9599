import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { SightlineError } from '../core/errors.js';

/** A photo file and the person it shows. */
export interface NamedPhoto {
  readonly name: string;
  readonly path: string;
}

/** Far beyond any camera's photo, and far below what would fill the memory. */
export const photoLimits = { maxBytes: 100_000_000, maxPixels: 120_000_000 };

const photoExtensions = new Set(['.jpg', '.jpeg', '.png', '.webp', '.tif', '.tiff', '.gif', '.avif']);

/**
 * The photos that a path stands for: a photo (with `name`), a folder of photos of one person (called `name`, or as the
 * folder), or a folder with such a folder for each person.
 *
 * @throws SightlineError PHOTOS_NOT_FOUND
 */
export async function findPhotos(path: string, name: string | undefined): Promise<NamedPhoto[]> {
  const kind = await stat(path).catch(() => undefined);
  if (kind === undefined)
    throw new SightlineError('PHOTOS_NOT_FOUND', `Expected a photo or a folder, but there is no ${path}.`);
  if (!kind.isDirectory()) {
    if (name === undefined)
      throw new SightlineError('PHOTOS_NOT_FOUND', `Expected --name with the one photo ${path}.`);
    return [{ name, path }];
  }
  const photos = await photosIn(path);
  const found =
    photos.length > 0
      ? photos.map((photo) => ({ name: name ?? basename(path), path: photo }))
      : await photosOfPeople(path, name);
  if (found.length > 0) return found;
  throw new SightlineError(
    'PHOTOS_NOT_FOUND',
    `Expected photos in ${path} or in folders below it, but there are none.`,
  );
}

async function photosOfPeople(folder: string, name: string | undefined): Promise<NamedPhoto[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const people = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  if (name !== undefined && people.length > 0) {
    throw new SightlineError(
      'PHOTOS_NOT_FOUND',
      `Expected no --name with a folder of people, but received "${name}" with ${folder}.`,
    );
  }
  const found: NamedPhoto[] = [];
  for (const person of people.map((entry) => entry.name).sort()) {
    const photos = await photosIn(join(folder, person));
    for (const path of photos) found.push({ name: person, path });
  }
  return found;
}

async function photosIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter(
      (entry) =>
        entry.isFile() &&
        !entry.name.startsWith('.') &&
        photoExtensions.has(extname(entry.name).toLowerCase()),
    )
    .map((entry) => join(folder, entry.name))
    .sort();
}
