import type { IncomingHttpHeaders } from 'node:http';
import { SightlineError } from '../../core/errors.js';
import { excerpt } from '../../core/excerpt.js';

/** A picture as it is, as the whole body of a route that takes one picture. */
export const rawPictureType = /^(image\/|application\/octet-stream)/i;

/**
 * Looks at the headers of a request with pictures before its body is read.
 * @param fields of the pictures that the route takes
 * @throws SightlineError CONTENT_TYPE_UNSUPPORTED, REQUEST_INVALID, REQUEST_TOO_LARGE
 */
export function checkHead(headers: IncomingHttpHeaders, fields: readonly string[], bodyLimit: number): void {
  checkContentType(headers['content-type'] ?? '', fields);
  const bytes = Number(headers['content-length'] ?? 0);
  if (bytes <= bodyLimit) return;
  throw new SightlineError(
    'REQUEST_TOO_LARGE',
    `Expected a body of at most ${bodyLimit} bytes but received one of ${bytes}.`,
  );
}

function checkContentType(type: string, fields: readonly string[]): void {
  if (/^multipart\/form-data/i.test(type)) {
    if (/;\s*boundary=/i.test(type)) return;
    throw new SightlineError(
      'REQUEST_INVALID',
      'Expected a boundary in the header Content-Type: multipart/form-data but received none, so the parts cannot be told apart; let the HTTP client set that header.',
    );
  }
  const raw = fields.length === 1;
  if (/^application\/json\s*(;|$)/i.test(type) || (raw && rawPictureType.test(type))) return;
  throw new SightlineError(
    'CONTENT_TYPE_UNSUPPORTED',
    `Expected multipart/form-data with ${fields.join(' and ')} as files, ` +
      `${raw ? 'image/* with the picture alone, ' : ''}or application/json with base64, ` +
      `but received ${type === '' ? 'no Content-Type' : excerpt(type)}.`,
  );
}
