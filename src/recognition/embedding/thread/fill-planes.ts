import type { Preprocessing } from './embed-protocol.js';
import type { RgbImage } from '../../../core/image.js';

/** Interleaved bytes to one plane of floats for each channel, which fill `target`. */
export function fillPlanes(target: Float32Array, { data }: RgbImage, { mean, scale }: Preprocessing): void {
  const plane = target.length / 3;
  for (let channel = 0; channel < 3; channel++) {
    const middle = mean[channel] as number;
    const start = channel * plane;
    for (let pixel = 0, index = channel; pixel < plane; pixel++, index += 3) {
      target[start + pixel] = ((data[index] as number) - middle) * scale;
    }
  }
}
