import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RgbImage } from '../../../../src/core/image.js';
import type { FaceDetector } from '../../../../src/detection/face-detector.js';
import type { FaceEmbedder } from '../../../../src/core/face-embedder.js';
import { Enroller } from '../../../../src/recognition/enrolment/enrolment.js';
import { Gallery } from '../../../../src/recognition/gallery/gallery.js';
import { decodeCrop } from '../../../../src/recognition/embedding/crop.js';
import { noise, readAsset, spec, startDetector, startEmbedder, stills } from '../faces.js';
import type { Storage } from '../../../../src/core/storage.js';
import { openStorage } from '../../../../src/storage/open-storage.js';

let detector: FaceDetector;
let embedder: FaceEmbedder;
let photo: RgbImage;
let folder: string;
let store: Storage;
let gallery: Gallery;
let enroller: Enroller;

beforeAll(async () => {
  [detector, embedder] = await Promise.all([startDetector(), startEmbedder()]);
  photo = await readAsset(`demo-franck-${stills[0]}`);
});
afterAll(async () => {
  await Promise.all([detector.close(), embedder.close()]);
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sightline-enrol-'));
  store = await openStorage({ data: folder });
  gallery = await Gallery.open({ store, spec, onError: () => {} });
  enroller = new Enroller({
    detect: (image) => detector.detect(image),
    embedder,
    store: store.people,
    gallery,
    spec,
  });
});
afterEach(async () => {
  await gallery.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function changed(image: RgbImage, change: (picture: Sharp) => Sharp): Promise<RgbImage> {
  const { width, height, data } = image;
  const picture = sharp(data, { raw: { width, height, channels: 3 } });
  const { data: bytes, info } = await change(picture).raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: new Uint8Array(bytes) };
}

describe('Enroller', () => {
  it('stores a photo, and the gallery knows the person in another photo at once', async () => {
    const { person, face, added } = await enroller.enrollPhoto(' Franck ', photo, 'first.jpg');
    expect(added).toBe(true);
    expect(person.name).toBe('Franck');
    expect(face.photoName).toBe('first.jpg');
    const crop = await store.embeddings.crop(face.id);
    expect((await sharp(crop!.png).metadata()).format).toBe('png');

    const other = await enroller.enrollPhoto(
      'Other Name',
      await readAsset(`demo-franck-${stills[3]}`),
      'x.jpg',
    );
    const [entry] = await firstEntries(other.face.id);
    const found = await gallery.match(entry!, 2);
    const nearest = found.find((neighbour) => neighbour.person.name === 'Franck');
    expect(nearest!.distance).toBeLessThan(spec.threshold);
  });

  it('survives a restart: what was stored is what is matched', async () => {
    const { face } = await enroller.enrollPhoto('Franck', photo, 'first.jpg');
    const reopened = await Gallery.open({ store, spec, onError: () => {} });
    const [vector] = await firstEntries(face.id);
    expect((await reopened.match(vector!, 1))[0]!.distance).toBeLessThan(1e-6);
    await reopened.close();
  });

  it('keeps a crop that gives the very same embedding again, also of a large face', async () => {
    const large = await changed(photo, (picture) => picture.resize({ width: 3 * photo.width }));
    for (const image of [photo, large]) {
      const { face } = await enroller.enrollPhoto('Franck', image, 'a.jpg');
      const crop = await decodeCrop((await store.embeddings.crop(face.id))!);
      const [leftEye, rightEye] = crop.landmarks;
      expect(Math.hypot(rightEye.x - leftEye.x, rightEye.y - leftEye.y)).toBeLessThanOrEqual(100);
      const again = await embedder.embed(crop);
      expect(again.status === 'embedded' && again.embedding.vector).toEqual((await firstEntries(face.id))[0]);
    }
  });

  it('stores the same photo once, whatever it is called', async () => {
    const first = await enroller.enrollPhoto('Franck', photo, 'first.jpg');
    const second = await enroller.enrollPhoto('Franck', photo, 'copy.jpg');
    expect(second).toEqual({ ...first, added: false });
    expect(gallery.faces).toBe(1);
  });

  it('warns of the same face under two names, and of photos of one name that lie far apart', async () => {
    const alone = await enroller.enrollPhoto('Franck', photo, 'first.jpg');
    expect(alone.warnings).toEqual([]);
    const still = await readAsset(`demo-franck-${stills[3]}`);
    const [twice] = (await enroller.enrollPhoto('Frank', still, 'x.jpg')).warnings;
    expect(twice).toMatchObject({ kind: 'same-face', person: alone.person });
    expect(twice!.distance).toBeGreaterThan(0.1);
    expect(twice!.distance).toBeLessThanOrEqual(spec.threshold);
    const group = await readAsset('sample-4');
    const [stranger] = (await detector.detect(group)).sort((a, b) => b.score - a.score);
    const { warnings } = await enroller.enrollFace('Franck', group, stranger!, 'group.jpg');
    expect(warnings).toMatchObject([{ kind: 'unlike-own', person: alone.person }]);
    expect(warnings[0]!.distance).toBeGreaterThan(spec.threshold);
  });

  it('says of a photo that is known already but set aside why, and how it counts again', async () => {
    const { face, person } = await enroller.enrollPhoto('Franck', photo, 'first.jpg');
    const why = { reason: 'unlike-own', ownDistance: 1.3, otherDistance: null } as const;
    await store.people.setAside([{ faceId: face.id, otherId: null, ...why }]);
    await gallery.reload();
    const again = await enroller.enrollPhoto('Franck', photo, 'again.jpg');
    expect(again).toMatchObject({ added: false, face: { id: face.id, setAside: why } });
    expect(again.warnings).toEqual([
      {
        kind: 'set-aside',
        message: expect.stringMatching(
          `set aside since .*does not look like Franck.*restore-photo ${face.id}`,
        ) as string,
        person: expect.objectContaining(person) as object,
        distance: 1.3,
      },
    ]);
    await store.people.restore(face.id);
    await gallery.reload();
    expect((await enroller.enrollPhoto('Franck', photo, 'again.jpg')).warnings).toEqual([]);
  });

  it('warns of a new name that is read like another', async () => {
    await enroller.enrollPhoto('Franck', photo, 'first.jpg');
    const { warnings } = await enroller.enrollPhoto('FRANCK', photo, 'first.jpg');
    expect(warnings.map(({ kind }) => kind)).toEqual(['same-face', 'similar-name']);
  });

  it('refuses a face that is larger than the picture, or partly outside', async () => {
    const [found] = await detector.detect(photo);
    const { box, landmarks } = found!;
    const left = Math.round(landmarks[0].x);
    const cut = await changed(photo, (picture) =>
      picture.extract({ left, top: 0, width: photo.width - left, height: photo.height }),
    );
    const moved = landmarks.map(({ x, y }) => ({ x: x - left - 1, y })) as unknown as typeof landmarks;
    await expect(
      enroller.enrollFace('Cut', cut, { ...found!, landmarks: moved }, 'cut.jpg'),
    ).rejects.toMatchObject({
      code: 'FACE_CUT_OFF',
      message: expect.stringContaining('lie outside') as string,
    });
    const larger = { ...box, x: -1, width: photo.width + 2 };
    await expect(
      enroller.enrollFace('Large', photo, { ...found!, box: larger }, 'large.jpg'),
    ).rejects.toMatchObject({ code: 'FACE_CUT_OFF' });
  });

  it('refuses a photo without a face', async () => {
    await expect(enroller.enrollPhoto('Nobody', noise(1), 'noise.png')).rejects.toMatchObject({
      code: 'FACE_NOT_FOUND',
    });
    expect(await store.people.persons()).toEqual([]);
  });

  it('refuses a photo of several people, and says how many', async () => {
    const group = await readAsset('sample-4');
    await expect(enroller.enrollPhoto('Which', group, 'group.jpg')).rejects.toMatchObject({
      code: 'FACE_AMBIGUOUS',
      message: expect.stringContaining('found 4') as string,
    });
  });

  it('refuses a face that is too small', async () => {
    const small = await changed(photo, (picture) => picture.resize(100).extend({ right: 100, bottom: 100 }));
    await expect(enroller.enrollPhoto('Tiny', small, 'small.jpg')).rejects.toMatchObject({
      code: 'FACE_TOO_SMALL',
    });
  });

  it('refuses a face that is blurred', async () => {
    const blurred = await changed(photo, (picture) => picture.blur(14));
    await expect(enroller.enrollPhoto('Foggy', blurred, 'blurred.jpg')).rejects.toMatchObject({
      code: 'FACE_QUALITY_LOW',
      message: expect.stringContaining('sharpness') as string,
    });
  });

  it('refuses a name that is none, before looking at the photo', async () => {
    await expect(enroller.enrollPhoto('\u0000', noise(1), 'x')).rejects.toMatchObject({
      code: 'PERSON_NAME_INVALID',
    });
  });
});

/** The stored vector of a face. */
async function firstEntries(faceId: string): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for await (const portion of store.people.entries(spec.model)) {
    vectors.push(...portion.filter((entry) => entry.faceId === faceId).map(({ vector }) => vector));
  }
  return vectors;
}
