import { describe, expect, it } from 'vitest';
import { euclideanDistance, l2Normalise } from '../../../src/core/distance.js';
import { InferenceSession, Tensor } from '../../../src/models/onnx-runtime.js';
import type { ProjectionHead } from '../../../src/core/heads.js';
import { projectedSpec } from '../../../src/recognition/heads/projection.js';
import { seededRandom } from '../../../src/training/random.js';
import { trainHead } from '../../../src/training/train-head.js';
import { inputOf, twins } from '../../unit/training/made-up.js';

const photos = twins(1, 5, 4, seededRandom(1));

describe('the network of a projection', () => {
  it('takes a batch, and brings look-alikes apart in ONNX Runtime as in training', async () => {
    const input = inputOf(photos);
    const { head, network } = trainHead('projection', input) as {
      head: ProjectionHead;
      network: Uint8Array;
    };
    const session = await InferenceSession.create(network);
    const batch = new Float32Array(photos.length * head.dimension);
    photos.forEach(({ vector }, index) => batch.set(vector, index * head.dimension));
    const feeds = { embedding: new Tensor('float32', batch, [photos.length, head.dimension]) };
    const { projected } = await session.run(feeds);
    expect(projected!.dims).toEqual([photos.length, head.outputDimension]);
    const vectors = photos.map((_, index) =>
      l2Normalise(
        (projected!.data as Float32Array).slice(index * head.dimension, (index + 1) * head.dimension),
      ),
    );
    // Photos 0–3 show one twin, 4–7 the other.
    const gap = (of: readonly Float32Array[]): number =>
      euclideanDistance(of[0]!, of[4]!) - euclideanDistance(of[0]!, of[1]!);
    expect(gap(vectors)).toBeGreaterThan(gap(photos.map(({ vector }) => vector)) + 0.1);
    expect(projectedSpec(input.spec, head).model.version).toBe(`1+${head.hash}`);
  });
});
