import { open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, extname, join, relative } from 'node:path';
import { asSightlineError, SightlineError } from '../core/errors.js';
import { formatBytes, sniffImageFormat } from '../ingest/image-format.js';
import { normalisePersonName } from '../recognition/enrolment/person-name.js';

/** A photo file and the person it shows. */
export interface NamedPhoto {
  readonly name: string;
  readonly path: string;
  /** What the photo is called in the gallery: its path below the person's folder. */
  readonly photoName: string;
}

/** A file or folder from which nothing is taken. */
export interface LeftOut {
  readonly path: string;
  readonly why: string;
}

/** What is to become of everything that a path stands for. */
export interface PhotoPlan {
  readonly photos: readonly NamedPhoto[];
  readonly leftOut: readonly LeftOut[];
}

/** Far beyond any camera's photo, and far below what would fill the memory. */
export const photoLimits = { maxBytes: 100_000_000, maxPixels: 120_000_000 };

/** What is called like this is tried, whatever is in it, so that a damaged photo is refused with the reason. */
const photoExtensions = new Set([
  '.jpg',
  '.jpeg',
  '.png',
  '.webp',
  '.tif',
  '.tiff',
  '.gif',
  '.avif',
  '.heic',
]);
/** Recycle bins, thumbnails and snapshots of storage boxes and operating systems. */
const systemName = /^([@#$]|__MACOSX$|lost\+found$|System Volume Information$)/;
/** `2023`, `2023-07`, `2023_07_15`: photos are often sorted by date, and nobody is called so. */
const dateName = /^(19|20)\d\d([-_. ]?\d\d){0,2}$/;

/**
 * Says who is on the photos that a path stands for: a photo (with `name`), a folder of photos of one person (with `name`),
 * or a folder with a folder for each person. Folders inside that of a person show that person, too. Names are never
 * guessed: a picture that lies in nobody's folder is left out, and so is everything that is no photo.
 *
 * @throws SightlineError PHOTOS_NOT_FOUND when there is no such path, or no name for a photo; PERSON_NAME_INVALID
 */
export async function planPhotos(path: string, name: string | undefined): Promise<PhotoPlan> {
  const kind = await stat(path).catch(() => undefined);
  if (kind === undefined)
    throw new SightlineError('PHOTOS_NOT_FOUND', `Expected a photo or a folder, but there is no ${path}.`);
  const person = name === undefined ? undefined : normalisePersonName(name);
  if (!kind.isDirectory()) {
    if (person === undefined)
      throw new SightlineError('PHOTOS_NOT_FOUND', `Expected --name with the one photo ${path}.`);
    return { photos: [{ name: person, path, photoName: basename(path) }], leftOut: [] };
  }
  const search = new PhotoSearch();
  await search.open(path);
  const photos =
    person === undefined ? await photosOfPeople(path, search) : await photosOf(person, path, search);
  return { photos, leftOut: search.leftOut };
}

/** @throws SightlineError PHOTOS_NOT_FOUND when a plan has no photo */
export function requirePhotos({ photos }: PhotoPlan, path: string): void {
  if (photos.length > 0) return;
  throw new SightlineError(
    'PHOTOS_NOT_FOUND',
    `Expected photos in folders with the names of people in ${path}, or --name with a folder of photos of one person, but there are none.`,
  );
}

async function photosOfPeople(folder: string, search: PhotoSearch): Promise<NamedPhoto[]> {
  const { files, folders } = await search.list(folder);
  for (const path of files)
    search.leaveOut(path, 'lies in nobody’s folder; move it into the folder of a person, or give --name');
  const found: NamedPhoto[] = [];
  for (const path of folders) {
    const name = personCalled(path, search);
    if (name === undefined || !(await search.open(path))) continue;
    const photos = await photosOf(name, path, search);
    if (photos.length === 0) search.leaveOut(path, 'has no photo in it');
    found.push(...photos);
  }
  return found;
}

async function photosOf(name: string, folder: string, search: PhotoSearch): Promise<NamedPhoto[]> {
  const paths = await search.below(folder);
  return paths.map((path) => ({ name, path, photoName: relative(folder, path) }));
}

/** The person whom a folder is called after; undefined where its name is none. */
function personCalled(path: string, search: PhotoSearch): string | undefined {
  const folder = basename(path);
  if (dateName.test(folder)) {
    search.leaveOut(path, 'is called like a date and not like a person; give --name with it');
    return undefined;
  }
  try {
    return normalisePersonName(folder);
  } catch (error) {
    search.leaveOut(path, `is not called like a person: ${asSightlineError(error).message}`);
    return undefined;
  }
}

/** Looks for photos in folders, each of which it opens once, and notes what it passes over. */
class PhotoSearch {
  readonly leftOut: LeftOut[] = [];
  /** Where the folders really are that were opened: symbolic links may lead in circles. */
  readonly #opened = new Set<string>();

  leaveOut(path: string, why: string): void {
    this.leftOut.push({ path, why });
  }

  /** False for a folder that was opened before, maybe under another name. */
  async open(folder: string): Promise<boolean> {
    const real = await realpath(folder);
    if (this.#opened.has(real)) {
      this.leaveOut(folder, 'is a link to a folder that is read already');
      return false;
    }
    this.#opened.add(real);
    return true;
  }

  /** All photos in a folder and the folders in it. */
  async below(folder: string): Promise<string[]> {
    const { files, folders } = await this.list(folder);
    const found = [...files];
    for (const path of folders) if (await this.open(path)) found.push(...(await this.below(path)));
    return found;
  }

  /** The photos and folders that lie directly in a folder, by name. */
  async list(folder: string): Promise<{ files: string[]; folders: string[] }> {
    const files: string[] = [];
    const folders: string[] = [];
    for (const name of await this.#namesIn(folder)) {
      const path = join(folder, name);
      const kind = await this.#kindOf(name, path);
      if (kind === 'folder') folders.push(path);
      else if (kind === 'photo') files.push(path);
      else this.leaveOut(path, kind.why);
    }
    return { files, folders };
  }

  async #namesIn(folder: string): Promise<string[]> {
    try {
      return (await readdir(folder)).sort();
    } catch (error) {
      this.leaveOut(folder, `cannot be read (${(error as Error).message})`);
      return [];
    }
  }

  async #kindOf(name: string, path: string): Promise<'photo' | 'folder' | { readonly why: string }> {
    if (name.startsWith('.')) return { why: 'is hidden' };
    if (systemName.test(name)) return { why: 'belongs to the system and not to a person' };
    try {
      const kind = await stat(path);
      if (kind.isDirectory()) return 'folder';
      if (!kind.isFile()) return { why: 'is neither a file nor a folder' };
      if (photoExtensions.has(extname(name).toLowerCase()) || (await isPicture(path))) return 'photo';
      return { why: 'is no picture that Sightline reads; if it shows a person, save it as JPEG' };
    } catch (error) {
      return { why: `cannot be read (${(error as Error).message})` };
    }
  }
}

/** Whether a file begins like a picture, whatever it is called. */
async function isPicture(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(formatBytes), 0, formatBytes, 0);
    return sniffImageFormat(buffer.subarray(0, bytesRead)) !== undefined;
  } finally {
    await file.close();
  }
}
