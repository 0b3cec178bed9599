import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LongString, parseBoundedJson } from '../../../src/server/json-bodies.js';
import { withPictureBytes } from '../../../src/server/uploads/read-json.js';

const parse = (text: string): Promise<unknown> => Promise.resolve(JSON.parse(text) as unknown);
const read = (text: string): Promise<unknown> => parseBoundedJson(Buffer.from(text), parse);

describe('parseBoundedJson', () => {
  it('gives what JSON.parse gives, brackets and commas within texts included', async () => {
    const values = [
      { name: '[{,'.repeat(5000) },
      { name: `\\"${'['.repeat(100)}`, other: ['é', '\u{1F9D1}'] },
      Array.from({ length: 1000 }, () => 'id'),
      'text',
      null,
    ];
    for (const value of values) expect(await read(JSON.stringify(value))).toEqual(value);
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 5 }), async (value) => {
        const text = JSON.stringify(value);
        expect(await read(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    ['nesting', '['.repeat(33), /nested at most 32 levels deep/],
    [
      'nesting after a text that ends in an escape',
      `["\\\\",${'{"a":'.repeat(40)}`,
      /nested at most 32 levels deep/,
    ],
    ['entries of a list', `[${'1,'.repeat(5000)}1]`, /at most 4000 entries/],
    ['entries of many lists', `[${'[],'.repeat(3000)}1]`, /at most 4000 entries/],
  ])('refuses too much %s', async (_what, text, message) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(read(text)).rejects.toThrow(message);
  });

  it('never makes a text of the long strings of a large body', async () => {
    const file = randomBytes(300_000).toString('base64');
    const body = (await read(JSON.stringify({ file, name: 'é', other: file }))) as Record<string, unknown>;
    expect(body.name).toBe('é');
    for (const field of [body.file, body.other]) {
      expect(field).toBeInstanceOf(LongString);
      expect((field as LongString).raw.toString()).toBe(file);
    }
  });

  it.each([
    ['a long string in a list', JSON.stringify(['a'.repeat(150_000)])],
    ['a long string deeper down', JSON.stringify({ file: { a: 'a'.repeat(150_000) } })],
    ['white space', `{"file":"AAAA"${' '.repeat(150_000)}}`],
    ['short strings', `{"file":["${'a'.repeat(8000)}"${`,"${'a'.repeat(8000)}"`.repeat(20)}]}`],
    ['a string without an end', `{"file":"${'a'.repeat(150_000)}`],
  ])('refuses a large body of %s', async (_what, text) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'REQUEST_TOO_LARGE' });
  });
});

describe('a picture in JSON', () => {
  const picture = randomBytes(300_001);
  const base64 = picture.toString('base64');
  const bytes = async (json: string): Promise<Buffer> =>
    ((await withPictureBytes(await read(json), ['file'], 400_000)) as { file: Buffer }).file;

  it.each([
    ['base64', base64],
    ['base64 in lines', base64.replace(/.{76}/g, '$&\r\n')],
    ['the alphabet of URLs', picture.toString('base64url')],
    ['a data: URL', `data:image/jpeg;base64,${base64}`],
  ])('is read from %s', async (_what, text) => {
    const json = JSON.stringify({ file: text });
    expect((await bytes(json)).equals(picture)).toBe(true);
    expect((await bytes(json.replaceAll('/', '\\/'))).equals(picture)).toBe(true);
    const short = await bytes(JSON.stringify({ file: text.slice(0, 8000) }));
    expect(short.length).toBeGreaterThan(5000);
    expect(short.equals(picture.subarray(0, short.length))).toBe(true);
  });

  it.each(['é', '"', '\\', '\u0100', '%', '===='])(
    'is not read from base64 with %s in it',
    async (character) => {
      for (const at of [100, 65_535, 65_536, 200_000]) {
        const json = JSON.stringify({ file: base64.slice(0, at) + character + base64.slice(at) });
        await expect(bytes(json)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
      }
    },
  );

  it.each([0, 1, 2, 3, 4, 5, 6])(
    'is read with escapes of JSON across the end of a piece, %i before it',
    async (before) => {
      const [head, rest] = [base64.slice(0, 65_536 - before), base64.slice(65_536 - before)];
      for (const escape of ['\\n', '\\u000a', '\\u000A']) {
        const json = JSON.stringify({ file: 'X' }).replace('X', `${head}${escape}${rest}`);
        expect((await bytes(json)).equals(picture)).toBe(true);
      }
      const spelt = (text: string) => text.replaceAll('=', '\\u003d').replaceAll('+', '\\u002B');
      expect((await bytes(`{"file":"${spelt(base64)}"}`)).equals(picture)).toBe(true);
    },
  );

  it('is the only long text that a body may have', async () => {
    const body = await read(JSON.stringify({ file: base64, name: base64 }));
    await expect(withPictureBytes(body, ['file'], 400_000)).rejects.toMatchObject({
      code: 'REQUEST_TOO_LARGE',
    });
  });
});
