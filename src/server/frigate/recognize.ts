import { z } from 'zod';
import { SightlineError } from '../../core/errors.js';
import type { PictureService } from '../../services/services.js';

/** Who a face is, in the answers of all routes that say so. */
export const recognised = z.object({
  success: z.literal(true),
  score: z
    .number()
    .describe('0 to 1: probability that the face is the most similar person’s; at least ½ when it is named.'),
  face_name: z.string().describe('`unknown` for a face that Sightline does not name.'),
});
/** @throws SightlineError FACE_NOT_FOUND, and what `PictureService.read` and `identify` throw */
export async function recognize(
  pictures: PictureService,
  file: Buffer,
): Promise<z.output<typeof recognised>> {
  const [face] = (await pictures.read(file, 1)).faces;
  if (face === undefined) throw new SightlineError('FACE_NOT_FOUND', 'No face was found in the picture.');
  const { person, similar } = await pictures.identify(face, 1);
  const score = similar[0]?.similarity ?? 0;
  return { success: true as const, score, face_name: person?.name ?? 'unknown' };
}
