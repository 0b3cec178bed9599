import { describe, expect, it } from 'vitest';
import { startServer } from '../start-server.js';

const token = 'correct-horse-battery';
const jpegHead = Buffer.from([0xff, 0xd8, 0xff, 0xe0]);

async function ask(url: string, path: string, init: RequestInit = {}) {
  const response = await fetch(`${url}/api/v1${path}`, init);
  const type = response.headers.get('content-type');
  return { status: response.status, type, body: await response.json() };
}

function json(body: unknown, method = 'POST'): RequestInit {
  return { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function form(field: string): RequestInit {
  const body = new FormData();
  body.append(field, new Blob([jpegHead]), 'a.jpg');
  return { method: 'POST', body };
}

/** CompreFace's body of an error, and nothing of a problem document. */
function error(code: number, message: RegExp) {
  return { code, message: expect.stringMatching(message) as string };
}

describe('an error of the CompreFace routes', () => {
  it.each([
    ['a path that is not there', '/recognition/nothing', {}, 404, error(0, /route/)],
    ['a path that takes no body', '/recognition/nothing', form('file'), 404, error(0, /route/)],
    ['a missing file', '/recognition/recognize', form('picture'), 400, error(26, /picture in file/)],
    ['a missing field of JSON', '/recognition/recognize', json({}), 400, error(34, /file/)],
    ['one of two pictures', '/verification/verify', form('source_image'), 400, error(34, /target_image/)],
    ['no base64', '/detection/detect', json({ file: '%%' }), 400, error(26, /base64/)],
    ['no JSON', '/detection/detect', { ...json(0), body: '{' }, 400, error(26, /JSON/)],
    ['a wrong body type', '/detection/detect', { method: 'POST', body: 'x' }, 415, error(0, /multipart/)],
    ['a missing subject', '/recognition/faces', form('file'), 400, error(33, /subject/)],
    ['a subject without a name', '/recognition/subjects', json({}), 400, error(34, /subject/)],
    ['a negative limit', '/detection/detect?limit=-1', form('file'), 400, error(26, /limit/)],
    ['a page of nothing', '/recognition/faces?size=0', {}, 400, error(26, /size/)],
    ['a list of no ids', '/recognition/faces/delete', json([1]), 400, error(26, /string/)],
  ])('for %s is in its shape', async (_what, path, init, status, body) => {
    const { url } = await startServer();
    expect(await ask(url, path, init)).toEqual({ status, type: 'application/json; charset=utf-8', body });
  });

  it('says whether the key was missing or wrong', async () => {
    const { url } = await startServer({ token });
    const path = '/recognition/subjects';
    expect(await ask(url, path)).toMatchObject({ status: 401, body: error(20, /token/) });
    const wrong = { headers: { 'x-api-key': 'wrong' } };
    expect(await ask(url, path, wrong)).toMatchObject({ status: 401, body: error(10, /token/) });
    expect(await ask(url, '/nothing', wrong)).toMatchObject({ status: 401, body: error(10, /token/) });
    expect(await ask(url, '/static/wrong/images/1')).toMatchObject({ status: 401, body: { code: 20 } });
  });

  it('is a problem document outside these routes', async () => {
    const { url } = await startServer();
    const response = await fetch(`${url}/api/nothing`);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
  });
});
