import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { compreFaceClient, refusal, type ExamplePage } from '../helpers/compreface-client.js';
import { servePicture } from '../helpers/file-server.js';
import { assetPaths, cutFaces, franck, greyPicture } from '../helpers/photos.js';
import { RunningSightline, temporaryFolder } from '../helpers/sightline.js';

const key = '0f2c6a4e-7d1b-4c58-9a51-3f5f0f4a9b11';
const folder = temporaryFolder();
let program: RunningSightline;
let url: string;
let client: ReturnType<typeof compreFaceClient>;
/** Of one man. */
let photos: string[];
/** Three people. */
let crowd: string;
/** One of them. */
let other: string;
let grey: string;

beforeAll(async () => {
  // The client takes text that begins with a dot for a path, and any other for something else.
  photos = (await assetPaths(franck)).map(dotted);
  const [sample = ''] = await assetPaths(['sample-1']);
  crowd = dotted(sample);
  other = dotted((await cutFaces(sample, folder.path))[0] ?? '');
  grey = dotted(await greyPicture(folder.path));
  program = new RunningSightline(
    ['run', 'test:320x240@5', '--port', '0', '--data', join(folder.path, 'data'), '--log-level', 'error'],
    { SIGHTLINE_SERVER_TOKEN: key },
  );
  url = new URL(await program.serving()).origin;
  client = compreFaceClient(url, key);
  await ready();
  // The client logs what it is asked, the key included.
  vi.spyOn(console, 'log').mockImplementation(() => {});
});

afterAll(async () => {
  vi.restoreAllMocks();
  await program.stop();
  folder.remove();
});

beforeEach(() => client.subjects().deleteAll());

describe('subjects', () => {
  it('are added, listed, renamed and deleted', async () => {
    expect(await client.subjects().add('Zoë')).toEqual({ subject: 'Zoë' });
    expect(await client.subjects().add('Ann Lee')).toEqual({ subject: 'Ann Lee' });
    expect(await client.subjects().list()).toEqual({ subjects: ['Ann Lee', 'Zoë'] });
    expect(await client.subjects().rename('Ann%20Lee', 'Ann/Bea')).toEqual({ updated: true });
    expect(await client.subjects().rename('Ann%2FBea', 'Ann/Bea')).toEqual({ updated: false });
    expect(await client.subjects().delete('Ann%2FBea')).toEqual({ subject: 'Ann/Bea' });
    expect(await client.subjects().list()).toEqual({ subjects: ['Zoë'] });
    expect(await ask('recognition/subjects/')).toEqual({ subjects: ['Zoë'] });
    expect(await client.subjects().deleteAll()).toEqual({ deleted: 1 });
    expect(await client.subjects().list()).toEqual({ subjects: [] });
  });

  it('become one when one is renamed to the other', async () => {
    const first = await client.collection().add(photos[0]!, 'Franck');
    const second = await client.collection().add(photos[1]!, 'Frank');
    expect(second).toMatchObject({ warnings: [{ kind: 'same-face', person: { name: 'Franck' } }] });
    expect(await client.subjects().rename('Frank', 'Franck')).toEqual({ updated: true });
    expect(await client.subjects().list()).toEqual({ subjects: ['Franck'] });
    const { faces } = await client.collection().list();
    expect(new Set(faces)).toEqual(new Set([first, { image_id: second.image_id, subject: 'Franck' }]));
  });

  it('are refused in its own words', async () => {
    await client.subjects().add('Ann');
    const calls = {
      again: await refusal(client.subjects().add('Ann')),
      empty: await refusal(client.subjects().add('')),
      nobody: await refusal(client.subjects().delete('Bea')),
      unknown: await refusal(client.subjects().rename('Bea', 'Cleo')),
    };
    expect(calls).toEqual({
      again: answer(400, 43),
      empty: answer(400, 26),
      nobody: answer(404, 42),
      unknown: answer(404, 42),
    });
  });
});

describe('examples', () => {
  it('are added from a file, as base64 and from an address, and listed', async () => {
    const server = await servePicture(photos[2]!);
    const added = [
      await client.collection().add(photos[0]!, encodeURIComponent('Franck Ò')),
      await client.collection().add(base64(photos[1]!), encodeURIComponent('Franck Ò')),
      await client.collection().add(server.url, encodeURIComponent('Franck Ò')),
      await client.collection().add(other, 'Ann', { det_prob_threshold: 0.5 }),
    ];
    await server.close();
    for (const { subject } of added.slice(0, 3)) expect(subject).toBe('Franck Ò');
    expect(new Set(added.map(({ image_id }) => image_id)).size).toBe(4);
    const { faces, ...page } = await client.collection().list();
    expect(new Set(faces)).toEqual(new Set(added));
    expect(page).toEqual({ page_number: 0, page_size: 20, total_pages: 1, total_elements: 4 });
  });

  it('come in pages, of one subject when asked', async () => {
    for (const photo of photos.slice(0, 3)) await client.collection().add(photo, 'Franck');
    await client.collection().add(other, 'Ann');
    const pages = [await faces('size=3'), await faces('size=3&page=1'), await faces('size=3&page=2')];
    expect(pages.map((page) => page.faces.length)).toEqual([3, 1, 0]);
    expect(pages[1]).toMatchObject({ page_number: 1, page_size: 3, total_pages: 2, total_elements: 4 });
    const ids = pages.flatMap((page) => page.faces.map(({ image_id }) => image_id));
    expect(new Set(ids).size).toBe(4);
    expect(await faces('subject=Ann')).toMatchObject({ total_elements: 1, faces: [{ subject: 'Ann' }] });
    expect(await faces('subject=Nobody')).toMatchObject({ total_elements: 0, total_pages: 0, faces: [] });
  });

  it('are removed by id, several at once, by subject and altogether', async () => {
    const ids: string[] = [];
    for (const photo of photos) ids.push((await client.collection().add(photo, 'Franck')).image_id);
    await client.collection().add(other, 'Ann');
    expect(await client.collection().delete(ids[0]!)).toEqual({ image_id: ids[0], subject: 'Franck' });
    const removed = await client.collection().delete_multiple_images([ids[1]!, 'nothing', ids[0]!]);
    expect(removed).toEqual([{ image_id: ids[1], subject: 'Franck' }]);
    expect(await client.collection().delete_all_subject('Franck')).toEqual({ deleted: 2 });
    expect(await client.collection().delete_all_subject('Nobody')).toEqual({ deleted: 0 });
    expect(await client.collection().delete_all()).toEqual({ deleted: 1 });
    expect(await client.subjects().list()).toEqual({ subjects: ['Ann', 'Franck'] });
  });

  it('have a picture, with the key in a header or in the address', async () => {
    const { image_id } = await client.collection().add(photos[0]!, 'Franck');
    const headers = { 'x-api-key': key };
    const byHeader = await fetch(`${url}/api/v1/recognition/faces/${image_id}/img`, { headers });
    const byAddress = await fetch(`${url}/api/v1/static/${key}/images/${image_id}`);
    expect(byHeader.headers.get('content-type')).toBe('image/jpeg');
    const bytes = Buffer.from(await byHeader.arrayBuffer());
    expect(Buffer.from(await byAddress.arrayBuffer()).equals(bytes)).toBe(true);
    expect((await sharp(bytes).metadata()).format).toBe('jpeg');
    const policies = [byHeader, byAddress].map((it) => it.headers.get('cross-origin-resource-policy'));
    expect(policies).toEqual(['same-origin', 'cross-origin']);
    const unknown = await fetch(`${url}/api/v1/recognition/faces/nothing/img`, { headers });
    expect([unknown.status, (await unknown.arrayBuffer()).byteLength]).toEqual([200, 0]);
    const wrongKey = await fetch(`${url}/api/v1/static/${key}x/images/${image_id}`);
    expect(wrongKey.status).toBe(401);
  });

  it('are refused in its own words', async () => {
    const calls = {
      nobody: await refusal(client.collection().add(grey, 'Ann')),
      several: await refusal(client.collection().add(crowd, 'Ann')),
      unsure: await refusal(client.collection().add(photos[0]!, 'Ann', { det_prob_threshold: 1 })),
      'no picture': await refusal(client.collection().add('AAAA', 'Ann')),
      'no name': await refusal(client.collection().add(photos[0]!, '%20')),
      // The client sends bytes without saying where they begin and end.
      'a buffer': await refusal(client.collection().add(readFileSync(photos[0]!), 'Ann')),
      'an unknown id': await refusal(client.collection().delete('nothing')),
    };
    expect(calls).toEqual({
      nobody: answer(400, 28),
      several: answer(400, 31),
      unsure: answer(400, 28),
      'no picture': answer(400, 21),
      'no name': answer(400, 26),
      'a buffer': answer(400, 26),
      'an unknown id': answer(404, 44),
    });
    expect(await client.subjects().list()).toEqual({ subjects: [] });
  });
});

describe('recognition', () => {
  it('knows a subject, and is sure of it', async () => {
    await client.collection().add(photos[0]!, 'Franck');
    await client.collection().add(other, 'Ann');
    const { result, ...rest } = await client.recognize(photos[1]!, { prediction_count: 2 });
    expect(rest).toEqual({});
    expect(result).toHaveLength(1);
    const [{ box, subjects = [], ...others }] = result as [(typeof result)[number]];
    expect(others).toEqual({});
    expect(Object.keys(box).sort()).toEqual(['probability', 'x_max', 'x_min', 'y_max', 'y_min']);
    expect(subjects.map(({ subject }) => subject)).toEqual(['Franck', 'Ann']);
    expect(subjects[0]!.similarity).toBeGreaterThan(0.97);
    expect(subjects[1]!.similarity).toBeLessThan(0.1);
    const all = await ask('recognition/recognize?prediction_count=-1', { file: base64(photos[1]!) });
    expect(all).toMatchObject({ result: [{ subjects: [{ subject: 'Franck' }, { subject: 'Ann' }] }] });
  });

  it('is not sure of strangers, and says nothing without subjects', async () => {
    const empty = await client.recognize(crowd);
    expect(empty.result.map(({ subjects }) => subjects)).toEqual([[], [], []]);
    await client.collection().add(photos[0]!, 'Franck');
    const { result } = await client.recognize(crowd);
    expect(result).toHaveLength(3);
    for (const { subjects } of result) {
      expect(subjects).toHaveLength(1);
      expect(subjects![0]!.similarity).toBeLessThan(0.5);
    }
  });

  it('takes a picture for a face as a whole, and options without a value for left out', async () => {
    await client.collection().add(photos[0]!, 'Franck');
    await client.collection().add(other, 'Ann');
    const recognize = (query: string, picture: Buffer) =>
      ask(`recognition/recognize?${query}`, { file: picture.toString('base64') });
    const empty = await recognize('limit=&status=&prediction_count=&face_plugins=', readFileSync(photos[1]!));
    expect(empty).toEqual(await recognize('', readFileSync(photos[1]!)));
    const [{ box }] = (empty as { result: [{ box: Record<string, number> }] }).result;
    const size = { width: box['x_max']! - box['x_min']!, height: box['y_max']! - box['y_min']! };
    const cut = await sharp(photos[1])
      .extract({ left: box['x_min']!, top: box['y_min']!, ...size })
      .toBuffer();
    const whole = await recognize('detect_faces=false', cut);
    expect(whole).toEqual({
      result: [
        {
          box: { probability: 1, x_min: 0, y_min: 0, x_max: size.width, y_max: size.height },
          subjects: [{ subject: 'Franck', similarity: expect.any(Number) as number }],
        },
      ],
    });
    const [{ subjects }] = (whole as { result: [{ subjects: [{ similarity: number }] }] }).result;
    expect(subjects[0].similarity).toBeGreaterThan(0.97);
    // Without a search there is nothing that could fail to be found.
    expect(await recognize('detect_faces=false', readFileSync(grey))).toMatchObject({ result: [{}] });
  });

  it('takes limit, landmarks and status', async () => {
    const options = { limit: 2, face_plugins: 'age,landmarks', status: true };
    const { result, plugins_versions } = await client.recognize(crowd, options);
    expect(result).toHaveLength(2);
    const [first, second] = result.map(({ box }) => (box.x_max - box.x_min) * (box.y_max - box.y_min));
    expect(first).toBeGreaterThanOrEqual(second!);
    for (const { box, landmarks = [], execution_time, ...rest } of result) {
      expect(landmarks).toHaveLength(5);
      for (const [x, y] of landmarks) {
        expect(x).toBeGreaterThan(box.x_min);
        expect(y).toBeLessThan(box.y_max);
      }
      expect(Object.keys(execution_time ?? {})).toEqual(['detector', 'calculator']);
      expect(Object.keys(rest)).toEqual(['subjects']);
    }
    expect(plugins_versions).toEqual({ detector: 'mtcnn', calculator: 'mobilefacenet+fr-feature' });
  });

  it('compares faces with an example', async () => {
    const { image_id } = await client.collection().add(photos[0]!, 'Franck');
    const same = await client.collection().verify(photos[1]!, image_id);
    expect(same).toMatchObject({ result: [{ subject: 'Franck' }] });
    expect(same.result[0]!.similarity).toBeGreaterThan(0.97);
    const strangers = await client.collection().verify(crowd, image_id, { limit: 2, status: true });
    expect(strangers.result).toHaveLength(2);
    for (const { similarity } of strangers.result) expect(similarity).toBeLessThan(0.5);
    expect(strangers.plugins_versions).toMatchObject({ calculator: 'mobilefacenet+fr-feature' });
    expect(await refusal(client.collection().verify(photos[1]!, 'nothing'))).toEqual(answer(404, 44));
  });
});

describe('detection', () => {
  it('finds faces, with each option alone and with all of them', async () => {
    const all = await client.detection.detect(crowd);
    expect(all.result.map((face) => Object.keys(face))).toEqual([['box'], ['box'], ['box']]);
    expect((await client.detection.detect(crowd, { limit: 1 })).result).toEqual(all.result.slice(0, 1));
    const least = Math.min(...all.result.map(({ box }) => box.probability));
    const sure = await client.detection.detect(crowd, { det_prob_threshold: least + 0.00001 });
    expect(sure.result).toHaveLength(2);
    const plugins = await client.detection.detect(crowd, { face_plugins: 'landmarks' });
    for (const { landmarks } of plugins.result) expect(landmarks).toHaveLength(5);
    const told = await client.detection.detect(crowd, { status: true });
    expect(told.plugins_versions).toEqual({ detector: 'mtcnn' });
    // Without a limit the client joins them wrongly.
    const joined = await client.detection.detect(crowd, {
      det_prob_threshold: least + 0.00001,
      face_plugins: 'landmarks',
      status: true,
    });
    expect(joined.result).toHaveLength(2);
    expect(Object.keys(joined.result[0]!)).toEqual(['box', 'landmarks', 'execution_time']);
    const everything = compreFaceClient(url, key, { limit: 1, face_plugins: 'landmarks', status: true });
    expect((await everything.detection.detect(base64(crowd))).result).toHaveLength(1);
  });

  it('refuses a picture without a face', async () => {
    expect(await refusal(client.detection.detect(grey))).toEqual(answer(400, 28));
    expect(await refusal(client.recognize(grey))).toEqual(answer(400, 28));
  });
});

describe('verification', () => {
  it('compares the face of one picture with each of another', async () => {
    const { result } = await client.verification.verify(photos[0]!, photos[1]!);
    expect(result).toHaveLength(1);
    expect(Object.keys(result[0]!)).toEqual(['source_image_face', 'face_matches']);
    expect(result[0]!.face_matches[0]!.similarity).toBeGreaterThan(0.97);
    const strangers = await client.verification.verify(base64(photos[0]!), base64(crowd));
    expect(strangers.result[0]!.face_matches).toHaveLength(3);
    for (const { similarity } of strangers.result[0]!.face_matches) expect(similarity).toBeLessThan(0.5);
  });

  it('takes addresses and options', async () => {
    const server = await servePicture(photos[0]!);
    const { result } = await client.verification.verify(server.url, server.url, { limit: 1, status: true });
    await server.close();
    expect(result[0]!.face_matches[0]!.similarity).toBe(1);
    expect(result[0]!.plugins_versions).toEqual({
      detector: 'mtcnn',
      calculator: 'mobilefacenet+fr-feature',
    });
  });

  it('refuses several faces in the source, and none in either', async () => {
    const verify = (source: string, target: string) => refusal(client.verification.verify(source, target));
    expect(await verify(crowd, photos[0]!)).toEqual(answer(400, 31));
    expect(await verify(grey, photos[0]!)).toEqual(answer(400, 28));
    expect(await verify(photos[0]!, grey)).toEqual(answer(400, 28));
  });
});

it('refuses a wrong key', async () => {
  const stranger = compreFaceClient(url, 'wrong');
  expect(await refusal(stranger.subjects().list())).toEqual(answer(401, 10));
  expect(await refusal(stranger.recognize(photos[0]!))).toEqual(answer(401, 10));
});

function answer(status: number, code: number) {
  return { status, data: { code, message: expect.stringMatching(/^\w.{10,}\.?$/) as string } };
}

function dotted(path: string): string {
  return join('.', relative(process.cwd(), path)).replace(/^(?!\.)/, './');
}

function base64(path: string): string {
  return readFileSync(path).toString('base64');
}

/** What the client has no parameters for. */
async function ask(path: string, body?: object): Promise<unknown> {
  const headers = { 'x-api-key': key, ...(body && { 'content-type': 'application/json' }) };
  const init = body ? { method: 'POST', headers, body: JSON.stringify(body) } : { headers };
  return (await fetch(`${url}/api/v1/${path}`, init)).json();
}

async function faces(query: string): Promise<ExamplePage> {
  return (await ask(`recognition/faces?${query}`)) as ExamplePage;
}

/** Resolves once the models are there. */
async function ready(): Promise<void> {
  while ((await fetch(`${url}/readyz`)).status !== 200) await new Promise((next) => setTimeout(next, 50));
}
