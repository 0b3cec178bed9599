import { Agent } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Inspected } from '../helpers/inspected.js';
import type { MalformedRequest } from '../helpers/malformed.js';
import { nastyJson, nastyTexts } from '../helpers/nasty-texts.js';
import { sendRaw } from '../helpers/send-raw.js';
import { RunningSightline, temporaryFolder } from '../helpers/sightline.js';

const smallBody = 64 * 1024;
const pictureBytes = 10 * 2 ** 20;
/** Base64 of the largest picture, and room for the rest. */
const pictureBody = 4 * Math.ceil(pictureBytes / 3) + smallBody;
const urlCharacters = 4096;
const headerBytes = 12_000;
/** Processor time of the main thread in one go. */
const mostSliceMs = 100;
const mostAnswerBytes = 10_000;

const folder = temporaryFolder();
const agent = new Agent({ keepAlive: true });
let program: RunningSightline;
let inspector: Inspected;
let url: string;

beforeAll(async () => {
  program = new RunningSightline(['run', '--port', '0', '--data', folder.path, '--log-level', 'error'], {
    NODE_OPTIONS: '--inspect=127.0.0.1:0',
    SIGHTLINE_SERVER_RATE_LIMIT: 'null',
  });
  url = await program.serving();
  await program.logged('ws://127.0.0.1');
  inspector = await Inspected.connect(/ws:\/\/127\.0\.0\.1\S+/.exec(program.stderr)?.[0] ?? '');
  while (!(await fetch(`${url}/readyz`)).ok) await new Promise((resolve) => setTimeout(resolve, 50));
  await inspector.watchLoop();
}, 120_000);

afterAll(async () => {
  inspector.close();
  agent.destroy();
  await program.stop();
  folder.remove();
});

const json = (method: string, path: string, body: string): MalformedRequest => ({
  method,
  path,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(body),
});
const get = (path: string, headers: Readonly<Record<string, string>> = {}): MalformedRequest => ({
  method: 'GET',
  path,
  headers,
  body: null,
});
const post = (path: string, type: string, body: Buffer): MalformedRequest => ({
  method: 'POST',
  path,
  headers: { 'content-type': type },
  body,
});

/**
 * Has the requests answered one by one, none with a defect or at length, and measures the main loop meanwhile. The
 * measure is read once for all of them: reading takes longer than most requests.
 */
async function expectCheap(requests: readonly (readonly [string, MalformedRequest])[]): Promise<void> {
  const found: string[] = [];
  await inspector.longestSliceMs();
  for (const [name, request] of requests) {
    const answer = await sendRaw(url, request, agent);
    const told = `${name}: ${answer?.status ?? 'no answer'}, ${answer?.bytes ?? 0} bytes`;
    // A large body may be refused before all of it was sent, and then the connection ends under the sender.
    const isDefect = answer === null ? (request.body?.length ?? 0) <= smallBody : answer.status >= 500;
    if (isDefect || (answer?.bytes ?? 0) > mostAnswerBytes) found.push(told);
  }
  const ms = await inspector.longestSliceMs();
  if (ms > mostSliceMs)
    found.push(`${ms.toFixed(1)} ms in one go at one of: ${requests.map(([name]) => name).join(', ')}`);
  expect(found).toEqual([]);
}

/** Every field of text in a JSON body, as a route and what stands around the field. */
const jsonFields: readonly (readonly [string, string, (text: string) => unknown])[] = [
  ['POST', '/v1/people', (name) => ({ name })],
  ['PATCH', '/v1/people/x', (name) => ({ name })],
  ['POST', '/v1/people/x/merge', (from) => ({ from })],
  ['POST', '/v1/unknown-people/1/name', (name) => ({ name })],
  ['POST', '/v1/events/x/reject', (person) => ({ person })],
  ['POST', '/v1/cameras', (url) => ({ url })],
  ['POST', '/v1/cameras', (text) => ({ url: 'test:', detectUrl: text })],
  ['POST', '/v1/cameras', (id) => ({ url: 'test:', id })],
  ['POST', '/v1/cameras', (name) => ({ url: 'test:', name })],
  ['POST', '/v1/cameras', (hwaccel) => ({ url: 'test:', hwaccel })],
  ['PATCH', '/v1/settings', (threshold) => ({ recognition: { threshold } })],
  ['POST', '/api/v1/recognition/subjects', (subject) => ({ subject })],
  ['PUT', '/api/v1/recognition/subjects/x', (subject) => ({ subject })],
  ['POST', '/api/v1/recognition/faces/delete', (id) => [id]],
  ['POST', '/api/faces/x/delete', (id) => ({ ids: [id] })],
  ['POST', '/v1/people/x/photos', (event) => ({ event })],
  ['POST', '/v1/people/x/photos', (name) => ({ file: 'AAAA', name })],
];

/** Every route that takes JSON without a picture, and one that takes any. */
const jsonRoutes = [...new Set(jsonFields.map(([method, path]) => `${method} ${path}`))];
const pictureRoutes = ['/v1/identify'];

const queries = [
  ...['camera', 'type', 'since', 'person', 'from', 'until', 'order', 'limit', 'cursor'].map(
    (name) => `/v1/events?${name}=`,
  ),
  '/v1/cameras/x/latest.jpg?width=',
  '/v1/cameras/x/stream.mjpeg?fps=',
  '/api/v1/recognition/faces?subject=',
  '/api/v1/recognition/faces?page=',
  '/api/x/latest.jpg?h=',
  '/?token=',
  '/v1/people/',
  '/v1/events/',
  '/ws/video/',
  '/no/such/',
];

describe('the main loop stays free', () => {
  it.each(jsonFields)(
    'whatever text comes in %s %s: %o',
    { timeout: 120_000 },
    async (method, path, wrap) => {
      const texts = Object.entries(nastyTexts(smallBody - 200));
      await expectCheap(texts.map(([name, text]) => [name, json(method, path, JSON.stringify(wrap(text)))]));
    },
  );

  it.each(jsonRoutes)(
    'whatever JSON comes to %s, and it is refused with a 4xx',
    { timeout: 120_000 },
    async (route) => {
      const [method = '', path = ''] = route.split(' ');
      const bodies = Object.entries(nastyJson(smallBody));
      await expectCheap(bodies.map(([name, body]) => [name, json(method, path, body)]));
      const deep = await sendRaw(url, json(method, path, '['.repeat(4111) + ']'.repeat(4111)), agent);
      expect(deep?.status).toBe(400);
    },
  );

  it.each(pictureRoutes)(
    'whatever JSON comes to %s in place of a picture',
    { timeout: 300_000 },
    async (path) => {
      for (const [name, text] of Object.entries(nastyTexts(pictureBody - 100)))
        await expectCheap([[name, json('POST', path, JSON.stringify({ file: text }).slice(0, pictureBody))]]);
      for (const [name, body] of Object.entries(nastyJson(pictureBody)))
        await expectCheap([[name, json('POST', path, body)]]);
    },
  );

  it('when two pictures come in base64, as large as may be', { timeout: 120_000 }, async () => {
    const text = Buffer.alloc(pictureBytes).toString('base64');
    await expectCheap([
      ['base64', json('POST', '/v1/verify', JSON.stringify({ first: text, second: text }))],
    ]);
  });

  it('whatever comes as a picture or beside one', { timeout: 120_000 }, async () => {
    const fill = (bytes: readonly number[], head: string): Buffer => {
      const whole = Buffer.alloc(pictureBytes, Buffer.from(bytes));
      whole.write(head, 0, 'latin1');
      return whole;
    };
    const pictures: [string, Buffer][] = [
      ['markers', fill([0xff], '\xff\xd8\xff')],
      ['stuffed bytes', fill([0xff, 0x00], '\xff\xd8\xff')],
      ['chunks', fill([0], 'RIFF\0\0\0\0WEBP')],
      ['frames', fill([...Buffer.from('ANMF'), 0, 0, 0, 0], 'RIFF\0\0\0\0WEBP')],
      ['a PNG of nothing', fill([0], '\x89PNG\r\n\x1a\n')],
    ];
    await expectCheap(pictures.map(([name, body]) => [name, post('/v1/detect', 'image/jpeg', body)]));
    const part = (head: string, body: Buffer | string): Buffer =>
      Buffer.concat([
        Buffer.from(`--x\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
        Buffer.from(body),
        Buffer.from('\r\n'),
      ]);
    const form = (...parts: Buffer[]): MalformedRequest =>
      post(
        '/v1/people/x/photos',
        'multipart/form-data; boundary=x',
        Buffer.concat([...parts, Buffer.from('--x--\r\n')]),
      );
    const asJson = 'name="name"\r\nContent-Type: application/json';
    await expectCheap([
      [
        'a picture and an event',
        form(part('name="file"; filename="a"', Buffer.alloc(pictureBytes)), part('name="event"', 'x')),
      ],
      ['deep JSON', form(part(asJson, '['.repeat(8000) + ']'.repeat(8000)))],
      ['wide JSON', form(part(asJson, `[${'1,'.repeat(8000)}1]`))],
      ['texts', form(...Array.from({ length: 20 }, (_, i) => part(`name="n${i}"`, ' '.repeat(16_000))))],
      ['a long name', form(part(`name="${'n'.repeat(10_000)}"`, 'x'))],
      ['no end', post('/v1/detect', 'multipart/form-data; boundary=x', Buffer.alloc(pictureBytes, '\r\n-'))],
    ]);
  });

  it.each(queries)('whatever comes in the URL after %s', { timeout: 120_000 }, async (start) => {
    for (const most of [urlCharacters - start.length, headerBytes]) {
      const texts = Object.entries(nastyTexts(most)).map(
        ([name, text]) => [name, encodeURIComponent(text)] as const,
      );
      const more = [
        ['parameters', 'x&x'.repeat(most / 3)],
        ['different parameters', Array.from({ length: most / 8 }, (_, i) => `&p${i}=1`).join('')],
        ['stray options', '?limit=1'.repeat(most / 8)],
      ] as const;
      await expectCheap(
        [...texts, ...more].map(([name, text]) => [name, get((start + text).slice(0, start.length + most))]),
      );
    }
  });

  it.each([
    'authorization',
    'cookie',
    'origin',
    'content-type',
    'accept',
    'x-api-key',
    'range',
    'if-none-match',
  ])('whatever comes in the header %s', { timeout: 120_000 }, async (header) => {
    const texts = ['Bearer a', 'a=b', 'http://', 'application/json;', ''].flatMap((head) =>
      [' ', '; ', 'a;', ',', '=', ']', '"', '\t', 'é'].map(
        (unit) => `${head}${unit.repeat(headerBytes / unit.length)}.`,
      ),
    );
    await expectCheap(
      texts.map((text) => [
        text.slice(0, 20),
        header === 'content-type'
          ? post('/v1/people', text, Buffer.from('{}'))
          : get('/', { [header]: text }),
      ]),
    );
  });
});
