import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Layer, Network } from '../../../../src/models/convert/network.js';
import { rewritePRelus } from '../../../../src/models/convert/optimise.js';
import { writeOnnx } from '../../../../src/models/convert/write-onnx.js';
import { InferenceSession, sessionOptions, Tensor } from '../../../../src/models/onnx-runtime.js';

function preluNetwork(slopes: readonly number[], rank = 4): Network {
  const prelu: Layer = {
    op: 'prelu',
    inputs: ['input'],
    output: 'out',
    slopes: Float32Array.from(slopes),
    rank,
  };
  return { input: 'input', outputs: ['out'], layers: [prelu] };
}

async function run(network: Network, pixels: Float32Array, channels: number): Promise<readonly number[]> {
  const session = await InferenceSession.create(
    writeOnnx(network, [1, channels, 'height', 'width']),
    sessionOptions(),
  );
  const input = new Tensor('float32', pixels, [1, channels, 1, pixels.length / channels]);
  const { out } = await session.run({ input });
  await session.release();
  return Array.from(out?.data as Float32Array);
}

const number = fc.float({ min: -10, max: 10, noNaN: true });

describe('rewritePRelus', () => {
  it('computes max(x, 0) + slope · min(x, 0) for slopes of every size', async () => {
    const cases = fc
      .array(number, { minLength: 1, maxLength: 12 })
      .chain((slopes) =>
        fc.tuple(
          fc.constant(slopes),
          fc.array(number, { minLength: slopes.length * 5, maxLength: slopes.length * 5 }),
        ),
      );
    await fc.assert(
      fc.asyncProperty(cases, async ([slopes, pixels]) => {
        const values = await run(
          rewritePRelus(preluNetwork(slopes)),
          Float32Array.from(pixels),
          slopes.length,
        );
        values.forEach((value, index) => {
          const [x, slope] = [pixels[index] ?? NaN, slopes[Math.floor(index / 5)] ?? NaN];
          expect(value).toBeCloseTo(Math.max(x, 0) + slope * Math.min(x, 0), 4);
        });
      }),
      { numRuns: 50 },
    );
  });

  it('leaves no PReLU of a picture', () => {
    const layers = rewritePRelus(preluNetwork([0.2, 1, -3, 1.1])).layers;
    expect(layers.map(({ op }) => op)).toEqual(['conv', 'relu', 'conv', 'add']);
  });

  it('leaves the PReLU of a row as it is', () => {
    const network = preluNetwork([0.5, 2], 2);
    expect(rewritePRelus(network)).toEqual(network);
  });
});
