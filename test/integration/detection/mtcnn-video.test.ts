import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Detection } from '../../../src/core/face.js';
import { iou, type Box } from '../../../src/core/geometry.js';
import type { RgbImage } from '../../../src/core/image.js';
import { createDetector } from '../../../src/detection/create-detector.js';
import type { FaceDetector, VideoSearch } from '../../../src/detection/face-detector.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';

const [width, height] = [1280, 720];
/** A head in sample-1, with the background about it, and where the face is therein. */
const head = { left: 340, top: 340, width: 300, height: 310 };
const faceInHead = { x: 67, y: 55, width: 160, height: 195 };

let photo: string;
let detector: FaceDetector;
let search: VideoSearch;
let timeMs: number;

beforeAll(async () => {
  const models = new ModelStore({ cacheDir: defaultCacheDir() });
  photo = await models.ensure('sample-1');
  const choice = { kind: 'mtcnn', range: 'full', threshold: 0.7, minFaceSize: 40 } as const;
  detector = await createDetector(choice, models, () => undefined);
});
beforeEach(() => {
  search = detector.video();
  timeMs = 0;
});
afterAll(() => detector.close());

interface Placed {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

/** A grey frame with the head at some places. */
async function frameWith(...places: readonly Placed[]): Promise<RgbImage> {
  const overlays = places.map(async ({ x, y, scale }) => {
    const size = { width: Math.round(head.width * scale), height: Math.round(head.height * scale) };
    const input = await sharp(photo)
      .extract(head)
      .resize({ ...size, fit: 'fill' })
      .png()
      .toBuffer();
    return { input, left: Math.round(x), top: Math.round(y) };
  });
  const data = await sharp({ create: { width, height, channels: 3, background: '#777' } })
    .composite(await Promise.all(overlays))
    .removeAlpha()
    .raw()
    .toBuffer();
  return { width, height, data };
}

function faceOf({ x, y, scale }: Placed): Box {
  const { width: w, height: h } = faceInHead;
  return { x: x + faceInHead.x * scale, y: y + faceInHead.y * scale, width: w * scale, height: h * scale };
}

/** Searches the next frame of 25 a second. */
function searchNext(image: RgbImage, expected: readonly Box[]): Promise<Detection[]> {
  timeMs += 40;
  return search.detect(image, expected, timeMs);
}

const boxes = (detections: readonly Detection[]): Box[] => detections.map(({ box }) => box);

/** Searches a few frames of the same scene, with each frame's faces expected in the next. */
async function watch(frame: RgbImage, count: number, expected: readonly Box[]): Promise<Detection[]> {
  let found: Detection[] = [];
  let known = expected;
  for (let index = 0; index < count; index++) {
    found = await searchNext(frame, known);
    known = boxes(found);
  }
  return found;
}

describe('MTCNN in video', () => {
  it('finds the faces of the first frame at once', async () => {
    const place = { x: 300, y: 200, scale: 0.5 };
    const found = await searchNext(await frameWith(place), []);
    expect(found).toHaveLength(1);
    expect(iou(boxes(found)[0] as Box, faceOf(place))).toBeGreaterThan(0.6);
  });

  it('follows a face that moves and grows, in every frame', async () => {
    let known: Box[] = [];
    for (let step = 0; step < 20; step++) {
      const place = { x: 100 + 9 * step, y: 200 + 3 * step, scale: 0.4 + 0.01 * step };
      const found = boxes(await searchNext(await frameWith(place), known));
      expect(found, `frame ${step}`).toHaveLength(1);
      expect(iou(found[0] as Box, faceOf(place)), `frame ${step}`).toBeGreaterThan(0.5);
      known = found;
    }
  });

  it('finds a new face within 8 frames while it follows another', async () => {
    const known = { x: 100, y: 100, scale: 0.5 };
    const unseen = { x: 900, y: 400, scale: 0.35 };
    const first = boxes(await watch(await frameWith(known), 2, []));
    expect(first).toHaveLength(1);
    const found = boxes(await watch(await frameWith(known, unseen), 8, first));
    expect(found).toHaveLength(2);
    for (const place of [known, unseen]) {
      expect(Math.max(...found.map((box) => iou(box, faceOf(place))))).toBeGreaterThan(0.5);
    }
  });

  it('says nothing where an expected face is gone', async () => {
    const place = { x: 500, y: 300, scale: 0.5 };
    const [before] = boxes(await searchNext(await frameWith(place), []));
    if (before === undefined) throw new Error('no face');
    expect(await searchNext(await frameWith(), [before])).toEqual([]);
    const elsewhere = await watch(await frameWith({ ...place, x: 900 }), 8, [before]);
    expect(boxes(elsewhere).map((box) => iou(box, before))).toEqual([0]);
  });

  it('gives each face once, however often it is expected', async () => {
    const place = { x: 400, y: 250, scale: 0.6 };
    const frame = await frameWith(place);
    const face = faceOf(place);
    const expected = [face, { ...face, x: face.x + 10 }, { ...face, y: face.y - 8 }];
    for (let count = 0; count < 9; count++) expect(await searchNext(frame, expected)).toHaveLength(1);
  });

  it('begins anew when the size changes, and takes expected boxes outside the picture', async () => {
    const place = { x: 300, y: 200, scale: 0.5 };
    const large = await frameWith(place);
    const small = await sharp(large.data, { raw: { width, height, channels: 3 } })
      .resize(960, 540)
      .raw()
      .toBuffer();
    const outside = [
      { x: -500, y: 20, width: 100, height: 100 },
      { x: 1270, y: 700, width: 400, height: 400 },
      { x: 100, y: 100, width: 0, height: 0 },
    ];
    await searchNext(large, []);
    const found = boxes(await searchNext({ width: 960, height: 540, data: small }, outside));
    expect(found).toHaveLength(1);
    expect(iou(found[0] as Box, faceOf({ x: 225, y: 150, scale: 0.375 }))).toBeGreaterThan(0.5);
  });
});
