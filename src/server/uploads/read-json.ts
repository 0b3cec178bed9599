import { setImmediate } from 'node:timers/promises';
import { quote } from '../../core/excerpt.js';
import { SightlineError } from '../../core/errors.js';
import { checkPictureBytes } from './picture.js';

/** `data:image/jpeg;base64,` and the like, as browsers make them. */
const dataUrlHead = /^data:[^,]{0,200};base64,/i;
/** So many characters take a few milliseconds at worst; between two pieces the main loop has its turn. */
const pieceCharacters = 64 * 1024;
const whiteSpace = /\s+/g;
const padding = /={1,2}$/;
/** Neither in the standard alphabet nor in that of URLs. */
const foreign = /[^\w+/-]/;

/**
 * The body of a JSON request with the text in its picture fields, base64 or a data: URL, as bytes. What is no text is
 * left for the body's schema to refuse.
 * @throws SightlineError REQUEST_INVALID, IMAGE_TOO_LARGE
 */
export async function withPictureBytes(
  body: unknown,
  fields: readonly string[],
  maxBytes: number,
): Promise<unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const read: Record<string, unknown> = { ...body };
  for (const field of fields) {
    const text = read[field];
    if (typeof text === 'string') read[field] = await bytesOf(field, text, maxBytes);
  }
  return read;
}

async function bytesOf(field: string, text: string, maxBytes: number): Promise<Buffer> {
  const head = dataUrlHead.exec(text)?.[0] ?? '';
  const bytes = await decodeBase64(text, head.length);
  if (bytes === undefined) {
    throw new SightlineError(
      'REQUEST_INVALID',
      `Body: ${field}: expected a picture as base64 or as a data: URL of base64, but received text that begins with ${quote(text.slice(0, 20))}.`,
    );
  }
  checkPictureBytes(field, bytes.length, maxBytes);
  return bytes;
}

/**
 * The bytes of base64 from `start` on, in lines or not, piece by piece; undefined when it is none. Each piece is read a
 * fixed number of times, so the time grows with the length of the text and with nothing else in it.
 */
async function decodeBase64(text: string, start: number): Promise<Buffer | undefined> {
  const decoded: Buffer[] = [];
  /** Fewer than four characters, which did not make whole bytes yet. */
  let left = '';
  let padded = 0;
  for (let at = start; at < text.length; at += pieceCharacters) {
    if (at > start) await setImmediate();
    const piece = text.slice(at, at + pieceCharacters).replace(whiteSpace, '');
    const end = padding.exec(piece)?.[0] ?? '';
    const digits = piece.slice(0, piece.length - end.length);
    if (foreign.test(digits) || (padded > 0 && digits !== '')) return undefined;
    padded += end.length;
    if (padded > 2) return undefined;
    left += digits;
    const whole = left.length - (left.length % 4);
    decoded.push(Buffer.from(left.slice(0, whole), 'base64'));
    left = left.slice(whole);
  }
  return Buffer.concat([...decoded, Buffer.from(left, 'base64')]);
}
