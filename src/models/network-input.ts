import { z } from 'zod';
import { alignments } from '../core/face-embedder.js';

const perChannel = z.tuple([z.number(), z.number(), z.number()]);

/** What an embedding network of somebody else's expects of a face. */
export const networkInputSchema = z.strictObject({
  /** Of the square input in pixels. */
  side: z.int().min(16).max(1024),
  color: z.enum(['rgb', 'bgr']),
  /** A channel value v, 0 to 255, becomes (v − mean) / std; in the order of `color`. */
  mean: perChannel,
  std: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]),
  template: z.enum(alignments),
});

export type NetworkInput = z.output<typeof networkInputSchema>;
