import { beforeAll, describe, expect, it } from 'vitest';
import { watchPicture } from '../../../src/commands/show-as-video.js';
import { configSchema } from '../../../src/config/schema.js';
import type { Detection } from '../../../src/core/face.js';
import { iou } from '../../../src/core/geometry.js';
import type { RgbImage } from '../../../src/core/image.js';
import { createDetector, networksOf } from '../../../src/detection/create-detector.js';
import { readImage } from '../../../src/ingest/still-image.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';
import { laidOnGrey, placedFace, shrunkPicture } from '../../../src/training/evaluation/resized-pictures.js';

const models = new ModelStore({ cacheDir: defaultCacheDir() });
const choice = configSchema.parse({}).detector;
const otherwise = { range: 'full', threshold: null, minFaceSize: null } as const;

let photos: RgbImage[];

beforeAll(async () => {
  const paths = await models.ensure([1, 2, 3, 4, 5, 6].map((number) => `sample-${number}`));
  photos = await Promise.all(
    [...paths.values()].map((path) => readImage(path, { maxBytes: 1e8, maxPixels: 1e8 })),
  );
});

const labelled = ({ box, landmarks }: Detection) => ({ box, landmarks, ignored: false });
const overlapsOneOf = (faces: readonly Detection[], { box }: Detection): boolean =>
  faces.some((face) => iou(face.box, box) > 0.2);

describe('the default detector', () => {
  it('needs MTCNN’s networks only', () => {
    expect(networksOf(choice)).toEqual(['mtcnn-pnet', 'mtcnn-rnet', 'mtcnn-onet']);
  });

  it('finds faces of 40 to 80 pixels in a full-HD video within a second, and nothing else', async () => {
    const detector = await createDetector(choice, models, () => undefined);
    const photo = photos[0]!;
    const faces = await detector.detect(photo);
    expect(faces).toHaveLength(3);
    for (const height of [46, 60, 75]) {
      for (const face of faces) {
        const factor = face.box.height / height;
        const { picture, at } = laidOnGrey(shrunkPicture(photo, factor), 1920, 1080)!;
        const show = { frames: 10, rate: 10, minIou: 0.5 };
        const truth = placedFace(labelled(face), factor, at);
        const { detections } = await watchPicture(detector, picture, [truth], show);
        const found = detections.filter(({ box }) => iou(box, truth.box) > 0.5);
        expect(found, `a face of ${height} pixels`).toHaveLength(1);
        expect(detections.length).toBeLessThanOrEqual(3);
      }
    }
    await detector.close();
  });

  it('finds in a video of a still picture what it finds in the picture, but for a doubtful face', async () => {
    const detector = await createDetector(choice, models, () => undefined);
    const missed: number[] = [];
    let all = 0;
    for (const photo of photos) {
      const picture = shrunkPicture(photo, 2);
      const faces = await detector.detect(picture);
      const show = { frames: 12, rate: 10, minIou: 0.5 };
      const { detections } = await watchPicture(detector, picture, faces.map(labelled), show);
      all += faces.length;
      expect(detections.filter((face) => !overlapsOneOf(faces, face))).toEqual([]);
      missed.push(...faces.filter((face) => !overlapsOneOf(detections, face)).map(({ score }) => score));
    }
    // O-Net gives these a much lower score in the mirror.
    expect(missed.length).toBeLessThan(0.1 * all);
    expect(Math.max(0, ...missed)).toBeLessThan(0.95);
    await detector.close();
  });
});

describe('what another detector takes for a face in video', () => {
  it('counts only where O-Net sees one, too', async () => {
    const haar = await createDetector({ ...otherwise, kind: 'haar' }, models, () => undefined);
    const mtcnn = await createDetector(
      { ...otherwise, kind: 'mtcnn', minFaceSize: 20 },
      models,
      () => undefined,
    );
    let [photosWithFalseFaces, confirmed] = [0, 0];
    for (const photo of photos) {
      const real = await mtcnn.detect(photo);
      if ((await haar.detect(photo)).every((face) => overlapsOneOf(real, face))) continue;
      photosWithFalseFaces++;
      const found = await haar.video().detect(photo, [], 0);
      expect(found.filter((face) => !overlapsOneOf(real, face))).toEqual([]);
      confirmed += found.length;
    }
    expect(photosWithFalseFaces).toBeGreaterThan(0);
    expect(confirmed).toBeGreaterThan(photosWithFalseFaces);
    await Promise.all([haar.close(), mtcnn.close()]);
  });
});
