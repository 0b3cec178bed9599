import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Detection, Person } from '../../src/core/face.js';
import type { Problem } from '../../src/server/problem.js';
import { DescribedApi, type Called } from '../helpers/described-api.js';
import { assetPaths, franck, greyPicture } from '../helpers/photos.js';
import { RunningSightline, sightline, temporaryFolder } from '../helpers/sightline.js';

interface Identified {
  readonly width: number;
  readonly faces: readonly (Detection & { person: Person | null; why: string; nearest: unknown[] })[];
}

const folder = temporaryFolder();
const data = join(folder.path, 'data');
let app: RunningSightline;
let api: DescribedApi;
let known: Buffer;
let again: Buffer;
let crowd: Buffer;
let grey: Buffer;

beforeAll(async () => {
  const photos = await assetPaths([...franck.slice(0, 3), 'sample-1']);
  for (const photo of photos.slice(0, 1))
    expect((await sightline(['enroll', photo, '--name', 'Franck', '--data', data])).code).toBe(0);
  [known, again, crowd] = (await Promise.all(photos.slice(1).map((path) => readFile(path)))) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  grey = await readFile(await greyPicture(folder.path));
  app = new RunningSightline(['run', 'test:', '--data', data, '--port', '0'], {
    SIGHTLINE_UPLOADS_QUEUE_LIMIT: '3',
    SIGHTLINE_UPLOADS_MAX_BYTES: String(2 ** 20),
  });
  api = await DescribedApi.of(await app.serving());
  await ready();
});
afterAll(async () => {
  await app.stop();
  folder.remove();
});

/** Uploads are taken when the program is ready; the port is there before. */
async function ready(): Promise<void> {
  while (!(await fetch(`${api.url}/readyz`)).ok) await new Promise((resolve) => setTimeout(resolve, 50));
}

function form(fields: Readonly<Record<string, Buffer>>): FormData {
  const data = new FormData();
  for (const [name, bytes] of Object.entries(fields))
    data.append(name, new Blob([new Uint8Array(bytes)]), 'x.png');
  return data;
}

const identify = async (
  body: unknown,
  query = '',
  headers = {},
): Promise<Called & { body: Identified & Problem }> =>
  (await api.call('POST /v1/identify', { body, query, headers })) as Called & { body: Identified & Problem };

describe('POST /v1/identify', () => {
  it('names whom it knows, whichever way the picture comes', async () => {
    const base64 = known.toString('base64');
    const type = { 'content-type': 'image/png' };
    for (const { body } of [
      await identify(form({ file: known })),
      await identify({ file: base64 }),
      await identify({ file: `data:image/png;base64,${base64}` }),
      await identify(new Uint8Array(known), '', type),
    ]) {
      expect(body.faces.map(({ person }) => person?.name)).toEqual(['Franck']);
      expect(body.width).toBe(720);
    }
  });

  it('says of strangers that they are unknown, and why', async () => {
    const { body } = await identify(form({ file: crowd }));
    expect(body.faces.map(({ person }) => person)).toEqual([null, null, null]);
    expect(body.faces[0]!.why).toMatch(/nearest photo is of Franck/);
    expect(body.faces[0]!.nearest).toHaveLength(1);
    const sizes = body.faces.map(({ box }) => box.width * box.height);
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    expect((await identify(form({ file: crowd }), 'limit=2')).body.faces).toHaveLength(2);
    expect((await identify(form({ file: grey }))).body.faces).toEqual([]);
  });

  it('refuses what is no picture, by its content', async () => {
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    const files = [
      svg,
      Buffer.from('%PDF-1.7'),
      Buffer.from('text'),
      Buffer.alloc(0),
      known.subarray(0, 9000),
    ];
    for (const file of files) {
      const { status, body } = await identify(form({ file }));
      expect([status, body.code]).toEqual([415, 'IMAGE_UNREADABLE']);
    }
  });

  it('refuses pictures of too many bytes or pixels', async () => {
    const create = { width: 9000, height: 9000, channels: 3, background: 'white' } as const;
    const huge = await sharp({ create, limitInputPixels: false }).png().toBuffer();
    for (const [file, detail] of [
      [huge, /at most 25000000 pixels in total .* 9000×9000/],
      [Buffer.alloc(2 ** 20 + 1), /at most 1048576 bytes/],
    ] as const) {
      const { status, body } = await identify(form({ file }));
      expect([status, body.code]).toEqual([413, 'IMAGE_TOO_LARGE']);
      expect(body.detail).toMatch(detail);
    }
  });
});

describe('POST /v1/detect and /v1/verify', () => {
  it('find faces as the command line does', async () => {
    const { body } = await api.call('POST /v1/detect', { body: form({ file: crowd }) });
    const { stdout } = await sightline([
      'detect',
      '--json',
      '--detector',
      'mtcnn',
      (await assetPaths(['sample-1']))[0]!,
    ]);
    const [{ faces }] = JSON.parse(stdout) as [{ faces: Detection[] }];
    const scores = (found: readonly Detection[]): number[] => found.map(({ score }) => score).sort();
    expect(scores((body as { faces: Detection[] }).faces)).toEqual(scores(faces));
  });

  it('say whether two pictures show one person', async () => {
    const verify = (first: Buffer, second: Buffer) =>
      api.call('POST /v1/verify', { body: form({ first, second }) });
    expect((await verify(known, again)).body).toMatchObject({ same: true, threshold: 1.028 });
    expect((await verify(known, crowd)).body).toMatchObject({ same: false });
    expect(await verify(known, grey)).toMatchObject({
      status: 422,
      body: { code: 'FACE_NOT_FOUND', detail: expect.stringContaining('second') as string },
    });
  });
});

describe('uploads beside a camera', () => {
  it('are told to come again when there are too many, while the camera goes on', async () => {
    const frames = async (): Promise<number> =>
      ((await (await fetch(`${api.url}/v1/cameras/cam1`)).json()) as { frames: number }).frames;
    const before = await frames();
    const answers = await Promise.all(Array.from({ length: 12 }, () => identify(form({ file: crowd }))));
    const taken = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status === 429);
    expect(taken.length).toBeGreaterThanOrEqual(2);
    expect(refused.length).toBeGreaterThanOrEqual(1);
    expect(taken.length + refused.length).toBe(12);
    for (const { headers, body } of refused) {
      expect(body.code).toBe('BUSY');
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    }
    expect(await frames()).toBeGreaterThan(before);
  });

  it('give their place back when the client goes away in the middle', async () => {
    const begun: Socket[] = [];
    // One that came at the same time as another request may have been refused itself.
    do begun.push(await beginUpload());
    while ((await identify(form({ file: grey }))).status !== 429);
    for (const socket of begun) socket.destroy();
    while ((await identify(form({ file: grey }))).status === 429);
    expect((await identify(form({ file: known }))).body.faces).toHaveLength(1);
  });
});

/** Sends the head and a part of a body. */
async function beginUpload(): Promise<Socket> {
  const { port, host } = new URL(api.url);
  const socket = connect(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(
    `POST /v1/identify HTTP/1.1\r\nHost: ${host}\r\nContent-Type: image/jpeg\r\nContent-Length: 900\r\n\r\nabc`,
  );
  return socket;
}
