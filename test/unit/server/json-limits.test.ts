import { describe, expect, it } from 'vitest';
import { boundedJsonText } from '../../../src/server/json-limits.js';

const read = (text: string): Promise<string> => boundedJsonText(Buffer.from(text));

describe('boundedJsonText', () => {
  it('gives back what may be parsed, brackets and commas within texts included', async () => {
    const texts = [
      JSON.stringify({ name: '[{,'.repeat(5000) }),
      JSON.stringify({ name: `\\"${'['.repeat(100)}`, other: ['é', '\u{1F9D1}'] }),
      '['.repeat(32) + ']'.repeat(32),
      JSON.stringify(Array.from({ length: 1000 }, () => 'id')),
      JSON.stringify({ file: Buffer.alloc(300_000, 1).toString('base64'), name: 'é' }),
    ];
    for (const text of texts) expect(await read(text)).toBe(text);
  });

  it.each([
    ['nesting', '['.repeat(33), /nested at most 32 deep/],
    [
      'nesting after a text that ends in an escape',
      `["\\\\",${'{"a":'.repeat(40)}`,
      /nested at most 32 deep/,
    ],
    ['entries of a list', `[${'1,'.repeat(5000)}1]`, /at most 4000 entries/],
    ['entries of many lists', `[${'[],'.repeat(3000)}1]`, /at most 4000 entries/],
  ])('refuses too much %s', async (_what, text, message) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(read(text)).rejects.toThrow(message);
  });

  it('refuses a large body that is not mostly base64', async () => {
    for (const unit of [' ', '\\n', 'é', '"'])
      await expect(read(`{"file":"${unit.repeat(150_000)}"}`)).rejects.toMatchObject({
        code: 'REQUEST_TOO_LARGE',
      });
  });
});
