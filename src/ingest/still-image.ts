import { readFile, stat } from 'node:fs/promises';
import sharp, { type Sharp } from 'sharp';
import { SightlineError } from '../core/errors.js';
import type { RgbImage } from '../core/image.js';
import { decodeHeic } from './heic.js';
import { countJpegScans, countWebpFrames, sniffImageFormat } from './image-format.js';

/** Limits on what reading one picture may cost. */
export interface ImageLimits {
  readonly maxBytes: number;
  /** Width × height. */
  readonly maxPixels: number;
  /** Decoding is cut off after this time, rounded up to whole seconds; never when left out. */
  readonly timeoutMs?: number;
}

const readableFormats = 'a JPEG, PNG, WebP, TIFF, GIF, AVIF or HEIC picture';
/** More than any camera delivers. Resizing a long, thin strip costs far more than its area suggests. */
const maxSidePixels = 16_384;
/** Progressive JPEGs have about ten. Thousands of tiny scans mean minutes of work that no timeout cuts off. */
const maxScans = 100;
/** Animations have far fewer. The decoder searches for each frame from the first one, and no timeout cuts that off. */
const maxFrames = 10_000;

/**
 * Reads one picture as 8-bit sRGB, rotated upright by its EXIF orientation, with transparency on white; the first page
 * of animations and multi-page files. Size and header are checked before anything is decoded.
 *
 * @param input the bytes of a picture file, or the path of one.
 * @throws SightlineError IMAGE_TOO_LARGE or IMAGE_TOO_SLOW past a limit, IMAGE_NOT_FOUND, IMAGE_UNREADABLE for anything else that
 * cannot be read as a picture.
 */
export async function readImage(input: Buffer | string, limits: ImageLimits): Promise<RgbImage> {
  const name = typeof input === 'string' ? input : 'the upload';
  const bytes = await load(input, name, limits.maxBytes);
  const format = sniffImageFormat(bytes);
  if (!format) throw unreadable(name, describe(bytes));
  if (format === 'jpeg') checkCount(countJpegScans(bytes), name, maxScans, 'scans');
  if (format === 'webp') checkCount(countWebpFrames(bytes), name, maxFrames, 'frames');
  if (format === 'heic') return readHeic(bytes, name, limits);
  try {
    await checkHeader(sharp(bytes, { limitInputPixels: false }), name, limits.maxPixels);
    // A photo with a harmless defect is still worth reading; a truncated one is not.
    return await decode(
      sharp(bytes, { limitInputPixels: limits.maxPixels, failOn: 'truncated' }),
      limits.timeoutMs,
    );
  } catch (error) {
    if (error instanceof SightlineError) throw error;
    if (/timeout: \d+% complete/.test((error as Error).message)) throw tooSlow(name, limits.timeoutMs, error);
    throw unreadable(name, `one that cannot be decoded (${(error as Error).message})`, error);
  }
}

async function load(input: Buffer | string, name: string, maxBytes: number): Promise<Buffer> {
  if (typeof input !== 'string') {
    checkBytes(input.length, name, maxBytes);
    return input;
  }
  try {
    const file = await stat(input);
    if (!file.isFile()) throw unreadable(name, 'something that is not a file');
    checkBytes(file.size, name, maxBytes);
    return await readFile(input);
  } catch (error) {
    if (error instanceof SightlineError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new SightlineError(
        'IMAGE_NOT_FOUND',
        `Expected a picture at ${name}, but there is no such file.`,
      );
    throw unreadable(name, message, error);
  }
}

function checkBytes(byteLength: number, name: string, maxBytes: number): void {
  if (byteLength > maxBytes) throw tooLarge(name, `at most ${maxBytes} bytes`, `${byteLength} bytes`);
}

function checkCount(count: number, name: string, most: number, what: string): void {
  if (count > most) throw tooLarge(name, `at most ${most} ${what}`, `${count} ${what}`);
}

/** HEIC turns itself upright; wide colours are read as if they were sRGB. */
async function readHeic(bytes: Buffer, name: string, limits: ImageLimits): Promise<RgbImage> {
  const { maxPixels, timeoutMs = 0 } = limits;
  const decoded = await decodeHeic({ bytes, maxSidePixels, maxPixels }, timeoutMs);
  if (decoded === undefined) throw tooSlow(name, timeoutMs, undefined);
  if (decoded.status === 'unreadable')
    throw unreadable(name, `one that cannot be decoded (${decoded.reason})`);
  const { width, height } = decoded;
  if (decoded.status === 'too large') throw tooManyPixels(width, height, name, maxPixels);
  return decode(sharp(decoded.rgba, { raw: { width, height, channels: 4 } }));
}

async function checkHeader(image: Sharp, name: string, maxPixels: number): Promise<void> {
  const { width, height } = await image.metadata();
  if (Math.max(width, height) > maxSidePixels || width * height > maxPixels)
    throw tooManyPixels(width, height, name, maxPixels);
}

function tooManyPixels(width: number, height: number, name: string, maxPixels: number): SightlineError {
  const received = `${width}×${height} pixels`;
  if (Math.max(width, height) > maxSidePixels)
    return tooLarge(name, `at most ${maxSidePixels} pixels per side`, received);
  return tooLarge(name, `at most ${maxPixels} pixels in total`, received);
}

async function decode(image: Sharp, timeoutMs = 0): Promise<RgbImage> {
  const { data, info } = await image
    .timeout({ seconds: Math.ceil(timeoutMs / 1000) })
    .autoOrient()
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

function describe(bytes: Buffer): string {
  if (bytes.length === 0) return 'an empty file';
  return `a file that begins with ${JSON.stringify(bytes.subarray(0, 12).toString('latin1'))}`;
}

function unreadable(name: string, received: string, cause?: unknown): SightlineError {
  return new SightlineError(
    'IMAGE_UNREADABLE',
    `Expected ${readableFormats} for ${name} but received ${received}.`,
    { cause },
  );
}

function tooLarge(name: string, expected: string, received: string): SightlineError {
  return new SightlineError('IMAGE_TOO_LARGE', `Expected ${expected} for ${name} but received ${received}.`);
}

function tooSlow(name: string, timeoutMs = 0, cause: unknown): SightlineError {
  const message = `Decoding ${name} took longer than ${timeoutMs} ms.`;
  return new SightlineError('IMAGE_TOO_SLOW', message, { cause });
}
