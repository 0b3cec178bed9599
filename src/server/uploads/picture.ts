import { z } from 'zod';
import { SightlineError } from '../../core/errors.js';

/**
 * A picture in the zod schema of a body: the bytes of a picture file, whichever way they were sent. `readImage` checks
 * what they are. The route must also name the field in `config.pictures`.
 */
export const picture = z.custom<Buffer>(
  (value) => Buffer.isBuffer(value),
  'expected a picture: a file in multipart/form-data, base64 in JSON',
);

/** @throws SightlineError IMAGE_TOO_LARGE */
export function checkPictureBytes(field: string, bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return;
  throw new SightlineError(
    'IMAGE_TOO_LARGE',
    `Expected at most ${maxBytes} bytes in ${field} but received ${bytes}.`,
  );
}
