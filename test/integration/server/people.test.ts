import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { l2Normalise } from '../../../src/core/distance.js';
import type { ClassifierHead } from '../../../src/core/heads.js';
import {
  cameraOnline,
  identityRecognized,
  identityUnclear,
  identityUnknown,
  trackStarted,
} from '../../../src/events/build-event.js';
import { openStorage } from '../../../src/storage/open-storage.js';
import { DescribedApi } from '../../helpers/described-api.js';
import { assetPaths, franck as stills } from '../../helpers/photos.js';
import { known, poorView, reportOf, stranger, undecided } from '../../unit/events/track-report.js';
import { findEmbedder } from '../../../src/recognition/embedding/embedder-specs.js';
import { startGallery } from './start-gallery.js';

/** The default, which the server under test uses. */
const spec = findEmbedder('mobilefacenet+fr-feature');

let photos: Buffer[];
let group: Buffer;

beforeAll(async () => {
  photos = (await assetPaths(stills)).map((path) => readFileSync(path));
  const [path] = await assetPaths(['sample-4']);
  group = readFileSync(path!);
});

interface Answer {
  readonly status: number;
  readonly code?: string;
  readonly detail?: string;
  readonly id: string;
  readonly name: string;
  readonly person: { readonly id: string; readonly name: string; readonly photos: number };
  readonly photo: { readonly id: string; readonly name: string };
  readonly [key: string]: unknown;
}

/** Asks a server for JSON, and holds it to what its document says of that; a body that is no form is sent as JSON. */
async function asking(url: string) {
  const api = await DescribedApi.of(url);
  const routes = api.operations.map((operation) => {
    const pattern = operation.replace(/\{\w+\}/g, '([^/]+)');
    return {
      operation,
      pattern: new RegExp(`^${pattern}$`),
      names: [...operation.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name),
    };
  });
  return async (method: string, target: string, body?: FormData | object): Promise<Answer> => {
    const [path = '', query = ''] = target.split('?');
    for (const { operation, pattern, names } of routes) {
      const values = pattern.exec(`${method} ${path}`)?.slice(1);
      if (!values) continue;
      const parameters = Object.fromEntries(names.map((name, i) => [name, values[i] ?? '']));
      const answer = await api.call(operation, { path: parameters, query, body });
      const isJson = !Buffer.isBuffer(answer.body);
      return { ...(isJson ? (answer.body as object) : {}), status: answer.status } as Answer;
    }
    throw new Error(`Expected a route that is described but received ${method} ${target}`);
  };
}

async function pictureAt(url: string) {
  const response = await fetch(url);
  const bytes = Buffer.from(await response.arrayBuffer());
  if (!response.ok) return { status: response.status };
  expect(response.headers.get('content-type')).toBe('image/jpeg');
  expect(response.headers.get('cache-control')).toBe('no-store');
  const { format, width, height } = await sharp(bytes).metadata();
  return { status: 200, format, width, height };
}

function formWith(photo: Buffer, fields: Record<string, string> = {}): FormData {
  const form = new FormData();
  form.append('file', new Blob([new Uint8Array(photo)]), 'me.jpg');
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
}

const seen = (key: string) => ({ key, cameraId: 'door', seenAt: Date.now() });

describe('people', () => {
  it('are made, listed, renamed and told one by one', async () => {
    const { url } = await startGallery();
    const ask = await asking(url);
    const made = await ask('POST', '/v1/people', { name: '  Ana  ' });
    expect(made).toMatchObject({ status: 201, name: 'Ana', photos: 0 });
    expect(await ask('POST', '/v1/people', { name: 'Ana' })).toMatchObject({ code: 'PERSON_NAME_TAKEN' });
    expect(await ask('POST', '/v1/people', { name: '\u0000' })).toMatchObject({
      code: 'PERSON_NAME_INVALID',
    });
    expect(await ask('POST', '/v1/people', {})).toMatchObject({ code: 'REQUEST_INVALID' });
    await ask('POST', '/v1/people', { name: 'Ben' });
    const renamed = await ask('PATCH', `/v1/people/${made.id}`, { name: 'Zoë' });
    expect(renamed).toMatchObject({ status: 200, id: made.id, name: 'Zoë' });
    expect(await ask('PATCH', `/v1/people/${made.id}`, { name: 'Ben' })).toMatchObject({ status: 409 });
    const { people } = await ask('GET', '/v1/people');
    expect(people).toMatchObject([{ name: 'Ben' }, { name: 'Zoë' }]);
    expect({ ...(await ask('GET', `/v1/people/${made.id}`)), warnings: [] }).toEqual(renamed);
    for (const [method, path, body] of [
      ['GET', '/v1/people/nobody'],
      ['PATCH', '/v1/people/nobody', { name: 'Cem' }],
      ['DELETE', '/v1/people/nobody'],
      ['GET', '/v1/people/nobody/photos'],
      ['POST', '/v1/people/nobody/photos', { unknown: 1 }],
      ['POST', '/v1/people/nobody/merge', { from: made.id }],
      ['POST', `/v1/people/${made.id}/merge`, { from: 'nobody' }],
    ] as const)
      expect(await ask(method, path, body)).toMatchObject({ status: 404, code: 'PERSON_NOT_FOUND' });
  });

  it('are compared, and what is set aside or put in force is listed and revoked', async () => {
    const { url, store, recognition } = await startGallery();
    const ask = await asking(url);
    const { id } = await ask('POST', '/v1/people', { name: 'Franck' });
    const other = await ask('POST', '/v1/people', { name: 'Also Franck' });
    const { photo } = await ask('POST', `/v1/people/${id}/photos`, formWith(photos[0]!));
    await ask('POST', `/v1/people/${other.id}/photos`, formWith(photos[1]!));
    const found = await ask('POST', '/v1/gallery/check', {});
    expect(found).toMatchObject({ status: 200, applied: false, people: 2, photos: 2, setAside: [] });
    expect(found.sameFaces).toMatchObject([{ message: expect.stringContaining('same face') as string }]);

    const why = { reason: 'unlike-own', ownDistance: 1.3, otherDistance: 0.5 } as const;
    await store.people.setAside([{ faceId: photo.id, otherId: other.id, ...why }]);
    await recognition.model.gallery.reload();
    expect(await ask('GET', `/v1/people/${id}`)).toMatchObject({ photos: 1, setAside: 1 });
    expect(await ask('GET', `/v1/photos/${photo.id}`)).toMatchObject({
      setAside: { ...why, other: { id: other.id, name: 'Also Franck' } },
      confirmed: false,
    });
    expect(recognition.model.gallery.faces).toBe(1);
    expect(await ask('POST', `/v1/photos/${photo.id}/restore`)).toMatchObject({
      ...{ status: 200, setAside: null, confirmed: true },
    });
    expect(recognition.model.gallery.faces).toBe(2);
    expect(await ask('POST', '/v1/photos/nobody/restore')).toMatchObject({ code: 'PHOTO_NOT_FOUND' });

    const people = [id, other.id] as const;
    const pair = { personIds: people, distance: 0.851, threshold: 0.85 };
    await store.people.saveLookAlikes(recognition.model.spec.model, [pair]);
    const { lookAlikes } = await ask('GET', '/v1/look-alikes');
    expect(lookAlikes).toMatchObject([{ threshold: 0.85, revoked: false }]);
    expect(await ask('PATCH', '/v1/look-alikes', { people, revoked: true })).toMatchObject({
      lookAlikes: [{ revoked: true }],
    });
    expect(await ask('PATCH', '/v1/look-alikes', { people: [id, 'nobody'], revoked: true })).toMatchObject({
      code: 'LOOK_ALIKES_NOT_FOUND',
    });
  });

  it('are known by the photos that are uploaded, under the name that they have', async () => {
    const { url, recognition, faceOn } = await startGallery();
    const ask = await asking(url);
    const nameOf = async (photo: Buffer) =>
      (await recognition.model.gallery.match((await faceOn(photo)).vector, 1))[0]?.person.name;
    const { id } = await ask('POST', '/v1/people', { name: 'Franck' });
    const added = await ask('POST', `/v1/people/${id}/photos`, formWith(photos[0]!, { name: 'me.jpg' }));
    expect(added).toMatchObject({
      status: 201,
      added: true,
      person: { id, photos: 1 },
      photo: { name: 'me.jpg' },
    });
    expect(await nameOf(photos[1]!)).toBe('Franck');
    const base64 = { file: photos[0]!.toString('base64') };
    const again = await ask('POST', `/v1/people/${id}/photos`, base64);
    expect(again).toMatchObject({ status: 200, added: false, photo: added.photo });

    await ask('PATCH', `/v1/people/${id}`, { name: 'François' });
    expect(await nameOf(photos[1]!)).toBe('François');
    const other = await ask('POST', '/v1/people', { name: 'FRANÇOIS' });
    expect(other.warnings).toMatchObject([{ kind: 'similar-name', person: { id }, distance: null }]);
    const twice = await ask('POST', `/v1/people/${other.id}/photos`, formWith(photos[1]!));
    expect(twice.warnings).toMatchObject([
      { kind: 'same-face', person: { id }, distance: expect.closeTo(0.5, 0) as number },
    ]);
    await ask('DELETE', `/v1/photos/${(twice.photo as { id: string }).id}`);
    expect(await ask('POST', `/v1/people/${other.id}/merge`, { from: id })).toMatchObject({
      name: 'FRANÇOIS',
      photos: 1,
    });
    expect(await nameOf(photos[1]!)).toBe('FRANÇOIS');

    const { photos: kept } = await ask('GET', `/v1/people/${other.id}/photos`);
    expect(kept).toMatchObject([{ id: added.photo.id, person: other.id, name: 'me.jpg' }]);
    const photo = `/v1/photos/${added.photo.id}`;
    expect(await ask('GET', photo)).toMatchObject({ status: 200, name: 'me.jpg' });
    const picture = await pictureAt(`${url}${photo}/picture.jpg`);
    expect(picture).toMatchObject({ status: 200, format: 'jpeg' });
    expect(picture.width).toBeGreaterThan(60);
    expect(await ask('DELETE', photo)).toMatchObject({ status: 204 });
    expect(await nameOf(photos[1]!)).toBeUndefined();
    for (const path of [photo, `${photo}/picture.jpg`])
      expect(await ask('GET', path)).toMatchObject({ code: 'PHOTO_NOT_FOUND' });
    expect(await ask('DELETE', photo)).toMatchObject({ code: 'PHOTO_NOT_FOUND' });
    expect(await ask('GET', `/v1/people/${other.id}`)).toMatchObject({ photos: 0 });
  });

  it('get no photo that shows nobody, several people, or is none', async () => {
    const { url, store } = await startGallery();
    const ask = await asking(url);
    const { id } = await ask('POST', '/v1/people', { name: 'Ana' });
    const grey = await sharp({ create: { width: 320, height: 240, channels: 3, background: '#777' } })
      .png()
      .toBuffer();
    const send = (body: FormData | object) => ask('POST', `/v1/people/${id}/photos`, body);
    expect(await send(formWith(group))).toMatchObject({ status: 422, code: 'FACE_AMBIGUOUS' });
    expect(await send(formWith(grey))).toMatchObject({ status: 422, code: 'FACE_NOT_FOUND' });
    expect(await send(formWith(Buffer.from('<svg/>')))).toMatchObject({ code: 'IMAGE_UNREADABLE' });
    for (const body of [{}, { unknown: 1, event: '0'.repeat(26) }, { unknown: 0 }, { name: 'x' }])
      expect(await send(body)).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    expect((await send({})).detail).toContain('expected one of file, event and unknown');
    expect(await send({ unknown: 7 })).toMatchObject({ code: 'UNKNOWN_PERSON_NOT_FOUND' });
    expect(await send({ event: '0'.repeat(26) })).toMatchObject({ code: 'EVENT_NOT_FOUND' });
    expect(await store.people.faces(id)).toEqual([]);
  });

  it('are erased from recognition, events, pictures and the classifier', async () => {
    const { url, publish, store, recognition, faceOn } = await startGallery(async (data) => {
      const classifier: ClassifierHead = {
        kind: 'classifier',
        model: spec.model,
        dimension: spec.dimension,
        trainedAt: 0,
        people: ['Franck', 'Ana'],
        rejectBelow: 0,
        rule: {
          type: 'knn',
          neighbours: 1,
          gamma: 1,
          vectors: [0, 1].map((n) => [
            ...l2Normalise(new Float32Array(spec.dimension).fill(1).fill(2, n, 9)),
          ]),
          labels: [0, 1],
        },
      };
      const before = await openStorage({ data });
      await before.heads.save(classifier, null);
      await before.close();
    });
    const ask = await asking(url);
    const franck = await ask('POST', '/v1/people', { name: 'Franck' });
    const ana = await ask('POST', '/v1/people', { name: 'Ana' });
    const { photo } = await ask('POST', `/v1/people/${franck.id}/photos`, formWith(photos[0]!));
    const { key } = seen(reportOf(undecided).trackKey);
    await recognition.people.recognized({ ...seen(key), faces: [await faceOn(photos[1]!)] }, franck.id);
    const { id } = await publish(identityRecognized(reportOf(known(franck))));
    const snapshot = `${url}/v1/events/${id}/snapshot.jpg`;
    expect(await pictureAt(snapshot)).toMatchObject({ status: 200 });
    expect(recognition.model.classifier).not.toBeNull();
    const switched: unknown[] = [];
    recognition.onChange({
      onSwitch: ({ classifier }) => switched.push(classifier),
      onThresholds: () => undefined,
    });

    expect(await ask('DELETE', `/v1/people/${franck.id}`)).toMatchObject({ status: 204 });
    expect(recognition.model.gallery.faces).toBe(0);
    expect(JSON.stringify(await store.events.get(id))).not.toContain('Franck');
    expect(await ask('GET', `/v1/events/${id}`)).toMatchObject({ person: null, data: { identity: null } });
    expect(await pictureAt(snapshot)).toEqual({ status: 404 });
    expect(await ask('GET', `/v1/photos/${photo.id}`)).toMatchObject({ status: 404 });
    expect([recognition.model.classifier, await store.heads.load('classifier'), switched]).toEqual([
      null,
      null,
      [null],
    ]);
    expect((await ask('GET', '/v1/people')).people).toMatchObject([{ id: ana.id }]);
  });
});

describe('unknown people', () => {
  it('are compared with the gallery when they are named, as a photo is at enrolment', async () => {
    const { url, recognition, faceOn } = await startGallery();
    const ask = await asking(url);
    const franck = await ask('POST', '/v1/people', { name: 'Franck' });
    await ask('POST', `/v1/people/${franck.id}/photos`, formWith(photos[0]!));
    const see = async (photo: Buffer, key: string) =>
      (await recognition.people.identify({ ...seen(key), faces: [await faceOn(photo)] })).number;

    const again = await see(photos[1]!, 'door/r/1');
    const twice = await ask('POST', `/v1/unknown-people/${again}/name`, { name: 'FRANCK' });
    expect(twice).toMatchObject({ status: 200, name: 'FRANCK', photos: 1 });
    expect(twice.warnings).toMatchObject([
      { kind: 'same-face', person: { id: franck.id }, distance: expect.closeTo(0.5, 0) as number },
      { kind: 'similar-name', person: { id: franck.id }, distance: null },
    ]);
    await ask('DELETE', `/v1/people/${twice.id}`);

    const somebodyElse = await see(group, 'door/r/2');
    const wrong = await ask('POST', `/v1/people/${franck.id}/photos`, { unknown: somebodyElse });
    expect(wrong).toMatchObject({ status: 201, photo: null, person: { id: franck.id, photos: 2 } });
    expect(wrong.warnings).toMatchObject([{ kind: 'unlike-own', person: { id: franck.id } }]);

    const right = await see(photos[2]!, 'door/r/3');
    expect(await ask('POST', `/v1/unknown-people/${right}/name`, { name: 'Franck' })).toMatchObject({
      ...{ status: 200, id: franck.id, warnings: [] },
    });
  });

  it('are listed with a picture, named, and known from then on', async () => {
    const { url, publish, recognition, faceOn } = await startGallery();
    const ask = await asking(url);
    const face = await faceOn(photos[0]!);
    await recognition.people.identify({ ...seen('door/r/1'), faces: [face] });
    const started = await publish(trackStarted({ ...reportOf(undecided), trackKey: 'door/r/1' }));
    const { unknown } = await ask('GET', '/v1/unknown-people');
    expect(unknown).toMatchObject([{ number: 1, seen: 1, cameras: ['door'] }]);
    expect(await ask('GET', '/v1/unknown-people/1')).toMatchObject({ number: 1 });
    expect(await pictureAt(`${url}/v1/unknown-people/1/picture.jpg`)).toMatchObject({
      status: 200,
      format: 'jpeg',
    });
    expect(await pictureAt(`${url}/v1/events/${started.id}/snapshot.jpg`)).toMatchObject({ status: 200 });
    expect(await ask('POST', '/v1/unknown-people/1/name', { name: '' })).toMatchObject({
      code: 'PERSON_NAME_INVALID',
    });
    const franck = await ask('POST', '/v1/unknown-people/1/name', { name: 'Franck' });
    expect(franck).toMatchObject({ status: 200, name: 'Franck', photos: 1 });
    expect((await recognition.model.gallery.match(face.vector, 1))[0]?.person.id).toBe(franck.id);
    expect(await ask('GET', `/v1/events/${started.id}`)).toMatchObject({
      person: { name: 'Franck', number: 1 },
    });
    expect((await ask('GET', `/v1/events?person=${franck.id}`)).events).toMatchObject([{ id: started.id }]);
    for (const path of ['/v1/unknown-people/1', '/v1/unknown-people/1/picture.jpg', '/v1/unknown-people/2'])
      expect(await ask('GET', path)).toMatchObject({ status: 404, code: 'UNKNOWN_PERSON_NOT_FOUND' });
    expect(await ask('GET', '/v1/unknown-people/one')).toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('are given to somebody who is there, or dismissed', async () => {
    const { url, recognition, faceOn } = await startGallery();
    const ask = await asking(url);
    const { id } = await ask('POST', '/v1/people', { name: 'Franck' });
    const face = await faceOn(photos[0]!);
    await recognition.people.identify({ ...seen('door/r/1'), faces: [face] });
    const answer = await ask('POST', `/v1/people/${id}/photos`, { unknown: 1 });
    expect(answer).toMatchObject({ status: 201, added: true, photo: null, person: { id, photos: 1 } });
    const opposite = { ...face, vector: face.vector.map((value) => -value) };
    await recognition.people.identify({ ...seen('door/r/2'), faces: [opposite] });
    expect(await ask('DELETE', '/v1/unknown-people/2')).toMatchObject({ status: 204 });
    expect(await ask('DELETE', '/v1/unknown-people/2')).toMatchObject({ code: 'UNKNOWN_PERSON_NOT_FOUND' });
    expect((await ask('GET', '/v1/unknown-people')).unknown).toEqual([]);
  });
});

describe('an event', () => {
  it('of a poor view is found by its type, with its picture, which can be enrolled', async () => {
    const { url, publish, recognition, faceOn } = await startGallery();
    const ask = await asking(url);
    const { id } = await ask('POST', '/v1/people', { name: 'Franck' });
    const { id: unclear } = await publish(identityUnclear({ ...reportOf(poorView), trackKey: 'door/r/1' }));
    await recognition.people.unclear({ ...seen('door/r/1'), faces: [await faceOn(photos[0]!)] });
    const { events } = await ask('GET', '/v1/events?type=sightline.identity.unclear');
    expect(events).toMatchObject([{ id: unclear, data: { poorView: { reason: 'mouth' } } }]);
    expect(await pictureAt(`${url}/v1/events/${unclear}/snapshot.jpg`)).toMatchObject({ status: 200 });
    expect(await ask('POST', `/v1/people/${id}/photos`, { event: unclear })).toMatchObject({ status: 201 });
  });

  it('shows a face, which can be enrolled', async () => {
    const { url, publish, recognition, faceOn } = await startGallery();
    const ask = await asking(url);
    const { id } = await ask('POST', '/v1/people', { name: 'Franck' });
    const face = await faceOn(photos[0]!);
    const sighting = { ...reportOf(stranger), trackKey: 'door/r/1' };
    const event = await publish(identityUnknown(sighting));
    const ofCamera = await publish(cameraOnline({ id: 'door', name: 'Front door' }));
    const enrol = (eventId: string) => ask('POST', `/v1/people/${id}/photos`, { event: eventId });
    expect(await enrol(event.id)).toMatchObject({ status: 404, code: 'SNAPSHOT_NOT_FOUND' });
    await recognition.people.identify({ ...seen('door/r/1'), faces: [face, { ...face, quality: 0.2 }] });
    const picture = await pictureAt(`${url}/v1/events/${event.id}/snapshot.jpg`);
    expect(picture).toMatchObject({ status: 200, format: 'jpeg' });
    expect(Math.max(picture.width!, picture.height!)).toBeLessThanOrEqual(320);
    const added = await enrol(event.id);
    expect(added).toMatchObject({ status: 201, photo: { name: `event ${event.id}` }, person: { photos: 1 } });
    expect(await enrol(event.id)).toMatchObject({ status: 200, added: false, photo: added.photo });
    expect(await enrol(ofCamera.id)).toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' });
    // What was seen and what is enrolled is nearly the same face still.
    const [nearest] = await recognition.model.gallery.match(face.vector, 1);
    expect(nearest).toMatchObject({ person: { id } });
    expect(nearest!.distance).toBeLessThan(0.3);
  });

  it('can be rejected: that is not who it says', async () => {
    const { url, publish, recognition, faceOn } = await startGallery();
    const ask = await asking(url);
    const person = await ask('POST', '/v1/people', { name: 'Franck' });
    const { person: enrolled } = await ask('POST', `/v1/people/${person.id}/photos`, formWith(photos[0]!));
    const face = await faceOn(photos[1]!);
    const sighting = { ...reportOf(known(enrolled)), trackKey: 'door/r/1' };
    await recognition.people.recognized({ ...seen('door/r/1'), faces: [face] }, enrolled.id);
    const { id } = await publish(identityRecognized(sighting));
    const camera = await publish(cameraOnline({ id: 'door', name: 'Front door' }));
    expect(await ask('POST', `/v1/events/${id}/reject`)).toMatchObject({ status: 200, crops: 1 });
    expect((await recognition.model.gallery.match(face.vector, 1))[0]).toMatchObject({ rejected: true });
    expect(await ask('GET', `/v1/events/${id}`)).toMatchObject({ person: null });
    expect(await pictureAt(`${url}/v1/events/${id}/snapshot.jpg`)).toMatchObject({ status: 200 });
    expect(await ask('POST', `/v1/events/${id}/reject`, {})).toMatchObject({ code: 'EVENT_WITHOUT_PERSON' });
    const named = { person: enrolled.id };
    expect(await ask('POST', `/v1/events/${id}/reject`, named)).toMatchObject({ status: 200, crops: 0 });
    expect(await ask('POST', `/v1/events/${camera.id}/reject`, named)).toMatchObject({ status: 409 });
    expect(await ask('POST', `/v1/events/${id}/reject`, { person: 'x' })).toMatchObject({
      code: 'PERSON_NOT_FOUND',
    });
  });
});
