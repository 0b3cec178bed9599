import { z } from 'zod';

/** An enrolled photo as CompreFace lists it. */
export const exampleSchema = z.object({
  image_id: z.string().describe('Of the photo; Sightline’s own id, which is the same under /v1.'),
  subject: z.string(),
});

export type Example = z.output<typeof exampleSchema>;

export const exampleParams = z.object({ image_id: z.string() });
