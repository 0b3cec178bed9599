import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { fastify } from 'fastify';
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { SightlineError } from '../../../../src/core/errors.js';
import type { Api } from '../../../../src/server/api.js';
import { takeJsonBodies } from '../../../../src/server/json-bodies.js';
import { problemOf, type Problem } from '../../../../src/server/problem.js';
import { parsePart } from '../../../../src/server/request.js';
import { acceptPictures, type UploadLimits } from '../../../../src/server/uploads/accept-pictures.js';
import { picture } from '../../../../src/server/uploads/picture.js';

const jpeg = Buffer.from('ffd8ffe0 about a picture', 'latin1');

interface Echo {
  readonly file?: string;
  readonly first?: string;
  readonly second?: string;
  readonly name?: string;
}

/** A server with `/one` (a picture and a name), `/two` (two pictures) and `/slow`, which waits until it is let go. */
async function uploadServer(limits: Partial<UploadLimits> = {}) {
  const app: Api = fastify({ forceCloseConnections: true }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler<z.ZodType>(({ schema, httpPart = 'body' }) => (data) => ({
    value: parsePart(schema, data, httpPart),
  }));
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof SightlineError && error.retryAfterSeconds !== undefined)
      reply.header('retry-after', error.retryAfterSeconds);
    const problem = problemOf(error);
    return reply.code(problem.status).send(problem);
  });
  app.decorateRequest('caller');
  takeJsonBodies(app);
  await acceptPictures(app, { maxBytes: 1000, queueLimit: 2, ...limits });
  const text = (bytes: Buffer): string => bytes.toString('latin1');
  const one = z.object({ file: picture, name: z.string().optional() });
  app.post('/one', { config: { pictures: ['file'] }, schema: { body: one } }, ({ body }) => ({
    ...body,
    file: text(body.file),
  }));
  const two = z.object({ first: picture, second: picture });
  const pictures = ['first', 'second'];
  app.post('/two', { config: { pictures }, schema: { body: two } }, ({ body }) => ({
    first: text(body.first),
    second: text(body.second),
  }));
  const waiting: (() => void)[] = [];
  let begun = 0;
  app.post('/slow', { config: { pictures: ['file'] }, schema: { body: one } }, async () => {
    begun++;
    await new Promise<void>((resolve) => waiting.push(resolve));
    return {};
  });
  app.post('/plain', { schema: { body: z.object({ name: z.string() }) } }, ({ body }) => body);
  onTestFinished(() => app.close());
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    port: (app.server.address() as AddressInfo).port,
    letGo: () => waiting.splice(0).forEach((go) => go()),
    /** Resolves when the slow handler was begun so often. */
    begun: async (times: number) => {
      while (begun < times) await new Promise((resolve) => setTimeout(resolve, 5));
    },
  };
}

const form = (fields: Readonly<Record<string, Buffer | string>>): FormData => {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string') data.append(name, value);
    else data.append(name, new Blob([new Uint8Array(value)]), 'photo.exe');
  }
  return data;
};

const post = async (url: string, body: FormData | Buffer | string | object, type?: string) => {
  const isJson = typeof body === 'object' && !(body instanceof FormData) && !Buffer.isBuffer(body);
  const headers = isJson ? { 'content-type': 'application/json' } : type ? { 'content-type': type } : {};
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body: (isJson ? JSON.stringify(body) : body) as NonNullable<RequestInit['body']>,
  });
  return { response, status: response.status, json: (await response.json()) as Echo & Problem };
};

/** Posts a picture to `/one` until there is a place for it. */
async function postUntilTaken(url: string): Promise<number> {
  for (;;) {
    const { status } = await post(`${url}/one`, form({ file: jpeg }));
    if (status !== 429) return status;
  }
}

/** Sends the head and a part of a body. */
async function beginUpload(port: number, type: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`POST /one HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: 900\r\n\r\n`);
  socket.write('--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc');
  return socket;
}

type Refused = [
  what: string,
  body: () => FormData | string | object,
  contentType: string | undefined,
  status: number,
  detail: RegExp,
];

/** Bodies that `/one` does not take. */
const refused: Refused[] = [
  ['no picture', () => form({ name: 'Ann' }), undefined, 400, /file: expected a picture/],
  [
    'a file in another field',
    () => form({ photo: jpeg }),
    undefined,
    400,
    /a picture in file .* a file in "photo"/,
  ],
  [
    'a picture twice',
    () => {
      const twice = form({ file: jpeg, name: 'a' });
      twice.append('name', 'b');
      return twice;
    },
    undefined,
    400,
    /name once/,
  ],
  ['more files than pictures', () => form({ file: jpeg, other: jpeg }), undefined, 413, /at most 1 file/],
  [
    'an address instead of base64',
    () => ({ file: 'http://example.org/a.jpg' }),
    undefined,
    400,
    /base64 .*"http:/,
  ],
  ['a list', () => [jpeg.toString('base64')], undefined, 400, /expected an object/],
  ['a number', () => ({ file: 7 }), undefined, 400, /expected a picture.* received 7/],
  [
    'a form of the old kind',
    () => 'file=x',
    'application/x-www-form-urlencoded',
    415,
    /multipart\/form-data with file as files, image\/\* .*base64, but received application\/x-www/,
  ],
  [
    'multipart without a boundary',
    () => '--x',
    'multipart/form-data',
    400,
    /Expected a boundary .* received none/,
  ],
  [
    'multipart that breaks off',
    () => '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc',
    'multipart/form-data; boundary=x',
    400,
    /cannot be read/,
  ],
  [
    'rubbish as multipart',
    () => '\0\x01\x02',
    'multipart/form-data; boundary=x',
    400,
    /cannot be read|expected a picture/,
  ],
  [
    'a large part without a name',
    () => `--x\r\nnonsense: form-data\r\n\r\n${'a'.repeat(18_000)}\r\n--x--\r\n`,
    'multipart/form-data; boundary=x',
    400,
    /a part has no name/,
  ],
  ['broken JSON', () => '{"file":', 'application/json', 400, /./],
];

describe('uploads', () => {
  it('take a picture as a file, as base64, as a data: URL and as the whole body', async () => {
    const { url } = await uploadServer();
    const base64 = jpeg.toString('base64');
    const lines = base64.replace(/(.{8})/g, '$1\r\n');
    const bodies = [
      form({ file: jpeg }),
      { file: base64 },
      { file: `data:image/jpeg;base64,${base64}` },
      { file: lines },
    ];
    for (const body of bodies)
      expect((await post(`${url}/one`, body)).json.file).toBe(jpeg.toString('latin1'));
    for (const type of ['image/jpeg', 'application/octet-stream'])
      expect((await post(`${url}/one`, jpeg, type)).json.file).toBe(jpeg.toString('latin1'));
  });

  it('take text beside the picture, and two pictures', async () => {
    const { url } = await uploadServer();
    expect((await post(`${url}/one`, form({ name: 'Ann é', file: jpeg }))).json.name).toBe('Ann é');
    const two = form({ first: Buffer.from('a'), second: Buffer.from('b') });
    expect((await post(`${url}/two`, two)).json).toEqual({ first: 'a', second: 'b' });
  });

  it('tell a picture by its field, without a file name too', async () => {
    const { url } = await uploadServer();
    const body =
      '--x\r\nContent-Disposition: form-data; name="file"\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\r\n--x--\r\n';
    const { json } = await post(`${url}/one`, Buffer.from(body, 'latin1'), 'multipart/form-data; boundary=x');
    expect(json.file).toBe('\xff\xd8');
  });

  it.each(refused)('refuse %s', async (_what, body, type, status, detail) => {
    const { url } = await uploadServer();
    const answer = await post(`${url}/one`, body(), type);
    expect(answer.json.detail).toMatch(detail);
    expect(answer.status).toBe(status);
    // Whatever came, the next one has its turn.
    expect((await post(`${url}/one`, form({ file: jpeg }))).status).toBe(200);
  });

  it('refuse a body that is a picture where two are expected, and pictures where none is', async () => {
    const { url } = await uploadServer();
    expect((await post(`${url}/two`, jpeg, 'image/jpeg')).status).toBe(415);
    expect((await post(`${url}/plain`, form({ name: 'Ann' }))).status).toBe(415);
    expect((await post(`${url}/plain`, { name: 'Ann' })).status).toBe(200);
  });

  it('refuse a picture of too many bytes, whichever way it comes', async () => {
    const { url } = await uploadServer();
    const large = Buffer.alloc(1001, 1);
    for (const answer of [
      await post(`${url}/one`, form({ file: large })),
      await post(`${url}/one`, { file: large.toString('base64') }),
      await post(`${url}/one`, large, 'image/png'),
    ]) {
      expect(answer.status).toBe(413);
      expect(answer.json).toMatchObject({
        code: 'IMAGE_TOO_LARGE',
        detail: expect.stringMatching(/at most 1000 bytes/) as string,
      });
    }
    const whole = await post(`${url}/one`, form({ file: Buffer.alloc(100_000) }));
    expect(whole.json).toMatchObject({ code: 'REQUEST_TOO_LARGE', status: 413 });
    expect(whole.json.detail).toMatch(/at most \d+ bytes but received one of 100\d+/);
  });

  it('let so many in at a time, and say when to come again', async () => {
    const { url, begun, letGo } = await uploadServer({ queueLimit: 3 });
    const inHand = [1, 2].map(() => post(`${url}/slow`, form({ file: jpeg })));
    await begun(2);
    const refused = await post(`${url}/one`, form({ file: jpeg }));
    expect(refused.json).toMatchObject({ code: 'BUSY', status: 429 });
    expect(Number(refused.response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect((await post(`${url}/plain`, { name: 'Ann' })).status).toBe(200);
    letGo();
    for (const { status } of await Promise.all(inHand)) expect(status).toBe(200);
    expect((await post(`${url}/one`, form({ file: jpeg }))).status).toBe(200);
  });

  it('free the place of a client that goes away before its body is there', async () => {
    const { url, port } = await uploadServer({ queueLimit: 1 });
    for (const type of ['application/json', 'image/png', 'multipart/form-data; boundary=x']) {
      const begun: Socket[] = [];
      // One that came at the same time as another request may have been refused itself.
      do begun.push(await beginUpload(port, type));
      while ((await post(`${url}/one`, form({ file: jpeg }))).status !== 429);
      for (const socket of begun) socket.destroy();
      expect(await postUntilTaken(url)).toBe(200);
    }
  });

  it('keep the place of a client that goes away while its picture is worked on', async () => {
    const { url, begun, letGo } = await uploadServer({ queueLimit: 1 });
    const leaving = new AbortController();
    const gone = fetch(`${url}/slow`, { method: 'POST', body: form({ file: jpeg }), signal: leaving.signal });
    await begun(1);
    leaving.abort();
    await expect(gone).rejects.toThrow();
    expect((await post(`${url}/one`, form({ file: jpeg }))).status).toBe(429);
    letGo();
    expect(await postUntilTaken(url)).toBe(200);
  });
});
