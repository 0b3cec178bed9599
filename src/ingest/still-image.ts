import { readFile, stat } from 'node:fs/promises';
import sharp, { type Sharp } from 'sharp';
import { SightlineError } from '../core/errors.js';
import type { RgbImage } from '../core/image.js';
import { countJpegScans, countWebpFrames, sniffImageFormat } from './image-format.js';

/** What a picture may cost. */
export interface ImageLimits {
  readonly maxBytes: number;
  /** Width × height. */
  readonly maxPixels: number;
  /** Decoding is cut off after so long, in whole seconds; never when left out. */
  readonly timeoutMs?: number;
}

const EXPECTED = 'a JPEG, PNG, WebP, TIFF, GIF or AVIF picture';
/** Wider or higher than any camera's picture; such strips cost resizing far more than their area tells. */
const MAX_SIDE = 16_384;
/** Progressive JPEGs have about ten. Many thousands, small as they are, are minutes of work that no timeout cuts off. */
const MAX_SCANS = 100;
/** Animations have far fewer. The decoder looks each one up from the first on, and no timeout cuts that off. */
const MAX_FRAMES = 10_000;

/**
 * Reads one picture: upright by its EXIF orientation, transparency on white, converted to 8-bit sRGB; of animations
 * and multi-page files the first page. Size and header are checked before anything is decoded.
 *
 * @param input the bytes of a picture file, or the path of one.
 * @throws SightlineError IMAGE_TOO_LARGE or IMAGE_TOO_SLOW past a limit, IMAGE_UNREADABLE for anything that is no such
 * picture.
 */
export async function readImage(input: Buffer | string, limits: ImageLimits): Promise<RgbImage> {
  const name = typeof input === 'string' ? input : 'the upload';
  const bytes = await load(input, name, limits.maxBytes);
  const format = sniffImageFormat(bytes);
  if (!format) throw unreadable(name, describe(bytes));
  if (format === 'jpeg') checkCount(countJpegScans(bytes), name, MAX_SCANS, 'scans');
  if (format === 'webp') checkCount(countWebpFrames(bytes), name, MAX_FRAMES, 'frames');
  try {
    await checkHeader(sharp(bytes, { limitInputPixels: false }), name, limits.maxPixels);
    // A photo with a harmless defect is still worth reading; one that breaks off is not.
    return await decode(
      sharp(bytes, { limitInputPixels: limits.maxPixels, failOn: 'truncated' }),
      limits.timeoutMs,
    );
  } catch (error) {
    if (error instanceof SightlineError) throw error;
    if (/timeout: \d+% complete/.test((error as Error).message)) throw tooSlow(name, limits.timeoutMs, error);
    throw unreadable(name, `one that does not decode (${(error as Error).message})`, error);
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
    throw unreadable(name, (error as Error).message, error);
  }
}

function checkBytes(byteLength: number, name: string, maxBytes: number): void {
  if (byteLength > maxBytes) throw tooLarge(name, `at most ${maxBytes} bytes`, `${byteLength} bytes`);
}

function checkCount(count: number, name: string, most: number, what: string): void {
  if (count > most) throw tooLarge(name, `at most ${most} ${what}`, `${count} ${what}`);
}

async function checkHeader(image: Sharp, name: string, maxPixels: number): Promise<void> {
  const { width, height } = await image.metadata();
  const received = `${width}×${height} pixels`;
  if (width > MAX_SIDE || height > MAX_SIDE)
    throw tooLarge(name, `at most ${MAX_SIDE} pixels a side`, received);
  if (width * height > maxPixels) throw tooLarge(name, `at most ${maxPixels} pixels in all`, received);
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
    `Expected ${EXPECTED} for ${name} but received ${received}.`,
    { cause },
  );
}

function tooLarge(name: string, expected: string, received: string): SightlineError {
  return new SightlineError('IMAGE_TOO_LARGE', `Expected ${expected} for ${name} but received ${received}.`);
}

function tooSlow(name: string, timeoutMs = 0, cause: unknown): SightlineError {
  const message = `Expected ${name} to be decoded within ${timeoutMs} ms but it took longer.`;
  return new SightlineError('IMAGE_TOO_SLOW', message, { cause });
}
