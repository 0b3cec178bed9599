import { beforeAll, describe, expect, it } from 'vitest';
import { centre } from '../../../src/core/geometry.js';
import type { RgbImage } from '../../../src/core/image.js';
import { createDetector } from '../../../src/detection/create-detector.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';
import { Tracker } from '../../../src/tracking/tracker.js';
import { composeMovers } from '../../helpers/composed-video.js';

const models = new ModelStore({ cacheDir: defaultCacheDir() });
const seconds = 5;

describe('two people who cross', () => {
  let frames: RgbImage[];

  beforeAll(async () => {
    const paths = await models.ensure(['demo-franck', 'demo-cap12']);
    const [franck, other] = [...paths.values()] as [string, string];
    frames = await composeMovers(
      [
        { file: franck, crop: '200:230:100:50', x: '10+t*84' },
        { file: other, crop: '200:230:100:60', x: '430-t*84' },
      ],
      seconds,
    );
  });

  it.each([
    ['mediapipe', 1],
    ['mediapipe', 3],
    ['mtcnn', 3],
  ] as const)('keep their two track ids with %s on every frame of %i', async (kind, every) => {
    const detector = await createDetector(
      { kind, range: 'full', threshold: null, minFaceSize: kind === 'mtcnn' ? 60 : null },
      models,
      () => undefined,
    );
    const tracker = new Tracker();
    const paths = new Map<number, number[]>();
    for (const [index, frame] of frames.entries()) {
      if (index % every !== 0) continue;
      const { tracks } = tracker.update(await detector.detect(frame), index * 40);
      for (const { id, state, box } of tracks) {
        if (state === 'confirmed') paths.set(id, [...(paths.get(id) ?? []), centre(box).x]);
      }
    }
    await detector.close();
    expect(frames.length).toBeGreaterThan(seconds * 25 - 3);
    const ways = [...paths.values()].map((xs) => Math.sign((xs.at(-1) as number) - (xs[0] as number)));
    // One id went all the way to the right, one all the way to the left, and nobody else was there.
    expect(ways.sort()).toEqual([-1, 1]);
    for (const xs of paths.values()) {
      expect(Math.abs((xs.at(-1) as number) - (xs[0] as number))).toBeGreaterThan(250);
    }
  });
});
