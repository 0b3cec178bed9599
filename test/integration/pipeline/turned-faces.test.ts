import { expect, it } from 'vitest';
import type { Frame } from '../../../src/core/image.js';
import { turnYuv, type Rotation } from '../../../src/core/turn-yuv.js';
import { createDetector, photoDetector } from '../../../src/detection/create-detector.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';
import { readImage } from '../../../src/ingest/still-image.js';
import { TurnedFaces } from '../../../src/pipeline/turned-faces.js';
import { assetPaths, franck } from '../../helpers/photos.js';
import { toYuv } from '../../helpers/yuv.js';

/** How a camera was turned, and how its picture must be. */
const mountings: readonly (readonly [Rotation, Rotation | undefined])[] = [
  [0, undefined],
  [90, 270],
  [180, 180],
  [270, 90],
];

it.each(mountings)(
  'sees on a camera turned by %d° how its picture must be turned',
  async (mounted, rotation) => {
    const detector = await createDetector(
      photoDetector,
      new ModelStore({ cacheDir: defaultCacheDir() }),
      () => undefined,
    );
    const turned = new TurnedFaces();
    let capturedMonotonic = 0;
    for (const path of await assetPaths(franck)) {
      const image = turnYuv(
        await toYuv(await readImage(path, { maxBytes: 2 ** 24, maxPixels: 2 ** 24, timeoutMs: 60_000 })),
        mounted,
      );
      capturedMonotonic += 10_000;
      await turned.look({ ...image, capturedMonotonic } as Frame, detector);
    }
    expect(turned.rotation).toBe(rotation);
    await detector.close();
  },
);
