import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { encodeJpeg, resizeToRgb } from '../../../src/annotate/encode.js';
import { toYuv, yuvOfColour } from '../../helpers/yuv.js';

/** Skin, corners of the colour cube, grey, and two colours that the matrices place far apart. */
const colours = ['c68863', 'ff0000', '0000ff', 'ffff00', '7f7f7f', '20b060', 'd02040'];

/** The mean colour of a JPEG. */
async function colourOf(jpeg: Buffer): Promise<number[]> {
  const { channels } = await sharp(jpeg).stats();
  return channels.map(({ mean }) => mean);
}

describe.each([
  { matrix: 'bt601', width: 160, height: 90 },
  { matrix: 'bt709', width: 161, height: 91 },
] as const)(
  'a JPEG of a frame of $width×$height pixels that ffmpeg made with $matrix',
  ({ matrix, ...size }) => {
    it.each(colours)('shows #%s, at full width and smaller', async (colour) => {
      const frame = await yuvOfColour(colour, size, matrix);
      const expected = [0, 2, 4].map((at) => parseInt(colour.slice(at, at + 2), 16));
      for (const width of [size.width, 64]) {
        const image = await resizeToRgb(frame, width);
        expect(image.width).toBe(width);
        const received = await colourOf(await encodeJpeg(image, { quality: 95 }));
        for (const [channel, value] of expected.entries()) {
          expect(Math.abs(received[channel]! - value)).toBeLessThan(4);
        }
      }
    });
  },
);

it('a smaller picture shows the same as the frame in RGB', async () => {
  const [width, height] = [321, 181];
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data.set([(x * 255) / width, (y * 255) / height, 60 + (x * 100) / width], (y * width + x) * 3);
    }
  }
  const rgb = { width, height, data };
  const expected = await resizeToRgb(rgb, 100);
  const received = await resizeToRgb(await toYuv(rgb), 100);
  expect([received.width, received.height]).toEqual([expected.width, expected.height]);
  const differences = expected.data.map((value, at) => Math.abs(value - received.data[at]!));
  expect(differences.reduce((sum, value) => sum + value, 0) / differences.length).toBeLessThan(1.5);
  expect(differences.reduce((most, value) => Math.max(most, value))).toBeLessThan(8);
});
