import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { cameraOnline, identityUnknown } from '../../../../src/events/build-event.js';
import { DescribedApi } from '../../../helpers/described-api.js';
import { assetPaths, franck as stills } from '../../../helpers/photos.js';
import { reportOf, stranger } from '../../../unit/events/track-report.js';
import { startGallery } from '../start-gallery.js';

let photos: Buffer[];

beforeAll(async () => {
  photos = (await assetPaths(stills)).map((path) => readFileSync(path));
});

/** Frigate's routes of a gallery, held to the document. */
async function open() {
  const gallery = await startGallery();
  const api = await DescribedApi.of(gallery.url);
  const ask = async (operation: string, name = '', body?: object) => {
    const { status, body: answer } = await api.call(operation, { path: { name }, body });
    return { status, ...(answer as object) };
  };
  const register = (name: string, photo: Buffer): Promise<object> => {
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(photo)]), 'photo.jpg');
    return ask('POST /api/faces/{name}/register', name, form);
  };
  const faces = async () => (await api.call('GET /api/faces')).body as Record<string, string[]>;
  return { ...gallery, ask, register, faces };
}

describe('a face of Frigate', () => {
  it('is renamed, but not to a name that is taken', async () => {
    const { ask, faces } = await open();
    for (const name of ['Ann', 'Ben']) await ask('POST /api/faces/{name}/create', name);
    const rename = (from: string, to: string) => ask('PUT /api/faces/{name}/rename', from, { new_name: to });
    expect(await rename('Ann', 'Zoë')).toMatchObject({ status: 200, success: true });
    expect(await rename('Zoë', 'Ben')).toMatchObject({ status: 409, success: false });
    expect(await rename('Ann', 'Eve')).toMatchObject({ status: 404, success: false });
    expect(await faces()).toEqual({ Ben: [], Zoë: [] });
  });

  it('is erased with the last of its images, or when it has none', async () => {
    const { ask, register, faces } = await open();
    const remove = (name: string, ids: readonly string[]) =>
      ask('POST /api/faces/{name}/delete', name, { ids });
    await ask('POST /api/faces/{name}/create', 'Ann');
    for (const photo of photos.slice(0, 2)) await register('Franck', photo);
    const [first, second] = (await faces())['Franck']!;
    expect(await remove('Franck', [])).toMatchObject({ status: 400 });
    expect(await remove('Franck', [first!])).toMatchObject({ status: 200 });
    expect(await faces()).toEqual({ Ann: [], Franck: [second] });
    expect(await remove('Franck', [second!])).toMatchObject({ status: 200 });
    expect(await remove('Ann', [])).toMatchObject({ status: 200 });
    expect(await faces()).toEqual({});
  });

  it('may be called __proto__', async () => {
    const { url, register, faces } = await open();
    expect(await register('__proto__', photos[0]!)).toMatchObject({ status: 200 });
    const listed = Object.entries(await faces());
    expect(listed).toEqual([['__proto__', [expect.any(String)]]]);
    const [[, [id]]] = listed as [[string, string[]]];
    const read = async (path: string): Promise<unknown> => (await fetch(url + path)).json();
    const { people } = (await read('/v1/people')) as { people: { id: string; name: string }[] };
    expect(people).toMatchObject([{ name: '__proto__', photos: 1 }]);
    expect(await read(`/v1/people/${people[0]!.id}/photos`)).toMatchObject({ photos: [{ id }] });
    expect(await read('/api/v1/recognition/faces')).toMatchObject({
      faces: [{ image_id: id, subject: '__proto__' }],
    });
  });
});

describe('a face to train on', () => {
  it('is that of an event: looked at again, and enrolled', async () => {
    const { ask, register, faces, publish, recognition, faceOn } = await open();
    const classify = (event: string) =>
      ask('POST /api/faces/train/{name}/classify', 'Franck', { training_file: event });
    const reprocess = (event: string) => ask('POST /api/faces/reprocess', '', { training_file: event });
    const { id } = await publish(identityUnknown({ ...reportOf(stranger), trackKey: 'door/r/1' }));
    const camera = await publish(cameraOnline({ id: 'door', name: 'Front door' }));
    expect(await faces()).toEqual({ train: [id] });
    expect(await classify(camera.id)).toMatchObject({ status: 404, success: false });
    expect(await faces()).toEqual({ train: [id] });

    const face = await faceOn(photos[0]!);
    const seen = { key: 'door/r/1', cameraId: 'door', seenAt: Date.now() };
    await recognition.people.identify({ ...seen, faces: [face] });
    expect(await reprocess(id)).toMatchObject({ success: true, face_name: 'unknown', score: 0 });
    expect(await classify(id)).toMatchObject({ status: 200, success: true });
    expect(await faces()).toEqual({ train: [id], Franck: [expect.any(String)] });
    await register('Franck', photos[1]!);
    expect(await reprocess(id)).toMatchObject({ success: true, face_name: 'Franck' });
    expect(await reprocess('nothing')).toMatchObject({ status: 404, success: false });
  });
});
