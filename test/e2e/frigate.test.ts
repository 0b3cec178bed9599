import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageInfo } from '../../src/app/package-info.js';
import { assetPaths, cutFaces, franck, greyPicture } from '../helpers/photos.js';
import { RunningSightline, temporaryFolder } from '../helpers/sightline.js';

const folder = temporaryFolder();
/** With a blank, a letter beyond ASCII and a sign that means something in a path. */
const name = 'Franck Ò/2';
let program: RunningSightline;
let url: string;
let photos: string[];
let other: string;
let grey: string;

beforeAll(async () => {
  photos = await assetPaths(franck);
  const [crowd = ''] = await assetPaths(['sample-1']);
  other = (await cutFaces(crowd, folder.path))[0] ?? '';
  grey = await greyPicture(folder.path);
  const data = join(folder.path, 'data');
  program = new RunningSightline(['run', 'test:320x240@5', '--port', '0', '--data', data]);
  url = await program.serving();
  while ((await fetch(`${url}/readyz`)).status !== 200) await new Promise((next) => setTimeout(next, 50));
});

afterAll(async () => {
  await program.stop();
  folder.remove();
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function post(
  path: string,
  body?: FormData | string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${url}/api/${path}`, {
    method: 'POST',
    headers,
    ...(body !== undefined && { body }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

function send(path: string, file: string): Promise<Answer> {
  const form = new FormData();
  form.append('file', new Blob([readFileSync(file)]), 'photo.jpg');
  return post(path, form);
}

function face(action: string, who = name): string {
  return `faces/${encodeURIComponent(who)}/${action}`;
}

function remove(ids: readonly unknown[], who = name): Promise<Answer> {
  return post(face('delete', who), JSON.stringify({ ids }), { 'content-type': 'application/json' });
}

async function faces(): Promise<Record<string, string[]>> {
  return (await (await fetch(`${url}/api/faces`)).json()) as Record<string, string[]>;
}

const failure = { success: false, message: expect.stringMatching(/\w{3}/) as string };
const success = { success: true, message: expect.stringMatching(/\w{3}/) as string };

describe('faces in the shape of Frigate', () => {
  it('are created, registered, recognised and deleted', async () => {
    expect(await faces()).toEqual({});
    expect(await send('faces/recognize', photos[0]!)).toEqual({
      status: 200,
      body: { success: true, score: 0, face_name: 'unknown' },
    });
    for (let round = 0; round < 2; round++)
      expect(await post(face('create'))).toEqual({ status: 200, body: success });
    expect(await faces()).toEqual({ [name]: [] });

    for (const photo of photos.slice(0, 2))
      expect(await send(face('register'), photo)).toEqual({ status: 200, body: success });
    expect(await send(face('register', 'Ann'), other)).toEqual({ status: 200, body: success });
    const { [name]: ids = [], Ann: anns } = await faces();
    expect(ids).toHaveLength(2);
    expect(anns).toHaveLength(1);

    const known = await send('faces/recognize', photos[2]!);
    expect(known.body).toMatchObject({ success: true, face_name: name });
    expect(known.body['score']).toBeGreaterThan(0.97);

    expect(await remove([ids[0], ...anns!])).toEqual({ status: 404, body: failure });
    expect(await remove(ids)).toEqual({ status: 200, body: success });
    expect(await faces()).toEqual({ Ann: anns });
    const stranger = await send('faces/recognize', photos[2]!);
    expect(stranger.body).toMatchObject({ success: true, face_name: 'unknown' });
    expect(stranger.body['score']).toBeLessThan(0.5);
  });

  it('take a create that says it is JSON and is nothing', async () => {
    const { status } = await post(face('create', 'Bea'), '', { 'content-type': 'application/json' });
    expect(status).toBe(200);
  });

  it('are refused in its shape', async () => {
    const answers = {
      nobody: await send(face('register', 'Ann'), grey),
      recognize: await send('faces/recognize', grey),
      name: await post(face('create', ' ')),
      text: await post(face('register', 'Ann'), 'x'),
      unknown: await remove(['1'], 'Nobody'),
      none: await remove([], 'Ann'),
      number: await remove([1], 'Ann'),
    };
    expect(answers).toEqual({
      nobody: { status: 400, body: failure },
      recognize: { status: 400, body: failure },
      name: { status: 400, body: failure },
      text: { status: 415, body: failure },
      unknown: { status: 404, body: failure },
      none: { status: 400, body: failure },
      number: { status: 400, body: failure },
    });
  });
});

describe('what else clients of Frigate ask', () => {
  async function latest(query: string) {
    const [camera = ''] = Object.keys((await stats()).cameras);
    const response = await fetch(`${url}/api/${camera}/latest.jpg?${query}`);
    return sharp(await response.arrayBuffer()).metadata();
  }

  async function stats() {
    const response = await fetch(`${url}/api/stats`);
    return (await response.json()) as {
      readonly cameras: Record<string, Record<string, number>>;
      readonly service: Record<string, unknown>;
    } & Record<string, number>;
  }

  it('is the newest picture, as high as they like', async () => {
    expect(await latest('')).toMatchObject({ format: 'jpeg', width: 320, height: 240 });
    expect(await latest('h=120')).toMatchObject({ width: 160, height: 120 });
    expect(await latest('height=60&bbox=1&quality=70&timestamp=1')).toMatchObject({ height: 60 });
    expect(await latest('h=4000')).toMatchObject({ width: 320, height: 240 });
    const unknown = await fetch(`${url}/api/nothing/latest.jpg`);
    expect([unknown.status, await unknown.json()]).toEqual([404, failure]);
    const wrong = await fetch(`${url}/api/nothing/latest.jpg?h=high`);
    expect([wrong.status, await wrong.json()]).toEqual([400, failure]);
  });

  it('is the version, as text', async () => {
    const response = await fetch(`${url}/api/version`);
    expect(response.headers.get('content-type')).toContain('text/plain');
    expect(await response.text()).toBe(packageInfo().version);
  });

  it('are figures of each camera, and their sums', async () => {
    const { cameras, service, ...sums } = await stats();
    const keys = ['camera_fps', 'process_fps', 'skipped_fps', 'detection_fps'];
    expect(Object.keys(sums)).toEqual(keys);
    const [camera = {}] = Object.values(cameras);
    expect(Object.keys(camera)).toEqual(keys);
    expect(camera).toEqual(sums);
    expect(camera['process_fps']! + camera['skipped_fps']!).toBeCloseTo(camera['camera_fps']!, 0);
    expect(service).toEqual({
      uptime: expect.any(Number) as number,
      version: packageInfo().version,
      last_updated: expect.any(Number) as number,
    });
  });
});
