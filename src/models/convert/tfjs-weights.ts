import { z } from 'zod';
import type { Weights } from './network.js';

const listedWeight = z.object({
  name: z.string(),
  shape: z.array(z.int().positive()),
  dtype: z.literal('float32'),
  /** Stored as one byte q a number, for q · scale + min; as floats when missing. */
  quantization: z.object({ dtype: z.literal('uint8'), scale: z.number(), min: z.number() }).optional(),
});
type ListedWeight = z.infer<typeof listedWeight>;

const weightsManifest = z.tuple([z.object({ weights: z.array(listedWeight) })]);

/**
 * Reads the weights of a TensorFlow.js model, by name.
 *
 * @param manifest the text of weights_manifest.json, which lists what the bytes are, in their order
 * @throws Error when the two files do not fit
 */
export function readTfjsWeights(manifest: Uint8Array, bytes: Uint8Array): Map<string, Weights> {
  const [{ weights }] = weightsManifest.parse(JSON.parse(Buffer.from(manifest).toString('utf8')));
  const tensors = new Map<string, Weights>();
  let start = 0;
  for (const weight of weights) {
    const count = weight.shape.reduce((product, size) => product * size, 1);
    const end = start + count * (weight.quantization ? 1 : Float32Array.BYTES_PER_ELEMENT);
    tensors.set(weight.name, { shape: weight.shape, data: toFloats(bytes.subarray(start, end), weight) });
    start = end;
  }
  if (start !== bytes.length) throw new Error(`expected ${start} bytes but the file has ${bytes.length}`);
  return tensors;
}

function toFloats(stored: Uint8Array, { quantization }: ListedWeight): Float32Array {
  // Copied, because the numbers in a file need not lie at a multiple of four in memory.
  if (!quantization) return new Float32Array(Uint8Array.from(stored).buffer);
  const { scale, min } = quantization;
  return Float32Array.from(stored, (value) => value * scale + min);
}
