import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Detection } from '../../../src/core/face.js';
import type { RgbImage } from '../../../src/core/image.js';
import { createDetector } from '../../../src/detection/create-detector.js';
import type { FaceDetector } from '../../../src/detection/face-detector.js';
import { readImage } from '../../../src/ingest/still-image.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';

const models = new ModelStore({ cacheDir: defaultCacheDir() });
let detector: FaceDetector;
let photo: RgbImage;
let other: RgbImage;

beforeAll(async () => {
  const read = async (id: string): Promise<RgbImage> =>
    readImage(await models.ensure(id), { maxBytes: 1e8, maxPixels: 1e8 });
  [photo, other] = [await read('sample-1'), await read('sample-2')];
  const choice = { kind: 'mtcnn', range: 'full', threshold: 0.7, minFaceSize: 40 } as const;
  detector = await createDetector(choice, models, () => undefined);
});
afterAll(() => detector.close());

function plain(width: number, height: number, level: number): RgbImage {
  return { width, height, data: new Uint8Array(width * height * 3).fill(level) };
}

/** Vertical stripes, black and white. */
function stripes(width: number, height: number, stripe: number): RgbImage {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, index) =>
    ((Math.floor(index / 3) % width) / stripe) % 2 < 1 ? 0 : 255,
  );
  return { width, height, data };
}

describe('MTCNN', () => {
  it.each([
    ['of one pixel', plain(1, 1, 200)],
    ['of 3 × 4000', stripes(3, 4000, 1)],
    ['of 4000 × 13', stripes(4000, 13, 5)],
    ['all grey', plain(640, 480, 128)],
    ['all black', plain(1920, 1080, 0)],
    ['all white', plain(641, 479, 255)],
    ['of stripes', stripes(1280, 720, 8)],
    ['of 16 megapixels', plain(4000, 4000, 90)],
  ])('finds nothing in a picture %s, and is none the worse', async (_, odd) => {
    const before = await detector.detect(photo);
    expect(await detector.detect(odd)).toEqual([]);
    expect(await detector.video().detect(odd, [{ x: 0, y: 0, width: 50, height: 50 }], 0)).toEqual([]);
    expect(await detector.detect(photo)).toEqual(before);
  });

  it('takes a buffer that is longer than the picture, and a part of a larger one', async () => {
    const before = await detector.detect(photo);
    const longer = new Uint8Array(photo.data.length + 1001);
    longer.set(photo.data, 1);
    expect(await detector.detect({ ...photo, data: longer.subarray(1) })).toEqual(before);
  });

  it('keeps two pictures apart that are asked for at once, and a bad one harms neither', async () => {
    const alone = [await detector.detect(photo), await detector.detect(other)];
    const short = { width: 640, height: 480, data: new Uint8Array(100) };
    const [first, bad, second] = await Promise.allSettled([
      detector.detect(photo),
      detector.detect(short),
      detector.detect(other),
    ]);
    expect(first).toEqual({ status: 'fulfilled', value: alone[0] });
    expect(second).toEqual({ status: 'fulfilled', value: alone[1] });
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'DETECTOR_FAILED' } });
  });

  it('lets the event loop turn before every run of a network', async () => {
    let turns = 0;
    let found: Detection[] | undefined;
    void detector.detect(photo).then((detections) => (found = detections));
    while (found === undefined) {
      await nextTurn();
      turns++;
    }
    expect(found.length).toBeGreaterThan(0);
    // The pyramid of this photo alone has more strips.
    expect(turns).toBeGreaterThan(15);
  });

  it('is closed after the searches that have begun', async () => {
    const choice = { kind: 'mtcnn', range: 'full', threshold: 0.7, minFaceSize: 40 } as const;
    const brief = await createDetector(choice, models, () => undefined);
    const expected = await brief.detect(photo);
    const last = brief.detect(photo);
    await brief.close();
    expect(await last).toEqual(expected);
    await expect(brief.detect(photo)).rejects.toMatchObject({ code: 'DETECTOR_FAILED' });
  });
});
