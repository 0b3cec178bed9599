import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isClear, qualityScore, weakestPart, type FaceQuality } from '../../../src/core/face-quality.js';
import type { Landmarks } from '../../../src/core/face.js';
import type { RgbImage } from '../../../src/core/image.js';
import { checkResolution } from '../../../src/recognition/enrolment/enrolment.js';
import { cutFace } from '../../../src/recognition/embedding/crop.js';
import type { PooledEmbedder } from '../../../src/recognition/embedding/pooled-embedder.js';
import { readAsset, startDetector, startEmbedder, stills } from './faces.js';

/** A still of the demo's man, with his eyes 45 pixels apart, as on many cameras. */
interface Photo {
  readonly image: RgbImage;
  readonly landmarks: Landmarks;
}

const eyeDistance = 45;
let photos: Photo[];
let embedder: PooledEmbedder;

beforeAll(async () => {
  const detector = await startDetector();
  embedder = await startEmbedder();
  photos = [];
  for (const id of stills) {
    const image = await readAsset(`demo-franck-${id}`);
    const [face] = await detector.detect(image);
    if (face) photos.push(await scaled({ image, landmarks: face.landmarks }, eyeDistance));
  }
  await detector.close();
}, 60_000);
afterAll(() => embedder.close());

async function changed(image: RgbImage, change: (picture: Sharp) => Sharp): Promise<RgbImage> {
  const { width, height, data } = image;
  const picture = change(sharp(data, { raw: { width, height, channels: 3 } }));
  const { data: pixels, info } = await sharp(await picture.png().toBuffer())
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: new Uint8Array(pixels) };
}

async function scaled(
  { image, landmarks }: Photo,
  eyes: number,
  kernel: 'nearest' | 'linear' | 'cubic' | 'lanczos3' = 'lanczos3',
): Promise<Photo> {
  const factor = eyes / Math.hypot(landmarks[1].x - landmarks[0].x, landmarks[1].y - landmarks[0].y);
  const resized = await changed(image, (picture) =>
    picture.resize(Math.round(image.width * factor), null, { kernel }),
  );
  const exact = resized.width / image.width;
  const moved = landmarks.map(({ x, y }) => ({ x: x * exact, y: y * exact })) as unknown as Landmarks;
  return { image: resized, landmarks: moved };
}

async function jpeg(image: RgbImage, quality: number): Promise<RgbImage> {
  const { width, height, data } = image;
  const compressed = await sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality })
    .toBuffer();
  return changed(image, () => sharp(compressed));
}

/** Colours each pixel anew; x and y count distances of the eyes from the middle between them, along and down the face. */
function painted(
  { image, landmarks }: Photo,
  colour: (x: number, y: number, before: number) => number,
): RgbImage {
  const [left, right] = landmarks;
  const [acrossX, acrossY] = [right.x - left.x, right.y - left.y];
  const square = acrossX ** 2 + acrossY ** 2;
  const data = image.data.map((before, index) => {
    const pixel = Math.floor(index / 3);
    const dx = (pixel % image.width) - (left.x + right.x) / 2;
    const dy = Math.floor(pixel / image.width) - (left.y + right.y) / 2;
    const [x, y] = [(dx * acrossX + dy * acrossY) / square, (dy * acrossX - dx * acrossY) / square];
    return Math.min(255, Math.max(0, colour(x, y, before)));
  });
  return { ...image, data };
}

/** The mean of the picture as it was along a way of so many pixels. */
function moved({ image }: Photo, pixels: number, angle: number): RgbImage {
  const { width, height } = image;
  const at = (x: number, y: number, channel: number): number => {
    const [column, row] = [Math.min(width - 1, Math.max(0, x)), Math.min(height - 1, Math.max(0, y))];
    return image.data[(row * width + column) * 3 + channel] as number;
  };
  const data = image.data.map((_, index) => {
    const pixel = Math.floor(index / 3);
    let sum = 0;
    for (let step = 0; step < pixels; step++) {
      const way = step - (pixels - 1) / 2;
      const x = Math.round((pixel % width) + way * Math.cos(angle));
      sum += at(x, Math.round(Math.floor(pixel / width) + way * Math.sin(angle)), index % 3);
    }
    return sum / pixels;
  });
  return { ...image, data };
}

function noisy(photo: Photo, deviation: number): RgbImage {
  let state = 1;
  return painted(photo, (_x, _y, before) => {
    let sum = -6;
    for (let count = 0; count < 12; count++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
      sum += (state >>> 8) / 2 ** 24;
    }
    return before + deviation * sum;
  });
}

async function qualityOf(image: RgbImage, landmarks: Landmarks): Promise<FaceQuality> {
  const result = await embedder.embed(cutFace(image, landmarks)!);
  if (result.status !== 'embedded') throw new Error('The face was not embedded.');
  return result.quality;
}

const isGlass = (x: number, y: number): boolean =>
  ((Math.abs(x) - 0.5) / 0.4) ** 2 + ((y - 0.04) / 0.29) ** 2 < 1;
const isMasked = (x: number, y: number): boolean => y > 0.55 + 0.2 * x * x && Math.abs(x) < 1;
const turns = [0, Math.PI / 6, Math.PI / 3, Math.PI / 2, (Math.PI * 2) / 3];

const poorViews: [
  what: string,
  part: keyof FaceQuality,
  change: (photo: Photo) => Promise<RgbImage> | RgbImage,
][] = [
  ...turns.map((angle): (typeof poorViews)[number] => [
    `movement of 21 pixels at ${Math.round((angle * 180) / Math.PI)}°`,
    'sharpness',
    (photo) => moved(photo, 21, angle),
  ]),
  ['JPEG of quality 5', 'blocks', ({ image }) => jpeg(image, 5)],
  ['noise', 'noise', (photo) => noisy(photo, 60)],
  ['dark glasses', 'eyes', (photo) => painted(photo, (x, y, before) => (isGlass(x, y) ? 25 : before))],
  ['a dark mask', 'mouth', (photo) => painted(photo, (x, y, before) => (isMasked(x, y) ? 40 : before))],
  [
    'a white mask in light from the side',
    'mouth',
    (photo) => painted(photo, (x, y, before) => (isMasked(x, y) ? 200 - 40 * x : before)),
  ],
];

describe('the quality of real faces', () => {
  it('is clear for stills as they are, and for moderate JPEG', async () => {
    expect(photos.length).toBeGreaterThanOrEqual(6);
    for (const { image, landmarks } of photos) {
      for (const picture of [image, await jpeg(image, 40)]) {
        const quality = await qualityOf(picture, landmarks);
        expect(isClear(qualityScore(quality))).toBe(true);
        expect(Math.min(quality.eyes, quality.mouth)).toBeGreaterThan(0.9);
      }
    }
  });

  it.each(poorViews)('is not clear with %s, and says so', async (_, part, change) => {
    for (const photo of photos) {
      const quality = await qualityOf(await change(photo), photo.landmarks);
      expect([isClear(qualityScore(quality)), weakestPart(quality)]).toEqual([false, part]);
    }
  });

  it.each(['nearest', 'cubic', 'lanczos3'] as const)(
    'does not grow by enlarging a small photo (%s)',
    async (kernel) => {
      for (const photo of photos) {
        const small = await scaled(photo, 11);
        const large = await scaled(small, 33, kernel);
        const [before, after] = [
          await qualityOf(small.image, small.landmarks),
          await qualityOf(large.image, large.landmarks),
        ];
        expect(qualityScore(after)).toBeLessThanOrEqual(qualityScore(before) + 0.05);
        if (kernel === 'nearest') expect(after.blocks).toBe(0);
        else expect(() => checkResolution(after)).toThrow(/was enlarged/);
      }
    },
  );
});
