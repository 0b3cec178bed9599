import { setImmediate } from 'node:timers/promises';
import { quote } from '../../core/excerpt.js';
import { SightlineError } from '../../core/errors.js';
import { LongString } from '../json-bodies.js';
import { checkPictureBytes } from './picture.js';

/** `data:image/jpeg;base64,` and the like, as browsers make them; a slash may be escaped in JSON. */
const dataUrlHead = /^data:[^,]{0,200};base64,/i;
const maxHeadBytes = 250;
/** This many bytes take a few milliseconds at worst; between pieces the main loop can do other work. */
const pieceBytes = 64 * 1024;
/** White space, plain or as JSON escapes it. */
const whiteSpace = /\s+|\\[nrt]/g;
const escapedSlash = /\\\//g;
/** Some JSON writers escape `=` and `+`, too. */
const unicodeEscape = /\\u00([0-9a-f]{2})/gi;
const padding = /={1,2}$/;
/** A character of neither the standard nor the URL-safe alphabet. */
const foreign = /[^\w+/-]/;

/**
 * Decodes the text in the picture fields of a JSON body, base64 or a data: URL, to bytes. A field that is not text is
 * left for the body's schema to refuse.
 * @throws SightlineError REQUEST_INVALID, REQUEST_TOO_LARGE, IMAGE_TOO_LARGE
 */
export async function withPictureBytes(
  body: unknown,
  fields: readonly string[],
  maxBytes: number,
): Promise<unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const read: Record<string, unknown> = { ...body };
  for (const [field, value] of Object.entries(read)) {
    if (!fields.includes(field)) refuseLong(field, value);
    else if (value instanceof LongString) read[field] = await bytesOf(field, value.raw, maxBytes);
    else if (typeof value === 'string') read[field] = await bytesOf(field, Buffer.from(value), maxBytes);
  }
  return read;
}

function refuseLong(field: string, value: unknown): void {
  if (!(value instanceof LongString)) return;
  throw new SightlineError(
    'REQUEST_TOO_LARGE',
    `Body: ${quote(field)}: expected a short text but received ${value.raw.length} bytes.`,
  );
}

async function bytesOf(field: string, text: Buffer, maxBytes: number): Promise<Buffer> {
  const begin = text.toString('latin1', 0, maxHeadBytes);
  const head = dataUrlHead.exec(begin)?.[0] ?? '';
  const bytes = await decodeBase64(text, head.length);
  if (bytes === undefined) {
    throw new SightlineError(
      'REQUEST_INVALID',
      `Body: ${field}: expected a picture as base64 or as a data: URL of base64, but received text that begins with ${quote(begin.slice(0, 20))}.`,
    );
  }
  checkPictureBytes(field, bytes.length, maxBytes);
  return bytes;
}

/**
 * Decodes base64 from `start` on, with or without line breaks, piece by piece; undefined when it is not base64. Each
 * piece is read a fixed number of times, so the time depends only on the length of the text.
 */
async function decodeBase64(text: Buffer, start: number): Promise<Buffer | undefined> {
  const decoded: Buffer[] = [];
  /** Up to three characters that do not make whole bytes yet. */
  let left = '';
  let padded = 0;
  for (let at = start; at < text.length;) {
    if (at > start) await setImmediate();
    const begin = at;
    at = Math.min(at + pieceBytes, text.length);
    // An escape is not cut in two.
    const escape = text.lastIndexOf(0x5c, at - 1);
    const escapeBytes = text[escape + 1] === 0x75 ? 6 : 2;
    if (at < text.length && escape > begin && escape + escapeBytes > at) at = escape;
    const piece = text
      .toString('latin1', begin, at)
      .replace(unicodeEscape, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
      .replace(whiteSpace, '')
      .replace(escapedSlash, '/');
    const pads = padding.exec(piece)?.[0] ?? '';
    const digits = piece.slice(0, piece.length - pads.length);
    if (foreign.test(digits) || (padded > 0 && digits !== '')) return undefined;
    padded += pads.length;
    if (padded > 2) return undefined;
    left += digits;
    const whole = left.length - (left.length % 4);
    decoded.push(Buffer.from(left.slice(0, whole), 'base64'));
    left = left.slice(whole);
  }
  return Buffer.concat([...decoded, Buffer.from(left, 'base64')]);
}
