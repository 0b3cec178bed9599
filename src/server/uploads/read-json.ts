import { SightlineError } from '../../core/errors.js';
import { checkPictureBytes } from './picture.js';

/** `data:image/jpeg;base64,` and the like, as browsers make them. */
const dataUrlHead = /^data:[^,]{0,200};base64,/i;
/** Of the standard and of the URL alphabet, in lines or not. */
const base64 = /^[\w+/\-\s]*={0,2}\s*$/;

/**
 * The body of a JSON request with the text in its picture fields, base64 or a data: URL, as bytes. What is no text is
 * left for the body's schema to refuse.
 * @throws SightlineError REQUEST_INVALID, IMAGE_TOO_LARGE
 */
export function withPictureBytes(body: unknown, fields: readonly string[], maxBytes: number): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const read: Record<string, unknown> = { ...body };
  for (const field of fields) {
    const text = read[field];
    if (typeof text === 'string') read[field] = bytesOf(field, text, maxBytes);
  }
  return read;
}

function bytesOf(field: string, text: string, maxBytes: number): Buffer {
  const head = dataUrlHead.exec(text)?.[0] ?? '';
  const encoded = text.slice(head.length);
  if (!base64.test(encoded)) {
    throw new SightlineError(
      'REQUEST_INVALID',
      `Body: ${field}: expected a picture as base64 or as a data: URL of base64, but received text that begins with ${JSON.stringify(text.slice(0, 20))}.`,
    );
  }
  const bytes = Buffer.from(encoded, 'base64');
  checkPictureBytes(field, bytes.length, maxBytes);
  return bytes;
}
