import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DescribedApi, type CallOptions } from '../helpers/described-api.js';
import { assetPaths, franck } from '../helpers/photos.js';
import { RunningSightline, temporaryFolder } from '../helpers/sightline.js';

const token = 'of-the-test-0123456789';
const folder = temporaryFolder();
let program: RunningSightline;
let api: DescribedApi;
let photos: Buffer[];

beforeAll(async () => {
  const [video = '', other = '', ...paths] = await assetPaths(['demo-cap12', 'demo-franck', ...franck]);
  photos = await Promise.all(paths.map((path) => readFile(path)));
  program = new RunningSightline(['run', video, other, '--loop', '--port', '0', '--data', folder.path], {
    SIGHTLINE_SERVER_TOKEN: token,
    SIGHTLINE_API_CAMERA_SOURCES_SCHEMES: '[test]',
  });
  api = await DescribedApi.of(new URL(await program.serving()).origin, { 'x-api-key': token });
});

afterAll(async () => {
  await program.stop();
  folder.remove();
});

/** The answer to a call that must succeed; a call throws when the document does not describe its answer. */
async function ask<T = Record<string, unknown>>(operation: string, options?: CallOptions): Promise<T> {
  const { status, body } = await api.call(operation, options);
  expect(status, `${operation} ${JSON.stringify(body)}`).toBeLessThan(300);
  return body as T;
}

function form(...fields: [name: string, photo: number][]): FormData {
  const data = new FormData();
  for (const [name, photo] of fields) data.set(name, new Blob([new Uint8Array(photos[photo]!)]), 'photo.jpg');
  return data;
}

describe('every operation of the OpenAPI document', () => {
  it('the service itself', async () => {
    await ask('GET /healthz');
    await expect.poll(async () => (await api.call('GET /readyz')).status).toBe(200);
    await ask('GET /metrics');
    await ask('GET /api/openapi.json');
    await ask('POST /v1/tickets');
    expect(await ask('GET /v1/settings')).toMatchObject({ recognition: { threshold: null } });
    expect(
      await ask('PATCH /v1/settings', { body: { recognition: { falseNameRate: 0.002 } } }),
    ).toMatchObject({ recognition: { falseNameRate: 0.002 } });
  });

  it('cameras', async () => {
    await ask('GET /v1/cameras');
    const body = { id: 'yard', name: 'Yard', url: 'test:320x240@5', recognition: false };
    expect(await ask('POST /v1/cameras', { body })).toMatchObject({ id: 'yard', name: 'Yard' });
    const path = { id: 'yard' };
    await ask('GET /v1/cameras/{id}', { path });
    const recognition = { enabled: false, threshold: null, falseNameRate: null };
    expect(await ask('GET /v1/cameras/{id}/settings', { path })).toMatchObject({ recognition });
    await ask('PATCH /v1/cameras/{id}', { path, body: { fps: 2, recognition: { threshold: 0.8 } } });
    expect(await ask('GET /v1/cameras/{id}/settings', { path })).toMatchObject({
      recognition: { ...recognition, threshold: 0.8 },
    });
    await ask('POST /v1/cameras/{id}/restart', { path });
    // On a busy machine the first picture takes longer than a client is kept waiting for one.
    await expect
      .poll(async () => (await api.call('GET /v1/cameras/{id}/latest.jpg', { path })).status)
      .toBe(200);
    await ask('GET /v1/cameras/{id}/latest.jpg', { path, query: 'width=160' });
    await ask('GET /api/{camera}/latest.jpg', { path: { camera: 'yard' } });
    await ask('DELETE /v1/cameras/{id}', { path });
    expect((await api.call('GET /v1/cameras/{id}', { path })).status).toBe(404);
  });

  it('pictures', async () => {
    for (const body of [
      form(['file', 0]),
      { file: photos[0]!.toString('base64') },
      new Uint8Array(photos[0]!),
    ]) {
      const headers = body instanceof Uint8Array ? { 'content-type': 'image/jpeg' } : {};
      expect(await ask('POST /v1/detect', { body, headers })).toMatchObject({ faces: [{}] });
    }
    expect(await ask('POST /v1/identify', { body: form(['file', 0]) })).toMatchObject({
      faces: [{ person: null }],
    });
    const pair = form(['first', 0], ['second', 1]);
    expect(await ask('POST /v1/verify', { body: pair })).toMatchObject({ same: true });
  });

  it('people and their photos', async () => {
    const { id } = await ask<{ id: string }>('POST /v1/people', { body: { name: 'Frank' } });
    const path = { id };
    await ask('PATCH /v1/people/{id}', { path, body: { name: 'Franck' } });
    const { photo } = await ask<{ photo: { id: string } }>('POST /v1/people/{id}/photos', {
      path,
      body: form(['file', 0]),
    });
    expect((await api.call('POST /v1/people/{id}/photos', { path, body: form(['file', 0]) })).status).toBe(
      200,
    );
    expect(await ask('GET /v1/people')).toMatchObject({ people: [{ name: 'Franck', photos: 1 }] });
    await ask('GET /v1/people/{id}', { path });
    await ask('GET /v1/people/{id}/photos', { path });
    await ask('GET /v1/photos/{id}', { path: { id: photo.id } });
    await ask('GET /v1/photos/{id}/picture.jpg', { path: { id: photo.id } });
    expect(await ask('POST /v1/identify', { body: form(['file', 1]) })).toMatchObject({
      faces: [{ person: { name: 'Franck' } }],
    });
    const other = await ask<{ id: string }>('POST /v1/people', { body: { name: 'Somebody' } });
    await ask('POST /v1/people/{id}/merge', { path, body: { from: other.id } });
    await ask('POST /v1/photos/{id}/restore', { path: { id: photo.id } });
    expect(await ask('POST /v1/gallery/check', { body: {} })).toMatchObject({ setAside: [] });
    expect(await ask('GET /v1/look-alikes')).toEqual({ lookAlikes: [] });
    await ask('DELETE /v1/photos/{id}', { path: { id: photo.id } });
    await ask('DELETE /v1/people/{id}', { path });
  });

  it('people without a name, and events', async () => {
    const strangers = () => ask<{ unknown: { number: number; id: string }[] }>('GET /v1/unknown-people');
    await expect.poll(async () => (await strangers()).unknown.length).toBeGreaterThan(1);
    const [first, second] = (await strangers()).unknown;
    const number = { path: { number: first!.number } };
    await ask('GET /v1/unknown-people/{number}', number);
    await ask('GET /v1/unknown-people/{number}/picture.jpg', number);
    const { events } = await ask<{ events: { id: string }[] }>('GET /v1/events', {
      query: `person=${first!.id}&type=sightline.identity.unknown&limit=1`,
    });
    const path = { id: events[0]!.id };
    expect(await ask('GET /v1/events/{id}', { path })).toMatchObject({
      person: { id: first!.id, name: null },
    });
    await ask('GET /v1/events/{id}/snapshot.jpg', { path });
    await ask('POST /v1/unknown-people/{number}/name', { ...number, body: { name: 'Zoë' } });
    expect(await ask('GET /v1/events/{id}', { path })).toMatchObject({ person: { name: 'Zoë' } });
    await ask('POST /v1/events/{id}/reject', { path, body: {} });
    await ask('DELETE /v1/unknown-people/{number}', { path: { number: second!.number } });
  });

  it('CompreFace', async () => {
    const [faces, subjects] = ['/api/v1/recognition/faces', '/api/v1/recognition/subjects'];
    await ask(`POST ${subjects}`, { body: { subject: 'Frank' } });
    await ask(`PUT ${subjects}/{subject}`, { path: { subject: 'Frank' }, body: { subject: 'Franck' } });
    const add = (photo: number) =>
      ask<{ image_id: string }>(`POST ${faces}`, { query: 'subject=Franck', body: form(['file', photo]) });
    const [first, second] = [await add(0), await add(1)];
    await ask(`GET ${subjects}`);
    await ask(`GET ${faces}`, { query: 'page=0&size=1' });
    await ask(`GET ${faces}/{image_id}/img`, { path: first });
    await ask('GET /api/v1/static/{api_key}/images/{image_id}', { path: { ...first, api_key: token } });
    expect(
      await ask('POST /api/v1/recognition/recognize', {
        query: 'limit=1&prediction_count=1&face_plugins=landmarks&status=true',
        body: form(['file', 2]),
      }),
    ).toMatchObject({ result: [{ subjects: [{ subject: 'Franck' }] }] });
    await ask(`POST ${faces}/{image_id}/verify`, { path: first, body: form(['file', 2]) });
    await ask('POST /api/v1/detection/detect', { body: form(['file', 2]) });
    await ask('POST /api/v1/verification/verify', { body: form(['source_image', 2], ['target_image', 3]) });
    await ask(`DELETE ${faces}/{image_id}`, { path: first });
    await ask(`POST ${faces}/delete`, { body: [second.image_id] });
    await ask(`DELETE ${faces}`, { query: 'subject=Franck' });
    await ask(`DELETE ${subjects}/{subject}`, { path: { subject: 'Franck' } });
    await ask(`DELETE ${subjects}`);
  });

  it('Frigate', async () => {
    const path = { name: 'Franck' };
    await ask('POST /api/faces/{name}/create', { path });
    await ask('POST /api/faces/{name}/register', { path, body: form(['file', 0]) });
    const { Franck: ids } = await ask<{ Franck: string[] }>('GET /api/faces');
    await ask('POST /api/faces/recognize', { body: form(['file', 1]) });
    const waiting = async () => (await ask<{ train?: string[] }>('GET /api/faces')).train ?? [];
    await expect.poll(async () => (await waiting()).length).toBeGreaterThan(0);
    const [event] = await waiting();
    await ask('POST /api/faces/reprocess', { body: { training_file: event } });
    await ask('POST /api/faces/train/{name}/classify', { path, body: { training_file: event } });
    await ask('PUT /api/faces/{name}/rename', { path, body: { new_name: 'Frank' } });
    await ask('PUT /api/faces/{name}/rename', { path: { name: 'Frank' }, body: { new_name: 'Franck' } });
    await ask('POST /api/faces/{name}/delete', { path, body: { ids } });
    await ask('GET /api/version');
    await ask('GET /api/stats');
  });

  it('answers what is wrong as the document says, too', async () => {
    const noToken = { headers: { 'x-api-key': '' } };
    const path = { id: 'x', number: 999, camera: 'x', name: 'x', subject: 'x', image_id: 'x', api_key: 'x' };
    for (const operation of api.operations) {
      await api.call(operation, { path });
      const body = operation.startsWith('GET ') ? undefined : { nonsense: true };
      await api.call(operation, { path, body, query: 'nonsense=1' });
      await api.call(operation, { path, ...noToken });
    }
  });

  it('was called with success, but for what has no end or needs look-alikes', () => {
    // Their tests are in test/integration/server/{video,events,http}.test.ts, and for people who look alike in people.test.ts.
    const elsewhere = [
      'PATCH /v1/look-alikes',
      'GET /v1/cameras/{id}/stream.mjpeg',
      'GET /ws/events',
      'GET /ws/video/{camera}',
    ];
    expect(api.operations.filter((operation) => !api.succeeded.has(operation)).sort()).toEqual(
      elsewhere.sort(),
    );
  });
});
