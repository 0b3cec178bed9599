import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { identityUnknown } from '../../../../src/events/build-event.js';
import { DescribedApi } from '../../../helpers/described-api.js';
import { assetPaths, franck as stills } from '../../../helpers/photos.js';
import { reportOf, stranger } from '../../../unit/events/track-report.js';
import { startGallery } from '../start-gallery.js';

let photos: Buffer[];

beforeAll(async () => {
  photos = (await assetPaths(stills)).map((path) => readFileSync(path));
});

const looksLike = (name: string) => ({ kind: 'same-face', person: { name } });
const isReadLike = (name: string) => ({ kind: 'similar-name', person: { name }, distance: null });

/** A gallery in which Franck is enrolled, and its routes, held to the document. */
async function open() {
  const gallery = await startGallery();
  const api = await DescribedApi.of(gallery.url);
  const ask = async (operation: string, request: Parameters<DescribedApi['call']>[1] = {}) =>
    (await api.call(operation, request)).body;
  const enrol = (photo: Buffer, subject: string) => {
    const body = { file: photo.toString('base64') };
    return ask('POST /api/v1/recognition/faces', { query: `subject=${subject}`, body });
  };
  const register = (photo: Buffer, name: string) => {
    const body = new FormData();
    body.append('file', new Blob([new Uint8Array(photo)]), 'photo.jpg');
    return ask('POST /api/faces/{name}/register', { path: { name }, body });
  };
  expect(await enrol(photos[0]!, 'Franck')).toEqual({
    image_id: expect.any(String) as string,
    subject: 'Franck',
  });
  return { ...gallery, ask, enrol, register };
}

describe('enrolment by a client of CompreFace', () => {
  it('warns in a field of its own, and only when there is something to warn of', async () => {
    const { ask, enrol } = await open();
    expect(await enrol(photos[1]!, 'FRANCK')).toMatchObject({
      ...{ subject: 'FRANCK', warnings: [looksLike('Franck'), isReadLike('Franck')] },
    });
    const add = (subject: string) => ask('POST /api/v1/recognition/subjects', { body: { subject } });
    expect(await add('Ana')).toEqual({ subject: 'Ana' });
    expect(await add('ana')).toMatchObject({ subject: 'ana', warnings: [isReadLike('Ana')] });
    const rename = (from: string, subject: string) =>
      ask('PUT /api/v1/recognition/subjects/{subject}', { path: { subject: from }, body: { subject } });
    expect(await rename('ana', 'Bea')).toEqual({ updated: true });
    expect(await rename('Bea', 'ANA')).toMatchObject({ updated: true, warnings: [isReadLike('Ana')] });
  });
});

describe('enrolment by a client of Frigate', () => {
  it('warns in the message and in a field of its own', async () => {
    const { ask, register, publish, recognition, faceOn } = await open();
    const plain = { success: true, message: 'The photo of Franck was added.' };
    expect(await register(photos[1]!, 'Franck')).toEqual(plain);
    expect(await register(photos[2]!, 'Frank')).toMatchObject({
      success: true,
      message: expect.stringMatching(
        /^The photo of Frank was added\. Warning: The face looks like Franck /,
      ) as string,
      warnings: [looksLike('Franck')],
    });
    const path = { name: 'frank' };
    expect(await ask('POST /api/faces/{name}/create', { path })).toMatchObject({
      warnings: [isReadLike('Frank')],
    });
    expect(await ask('PUT /api/faces/{name}/rename', { path, body: { new_name: 'FRANK' } })).toMatchObject({
      warnings: [isReadLike('Frank')],
    });

    const { id } = await publish(identityUnknown({ ...reportOf(stranger), trackKey: 'door/r/1' }));
    const track = { key: 'door/r/1', cameraId: 'door', seenAt: Date.now() };
    await recognition.people.identify({ ...track, faces: [await faceOn(photos[3]!)] });
    const body = { training_file: id };
    const classify = await ask('POST /api/faces/train/{name}/classify', { path: { name: 'franck' }, body });
    expect(classify).toMatchObject({ warnings: [looksLike('Franck'), isReadLike('Franck')] });
  });
});
